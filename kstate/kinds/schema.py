"""Strict decoding: from a JSON value that somebody sent to an object of its kind, or the complaint that Go's decoder makes.

The result is what a Kubernetes API server would store: without unknown fields, nulls and values that are as good as
absent, with numbers as integers and quantities, times and bytes in their canonical form (API-24 to API-27, API-63).
The types come from types.py, JSON values from texts by text.py; both are imported from here.  What the values mean,
and whether they are allowed, is validation's business.
"""
from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from .. import quantity
from ..errors import BadRequest
from .kind import Kind
from .text import parse_json, parse_yaml_documents
from .types import Field, Type, root

__all__ = ["Field", "Mismatch", "Type", "decode", "decode_part", "parse_json", "parse_yaml_documents", "root", "unrecognized"]

WORDS = {bool: "bool", int: "number", float: "number", str: "string"}
ZERO = {"string": "", "bool": False, "int32": 0, "int64": 0, "intOrString": 0, "quantity": "0"}     # null as an item of a list or map
LIMIT = 100                                                                                         # problems that are reported


class Mismatch(ValueError):
    """A value does not fit its type; the text is that of Go's decoder."""


def decode(kind: Kind, obj: Any, validation: str = "Strict", duplicates: Iterable[str] = ()) -> tuple[dict, list[str]]:
    """The object as a plain dict of our own, and the problems: `unknown field "spec.foo"`, `duplicate field "spec.replicas"`.

    validation: with "Ignore" there are no problems; with "Strict" the caller refuses them, in words that depend on the
    verb, with "Warn" it warns of them (API-24).  duplicates: the paths that parse_json found.  What cannot be an object
    of the kind raises BadRequest, whatever the mode (API-25, API-26).
    """
    sent, version = _sent(kind, obj)
    try:
        return decode_patched(kind, obj, validation, duplicates)
    except Mismatch as error:
        raise BadRequest(f'{sent} in version "{version.rpartition("/")[2]}" cannot be handled as a {kind.kind}: {error}') from None


def decode_patched(kind: Kind, obj: Any, validation: str, duplicates: Iterable[str] = ()) -> tuple[dict, list[str]]:
    """The same for what a patch has made of an object; what does not fit the kind raises Mismatch."""
    sent, version = _sent(kind, obj)
    if (sent, version) != (kind.kind, kind.api_version):
        raise Mismatch(_conversion(kind, sent, version))
    value, problems = decode_part(root(kind.kind), obj)
    problems += [f'duplicate field "{path}"' for path in duplicates]
    return {"kind": sent, "apiVersion": version, **value}, [] if validation == "Ignore" else problems[:LIMIT]


def decode_part(type: Type, value: Any, path: str = "") -> tuple[Any, list[str]]:
    """A value of a type, and its unknown fields.  path: where it stands, such as "spec.template".  Raises Mismatch."""
    decoding = _Decoding()
    value = decoding.value(type, value, path, re.sub(r"\[\d+\]", "", path), "")
    if decoding.mismatch:
        raise Mismatch(decoding.mismatch)
    return value, decoding.problems


def unrecognized(kind: str, why: str, body: bytes) -> BadRequest:
    """The answer to a body that is no object at all (API-26)."""
    start = body[:30].decode(errors="replace") if body.startswith(b"{") else body[:30].hex()
    shown = start + " ..." * (len(body) > 30) if body else "<empty>"
    return BadRequest(f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; "
                      f"json parse error: {why} ({shown})")


def _sent(kind: Kind, obj: Any) -> tuple[str, str]:
    """kind and apiVersion of what was sent; the URL supplies what is missing (API-26)."""
    def refused(value: Any, into: str) -> BadRequest:
        return unrecognized(kind.kind, f"json: cannot unmarshal {_word(value)} into Go {into}", json.dumps(obj).encode())

    if not isinstance(obj, dict):
        fields = r'APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\""'
        raise refused(obj, f"value of type struct {{ {fields} }}")
    sent, version = obj.get("kind") or kind.kind, obj.get("apiVersion") or kind.api_version
    for name, value in (("apiVersion", version), ("kind", sent)):
        if not isinstance(value, str):
            raise refused(value, f"struct field .{name} of type string")
    return sent, version


def _conversion(kind: Kind, sent: str, version: str) -> str:
    """Why a kind that is not the URL's is refused (API-26)."""
    try:
        known = root(sent).version == version
    except KeyError:
        known = False
    if known:
        package = kind.group.partition(".")[0] or "core"
        return f"converting (v1.{sent}) to ({package}.{kind.kind}): unknown conversion"
    return f'no kind "{sent}" is registered for version "{version}" in scheme "pkg/api/legacyscheme/scheme.go:30"'


class _Decoding:
    """One run over a value.  As in Go, the first wrong type is kept while decoding goes on; a malformed quantity or time ends it."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.mismatch = ""

    def value(self, type: Type, value: Any, path: str, field: str, struct: str) -> Any:
        """path: with indexes and keys, for unknown fields; field and struct: the innermost field and its struct, in Go's words."""
        if value is None:
            return {} if type.form == "struct" else ZERO.get(type.form)
        match type.form:
            case "struct" if isinstance(value, dict):
                return self.struct(type, value, path, field)
            case "list" if isinstance(value, list):
                return [self.value(type.item, item, f"{path}[{i}]", field, struct) for i, item in enumerate(value)]
            case "map" if isinstance(value, dict):
                return {key: self.value(type.item, item, f"{path}.{key}", field, struct) for key, item in value.items()}
            case "string" | "intOrString" if isinstance(value, str):
                return value
            case "bool" if isinstance(value, bool):
                return value
            case "int32" | "int64":
                return self.integer(value, type.form, type.go, field, struct)
            case "intOrString":
                return self.integer(value, "int32", "int32", field, struct)
            case "bytes" if isinstance(value, str):
                return self.bytes(value)
            case "quantity":
                return _quantity(value)
            case "time" | "microTime" if isinstance(value, str):
                return _time(value, "seconds" if type.form == "time" else "microseconds")
            case "time" | "microTime":
                return self.wrong(_word(value), "string", field, struct)
            case "any":
                return value
        self.wrong(_word(value), type.go, field, struct)

    def struct(self, type: Type, value: dict, path: str, field: str) -> dict:
        decoded = {}
        struct = type.go.partition(".")[2]
        for name, given in value.items():
            known = type.fields.get(name)
            here = f"{path}.{name}" if path else name
            if known is None:
                self.problems.append(f'unknown field "{here}"')
            elif given is None:
                if known.keep_null:
                    decoded[name] = None
            else:
                given = self.value(known.type, given, here, f"{field}.{name}" if field else name, struct)
                if given or not known.omit_empty:
                    decoded[name] = given
        return decoded

    def integer(self, value: Any, form: str, go: str, field: str, struct: str) -> int | None:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return self.wrong(_word(value), go, field, struct)
        if value != value // 1 or not -(bound := 1 << (31 if form == "int32" else 63)) <= value < bound:
            return self.wrong(f"number {value}", go, field, struct)
        return int(value)                                                   # API-27

    def bytes(self, value: str) -> str:
        text = re.sub(r"[\r\n]", "", value)
        try:
            return base64.b64encode(base64.b64decode(text, validate=True)).decode()
        except ValueError:
            clean = len(re.match(r"[A-Za-z0-9+/]*", text).group())
            at = clean if text[clean:].strip("=") else clean // 4 * 4
            self.mismatch = self.mismatch or f"illegal base64 data at input byte {at}"

    def wrong(self, word: str, go: str, field: str, struct: str) -> None:
        """API-25"""
        place = f"Go struct field {struct}.{field}" if struct else "Go value"
        self.mismatch = self.mismatch or f"json: cannot unmarshal {word} into {place} of type {go}"


def _word(value: Any) -> str:
    """The JSON type of a value, as Go's errors name it."""
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else WORDS.get(type(value), "null")


def _quantity(value: Any) -> str:
    """Canonical form (API-63).  Raises Mismatch."""
    try:
        return quantity.canonical(value if isinstance(value, str) else json.dumps(value))
    except ValueError as error:
        raise Mismatch(str(error)) from None                                # PVCAPI-5


_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)")


def _time(text: str, precision: str) -> str:
    """RFC 3339 in UTC.  Raises Mismatch with the text of Go's time.Parse."""
    if not _RFC3339.fullmatch(text):
        raise Mismatch(_parsing_time(text))
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        part = next((word for word in ("month", "day", "hour", "minute", "second") if str(error).startswith(word)), "day")
        raise Mismatch(f'parsing time "{text}": {part} out of range') from None
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def _parsing_time(text: str) -> str:
    """Which part of the layout the text does not follow."""
    rest = text
    for part, pattern in (("2006", r"\d{4}"), ("-", "-"), ("01", r"\d\d"), ("-", "-"), ("02", r"\d\d"), ("T", "T"), ("15", r"\d\d"),
                          (":", ":"), ("04", r"\d\d"), (":", ":"), ("05", r"\d\d([.,]\d+)?"), ("Z07:00", r"Z|[+-]\d\d:\d\d")):
        found = re.match(pattern, rest)
        if not found:
            return f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse "{rest}" as "{part}"'
        rest = rest[found.end():]
    return f'parsing time "{text}": extra text: "{rest}"'
