"""What a DELETE makes of an object: gone at once, marked with the time by which it will be, or left as it is.

Pods get a grace period, in which their kubelet stops them (API-49); finalizers hold any object until whoever set them
takes them off again (API-50), and two of them are how a client asks for the order in which dependents go (API-51).
All is decided from the object, the options and the time; nothing is written here.
"""
from __future__ import annotations

from .clock import SECOND, Clock
from .errors import Conflict, Invalid, unsupported
from .kinds import Kind
from .world import Dict, Key, freeze, get, put

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
POLICIES = ("Foreground", "Background", "Orphan")


def check(kind: Kind, key: Key, old: Dict, propagation: str | None, preconditions: dict) -> None:
    """Refuse what cannot be asked for (API-47), or not of this object (API-48)."""
    if propagation not in (None, *POLICIES):
        raise Invalid(kind="DeleteOptions", group="meta.k8s.io", errors=[unsupported("propagationPolicy", propagation, [*POLICIES, "nil"])])
    named = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    for field, words, tail in (("uid", "UID", "The object might have been deleted and then recreated"),
                               ("resourceVersion", "ResourceVersion", "The object might have been modified")):
        wanted, there = preconditions.get(field), old["metadata"][field]
        if wanted and wanted != there:
            raise Conflict(f'Operation cannot be fulfilled on {named} "{key.name}": the {words} in the precondition ({wanted}) '
                           f"does not match the {words} in record ({there}). {tail}", name=key.name, group=kind.group, kind=kind.kind)


def deleted(kind: Kind, old: Dict, grace: int | None, propagation: str | None, clock: Clock, now: int) -> Dict | None:
    """The object after a DELETE at `now` (ms): None where it is gone, `old` itself where nothing changes.

    grace: seconds, for pods; propagation: one of POLICIES, or None for what the object's own finalizers say."""
    if "deletionTimestamp" in old["metadata"]:
        return _again(old, grace, clock, now) if kind.kind == "Pod" else old
    finalizers = _finalizers(old["metadata"].get("finalizers") or [], propagation)
    if kind.kind == "Namespace":                                            # it goes when it is empty (API-65)
        return _marked(put(old, "status.phase", "Terminating"), clock.timestamp(now), None, finalizers)
    period = _grace_period(old, grace) if kind.kind == "Pod" else 0
    if not period and not finalizers:                                                   # POD-3
        return None
    return _marked(old, clock.timestamp(now + period * SECOND), period, finalizers)     # POD-2


def _grace_period(pod: Dict, grace: int | None) -> int:
    """In seconds; none for a pod that nobody runs, or that has ended (API-49, POD-1, POD-6)."""
    if not pod["spec"].get("nodeName") or get(pod, "status.phase") in ("Succeeded", "Failed"):
        return 0
    period = pod["spec"].get("terminationGracePeriodSeconds", 30) if grace is None else grace
    return period if period >= 0 else 1                                     # API-47


def _again(pod: Dict, grace: int | None, clock: Clock, now: int) -> Dict | None:
    """A further DELETE can only shorten the grace period, and not into the past (API-49, POD-4)."""
    meta = pod["metadata"]
    period = 1 if grace is not None and grace < 0 else grace
    before = meta.get("deletionGracePeriodSeconds", 0)
    if period is None or period >= before:
        return pod
    if period == 0 and not meta.get("finalizers"):
        return None
    due = clock.ms(meta["deletionTimestamp"]) + (period - before) * SECOND
    if due < now:
        due, period = now, min(period, 1)
    return _marked(pod, clock.timestamp(due), period, meta.get("finalizers") or [])


def _finalizers(finalizers: list, propagation: str | None) -> list:
    """The finalizers that a propagation policy asks for (API-51)."""
    if propagation is None:
        return finalizers
    added = {"Orphan": [ORPHAN], "Foreground": [FOREGROUND]}.get(propagation, [])
    return [f for f in finalizers if f not in (ORPHAN, FOREGROUND)] + added


def _marked(obj: Dict, when: str, period: int | None, finalizers: list) -> Dict:
    meta = {**obj["metadata"], "deletionTimestamp": when}
    if period is not None:
        meta["deletionGracePeriodSeconds"] = period
    meta.pop("finalizers", None)
    if finalizers:
        meta["finalizers"] = finalizers
    if "generation" in meta and "deletionTimestamp" not in obj["metadata"]:
        meta["generation"] += 1                                             # API-18
    return Dict(obj, metadata=freeze(meta))
