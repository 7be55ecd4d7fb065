"""What the commands that write have in common: dry runs, field managers, validation, the note of what was applied."""
from __future__ import annotations

from typing import Any

from .args import Failure
from .resources import Target
from .session import PATCHES, Session
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
    """The object as it is created: with the notes that --save-config and --record ask for."""
    obj = recorded(session, obj)
    return annotated(obj)[0] if session.args["save-config"] else obj


def recorded(session: Session, obj: dict) -> dict:
    """The object, where --record asks for it with the command as the cause of its change."""
    if not session.args["record"]:
        return obj
    meta = obj.get("metadata") or {}
    return {**obj, "metadata": {**meta, "annotations": {**(meta.get("annotations") or {}), **cause(session)}}}


def cause(session: Session) -> dict[str, str]:
    """The annotation that names the command, its flags last; none without --record."""
    args = session.args
    words = [session.command.name, *args.names, *(f"--{name}={text}" for name, text in args.typed)]
    return {CHANGE_CAUSE: " ".join(words)} if args["record"] else {}


def record(session: Session, target: Target) -> None:
    """Write the cause down where the change itself went another way: by a subresource, or by a patch of the user's."""
    if session.args["record"]:
        session.ask("PATCH", target.path(), {"metadata": {"annotations": cause(session)}}, media=PATCHES["merge"], dryRun=options(session)["dryRun"])


def annotations(obj: dict) -> dict[str, Any]:
    return (obj.get("metadata") or {}).get("annotations") or {}
