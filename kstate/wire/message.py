"""Requests and responses as plain values."""
from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from ..errors import ApiError, BadRequest, MethodNotAllowed
from ..kinds import Kind

JSON = "application/json"


@lru_cache(1024)
def _taken_apart(path: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The steps of a path and the parameters of its query."""
    parts = urlsplit(path)
    return tuple(unquote(s) for s in parts.path.split("/") if s), tuple(parse_qsl(parts.query, keep_blank_values=True))


class Request(NamedTuple):
    """An HTTP request.  `path` may carry a query; header names are lower-case."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = MappingProxyType({})

    @property
    def steps(self) -> list[str]:
        """/api/v1/pods -> ["api", "v1", "pods"]"""
        return list(_taken_apart(self.path)[0])

    @property
    def query(self) -> dict[str, str]:
        """The query parameters; of a repeated one the first."""
        return dict(reversed(_taken_apart(self.path)[1]))

    def values(self, name: str) -> list[str]:
        """Every value of a repeated parameter: exec's `command`."""
        return [v for n, v in _taken_apart(self.path)[1] if n == name]

    def flag(self, name: str) -> bool:
        """A yes-or-no parameter as Kubernetes reads it: anything but `false` and `0`, even nothing, is a yes."""
        return self.query.get(name, "0").lower() not in ("false", "0")

    def number(self, name: str) -> int | None:
        """A parameter that is a number, None where it is absent.  Raises BadRequest."""
        text = self.query.get(name, "")
        try:
            return int(text) if text else None
        except ValueError:
            raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None

    @property
    def media(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()

    @property
    def who(self) -> str:
        """The program that asks: the User-Agent up to the first slash."""
        return self.headers.get("user-agent", "").partition("/")[0] or "client"


class Response(NamedTuple):
    """An HTTP response.  `watch` is set where more follows; see watch.Watch."""

    status: int
    body: bytes
    headers: Mapping[str, str] = MappingProxyType({})
    watch: Any = None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def dump(value: Any) -> bytes:
    """Compact JSON, as it goes over the wire."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def answer(value: Any, status: int = 200, content_type: str = JSON) -> Response:
    return Response(status, dump(value), {"content-type": content_type})


def success(status: int = 200, **more: Any) -> Response:
    """A Status that says all went well; `more` are its further members."""
    return answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", **more}, status)


def text(body: str, status: int = 200) -> Response:
    return Response(status, body.encode(), {"content-type": "text/plain; charset=utf-8"})


def not_found() -> Response:
    """A URL that leads nowhere: no Status (API-21)."""
    return text("404 page not found\n", 404)


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
