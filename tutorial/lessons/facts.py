"""What checks and questions ask of a lab, in words of the lessons."""
from __future__ import annotations

from kstate.world import Dict, Key, get

from ..lab import Lab

ROOT = "/usr/share/nginx/html"


def find(lab: Lab, kind: str, name: str) -> Dict | None:
    """An object of the lab's namespace (or a cluster-wide one), or None."""
    world = lab.cluster.engine.world
    return world.find(Key(kind, lab.namespace, name)) or world.find(Key(kind, "", name))


def names(lab: Lab, kind: str) -> list[str]:
    return [o["metadata"]["name"] for o in lab.cluster.engine.world.list(kind) if o["metadata"].get("namespace") in (None, lab.namespace)]


def ready(lab: Lab, pod: str) -> bool:
    found = find(lab, "Pod", pod)
    return found is not None and "deletionTimestamp" not in found["metadata"] and any(
        c["type"] == "Ready" and c["status"] == "True" for c in get(found, "status.conditions") or ())


def phase(lab: Lab, kind: str, name: str) -> str:
    """The phase of an object; "missing" where there is none."""
    found = find(lab, kind, name)
    return "missing" if found is None else get(found, "status.phase", "")


def volume_of(lab: Lab, claim: str) -> str:
    """The volume to which a claim is bound, or ""."""
    found = find(lab, "PersistentVolumeClaim", claim)
    return get(found, "spec.volumeName", "") if found is not None and get(found, "status.phase") == "Bound" else ""


def file(lab: Lab, pod: str, path: str) -> str | None:
    """What a file in a pod holds, without the last newline; None where it cannot be read."""
    if not ready(lab, pod):
        return None
    result = lab.cluster.fork().exec(pod, ["cat", path], lab.namespace)
    return result.stdout.rstrip("\n") if result.code == 0 else None


# ---- clauses: "" where it holds, otherwise what is the case instead ------------------------------

def pods_ready(*wanted: str):
    def test(lab: Lab) -> str:
        missing = [p for p in wanted if not ready(lab, p)]
        return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not Ready" if missing else ""
    return test


def no_pod(name: str):
    return lambda lab: f"{name} is still there" if find(lab, "Pod", name) is not None else ""


def bound(claim: str, to: str = ""):
    def test(lab: Lab) -> str:
        is_phase = phase(lab, "PersistentVolumeClaim", claim)
        if is_phase != "Bound":
            return f"claim {claim} is {is_phase}"
        volume = volume_of(lab, claim)
        return f"{claim} is bound to {volume}" if to and volume != to else ""
    return test


def holds_file(pod: str, path: str, content: str):
    def test(lab: Lab) -> str:
        found = file(lab, pod, path)
        if found is None:
            return f"{path} cannot be read in {pod}"
        return "" if found == content else f"{path} in {pod} holds {found!r}"
    return test
