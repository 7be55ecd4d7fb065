"""The Lab: each verb says the kubectl command that does the same, and a whole session fits into one string."""
from __future__ import annotations

from base64 import b64encode
from zlib import compress

import pytest

from kstate.errors import NotFound
from kstate.kubectl import kubectl
from tutorial import Lab, manifest

EXAMPLE = manifest("volumes", "service", "statefulset")
VERBS = {
    "scale": lambda lab: lab.scale("StatefulSet/default/web", 2),
    "delete": lambda lab: lab.delete("Pod/default/web-1"),
    "write": lambda lab: lab.write("Pod/default/web-0", "/usr/share/nginx/html/a b.txt", "it's here"),
    "kubectl": lambda lab: lab.kubectl("label pod web-0 tier=front"),
}


def seen(lab: Lab) -> tuple:
    """What there is, whenever it was made, and what stands in the files."""
    objects = lab.kubectl("get sts,pods,pvc,pv -o custom-columns=:kind,:metadata.name,:metadata.labels,:status.phase,:spec.replicas,:spec.volumeName")
    born = lab.kubectl("get pods --sort-by=metadata.creationTimestamp -o name")
    return str(objects), str(born), str(lab.kubectl("exec web-0 -- sh -c 'cd /usr/share/nginx/html; cat *'"))


@pytest.fixture
def lab() -> Lab:
    return Lab(EXAMPLE)


@pytest.mark.parametrize("verb", VERBS)
def test_the_command_that_it_says_does_the_same(lab, verb):
    twin, before = lab.fork(), seen(lab.fork())
    done = VERBS[verb](lab)
    command = done if verb != "kubectl" else lab.commands[-1]
    lab.settle()
    assert kubectl(twin.cluster, command).code == 0
    twin.settle()
    assert seen(lab) == seen(twin) != before


def test_a_session_is_a_string_that_brings_anybody_here(lab):
    for act in VERBS.values():
        act(lab)
    lab.step("statefulset")
    lab.settle()
    lab.undo()
    lab.run(30)
    other = Lab(EXAMPLE)
    other.replay(lab.session())
    assert other.cluster.story() == lab.cluster.story() and other.clock() == lab.clock() and other.session() == lab.session()


@pytest.mark.parametrize("wrong", ["", "hello", "aGVsbG8=", b64encode(compress(b"[1, 2]")).decode(), b64encode(compress(b'[["tell"], ["__init__"]]')).decode()])
def test_what_is_no_session_changes_nothing(lab, wrong):
    lab.scale("StatefulSet/default/web", 2)
    before = lab.session(), lab.cluster.story()
    with pytest.raises(ValueError, match="session"):
        lab.replay(wrong)
    assert (lab.session(), lab.cluster.story()) == before


def test_views_are_told_of_what_is_done_and_of_what_is_refused(lab):
    told: list[str] = []
    lab.listeners.append(lambda: told.append(lab.clock()))
    lab.scale("StatefulSet/default/web", 4)
    with pytest.raises(NotFound):
        lab.delete("Pod/default/absent")
    assert len(told) == 2 and len(lab.actions) == len(lab.commands) == 1


def test_a_fork_goes_its_own_way(lab):
    twin = lab.fork()
    twin.delete("StatefulSet/default/web")
    twin.settle()
    assert lab.cluster.list("pods") and not twin.cluster.list("pods") and lab.session() == Lab(EXAMPLE).session()


def test_undo_and_reset(lab):
    start = list(lab.cluster.engine.world)
    assert lab.can() == {"undo": False, "redo": False}
    lab.scale("StatefulSet/default/web", 1)
    assert lab.can() == {"undo": True, "redo": False}
    lab.undo()
    assert list(lab.cluster.engine.world) == start and lab.can() == {"undo": False, "redo": True}
    lab.redo()
    assert lab.cluster.get("sts", "web")["spec"]["replicas"] == 1
    lab.reset()
    assert list(lab.cluster.engine.world) == start and lab.can() == {"undo": False, "redo": False} and lab.commands == []
