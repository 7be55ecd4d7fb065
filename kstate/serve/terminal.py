"""exec and attach over a WebSocket: frames whose first byte is the channel (KCTL-60).

Version 5 of the protocol can say that the input has ended; version 4 cannot, so there it has ended when none has come for a
moment.  Ports are not forwarded: a simulated container has no network of this machine.
"""
from __future__ import annotations

import asyncio
import codecs
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from tornado import websocket

from ..errors import ApiError, BadRequest, MethodNotAllowed
from ..node import exec as containers
from ..wire import Request
from ..wire.message import refusal
from ..world import Key
from .follow import follow

if TYPE_CHECKING:
    from .server import Server

V5, V4 = PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, STATUS, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255       # channels
LIMIT = 4 * 1024 * 1024     # bytes of input
SILENCE = 0.2               # s without input after which it has ended, by version 4
KILLED = 137


def open_session(server: Server, request: Request) -> containers.Session:
    """The session that a request for exec or attach asks for.  Raises ApiError."""
    steps, query = request.steps, request.query
    if len(steps) != 7 or steps[:3] != ["api", "v1", "namespaces"] or steps[4] != "pods" or steps[6] not in ("exec", "attach"):
        if steps[-1:] == ["portforward"]:
            raise MethodNotAllowed("kstate forwards no ports: a simulated container has no network of this machine; "
                                   "try kubectl exec with wget or curl in a pod")
        raise BadRequest("this resource cannot be upgraded to a WebSocket")
    command = request.values("command") if steps[6] == "exec" else None
    if command == []:
        raise BadRequest("you must specify at least one command for the container")
    return containers.session(server.engine, Key("Pod", steps[3], steps[5]), query.get("container", ""), command, is_true(query, "tty"))


def is_true(query: dict[str, str], name: str) -> bool:
    return query.get(name) in ("true", "1")


def refuse_stream(server: Server, request: Request) -> ApiError:
    """What to answer to a request for a stream that is no WebSocket: the problem with it, or how to ask."""
    try:
        open_session(server, request)
    except ApiError as error:
        return error
    return BadRequest(f"Upgrade request required: kstate speaks WebSockets with the protocol {V5} or {V4}")


class Terminal(websocket.WebSocketHandler):
    @property
    def server(self) -> Server:
        return self.application.settings["server"]

    def prepare(self) -> None:
        """Whatever is wrong is said before the upgrade."""
        request = Request("GET", self.request.uri)
        problem = self.server.refuse(self.request)
        if problem is None:
            try:
                self.server.pace.asked()
                self.session = open_session(self.server, request)
            except ApiError as error:
                problem = error
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        if problem is None and not any(protocol in offered for protocol in PROTOCOLS):
            problem = refuse_stream(self.server, request)
        if problem is not None:
            response = refusal(problem)
            self.set_status(response.status)
            self.set_header("content-type", response.headers["content-type"])
            self.finish(response.body)
            return
        self.wants_input = is_true(request.query, "stdin")
        self.ended, self.received, self.silence = False, 0, None
        self.decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")

    def select_subprotocol(self, offered: list[str]) -> str | None:
        self.protocol = next(protocol for protocol in PROTOCOLS if protocol in offered)
        return self.protocol

    def open(self) -> None:
        self.server.streams.add(self)
        if not self.session.takes_input:
            self.work = asyncio.ensure_future(self.watch_output())
            return
        self.work = asyncio.ensure_future(self.watch_container())
        self.act(self.session.open)
        if self.wants_input:
            self.wait_for_silence()
        else:
            self.act(self.session.end)

    def on_message(self, message: bytes | str) -> None:
        frame = message.encode() if isinstance(message, str) else message
        channel, data = frame[:1], frame[1:]
        if self.ended or not self.session.takes_input:
            return
        if channel == bytes([STDIN]) and data:
            self.received += len(data)
            if self.received > LIMIT:
                return self.leave({"status": "Failure", "message": f"more than {LIMIT} bytes of input"})
            self.act(lambda: self.session.feed(self.decoder.decode(data)))
            self.wait_for_silence()
        elif channel == bytes([CLOSE]) and data[:1] == bytes([STDIN]):
            self.act(self.session.end)

    def wait_for_silence(self) -> None:
        """By version 4, a command that is no shell gets its input when no more comes."""
        if not self.ended and self.protocol == V4 and not self.session.is_shell and not self.session.tty:
            if self.silence is not None:
                self.silence.cancel()
            self.silence = asyncio.get_running_loop().call_later(SILENCE, lambda: self.act(self.session.end))

    def act(self, act: Callable[[], containers.Result]) -> None:
        """Let the session do something; show what comes of it, and leave if that was the end."""
        if self.ended:
            return
        try:
            result = self.server.act(f"exec {self.session.key.name}", act)
        except ApiError:
            return self.leave(exit_status(KILLED))      # its container is gone
        except Exception as error:
            self.leave({"status": "Failure", "message": f"Internal error occurred: {error}"})
            raise
        for number, text in result.pieces:
            self.show(number, text)
        if result.code is not None:
            self.leave(exit_status(result.code))

    def show(self, channel: int, text: str) -> None:
        if text and not self.ended:
            self.write_message(bytes([channel]) + text.encode("utf-8", "surrogateescape"), binary=True)

    def leave(self, status: dict) -> None:
        """Say how it ended, and close."""
        if not self.ended:
            self.write_message(bytes([STATUS]) + json.dumps({"metadata": {}, **status}).encode(), binary=True)
            self.ended = True
            self.close(1000)

    async def watch_container(self) -> None:
        """A session ends with the run of its container."""
        while self.session.alive:
            await self.server.wait_for_news()
        self.leave(exit_status(KILLED))

    async def watch_output(self) -> None:
        """Attached to a process that is no shell: what it says from now on, until it ends."""
        async for text in follow(self.server, self.session.key, self.session.container):
            self.show(STDOUT, text)
        self.leave({"status": "Success"})

    def on_close(self) -> None:
        self.ended = True
        self.server.streams.discard(self)
        self.work.cancel()

    def end(self) -> None:
        """The server stops."""
        self.ended = True
        self.close(1001, "the server stops")
        self.work.cancel()


def exit_status(code: int) -> dict:
    """How a command ended, as the last word of an exec."""
    if code == 0:
        return {"status": "Success"}
    return {"status": "Failure", "reason": "NonZeroExitCode", "message": f"command terminated with non-zero exit code: exit status {code}",
            "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]}}
