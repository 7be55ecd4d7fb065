"""Pod: defaults, quality of service, what of it may change, and how kubectl shows it (API-67, API-68, TBL-20 to TBL-27)."""
from __future__ import annotations

from typing import NamedTuple

from .. import labels, quantity
from ..errors import forbidden, invalid
from ..world import freeze, get
from . import podspec
from .fields import Errors, same_spec
from .internal import diff, internal
from .kind import Kind, columns

HOSTNAME = "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: "
FIXED = ("pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
         "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
         "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)")


def default(pod: dict) -> None:
    podspec.default_pod(pod.setdefault("spec", {}))


def prepare(pod: dict, old: dict | None) -> None:
    """API-19: a new pod knows its quality of service; one with gates says that it waits for them."""
    if old is None:
        status = {**pod.get("status", {}), "qosClass": qos(pod["spec"])}
        if pod["spec"].get("schedulingGates"):
            status["conditions"] = [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
                                     "message": "Scheduling is blocked due to non-empty scheduling gates"}]
        pod["status"] = status


def qos(spec: dict) -> str:
    """BestEffort without any request or limit of CPU or memory; Guaranteed where every container has both limits and asks for as much."""
    wanted = [container.get("resources") or {} for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))]
    amounts = [(_amounts(r.get("requests")), _amounts(r.get("limits"))) for r in wanted]
    if not any(requests or limits for requests, limits in amounts):
        return "BestEffort"
    if all(len(limits) == 2 and requests == limits for requests, limits in amounts):
        return "Guaranteed"
    return "Burstable"


def _amounts(resources: dict | None) -> dict:
    return {name: quantity.value(amount) for name, amount in (resources or {}).items()
            if name in ("cpu", "memory") and quantity.value(amount) > 0}


# ---- validation -------------------------------------------------------------------------------

def validate(pod: dict, old: dict | None) -> Errors:
    if same_spec(pod, old):
        return
    spec = pod["spec"]
    yield from podspec.validate(spec, "spec")
    for field in ("containers", "initContainers"):
        for i, container in enumerate(spec.get(field) or ()):
            if container.get("image", "") != container.get("image", "").strip():
                yield invalid(f"spec.{field}[{i}].image", container["image"], "must not have leading or trailing whitespace")
    if old is not None:
        yield from _validate_update(spec, old["spec"])
        return
    if spec.get("ephemeralContainers"):
        yield forbidden("spec.ephemeralContainers", "cannot be set on create")
    if spec.get("nodeName") and spec.get("schedulingGates"):
        yield forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared")


def _validate_update(spec: dict, old: dict) -> Errors:
    """API-68: next to nothing of a pod may change."""
    for field in ("containers", "initContainers"):
        if len(spec.get(field) or ()) != len(old.get(field) or ()):
            yield forbidden(f"spec.{field}", "pod updates may not add or remove containers")
            return
    yield from _deadline(spec.get("activeDeadlineSeconds"), old.get("activeDeadlineSeconds"))
    yield from _only_added(spec.get("tolerations") or [], old.get("tolerations") or [])
    gates, old_gates = spec.get("schedulingGates") or [], old.get("schedulingGates") or []
    for i, gate in enumerate(gates):
        if gate not in old_gates:
            found = f"only deletion is allowed, but found new scheduling gate '{gate.get('name', '')}'"
            yield forbidden(f"spec.schedulingGates[{i}]", found)
    if old_gates:
        yield from _only_narrowed(spec.get("nodeSelector") or {}, old.get("nodeSelector") or {})
    munged = _munged(spec, old)
    if munged != old:
        shown = diff(*(internal("PodSpec", s) for s in (old, munged)))
        yield forbidden("spec", f"{FIXED}\n{shown}")


def _munged(spec: dict, old: dict) -> dict:
    """The new spec with all that may change put back to what it was."""
    munged = dict(spec)
    for field in ("containers", "initContainers"):
        if field in munged:
            munged[field] = [{**new, "image": was.get("image", "")} for new, was in zip(munged[field], old.get(field) or ())]
    back = ["activeDeadlineSeconds", "tolerations", "schedulingGates"]
    if old.get("schedulingGates"):
        back += ["nodeSelector", "affinity"]
    if old.get("terminationGracePeriodSeconds", 0) < 0 and spec.get("terminationGracePeriodSeconds") == 1:
        back.append("terminationGracePeriodSeconds")
    for field in back:
        munged.pop(field, None)
        if field in old:
            munged[field] = old[field]
    return munged


def _deadline(new: int | None, old: int | None) -> Errors:
    if new is None and old is not None:
        yield invalid("spec.activeDeadlineSeconds", None, "must not update from a positive integer to nil value")
    elif new is not None and old is not None and new > old:
        yield invalid("spec.activeDeadlineSeconds", new, "must be less than or equal to previous value")


def _only_added(new: list, old: list) -> Errors:
    """The seconds of a toleration count as no difference."""
    def known(toleration: dict) -> dict:
        return {k: v for k, v in toleration.items() if k != "tolerationSeconds"}
    kept = [known(t) for t in new]
    if any(known(t) not in kept for t in old):
        yield forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")


def _only_narrowed(new: dict, old: dict) -> Errors:
    """Node selectors of gated pods."""
    if any(new.get(key) != value for key, value in old.items()):
        yield invalid("spec.nodeSelector", dict(sorted(new.items())),
                      "only additions to spec.nodeSelector are allowed (no mutations or deletions)")


def validate_status(pod: dict, old: dict) -> Errors:
    if get(pod, "spec.nodeName") != get(old, "spec.nodeName"):
        yield forbidden("status.nodeName", "may not be changed directly")
    if get(pod, "status.qosClass", "") != get(old, "status.qosClass", ""):
        yield invalid("status.qosClass", get(pod, "status.qosClass", ""), "field is immutable")
    if get(old, "spec.restartPolicy") == "Always":
        return
    now = {status["name"]: status for status in get(pod, "status.containerStatuses") or ()}
    for i, was in enumerate(get(old, "status.containerStatuses") or ()):
        end = get(was, "state.terminated")
        may_restart = end is not None and end.get("exitCode") and get(old, "spec.restartPolicy") == "OnFailure"
        if end is not None and not may_restart and was["name"] in now and get(now[was["name"]], "state.terminated") is None:
            yield forbidden(f"status.containerStatuses[{i}].state", "may not be transitioned to non-terminated state")


def warnings(pod: dict, old: dict | None):
    """API-32."""
    problems = labels.dns_label_problems(pod["metadata"].get("name", "")) if old is None else ()
    if problems:
        yield f"{HOSTNAME}[{' '.join(problems)}]"


# ---- what `kubectl get pods` shows ------------------------------------------------------------

class PodStatus(NamedTuple):
    """STATUS, READY as ready/total, RESTARTS and when the last one was (a timestamp, or None)."""

    reason: str
    ready: int
    total: int
    restarts: int
    last_restart: str | None


def pod_status(pod: dict) -> PodStatus:
    """The state machine behind the columns of a pod (TBL-20 to TBL-24)."""
    spec, status = pod["spec"], pod.get("status") or {}
    sidecars = [c["name"] for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"]
    reason = status.get("reason") or status.get("phase") or ""                                              # TBL-21
    if any(c["type"] == "PodScheduled" and c.get("reason") == "SchedulingGated" for c in status.get("conditions") or ()):
        reason = "SchedulingGated"
    initial, ready, restarts = _init(spec, status, sidecars)
    if initial:
        reason = initial
    if not initial or _condition(status, "Initialized"):                                                    # TBL-23
        reason, more = _main(status, reason)
        ready += more
        restarts = [s for s in restarts if s["name"] in sidecars] + list(status.get("containerStatuses") or ())
    if "deletionTimestamp" in pod["metadata"]:                                                              # TBL-24
        if status.get("reason") == "NodeLost":
            reason = "Unknown"
        elif status.get("phase") not in ("Succeeded", "Failed"):
            reason = "Terminating"                                                      # POD-8
    ends = [end for end in (get(s, "lastState.terminated.finishedAt") for s in restarts) if end]
    return PodStatus(reason, ready, len(spec.get("containers") or ()) + len(sidecars), sum(s.get("restartCount", 0) for s in restarts),
                     max(ends, default=None))


def _init(spec: dict, status: dict, sidecars: list[str]) -> tuple[str, int, list]:
    """The init loop (TBL-22): the reason if the pod is still initialising, how many sidecars are ready, the statuses looked at."""
    ready, looked_at = 0, []
    for i, container in enumerate(status.get("initContainerStatuses") or ()):
        looked_at.append(container)
        terminated, waiting = get(container, "state.terminated"), get(container, "state.waiting.reason")
        if terminated is not None and not terminated.get("exitCode"):
            continue
        if container["name"] in sidecars and container.get("started"):
            ready += bool(container.get("ready"))
            continue
        if terminated is not None:
            return f"Init:{_end(terminated)}", ready, looked_at
        if waiting and waiting != "PodInitializing":
            return f"Init:{waiting}", ready, looked_at
        return f"Init:{i}/{len(spec.get('initContainers') or ())}", ready, looked_at
    return "", ready, looked_at


def _main(status: dict, reason: str) -> tuple[str, int]:
    """The main loop (TBL-23), from the last container to the first, so that the first with a remarkable state wins."""
    ready, running, failure = 0, False, ""
    for container in reversed(status.get("containerStatuses") or ()):
        terminated, waiting = get(container, "state.terminated"), get(container, "state.waiting.reason")
        if waiting:
            reason = waiting
        elif terminated is not None:
            reason = _end(terminated)
            if terminated.get("exitCode"):
                failure = reason
        elif container.get("ready") and get(container, "state.running") is not None:
            running, ready = True, ready + 1
    if reason == "Completed":
        if running and _condition(status, "Ready"):
            reason = "Running"
        elif failure:
            reason = failure
        elif running:
            reason = "NotReady"
    return reason, ready


def _end(terminated: dict) -> str:
    """How a container ended, in a word."""
    if terminated.get("reason"):
        return terminated["reason"]
    return f"Signal:{terminated['signal']}" if terminated.get("signal") else f"ExitCode:{terminated.get('exitCode', 0)}"


def _condition(status: dict, name: str) -> bool:
    return any(c["type"] == name and c["status"] == "True" for c in status.get("conditions") or ())


def cells(pod: dict, age) -> list:
    """TBL-25."""
    meta, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}
    reason, ready, total, restarts, last = pod_status(pod)
    gates = [gate["conditionType"] for gate in spec.get("readinessGates") or ()]
    passed = sum(_condition(status, gate) for gate in gates)
    ips = [entry.get("ip") for entry in status.get("podIPs") or ()]
    return [meta["name"], f"{ready}/{total}", reason, f"{restarts} ({age(last)} ago)" if restarts and last else str(restarts),
            age(meta.get("creationTimestamp")), ips[0] if ips else "<none>", spec.get("nodeName") or "<none>",
            status.get("nominatedNodeName") or "<none>", f"{passed}/{len(gates)}" if gates else "<none>"]


ROWS = (
    Kind("Pod", "pods", short=("po",), categories=("all",),
         subresources=("attach", "binding", "eviction", "exec", "log", "status"),
         generation=("spec",), status=freeze({"phase": "Pending"}), deleted_object=True, strict_field_errors=True,
         field_selectors=("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
                          "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName"),
         default=default, prepare=prepare, validate=validate, validate_status=validate_status, warnings=warnings, cells=cells,
         columns=columns("Name, Ready, Status, Restarts, Age, IP w, Node w, Nominated Node w, Readiness Gates w")),
)
