"""kubectl patch (KCTL-37)."""
from __future__ import annotations

import json
from typing import Any

from .. import patch as patches
from ..errors import ApiError, BadRequest
from ..kinds import KINDS
from ..kinds.schema import root
from ..kinds.text import parse_yaml_documents
from .args import Args, Failure
from .errors import Several
from .output import Report
from .resources import choose, targets
from .session import PATCHES, Session
from .writing import dry_run, options, record


def patch(session: Session, args: Args) -> None:
    if args["patch"] and args["patch-file"]:
        raise Failure("error: cannot specify --patch and --patch-file together")
    if not args["patch"] and not args["patch-file"]:
        raise Failure("error: must specify --patch or --patch-file containing the contents of the patch")
    sort = args["type"].lower()
    if sort not in ("json", "merge", "strategic"):
        raise Failure(f'error: --type must be one of [json merge strategic], not "{args["type"]}"')
    report, query, errors = Report(session), options(session), []
    if dry_run(session) == "client":
        report.suffix = ""              # here alone kubectl does not say so
    document = _read(session.file(args["patch-file"]) if args["patch-file"] else args["patch"])
    for target in targets(session, choose(session, args.names), errors):
        try:
            if args["local"] or dry_run(session) == "client":
                obj = _locally(target.object, document, sort)
            else:
                obj = session.ask("PATCH", target.path(args["subresource"]), document, media=PATCHES[sort], **query)
                record(session, target)
            same = obj == target.object or _plain(obj) == _plain(target.object)
            report.done(target.resource, obj, "patched (no change)" if same else "patched")
        except ApiError as error:
            errors.append(error)
    if errors:
        raise Several(errors)


def _read(text: str) -> Any:
    """The patch as JSON; YAML is understood, too.  What looks like JSON goes to the server as it is."""
    if text.lstrip().startswith("{"):
        return text
    try:
        found = parse_yaml_documents(text)
    except BadRequest as error:
        raise Failure(f'error: unable to parse "{text}": {error.message.removeprefix("error converting YAML to JSON: ")}') from None
    return found[0][0] if found else None


def _plain(obj: dict) -> dict:
    """Without the bookkeeping that every write touches."""
    return {**obj, "metadata": {k: v for k, v in obj["metadata"].items() if k not in ("managedFields", "resourceVersion")}}


def _locally(obj: dict, document: Any, sort: str) -> dict:
    try:
        document = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        raise Failure("error: Invalid JSON Patch" if sort == "merge" else "error: invalid JSON document") from None
    if sort == "json":
        if not isinstance(document, list):
            raise Failure("error: json: cannot unmarshal object into Go value of type jsonpatch.Patch")
        return patches.json_patch(obj, document)
    if not isinstance(document, dict):
        raise Failure("error: json: cannot unmarshal array into Go value of type unstructured.detector" if sort == "merge" else
                      "error: invalid JSON document")
    if sort == "merge" or obj["kind"] not in KINDS:
        return patches.merge_patch(obj, document)
    return patches.strategic_merge(json.loads(json.dumps(obj)), document, root(obj["kind"]))
