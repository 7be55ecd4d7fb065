"""Whatever users do, in whatever order controllers act, with stale caches and crashes: no rule is broken on the way (orders.py),
what the cluster shows at rest is true (rest.py), and it can be healed."""
from __future__ import annotations

from hypothesis import given, note
from hypothesis import strategies as st

from tests.properties import users
from tests.properties.ends import end
from tests.properties.play import Play, runs

STEPS = st.sampled_from((0, 5, 30, 80))         # between two actions; after 0 everything happens at once
SETS = ("scale", "delete pod", "template", "broken template", "strategy", "retention", "start", "patience", "pod fault", "delete claim", "wait")
OWNERS = ("delete set", "create set", "relabel", "scale", "deploy", "scale deployment", "delete deployment", "delete namespace", "new namespace",
          "wait")
STORAGE = ("add claim", "add pod", "delete claim", "delete pod", "delete volume", "add volume", "free volume", "reserve volume", "default class",
           "write", "scale", "create set", "wait")
NODES = ("node fault", "cordon", "delete node", "delete pod", "add claim", "add pod", "scale", "create set", "wait")


def scenes(words, most: int = 8):
    return st.lists(st.tuples(st.sampled_from(sorted(words)), st.integers(0, users.CHOICES - 1)), max_size=most)


def played(data, lag: bool, crashes: bool) -> Play:
    return Play(lambda options: data.draw(st.sampled_from(options)), lag, crashes)


def check(play: Play) -> None:
    """Come to rest, be healed, and have broken no rule at any time."""
    at_rest = play.settled()
    short = play.healed()
    note(play.told())
    assert play.breaches() == []
    assert at_rest == []
    assert short == []


@runs(120)
@given(data=st.data(), first=st.integers(0, users.CHOICES - 1), actions=scenes(users.ACTIONS), steps=STEPS, lag=st.booleans(), crashes=st.booleans())
def test_no_rule_is_broken_whatever_happens(data, first, actions, steps, lag, crashes):
    play = played(data, lag, crashes)
    play.perform([("create set", first), *actions], steps)
    check(play)


@runs(120)
@given(data=st.data(), first=st.integers(0, users.CHOICES - 1), actions=scenes(SETS), steps=STEPS, lag=st.booleans(), crashes=st.booleans())
def test_sets_are_scaled_and_updated_in_order(data, first, actions, steps, lag, crashes):
    play = played(data, lag, crashes)
    play.perform([("create set", first), *actions], steps)
    check(play)


@runs(80)
@given(data=st.data(), actions=scenes(OWNERS), steps=STEPS, lag=st.booleans(), crashes=st.booleans())
def test_owners_come_and_go(data, actions, steps, lag, crashes):
    play = played(data, lag, crashes)
    play.perform([("create set", 2), *actions], steps)
    check(play)


@runs(120)
@given(data=st.data(), actions=scenes(STORAGE, 10), steps=STEPS, lag=st.booleans(), crashes=st.booleans())
def test_volumes_serve_one_claim_at_a_time(data, actions, steps, lag, crashes):
    play = played(data, lag, crashes)
    play.perform(actions, steps)
    check(play)


@runs(80)
@given(data=st.data(), actions=scenes(NODES), steps=STEPS, lag=st.booleans(), crashes=st.booleans())
def test_nodes_come_and_go(data, actions, steps, lag, crashes):
    play = played(data, lag, crashes)
    play.perform([("create set", 4), *actions], steps)
    check(play)


@runs(80)
@given(data=st.data(), kind=st.integers(0, 5), lag=st.booleans(), crashes=st.booleans())
def test_any_order_of_steps_leads_to_the_same_end(data, kind, lag, crashes):
    play = played(data, lag, crashes)
    play.perform([("create set", kind), ("deploy", 0)], 60)
    play.engine.settle()
    ordinary = users.shop()
    for word, n in (("create set", kind), ("deploy", 0)):
        users.do(ordinary, word, n)
    ordinary.settle()
    found, wanted = end(play.engine), end(ordinary)
    for which in (found, wanted):       # pods of a Deployment have names that are drawn
        which["pods"] = [(name.rpartition("-")[0] if name.startswith("front") else name, *rest) for name, *rest in which["pods"]]
    assert found == wanted
