"""kubectl in process, in the simulated terminal, against what the real one printed: the transcripts of tests/wire/kubectl."""
from __future__ import annotations

import re

import pytest

from kstate import Cluster
from kstate.kubectl.workstation import HOME, shell
from tests.wire.transcripts import HERE, TRANSCRIPTS, blocks, nodes, shown

# What cannot be the same, and what follows from it: a process in the background, ports, an editor, a server's address and token, what is
# only in the real kubectl (kustomizations, pruning), and how many looks the controllers had at a claim between two commands.
OTHERWISE = re.compile(
    r"watche[dr]|proxy|attach|port-forward|kubectl debug|kubectl edit|config view|cluster-info|--token|--server=|-k kust|--prune|\bcmp\b|"
    r"autoscale|certificate|create (token|ingress|job|role) |describe vac|"
    r"describe pvc waits|events --for pvc/waits|involvedObject.name=waits|"                         # how often it was told
    r"get sts web$|\"replicas\":2\}\}'$")                                                            # after edit


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_in_process_it_says_the_same(path):
    cluster, files = Cluster(nodes=nodes(path), resync=2), {each.name: each.read_text("utf-8") for each in HERE.glob("*.yaml")}
    for block in blocks(path):
        if block.startswith("$ "):
            line, _, wanted = block[2:].partition("\n")
            done = shell(cluster, line, files)
            if not OTHERWISE.search(line):
                assert shown(*done, HOME) == wanted.splitlines(), line
