"""The rules as data: every line can be read, every number of my chapters is there, sentences are short enough to be read."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

import kstate.rules as ledger
from kstate.rules import rules, sentence

FILES = [p for p in sorted(Path(ledger.__file__).parent.glob("*.md")) if p.name != "LEDGER.md"]
NUMBERS = {     # the numbers of a family that exist, as the specification gives them
    "API": range(1, 76), "GC": range(1, 9),
    "SVC": (1, 2, 3, 5, 6, 7, 8, *range(10, 16), 20, 21, *range(30, 35), 40, 41, *range(50, 57), 60, 61, 62),
    "TBL": (*range(1, 6), 10, 11, *range(20, 28), *range(30, 35), 40, 41, 42, *range(50, 55), *range(60, 64), 70),
    "DNS": (1, 2, *range(10, 18), 20, 30, 31, 32, *range(40, 45)),
    "KCTL": (*range(1, 8), *range(10, 17), *range(20, 26), *range(30, 49), 50, 52, 53, 54, 55, 58, 60, 61, 70, 71, *range(80, 84), 90, 91, 92)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_line_is_a_heading_a_rule_or_a_paragraph(path):
    lines = [line for line in path.read_text("utf-8").splitlines() if line.startswith("-")]
    assert lines and all(ledger.LINE.match(line) for line in lines), [line for line in lines if not ledger.LINE.match(line)]


def test_every_number_stands_once():
    found = [m[1] for path in FILES for m in map(ledger.LINE.match, path.read_text("utf-8").splitlines()) if m]
    assert len(found) == len(set(found)), sorted(n for n in set(found) if found.count(n) > 1)
    assert set(found) == set(rules())


@pytest.mark.parametrize("family", NUMBERS)
def test_a_family_is_complete(family):
    assert [int(id.rpartition("-")[2]) for id in rules() if re.fullmatch(rf"{family}-\d+", id)] == list(NUMBERS[family])


def test_sentences_can_be_read():
    for rule in rules().values():
        assert len(rule.sentence.split()) <= 60 and rule.sentence[-1] in ".)!", rule
        assert "[docs]" not in rule.sentence and rule.chapter
        assert not rule.link or rule.link.startswith("https://kubernetes.io/docs/")


def test_what_is_known_of_a_rule():
    rule = rules()["API-14"]
    assert (rule.area, rule.chapter, rule.left_out) == ("api", "Metadata on update", "") and rule.link.endswith("#resource-versions")
    assert rules()["SVC-55"].left_out and rules()["SVC-55"].sentence.endswith("there is an event.")
    assert sentence("GC-1").startswith("Ownership is by uid") and sentence("GC-99") == ""
