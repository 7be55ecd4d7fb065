"""Random orders of steps, stale caches and crashes lead to the same end and break no ordering rule (design.md)."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from kstate.story import lines
from kstate.world import Key
from tests.helpers import EXAMPLE, apply, cluster_engine
from tests.properties.orders import violations

ROOT = Path(__file__).parent.parent.parent


def end(engine) -> dict:
    """What must be the same in the end; which of three equal volumes a claim gets is chance (MATCH-4)."""
    world = engine.world
    return {
        "pods": [(p["metadata"]["name"], p["status"]["phase"], p["metadata"].get("deletionTimestamp")) for p in world.list("Pod")],
        "claims": [(c["metadata"]["name"], c["status"]["phase"]) for c in world.list("PersistentVolumeClaim")],
        "volumes": sorted(v["status"]["phase"] for v in world.list("PersistentVolume")),
        "sets": [{k: v for k, v in s["status"].items() if "Revision" not in k} for s in world.list("StatefulSet")],
        "endpoints": [sorted(a["targetRef"]["name"] for sub in e.get("subsets") or () for a in sub.get("addresses") or () if "targetRef" in a)
                      for e in world.list("Endpoints")],
    }


def scale(engine, replicas: int) -> None:
    engine.api.patch(Key("StatefulSet", "default", "web"), {"spec": {"replicas": replicas}})


def wander(engine, data, steps: int, crashes: bool) -> None:
    """Let Hypothesis choose what happens next, for a while."""
    for _ in range(steps):
        enabled = engine.enabled()
        if not enabled:
            return
        step = data.draw(st.sampled_from(enabled), label="next")
        crash = data.draw(st.sampled_from([None, None, None, 1, 2]), label="crash after") if crashes and step.what == "sync" else None
        engine.take(step, crash)


ACTIONS = st.lists(st.one_of(st.tuples(st.just("scale"), st.integers(0, 4)), st.tuples(st.just("delete pod"), st.integers(0, 3))), max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), lag=st.booleans(), crashes=st.booleans(), actions=ACTIONS)
def test_any_order_leads_to_the_same_end_and_breaks_no_rule(data, lag, crashes, actions):
    engine = cluster_engine(lag=lag)
    begin = len(engine.world.log)
    apply(engine, EXAMPLE)
    wander(engine, data, 60, crashes)
    replicas = 3
    for action, n in actions:
        if action == "scale":
            replicas = n
            scale(engine, n)
        elif engine.world.find(Key("Pod", "default", f"web-{n}")) is not None:
            engine.api.delete(Key("Pod", "default", f"web-{n}"))
        wander(engine, data, 40, crashes)
    engine.settle()
    note("\n".join(lines(engine.world.log[begin:])))
    assert violations(engine.world.log[begin:]) == []
    names = [p["metadata"]["name"] for p in engine.world.list("Pod")]
    assert names == [f"web-{i}" for i in range(replicas)]
    if not actions:
        ordinary = cluster_engine()
        apply(ordinary, EXAMPLE)
        ordinary.settle()
        assert end(engine) == end(ordinary)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), cut=st.integers(0, 400))
def test_undo_and_replay_give_the_same_bytes(data, cut):
    engine = cluster_engine()
    apply(engine, EXAMPLE)
    before = engine.save()
    wander(engine, data, cut % 50, crashes=False)
    point = engine.save()
    engine.settle()
    told = lines(engine.world.log, all=True)
    engine.restore(point)
    engine.future.clear()
    engine.settle()
    assert lines(engine.world.log, all=True) == told
    engine.restore(before)
    assert len(engine.world.log) == before.position and [o["metadata"]["name"] for o in engine.world.list("Pod")] == []


def test_a_fork_goes_on_alike_and_changes_nothing_here():
    engine = cluster_engine()
    apply(engine, EXAMPLE)
    for _ in range(30):
        engine.step()
    twin, told = engine.fork(), lines(engine.world.log)
    twin.settle()
    assert lines(engine.world.log) == told
    engine.settle()
    assert lines(engine.world.log, all=True) == lines(twin.world.log, all=True)


def test_goto_any_revision_and_back():
    engine = cluster_engine()
    apply(engine, EXAMPLE)
    engine.settle()
    told, last = end(engine), engine.world.revision
    seen = {}
    for revision in range(last, 0, -7):
        engine.goto(revision)
        assert engine.world.revision == revision
        seen[revision] = [str(o["metadata"]["name"]) for o in engine.world]
    for revision in sorted(seen):
        engine.goto(revision)
        assert [str(o["metadata"]["name"]) for o in engine.world] == seen[revision]
    engine.goto(last)
    assert end(engine) == told


def test_same_calls_same_bytes_under_any_hash_seed():
    code = ("from tests.helpers import *; from kstate.story import lines\n"
            "e = cluster_engine(); apply(e, EXAMPLE); e.settle(); e.api.delete(Key('Pod', 'default', 'web-0')); e.settle()\n"
            "print('\\n'.join(lines(e.world.log, all=True)))")
    told = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT,
                           env={"PYTHONHASHSEED": seed, "PATH": ""}).stdout for seed in ("0", "1", "4242")}
    assert len(told) == 1 and len(told.pop().splitlines()) > 50
