"""What the API server says of the intent of a server-side apply that fits no type: the words of its merging library (API-58)."""
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..patch import go_text
from .types import Field, Type

TYPES = {dict: "map[string]interface {}", list: "[]interface {}", str: "string", bool: "bool", int: "int64", float: "float64"}    # a bool is an int, too
KEY_DEFAULTS = {"protocol": "TCP"}


def misfits(type: Type, intent: dict) -> str:
    """All that does not fit, one a line; "" if there is nothing."""
    found = list(_misfits(Field("", type), intent, ""))
    return found[0] if len(found) == 1 else "\n  ".join(["errors:", *found]) if found else ""


def _misfits(field: Field, value: Any, path: str) -> Iterator[str]:
    match field.type.form:
        case _ if value is None:
            pass
        case "struct" | "map" if not isinstance(value, dict):
            yield f"{path}: expected map, got &{{{go_text(value)}}}"
        case "struct":
            for name, inner in value.items():
                if name in field.type.fields:
                    yield from _misfits(field.type.fields[name], inner, f"{path}.{name}")
                else:
                    yield f"{path}.{name}: field not declared in schema"
        case "map":
            for name, inner in value.items():
                yield from _misfits(Field(name, field.type.item), inner, f"{path}.{name}")
        case "list" if not isinstance(value, list):
            yield f"{path}: expected list, got &{{{go_text(value)}}}"
        case "list":
            yield from _items(field, value, path)
        case "string" if not isinstance(value, str):
            yield f"{path}: expected string, got &value.valueUnstructured{{Value:{_literal(value)}}}"
        case "bool" if not isinstance(value, bool):
            yield f"{path}: expected boolean, got &{{{go_text(value)}}}"
        case "int32" | "int64" if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield f"{path}: expected numeric (int or float), got {_type(value)}"


def _items(field: Field, items: list, path: str) -> Iterator[str]:
    """An item is named by its keys, or by where it stands; keys are there once."""
    seen = set()
    for i, element in enumerate(items):
        keyed = field.list_keys if isinstance(element, dict) else ()
        keys = {key: element.get(key, KEY_DEFAULTS.get(key)) for key in sorted(keyed)}
        missing = next((key for key, value in keys.items() if value is None), None)
        step = f"[{','.join(f'{key}={json.dumps(value)}' for key, value in keys.items())}]" if keys else f"[{i}]"
        if missing:
            yield (f"{path}: element {i}: associative list with keys has an element that omits key field {json.dumps(missing)} "
                   "(and doesn't have default value)")
        elif step in seen:
            yield f"{path}: duplicate entries for key {step}"
        else:
            seen.add(step)
            yield from _misfits(Field("", field.type.item), element, path + step)


def _type(value: Any) -> str:
    return next(go for python, go in TYPES.items() if isinstance(value, python))


def _literal(value: Any) -> str:
    """As Go writes it: 5, map[string]interface {}{"a":1}."""
    if isinstance(value, dict):
        return f"{_type(value)}{{{', '.join(f'{json.dumps(key)}:{_literal(inner)}' for key, inner in sorted(value.items()))}}}"
    return f"{_type(value)}{{{', '.join(map(_literal, value))}}}" if isinstance(value, list) else json.dumps(value)
