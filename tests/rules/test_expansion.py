"""Larger claims: who does what, and what the objects say at each stage (EXP-18)."""
from __future__ import annotations

from kstate.world import Key, get, put
from tests.helpers import apply, events

from .volume_cases import claim, driver, named, pod, storage_class, storage_engine, volume

CLAIM = Key("PersistentVolumeClaim", "default", "c")


def grow(engine, size: str) -> None:
    engine.api.patch(CLAIM, {"spec": {"resources": {"requests": {"storage": size}}}})
    engine.settle()


def run(engine, short: str) -> None:
    """Let a pod run: what its kubelet would do."""
    obj = named(engine, short)
    engine.api.update(put(obj, "status.phase", "Running"), subresource="status")
    engine.settle()


def with_driver(**more):
    engine = storage_engine()
    apply(engine, [storage_class("grow", "d.example.com", allowVolumeExpansion=True), driver("d.example.com", attachRequired=False),
                   claim("c", cls="grow", **more)])
    engine.settle()
    return engine


def made(engine):
    return named(engine, f"pv/{named(engine, 'pvc/c')['spec']['volumeName']}")


def line(engine) -> tuple:
    """request, volume, status, condition, stage: a row of the table of EXP-18."""
    c = named(engine, "pvc/c")
    conditions = [x["type"] for x in get(c, "status.conditions", ())]
    return (c["spec"]["resources"]["requests"]["storage"], made(engine)["spec"]["capacity"]["storage"], c["status"]["capacity"]["storage"],
            *(conditions or [""]), get(c, "status.allocatedResourceStatuses.storage", ""))


def test_EXP_9_without_a_pod_the_file_system_waits():
    engine = with_driver()
    assert line(engine) == ("1Gi", "1Gi", "1Gi", "", "")
    grow(engine, "2Gi")
    assert line(engine) == ("2Gi", "2Gi", "1Gi", "FileSystemResizePending", "NodeResizePending")
    assert get(made(engine), "metadata.annotations")["volume.alpha.kubernetes.io/pre-resize-capacity"] == "1Gi"
    [condition] = get(named(engine, "pvc/c"), "status.conditions")
    assert condition["message"] == "Waiting for user to (re-)start a pod to finish file system resize of volume on node."
    assert events(engine, named(engine, "pvc/c"))[-3:] == [
        "Normal/ExternalExpanding: waiting for an external controller to expand this PVC",
        f"Normal/Resizing: External resizer is resizing volume {made(engine)['metadata']['name']}",
        "Normal/FileSystemResizeRequired: Require file system resize of volume on node"]


def test_EXP_13_a_pod_finishes_it():
    engine = with_driver()
    grow(engine, "2Gi")
    apply(engine, [pod("p", claims="c", node="node-1")])
    run(engine, "pod/p")
    assert line(engine) == ("2Gi", "2Gi", "2Gi", "", "")
    assert get(named(engine, "pvc/c"), "status.allocatedResources.storage") == "2Gi"
    said = f'Normal/FileSystemResizeSuccessful: MountVolume.NodeExpandVolume succeeded for volume "{made(engine)["metadata"]["name"]}" node-1'
    assert events(engine, named(engine, "pvc/c"))[-1] == said and events(engine, named(engine, "pod/p"))[-1] == said
    assert "volume.alpha.kubernetes.io/pre-resize-capacity" not in get(made(engine), "metadata.annotations")


def test_EXP_12_a_running_pod_need_not_be_restarted():
    engine = with_driver()
    apply(engine, [pod("p", claims="c", node="node-1")])
    run(engine, "pod/p")
    grow(engine, "2Gi")
    assert line(engine) == ("2Gi", "2Gi", "2Gi", "", "")
    rules = [c.because for c in engine.world.log if c.because.startswith("EXP") and c.key.kind != "Event" and c.verb != "wait"]
    assert rules == ["EXP-7", "EXP-8", "EXP-9", "EXP-12", "EXP-13", "EXP-8"]


def test_EXP_10_a_block_device_needs_no_node():
    engine = with_driver(volumeMode="Block")
    grow(engine, "2Gi")
    assert line(engine) == ("2Gi", "2Gi", "2Gi", "", "")
    assert get(named(engine, "pvc/c"), "metadata.annotations")["volume.kubernetes.io/node-expansion-not-required"] == "true"
    assert events(engine, named(engine, "pvc/c"))[-1] == "Normal/VolumeResizeSuccessful: Resize volume succeeded"
    grow(engine, "3Gi")
    assert line(engine) == ("3Gi", "3Gi", "3Gi", "", "")


def test_EXP_6_where_no_driver_is_nothing_more_happens():
    engine = storage_engine()
    apply(engine, [storage_class("grow", allowVolumeExpansion=True), claim("c", cls="grow")])
    engine.settle()
    grow(engine, "2Gi")
    assert line(engine) == ("2Gi", "1Gi", "1Gi", "", "")
    assert events(engine, named(engine, "pvc/c"))[-1] == "Normal/ExternalExpanding: waiting for an external controller to expand this PVC"
    assert [w.because for w in engine.waits(CLAIM)] == ["EXP-6"]


def test_EXP_7_a_driver_that_comes_later_does_what_is_open():
    engine = storage_engine()
    apply(engine, [storage_class("grow", "d.example.com", allowVolumeExpansion=True),
                   volume("v", cls="grow", csi={"driver": "d.example.com", "volumeHandle": "h"})])
    engine.settle()
    apply(engine, [claim("c", cls="grow")])
    engine.settle()
    grow(engine, "2Gi")
    assert line(engine) == ("2Gi", "1Gi", "1Gi", "", "")
    apply(engine, [driver("d.example.com")])
    engine.settle()
    assert line(engine) == ("2Gi", "2Gi", "1Gi", "FileSystemResizePending", "NodeResizePending")


def test_EXP_5_a_volume_whose_plugin_was_taken_over_is_its_drivers():
    engine = storage_engine()
    apply(engine, [storage_class("grow", allowVolumeExpansion=True), volume("v", cls="grow", nfs=None, awsElasticBlockStore={"volumeID": "vol-1"})])
    engine.settle()
    apply(engine, [claim("c", cls="grow")])
    engine.settle()
    grow(engine, "2Gi")
    assert get(named(engine, "pvc/c"), "metadata.annotations")["volume.kubernetes.io/storage-resizer"] == "ebs.csi.aws.com"
    assert events(engine, named(engine, "pvc/c")) == [
        "Normal/ExternalExpanding: CSI migration enabled for kubernetes.io/aws-ebs; waiting for external resizer to expand the pvc"]


def test_EXP_2_a_request_within_the_size_of_the_volume_changes_nothing():
    engine = storage_engine()
    apply(engine, [storage_class("grow", allowVolumeExpansion=True), volume("v", cls="grow", size="10Gi")])
    engine.settle()
    apply(engine, [claim("c", cls="grow")])
    engine.settle()
    grow(engine, "5Gi")
    assert line(engine) == ("5Gi", "10Gi", "10Gi", "", "") and events(engine, named(engine, "pvc/c")) == []


def test_EXP_18_a_crash_at_any_write_is_repaired():
    for after in range(1, 7):
        engine = with_driver()
        engine.api.patch(CLAIM, {"spec": {"resources": {"requests": {"storage": "2Gi"}}}})
        engine.take(next(s for s in engine.enabled() if s.controller == "external-resizer"), crash_after=after)
        engine.settle()
        assert line(engine) == ("2Gi", "2Gi", "1Gi", "FileSystemResizePending", "NodeResizePending")
