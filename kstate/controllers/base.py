"""The shape of a controller, and the words of the domain that all of them speak.

House rules.  A controller is level-triggered and keeps nothing between two calls: read everything first, then act;
return after the first blocking fact and say why (`api.wait`).  Never catch Conflict (the loop retries), never look at
a change while reconciling.  Time enters only as `api.now` and leaves only as `api.wake(delay)`, computed anew from
timestamps in objects.  Every act names its rule: because="STS-56".
"""
from __future__ import annotations

from collections.abc import Iterable

from ..world import Change, Dict, Key, World, controller_ref, get, key_of, put, uid


class Controller:
    """One control loop.  A key is enqueued when an object of `kind`, or one owned by such an object, changes."""

    name = ""                       # unique, e.g. "statefulset"; queues and chips in the view carry it
    component = ""                  # who writes: "statefulset-controller", also the source of its events (CTL-8)
    kind = ""                       # the kind whose keys are reconciled
    owns: tuple[str, ...] = ()      # kinds whose controller reference leads to a key

    def watches(self) -> tuple[str, ...]:
        """The kinds whose changes matter."""
        return (self.kind, *self.owns)

    def keys(self, change: Change, view: World) -> Iterable[Key]:
        """The keys to look at after a change."""
        if change.key.kind == self.kind:
            yield change.key
        if change.key.kind in self.owns:
            for obj in (change.old, change.new):        # a changed owner concerns both
                ref = controller_ref(obj) if obj is not None else None
                if ref and ref["kind"] == self.kind:
                    yield Key(self.kind, change.key.namespace, ref["name"])

    def sync(self, api, key: Key) -> None:
        obj = api.find(key.kind, key.name, key.namespace)
        if obj is None:
            self.gone(api, key)
        else:
            self.reconcile(api, obj)

    def reconcile(self, api, obj: Dict) -> None:
        raise NotImplementedError

    def gone(self, api, key: Key) -> None:
        """The object does not exist any more."""


# ---- words ------------------------------------------------------------------------------------

def name(obj: dict) -> str:
    return obj["metadata"]["name"]


def namespace(obj: dict) -> str:
    return obj["metadata"].get("namespace") or ""


def labels(obj: dict) -> dict:
    return obj["metadata"].get("labels") or {}


def annotations(obj: dict) -> dict:
    return obj["metadata"].get("annotations") or {}


def finalizers(obj: dict) -> list:
    return obj["metadata"].get("finalizers") or []


def terminating(obj: dict) -> bool:
    return bool(obj["metadata"].get("deletionTimestamp"))


def phase(obj: dict) -> str:
    return get(obj, "status.phase", "")


def condition(obj: dict, type: str) -> dict | None:
    """The condition of that type in an object's status, or None."""
    for c in get(obj, "status.conditions") or ():
        if c["type"] == type:
            return c
    return None


def is_true(obj: dict, type: str) -> bool:
    c = condition(obj, type)
    return c is not None and c["status"] == "True"


def ready(pod: dict) -> bool:
    """Condition Ready is True (whatever the phase)."""
    return is_true(pod, "Ready")


def running_and_ready(pod: dict) -> bool:
    return phase(pod) == "Running" and ready(pod)


def available(api, pod: dict, min_ready_seconds: int = 0) -> bool:
    """Ready, and for that many seconds already (workloads.md 0.2); the phase does not matter."""
    return ready(pod) and (not min_ready_seconds or remaining(api, pod, min_ready_seconds) <= 0)


def remaining(api, pod: dict, min_ready_seconds: int) -> int:
    """Milliseconds until a ready pod is available; all of them where nobody noted since when it is ready."""
    return min_ready_seconds * 1000 - api.since(condition(pod, "Ready").get("lastTransitionTime"))


def until_available(api, pods: Iterable[dict], min_ready_seconds: int) -> int | None:
    """Milliseconds until the next of the pods that are ready is available; None if there is no such pod."""
    return min((remaining(api, pod, min_ready_seconds) for pod in pods if ready(pod) and not available(api, pod, min_ready_seconds)), default=None)


def finished(pod: dict) -> bool:
    """Phase Succeeded or Failed: never left again."""
    return phase(pod) in ("Succeeded", "Failed")


def active(pod: dict) -> bool:
    """Neither finished nor going."""
    return not finished(pod) and not terminating(pod)


def is_sidecar(container: dict) -> bool:
    """An init container that keeps running beside the others."""
    return container.get("restartPolicy") == "Always"


def ordinal(pod: dict) -> int:
    """web-3 -> 3; -1 where the name does not end in a number."""
    digits = name(pod).rpartition("-")[2]
    return int(digits) if digits.isdigit() and name(pod) != digits else -1


def reference(owner: dict, controller: bool = True) -> dict:
    """The owner reference that controllers write (workloads.md 0.2: controllerRef)."""
    ref = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": name(owner), "uid": uid(owner)}
    return {**ref, "controller": True, "blockOwnerDeletion": True} if controller else ref


def owned_by(obj: dict, owner: dict) -> bool:
    ref = controller_ref(obj)
    return ref is not None and ref["uid"] == uid(owner)


def with_condition(obj: dict, type: str, status: str, now: str, **more: str) -> Dict:
    """The object with that condition set; lastTransitionTime moves only when the status does (KUB-4)."""
    conditions = list(get(obj, "status.conditions") or ())
    for i, c in enumerate(conditions):
        if c["type"] == type:
            moved = c["status"] != status
            conditions[i] = {"type": type, "status": status, **({k: c[k] for k in ("lastProbeTime",) if k in c}),
                             "lastTransitionTime": now if moved else c.get("lastTransitionTime", now), **more}
            break
    else:
        conditions.append({"type": type, "status": status, "lastTransitionTime": now, **more})
    return put(obj, "status.conditions", conditions)


def with_pod_condition(pod: dict, type: str, status: str, now: str, **more: str) -> Dict:
    """The same for a pod, whose conditions carry a probe time, always null, and the generation they speak of (KUB-4)."""
    return with_condition(pod, type, status, now, lastProbeTime=None, observedGeneration=pod["metadata"].get("generation", 1), **more)


__all__ = ["Change", "Controller", "Dict", "Key", "World", "active", "annotations", "available", "condition", "controller_ref", "finalizers", "finished",
           "get", "is_sidecar", "is_true", "key_of", "labels", "name", "namespace", "ordinal", "owned_by", "phase", "put", "ready", "reference",
           "running_and_ready", "terminating", "uid", "until_available", "with_condition", "with_pod_condition"]
