"""Merge patch (RFC 7386) and strategic merge patch, which knows how lists merge and takes directives (API-56, API-57)."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .. import errors


def merge_patch(doc: Any, patch: Any) -> Any:
    """Objects merge, null deletes, anything else replaces (API-56)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(doc) if isinstance(doc, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


# ---- types ------------------------------------------------------------------------------------------

class Unknown(NamedTuple):
    """A field that no schema describes, or the entry of a map."""

    type: Any = None
    merge_key: str = ""
    primitive_set: bool = False
    retain_keys: bool = False
    replace: bool = False
    list_keys: tuple[str, ...] = ()
    ssa_set: bool = False
    atomic: bool = False


def member(type: Any, name: str) -> Any:
    """The field of that name in a value of that type."""
    form = getattr(type, "form", "any")
    if form == "struct" and name in type.fields:
        return type.fields[name]
    return Unknown(type.item if form == "map" else None)


def item(type: Any) -> Any:
    """The type of the items of a list of that type."""
    return getattr(type, "item", None)


# ---- strategic merge patch --------------------------------------------------------------------------

DIRECTIVE, RETAIN = "$patch", "$retainKeys"
REMOVE, ORDER = "$deleteFromPrimitiveList/", "$setElementOrder/"


def strategic_merge(doc: dict, patch: dict, type: Any) -> dict:
    """Merge a patch that may hold directives ($patch, $retainKeys, $setElementOrder/..., $deleteFromPrimitiveList/...).

    Lists with a merge key merge element by element, primitive sets are united, other lists replaced (API-57).
    BadRequest for a malformed patch.
    """
    match patch.get(DIRECTIVE):
        case None:
            pass
        case "replace":
            return _without_directives(patch)
        case "delete":
            return {}
        case unknown:
            raise errors.BadRequest(f"unknown patch type: {unknown} in map: {go_text(patch)}")
    merged = dict(doc)
    if RETAIN in patch:
        merged = {name: value for name, value in doc.items() if name in _retained(patch)}
    for name in _names(patch):
        value, field = patch.get(name), member(type, name)
        if name in patch and value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and not field.replace:
            if name in merged or value.get(DIRECTIVE) != "delete":
                before = merged.get(name)
                merged[name] = strategic_merge(before if isinstance(before, dict) else {}, value, field.type)
        elif isinstance(value, list) or name not in patch:
            _merge_list(merged, patch, name, field)
        else:
            merged[name] = _without_directives(value)
    return merged


def _names(patch: dict) -> dict[str, None]:
    """The fields that a patch speaks of, directly or by a directive for a list."""
    return dict.fromkeys(key.removeprefix(REMOVE).removeprefix(ORDER) for key in patch if key != RETAIN)


def _retained(patch: dict) -> list[str]:
    given = [name for name, value in patch.items() if value is not None and not name.startswith("$")]
    if not isinstance(patch[RETAIN], list) or not set(given) <= set(patch[RETAIN]):
        raise errors.BadRequest("invalid patch format of retainKeys")
    return patch[RETAIN]


def _merge_list(merged: dict, patch: dict, name: str, field: Any) -> None:
    before = merged.get(name) if isinstance(merged.get(name), list) else []
    value, order, remove = (patch.get(prefix + name) for prefix in ("", ORDER, REMOVE))
    if any(v is not None and not isinstance(v, list) for v in (order, remove)):
        raise errors.BadRequest(f"a directive for the list {name} is no list")
    if value is None and name not in merged:
        return
    if field.merge_key:
        identity = identity_by(field.merge_key)
        after = _merge_elements(before, value or [], identity, item(field.type))
    elif field.primitive_set:
        identity = _primitive
        after = [*before, *dict.fromkeys(e for e in map(identity, value or []) if e not in before)]
    else:
        merged[name] = before if value is None else _without_directives(value)
        return
    wanted = [identity(element) for element in (value or [] if order is None else order) if not _is_directive(element)]
    after = _ordered(after, wanted, [identity(element) for element in before], identity)
    merged[name] = [element for element in after if element not in remove] if remove else after


def _merge_elements(before: list, patch: list, identity: Callable[[Any], Any], type: Any) -> list:
    """Lists of objects merge by key; an element may ask to be deleted, or for the whole list to be replaced."""
    directives = [e[DIRECTIVE] for e in patch if _is_directive(e)]
    if "replace" in directives:
        return _without_directives(patch)
    if "merge" in directives:
        raise errors.BadRequest("merging lists cannot yet be specified in the patch")
    keys = [identity(element) for element in patch]
    deleted = [key for key, element in zip(keys, patch) if element.get(DIRECTIVE) == "delete"]
    after = [element for element in before if identity(element) not in deleted]
    places = {identity(element): i for i, element in reversed(list(enumerate(after)))}
    for key, element in zip(keys, patch):
        if key in places:
            after[places[key]] = strategic_merge(after[places[key]], element, type)
        elif key not in deleted:
            places[key] = len(after)
            after.append(strategic_merge({}, element, type))
    return after


def identity_by(key: str) -> Callable[[Any], Any]:
    """What tells the elements of a list apart: the value of their merge key."""
    def value_of_key(element: Any) -> Any:
        if not isinstance(element, dict) or not isinstance(element.get(key), (str, int)):
            raise errors.BadRequest(f"map: {go_text(element)} does not contain declared merge key: {key}")
        return element[key]
    return value_of_key


def _primitive(element: Any) -> Any:
    if isinstance(element, (dict, list)):
        raise errors.BadRequest(f"list element types are not identical: {go_text(element)}")
    return element


def _is_directive(element: Any) -> bool:
    return isinstance(element, dict) and DIRECTIVE in element


def _ordered(elements: list, wanted: list, before: list, identity: Callable[[Any], Any]) -> list:
    """Elements named in `wanted` take that order; the others keep their order and stand before what they preceded."""
    wish = {key: i for i, key in enumerate(wanted)}
    rank = {key: i for i, key in enumerate(before)}
    named = sorted((e for e in elements if identity(e) in wish), key=lambda e: wish[identity(e)])
    others = [e for e in elements if identity(e) not in wish]
    ordered: list = []
    for element in named:
        here = rank.get(identity(element), -1)
        while others and rank.get(identity(others[0]), here) < here:
            ordered.append(others.pop(0))
        ordered.append(element)
    return ordered + others


def _without_directives(value: Any) -> Any:
    """A value of a patch as it stands in an object: without nulls and directives."""
    if isinstance(value, dict):
        return {k: _without_directives(v) for k, v in value.items() if v is not None and not k.startswith("$")}
    if isinstance(value, list):
        return [_without_directives(v) for v in value if not _is_directive(v)]
    return value


def go_text(value: Any) -> str:
    """As Go prints a value with %v, for error texts."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{k}:{go_text(v)}' for k, v in sorted(value.items()))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(go_text, value))}]"
    return "<nil>" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
