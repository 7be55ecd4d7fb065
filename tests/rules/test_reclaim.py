"""What becomes of a volume and its files when its claim goes."""
from __future__ import annotations

from kstate.controllers.reclaim import recycler_pod
from kstate.engine import Step
from kstate.node.disks import disk_of, disk_of_source
from kstate.world import Key, freeze, get, key_of, put, uid
from tests.helpers import EXAMPLE, apply, cluster_engine, events

from .volume_cases import claim, driver, named, pod, storage_class, storage_engine, volume

FILES = {"index.html": {"content": "hello\n", "mode": 0o644, "time": 0}}


def with_files(policy: str, **more):
    """An engine in which claim c has volume v, and files on it; the name of the disk."""
    engine = storage_engine()
    apply(engine, [volume("v", policy=policy, **more)])
    engine.settle()
    apply(engine, [claim("c")])
    engine.settle()
    disk = disk_of(named(engine, "pv/v"))
    engine.api.write_disk(disk, FILES, who="test")
    return engine, disk


def files(engine, disk: str):
    return get(engine.world.find(Key("Disk", "", disk)), "files")


def finish(engine, short: str, phase: str = "Succeeded") -> None:
    obj = named(engine, short)
    engine.api.update(put(obj, "status.phase", phase), subresource="status")
    engine.settle()


def story(engine, start: int) -> list[str]:
    """verb object rule, without events and waits."""
    return [f"{c.verb} {c.key.name} {c.because}".strip() for c in engine.world.log[start:] if c.verb != "wait" and c.key.kind != "Event"]


# ---- files --------------------------------------------------------------------------------------

def test_REC_2_retain_leaves_the_files():
    engine, disk = with_files("Retain")
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    engine.settle()
    engine.api.delete(Key("PersistentVolume", "", "v"))
    engine.settle()
    assert named(engine, "pv/v") is None
    assert files(engine, disk) == FILES


def test_REC_10_recycling_empties_the_directory_and_keeps_it():
    engine, disk = with_files("Recycle")
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    engine.settle()
    assert files(engine, disk) == FILES
    finish(engine, "pod/recycler-for-v")
    assert files(engine, disk) == {}


def test_DEL_5_deleting_removes_the_directory():
    engine, disk = with_files("Delete", hostPath={"path": "/tmp/a"})
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    engine.settle()
    assert named(engine, "pv/v") is None
    assert files(engine, disk) is None


def test_DEL_9_a_free_volume_deleted_by_hand_leaves_its_files():
    engine, disk = with_files("Delete", hostPath={"path": "/tmp/a"})
    engine.api.patch(Key("PersistentVolumeClaim", "default", "c"), {"metadata": {"finalizers": None}})
    engine.api.patch(Key("PersistentVolume", "", "v"), {"spec": {"persistentVolumeReclaimPolicy": "Retain"}})
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    engine.settle()
    engine.api.patch(Key("PersistentVolume", "", "v"), {"spec": {"claimRef": None, "persistentVolumeReclaimPolicy": "Delete"}})
    engine.settle()
    engine.api.delete(Key("PersistentVolume", "", "v"))
    engine.settle()
    assert named(engine, "pv/v") is None and files(engine, disk) == FILES


def test_REUSE_1_a_freed_volume_still_has_the_old_files():
    engine, disk = with_files("Retain")
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    engine.settle()
    engine.api.patch(Key("PersistentVolume", "", "v"), {"spec": {"claimRef": None}})
    apply(engine, [claim("d")])
    engine.settle()
    assert named(engine, "pvc/d")["spec"]["volumeName"] == "v" and files(engine, disk) == FILES


def test_two_volumes_with_one_export_share_a_disk():
    a, b, c = volume("a"), volume("b", nfs={"server": "nas", "path": "/a"}), volume("c")
    assert disk_of(a) == disk_of(b) == disk_of_source({"nfs": {"server": "nas", "path": "/a"}}) == "nfs://nas/a"
    assert disk_of(c) != disk_of(a)
    on_node = {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["n1"]}]}]}}
    assert disk_of(volume("d", local={"path": "/mnt/x"}, nodeAffinity=on_node)) == "local://n1/mnt/x"


# ---- the recycler pod ---------------------------------------------------------------------------

def test_REC_7_the_recycler_pod_is_the_one_of_the_recordings():
    made = recycler_pod(freeze(volume("pv1", policy="Recycle")))
    assert made["metadata"] == {"name": "recycler-for-pv1", "namespace": "default"}
    assert made["spec"] == {
        "activeDeadlineSeconds": 300, "restartPolicy": "Never", "volumes": [{"name": "vol", "nfs": {"server": "nas", "path": "/pv1"}}],
        "containers": [{"name": "pv-recycler", "image": "registry.k8s.io/build-image/debian-base:bookworm-v1.0.6", "command": ["/bin/sh"],
                        "args": ["-c", 'test -e /scrub && find /scrub -mindepth 1 -delete && test -z "$(ls -A /scrub)" || exit 1'],
                        "volumeMounts": [{"name": "vol", "mountPath": "/scrub"}]}]}


def test_REC_9_events_of_the_recycler_pod_are_told_of_the_volume_once():
    engine, _ = with_files("Recycle")
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    engine.settle()
    scrubber = named(engine, "pod/recycler-for-v")
    for _ in range(2):
        engine.api.record(scrubber, "Normal", "Scheduled", "Successfully assigned default/recycler-for-v to node-1", who="default-scheduler")
    engine.settle()
    assert events(engine, named(engine, "pv/v")) == [
        "Normal/RecyclerPod: Recycler pod: Successfully assigned default/recycler-for-v to node-1"]
    [event] = engine.world.select("event by object", uid(named(engine, "pv/v")))
    assert event["count"] == 1


def test_REC_5_scrubbing_begins_once_the_last_pod_has_gone():
    engine = storage_engine()
    apply(engine, [volume("v", policy="Recycle")])
    engine.settle()
    apply(engine, [claim("c"), pod("p", claims="c")])
    engine.settle()
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    engine.settle()
    assert named(engine, "pod/recycler-for-v") is None
    engine.api.delete(Key("Pod", "default", "p"))
    engine.run(30_000)
    assert named(engine, "pod/recycler-for-v") is not None


def test_REC_5_a_pod_of_a_new_claim_of_that_name_does_not_matter():
    engine = storage_engine()
    apply(engine, [volume("v", policy="Recycle")])
    engine.settle()
    apply(engine, [claim("c"), pod("p", claims="c")])
    engine.settle()
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    engine.take(Step("sync", "pvc-protection", Key("PersistentVolumeClaim", "default", "c")))
    apply(engine, [claim("c", size="50Gi")])
    engine.settle()
    assert named(engine, "pod/recycler-for-v") is not None


def test_TRACE_8_with_scheduler_and_kubelets_a_recycled_volume_serves_the_next_claim():
    engine = cluster_engine()
    apply(engine, EXAMPLE)
    engine.settle()
    engine.api.delete(Key("StatefulSet", "default", "web"))
    engine.settle()
    first = named(engine, "pvc/www-web-0")["spec"]["volumeName"]
    disk = disk_of(named(engine, f"pv/{first}"))
    engine.api.write_disk(disk, FILES, who="test")
    engine.api.delete(Key("PersistentVolumeClaim", "default", "www-web-0"))
    apply(engine, [claim("next", cls="gsh-pv")])
    engine.settle()
    assert named(engine, "pvc/next")["spec"]["volumeName"] == first
    assert files(engine, disk) == {}
    assert events(engine, named(engine, f"pv/{first}"))[-1] == "Normal/VolumeRecycled: Volume recycled"


# ---- order --------------------------------------------------------------------------------------

def test_TRACE_5_three_writes_release_a_volume():
    engine, _ = with_files("Retain")
    start = len(engine.world.log)
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    engine.settle()
    assert story(engine, start) == ["update c", "delete c PROT-1", "status v VOL-8"]


def test_TRACE_6_the_driver_deletes_storage_then_object():
    engine = storage_engine()
    apply(engine, [storage_class("ceph", "d.example.com"), driver("d.example.com"), claim("c", cls="ceph")])
    engine.settle()
    made = named(engine, "pvc/c")["spec"]["volumeName"]
    start = len(engine.world.log)
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    engine.settle()
    assert story(engine, start) == [
        "update c", "delete c PROT-1", f"status {made} VOL-8", f"delete csi://d.example.com/{made} DEL-8", f"update {made} DEL-8",
        f"update {made} DEL-8", f"delete {made} PROT-3"]


def test_TRACE_7_deleted_before_its_claim_a_volume_waits_for_it():
    engine = storage_engine()
    apply(engine, [storage_class("ceph", "d.example.com"), driver("d.example.com"), claim("c", cls="ceph")])
    engine.settle()
    made = named(engine, "pvc/c")["spec"]["volumeName"]
    disk = disk_of(named(engine, f"pv/{made}"))
    engine.api.delete(Key("PersistentVolume", "", made))
    engine.settle()
    assert named(engine, f"pv/{made}")["status"]["phase"] == "Bound" and files(engine, disk) == {}
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    engine.settle()
    assert named(engine, f"pv/{made}") is None and files(engine, disk) is None


def test_DEL_3_a_claim_that_came_back_in_the_meantime_saves_the_storage():
    engine, disk = with_files("Delete", hostPath={"path": "/tmp/a"})
    old = named(engine, "pvc/c")
    engine.commit("test", "delete", key_of(old), old, None)
    engine.take(Step("sync", "volumes", Key("PersistentVolume", "", "v")))
    assert named(engine, "pv/v")["status"]["phase"] == "Released"
    engine.commit("test", "create", key_of(old), None, old)
    engine.settle()
    assert named(engine, "pv/v")["status"]["phase"] == "Bound" and files(engine, disk) == FILES


def test_REC_4_a_policy_that_nobody_knows_fails():
    engine, _ = with_files("Retain")
    old = named(engine, "pv/v")
    engine.commit("test", "update", key_of(old), old, put(old, "spec.persistentVolumeReclaimPolicy", "Unknown"))    # the API refuses it
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    engine.drain()
    said = "Volume has unrecognized PersistentVolumeReclaimPolicy"
    assert named(engine, "pv/v")["status"]["message"] == said
    assert events(engine, named(engine, "pv/v")) == [f"Warning/VolumeUnknownReclaimPolicy: {said}"]


def test_DEL_8_a_volume_is_not_deleted_while_it_is_attached():
    engine = storage_engine()
    apply(engine, [driver("d.example.com"), volume("v", policy="Delete", csi={"driver": "d.example.com", "volumeHandle": "h"})])
    engine.settle()
    apply(engine, [claim("c")])
    engine.settle()
    attachment = {"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment", "metadata": {"name": "by-hand"},
                  "spec": {"attacher": "other.example.com", "nodeName": "node-1", "source": {"persistentVolumeName": "v"}}}
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    engine.api.create(attachment)
    engine.take(Step("sync", "pvc-protection", Key("PersistentVolumeClaim", "default", "c")))
    engine.take(Step("sync", "volumes", Key("PersistentVolume", "", "v")))
    engine.take(Step("sync", "external-deleter", Key("PersistentVolume", "", "v")))
    assert events(engine, named(engine, "pv/v")) == ["Warning/VolumeFailedDelete: persistentvolume v is still attached to node node-1"]
    assert named(engine, "pv/v")["status"]["phase"] == "Released"
    engine.settle()                                          # the attach/detach controller lets it go
    assert named(engine, "pv/v") is None
