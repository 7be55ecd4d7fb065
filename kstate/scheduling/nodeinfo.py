"""What the scheduler knows of a node: the node, its pods, and what they take of it (SCHED-4).

Amounts are integers: cpu in thousandths, everything else in whole units.
"""
from __future__ import annotations

from collections.abc import Iterator

from .. import quantity
from ..controllers.base import Dict, controller_ref, finished, get, is_sidecar, labels, name
from .affinity import pod_terms

ON_NODE = ("pod by node", "pod by nominated node")
DEFAULT_CPU, DEFAULT_MEMORY = 100, 200 << 20        # what a container without requests counts for in scores


class NodeInfo:
    """One node and the pods on it, those that only wait for their volumes there included."""

    def __init__(self, node: Dict, pods: list[Dict]) -> None:
        self.node, self.name, self.labels = node, name(node), labels(node)
        self.pods = [pod for pod in pods if not finished(pod)]
        self.used: dict[str, int] = {"pods": len(self.pods)}
        self.scored = {"cpu": 0, "memory": 0}
        self.ports: list[tuple] = []
        self.owners: dict[str, int] = {}                # uid of a controller -> how many of its pods
        self.shy = [pod for pod in self.pods if pod_terms(pod, "podAntiAffinity")]
        for pod in self.pods:
            add(self.used, requests(pod["spec"]))
            add(self.scored, scored_requests(pod["spec"]))
            self.ports += host_ports(pod["spec"])
            if owner := controller_ref(pod):
                self.owners[owner["uid"]] = self.owners.get(owner["uid"], 0) + 1

    def allocatable(self, resource: str) -> int:
        return amount(resource, get(self.node, "status.allocatable", {}).get(resource, "0"))


class Nodes:
    """All nodes as the scheduler sees them: a node is counted anew only if it or a pod on it changed."""

    def __init__(self, view, counted: dict[str, tuple]) -> None:
        """`counted` keeps counts from one pod to the next; it can be lost at any time."""
        self.view, self.counted = view, counted
        self.nodes = {name(node): node for node in view.list("Node")}

    def __iter__(self) -> Iterator[NodeInfo]:
        return map(self.info, self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def info(self, node: str) -> NodeInfo:
        marks = [self.view.mark(index, node) for index in ON_NODE]
        known = self.counted.get(node)
        if known is None or known[0] != marks or known[1].node is not self.nodes[node]:
            pods = [pod for index in ON_NODE for pod in self.view.select(index, node)]
            known = self.counted[node] = marks, NodeInfo(self.nodes[node], pods)
        return known[1]


# ---- requests -----------------------------------------------------------------------------------

def amount(resource: str, text: str) -> int:
    return quantity.milli(text) if resource == "cpu" else quantity.whole(text)


def add(total: dict[str, int], more: dict[str, int]) -> None:
    for resource, number in more.items():
        total[resource] = total.get(resource, 0) + number


def requests(spec: dict, sort: str = "requests") -> dict[str, int]:
    """What a pod asks for, or is limited to: its containers and sidecars together, or its greediest moment of initialisation (SCHED-4)."""
    total: dict[str, int] = {}
    for container in spec["containers"]:
        add(total, _of(container, sort))
    sidecars: dict[str, int] = {}
    peak: dict[str, int] = {}
    for container in spec.get("initContainers") or ():
        moment = dict(sidecars)
        add(moment, _of(container, sort))
        if is_sidecar(container):
            add(total, _of(container, sort))
            sidecars = moment
        for resource, number in moment.items():
            peak[resource] = max(peak.get(resource, 0), number)
    for resource, number in peak.items():
        total[resource] = max(total.get(resource, 0), number)
    add(total, {resource: amount(resource, text) for resource, text in (spec.get("overhead") or {}).items()})
    return total


def _of(container: dict, sort: str = "requests") -> dict[str, int]:
    return {resource: amount(resource, text) for resource, text in get(container, f"resources.{sort}", {}).items()}


def scored_requests(spec: dict) -> dict[str, int]:
    """cpu and memory for scoring: a container that asks for nothing counts, too."""
    asked = [_of(c) for c in spec["containers"]]
    return {"cpu": sum(r.get("cpu", DEFAULT_CPU) for r in asked), "memory": sum(r.get("memory", DEFAULT_MEMORY) for r in asked)}


def host_ports(spec: dict) -> list[tuple[str, str, int]]:
    """(address, protocol, port) that the pod occupies on its node."""
    return [(port.get("hostIP") or "0.0.0.0", port.get("protocol", "TCP"), port["hostPort"])
            for container in spec["containers"] for port in container.get("ports") or () if port.get("hostPort")]
