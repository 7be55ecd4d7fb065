"""A play: a user acts, controllers take their steps in any order, see late, die in the middle; whoever directs picks what is next."""
from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable

from hypothesis import HealthCheck, settings

from kstate.engine import Engine
from kstate.story import lines

from . import rest, users
from .orders import violations

MANY = {"small": 1, "deep": 40}[os.environ.get("HYPOTHESIS_PROFILE", "small")]


def runs(number: int) -> settings:
    """So many examples, or many times that where HYPOTHESIS_PROFILE=deep; the small profile is the same every time."""
    return settings(max_examples=number * MANY, deadline=None, derandomize=MANY == 1, suppress_health_check=list(HealthCheck), database=None)


LIMIT = 2_000       # steps to come to rest: many times of what any play needs


def _endless(change) -> bool:
    """What may change whenever somebody looks: events are counted; a set that goes in the foreground makes its revision again;
    what a pod without node is told names the nodes of the moment."""
    told = change.who == "default-scheduler" and change.verb == "status" and not change.new["status"].get("nominatedNodeName")
    return change.key.kind in ("Event", "ControllerRevision") or told


class Play:
    """pick(options) -> one of them.  lag: caches that learn of changes by a step of their own.  crashes: controllers die after some writes."""

    def __init__(self, pick: Callable, lag: bool = False, crashes: bool = False) -> None:
        self.engine: Engine = users.shop(lag)
        self.pick, self.lag, self.crashes = pick, lag, crashes
        self.begin = len(self.engine.world.log)
        self.seen: dict[int, int] = {}              # what the writer of an entry knew of the log, where that was not all
        self.texts: dict[int, str] = {}
        self.engine.on_commit.append(self._note)

    def _note(self, change) -> None:
        self.texts[change.revision] = json.dumps(change.new)

    def act(self, word: str, n: int = 0) -> None:
        users.do(self.engine, word, n)

    def wander(self, steps: int) -> None:
        """Let so many things happen, whichever they are; a step that only sees is not worth a choice of its own."""
        for _ in range(steps):
            enabled = self.engine.enabled()
            if not enabled:
                return
            step = self.pick(enabled)
            crash = self.pick((None, None, None, 1, 2)) if self.crashes and step.what == "sync" else None
            before = len(self.engine.world.log)
            known = len(self.engine.view(step.controller).log) if step.what == "sync" and self.lag else None
            self.engine.take(step, crash)
            if known is not None:
                self.seen.update((position, known) for position in range(before, len(self.engine.world.log)))

    def perform(self, actions: Iterable[tuple[str, int]], steps: int = 30) -> None:
        for word, n in actions:
            self.act(word, n)
            self.wander(steps)

    # -- what came of it

    def told(self) -> str:
        return "\n".join(lines(self.engine.world.log[self.begin:]))

    def breaches(self) -> list[str]:
        """Against the rules of the story, and against a frozen past."""
        log = self.engine.world.log
        changed = [f"r{c.revision}: {c.key} was changed afterwards" for c in log[self.begin:]
                   if c.verb != "wait" and json.dumps(c.new) != self.texts[c.revision]]
        return violations(log, self.seen if self.lag else None) + changed

    def settled(self) -> list[str]:
        """Come to rest; against what holds at rest, once more after looking again, and after all controllers have started anew."""
        self.engine.settle(LIMIT)
        found, at_rest = rest.unrest(self.engine.world.log), len(self.engine.world.log)
        self.engine.settle(LIMIT)
        found += [f"settling again changes something: {line}" for line in self._since(at_rest)]
        late = {name for (name, _, _), due in self.engine.alarms.items() if due <= self.engine.now}      # of what repeats for ever
        for name in self.engine.controllers:
            if name not in late:
                self.engine.restart(name)
        self.engine.settle(LIMIT)
        return found + [f"a restart changes something: {line}" for line in self._since(at_rest)]

    def _since(self, position: int) -> list[str]:
        return lines([c for c in self.engine.world.log[position:] if c.verb != "wait" and not _endless(c)], all=True)[:3]

    def healed(self) -> list[str]:
        """All harm undone: the goal is reached."""
        users.heal(self.engine)
        return rest.short_of_the_goal(self.engine.world.log)
