"""Small changes to claims and volumes that several controllers make."""
from __future__ import annotations

from ..controllers.base import Dict, annotations, finalizers, get, put
from ..world import drop
from . import notes
from .volumes import bound_uid, claim_reference, reserved_for

MIGRATED = {        # in-tree plugins whose work CSI drivers have taken over (PVC-1)
    "kubernetes.io/gce-pd": "pd.csi.storage.gke.io", "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
    "kubernetes.io/azure-disk": "disk.csi.azure.com", "kubernetes.io/azure-file": "file.csi.azure.com",
    "kubernetes.io/cinder": "cinder.csi.openstack.org", "kubernetes.io/vsphere-volume": "csi.vsphere.vmware.com",
    "kubernetes.io/portworx-volume": "pxd.portworx.com",
}


def with_annotations(obj: dict, changes: dict[str, str | None]) -> Dict:
    """The object with annotations set, or removed where the value is None; the object itself if nothing differs."""
    old = annotations(obj)
    new = {k: v for k, v in {**old, **changes}.items() if v is not None}
    return obj if new == old else put(obj, "metadata.annotations", new)


def with_finalizers(obj: dict, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> Dict:
    """The object with finalizers appended and removed; the object itself if nothing differs."""
    old = finalizers(obj)
    new = [f for f in old if f not in remove]
    new += [f for f in add if f not in new]
    return obj if new == old else put(obj, "metadata.finalizers", new)


def with_migration(obj: dict, provisioner: str) -> Dict:
    """The object with its note of the CSI driver that has taken over its in-tree plugin (PVC-1, VOL-1)."""
    return with_annotations(obj, {notes.MIGRATED_TO: MIGRATED.get(provisioner)}) if provisioner else obj


def linked(volume: Dict, claim: dict) -> Dict:
    """The volume with its claimRef; marked where the system, not a user, chose it (BIND-1, SCHED-V17)."""
    if reserved_for(volume, claim) and bound_uid(volume):
        return volume
    chosen = volume if reserved_for(volume, claim) else with_annotations(volume, {notes.BOUND_BY_CONTROLLER: "yes"})
    return put(chosen, "spec.claimRef", claim_reference(claim))


# ---- two writes that the binder and the reclaimer share -----------------------------------------

def set_phase(api, volume: Dict, phase: str, because: str, message: str | None = None) -> Dict:
    """Write a volume's phase and message, if the phase is another."""
    if get(volume, "status.phase") == phase:
        return volume
    return api.update_status(volume, because, phase=phase, message=message)


def unbind(api, volume: Dict, because: str) -> None:
    """Take a volume from its claim (VOL-10): a link that the system made goes, a reservation keeps the claim's name."""
    if notes.BOUND_BY_CONTROLLER in annotations(volume):
        free = drop(with_annotations(volume, {notes.BOUND_BY_CONTROLLER: None}), "spec.claimRef")
    else:
        free = drop(volume, "spec.claimRef.uid")
    set_phase(api, api.update(free, because), "Available", because)
