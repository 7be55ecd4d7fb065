"""The loop: what can happen next, one step of it, and travel through what has happened.

Every write ends in `commit`, the one door for change.  A commit enqueues the keys that controllers
want to look at; a step takes one key from the queue and lets its controller reconcile it; when
nothing is queued, time passes to the next alarm.  Same seed and same calls give the same history.

Modelled: work queues without duplicates, alarms, retries with back-off, caches that may lag (with
`lag=True`), crashes after any write.  Not modelled: worker counts, client-side rate limits.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from .alarms import POLL, SORTS, WORK, Alarms
from .api import Api
from .client import Client, Crashed
from .clock import EPOCH, Clock
from .errors import ApiError, Conflict
from .story import lines
from .world import Change, Dict, Key, World, freeze, key_of

BACKOFF, LONGEST_BACKOFF = 5, 1_000_000     # ms: how soon a failed sync is tried again, doubling (workloads.md 0.4)
FOR_EVER = 1 << 62          # ms
PATIENCE, MOMENT = 45_000, 1_000        # ms: the longest wait that is jumped over after a command, and what passes between two commands
RESYNC = 15_000             # ms: how often the volume controller looks at everything again, unless it is told otherwise (CTL-2)


class Step(NamedTuple):
    """Something that can happen next: a controller takes in a change ("see") or looks at one object ("sync"),
    or time passes to the next alarm ("tick")."""

    what: str                   # see | sync | tick
    controller: str = ""
    key: Key | None = None
    time: int = 0               # of a tick: milliseconds


class Savepoint(NamedTuple):
    """All that the engine knows beside the objects, and where in the log it stood."""

    position: int
    last: Change | None         # the entry before that position
    now: int
    queue: dict
    alarms: dict
    failures: dict
    waiting: dict


class Unsettled(RuntimeError):
    """The cluster did not come to rest within the limit of steps; the message ends with the last of the story."""


class Engine:
    """A control plane: an API, its controllers, their queues and a virtual clock (milliseconds)."""

    def __init__(self, controllers: Iterable, *, seed: int | str = 0, start: str = EPOCH, lag: bool = False, resync: int = RESYNC) -> None:
        self.world = World()
        self.clock = Clock(start)
        self.seed, self.resync = seed, resync
        self.now = 0
        self.api = Api(self)
        self.controllers = {c.name: c for c in controllers}
        self.queue: dict[tuple[str, Key], None] = {}        # in order of arrival
        self.alarms = Alarms()
        self.failures: dict[tuple[str, Key], int] = {}
        self.waiting: dict[tuple[str, Key], dict[Key, Change]] = {}     # what each sync last waited for
        self.future: list[Change] = []                      # what was undone and can be redone
        self.caches: dict[str, World] | None = {name: World() for name in self.controllers} if lag else None
        self.on_commit: list[Callable[[Change], None]] = []
        self._interested: dict[str, list] = {}
        for controller in self.controllers.values():
            for kind in controller.watches():
                self._interested.setdefault(kind, []).append(controller)

    # -- chance and change

    def chance(self, purpose: str) -> str:
        """64 hex digits that depend on the seed, the time, the revision and the purpose, and on nothing else."""
        return sha256(f"{self.seed}/{self.now}/{self.world.revision}/{purpose}".encode()).hexdigest()

    def uid(self, purpose: str) -> str:
        """A UUID (version 4) by the seed (K-5)."""
        digits = self.chance(f"uid/{purpose}")
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"

    def commit(self, who: str, verb: str, key: Key, old: Dict | None, new: dict | None, because: str = "") -> Dict | None:
        """Write one change: the only way that anything changes.  Returns the new object, frozen."""
        revision = self.world.revision + 1
        if new is not None:
            meta = Dict(new["metadata"], resourceVersion=str(revision))
            new = freeze({**new, "metadata": freeze(meta)})
        change = Change(revision, self.now, who, verb, key, old, new, because)
        self.future.clear()
        self.world.apply(change)
        if self.caches is None:
            self._notify(change, self._interested.get(key.kind, ()), self.world)
        for listener in self.on_commit:
            listener(change)
        return new

    def _note_waits(self, name: str, key: Key, waits: dict[Key, tuple[str, str]]) -> None:
        """Keep what a sync waits for; it enters the history once, until it changes."""
        known = self.waiting.pop((name, key), {})
        for about, (text, because) in waits.items():
            last = known.get(about)
            if last is None or (last.text, last.because) != (text, because):
                self.future.clear()
                last = Change(self.world.revision, self.now, name, "wait", about, None, None, because, text)
                self.world.apply(last)
            self.waiting.setdefault((name, key), {})[about] = last

    def waits(self, about: Key) -> list[Change]:
        """Who waits on account of this object, and why."""
        return [waits[about] for waits in self.waiting.values() if about in waits]

    def _notify(self, change: Change, controllers: Iterable, view: World) -> None:
        for controller in controllers:
            for key in controller.keys(change, view):
                self.queue.setdefault((controller.name, key))

    # -- what can happen next

    def enabled(self) -> list[Step]:
        """Every step that could be next, in the order in which a lesson takes them."""
        steps = [Step("see", name) for name in self._behind()] + [Step("sync", name, key) for name, key in self.queue]
        if not steps and (due := self.next_alarm()) is not None:
            steps.append(Step("tick", time=due))
        return steps

    def _behind(self) -> Iterator[str]:
        """The controllers whose caches lag."""
        for name, cache in (self.caches or {}).items():
            if len(cache.log) < len(self.world.log):
                yield name

    def _catch_up(self) -> None:
        """Let every controller see all that has happened."""
        while (name := next(self._behind(), None)) is not None:
            self._see(name)

    def take(self, step: Step, crash_after: int | None = None) -> None:
        """Let one step happen.  crash_after: the controller dies after that many writes and starts again."""
        if step.what == "see":
            self._see(step.controller)
        elif step.what == "tick":
            self._ring(step.time)
        else:
            self._sync(step.controller, step.key, crash_after)

    def step(self, controller: str | None = None) -> Step | None:
        """Let the next thing happen, or the next thing of one controller; None where there is nothing to do.

        Work for now is done before the clock moves; the clock moves only if no controller is named."""
        self._catch_up()
        for name, key in self.queue:
            if controller in (None, name):
                self._sync(name, key)
                return Step("sync", name, key)
        if controller is None and (time := self.next_alarm()) is not None:
            self._ring(time)
            return Step("tick", time=time)
        return None

    def _see(self, name: str) -> None:
        cache = self.caches[name]
        change = self.world.log[len(cache.log)]
        cache.apply(change)
        if change.verb != "wait":
            controller = self.controllers[name]
            if change.key.kind in controller.watches():
                self._notify(change, (controller,), cache)

    def view(self, name: str) -> World:
        """What a controller sees: the world, or its own lagging cache of it."""
        return self.world if self.caches is None else self.caches[name]

    def _sync(self, name: str, key: Key, crash_after: int | None = None) -> None:
        del self.queue[name, key]
        self.alarms.answer(name, key)
        client = Client(self, self.controllers[name], key, crash_after)
        try:
            self.controllers[name].sync(client, key)
            self.failures.pop((name, key), None)
        except Crashed:
            self.restart(name)
        except ApiError as error:
            failures = self.failures[name, key] = self.failures.get((name, key), 0) + 1
            if not isinstance(error, Conflict):
                client.wait(key, error.message, because="CTL-5")
            self.alarm(name, key, min(BACKOFF << min(failures - 1, 30), LONGEST_BACKOFF), POLL)
        self._note_waits(name, key, client.waits)
        if self.caches is not None:     # a controller sees its own writes before it looks again (K-6)
            while client.wrote > self.caches[name].revision:
                self._see(name)

    def restart(self, name: str) -> None:
        """A controller starts anew: it forgets its queue and alarms and looks at everything once."""
        controller, view = self.controllers[name], self.view(name)
        for entries in (self.queue, self.alarms, self.failures, self.waiting):
            for entry in [e for e in entries if e[0] == name]:
                del entries[entry]
        for kind in controller.watches():
            for obj in view.list(kind):
                self._notify(Change(self.world.revision, self.now, "", "create", key_of(obj), None, obj), (controller,), view)

    # -- time

    def alarm(self, name: str, key: Key, delay: int, sort: str) -> None:
        """Have a controller look at a key again after `delay` ms."""
        self.alarms.set(name, key, sort, self.now + max(delay, 0))

    def next_alarm(self, sorts: Iterable[str] = SORTS) -> int | None:
        """When the next alarm of one of these sorts rings, in ms."""
        return self.alarms.next(sorts)

    def _ring(self, time: int, sorts: Iterable[str] = SORTS) -> None:
        """Move the clock and enqueue all that was to be looked at by then."""
        self.now = max(self.now, time)
        self.queue |= {entry: None for entry in self.alarms.ring(self.now, sorts) if entry not in self.queue}

    def drain(self, limit: int = 100_000) -> int:
        """Do all the work there is for now; the clock stands still.  Returns the number of steps."""
        count = 0
        self._catch_up()
        while self.queue:
            self.step()
            self._catch_up()
            count += 1
            self._limit(count, limit)
        return count

    def settle(self, limit: int = 100_000, patience: int = FOR_EVER) -> int:
        """Run until nothing changes any more, jumping from alarm to alarm.  Returns the number of steps.

        patience: the longest single wait, in ms, that is jumped over; what takes longer is left to come.
        Polling (a claim that is looked at every 15 s) is tried for one further round; if that changes
        nothing, it is as if the round had not been.  What repeats for ever (a crash loop) is not waited for."""
        count = self.drain(limit)
        while self.advance(limit, patience):
            count += 1 + self.drain(limit)
            self._limit(count, limit)
        return count

    def follow_up(self) -> None:
        """What comes after a command: all that happens soon, and a moment of time, so that the next command comes later.

        Recordings of a real control plane are made at that pace: a Pod starts, a claim is looked at again; a lost node is
        not given up yet."""
        self.settle(patience=PATIENCE)
        self.run(MOMENT)

    def advance(self, limit: int = 100_000, patience: int = FOR_EVER) -> bool:
        """Move the clock to the next alarm that settling waits for.  False where nothing more would come of it."""
        return self.work(patience) or self.poll(limit, patience)

    def work(self, patience: int = FOR_EVER) -> bool:
        """Move the clock to the next alarm, if work is due within `patience` ms."""
        due = self.next_alarm((WORK,))
        if due is None or due > self.now + patience:
            return False
        self._ring(self.next_alarm((WORK, POLL)))
        return True

    def poll(self, limit: int = 100_000, patience: int = FOR_EVER) -> bool:
        """Let everybody who polls within `patience` ms look once more.  Whether anything came of it; if not, all is as it was."""
        before, position = self.save(), len(self.world.log)
        for due in sorted({due for (_, _, sort), due in self.alarms.items() if sort == POLL and due <= self.now + patience}):
            self._ring(due, (WORK, POLL))       # what repeats for ever always changes something
            self.drain(limit)
            if self._work_came(before) or any(c.verb != "wait" and c.key.kind != "Event" for c in self.world.log[position:]):
                return True
        written = len(self.world.log) > position
        self.restore(before)
        if written:
            self.future.clear()
        return False

    def _work_came(self, before: Savepoint) -> bool:
        """Whether there is an alarm to wait for that was not there before."""
        return any(alarm[2] == WORK and before.alarms.get(alarm) != due for alarm, due in self.alarms.items())

    def _limit(self, count: int, limit: int) -> None:
        if count > limit:
            raise Unsettled(f"still busy after {limit} steps:\n" + "\n".join(lines(self.world.log[-20:], all=True)))

    def run(self, ms: int) -> None:
        """Let that much time pass, with all that happens in it."""
        end = self.now + ms
        self.drain()
        while (due := self.next_alarm()) is not None and due <= end:
            self._ring(due)
            self.drain()
        self.now = end

    # -- travel

    def save(self) -> Savepoint:
        """Where we are; costs what the queue holds, not what exists."""
        log = self.world.log
        return Savepoint(len(log), log[-1] if log else None, self.now, dict(self.queue), dict(self.alarms), dict(self.failures),
                         dict(self.waiting))

    def reaches(self, point: Savepoint) -> bool:
        """Whether the way there still exists: what was undone is lost as soon as something else is written."""
        log, ahead = self.world.log, point.position - len(self.world.log)
        if point.position == 0:
            return True
        if ahead > len(self.future):
            return False
        return (self.future[-ahead] if ahead > 0 else log[point.position - 1]) is point.last

    def restore(self, point: Savepoint) -> None:
        """Go to a savepoint, before or after; what lies after it stays in `future` until something new is written.

        Raises ValueError where it cannot be reached any more."""
        if not self.reaches(point):
            raise ValueError("this point of history was overwritten by another one")
        self.travel(point.position)
        self.now = point.now
        self.queue, self.alarms = dict(point.queue), Alarms(point.alarms)
        self.failures, self.waiting = dict(point.failures), dict(point.waiting)

    def travel(self, position: int) -> None:
        """Bring the objects to what they were after that many entries of the log."""
        while len(self.world.log) > position:
            self.future.append(self.world.revert())
        while len(self.world.log) < position and self.future:
            self.world.apply(self.future.pop())
        if self.caches is not None:
            for cache in self.caches.values():
                while len(cache.log) > len(self.world.log):
                    cache.revert()

    def goto(self, revision: int) -> None:
        """Go to a revision: objects as they were, and controllers that look at everything anew, as after a restart."""
        log = self.world.log + self.future[::-1]
        position = next((i for i, change in enumerate(log) if change.revision > revision), len(log))
        self.travel(position)
        self.now = self.world.log[-1].time if self.world.log else 0
        for name in self.controllers:
            self.restart(name)

    def fork(self) -> Engine:
        """A control plane of its own that goes on from here; objects are shared, nothing done there is seen here."""
        twin = Engine(self.controllers.values(), seed=self.seed, start=self.clock.start, lag=self.caches is not None, resync=self.resync)
        twin.world = self.world.copy()
        if self.caches is not None:
            twin.caches = {name: cache.copy() for name, cache in self.caches.items()}
        twin.restore(self.save())
        return twin
