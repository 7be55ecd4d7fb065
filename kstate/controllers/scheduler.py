"""The scheduler: gives each new pod a node (api-network-kubelet.md chapter 6, storage.md chapter 5).

A pod is looked at again when something that could help it changes: a node, a claim or volume of its own, a pod that
went.  Such a look follows at once; the back-off of 1 s to 10 s and the retry every 5 minutes would find nothing more.
Not modelled: preemption, extenders, profiles, dynamic resources beyond the texts they leave in messages.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..classes import class_of
from ..scheduling.filters import Attempt, message, refused
from ..scheduling.nodeinfo import Nodes
from ..scheduling.scores import best
from ..scheduling.volumebinding import Unschedulable, prebind
from ..storage.volumes import claim_key, delayed
from .base import Controller, Dict, Key, condition, finished, get, key_of, labels, name, namespace, phase, terminating, with_pod_condition

BIND_TIMEOUT = 600_000      # ms that PreBind waits for volumes
GATED = "Scheduling is blocked due to non-empty scheduling gates"
TIMEOUT = 'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded'


class Scheduler(Controller):
    name, component, kind = "scheduler", "default-scheduler", "Pod"

    def __init__(self) -> None:
        self.counted: dict[str, tuple] = {}     # what nodes hold, from one pod to the next: see nodeinfo.Nodes

    # -- what to look at

    def watches(self):
        return ("Pod", "Node", "PersistentVolumeClaim", "PersistentVolume", "StorageClass", "CSINode")

    def keys(self, change, view):
        """The pods without a node that a change may help (SCHED-9, SCHED-V20)."""
        kind, old, new = change.key.kind, change.old, change.new
        if kind == "Pod":
            if new is not None and not new["spec"].get("nodeName"):
                yield change.key
            elif _made_room(old, new):
                yield from map(key_of, _pending(view))
            elif new is not None and (old is None or labels(old) != labels(new) or not old["spec"].get("nodeName")):
                yield from map(key_of, _pending(view, "near"))
        elif kind == "PersistentVolumeClaim":
            yield from _users(view, [change.key])
        elif kind == "PersistentVolume":
            reserved = claim_key(old) if old is not None else None          # the scheduler may have chosen it for a claim
            yield from _users(view, [*map(key_of, view.select("claim by volume", change.key.name)), *([reserved] if reserved else [])])
            if phase(new or {}) == "Available" and phase(old or {}) != "Available" and _waits_for_pods(view, new):
                yield from map(key_of, _pending(view))
        elif kind != "Node" or _offers_more(old, new):
            yield from map(key_of, _pending(view))

    # -- one attempt

    def reconcile(self, api, pod):
        if pod["spec"].get("nodeName") or terminating(pod) or finished(pod) or pod["spec"].get("schedulerName") != "default-scheduler":
            return                                                              # SCHED-1, SCHED-10
        if pod["spec"].get("schedulingGates"):
            return self.refuse(api, pod, "SchedulingGated", GATED, because="SCHED-1")
        try:
            node = api.find("Node", get(pod, "status.nominatedNodeName", "")) or self.choose(api, pod)
            if not prebind(api, pod, node):                                             # SCHED-V16
                return self.wait_for_volumes(api, pod, node)
        except Unschedulable as reason:
            if self.refuse(api, pod, "Unschedulable", str(reason), because="SCHED-9"):
                api.event(pod, "Warning", "FailedScheduling", str(reason), because="SCHED-9", new_style="Scheduling")
            return
        api.bind(pod, name(node), because="SCHED-7")
        api.event(pod, "Normal", "Scheduled", f"Successfully assigned {namespace(pod)}/{name(pod)} to {name(node)}",
                  because="SCHED-7", new_style="Binding")

    def choose(self, api, pod) -> Dict:
        """The best node that no filter refuses.  Raises Unschedulable with the text for the event (SCHED-8)."""
        nodes = Nodes(api.view, self.counted)
        if not len(nodes):
            raise Unschedulable("no nodes available to schedule pods")                  # SCHED-V23
        try:
            attempt = Attempt(api, pod, nodes)
        except Unschedulable as reason:
            raise Unschedulable(refused(len(nodes), str(reason), "not found")) from None  # SCHED-V22
        refusals = {info.name: attempt.refusal(info) for info in nodes}
        fitting = [info for info in nodes if not refusals[info.name]]
        if not fitting:
            raise Unschedulable(message(pod, list(refusals.values())))
        return best(api.view, pod, fitting, nodes).node

    def wait_for_volumes(self, api, pod, node) -> None:
        """The pod keeps its place on the node while its claims are being bound (SCHED-V19)."""
        if condition(pod, "PodScheduled") is None:              # its first attempt: of later ones nothing tells when they began
            left = BIND_TIMEOUT - api.since(pod["metadata"]["creationTimestamp"])
            if left <= 0:
                raise Unschedulable(TIMEOUT)                    # SCHED-V18
            api.wake(left, "idle")
        if get(pod, "status.nominatedNodeName") != name(node):
            api.update_status(pod, because="SCHED-V19", nominatedNodeName=name(node))
        api.wait(pod, f"its volumes are being bound, for {name(node)}", because="SCHED-V19")

    def refuse(self, api, pod, reason: str, text: str, because: str) -> bool:
        """Say in the pod's condition PodScheduled why it has no node; whether that is new."""
        api.wait(pod, text, because)
        last = condition(pod, "PodScheduled") or {}
        if (last.get("reason"), last.get("message")) == (reason, text) and not get(pod, "status.nominatedNodeName"):
            return False
        told = with_pod_condition(pod, "PodScheduled", "False", api.timestamp(), reason=reason, message=text)
        api.update_status(pod, because, conditions=told["status"]["conditions"], nominatedNodeName=None)
        return True


# ---- which changes help whom ----------------------------------------------------------------------------

def _pending(view, which: str = "") -> list[Dict]:
    """Pods without a node ("near": that want to be near others): by priority, then in the order of their creation (SCHED-1)."""
    return sorted(view.select("pod unscheduled", which), key=lambda p: (
        -p["spec"].get("priority", 0), p["metadata"]["creationTimestamp"], namespace(p), name(p)))


def _users(view, claims: Iterable[Key]) -> Iterator[Key]:
    """The pods without a node that mount one of these claims."""
    for claim in claims:
        for pod in view.select("pod by claim", f"{claim.namespace}/{claim.name}"):
            if not pod["spec"].get("nodeName"):
                yield key_of(pod)


def _waits_for_pods(view, volume: Dict) -> bool:
    return delayed(view.find(Key("StorageClass", "", class_of(volume) or "")))


def _made_room(old: Dict | None, new: Dict | None) -> bool:
    """A pod on a node went, or came to its end."""
    if old is None or not (old["spec"].get("nodeName") or get(old, "status.nominatedNodeName")):
        return False
    return new is None or (finished(new) and not finished(old))


def _offers_more(old: Dict | None, new: Dict | None) -> bool:
    """A node came, or what the filters look at changed; not its conditions, nor its images."""
    if old is None or new is None:
        return new is not None
    return any(get(old, path) != get(new, path) for path in ("spec", "metadata.labels", "status.allocatable"))
