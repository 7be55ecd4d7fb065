"""`kstate serve`: the engine as a Kubernetes API on loopback, for kubectl and any client.

The only file with sockets, threads or a wall clock.  One thread owns the engine: the server's event loop.  A watcher
is a coroutine that reads the log at its own pace, so a slow one keeps nobody waiting.

Pace: `max` does the work there is for now after each request and lets virtual time jump once the clients are quiet for
a moment (so that what one kubectl command sends arrives together, as it would before a real kubelet could react); a
number is how many virtual seconds pass in a real one.

Safety: loopback only, a random bearer token in the kubeconfig, and the Host header is checked, so that a web page in
the user's browser cannot drive it.
"""
from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import signal
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable

import yaml
from tornado import httpserver, iostream, netutil, routing, web, websocket

from .cluster import Cluster
from .errors import ApiError, BadRequest, Forbidden, Unauthorized
from .node import exec as containers
from .wire import Request, Response, Wire
from .wire.message import refusal
from .world import Key

QUIET = 0.1             # s without a request after which time may jump (speed max)
PATIENCE = 1.0          # s after which it jumps even though requests keep coming
BOOKMARK = 60           # s between bookmarks of a quiet watch (API-42)
BODY_LIMIT = 4 * 1024 * 1024
PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, STATUS, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255       # channels of exec (KCTL-60)


class Pace:
    """Moves virtual time with the wall clock.  speed: "max", or virtual seconds per real second."""

    def __init__(self, cluster: Cluster, speed: str | float) -> None:
        self.engine, self.speed = cluster.engine, speed if speed == "max" else float(speed)
        self._wall, self._virtual = time.monotonic(), self.engine.now
        self._timer: Any = None
        self._since: float | None = None        # when the first request came that time has not yet followed

    def before(self) -> None:
        """Bring the cluster to now, before a request is answered."""
        if self.speed != "max":
            due = self._virtual + int((time.monotonic() - self._wall) * self.speed * 1000)
            if due > self.engine.now:
                self.engine.run(due - self.engine.now)

    def after(self) -> None:
        """Let the controllers react to a request, and arrange for time to go on."""
        self.engine.drain()
        loop, now = asyncio.get_running_loop(), time.monotonic()
        if self._timer is not None:
            self._timer.cancel()
        if self.speed != "max":
            wait = max((self.engine.next_alarm() or self.engine.now + 1000) - self.engine.now, 1) / 1000 / self.speed
            self._timer = loop.call_later(min(wait, 1.0), self._tick)
        else:
            self._since = now if self._since is None else self._since
            self._timer = loop.call_later(max(min(QUIET, self._since + PATIENCE - now), 0), self._jump)

    def _tick(self) -> None:
        self.before()
        self.after()

    def _jump(self) -> None:
        self._timer = self._since = None
        self.engine.settle()

    def skip(self, seconds: float) -> None:
        """Let virtual time pass at once: five minutes of a lost node."""
        self.engine.run(int(seconds * 1000))
        self._wall, self._virtual = time.monotonic(), self.engine.now


class Server:
    """A cluster on loopback.  `start()` in a running event loop; see `serve_in_thread` for notebooks."""

    def __init__(self, cluster: Cluster, port: int = 0, speed: str | float = "max") -> None:
        self.cluster, self.engine, self.wire = cluster, cluster.engine, Wire(cluster.engine)
        self.pace = Pace(cluster, speed)
        self.token = secrets.token_urlsafe(24)
        self.news = asyncio.Event()
        self.streams: set = set()
        sockets = netutil.bind_sockets(port, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        router = routing.RuleRouter([routing.Rule(_Upgrades(), web.Application([(".*", Terminal)], server=self)),
                                     routing.Rule(routing.AnyMatches(), web.Application([(".*", Rest)], server=self))])
        self._http = httpserver.HTTPServer(router, max_body_size=BODY_LIMIT, max_buffer_size=BODY_LIMIT)
        self._http.add_sockets(sockets)
        self.engine.on_commit.append(self._committed)
        self.pace.after()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _committed(self, _change) -> None:
        self.news.set()

    async def stop(self) -> None:
        """Close the socket and end every stream."""
        self.engine.on_commit.remove(self._committed)
        self._http.stop()
        for stream in list(self.streams):
            stream.end()
        await asyncio.wait_for(self._http.close_all_connections(), 2)

    async def wait_for_news(self, seconds: float) -> None:
        """Until something was committed, or so many seconds have passed."""
        event = self.news
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except asyncio.TimeoutError:
            return
        if event is self.news:
            self.news = asyncio.Event()         # those that wait hold the old one, which stays set

    def refuse(self, handler: web.RequestHandler) -> ApiError | None:
        """Who may not ask: a wrong Host (a web page that found the port), or no token."""
        host = handler.request.headers.get("Host", "").rpartition(":")[0]
        if host not in ("127.0.0.1", "localhost"):
            return Forbidden(f'the Host header "{host}" is not that of this server')
        sent = handler.request.headers.get("Authorization", "")
        if not secrets.compare_digest(sent.encode(), f"Bearer {self.token}".encode()):
            return Unauthorized("Unauthorized")
        return None

    def send(self, request: Request) -> Response:
        """One request to the engine, in the past as it can be undone."""
        self.pace.before()
        position, reads = len(self.engine.world.log), request.method in ("GET", "HEAD")
        if not reads:
            self.cluster.history.mark(f"{request.method} {request.path}")
        response = self.wire.send(request)
        if not reads:
            self.cluster.history.unmark()
        if len(self.engine.world.log) != position:
            self.pace.after()
        return response

    def kubeconfig(self) -> dict:
        """A kubeconfig whose current context is this server."""
        return {"apiVersion": "v1", "kind": "Config", "current-context": "kstate",
                "clusters": [{"name": "kstate", "cluster": {"server": self.url}}],
                "users": [{"name": "kstate", "user": {"token": self.token}}],
                "contexts": [{"name": "kstate", "context": {"cluster": "kstate", "user": "kstate", "namespace": self.cluster.namespace}}]}

    def write_kubeconfig(self, path: str | Path) -> None:
        """Readable by the user alone, and never half written."""
        path = Path(path)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(yaml.safe_dump(self.kubeconfig()), encoding="utf-8")
        draft.replace(path)


class _Upgrades(routing.Matcher):
    """Requests that want to become WebSockets."""

    def match(self, request) -> dict | None:
        return {} if request.headers.get("Upgrade", "").lower() == "websocket" else None


class Rest(web.RequestHandler):
    """Every plain request: one Response, or the lines of a watch or of a followed log."""

    SUPPORTED_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

    @property
    def server(self) -> Server:
        return self.application.settings["server"]

    def compute_etag(self) -> None:
        return None

    async def handle(self) -> None:
        problem = self.server.refuse(self)
        if problem is not None:
            return self.answer(refusal(problem))
        headers = {name.lower(): value for name, value in self.request.headers.get_all()}
        request = Request(self.request.method, self.request.uri, self.request.body, headers)
        if request.method == "GET" and request.steps[-1:] == ["log"] and request.query.get("follow") in ("true", "1"):
            return await self.follow(request)
        response = self.server.send(request)
        self.answer(response)
        if response.watch is not None:
            await self.stream(response.watch)

    get = head = post = put = patch = delete = handle

    def answer(self, response: Response) -> None:
        self.set_status(response.status)
        self.clear_header("Server")
        for name, value in response.headers.items():
            self.set_header(name, value)
        self.write(response.body)

    async def stream(self, watch) -> None:
        """Lines as they come; each watcher waits for its own client only."""
        self.ended, began, quiet = False, time.monotonic(), time.monotonic()
        self.server.streams.add(self)
        try:
            await self.flush()
            while not self.ended:
                lines = watch.lines()
                now = time.monotonic()
                if not lines and now - quiet > BOOKMARK:
                    lines = watch.bookmark()
                if lines:
                    quiet = now
                    self.write(b"".join(lines))
                    await self.flush()
                    continue
                if watch.closed or (watch.timeout and now - began > watch.timeout):
                    return
                await self.server.wait_for_news(min(BOOKMARK, watch.timeout or BOOKMARK))
        except iostream.StreamClosedError:
            pass
        finally:
            self.server.streams.discard(self)

    async def follow(self, request: Request) -> None:
        """`kubectl logs -f`: what is there, then what is added until the container ends."""
        self.ended, sent = False, 0
        self.server.streams.add(self)
        steps = request.steps
        key = Key("Pod", steps[3], steps[5]) if len(steps) == 7 else Key("Pod", "", "")
        try:
            while not self.ended:
                response = self.server.send(request)
                if response.status != 200 and sent == 0:
                    return self.answer(response)
                if len(response.body) > sent or sent == 0:
                    self.set_header("content-type", "text/plain; charset=utf-8")
                    self.write(response.body[sent:])
                    sent = len(response.body)
                    await self.flush()
                pod = self.server.engine.world.find(key)
                if pod is None or pod["status"].get("phase") in ("Succeeded", "Failed"):
                    return
                await self.server.wait_for_news(BOOKMARK)
        except iostream.StreamClosedError:
            pass
        finally:
            self.server.streams.discard(self)

    def end(self) -> None:
        self.ended = True
        self.server.news.set()

    def on_connection_close(self) -> None:
        self.end()

    def write_error(self, status: int, **_) -> None:
        """What tornado refuses by itself, and our own mistakes: a Status, never a traceback."""
        error = ApiError(f"Internal error occurred: {self._reason}")
        error.code = status
        self.answer(refusal(error))


class Terminal(websocket.WebSocketHandler):
    """exec and attach over a WebSocket: frames whose first byte is the channel (KCTL-60)."""

    @property
    def server(self) -> Server:
        return self.application.settings["server"]

    def prepare(self) -> None:
        problem = self.server.refuse(self)
        if problem is None:
            problem = self._start()
        if problem is not None:
            response = refusal(problem)
            self.set_status(response.status)
            self.set_header("content-type", "application/json")
            self.finish(response.body)

    def check_origin(self, origin: str) -> bool:
        return False                # only browsers send one

    def select_subprotocol(self, offered: list[str]) -> str | None:
        return next((p for p in PROTOCOLS if p in offered), None)

    def _start(self) -> ApiError | None:
        """Find the container and make a session for it, or say what is wrong before the upgrade."""
        request = Request("GET", self.request.uri)
        steps = request.steps
        if len(steps) != 7 or steps[6] not in ("exec", "attach"):
            return BadRequest(f"kstate does not serve {steps[-1] if steps else ''} over a WebSocket")
        query = request.query
        self.tty, self.wants_stdin = query.get("tty") in ("true", "1"), query.get("stdin") in ("true", "1")
        try:
            self.session = containers.session(self.server.engine, Key("Pod", steps[3], steps[5]), query.get("container", ""),
                                              request.values("command") if steps[6] == "exec" else None, self.tty)
        except ApiError as error:
            return error
        self.input: list[bytes] = []
        return None

    def open(self) -> None:
        if self.tty:
            self._show(self._act(self.session.open))
        elif not self.wants_stdin:
            self._run()

    def on_message(self, message: bytes | str) -> None:
        frame = message.encode() if isinstance(message, str) else message
        if not frame:
            return
        channel, data = frame[0], frame[1:]
        if channel == STDIN and self.tty:
            self._show(self._act(lambda: self.session.feed(data.decode("utf-8", "replace"))))
        elif channel == STDIN and data:
            self.input.append(data)
            if self.selected_subprotocol == PROTOCOLS[1]:       # v4 cannot say that the input has ended
                self._run()
        elif channel == CLOSE and data[:1] == bytes([STDIN]):
            self._run()

    def _act(self, act: Callable):
        """Touch the engine as a request does."""
        self.server.pace.before()
        position = len(self.server.engine.world.log)
        self.server.cluster.history.mark("exec")
        result = act()
        self.server.cluster.history.unmark()
        if len(self.server.engine.world.log) != position:
            self.server.pace.after()
        return result

    def _run(self) -> None:
        result = self._act(lambda: self.session.run(b"".join(self.input).decode("utf-8", "replace")))
        self._show(result)

    def _show(self, result) -> None:
        """Send output; where the command has ended, its exit code, and close."""
        for channel, text in ((STDOUT, result.stdout), (STDERR, result.stderr)):
            if text:
                self.write_message(bytes([channel]) + text.encode(), binary=True)
        if result.code is not None:
            self.write_message(bytes([STATUS]) + json.dumps(exit_status(result.code)).encode(), binary=True)
            self.close(1000)


def exit_status(code: int) -> dict:
    """The Status that ends an exec."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {"metadata": {}, "status": "Failure", "reason": "NonZeroExitCode", "message": f"command terminated with non-zero exit code: exit status {code}",
            "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]}}


# ---- in a notebook, and on the command line ---------------------------------------------------

class Handle:
    """A server in a thread of its own, which from now on is the only one that touches the engine."""

    def __init__(self, cluster: Cluster, port: int, speed: str | float, kubeconfig: str | Path | None) -> None:
        self.cluster, ready = cluster, threading.Event()
        self._loop = asyncio.new_event_loop()
        self.server: Server | None = None
        self.problem: Exception | None = None

        async def start() -> None:
            try:
                self.server = Server(cluster, port, speed)
            except Exception as error:      # shown to whoever called serve(), not lost in the thread
                self.problem = error
            ready.set()

        def run() -> None:
            asyncio.set_event_loop(self._loop)
            self._loop.create_task(start())
            self._loop.run_forever()

        self._thread = threading.Thread(target=run, name="kstate serve", daemon=True)
        self._thread.start()
        ready.wait()
        if self.problem is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            raise self.problem
        if kubeconfig is not None:
            self.server.write_kubeconfig(kubeconfig)
        self._outside, cluster._inside = cluster._inside, self.inside

    def inside(self, act: Callable) -> Any:
        """Run something in the engine's thread and wait for it."""
        if threading.current_thread() is self._thread:
            return act()

        async def call():
            position = len(self.cluster.engine.world.log)
            try:
                return act()
            finally:
                if len(self.cluster.engine.world.log) != position:
                    self.server.news.set()
        return asyncio.run_coroutine_threadsafe(call(), self._loop).result()

    @property
    def url(self) -> str:
        return self.server.url

    def skip(self, seconds: float) -> None:
        """Let virtual time pass at once."""
        self.inside(lambda: self.server.pace.skip(seconds))

    def stop(self) -> None:
        """Close the server; the engine belongs to the caller again."""
        asyncio.run_coroutine_threadsafe(self.server.stop(), self._loop).result()
        self.cluster._inside = self._outside
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def __repr__(self) -> str:
        return f"<kstate serves {self.url}>"


def serve_in_thread(cluster: Cluster, port: int = 0, speed: str | float = 1, kubeconfig: str | Path | None = None) -> Handle:
    """Serve a cluster while the notebook goes on; see Cluster.serve."""
    return Handle(cluster, port, speed, kubeconfig)


async def serve(port: int, kubeconfig: str | None, speed: str, nodes: int, seed: str) -> None:
    """Serve a fresh cluster until a signal ends it."""
    begins = datetime.now(timezone.utc) - timedelta(hours=1)        # virtual time jumps ahead, but not past what clients call now (KCTL-92)
    start = (begins if speed == "max" else datetime.now(timezone.utc)).strftime("%Y-%m-%dT%H:%M:%SZ")
    server = Server(Cluster(nodes=nodes, seed=int(seed) if seed.lstrip("-").isdigit() else seed, start=start), port, speed)
    if kubeconfig:
        server.write_kubeconfig(kubeconfig)
    ended = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, ended.set)
    print(f"kstate v1.36.2 ready on {server.url}" + (f", kubeconfig {kubeconfig}" if kubeconfig else ""), flush=True)
    await ended.wait()
    await server.stop()


def speed_of(text: str) -> str:
    if text != "max" and not (text.replace(".", "", 1).isdigit() and float(text) > 0):
        raise argparse.ArgumentTypeError("a number greater than 0, or max")
    return text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="kstate", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("serve", help="serve a fresh simulated cluster on loopback")
    command.add_argument("--port", type=int, default=0, help="0: any free one")
    command.add_argument("--kubeconfig", help="file to write; its current context is this cluster")
    command.add_argument("--speed", type=speed_of, default="1", help="virtual seconds per second, or max")
    command.add_argument("--nodes", type=int, default=3)
    command.add_argument("--seed", default="0", help="what chance depends on")
    args = parser.parse_args(argv)
    try:
        asyncio.run(serve(args.port, args.kubeconfig, args.speed, args.nodes, args.seed))
    except OSError as error:
        print(f"kstate: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
