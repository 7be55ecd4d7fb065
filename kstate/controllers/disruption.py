"""The disruption controller: how many pods of a PodDisruptionBudget may be evicted now (PDB-1, PDB-3)."""
from __future__ import annotations

from math import ceil

from .. import labels as selectors
from ..eviction import selects
from .base import Controller, Key, controller_ref, get, name, namespace, ready, terminating, uid

TIMEOUT = 120_000       # ms after which an announced eviction that did not happen is forgotten
SCALABLE = ("StatefulSet", "Deployment", "ReplicaSet", "ReplicationController")
UNMANAGED = ("Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the status of the PDB cannot "
             "be calculated correctly, which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" "
             "field of the PDB to an integer value.")


class Disruption(Controller):
    name, component, kind = "disruption", "controllermanager", "PodDisruptionBudget"

    def watches(self):
        return ("PodDisruptionBudget", "Pod", *SCALABLE)

    def keys(self, change, view):
        if change.key.kind == "PodDisruptionBudget":
            yield change.key
            return
        for budget in view.list("PodDisruptionBudget", change.key.namespace):
            pods = [p for p in (change.old, change.new) if p is not None]
            if change.key.kind != "Pod" or any(selects(budget, p) for p in pods):
                yield Key("PodDisruptionBudget", namespace(budget), name(budget))

    def reconcile(self, api, budget):
        pods = [p for p in api.list("Pod", namespace(budget)) if selects(budget, p)]
        if not pods:
            self.tell(api, budget, budget, "Normal", "NoPods", "No matching pods found")
        try:
            expected, desired = self.expectations(api, budget, pods)
        except LookupError as reason:
            self.tell(api, budget, budget, "Warning", "CalculateExpectedPodCountFailed", f"Failed to calculate the number of expected pods: {reason}")
            return self.write(api, budget, 0, 0, 0, {}, failed=str(reason))
        announced = self.announced(api, budget, pods)
        healthy = sum(1 for p in pods if ready(p) and not terminating(p) and name(p) not in announced)
        self.write(api, budget, healthy, desired, expected, announced)

    def announced(self, api, budget, pods) -> dict[str, str]:
        """Evictions that were allowed and whose pods are not deleted yet: name -> when."""
        left = {}
        for pod in pods:
            when = get(budget, "status.disruptedPods", {}).get(name(pod))
            if when is None or terminating(pod):
                continue
            if api.since(when) >= TIMEOUT:
                self.tell(api, budget, pod, "Warning", "NotDeleted",
                          f"Pod was expected by PDB {namespace(budget)}/{namespace(budget)} to be deleted but it wasn't")
                continue
            left[name(pod)] = when
            api.wake(TIMEOUT - api.since(when), "idle")
        return left

    def expectations(self, api, budget, pods) -> tuple[int, int]:
        """(expectedPods, desiredHealthy).  LookupError where a pod's controller cannot be scaled."""
        spec = budget["spec"]
        if "maxUnavailable" in spec:
            expected = self.scale(api, budget, pods)
            return expected, max(0, expected - _share(spec["maxUnavailable"], expected))
        least = spec.get("minAvailable", 0)
        expected = self.scale(api, budget, pods) if isinstance(least, str) and least.endswith("%") else len(pods)
        return expected, _share(least, expected)

    def scale(self, api, budget, pods) -> int:
        """The replicas of the distinct controllers of the pods."""
        found: dict[str, int] = {}
        unmanaged = []
        for pod in pods:
            ref = controller_ref(pod)
            if ref is None:
                unmanaged.append(name(pod))
                continue
            owner = _top(api, namespace(pod), ref)
            if owner is None:
                raise LookupError(f"found no controllers for pod \"{name(pod)}\"")
            if owner["kind"] not in SCALABLE:
                raise LookupError(f"{owner['kind'].lower()}s.{owner['apiVersion'].partition('/')[0]} does not implement the scale subresource")
            found[uid(owner)] = owner["spec"].get("replicas", 1)
        if unmanaged:
            shown = selectors.of(budget["spec"].get("selector"))
            self.tell(api, budget, budget, "Warning", "UnmanagedPods", UNMANAGED.format(shown))
        return sum(found.values())

    def write(self, api, budget, healthy, desired, expected, announced, failed="") -> None:
        allowed = max(0, healthy - desired) if expected else 0
        status, reason = ("False", "SyncFailed") if failed else ("True", "SufficientPods") if allowed else ("False", "InsufficientPods")
        known = next(iter(get(budget, "status.conditions") or ()), {})
        told = {"type": "DisruptionAllowed", "status": status, "observedGeneration": budget["metadata"].get("generation", 1), "reason": reason,
                "message": failed, "lastTransitionTime": known["lastTransitionTime"] if known.get("status") == status else api.timestamp()}
        new = {"conditions": [told], "currentHealthy": healthy, "desiredHealthy": desired, "disruptedPods": announced or None,
               "disruptionsAllowed": allowed, "expectedPods": expected, "observedGeneration": budget["metadata"].get("generation", 1)}
        api.update_status(budget, because="PDB-1", **new)

    def tell(self, api, budget, about, type, reason, message) -> None:
        """An event that does not repeat itself at every sync."""
        if not any((e["reason"], e["message"]) == (reason, message) for e in api.select("event by object", uid(about))):
            api.event(about, type, reason, message, because="PDB-3")


def _top(api, space: str, ref: dict) -> dict | None:
    """The controller of a pod; for a ReplicaSet that belongs to a Deployment, the Deployment."""
    owner = api.find(ref["kind"], ref["name"], space)
    if owner is None or uid(owner) != ref["uid"]:
        return None
    above = controller_ref(owner)
    return api.find(above["kind"], above["name"], space) if above and above["kind"] == "Deployment" else owner


def _share(number: int | str, of: int) -> int:
    """A number, or a percentage rounded up."""
    return ceil(int(number[:-1]) * of / 100) if isinstance(number, str) and number.endswith("%") else int(number)
