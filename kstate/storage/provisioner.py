"""A volume for a claim that none fits: who makes it, and the in-tree plugin that does (storage.md, chapter 4.1 to 4.3).

In Kubernetes an in-tree plugin works in a background operation that the claim's sync starts; here it works at once, at
the end of that sync, with the same writes and events in the same order.  The one plugin left is host-path, as in a
control plane that runs with its host-path provisioner; drivers outside are in csi.py.
"""
from __future__ import annotations

from collections.abc import Callable

from ..classes import class_of
from ..controllers.base import Dict, annotations, name, uid
from ..node.disks import disk_of_source
from . import notes
from .edits import MIGRATED, with_annotations, with_migration
from .volumes import VOLUME, claim_reference, policy, volume_mode

HOST_PATH, NFS = "kubernetes.io/host-path", "kubernetes.io/nfs"


class Failure(Exception):
    """A volume plugin cannot do what is asked of it; the text is Kubernetes'."""


def provision(api, claim, storage_class) -> None:
    """Have a volume made, or say why not (PROV-1 to PROV-4)."""
    if storage_class is None:
        _failed(api, claim, f'storageclass.storage.k8s.io "{class_of(claim)}" not found', "PROV-1",
                f"no volume fits, and class {class_of(claim)} does not exist")
        return
    provisioner = storage_class["provisioner"]
    if provisioner in MIGRATED or not provisioner.startswith("kubernetes.io/"):             # PROV-2
        _external(api, claim, MIGRATED.get(provisioner, provisioner))
    elif provisioner in PLUGINS:                                                            # PROV-3
        _in_tree(api, claim, storage_class)
    else:
        matched = "no provisionable volume plugin matched" if provisioner == NFS else f"no volume plugin matched name: {provisioner}"
        _failed(api, claim, matched, "PROV-4", f"no volume fits, and class {class_of(claim)} cannot make one ({provisioner})")


def provisioner_of(claim: dict) -> str:
    """The driver that a claim waits for, or ""."""
    marks = annotations(claim)
    return marks.get(notes.PROVISIONER) or marks.get(notes.BETA_PROVISIONER) or ""


def volume_name(claim: dict) -> str:
    """The name of a volume made for a claim."""
    return f"pvc-{uid(claim)}"


def _failed(api, claim, message: str, because: str, why: str = "") -> None:
    api.event(claim, "Warning", "ProvisioningFailed", message, because=because)
    api.wait(claim, why or message, because)


def _ask(api, claim, driver: str) -> Dict:
    """Note on the claim which driver is to provide its volume (PROV-5)."""
    if annotations(claim).get(notes.PROVISIONER) == driver:
        return claim
    asked = with_annotations(claim, {notes.BETA_PROVISIONER: driver, notes.PROVISIONER: driver})
    return api.update(with_migration(asked, driver), "PROV-5")


def _external(api, claim, driver: str) -> None:
    """A driver outside the controller manager is asked, whether there is one or not (PROV-5)."""
    claim = _ask(api, claim, driver)
    api.event(claim, "Normal", "ExternalProvisioning", f"Waiting for a volume to be created either by the external provisioner '{driver}' "
              "or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and "
              "correctly registered.", because="PROV-5")
    installed = api.find("CSIDriver", driver) is not None
    api.wait(claim, f"driver {driver} {'makes the volume' if installed else 'is not installed'}", "PROV-5")


def _in_tree(api, claim, storage_class) -> None:
    """The steps of PROV-8; the claim is bound by its next sync (PROV-9)."""
    plugin, options = storage_class["provisioner"], storage_class.get("mountOptions")
    if claim["spec"].get("dataSource"):
        _failed(api, claim, f'plugin "{plugin}" is not a CSI plugin. Only CSI plugin can provision a claim with a datasource', "PROV-8")
        return
    claim = _ask(api, claim, plugin)
    node = annotations(claim).get(notes.SELECTED_NODE)
    if api.live(VOLUME, volume_name(claim)) is not None:
        return
    if options:
        _failed(api, claim, f'Mount options are not supported by the provisioner but StorageClass "{name(storage_class)}" '
                            f'has mount options [{" ".join(options)}]', "PROV-8")
        return
    try:
        provisioner = PLUGINS[plugin](claim)
    except Failure as failure:
        _failed(api, claim, f"Failed to create provisioner: {failure}", "PROV-8")
        return
    if node and api.find("Node", node) is None:
        _failed(api, claim, f'Failed to get target node: node "{node}" not found', "PROV-8")
    else:
        _make(api, claim, storage_class, plugin, provisioner)


def _make(api, claim, storage_class, plugin: str, provisioner: Callable) -> None:
    try:
        marks, source = provisioner(api)
    except Failure as failure:
        kept = with_annotations(claim, {notes.SELECTED_NODE: None})         # the scheduler may choose anew
        if kept is not claim:
            api.update(kept, "PROV-8")
        _failed(api, claim, f'Failed to provision volume with StorageClass "{name(storage_class)}": {failure}', "PROV-8")
        return
    volume = volume_for(claim, storage_class, {**marks, notes.BOUND_BY_CONTROLLER: "yes", notes.PROVISIONED_BY: plugin}, source)
    if policy(volume) == "Delete":
        volume["metadata"]["finalizers"] = [notes.IN_TREE_FINALIZER]
    api.create(volume, "PROV-8")
    api.event(claim, "Normal", "ProvisioningSucceeded", f"Successfully provisioned volume {name(volume)} using {plugin}", because="PROV-8")


def volume_for(claim, storage_class, marks: dict, source: dict) -> dict:
    """The volume that is made for a claim: what it asks for, the policy of its class, and a claimRef to it."""
    spec = claim["spec"]
    return {"apiVersion": "v1", "kind": VOLUME, "metadata": {"name": volume_name(claim), "annotations": marks},
            "spec": {"capacity": {"storage": spec["resources"]["requests"]["storage"]}, "accessModes": spec["accessModes"],
                     "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),  # PVAPI-3
                     "storageClassName": name(storage_class), "volumeMode": volume_mode(claim),
                     "claimRef": claim_reference(claim), **source}}


def _host_path(claim) -> Callable:
    """A new directory below /tmp/hostpath_pv (PROV-10)."""
    def provision(api) -> tuple[dict, dict]:
        if volume_mode(claim) == "Block":
            raise Failure(f"{HOST_PATH} does not support block volume provisioning")
        digits = api.chance(f"host-path/{uid(claim)}")
        directory = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"
        source = {"hostPath": {"path": f"/tmp/hostpath_pv/{directory}", "type": ""}}
        api.write(disk_of_source(source), {}, "PROV-10")
        return {"kubernetes.io/createdby": "hostpath-dynamic-provisioner"}, source
    return provision


# In-tree plugins that provision: claim -> provisioner, and that: api -> annotations, volume source.  Each of the two may raise Failure.
PLUGINS: dict[str, Callable] = {HOST_PATH: _host_path}
