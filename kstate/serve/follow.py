"""What a container adds to its log, as it comes."""
from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from ..errors import ApiError
from ..node import exec as containers
from ..world import Key

if TYPE_CHECKING:
    from .server import Server

LOOK = 0.5              # s between two looks while time runs by the wall clock


async def follow(server: Server, key: Key, container: str, timestamps: bool = False) -> AsyncIterator[str]:
    """What a container prints from now on, until its run ends; "" where there was news, but not from it."""
    run = containers.run_of(server.engine, key, container)
    sent = len(containers.logs(server.engine, key, container, timestamps=timestamps)) if run else 0
    while run:
        await server.wait_for_news(LOOK if server.pace.speed else None)
        if server.pace.speed is not None:
            server.pace.asked()
        now = containers.run_of(server.engine, key, container)
        if now not in (run, ""):
            return                      # it was restarted meanwhile
        try:
            text = containers.logs(server.engine, key, container, timestamps=timestamps)
        except ApiError:
            return                      # it is gone
        yield text[sent:]
        sent, run = max(sent, len(text)), now
