"""kubectl's JSONPath templates: text with expressions in braces.

    {.items[*].metadata.name}   {range .items[*]}{.metadata.name}{"\\n"}{end}   {.items[?(@.status.phase=="Running")].spec}

A missing field yields nothing.  Keys of a map are taken in their order by name, where kubectl takes them at random.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .gotext import plain, syntax, type_name
from .yamltext import compact


class BadTemplate(ValueError):
    """The template cannot be read, or not be applied to this object."""


class Path(NamedTuple):
    """An expression as parsed: each step takes a list of values to a list of values."""

    steps: tuple[Callable[[list], list], ...]

    def find(self, values: list) -> list:
        for step in self.steps:
            values = step(values)
        return values


class Range(NamedTuple):
    over: Path
    body: list


class Template:
    """A parsed template.  `format(obj)` gives its text.  Raises BadTemplate, with kubectl's words."""

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            parts = _Parser(text).parts()
        except BadTemplate as error:
            raise BadTemplate(f"error parsing jsonpath {text}, {error}") from None
        self.body, rest = _nest(parts, 0)
        self._stray_end = rest < len(parts)

    def format(self, obj: Any) -> str:
        try:
            if self._stray_end:
                raise BadTemplate("not in range, nothing to end")
            return "".join(_texts(self.body, obj))
        except BadTemplate as error:
            raise BadTemplate(f'error executing jsonpath "{self.text}": Error executing template: {error}. Printing more information '
                              f"for debugging the template:\n\ttemplate was:\n\t\t{self.text}\n\tobject given to jsonpath engine was:\n"
                              f"\t\t{syntax(obj)}\n\n") from None

    def find(self, obj: Any) -> list:
        """All values of all expressions: what custom columns and --sort-by look at."""
        return [value for part in self.body if isinstance(part, Path) for value in part.find([obj])]


def relaxed(text: str) -> str:
    """An expression as --sort-by and custom columns accept it: `metadata.name`, `.metadata.name`, `{.metadata.name}`."""
    text = text.strip()
    found = re.fullmatch(r"\{\.?([^{}]+)\}|\.?([^{}]+)", text)
    if text and not found:
        raise BadTemplate("unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'")
    return "{." + (found[1] or found[2]) + "}" if found else text


def _nest(parts: list, position: int) -> tuple[list, int]:
    """Parts between `range` and `end` become the body of a Range.  Returns the body, and where its `end` stands."""
    body = []
    while position < len(parts) and parts[position] != "end":
        part = parts[position]
        if isinstance(part, tuple) and part[0] == "range":
            inner, position = _nest(parts, position + 1)
            part = Range(part[1], inner)
        body.append(part)
        position += 1
    return body, position


def _texts(body: list, obj: Any) -> Iterator[str]:
    for part in body:
        if isinstance(part, Range):
            for value in part.over.find([obj]):
                yield from _texts(part.body, value)
        elif isinstance(part, Path):
            yield " ".join(map(_shown, part.find([obj])))
        else:
            yield part


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return compact(value) if isinstance(value, (dict, list)) or value is None else plain(value)


# ---- parsing --------------------------------------------------------------------------------------

_TERMINATORS = " \n.,[]$@{}"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class _Parser:
    """Reads a template from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def parts(self) -> list:
        """Literal texts, Paths, ("range", Path) and "end", in order."""
        parts: list = []
        while self.at < len(self.text):
            start = self.text.find("{", self.at)
            if start < 0:
                parts.append(self.text[self.at:])
                break
            if start > self.at:
                parts.append(self.text[self.at:start])
            self.at = start + 1
            parts.append(self.action())
        return parts

    def action(self) -> Any:
        """What stands in one pair of braces."""
        steps: list[Callable] = []
        word = ""
        while True:
            rest = self.text[self.at:]
            if rest.startswith("}"):
                self.at += 1
                break
            if not rest or rest[0] == "\n":
                raise BadTemplate("unclosed action")
            if rest.startswith("[?("):
                steps.append(self.filter())
            elif rest.startswith(".."):
                self.at += 2
                steps.append(_recursive)
                if self.text[self.at:self.at + 1].isalnum():
                    steps.append(self.field())
            elif rest[0] in " @$":
                self.at += 1
            elif rest[0] == "[":
                steps.append(self.array())
            elif rest[0] in "\"'":
                steps.append(_constant(self.quoted(rest[0])))
            elif rest[0] == ".":
                self.at += 1
                steps.append(self.field())
            elif rest[0].isdigit() or rest[0] in "+-":
                steps.append(_constant(self.number()))
            elif rest[0].isalpha() or rest[0] == "_":
                word = self.match(r"\w+")
                if word in ("true", "false"):
                    steps.append(_constant(word == "true"))
                elif word not in ("range", "end"):
                    steps.append(_unknown(word))
            else:
                raise BadTemplate(f"unrecognized character in action: U+{ord(rest[0]):04X} '{rest[0]}'")
        path = Path(tuple(steps))
        return "end" if word == "end" else ("range", path) if word == "range" else path

    def match(self, pattern: str) -> str:
        found = re.compile(pattern).match(self.text, self.at)
        self.at = found.end()
        return found.group()

    def number(self) -> float:
        text = self.match(r"[-+]?[\d.]*")
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            raise BadTemplate(f"cannot parse number {text}") from None

    def field(self) -> Callable:
        name = self.match(rf"(\\.|[^\\{re.escape(_TERMINATORS)}])*")
        return _wildcard if name == "*" else _field(name.replace("\\", ""))

    def quoted(self, quote: str) -> str:
        found = re.compile(rf"{quote}((?:\\.|[^\\{quote}\n])*){quote}").match(self.text, self.at)
        if not found:
            raise BadTemplate("unterminated quoted string")
        self.at = found.end()
        return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), found[1])

    def array(self) -> Callable:
        """[*], [0], [-1], [1:3], [::2], ['key'], [a,b]"""
        end = self.text.find("]", self.at)
        if end < 0 or "\n" in self.text[self.at:end]:
            raise BadTemplate("unterminated array")
        text, self.at = self.text[self.at + 1:end], end + 1
        if "," in text:
            members = [_Parser("{[" + member.strip() + "]}").parts()[0] for member in text.split(",")]
            return lambda values: [found for member in members for found in member.find(values)]
        key = re.fullmatch(r"'([^']*)'", text)
        if key:
            return _field(key[1].replace("\\", ""))
        bounds = re.fullmatch(r"(-?\d*)(:-?\d*)?(:-?\d*)?", ":" if text == "*" else text)
        if not bounds:
            raise BadTemplate(f"invalid array index {text}")
        first, last, step = (bound and bound.lstrip(":") for bound in bounds.groups())
        numbers = [int(bound) if bound else None for bound in (first, last, step)]
        return _slice(*numbers, single=last is None and bool(first))

    def filter(self) -> Callable:
        """[?(@.name=="b")], [?(@.name)]"""
        found = re.compile(r"""\[\?\(((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^"')\n])*)\)""").match(self.text, self.at)
        if not found:
            raise BadTemplate("unterminated filter")
        if self.text[found.end():found.end() + 1] != "]":
            raise BadTemplate("unclosed array expect ]")
        self.at = found.end() + 1
        condition = re.fullmatch(r"([^!<>=]+)([!<>=]+)(.+?)", found[1])
        if not condition:
            return _filter(_Parser("{" + found[1] + "}").parts()[0], "exists", Path(()))
        left, right = (_Parser("{" + side + "}").parts()[0] for side in (condition[1], condition[3]))
        return _filter(left, condition[2], right)


# ---- steps ----------------------------------------------------------------------------------------

def _constant(value: Any) -> Callable:
    return lambda _values: [value]


def _unknown(word: str) -> Callable:
    def refuse(_values: list) -> list:
        raise BadTemplate(f"unrecognized identifier {word}")
    return refuse


def _field(name: str) -> Callable:
    if not name:
        return lambda values: values
    return lambda values: [value[name] for value in values if isinstance(value, dict) and name in value]


def _wildcard(values: list) -> list:
    return [item for value in values for item in _members(value)]


def _members(value: Any) -> list:
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    return value if isinstance(value, list) else []


def _recursive(values: list) -> list:
    """Every value below, itself included."""
    found = []
    for value in values:
        if isinstance(value, (dict, list)):
            found += [value, *_recursive(_members(value))]
    return found


def _slice(first: int | None, last: int | None, step: int | None, single: bool) -> Callable:
    def take(values: list) -> list:
        found = []
        for value in values:
            if value is None:
                continue
            if not isinstance(value, list):
                raise BadTemplate(f"{type_name(value)} is not array or slice")
            size = len(value)
            low = (first or 0) + (size if (first or 0) < 0 else 0)
            high = low + 1 if single else size if last is None else last + (size if last < 0 else 0)
            if low == high:
                continue
            outside = low if not 0 <= low < size else high - 1 if not 0 <= high <= size else None
            if outside is not None:
                raise BadTemplate(f"array index out of bounds: index {outside}, length {size}")
            if low > high:
                raise BadTemplate(f"starting index {low} is greater than ending index {high}")
            if step is not None and step <= 0:
                raise BadTemplate("step must be > 0")
            found += value[low:high:step]
        return found
    return take


_COMPARE = {"==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, ">": lambda a, b: a > b,
            "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b}


def _filter(left: Path, operator: str, right: Path) -> Callable:
    def choose(values: list) -> list:
        found = []
        for value in values:
            if not isinstance(value, list):
                raise BadTemplate(f"{plain(value)} is not array or slice and cannot be filtered")
            found += [item for item in value if _holds(item, left, operator, right)]
        return found
    return choose


def _holds(item: Any, left: Path, operator: str, right: Path) -> bool:
    lefts = left.find([item])
    if operator == "exists":
        return bool(lefts)
    rights = right.find([item])
    if len(lefts) > 1 or len(rights) > 1:
        raise BadTemplate("can only compare one element at a time")
    if not lefts or not rights:
        return False
    if operator not in _COMPARE:
        raise BadTemplate(f"unrecognized filter operator {operator}")
    try:
        if isinstance(lefts[0], str) != isinstance(rights[0], str):
            raise TypeError
        return _COMPARE[operator](lefts[0], rights[0])
    except TypeError:
        raise BadTemplate("incompatible types for comparison") from None
