"""From a word of the syntax tree to the arguments that a command gets: parameters, substitutions, splitting, file names."""
from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import islice, product
from typing import TYPE_CHECKING, NamedTuple

from .. import patterns
from ..arithmetic import BadArithmetic, evaluate
from .syntax import Arithmetic, Literal, Parameter, Word

if TYPE_CHECKING:
    from .interpreter import Shell


BLANK = " \t\n"
MAX_BRACES = 10_000             # words that braces may make of one


class Piece(NamedTuple):
    """A stretch of an expanded word.  `split`: it came from an unquoted expansion; `quoted`: it stands for itself."""

    text: str
    quoted: bool
    split: bool = False
    ends_field: bool = False        # "$@": the next piece begins another argument


def arguments(shell: Shell, words: tuple[Word, ...]) -> list[str]:
    """The arguments that words stand for."""
    found = []
    for word in words:
        for one in braces(word) if shell.bash else (word,):
            for field in fields(shell, one):
                found += file_names(shell, field)
    return found


def text(shell: Shell, word: Word | None) -> str:
    """The one string that a word stands for where nothing is split: assignments, redirections, `case`."""
    return _join(pieces(shell, word)) if word else ""


def pattern(shell: Shell, word: Word, star: str = ".*") -> str:
    """The regular expression of a word used as a pattern."""
    return patterns.translate([(p.text, p.quoted) for p in pieces(shell, word)], star)


def _join(found: Iterator[Piece] | list[Piece]) -> str:
    return "".join(p.text + (" " if p.ends_field else "") for p in found)


# ---- pieces --------------------------------------------------------------------------------------

def pieces(shell: Shell, word: Word) -> list[Piece]:
    found: list[Piece] = []
    for i, part in enumerate(word.parts):
        if isinstance(part, Literal):
            home = not part.quoted and i == 0 and re.match(r"~(?=/|$)", part.text)
            if home:
                found.append(Piece(shell.value("HOME") or "", True))
            found.append(Piece(part.text[1:] if home else part.text, part.quoted))
        elif isinstance(part, Parameter):
            found += parameter(shell, part)
        elif isinstance(part, Arithmetic):
            found.append(Piece(str(calculate(shell, part.word)), part.quoted, not part.quoted))
        else:
            found.append(Piece(shell.capture(part.body), part.quoted, not part.quoted))
    return found


def calculate(shell: Shell, word: Word) -> int:
    expression = text(shell, word)
    try:
        return evaluate(expression, lambda name: shell.value(name) or "", shell.assign)
    except BadArithmetic as error:
        division = str(error) == "division by zero"
        raise shell.fatal({
            "ash": "divide by zero" if division else "arithmetic syntax error",
            "dash": f'arithmetic expression: {"division by zero" if division else "expecting primary"}: "{expression}"',
            "bash": f"{expression}: {'division by 0' if division else 'syntax error: operand expected'}"}[shell.dialect]) from None


def parameter(shell: Shell, part: Parameter) -> list[Piece]:
    """What $x, ${x:-word} and their like stand for."""
    name, op, word, quoted = part
    if name in ("@", "*") and op == "":
        return _positional(shell, name, quoted)
    value = shell.value(name)
    if op in (":-", "-", ":=", "=", ":?", "?", ":+", "+"):
        absent = value is None or (op[0] == ":" and value == "")
        if op[-1] == "+":
            return [] if absent else _alternative(shell, word, quoted)
        if absent:
            if op[-1] == "-":
                return _alternative(shell, word, quoted)
            if op[-1] == "?":
                raise shell.fatal(f"{name}: {text(shell, word) or 'parameter not set'}")
            value = text(shell, word)
            shell.assign(name, value)
    elif value is None and shell.options["u"] and name not in ("@", "*"):
        raise shell.fatal(f"{name}: {'unbound variable' if shell.bash else 'parameter not set'}")
    return [Piece(_edit(shell, name, value or "", op, word), quoted, not quoted)]


def _positional(shell: Shell, name: str, quoted: bool) -> list[Piece]:
    last = len(shell.params) - 1
    if name == "*" and quoted:
        return [Piece((shell.value("IFS") or " ")[:1].join(shell.params), True)]
    return [Piece(param, quoted, not quoted, i < last) for i, param in enumerate(shell.params)]


def _alternative(shell: Shell, word: Word, quoted: bool) -> list[Piece]:
    return [p._replace(split=not quoted and not p.quoted, quoted=quoted or p.quoted) for p in pieces(shell, word)]


def _edit(shell: Shell, name: str, value: str, op: str, word: Word | None) -> str:
    """${#x}, ${x%pattern}, ${x/pattern/text}, ${x:1:2}."""
    if op == "length":
        return str(len(shell.params) if name in ("@", "*") else len(value))
    if op in ("#", "##", "%", "%%"):
        shortest = len(op) == 1
        if op[0] == "#":
            found = re.match(pattern(shell, word, ".*?" if shortest else ".*"), value, re.DOTALL)
            return value[found.end():] if found else value
        found = re.fullmatch(f"({'.*' if shortest else '.*?'}){pattern(shell, word)}", value, re.DOTALL)
        return found[1] if found else value
    if op in ("/", "//"):
        old, _, new = text(shell, word).partition("/")
        return re.sub(patterns.translate([(old, False)]), lambda _: new, value, count=int(op == "/"), flags=re.DOTALL) if old else value
    if op == ":":
        start, _, length = text(shell, word).partition(":")
        begin = min(int(start or 0), len(value))
        return value[begin:][:int(length)] if length else value[begin:]
    return value


# ---- fields and file names ---------------------------------------------------------------------------

def separator(shell: Shell) -> re.Pattern | None:
    """What separates fields, from $IFS: blanks in a row count as one, any other character by itself.  None: nothing does."""
    characters = shell.value("IFS")
    characters = BLANK if characters is None else characters
    blank = f"[{re.escape(''.join(c for c in characters if c in BLANK))}]" if any(c in BLANK for c in characters) else ""
    hard = "".join(re.escape(c) for c in characters if c not in BLANK)
    choices = [f"{blank}*[{hard}]{blank}*" if blank else f"[{hard}]"] if hard else []
    choices += [f"{blank}+"] if blank else []
    return re.compile("|".join(choices)) if choices else None


def fields(shell: Shell, word: Word) -> list[list[Piece]]:
    """The pieces of a word, cut into arguments at the white space that expansions brought."""
    cut = separator(shell)
    done: list[list[Piece]] = []
    current: list[Piece] | None = None
    found = pieces(shell, word)
    if not shell.params and not _join(found) and any(isinstance(part, Parameter) and part.name == "@" for part in word.parts):
        return []                                           # "$@" without parameters is no argument, not an empty one
    for piece in found:
        if not piece.split or cut is None:
            if piece.text or piece.quoted:
                current = [*(current or []), piece]
        else:
            at = 0
            for gap in cut.finditer(piece.text):
                if gap.start() > at or (gap[0].strip(BLANK) and current is None):      # two colons enclose an empty field
                    current = [*(current or []), piece._replace(text=piece.text[at:gap.start()])]
                if current is not None:
                    done.append(current)
                current, at = None, gap.end()
            if at < len(piece.text):
                current = [*(current or []), piece._replace(text=piece.text[at:])]
        if piece.ends_field and current is not None:
            done.append(current)
            current = None
    return done if current is None else [*done, current]


def file_names(shell: Shell, field: list[Piece]) -> list[str]:
    """The files that a field with unquoted * ? [ fits; the field itself where it fits none."""
    plain = "".join(p.text for p in field)
    if shell.options["f"] or not any(patterns.MAGIC.search(p.text) for p in field if not p.quoted):
        return [plain]
    steps: list[list[tuple[str, bool]]] = [[]]
    for piece in field:
        for i, step in enumerate(piece.text.split("/")):
            if i:
                steps.append([])
            steps[-1].append((step, piece.quoted))
    found = [""]
    for i, step in enumerate(steps):
        name = "".join(t for t, _ in step)
        if not name:                                    # the root before a leading slash
            found = [f + "/" for f in found] if i == 0 else found
            continue
        magic = any(not quoted and patterns.MAGIC.search(t) for t, quoted in step)
        expression = re.compile(patterns.translate(step), re.DOTALL)
        found = [posixpath.join(directory, entry) for directory in found
                 for entry in (shell.listing(directory) if magic else [name])
                 if not magic or (expression.fullmatch(entry) and (name.startswith(".") or not entry.startswith(".")))]
    found = [f for f in found if shell.fs.exists(posixpath.join(shell.cwd, f))]
    return sorted(found) or [plain]


def braces(word: Word) -> list[Word]:
    """bash's a{b,c}d and {1..3}: several words from one."""
    choices: list[list[Literal | tuple]] = []
    for part in word.parts:
        if isinstance(part, Literal) and not part.quoted:
            cuts = re.split(r"(\{[^{}]*(?:,|\.\.)[^{}]*\})", part.text)
            choices += [[Literal(t) for t in _brace(cut)] if i % 2 else [Literal(cut)] for i, cut in enumerate(cuts)]
        else:
            choices.append([part])
    if all(len(c) == 1 for c in choices):
        return [word]
    return [Word(tuple(p for p in parts if p != Literal(""))) for parts in islice(product(*choices), MAX_BRACES)]


def _brace(group: str) -> list[str]:
    numbers = re.fullmatch(r"\{(-?\d+)\.\.(-?\d+)\}", group)
    if numbers:
        first, last = int(numbers[1]), int(numbers[2])
        step = 1 if last >= first else -1
        return [str(n) for n in range(first, last + step, step)[:MAX_BRACES]]
    return group[1:-1].split(",") if "," in group else [group]
