"""Nodes that fall silent, are drained of pods, come back or go for good (NODE-n, PGC-n, POD-n)."""
from __future__ import annotations

import pytest

from kstate.bootstrap import node
from kstate.controllers import podgc
from kstate.controllers.nodelifecycle import NORMAL
from kstate.kinds import KINDS
from kstate.world import Key, get
from tests.helpers import because
from tests.helpers import events as all_events

from . import running
from .running import P, annotate, busybox, cluster, condition, container, events, found, node_key, node_of, patch, phase, pod, start

ZONE = "topology.kubernetes.io/zone"
MINUTE = 60_000


def ready(engine, number: int) -> tuple:
    c = next(c for c in engine.world.find(node_key(number))["status"]["conditions"] if c["type"] == "Ready")
    return c["status"], c["reason"]


def taints(engine, number: int) -> list[str]:
    return [f"{t['key'].rpartition('/')[2]}:{t['effect']}" for t in engine.world.find(node_key(number))["spec"].get("taints", ())]


def silence(engine, *numbers: int) -> None:
    for number in numbers:
        annotate(engine, node_key(number), "NotReady")


def speak(engine, *numbers: int) -> None:
    for number in numbers:
        annotate(engine, node_key(number), None)
    engine.settle()


def sts(name: str = "web", **spec) -> dict:
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name}, "spec": {
        "replicas": 1, "serviceName": "x", "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container()], **spec}}}}


# ---- what a node says ---------------------------------------------------------------------------------

def test_KUB_5_a_healthy_node():
    engine = cluster(nodes=1)
    told = {c["type"]: (c["status"], c["reason"], c["message"]) for c in engine.world.find(node_key(1))["status"]["conditions"]}
    assert told == {
        "MemoryPressure": ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        "Ready": ("True", "KubeletReady", "kubelet is posting ready status")}
    lease = engine.world.find(Key("Lease", "kube-node-lease", "node-1"))
    assert lease["spec"]["holderIdentity"] == "node-1" and lease["spec"]["leaseDurationSeconds"] == 40


def test_a_quiet_cluster_makes_no_history():
    engine = cluster(pod())
    revision = engine.world.revision
    engine.run(24 * 60 * MINUTE)
    assert engine.world.revision == revision


def test_NODE_7_events_of_coming_and_going():
    engine = cluster(nodes=1)
    assert all_events(engine, engine.world.find(node_key(1))) == ["Normal/RegisteredNode: Node node-1 event: Registered Node node-1 in Controller"]
    engine.api.delete(node_key(1))
    engine.settle()
    assert [e["message"] for e in engine.world.list("Event") if e["reason"] == "RemovingNode"] == ["Node node-1 event: Removing Node node-1 from Controller"]


def test_cordon_taints_and_uncordon_removes_the_taint():
    engine = cluster()
    patch(engine, node_key(1), spec={"unschedulable": True})
    assert taints(engine, 1) == ["unschedulable:NoSchedule"]
    patch(engine, node_key(1), spec={"unschedulable": None})
    assert taints(engine, 1) == [] and "taints" not in engine.world.find(node_key(1))["spec"]


# ---- silence ---------------------------------------------------------------------------------------------

def test_NODE_1_after_50_seconds_of_silence():
    engine = cluster(pod(nodeName="node-1"))
    silence(engine, 1)
    engine.run(49_000)
    assert ready(engine, 1) == ("True", "KubeletReady")
    engine.run(1_000)
    told = engine.world.find(node_key(1))["status"]["conditions"]
    assert [c["type"] for c in told] == ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"]
    assert all((c["status"], c["reason"], c["message"]) == ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.") for c in told)


def test_NODE_1_who_speaks_again_in_time_is_not_missed():
    engine = cluster()
    silence(engine, 1)
    engine.run(45_000)
    speak(engine, 1)
    engine.run(MINUTE)
    assert ready(engine, 1) == ("True", "KubeletReady") and "NODE-2" not in because(engine)


def test_NODE_2_its_pods_are_not_ready_though_they_may_run():
    engine = cluster(pod(nodeName="node-1"), pod("q", nodeName="node-2"))
    silence(engine, 1)
    engine.run(51_000)
    assert condition(engine, "Ready")[0] == "False" and phase(engine) == "Running" and condition(engine, "Ready", "q")[0] == "True"
    assert "Warning/NodeNotReady: Node is not ready" in events(engine)
    assert "Normal/NodeNotReady: Node node-1 status is now: NodeNotReady" in all_events(engine, engine.world.find(node_key(1)))


def test_NODE_3_taints_come_and_go_with_the_silence():
    engine = cluster()
    silence(engine, 1)
    engine.run(51_000)
    assert taints(engine, 1) == ["unreachable:NoSchedule", "unreachable:NoExecute"]
    speak(engine, 1)
    assert taints(engine, 1) == [] and ready(engine, 1) == ("True", "KubeletReady")


def test_NODE_3_a_kubelet_that_reports_trouble_itself():
    engine = cluster()
    told = [{**c, "status": "False"} if c["type"] == "Ready" else c for c in engine.world.find(node_key(1))["status"]["conditions"]]
    running.change_node(engine, 1, "status.conditions", told)
    assert taints(engine, 1) == ["not-ready:NoSchedule", "not-ready:NoExecute"]


def test_NODE_3_one_node_of_a_zone_after_the_other():
    engine = cluster(nodes=5)
    for number in range(1, 6):
        patch(engine, node_key(number), metadata={"labels": {ZONE: "a"}})
    silence(engine, 1, 2)
    engine.run(51_000)
    assert sorted([taints(engine, 1), taints(engine, 2)], key=len) == [["unreachable:NoSchedule"], ["unreachable:NoSchedule", "unreachable:NoExecute"]]
    engine.run(NORMAL)
    assert len(taints(engine, 1)) == len(taints(engine, 2)) == 2


def test_NODE_6_if_nobody_speaks_nobody_is_evicted():
    engine = cluster(pod(nodeName="node-1"))
    silence(engine, 1)
    engine.run(51_000)
    silence(engine, 2, 3)
    engine.run(51_000)
    assert all(taints(engine, n) == ["unreachable:NoSchedule"] for n in (1, 2, 3))
    engine.run(20 * MINUTE)
    assert "deletionTimestamp" not in found(engine)["metadata"]
    assert "Normal/TaintManagerEviction: Cancelling deletion of Pod default/p" in events(engine)


def test_NODE_6_a_single_node_is_never_emptied():
    engine = cluster(pod(), nodes=1)
    silence(engine, 1)
    engine.run(30 * MINUTE)
    assert "deletionTimestamp" not in found(engine)["metadata"] and taints(engine, 1) == ["unreachable:NoSchedule"]


def test_NODE_6_most_of_a_small_zone():
    engine = cluster(nodes=6)
    for number in range(1, 6):
        patch(engine, node_key(number), metadata={"labels": {ZONE: "a"}})
    silence(engine, 1, 2, 3)
    engine.run(10 * MINUTE)
    assert sum("unreachable:NoExecute" in taints(engine, n) for n in (1, 2, 3)) == 0


# ---- taints that evict --------------------------------------------------------------------------------------

def test_NODE_4_NODE_5_every_pod_has_300_seconds_of_patience():
    engine = cluster(pod(nodeName="node-1"))
    assert {(t["key"], t["tolerationSeconds"]) for t in found(engine)["spec"]["tolerations"]} == {
        ("node.kubernetes.io/not-ready", 300), ("node.kubernetes.io/unreachable", 300)}
    silence(engine, 1)
    silent = engine.now
    engine.run(349_000)
    assert "deletionTimestamp" not in found(engine)["metadata"]
    engine.run(2_000)
    assert "Normal/TaintManagerEviction: Marking for deletion Pod default/p" in events(engine)
    assert condition(engine, "DisruptionTarget") == ("True", "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint")
    assert found(engine)["metadata"]["deletionTimestamp"] == engine.clock.timestamp(silent + 380_000)


@pytest.mark.parametrize("tolerations, goes_after", [
    ([], 0), ([{"key": "sick", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 20}], 20), ([{"key": "sick", "operator": "Exists"}], None),
    ([{"key": "sick", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 20}, {"operator": "Exists", "tolerationSeconds": 5, "effect": "NoExecute"}], 5)])
def test_NODE_5_how_long_a_pod_bears_a_taint(tolerations, goes_after):
    engine = cluster(pod("p", tolerations=tolerations, nodeName="node-1"))
    began, obj = engine.now, engine.world.find(node_key(1))
    engine.api.update({**obj, "spec": {**obj["spec"], "taints": [{"key": "sick", "effect": "NoExecute"}]}})
    engine.run(5 * MINUTE)
    deleted = [c.time for c in engine.world.log if c.key == P and c.new is not None and "deletionTimestamp" in c.new["metadata"]]
    assert (deleted[0] - began if deleted else None) == (None if goes_after is None else goes_after * 1000)


def test_NODE_5_a_taint_that_goes_in_time():
    engine = cluster(pod(nodeName="node-1"))
    silence(engine, 1)
    engine.run(100_000)
    speak(engine, 1)
    engine.run(20 * MINUTE)
    assert "Normal/TaintManagerEviction: Cancelling deletion of Pod default/p" in events(engine)
    assert condition(engine, "Ready")[0] == "True"


# ---- a StatefulSet's pod on a lost node -------------------------------------------------------------------------

def lost():
    """A StatefulSet whose pod has stood on a silent node for ten minutes."""
    engine = cluster(sts())
    where = node_of(engine, "web-0")
    annotate(engine, Key("Node", "", where), "NotReady")
    engine.run(10 * MINUTE)
    assert "deletionTimestamp" in found(engine, "web-0")["metadata"] and node_of(engine, "web-0") == where
    return engine, Key("Node", "", where)


def test_NODE_8_at_most_one():
    engine, _ = lost()
    uid = found(engine, "web-0")["metadata"]["uid"]
    engine.run(60 * MINUTE)
    assert found(engine, "web-0")["metadata"]["uid"] == uid


def test_NODE_8_a_deployment_gets_its_replacement():
    deployment = {**sts(), "kind": "Deployment"}
    del deployment["spec"]["serviceName"]
    engine = cluster(deployment)
    [old] = engine.world.list("Pod")
    annotate(engine, Key("Node", "", old["spec"]["nodeName"]), "NotReady")
    engine.run(7 * MINUTE)
    assert [get(p, "status.phase") for p in engine.world.list("Pod")] == ["Running", "Running"]
    assert sum("deletionTimestamp" not in p["metadata"] for p in engine.world.list("Pod")) == 1


def test_NODE_9a_the_node_returns():
    engine, key = lost()
    uid = found(engine, "web-0")["metadata"]["uid"]
    annotate(engine, key, None)
    engine.settle()
    assert found(engine, "web-0")["metadata"]["uid"] != uid and phase(engine, "web-0") == "Running"


def test_NODE_9b_the_node_object_is_deleted():
    engine, key = lost()
    began = engine.now
    engine.api.delete(key)
    engine.settle()
    assert phase(engine, "web-0") == "Running" and node_of(engine, "web-0") != key.name
    removed = [c.time for c in engine.world.log if c.key.name == "web-0" and c.verb == "delete" and c.who == "pod-garbage-collector"]
    assert 40_000 <= removed[0] - began <= 60_000


def test_NODE_9c_forced_deletion():
    engine, key = lost()
    engine.api.delete(Key("Pod", "default", "web-0"), grace=0)
    engine.settle()
    assert phase(engine, "web-0") == "Running" and node_of(engine, "web-0") != key.name


def test_NODE_9d_NODE_11_PGC_2_out_of_service():
    engine, key = lost()
    obj = engine.world.find(key)
    mark = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}
    engine.api.update({**obj, "spec": {**obj["spec"], "taints": [*obj["spec"]["taints"], mark]}})
    engine.settle()
    assert phase(engine, "web-0") == "Running" and node_of(engine, "web-0") != key.name and "PGC-2" in because(engine)
    annotate(engine, key, None)
    engine.settle()
    assert [t["key"] for t in engine.world.find(key)["spec"]["taints"]] == ["node.kubernetes.io/out-of-service"]


# ---- garbage --------------------------------------------------------------------------------------------------------

def test_PGC_3_PGC_5_a_pod_without_its_node():
    engine = cluster(pod(nodeName="node-1"))
    began = engine.now
    engine.api.delete(node_key(1))
    engine.run(39_000)
    assert phase(engine) == "Running"
    engine.run(21_000)
    assert found(engine) is None
    last = [c.old for c in engine.world.log if c.key == P and c.verb == "delete"][-1]
    assert last["status"]["phase"] == "Failed"
    target = next(c for c in last["status"]["conditions"] if c["type"] == "DisruptionTarget")
    assert (target["reason"], target["message"]) == ("DeletionByPodGC", "PodGC: node no longer exists")
    gone = [c.time for c in engine.world.log if c.key == P and c.verb == "delete"][-1]
    assert gone % podgc.PERIOD == 0 and gone - began >= podgc.QUARANTINE
    assert engine.world.find(Key("Disk", "", podgc.MISSING)) is None


def test_PGC_3_a_node_that_comes_back_in_time():
    engine = cluster(pod(nodeName="node-1"))
    engine.api.delete(node_key(1))
    engine.run(20_000)
    start(engine, node(1))
    engine.run(10 * MINUTE)
    assert phase(engine) == "Running" and engine.world.find(Key("Disk", "", podgc.MISSING)) is None


def test_PGC_4_a_terminating_pod_that_never_had_a_node():
    engine = cluster()
    stuck = pod(nodeSelector={"a": "b"})
    stuck["metadata"]["finalizers"] = ["example.com/keep"]
    start(engine, stuck)
    obj = found(engine)
    meta = {**obj["metadata"], "deletionTimestamp": engine.clock.timestamp(engine.now + 30_000), "deletionGracePeriodSeconds": 30}
    engine.commit("test", "update", P, obj, {**obj, "metadata": meta})
    engine.run(20_000)
    assert found(engine)["metadata"]["deletionGracePeriodSeconds"] == 0 and phase(engine) == "Failed" and "PGC-4" in because(engine)


def test_PGC_1_too_many_finished_pods(monkeypatch):
    monkeypatch.setattr(podgc, "THRESHOLD", 3)
    engine = cluster(*[pod(f"p{i}", busybox("true"), restartPolicy="Never") for i in range(6)])
    assert [p["metadata"]["name"] for p in engine.world.list("Pod")] == ["p3", "p4", "p5"]


# ---- the deletion of pods ---------------------------------------------------------------------------------------------

def test_POD_1_POD_2_graceful_deletion_only_marks():
    engine = cluster(pod("p", busybox("sleep", "9999"), terminationGracePeriodSeconds=20))
    engine.api.delete(P)
    meta = found(engine)["metadata"]
    assert meta["deletionTimestamp"] == engine.clock.timestamp(engine.now + 20_000) and meta["deletionGracePeriodSeconds"] == 20
    assert meta["generation"] == 2 and phase(engine) == "Running"


def test_POD_4_a_second_deletion_can_only_shorten():
    engine = cluster(pod("p", busybox("sleep", "9999")))
    began = engine.now
    engine.api.delete(P)
    engine.run(2000)
    engine.api.delete(P, grace=60)
    assert found(engine)["metadata"]["deletionGracePeriodSeconds"] == 30
    engine.api.delete(P, grace=5)
    engine.settle()
    assert [c.time for c in engine.world.log if c.key == P and c.verb == "delete"] == [began + 5000]


def test_POD_8_what_a_terminating_pod_shows():
    def shows(engine) -> str:
        return KINDS["Pod"].cells(found(engine), lambda _: "1s")[2]
    engine = cluster(pod("p", busybox("sleep", "9999")), pod("q", busybox("true"), restartPolicy="Never"))
    assert shows(engine) == "Running"
    engine.api.delete(P)
    assert shows(engine) == "Terminating"
    done = found(engine, "q")
    engine.commit("test", "update", P, found(engine), {**done, "metadata": {**done["metadata"], "name": "p", "deletionTimestamp": engine.clock.timestamp(0)}})
    assert shows(engine) == "Completed"


def test_POD_3_without_grace_it_is_gone_at_once():
    engine = cluster(pod())
    assert running.gone_after(engine, grace=0) == 0


def test_NODE_10_a_volume_is_held_by_the_lost_node():
    from .volume_cases import claim, driver, named, volume
    engine = cluster(driver("d.example.com"), volume("v", csi={"driver": "d.example.com", "volumeHandle": "h"}), claim("c"))
    made = pod("p", nodeName="node-1", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}])
    start(engine, made)
    silence(engine, 1)
    engine.run(10 * MINUTE)
    engine.api.delete(P, grace=0)
    engine.api.create({**made, "metadata": {"name": "q", "namespace": "default"}, "spec": {**made["spec"], "nodeName": "node-2"}})
    engine.run(1000)
    assert get(named(engine, "pod/q"), "status.phase") == "Pending" and "AD-4" in because(engine)
    engine.settle()
    assert get(named(engine, "pod/q"), "status.phase") == "Running"
