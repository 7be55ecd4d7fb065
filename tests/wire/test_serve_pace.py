"""How virtual time follows the wall clock, with a wall clock of our own."""
from __future__ import annotations

import asyncio

import pytest

from kstate.serve import pace as module
from kstate.serve.pace import Pace
from kstate.world import Key
from tests.helpers import EXAMPLE, apply, cluster_engine, get

POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
CLAIM = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c", "namespace": "default"}, "spec": {
    "accessModes": ["ReadWriteOnce"], "storageClassName": "slow", "resources": {"requests": {"storage": "1Gi"}}}}

VOLUME = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": {
    "accessModes": ["ReadWriteOnce"], "storageClassName": "slow", "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/v"}}}


class Clock:
    """A wall clock and an event loop's timers that pass only when told to."""

    def __init__(self, monkeypatch) -> None:
        self.now, self.timers = 1000.0, []
        monkeypatch.setattr(module, "monotonic", lambda: self.now)
        monkeypatch.setattr(asyncio, "get_running_loop", lambda: self)

    def call_later(self, seconds: float, act):
        timer = Timer(self.now + seconds, act)
        self.timers.append(timer)
        return timer

    def pass_(self, seconds: float) -> None:
        """Let real time pass, and ring what is due in it."""
        end = self.now + seconds
        while due := [t for t in self.timers if not t.cancelled and t.at <= end]:
            first = min(due, key=lambda t: t.at)
            self.timers.remove(first)
            self.now = max(self.now, first.at)
            first.act()
        self.now = end


class Timer:
    def __init__(self, at: float, act) -> None:
        self.at, self.act, self.cancelled = at, act, False

    def cancel(self) -> None:
        self.cancelled = True


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def engine():
    return cluster_engine()


def phase(engine, name: str = "p") -> str:
    return get(engine, "Pod", name, "default")["status"]["phase"]


# ---- at a number ------------------------------------------------------------------------------

@pytest.mark.parametrize("speed", [0.5, 1, 10, 1000])
def test_so_many_virtual_seconds_pass_in_a_real_one(clock, engine, speed):
    pace = Pace(engine, speed)
    began = engine.now
    clock.pass_(7)
    pace.asked()
    assert engine.now - began == 7000 * speed


def test_what_is_due_happens_at_its_time(clock, engine):
    pace = Pace(engine, 10)
    engine.api.create({**POD, "metadata": {"name": "p", "namespace": "default"}})
    pace.follow()
    assert phase(engine) == "Pending"
    clock.pass_(0.05)
    assert phase(engine) == "Pending"
    clock.pass_(4)
    assert phase(engine) == "Running"
    times = [c.time for c in engine.world.log if c.key.name == "p"]
    assert len({*times}) > 2 and not any(time % 1000 for time in times)       # not when somebody happened to look, but when it was due


def test_time_that_was_moved_by_other_means_goes_on_from_there(clock, engine):
    pace = Pace(engine, 1)
    clock.pass_(2)
    engine.run(300_000)
    pace.start_anew()
    at = engine.now
    clock.pass_(3)
    pace.asked()
    assert engine.now == at + 3000
    engine.goto(5)                                      # into the past: what was undone is not run through again
    pace.start_anew()
    at = engine.now
    clock.pass_(1)
    pace.asked()
    assert engine.now == at + 1000


def test_stopped_time_stands_still(clock, engine):
    pace = Pace(engine, 5)
    clock.pass_(1)
    pace.stop()
    at = engine.now
    clock.pass_(10)
    assert engine.now == at


# ---- at max -----------------------------------------------------------------------------------

def test_at_max_time_waits_for_a_quiet_moment_and_then_jumps(clock, engine):
    pace = Pace(engine, "max")
    began = engine.now
    apply(engine, EXAMPLE)
    pace.follow()
    assert engine.now == began and phase(engine, "web-0") == "Pending"
    clock.pass_(0.05)
    assert engine.now == began
    pace.follow()                                       # another document of the same command
    clock.pass_(0.06)
    assert engine.now == began
    clock.pass_(0.05)
    assert [phase(engine, f"web-{i}") for i in range(3)] == ["Running"] * 3 and pace.resting


def test_at_max_clients_that_never_pause_do_not_stop_time(clock, engine):
    pace = Pace(engine, "max")
    engine.api.create({**POD, "metadata": {"name": "p", "namespace": "default"}})
    for _ in range(40):
        pace.follow()
        clock.pass_(0.03)
    assert phase(engine) == "Running"


def test_at_max_a_round_follows_what_had_consequences_and_only_that(clock, engine):
    pace = Pace(engine, "max")
    engine.api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "default"}})
    began = engine.now
    pace.follow()
    clock.pass_(1)
    assert engine.now == began
    for obj in (CLAIM, VOLUME):
        engine.api.create(obj)
        pace.follow()
        clock.pass_(1)
    assert get(engine, "PersistentVolumeClaim", "c", "default")["status"]["phase"] == "Bound"      # CTL-3: at its next resync


def test_at_max_a_round_follows_what_a_client_changes_of_a_volume_or_claim(clock, engine):
    pace = Pace(engine, "max")
    for obj in (CLAIM, {**VOLUME, "spec": {**VOLUME["spec"], "storageClassName": "other"}}):
        engine.api.create(obj)
        pace.follow()
        clock.pass_(1)
    engine.api.patch(Key("PersistentVolume", "", "v"), {"spec": {"claimRef": {"namespace": "default", "name": "c"}}})    # nobody answers at once
    pace.follow()
    clock.pass_(1)
    assert get(engine, "PersistentVolumeClaim", "c", "default")["status"]["phase"] == "Bound"


def test_at_max_a_round_passes_between_two_commands(clock, engine):
    pace = Pace(engine, "max")
    pace.asked("first")
    began = engine.now
    pace.asked("first"), pace.asked("")
    assert engine.now == began
    pace.asked("second")
    assert engine.now == began + engine.resync


def test_at_max_time_follows_the_clock_while_nobody_asks(clock, engine):
    pace = Pace(engine, "max")
    began = engine.now
    pace.asked()
    clock.pass_(100)
    assert engine.now == began                          # nothing waits for anything
    engine.api.create(CLAIM)                            # and now a claim does: it is looked at again and again
    pace.follow()
    clock.pass_(1)
    began = engine.now
    pace.asked()
    clock.pass_(2.9)
    assert engine.now == began
    clock.pass_(27.2)
    assert engine.now - began == 30_000


def test_at_max_what_never_rests_is_left_alone(clock, engine, monkeypatch, capsys):
    monkeypatch.setattr(module, "LIMIT", 50)
    pace = Pace(engine, "max")
    monkeypatch.setattr(engine, "step", lambda: None)
    engine.queue[("statefulset", ("StatefulSet", "default", "x"))] = None
    monkeypatch.setattr(module, "SLICE", float("inf"))
    clock.now += 1
    pace.steps = 49
    assert pace._work(1) is True
    assert "does not come to rest" in capsys.readouterr().err
