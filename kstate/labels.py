"""Labels: what a key, a value and a name may look like, and selectors that choose objects by them.

Models the validators (API-28 to API-31) with Kubernetes' texts, the grammar of `-l` (API-33), LabelSelector objects
(API-34), the requirements of node selectors, and field selectors (API-35).  Which fields a kind can be selected by,
and tolerations, are not known here.
"""
from __future__ import annotations

import re
from operator import gt, lt
from typing import NamedTuple

from . import errors

# ---- what names look like: each function returns the complaints, none for a good name -----------

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_DNS1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_KEY})?"


def _text(rule: str, pattern: str, *examples: str) -> str:
    shown = " or ".join(f"'{example}', " for example in examples).removesuffix(", ")      # two spaces before "or", as it is
    return f"{rule} (e.g. {shown}, regex used for validation is '{pattern}')"


_LABEL_TEXT = _text("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
                    "with an alphanumeric character", _LABEL, "my-name", "123-abc")
_SUBDOMAIN_TEXT = _text("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
                        "start and end with an alphanumeric character", _SUBDOMAIN, "example.com")
_DNS1035_TEXT = _text("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
                      "character, and end with an alphanumeric character", _DNS1035, "my-name", "abc-123")
_KEY_TEXT = _text("must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
                  _KEY, "MyName", "my.name", "123-abc")
_VALUE_TEXT = _text("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
                    "and end with an alphanumeric character", _VALUE, "MyValue", "my_value", "12345")


def dns_subdomain_problems(name: str) -> list[str]:
    """The names of most objects (API-29)."""
    return _problems(name, 253, "characters", _SUBDOMAIN, _SUBDOMAIN_TEXT)


def dns_label_problems(name: str) -> list[str]:
    """The names of namespaces, StatefulSets, Services, containers, volumes (API-29)."""
    dotted = re.fullmatch(_SUBDOMAIN, name)
    return _problems(name, 63, "characters", _LABEL, "must not contain dots" if dotted else _LABEL_TEXT)


def dns1035_problems(name: str) -> list[str]:
    """The names of Services before 1.34 (API-28)."""
    return _problems(name, 63, "characters", _DNS1035, _DNS1035_TEXT)


def label_value_problems(value: str) -> list[str]:
    return _problems(value, 63, "bytes", _VALUE, _VALUE_TEXT)       # API-30


def label_key_problems(key: str) -> list[str]:
    """`[prefix/]name` (API-30); keys of annotations obey it in lower case (API-31)."""
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix:
        return [f"a valid label key {_KEY_TEXT} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    problems = []
    if slash:
        problems += [f"prefix part {p}" for p in (dns_subdomain_problems(prefix) if prefix else ["must be non-empty"])]
    if not name:
        problems.append("name part must be non-empty")
    return problems + [f"name part {p}" for p in _problems(name, 63, "bytes", _KEY, _KEY_TEXT)]


qualified_name_problems = label_key_problems        # finalizers and the like: the same rule under its other name


def port_name_problems(name: str) -> list[str]:
    """The names of container ports (API-28)."""
    checks = {"must be no more than 15 characters": len(name) > 15,
              "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)": not re.fullmatch("[-a-z0-9]+", name),
              "must contain at least one letter (a-z)": not re.search("[a-z]", name),
              "must not contain consecutive hyphens": "--" in name,
              "must not begin or end with a hyphen": name.startswith("-") or name.endswith("-")}
    return [text for text, broken in checks.items() if broken]


def path_segment_problems(name: str) -> list[str]:
    """The names of RBAC objects: whatever can stand in a URL (API-28)."""
    if name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{char}'" for char in "/%" if char in name]


def _problems(name: str, limit: int, unit: str, pattern: str, text: str) -> list[str]:
    too_long = [f"must be no more than {limit} {unit}"] if len(name.encode()) > limit else []
    return too_long if re.fullmatch(pattern, name) else [*too_long, text]


# ---- selectors ------------------------------------------------------------------------------------

class Requirement(NamedTuple):
    """One term of a selector.  Operators: in, notin, =, ==, !=, exists, !, gt, lt."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: dict) -> bool:
        """NotIn and != hold where the key is missing, too (API-33)."""
        value = labels.get(self.key)
        match self.operator:
            case "exists":
                return value is not None
            case "!":
                return value is None
            case "notin" | "!=":
                return value not in self.values
            case "gt" | "lt":
                return _compare(value, self.operator, self.values[0])
            case _:
                return value in self.values

    def __str__(self) -> str:
        match self.operator:
            case "exists":
                return self.key
            case "!":
                return f"!{self.key}"
            case "in" | "notin":
                return f"{self.key} {self.operator} ({','.join(sorted(self.values))})"
            case "gt" | "lt":
                return f"{self.key}{'>' if self.operator == 'gt' else '<'}{self.values[0]}"
            case _:
                return f"{self.key}{self.operator}{self.values[0]}"


def _compare(value: str | None, operator: str, bound: str) -> bool:
    if value is None or not _INTEGER.fullmatch(value) or not _INTEGER.fullmatch(bound):
        return False
    return (gt if operator == "gt" else lt)(int(value), int(bound))


class Selector(NamedTuple):
    """All its requirements hold.  Without any it matches everything; with None it matches nothing."""

    requirements: tuple[Requirement, ...] | None = ()

    def matches(self, labels: dict | None) -> bool:
        return self.requirements is not None and all(r.matches(labels or {}) for r in self.requirements)

    def __str__(self) -> str:
        """Canonical: sorted by key, values sorted (API-33)."""
        return ",".join(str(r) for r in sorted(self.requirements or (), key=lambda r: r.key))


_EXPRESSIONS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!", "Gt": "gt", "Lt": "lt"}


def of(label_selector: dict | None) -> Selector:
    """The selector of a LabelSelector object: none matches nothing, an empty one everything (API-34)."""
    if label_selector is None:
        return Selector(None)
    exact = [Requirement(k, "=", (v,)) for k, v in sorted((label_selector.get("matchLabels") or {}).items())]
    return Selector((*exact, *map(_requirement, label_selector.get("matchExpressions") or ())))


def display(label_selector: dict | None) -> str:
    """As tables and `describe` show a LabelSelector: "app=nginx,tier in (a,b)", or "<none>" (API-34)."""
    return str(of(label_selector)) or "<none>"


def matches_expressions(expressions: list[dict], labels: dict | None) -> bool:
    """Whether labels satisfy all of {key, operator, values}, as selectors of nodes have them (Gt and Lt included)."""
    return all(_requirement(e).matches(labels or {}) for e in expressions)


def _requirement(expression: dict) -> Requirement:
    operator = _EXPRESSIONS.get(expression["operator"])
    if operator is None:
        raise ValueError(f'"{expression["operator"]}" is not a valid label selector operator')
    return Requirement(expression["key"], operator, tuple(expression.get("values") or ()))


# ---- the grammar of -l ------------------------------------------------------------------------------

_TOKEN = re.compile(r"[^ \t\r\n=!(),><]+|==|!=|[=!(),><]")
_SYMBOLS = ("", "=", "==", "!=", "!", "(", ")", ",", ">", "<")
_OPERATORS = {"in": "in", "notin": "notin", "=": "=", "==": "==", "!=": "!=", ">": "gt", "<": "lt"}
_INTEGER = re.compile("[+-]?[0-9]+")


def parse(text: str) -> Selector:
    """"app=nginx,tier in (a,b),!old" -> Selector.  ValueError with Kubernetes' text (API-33)."""
    return _Parser(text).selector()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = [*_TOKEN.findall(text), ""]       # "" is the end of the text
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at]

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def selector(self) -> Selector:
        requirements: list[Requirement] = []
        expected = "!, identifier, or 'end of string'"
        while self.peek() or requirements:
            if self.peek() in _SYMBOLS and self.peek() != "!":
                raise ValueError(f"found '{self.peek()}', expected: {expected}")
            try:
                requirements.append(self.requirement())
            except ValueError as error:
                raise ValueError(f"unable to parse requirement: {error}") from None
            separator = self.take()
            if not separator:
                break
            if separator != ",":
                raise ValueError(f"found '{separator}', expected: ',' or 'end of string'")
            expected = "identifier after ','"
        return Selector(tuple(sorted(requirements, key=lambda r: r.key)))

    def requirement(self) -> Requirement:
        absent = self.peek() == "!" and self.take()
        key = self.identifier()
        if problems := label_key_problems(key):
            raise ValueError(errors.invalid("<nil>", key, "; ".join(problems)))
        if absent:
            return Requirement(key, "!")
        if self.peek() in ("", ","):
            return Requirement(key, "exists")
        operator = _OPERATORS.get(self.take())
        if operator is None:
            raise ValueError(f"found '{self.tokens[self.at - 1]}', expected: in, notin, =, ==, !=, gt, lt")
        values = self.values() if operator in ("in", "notin") else (self.value(),)
        _check(key, operator, values)
        return Requirement(key, operator, values)

    def identifier(self) -> str:
        token = self.take()
        if token in _SYMBOLS:
            raise ValueError(f"found '{token}', expected: identifier")
        return token

    def value(self) -> str:
        return "" if self.peek() in ("", ",") else self.identifier()

    def values(self) -> tuple[str, ...]:
        """(a, b) sorted; nothing between two commas is the empty string."""
        if (token := self.take()) != "(":
            raise ValueError(f"found '{token}' expected: '('")
        if self.peek() in _SYMBOLS and self.peek() not in (",", ")"):
            raise ValueError(f"found '{self.peek()}', expected: ',', ')' or identifier")
        values, value = [], ""
        while True:
            token = self.take()
            if token in (",", ")"):
                values.append(value)
                value = ""
                if token == ")":
                    return tuple(sorted(dict.fromkeys(values)))
            elif token in _SYMBOLS:
                raise ValueError(f"found '{token}', expected: ',', or identifier")
            elif self.peek() not in (",", ")"):
                raise ValueError(f"found '{self.peek()}', expected: ',' or ')'")
            else:
                value = token


def _check(key: str, operator: str, values: tuple[str, ...]) -> None:
    wrong = []
    for i, value in enumerate(values):
        if operator in ("gt", "lt") and not _INTEGER.fullmatch(value):
            wrong.append(errors.invalid(f"values[{i}]", value, "for 'Gt', 'Lt' operators, the value must be an integer"))
        if problems := label_value_problems(value):
            wrong.append(errors.invalid(f"values[{i}][{key}]", value, "; ".join(problems)))
    if wrong:
        raise ValueError(str(wrong[0]) if len(wrong) == 1 else f"[{', '.join(map(str, wrong))}]")


# ---- field selectors ----------------------------------------------------------------------------------

_FIELD_TERM = re.compile(r"(.*?)(!=|==|=)(.*)", re.DOTALL)


def parse_fields(text: str) -> list[tuple[str, str, str]]:
    """"status.phase!=Running,spec.nodeName=a" -> [("spec.nodeName", "=", "a"), ("status.phase", "!=", "Running")] (API-35).

    The operator is "=" or "!="; in values a backslash escapes comma, equals sign and itself.  ValueError for nonsense.
    """
    terms = []
    for term in sorted(filter(None, re.findall(r"(?:\\.?|[^,\\])+", text, re.DOTALL))):
        match = _FIELD_TERM.fullmatch(term)
        if not match:
            raise ValueError(f"invalid selector: '{text}'; can't understand '{term}'")
        path, operator, value = match.groups()
        terms.append((path, "!=" if operator == "!=" else "=", _unescaped(value)))
    return terms


def _unescaped(value: str) -> str:
    parts = re.findall(r"\\.?|[^\\]", value, re.DOTALL)
    for part in parts:
        if part[0] == "\\" and part[1:] not in ("\\", ",", "="):
            raise ValueError(f"invalid field selector: invalid escape sequence: {part}")
        if part == "=":
            raise ValueError(f"invalid field selector: unescaped character in value: {ord(part)}")
    return "".join(part[-1] for part in parts)
