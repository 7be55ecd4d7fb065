"""Go templates, the part of them that people use with kubectl.

    {{range .items}}{{.metadata.name}}{{"\\n"}}{{end}}

Understood: fields, `range` (also `$i, $x := ...`), `if`, `else`, `with`, `end`, comments, trimming dashes, variables,
pipes, parentheses, and the functions of FUNCTIONS.  Anything else (define, template, block, break, assignment outside
`range`) is refused as a function that is not defined.
"""
from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .gotext import plain
from .jsonpath import BadTemplate

_TOKEN = re.compile(r"""\s*("(?:\\.|[^"\\])*"|`[^`]*`|\$?\w*(?:\.\w+)+|\$\w*|\.|\w+|-?\d+(?:\.\d+)?|:=|\)(?:\.\w+)*|[|(,])""")


class Block(NamedTuple):
    """{{range ...}} body {{else}} otherwise {{end}}"""

    word: str               # range | if | with
    names: list[str]        # variables that a range sets
    pipe: list[list]        # what comes before each | and after the last
    body: list
    otherwise: list


class Template:
    """A parsed template.  `format(obj)` gives its text.  Raises BadTemplate."""

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self.parts = list(_split(text))
            self.body, stopped = self._block()
            if stopped:
                raise BadTemplate(f"unexpected {{{{{stopped}}}}}")
        except BadTemplate as error:
            raise BadTemplate(f"error parsing template {text}, template: output:1: {error}") from None

    def format(self, obj: Any) -> str:
        try:
            return "".join(_run(self.body, obj, {"$": obj}))
        except BadTemplate as error:
            raise BadTemplate(f'error executing template "{self.text}": template: output:1: executing "output": {error}') from None

    def _block(self) -> tuple[list, str]:
        """Parts up to an `else` or `end`, and which of them it was."""
        body: list = []
        while self.parts:
            literal, tokens = self.parts.pop(0)
            if literal is not None:
                body.append(literal)
                continue
            word = tokens[0]
            if word in ("end", "else"):
                if tokens[1:]:          # else if: a block of its own that ends with this one
                    self.parts[:0] = [(None, tokens[1:])]
                    inner, _ = self._opened()
                    return body, inner
                return body, word
            if word in ("range", "if", "with"):
                self.parts.insert(0, (None, tokens))
                body.append(self._opened()[0])
            else:
                body.append(_pipe(tokens))
        return body, ""

    def _opened(self) -> tuple[Block, str]:
        _, (word, *tokens) = self.parts.pop(0)
        if not tokens:
            raise BadTemplate(f"missing value for {word}")
        names: list[str] = []
        if ":=" in tokens:
            at = tokens.index(":=")
            names, tokens = [t for t in tokens[:at] if t != ","], tokens[at + 1:]
        body, stopped = self._block()
        otherwise: list = []
        if isinstance(stopped, Block):
            otherwise, stopped = [stopped], "end"
        elif stopped == "else":
            otherwise, stopped = self._block()
        if stopped != "end":
            raise BadTemplate("unexpected EOF")
        return Block(word, names, _pipe(tokens), body, otherwise), stopped


def _split(text: str) -> Iterator[tuple[str | None, list[str]]]:
    """(literal, []) or (None, tokens), in order."""
    trim = False
    while text:
        literal, opened, rest = text.partition("{{")
        action, closed, text = rest.partition("}}")
        if opened and not closed:
            raise BadTemplate("unclosed action")
        literal = literal.lstrip() if trim else literal
        trim = action.endswith(" -")
        if action.startswith("- "):
            literal = literal.rstrip()
        if literal:
            yield literal, []
        action = action.removeprefix("- ").removesuffix(" -").strip()
        if opened and not re.fullmatch(r"/\*.*\*/", action, re.DOTALL):
            yield None, _tokens(action)


def _tokens(action: str) -> list[str]:
    tokens, at = [], 0
    while action[at:].strip():
        found = _TOKEN.match(action, at)
        if not found:
            raise BadTemplate(f"unexpected {json.dumps(action[at:].strip()[:1])} in command")
        tokens.append(found[1])
        at = found.end()
    if not tokens:
        raise BadTemplate("missing value for command")
    return tokens


def _pipe(tokens: list[str]) -> list[list]:
    """["len", ".items", "|", "print"] -> [["len", ".items"], ["print"]]; (pipe).field becomes a pair of both."""
    stack: list[list[list]] = [[[]]]
    for token in tokens:
        if token == "(":
            stack.append([[]])
        elif token[0] == ")" and len(stack) > 1:
            inner = stack.pop()
            stack[-1][-1].append((inner, token[1:]))
        elif token == "|":
            stack[-1].append([])
        else:
            if re.fullmatch(r"[A-Za-z_]\w*", token) and token not in FUNCTIONS and token not in ("true", "false", "nil"):
                raise BadTemplate(f'function "{token}" not defined')
            stack[-1][-1].append(token)
    if len(stack) > 1 or not all(stack[0]):
        raise BadTemplate("missing value for command")
    return stack[0]


# ---- execution ------------------------------------------------------------------------------------

def _run(body: list, dot: Any, variables: dict[str, Any]) -> Iterator[str]:
    for part in body:
        if isinstance(part, str):
            yield part
        elif isinstance(part, Block):
            yield from _block(part, dot, variables)
        else:
            yield _shown(_value(part, dot, variables))


def _block(block: Block, dot: Any, variables: dict[str, Any]) -> Iterator[str]:
    value = _value(block.pipe, dot, variables)
    if not value:
        yield from _run(block.otherwise, dot, variables)
    elif block.word != "range":
        yield from _run(block.body, dot if block.word == "if" else value, variables)
    else:
        if not isinstance(value, (dict, list)):
            raise BadTemplate(f"range can't iterate over {plain(value)}")
        for key, item in sorted(value.items()) if isinstance(value, dict) else enumerate(value):
            named = dict(zip(block.names, (key, item) if len(block.names) > 1 else (item,)))
            yield from _run(block.body, item, {**variables, **named})


def _value(pipe: list[list], dot: Any, variables: dict[str, Any]) -> Any:
    """The value of the last command of a pipe; each gets the value before as its last argument."""
    value, piped = None, False
    for command in pipe:
        first, arguments = command[0], command[1:]
        given = [_operand(a, dot, variables) for a in arguments] + ([value] if piped else [])
        if isinstance(first, str) and first in FUNCTIONS:
            try:
                value = FUNCTIONS[first](*given)
            except (TypeError, ValueError, IndexError, KeyError) as error:
                raise BadTemplate(f"at <{first}>: error calling {first}: {error}") from None
        elif given:
            raise BadTemplate(f"can't give argument to non-function {first}")
        else:
            value = _operand(first, dot, variables)
        piped = True
    return value


def _operand(token: Any, dot: Any, variables: dict[str, Any]) -> Any:
    if isinstance(token, tuple):
        return _field(_value(token[0], dot, variables), token[1])
    if token[0] in '"`':
        return json.loads(token) if token[0] == '"' else token[1:-1]
    if token in ("true", "false", "nil"):
        return {"true": True, "false": False, "nil": None}[token]
    if token in FUNCTIONS:
        return _value([[token]], dot, variables)
    if re.fullmatch(r"-?\d+(\.\d+)?", token):
        return json.loads(token)
    name, _, path = token.partition(".")
    if name not in ("", *variables):
        raise BadTemplate(f"undefined variable {json.dumps(name)}")
    return _field(variables[name] if name else dot, path)


def _field(value: Any, path: str) -> Any:
    for step in filter(None, path.split(".")):
        if value is not None and not isinstance(value, dict):
            raise BadTemplate(f"at <.{path}>: can't evaluate field {step} in type interface {{}}")
        value = (value or {}).get(step)
    return value


def _shown(value: Any) -> str:
    return "<no value>" if value is None else value if isinstance(value, str) else plain(value)


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, list) and not 0 <= key < len(value):
            raise IndexError(f"index out of range: {key}")
        value = value[key] if isinstance(value, list) else (value or {}).get(key)
    return value


def _printf(form: str, *values: Any) -> str:
    rest = list(values)

    def fill(found: re.Match) -> str:
        verb = found[2]
        if verb == "%":
            return "%"
        value = rest.pop(0) if rest else "%!" + verb + "(MISSING)"
        text = json.dumps(value) if verb == "q" else _shown(value)
        width = found[1].lstrip("-")
        return text if not width.isdigit() else text.ljust(int(width)) if found[1].startswith("-") else text.rjust(int(width))
    return re.sub(r"%(-?[\d.]*)([a-z%])", fill, form)


def _decode(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except binascii.Error:
        raise ValueError("base64 decode failed: illegal base64 data") from None


def _exists(value: Any, *keys: Any) -> bool:
    try:
        return _index(value, *keys) is not None
    except (IndexError, TypeError, AttributeError):
        return False


FUNCTIONS: dict[str, Callable] = {
    "and": lambda *v: next((x for x in v if not x), v[-1]), "or": lambda *v: next((x for x in v if x), v[-1]), "not": lambda v: not v,
    "eq": lambda a, *b: a in b, "ne": lambda a, b: a != b, "lt": lambda a, b: a < b, "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b, "len": len, "index": _index, "printf": _printf, "exists": _exists,
    "print": lambda *v: " ".join(map(_shown, v)), "println": lambda *v: " ".join(map(_shown, v)) + "\n", "base64decode": _decode,
}
