"""A client of exec and attach: frames over a WebSocket, as kubectl and the Python clients send them (KCTL-60)."""
from __future__ import annotations

import base64
import json
import os
import socket
from typing import Self
from urllib.parse import urlencode

from .served import Client

STDIN, STDOUT, STDERR, STATUS, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"
TEXT, BINARY, END, PING, PONG = 1, 2, 8, 9, 10


class Refused(Exception):
    """The answer was no upgrade: the status, and the body."""


class Terminal:
    """One session.  `with Terminal(client, "web-0", ["hostname"]) as t: out, err, status = t.all()`"""

    def __init__(self, client: Client, pod: str, command: list[str] | None, *, tty: bool = False, stdin: bool = False, protocol: str = V5,
                 container: str = "", subresource: str = "", headers: dict[str, str] | None = None) -> None:
        query = [("command", word) for word in command or ()] + [("stdin", str(stdin).lower()), ("stdout", "true"), ("stderr", "true"),
                                                                 ("tty", str(tty).lower())] + ([("container", container)] if container else [])
        where = subresource or ("attach" if command is None else "exec")
        path = f"/api/v1/namespaces/default/pods/{pod}/{where}?{urlencode(query)}"
        self.socket = client.tls.wrap_socket(socket.create_connection((client.host, client.port), timeout=20), server_hostname=client.host)
        sent = {"Host": f"{client.host}:{client.port}", "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Protocol": protocol, **client.authorised, **(headers or {})}
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items() if value), "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        self.stream = self.socket.makefile("rb")
        self.status = int(self.stream.readline().split()[1])
        self.headers = {}
        while (line := self.stream.readline().decode().strip()):
            name, _, value = line.partition(": ")
            self.headers[name.lower()] = value
        if self.status != 101:
            body = self.stream.read(int(self.headers.get("content-length", 0)))
            self.close()
            raise Refused(self.status, json.loads(body))
        self.protocol = self.headers.get("sec-websocket-protocol", "")
        self.seen = {STDOUT: b"", STDERR: b"", STATUS: b""}
        self.code: int | None = None        # of the closing frame

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self.stream.close()
        self.socket.close()

    # -- sending

    def _frame(self, opcode: int, payload: bytes) -> None:
        mask, size = os.urandom(4), len(payload)
        head = bytes([0x80 | opcode])
        head += bytes([0x80 | size]) if size < 126 else bytes([0xFE]) + size.to_bytes(2, "big") if size < 65536 else bytes([0xFF]) + size.to_bytes(8, "big")
        self.socket.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))

    def type(self, text: str | bytes, channel: int = STDIN) -> None:
        self._frame(BINARY, bytes([channel]) + (text.encode() if isinstance(text, str) else text))

    def end_of_input(self) -> None:
        """By version 5."""
        self.type(bytes([STDIN]), CLOSE)

    # -- receiving

    def _receive(self) -> bool:
        """Take in one frame; False at the end."""
        head = self.stream.read(2)
        if len(head) < 2:
            return False
        opcode, size = head[0] & 15, head[1] & 127
        if size > 125:
            size = int.from_bytes(self.stream.read(2 if size == 126 else 8), "big")
        payload = self.stream.read(size)
        if opcode == END:
            self.code = int.from_bytes(payload[:2], "big")
            return False
        if opcode == PING:
            self._frame(PONG, payload)
        elif payload:
            self.seen[payload[0]] += payload[1:]
        return True

    def until(self, text: str, channel: int = STDOUT) -> str:
        """What was said up to and with that text."""
        while text.encode() not in self.seen[channel]:
            assert self._receive(), self.seen
        before, _, self.seen[channel] = self.seen[channel].partition(text.encode())
        return before.decode() + text

    def all(self) -> tuple[str, str, dict]:
        """stdout, stderr and the status, when it has ended."""
        while self._receive():
            pass
        return self.seen[STDOUT].decode(), self.seen[STDERR].decode(), json.loads(self.seen[STATUS] or "{}")

    def ends(self) -> bool:
        """The other side closes in good order."""
        while self._receive():
            pass
        return self.code is not None


def exit_code(status: dict) -> int:
    """The exit code in the last word of a session."""
    if status.get("status") == "Success":
        return 0
    return int(next(cause["message"] for cause in status["details"]["causes"] if cause["reason"] == "ExitCode"))
