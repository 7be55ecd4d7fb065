"""Who owns which field: managedFields, and server-side apply, which merges what a manager wants and drops what it gave up.

Models API-58 and API-59: ownership by manager, operation, version and subresource; conflicts; force; shared ownership
of equal values.  Not modelled: conversion between versions, a limit on the number of managers.

A set of fields is a tree in the form of fieldsV1, save that a field which is itself in the set always says so by ".":
{"f:spec": {"f:replicas": {".": {}}}}.  The steps of its paths are `f:name` for a field or the entry of a map,
`k:{"name":"web"}` for an item of a list with keys, `v:"x"` for an item of a set.  Types are those of patch.py; here the
fields' `list_keys`, `ssa_set` and `atomic` count.
"""
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from . import errors
from .patch import Unknown, item, member

LEAF: dict = {".": {}}
BEFORE = "before-first-apply"
KUBECTL, LAST_APPLIED = "kubectl", "kubectl.kubernetes.io/last-applied-configuration"
KEY_DEFAULTS = {"protocol": "TCP"}
NOBODYS = ("name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
           "deletionGracePeriodSeconds", "selfLink", "managedFields")       # metadata that the server keeps for itself


class Manager(NamedTuple):
    """Who owns fields: an entry of managedFields without its set and time."""

    operation: str          # Apply or Update
    name: str
    api_version: str
    subresource: str

    def __str__(self) -> str:
        """As conflicts name it; for appliers, the version says nothing."""
        subresource = f" with subresource {json.dumps(self.subresource)}" if self.subresource else ""
        return json.dumps(self.name) + subresource + (f" using {self.api_version}" if self.operation == "Update" else "")


class Claim(NamedTuple):
    """What a manager owns, and when it last wrote (RFC 3339)."""

    fields: dict
    time: str


# ---- the two entrances ----------------------------------------------------------------------------

def updated(old: dict | None, new: dict, manager: str, type: Any, api_version: str, now: str, subresource: str = "") -> list:
    """managedFields after an ordinary write: the manager owns what it changed, and nobody what it removed.

    old: None on create.  now: RFC 3339.  Returns the old list where nothing changed.
    """
    whole = Unknown(type)
    changed, removed = _compare(_owned_part(old or {}, subresource), _owned_part(new, subresource), whole)
    if not changed and not removed and old is not None:
        return old["metadata"].get("managedFields") or []
    claims = _claims(old, type, api_version, now)
    me = Manager("Update", manager, api_version, subresource)
    mine = claims.get(me, Claim({}, now)).fields
    claims = _give_up(claims, _union(changed, removed))
    if changed:
        claims[me] = Claim(_union(_minus(mine, removed), changed), now)
    return _entries(claims)


def apply(live: dict | None, intent: dict, manager: str, force: bool, type: Any, api_version: str, now: str,
          subresource: str = "") -> dict:
    """The live object (None: there is none) with the manager's full intent applied, managedFields included (API-58).

    What the manager owned, no longer wants and nobody else owns is removed.  Raises Conflict where another manager owns
    a field that the intent changes, unless `force`; BadRequest if the intent has managedFields.
    """
    if intent.get("metadata", {}).get("managedFields"):
        raise errors.BadRequest("metadata.managedFields must be nil")
    whole, claims = Unknown(type), _claims(live, type, api_version, now)
    wanted = _set(_owned_part(intent, subresource), whole)
    me = next((m for m in claims if m._replace(api_version="") == ("Apply", manager, "", subresource)),
              Manager("Apply", manager, api_version, subresource))
    last = claims.pop(me, Claim({}, now))
    kept = _set(intent, whole)
    for claim in claims.values():
        kept = _union(kept, claim.fields)
    new = _prune(_merge(live or {}, intent, whole), last.fields, kept, whole)

    changed, removed = _compare(_owned_part(live or {}, subresource), _owned_part(new, subresource), whole)
    conflicts = {m: both for m, claim in claims.items() if (both := _common(claim.fields, changed))}
    if conflicts and not force:
        allowed = _last_applied(live or {}, subresource, whole) if manager == KUBECTL else {}
        conflicts = {m: left for m, both in conflicts.items() if (left := _minus(both, allowed))}
        if conflicts:
            raise _conflict(conflicts)
    claims = _give_up(claims, _union(changed, removed))
    same = not changed and not removed and wanted == last.fields
    if wanted:
        claims[me._replace(api_version=api_version)] = Claim(wanted, last.time if same else now)
    return {**new, "metadata": {**new["metadata"], "managedFields": _entries(claims)}}


def _owned_part(obj: dict, subresource: str) -> dict:
    """The object without what is nobody's, and without what the endpoint ignores (API-19)."""
    ignored = ("apiVersion", "kind", "metadata", "spec" if subresource == "status" else "status")
    part = {name: value for name, value in obj.items() if name not in ignored}
    metadata = {name: value for name, value in (obj.get("metadata") or {}).items() if name not in NOBODYS}
    return {"metadata": metadata, **part} if metadata else part


def _last_applied(live: dict, subresource: str, whole: Unknown) -> dict:
    """What kubectl's client-side apply set and nobody has changed since: kubectl may take that over without a conflict (API-58)."""
    try:
        intent = json.loads(((live.get("metadata") or {}).get("annotations") or {})[LAST_APPLIED])
    except (KeyError, ValueError):
        return {}
    intent = _owned_part(intent, subresource)
    changed, removed = _compare(intent, _owned_part(live, subresource), whole)
    return _minus(_set(intent, whole), _union(changed, removed))


def _conflict(conflicts: dict[Manager, dict]) -> errors.Conflict:
    found = [(str(manager), path) for manager in sorted(conflicts, key=lambda m: m.name) for path in paths(conflicts[manager])]
    if len(found) == 1:
        text = "1 conflict: conflict with {}: {}".format(*found[0])
    else:
        lines = []
        for manager in dict.fromkeys(manager for manager, _ in found):
            lines += [f"conflicts with {manager}:", *(f"- {path}" for owner, path in found if owner == manager)]
        text = f"{len(found)} conflicts: " + "\n".join(lines)
    return errors.Conflict(f"Apply failed with {text}", causes=[
        {"reason": "FieldManagerConflict", "message": f"conflict with {manager}", "field": path} for manager, path in found])


# ---- managedFields and claims ---------------------------------------------------------------------

def _claims(obj: dict | None, type: Any, api_version: str, now: str) -> dict[Manager, Claim]:
    """The managers of an object; one that has none, though it exists, belongs to `before-first-apply` (API-59)."""
    entries = ((obj or {}).get("metadata") or {}).get("managedFields") or ()
    if obj and not entries:
        return {Manager("Update", BEFORE, api_version, ""): Claim(_set(_owned_part(obj, ""), Unknown(type), inner=True), now)}
    return {Manager(e["operation"], e["manager"], e["apiVersion"], e.get("subresource", "")): Claim(_decoded(e["fieldsV1"]), e["time"])
            for e in entries}


def _give_up(claims: dict[Manager, Claim], fields: dict) -> dict[Manager, Claim]:
    """The claims without these fields; who is left with none disappears."""
    return {manager: Claim(left, claim.time) for manager, claim in claims.items() if (left := _minus(claim.fields, fields))}


def _entries(claims: dict[Manager, Claim]) -> list[dict]:
    """managedFields: appliers first, then by time and name."""
    ordered = sorted(claims.items(), key=lambda c: (c[0].operation, c[1].time, c[0]))
    return [{"manager": m.name, "operation": m.operation, "apiVersion": m.api_version, "time": claim.time, "fieldsType": "FieldsV1",
             "fieldsV1": _encoded(claim.fields), **({"subresource": m.subresource} if m.subresource else {})} for m, claim in ordered]


def _encoded(fields: dict) -> dict:
    """As fieldsV1 writes a set: a field without others below it is {}."""
    return {step: {} if below == LEAF else _encoded(below) for step, below in fields.items()}


def _decoded(fields: dict) -> dict:
    return {step: LEAF if not below and step != "." else _decoded(below) for step, below in fields.items()}


# ---- sets of fields -------------------------------------------------------------------------------

def _union(a: dict, b: dict) -> dict:
    return {**a, **{step: _union(a[step], below) if step in a else below for step, below in b.items()}}


def _minus(a: dict, b: dict) -> dict:
    left = {}
    for step, below in a.items():
        if step not in b:
            left[step] = below
        elif step != "." and b[step] is not None and (rest := _minus(below, b[step])):
            left[step] = rest
    return left


def _common(a: dict, b: dict) -> dict:
    return {step: both for step in a if step in b and ((both := _common(a[step], b[step])) or step == ".")}


def paths(fields: dict, prefix: str = "") -> Iterator[str]:
    """The fields of a set as conflicts show them: `.spec.containers[name="web"].image`."""
    steps = sorted(step for step in fields if step != ".")
    for step in steps:
        if "." in fields[step]:
            yield prefix + _shown(step)
    for step in steps:
        yield from paths(fields[step], prefix + _shown(step))


def _shown(step: str) -> str:
    sort, _, text = step.partition(":")
    if sort == "k":
        return f"[{','.join(f'{key}={json.dumps(value)}' for key, value in json.loads(text).items())}]"
    return f".{text}" if sort == "f" else f"[={text}]"


# ---- values and what they consist of --------------------------------------------------------------

def _parts(value: Any, field: Any) -> dict[str, tuple[Any, Any]] | None:
    """What a value consists of, as far as it is owned part by part: step -> (part, its field); None if owned as a whole."""
    if isinstance(value, dict) and not field.atomic:
        return {f"f:{name}": (part, member(field.type, name)) for name, part in value.items()}
    if isinstance(value, list) and (field.list_keys or field.ssa_set):
        return {_step(part, field): (part, Unknown(item(field.type))) for part in value}
    return None


def _step(part: Any, field: Any) -> str:
    if not isinstance(part, dict):
        return "v:" + json.dumps(part)
    keys = {key: part.get(key, KEY_DEFAULTS.get(key)) for key in sorted(field.list_keys)}
    return "k:" + json.dumps({key: value for key, value in keys.items() if value is not None}, separators=(",", ":"))


def _set(obj: dict, whole: Any, inner: bool = False) -> dict:
    """The set of all fields of an object.  inner: maps and lists themselves, too, as for what an update adds."""
    return {step: _below(step, part, field, inner) for step, (part, field) in _parts(obj, whole).items()}


def _below(step: str, part: Any, field: Any, inner: bool) -> dict:
    """What the set of an object has at and below a step."""
    parts = _parts(part, field)
    if not parts:
        return LEAF
    itself = step.startswith("k:") or inner and getattr(field.type, "form", "") != "struct"
    return {**(LEAF if itself else {}), **{s: _below(s, *parts[s], inner) for s in parts}}


def _compare(old: Any, new: Any, field: Any) -> tuple[dict, dict]:
    """The sets of fields that were changed or added, and that were removed; there, None is a step with all below it."""
    before, after = _parts(old, field), _parts(new, field)
    if old is new or before is None or after is None:
        return {} if old is new or old == new else LEAF, {}
    changed, removed = {}, {}
    for step in {**before, **after}:
        if step not in after:
            removed[step] = None
        elif step not in before:
            changed[step] = _below(step, *after[step], inner=True)
        else:
            part, gone = _compare(before[step][0], after[step][0], after[step][1])
            changed.update({step: part} if part else {})
            removed.update({step: gone} if gone else {})
    return changed, removed


def _merge(live: Any, intent: Any, field: Any) -> Any:
    """Live and intent in one: maps by name, lists by key or value, anything else as the intent says."""
    before, after = _parts(live, field), _parts(intent, field)
    if before is None or after is None:
        return intent
    parts = {step: part for step, (part, _) in before.items()}
    for step, (part, below) in after.items():
        parts[step] = _merge(parts[step], part, below) if step in parts else part
    if isinstance(intent, dict):
        return _assembled(parts, dict)
    return _assembled({step: parts[step] for step in _order(list(before), list(after))}, list)


def _order(live: list[str], intent: list[str]) -> list[str]:
    """The items of the intent in its order, those that only the live list has at their places."""
    order, rest = [], intent
    shared = [step for step in intent if step in live]
    for step in live:
        if step not in intent:
            order.append(step)
        elif shared and step == shared[0]:
            end = rest.index(step) + 1
            order, rest, shared = order + rest[:end], rest[end:], shared[1:]
    return order + rest


def _prune(value: Any, last: dict, kept: dict, field: Any) -> Any:
    """The value without what is in `last` and not in `kept`.  An item of a list goes unless somebody owns the item itself."""
    parts = _parts(value, field)
    if not parts:
        return value
    left = {}
    for step, (part, below) in parts.items():
        if step not in last:
            left[step] = part
        elif step in kept and (step.startswith("f:") or "." in kept[step]):
            left[step] = _prune(part, last[step], kept[step], below)
    return _assembled(left, dict if isinstance(value, dict) else list)


def _assembled(parts: dict[str, Any], form: type) -> dict | list:
    return {step[2:]: part for step, part in parts.items()} if form is dict else list(parts.values())
