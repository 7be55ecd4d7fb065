"""Deleting one object, and waiting until it is gone (KCTL-41, KCTL-42)."""
from __future__ import annotations

from .args import Failure
from .resources import Choice, Target
from .session import Session

POLICIES = {"background": "Background", "foreground": "Foreground", "orphan": "Orphan", "true": "Background", "false": "Orphan"}


def policy(cascade: str) -> str:
    """The propagation policy of --cascade.  Raises Failure."""
    if cascade not in POLICIES:
        raise Failure(f'error: invalid cascade value ({cascade}). Must be "background", "foreground", or "orphan"')
    return POLICIES[cascade]


def deleted(session: Session, what: Choice | Target, *, grace: int | None = None, propagation: str = "Background",
            dry: bool = False) -> str:
    """Send the DELETE; the uid of what is deleted.  grace: seconds.  Raises ApiError."""
    body: dict = {"propagationPolicy": propagation}
    if grace is not None:
        body["gracePeriodSeconds"] = grace
    if dry:
        body["dryRun"] = ["All"]
    answer = session.ask("DELETE", what.path(), body)
    return answer["metadata"].get("uid") or (answer.get("details") or {}).get("uid", "")


def gone(session: Session, what: Choice | Target, uid: str, limit: int | None) -> None:
    """Let time pass until the object is no more.  Raises Failure where that does not happen."""
    def check() -> bool | None:
        obj = session.find(what.path())
        return True if obj is None or uid and obj["metadata"]["uid"] != uid else None
    if not session.until(check, limit):
        raise Failure(f"error: timed out waiting for the condition on {what.resource.plural}/{what.name}")
