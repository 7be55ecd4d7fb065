"""`kstate serve`: the engine as a Kubernetes API on loopback, for kubectl and any client.

The only room with sockets, threads or a wall clock.  In reading order: pace (how virtual time follows the wall clock), server
(the socket, and one thread that owns the engine), rest (plain requests, watches, followed logs), terminal (exec and attach over
WebSockets), certificate, handle (a server beside a notebook), command (`kstate serve`).
"""
from __future__ import annotations

from .command import main
from .handle import Handle

__all__ = ["Handle", "main"]
