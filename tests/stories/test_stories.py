"""Stories: commands, a line, and what happened then.  The files beside this one are both tests and documentation.

    pytest tests/stories --rewrite      writes what happens now; read the diff, understand it, and only then commit it

A command is a kubectl command, `settle`, `run SECONDS`, `step [CONTROLLER]`, `undo`, `why KIND/NAME`, or `apply NAME …` for manifests of the
tutorial.  What kubectl prints is told first, then the story; `#` begins a comment.
"""
from __future__ import annotations

from pathlib import Path

import pytest

from kstate.cluster import Cluster
from kstate.kubectl import kubectl
from kstate.story import lines
from tutorial.manifests import manifest

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.txt"))


def play(cluster: Cluster, command: str) -> str:
    """What a command prints and what happens because of it."""
    log = cluster.engine.world.log
    position = len(log)
    verb, _, rest = command.partition(" ")
    said = ""
    if verb == "settle":
        cluster.settle()
    elif verb == "run":
        cluster.run(float(rest))
    elif verb == "step":
        cluster.step(rest or None)
    elif verb == "undo":
        said = f"undone: {cluster.undo()}\n"
    elif verb == "why":
        said = f"{cluster.why(rest)}\n"
    elif verb == "apply":
        cluster.apply(manifest(*rest.split()))
    else:
        result = kubectl(cluster, command, settle=False)
        said = result.stdout + result.stderr
    return said + "".join(f"{line}\n" for line in lines(log[position:]))


def told(text: str) -> str:
    """A story file with what happens now in the place of what it says."""
    cluster, out = Cluster(namespace="gsh"), []
    for block in text.split("\n\n"):
        given = block.split("\n----\n")[0].rstrip("\n")
        commands = [line for line in given.splitlines() if line and not line.startswith("#")]
        happened = "".join(play(cluster, command) for command in commands).rstrip("\n").replace("\n\n", "\n \n")
        out.append(f"{given}\n----\n{happened}".rstrip("\n") if commands else given)
    return "\n\n".join(out) + "\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_story(path, request):
    text = path.read_text("utf-8").rstrip("\n")
    now = told(text)
    if request.config.getoption("--rewrite"):
        path.write_text(now, "utf-8")
    assert now == text + "\n"


def test_there_are_stories():
    assert len(FILES) >= 4
