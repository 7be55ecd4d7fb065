"""Changes as text: the one vocabulary for the log, the timeline, golden files and conformance.

    2.0s r41  statefulset-controller  create  Pod gsh/web-0                                  STS-56
    3.0s r46  kubelet                 status  Pod gsh/web-0  Pending -> Running, Ready       KUB-6
    3.0s r46  statefulset             wait    StatefulSet gsh/web  web-0 is not Ready        STS-59
"""
from __future__ import annotations

from collections.abc import Iterable

from .world import Change, get

QUIET = ("Event", "Disk", "Lease", "ControllerRevision", "Endpoints", "EndpointSlice")      # kinds that a short story leaves out


def line(change: Change) -> str:
    """One change as one line."""
    what = change.text if change.verb == "wait" else describe(change)
    head = f"{change.time / 1000:8.1f}s r{change.revision:<5} {change.who:<28} {change.verb:<7} {change.key}"
    return f"{head}  {what}".rstrip() + (f"  {change.because}" if change.because else "")


def short(change: Change) -> str:
    """One change as a narrow line: "19s  statefulset-controller: create Pod gsh/web-1 (STS-56)"."""
    what = change.text if change.verb == "wait" else describe(change)
    verb = {"status": "", "update": "", "wait": "waits"}.get(change.verb, change.verb)
    words = " ".join(filter(None, (verb, str(change.key), what)))
    return f"{change.time / 1000:g}s  {change.who}: {words}" + (f" ({change.because})" if change.because else "")


def lines(changes: Iterable[Change], all: bool = False) -> list[str]:
    """The story of many changes; without `all`, kinds that are mere bookkeeping are left out."""
    return [line(c) for c in changes if all or c.key.kind not in QUIET]


def describe(change: Change) -> str:
    """What an update changed, in words: "Pending -> Bound", "replicas 3 -> 5", "deletion asked for"."""
    old, new = change.old, change.new
    if old is None or new is None:
        return ""
    words = []
    if "deletionTimestamp" in new["metadata"] and "deletionTimestamp" not in old["metadata"]:
        words.append("deletion asked for")
    if (before := get(old, "status.phase")) != (after := get(new, "status.phase")):
        words.append(f"{before} -> {after}")
    if change.key.kind == "Pod":
        words += _pod_words(old, new)
    for path, word in FIELDS:
        before, after = get(old, path), get(new, path)
        if before != after:
            words.append(f"{word} {_short(before)} -> {_short(after)}")
    words += _metadata_words(old["metadata"], new["metadata"])
    return ", ".join(words)


FIELDS = (
    ("spec.replicas", "replicas"), ("spec.nodeName", "node"), ("spec.volumeName", "volume"), ("spec.claimRef.name", "claim"),
    ("spec.claimRef.uid", "claim uid"), ("spec.storageClassName", "class"), ("spec.capacity.storage", "capacity"),
    ("spec.resources.requests.storage", "request"), ("spec.persistentVolumeReclaimPolicy", "reclaim policy"),
    ("spec.unschedulable", "unschedulable"), ("status.capacity.storage", "size"), ("status.readyReplicas", "ready"), ("status.currentRevision", "current revision"),
    ("status.updateRevision", "update revision"),
)


def _pod_words(old: dict, new: dict) -> list[str]:
    def is_ready(pod):
        return any(c["type"] == "Ready" and c["status"] == "True" for c in get(pod, "status.conditions") or ())
    words = []
    if is_ready(old) != is_ready(new):
        words.append("Ready" if is_ready(new) else "not Ready")
    for before, after in zip(get(old, "status.containerStatuses") or ({},) * 99, get(new, "status.containerStatuses") or ()):
        reason = get(after, "state.waiting.reason") or get(after, "state.terminated.reason")
        if reason and reason != (get(before, "state.waiting.reason") or get(before, "state.terminated.reason")):
            words.append(reason)
    return words


def _metadata_words(old: dict, new: dict) -> list[str]:
    words = []
    for field in ("annotations", "labels"):
        before, after = old.get(field) or {}, new.get(field) or {}
        changed = [k.rpartition("/")[2] for k in {**before, **after} if before.get(k) != after.get(k)]
        words += [f"{field[:-1]} {k}" for k in changed if k not in ("last-applied-configuration", "last-change-trigger-time")]
    if (old.get("finalizers") or []) != (new.get("finalizers") or []):
        words.append("finalizers " + (", ".join(f.rpartition("/")[2] for f in new.get("finalizers") or ()) or "none"))
    if (old.get("ownerReferences") or []) != (new.get("ownerReferences") or []):
        words.append("owner " + (", ".join(f"{r['kind']} {r['name']}" for r in new.get("ownerReferences") or ()) or "none"))
    return words


def _short(value) -> str:
    return "none" if value is None else str(value)[:40]
