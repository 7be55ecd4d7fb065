"""What the API server says of a strategic merge patch that makes no object: the words of Go's converter from maps (API-25).

Other bodies are decoded from JSON, whose complaints schema.py has.
"""
from __future__ import annotations

from typing import Any

from .types import Type

FORMS = {dict: "map", list: "slice", str: "string", bool: "bool", int: "int64", float: "float64"}        # a bool is an int, too


def unrestorable(type: Type, value: Any) -> str:
    """What is wrong with the first value that does not fit, in the order of the type's fields; "" where the converter finds nothing."""
    if value is None:
        return ""
    form = next(form for python, form in FORMS.items() if isinstance(value, python))
    match type.form:
        case "struct" if form == "map":
            return _first((field.type, value.get(name)) for name, field in type.fields.items())
        case "map" if form == "map":
            return _first((type.item, item) for item in value.values())
        case "list" if form == "slice":
            return _first((type.item, item) for item in value)
        case "struct":
            return f"cannot restore struct from: {form}"
        case "map":
            return f"cannot restore map from {form}"
        case "list":
            return f"cannot restore slice from {form}"
        case "string" if form == "int64":
            return f"cannot convert int64 to {type.go}"
        case "int32" | "int64" if form == "float64" and value % 1:
            return f"cannot convert float64 to {type.go}"
        case "string" | "bool" if form != type.form:
            return f"unrecognized type: {type.form}"
        case "int32" | "int64" if form not in ("int64", "float64"):
            return f"unrecognized type: {type.form}"
    return ""       # as it should be, or of a type that reads its own JSON


def _first(parts) -> str:
    return next(filter(None, (unrestorable(*part) for part in parts)), "")
