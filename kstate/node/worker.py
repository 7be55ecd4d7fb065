"""A kubelet's work on one pod: from its acceptance to its end (api-network-kubelet.md chapter 7).

A worker lives for one look at the pod.  It works on copies of the container statuses, collects events, and writes the status
once.  What must be remembered beyond the status lies on a disk of the pod (see runs).  Of several containers each is started
after the one before it.

Not modelled: the grace period of a container that a probe kills, eviction for lack of resources.
"""
from __future__ import annotations

from ..controllers.base import condition, get, name, put, terminating, uid
from ..controllers.base import phase as phase_of
from ..faults import fault
from ..memory import recall, remember
from . import attachments, runtime
from .container import Container
from .mounts import notes
from .podstatus import conditions, ending, phase

SANDBOX = 1_000         # ms: to mount volumes and to make the network
TEARDOWN = 60_000       # ms: after the end of the last container, until the sandbox is gone: a kubelet collects dead ones once a minute
REMOUNT, LONGEST_REMOUNT = 500, 122_000     # ms: KUBE-6; each time doubled
FINAL = ("Succeeded", "Failed")
ENDS = {"Succeeded": 0, "Failed": 1}        # faults that end a pod: the exit code of its containers
EXPIRED, EXPIRED_WHY = "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"
LOST, LOST_WHY = "ContainerStatusUnknown", "The container could not be located when the pod was terminated"


class Worker:
    """The pod as it was found, its containers, and what is to come out of this look."""

    def __init__(self, api, pod, node) -> None:
        self.api, self.pod, self.node, self.spec, self.fault = api, pod, node, pod["spec"], fault(pod)
        known = {s["name"]: s for field in ("initContainerStatuses", "containerStatuses") for s in get(pod, f"status.{field}") or ()}
        self.init = [Container(self, c, known.get(c["name"])) for c in self.spec.get("initContainers") or ()]
        self.main = [Container(self, c, known.get(c["name"])) for c in self.spec["containers"]]
        self.events: list[tuple[str, ...]] = []

    @property
    def statuses(self) -> dict[str, dict]:
        return {c.name: c.status for c in (*self.init, *self.main)}

    # -- the stations of a pod

    def accept(self) -> None:
        """The kubelet has seen the pod (KUB-2, KUB-6)."""
        self.write("Pending", "KUB-6", startTime=self.api.timestamp())

    def connect(self) -> None:
        """Volumes first, then the sandbox with its network (KUBE-2)."""
        try:
            attachments.check(self.api, self.pod, self.node)
        except attachments.NotMounted as problem:
            self.api.wake(min(REMOUNT << self.said("FailedMount", str(problem)), LONGEST_REMOUNT), "poll")
            if problem.event:                                                           # KUBE-3
                self.tell("Warning", "FailedMount", str(problem), problem.because)
            self.api.wait(self.pod, str(problem), problem.because)
            return self.done()
        left = SANDBOX - self.api.since(self.pod["status"]["startTime"])
        if left > 0:
            self.api.wake(left)
            return self.done()
        for message in attachments.mapped(self.pod):
            self.tell("Normal", "SuccessfulMountVolume", message, "KUBE-7")
        ip = self.address()
        self.write("Pending", "KUB-5", sandbox=True, podIP=ip, podIPs=[{"ip": ip}])

    def run(self) -> None:
        """Start what has to run, notice what ended, ask the probes."""
        if self.fault in ENDS:
            return self.end_all()
        turn = self.api.clock.ms(condition(self.pod, "PodReadyToStartContainers")["lastTransitionTime"])
        blocked = False
        for container in self.init:
            if not blocked and (container.sidecar or not container.passed):
                container.keep(turn)
                blocked = not container.passed
            turn = max(turn, container.moment)
        for container in self.main:
            if not (blocked and container.fresh):
                container.keep(turn)
                blocked = blocked or container.starting
            turn = max(turn, container.moment)
        now = phase(self.spec, self.statuses)
        for container in self.init if now in FINAL else ():
            if container.running:                           # a sidecar has nobody left to serve
                container.end(self.api.now, runtime.stop(container, 0)[1])
        self.write(now, "KUB-6", sandbox=True)

    def end_all(self) -> None:
        """The fault that lets a pod come to its end."""
        for container in (*self.init, *self.main):
            if "terminated" not in container.status["state"]:
                container.end(self.api.now, ENDS[self.fault])
        self.write(self.fault, "KUB-3", sandbox=True)

    def finish(self) -> None:
        """The pod has come to its end by itself; some time later its sandbox is gone (KUB-4)."""
        if terminating(self.pod):
            return self.remove()
        left = max(c.moment for c in (*self.init, *self.main)) + TEARDOWN - self.api.now
        if left <= 0:
            self.write(phase_of(self.pod), "KUB-4", torn_down=True)
        else:
            self.api.wake(left, "idle")
            self.done()

    @property
    def expired(self) -> bool:
        """Whether the pod is older than activeDeadlineSeconds; if it will be, it is looked at again then (KUB-35)."""
        if "activeDeadlineSeconds" not in self.spec:
            return False
        left = self.spec["activeDeadlineSeconds"] * 1000 - self.api.since(self.pod["status"]["startTime"])
        if left > 0:
            self.api.wake(left)
        return left <= 0

    def expire(self) -> None:
        """Its time is over: its containers are stopped, as if it were deleted, and it has failed (KUB-35)."""
        noticed = recall(self.api.world, notes(self.pod), EXPIRED)
        if noticed is None:
            noticed = self.api.now
            remember(self.api, notes(self.pod), EXPIRED, noticed, because="KUB-35")
            self.tell("Normal", EXPIRED, EXPIRED_WHY, "KUB-35")
        if not self.stopped(noticed, self.spec["terminationGracePeriodSeconds"] * 1000):
            return
        for container in (*self.init, *self.main):
            if (last := ending(container.status)) is not None:
                container.status["state"] = {"terminated": last}
            else:
                container.end(self.api.now, runtime.KILLED, LOST, LOST_WHY)
        self.write("Failed", "KUB-35", sandbox=True, reason=EXPIRED, message=EXPIRED_WHY)

    def terminate(self) -> None:
        """The pod is being deleted: stop its containers within the grace period, then remove it (KUB-50, KUB-51, POD-5)."""
        meta = self.pod["metadata"]
        grace = meta.get("deletionGracePeriodSeconds", 0) * 1000
        if self.stopped(self.api.clock.ms(meta["deletionTimestamp"]) - grace, grace):
            ran = any(ending(status) for status in self.statuses.values())
            self.write(phase(self.spec, self.statuses, final=True) if ran else phase_of(self.pod), "KUB-51", torn_down=True)
            self.remove()

    def stopped(self, asked: int, grace: int) -> bool:
        """Stop the containers, asked at that moment (ms) and with so much grace (ms): whether all of them are down."""
        down, ends = asked, []
        for container in (*self.main, *reversed(self.init)):        # sidecars after the others, the last first
            if container.running:
                time, code = runtime.stop(container, grace, self.announce_stop(container))
                at = (down if container.sidecar else asked) + time
                ends.append((container, at, code))
                down = max(down, at)
        if self.api.now < down:
            self.api.wake(down - self.api.now)
            self.api.wait(self.pod, "its containers are being stopped", "KUB-50")
            for container, _, _ in ends:
                container.probe(stopping=True)
            self.write(phase_of(self.pod), "KUB-45", sandbox=True)
            return False
        for container, at, code in ends:
            container.end(at, code)
        return True

    def announce_stop(self, container: Container) -> int:
        """Event Killing and the preStop hook, once; how long the hook takes (ms)."""
        mark, message = f"{container.name}/preStop", f"Stopping container {container.name}"
        if not self.said("Killing", message):
            container.tell("Normal", "Killing", message, "KUB-50")
            succeeded, time = runtime.hook(container, "preStop")
            if not succeeded:
                container.tell("Warning", "FailedPreStopHook", "PreStopHook failed", "KUB-23")
            remember(self.api, notes(self.pod), mark, time or None, because="KUB-50")
        return recall(self.api.world, notes(self.pod), mark) or 0

    def remove(self) -> None:
        self.api.delete(self.pod, because="KUB-51", grace=0, preconditions={"uid": uid(self.pod)})

    def address(self) -> str:
        """A free address of the node's range, another one than the last pod of that name had (KUB-5)."""
        if self.spec.get("hostNetwork"):
            return host_ip(self.node)
        prefix = get(self.node, "spec.podCIDR", "10.244.0.0/24").rpartition(".")[0]
        taken = {get(p, "status.podIP") for p in self.api.select("pod by node", name(self.node))}
        first = int(self.pod["metadata"]["resourceVersion"])
        return next(ip for i in range(253) if (ip := f"{prefix}.{2 + (first + i) % 253}") not in taken)

    # -- what comes out

    def tell(self, sort: str, reason: str, message: str, because: str, field_path: str = "") -> None:
        """An event, recorded after the status is written."""
        self.events.append((sort, reason, message, because, field_path))

    def said(self, reason: str, message: str) -> int:
        """How often that event was recorded."""
        return sum(e.get("count", 1) for e in self.api.select("event by object", uid(self.pod)) if (e["reason"], e["message"]) == (reason, message))

    def write(self, phase: str, because: str, sandbox: bool = False, torn_down: bool = False, **fields) -> None:
        """Write the status if it is another now, then record the events."""
        ip = host_ip(self.node)
        told = conditions(self.pod, self.statuses, phase, self.api.timestamp(), sandbox, torn_down)
        status = {**self.pod["status"], "phase": phase, "conditions": told, "hostIP": ip, "hostIPs": [{"ip": ip}],
                  "observedGeneration": self.pod["metadata"].get("generation", 1), **fields,
                  "containerStatuses": [c.status for c in self.main]}
        if self.init:
            status["initContainerStatuses"] = [c.status for c in self.init]
        if status != self.pod["status"]:
            self.pod = self.api.update(put(self.pod, "status", status), because, "status")
        self.done()

    def done(self) -> None:
        for sort, reason, message, because, path in self.events:
            self.api.event(self.pod, sort, reason, message, because=because, field_path=path, host=name(self.node))


def host_ip(node) -> str:
    return next((a["address"] for a in get(node, "status.addresses") or () if a["type"] == "InternalIP"), "")
