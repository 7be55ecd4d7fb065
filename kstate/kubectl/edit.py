"""kubectl edit: without an editor.  It shows the YAML; given back on standard input, changed, it is sent as a patch (KCTL-36)."""
from __future__ import annotations

from ..errors import ApiError, BadRequest
from ..kinds import KINDS
from ..kinds.schema import root
from ..kinds.text import parse_yaml_documents
from ..patch import three_way
from .args import Args, Failure
from .errors import text_of
from .output import Report
from .resources import NOTHING_GIVEN, Target, choose, targets
from .session import PATCHES, Session
from .writing import options, recorded
from .yamltext import compact, to_yaml

HOW = """# Change what you want below, and give all of it back on the standard input of the same command.
# Lines that begin with '#' do not count.
#
"""


def edit(session: Session, args: Args) -> None:
    if not args.names and not args["filename"]:
        raise NOTHING_GIVEN
    text = session.stdin()
    found = list(targets(session, choose(session, args.names, everything=True)))
    if not text.strip():
        session.say(HOW + "---\n".join(to_yaml(_shown(target.object)) for target in found), end="")
        return
    try:
        edited = [value for value, _ in parse_yaml_documents(text)]
    except BadRequest as error:
        raise Failure(f"error: {error.message}\nerror: Edit cancelled, no valid changes were saved.") from None
    for target, wanted in zip(found, edited):
        _send(session, args, target, wanted)


def _shown(obj: dict) -> dict:
    return {**obj, "metadata": {k: v for k, v in obj["metadata"].items() if k != "managedFields"}}


def _send(session: Session, args: Args, target: Target, wanted: dict) -> None:
    before = _shown(target.object)
    schema = root(target.resource.kind) if target.resource.kind in KINDS else None
    patch = three_way(before, wanted, before, schema)
    if not patch:
        session.complain("Edit cancelled, no changes made.")
        return
    patch = three_way(before, recorded(session, wanted), before, schema)
    if args["output-patch"]:
        session.say(f"Patch: {compact(patch)}")
    try:
        obj = session.ask("PATCH", target.path(args["subresource"]), patch, media=PATCHES["strategic"], **options(session, validated=True))
    except ApiError as error:
        raise Failure(f"{text_of(error)}\nerror: Edit cancelled, no valid changes were saved.") from None
    Report(session).done(target.resource, obj, "edited")
