"""The property tests have teeth: each of these bugs, planted into the engine, is caught within a bounded number of plays."""
from __future__ import annotations

from random import Random

import pytest

from kstate.engine import Unsettled
from tests.properties.bugs import BUGS, Bug
from tests.properties.play import Play
from tests.properties.users import CHOICES

PLAYS = 150         # at most


def play(bug: Bug, seed: int) -> list[str]:
    """What the oracle says of one play with actions that are known to lead there, in an order that the seed picks."""
    pick = Random(seed)

    def action(word: str) -> tuple[str, int]:
        word, _, fixed = word.partition("=")
        return word, int(fixed or pick.randrange(CHOICES))
    play = Play(pick.choice, lag=seed % 3 == 2, crashes=seed % 5 == 4)
    actions = [action(bug.first), *(action(pick.choice(bug.words.split(", "))) for _ in range(8))]
    try:
        play.perform(actions, pick.choice((0, 5, 30, 80)))
        found = play.settled()
    except Unsettled as restless:
        found = [str(restless)]
    return play.breaches() + found


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.says)
def test_a_planted_bug_is_caught(bug, monkeypatch):
    with monkeypatch.context() as patch:
        bug.plant(patch)
        for seed in range(PLAYS):
            found = play(bug, seed)
            if any(bug.breaks in breach for breach in found):
                print(f"caught in play {seed + 1}: {found[0]}")
                return
    pytest.fail(f"{bug.breaks} was broken {PLAYS} times and nobody noticed; the last play said {found[:3]}")


def test_without_a_bug_nothing_is_caught():
    for bug in BUGS:
        assert play(bug, seed=len(bug.says)) == []
