"""What tests of the server share: `kstate serve` in a process of its own, and the simplest possible client."""
from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Requests to the server of a kubeconfig, one connection each."""

    def __init__(self, kubeconfig: Path) -> None:
        self.config = yaml.safe_load(kubeconfig.read_text("utf-8"))
        cluster = self.config["clusters"][0]["cluster"]
        self.host, _, port = cluster["server"].removeprefix("https://").partition(":")
        self.port, self.token = int(port), self.config["users"][0]["user"]["token"]
        self.tls = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())

    def connect(self, timeout: float = 20) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self.host, self.port, context=self.tls, timeout=timeout)

    @property
    def authorised(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request.  body: bytes as they are, anything else as JSON; headers: content_type="..." and the like."""
        sent = {**self.authorised, **{name.replace("_", "-"): value for name, value in headers.items()}}
        payload = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection = self.connect()
        try:
            connection.request(method, path, payload, {name: value for name, value in sent.items() if value})
            reply = connection.getresponse()
            return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
        finally:
            connection.close()

    def watch(self, path: str) -> Stream:
        connection = self.connect()
        connection.request("GET", path, headers=self.authorised)
        return Stream(connection, connection.getresponse())


class Stream:
    """The answer to a watch, or to a followed log."""

    def __init__(self, connection, reply) -> None:
        self.connection, self.reply = connection, reply

    def line(self) -> bytes:
        return self.reply.readline()

    def event(self) -> tuple[str, dict]:
        event = json.loads(self.line())
        return event["type"], event["object"]

    def rest(self) -> list[tuple[str, dict]]:
        """All events until the server ends the stream."""
        return [(e["type"], e["object"]) for e in map(json.loads, self.reply.read().splitlines())]

    def close(self) -> None:
        self.reply.close()
        self.connection.close()


class Served(Client):
    """`kstate serve` in a process of its own."""

    def __init__(self, process: subprocess.Popen, kubeconfig: Path) -> None:
        super().__init__(kubeconfig)
        self.process, self.kubeconfig = process, kubeconfig

    def kubectl(self, *words: str, stdin: str = "", timeout: float = 60) -> subprocess.CompletedProcess:
        return subprocess.run(["kubectl", *words], input=stdin, capture_output=True, text=True, timeout=timeout, env=self.environment, check=False)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig), "HOME": str(self.kubeconfig.parent), "NO_COLOR": "1", "EDITOR": "true"}

    def end(self, sign: int = signal.SIGTERM) -> tuple[int, float, str]:
        """Send a signal: (exit code, seconds until the end, what it wrote to stderr)."""
        began = time.monotonic()
        self.process.send_signal(sign)
        _, err = self.process.communicate(timeout=20)
        return self.process.returncode, time.monotonic() - began, err


def command(kubeconfig: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "kstate.serve", "serve", "--port", "0", "--kubeconfig", str(kubeconfig), *options]


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Served]:
    """A fresh server; options: --speed max ..."""
    kubeconfig = folder / "kubeconfig"
    process = subprocess.Popen(command(kubeconfig, *(options or ("--speed", "max"))), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        assert "ready" in line, line + process.stderr.read()
        yield Served(process, kubeconfig)
    finally:
        if process.poll() is None:
            process.terminate()
        if not process.stderr.closed:
            _, err = process.communicate(timeout=20)
            assert "Traceback" not in err, err


def has_kubectl() -> bool:
    return shutil.which("kubectl") is not None
