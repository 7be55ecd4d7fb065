"""The server: a socket on loopback, and who may talk to it.

One thread owns the engine, the one of the event loop; everything that touches it runs there, one thing after the other.

Safety: loopback only; a random bearer token in the kubeconfig, and the Host header, are checked with every request, so that a
web page in the user's browser cannot drive the cluster; what is sent has bounded sizes.  TLS is there because kubectl sends its
token over nothing else.
"""
from __future__ import annotations

import asyncio
import os
import secrets
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

import yaml
from tornado import httpserver, netutil, routing, web
from tornado.httputil import HTTPServerRequest

from ..cluster import Cluster
from ..errors import ApiError, Forbidden, Unauthorized
from ..wire import Wire
from .certificate import new_certificate
from .pace import Pace
from .rest import Rest
from .terminal import LIMIT as INPUT_LIMIT
from .terminal import Terminal

HOSTS = ("127.0.0.1", "localhost")
BODY_LIMIT = 8 * 1024 * 1024        # bytes; the wire itself refuses more than 3 MiB with a Status
PARTING = 0.2                       # s that open streams have to end in good order when the server stops
NAME = "kstate"                     # of cluster, user and context in the kubeconfig

T = TypeVar("T")


class Server:
    """A cluster on loopback.  Made in the thread whose running event loop is to own it.  Raises OSError where the port is taken."""

    def __init__(self, cluster: Cluster, port: int = 0, speed: str | float = "max") -> None:
        self.cluster, self.engine, self.wire = cluster, cluster.engine, Wire(cluster.engine)
        self.token = secrets.token_urlsafe(24)
        self.certificate = new_certificate()
        self.streams: set = set()               # what is open: watches, followed logs, terminals; each can `end()`
        self.news = asyncio.Event()
        sockets = netutil.bind_sockets(port, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        settings: dict[str, Any] = {"server": self, "log_function": lambda _: None, "websocket_max_message_size": INPUT_LIMIT}
        router = routing.RuleRouter([routing.Rule(_Upgrades(), web.Application([(".*", Terminal)], **settings)),
                                     routing.Rule(routing.AnyMatches(), web.Application([(".*", Rest)], **settings))])
        self._http = httpserver.HTTPServer(router, ssl_options=self.certificate.context(), max_body_size=BODY_LIMIT)
        self._http.add_sockets(sockets)
        self.engine.on_commit.append(self._committed)
        self.pace = Pace(self.engine, speed)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        """Close the socket and end every stream."""
        self.pace.stop()
        self.engine.on_commit.remove(self._committed)
        self._http.stop()
        for stream in list(self.streams):
            stream.end()
        end = monotonic() + PARTING
        while self.streams and monotonic() < end:
            await asyncio.sleep(0.005)
        await self._http.close_all_connections()

    # -- the engine, touched

    def act(self, label: str, act: Callable[[], T], command: str = "") -> T:
        """Do what a client asks, now, as one action that can be undone; the cluster reacts.  command: see Pace.asked."""
        self.pace.asked(command)
        position, now = len(self.engine.world.log), self.engine.now
        self.cluster.history.mark(label)
        try:
            return act()
        finally:
            self.cluster.history.unmark()
            if self.engine.now != now:
                self.pace.start_anew()
            if len(self.engine.world.log) != position:
                self.pace.follow()

    def visit(self, act: Callable[[], T]) -> T:
        """Do what the notebook asks: it moves time itself, in both directions."""
        if self.pace.speed is not None:
            self.pace.asked()
        position, now = len(self.engine.world.log), self.engine.now
        try:
            return act()
        finally:
            if self.engine.now != now:
                self.pace.start_anew()
            if (len(self.engine.world.log), self.engine.now) != (position, now):
                self.news.set()         # an undo commits nothing

    # -- news

    def _committed(self, _change) -> None:
        self.news.set()

    async def wait_for_news(self, seconds: float | None = None) -> None:
        """Until something is committed or a stream is ended, at most so long."""
        event = self.news
        timer = None if seconds is None else asyncio.get_running_loop().call_later(max(seconds, 0), event.set)
        await event.wait()
        if timer is not None:
            timer.cancel()
        if event is self.news:
            self.news = asyncio.Event()         # those that wait hold the old one, which stays set

    # -- who may

    def refuse(self, request: HTTPServerRequest) -> ApiError | None:
        """Why this request is not answered: a foreign Host or Origin (a web page that found the port), or no token."""
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
        if host.partition(":")[0] not in HOSTS:
            return Forbidden(f'the Host header "{host}" is not that of this server')
        if origin and urlsplit(origin).netloc != host:
            return Forbidden(f'the Origin header "{origin}" is not that of this server')
        sent = request.headers.get("Authorization", "")
        if not secrets.compare_digest(sent.encode(), f"Bearer {self.token}".encode()):
            return Unauthorized("Unauthorized")
        return None

    def kubeconfig(self) -> dict:
        """A kubeconfig whose current context is this server."""
        authority = b64encode(self.certificate.certificate.encode()).decode()
        return {"apiVersion": "v1", "kind": "Config", "current-context": NAME,
                "clusters": [{"name": NAME, "cluster": {"server": self.url, "certificate-authority-data": authority}}],
                "users": [{"name": NAME, "user": {"token": self.token}}],
                "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME, "namespace": self.cluster.namespace}}]}

    def write_kubeconfig(self, path: str | Path) -> None:
        """Readable by the user alone, and never half written.  Raises OSError, also where a file for other clusters is in its place."""
        path = Path(path)
        if path.exists() and not _ours(path):
            raise FileExistsError(f"{path} is there already and is not a kubeconfig of kstate: name another file")
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(yaml.safe_dump(self.kubeconfig()), encoding="utf-8")
        draft.replace(path)


class _Upgrades(routing.Matcher):
    """Requests that want to become WebSockets."""

    def match(self, request: HTTPServerRequest) -> dict | None:
        return {} if request.headers.get("Upgrade", "").lower() == "websocket" else None


def _ours(path: Path) -> bool:
    """Whether a file is empty, or a kubeconfig that names no cluster but ours."""
    try:
        config = yaml.safe_load(path.read_text("utf-8")) or {"clusters": []}
        return all(cluster["name"] == NAME for cluster in config["clusters"])
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError):
        return False
