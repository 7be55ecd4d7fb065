"""What a kubelet says of its node: conditions and a Lease (KUB-5, NODE-1).

A real kubelet renews both every few seconds for ever.  Here it writes once, and is taken to be alive; when a fault silences
it, the last renewal that it could still write carries the time from which its silence counts.
"""
from __future__ import annotations

from ..controllers.base import Controller, Dict, annotations, condition, get, name, put, uid
from ..faults import FAULT, fault

LEASES = "kube-node-lease"
LEASE_SECONDS = 40
WELL = (("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"))


def silent(node: dict) -> bool:
    """Whether the kubelet of that node does and says nothing."""
    return fault(node) == "NotReady"


def renewed(api, node: str) -> int | None:
    """Milliseconds since the kubelet of a node was last heard of; None if it is alive (or never was)."""
    lease = api.find("Lease", node, LEASES)
    return api.since(lease["spec"]["renewTime"]) if lease is not None and FAULT in annotations(lease) else None


class NodeStatus(Controller):
    """The part of all kubelets that speaks of the node."""

    name, component, kind = "node-status", "kubelet", "Node"

    def keys(self, change, view):
        if change.old is None or change.new is None or fault(change.old) != fault(change.new):
            yield change.key

    def reconcile(self, api, node):
        lease = api.find("Lease", name(node), LEASES)
        if silent(node):
            if lease is not None and FAULT not in annotations(lease):
                api.update(_renewed(api, put(lease, "metadata.annotations", {FAULT: fault(node)})), because="NODE-1")
            return
        if lease is None:
            api.create(_lease(api, node), because="KUB-5")
        elif FAULT in annotations(lease):
            api.update(_renewed(api, put(lease, "metadata.annotations", {})), because="NODE-1")
        if any(get(condition(node, type), "status") != status for type, status, _, _ in WELL):
            api.update_status(node, because="KUB-5", conditions=[_condition(api, node, *row) for row in WELL])


def _lease(api, node: dict) -> dict:
    now = api.clock.micro(api.now)
    owner = {"apiVersion": "v1", "kind": "Node", "name": name(node), "uid": uid(node)}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": name(node), "namespace": LEASES, "ownerReferences": [owner]},
            "spec": {"holderIdentity": name(node), "leaseDurationSeconds": LEASE_SECONDS, "acquireTime": now, "renewTime": now}}


def _renewed(api, lease: dict) -> Dict:
    return put(lease, "spec.renewTime", api.clock.micro(api.now))


def _condition(api, node: dict, type: str, status: str, reason: str, message: str) -> dict:
    known, now = condition(node, type), api.timestamp()
    moved = now if known is None or known["status"] != status else known["lastTransitionTime"]
    return {"type": type, "status": status, "lastHeartbeatTime": now, "lastTransitionTime": moved, "reason": reason, "message": message}
