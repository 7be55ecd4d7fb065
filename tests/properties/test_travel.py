"""Travel in time: undo, redo, fork and goto give the same bytes; so do two runs under different hash seeds."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kstate.story import lines
from tests.helpers import EXAMPLE, apply, cluster_engine
from tests.properties.ends import end
from tests.properties.play import Play, runs

ROOT = Path(__file__).parent.parent.parent


@runs(15)
@given(data=st.data(), steps=st.integers(0, 50))
def test_undo_and_replay_give_the_same_bytes(data, steps):
    play = Play(lambda options: data.draw(st.sampled_from(options)))
    engine = play.engine
    before = engine.save()
    play.act("create set")
    play.wander(steps)
    point = engine.save()
    engine.settle()
    told = lines(engine.world.log, all=True)
    engine.restore(point)
    engine.future.clear()
    engine.settle()
    assert lines(engine.world.log, all=True) == told
    engine.restore(before)
    assert len(engine.world.log) == before.position and engine.world.list("Pod") == []


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
    code = ("import random; from kstate.story import lines; from tests.properties import users; from tests.properties.play import Play\n"
            "rng = random.Random(4); play = Play(rng.choice, crashes=True)\n"
            "play.perform([('create set', 3), ('deploy', 0), ('add claim', 3), ('add pod', 0)])\n"
            "play.perform([(rng.choice([*users.ACTIONS]), n) for n in range(12)])\n"
            "play.engine.settle(); print('\\n'.join(lines(play.engine.world.log, all=True)))")
    told = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT,
                           env={"PYTHONHASHSEED": seed, "PATH": ""}).stdout for seed in ("0", "1", "4242")}
    assert len(told) == 1 and len(told.pop().splitlines()) > 150
