"""Several things to do, of which some may be refused."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ..errors import ApiError

LARGEST = 500


def attempt_all(steps: Iterable[Callable[[], Any]]) -> None:
    """Do every step even if an earlier one is refused, then raise the first refusal (an ApiError)."""
    first = None
    for step in steps:
        try:
            step()
        except ApiError as error:
            first = first or error
    if first is not None:
        raise first


def in_batches(work: Callable[[Any], Any], items: Iterable) -> None:
    """Slow start: batches of 1, 2, 4 … 500.  A batch is finished even if one call fails; the batches after it are not begun (K-2)."""
    items, size = list(items), 1
    while items:
        batch, items = items[:size], items[size:]
        attempt_all(partial(work, item) for item in batch)
        size = min(2 * size, LARGEST)
