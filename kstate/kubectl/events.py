"""kubectl events: in the order of time (KCTL-48)."""
from __future__ import annotations

from ..world import Key, get
from .args import Args, Failure
from .describe.text import interval
from .output import WITHOUT_TABLE, Output
from .resources import items
from .session import Session
from .tables import Row


def events(session: Session, args: Args) -> None:
    kinds = {kind.lower(): kind for kind in ("Normal", "Warning")}
    if any(word.lower() not in kinds for word in args["types"]):
        raise Failure("error: valid --types are Normal or Warning")
    output = Output(session, WITHOUT_TABLE)
    everywhere = args["all-namespaces"]
    resource = session.discovery.named("events")
    found = items(resource, session.ask("GET", resource.path("" if everywhere else session.namespace), limit=args["chunk-size"],
                                        fieldSelector=_about(session, args["for"])))
    chosen = [event for event in found if not args["types"] or event.get("type", "").lower() in map(str.lower, args["types"])]
    chosen.sort(key=_last)
    if not chosen:
        session.complain("No events found." if everywhere else f"No events found in {session.namespace} namespace.")
        return
    if output.form:
        session.say(output.format({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": chosen}), end="")
        return
    columns = [] if args["no-headers"] else ["NAMESPACE"] * everywhere + ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    rows = []
    for event in chosen:
        about = event["involvedObject"]
        told = [interval(session, event), event.get("type", ""), event.get("reason", ""),
                f"{about.get('kind', '')}/{about.get('name', '')}", event.get("message", "").strip()]
        key = Key(about.get("kind", ""), about.get("namespace", ""), about.get("name", ""))
        rows.append(Row([event["metadata"]["namespace"]] * everywhere + told, key))
    session.tabulate(columns, rows)


def _last(event: dict) -> str:
    return get(event, "series.lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime") or ""


def _about(session: Session, word: str) -> str:
    """--for TYPE/NAME as a field selector."""
    if not word:
        return ""
    kind, slash, name = word.partition("/")
    if not slash or not name:
        raise Failure("error: --for must be in resource/name form")
    resource = session.discovery.named(kind)
    return f"involvedObject.kind={resource.kind},involvedObject.apiVersion={resource.api_version},involvedObject.name={name}"
