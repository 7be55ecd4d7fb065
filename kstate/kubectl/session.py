"""One command at work: what it was given, what it has printed, and its way to the server.

Requests go over the REST wire, so that the same code works on a real cluster.  Where kubectl would wait, virtual time
passes: up to the moment when the cluster comes to rest, or as long as a --timeout allows.
"""
from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from ..clock import age
from ..errors import NotFound, from_status
from ..wire import Request, Response
from .args import Args, Failure
from .commands import commands
from .discovery import Discovery
from .tables import Row, Table
from .tabs import Columns

JSON = "application/json"
PATCHES = {"strategic": "application/strategic-merge-patch+json", "merge": "application/merge-patch+json",
           "json": "application/json-patch+json", "apply": "application/apply-patch+yaml"}
CONTEXT = "kstate"          # the only one
PATIENCE = 60_000           # ms for which a command without a --timeout waits on a real cluster


class Session:
    """cluster: a kstate.cluster.Cluster; label: the command as history shows it; files: what -f and --from-file may name."""

    def __init__(self, cluster: Any, label: str, stdin: Callable[[], str], files: Mapping[str, str]) -> None:
        self.cluster, self.label, self.files = cluster, label, files
        self.command, self.args = commands()[""], Args({})
        self.out: list[str] = []
        self.err: list[str] = []
        self.tables: list[Table] = []       # the tables among what was printed
        self.acted = False          # whether the cluster was touched
        self.discovery = Discovery(self)
        self.stdin = stdin          # reads standard input, which can be read once
        self._warned: dict[str, None] = {}

    @property
    def namespace(self) -> str:
        """That of -n, or the context's."""
        return self.args["namespace"] or self.cluster.namespace

    def wrong(self, text: str) -> Failure:
        """A complaint about the command line that points to the command's help."""
        return self.command.wrong(text)

    # -- what is printed and read

    def say(self, text: str, end: str = "\n") -> None:
        self.out.append(text + end)

    def complain(self, text: str, end: str = "\n") -> None:
        self.err.append(text + end)

    def tabulate(self, columns: list[str], rows: list[Row]) -> None:
        """Print a table; without headers `columns` is empty."""
        self.tables.append(Table(columns, rows))
        self.say(Columns().format([*filter(None, [columns]), *(row.cells for row in rows)]), end="")

    def warn(self, text: str) -> None:
        """A warning, told once."""
        if text not in self._warned:
            self._warned[text] = None
            self.complain(f"Warning: {text}")

    def file(self, name: str) -> str:
        """The text of a file.  Raises Failure."""
        if name == "-":
            return self.stdin()
        if name not in self.files:
            raise Failure(f'error: the path "{name}" does not exist')
        return self.files[name]

    # -- requests

    def send(self, method: str, path: str, body: Any = None, media: str = JSON, accept: str = JSON, **query: Any) -> Response:
        """One request.  Raises the ApiError that the server answers, and Failure for another context."""
        if self.args["context"] not in (None, "", CONTEXT):
            raise Failure(f"Error in configuration: context was not found for specified context: {self.args['context']}")
        asked = urlencode({name: value for name, value in query.items() if value not in (None, "")}, doseq=True)
        payload = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        if method != "GET":
            self.act()
        response = self.cluster._send(Request(method, f"{path}?{asked}" if asked else path, payload,
                                              {"content-type": media, "accept": accept, "user-agent": "kubectl/v1.32.5"}))
        for text in re.findall(r'299 \S+ "((?:\\.|[^"\\])*)"', response.headers.get("warning", "")):
            self.warn(re.sub(r"\\(.)", r"\1", text))
        if response.status >= 400:
            error = from_status(response.body, response.status)
            if error.code == 404 and not error.reason:      # no Status: the server knows no such path
                raise NotFound(f"the server could not find the requested resource{_asked(method, path)}")
            raise error
        if method != "GET" and self.engine is not None:
            self.engine.drain()
        return response

    def ask(self, method: str, path: str, body: Any = None, media: str = JSON, accept: str = JSON, **query: Any) -> Any:
        """The JSON of the answer."""
        response = self.send(method, path, body, media, accept, **query)
        if not response.headers.get("content-type", JSON).startswith(JSON):
            raise Failure(f"error: the server answered {path} with no JSON")
        return response.json

    def find(self, path: str) -> dict | None:
        """The object at a path; None where there is none."""
        try:
            return self.ask("GET", path)
        except NotFound:
            return None

    # -- time

    @property
    def engine(self) -> Any:
        """The simulated cluster's engine; None on a real one."""
        return self.cluster._engine

    def act(self) -> None:
        """From here on the cluster may change: the action that undo takes back begins."""
        if not self.acted:
            self.acted = True
            if self.cluster.history is not None:
                self.cluster.history.mark(self.label)

    def moments(self, limit: int | None = None) -> Iterator[None]:
        """The moments at which something may have changed: now, and as time passes.

        Ends after `limit` ms; without a limit, when a simulated cluster has come to rest."""
        yield
        if limit is not None and limit <= 0:
            return
        self.act()
        if self.engine is None:
            for _ in range((PATIENCE if limit is None else limit) // 1000):     # a watch that ends after a second is a clock
                self.send("GET", "/api/v1/namespaces", watch="true", timeoutSeconds=1)
                yield
        elif limit is None:
            self.engine.settle()
            yield
        else:
            end = self.engine.now + limit
            while self.engine.now < end:
                due = self.engine.next_alarm()
                self.engine.run(min(end if due is None else max(due, self.engine.now), end) - self.engine.now)
                yield

    def changes(self) -> bool:
        """Let a simulated cluster come to rest; whether anything changed on the way."""
        if self.engine is None:
            return any(self.moments(1000))
        before = self.engine.world.revision
        for _ in self.moments():
            pass
        return self.engine.world.revision > before

    def elapsed(self) -> int:
        """ms since some moment: what timeouts are measured by."""
        return int(self.now().timestamp() * 1000) if self.engine is None else self.engine.now

    def until(self, check: Callable[[], Any], limit: int | None = None) -> Any:
        """Let time pass until check() gives something, and give it; None where nothing more will happen."""
        return next((found for _ in self.moments(limit) if (found := check()) is not None), None)

    def watch(self, path: str, accept: str = JSON, limit: int | None = None, **query: Any) -> Iterator[dict]:
        """The events of a watch: {"type", "object"}, as long as time passes."""
        response = self.send("GET", path, accept=accept, watch="true", **query)
        if response.watch is None:              # a real server: it has closed the stream
            yield from map(json.loads, response.body.splitlines())
            return
        for _ in self.moments(limit):
            yield from map(json.loads, response.watch.lines())

    def now(self) -> datetime:
        """The time by which ages are told: that of the simulated cluster, or of the server's answers."""
        if self.engine is not None:
            return _time(self.engine.clock.timestamp(self.engine.now))
        return parsedate_to_datetime(self.send("GET", "/version").headers["date"])

    def age(self, timestamp: str | None, since: str | None = None) -> str:
        """How long ago: "2m5s"; "<unknown>" for no time.  since: seen from another moment than now."""
        if not timestamp:
            return "<unknown>"
        return age(int(((_time(since) if since else self.now()) - _time(timestamp)).total_seconds() * 1000))


def _asked(method: str, path: str) -> str:
    """What was asked for, as the client tells it: (patch statefulsets.apps web)"""
    found = re.match(r"/(?:api|apis/([^/]+))/[^/]+/(?:namespaces/[^/]+/)?([^/]+)(?:/([^/]+))?", path)
    if not found:
        return ""
    verb = {"POST": "post", "GET": "get"}.get(method, method.lower())
    return f" ({verb} {'.'.join(filter(None, (found[2], found[1])))}{f' {found[3]}' if found[3] else ''})"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
