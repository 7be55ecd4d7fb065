"""What a Deployment tells of itself: counters and conditions (DEP-12, DEP-13)."""
from __future__ import annotations

from ..controllers.base import Dict, condition, get, name

PROGRESSING, AVAILABLE, FAILURE = "Progressing", "Available", "ReplicaFailure"
NO_DEADLINE = 2 ** 31 - 1       # progressDeadlineSeconds that switches the condition off
FINISHED, TIMED_OUT, PAUSED = "NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused"


def size(rs: dict) -> int:
    return rs["spec"]["replicas"]


def count(rs: dict | None, field: str) -> int:
    """A counter of a status, 0 where it is left out."""
    return get(rs, f"status.{field}", 0) if rs is not None else 0


def has_deadline(deployment: dict) -> bool:
    return deployment["spec"].get("progressDeadlineSeconds", NO_DEADLINE) != NO_DEADLINE


def status_of(deployment: dict, sets: list[Dict], new: Dict | None, least: int, now: str) -> dict:
    """DEP-12, and whether at least `least` pods are available."""
    added = ("replicas", "readyReplicas", "availableReplicas", "terminatingReplicas")
    total = {field: sum(count(rs, field) for rs in sets) for field in added}
    total["updatedReplicas"] = count(new, "replicas")
    total["unavailableReplicas"] = max(0, sum(map(size, sets)) - total["availableReplicas"])
    enough = total["availableReplicas"] >= least
    status = {"observedGeneration": deployment["metadata"].get("generation", 0), "terminatingReplicas": 0}
    status |= {field: n for field, n in total.items() if n}
    if get(deployment, "status.collisionCount") is not None:
        status["collisionCount"] = deployment["status"]["collisionCount"]
    status["conditions"] = with_condition(
        conditions(deployment), AVAILABLE, "True" if enough else "False",
        "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
        "Deployment has minimum availability." if enough else "Deployment does not have minimum availability.", now)
    return status


def with_progress(deployment: dict, status: dict, sets: list[Dict], new: Dict | None, waited: int, now: str) -> dict:
    """The status with what becomes of the update.  waited: ms since the last progress."""
    found, told = status["conditions"], condition(deployment, PROGRESSING)
    if not has_deadline(deployment):
        found = without(found, PROGRESSING)
    elif not (told and told["reason"] == FINISHED and status.get("replicas") == status.get("updatedReplicas")):
        who = f'ReplicaSet "{name(new)}"' if new is not None else f'Deployment "{name(deployment)}"'
        if is_complete(deployment, status):
            found = with_condition(found, PROGRESSING, "True", FINISHED, f"{who} has successfully progressed.", now)
        elif has_progressed(deployment.get("status") or {}, status):
            since = told["lastTransitionTime"] if told and told["status"] == "True" else now
            news = _condition(PROGRESSING, "True", "ReplicaSetUpdated", f"{who} is progressing.", now, since)
            found = [*without(found, PROGRESSING), news]
        elif told and (told["reason"] == TIMED_OUT or waited > deployment["spec"]["progressDeadlineSeconds"] * 1000):
            found = with_condition(found, PROGRESSING, "False", TIMED_OUT, f"{who} has timed out progressing.", now)
    failed = next(filter(None, (condition(rs, FAILURE) for rs in ([new] if new is not None else []) + sets)), None)
    if failed is None:
        found = without(found, FAILURE)
    else:
        found = with_condition(found, FAILURE, failed["status"], failed["reason"], failed["message"], failed["lastTransitionTime"])
    return {**status, "conditions": found}


def is_complete(deployment: dict, status: dict) -> bool:
    """All pods are new, and available (DEP-13)."""
    wanted = deployment["spec"]["replicas"]
    return (all(status.get(field, 0) == wanted for field in ("updatedReplicas", "replicas", "availableReplicas"))
            and status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0))


def has_progressed(old: dict, new: dict) -> bool:
    """More new pods, fewer old ones, more that are ready or available."""
    def former(status):
        return status.get("replicas", 0) - status.get("updatedReplicas", 0)
    grew = any(new.get(field, 0) > old.get(field, 0) for field in ("updatedReplicas", "readyReplicas", "availableReplicas"))
    return grew or former(new) < former(old)


# ---- conditions as Deployments have them: what changes moves to the end -----------------------

def conditions(deployment: dict) -> list[dict]:
    return list(get(deployment, "status.conditions") or ())


def without(found: list[dict], type: str) -> list[dict]:
    return [c for c in found if c["type"] != type]


def with_condition(found: list[dict], type: str, status: str, reason: str, message: str, now: str) -> list[dict]:
    """The same list if status and reason stay; lastTransitionTime moves only with the status."""
    old = next((c for c in found if c["type"] == type), None)
    if old and (old["status"], old["reason"]) == (status, reason):
        return found
    since = old["lastTransitionTime"] if old and old["status"] == status else now
    return without(found, type) + [_condition(type, status, reason, message, now, since)]


def _condition(type: str, status: str, reason: str, message: str, now: str, since: str) -> dict:
    return {"type": type, "status": status, "reason": reason, "message": message, "lastUpdateTime": now, "lastTransitionTime": since}
