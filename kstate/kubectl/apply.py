"""kubectl apply: client-side with a three-way patch, or server-side (KCTL-32, KCTL-33), and its notes of what was applied."""
from __future__ import annotations

import json

from ..errors import ApiError, Conflict, Invalid
from ..kinds import KINDS
from ..kinds.schema import root
from ..patch import three_way
from .args import Args, Failure
from .create import needs_file, selected
from .deleting import deleted, gone
from .errors import Several, from_source
from .output import Report
from .resources import Choice, choose, manifests, targets
from .session import PATCHES, Session
from .writing import LAST_APPLIED, annotated, annotations, dry_run, options, recorded
from .yamltext import compact, to_json, to_yaml

MISSING_NOTE = ("resource {} is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl "
                "apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or "
                "kubectl apply. The missing annotation will be patched automatically.")
CONFLICTS = """
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts"""
ATTEMPTS = 5


def apply(session: Session, args: Args) -> None:
    needs_file(session, args)
    _check(args)
    report = Report(session)
    choices, errors = manifests(session)
    choices = selected(session, choices)
    if not choices and not errors:
        raise Failure("error: no objects passed to apply")
    applied: list[dict] = []
    one = _server_side if args["server-side"] else _client_side
    for choice in choices:
        try:
            if not choice.name and choice.manifest["metadata"].get("generateName"):
                raise Failure(f"error: from {choice.manifest['metadata']['generateName']}: cannot use generate name with apply")
            obj, what = one(session, choice)
            applied.append({"apiVersion": choice.resource.api_version, "kind": choice.resource.kind, **obj})
            if not report.output.form:
                report.done(choice.resource, obj, what)
        except (ApiError, Failure) as error:
            errors.append(error)
    if report.output.form and applied:
        listed = {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": applied}
        session.say(report.output.format(applied[0] if len(applied) == 1 else listed), end="")
    if errors:
        raise Several(errors)


def _check(args: Args) -> None:
    if args["force-conflicts"] and not args["server-side"]:
        raise Failure("error: --force-conflicts only works with --server-side")
    if args["dry-run"] == "client" and args["server-side"]:
        raise Failure("error: --dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)")
    if args["prune"]:
        raise Failure("error: kubectl in process does not prune; delete what is no longer in the manifest by name.")


# ---- client-side ----------------------------------------------------------------------------------

def _client_side(session: Session, choice: Choice) -> tuple[dict, str]:
    """Create what is missing, patch what differs.  The object, and what was done to it."""
    wanted, _ = annotated(recorded(session, choice.manifest))
    query = options(session, validated=True)
    try:
        if not choice.name:
            raise Failure("error: resource name may not be empty")
        live = session.find(choice.path())
    except (ApiError, Failure) as error:
        raise from_source(f"retrieving current configuration of:\n{_told(choice)}\nfrom server for:", choice.source, error) from None
    if live is None:
        if dry_run(session) == "client":
            return wanted, "created"
        try:
            return session.ask("POST", choice.resource.path(choice.namespace), wanted, **query), "created"
        except ApiError as error:
            raise from_source("creating", choice.source, error) from None
    if LAST_APPLIED not in annotations(live):
        session.warn(MISSING_NOTE.format(f"{choice.resource.plural}/{choice.name}"))
    if dry_run(session) == "client":
        return live, "configured"
    return _patched(session, choice, wanted, live, query)


def _patched(session: Session, choice: Choice, wanted: dict, live: dict, query: dict[str, str]) -> tuple[dict, str]:
    """Send the three-way patch; another writer in between is no reason to give up."""
    attempts = ATTEMPTS
    while True:
        patch, media = difference(choice, wanted, live)
        if not patch:
            return live, "unchanged"
        if live["metadata"].get("deletionTimestamp"):
            session.warn(f"Detected changes to resource {choice.resource.plural}/{choice.name} which is currently being deleted.")
        try:
            return session.ask("PATCH", choice.path(session.args["subresource"]), patch, media=media, **query), "configured"
        except ApiError as error:
            attempts -= 1
            if isinstance(error, Conflict) and attempts:
                live = session.ask("GET", choice.path())
                continue
            if session.args["force"] and isinstance(error, (Conflict, Invalid)):
                return _anew(session, choice, wanted, query), "configured"
            told = from_source("patching", choice.source, error)
            raise from_source(f"applying patch:\n{compact(patch)}\nto:\n{_told(choice)}\nfor:", choice.source, told) from None


def difference(choice: Choice, wanted: dict, live: dict) -> tuple[dict, str]:
    """The patch that brings `live` to `wanted`, what was applied last being forgotten, and its content type."""
    last = json.loads(annotations(live).get(LAST_APPLIED) or "{}")
    known = choice.resource.kind in KINDS
    patch = three_way(last, wanted, live, root(choice.resource.kind) if known else None)
    patch.pop("status", None)
    return patch, PATCHES["strategic" if known else "merge"]


def _anew(session: Session, choice: Choice, wanted: dict, query: dict[str, str]) -> dict:
    """--force: delete and create where a patch is refused."""
    grace = session.args["grace-period"]
    uid = deleted(session, choice, grace=None if grace < 0 else grace)
    gone(session, choice, uid, session.args["timeout"] or None)
    return session.ask("POST", choice.resource.path(choice.namespace), wanted, **query)


def _told(choice: Choice) -> str:
    """An object as kubectl describes it in errors."""
    resource = choice.resource
    return (f'Resource: "{resource.gvr}", GroupVersionKind: "{resource.group}/{resource.version}, Kind={resource.kind}"\n'
            f'Name: "{choice.name}", Namespace: "{choice.namespace}"')


# ---- server-side ----------------------------------------------------------------------------------

def _server_side(session: Session, choice: Choice) -> tuple[dict, str]:
    args, query = session.args, options(session, validated=True)
    if "field-manager" not in args.given:
        query["fieldManager"] = "kubectl"
    force = str(bool(args["force-conflicts"])).lower()
    try:
        obj = session.ask("PATCH", choice.path(args["subresource"]), choice.manifest, media=PATCHES["apply"], force=force, **query)
    except Conflict as error:
        raise Failure(f"error: {error.message}{CONFLICTS}") from None
    if LAST_APPLIED in annotations(obj):
        note = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": {
            "name": choice.name, **({"namespace": choice.namespace} if choice.namespace else {}),
            "annotations": {LAST_APPLIED: annotated(choice.manifest)[1]}}}
        obj = session.ask("PATCH", choice.path(), note, media=PATCHES["apply"], fieldManager="kubectl-last-applied", force="true",
                          dryRun=query["dryRun"])
    return obj, "serverside-applied"


# ---- the note -------------------------------------------------------------------------------------

def view_last_applied(session: Session, args: Args) -> None:
    if args["output"] not in ("yaml", "json"):
        raise session.wrong(f"Unexpected -o output mode: {args['output']}, the flag 'output' must be one of yaml|json")
    for target in targets(session, choose(session, args.names, everything=True)):
        note = json.loads(annotations(target.object).get(LAST_APPLIED) or "null")
        if note:
            if not annotations(note):
                note["metadata"].pop("annotations", None)
            session.say(to_yaml(note) if args["output"] == "yaml" else to_json(note) + "\n", end="")


def set_last_applied(session: Session, args: Args) -> None:
    report = Report(session)
    for choice in choose(session, args.names):
        live = session.ask("GET", choice.path())
        if LAST_APPLIED not in annotations(live) and not args["create-annotation"]:
            raise Failure(f"error: no last-applied-configuration annotation found on resource: {choice.name}, to create the annotation, "
                          "run the command with --create-annotation")
        note = annotated(choice.manifest)[1]
        if annotations(live).get(LAST_APPLIED) != note and dry_run(session) != "client":
            live = session.ask("PATCH", choice.path(), {"metadata": {"annotations": {LAST_APPLIED: note}}}, media=PATCHES["merge"],
                               dryRun=options(session)["dryRun"])
        report.done(choice.resource, live, "configured")
