"""The arithmetic of Deployments: how many pods too many, how many too few, and who gets which share (DEP-6, DEP-10)."""
from __future__ import annotations

from ..controllers.base import get


def fenceposts(deployment: dict) -> tuple[int, int]:
    """How many pods there may be beyond the wanted number, and how many of these may be unavailable (DEP-6)."""
    rolling, wanted = get(deployment, "spec.strategy.rollingUpdate"), deployment["spec"]["replicas"]
    if deployment["spec"]["strategy"]["type"] != "RollingUpdate":
        return 0, 0
    surge, slack = _resolve(rolling["maxSurge"], wanted, up=True), _resolve(rolling["maxUnavailable"], wanted, up=False)
    return surge, min(slack if surge or slack else 1, wanted)


def _resolve(value: int | str, whole: int, up: bool) -> int:
    if isinstance(value, int):
        return value
    part = int(value.rstrip("%")) * whole
    return -(-part // 100) if up else part // 100


def shares(sizes: list[int], before: list[int], most: int) -> list[int]:
    """New sizes, in proportion, so that they sum up to `most`; the first gets what rounding leaves.

    sizes: as they are, largest first; before: what `most` was when each of them was last set."""
    add = left = most - sum(sizes)
    found = []
    for size, former in zip(sizes, before):
        share = (2 * size * most + former) // (2 * former) - size if most else -size       # rounded to the nearest
        share = max(0, min(share, left)) if add > 0 else min(0, max(share, left))
        left -= share
        found.append(size + share)
    found[0] = max(0, found[0] + left)
    return found
