"""Requests and responses as plain values."""
from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from ..errors import ApiError, MethodNotAllowed
from ..kinds import Kind

JSON = "application/json"


class Request(NamedTuple):
    """An HTTP request.  `path` may carry a query; header names are lower-case."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = {}

    @property
    def query(self) -> dict[str, str]:
        """The query parameters; of a repeated one the first."""
        found: dict[str, str] = {}
        for name, value in parse_qsl(urlsplit(self.path).query, keep_blank_values=True):
            found.setdefault(name, value)
        return found

    def values(self, name: str) -> list[str]:
        """Every value of a repeated parameter: exec's `command`."""
        return [v for n, v in parse_qsl(urlsplit(self.path).query, keep_blank_values=True) if n == name]

    @property
    def steps(self) -> list[str]:
        """/api/v1/pods -> ["api", "v1", "pods"]"""
        return [s for s in urlsplit(self.path).path.split("/") if s]


class Response(NamedTuple):
    """An HTTP response.  `watch` is set where more follows; see watch.Watch."""

    status: int
    body: bytes
    headers: dict[str, str] = {}
    watch: Any = None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def dump(value: Any) -> bytes:
    """Compact JSON, as it goes over the wire."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def answer(value: Any, status: int = 200, content_type: str = JSON, **headers: str) -> Response:
    return Response(status, dump(value), {"content-type": content_type, **headers})


def text(body: str, status: int = 200) -> Response:
    return Response(status, body.encode(), {"content-type": "text/plain; charset=utf-8"})


def refusal(error: ApiError) -> Response:
    """An error as a Status (API-20)."""
    headers = {"retry-after": str(error.details["retryAfterSeconds"])} if error.details.get("retryAfterSeconds") else {}
    return Response(error.code, dump(error.status()), {"content-type": JSON, **headers})


def warning_header(texts: list[str]) -> dict[str, str]:
    """The Warning headers of a response (API-61); several are joined, as HTTP allows."""
    quoted = ['299 - "' + t.replace("\\", "\\\\").replace('"', '\\"') + '"' for t in dict.fromkeys(texts)]
    return {"warning": ", ".join(quoted)} if quoted else {}


def not_allowed(request: Request, kind: Kind) -> MethodNotAllowed:
    verb = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}.get(request.method, request.method.lower())
    return MethodNotAllowed(f'{verb} is not supported on resources of kind "{kind.resource}"', group=kind.group, kind=kind.plural)
