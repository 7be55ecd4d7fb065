"""Why nothing happens: for an object that waits, who waits for what, the rule and its sentence, and what would help.

The answer is made of what the controllers themselves said when they did nothing (`api.wait`), of what the objects
carry (conditions, deletion timestamps), and, for a claim, of the verdict on every volume.
"""
from __future__ import annotations

from typing import NamedTuple

from .rules import sentence
from .storage.matching import candidates
from .world import Key, get


class Reason(NamedTuple):
    """One cause: who waits, about which object, in words, and by which rule."""

    who: str
    about: Key
    text: str
    rule: str = ""

    def __str__(self) -> str:
        rule = f"\n    {self.rule}: {sentence(self.rule)}" if sentence(self.rule) else ""
        return f"{self.about}: {self.text} ({self.who}){rule}"


class Answer(NamedTuple):
    """The reasons of an object, nearest first, and per volume why a claim cannot have it."""

    about: Key
    reasons: tuple[Reason, ...]
    candidates: tuple = ()          # matching.Verdict per volume

    def __str__(self) -> str:
        if not self.reasons:
            return f"{self.about} waits for nothing."
        lines = [str(reason) for reason in self.reasons]
        lines += [f"    {v.volume}: {v.reason}" + (f" ({v.rule})" if v.rule else "") for v in self.candidates]
        return "\n".join(lines)

    __repr__ = __str__


def why(engine, key: Key) -> Answer:
    """What this object waits for, following the chain: a set waits for its pod, the pod for its claim, the claim for a volume."""
    reasons: dict[tuple, Reason] = {}
    verdicts: tuple = ()
    chain = [key]
    for about in chain:                 # grows while we walk
        if len(chain) > 20:
            break
        for reason in _of(engine, about):
            reasons.setdefault((reason.about, reason.text), reason)
        if not verdicts and about.kind == "PersistentVolumeClaim":
            claim = engine.world.find(about)
            if claim is not None and get(claim, "status.phase") == "Pending":
                verdicts = tuple(v for v in candidates(engine.world, claim) if not v.ok)
        chain += [k for k in _next(engine, about) if k not in chain]
    return Answer(key, tuple(reasons.values()), verdicts)


def _of(engine, key: Key) -> list[Reason]:
    found = [Reason(c.who, key, c.text, c.because) for c in engine.waits(key)]
    obj = engine.world.find(key)
    if obj is None:
        return found or [Reason("the API server", key, "does not exist")]
    for condition in get(obj, "status.conditions") or ():
        if key.kind == "Pod" and condition["type"] == "PodScheduled" and condition["status"] == "False":
            found.append(Reason("default-scheduler", key, condition.get("message", condition.get("reason", "")), "SCHED-9"))
    for status in get(obj, "status.containerStatuses") or ():
        waiting = get(status, "state.waiting.reason")
        if waiting and waiting not in ("ContainerCreating", "PodInitializing"):
            found.append(Reason("kubelet", key, f"container {status['name']}: {waiting}", "KUB-1"))
    if "deletionTimestamp" in obj["metadata"] and obj["metadata"].get("finalizers"):
        found.append(Reason("the API server", key, "is to be deleted and held by " + ", ".join(obj["metadata"]["finalizers"]), "API-50"))
    return found


def _next(engine, key: Key) -> list[Key]:
    """Where the chain goes on: from a set to its pods that are not Ready, from a pod to its claims that are not Bound."""
    obj = engine.world.find(key)
    if obj is None:
        return []
    if key.kind in ("StatefulSet", "ReplicaSet", "Deployment"):
        owned = engine.world.select("owner", obj["metadata"].get("uid", ""))
        return [Key(o["kind"], key.namespace, o["metadata"]["name"]) for o in owned if o["kind"] in ("Pod", "ReplicaSet") and not _ready(o)]
    if key.kind == "Pod":
        names = [v["persistentVolumeClaim"]["claimName"] for v in get(obj, "spec.volumes") or () if "persistentVolumeClaim" in v]
        claims = [Key("PersistentVolumeClaim", key.namespace, n) for n in names]
        return [k for k in claims if (c := engine.world.find(k)) is None or get(c, "status.phase") != "Bound"]
    return []


def _ready(obj: dict) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in get(obj, "status.conditions") or ())
