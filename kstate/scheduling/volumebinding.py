"""What the scheduler has to do with volumes (storage.md chapter 5): it looks whether a pod's claims can be met on a node,
and before it binds the pod it reserves volumes or asks for them.  The volume controller completes each binding.

Not modelled: CSIStorageCapacity (there is no such kind here), exclusive in-tree disks.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..controllers.base import Dict, annotations, finished, get, labels, name, namespace, phase, terminating, uid
from ..storage import notes
from ..storage.edits import linked, with_annotations
from ..storage.matching import eligible, on_node, reaches
from ..storage.volumes import bound_uid, claim_name, class_object, delayed, request
from .affinity import node_matches
from .nodeinfo import NodeInfo

NO_PROVISIONER = "kubernetes.io/no-provisioner"
GONE = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
ELSEWHERE = "node(s) didn't match PersistentVolume's node affinity"
NONE_TO_BIND = "node(s) didn't find available persistent volumes to bind"
IN_USE = "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
OTHER_ZONE = "node(s) had no available volume zone"
TOO_MANY = "node(s) exceed max volume count"
PLACES = ("zone", "region")


class Unschedulable(Exception):
    """No node can help this pod; the text is that of the whole attempt."""


class Claims(NamedTuple):
    """A pod's claims: bound ones, and those whose binding waits for the node (SCHED-V3)."""

    bound: list[Dict]
    delayed: list[Dict]


def claims_of(api, pod: dict) -> list[Dict]:
    """The claims that a pod mounts, in the order of its volumes.  Raises Unschedulable (SCHED-V4)."""
    found = []
    for volume in pod["spec"].get("volumes") or ():
        wanted = claim_name(pod, volume)
        if wanted is None:
            continue
        claim = api.find("PersistentVolumeClaim", wanted, namespace(pod))
        if claim is None and "ephemeral" in volume:
            raise Unschedulable(f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{wanted}"')
        if claim is None:
            raise Unschedulable(f'persistentvolumeclaim "{wanted}" not found')
        if "ephemeral" in volume and uid(pod) not in [ref["uid"] for ref in claim["metadata"].get("ownerReferences") or ()]:
            raise Unschedulable(f"PVC {namespace(pod)}/{wanted} was not created for pod {namespace(pod)}/{name(pod)} (pod is not owner)")
        found.append(claim)
    return found


def completely_bound(claim: dict) -> bool:
    """SCHED-V2: the phase of the volume is not consulted."""
    return bool(claim["spec"].get("volumeName")) and notes.BIND_COMPLETED in annotations(claim)


def prefilter(api, pod: dict) -> Claims:
    """Look at the pod once, before any node.  Raises Unschedulable (SCHED-V4 to SCHED-V8)."""
    claims = claims_of(api, pod)
    for claim in claims:
        if phase(claim) == "Lost":
            raise Unschedulable(f'persistentvolumeclaim "{name(claim)}" bound to non-existent persistentvolume "{claim["spec"].get("volumeName", "")}"')
        if terminating(claim):
            raise Unschedulable(f'persistentvolumeclaim "{name(claim)}" is being deleted')
    bound = [c for c in claims if completely_bound(c)]
    waiting = [c for c in claims if not c["spec"].get("volumeName") and delayed(class_object(api, c))]
    if len(bound) + len(waiting) < len(claims):
        raise Unschedulable("pod has unbound immediate PersistentVolumeClaims")
    return Claims(bound, waiting)


# ---- filters: the reasons why a node will not do ----------------------------------------------------

def in_use(api, pod: dict, claims: Claims) -> bool:
    """A claim for a single pod that another pod already refers to (SCHED-V13)."""
    return any("ReadWriteOncePod" in (c["spec"].get("accessModes") or ()) and _users(api, c, pod) for c in (*claims.bound, *claims.delayed))


def _users(api, claim: dict, pod: dict) -> list[Dict]:
    users = api.select("pod by claim", f"{namespace(claim)}/{name(claim)}")
    return [p for p in users if uid(p) != uid(pod) and (p["spec"].get("nodeName") or get(p, "status.nominatedNodeName"))
            and not finished(p)]


def too_many_volumes(api, claims: Claims, info: NodeInfo) -> bool:
    """The driver's limit of volumes on the node; a volume counts once (SCHED-V14)."""
    node = api.find("CSINode", info.name)
    limits = {d["name"]: get(d, "allocatable.count") for d in get(node, "spec.drivers", [])} if node else {}
    if not any(limits.values()):
        return False
    there = [api.find("PersistentVolumeClaim", claim_name(p, volume) or "", namespace(p)) for p in info.pods for volume in p["spec"].get("volumes") or ()]
    held, wanted = _handles(api, filter(None, there)), _handles(api, claims.bound)
    return any(limits.get(driver) is not None and len({**held.get(driver, {}), **handles}) > limits[driver] for driver, handles in wanted.items())


def _handles(api, claims: Iterable[Dict]) -> dict[str, dict[str, bool]]:
    """The CSI volumes behind claims, by driver."""
    found: dict[str, dict[str, bool]] = {}
    for claim in claims:
        csi = get(api.find("PersistentVolume", claim["spec"].get("volumeName") or ""), "spec.csi")
        if csi is not None:
            found.setdefault(csi["driver"], {})[csi["volumeHandle"]] = True
    return found


def binding_reasons(api, claims: Claims, node: dict) -> list[str]:
    """VolumeBinding on one node; two reasons can stand side by side (SCHED-V9 to SCHED-V11)."""
    reasons = []
    for claim in claims.bound:
        volume = api.find("PersistentVolume", claim["spec"]["volumeName"])
        if volume is None:
            return [GONE]
        if not reaches(volume, node):
            reasons = [ELSEWHERE]
    return reasons if plan(api, claims.delayed, node) is not None else [*reasons, NONE_TO_BIND]


def other_zone(api, claims: Claims, node: dict) -> bool:
    """VolumeZone: a volume that is labelled with zones the node does not lie in (SCHED-V12)."""
    mine = labels(node)
    if not any(f"topology.kubernetes.io/{place}" in mine for place in PLACES):
        return False
    for claim in claims.bound:
        theirs = labels(api.find("PersistentVolume", claim["spec"]["volumeName"]) or {"metadata": {}})
        for place in PLACES:
            zones = theirs.get(f"topology.kubernetes.io/{place}") or theirs.get(f"failure-domain.beta.kubernetes.io/{place}")
            if zones and mine.get(f"topology.kubernetes.io/{place}") not in zones.split("__"):
                return True
    return False


class Plan(NamedTuple):
    """What has to happen before the pod can be bound to a node."""

    static: list[tuple[Dict, Dict]]     # claim, volume to reserve
    provision: list[Dict]               # claims to ask a volume for


def plan(api, claims: list[Dict], node: dict) -> Plan | None:
    """How a pod's delayed claims can be met on a node, or None (SCHED-V10).  A volume that exists is preferred."""
    result = Plan([], [])
    for claim in sorted(claims, key=request):
        selected = annotations(claim).get(notes.SELECTED_NODE)
        if selected and selected != name(node):
            return None
        taken = [name(volume) for _, volume in result.static]
        volume = None if selected else on_node(eligible(api.select, claim), claim, node, taken, api.seed)
        if volume is not None:
            result.static.append((claim, volume))
        elif _provisionable(api, claim, node):
            result.provision.append(claim)
        else:
            return None
    return result


def _provisionable(api, claim: dict, node: dict) -> bool:
    storage_class = class_object(api, claim)
    if storage_class is None:
        return False
    topologies = storage_class.get("allowedTopologies") or ()
    terms = [[{"key": e["key"], "operator": "In", "values": e["values"]} for e in t.get("matchLabelExpressions") or ()] for t in topologies]
    fits = not terms or node_matches({"nodeSelectorTerms": [{"matchExpressions": t} for t in terms]}, node)     # PROV-15
    return storage_class.get("provisioner") not in (None, "", NO_PROVISIONER) and fits


# ---- PreBind -----------------------------------------------------------------------------------------

def prebind(api, pod: dict, node: dict) -> bool:
    """Write what the plan says, claim by claim, and say whether all claims are bound.  It is called again after every
    change until it says True (SCHED-V17).  Raises Unschedulable (SCHED-V18)."""
    claims = claims_of(api, pod)
    open_claims = [c for c in claims if not completely_bound(c)]
    for claim in open_claims:
        if terminating(claim):
            raise Unschedulable(f'persistentvolumeclaim "{name(claim)}" is being deleted')
    todo = plan(api, [c for c in open_claims if not c["spec"].get("volumeName")], node)
    if todo is None:
        raise _broken(f'provisioning failed for PVC "{name(open_claims[0])}"')
    for claim, volume in todo.static:
        if bound_uid(volume) != uid(claim):
            api.update(linked(volume, claim), because="SCHED-V17")
    for claim in todo.provision:
        if annotations(claim).get(notes.SELECTED_NODE) != name(node):
            if get(pod, "status.nominatedNodeName") == name(node):          # it was there: the provisioner gave up
                raise _broken(f'provisioning failed for PVC "{name(claim)}"')
            api.update(with_annotations(claim, {notes.SELECTED_NODE: name(node)}), because="SCHED-V17")
    for claim in claims:
        volume = api.find("PersistentVolume", claim["spec"].get("volumeName") or "")
        if completely_bound(claim) and volume is not None and not reaches(volume, node):
            raise _broken(f'pv "{name(volume)}" node affinity doesn\'t match node "{name(node)}": no matching NodeSelectorTerms')
    return not open_claims


def _broken(text: str) -> Unschedulable:
    return Unschedulable(f'running PreBind plugin "VolumeBinding": binding volumes: {text}')
