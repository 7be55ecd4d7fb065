"""The loop: queues, alarms, back-off, settling, crashes, caches that lag, and travel through time."""
from __future__ import annotations

import pytest

from kstate.alarms import Alarms
from kstate.controllers.base import Controller
from kstate.engine import BACKOFF, LONGEST_BACKOFF, Engine, Step, Unsettled
from kstate.errors import Conflict, NotFound
from kstate.history import History
from kstate.story import lines
from kstate.world import Key, put
from tests.helpers import EXAMPLE, apply, cluster_engine, get

A = Key("ConfigMap", "default", "a")
SETS = ("ConfigMap", "Secret")


class Plain(Controller):
    """Looks at ConfigMaps; what it does with one is given from outside."""

    name, component, kind = "plain", "plain-controller", "ConfigMap"
    act = staticmethod(lambda api, obj: None)

    def reconcile(self, api, obj):
        self.act(api, obj)


class Copier(Controller):
    """Keeps a Secret named like each ConfigMap, with the same label; reads from its cache alone."""

    name, component, kind, owns = "copier", "copier-controller", "ConfigMap", ("Secret",)

    def watches(self):
        return SETS

    def keys(self, change, view):
        yield Key("ConfigMap", change.key.namespace, change.key.name)

    def reconcile(self, api, obj):
        copy = api.find("Secret", obj["metadata"]["name"], "default")
        wanted = obj["metadata"].get("labels", {})
        if copy is None:
            api.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": obj["metadata"]["name"], "namespace": "default", "labels": wanted}}, because="X-1")
            api.event(obj, "Normal", "Copied", "copied", because="X-2")
        elif copy["metadata"].get("labels", {}) != wanted:
            api.update(put(copy, "metadata.labels", wanted), because="X-3")


def engine_of(act=None, *controllers, lag: bool = False) -> Engine:
    plain = Plain()
    if act is not None:
        plain.act = act
    engine = Engine([plain, *controllers], lag=lag)
    engine.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    return engine


def create(engine: Engine, name: str = "a", **meta) -> dict:
    return engine.api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default", **meta}})


def label(engine: Engine, value: str, name: str = "a") -> None:
    engine.api.patch(Key("ConfigMap", "default", name), {"metadata": {"labels": {"v": value}}}, who="kubectl")


def state(engine: Engine) -> tuple:
    return list(engine.world.log), engine.now, dict(engine.queue), dict(engine.alarms), dict(engine.failures), dict(engine.waiting)


# ---- commit and queue -------------------------------------------------------------------------

def test_a_commit_numbers_freezes_and_tells():
    told, engine = [], engine_of()
    engine.on_commit.append(told.append)
    made = create(engine)
    assert made["metadata"]["resourceVersion"] == str(engine.world.revision) == str(told[0].revision)
    assert (told[0].verb, told[0].key, told[0].old, told[0].new) == ("create", A, None, made)
    with pytest.raises(TypeError, match="cannot be changed"):
        made["metadata"]["name"] = "b"


def test_a_key_stands_in_the_queue_once_and_in_order():
    engine = engine_of()
    create(engine)
    create(engine, "b")
    label(engine, "x")
    assert list(engine.queue) == [("plain", A), ("plain", Key("ConfigMap", "default", "b"))]


def test_chance_depends_on_seed_revision_and_purpose_alone():
    one, two, other = Engine([], seed=1), Engine([], seed=1), Engine([], seed=2)
    assert one.chance("x") == two.chance("x") != one.chance("y") and one.chance("x") != other.chance("x")
    before = one.chance("x")
    one.commit("w", "write", Key("Disk", "", "d"), None, {"kind": "Disk", "metadata": {"name": "d"}, "files": {}})
    assert one.chance("x") != before and len(one.chance("x")) == 64


def test_work_is_done_before_the_clock_moves():
    seen = []
    engine = engine_of(lambda api, obj: (seen.append((api.now, obj["metadata"]["name"])), api.wake(1000)) if len(seen) < 4 else None)
    create(engine)
    create(engine, "b")
    assert engine.enabled() == [Step("sync", "plain", A), Step("sync", "plain", Key("ConfigMap", "default", "b"))]
    steps = [engine.step().what for _ in range(5)]
    assert steps == ["sync", "sync", "tick", "sync", "sync"] and seen == [(0, "a"), (0, "b"), (1000, "a"), (1000, "b")]


def test_stepping_one_controller_leaves_the_others_and_the_clock():
    engine = engine_of(lambda api, obj: api.wake(5), Copier())
    create(engine)
    assert engine.step("copier") == Step("sync", "copier", A) and get(engine, "Secret", "a")
    assert engine.step("plain").what == "sync"
    assert engine.step("plain") is None and engine.now == 0


# ---- alarms -----------------------------------------------------------------------------------

def test_of_several_alarms_of_a_sort_the_earliest_stands():
    alarms = Alarms()
    for due in (50, 20, 30):
        alarms.set("c", A, "work", due)
    alarms.set("c", A, "idle", 10)
    assert (alarms.next(), alarms.next(("work",)), alarms.next(("poll",))) == (10, 20, None)
    assert alarms.ring(20) == [("c", A), ("c", A)] and alarms == {} and alarms.ring(99) == []


def test_alarms_ring_in_the_order_of_time_whatever_their_sort():
    alarms = Alarms()
    for name, sort, due in (("x", "work", 30), ("y", "idle", 10), ("z", "poll", 20), ("w", "work", 40)):
        alarms.set(name, A, sort, due)
    assert [name for name, _ in alarms.ring(35)] == ["y", "z", "x"] and list(alarms) == [("w", A, "work")]


def test_a_sync_answers_all_alarms_of_its_key():
    engine = engine_of(lambda api, obj: api.wake(1000) if api.now == 0 else None)
    create(engine)
    engine.drain()
    engine.alarm("plain", A, 500, "idle")
    label(engine, "x")                              # a change comes first
    engine.run(100)
    assert engine.alarms == {("plain", A, "work"): 1000} and engine.now == 100
    engine.run(2000)
    assert engine.alarms == {} and engine.now == 2100


def test_work_waits_for_later_work_behind_something_idle():
    """A crash loop (idle) must not hide that a grace period (work) ends later."""
    done = []

    def act(api, obj):
        if api.now < 30_000:
            api.wake(10_000, "idle")
            api.wake(30_000 - api.now, "work")
        else:
            done.append(api.now)
    engine = engine_of(act)
    create(engine)
    engine.settle()
    assert done == [30_000]


# ---- settling ---------------------------------------------------------------------------------

def test_settle_waits_for_work():
    engine = engine_of(lambda api, obj: api.wake(60_000) if api.now < 180_000 else None)
    create(engine)
    engine.settle()
    assert engine.now == 180_000


def test_settle_leaves_what_is_idle():
    engine = engine_of(lambda api, obj: api.wake(1000, "idle"))
    create(engine)
    engine.settle()
    assert engine.now == 0
    engine.run(3500)
    assert (engine.now, engine.alarms) == (3500, {("plain", A, "idle"): 4000})


def test_settle_tries_polling_once_and_forgets_a_round_that_changed_nothing():
    seen = []

    def act(api, obj):
        seen.append(api.now)
        api.wait(obj, f"looked at {api.now}", because="X-1")
        api.event(obj, "Normal", "Looked", "again", because="X-2")
        api.wake(15_000, "poll")
    engine = engine_of(act)
    create(engine)
    engine.drain()
    before = state(engine)
    engine.settle()
    assert seen == [0, 15_000] and state(engine) == before and engine.future == []


def test_settle_goes_on_where_polling_found_something():
    def act(api, obj):
        if api.now < 40_000:
            api.wake(15_000, "poll")
        if api.now == 15_000:
            api.patch(obj, {"metadata": {"labels": {"found": "yes"}}}, because="X-1")
    engine = engine_of(act)
    create(engine)
    engine.settle()
    assert get(engine, "ConfigMap", "a")["metadata"]["labels"] == {"found": "yes"} and engine.now == 15_000


def test_a_round_of_polling_that_changes_nothing_keeps_what_can_be_redone():
    engine = engine_of(lambda api, obj: api.wake(15_000, "poll"))
    create(engine)
    engine.settle()
    history = History(engine)
    history.mark("label")
    label(engine, "x")
    engine.settle()
    history.undo()
    engine.settle()
    assert history.redo() == "label" and get(engine, "ConfigMap", "a")["metadata"]["labels"] == {"v": "x"}


def test_what_never_rests_is_said_with_the_last_of_the_story():
    engine = engine_of(lambda api, obj: label(api._engine, str(api._engine.world.revision)))
    create(engine)
    with pytest.raises(Unsettled, match=r"still busy after 50 steps:\n(.*update +ConfigMap default/a.*\n?){20}"):
        engine.settle(50)


def test_running_passes_exactly_that_much_time():
    seen = []
    engine = engine_of(lambda api, obj: (seen.append(api.now), api.wake(400, "idle")))
    create(engine)
    engine.run(1000)
    assert (seen, engine.now) == ([0, 400, 800], 1000)
    engine.run(200)
    assert (seen[-1], engine.now) == (1200, 1200)


# ---- errors -----------------------------------------------------------------------------------

def test_CTL_5_errors_back_off_doubling_and_say_why():
    tries = []

    def act(api, obj):
        tries.append(api.now)
        if len(tries) < 6:
            raise NotFound('secrets "x" not found')
    engine = engine_of(act)
    create(engine)
    engine.drain()
    assert [(w.text, w.because, w.who) for w in engine.waits(A)] == [('secrets "x" not found', "CTL-5", "plain")]
    engine.run(1000)
    assert tries == [0, 5, 15, 35, 75, 155] == [BACKOFF * (2 ** n - 1) for n in range(6)]
    assert engine.failures == {} and engine.waits(A) == []
    waits = [c for c in engine.world.log if c.verb == "wait"]
    assert len(waits) == 1                                                          # said once, not five times


def test_back_off_ends_growing():
    engine = engine_of(lambda api, obj: (_ for _ in ()).throw(NotFound("x")))
    create(engine)
    engine.drain()
    engine.failures["plain", A] = 40
    label(engine, "x")
    engine.drain()
    assert engine.next_alarm() == LONGEST_BACKOFF


def test_a_conflict_is_tried_again_in_silence():
    tries = []

    def act(api, obj):
        tries.append(api.now)
        if len(tries) == 1:
            raise Conflict("somebody was faster")
    engine = engine_of(act)
    create(engine)
    engine.run(10)
    assert tries == [0, 5] and engine.waits(A) == [] and all(c.verb != "wait" for c in engine.world.log)


def test_settling_does_not_wait_for_what_keeps_failing():
    engine = engine_of(lambda api, obj: (_ for _ in ()).throw(NotFound("x")))
    create(engine)
    engine.settle()
    assert engine.now == 0 and engine.failures == {("plain", A): 1}


# ---- waits ------------------------------------------------------------------------------------

def test_a_wait_enters_the_history_once_until_it_changes():
    texts = iter(["first", "first", "second"])
    engine = engine_of(lambda api, obj: api.wait(obj, next(texts), because="X-1"))
    create(engine)
    for value in "xyz":
        engine.drain()
        label(engine, value)
        revision = engine.world.revision
    assert [(c.text, c.because) for c in engine.world.log if c.verb == "wait"] == [("first", "X-1"), ("second", "X-1")]
    assert engine.world.revision == revision and [w.text for w in engine.waits(A)] == ["second"]


# ---- crashes and restarts ---------------------------------------------------------------------

def test_a_crash_after_the_first_write_is_made_good():
    engine = engine_of(None, Copier())
    create(engine)
    engine.take(Step("sync", "copier", A), crash_after=1)
    assert get(engine, "Secret", "a") and not engine.world.list("Event")            # it died before the event
    engine.drain()
    assert len(engine.world.list("Secret")) == 1


def test_a_restart_forgets_and_looks_at_everything_once():
    engine = engine_of(lambda api, obj: api.wake(99), Copier())
    create(engine)
    create(engine, "b")
    engine.drain()
    engine.alarm("copier", A, 5, "work")
    engine.queue["plain", Key("ConfigMap", "default", "gone")] = None
    engine.restart("plain")
    assert [key.name for name, key in engine.queue if name == "plain"] == ["a", "b"]
    assert [name for name, _, _ in engine.alarms] == ["copier"]


# ---- caches that lag --------------------------------------------------------------------------

def test_a_cache_sees_change_by_change():
    engine = engine_of(None, Copier(), lag=True)
    create(engine)
    assert engine.view("copier").find(A) is None and engine.queue == {}
    assert {step.what for step in engine.enabled()} == {"see"}
    while engine.view("copier").find(A) is None:
        engine.take(Step("see", "copier"))
    assert list(engine.queue) == [("copier", A)] and engine.view("plain").find(A) is None


def test_a_stale_cache_leads_to_a_conflict_and_then_to_the_same_end():
    engine = engine_of(None, Copier(), lag=True)
    create(engine, labels={"v": "1"})
    engine.drain()
    label(engine, "2")
    while engine.view("copier").find(A)["metadata"]["labels"] != {"v": "2"}:
        engine.take(Step("see", "copier"))
    engine.api.patch(Key("Secret", "default", "a"), {"metadata": {"annotations": {"by": "another"}}})
    engine.take(Step("sync", "copier", A))                                          # it has not seen that
    assert engine.failures == {("copier", A): 1} and get(engine, "Secret", "a")["metadata"]["labels"] == {"v": "1"}
    engine.settle()
    assert get(engine, "Secret", "a")["metadata"]["labels"] == {"v": "2"}


def test_a_controller_sees_its_own_writes_before_it_looks_again():
    engine = engine_of(None, Copier(), lag=True)
    create(engine)
    while ("copier", A) not in engine.queue:
        engine.take(Step("see", "copier"))
    engine.take(Step("sync", "copier", A))
    assert engine.view("copier").revision == engine.world.revision


def test_travel_takes_the_caches_along():
    engine = engine_of(None, Copier(), lag=True)
    create(engine)
    engine.drain()
    point = engine.save()
    label(engine, "x")
    engine.drain()
    engine.restore(point)
    assert all(engine.view(name).revision <= engine.world.revision for name in engine.controllers)
    label(engine, "y")
    engine.settle()
    assert get(engine, "Secret", "a")["metadata"]["labels"] == {"v": "y"}
    assert all(cache.log == engine.world.log for cache in engine.caches.values())


def test_goto_while_caches_lag():
    engine = cluster_engine(lag=True)
    apply(engine, EXAMPLE)
    engine.settle()
    end = engine.world.revision
    for revision in (40, 55, 30, end):
        engine.goto(revision)
        assert engine.world.revision == revision
        assert all(cache.log == engine.world.log[:len(cache.log)] for cache in engine.caches.values())
    engine.goto(45)
    engine.settle()
    assert [p["metadata"]["name"] for p in engine.world.list("Pod")] == ["web-0", "web-1", "web-2"]


# ---- travel -----------------------------------------------------------------------------------

def test_restore_brings_everything_back_and_forth():
    engine = engine_of(lambda api, obj: (api.wait(obj, f"until {api.now}", because="X-1"), api.wake(700)) if api.now < 2000 else None, Copier())
    create(engine)
    engine.run(500)
    before, old = engine.save(), state(engine)
    label(engine, "x")
    engine.run(1000)
    after, new = engine.save(), state(engine)
    engine.restore(before)
    assert state(engine) == old and len(engine.future) == len(new[0]) - len(old[0])
    engine.restore(after)
    assert state(engine) == new and engine.future == []
    engine.restore(before)
    engine.run(5000)                                                                # rings at the right times after a journey
    assert engine.now == 5500 and engine.alarms == {}


def test_something_new_takes_the_future_away():
    engine = engine_of()
    create(engine)
    before = engine.save()
    label(engine, "x")
    after = engine.save()
    engine.restore(before)
    assert engine.reaches(after)
    label(engine, "y")
    assert engine.future == [] and not engine.reaches(after) and engine.reaches(before)
    with pytest.raises(ValueError, match="overwritten"):
        engine.restore(after)
    label(engine, "z")                                                              # as long as that future was, and yet another one
    assert not engine.reaches(after)


def test_a_wait_takes_the_future_away_too():
    engine = engine_of()
    create(engine)
    before = engine.save()
    label(engine, "x")
    engine.restore(before)
    engine._note_waits("plain", A, {A: ("waits", "X-1")})
    assert engine.future == []


def test_going_back_shares_the_objects():
    engine = engine_of()
    made = create(engine)
    point = engine.save()
    label(engine, "x")
    engine.restore(point)
    assert engine.world.find(A) is made


def test_goto_any_revision_of_past_and_future():
    engine = engine_of(None, Copier())
    for name in "abc":
        create(engine, name)
    engine.settle()
    last = engine.world.revision
    seen = {}
    for revision in range(last + 1):
        engine.goto(revision)
        seen[revision] = sorted(map(str, (o["metadata"]["name"] for o in engine.world)))
        assert engine.world.revision == revision
    for revision in reversed(range(last + 1)):
        engine.goto(revision)
        assert sorted(map(str, (o["metadata"]["name"] for o in engine.world))) == seen[revision]
    engine.goto(0)
    assert engine.now == 0 and engine.world.log == [] and len(engine.future) > 0


def test_a_fork_is_a_world_of_its_own():
    engine = engine_of(lambda api, obj: api.wake(1000, "idle"), Copier())
    create(engine)
    engine.run(300)
    twin = engine.fork()
    assert state(twin) == state(engine) and twin.world.find(A) is engine.world.find(A)
    told = []
    engine.on_commit.append(told.append)
    label(twin, "x")
    twin.run(5000)
    assert told == [] and engine.now == 300 and "labels" not in get(engine, "ConfigMap", "a")["metadata"]
    label(engine, "x")
    engine.run(5000)
    assert lines(engine.world.log, all=True) == lines(twin.world.log, all=True)


def test_a_fork_keeps_lagging_caches():
    engine = engine_of(None, Copier(), lag=True)
    create(engine)
    engine.take(Step("see", "copier"))
    twin = engine.fork()
    assert [len(cache.log) for cache in twin.caches.values()] == [len(cache.log) for cache in engine.caches.values()]
    twin.settle()
    assert get(twin, "Secret", "a") and get(engine, "Secret", "a") is None


def test_saving_costs_nothing_of_what_exists():
    engine = engine_of()
    for i in range(50):
        create(engine, f"c{i}")
    engine.drain()
    point = engine.save()
    assert (point.queue, point.alarms, point.position) == ({}, {}, len(engine.world.log))
