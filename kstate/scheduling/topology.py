"""Where pods stand relative to each other: spread constraints and (anti-)affinity between pods.

A domain is all nodes with one value of a label, the topology key.  Not modelled: minDomains, matchLabelKeys.
"""
from __future__ import annotations

from math import log

from .. import labels as selectors
from ..controllers.base import get, labels, namespace, terminating
from .affinity import PREFERRED, fits_node, pod_terms, taints, term_means, untolerated
from .nodeinfo import NodeInfo, Nodes

HOSTNAME, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


# ---- spread -------------------------------------------------------------------------------------

def constraints(pod: dict, when: str) -> list[dict]:
    return [c for c in pod["spec"].get("topologySpreadConstraints") or () if c["whenUnsatisfiable"] == when]


def domains(pod: dict, constraint: dict, nodes: Nodes) -> dict[str, int]:
    """How many pods of the constraint each eligible domain holds."""
    key, found = constraint["topologyKey"], {}
    for info in nodes:
        if key in info.labels and _eligible(pod, constraint, info.node):
            found[info.labels[key]] = found.get(info.labels[key], 0) + _members(pod, constraint, info)
    return found


def _eligible(pod: dict, constraint: dict, node: dict) -> bool:
    if constraint.get("nodeAffinityPolicy", "Honor") == "Honor" and not fits_node(pod, node):
        return False
    return constraint.get("nodeTaintsPolicy", "Ignore") == "Ignore" or not untolerated(pod, taints(node), ("NoSchedule", "NoExecute"))


def _members(pod: dict, constraint: dict, info: NodeInfo) -> int:
    selector = selectors.of(constraint.get("labelSelector"))
    return sum(1 for p in info.pods if namespace(p) == namespace(pod) and not terminating(p) and selector.matches(labels(p)))


def spread_skew(pod: dict, constraint: dict, counts: dict[str, int], info: NodeInfo) -> int:
    """The skew that the pod would bring about on that node (SCHED-5)."""
    itself = selectors.of(constraint.get("labelSelector")).matches(labels(pod))
    return counts.get(info.labels[constraint["topologyKey"]], 0) + itself - min(counts.values(), default=0)


def spread_cost(pod: dict, owner: str, infos: list[NodeInfo], nodes: Nodes) -> list[float]:
    """For scoring, the lower the better: how crowded the domains of each node are.  Pods of a controller (its uid is
    `owner`) that name no constraints are spread over hosts and zones (SCHED-6)."""
    total = [0.0] * len(infos)
    own = pod["spec"].get("topologySpreadConstraints")
    if own or not owner:
        soft = [(c["topologyKey"], c["maxSkew"], domains(pod, c, nodes)) for c in constraints(pod, "ScheduleAnyway")]
    else:
        soft = [(key, skew, _owned(owner, key, nodes)) for key, skew in ((HOSTNAME, 3), (ZONE, 5))]
    for key, skew, counts in soft:
        weight = log(len(counts) + 2)
        for i, info in enumerate(infos):
            if key in info.labels:
                total[i] += counts.get(info.labels[key], 0) * weight + skew - 1
    return total


def _owned(owner: str, key: str, nodes: Nodes) -> dict[str, int]:
    found: dict[str, int] = {}
    for info in nodes:
        if key in info.labels:
            found[info.labels[key]] = found.get(info.labels[key], 0) + info.owners.get(owner, 0)
    return found


# ---- pods to pods ---------------------------------------------------------------------------------

def _where(nodes: Nodes, key: str, means) -> dict[str, int]:
    """Domains that hold pods for which `means` is true: value of the key -> how many."""
    found: dict[str, int] = {}
    for info in nodes:
        if key in info.labels:
            number = sum(1 for p in info.pods if means(p))
            if number:
                found[info.labels[key]] = found.get(info.labels[key], 0) + number
    return found


class PodAffinity:
    """What a pod's required terms, and those of the pods that are there already, say of each node."""

    def __init__(self, view, pod: dict, nodes: Nodes) -> None:
        self.affinity, self.anti = pod_terms(pod, "podAffinity"), pod_terms(pod, "podAntiAffinity")
        together = [(t["topologyKey"], _where(nodes, t["topologyKey"], lambda p: all(term_means(view, pod, each, p) for each in self.affinity)))
                    for t in self.affinity]
        first = not any(found for _, found in together) and all(term_means(view, pod, t, pod) for t in self.affinity)
        self.near = [(key, None if first else found) for key, found in together]
        self.far = [(t["topologyKey"], _where(nodes, t["topologyKey"], lambda p, t=t: term_means(view, pod, t, p))) for t in self.anti]
        self.unwelcome = [(t["topologyKey"], info.labels.get(t["topologyKey"])) for info in nodes for p in info.shy
                          for t in pod_terms(p, "podAntiAffinity") if term_means(view, p, t, pod)]

    def near_enough(self, info: NodeInfo) -> bool:
        """A first pod may satisfy its own affinity, on any node that has the key (SCHED-5)."""
        return all(key in info.labels and (found is None or info.labels[key] in found) for key, found in self.near)

    def far_enough(self, info: NodeInfo) -> bool:
        return not any(info.labels.get(key) in found for key, found in self.far)

    def welcome(self, info: NodeInfo) -> bool:
        return not any(value is not None and info.labels.get(key) == value for key, value in self.unwelcome)


def preference(view, pod: dict, infos: list[NodeInfo], nodes: Nodes) -> list[int]:
    """For scoring: the weights of the pod's preferred terms that hold on each node, anti-affinity counted negative."""
    total = [0] * len(infos)
    for sort, sign in (("podAffinity", 1), ("podAntiAffinity", -1)):
        for weighted in get(pod, f"spec.affinity.{sort}.{PREFERRED}", []):
            term = weighted["podAffinityTerm"]
            found = _where(nodes, term["topologyKey"], lambda p, term=term: term_means(view, pod, term, p))
            for i, info in enumerate(infos):
                total[i] += sign * weighted["weight"] * found.get(info.labels.get(term["topologyKey"]), 0)
    return total
