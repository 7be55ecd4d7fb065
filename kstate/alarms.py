"""Alarms: who wants to look at what again, and when (ms of virtual time)."""
from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from .world import Key

SORTS = WORK, POLL, IDLE = "work", "poll", "idle"       # what settling does about an alarm: waits for it, tries it once, leaves it


class Alarms(dict[tuple[str, Key, str], int]):
    """(controller, key, sort) -> when it rings.  Of several alarms of a key and sort the earliest stands."""

    def __init__(self, alarms: dict[tuple[str, Key, str], int] | None = None) -> None:
        super().__init__(alarms or {})
        self._heaps = {sort: sorted((due, name, key) for (name, key, s), due in self.items() if s == sort) for sort in SORTS}

    def set(self, name: str, key: Key, sort: str, due: int) -> None:
        if due < self.get((name, key, sort), due + 1):
            self[name, key, sort] = due
            heappush(self._heaps[sort], (due, name, key))

    def answer(self, name: str, key: Key) -> None:
        """The controller looks at the key now, whatever it wanted to be woken for."""
        for sort in SORTS:
            self.pop((name, key, sort), None)

    def next(self, sorts: Iterable[str] = SORTS) -> int | None:
        """When the next alarm of one of these sorts rings."""
        return min((heap[0][0] for heap in map(self._live, sorts) if heap), default=None)

    def ring(self, now: int, sorts: Iterable[str] = SORTS) -> list[tuple[str, Key]]:
        """Whoever is due by now, in the order in which they were; their alarms are over."""
        rung = []
        for sort in sorts:
            heap = self._live(sort)
            while heap and heap[0][0] <= now:
                due, name, key = heappop(heap)
                del self[name, key, sort]
                rung.append((due, name, key))
                heap = self._live(sort)
        return [(name, key) for _, name, key in sorted(rung)]

    def _live(self, sort: str) -> list[tuple[int, str, Key]]:
        """The heap of a sort, on top an alarm that still stands: not replaced, not answered."""
        heap = self._heaps[sort]
        while heap and self.get((*heap[0][1:], sort)) != heap[0][0]:
            heappop(heap)
        return heap
