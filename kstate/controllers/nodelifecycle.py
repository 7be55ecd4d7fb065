"""The node lifecycle controller: notices silent nodes, marks their pods not ready, and taints nodes (workloads.md 4.5)."""
from __future__ import annotations

from ..node.heartbeat import WELL, renewed
from ..scheduling.affinity import taints
from ..world import drop
from .base import Controller, Dict, Key, condition, get, key_of, labels, name, put, ready, with_pod_condition

GRACE = 50_000                              # ms without a sign of life until a node is not ready
NORMAL, SLOW = 10_000, 100_000              # ms between two nodes that get a NoExecute taint
LARGE_ZONE, MANY, UNHEALTHY = 50, 2, 0.55   # NODE-6
NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
PRESSURE = {"MemoryPressure": "node.kubernetes.io/memory-pressure", "DiskPressure": "node.kubernetes.io/disk-pressure",
            "PIDPressure": "node.kubernetes.io/pid-pressure"}


class NodeLifecycle(Controller):
    name, component, kind = "node-lifecycle", "node-controller", "Node"

    def watches(self):
        return ("Node", "Lease")

    def keys(self, change, view):
        if change.key.kind == "Lease":
            yield Key("Node", "", change.key.name)
        elif change.old is None or change.new is None or _health(change.old) != _health(change.new):
            yield change.key
            yield from map(key_of, view.list("Node"))       # how many are ill decides for all (NODE-6)
        elif change.old["spec"] != change.new["spec"]:
            yield change.key

    def gone(self, api, key):
        about = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": key.name}}
        api.event(about, "Normal", "RemovingNode", f"Node {key.name} event: Removing Node {key.name} from Controller", because="NODE-7")

    def reconcile(self, api, node):
        self.greet(api, node)
        silence = renewed(api, name(node))
        if silence is not None and _health(node) != "Unknown":
            if silence >= GRACE:            # what follows from it waits until all silent nodes are marked (NODE-6)
                return api.update_status(node, because="NODE-1", conditions=[_unknown(api, node, row[0]) for row in WELL])
            api.wait(node, "its kubelet does not answer; after 50 s the node counts as not ready", because="NODE-1")
            api.wake(GRACE - silence)
        wanted = self.taints(api, node)
        lost = [t for t in wanted if t["key"] in (NOT_READY, UNREACHABLE)]
        if lost and not any(t["key"] in (NOT_READY, UNREACHABLE) for t in taints(node)):
            api.event(node, "Normal", "NodeNotReady", f"Node {name(node)} status is now: NodeNotReady", because="NODE-2")
        if wanted != taints(node):
            node = api.update(put(node, "spec.taints", wanted) if wanted else drop(node, "spec.taints"), because="NODE-3")
        if lost:
            self.mark_pods(api, node)

    def greet(self, api, node) -> None:
        if not any(e["reason"] == "RegisteredNode" for e in api.select("event by object", node["metadata"]["uid"])):
            api.event(node, "Normal", "RegisteredNode", f"Node {name(node)} event: Registered Node {name(node)} in Controller", because="NODE-7")

    def mark_pods(self, api, node) -> None:
        """No pod of a lost node is ready, whatever it may be doing (NODE-2)."""
        for pod in api.select("pod by node", name(node)):
            if ready(pod):
                conditions = with_pod_condition(pod, "Ready", "False", api.timestamp())["status"]["conditions"]
                api.update_status(pod, because="NODE-2", conditions=conditions)
                api.event(pod, "Warning", "NodeNotReady", "Node is not ready", because="NODE-2")

    # -- taints

    def taints(self, api, node) -> list[Dict]:
        """The taints that the node should have: foreign ones as they are, ours by its state (NODE-3)."""
        health = _health(node)
        ours = {(UNSCHEDULABLE, "NoSchedule"): bool(node["spec"].get("unschedulable")),
                **{(key, "NoSchedule"): _status(node, type) == "True" for type, key in PRESSURE.items()}}
        for key, when in ((UNREACHABLE, "Unknown"), (NOT_READY, "False")):
            ours[key, "NoSchedule"] = health == when
            ours[key, "NoExecute"] = health == when and self.may_evict(api, node, key)
        kept = [_stamped(api, t) for t in taints(node) if ours.get((t["key"], t["effect"]), True)]  # NODE-11
        known = [(t["key"], t["effect"]) for t in kept]
        return kept + [{"key": key, "effect": effect, "timeAdded": api.timestamp()} for (key, effect), wanted in ours.items()
                       if wanted and (key, effect) not in known]

    def may_evict(self, api, node, key: str) -> bool:
        """Whether the node has, or may now get, its NoExecute taint: one node after the other, and none if all are ill (NODE-6)."""
        nodes = api.list("Node")
        if all(_health(n) not in ("True", "") for n in nodes):
            api.wait(node, "no node is ready: nothing is evicted", because="NODE-6")
            return False
        if any((t["key"], t["effect"]) == (key, "NoExecute") for t in taints(node)):
            return True
        zone = [n for n in nodes if _zone(n) == _zone(node)]
        pause = _pause(zone)
        if pause is None:
            api.wait(node, "too many nodes of its zone are not ready: nothing is evicted", because="NODE-6")
            return False
        last = [api.since(t["timeAdded"]) for n in zone for t in taints(n)
                if t["effect"] == "NoExecute" and t["key"] in (NOT_READY, UNREACHABLE) and "timeAdded" in t]
        if last and min(last) < pause:
            api.wait(node, "another node of its zone was tainted just now", because="NODE-3")
            api.wake(pause - min(last))
            return False
        return True


def _stamped(api, taint: dict) -> dict:
    """Patience counts from the time that a NoExecute taint carries: give it one where its author did not."""
    return taint if taint["effect"] != "NoExecute" or "timeAdded" in taint else {**taint, "timeAdded": api.timestamp()}


def _pause(zone: list[Dict]) -> int | None:
    """Milliseconds between two evicted nodes of a zone; None: no eviction."""
    ill = sum(1 for n in zone if _health(n) not in ("True", ""))
    if ill > MANY and UNHEALTHY <= ill / len(zone) < 1:
        return SLOW if len(zone) > LARGE_ZONE else None
    return NORMAL


def _zone(node: dict) -> tuple:
    return tuple(labels(node).get(f"topology.kubernetes.io/{place}", "") for place in ("region", "zone"))


def _status(node: dict, type: str) -> str:
    return get(condition(node, type), "status", "")


def _health(node: dict) -> str:
    """The status of condition Ready; "" before the kubelet has spoken."""
    return _status(node, "Ready")


def _unknown(api, node: dict, type: str) -> dict:
    known = condition(node, type) or {}
    moved = known.get("lastTransitionTime", "") if known.get("status") == "Unknown" else api.timestamp()
    return {"type": type, "status": "Unknown", "lastHeartbeatTime": known.get("lastHeartbeatTime"), "lastTransitionTime": moved,
            "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
