"""Two simulated clusters are equal in the fuzzer's eyes, unless they are not."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.__main__ import main
from tests.fuzz.differ import smallest
from tests.fuzz.scenes import ACTIONS, CHOICES, actions, step

QUIET = "0.4"
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def serve(tmp_path):
    """Start `kstate serve` with these options; gives the kubeconfig."""
    servers = []

    def start(*options: str) -> str:
        kubeconfig = str(tmp_path / f"{len(servers)}.kubeconfig")
        command = [sys.executable, "-m", "kstate.serve", "serve", "--port", "0", "--kubeconfig", kubeconfig, "--speed", "max", *options]
        servers.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT))
        assert "ready" in servers[-1].stdout.readline()
        return kubeconfig
    yield start
    for server in servers:
        server.terminate()
        server.wait()
        server.stdout.close()


def test_two_clusters_are_equal(serve, capsys):
    assert main([serve(), serve("--seed", "7"), "--runs", "1", "--seed", "2", "--length", "6", "--quiet", QUIET]) == 0
    assert capsys.readouterr().out == "seed 2: equal\n"


def test_a_difference_is_found_and_made_small(serve, capsys):
    assert main([serve(), serve("--nodes", "0"), "--runs", "3", "--seed", "1", "--length", "3", "--tries", "6", "--quiet", QUIET]) == 1
    told = capsys.readouterr().out
    assert "the smallest scenario found: [('set', 0)]" in told
    assert "want 'Running' got 'Pending'" in told or "endpoints" in told
    assert told.count("- apply: |") == 3        # what every scenario begins with, and the set: the rest did not matter


def test_a_seed_is_a_scenario():
    assert actions(5, 8) == actions(5, 8) != actions(6, 8)
    for word in ACTIONS:
        for n in range(CHOICES):
            assert len(step((word, n))) == 1


def test_shrinking_keeps_what_matters_and_gives_up_in_time():
    scenario = [(word, 7) for word in ("set", "scale", "image", "undo", "claim", "volume")]
    tried = []

    def differs(actions):
        tried.append(actions)
        words = [word for word, _ in actions]
        return "set" in words and "undo" in words and dict(actions)["undo"] > 3
    assert smallest(scenario, differs, tries=100) == [("set", 0), ("undo", 7)]
    tried.clear()
    assert smallest(scenario, differs, tries=3) and len(tried) == 3
