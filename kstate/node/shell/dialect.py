"""The words in which three shells complain: a busybox's ash, Debian's dash, bash."""
from __future__ import annotations

from typing import NamedTuple

from ..files import ABSENT
from ..process import NotFound
from .syntax import END, NEWLINE, QUOTE, WORD, Unexpected


class Dialect(NamedTuple):
    """`name` is the shell's or the script's name; `script`: it runs a file, so that ash tells the line too."""

    kind: str               # ash | dash | bash
    name: str
    script: bool = False

    def prefix(self, line: int) -> str:
        if self.kind == "bash" or (self.kind == "ash" and self.script):
            return f"{self.name}: line {line}: "
        return f"{self.name}: {line}: " if self.kind == "dash" else f"{self.name}: "

    def utility(self, name: str, line: int) -> str:
        """How a program inside the shell begins a complaint."""
        return self.prefix(line) + ("" if self.kind == "ash" else f"{name}: ")

    def not_found(self, error: NotFound) -> str:
        if error.denied:
            return f"{error.name}: Permission denied"
        if self.kind == "bash":
            return f"{error.name}: {ABSENT if '/' in error.name else 'command not found'}"
        return f"{error.name}: not found"

    def cannot_open(self, name: str, why: str) -> str:
        if self.kind == "bash":
            return f"{name}: {why}"
        if self.kind == "dash":
            return f"cannot open {name}: {'No such file' if why == ABSENT else why}"
        return f"can't open {name}: {'no such file' if why == ABSENT else why}"

    def cannot_create(self, name: str, why: str) -> str:
        if self.kind == "bash":
            return f"{name}: {why}"
        if self.kind == "dash":
            return f"cannot create {name}: {'Directory nonexistent' if why == ABSENT else why}"
        return f"can't create {name}: {'nonexistent directory' if why == ABSENT else why}"

    def cannot_enter(self, name: str, why: str) -> str:
        return {"bash": f"cd: {name}: {why}", "dash": f"cd: can't cd to {name}",
                "ash": f"cd: line 0: can't cd to {name}: {why}"}[self.kind]

    def cannot_source(self, name: str) -> str:
        if self.kind == "bash":
            return f"{name}: {ABSENT}"
        line = "line 0: " if self.kind == "ash" else ""
        if "/" not in name:
            return f".: {line}{name}: not found"
        return f".: {line}can't open '{name}': {ABSENT}" if self.kind == "ash" else f".: cannot open {name}: No such file"

    def syntax_error(self, error: Unexpected, text: str) -> str:
        """The whole message for a syntax error."""
        if self.kind == "bash":
            return self._bash_syntax_error(error, text)
        sentence = " " in error.token and error.token != END
        expecting = f' (expecting "{error.expecting}")' if error.expecting else ""
        token = error.token if error.token in (END, NEWLINE, WORD) else f'"{error.token}"'
        if self.kind == "dash":
            said = error.token[:1].upper() + error.token[1:] if sentence else f"{token} unexpected{expecting}"
            return f"{self.prefix(error.line)}Syntax error: {said}\n"
        said = error.token if sentence else f"unexpected {token}{expecting}"
        return f"{self.prefix(error.line)}syntax error: {said}\n"

    def _bash_syntax_error(self, error: Unexpected, text: str) -> str:
        start = f"{self.name}: {'' if self.script else '-c: '}line {error.line}: "
        if error.token in ("bad substitution", "bad for loop variable"):
            return f"{start}{error.token}\n"
        if error.token == QUOTE:
            return f"{start}unexpected EOF while looking for matching `\"'\n"
        if error.token == END or error.token.startswith(("missing", "EOF")):
            last = text.rstrip("\n").count("\n") + 2
            return f"{self.name}: {'' if self.script else '-c: '}line {last}: syntax error: unexpected end of file\n"
        line = text.split("\n")[min(error.line, text.count("\n") + 1) - 1]
        return f"{start}syntax error near unexpected token `{error.text or error.token}'\n{start}`{line}'\n"
