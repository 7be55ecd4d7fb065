"""Rules of storage that no other file holds: admission, the short traces, what follows from several rules together."""
from __future__ import annotations

import pytest

from kstate.errors import Forbidden, Invalid
from kstate.kinds import KINDS, lookup
from kstate.storage.notes import BIND_COMPLETED, BOUND_BY_CONTROLLER, SELECTED_NODE
from kstate.world import Key, get, uid
from tests.helpers import apply, cluster_engine, events
from tests.rules.running import cluster, node_of, why
from tests.rules.volume_cases import claim, driver, named, pod, storage_class, storage_engine, volume

CLAIM = Key("PersistentVolumeClaim", "default", "c")
GROW = storage_class("grow", allowVolumeExpansion=True)


def refusal(act, error=Forbidden) -> str:
    with pytest.raises(error) as refused:
        act()
    return str(refused.value)


def grow(engine, size: str, name: str = "c") -> None:
    engine.api.patch(Key("PersistentVolumeClaim", "default", name), {"spec": {"resources": {"requests": {"storage": size}}}})


def settled(*objects, nodes: int = 2):
    engine = storage_engine(nodes=nodes)
    apply(engine, list(objects))
    engine.settle()
    return engine


def writes(engine, start: int, *kinds: str) -> list[str]:
    """"status PersistentVolume v: Bound", in the order of the history."""
    changes = [c for c in engine.world.log[start:] if c.verb != "wait" and c.key.kind in kinds]
    return [f"{c.verb} {c.key.kind}" + (f": {get(c.new, 'status.phase')}" if c.verb == "status" else "") for c in changes]


# ---- the kinds ----------------------------------------------------------------------------------

def test_PVAPI_1_scope_short_names_and_two_ways_to_write():
    assert [(lookup(short).kind, lookup(short).namespaced) for short in ("pv", "pvc", "sc")] == [
        ("PersistentVolume", False), ("PersistentVolumeClaim", True), ("StorageClass", False)]
    assert "status" in KINDS["PersistentVolume"].subresources and "status" in KINDS["PersistentVolumeClaim"].subresources
    engine = cluster_engine([], nodes=0)
    made = engine.api.create({**volume("v"), "status": {"phase": "Bound"}})
    assert made["status"]["phase"] == "Pending"                                         # what a client says of the status does not count
    engine.api.update({**made, "status": {"phase": "Bound"}, "spec": {**made["spec"], "persistentVolumeReclaimPolicy": "Delete"}})
    assert (named(engine, "pv/v")["status"]["phase"], named(engine, "pv/v")["spec"]["persistentVolumeReclaimPolicy"]) == ("Pending", "Delete")
    now = named(engine, "pv/v")
    both = {**now, "status": {"phase": "Available"}, "spec": {**now["spec"], "persistentVolumeReclaimPolicy": "Retain"}}
    engine.api.update(both, subresource="status")
    assert (named(engine, "pv/v")["status"]["phase"], named(engine, "pv/v")["spec"]["persistentVolumeReclaimPolicy"]) == ("Available", "Delete")


def test_PVAPI_5_modes_choose_volumes_and_protect_nothing():
    engine = cluster(volume("v", modes="ROX"), claim("c", modes="ROX"), pod("p", claims="c"))
    assert node_of(engine) and get(named(engine, "pod/p"), "status.phase") == "Running"
    assert "readOnly" not in named(engine, "pod/p")["spec"]["volumes"][0]["persistentVolumeClaim"]
    assert get(named(settled(volume("v"), claim("c", modes="ROX")), "pvc/c"), "status.phase") == "Pending"


# ---- admission ----------------------------------------------------------------------------------

def test_ADM_1_ADM_2_the_default_class_is_for_claims_that_name_none():
    engine = settled(storage_class("b", default=True), storage_class("a", default=True), storage_class("plain"))
    for name, cls in (("none", None), ("empty", ""), ("own", "plain")):
        engine.api.create(claim(name, cls=cls))
    classes = [named(engine, f"pvc/{n}")["spec"]["storageClassName"] for n in ("none", "empty", "own")]
    assert classes == ["a", "", "plain"]                # of classes that are equally old the first by name
    engine.run(5_000)
    apply(engine, [storage_class("z", default=True), claim("late", cls=None)])
    assert named(engine, "pvc/late")["spec"]["storageClassName"] == "z"                 # the newest
    engine = settled(claim("none", cls=None), claim("empty", cls=""))
    assert "storageClassName" not in named(engine, "pvc/none")["spec"]
    apply(engine, [storage_class("a", default=True)])
    engine.settle()
    assert (named(engine, "pvc/none")["spec"]["storageClassName"], named(engine, "pvc/empty")["spec"]["storageClassName"]) == ("a", "")


def test_ADM_3_claims_and_volumes_are_protected_from_birth():
    engine, kept = cluster_engine([], nodes=0), ["example.com/x", "kubernetes.io/pv-protection"]
    assert engine.api.create(volume("v"))["metadata"]["finalizers"] == ["kubernetes.io/pv-protection"]
    assert engine.api.create(volume("w", finalizers=kept))["metadata"]["finalizers"] == kept                           # not doubled
    assert engine.api.create(claim("c"))["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]


def test_ADM_4_EXP_1_only_a_bound_claim_whose_class_allows_it_grows():
    text = ("only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize")
    engine = settled(GROW, storage_class("fixed"), claim("c", cls="grow"), claim("d", cls="fixed"), volume("v"), claim("e", cls=""))
    grow(engine, "2Gi")
    assert named(engine, "pvc/c")["spec"]["resources"]["requests"]["storage"] == "2Gi"
    for name in ("d", "e"):
        assert refusal(lambda name=name: grow(engine, "2Gi", name)) == f'persistentvolumeclaims "{name}" is forbidden: {text}'
    grow(engine, "1Gi", "d")                                                            # the same size is no growth
    engine.api.delete(Key("StorageClass", "", "grow"))
    assert text in refusal(lambda: grow(engine, "3Gi"))


def test_PVCAPI_15_who_enlarges_a_pending_claim_reads_that_it_is_immutable():
    engine = settled(storage_class("fixed"), claim("c", cls="nothing"), claim("d", cls="fixed"))
    assert "spec is immutable after creation" in refusal(lambda: grow(engine, "2Gi"), Invalid)
    wrong = {"spec": {"resources": {"requests": {"storage": "2Gi"}}, "accessModes": ["ReadWriteMany"]}}
    said = refusal(lambda: engine.api.patch(Key("PersistentVolumeClaim", "default", "d"), wrong), Invalid)      # bound, but its class says no
    assert "spec is immutable after creation" in said and "resized" not in said


def test_ADM_5_limits_of_one_claim():
    limits = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"}, "spec": {
        "limits": [{"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "4Gi"}}]}}
    engine = settled(limits, GROW, claim("c", cls="grow"))
    assert refusal(lambda: engine.api.create(claim("x", size="512Mi"))) == (
        'persistentvolumeclaims "x" is forbidden: minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 512Mi')
    too_much = "maximum storage usage per PersistentVolumeClaim is 4Gi, but request is 5Gi"
    assert too_much in refusal(lambda: engine.api.create(claim("x", size="5Gi"))) and too_much in refusal(lambda: grow(engine, "5Gi"))
    grow(engine, "4Gi")


def test_ADM_6_quotas_of_a_namespace():
    hard = {"persistentvolumeclaims": "3", "requests.storage": "11Gi", "fast.storageclass.storage.k8s.io/requests.storage": "3Gi",
            "slow.storageclass.storage.k8s.io/persistentvolumeclaims": "1"}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": hard}}
    engine = settled(quota, storage_class("fast", allowVolumeExpansion=True), claim("a", cls="slow", size="8Gi"))       # Pending, and counts
    forbidden, one = 'persistentvolumeclaims "b" is forbidden: exceeded quota: q, ', "slow.storageclass.storage.k8s.io/persistentvolumeclaims=1"
    assert refusal(lambda: engine.api.create(claim("b", size="5Gi"))) == (
        f"{forbidden}requested: requests.storage=5Gi, used: requests.storage=8Gi, limited: requests.storage=11Gi")
    assert refusal(lambda: engine.api.create(claim("b", cls="slow"))) == f"{forbidden}requested: {one}, used: {one}, limited: {one}"
    engine.api.create(claim("b", cls="fast", size="1Gi"))
    engine.api.create(claim("c", cls="fast", size="1Gi"))
    assert "requested: persistentvolumeclaims=1, used: persistentvolumeclaims=3, limited: persistentvolumeclaims=3" in refusal(
        lambda: engine.api.create(claim("d", size="1Gi")))


# ---- loops and traces ---------------------------------------------------------------------------

def test_CTL_1_every_change_of_a_claim_or_a_volume_is_looked_at_once():
    engine = storage_engine(nodes=0)
    engine.drain()
    apply(engine, [claim("c"), volume("v"), claim("d")])
    for n in (1, 2, 3):                                 # however often it changes until then
        engine.api.patch(CLAIM, {"metadata": {"labels": {"n": str(n)}}})
    waiting = [(name, key.name) for name, key in engine.queue if name in ("claims", "volumes")]
    assert waiting == [("claims", "c"), ("volumes", "v"), ("claims", "d")]
    engine.settle()
    first = Key("PersistentVolumeClaim", "default", named(engine, "pv/v")["spec"]["claimRef"]["name"])
    engine.api.patch(first, {"metadata": {"finalizers": None}})
    engine.api.delete(first)                            # noticed by its absence
    assert ("volumes", Key("PersistentVolume", "", "v")) in engine.queue
    engine.settle()
    assert named(engine, "pv/v")["status"]["phase"] == "Released"


def test_CTL_6_one_recycler_at_a_time_and_a_failure_is_repeated():
    engine = settled(volume("v", policy="Recycle"), claim("c"))
    engine.api.delete(CLAIM)
    for _ in range(3):                                  # looked at again while it works
        engine.api.patch(Key("PersistentVolume", "", "v"), {"metadata": {"labels": {"n": str(engine.world.revision)}}})
        engine.run(60_000)
    assert [p["metadata"]["name"] for p in engine.world.list("Pod")] == ["recycler-for-v"]
    engine = settled(volume("v", policy="Delete", hostPath={"path": "/data"}), claim("c"))
    engine.api.delete(CLAIM)
    engine.settle()
    assert named(engine, "pv/v")["status"]["phase"] == "Failed"
    [told] = [e for e in engine.world.list("Event") if e["reason"] == "VolumeFailedDelete"]
    tries = len(engine.world.log)
    engine.run(60_000)
    looked = [c for c in engine.world.log[tries:] if c.key.name == "v" and c.verb != "wait"]
    assert told["count"] == 1 and not looked            # tried again, to no avail, and no word more
    engine.api.patch(Key("PersistentVolume", "", "v"), {"spec": {"persistentVolumeReclaimPolicy": "Retain"}})
    engine.run(60_000)
    assert named(engine, "pv/v")["status"]["phase"] == "Failed"


def test_TRACE_1_a_static_binding_is_four_writes_and_no_event():
    engine = settled(volume("v", size="5Gi"))
    start = len(engine.world.log)
    apply(engine, [claim("c")])
    engine.settle()
    assert writes(engine, start, "PersistentVolume", "PersistentVolumeClaim") == [
        "create PersistentVolumeClaim", "update PersistentVolume", "status PersistentVolume: Bound", "update PersistentVolumeClaim",
        "status PersistentVolumeClaim: Bound"]
    v, c = named(engine, "pv/v"), named(engine, "pvc/c")
    assert v["spec"]["claimRef"]["uid"] == uid(c) and BOUND_BY_CONTROLLER in v["metadata"]["annotations"]
    assert c["spec"]["volumeName"] == "v" and {BIND_COMPLETED, BOUND_BY_CONTROLLER} <= set(c["metadata"]["annotations"])
    assert c["status"] == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "5Gi"}}
    assert events(engine, c) == events(engine, v) == []


def test_TRACE_4_a_driver_that_waits_for_the_first_pod():
    engine = cluster(storage_class("lazy", "d.example.com", "WaitForFirstConsumer"), driver("d.example.com", attachRequired=False),
                     claim("c", cls="lazy"))
    start = len(engine.world.log)
    apply(engine, [pod("p", claims="c")])
    engine.settle()
    told = []
    for c in engine.world.log[start:]:
        if c.key.kind == "PersistentVolumeClaim" and c.old is not None and c.new is not None:
            new = set(get(c.new, "metadata.annotations", {})) - set(get(c.old, "metadata.annotations", {}))
            told += ["node chosen"] * (SELECTED_NODE in new) + ["driver asked"] * ("volume.kubernetes.io/storage-provisioner" in new)
            told += ["claim complete"] * (BIND_COMPLETED in new)
        elif c.key.kind == "PersistentVolume" and c.verb != "wait":
            told.append("volume made" if c.old is None else "volume Bound" if get(c.new, "status.phase") != get(c.old, "status.phase") else "")
        elif c.key.kind == "Pod" and c.old is not None and c.new is not None and c.new["spec"].get("nodeName") != c.old["spec"].get("nodeName"):
            told.append("pod has its node")
    assert [word for word in told if word] == ["node chosen", "driver asked", "volume made", "volume Bound", "claim complete", "pod has its node"]


def test_TRACE_9_a_set_waits_until_the_claim_has_gone_with_its_pod():
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}], "terminationGracePeriodSeconds": 1}}
    sts = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"}, "spec": {
        "replicas": 1, "selector": {"matchLabels": {"app": "a"}}, "serviceName": "a", "template": template,
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim("x", cls="fast")["spec"]}]}}
    engine = cluster(storage_class("fast"), sts)
    old = named(engine, "pvc/data-web-0")
    engine.api.delete(Key("PersistentVolumeClaim", "default", "data-web-0"))
    engine.settle()
    assert "deletionTimestamp" in named(engine, "pvc/data-web-0")["metadata"] and get(named(engine, "pod/web-0"), "status.phase") == "Running"
    position = len(engine.world.log)
    engine.api.delete(Key("Pod", "default", "web-0"))
    engine.settle()
    ends = [(c.key.kind, "created" if c.old is None else "gone") for c in engine.world.log[position:]
            if c.key.kind in ("Pod", "PersistentVolumeClaim") and c.verb != "wait" and (c.old is None or c.new is None)]
    assert ends == [("Pod", "gone"), ("PersistentVolumeClaim", "gone"), ("PersistentVolumeClaim", "created"), ("Pod", "created")]
    assert uid(named(engine, "pvc/data-web-0")) != uid(old) and get(named(engine, "pod/web-0"), "status.phase") == "Running"


# ---- provisioning and expansion -----------------------------------------------------------------

def test_PROV_15_pods_keep_away_from_nodes_where_no_volume_can_be_made():
    zones = [{"matchLabelExpressions": [{"key": "topology.kubernetes.io/zone", "values": ["zone-2", "zone-9"]}]},
             {"matchLabelExpressions": [{"key": "topology.kubernetes.io/zone", "values": ["zone-3"]},
                                        {"key": "kubernetes.io/os", "values": ["windows"]}]}]      # all of a term must hold, one term suffices
    engine = cluster(storage_class("near", mode="WaitForFirstConsumer", allowedTopologies=zones), claim("c", cls="near"), pod("p", claims="c"))
    assert node_of(engine) == "node-2"
    zones[0]["matchLabelExpressions"][0]["values"] = ["zone-9"]
    engine = cluster(storage_class("far", mode="WaitForFirstConsumer", allowedTopologies=zones), claim("c", cls="far"), pod("p", claims="c"))
    assert why(engine).startswith("0/3 nodes are available: 3 node(s) didn't find available persistent volumes to bind.")


def test_PROV_20_claims_of_a_set_are_ordinary_claims_that_outlive_it():
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    engine = cluster(storage_class("fast"), {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"}, "spec": {
        "replicas": 2, "selector": {"matchLabels": {"app": "a"}}, "serviceName": "a", "template": template,
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim("x", cls="fast")["spec"]}]}})
    by_hand = engine.api.create(claim("mine", cls="fast"))
    assert [c["metadata"]["name"] for c in engine.world.list("PersistentVolumeClaim")] == ["data-web-0", "data-web-1", "mine"]
    engine.settle()
    assert named(engine, "pvc/data-web-0")["spec"].keys() == named(engine, "pvc/mine")["spec"].keys() >= by_hand["spec"].keys()
    engine.api.delete(Key("StatefulSet", "default", "web"))
    engine.settle()
    assert engine.world.list("Pod") == [] and [get(named(engine, f"pvc/data-web-{i}"), "status.phase") for i in (0, 1)] == ["Bound", "Bound"]


def test_EXP_4_a_claim_that_shrinks_or_stays_wakes_nobody():
    engine = settled(GROW, claim("c", cls="grow"))
    engine.api.patch(CLAIM, {"metadata": {"labels": {"a": "b"}}})
    assert ("expand", CLAIM) not in engine.queue
    engine.settle()
    grow(engine, "3Gi")
    assert ("expand", CLAIM) in engine.queue
    v = Key("PersistentVolume", "", named(engine, "pvc/c")["spec"]["volumeName"])
    engine.api.patch(v, {"metadata": {"finalizers": None}})
    engine.api.delete(v)                                # its volume is not there: an error, and another try
    engine.step("expand")
    assert engine.failures[("expand", CLAIM)] == 1


def test_EXP_16_nothing_ever_shrinks():
    engine = settled(storage_class("grow", "d.example.com", allowVolumeExpansion=True), driver("d.example.com", attachRequired=False),
                     claim("c", cls="grow", size="2Gi"))
    assert "field can not be less than status.capacity" in refusal(lambda: grow(engine, "1Gi"), Invalid)
    engine.api.delete(Key("CSIDriver", "", "d.example.com"))
    grow(engine, "5Gi")                                 # and nobody is there to do it
    engine.settle()
    grow(engine, "3Gi")                                 # lowered again, but above what is there
    for size in ("2Gi", "1Gi"):
        assert "field can not be less than status.capacity" in refusal(lambda size=size: grow(engine, size), Invalid)
    assert get(named(engine, "pvc/c"), "status.capacity.storage") == "2Gi"
    assert engine.world.list("PersistentVolume")[0]["spec"]["capacity"]["storage"] == "2Gi"


def test_EXP_17_a_sets_template_stays_and_each_claim_is_enlarged_by_itself():
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    sts = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"}, "spec": {
        "replicas": 2, "selector": {"matchLabels": {"app": "a"}}, "serviceName": "a", "template": template,
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim("x", cls="grow")["spec"]}]}}
    engine = cluster(GROW, sts)
    larger = [{"metadata": {"name": "data"}, "spec": claim("x", cls="grow", size="2Gi")["spec"]}]
    assert "updates to statefulset spec for fields other than" in refusal(
        lambda: engine.api.patch(Key("StatefulSet", "default", "web"), {"spec": {"volumeClaimTemplates": larger}}), Invalid)
    grow(engine, "2Gi", "data-web-1")
    assert [named(engine, f"pvc/data-web-{i}")["spec"]["resources"]["requests"]["storage"] for i in (0, 1)] == ["1Gi", "2Gi"]
