"""kubectl create -f and kubectl replace (KCTL-30, KCTL-35)."""
from __future__ import annotations

from .. import labels
from ..errors import ApiError, NotFound
from .args import Args, Failure
from .deleting import deleted, gone
from .errors import Several, from_source
from .output import Report
from .resources import Choice, manifests
from .session import Session
from .writing import dry_run, options, saved

NO_FILE = "error: must specify one of -f and -k"


def needs_file(session: Session, args: Args) -> None:
    """Raises Failure where no manifest, or something beside it, is given."""
    if args.names:
        raise session.wrong(f"Unexpected args: [{' '.join(args.names)}]")
    if args["kustomize"] and args["filename"]:
        raise Failure("error: only one of -f or -k can be specified")
    if args["kustomize"]:
        raise Failure("error: kubectl in process does not build kustomizations.")
    if not args["filename"]:
        raise Failure(NO_FILE)


def selected(session: Session, choices: list[Choice]) -> list[Choice]:
    """Those of a manifest's objects that -l chooses."""
    if not session.args["selector"]:
        return choices
    try:
        selector = labels.parse(session.args["selector"])
    except ValueError as error:
        raise Failure(f'error: the provided selector "{session.args["selector"]}" is not valid: {error}') from None
    return [choice for choice in choices if selector.matches(choice.manifest["metadata"].get("labels") or {})]


def create(session: Session, args: Args) -> None:
    needs_file(session, args)
    if args["edit"] or args["raw"]:
        raise Failure("error: kubectl in process knows neither --edit nor --raw here; write the manifest as you want it.")
    report, query = Report(session), options(session, validated=True)
    choices, broken = manifests(session)
    choices, errors = selected(session, choices), []
    if not choices and not broken:
        raise Failure("error: no objects passed to create")
    for choice in choices:
        try:
            obj = saved(session, choice.manifest)
            if dry_run(session) != "client":
                obj = session.ask("POST", choice.resource.path(choice.namespace), obj, **query)
            report.done(choice.resource, obj, "created")
        except ApiError as error:
            errors.append(from_source("creating", choice.source, error))
    if errors or broken:
        raise Several(errors + broken)


def replace(session: Session, args: Args) -> None:
    needs_file(session, args)
    if args["grace-period"] >= 0 and not args["force"]:
        raise Failure("error: --grace-period must have --force specified")
    if args["timeout"] and not args["force"]:
        raise Failure("error: --timeout must have --force specified")
    report, query = Report(session), options(session, validated=True)
    choices, broken = manifests(session)
    errors: list[Exception] = []
    if args["force"]:
        _remove(session, choices)
    for choice in choices:
        try:
            if not choice.name:
                raise Failure("error: resource name may not be empty")
            obj = saved(session, choice.manifest)
            if args["force"]:
                obj = session.ask("POST", choice.resource.path(choice.namespace), obj, **query)
            elif dry_run(session) != "client":
                live = None if obj["metadata"].get("resourceVersion") else session.find(choice.path())
                if live is not None:
                    obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": live["metadata"]["resourceVersion"]}}
                obj = session.ask("PUT", choice.path(args["subresource"]), obj, **query)
            report.done(choice.resource, obj, "replaced")
        except (ApiError, Failure) as error:
            errors.append(from_source("replacing", choice.source, error))
    if errors or broken:
        raise Several(errors + broken)


def _remove(session: Session, choices: list[Choice]) -> None:
    """--force: what is there is deleted, and gone before it is created anew."""
    for choice in choices:
        try:
            uid = deleted(session, choice, grace=max(session.args["grace-period"], 0))
        except NotFound:
            continue
        session.say(f'{choice.resource.label} "{choice.name}" deleted')
        gone(session, choice, uid, session.args["timeout"] or None)
