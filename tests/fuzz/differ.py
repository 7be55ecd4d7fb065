"""Where two clusters differ, and the smallest scenario that shows it."""
from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.conformance.compare import facts
from tests.conformance.runner import play

from .remote import Remote
from .scenes import Action, beginning, step


def difference(actions: list[Action], a: Remote, b: Remote) -> str:
    """The first fact of the scenario on `a` that does not hold on `b`, in words; "" for none."""
    scenario = {"name": "fuzz", "steps": [*beginning(), *map(step, actions)]}

    def played(backend: Remote) -> dict:
        backend.reset()
        return play(scenario, backend)
    with ThreadPoolExecutor(2) as both:
        want, got = both.map(played, (a, b))
    return next((fact.told for fact in facts(want, got, loose=True) if not fact.holds), "")


def smallest(actions: list[Action], differs: Callable[[list[Action]], bool], tries: int) -> list[Action]:
    """A scenario that still differs with as few actions, and as small numbers, as some tries can find."""
    asked = 0

    def holds(shorter: list[Action]) -> bool:
        nonlocal asked
        asked += 1
        return asked <= tries and differs(shorter)
    size = len(actions) // 2
    while size:
        start = 0
        while start < len(actions):
            shorter = actions[:start] + actions[start + size:]
            if shorter and holds(shorter):
                actions = shorter
            else:
                start += size
        size //= 2
    for i, (word, n) in enumerate(actions):
        if n and holds([*actions[:i], (word, 0), *actions[i + 1:]]):
            actions = [*actions[:i], (word, 0), *actions[i + 1:]]
    return actions
