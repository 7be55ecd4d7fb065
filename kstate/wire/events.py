"""events.k8s.io/v1: the same Events under other names, translated at the door."""
from __future__ import annotations

import json
from typing import Any

from .message import JSON, Request, Response, dump

CORE, NEW = "v1", "events.k8s.io/v1"
NAMES = {"involvedObject": "regarding", "message": "note", "source": "deprecatedSource", "firstTimestamp": "deprecatedFirstTimestamp",
         "lastTimestamp": "deprecatedLastTimestamp", "count": "deprecatedCount", "reportingComponent": "reportingController"}
BACK = {new: old for old, new in NAMES.items()}


def core(request: Request) -> Request:
    """The request with a body as the core group has it."""
    try:
        found = json.loads(request.body)
    except ValueError:
        return request              # empty, or no JSON: who reads it will say so
    if not isinstance(found, dict) or "involvedObject" in found:
        return request
    return request._replace(body=dump({**{BACK.get(name, name): value for name, value in found.items()},
                                       **({"apiVersion": CORE} if found.get("apiVersion") == NEW else {})}))


def new(response: Response) -> Response:
    """The response with every Event in it as events.k8s.io has it."""
    if response.watch is not None:
        response.watch.shown = renamed
        return response
    if response.headers["content-type"] != JSON:
        return response
    return response._replace(body=dump(renamed(response.json)))


def renamed(value: Any) -> Any:
    """An Event, a list or a table of Events; anything else as it is."""
    if not isinstance(value, dict):
        return value
    if value.get("kind") == "Event":
        return {**{NAMES.get(name, name): part for name, part in value.items()}, "apiVersion": NEW}
    if value.get("kind") == "EventList":
        return {**value, "apiVersion": NEW, "items": [renamed(item) for item in value["items"]]}
    if value.get("kind") == "Table":
        return {**value, "rows": [{**row, "object": renamed(row["object"])} if "object" in row else row for row in value["rows"]]}
    return value
