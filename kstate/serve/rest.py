"""Plain requests: one answer each, or the lines of a watch or of a followed log.

A stream is a coroutine that reads on at its own pace and waits for its own client, so a slow one keeps nobody else waiting.
"""
from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from typing import TYPE_CHECKING

from tornado import iostream, web

from ..errors import ApiError, MethodNotAllowed
from ..wire import Request, Response
from ..wire.message import refusal
from ..wire.watch import Watch
from ..world import Key
from .follow import follow
from .terminal import is_true, refuse_stream

if TYPE_CHECKING:
    from .server import Server

BOOKMARK = 60           # s between bookmarks of a quiet watch (API-42)
BATCH = 500             # changes that a watch looks at before others get their turn
STREAMED = ("exec", "attach", "portforward")


class Rest(web.RequestHandler):
    SUPPORTED_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

    @property
    def server(self) -> Server:
        return self.application.settings["server"]

    def prepare(self) -> None:
        self.ended = False
        problem = self.server.refuse(self.request)
        if problem is not None:
            self.answer(refusal(problem))
            self.finish()

    async def handle(self) -> None:
        headers = {name.lower(): value for name, value in self.request.headers.get_all()}
        request = Request(self.request.method, self.request.uri, self.request.body, headers)
        kind = request.steps[-1] if len(request.steps) == 7 else ""
        if kind in STREAMED and (request.method == "GET" or "upgrade" in headers):
            return self.answer(refusal(refuse_stream(self.server, request)))
        response = self.send(request)
        self.answer(response)
        if response.watch is not None:
            await self.stream(self.watch(response.watch))
        elif kind == "log" and is_true(request.query, "follow") and response.status == 200:
            await self.stream(self.follow(request))

    get = head = post = put = patch = delete = handle

    def send(self, request: Request) -> Response:
        command = request.headers.get("kubectl-session", "")
        if request.method in ("GET", "HEAD"):
            self.server.pace.asked(command)
            return self.server.wire.send(request)
        return self.server.act(f"{request.method} {request.path}", lambda: self.server.wire.send(request), command)

    def answer(self, response: Response) -> None:
        self.set_status(response.status)
        self.clear_header("Server")
        for name, value in response.headers.items():
            self.set_header(name, value)
        self.write(response.body)

    # -- what goes on

    async def stream(self, parts) -> None:
        """Send parts as they come, until there are no more or the client has gone."""
        self.server.streams.add(self)
        try:
            await self.flush()
            async for part in parts:
                if self.ended:
                    return
                if part:
                    self.write(part)
                    await self.flush()
        except iostream.StreamClosedError:
            pass
        finally:
            self.server.streams.discard(self)

    async def watch(self, watch: Watch) -> AsyncIterator[bytes]:
        """The lines of a watch, and a bookmark where there were none for a minute."""
        said, ends = monotonic(), monotonic() + (watch.timeout or float("inf"))
        while not self.ended:
            lines = watch.lines(BATCH)
            if not lines and watch.behind:
                await asyncio.sleep(0)
                continue
            if not lines and monotonic() - said >= BOOKMARK:
                said, lines = monotonic(), watch.bookmark()
            if lines:
                yield b"".join(lines)
                said = monotonic()
            elif watch.closed or monotonic() >= ends:
                return
            else:
                await self.server.wait_for_news(min(said + BOOKMARK, ends) - monotonic())

    async def follow(self, request: Request) -> AsyncIterator[bytes]:
        """What a container says after the log that was asked for, until it ends: `kubectl logs -f`."""
        steps, query = request.steps, request.query
        async for text in follow(self.server, Key("Pod", steps[3], steps[5]), query.get("container", ""), is_true(query, "timestamps")):
            yield text.encode()

    def end(self) -> None:
        self.ended = True
        self.server.news.set()

    on_connection_close = end

    # -- what is not served

    def compute_etag(self) -> None:
        return None

    def write_error(self, status: int, **_) -> None:
        """What tornado refuses by itself, and our own mistakes: a Status, never a traceback."""
        if status == 405:
            return self.answer(refusal(MethodNotAllowed("the server does not allow this method on the requested resource")))
        error = ApiError(f"Internal error occurred: {self._reason}")
        error.code = status
        self.answer(refusal(error))
