"""A backend for the runner: the real kubectl against `kstate serve`."""
from __future__ import annotations

import threading
import time

from tests.wire.served import Served

from .runner import PLURALS, TOLD, Output

QUIET, LIMIT = 0.5, 20.0        # s without a change after which a step is over; s after which it is, whatever happens


class OverHttp:
    """A cluster behind `kstate serve`."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self._seen: list[tuple[int, str, dict]] = []
        self._last = time.monotonic()
        for kind in (*TOLD, "StatefulSet"):
            threading.Thread(target=self._watch, args=(kind, PLURALS[kind]), daemon=True).start()

    def _watch(self, kind: str, path: str) -> None:
        version = self.served.ask("GET", path).json["metadata"]["resourceVersion"]
        stream = self.served.watch(f"{path}?watch=1&resourceVersion={version}")
        stream.connection.sock.settimeout(None)
        try:
            while True:
                sort, obj = stream.event()
                self._last = time.monotonic()
                if kind in TOLD and sort in ("ADDED", "MODIFIED", "DELETED"):
                    self._seen.append((int(obj["metadata"]["resourceVersion"]), sort, {**obj, "kind": kind}))
        except (OSError, ValueError):
            pass                    # the server has ended

    def kubectl(self, words: list[str], stdin: str, quiet: float) -> Output:
        done = self.served.kubectl(*words, stdin=stdin, timeout=120)
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
        return self.served.ask("GET", path).json["items"]

    def changes(self) -> list[tuple[str, dict]]:
        seen, self._seen = sorted(self._seen, key=lambda entry: entry[0]), []
        return [(sort, obj) for _, sort, obj in seen]
