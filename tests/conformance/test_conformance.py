"""The recorded scenarios of a real control plane, played by the real kubectl against `kstate serve`.

How many facts hold stands in scores.json and may not fall; `pytest tests/conformance --rewrite` writes it anew.  Where the judge
that recorded the scenarios lies beside the repository (../shared/conformance/replay), it plays them too.
"""
from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.wire.served import has_kubectl, serving

from . import compare, runner
from .served import OverHttp

SCORES = Path(__file__).parent / "scores.json"
JUDGE = Path(__file__).parent.parent.parent.parent / "shared" / "conformance" / "replay"

pytestmark = pytest.mark.skipif(not has_kubectl(), reason="no kubectl on this machine")


@pytest.mark.parametrize("name", runner.names())
def test_a_scenario_goes_as_recorded(name, request, tmp_path):
    scenario, trace = runner.load(name)
    with serving(tmp_path) as served:
        facts = compare.facts(trace, runner.play(scenario, OverHttp(served)), scenario.get("order") == "loose")
    every, good = Counter(f.sort for f in facts), Counter(f.sort for f in facts if f.holds)
    now = {sort: [good[sort], every[sort]] for sort in compare.CLASSES if every[sort]}
    if request.config.getoption("--rewrite"):
        scores = json.loads(SCORES.read_text("utf-8")) if SCORES.exists() else {}
        SCORES.write_text(json.dumps({**scores, name: now}, sort_keys=True).replace("}, ", "},\n") + "\n", "utf-8")
    held = json.loads(SCORES.read_text("utf-8"))[name]
    broken = "\n".join(f.told for f in facts if not f.holds)
    for sort, (count, total) in now.items():
        assert count >= held[sort][0] and total - count <= held[sort][1] - held[sort][0], f"{sort}: {count}/{total}, held before: {held[sort]}\n{broken}"


def test_all_scenarios_are_held():
    scores = json.loads(SCORES.read_text("utf-8"))
    assert sorted(scores) == runner.names() and len(scores) >= 33


@pytest.mark.skipif(not JUDGE.exists(), reason="the judge that recorded the scenarios is not beside this repository")
def test_the_judge_agrees():
    """As many scenarios equal for the judge as for us."""
    serve = f"{sys.executable} -m kstate.serve serve --port 0 --kubeconfig {{kubeconfig}} --speed max"
    done = subprocess.run([sys.executable, str(JUDGE), "suite", str(JUDGE.parent), "--serve", serve], capture_output=True, text=True,
                          env={**os.environ, "REPLAY_QUIET": "0.5"}, timeout=900, check=False)
    equal, total = map(int, re.search(r"^(\d+)/(\d+) scenarios equal", done.stdout, re.MULTILINE).groups())
    ours = [all(good == every for good, every in score.values()) for score in json.loads(SCORES.read_text("utf-8")).values()]
    assert equal >= sum(ours) and total == len(ours), done.stdout
