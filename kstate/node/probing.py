"""When a kubelet asks its probes, and what it concludes (KUB-40 to KUB-46).

A probe is asked at fixed moments: the initial delay after the container's start, then every period.  What it settled on shows
in the container's status; only a row of answers that may change that, or of failures, is remembered beside it.
"""
from __future__ import annotations

from ..memory import recall, remember
from . import runtime
from .mounts import notes

THRESHOLDS = {True: ("successThreshold", 1), False: ("failureThreshold", 3)}
MOMENT = 1_000          # ms: statuses carry whole seconds, so a moment lasts one


class Probing:
    """The probes of one running container."""

    def __init__(self, container) -> None:
        self.container, self.status, self.api = container, container.status, container.api
        self.disk, self.began, self.now = notes(container.pod), container.began, container.api.now

    def look(self, stopping: bool) -> None:
        """Set `started` and `ready`, or kill the container; one that is being stopped anyway is asked no more than that (KUB-45)."""
        status, before = self.status, self.status["started"]
        if not stopping:
            status["started"] = before or self.verdict("startup", False)            # KUB-41, KUB-42
            if self.container.running and status["started"] and not self.verdict("liveness", True):
                self.container.kill("failed liveness probe", comes_back=True)        # KUB-44
        if self.container.running:
            status["ready"] = status["started"] and self.verdict("readiness", status["ready"], at_once=not before)

    def verdict(self, kind: str, settled: bool, at_once: bool = False) -> bool:
        """What the probe says by now, if it said `settled` so far; True without such a probe.  at_once: it is asked now."""
        probe = self.container.spec.get(f"{kind}Probe")
        if probe is None:
            return True
        period = probe.get("periodSeconds", 10) * 1000
        first = self.began + probe.get("initialDelaySeconds", 0) * 1000
        if self.now < first:
            self.container.api.wake(first - self.now)
            return settled
        moment = first + (self.now - first) // period * period                       # KUB-40
        wait = moment + period - self.now
        if at_once:
            moment = self.now
        good, text = runtime.probe(self.container, probe)
        mark = f"{self.container.name}/{kind}"
        run, last, same, count = recall(self.api.world, self.disk, mark) or (0, 0, settled, 0)
        if run != self.began:
            last, same, count = 0, settled, 0
        if self.now < moment + MOMENT and last < moment:
            count = count + 1 if same == good else 1
            if not good:
                self.container.tell("Warning", "Unhealthy", f"{kind.capitalize()} probe failed: {text}", "KUB-43")
            settled = self.conclude(kind, probe, good, count, settled)
            row = None if good and settled else [self.began, moment, good, count]
            remember(self.api, self.disk, mark, row, because="KUB-43")
        steady = good == settled and kind != "startup"
        self.api.wake(wait, "idle" if steady else "work")
        return settled

    def conclude(self, kind: str, probe: dict, good: bool, count: int, settled: bool) -> bool:
        """The result changes after enough equal answers in a row (KUB-43)."""
        field, default = THRESHOLDS[good]
        if count < probe.get(field, default):
            return settled
        if kind == "startup" and not good:
            self.container.kill("failed startup probe", comes_back=True)
        return good
