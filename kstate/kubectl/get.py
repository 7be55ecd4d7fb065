"""kubectl get: tables, objects in other forms, and what changes (KCTL-10 to KCTL-16)."""
from __future__ import annotations

from ..errors import ApiError, NotFound
from .args import Args, Failure
from .discovery import Resource
from .errors import Several
from .output import WITH_TABLE, Output
from .resources import Choice, choose, fetch, items, manifests
from .session import JSON, Session
from .sorting import by_field
from .tables import Options, Printer, plain_table

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
NO_KIND = Failure(
    'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\n'
    'error: Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource '
    "(e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples")
Fetched = tuple[Choice, dict]


def get(session: Session, args: Args) -> None:
    if args["raw"]:
        session.say(session.send("GET", args["raw"]).body.decode(), end="")
        return
    if not args.names and not args["filename"]:
        raise NO_KIND
    manifest = bool(args["filename"]) and not args.names
    choices, errors = ([], []) if manifest else (choose(session, args.names, everything=True), [])      # what is asked for, then how
    output = Output(session, WITH_TABLE)
    if args["output-watch-events"] and not (args["watch"] or args["watch-only"]):
        raise Failure("error: --output-watch-events option can only be used with --watch or --watch-only")
    if args["watch"] or args["watch-only"]:
        _watch(session, args, output, choices)
        return
    if manifest:
        choices, errors = manifests(session)
    fetched = _fetch(session, choices, output, errors)
    if output.table:
        _print_tables(session, args, output, fetched)
    elif fetched or not (args["ignore-not-found"] or len(choices) == 1 and choices[0].name):
        _print_objects(session, args, output, fetched, single=len(choices) == 1 and bool(choices[0].name))
    if not session.out and not errors and not args["ignore-not-found"] and output.table:
        if args["all-namespaces"] or any(not choice.resource.namespaced for choice, _ in fetched):
            session.complain("No resources found")
        else:
            session.complain(f"No resources found in {session.namespace} namespace.")   # KCTL-13
    if errors:
        raise Several(errors)


def _fetch(session: Session, choices: list[Choice], output: Output, errors: list[Exception]) -> list[Fetched]:
    """What the choices name, as tables where they are to be shown as such."""
    args, found = session.args, []
    accept = TABLE if output.table and args["server-print"] else JSON
    query = {"includeObject": "Object"} if accept == TABLE and args["sort-by"] else {}
    for choice in choices:
        try:
            found.append((choice, fetch(session, choice, accept, args["subresource"] or "", **query)))
        except NotFound as error:
            if not args["ignore-not-found"]:
                errors.append(error)
        except ApiError as error:
            errors.append(error)
    return found


def _options(args: Args, output: Output, several: bool) -> Options:
    return Options(wide=output.form == "wide", headers=not args["no-headers"], kinds=several or args["show-kind"],
                   namespaces=args["all-namespaces"], labels=tuple(args["label-columns"]), all_labels=args["show-labels"],
                   events=args["output-watch-events"])


def _print_tables(session: Session, args: Args, output: Output, fetched: list[Fetched]) -> None:
    options = _options(args, output, len({choice.resource for choice, _ in fetched}) > 1)
    groups: list[tuple[Resource, list[dict]]] = []
    for choice, answer in fetched:
        table = answer if answer.get("kind") == "Table" else plain_table(items(choice.resource, answer), session.age)
        if not groups or groups[-1][0] != choice.resource:
            groups.append((choice.resource, []))
        groups[-1][1].append(table)
    namespaced = False
    for resource, tables in groups:
        namespaced = namespaced or resource.namespaced      # once there is a namespace column, later tables keep it
        rows = [row for table in tables for row in table["rows"]]
        if args["sort-by"]:
            rows = by_field(rows, args["sort-by"], lambda row: row["object"], strict=False)
        printer = Printer(resource, options._replace(namespaces=options.namespaces and namespaced))
        session.tables.append(printer.printed)
        text = printer.format({**tables[0], "rows": rows})
        if text:
            session.say(("\n" if session.out and options.headers else "") + text, end="")


def _print_objects(session: Session, args: Args, output: Output, fetched: list[Fetched], single: bool) -> None:
    """One object as it is; several, or a list, as a List."""
    objects = [item for choice, answer in fetched for item in items(choice.resource, answer)]
    if args["sort-by"]:
        objects = by_field(objects, args["sort-by"], lambda obj: obj, strict=True)
    if single:
        session.say(output.format(objects[0]), end="")
    else:
        session.say(output.format({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": objects}), end="")


# ---- -w -------------------------------------------------------------------------------------------

def _watch(session: Session, args: Args, output: Output, choices: list[Choice]) -> None:
    """What there is, and what changes up to the moment when the cluster comes to rest (KCTL-14)."""
    if len({choice.resource for choice in choices}) > 1:
        raise Failure("error: you may only specify a single resource type")
    if len(choices) > 1:
        raise Failure("error: watch is only supported on individual resources and resource collections - more than 1 resource was found")
    choice = choices[0]
    accept = TABLE if output.table else JSON
    answer = fetch(session, choice, accept)
    printer = Printer(choice.resource, _options(args, output, several=False))
    session.tables.append(printer.printed)

    def show(obj: dict, event: str) -> None:
        if output.table:
            session.say(printer.format(obj, event), end="")
        else:
            for item in items(choice.resource, obj):
                whole = {"apiVersion": choice.resource.api_version, "kind": choice.resource.kind, **item}
                session.say(output.format({"type": event, "object": whole} if args["output-watch-events"] else whole), end="")
    if not args["watch-only"]:
        show(answer, "ADDED")
    elif output.table:
        printer.definitions = answer["columnDefinitions"]
    fields = ",".join(filter(None, (f"metadata.name={choice.name}" if choice.name else "", args["field-selector"])))
    for event in session.watch(choice.resource.path(choice.namespace), accept, resourceVersion=answer["metadata"]["resourceVersion"],
                               fieldSelector=fields, labelSelector=args["selector"]):
        if event["type"] in ("ADDED", "MODIFIED", "DELETED"):
            show(event["object"], event["type"])
