"""What a kubelet says of a pod as a whole: its phase and its conditions, out of the states of its containers (KUB-3, KUB-4)."""
from __future__ import annotations

from ..controllers.base import Dict, condition, get, is_sidecar

ORDER = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
DONE = {"Succeeded": "PodCompleted", "Failed": "PodFailed"}


# ---- the state of one container ---------------------------------------------------------------------

def ending(status: dict) -> dict | None:
    """How the container's last run ended, if it is not running: a waiting container that ran before counts as stopped."""
    now = status["state"]
    return now.get("terminated") or (get(status, "lastState.terminated") if "waiting" in now else None)


def completed(status: dict) -> bool:
    end = ending(status)
    return end is not None and end["exitCode"] == 0


def restarts(spec: dict, container: dict, exit_code: int) -> bool:
    """Whether a container that ended is started again (KUB-30)."""
    policy = "Always" if is_sidecar(container) else spec.get("restartPolicy")
    if container in (spec.get("initContainers") or ()) and not is_sidecar(container):
        return policy != "Never" and exit_code != 0
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


# ---- phase ----------------------------------------------------------------------------------------------

def phase(spec: dict, statuses: dict[str, dict], final: bool = False) -> str:
    """statuses: by container name.  final: the pod is being terminated for good, nothing is started again (KUB-3)."""
    for container in spec.get("initContainers") or ():
        status = statuses[container["name"]]
        end = ending(status)
        if is_sidecar(container):
            continue
        if end and end["exitCode"] and not restarts(spec, container, end["exitCode"]):
            return "Failed"
        if not completed(status):
            return "Pending"
    main = [(c, statuses[c["name"]]) for c in spec["containers"]]
    if any("waiting" in s["state"] and ending(s) is None for _, s in main):
        return "Pending"
    if any("running" in s["state"] for _, s in main):
        return "Running"
    if not final and any(restarts(spec, c, ending(s)["exitCode"]) for c, s in main):
        return "Running"
    return "Succeeded" if all(completed(s) for _, s in main) else "Failed"


# ---- conditions -------------------------------------------------------------------------------------------

def conditions(pod: dict, statuses: dict[str, dict], phase: str, now: str, sandbox: bool, torn_down: bool = False) -> list[Dict]:
    """All conditions of a pod: those of others first, then ours in their order (KUB-4).

    sandbox: whether it has its network; torn_down: it has ended and its sandbox is gone."""
    told = [_pod_condition(pod, type, now, *verdict) for type, verdict in _verdicts(pod, statuses, phase, sandbox, torn_down).items()]
    known = get(pod, "status.conditions") or ()
    scheduled = condition(pod, "PodScheduled") or _pod_condition(pod, "PodScheduled", now, "True")
    foreign = [c for c in known if c["type"] not in ORDER]
    return [*foreign, *told, {**scheduled, "observedGeneration": pod["metadata"].get("generation", 1)}]


def _verdicts(pod: dict, statuses: dict[str, dict], phase: str, sandbox: bool, torn_down: bool) -> dict[str, tuple]:
    """type -> (status, reason, message)."""
    spec = pod["spec"]
    waiting = [c["name"] for c in spec.get("initContainers") or () if not _initialised(c, statuses[c["name"]])]
    unready = [c["name"] for c in spec["containers"] if not statuses[c["name"]]["ready"]]
    unready += [c["name"] for c in spec.get("initContainers") or () if is_sidecar(c) and not statuses[c["name"]]["ready"]]
    initialised = ("False", "ContainersNotInitialized", f"containers with incomplete status: [{' '.join(waiting)}]") if waiting else ("True",)
    containers = ("False", "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]") if unready else ("True",)
    if torn_down and phase in DONE:
        containers = ("False", DONE[phase])
        initialised = ("True", DONE[phase]) if phase == "Succeeded" else initialised
    return {"PodReadyToStartContainers": ("True" if sandbox else "False",), "Initialized": initialised,
            "Ready": _gates(pod) if containers[0] == "True" else containers, "ContainersReady": containers}


def _initialised(container: dict, status: dict) -> bool:
    return bool(status.get("started")) if is_sidecar(container) else completed(status)


def _gates(pod: dict) -> tuple:
    """Readiness gates: conditions that others have to set."""
    said = []
    for gate in pod["spec"].get("readinessGates") or ():
        type = gate["conditionType"]
        found = condition(pod, type)
        if found is None:
            said.append(f'corresponding condition of pod readiness gate "{type}" does not exist.')
        elif found["status"] != "True":
            said.append(f'the status of pod readiness gate "{type}" is not "True", but {found["status"]}')
    return ("False", "ReadinessGatesNotReady", ", ".join(said)) if said else ("True",)


def _pod_condition(pod: dict, type: str, now: str, status: str, reason: str = "", message: str = "") -> dict:
    known = condition(pod, type)
    moved = known.get("lastTransitionTime", now) if known and known["status"] == status else now
    told = {"type": type, "status": status, "lastProbeTime": None, "lastTransitionTime": moved, "reason": reason, "message": message,
            "observedGeneration": pod["metadata"].get("generation", 1)}
    return {k: v for k, v in told.items() if v != ""}
