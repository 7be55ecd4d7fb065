"""Volumes that are attached to nodes: one at a time unless they may be shared."""
from __future__ import annotations

from hashlib import sha256

import pytest

from kstate.storage.volumes import attachable, attached
from kstate.world import Key, get, put
from tests.helpers import apply, cluster_engine, events

from .volume_cases import claim, driver, named, pod, storage_class, storage_engine, volume


def cluster(modes="RWO", installed=True, **spec):
    """Nodes that are Ready, and claim c bound to CSI volume v of an installed driver."""
    engine = storage_engine()
    for node in ("node-1", "node-2"):
        set_ready(engine, node, "True")
    apply(engine, [driver("d.example.com", **spec)] if installed else [])
    apply(engine, [volume("v", modes=modes, csi={"driver": "d.example.com", "volumeHandle": "h"})])
    engine.settle()
    apply(engine, [claim("c", modes=modes.split(",")[0])])
    engine.settle()
    return engine


def set_ready(engine, node: str, status: str) -> None:
    obj = named(engine, f"node/{node}")
    condition = {"type": "Ready", "status": status, "lastTransitionTime": engine.clock.timestamp(engine.now)}
    engine.api.update(put(obj, "status.conditions", [condition]), subresource="status")
    engine.settle()


def start(engine, name: str, node: str) -> None:
    apply(engine, [pod(name, claims="c", node=node)])
    engine.settle()


def stop(engine, name: str) -> None:
    engine.api.delete(Key("Pod", "default", name), grace=0)
    engine.settle()


def nodes(engine) -> list[str]:
    return sorted(a["spec"]["nodeName"] for a in engine.world.list("VolumeAttachment") if get(a, "status.attached"))


def test_AD_1_a_pod_with_a_node_has_its_volume_attached():
    engine = cluster()
    start(engine, "p", "node-1")
    assert nodes(engine) == ["node-1"]
    [found] = engine.world.list("VolumeAttachment")
    assert found["metadata"]["name"] == "csi-" + sha256(b"hd.example.comnode-1").hexdigest()
    assert found["spec"] == {"attacher": "d.example.com", "nodeName": "node-1", "source": {"persistentVolumeName": "v"}}
    assert get(named(engine, "node/node-1"), "status.volumesAttached") == [{"name": "kubernetes.io/csi/d.example.com^h", "devicePath": ""}]
    assert attached(engine.world, named(engine, "pv/v"), "node-1") and not attached(engine.world, named(engine, "pv/v"), "node-2")


def test_AD_1_not_before_the_claim_is_bound():
    engine = storage_engine()
    apply(engine, [driver("d.example.com"), claim("c"), pod("p", claims="c", node="node-1")])
    engine.settle()
    assert engine.world.list("VolumeAttachment") == []
    apply(engine, [volume("v", csi={"driver": "d.example.com", "volumeHandle": "h"})])
    engine.settle()
    assert nodes(engine) == ["node-1"]


@pytest.mark.parametrize("source", [{"nfs": {"server": "nas", "path": "/x"}}, {"hostPath": {"path": "/x"}}])
def test_AD_1_other_sources_are_never_attached(source):
    engine = storage_engine()
    apply(engine, [volume("v", **source)])
    engine.settle()
    apply(engine, [claim("c"), pod("p", claims="c", node="node-1")])
    engine.settle()
    assert engine.world.list("VolumeAttachment") == [] and not attachable(engine.world, named(engine, "pv/v"))
    assert attached(engine.world, named(engine, "pv/v"), "node-1")


def test_AD_1_nor_those_of_a_driver_that_does_not_want_it():
    engine = cluster(attachRequired=False)
    start(engine, "p", "node-1")
    assert engine.world.list("VolumeAttachment") == [] and attached(engine.world, named(engine, "pv/v"), "node-1")


def test_AD_2_one_node_at_a_time():
    engine = cluster()
    start(engine, "a", "node-1")
    start(engine, "b", "node-2")
    assert nodes(engine) == ["node-1"]
    assert events(engine, named(engine, "pod/b")) == ['Warning/FailedAttachVolume: Multi-Attach error for volume "v" Volume is already used by pod(s) a']
    stop(engine, "a")
    assert nodes(engine) == ["node-2"]
    assert events(engine, named(engine, "pod/b"))[-1] == 'Normal/SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume "v" '


def test_AD_2_each_pod_is_told_once():
    engine = cluster()
    start(engine, "a", "node-1")
    start(engine, "b", "node-2")
    engine.api.patch(Key("Pod", "default", "b"), {"metadata": {"labels": {"seen": "again"}}})
    engine.run(300_000)
    refused, = (e for e in engine.world.list("Event") if e["reason"] == "FailedAttachVolume")
    assert refused.get("count", 1) == 1


def test_AD_2_who_waits_for_a_volume_that_is_just_being_attached_is_told_nothing():
    engine = cluster(installed=False)
    apply(engine, [pod("a", claims="c", node="node-1")])
    engine.drain()
    apply(engine, [pod("b", claims="c", node="node-2")])
    engine.drain()
    assert [a["spec"]["nodeName"] for a in engine.world.list("VolumeAttachment")] == ["node-1"]
    assert events(engine, named(engine, "pod/b")) == []


def test_AD_2_all_users_are_named():
    engine = cluster()
    for name in "ab":
        start(engine, name, "node-1")
    start(engine, "c", "node-2")
    assert events(engine, named(engine, "pod/c")) == ['Warning/FailedAttachVolume: Multi-Attach error for volume "v" Volume is already used by pod(s) a, b']


@pytest.mark.parametrize("modes", ["RWX", "ROX", "RWO,ROX"])
def test_AD_2_a_volume_that_may_be_shared_goes_to_both(modes):
    engine = cluster(modes)
    start(engine, "a", "node-1")
    start(engine, "b", "node-2")
    assert nodes(engine) == ["node-1", "node-2"]


def test_AD_2_a_dead_node_keeps_the_volume_from_others():
    engine = cluster()
    start(engine, "a", "node-1")
    set_ready(engine, "node-1", "Unknown")
    engine.api.delete(Key("Pod", "default", "a"), grace=0)
    apply(engine, [pod("b", claims="c", node="node-2")])
    engine.drain()
    why = "Volume is already exclusively attached to one node and can't be attached to another"
    assert events(engine, named(engine, "pod/b")) == [f'Warning/FailedAttachVolume: Multi-Attach error for volume "v" {why}']
    engine.run(361_000)
    assert nodes(engine) == ["node-2"]


def test_AD_3_success_is_told_each_pod_that_waited():
    engine = cluster()
    start(engine, "p", "node-1")
    assert events(engine, named(engine, "pod/p")) == ['Normal/SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume "v" ']


def test_AD_3_a_driver_that_is_not_there_is_waited_for_two_minutes():
    engine = cluster(installed=False)
    apply(engine, [pod("p", claims="c", node="node-1")])
    engine.run(125_000)
    [said] = events(engine, named(engine, "pod/p"))
    assert said == ('Warning/FailedAttachVolume: AttachVolume.Attach failed for volume "v" : timed out waiting for external-attacher of '
                    "d.example.com CSI driver to attach volume h")
    apply(engine, [driver("d.example.com")])
    engine.settle()
    assert nodes(engine) == ["node-1"]


def test_AD_4_the_kubelet_unmounts_first():
    engine = cluster()
    start(engine, "a", "node-1")
    busy = put(named(engine, "node/node-1"), "status.volumesInUse", ["kubernetes.io/csi/d.example.com^h"])
    engine.api.update(busy, subresource="status")
    stop(engine, "a")
    assert nodes(engine) == ["node-1"]
    engine.api.update(put(named(engine, "node/node-1"), "status.volumesInUse", []), subresource="status")
    engine.settle()
    assert nodes(engine) == [] and get(named(engine, "node/node-1"), "status.volumesAttached") is None


def test_AD_4_a_silent_node_loses_the_volume_after_six_minutes():
    engine = cluster()
    start(engine, "a", "node-1")
    set_ready(engine, "node-1", "Unknown")
    engine.api.delete(Key("Pod", "default", "a"), grace=0)
    engine.drain()
    engine.run(350_000)
    assert nodes(engine) == ["node-1"]
    engine.run(11_000)
    assert nodes(engine) == []


def test_AD_4_at_once_if_the_node_is_out_of_service():
    engine = cluster()
    start(engine, "a", "node-1")
    set_ready(engine, "node-1", "Unknown")
    engine.api.delete(Key("Pod", "default", "a"), grace=0)
    engine.drain()
    assert nodes(engine) == ["node-1"]
    engine.api.patch(Key("Node", "", "node-1"), {"spec": {"taints": [{"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}]}})
    engine.drain()
    assert nodes(engine) == []


def test_AD_4_a_node_that_never_was_ready_does_not_hold_the_volume_for_ever():
    engine = storage_engine()
    apply(engine, [driver("d.example.com"), volume("v", csi={"driver": "d.example.com", "volumeHandle": "h"})])
    engine.settle()
    apply(engine, [claim("c"), pod("p", claims="c", node="node-1")])
    engine.settle()
    stop(engine, "p")
    assert nodes(engine) == []


def test_AD_5_pods_on_one_node_share_the_volume():
    engine = cluster()
    start(engine, "a", "node-1")
    start(engine, "b", "node-1")
    assert nodes(engine) == ["node-1"] and len(engine.world.list("VolumeAttachment")) == 1
    assert all("Multi-Attach" not in e for e in events(engine, named(engine, "pod/b")))


def test_AD_1_with_kubelets_a_pod_runs_once_its_volume_is_attached():
    engine = cluster_engine()
    apply(engine, [storage_class("ceph", "d.example.com"), driver("d.example.com"), claim("c", cls="ceph"), pod("p", claims="c")])
    engine.settle()
    assert named(engine, "pod/p")["status"]["phase"] == "Running" and nodes(engine) == [named(engine, "pod/p")["spec"]["nodeName"]]
