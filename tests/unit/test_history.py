"""Undo and redo of actions."""
from __future__ import annotations

import pytest

from kstate.engine import Engine
from kstate.history import History
from kstate.world import Key
from tests.helpers import EXAMPLE, apply, cluster_engine


@pytest.fixture
def engine() -> Engine:
    return cluster_engine([])


def act(history: History, name: str) -> None:
    history.mark(f"create {name}")
    history.engine.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def names(engine: Engine) -> list[str]:
    return [n["metadata"]["name"] for n in engine.world.list("Namespace") if len(n["metadata"]["name"]) == 1]


def test_back_and_forth(engine):
    history = History(engine)
    for name in "abc":
        act(history, name)
    assert [history.undo(), history.undo(), names(engine)] == ["create c", "create b", ["a"]]
    assert [history.redo(), names(engine), history.redo(), names(engine)] == ["create b", ["a", "b"], "create c", ["a", "b", "c"]]
    assert [history.undo() for _ in range(4)] == ["create c", "create b", "create a", ""] and names(engine) == []
    assert history.can_redo and not history.can_undo


def test_nothing_to_redo(engine):
    history = History(engine)
    act(history, "a")
    assert (history.redo(), history.can_redo, history.can_undo) == ("", False, True)


def test_a_new_action_takes_the_future_away(engine):
    history = History(engine)
    act(history, "a")
    history.undo()
    act(history, "b")
    assert (history.can_redo, history.redo(), names(engine)) == (False, "", ["b"])


def test_so_does_anything_else_that_is_written(engine):
    history = History(engine)
    act(history, "a")
    history.undo()
    for name in "xyz":      # more than was undone, and by nobody's action
        engine.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        assert not history.can_redo and history.redo() == ""
    assert names(engine) == ["x", "y", "z"]


def test_an_action_that_wrote_nothing_is_redone_only_where_it_was_undone(engine):
    history = History(engine)
    history.mark("run")
    engine.run(5000)
    history.undo()
    assert engine.now == 0 and history.can_redo
    act_without_mark = engine.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}})
    assert not history.can_redo and act_without_mark
    history.undo()


def test_a_refused_action_is_none(engine):
    history = History(engine)
    act(history, "a")
    history.mark("refused")
    history.unmark()
    assert [mark.label for mark in history.done] == ["create a"]
    history.unmark()                                # and one that wrote something stays
    assert len(history.done) == 1


def test_undo_takes_what_followed_along():
    engine = cluster_engine()
    history = History(engine)
    history.mark("apply")
    apply(engine, EXAMPLE)
    engine.settle()
    history.mark("delete")
    engine.api.delete(Key("Pod", "default", "web-1"))
    engine.settle()
    told = [p["metadata"]["uid"] for p in engine.world.list("Pod")]
    history.undo()
    before = [p["metadata"]["uid"] for p in engine.world.list("Pod")]
    assert before[1] != told[1] and before[::2] == told[::2]
    history.undo()
    assert engine.world.list("Pod") == [] and engine.world.list("PersistentVolume") == []
    assert [history.redo(), history.redo()] == ["apply", "delete"] and [p["metadata"]["uid"] for p in engine.world.list("Pod")] == told
