"""The words of the shell: quotes, expansions, here-documents, operators.  The grammar above them is in parser.py."""
from __future__ import annotations

import re

from .syntax import END, NEWLINE, QUOTE, WORD, Arithmetic, Literal, Parameter, Substitution, Unexpected, Word

ENDS_WORD = " \t\n;&|<>()"
OPERATORS = ("<<<", "<<-", "&>>", "&&", "||", ";;", "<<", ">>", "<&", ">&", "<>", ">|", "&>", "\n", ";", "&", "|", "<", ">", "(", ")")
BASH_OPERATORS = ("<<<", "&>", "&>>")
RESERVED = ("if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac", "{", "}", "!", "in")
BASH_RESERVED = ("[[", "]]", "function")
SPECIAL = "@*#?-$!0123456789"
CONTROL = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "a": "\a", "e": "\x1b"}

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
KEYWORD = re.compile(r"[a-z!\[\]]+(?=[\s;&|<>()]|$)")
TOKEN = re.compile(r"[^\s;&|<>()]+")
PLAIN = re.compile(r"[^\s;&|<>()\\'\"$`]+|.", re.DOTALL)
PLAIN_IN_QUOTES = re.compile(r'[^\\$`"]+|.', re.DOTALL)
PLAIN_IN_BRACES = re.compile(r"[^\\'\"$`}]+")
ANSI = re.compile(r"((?:[^\\']|\\.)*)'", re.DOTALL)
BACKTICKS = re.compile(r"((?:[^\\`]|\\.)*)`", re.DOTALL)
BRACED = re.compile(r"(#?)([A-Za-z_][A-Za-z0-9_]*(?:\[\d+\])?|\d+|[@*#?$!-])")
BRACE_OPERATOR = re.compile(r":[-=?+]|[-=?+]|##|#|%%|%|//|/|:")


class Words:
    """A position in the text of a script, and what can be read from there."""

    def __init__(self, text: str, bash: bool = False, line: int = 1, depth: int = 0) -> None:
        self.text, self.bash, self.at, self.first_line, self.depth = text, bash, 0, line, depth
        self.documents: list[tuple[list, bool, str, bool]] = []     # here-documents that begin after this line

    # -- characters and tokens

    @property
    def done(self) -> bool:
        return self.at >= len(self.text)

    @property
    def line(self) -> int:
        return self.first_line + self.text.count("\n", 0, self.at)

    def end_of_line(self) -> int:
        end = self.text.find("\n", self.at)
        return end if end >= 0 else len(self.text)

    def looking_at(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def skip(self) -> None:
        """Blanks, continued lines, comments."""
        while not self.done:
            if self.looking_at("\\\n"):
                self.at += 2
            elif self.text[self.at] in " \t":
                self.at += 1
            elif self.text[self.at] == "#":
                self.at = self.end_of_line()
            else:
                return

    def operator(self) -> str:
        """The operator that comes next, or ""."""
        self.skip()
        for operator in OPERATORS:
            if self.looking_at(operator) and (self.bash or operator not in BASH_OPERATORS):
                return operator
        return ""

    def take(self, *wanted: str) -> str:
        """Consume one of these operators, or nothing."""
        operator = self.operator()
        if operator not in wanted:
            return ""
        self.at += len(operator)
        if operator == "\n":
            self.read_documents()
        return operator

    def newlines(self) -> None:
        while self.take("\n"):
            pass

    def reserved(self) -> str:
        """The reserved word that comes next, or ""."""
        self.skip()
        if self.looking_at("{") or self.looking_at("}"):
            ends = self.at + 1 >= len(self.text) or self.text[self.at + 1] in ENDS_WORD
            return self.text[self.at] if ends else ""
        found = KEYWORD.match(self.text, self.at)
        return found[0] if found and found[0] in RESERVED + (BASH_RESERVED if self.bash else ()) else ""

    def accept(self, *words: str) -> str:
        word = self.reserved()
        if word and word in words:
            self.at += len(word)
            return word
        return ""

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise self.unexpected(word)

    def unexpected(self, expecting: str = "") -> Unexpected:
        """The error for the token that comes next."""
        operator, text = self.operator(), ""
        if self.done:
            token = END
        elif operator:
            token = NEWLINE if operator == "\n" else operator
        else:
            token, text = self.reserved() or WORD, TOKEN.match(self.text, self.at)[0]
        return Unexpected(token, self.line, expecting, text)

    # -- words

    def word(self, optional: bool = False, ends: str = ENDS_WORD) -> Word:
        self.skip()
        parts: list = []
        while not self.done and self.text[self.at] not in ends:
            parts += self.part()
        if not parts and not optional:
            raise self.unexpected()
        return Word(tuple(parts))

    def part(self) -> list:
        """The next piece of an unquoted word."""
        char = self.text[self.at]
        if char == "\\":
            self.at += 2
            escaped = self.text[self.at - 1:self.at]
            return [] if escaped == "\n" else [Literal(escaped, True)]
        if char == "'":
            self.at += 1
            return [Literal(self.until("'"), True)]
        if char == '"':
            self.at += 1
            return [Literal("", True), *self.quoted_parts('"')]
        if char == "$" and self.bash and self.looking_at("$'"):
            self.at += 2
            return [Literal(self.ansi(), True)]
        if char in "$`":
            return [self.expansion(False)]
        plain = PLAIN.match(self.text, self.at)
        self.at = plain.end()
        return [Literal(plain[0])]

    def until(self, end: str) -> str:
        stop = self.text.find(end, self.at)
        if stop < 0:
            raise Unexpected(QUOTE, self.line)
        text, self.at = self.text[self.at:stop], stop + len(end)
        return text

    def ansi(self) -> str:
        found = ANSI.match(self.text, self.at)
        if not found:
            raise Unexpected(QUOTE, self.line)
        self.at = found.end()
        return re.sub(r"\\(.)", lambda m: CONTROL.get(m[1], m[0]), found[1], flags=re.DOTALL)

    def quoted_parts(self, end: str | None) -> list:
        """The parts of a double-quoted text, or of a here-document (`end` None)."""
        parts: list = []
        while True:
            if self.done:
                if end is None:
                    return parts
                raise Unexpected(QUOTE, self.line)
            char = self.text[self.at]
            if char == end:
                self.at += 1
                return parts
            if char == "\\" and self.text[self.at + 1:self.at + 2] in ('"$`\\\n' if end else "$`\\\n"):
                escaped = self.text[self.at + 1:self.at + 2]
                self.at += 2
                parts.append(Literal("" if escaped == "\n" else escaped or "\\", True))
            elif char in "$`":
                parts.append(self.expansion(True))
            else:
                plain = PLAIN_IN_QUOTES.match(self.text, self.at)
                self.at = plain.end()
                parts.append(Literal(plain[0], True))

    # -- expansions

    def expansion(self, quoted: bool):
        if self.looking_at("`"):
            self.at += 1
            found = BACKTICKS.match(self.text, self.at)
            if not found:
                raise Unexpected("EOF in backquote substitution", self.line)
            inner = re.sub(r"\\([$`\\])", r"\1", found[1])
            tree = type(self)(inner, self.bash, self.line, self.depth).sequence()
            self.at = found.end()
            return Substitution(tree, quoted)
        if self.looking_at("$(("):
            start, self.at = self.at, self.at + 3
            try:
                return Arithmetic(self.arithmetic(), quoted)
            except Unexpected as error:
                self.at = start + 2
                try:                                # $((cmd) | cmd): a subshell first in a substitution
                    return self.substitution(quoted)
                except Unexpected:
                    raise error from None
        if self.looking_at("$("):
            self.at += 2
            return self.substitution(quoted)
        if self.looking_at("${"):
            self.at += 2
            return self.braced(quoted)
        self.at += 1
        name = NAME.match(self.text, self.at)
        if name:
            self.at = name.end()
            return Parameter(name[0], quoted=quoted)
        if not self.done and self.text[self.at] in SPECIAL:
            self.at += 1
            return Parameter(self.text[self.at - 1], quoted=quoted)
        return Literal("$", quoted)

    def substitution(self, quoted: bool) -> Substitution:
        """$(...) after its opening."""
        tree = self.sequence()
        self.close()
        return Substitution(tree, quoted)

    def braced(self, quoted: bool) -> Parameter:
        """${...} after its opening."""
        found = BRACED.match(self.text, self.at)
        if self.looking_at("#}"):
            self.at += 2
            return Parameter("#", "", None, quoted)
        if not found:
            raise Unexpected("missing '}'" if self.done else "bad substitution", self.line)
        self.at = found.end()
        if found[1] and self.looking_at("}"):
            self.at += 1
            return Parameter(found[2], "length", None, quoted)
        operator = BRACE_OPERATOR.match(self.text, self.at)
        if self.looking_at("}"):
            self.at += 1
            return Parameter(found[2], "", None, quoted)
        if not operator or found[1] or (operator[0] in ("/", "//", ":") and not self.bash):
            raise Unexpected("bad substitution", self.line)
        self.at = operator.end()
        parts: list = []
        while not self.looking_at("}"):
            if self.done:
                raise Unexpected("missing '}'", self.line)
            parts += self.part_in_braces(quoted and operator[0][0] not in "#%/")       # a pattern is one even in quotes
        self.at += 1
        return Parameter(found[2], operator[0], Word(tuple(parts)), quoted)

    def part_in_braces(self, quoted: bool) -> list:
        """The next piece of the word in ${x:-word}."""
        plain = PLAIN_IN_BRACES.match(self.text, self.at)
        if quoted and self.looking_at("'"):
            self.at += 1
            return [Literal("'", True)]
        if plain:
            self.at = plain.end()
            return [Literal(plain[0], quoted)]
        return [self.expansion(quoted)] if self.text[self.at] in "$`" else self.part()

    def arithmetic(self, end: str = "))") -> Word:
        """The expression up to its end, as a word whose expansions are to be made first."""
        parts: list = []
        depth = 0
        while depth or not self.looking_at(end):
            if self.done:
                raise Unexpected("missing '))'", self.line)
            char = self.text[self.at]
            if char in "$`":
                parts.append(self.expansion(True))
                continue
            depth += (char == "(") - (char == ")")
            if depth < 0:
                raise self.unexpected("))")
            self.at += 1
            if char != '"':
                parts.append(Literal(char, True))
        self.at += len(end)
        return Word(tuple(parts))
