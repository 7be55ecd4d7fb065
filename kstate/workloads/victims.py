"""Which pods of a ReplicaSet have to go when it shrinks (RS-5)."""
from __future__ import annotations

from collections import Counter
from functools import cmp_to_key

from ..controllers.base import Dict, active, annotations, condition, controller_ref, get, phase, ready, uid

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
PHASES = ("Pending", "Unknown", "Running")


def victims(api, rs: dict, pods: list[Dict]) -> list[Dict]:
    """The pods in the order in which they are given up (RS-5)."""
    family = Counter(pod["spec"].get("nodeName") for sibling in siblings(api, rs) for pod in api.owned("Pod", sibling) if active(pod))

    def rank(pod: dict) -> tuple:
        cost = annotations(pod).get(DELETION_COST, "0")
        return (bool(pod["spec"].get("nodeName")), PHASES.index(phase(pod)) if phase(pod) in PHASES else 0, ready(pod),
                int(cost) if cost.lstrip("+-").isdigit() else 0, -family[pod["spec"].get("nodeName")])

    def compare(a: dict, b: dict) -> int:
        return (_order(rank(a), rank(b)) or (_younger(api, a, b, _ready_since) if ready(a) and ready(b) else 0)
                or _order(_restarts(b), _restarts(a)) or _younger(api, a, b, _made))

    return sorted(pods, key=cmp_to_key(compare))


def siblings(api, rs: dict) -> list[Dict]:
    """All ReplicaSets of the same Deployment."""
    owner = controller_ref(rs)
    return [obj for obj in api.select("owner", owner["uid"]) if obj["kind"] == "ReplicaSet"] if owner else [rs]


def _order(a, b) -> int:
    return (a > b) - (a < b)


def _younger(api, a: dict, b: dict, begin) -> int:
    """Younger goes first, but ages count only by their powers of two of nanoseconds; equally old ones by uid."""
    if begin(a) == begin(b):
        return 0
    age_a, age_b = ((api.since(begin(pod)) * 1_000_000).bit_length() for pod in (a, b))
    return _order(age_a, age_b) or _order(uid(a), uid(b))


def _ready_since(pod: dict) -> str | None:
    return condition(pod, "Ready").get("lastTransitionTime")


def _made(pod: dict) -> str:
    return pod["metadata"]["creationTimestamp"]


def _restarts(pod: dict) -> tuple[int, int]:
    """The most restarts of a container, and of a sidecar."""
    sidecars = [c["name"] for c in pod["spec"].get("initContainers") or () if c.get("restartPolicy") == "Always"]
    regular = (c.get("restartCount", 0) for c in get(pod, "status.containerStatuses") or ())
    aside = (c.get("restartCount", 0) for c in get(pod, "status.initContainerStatuses") or () if c["name"] in sidecars)
    return max(regular, default=0), max(aside, default=0)
