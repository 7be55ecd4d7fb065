"""Taint eviction: pods that do not tolerate a NoExecute taint of their node are deleted, at once or when their patience
ends (NODE-5)."""
from __future__ import annotations

from math import inf

from ..scheduling.affinity import taints, tolerates
from .base import Controller, Key, condition, finished, get, key_of, name, namespace, terminating, with_pod_condition

CANCELLED = "Pod saved from eviction"       # keys of pods whose node lost its NoExecute taints in time


class TaintEviction(Controller):
    name, component, kind = "taint-eviction", "taint-eviction-controller", "Pod"

    def watches(self):
        return ("Pod", "Node")

    def keys(self, change, view):
        old, new = change.old, change.new
        if change.key.kind == "Pod":
            if new is not None and (old is None or old["spec"] != new["spec"]):
                yield change.key
        elif new is not None and (old is None or taints(old) != taints(new)):
            pods = view.select("pod by node", change.key.name)
            yield from map(key_of, pods)
            if old is not None and _no_execute(old) and not _no_execute(new):
                yield from (Key(CANCELLED, namespace(p), name(p)) for p in pods if 0 < min(patience(p, t) for t in _no_execute(old)) < inf)

    def sync(self, api, key):
        if key.kind != CANCELLED:
            return super().sync(api, key)
        pod = api.find("Pod", key.name, key.namespace)
        if pod is not None and not terminating(pod):
            api.event(pod, "Normal", "TaintManagerEviction", f"Cancelling deletion of Pod {namespace(pod)}/{name(pod)}", because="NODE-5")

    def reconcile(self, api, pod):
        node = api.find("Node", pod["spec"].get("nodeName", ""))
        found = _no_execute(node) if node else []
        if not found or terminating(pod) or finished(pod):
            return
        bound = api.clock.ms(get(condition(pod, "PodScheduled"), "lastTransitionTime") or pod["metadata"]["creationTimestamp"])
        due = min(max(bound, _added(api, taint)) + patience(pod, taint) for taint in found)
        if due == inf:
            return api.wait(pod, "tolerates what its node is tainted with", because="NODE-5")
        if api.now < due:
            api.wait(pod, "tolerates the taint of its node for a while", because="NODE-5")
            return api.wake(due - api.now)
        api.event(pod, "Normal", "TaintManagerEviction", f"Marking for deletion Pod {namespace(pod)}/{name(pod)}", because="NODE-5")
        told = with_pod_condition(pod, "DisruptionTarget", "True", api.timestamp(), reason="DeletionByTaintManager",
                                  message="Taint manager: deleting due to NoExecute taint")
        api.delete(api.update_status(pod, because="NODE-5", conditions=told["status"]["conditions"]), because="NODE-5")


def _no_execute(node: dict) -> list[dict]:
    return [t for t in taints(node) if t["effect"] == "NoExecute"]


def _added(api, taint: dict) -> int:
    return api.clock.ms(taint["timeAdded"]) if "timeAdded" in taint else api.now


def patience(pod: dict, taint: dict) -> float:
    """Milliseconds that a pod bears a taint: 0 if it does not tolerate it, infinitely many if for ever."""
    matching = [t for t in pod["spec"].get("tolerations") or () if tolerates(t, taint)]
    seconds = [t["tolerationSeconds"] for t in matching if "tolerationSeconds" in t]
    return max(min(seconds), 0) * 1000 if seconds else inf if matching else 0
