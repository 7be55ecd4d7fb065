"""Drivers outside the controller manager: they make and delete volumes (storage.md, PROV-6, PROV-7, DEL-8, FIN-5).

A driver is there as soon as a CSIDriver object of its name exists, and does at once and without fail what it is asked.
In Kubernetes each brings its own external-provisioner; here one speaks for all.  A driver whose CSINode on the selected
node names topology keys makes volumes that only nodes with the same labels reach; any other makes volumes for all nodes.
"""
from __future__ import annotations

from ..node.disks import disk_of
from ..storage import notes
from ..storage.edits import MIGRATED, with_annotations, with_finalizers
from ..storage.provisioner import provisioner_of, volume_for, volume_name
from ..storage.volumes import CLAIM, VOLUME, class_object, delayed, full_name, policy, volume_mode
from .base import Controller, Key, annotations, finalizers, get, key_of, labels, name, phase, terminating

SECRET = "volume.kubernetes.io/provisioner-deletion-secret-"
FILE_SYSTEM = "csi.storage.k8s.io/fstype"       # the parameter of a class


class ExternalProvisioner(Controller):
    """Makes a volume for each claim that asks an installed driver for one."""

    name, component, kind = "external-provisioner", "external-provisioner", CLAIM

    def watches(self):
        return CLAIM, "CSIDriver"

    def keys(self, change, view):
        """Claims that ask; of a driver that was installed all that have asked for it."""
        if change.key.kind == CLAIM:
            if change.new is not None and _asks(change.new):
                yield change.key
        elif change.old is None:
            for storage_class in view.list("StorageClass"):
                if MIGRATED.get(storage_class["provisioner"], storage_class["provisioner"]) == change.key.name:
                    yield from (key_of(c) for c in view.select("claim by class", name(storage_class)) if _asks(c))

    def reconcile(self, api, claim):
        driver, storage_class = provisioner_of(claim), class_object(api, claim)
        node = annotations(claim).get(notes.SELECTED_NODE, "")
        if not _asks(claim) or storage_class is None or api.find("CSIDriver", driver) is None or (delayed(storage_class) and not node):
            return                                                                          # PROV-6
        if api.live(VOLUME, volume_name(claim)) is not None:
            return
        if node and api.find("Node", node) is None:
            api.update(with_annotations(claim, {notes.SELECTED_NODE: None}), "PROV-6")      # the scheduler chooses again
            return
        api.event(claim, "Normal", "Provisioning", f'External provisioner is provisioning volume for claim "{full_name(claim)}"',
                  because="PROV-6")
        volume = api.create(_volume(api, claim, storage_class, driver, node), "PROV-7")
        api.write(disk_of(volume), {}, "PROV-7")
        api.event(claim, "Normal", "ProvisioningSucceeded", f"Successfully provisioned volume {name(volume)}", because="PROV-6")


def _asks(claim) -> bool:
    return bool(provisioner_of(claim)) and not claim["spec"].get("volumeName") and not terminating(claim)


def _volume(api, claim, storage_class, driver: str, node: str) -> dict:
    """The volume as the external provisioner describes it (PROV-7)."""
    csi = {"driver": driver, "volumeHandle": volume_name(claim)}
    file_system = get(storage_class, "parameters", {}).get(FILE_SYSTEM)
    if file_system and volume_mode(claim) == "Filesystem":
        csi["fsType"] = file_system
    spec = {"csi": csi, "mountOptions": storage_class.get("mountOptions"), "nodeAffinity": _topology(api, driver, node),
            "volumeAttributesClassName": claim["spec"].get("volumeAttributesClassName")}
    marks = {notes.PROVISIONED_BY: driver, f"{SECRET}name": "", f"{SECRET}namespace": ""}
    volume = volume_for(claim, storage_class, marks, {k: v for k, v in spec.items() if v})
    if policy(volume) == "Delete":
        volume["metadata"]["finalizers"] = [notes.EXTERNAL_FINALIZER]
    return volume


def _topology(api, driver: str, node: str) -> dict | None:
    """The part of the cluster that a volume made for a node can be reached from; None: all of it."""
    drivers = get(api.find("CSINode", node), "spec.drivers", ())
    keys = next((d.get("topologyKeys") for d in drivers if d["name"] == driver), None)
    if not keys:
        return None
    mine = labels(api.find("Node", node))
    expressions = [{"key": key, "operator": "In", "values": [mine[key]]} for key in keys if key in mine]
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": expressions}]}}


class ExternalDeleter(Controller):
    """Deletes the volumes of installed drivers once their claims are gone, and guards them until then."""

    name, component, kind = "external-deleter", "external-provisioner", VOLUME

    def watches(self):
        return VOLUME, "VolumeAttachment", "CSIDriver"

    def keys(self, change, view):
        """Volumes; that of an attachment that is gone; of a driver that was installed all of its volumes."""
        if change.key.kind == VOLUME:
            yield change.key
        elif change.key.kind == "VolumeAttachment" and change.new is None:
            yield Key(VOLUME, "", get(change.old, "spec.source.persistentVolumeName", ""))
        elif change.key.kind == "CSIDriver" and change.old is None:
            yield from (key_of(v) for v in view.list(VOLUME) if driver_of(v) == change.key.name)

    def reconcile(self, api, volume):
        driver = driver_of(volume)
        if not driver or api.find("CSIDriver", driver) is None:
            return
        if policy(volume) != "Delete":
            self.guard(api, with_finalizers(volume, remove=(notes.EXTERNAL_FINALIZER,)), volume)
        elif phase(volume) == "Released" and not (terminating(volume) and notes.EXTERNAL_FINALIZER not in finalizers(volume)):
            self.delete(api, volume)
        elif phase(volume) == "Bound" and not terminating(volume):
            self.guard(api, with_finalizers(volume, add=(notes.EXTERNAL_FINALIZER,)), volume)

    def guard(self, api, kept, volume) -> None:
        """The finalizer against deletion of the object before its storage (FIN-5, FIN-6)."""
        if kept is not volume:
            api.update(kept, "FIN-5")

    def delete(self, api, volume) -> None:
        """The storage first, then the object, then its finalizer (DEL-8)."""
        attachments = api.select("attachment by volume", name(volume))
        if attachments:
            attached = f"persistentvolume {name(volume)} is still attached to node {attachments[0]['spec']['nodeName']}"
            api.event(volume, "Warning", "VolumeFailedDelete", attached, because="DEL-8")
            api.wait(volume, attached, "DEL-8")
            return
        api.write(disk_of(volume), None, "DEL-8")
        if not terminating(volume):
            api.delete(volume, "DEL-8")
        marked = api.live(VOLUME, name(volume))
        if marked is not None and notes.EXTERNAL_FINALIZER in finalizers(marked):
            api.update(with_finalizers(marked, remove=(notes.EXTERNAL_FINALIZER,)), "DEL-8")


def driver_of(volume) -> str:
    """The driver that is responsible for a volume, static ones included, or "" (DEL-8)."""
    marks = annotations(volume)
    return marks.get(notes.MIGRATED_TO) or marks.get(notes.PROVISIONED_BY) or get(volume, "spec.csi.driver", "")
