"""Larger volumes: a claim's request grows, its volume follows, and last the file system on it (storage.md, chapter 6).

Three parts of Kubernetes take turns: the expand controller only says who has to act, the driver's external-resizer
enlarges the volume, the kubelet the file system while a pod uses it.  Not modelled: failures of drivers, and with them
recovery by a smaller request.
"""
from __future__ import annotations

from fractions import Fraction

from .. import quantity
from ..errors import Internal
from ..storage import notes
from ..storage.edits import MIGRATED, with_annotations
from ..storage.volumes import CLAIM, VOLUME, bound_uid, capacity, claim_key, claim_keys, full_name, request, volume_mode
from .base import Controller, annotations, get, name, phase, put, uid

IN_TREE = {         # sources whose plugins are migrated
    "gcePersistentDisk": "kubernetes.io/gce-pd", "awsElasticBlockStore": "kubernetes.io/aws-ebs", "azureDisk": "kubernetes.io/azure-disk",
    "azureFile": "kubernetes.io/azure-file", "cinder": "kubernetes.io/cinder", "vsphereVolume": "kubernetes.io/vsphere-volume",
    "portworxVolume": "kubernetes.io/portworx-volume"}
RESIZE_CONDITIONS = ("Resizing", "FileSystemResizePending", "ControllerResizeError", "NodeResizeError")
RESTART = "Waiting for user to (re-)start a pod to finish file system resize of volume on node."


def size(claim) -> Fraction:
    """The bytes that the claim really has."""
    return quantity.value(get(claim, "status.capacity.storage", "0"))


def stage(claim) -> str:
    """How far an expansion has come (EXP-18), "" for none."""
    return get(claim, "status.allocatedResourceStatuses.storage", "")


class ExpandController(Controller):
    """Notices that a claim asks for more than it has, and says that its driver has to act."""

    name, component, kind = "expand", "volume_expand", CLAIM

    def keys(self, change, view):
        """Bound claims whose request, or whose size, has grown (EXP-4)."""
        old, new = change.old, change.new
        if new is not None and phase(new) == "Bound" and (old is None or request(new) > request(old) or size(new) > size(old)):
            yield change.key

    def reconcile(self, api, claim):
        if phase(claim) != "Bound" or request(claim) <= size(claim):                        # EXP-2
            return
        volume = api.find(VOLUME, claim["spec"].get("volumeName", ""))
        if volume is None or bound_uid(volume) != uid(claim):                               # EXP-4
            raise Internal(f"persistent Volume is not bound to PVC being updated : {full_name(claim)}")
        plugin = next((p for source, p in IN_TREE.items() if source in volume["spec"]), "")
        if plugin:
            api.event(claim, "Normal", "ExternalExpanding", f"CSI migration enabled for {plugin}; waiting for external resizer to expand "
                      "the pvc", because="EXP-5")
            asked = with_annotations(claim, {notes.RESIZER: MIGRATED[plugin]})
            if asked is not claim:
                api.update(asked, "EXP-5")
        else:
            api.event(claim, "Normal", "ExternalExpanding", "waiting for an external controller to expand this PVC", because="EXP-5")
        if plugin or "csi" in volume["spec"]:
            api.wait(claim, "its driver has to enlarge the volume", "EXP-5")
        else:
            api.wait(claim, f"nobody enlarges {name(volume)}: its storage has no driver", "EXP-6")


class ExternalResizer(Controller):
    """The sidecar of installed drivers: enlarges volumes (EXP-7 to EXP-10)."""

    name, component, kind = "external-resizer", "external-resizer", CLAIM

    def watches(self):
        return CLAIM, "CSIDriver"

    def keys(self, change, view):
        if change.key.kind == CLAIM:
            if change.new is not None and phase(change.new) == "Bound":
                yield change.key
        elif change.old is None:
            yield from (claim_key(v) for v in view.list(VOLUME) if get(v, "spec.csi.driver") == change.key.name and bound_uid(v))

    def reconcile(self, api, claim):
        volume = api.find(VOLUME, claim["spec"].get("volumeName", ""))
        if volume is None or bound_uid(volume) != uid(claim):
            return
        driver = annotations(claim).get(notes.RESIZER) or get(volume, "spec.csi.driver", "")
        if api.find("CSIDriver", driver) is None:
            return
        if request(claim) > size(claim) and capacity(volume) < request(claim):
            claim = self.begin(api, claim, volume)
            volume = self.enlarge(api, claim, volume)
        if stage(claim) == "ControllerResizeInProgress":
            self.hand_over(api, claim, volume)
        elif notes.PRE_RESIZE_CAPACITY in annotations(volume) and size(claim) >= capacity(volume):
            api.update(with_annotations(volume, {notes.PRE_RESIZE_CAPACITY: None}), "EXP-8")

    def begin(self, api, claim, volume):
        """EXP-7."""
        asked = with_annotations(claim, {notes.NODE_EXPANSION_NOT_REQUIRED: None})
        if asked is not claim:
            claim = api.update(asked, "EXP-7")
        wanted = claim["spec"]["resources"]["requests"]["storage"]
        claim = api.update_status(claim, "EXP-7", conditions=_conditions(claim, {"type": "Resizing", "status": "True"}, api.timestamp()),
                                  allocatedResources={"storage": wanted},
                                  allocatedResourceStatuses={"storage": "ControllerResizeInProgress"})
        api.event(claim, "Normal", "Resizing", f"External resizer is resizing volume {name(volume)}", because="EXP-7")
        return claim

    def enlarge(self, api, claim, volume):
        """The driver enlarges the volume; its file system keeps its size for now (EXP-8)."""
        before = None if volume_mode(claim) == "Block" else volume["spec"]["capacity"]["storage"]
        noted = with_annotations(volume, {notes.PRE_RESIZE_CAPACITY: before})
        return api.update(put(noted, "spec.capacity.storage", claim["spec"]["resources"]["requests"]["storage"]), "EXP-8")

    def hand_over(self, api, claim, volume) -> None:
        """A file system is the kubelet's to grow (EXP-9); a block device is done (EXP-10)."""
        if volume_mode(claim) == "Block":
            _done(api, api.update(with_annotations(claim, {notes.NODE_EXPANSION_NOT_REQUIRED: "true"}), "EXP-10"), volume, "EXP-10")
            api.event(claim, "Normal", "VolumeResizeSuccessful", "Resize volume succeeded", because="EXP-10")
            return
        pending = {"type": "FileSystemResizePending", "status": "True", "message": RESTART}
        api.update_status(claim, "EXP-9", conditions=_conditions(claim, pending, api.timestamp()),
                          allocatedResourceStatuses={"storage": "NodeResizePending"})
        api.event(claim, "Normal", "FileSystemResizeRequired", "Require file system resize of volume on node", because="EXP-9")


class FileSystemResizer(Controller):
    """The kubelet's part: grows the file system of a volume while a running pod uses it (EXP-12, EXP-13)."""

    name, component, kind = "filesystem-resizer", "kubelet", CLAIM

    def watches(self):
        return CLAIM, "Pod"

    def keys(self, change, view):
        """Claims that wait for a node; those of a pod that begins to run."""
        if change.key.kind == CLAIM:
            concerned = [change.key]
        else:
            concerned = claim_keys(change.new) if change.new is not None and phase(change.new) == "Running" else ()
        for key in concerned:
            claim = view.find(key)
            if claim is not None and stage(claim).startswith("NodeResize"):
                yield key

    def reconcile(self, api, claim):
        volume = api.find(VOLUME, claim["spec"].get("volumeName", ""))
        if volume is None or stage(claim) not in ("NodeResizePending", "NodeResizeInProgress"):
            return
        pod = next((p for p in api.select("pod by claim", full_name(claim)) if phase(p) == "Running"), None)
        if pod is None:
            api.wait(claim, "the file system grows with the next pod that mounts it", "EXP-12")
            return
        claim = api.update_status(claim, "EXP-12", allocatedResourceStatuses={"storage": "NodeResizeInProgress"})
        claim = _done(api, claim, volume, "EXP-13")
        node = pod["spec"]["nodeName"]
        for about in (pod, claim):
            api.event(about, "Normal", "FileSystemResizeSuccessful",
                      f'MountVolume.NodeExpandVolume succeeded for volume "{name(volume)}" {node}', because="EXP-13", host=node)


def _done(api, claim, volume, because: str):
    """The claim has the volume's size; allocatedResources stays."""
    return api.update_status(claim, because, capacity={"storage": volume["spec"]["capacity"]["storage"]},
                             conditions=_conditions(claim, None, "") or None, allocatedResourceStatuses=None)


def _conditions(claim, current: dict | None, now: str) -> list:
    """The claim's conditions, those of resizing replaced by the current one."""
    others = [c for c in get(claim, "status.conditions", ()) if c["type"] not in RESIZE_CONDITIONS]
    return [*others, {**current, "lastTransitionTime": now, "lastProbeTime": None}] if current else others
