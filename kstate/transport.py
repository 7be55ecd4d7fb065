"""Two ways to send a request: into an engine in this process, or over HTTP to any Kubernetes API."""
from __future__ import annotations

from collections.abc import Callable

from .wire import Request, Response, Wire

Send = Callable[[Request], Response]


def in_process(engine) -> Send:
    """To an engine of ours: no socket, no thread."""
    return Wire(engine).send


def over_http(url: str, token: str = "") -> Send:
    """To a server at `url`, such as the one that `kubectl proxy` or `kstate serve` opens on loopback."""
    from urllib.error import HTTPError
    from urllib.request import Request as Ask
    from urllib.request import urlopen

    def send(request: Request) -> Response:
        headers = {**request.headers, **({"authorization": f"Bearer {token}"} if token else {})}
        try:
            with urlopen(Ask(url.rstrip("/") + request.path, request.body or None, headers, method=request.method), timeout=30) as reply:
                return Response(reply.status, reply.read(), {k.lower(): v for k, v in reply.headers.items()})
        except HTTPError as error:
            return Response(error.code, error.read(), {k.lower(): v for k, v in error.headers.items()})
    return send
