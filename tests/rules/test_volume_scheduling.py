"""The scheduler and volumes: what must be there before a node is looked at, which nodes will do, and how volumes are bound
first (SCHED-Vn; sch, fpv and pb are Kubernetes' own tests, storage.md 8.11)."""
from __future__ import annotations

import pytest

from kstate.scheduling.volumebinding import Claims, Unschedulable, binding_reasons, plan, prefilter
from kstate.storage.notes import BIND_COMPLETED, BOUND_BY_CONTROLLER, SELECTED_NODE
from kstate.world import Key, get, put
from tests.helpers import because

from .running import P, change_node, cluster, condition, events, found, node_key, node_of, patch, start, why
from .volume_cases import claim, driver, named, pod, storage_class, volume

NOT_FOUND = "0/3 nodes are available: {}. not found"
HELPLESS = "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
NO_MATCH = "node(s) didn't match PersistentVolume's node affinity"
NO_VOLUME = "node(s) didn't find available persistent volumes to bind"


def pinned(*nodes: str) -> dict:
    """Node affinity to hostnames."""
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": list(nodes)}]}
    return {"nodeAffinity": {"required": {"nodeSelectorTerms": [term]}}}


def local(name: str, node: str, size: str = "1Gi", **more) -> dict:
    return volume(name, size=size, cls="local", local={"path": f"/mnt/{name}"}, **pinned(node), **more)


LOCAL = storage_class("local", "kubernetes.io/no-provisioner", "WaitForFirstConsumer")
LAZY = storage_class("lazy", mode="WaitForFirstConsumer")


def lazy(name: str = "c", cls: str = "local", **more) -> dict:
    return claim(name, cls=cls, **more)


# ---- before any node is looked at -------------------------------------------------------------------

def test_SCHED_V4_a_missing_claim_sch_3_and_4():
    engine = cluster(pod("p", claims="c"))
    assert why(engine) == NOT_FOUND.format('persistentvolumeclaim "c" not found')
    start(engine, volume("v"), claim("c"))
    assert node_of(engine)
    engine = cluster(volume("v"), claim("c"), pod("p", claims="c,d"))
    assert why(engine) == NOT_FOUND.format('persistentvolumeclaim "d" not found')


def test_SCHED_V4_ephemeral_claims_must_be_the_pods_own_fpv_8():
    template = {"spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "resources": {"requests": {"storage": "1Gi"}}}}
    ephemeral = [{"name": "v", "ephemeral": {"volumeClaimTemplate": template}}]
    assert node_of(cluster(volume("v"), pod("p", volumes=ephemeral)))
    engine = cluster(volume("v"), claim("p-v"), pod("p", volumes=ephemeral))
    assert why(engine) == NOT_FOUND.format("PVC default/p-v was not created for pod default/p (pod is not owner)")


def test_SCHED_V5_a_lost_claim_sch_8():
    engine = cluster(volume("v"), claim("c"))
    engine.api.delete(Key("PersistentVolume", "", "v"))
    patch(engine, Key("PersistentVolume", "", "v"), metadata={"finalizers": None})
    assert get(named(engine, "pvc/c"), "status.phase") == "Lost"
    start(engine, pod("p", claims="c"))
    assert why(engine) == NOT_FOUND.format('persistentvolumeclaim "c" bound to non-existent persistentvolume "v"')


def test_SCHED_V6_a_claim_that_is_being_deleted():
    engine = cluster(volume("v"), claim("c"), pod("a", claims="c"))
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    start(engine, pod("p", claims="c"))
    assert why(engine) == NOT_FOUND.format('persistentvolumeclaim "c" is being deleted')


@pytest.mark.parametrize("objects", [
    [claim("c", cls="absent")],
    [claim("c")],
    [storage_class("sc", "disk.example.com"), claim("c", cls="sc")],
    [LOCAL, claim("c", cls="local", volumeName="v")],
], ids=["class missing", "no volume", "being provisioned", "volume named, not completely bound"])
def test_SCHED_V7_unbound_immediate_claims_sch_5_and_fpv_6(objects):
    engine = cluster(*objects, pod("p", claims="c"))
    assert why(engine) == NOT_FOUND.format("pod has unbound immediate PersistentVolumeClaims")


def test_SCHED_V2_bound_is_what_says_so():
    engine = cluster(volume("v"), claim("c"))
    assert get(named(engine, "pvc/c"), "metadata.annotations")[BIND_COMPLETED] == "yes"
    obj = named(engine, "pv/v")
    engine.api.update(put(obj, "status.phase", "Failed"), subresource="status")
    engine.api.create(pod("p", claims="c"))
    engine.step("scheduler")
    assert node_of(engine)


def test_SCHED_V3_bound_delayed_and_all_others():
    engine = cluster(LOCAL, volume("v"), claim("bound"), lazy("waits"), claim("named", cls="local", volumeName="x"), pod("p", claims="bound,waits"))
    api = _Api(engine)
    assert [[c["metadata"]["name"] for c in each] for each in prefilter(api, found(engine))] == [["bound"], ["waits"]]
    with pytest.raises(Unschedulable, match="pod has unbound immediate PersistentVolumeClaims"):
        prefilter(api, pod("q", claims="named"))


def test_SCHED_V20_what_wakes_a_pod():
    engine = cluster(pod("p", claims="c"))
    start(engine, claim("c", cls="late"))
    assert "unbound immediate" in why(engine)
    start(engine, storage_class("late", "kubernetes.io/no-provisioner", "WaitForFirstConsumer"))
    assert NO_VOLUME in why(engine)
    start(engine, volume("v", cls="late"))
    assert node_of(engine)


def test_SCHED_V21_SCHED_V22_SCHED_V24_event_and_condition_say_the_same():
    engine = cluster(pod("p", claims="data"))
    text = '0/3 nodes are available: persistentvolumeclaim "data" not found. not found'
    assert why(engine) == text and events(engine) == [f"Warning/FailedScheduling: {text}"]
    engine = cluster(volume("v", **pinned("node-9")), claim("c"), pod("p", claims="c"))
    assert why(engine) == f"0/3 nodes are available: 3 {NO_MATCH}. {HELPLESS}"


# ---- filters ------------------------------------------------------------------------------------------------

def test_SCHED_V9_a_bound_volume_only_where_it_can_be_used_sch_2_and_fpv_7():
    engine = cluster(volume("v", **pinned("node-3")), claim("c"), pod("p", claims="c"))
    assert node_of(engine) == "node-3"
    patch(engine, node_key(3), spec={"unschedulable": True})
    start(engine, pod("q", claims="c"))
    assert why(engine, "q") == f"0/3 nodes are available: 1 node(s) were unschedulable, 2 {NO_MATCH}. {HELPLESS}"


def test_SCHED_V1_a_taint_comes_before_the_volume():
    engine = cluster(volume("v", **pinned("nowhere")), claim("c"))
    change_node(engine, 1, "spec.taints", [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}])
    start(engine, pod("p", claims="c"))
    assert why(engine) == f"0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 {NO_MATCH}. {HELPLESS}"


def test_SCHED_V10_no_volume_and_nobody_who_provisions_sch_6_and_fpv_12():
    engine = cluster(LOCAL, lazy(), pod("p", claims="c"))
    assert why(engine) == f"0/3 nodes are available: 3 {NO_VOLUME}. {HELPLESS}"
    start(engine, local("v", "node-2"))
    assert node_of(engine) == "node-2", "SCHED-V20: an available volume of the class wakes the pod"


def test_SCHED_V11_two_reasons_on_one_node_sch_7():
    engine = cluster(volume("v", **pinned("node-9")), claim("b"), LOCAL, lazy(), pod("p", claims="b,c"))
    assert why(engine) == f"0/3 nodes are available: 3 {NO_VOLUME}, 3 {NO_MATCH}. {HELPLESS}"


def test_SCHED_V9_a_bound_volume_that_is_gone():
    engine = cluster(volume("v"), claim("c"))
    gone = named(engine, "pvc/c")
    engine.commit("test", "delete", Key("PersistentVolume", "", "v"), named(engine, "pv/v"), None)
    [reason] = binding_reasons(_Api(engine), Claims([gone], []), engine.world.find(node_key(1)))
    assert reason == "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"


class _Api:
    def __init__(self, engine):
        self.view, self.select, self.seed = engine.world, engine.world.select, engine.seed
        self.find = lambda kind, name, namespace="": engine.world.find(Key(kind, namespace, name))


@pytest.mark.parametrize("volumes, claims, expected", [
    ([local("a", "node-1", "5Gi"), local("b", "node-1", "2Gi"), local("x", "node-2")], [lazy()], {"c": "b"}),                       # fpv-1
    ([local("x", "node-2")], [lazy()], None),                                                                                   # fpv-2
    ([local("a", "node-1", "1Gi"), local("b", "node-1", "5Gi")], [lazy("big", size="5Gi"), lazy("small")], {"small": "a", "big": "b"}),  # fpv-3
    ([local("a", "node-1")], [lazy("c"), lazy("d")], None),                                                                      # fpv-4
])
def test_SCHED_V10_which_volume_on_node_1(volumes, claims, expected):
    engine = cluster(LOCAL, *volumes, *claims)
    found_plan = plan(_Api(engine), engine.world.list("PersistentVolumeClaim"), engine.world.find(node_key(1)))
    assert (found_plan and {c["metadata"]["name"]: v["metadata"]["name"] for c, v in found_plan.static}) == expected


def test_SCHED_V10_what_exists_first_the_rest_is_provisioned_fpv_9_and_10():
    engine = cluster(LAZY, volume("v", cls="lazy", **pinned("node-1")), lazy("a", cls="lazy"), lazy("b", cls="lazy"))
    todo = plan(_Api(engine), engine.world.list("PersistentVolumeClaim"), engine.world.find(node_key(1)))
    assert [v["metadata"]["name"] for _, v in todo.static] == ["v"] and len(todo.provision) == 1


def test_SCHED_V10_a_node_once_selected_stays_fpv_11():
    engine = cluster(storage_class("ext", "disk.example.com", "WaitForFirstConsumer"), lazy(cls="ext", annotations={SELECTED_NODE: "node-2"}))
    claims = engine.world.list("PersistentVolumeClaim")
    assert plan(_Api(engine), claims, engine.world.find(node_key(2))).provision == claims
    assert plan(_Api(engine), claims, engine.world.find(node_key(1))) is None


def test_SCHED_V10_allowed_topologies_fpv_13():
    topology = [{"matchLabelExpressions": [{"key": "topology.kubernetes.io/zone", "values": ["zone-2", "zone-9"]}]}]
    engine = cluster(storage_class("zonal", mode="WaitForFirstConsumer", allowedTopologies=topology), lazy(cls="zonal"), pod("p", claims="c"))
    assert node_of(engine) == "node-2"


def test_SCHED_V12_zone_labels_of_a_volume():
    engine = cluster(volume("v", labels={"topology.kubernetes.io/zone": "zone-2__zone-3"}), claim("c"), pod("p", claims="c"))
    assert node_of(engine) in ("node-2", "node-3")
    engine = cluster(volume("v", labels={"topology.kubernetes.io/zone": "elsewhere"}), claim("c"), pod("p", claims="c"))
    assert why(engine) == f"0/3 nodes are available: 3 node(s) had no available volume zone. {HELPLESS}"


def test_SCHED_V13_a_claim_for_one_pod_only():
    engine = cluster(volume("v", modes="RWOP"), claim("c", modes="RWOP"), pod("a", claims="c"), pod("p", claims="c"))
    assert why(engine) == ("0/3 nodes are available: 3 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use "
                           "by another pod. no new claims to deallocate, preemption: 0/3 nodes are available: 3 No preemption victims found for "
                           "incoming pod.")
    engine.api.delete(Key("Pod", "default", "a"))
    engine.settle()
    assert node_of(engine)


def test_SCHED_V14_the_limit_of_a_driver():
    def disk(name):
        return [volume(name, csi={"driver": "d", "volumeHandle": name}), claim(f"c-{name}", volumeName=name)]
    limit = {"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": "node-1"},
             "spec": {"drivers": [{"name": "d", "nodeID": "n", "allocatable": {"count": 1}}]}}
    engine = cluster(driver("d"), limit, *disk("a"), *disk("b"), nodes=1)
    start(engine, pod("first", claims="c-a"), pod("same", claims="c-a"), pod("p", claims="c-b"))
    assert node_of(engine, "same") == "node-1", "two pods with the same claim count once"
    assert why(engine).startswith("0/1 nodes are available: 1 node(s) exceed max volume count.")


def test_SCHED_V15_read_write_once_is_not_checked_here():
    engine = cluster(volume("v"), claim("c"), pod("a", claims="c"), pod("p", claims="c"))
    assert node_of(engine, "a") != node_of(engine)


# ---- PreBind ---------------------------------------------------------------------------------------------------

def test_SCHED_V17_a_static_volume_is_reserved_and_the_controller_completes_the_binding():
    engine = cluster(LOCAL, local("v", "node-2"), lazy())
    position = len(engine.world.log)
    start(engine, pod("p", claims="c"))
    writes = [(c.who, c.key.kind) for c in engine.world.log[position:] if c.key.kind in ("PersistentVolume", "PersistentVolumeClaim") and c.new]
    assert writes[0] == ("default-scheduler", "PersistentVolume")
    assert all(who != "default-scheduler" for who, _ in writes[1:])
    reserved = next(c.new for c in engine.world.log[position:] if c.who == "default-scheduler" and c.key.kind == "PersistentVolume")
    assert reserved["spec"]["claimRef"]["uid"] == named(engine, "pvc/c")["metadata"]["uid"]
    assert reserved["metadata"]["annotations"][BOUND_BY_CONTROLLER] == "yes"
    assert node_of(engine) == "node-2" and {"SCHED-V17", "SCHED-V19", "SCHED-7"} <= because(engine)


def test_SCHED_V16_reserved_volumes_are_not_given_twice_and_Scheduled_comes_last():
    engine = cluster(LOCAL, local("v", "node-2"), lazy("c"), lazy("d"), pod("p", claims="c"), pod("q", claims="d"))
    assert node_of(engine) == "node-2" and NO_VOLUME in why(engine, "q")
    log = [(c.key.kind, c.because) for c in engine.world.log if c.who == "default-scheduler" and c.key.name.startswith(("p", "v", "q"))]
    assert log.index(("PersistentVolume", "SCHED-V17")) < log.index(("Pod", "SCHED-7")) < log.index(("Event", "SCHED-7"))


def test_SCHED_V19_while_it_waits_the_pod_is_nominated():
    engine = cluster(storage_class("ext", "disk.example.com", "WaitForFirstConsumer"), lazy(cls="ext"), pod("p", claims="c"))
    assert get(found(engine), "status.nominatedNodeName") == "node-1" and node_of(engine) == ""
    assert get(named(engine, "pvc/c"), "metadata.annotations")[SELECTED_NODE] == "node-1"
    start(engine, driver("disk.example.com"))
    assert node_of(engine) == "node-1" and "nominatedNodeName" not in found(engine)["status"]


def test_SCHED_V19_a_nominated_pod_keeps_its_room():
    heavy = {"resources": {"requests": {"cpu": "3"}}}
    engine = cluster(storage_class("ext", "disk.example.com", "WaitForFirstConsumer"), lazy(cls="ext"), nodes=1)
    waiting = pod("p", claims="c", containers=[{"name": "main", "image": "busybox", **heavy}])
    start(engine, waiting, pod("q", containers=[{"name": "main", "image": "busybox", **heavy}]))
    assert why(engine, "q").startswith("0/1 nodes are available: 1 Insufficient cpu.")


def test_SCHED_V18_after_ten_minutes_it_gives_up_and_tries_again_pb_9():
    engine = cluster(storage_class("ext", "disk.example.com", "WaitForFirstConsumer"), lazy(cls="ext"), pod("p", claims="c"))
    engine.run(601_000)
    text = 'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded'
    assert condition(engine, "PodScheduled") == ("False", "Unschedulable", text)
    assert f"Warning/FailedScheduling: {text}" in events(engine)
    assert get(found(engine), "status.nominatedNodeName") == "node-1"


def test_SCHED_V18_a_provisioner_that_gives_up_pb_6():
    engine = cluster(storage_class("ext", "disk.example.com", "WaitForFirstConsumer"), lazy(cls="ext"), pod("p", claims="c"))
    patch(engine, Key("PersistentVolumeClaim", "default", "c"), metadata={"annotations": {SELECTED_NODE: None}})
    text = 'running PreBind plugin "VolumeBinding": binding volumes: provisioning failed for PVC "c"'
    assert f"Warning/FailedScheduling: {text}" in events(engine)
    assert get(named(engine, "pvc/c"), "metadata.annotations")[SELECTED_NODE] == "node-1", "the next attempt chose anew"


def test_SCHED_V23_success_with_a_dynamic_volume():
    engine = cluster(LAZY, lazy(cls="lazy"), pod("p", claims="c"))
    assert f"Normal/Scheduled: Successfully assigned default/p to {node_of(engine)}" in events(engine)


# ---- again ------------------------------------------------------------------------------------------------------

def test_SCHED_V26_a_pod_with_a_local_volume_can_only_go_back():
    engine = cluster(LOCAL, local("v", "node-2"), lazy(), pod("p", claims="c"))
    engine.api.delete(P)
    engine.settle()
    patch(engine, node_key(2), spec={"unschedulable": True})
    start(engine, pod("p", claims="c"))
    assert why(engine) == f"0/3 nodes are available: 1 node(s) were unschedulable, 2 {NO_MATCH}. {HELPLESS}"
    patch(engine, node_key(2), spec={"unschedulable": None})
    assert node_of(engine) == "node-2"


def test_SCHED_V25_a_network_volume_goes_anywhere():
    engine = cluster(volume("v"), claim("c"), pod("p", claims="c"))
    old = node_of(engine)
    engine.api.delete(P)
    engine.settle()
    patch(engine, Key("Node", "", old), spec={"unschedulable": True})
    start(engine, pod("p", claims="c"))
    assert node_of(engine) not in ("", old)


def test_a_node_that_vanishes_while_volumes_are_bound():
    engine = cluster(storage_class("ext", "disk.example.com", "WaitForFirstConsumer"), lazy(cls="ext"), pod("p", claims="c"))
    engine.api.delete(node_key(1))
    start(engine, driver("disk.example.com"))
    assert node_of(engine) not in ("", "node-1")
