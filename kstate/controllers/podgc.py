"""Pod garbage collection: every 20 s it force-deletes pods that nobody else will ever remove (workloads.md 4.3)."""
from __future__ import annotations

from ..memory import recall, remember
from ..scheduling.affinity import taints
from .base import Controller, finished, get, is_true, key_of, terminating, with_pod_condition

PERIOD, QUARANTINE = 20_000, 40_000     # ms
THRESHOLD = 12_500                      # finished pods that may stay
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
MISSING = "kube-controller-manager/missing-nodes"       # the disk that says since when a node is missed


class PodGC(Controller):
    name, component, kind = "pod-gc", "pod-garbage-collector", "Pod"

    def watches(self):
        return ("Pod", "Node")

    def keys(self, change, view):
        if change.key.kind == "Node":
            yield from map(key_of, view.select("pod by node", change.key.name))
        elif change.new is not None:
            if terminating(change.new) or change.old is None or change.old["spec"] is not change.new["spec"]:
                yield change.key
            if finished(change.new) and len(view.kinds["Pod"]) > THRESHOLD:
                yield change.key

    def reconcile(self, api, pod):
        node_name = pod["spec"].get("nodeName")
        node = api.find("Node", node_name) if node_name else None
        if node_name and node is None:
            self.orphan(api, pod, node_name)
        elif node is not None and terminating(pod) and not is_true(node, "Ready") and any(t["key"] == OUT_OF_SERVICE for t in taints(node)):
            if self.turn(api, api.now):
                self.force_delete(api, pod, because="PGC-2")
        elif not node_name and terminating(pod) and pod["metadata"].get("deletionGracePeriodSeconds"):
            if self.turn(api, api.now):
                self.force_delete(api, pod, because="PGC-4")
        elif finished(pod) and len(api.view.kinds["Pod"]) > THRESHOLD:
            self.thin_out(api)
        if node is not None:
            remember(api, MISSING, node_name, None, because="PGC-3")

    def orphan(self, api, pod, node: str) -> None:
        """A node that is missing may come back within 40 s (PGC-3)."""
        since = recall(api.world, MISSING, node)
        if since is None:
            since = api.now
            remember(api, MISSING, node, since, because="PGC-3")
        if self.turn(api, since + QUARANTINE):
            told = with_pod_condition(pod, "DisruptionTarget", "True", api.timestamp(), reason="DeletionByPodGC",
                                      message="PodGC: node no longer exists")
            self.force_delete(api, told, because="PGC-3")
            if not api.select("pod by node", node):
                remember(api, MISSING, node, None, because="PGC-3")
        else:
            api.wait(pod, f"its node {node} does not exist; after 40 s it is removed", because="PGC-3")

    def turn(self, api, due: int) -> bool:
        """Whether the loop runs now, for something that is due from then on; if not, it wakes then."""
        at = -(-max(due, api.now) // PERIOD) * PERIOD
        if at > api.now:
            api.wake(at - api.now)
        return at == api.now

    def force_delete(self, api, pod, because: str) -> None:
        """PGC-5."""
        phase = get(pod, "status.phase") if finished(pod) else "Failed"
        pod = api.update_status(pod, because, phase=phase)
        api.delete(pod, because, grace=0)

    def thin_out(self, api) -> None:
        """The oldest of too many finished pods go, evicted ones first (PGC-1)."""
        done = [p for p in api.list("Pod") if finished(p) and not terminating(p)]
        done.sort(key=lambda p: (get(p, "status.reason") != "Evicted", p["metadata"]["creationTimestamp"], key_of(p)))
        for pod in done[:max(0, len(done) - THRESHOLD)]:
            self.force_delete(api, pod, because="PGC-1")
