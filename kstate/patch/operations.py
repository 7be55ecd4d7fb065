"""JSON patch: a list of operations on places in a document (RFC 6902, strictly; API-55)."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import errors

MOST_OPERATIONS = 10_000


def json_patch(doc: Any, ops: Any) -> Any:
    """The document after all operations.  BadRequest, RequestEntityTooLarge or Invalid with the texts of API-55."""
    if not isinstance(ops, list) or not all(isinstance(op, dict) for op in ops):
        raise errors.BadRequest("error decoding patch: a JSON patch is a list of operations")
    if len(ops) > MOST_OPERATIONS:
        raise errors.RequestEntityTooLarge(f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {len(ops)}")
    try:
        for op in ops:
            doc = _operate(doc, op)
    except (KeyError, IndexError, ValueError, TypeError):
        raise errors.Invalid("the server rejected our request due to an error in our request") from None
    return doc


def _operate(doc: Any, op: dict) -> Any:
    path = _pointer(op["path"])
    match op["op"]:
        case "add":
            return _added(doc, path, op["value"])
        case "remove":
            return _removed(doc, path)
        case "replace":
            _at(doc, path)
            return _edited(doc, path, lambda parent, place: parent.__setitem__(place, op["value"])) if path else op["value"]
        case "move":
            origin = _pointer(op["from"])
            if len(origin) < len(path) and path[:len(origin)] == origin:
                raise ValueError("a value cannot move into itself")
            return _added(_removed(doc, origin), path, _at(doc, origin))
        case "copy":
            return _added(doc, path, _at(doc, _pointer(op["from"])))
        case "test":
            if not _same(_at(doc, path), op["value"]):
                raise ValueError("test failed")
            return doc
        case unknown:
            raise ValueError(f"unknown operation {unknown}")


def _pointer(text: str) -> list[str]:
    if not isinstance(text, str) or text and text[0] != "/":
        raise ValueError("a JSON pointer is a text that starts with a slash")
    return [step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:]]


def _place(container: Any, step: str, beyond: int = 0) -> str | int:
    """A step as key or index; ValueError, IndexError, TypeError where the container has no such place."""
    if isinstance(container, dict):
        return step
    if not isinstance(container, list):
        raise TypeError("a step into a value that is neither object nor array")
    if step == "-" and beyond:
        return len(container)
    if not (step.isdecimal() and step.isascii()) or step != str(int(step)):
        raise ValueError("an index is a number without leading zeros")
    if int(step) >= len(container) + beyond:
        raise IndexError(step)
    return int(step)


def _at(doc: Any, path: list[str]) -> Any:
    for step in path:
        doc = doc[_place(doc, step)]
    return doc


def _edited(doc: Any, path: list[str], edit: Callable[[Any, Any], Any], beyond: int = 0) -> Any:
    """A copy of doc in which `edit(parent, place)` changed the parent of the place; all beside the path is shared."""
    if len(path) > 1:
        place, copy = _place(doc, path[0]), _copy(doc)
        copy[place] = _edited(doc[place], path[1:], edit, beyond)
    else:
        place, copy = _place(doc, path[0], beyond), _copy(doc)
        edit(copy, place)
    return copy


def _copy(container: dict | list) -> dict | list:
    return dict(container) if isinstance(container, dict) else list(container)


def _added(doc: Any, path: list[str], value: Any) -> Any:
    def add(parent: dict | list, place: Any) -> None:
        if isinstance(parent, dict):
            parent[place] = value
        else:
            parent.insert(place, value)
    return _edited(doc, path, add, beyond=1) if path else value


def _removed(doc: Any, path: list[str]) -> Any:
    return _edited(doc, path, lambda parent, place: parent.pop(place))


def _same(a: Any, b: Any) -> bool:
    """Equality of JSON: 1 is 1.0, but true is not 1."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return a == b and isinstance(a, bool) == isinstance(b, bool)
