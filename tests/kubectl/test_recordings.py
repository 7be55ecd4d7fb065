"""The recorded scenarios of a real control plane, replayed in process: every fact that held once has to hold for ever."""
from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.conformance import compare, runner

HELD = Path(__file__).parent / "recordings.json"        # how many facts hold; `pytest --rewrite` writes it anew


@cache
def facts(name: str) -> list[compare.Fact]:
    scenario, trace = runner.load(name)
    return compare.facts(trace, runner.play(scenario, runner.InProcess()), scenario.get("order") == "loose")


def held(name: str) -> dict[str, list[int]]:
    """By class: [facts that hold, all facts]."""
    every, good = Counter(f.sort for f in facts(name)), Counter(f.sort for f in facts(name) if f.holds)
    return {sort: [good[sort], every[sort]] for sort in compare.CLASSES if every[sort]}


@pytest.mark.parametrize("name", runner.names())
def test_a_scenario_goes_as_recorded(name, request):
    if request.config.getoption("--rewrite"):
        counts = json.loads(HELD.read_text("utf-8")) if HELD.exists() else {}
        counts[name] = held(name)
        HELD.write_text(json.dumps(counts, indent=None, sort_keys=True).replace("}, ", "},\n") + "\n", "utf-8")
    wanted = json.loads(HELD.read_text("utf-8"))[name]
    broken = "\n".join(f.told for f in facts(name) if not f.holds)
    for sort, (good, total) in held(name).items():
        assert good >= wanted[sort][0] and total - good <= wanted[sort][1] - wanted[sort][0], f"{sort}: {good}/{total}, held before: {wanted[sort]}\n{broken}"
