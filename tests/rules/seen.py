"""What came of it: short readings of a cluster, for tests of the workload controllers."""
from __future__ import annotations

from kstate.engine import Engine
from kstate.world import Key
from tests.helpers import get

STATUS = {"rs": "replicas", "rd": "readyReplicas", "av": "availableReplicas", "cu": "currentReplicas", "up": "updatedReplicas"}


def sync(engine: Engine, controller: str = "statefulset") -> list[str]:
    """One step of one controller: what it wrote, in order; Events are left out."""
    return after(engine, lambda: engine.step(controller))


def after(engine: Engine, action) -> list[str]:
    """What was written by an action, as `create Pod web-0`; Events are left out."""
    position = len(engine.world.log)
    action()
    return [f"{c.verb} {c.key.kind} {c.key.name}" for c in engine.world.log[position:] if c.verb != "wait" and c.key.kind != "Event"]


def pods(engine: Engine) -> list[str]:
    return [p["metadata"]["name"] for p in engine.world.list("Pod", "default")]


def images(engine: Engine) -> list[str]:
    return [p["spec"]["containers"][0]["image"] for p in engine.world.list("Pod", "default")]


def status(engine: Engine, name: str = "web") -> str:
    """The counters of a set: "rs3 rd3 av3 cu2 up0"."""
    found = get(engine, "StatefulSet", name)["status"]
    return " ".join(f"{short}{found.get(field, 0)}" for short, field in STATUS.items())


def revisions(engine: Engine) -> dict[str, int]:
    """Names and numbers, lowest number first."""
    found = engine.world.list("ControllerRevision", "default")
    return {r["metadata"]["name"]: r["revision"] for r in sorted(found, key=lambda r: r["revision"])}


def owners(engine: Engine, claim: str) -> list[str]:
    found = get(engine, "PersistentVolumeClaim", claim)
    return [f"{r['kind']} {r['name']}" for r in found["metadata"].get("ownerReferences") or ()]


def told(engine: Engine, kind: str = "StatefulSet", name: str = "web") -> list[str]:
    """The Events on an object, as `Normal/SuccessfulCreate: ... x2`, in order of their creation; a deleted object's, too."""
    found = [e for e in engine.world.list("Event") if (e["involvedObject"]["kind"], e["involvedObject"]["name"]) == (kind, name)]
    found.sort(key=lambda e: int(e["metadata"]["name"].rpartition(".")[2], 16))
    return [f"{e['type']}/{e['reason']}: {e['message']}" + (f" x{e['count']}" if e["count"] > 1 else "") for e in found]


def waits(engine: Engine, kind: str = "StatefulSet", name: str = "web") -> dict[str, str]:
    """What is waited for on account of an object: the rules and their reasons."""
    return {change.because: change.text for change in engine.waits(Key(kind, "default", name))}
