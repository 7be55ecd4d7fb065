"""kubectl diff: what apply would change, as a unified diff (KCTL-34)."""
from __future__ import annotations

from difflib import unified_diff

from ..errors import ApiError
from .apply import difference
from .args import Args, Failure
from .create import selected
from .errors import Several, text_of
from .resources import Choice, manifests
from .session import PATCHES, Session
from .writing import without_note
from .yamltext import to_yaml

BROKEN = 2          # the exit code for "could not compare"; 1 means "different"


def diff(session: Session, args: Args) -> int:
    if args.names:
        raise Failure(f"error: Unexpected args: [{' '.join(args.names)}]\nSee 'kubectl diff -h' for help and examples", BROKEN)
    if not args["filename"]:
        raise Failure("error: must specify one of -f and -k", BROKEN)
    choices, errors = manifests(session)
    different = False
    for choice in selected(session, choices):
        if not choice.name:
            raise Failure("error: resource name may not be empty", BROKEN)
        try:
            live = session.find(choice.path())
            text = _compared(session, choice, live, _merged(session, args, choice, live))
        except ApiError as error:
            errors.append(error)
            break
        different = different or bool(text)
        session.say(text, end="")
    if errors:
        raise Failure(text_of(Several(errors)), BROKEN)
    return int(different)


def _merged(session: Session, args: Args, choice: Choice, live: dict | None) -> dict:
    """What the server would make of it."""
    manager = {"fieldManager": args["field-manager"], "dryRun": "All"}
    if args["server-side"]:
        manager["fieldManager"] = args["field-manager"] if "field-manager" in args.given else "kubectl"
        force = str(bool(args["force-conflicts"])).lower()
        return session.ask("PATCH", choice.path(), choice.manifest, media=PATCHES["apply"], force=force, **manager)
    wanted = without_note(choice.manifest)
    if live is None:
        return session.ask("POST", choice.resource.path(choice.namespace), wanted, **manager)
    patch, media = difference(choice, wanted, live)
    return session.ask("PATCH", choice.path(), patch, media=media, **manager) if patch else live


def _compared(session: Session, choice: Choice, live: dict | None, merged: dict) -> str:
    name = ".".join(filter(None, (choice.resource.group, choice.resource.version, choice.resource.kind, choice.namespace, choice.name)))
    before, after = _lines(live), _lines(merged)
    names = [f"/tmp/{side}-{session.elapsed()}/{name}" for side in ("LIVE", "MERGED")]
    lines = list(unified_diff(before, after, *names, *[session.now().strftime("%Y-%m-%d %H:%M:%S.000000000 %z")] * 2))
    return "".join([f"diff -u -N {' '.join(names)}\n", *lines]) if lines else ""


def _lines(obj: dict | None) -> list[str]:
    """The YAML that is compared: without bookkeeping, and with secrets hidden."""
    if obj is None:
        return []
    shown = {**obj, "metadata": {k: v for k, v in obj["metadata"].items() if k != "managedFields"}}
    if obj.get("kind") == "Secret" and obj.get("data"):
        shown["data"] = {key: "***" for key in obj["data"]}
    return to_yaml(shown).splitlines(keepends=True)
