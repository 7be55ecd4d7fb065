"""The oracle on volumes and claims, and on the scheduler where it meets them."""
from __future__ import annotations

from collections.abc import Iterator

from .facts import CLAIM, VOLUME, Facts, at, claims_of, going, holder, hosts, labels, moment, name, node, notes, over, phase, suits, uid
from .order_objects import USER

BINDER, SCHEDULER = "persistentvolume-controller", "default-scheduler"
ASKED_BY = (USER, "namespace-controller", "garbage-collector-controller")       # who may delete claims


def claims(live: Facts, change) -> Iterator[str]:
    old, new, key = change.old, change.new, change.key
    if key.kind != CLAIM or old is None:
        return
    if new is not None:
        before, after = old["spec"].get("volumeName"), new["spec"].get("volumeName")
        if before and after != before:
            yield f"{key}: moved from {before} to {after} (PVCAPI-10)"
    if (new is None or going(new)) and not going(old) and change.who not in ASKED_BY:
        yield f"{key}: deleted by {change.who} (STS-49, PVC data)"
    if new is None:
        for pod in live.of("Pod", key.namespace):
            if node(pod) and key.name in claims_of(pod):
                yield f"{key}: gone while pod {name(pod)} uses it (PROT-2)"


def volumes(live: Facts, change) -> Iterator[str]:
    old, new, key = change.old, change.new, change.key
    if key.kind != VOLUME:
        return
    if new is None:
        if phase(old) == "Bound":
            yield f"{key}: gone while it was Bound (PROT-3)"
        if change.who == BINDER and (claim := live.uids().get(holder(old))) is not None and claim["spec"].get("volumeName") in (None, key.name):
            yield f"{key}: deleted while its claim {name(claim)} is there (VOL-8)"
        return
    if old is None:
        return
    if holder(old) and holder(new) not in ("", holder(old)):
        yield f"{key}: passed on from one claim to another (VOL-15)"
    reserved, given = (at(obj, "spec.claimRef.name") for obj in (old, new))
    if reserved and given not in (None, reserved) and change.who != USER:
        yield f"{key}: reserved for {reserved} and given to {given} (MATCH-2.1)"
    if phase(old) in ("Released", "Failed") and phase(new) == "Bound":
        yield f"{key}: {phase(old)} -> Bound (VOL-15, REUSE-4)"
    if phase(new) == "Bound" and phase(old) != "Bound":
        for other in live.of(VOLUME):
            if name(other) != key.name and holder(other) == holder(new) and phase(other) == "Bound" and not going(other):
                yield f"{key}: bound to the claim that {name(other)} is bound to (BIND-2)"
    if change.who == BINDER and holder(old) and not holder(new) and holder(old) not in live.uids():
        if new["spec"]["persistentVolumeReclaimPolicy"] == "Retain":
            yield f"{key}: given free, though its policy is Retain (REC-2)"
        source = at(new, "spec.nfs.path") or at(new, "spec.hostPath.path") or ""
        for disk in live.of("Disk"):
            if source and name(disk).endswith(source) and disk["files"]:
                yield f"{key}: given free with the data of its last claim (REC-6)"


def bound(live: Facts, change) -> Iterator[str]:
    """Two claims never have one volume (PVC-24), and a pair that the system chose suits (MATCH-1, MATCH-2)."""
    old, new, key = change.old, change.new, change.key
    if key.kind != CLAIM or new is None or phase(new) != "Bound" or old is not None and phase(old) == "Bound":
        return
    for other in live.of(CLAIM):
        if uid(other) != uid(new) and other["spec"].get("volumeName") == new["spec"]["volumeName"] and phase(other) == "Bound":
            yield f"{key}: bound to {new['spec']['volumeName']}, which {name(other)} has (PVC-15, PVC-24)"
    volume = live.find(VOLUME, new["spec"]["volumeName"])
    if volume is None or "pv.kubernetes.io/bound-by-controller" not in notes(new):
        return                                          # gone since, or named by the user
    if "pv.kubernetes.io/bound-by-controller" not in notes(volume):
        return                                          # reserved by the user
    if wrong := suits(volume, new):
        yield f"{key}: bound to {name(volume)} of another {', '.join(wrong)} (MATCH-2)"


def chosen(live: Facts, change) -> Iterator[str]:
    """A binding to a node: its claims are bound, within reach, and nobody else's."""
    old, new, key = change.old, change.new, change.key
    if key.kind != "Pod" or old is None or new is None or node(old) or not node(new) or change.who != SCHEDULER:
        return
    for mounted in claims_of(new):
        claim = live.find(CLAIM, mounted, key.namespace)
        if claim is None:
            yield f"{key}: scheduled without its claim {mounted} (SCHED-V4)"
            continue
        if "pv.kubernetes.io/bind-completed" not in notes(claim):
            yield f"{key}: scheduled before its claim {mounted} was bound (SCHED-V7)"
        volume = live.find(VOLUME, claim["spec"].get("volumeName", ""))
        if volume is not None and hosts(volume) is not None and node(new) not in hosts(volume):
            yield f"{key}: scheduled to {node(new)}, but its volume {name(volume)} is on {hosts(volume)} (SCHED-V9)"
        if "ReadWriteOncePod" in claim["spec"]["accessModes"]:
            for other in live.of("Pod", key.namespace):
                if uid(other) != uid(new) and node(other) and not over(other) and mounted in claims_of(other):
                    yield f"{key}: shares {mounted} with {name(other)} (SCHED-V13)"


def welcome(live: Facts, change) -> Iterator[str]:
    """The node exists and takes new pods when it is chosen (SCHED-3).  Only where the scheduler's view does not lag."""
    old, new = change.old, change.new
    if change.key.kind != "Pod" or old is None or new is None or change.who != SCHEDULER:
        return
    chosen = node(new) or at(new, "status.nominatedNodeName", "")
    if chosen and chosen not in (node(old), at(old, "status.nominatedNodeName", "")):
        host = live.find("Node", chosen)
        if host is None or host["spec"].get("unschedulable"):
            yield f"{change.key}: scheduled to {chosen}, which is {'cordoned' if host else 'missing'} (SCHED-3)"


def default_class(live: Facts) -> str | None:
    """The newest of the classes that are marked."""
    marked = [c for c in live.of("StorageClass") if notes(c).get("storageclass.kubernetes.io/is-default-class") == "true"]
    return name(max(marked, key=lambda c: moment(c["metadata"]["creationTimestamp"]))) if marked else None


def classed(live: Facts, change) -> Iterator[str]:
    """A new claim that names no class gets the newest default (ADM-1)."""
    if change.key.kind != CLAIM or change.old is not None or labels(change.new).get("class") != "default":
        return
    given, wanted = change.new["spec"].get("storageClassName"), default_class(live)
    if given != wanted:
        yield f"{change.key}: got class {given}, the default is {wanted} (ADM-1)"


def late_class(live: Facts, change) -> Iterator[str]:
    """And an old one gets it later (PVC-6).  Only where the binder's view does not lag."""
    if change.key.kind == CLAIM and change.who == BINDER and change.new is not None and "storageClassName" not in change.old["spec"]:
        given = change.new["spec"].get("storageClassName")
        if given is not None and given != default_class(live):
            yield f"{change.key}: got class {given}, the default is {default_class(live)} (PVC-6)"


RULES = (claims, volumes, bound, classed)
FRESH = (chosen, welcome, late_class)
