"""The oracle on all objects: what holds of every change, whoever makes it."""
from __future__ import annotations

from collections.abc import Iterator

from .facts import Facts, boss, going, holds, node, over, owners, phase, uid

USER = "kubectl"
HOLDERS = {         # who may take which finalizer away, beside the user
    "kubernetes.io/pvc-protection": "persistentvolumeclaim-protection-controller",
    "kubernetes.io/pv-protection": "persistentvolume-protection-controller",
    "kubernetes.io/pv-controller": "persistentvolume-controller",
    "foregroundDeletion": "garbage-collector-controller", "orphan": "garbage-collector-controller"}
COLLECTOR = "garbage-collector-controller"


def chain(live: Facts, change) -> Iterator[str]:
    """Each change begins where the last one ended: one object of a name, and nothing is overwritten unseen."""
    before = live.find(change.key.kind, change.key.name, change.key.namespace)
    if before is not change.old and before != change.old:
        yield f"{change.key}: written over another state than the one that was there (API-14)"
    if change.new is not None and change.new["metadata"]["resourceVersion"] != str(change.revision):
        yield f"{change.key}: resourceVersion {change.new['metadata']['resourceVersion']} (API-13)"
    if change.old is not None and change.new is not None and change.old["metadata"].get("uid") != change.new["metadata"].get("uid"):
        yield f"{change.key}: another uid (API-9)"


def generation(live: Facts, change) -> Iterator[str]:
    """It counts changes of the spec and the request to delete, one at a time (API-17, API-18)."""
    if change.old is None or change.new is None or "generation" not in change.old["metadata"]:
        return
    before, after = (obj["metadata"].get("generation", 0) for obj in (change.old, change.new))
    if after - before not in (0, 1):
        yield f"{change.key}: generation {before} -> {after} (API-17)"
    asked = going(change.new) and change.old["metadata"].get("deletionGracePeriodSeconds") != change.new["metadata"].get("deletionGracePeriodSeconds")
    same = all(change.old.get(field) == change.new.get(field) for field in {**change.old, **change.new} if field not in ("metadata", "status"))
    noted = change.key.kind == "Deployment" and change.old["metadata"].get("annotations") != change.new["metadata"].get("annotations")      # DEP-3
    if after != before and same and not asked and not noted:
        yield f"{change.key}: generation moved without the spec (API-17)"
    if after == before and change.key.kind == "StatefulSet" and change.old["spec"] != change.new["spec"]:
        yield f"{change.key}: the spec moved without generation (API-17)"


def deletion(live: Facts, change) -> Iterator[str]:
    """Nothing goes while somebody holds it; who is going never comes back (API-12, API-49, API-50)."""
    old, new = change.old, change.new
    if old is None or change.key.kind == "Disk":
        return
    kept = holds(new) if new is not None else []
    if new is None or going(old):
        for finalizer in holds(old):
            if finalizer not in kept and change.who not in (USER, HOLDERS.get(finalizer)):
                yield f"{change.key}: finalizer {finalizer} taken away by {change.who} (API-12)"
    if new is not None and going(old):
        if not going(new):
            yield f"{change.key}: came back from deletion (API-50)"
        if any(f not in holds(old) for f in holds(new)) and "foregroundDeletion" not in kept and "orphan" not in kept:
            yield f"{change.key}: got a finalizer while it is going (API-12)"
    if new is None and change.key.kind == "Pod" and change.who == "kubelet" and not going(old):
        yield f"{change.key}: removed by its kubelet, though nobody asked for it (POD-5)"


def final(live: Facts, change) -> Iterator[str]:
    """What never changes in a pod: its node, its end."""
    old, new = change.old, change.new
    if change.key.kind != "Pod" or old is None or new is None:
        return
    if node(old) and node(new) != node(old):
        yield f"{change.key}: moved from {node(old)} to {node(new)} (POD-2)"
    if over(old) and phase(new) != phase(old):
        yield f"{change.key}: {phase(old)} -> {phase(new)} (KUB-3)"
    address = old.get("status", {}).get("podIP")
    if address and new["status"].get("podIP") != address:
        yield f"{change.key}: address {address} -> {new['status'].get('podIP')} (KUB-5)"


def collected(live: Facts, change) -> Iterator[str]:
    """The garbage collector takes only what no owner wants any more (GC-1, GC-4)."""
    old, new = change.old, change.new
    if change.who != COLLECTOR or old is None or not (new is None or going(new) and not going(old)) or going(old):
        return
    known = live.uids()
    wanting = [ref["uid"] for ref in owners(old) if ref["uid"] in known and not (
        going(known[ref["uid"]]) and "foregroundDeletion" in holds(known[ref["uid"]]))]
    if wanting or not owners(old):
        yield f"{change.key}: collected, though its owners {owners(old) and wanting or 'are none'} are there (GC-4)"


def freed(live: Facts, change) -> Iterator[str]:
    """The owner goes after its dependents (foreground), or after they have forgotten it (orphan): GC-5.  Only where nobody's view lags."""
    if change.new is not None or change.old is None or change.who != COLLECTOR:
        return
    mine = [(kind, obj) for kind, obj in live.all() for ref in owners(obj) if ref["uid"] == uid(change.old)]
    if "orphan" in holds(change.old) and mine:
        yield f"{change.key}: gone before {mine[0][0]} {mine[0][1]['metadata']['name']} was orphaned (GC-5)"
    if "foregroundDeletion" in holds(change.old):
        for kind, obj in mine:
            if any(ref["uid"] == uid(change.old) and ref.get("blockOwnerDeletion") for ref in owners(obj)):
                yield f"{change.key}: gone before its dependent {kind} {obj['metadata']['name']} (GC-5)"


def replicas(live: Facts, change) -> Iterator[str]:
    """A ReplicaSet makes no pod more than it wants (RS-2).  Only where its view does not lag."""
    if change.key.kind == "Pod" and change.old is None and change.who == "replicaset-controller":
        owner = live.find("ReplicaSet", boss(change.new)["name"], change.key.namespace)
        active = [p for p in live.of("Pod", change.key.namespace) if boss(p).get("uid") == uid(owner) and not over(p) and not going(p)]
        if len(active) >= owner["spec"]["replicas"]:
            yield f"{change.key}: one pod too many (RS-2)"


RULES = (chain, generation, deletion, final, collected)
FRESH = (freed, replicas)
