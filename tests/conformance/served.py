"""A backend for the runner: the real kubectl against `kstate serve`, each cluster in a process of its own."""
from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from base64 import b64decode
from contextlib import contextmanager
from pathlib import Path

import yaml

from .runner import PLURALS, TOLD, Output

KUBECTL = shutil.which("kubectl")
QUIET, LIMIT = 0.5, 20.0        # s without a change after which a step is over; s after which it is, whatever happens


@contextmanager
def server(folder: Path, *options: str):
    """`kstate serve` on a free port; yields the path of its kubeconfig.  Ends it with SIGTERM and expects that to be quick."""
    config = folder / "kubeconfig"
    process = subprocess.Popen([sys.executable, "-m", "kstate.serve", "serve", "--port", "0", "--kubeconfig", str(config), "--speed", "max", *options],
                               stdout=subprocess.PIPE, text=True)
    try:
        assert "ready" in process.stdout.readline()
        yield config
    finally:
        process.terminate()
        process.wait(5)


class Rest:
    """The few requests that are made past kubectl."""

    def __init__(self, config: Path) -> None:
        loaded = yaml.safe_load(config.read_text("utf-8"))
        cluster, user = loaded["clusters"][0]["cluster"], loaded["users"][0]["user"]
        self.base, self.headers = cluster["server"], {"Authorization": f"Bearer {user['token']}"}
        self.tls = ssl.create_default_context(cadata=b64decode(cluster["certificate-authority-data"]).decode())

    def open(self, path: str, timeout: float = 30):
        return urllib.request.urlopen(urllib.request.Request(self.base + path, headers=self.headers), timeout=timeout, context=self.tls)

    def get(self, path: str) -> dict:
        with self.open(path) as reply:
            return json.load(reply)


class Served:
    """A cluster behind `kstate serve`."""

    def __init__(self, config: Path, home: Path) -> None:
        self.rest = Rest(config)
        self.env = {**os.environ, "KUBECONFIG": str(config), "HOME": str(home), "NO_COLOR": "1"}
        self._seen: list[tuple[int, str, dict]] = []
        self._last = time.monotonic()
        for kind in (*TOLD, "StatefulSet"):
            threading.Thread(target=self._watch, args=(kind, PLURALS[kind]), daemon=True).start()

    def _watch(self, kind: str, path: str) -> None:
        try:
            version = self.rest.get(path)["metadata"]["resourceVersion"]
            with self.rest.open(f"{path}?watch=1&resourceVersion={version}", timeout=600) as lines:
                for line in lines:
                    event = json.loads(line)
                    self._last = time.monotonic()
                    if kind in TOLD and event["type"] in ("ADDED", "MODIFIED", "DELETED"):
                        self._seen.append((int(event["object"]["metadata"]["resourceVersion"]), event["type"], {**event["object"], "kind": kind}))
        except OSError:
            pass                    # the server has ended

    def kubectl(self, words: list[str], stdin: str, quiet: float) -> Output:
        done = subprocess.run([KUBECTL, *words], input=stdin, capture_output=True, text=True, env=self.env, timeout=120)
        self.settle(quiet or QUIET)
        return Output(done.stdout, done.stderr, done.returncode)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)
        self.settle()

    def settle(self, quiet: float = QUIET) -> None:
        """Until nothing has changed for so many seconds."""
        self._last, end = time.monotonic(), time.monotonic() + LIMIT
        while time.monotonic() < min(end, self._last + quiet):
            time.sleep(0.05)

    def list(self, path: str) -> list[dict]:
        return self.rest.get(path)["items"]

    def changes(self) -> list[tuple[str, dict]]:
        seen, self._seen = sorted(self._seen, key=lambda entry: entry[0]), []
        return [(sort, obj) for _, sort, obj in seen]
