"""Which of the nodes that fit is best (SCHED-6): every score from 0 to 100, weighed and summed; ties are broken in a fixed order.

Kubernetes breaks ties by chance; here the node with the fewest pods wins, then the one with the least requested cpu, then
the first by name.  Not modelled: the preferences of pods that are there already.
"""
from __future__ import annotations

import re

from ..controllers.base import controller_ref, get
from .affinity import PREFERRED, taints, term_matches, untolerated
from .nodeinfo import NodeInfo, Nodes, scored_requests
from .topology import preference, spread_cost

WEIGHTS = {"taints": 3, "affinity": 2, "spread": 2, "pods": 2, "room": 1, "balance": 1, "images": 1}
SMALL, LARGE = 23 << 20, 1000 << 20     # bytes: images up to the one do not count, beyond the other they count no more


def best(view, pod: dict, infos: list[NodeInfo], nodes: Nodes) -> NodeInfo:
    """The node for a pod among those that fit; `infos` is not empty."""
    if len(infos) == 1:
        return infos[0]
    scores = score(view, pod, infos, nodes)
    order = [(-total, info.used["pods"], info.used.get("cpu", 0), natural(info.name)) for total, info in zip(scores, infos)]
    return infos[order.index(min(order))]


def score(view, pod: dict, infos: list[NodeInfo], nodes: Nodes) -> list[int]:
    """The weighted sum for each node."""
    owner = controller_ref(pod)
    asked = scored_requests(pod["spec"])
    parts = {
        "taints": _few([len(untolerated(pod, taints(i.node), ("PreferNoSchedule",))) for i in infos]),
        "affinity": _much([_affinity(pod, i) for i in infos]),
        "spread": _even(spread_cost(pod, owner["uid"] if owner else "", infos, nodes)),
        "pods": _range(preference(view, pod, infos, nodes)),
        "room": [_room(asked, i) for i in infos],
        "balance": [_balance(asked, i) for i in infos],
        "images": [_images(pod, i, nodes) for i in infos],
    }
    return [sum(WEIGHTS[name] * part[n] for name, part in parts.items()) for n in range(len(infos))]


def natural(name: str) -> list:
    """node-2 before node-10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


# ---- raw numbers -> 0..100 --------------------------------------------------------------------------

def _much(raw: list[int]) -> list[int]:
    most = max(raw)
    return [100 * r // most if most else 0 for r in raw]


def _few(raw: list[int]) -> list[int]:
    most = max(raw)
    return [100 - (100 * r // most if most else 0) for r in raw]


def _even(raw: list[float]) -> list[int]:
    costs = [round(r) for r in raw]
    most, least = max(costs), min(costs)
    return [100 * (most + least - c) // most if most else 100 for c in costs]


def _range(raw: list[int]) -> list[int]:
    most, least = max(raw), min(raw)
    return [100 * (r - least) // (most - least) if most != least else 0 for r in raw]


# ---- the scores of one node -----------------------------------------------------------------------

def _affinity(pod: dict, info: NodeInfo) -> int:
    """The weights of the preferred node affinity terms that hold."""
    return sum(t["weight"] for t in get(pod, f"spec.affinity.nodeAffinity.{PREFERRED}", []) if term_matches(t["preference"], info.node))


def _fractions(asked: dict[str, int], info: NodeInfo) -> list[float]:
    """How full cpu and memory would be, 0 to 1."""
    return [min(1.0, (info.scored[r] + asked[r]) / info.allocatable(r)) for r in ("cpu", "memory") if info.allocatable(r)]


def _room(asked: dict[str, int], info: NodeInfo) -> int:
    """NodeResourcesFit, LeastAllocated: the emptier the better."""
    full = _fractions(asked, info)
    return sum(int(100 * (1 - f)) for f in full) // len(full) if full else 0


def _balance(asked: dict[str, int], info: NodeInfo) -> int:
    """NodeResourcesBalancedAllocation: cpu and memory should fill up alike."""
    full = _fractions(asked, info)
    return int(100 * (1 - (max(full) - min(full)) / 2)) if full else 100


def _images(pod: dict, info: NodeInfo, nodes: Nodes) -> int:
    """ImageLocality: bytes that need not be pulled, less where only few nodes have them."""
    names = [c["image"] for c in pod["spec"]["containers"]]
    have = sum(_size(info.node, n) * sum(1 for node in nodes.nodes.values() if _size(node, n)) // len(nodes) for n in names)
    most = LARGE * len(names)
    return 100 * (min(max(have, SMALL), most) - SMALL) // (most - SMALL)


def _size(node: dict, image: str) -> int:
    return next((i.get("sizeBytes", 0) for i in get(node, "status.images") or () if image in i["names"]), 0)
