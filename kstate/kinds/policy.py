"""PodDisruptionBudget (PDB-2, TBL-34)."""
from __future__ import annotations

from ..errors import invalid, unsupported
from ..world import freeze, get
from .fields import Errors, at_most_all, int_or_percent, label_selector, same_spec, selector_value
from .kind import Kind, columns

EVICTION_POLICIES = ("AlwaysAllow", "IfHealthyBudget")


def validate(budget: dict, old: dict | None) -> Errors:
    if same_spec(budget, old):
        return
    spec = budget.get("spec") or {}
    if "minAvailable" in spec and "maxUnavailable" in spec:     # shown as the API server holds it, PDB-2
        yield invalid("spec", {"MinAvailable": spec["minAvailable"], "Selector": selector_value(spec.get("selector")),
                               "MaxUnavailable": spec["maxUnavailable"],
                               "UnhealthyPodEvictionPolicy": spec.get("unhealthyPodEvictionPolicy")},
                      "minAvailable and maxUnavailable cannot be both set")
    for field in ("minAvailable", "maxUnavailable"):
        if field in spec:
            yield from int_or_percent(f"spec.{field}", spec[field])
            yield from at_most_all(f"spec.{field}", spec[field])
    yield from label_selector("spec.selector", spec.get("selector"))
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in EVICTION_POLICIES:
        yield unsupported("spec.unhealthyPodEvictionPolicy", policy, list(EVICTION_POLICIES))


def cells(budget: dict, age) -> list:
    """TBL-34."""
    spec, meta = budget.get("spec") or {}, budget["metadata"]
    return [meta["name"], str(spec.get("minAvailable", "N/A")), str(spec.get("maxUnavailable", "N/A")),
            get(budget, "status.disruptionsAllowed", 0), age(meta.get("creationTimestamp"))]


ROWS = (
    Kind("PodDisruptionBudget", "poddisruptionbudgets", "policy", short=("pdb",), subresources=("status",), generation=("spec",),
         status=freeze({"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}), unconditional_update=False,
         validate=validate, columns=columns("Name, Min Available, Max Unavailable, Allowed Disruptions int, Age"), cells=cells),
)
