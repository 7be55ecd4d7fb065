"""ReplicaSets: so many pods, whichever they are (RS-1 to RS-8)."""
from __future__ import annotations

import pytest

from kstate.workloads.victims import victims
from kstate.world import Key, put
from tests.helpers import apply, because, get
from tests.rules.seen import pods, sync, told, waits
from tests.rules.stage import become, change, delete, gone, play, refuse, running, stage, template

LABELS = {"app": "front"}


def replicaset(replicas: int = 3, **spec) -> dict:
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "front"}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": LABELS}, "template": template(app="front"), **spec}}


def counters(engine) -> dict:
    found = get(engine, "ReplicaSet", "front")["status"]
    return {k: v for k, v in found.items() if k not in ("observedGeneration", "conditions")}


def scale(engine, n: int) -> None:
    change(engine, "spec.replicas", n, "ReplicaSet", "front")


def test_RS_2_RS_3_all_at_once_with_drawn_names():
    engine = stage()
    pod = template(app="front")
    pod["metadata"].update(annotations={"a": "b"}, finalizers=["example.com/x"])
    apply(engine, [replicaset(template=pod)])
    assert len([w for w in sync(engine, "replicaset") if w.startswith("create Pod front-")]) == 3
    for name in pods(engine):
        assert len(name) == len("front-xxxxx") and not set(name.removeprefix("front-")) - set("bcdfghjklmnpqrstvwxz2456789")
    found = get(engine, "Pod", pods(engine)[0])
    assert found["metadata"]["generateName"] == "front-" and found["metadata"]["labels"] == LABELS
    assert found["metadata"]["annotations"] == {"a": "b"} and found["metadata"]["finalizers"] == ["example.com/x"]
    assert found["metadata"]["ownerReferences"][0]["controller"] is True and "hostname" not in found["spec"]
    assert sorted(told(engine, "ReplicaSet", "front")) == sorted(f"Normal/SuccessfulCreate: Created pod: {name}" for name in pods(engine))     # RS-8
    assert {"RS-2", "RS-6", "RS-8"} <= because(engine)


def test_RS_6_status():
    engine = stage()
    apply(engine, [replicaset(minReadySeconds=10)])
    engine.drain()
    assert counters(engine) == {"replicas": 3, "fullyLabeledReplicas": 3, "terminatingReplicas": 0}
    for name in pods(engine):
        become(engine, name)
    engine.drain()
    assert counters(engine) == {"replicas": 3, "fullyLabeledReplicas": 3, "readyReplicas": 3, "terminatingReplicas": 0}
    engine.run(10_000)
    assert counters(engine)["availableReplicas"] == 3
    scale(engine, 1)
    engine.drain()
    assert counters(engine) == {"replicas": 1, "fullyLabeledReplicas": 1, "readyReplicas": 1, "availableReplicas": 1, "terminatingReplicas": 2}
    play(engine)
    assert counters(engine)["terminatingReplicas"] == 0
    scale(engine, 0)
    play(engine)
    assert counters(engine) == {"replicas": 0, "terminatingReplicas": 0}
    assert get(engine, "ReplicaSet", "front")["status"]["observedGeneration"] == 3


def test_RS_2_a_terminating_pod_is_replaced_at_once():
    engine = running(stage(), replicaset(1))
    delete(engine, pods(engine)[0])
    engine.drain()
    assert len(pods(engine)) == 2


def test_RS_2_a_set_that_is_going_does_nothing():
    engine = stage()
    rs = replicaset(1)
    rs["metadata"]["finalizers"] = ["example.com/hold"]
    apply(engine, [rs])
    delete(engine, "front", "ReplicaSet")
    engine.drain()
    assert pods(engine) == []


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_RS_4_finished_pods_are_replaced_but_not_deleted(phase):
    engine = running(stage(), replicaset(1))
    old = pods(engine)[0]
    become(engine, old, phase)
    engine.drain()
    assert old in pods(engine) and len(pods(engine)) == 2 and counters(engine)["replicas"] == 1


def test_RS_7_relabelling_quarantines_a_pod():
    engine = running(stage(), replicaset(1))
    old = pods(engine)[0]
    change(engine, "metadata.labels", {"app": "quarantine"}, "Pod", old)
    engine.drain()
    assert "ownerReferences" not in get(engine, "Pod", old)["metadata"] and len(pods(engine)) == 2


def test_RS_1_names_do_not_matter():
    engine = stage()
    apply(engine, [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "whatever", "labels": LABELS}, "spec": template()["spec"]}])
    apply(engine, [replicaset(1)])
    engine.drain()
    assert pods(engine) == ["whatever"] and get(engine, "Pod", "whatever")["metadata"]["ownerReferences"][0]["name"] == "front"


def test_RS_6_RS_8_failure(monkeypatch):
    engine = stage()
    refusing = refuse(engine, monkeypatch, "create", "Pod", "quota")
    apply(engine, [replicaset()])
    sync(engine, "replicaset")
    assert told(engine, "ReplicaSet", "front") == ["Warning/FailedCreate: Error creating: quota"]       # slow start: one try
    failure, = get(engine, "ReplicaSet", "front")["status"]["conditions"]
    assert failure == {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "quota",
                       "lastTransitionTime": engine.clock.timestamp(engine.now)}
    assert waits(engine, "ReplicaSet", "front") == {"CTL-5": "quota"}
    refusing.clear()
    engine.run(1000)
    assert "conditions" not in get(engine, "ReplicaSet", "front")["status"] and len(pods(engine)) == 3


def test_RS_8_failed_delete(monkeypatch):
    engine = running(stage(), replicaset(2))
    refuse(engine, monkeypatch, "delete", "Pod", "no")
    scale(engine, 1)
    engine.step("replicaset")
    assert told(engine, "ReplicaSet", "front")[-1] == "Warning/FailedDelete: Error deleting: no"
    assert get(engine, "ReplicaSet", "front")["status"]["conditions"][0]["reason"] == "FailedDelete"


def test_RS_8_in_a_namespace_that_goes_nothing_is_told():
    engine = stage()
    apply(engine, [replicaset(1)])
    namespace = engine.world.find(Key("Namespace", "", "default"))
    engine.commit("test", "update", Key("Namespace", "", "default"), namespace, put(namespace, "metadata.deletionTimestamp", "2026-01-01T00:00:00Z"))
    engine.drain()
    assert told(engine, "ReplicaSet", "front") == [] and waits(engine, "ReplicaSet", "front") == {}


# ---- who has to go ----------------------------------------------------------------------------

class Past:
    """What victims() needs of a client: no siblings, and ages in seconds instead of timestamps."""

    def owned(self, kind, owner):
        return self.pods

    def since(self, seconds):
        return int(seconds) * 1000


def victim(uid: str, *, node="n", phase="Running", ready="10", cost="", age="1000", restarts=0) -> dict:
    conditions = [{"type": "Ready", "status": "True", "lastTransitionTime": ready}] if ready else []
    return {"kind": "Pod", "metadata": {"name": uid, "uid": uid, "creationTimestamp": age,
                                        "annotations": {"controller.kubernetes.io/pod-deletion-cost": cost} if cost else {}},
            "spec": {"nodeName": node, "containers": []},
            "status": {"phase": phase, "conditions": conditions, "containerStatuses": [{"name": "c", "restartCount": restarts}]}}


@pytest.mark.parametrize("first, second", [
    ({"node": ""}, {"phase": "Pending"}),
    ({"phase": "Pending"}, {"phase": "Unknown"}),
    ({"phase": "Unknown"}, {"ready": ""}),
    ({"ready": ""}, {"cost": "-5"}),
    ({"cost": "-5"}, {"cost": "3"}),
    ({"ready": "1"}, {"ready": "100"}),           # ready for a shorter time
    ({"restarts": 2}, {}),
    ({"age": "1"}, {"age": "1000"}),              # made more recently
])
def test_RS_5_the_first_difference_decides(first, second):
    api = Past()
    api.pods = [victim("b", **second), victim("c", **first)]
    rs = {"metadata": {"name": "front", "uid": "rs"}}
    assert [p["metadata"]["name"] for p in victims(api, rs, api.pods)] == ["c", "b"]


def test_RS_5_ages_of_the_same_power_of_two_count_as_equal():
    api = Past()
    api.pods = [victim("b", ready="1000"), victim("a", ready="1001")]
    assert [p["metadata"]["name"] for p in victims(api, {"metadata": {"name": "front", "uid": "rs"}}, api.pods)] == ["a", "b"]


def test_RS_5_pods_on_a_crowded_node_go_first():
    api = Past()
    api.pods = [victim("a", node="m"), victim("b"), victim("c")]
    assert [p["metadata"]["name"] for p in victims(api, {"metadata": {"name": "front", "uid": "rs"}}, api.pods)] == ["b", "c", "a"]


def test_RS_5_the_pod_that_is_not_ready_goes():
    engine = running(stage(), replicaset())
    unready = pods(engine)[1]
    become(engine, unready, ready=False)
    scale(engine, 2)
    engine.drain()
    gone(engine, unready)
    assert len(pods(engine)) == 2 and unready not in pods(engine)
