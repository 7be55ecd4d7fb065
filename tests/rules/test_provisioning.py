"""Volumes that are made for claims: by the host-path plugin, by drivers that are installed, for the node of the first pod."""
from __future__ import annotations

from kstate.node.disks import disk_of
from kstate.world import Key, get, key_of, uid
from tests.helpers import apply, cluster_engine, events

from .volume_cases import claim, driver, named, pod, storage_class, storage_engine


def story(engine, start: int) -> list[str]:
    """verb kind rule, of the writes to claims and volumes."""
    return [f"{c.verb} {c.key.kind} {c.because}".strip() for c in engine.world.log[start:]
            if c.verb != "wait" and c.key.kind in ("PersistentVolume", "PersistentVolumeClaim")]


def volume_of(engine, name: str):
    return named(engine, f"pv/{named(engine, f'pvc/{name}')['spec']['volumeName']}")


def test_PROV_8_the_writes_of_the_host_path_plugin_in_order():
    engine = storage_engine(nodes=0)
    apply(engine, [storage_class("fast")])
    start = len(engine.world.log)
    apply(engine, [claim("c", cls="fast")])
    engine.settle()
    assert story(engine, start) == [
        "create PersistentVolumeClaim", "update PersistentVolumeClaim PROV-5", "create PersistentVolume PROV-8", "status PersistentVolume BIND-2",
        "update PersistentVolumeClaim BIND-3", "status PersistentVolumeClaim BIND-4"]


def test_PROV_8_a_crash_in_between_makes_no_second_volume():
    for after in range(1, 5):
        engine = storage_engine(nodes=0)
        apply(engine, [storage_class("fast"), claim("c", cls="fast")])
        step = next(s for s in engine.enabled() if s.controller == "claims")
        engine.take(step, crash_after=after)
        engine.settle()
        assert [v["status"]["phase"] for v in engine.world.list("PersistentVolume")] == ["Bound"]
        assert named(engine, "pvc/c")["status"]["phase"] == "Bound"


def test_PROV_10_a_directory_is_made_and_goes_with_the_volume():
    engine = storage_engine(nodes=0)
    apply(engine, [storage_class("fast"), claim("c", cls="fast")])
    engine.settle()
    made = volume_of(engine, "c")
    assert made["spec"]["hostPath"]["path"].startswith("/tmp/hostpath_pv/") and made["spec"]["hostPath"]["type"] == ""
    assert engine.world.find(Key("Disk", "", disk_of(made)))["files"] == {}
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    engine.settle()
    assert engine.world.find(Key("Disk", "", disk_of(made))) is None


def test_PROV_8_a_file_system_is_all_that_the_plugin_makes():
    engine = storage_engine(nodes=0)
    apply(engine, [storage_class("fast"), claim("c", cls="fast", volumeMode="Block")])
    engine.settle()
    assert events(engine, named(engine, "pvc/c")) == [
        'Warning/ProvisioningFailed: Failed to provision volume with StorageClass "fast": kubernetes.io/host-path does not support block volume provisioning']


def test_PROV_5_the_event_comes_back_with_every_look():
    engine = storage_engine(nodes=0)
    apply(engine, [storage_class("ceph", "d.example.com"), claim("c", cls="ceph")])
    engine.drain()
    engine.run(45_000)
    [event] = engine.world.select("event by object", uid(named(engine, "pvc/c")))
    assert event["count"] == 5                      # two at once: the note on the claim is a change of it
    assert [w.text for w in engine.waits(key_of(named(engine, "pvc/c")))] == ["driver d.example.com is not installed"]


def test_PROV_6_a_driver_is_installed_with_one_object():
    engine = storage_engine()
    apply(engine, [storage_class("ceph", "d.example.com"), claim("a", cls="ceph"), claim("b", cls="ceph")])
    engine.settle()
    assert engine.world.list("PersistentVolume") == []
    apply(engine, [driver("d.example.com")])
    engine.drain()
    assert {name: named(engine, f"pvc/{name}")["status"]["phase"] for name in "ab"} == {"a": "Bound", "b": "Bound"}
    made = volume_of(engine, "a")
    assert made["metadata"]["name"] == f"pvc-{uid(named(engine, 'pvc/a'))}"
    assert events(engine, named(engine, "pvc/a"))[1:] == [
        'Normal/Provisioning: External provisioner is provisioning volume for claim "default/a"',
        f"Normal/ProvisioningSucceeded: Successfully provisioned volume {made['metadata']['name']}"]


def test_TRACE_2_the_volume_of_a_driver_is_bound_over_the_claim():
    engine = storage_engine()
    apply(engine, [storage_class("ceph", "d.example.com"), driver("d.example.com")])
    start = len(engine.world.log)
    apply(engine, [claim("c", cls="ceph")])
    engine.drain()
    assert story(engine, start) == [
        "create PersistentVolumeClaim", "update PersistentVolumeClaim PROV-5", "create PersistentVolume PROV-7", "status PersistentVolume BIND-2",
        "update PersistentVolumeClaim BIND-3", "status PersistentVolumeClaim BIND-4"]
    assert "pv.kubernetes.io/bound-by-controller" not in volume_of(engine, "c")["metadata"]["annotations"]


def test_PROV_7_topology_comes_from_the_drivers_keys_on_the_selected_node():
    engine = storage_engine()
    csi_node = {"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": "node-2"},
                "spec": {"drivers": [{"name": "d.example.com", "nodeID": "node-2", "topologyKeys": ["topology.kubernetes.io/zone"]}]}}
    selected = {"volume.kubernetes.io/selected-node": "node-2"}
    apply(engine, [storage_class("lazy", "d.example.com", mode="WaitForFirstConsumer"), driver("d.example.com"), csi_node])
    apply(engine, [claim("c", cls="lazy", annotations=selected)])
    engine.settle()
    zone = get(named(engine, "node/node-2"), "metadata.labels")["topology.kubernetes.io/zone"]
    assert volume_of(engine, "c")["spec"]["nodeAffinity"] == {"required": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "topology.kubernetes.io/zone", "operator": "In", "values": [zone]}]}]}}


def test_PROV_12_with_the_scheduler_the_first_pod_gets_the_volume_made():
    engine = cluster_engine()
    apply(engine, [storage_class("lazy", mode="WaitForFirstConsumer"), claim("c", cls="lazy")])
    engine.settle()
    assert named(engine, "pvc/c")["status"]["phase"] == "Pending"
    start = len(engine.world.log)
    apply(engine, [pod("p", claims="c")])
    engine.settle()
    assert named(engine, "pvc/c")["status"]["phase"] == "Bound" and named(engine, "pod/p")["status"]["phase"] == "Running"
    assert story(engine, start) == [
        "update PersistentVolumeClaim SCHED-V17", "update PersistentVolumeClaim PROV-5", "create PersistentVolume PROV-8",
        "status PersistentVolume BIND-2", "update PersistentVolumeClaim BIND-3", "status PersistentVolumeClaim BIND-4"]


def test_TRACE_3_local_volumes_are_reserved_by_the_scheduler_and_bound_by_the_volume_controller():
    engine = cluster_engine()
    where = {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["node-2"]}]}]}}
    local = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": {
        "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "local", "local": {"path": "/mnt/a"}, "nodeAffinity": where}}
    apply(engine, [storage_class("local", "kubernetes.io/no-provisioner", mode="WaitForFirstConsumer"), local, claim("c", cls="local")])
    engine.settle()
    apply(engine, [pod("p", claims="c")])
    engine.settle()
    assert named(engine, "pvc/c")["spec"]["volumeName"] == "v" and named(engine, "pod/p")["spec"]["nodeName"] == "node-2"
    assert get(named(engine, "pv/v"), "metadata.annotations") == {"pv.kubernetes.io/bound-by-controller": "yes"}


def test_PROV_13_a_pod_that_bypasses_the_scheduler_waits_for_ever():
    engine = cluster_engine()
    apply(engine, [storage_class("lazy", mode="WaitForFirstConsumer"), claim("c", cls="lazy"), pod("p", claims="c", node="node-1")])
    engine.settle()
    assert named(engine, "pvc/c")["status"]["phase"] == "Pending" and named(engine, "pod/p")["status"]["phase"] == "Pending"


def test_the_same_seed_makes_the_same_volume_and_another_seed_another():
    def path(seed):
        engine = storage_engine(seed, nodes=0)
        apply(engine, [storage_class("fast"), claim("c", cls="fast")])
        engine.settle()
        return volume_of(engine, "c")["spec"]["hostPath"]["path"]
    assert path(1) == path(1) != path(2)
