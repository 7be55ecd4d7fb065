"""What the commands that write have in common: dry runs, field managers, validation, the note of what was applied."""
from __future__ import annotations

from typing import Any

from .args import Failure
from .session import Session
from .yamltext import compact

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
CHANGE_CAUSE = "kubernetes.io/change-cause"
VALIDATIONS = {"strict": "Strict", "true": "Strict", "warn": "Warn", "ignore": "Ignore", "false": "Ignore"}


def dry_run(session: Session) -> str:
    """none, client or server.  Raises Failure."""
    mode = session.args["dry-run"] or "none"
    if mode == "unchanged":
        session.complain("--dry-run is deprecated and can be replaced with --dry-run=client.")
        mode = session.args.flags["dry-run"] = "client"
    if mode not in ("none", "client", "server"):
        raise Failure(f'error: Invalid dry-run value ({mode}). Must be "none", "server", or "client".')
    return mode


def options(session: Session, validated: bool = False) -> dict[str, str]:
    """The query of a write.  validated: with the mode of --validate.  Raises Failure."""
    args = session.args
    query = {"fieldManager": args["field-manager"] or "", "dryRun": "All" if dry_run(session) == "server" else ""}
    if validated:
        wanted = args["validate"]
        if wanted.lower() not in VALIDATIONS:
            raise Failure(f'error: invalid - validate option "{wanted}"; must be one of: strict (or true), warn, ignore (or false)')
        query["fieldValidation"] = VALIDATIONS[wanted.lower()]
    return query


def without_note(obj: dict) -> dict:
    """The object as kubectl compares it: with annotations, but without the note of what was applied."""
    meta = obj.get("metadata") or {}
    return {**obj, "metadata": {**meta, "annotations": {k: v for k, v in (meta.get("annotations") or {}).items() if k != LAST_APPLIED}}}


def annotated(obj: dict) -> tuple[dict, str]:
    """The object with a note of itself, and the note: what the next apply compares with (KCTL-32)."""
    plain = without_note(obj)
    note = compact(plain) + "\n"
    return {**plain, "metadata": {**plain["metadata"], "annotations": {**plain["metadata"]["annotations"], LAST_APPLIED: note}}}, note


def label_pairs(text: str) -> dict[str, str]:
    """"a=b,c=d" as a map.  Raises Failure."""
    pairs = [part.split("=") for part in text.split(",")]
    for pair in pairs:
        if len(pair) != 2:
            raise Failure(f"error: unexpected label spec: {'='.join(pair)}")
    return dict(pairs)


def saved(session: Session, obj: dict) -> dict:
    """The object as it is created: with the note where --save-config asks for it."""
    return annotated(obj)[0] if session.args["save-config"] else obj


def annotations(obj: dict) -> dict[str, Any]:
    return (obj.get("metadata") or {}).get("annotations") or {}
