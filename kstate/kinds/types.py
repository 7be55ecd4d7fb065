"""The types of all served kinds: Kubernetes' Go structures as data.

`types.txt` holds them, in a form to read and to compare; this module reads it when it is first asked.  Decoding
(schema.py), patches, server-side apply and OpenAPI all follow these types.  Nothing here knows what a field means.
"""
from __future__ import annotations

import pkgutil
from functools import cache
from typing import NamedTuple

# The types that Go or Kubernetes' libraries bring along: name -> (as Go spells it in its error texts, form).
BASIC = {
    "string": ("string", "string"), "bool": ("bool", "bool"), "int32": ("int32", "int32"), "int64": ("int64", "int64"),
    "[]byte": ("[]uint8", "bytes"), "Quantity": ("resource.Quantity", "quantity"), "IntOrString": ("intstr.IntOrString", "intOrString"),
    "Time": ("v1.Time", "time"), "MicroTime": ("v1.MicroTime", "microTime"), "any": ("runtime.RawExtension", "any"),
}
EMPTIABLE = ("string", "bool", "int32", "int64", "bytes", "list", "map")        # the forms of which Go's omitempty drops a zero value


class Type(NamedTuple):
    """A type.  form: struct, list, map, string, bool, int32, int64, bytes, quantity, intOrString, time, microTime or any."""

    name: str                               # PodSpec, []Container, PullPolicy
    go: str                                 # as Go's error texts spell it: v1.PodSpec, []v1.Container, v1.PullPolicy
    form: str
    fields: dict[str, Field]                # of a struct, by JSON name; else empty
    item: Type | None = None                # of a list's items or a map's values
    values: tuple[str, ...] = ()            # that OpenAPI lists for a string
    atomic: bool = False                    # server-side apply owns a struct of this type as a whole
    version: str = ""                       # apiVersion of a kind

    def __repr__(self) -> str:
        return f"<{self.go}>"


class Field(NamedTuple):
    """A field of a struct, with what patches have to know of it (API-57, API-58)."""

    name: str
    type: Type
    required: bool = False
    pointer: bool = False                   # Go has a pointer here: absent is not the same as empty
    merge_key: str = ""                     # strategic merge: the key of a merged list; "": the list is replaced
    retain_keys: bool = False
    primitive_set: bool = False             # strategic merge adds to this list of strings
    list_keys: tuple[str, ...] = ()         # server-side apply: the keys of an associative list
    ssa_set: bool = False                   # server-side apply: items are owned one by one
    atomic: bool = False                    # server-side apply: owned as a whole
    replace: bool = False                   # strategic merge replaces the whole
    omit_empty: bool = False                # an empty value is as good as none, and is dropped
    keep_null: bool = False                 # null is shown where there is no value


def root(kind: str) -> Type:
    """The type of a kind: root("Pod").  Raises KeyError where there is no such kind."""
    if kind not in _definitions() or not type_of(kind).version:
        raise KeyError(kind)
    return type_of(kind)


@cache
def type_of(expression: str) -> Type:
    """The type that an expression of types.txt names: "[]Container", "*int32", "PodSpec".  Raises KeyError."""
    if expression.startswith("*"):
        return type_of(expression[1:])
    if expression in BASIC:
        return Type(expression, *BASIC[expression], {})
    if expression.startswith("[]"):
        item = type_of(expression[2:])
        return Type(expression, f"[]{item.go}", "list", {}, item)
    if expression.startswith("map["):
        key, _, value = expression[4:].partition("]")
        item = type_of(value)
        return Type(expression, f"map[{type_of(key).go}]{item.go}", "map", {}, item)
    words, lines = _definitions()[expression]
    if words[0] == "type":
        return type_of(words[2])._replace(name=expression, go=_go_name(expression), values=tuple(words[3:]))
    fields = {field.name: field for field in map(_field, lines)}
    version = "".join(word for word in words[1:] if word != "atomic")
    return Type(expression, _go_name(expression), "struct", fields, atomic="atomic" in words, version=version)


def _go_name(name: str) -> str:
    """UID -> types.UID, PodSpec -> v1.PodSpec; of a name that two groups have, ours carries the group."""
    return "types.UID" if name == "UID" else "v1." + name.rpartition(".")[2]


def _field(line: str) -> Field:
    name, expression, *words = line.split()
    flags = dict(word.partition("=")[::2] for word in words)
    type = type_of(expression)
    keys = tuple(flags["keys"].split(",")) if "keys" in flags else ()
    whole = type.atomic and "granular" not in flags or type.form == "list" and not keys and "set" not in flags
    shown = "required" in flags or "keep" in flags or expression.startswith("*")
    return Field(
        name, type, required="required" in flags, pointer=expression.startswith("*"), merge_key=flags.get("merge", ""), retain_keys="retainKeys" in flags,
        primitive_set=flags.get("merge") == "", list_keys=keys, ssa_set="set" in flags, atomic="atomic" in flags or whole,
        replace="replace" in flags, omit_empty=not shown and type.form in EMPTIABLE,
        keep_null="keep" in flags and type.form in ("time", "microTime", "list", "map"))


@cache
def _definitions() -> dict[str, tuple[list[str], list[str]]]:
    """types.txt taken apart: name -> (the words of its first line, the lines of its fields)."""
    found = {}
    name = ""
    for line in pkgutil.get_data(__package__, "types.txt").decode().splitlines():
        if line.startswith("  "):
            found[name][1].append(line)
        elif line and not line.startswith("#"):
            words = line.split()
            name = words[1] if words[0] == "type" else words[0]
            found[name] = words, []
    return found
