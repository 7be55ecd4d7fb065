"""The same commands to the real kubectl 1.32 and to ours: what they print has to be equal.  Skipped where it is not installed."""
from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kstate.cluster import Cluster
from kstate.kubectl import Result, commands, kubectl
from kstate.kubectl.args import Failure
from kstate.kubectl.commands import GROUPS, HelpOn, parse

from .conftest import WEB
from .grammar import command

VERSION = "v1.32."
NOWHERE = {"apiVersion": "v1", "kind": "Config", "current-context": "k", "contexts": [{"name": "k", "context": {"cluster": "k", "user": "k"}}],
           "clusters": [{"name": "k", "cluster": {"server": "http://127.0.0.1:1"}}], "users": [{"name": "k", "user": {}}]}


def installed() -> str | None:
    """A kubectl of that version: on PATH, or beside the one that chooses among several."""
    found = shutil.which("kubectl")
    if found is None:
        return None
    for path in (Path(found), Path(found).resolve().with_name("kubectl." + VERSION.strip("v."))):
        if path.exists():
            told = subprocess.run([path, "version", "--client"], capture_output=True, text=True, check=False).stdout
            if VERSION in told and "dispatcher" not in told:
                return str(path)
    return None


KUBECTL = installed()
pytestmark = pytest.mark.skipif(KUBECTL is None, reason=f"no kubectl {VERSION}x on PATH to compare with")


def real(words: list[str], home: Path, stdin: str = "") -> Result:
    environment = {"HOME": str(home), "KUBECONFIG": str(home / "config"), "PATH": os.environ["PATH"]}
    done = subprocess.run(["kubectl", *words], executable=KUBECTL, input=stdin, capture_output=True, text=True, env=environment, timeout=60,
                          check=False)
    return Result(done.stdout, done.stderr, done.returncode)


# ---- without a server: what is wrong with a command line ------------------------------------------

PATHS = sorted(path for path, command in commands().items() if path and not command.refusal and path != "options")
WORDS = st.sampled_from(["pods", "sts/web", "web-0", "foo", "a=b", "a-", "-", "", "x y", "--", "1"])
FLAGS = st.sampled_from([
    "--foo", "-x", "-n", "-nx", "-n=x", "--namespace", "--all", "-A", "-A=maybe", "-o", "-oyaml", "-l", "-lq=r", "--replicas=x", "--replicas", "3",
    "--timeout=3", "--timeout=1m", "-it", "-f", "--watch=1", "--dry-run=client", "--tail=x", "--grace-period=1.5", "--=", "---", "-1", "--image"])


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("nowhere")
    (home / "config").write_text(str(NOWHERE).replace("'", '"'), "utf-8")
    return home


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PATHS), st.lists(st.one_of(WORDS, FLAGS), max_size=4))
def test_broken_command_lines_are_told_in_the_same_words(nowhere, path, more):
    words = [*path.split(), *more]
    try:
        parse(words)
        assume(False)                   # nothing is wrong yet
    except HelpOn:
        assume(False)                   # our help is in our own words
    except Failure as failure:
        assert real(words, nowhere) == ("", failure.text + "\n", failure.code)


@pytest.mark.parametrize("word", ["foo", "g", "c", "d", "ap", "lo", "ro", "describ", "aply", "delte", "lables", "scal", "getpods", "xyzzy"])
def test_unknown_commands_get_the_same_suggestions(nowhere, word):
    ours = kubectl(Cluster(), [word])
    assert real([word], nowhere) == ours


@pytest.mark.parametrize("group", [g for g in GROUPS if " " not in g and g not in ("create", "apply", "cluster-info")])
def test_unknown_subcommands(nowhere, group):
    assert real([group, "nope"], nowhere) == kubectl(Cluster(), [group, "nope"])


# ---- with a server: the same cluster twice --------------------------------------------------------

def masked(text: str) -> str:
    """Without what depends on the wall clock and on chance: ages, times, endings of names; and without the client's own log."""
    text = "\n".join(line for line in text.split("\n") if "memcache.go" not in line)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|kstate://[0-9a-f]+|(?<=resourceVersion: )\S+|\b10\.\d+\.\d+\.\d+", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z|\w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000|\t\d{4}-\d\d-\d\d \d\d:.*", "TIME", text)
    text = re.sub(r"(?<![\w=.])(\d+[dhms])+(?![\w,])", "AGE", text)
    text = re.sub(r"(LIVE|MERGED)-\d+|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d|(?<=front-)([0-9a-z]+)-\w{5}\b|(?<=kube-api-access)-\w{5}", r"\1\2", text)
    text = re.sub(r"\b(web|d|e)-[0-9a-z]{8,10}(-\w{5})?\b", r"\1-HASH", text)
    return re.sub(r" {2,}|-{3,}", "  ", text)


def differences(home: Path, commands: list[tuple[str, str]]) -> list[str]:
    """What the real kubectl and ours print otherwise, each on a cluster of its own."""
    served, ours = Cluster(), Cluster()
    handle = served.serve(0, "max", str(home / "config"))
    different = []
    try:
        for line, stdin in commands:
            theirs, mine = real(shlex.split(line), home, stdin), kubectl(ours, line, stdin)
            served.inside(served.engine.settle)
            want, got = ([masked(result.stdout), masked(result.stderr), result.code] for result in (theirs, mine))
            if want != got:
                different.append(f"$ kubectl {line}\nreal: {want}\nours: {got}")
    finally:
        handle.stop()
    return different


def test_the_same_commands_print_the_same(tmp_path):
    lines = (line.partition(" << ")[::2] for line in (Path(__file__).parent / "both.txt").read_text("utf-8").splitlines() if not line.startswith("#"))
    assert differences(tmp_path, [(line, WEB if stdin == "WEB" else stdin.replace("\\n", "\n")) for line, stdin in lines]) == []


@pytest.mark.parametrize("seed", range(4))
def test_random_commands_print_the_same(tmp_path, seed):
    dice = Random(seed)
    begin = [("apply -f -", WEB), ("create cm c --from-literal=a=b", ""), ("create deployment d --image=nginx", "")]
    assert differences(tmp_path, [*begin, *(command(dice) for _ in range(40))]) == []
