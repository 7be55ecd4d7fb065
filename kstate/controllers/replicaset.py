"""The ReplicaSet controller: so many pods, all alike, whichever they are (RS-1 to RS-8).

Modelled: adoption by labels alone, creation in growing batches, the ranking of victims, status.  Not modelled: the
limit of 500 creations or deletions per sync.
"""
from __future__ import annotations

from collections import Counter
from functools import cmp_to_key, partial

from ..errors import ApiError, NotFound
from .base import (
    Dict, annotations, available, condition, controller_ref, finished, get, labels, name, namespace, owned_by, phase, put, ready, reference,
    remaining, terminating, uid)
from .batches import attempt_all, in_batches
from .claiming import Owner, claim, selector

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"


class ReplicaSets(Owner):
    """Pods without an identity: any of them can stand in for any other."""

    name, component, kind, owns = "replicaset", "replicaset-controller", "ReplicaSet", ("Pod",)

    def reconcile(self, api, rs):
        pods = claim(api, rs, "Pod", "RS-1", among=active)
        error = None
        try:
            if not terminating(rs):
                self.adjust(api, rs, pods)
        except ApiError as refused:
            error = refused
        self.write_status(api, rs, pods, error)
        if error:
            raise error
        self.come_back(api, rs, pods)

    def adjust(self, api, rs, pods) -> None:
        """Make what is missing, remove what is too much, at once; pods that are terminating do not count (RS-2, RS-4)."""
        missing = rs["spec"]["replicas"] - len(pods)
        if missing > 0:
            in_batches(lambda _: self.create(api, rs), range(missing))
        elif missing < 0:
            condemned = victims(api, rs, pods)[:-missing] if rs["spec"]["replicas"] else pods
            attempt_all(partial(self.delete, api, rs, pod) for pod in condemned)

    def create(self, api, rs) -> None:
        try:
            made = api.create(new_pod(rs), because="RS-2")
        except ApiError as error:
            if _namespace_goes(error):
                return
            api.event(rs, "Warning", "FailedCreate", f"Error creating: {error.message}", "RS-8")
            raise
        api.event(rs, "Normal", "SuccessfulCreate", f"Created pod: {name(made)}", "RS-8")

    def delete(self, api, rs, pod) -> None:
        try:
            api.delete(pod, because="RS-5")
        except NotFound:
            return
        except ApiError as error:
            api.event(rs, "Warning", "FailedDelete", f"Error deleting: {error.message}", "RS-8")
            raise
        api.event(rs, "Normal", "SuccessfulDelete", f"Deleted pod: {name(pod)}", "RS-8")

    def write_status(self, api, rs, pods, error: ApiError | None) -> None:
        """Counted over the pods as they were when the sync began (RS-6)."""
        going = [p for p in api.owned("Pod", rs) if owned_by(p, rs) and terminating(p) and not finished(p) and selector(rs).matches(labels(p))]
        template = (get(rs, "spec.template.metadata.labels") or {}).items()
        min_ready = rs["spec"].get("minReadySeconds", 0)
        count = {"fullyLabeledReplicas": sum(template <= labels(pod).items() for pod in pods), "readyReplicas": sum(map(ready, pods)),
                 "availableReplicas": sum(available(api, pod, min_ready) for pod in pods)}
        status = {"replicas": len(pods), "terminatingReplicas": len(going), "observedGeneration": rs["metadata"].get("generation", 0),
                  **{field: n for field, n in count.items() if n}}
        conditions = _conditions(rs, error, api.timestamp(), missing=rs["spec"]["replicas"] > len(pods))
        if conditions:
            status["conditions"] = conditions
        if status != rs.get("status"):
            api.update(put(rs, "status", status), "RS-6", "status")

    def come_back(self, api, rs, pods) -> None:
        """When the next pod will have been ready for minReadySeconds."""
        min_ready = rs["spec"].get("minReadySeconds", 0)
        waits = [remaining(api, pod, min_ready) for pod in pods if ready(pod) and not available(api, pod, min_ready)]
        if waits:
            api.wake(min(waits))


# ---- words ------------------------------------------------------------------------------------

def active(pod: dict) -> bool:
    return not finished(pod) and not terminating(pod)


def new_pod(rs: dict) -> dict:
    """RS-3: the API server draws the end of the name."""
    template = rs["spec"]["template"]
    kept = {field: get(template, f"metadata.{field}") for field in ("labels", "annotations", "finalizers")}
    meta = {"generateName": f"{name(rs)}-", "namespace": namespace(rs), "ownerReferences": [reference(rs)], **{k: v for k, v in kept.items() if v}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]}


def _namespace_goes(error: ApiError) -> bool:
    return any(cause.get("reason") == "NamespaceTerminating" for cause in error.details.get("causes", ()))


def _conditions(rs: dict, error: ApiError | None, now: str, missing: bool) -> list[dict]:
    """ReplicaFailure stands, as it was first noted, for as long as syncs fail."""
    others = [c for c in get(rs, "status.conditions") or () if c["type"] != "ReplicaFailure"]
    if error is None:
        return others
    failure = condition(rs, "ReplicaFailure") or {
        "type": "ReplicaFailure", "status": "True", "lastTransitionTime": now, "reason": "FailedCreate" if missing else "FailedDelete",
        "message": error.message}
    return [*others, failure]


# ---- who has to go ----------------------------------------------------------------------------

def victims(api, rs: dict, pods: list[Dict]) -> list[Dict]:
    """The pods in the order in which they are given up (RS-5)."""
    family = Counter(pod["spec"].get("nodeName") for sibling in siblings(api, rs) for pod in api.owned("Pod", sibling) if active(pod))

    def rank(pod: dict) -> tuple:
        phases = ("Pending", "Unknown", "Running")
        cost = annotations(pod).get(DELETION_COST, "0")
        return (bool(pod["spec"].get("nodeName")), phases.index(phase(pod)) if phase(pod) in phases else 0, ready(pod),
                int(cost) if cost.lstrip("+-").isdigit() else 0, -family[pod["spec"].get("nodeName")])

    def compare(a: dict, b: dict) -> int:
        return (_order(rank(a), rank(b)) or (_younger(api, _ready_since(a), _ready_since(b), a, b) if ready(a) and ready(b) else 0)
                or _order(_restarts(b), _restarts(a)) or _younger(api, a["metadata"]["creationTimestamp"], b["metadata"]["creationTimestamp"], a, b))

    return sorted(pods, key=cmp_to_key(compare))


def siblings(api, rs: dict) -> list[Dict]:
    """All ReplicaSets of the same Deployment."""
    owner = controller_ref(rs)
    return [obj for obj in api.select("owner", owner["uid"]) if obj["kind"] == "ReplicaSet"] if owner else [rs]


def _order(a, b) -> int:
    return (a > b) - (a < b)


def _younger(api, a: str | None, b: str | None, first: dict, second: dict) -> int:
    """Younger goes first, but ages count only by their powers of two of nanoseconds; equally old ones by uid."""
    if a == b:
        return 0
    bucket_a, bucket_b = ((api.since(t) * 1_000_000).bit_length() for t in (a, b))
    return _order(bucket_a, bucket_b) or _order(uid(first), uid(second))


def _ready_since(pod: dict) -> str | None:
    return condition(pod, "Ready").get("lastTransitionTime")


def _restarts(pod: dict) -> tuple[int, int]:
    """The most restarts of a container, and of a sidecar."""
    sidecars = [c["name"] for c in pod["spec"].get("initContainers") or () if c.get("restartPolicy") == "Always"]
    regular = (c.get("restartCount", 0) for c in get(pod, "status.containerStatuses") or ())
    aside = (c.get("restartCount", 0) for c in get(pod, "status.initContainerStatuses") or () if c["name"] in sidecars)
    return max(regular, default=0), max(aside, default=0)
