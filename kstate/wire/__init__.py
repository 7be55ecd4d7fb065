"""The Kubernetes REST wire over api.py: a Request in, a Response out, both plain values; no sockets.

`Wire(engine).send(request)` answers what a v1.36 API server answers.  A watch is a Response with a `watch` that is
asked for its new events whenever the caller likes; who serves it over HTTP asks after every commit.
"""
from __future__ import annotations

from .message import Request, Response
from .server import Wire

__all__ = ["Request", "Response", "Wire"]
