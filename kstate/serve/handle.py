"""A server beside a notebook: it has a thread of its own, which from then on is the only one that touches the engine."""
from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from ..cluster import Cluster
from .server import Server

CALM = 0.1              # s between two calls of a listener


class Handle:
    """What `Cluster.serve` returns.  Raises OSError where the port is taken or the kubeconfig cannot be written."""

    def __init__(self, cluster: Cluster, port: int = 0, speed: str | float = 1, kubeconfig: str | Path | None = None) -> None:
        self.cluster, self._outside = cluster, cluster.inside
        self._hearers: list[asyncio.Future] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kstate serve", daemon=True)
        self._thread.start()
        try:
            self._server: Server = self._ask(self._start(port, speed))
            if kubeconfig is not None:
                self._server.write_kubeconfig(kubeconfig)
        except Exception:
            self._finish()
            raise
        cluster.inside = self._inside

    async def _start(self, port: int, speed: str | float) -> Server:
        return Server(self.cluster, port, speed)

    def _ask(self, work: Coroutine) -> Any:
        """Have something done in the engine's thread, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _inside(self, act: Callable[[], Any]) -> Any:
        if threading.current_thread() is self._thread or not self._thread.is_alive():
            return act()

        async def visit() -> Any:
            return self._server.visit(act)
        return self._ask(visit())

    @property
    def url(self) -> str:
        return self._server.url

    def follow(self, listener: Callable[[], None]) -> None:
        """Call a listener after changes, whoever made them; in a thread that may wait for the engine, at most ten times a second."""
        changed = threading.Event()

        async def hear() -> None:
            while True:
                await self._server.wait_for_news()
                changed.set()
                await asyncio.sleep(CALM)

        async def begin() -> None:
            self._hearers.append(asyncio.ensure_future(hear()))

        def tell() -> None:
            while self._thread.is_alive():
                if changed.wait(1.0):
                    changed.clear()
                    listener()
        self._ask(begin())
        threading.Thread(target=tell, name="kstate view", daemon=True).start()

    def stop(self) -> None:
        """Close the server; the engine belongs to the caller again."""
        if self._thread.is_alive():
            self.cluster.inside = self._outside
            self._ask(self._end())
            self._finish()

    async def _end(self) -> None:
        for hearer in self._hearers:
            hearer.cancel()
        await self._server.stop()

    def _finish(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __repr__(self) -> str:
        return f"<kstate serves {self.url}>" if self._thread.is_alive() else "<kstate served, and has stopped>"
