"""How Go writes values, where kubectl shows them: %v in templates, %#v in error messages."""
from __future__ import annotations

import json
from typing import Any


def plain(value: Any) -> str:
    """As %v: map[a:1 b:[x y]], <nil>, true."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{k}:{plain(v)}' for k, v in sorted(value.items()))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(plain, value))}]"
    return "<nil>" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def syntax(value: Any) -> str:
    """As %#v: map[string]interface {}{"a":1}."""
    if isinstance(value, dict):
        return "map[string]interface {}{" + ", ".join(f"{json.dumps(k)}:{syntax(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(map(syntax, value)) + "}"
    return "interface {}(nil)" if value is None else json.dumps(value, ensure_ascii=False)


def type_name(value: Any) -> str:
    """The Go type of a JSON value."""
    names = {dict: "map[string]interface {}", list: "[]interface {}", str: "string", bool: "bool", int: "int64", float: "float64"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "interface {}") if value is not None else "interface {}"
