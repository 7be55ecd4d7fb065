"""Virtual time beside the wall clock.

At a number, so many virtual seconds pass in a real one.

At "max", time stands still until the clients have been quiet for a moment, so that what one kubectl command sends arrives
together, as it would before a real kubelet could react.  Then it jumps over all that is on its way, until nothing more has come
of it for a round: as long as the volume controller takes to look at everything again (CTL-2).  A round passes between two kubectl
commands, too, and where nobody asks anything for a while, time follows the wall clock.

The engine works in slices, between which clients get their turn.
"""
from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from time import monotonic

from ..engine import WORK, Engine
from ..story import QUIET as BOOKKEEPING

QUIET = 0.1             # s without a change by a client after which time may jump
PATIENCE = 1.0          # s after which it jumps even though changes keep coming
SILENCE = 3.0           # s without a request after which as much passes by itself
SLICE, STRETCH = 0.03, 0.5      # s that the engine works at a stretch: at most, and where a client waits for time to pass
TICK = 1.0              # s at most between two looks at the clock
LIMIT = 200_000         # steps after which a cluster that does not come to rest is left alone until the next change
POLLED = ("PersistentVolume", "PersistentVolumeClaim")     # what a client changes of these counts as well: who waits for it looks by the clock
ALWAYS = (*BOOKKEEPING, "Node")     # kinds that change without anything having happened


class Pace:
    """Moves the time of an engine.  speed: "max", or virtual seconds per real second.  Needs a running event loop."""

    def __init__(self, engine: Engine, speed: str | float) -> None:
        self.engine = engine
        self.speed = None if speed == "max" else float(speed)
        self.due = engine.now                   # virtual time to come to
        self._seen = len(engine.world.log)      # what of the log has been taken for an answer to clients, or waited for
        self.steps = 0                          # since the cluster last was at rest, or a client changed something
        self._since: float | None = None        # when the first change came that time has not yet followed (max)
        self._command = ""
        self._next: asyncio.TimerHandle | None = None
        self._silence: asyncio.TimerHandle | None = None
        self.start_anew()
        if self.speed is not None:
            self._tick()

    def start_anew(self) -> None:
        """From here on time runs at its pace: it was moved by other means."""
        self._wall, self._virtual = monotonic(), self.engine.now
        self.due = self.engine.now

    @property
    def resting(self) -> bool:
        """Nothing is on its way that time would jump over (max)."""
        return self._since is None and not self.engine.queue

    def stop(self) -> None:
        """Let time stand still."""
        for timer in (self._next, self._silence):
            if timer is not None:
                timer.cancel()

    # -- what the server tells

    def asked(self, command: str = "") -> None:
        """A request has come, and is answered in the cluster as it is now.  command: what identifies the kubectl command that asks."""
        if self.speed is None:
            self._wait_for_silence()
            if command not in ("", self._command):
                if self._command:
                    self._pass(self.engine.resync)
                self._command = command
        else:
            self.due = self._virtual + int((monotonic() - self._wall) * self.speed * 1000)
            self._work(SLICE)

    def follow(self) -> None:
        """A client has changed something: let the controllers react, and time go on."""
        self.steps, now, log = 0, monotonic(), self.engine.world.log
        if self.speed is not None or all(change.key.kind not in POLLED for change in log[self._seen:]):
            self._seen = len(log)
        while self.engine.queue and monotonic() < now + SLICE:
            self.engine.step()
        if self.speed is None:
            self._since = self._since or now
            self._later(min(QUIET, self._since + PATIENCE - now), self._settle)
            self._wait_for_silence()
        else:
            self._tick()

    # -- how time passes

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next = asyncio.get_running_loop().call_later(max(seconds, 0), act)

    def _tick(self) -> None:
        """At a number: come to now, and back when something is due."""
        self.asked()
        alarm = self.engine.now if self.engine.queue else self.engine.next_alarm()
        wait = TICK if alarm is None else (alarm - self._virtual) / 1000 / self.speed - (monotonic() - self._wall)
        self._later(min(wait, TICK), self._tick)

    def _settle(self) -> None:
        """At max: follow what is on its way, slice by slice."""
        if self._work(SLICE):
            self._since = None
        else:
            self._later(0, self._settle)

    def _pass(self, ms: int) -> None:
        """At max: let that much time pass, with all that comes of it."""
        self.due = self.engine.now + ms
        if not self._work(STRETCH):
            self._since = self._since or monotonic()
            self._later(0, self._settle)

    def _wait_for_silence(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
        self._silence = asyncio.get_running_loop().call_later(SILENCE, self._in_silence)

    def _in_silence(self) -> None:
        if self.engine.next_alarm() is not None:        # while nobody waits for anything, time stands still: same commands, same history
            self._pass(int(SILENCE * 1000))
        self._wait_for_silence()

    def _work(self, seconds: float) -> bool:
        """Work for at most so many real seconds.  Whether the due time is reached and, at max, nothing more is on its way."""
        engine, log, end = self.engine, self.engine.world.log, monotonic() + seconds
        while monotonic() < end:
            if engine.queue or self._rings():
                engine.step()
                self.steps += 1
            elif engine.now < self.due:
                engine.run(self.due - engine.now)
            elif self.speed is None and any(c.verb != "wait" and c.key.kind not in ALWAYS for c in log[self._seen:]):
                self.due, self._seen = engine.now + engine.resync, len(log)
            else:
                self.steps = 0
                return True
            if self.speed is None and self.steps > LIMIT:
                print(f"kstate: the cluster does not come to rest; it is left alone after {LIMIT} steps", file=sys.stderr)
                return True
        return False

    def _rings(self) -> bool:
        """Whether an alarm is due: by the due time or, at max, if settling waits for one."""
        alarm = self.engine.next_alarm()
        return alarm is not None and (alarm <= self.due or (self.speed is None and self.engine.next_alarm((WORK,)) is not None))
