"""The ReplicaSet controller: so many pods, all alike, whichever they are (RS-1 to RS-8).

Modelled: adoption by labels alone, creation in growing batches, the choice of victims (victims.py), status.  Not modelled: the
limit of 500 creations or deletions per sync.
"""
from __future__ import annotations

from functools import partial

from ..errors import ApiError, NotFound
from ..workloads.batches import attempt_all, in_batches
from ..workloads.ownership import Owner, claim, selects
from ..workloads.victims import victims
from .base import active, available, condition, finished, get, labels, name, owned_by, put, ready, reference, terminating, until_available


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
        going = [p for p in api.owned("Pod", rs) if owned_by(p, rs) and selects(rs, p) and terminating(p) and not finished(p)]
        template, min_ready = (get(rs, "spec.template.metadata.labels") or {}).items(), rs["spec"].get("minReadySeconds", 0)
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
        delay = until_available(api, pods, rs["spec"].get("minReadySeconds", 0))
        if delay is not None:
            api.wake(delay)


# ---- words ------------------------------------------------------------------------------------

def new_pod(rs: dict) -> dict:
    """RS-3: the API server draws the end of the name."""
    template = rs["spec"]["template"]
    kept = {field: get(template, f"metadata.{field}") for field in ("labels", "annotations", "finalizers")}
    meta = {"generateName": f"{name(rs)}-", "namespace": rs["metadata"]["namespace"], "ownerReferences": [reference(rs)]}
    meta |= {field: value for field, value in kept.items() if value}
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
