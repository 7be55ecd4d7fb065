"""The syntax tree of the shell: words, commands, redirections.  Plain tuples; the parser makes them, the interpreter walks them."""
from __future__ import annotations

from typing import Any, NamedTuple

# ---- words: a sequence of parts, each of which knows whether it stands in quotes -----------------------

class Literal(NamedTuple):
    text: str
    quoted: bool = False


class Parameter(NamedTuple):
    """$x, ${x:-word}, ${#x}: `op` is "", "length", or the operator; `word` is what follows it."""

    name: str
    op: str = ""
    word: Any = None
    quoted: bool = False


class Substitution(NamedTuple):
    """$(...) and backticks."""

    body: Any
    quoted: bool = False


class Arithmetic(NamedTuple):
    """$((...))"""

    word: Any
    quoted: bool = False


class Word(NamedTuple):
    parts: tuple

    def literal(self) -> str | None:
        """The text of a word without quotes and expansions, as reserved words and names are; None for any other."""
        if all(isinstance(p, Literal) and not p.quoted for p in self.parts):
            return "".join(p.text for p in self.parts)
        return None

    def text(self) -> str:
        """The word without its expansions."""
        return "".join(p.text for p in self.parts if isinstance(p, Literal))


# ---- commands ------------------------------------------------------------------------------------

class Redirect(NamedTuple):
    """`fd` is None where the operator's default counts.  The target of `<<` is the document itself."""

    op: str
    fd: int | None
    target: Word


class Simple(NamedTuple):
    assignments: tuple[tuple[str, bool, Word], ...]     # (name, whether it is +=, value)
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    line: int


class Pipeline(NamedTuple):
    stages: tuple
    negated: bool = False


class AndOr(NamedTuple):
    first: Any
    rest: tuple[tuple[str, Any], ...]                   # ("&&" or "||", pipeline)


class Sequence(NamedTuple):
    items: tuple[tuple[Any, bool], ...]                 # (command, whether it is run in the background)


class Group(NamedTuple):
    body: Sequence


class Subshell(NamedTuple):
    body: Sequence


class For(NamedTuple):
    name: str
    words: tuple[Word, ...] | None                      # None: the positional parameters
    body: Sequence


class CountingFor(NamedTuple):
    """for ((start; test; step))"""

    start: Word
    test: Word
    step: Word
    body: Sequence


class Loop(NamedTuple):
    until: bool
    test: Sequence
    body: Sequence


class If(NamedTuple):
    branches: tuple[tuple[Sequence, Sequence], ...]
    otherwise: Sequence | None


class Case(NamedTuple):
    word: Word
    branches: tuple[tuple[tuple[Word, ...], Sequence], ...]


class Function(NamedTuple):
    name: str
    body: Any


class Condition(NamedTuple):
    """[[ ... ]]: a tree of ("and" | "or", left, right), ("not", tree), ("test", operator, left, right or None)."""

    tree: tuple


class Calculation(NamedTuple):
    """(( ... ))"""

    word: Word


class Redirected(NamedTuple):
    """A compound command with redirections."""

    command: Any
    redirects: tuple[Redirect, ...]


class Unexpected(Exception):
    """A syntax error: the token that does not fit (or a sentence), the line, what was expected, and the text of a word."""

    def __init__(self, token: str, line: int, expecting: str = "", text: str = "") -> None:
        super().__init__(token)
        self.token, self.line, self.expecting, self.text = token, line, expecting, text


END = "end of file"
NEWLINE = "newline"
WORD = "word"
QUOTE = "unterminated quoted string"


def programs(node: Any) -> list[list[str]]:
    """The simple commands of a tree whose name is literal, in order: what a script may start.  Words with expansions lose them."""
    if isinstance(node, Simple) and node.words:
        return [[word.text() for word in node.words]]
    found = []
    if isinstance(node, tuple):
        for part in node:
            found += programs(part)
    return found
