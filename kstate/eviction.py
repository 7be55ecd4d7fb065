"""The eviction subresource: a delete that asks the PodDisruptionBudget first (API-71, EVI-1 to EVI-6)."""
from __future__ import annotations

from typing import Any

from . import labels as selectors
from .controllers.base import labels, name, namespace, phase, ready, terminating, with_pod_condition
from .errors import ServerError, TooManyRequests
from .world import Dict, Key, get, put

REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."
SEVERAL = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
RETRY = 10      # seconds


def evict(api, key: Key, options: dict | None = None, *, who: str = "kubectl") -> None:
    """POST pods/<name>/eviction.  options: the deleteOptions of the body.  Raises NotFound, Conflict (preconditions),
    TooManyRequests where the budget is spent, ServerError where several budgets select the pod."""
    pod = api.get(key)
    if phase(pod) not in ("Succeeded", "Failed", "Pending") and not terminating(pod):       # EVI-2
        budgets = [b for b in api.world.list("PodDisruptionBudget", key.namespace) if selects(b, pod)]
        if len(budgets) > 1:
            raise ServerError(SEVERAL)                                                      # EVI-3
        if budgets and not _unready_may_go(budgets[0], pod):
            _spend(api, budgets[0], pod, who)
    told = with_pod_condition(pod, "DisruptionTarget", "True", api.engine.clock.timestamp(api.engine.now),
                              reason="EvictionByEvictionAPI", message="Eviction API: evicting")
    if not terminating(pod):
        api.update(told, who=who, because="EVI-6", subresource="status")
    api.delete(key, grace=(options or {}).get("gracePeriodSeconds"), propagation=(options or {}).get("propagationPolicy"),
               preconditions=(options or {}).get("preconditions"), who=who, because="EVI-6")


def selects(budget: dict, pod: dict) -> bool:
    """A missing selector selects nothing, an empty one every pod of the namespace."""
    return namespace(budget) == namespace(pod) and selectors.of(budget["spec"].get("selector")).matches(labels(pod))


def _unready_may_go(budget: Dict, pod: Dict) -> bool:
    """A pod that is not ready costs the budget nothing, if it may go (EVI-4)."""
    if ready(pod):
        return False
    desired = get(budget, "status.desiredHealthy", 0)
    return get(budget, "spec.unhealthyPodEvictionPolicy") == "AlwaysAllow" or get(budget, "status.currentHealthy", 0) >= desired > 0


def _spend(api, budget: Dict, pod: Dict, who: str) -> None:
    """Take one from the budget, and note for whom (EVI-5)."""
    status: dict[str, Any] = dict(budget.get("status") or {})
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 1):
        raise _refusal(f"The disruption budget {name(budget)} is still being processed by the server.", retryAfterSeconds=RETRY)
    if not status.get("disruptionsAllowed"):
        desired, current = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
        raise _refusal(f"The disruption budget {name(budget)} needs {desired} healthy pods and has {current} currently" if current <= desired
                       else f"The disruption budget {name(budget)} does not allow evicting pods currently")
    status["disruptionsAllowed"] -= 1
    status["disruptedPods"] = {**status.get("disruptedPods", {}), name(pod): api.engine.clock.timestamp(api.engine.now)}
    api.update(put(budget, "status", status), who=who, because="EVI-5", subresource="status")


def _refusal(message: str, **more: Any) -> TooManyRequests:
    return TooManyRequests(REFUSED, causes=[{"reason": "DisruptionBudget", "message": message}], **more)
