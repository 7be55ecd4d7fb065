"""Why a node will not do for a pod: one filter after another, in Kubernetes' order (SCHED-2, SCHED-3).

A node stops at its first failing filter and contributes that filter's reasons only.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..controllers.base import Dict, get
from . import volumebinding as volumes
from .affinity import fits_node, taints, untolerated
from .nodeinfo import NodeInfo, Nodes, host_ports, requests
from .topology import PodAffinity, constraints, domains, spread_skew

UNSCHEDULABLE = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
SPREAD = "node(s) didn't match pod topology spread constraints"


class Reason(NamedTuple):
    """Why a node was refused (SCHED-3).  resolvable: it could help if another pod went away."""

    text: str
    resolvable: bool = False


class Attempt:
    """One attempt to place a pod: what the filters ask again and again of each node is computed once."""

    def __init__(self, api, pod: Dict, nodes: Nodes) -> None:
        """Raises volumebinding.Unschedulable where no node has to be looked at."""
        self.api, self.pod, self.nodes = api, pod, nodes
        self.claims = volumes.prefilter(api, pod)
        self.ports = host_ports(pod["spec"])
        self.requests = requests(pod["spec"])
        self.single_use = volumes.in_use(api, pod, self.claims)
        self.spread = [(c, domains(pod, c, nodes)) for c in constraints(pod, "DoNotSchedule")]
        self.affinity = PodAffinity(api.view, pod, nodes)

    def refusal(self, info: NodeInfo) -> list[Reason]:
        """The reasons of the first filter that refuses the node, or none."""
        for look in FILTERS:
            if reasons := list(look(self, info)):
                return reasons
        return []


def _node_unschedulable(attempt: Attempt, info: NodeInfo) -> Iterator[Reason]:
    if info.node["spec"].get("unschedulable") and untolerated(attempt.pod, [UNSCHEDULABLE], ("NoSchedule",)):
        yield Reason("node(s) were unschedulable")


def _taint_toleration(attempt: Attempt, info: NodeInfo) -> Iterator[Reason]:
    if untolerated(attempt.pod, taints(info.node), ("NoSchedule", "NoExecute")):
        yield Reason("node(s) had untolerated taint(s)")


def _node_affinity(attempt: Attempt, info: NodeInfo) -> Iterator[Reason]:
    if not fits_node(attempt.pod, info.node):
        yield Reason("node(s) didn't match Pod's node affinity/selector")


def _node_ports(attempt: Attempt, info: NodeInfo) -> Iterator[Reason]:
    if any(_clash(mine, theirs) for mine in attempt.ports for theirs in info.ports):
        yield Reason("node(s) didn't have free ports for the requested pod ports", resolvable=True)


def _clash(a: tuple, b: tuple) -> bool:
    return a[1:] == b[1:] and (a[0] == b[0] or "0.0.0.0" in (a[0], b[0]))


def _resources_fit(attempt: Attempt, info: NodeInfo) -> Iterator[Reason]:
    """One reason for each resource that is short; where the whole node would not do, nobody's going helps (SCHED-3)."""
    if info.used["pods"] + 1 > info.allocatable("pods"):
        yield Reason("Too many pods", resolvable=True)
    for resource, number in attempt.requests.items():
        there = info.allocatable(resource)
        if number and info.used.get(resource, 0) + number > there:
            yield Reason(f"Insufficient {resource}", resolvable=number <= there)


def _volume_restrictions(attempt: Attempt, info: NodeInfo) -> Iterator[Reason]:
    if attempt.single_use:
        yield Reason(volumes.IN_USE, resolvable=True)


def _volume_limits(attempt: Attempt, info: NodeInfo) -> Iterator[Reason]:
    if volumes.too_many_volumes(attempt.api, attempt.claims, info):
        yield Reason(volumes.TOO_MANY, resolvable=True)


def _volume_binding(attempt: Attempt, info: NodeInfo) -> Iterator[Reason]:
    yield from map(Reason, volumes.binding_reasons(attempt.api, attempt.claims, info.node))


def _volume_zone(attempt: Attempt, info: NodeInfo) -> Iterator[Reason]:
    if volumes.other_zone(attempt.api, attempt.claims, info.node):
        yield Reason(volumes.OTHER_ZONE)


def _topology_spread(attempt: Attempt, info: NodeInfo) -> Iterator[Reason]:
    for constraint, counts in attempt.spread:
        if constraint["topologyKey"] not in info.labels:
            yield Reason(f"{SPREAD} (missing required label)")
            return
        if spread_skew(attempt.pod, constraint, counts, info) > constraint["maxSkew"]:
            yield Reason(SPREAD, resolvable=True)
            return


def _pod_affinity(attempt: Attempt, info: NodeInfo) -> Iterator[Reason]:
    affinity = attempt.affinity
    if not affinity.near_enough(info):
        yield Reason("node(s) didn't match pod affinity rules")
    elif not affinity.far_enough(info):
        yield Reason("node(s) didn't match pod anti-affinity rules", resolvable=True)
    elif not affinity.welcome(info):
        yield Reason("node(s) didn't satisfy existing pods anti-affinity rules", resolvable=True)


# In this order (SCHED-2), volumes late (SCHED-V1).  NodeName is missing: a pod that names its node never comes here (SCHED-10).
FILTERS: tuple[Callable[[Attempt, NodeInfo], Iterator[Reason]], ...] = (
    _node_unschedulable, _taint_toleration, _node_affinity, _node_ports, _resources_fit, _volume_restrictions, _volume_limits,
    _volume_binding, _volume_zone, _topology_spread, _pod_affinity)


# ---- the message (SCHED-8) ----------------------------------------------------------------------------

def refused(total: int, body: str, after: str) -> str:
    return f"0/{total} nodes are available: {body}. {after}"


def counted(texts: list[str]) -> str:
    """The distinct texts with their counts, sorted as strings: so 10 comes before 2 (SCHED-V21)."""
    return ", ".join(sorted(f"{texts.count(text)} {text}" for text in dict.fromkeys(texts)))


def message(pod: dict, refusals: list[list[Reason]]) -> str:
    """What the event says when every node refused the pod."""
    total = len(refusals)
    body = counted([reason.text for reasons in refusals for reason in reasons])
    if get(pod, "spec.preemptionPolicy") == "Never":
        after = "not eligible due to preemptionPolicy=Never."
    else:
        helps = [all(reason.resolvable for reason in reasons) for reasons in refusals]
        texts = ["No preemption victims found for incoming pod" if h else "Preemption is not helpful for scheduling" for h in helps]
        after = f"0/{total} nodes are available: {counted(texts)}."
    return refused(total, body, f"no new claims to deallocate, preemption: {after}")
