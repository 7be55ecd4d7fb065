"""The ledger is true: every rule has its place and its test, every number in the code is a rule, and LEDGER.md says so."""
from __future__ import annotations

import ast
from random import Random

from kstate.rules import rules
from tests import ledger
from tests.helpers import EXAMPLE, apply, because, cluster_engine
from tests.properties import users
from tests.properties.play import Play

MOST_LEFT_OUT = 0.05


def test_every_rule_has_a_place_and_a_test():
    assert ledger.gaps() == []


def test_few_rules_are_left_out():
    left = [rule for rule in rules().values() if rule.left_out]
    print(f"{len(left)} of {len(rules())} rules are left out ({len(left) / len(rules()):.1%}): {', '.join(rule.id for rule in left)}")
    assert len(left) <= MOST_LEFT_OUT * len(rules())


def test_the_ledger_is_as_generated():
    assert ledger.LEDGER.read_text("utf-8") == ledger.ledger(), "python -m tests.ledger writes it anew"


def test_whoever_acts_or_waits_names_a_rule_that_exists():
    """The numbers written as because="..." anywhere in the engine."""
    for path in sorted((ledger.ROOT / "kstate").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for keyword in node.keywords if isinstance(node, ast.Call) else ():
                if keyword.arg == "because" and isinstance(keyword.value, ast.Constant) and keyword.value.value:
                    assert keyword.value.value in rules(), f"{path.name}: {keyword.value.value}"


def test_what_stands_in_stories_is_a_rule():
    """And those that come to light when things happen, whoever passes them on."""
    engine = cluster_engine()
    apply(engine, EXAMPLE)
    engine.settle()
    found = because(engine)
    for seed in range(12):
        pick = Random(seed)
        play = Play(pick.choice)
        actions = [(pick.choice(sorted(users.ACTIONS)), pick.randrange(users.CHOICES)) for _ in range(12)]
        play.perform([("create set", seed), ("deploy", 0), *actions])
        play.engine.settle()
        found |= because(play.engine)
    assert len(found) > 60 and found - {""} - rules().keys() == set()


def test_how_numbers_are_read():
    assert list(ledger.numbers("STS-36 to STS-38, MATCH-2.5 (SVC-30 to 31), DNS-1035, KCTL-R1, SCHED-V4, REC-4a")) == [
        "STS-36", "STS-37", "STS-38", "MATCH-2", "MATCH-2.5", "SVC-30", "SVC-31", "KCTL-R1", "SCHED-V4", "REC-4", "REC-4a"]
    assert list(ledger.numbers("STS-1 to STS-99, STS-5", ranges=False)) == ["STS-5"]
    assert list(ledger.numbers_in_name("test_STS_2_4_to_6_x_KCTL_R4_R5_y_NODE_9a_back")) == [
        "STS-2", "STS-4", "STS-5", "STS-6", "KCTL-R4", "KCTL-R5", "NODE-9"]


def test_what_follows_leads_to_what_is_implemented():
    """No rule follows from itself, however long the way around."""
    every = rules()

    def ends(number: str, way: tuple[str, ...]) -> bool:
        assert number not in way, f"{number} follows from itself: {way}"
        return not every[number].follows or all(ends(other, (*way, number)) for other in ledger.numbers(every[number].follows))
    assert all(ends(number, ()) for number in every)
