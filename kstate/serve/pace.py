"""Virtual time beside the wall clock.

At a number, so many virtual seconds pass in a real one.  At "max", virtual time stands still until the clients have been quiet
for a moment (so that what one kubectl command sends arrives together, as it would before a real kubelet could react); then it
jumps from alarm to alarm until nothing more changes.

The engine works in slices, between which clients get their turn.
"""
from __future__ import annotations

import asyncio
import sys
from time import monotonic

from ..engine import Engine

QUIET = 0.1             # s without a change by a client after which time may jump (speed max)
PATIENCE = 1.0          # s after which it jumps even though changes keep coming
SLICE = 0.03            # s that the engine works at a stretch
TICK = 1.0              # s at most between two looks at the clock
LIMIT = 200_000         # steps after which a cluster that does not come to rest is left alone until the next change


class Pace:
    """Moves the time of an engine.  speed: "max", or virtual seconds per real second.  Needs a running event loop."""

    def __init__(self, engine: Engine, speed: str | float) -> None:
        self.engine = engine
        self.speed = None if speed == "max" else float(speed)
        self.steps = 0                          # since the last change by a client
        self._since: float | None = None        # when the first change came that time has not yet followed (speed max)
        self._next: asyncio.TimerHandle | None = None
        self.start_anew()

    def start_anew(self) -> None:
        """From here on time runs at its pace: it was moved by other means."""
        self._wall, self._virtual = monotonic(), self.engine.now

    def catch_up(self) -> None:
        """Bring the cluster to now, or as far towards it as a slice allows; with "max" there is nothing to catch up with."""
        if self.speed is not None:
            due, end = self._virtual + int((monotonic() - self._wall) * self.speed * 1000), monotonic() + SLICE
            while self.engine.now < due and monotonic() < end:
                if self.engine.queue or (self.engine.next_alarm() or due + 1) <= due:
                    self.engine.step()
                else:
                    self.engine.run(due - self.engine.now)

    def follow(self) -> None:
        """A client has changed something: let the controllers react, and time go on."""
        self.steps = 0
        end = monotonic() + SLICE
        while self.engine.queue and monotonic() < end:
            self.engine.step()
        if self.speed is None:
            now = monotonic()
            self._since = self._since or now
            self._later(min(QUIET, self._since + PATIENCE - now), self._settle)
        else:
            self._tick()

    def _later(self, seconds: float, act) -> None:
        self.stop()
        self._next = asyncio.get_running_loop().call_later(max(seconds, 0), act)

    def stop(self) -> None:
        """Let time stand still."""
        if self._next is not None:
            self._next.cancel()

    def _tick(self) -> None:
        """Speed: a number."""
        self.catch_up()
        alarm = self.engine.now if self.engine.queue else self.engine.next_alarm()
        due = TICK if alarm is None else (alarm - self._virtual) / 1000 / self.speed - (monotonic() - self._wall)
        self._later(min(due, TICK), self._tick)

    def _settle(self) -> None:
        """Speed: max.  One slice of settling."""
        end = monotonic() + SLICE
        while monotonic() < end:
            if self.engine.queue:
                self.engine.step()
            elif not self.engine.advance():
                self._since = None
                return
            self.steps += 1
            if self.steps > LIMIT:
                print(f"kstate: the cluster does not come to rest; time stands still after {LIMIT} steps", file=sys.stderr)
                self._since = None
                return
        self._later(0, self._settle)
