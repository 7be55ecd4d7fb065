"""What lists and watches choose by: label selectors, field selectors, and the fields that each kind knows (API-33 to API-35)."""
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .. import labels as selectors
from ..errors import BadRequest
from ..kinds import Kind
from ..world import get

COMMON = ("metadata.name", "metadata.namespace")
SWITCHES = ("spec.unschedulable", "spec.hostNetwork")       # booleans, false where they are absent


class Selection(NamedTuple):
    """Whether an object is wanted; `plain` where everything is."""

    matches: Callable[[dict], bool]
    plain: bool


def selection(kind: Kind, query: dict[str, str]) -> Selection:
    """From the query's labelSelector and fieldSelector.  Raises BadRequest."""
    try:
        labelled = selectors.parse(query["labelSelector"]) if query.get("labelSelector") else None
        fields = selectors.parse_fields(query["fieldSelector"]) if query.get("fieldSelector") else []
    except ValueError as error:
        raise BadRequest(str(error)) from None
    for path, _, _ in fields:
        _check(kind, path)

    def matches(obj: dict) -> bool:
        if labelled is not None and not labelled.matches(obj["metadata"].get("labels") or {}):
            return False
        return all((field_value(obj, path) == value) != (op == "!=") for path, op, value in fields)

    return Selection(matches, labelled is None and not fields)


def _check(kind: Kind, path: str) -> None:
    if kind.strict_field_errors:        # kinds that list their fields themselves
        if path not in (*COMMON[:1 + kind.namespaced], *kind.field_selectors):
            raise BadRequest(f"field label not supported: {path}")
    elif path not in COMMON:
        raise BadRequest(f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"')


def field_value(obj: dict, path: str) -> str:
    """A field as selectors compare it: text, "" where it is absent."""
    if path == "source":                # of an Event
        return get(obj, "source.component") or obj.get("reportingComponent", "")
    if path == "status.podIPs":
        return ",".join(ip["ip"] for ip in get(obj, path) or ())
    value = get(obj, path, False if path in SWITCHES else "")
    return str(value).lower() if isinstance(value, bool) else str(value)
