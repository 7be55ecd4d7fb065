"""Text to JSON values: request bodies and manifests, with the paths of keys that stand twice.

YAML is read as kubectl reads it: each document by itself, plain scalars by the rules of go-yaml (yes and on are
booleans, 0755 is octal, 12:30 and dates stay strings), the last of two equal keys wins.  Texts are limited in size, and
so is what aliases may blow up.
"""
from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

import yaml

from ..errors import BadRequest

ALIASED = 100_000           # nodes that aliases may add to a document


# ---- JSON -------------------------------------------------------------------------------------

# What Python's json module says, and how Go's says the same.
JSON_ERRORS = (
    ("Expecting property name", "looking for beginning of object key string"),
    ("Expecting value", "looking for beginning of value"),
    ("Illegal trailing comma before end of object", "looking for beginning of object key string"),
    ("Illegal trailing comma", "looking for beginning of value"),
    ("Expecting ':'", "after object key"),
    ("Expecting ','", "after object key:value pair"),
    ("Extra data", "after top-level value"),
    ("Invalid control character", "in string literal"),
    ("Invalid", "in string escape code"),
)
END = "unexpected end of JSON input"
SPACE = re.compile(r"[ \t\r\n]*")


def parse_json(text: str | bytes) -> tuple[Any, list[str]]:
    """The value, and the paths of fields that stand twice (the last one counts).  Raises ValueError with Go's text."""
    try:
        text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        value, twice, end = _json_value(text, 0)
        if end < len(text):
            raise json.JSONDecodeError("Extra data", text, end)
    except ValueError as error:
        raise ValueError(_go_error(error)) from None
    return value, twice


def _json_value(text: str, start: int) -> tuple[Any, list[str], int]:
    """The value that begins at start, the doubled paths in it, and where the text goes on.  Raises ValueError."""
    doubled: dict[int, tuple[dict, list[str]]] = {}

    def merge(pairs: list[tuple[str, Any]]) -> dict:
        merged = dict(pairs)
        if len(merged) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            doubled[id(merged)] = merged, [name for name in counts if counts[name] > 1]
        return merged

    try:
        decoder = json.JSONDecoder(object_pairs_hook=merge, parse_constant=_no_constant)
        value, end = decoder.raw_decode(text, SPACE.match(text, start).end())
    except RecursionError:
        raise ValueError("exceeded max depth") from None
    return value, list(_paths(value, "", doubled)) if doubled else [], SPACE.match(text, end).end()


def _no_constant(name: str) -> None:
    raise json.JSONDecodeError("Expecting value", name, 0)


def _go_error(error: ValueError) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    if error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated"):
        return END
    why = next((go for python, go in JSON_ERRORS if error.msg.startswith(python)), error.msg)
    return f"invalid character {error.doc[error.pos]!r} {why}"


def _paths(value: Any, path: str, doubled: dict[int, tuple[dict, list[str]]]) -> Iterator[str]:
    """Where the doubled keys are, as API-24 writes it: spec.containers[0].name."""
    if isinstance(value, dict):
        _, names = doubled.get(id(value), (value, ()))
        yield from (_below(path, name) for name in names)
        for name, item in value.items():
            yield from _paths(item, _below(path, name), doubled)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _paths(item, f"{path}[{i}]", doubled)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


# ---- YAML -------------------------------------------------------------------------------------

# What PyYAML says, and how go-yaml says the same.
YAML_ERRORS = (
    (r"not allowed here", "not allowed in this context"),
    (r"^sequence entries", "block sequence entries"),
    (r"found character .* that", "found character that"),
    (r"found unknown escape character .*", "found unknown escape character"),
    (r"^expected (?:the )?(.*), but (?:got|found) .*", r"did not find expected \1"),
    (r"found undefined alias (.*)", r"unknown anchor \1 referenced"),
)
TRUE = ("y", "yes", "true", "on")


class _Loader(yaml.SafeLoader):
    """PyYAML's scanner, parser and composer, with go-yaml's rules for plain scalars.  Its constructor is not used."""

    yaml_implicit_resolvers: ClassVar[dict] = {}


for _tag, _pattern, _first in (
    ("bool", "[yY]|yes|Yes|YES|true|True|TRUE|on|On|ON|[nN]|no|No|NO|false|False|FALSE|off|Off|OFF", "yYtToOnNfF"),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", "<<", "<"),
    ("int", "[-+]?(0b[01][01_]*|0o?[0-7][0-7_]*|0x[0-9a-fA-F][0-9a-fA-F_]*|0|[1-9][0-9_]*)", "-+0123456789"),
    ("float", r"[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"({_pattern})$"), list(_first))


def parse_yaml_documents(text: str, limit: int = 1_000_000) -> list[tuple[Any, list[str]]]:
    """The documents of a manifest that are not empty: (value, paths of keys that stand twice).

    limit: the characters that a text may have.  Raises BadRequest: "error converting YAML to JSON: yaml: line 3: ...".
    """
    return list(yaml_documents(text, limit))


def yaml_documents(text: str, limit: int = 1_000_000) -> Iterator[tuple[Any, list[str]]]:
    """The same one by one: those before a broken document are given before it is refused."""
    if len(text) > limit:
        raise _refused(f"yaml: the text has more than {limit} characters")
    if text.lstrip().startswith("{"):
        yield from _json_documents(text)
    else:
        yield from ((value, twice) for value, twice in map(_document, _split(text)) if value is not None)


def _json_documents(text: str) -> list[tuple[Any, list[str]]]:
    """What begins with a brace is JSON to kubectl: one value after the other."""
    found, end = [], 0
    while end < len(text):
        try:
            value, twice, end = _json_value(text, end)
        except ValueError as error:
            why = _go_error(error)
            if isinstance(error, json.JSONDecodeError):
                why = "unexpected EOF" if why == END else f"json: offset {len(text[:error.pos + 1].encode())}: {why}"
            raise BadRequest(why) from None
        found.append((value, twice))
    return found


def _split(text: str) -> Iterator[str]:
    """The text between lines of "---", as kubectl cuts it: such a line before any content belongs to what follows."""
    lines: list[str] = []
    for line in text.removesuffix("\n").split("\n"):
        rest = line[3:].strip() if line.startswith("---") else ""
        if rest and not rest.startswith("#"):
            raise BadRequest(f"invalid Yaml document separator: {rest}")
        if lines and line.startswith("---"):
            yield "".join(lines)
            lines = []
        else:
            lines.append(line + "\n")
    yield "".join(lines)


def _document(text: str) -> tuple[Any, list[str]]:
    construction = _Construction(len(text) + ALIASED)
    try:
        loader = _Loader(text)
        return construction.value(loader.get_node(), "") if loader.check_node() else None, construction.twice
    except yaml.MarkedYAMLError as error:
        raise _refused(f"yaml: {_go_yaml(error)}") from None
    except yaml.YAMLError:
        raise _refused("yaml: control characters are not allowed") from None
    except RecursionError:
        raise _refused("yaml: exceeded max depth") from None


def _refused(why: str) -> BadRequest:
    return BadRequest(f"error converting YAML to JSON: {why}")


def _go_yaml(error: yaml.MarkedYAMLError) -> str:
    """go-yaml counts lines from 0 where the parser complains, from 1 where the scanner does, and says nothing of line 0."""
    line = error.problem_mark.line if error.problem_mark else 0
    if line:
        line += isinstance(error, yaml.scanner.ScannerError)
    elif error.context_mark:
        line = error.context_mark.line
    what = error.problem
    if what.startswith("expected <block end>"):
        what = "did not find expected " + ("'-' indicator" if "collection" in error.context else "key")
    if "'\\t' that" in what and re.search(r"[^\s:'\"\]}]\s*$", error.problem_mark.buffer[:error.problem_mark.pointer]):
        what = "found a tab character that violates indentation"            # after a plain scalar, which it would go on with
    for python, go in YAML_ERRORS:
        what = re.sub(python, go, what)
    return f"line {line}: {what}" if line and not isinstance(error, yaml.composer.ComposerError) else what


class _Construction:
    """From the nodes of one document to a JSON value in which nothing is shared.  budget: how many nodes it may have."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.twice: list[str] = []
        self.open: list[yaml.Node] = []

    def value(self, node: yaml.Node, path: str) -> Any:
        self.budget -= 1
        if self.budget < 0:
            raise _refused("yaml: document contains excessive aliasing")
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if any(node is outer for outer in self.open):
            raise _refused("yaml: anchor value contains itself")
        self.open.append(node)
        if isinstance(node, yaml.SequenceNode):
            value = [self.value(item, f"{path}[{i}]") for i, item in enumerate(node.value)]
        else:
            value = self.mapping(node, path)
        self.open.pop()
        return value

    def mapping(self, node: yaml.MappingNode, path: str) -> dict:
        merged, names = {}, set()
        for name, item in node.value:
            if name.tag == "tag:yaml.org,2002:merge":
                for source in reversed(item.value) if isinstance(item, yaml.SequenceNode) else [item]:
                    if not isinstance(source, yaml.MappingNode):
                        raise _refused("yaml: map merge requires map or sequence of maps as the value")
                    merged.update(self.value(source, path))
                continue
            key = self.key(name, item)
            here = _below(path, key)
            if key in names:
                self.twice.append(here)
            names.add(key)
            merged[key] = self.value(item, here)
        return merged

    def key(self, node: yaml.Node, item: yaml.Node) -> str:
        """JSON has strings as keys only: 1 -> "1", yes -> "true"."""
        key = self.value(node, "")
        if key is None:
            raise _refused(f"unsupported map key of type: %!s(<nil>), key: <nil>, value: {json.dumps(self.value(item, ''))}")
        if isinstance(key, (dict, list)):
            raise _refused(f"yaml: invalid map key: {json.dumps(key)}")
        return key if isinstance(key, str) else json.dumps(key)


def _scalar(node: yaml.ScalarNode) -> Any:
    kind, text = node.tag.removeprefix("tag:yaml.org,2002:"), node.value
    plain = text.replace("_", "")
    try:
        match kind:
            case "null":
                return None
            case "bool":
                return text.lower() in TRUE
            case "int":
                return int(plain, 8) if re.match(r"[-+]?0[0-7]", plain) else int(plain, 0)
            case "float":
                return _float(plain)
            case "binary":
                return base64.b64decode(text).decode()
    except ValueError:
        raise _refused(f"yaml: cannot decode !!str `{text}` as a !!{kind}") from None
    return text


def _float(text: str) -> int | float:
    if text.lstrip("+-").lower() in (".inf", ".nan"):
        raise _refused("json: unsupported value: " + {"-": "-Inf", "n": "NaN"}.get(text.lower().lstrip(".")[0], "+Inf"))
    value = float(text)
    return int(value) if value.is_integer() else value
