"""Shell text -> syntax tree: a recursive-descent parser for the POSIX shell, and what bash adds that tutorials use.

Beyond POSIX, for bash only: [[ ]], (( )), for (( )), <<<, `function`, &>, $'...'.
Not understood: arrays, coprocesses, select, extended globs.

(No library serves: bashlex is GPL, the pure-Python interpreters on PyPI bring a hundred times as much and an event
loop, the rest binds C.)
"""
from __future__ import annotations

import re

from . import syntax
from .syntax import END, QUOTE, Sequence, Unexpected, Word
from .words import ENDS_WORD, NAME, Words

REDIRECTS = ("<<<", "<<-", "<<", ">>", "<&", ">&", "<>", ">|", "&>>", "&>", "<", ">")
DEPTH = 40                                      # of commands inside commands
ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?)=")
DIGITS = re.compile(r"\d+(?=[<>])")


def parse(text: str, bash: bool = False) -> Sequence:
    """The tree of a whole script.  Raises Unexpected."""
    parser, items = Parser(text, bash), []
    while line := parser.complete_command():
        items += line.items
    return Sequence(tuple(items))


def problem(text: str, bash: bool = False) -> Unexpected | None:
    """What is wrong with a script, if anything is."""
    try:
        parse(text, bash)
    except Unexpected as error:
        return error
    return None


def unfinished(text: str, bash: bool = False) -> bool:
    """Whether a shell that reads line by line asks for another line."""
    parser = Parser(text, bash)
    try:
        while parser.complete_command():
            pass
    except Unexpected as error:
        return error.token in (END, QUOTE)
    return parser.open_ended or text.endswith("\\\n")


class Parser(Words):
    open_ended = False          # a here-document lacks its end

    # -- lists of commands

    def complete_command(self) -> Sequence | None:
        """The commands up to the end of a line, which may be many lines on; None at the end of the script.

        A shell executes one before it reads the next, and so finds a syntax error only when it gets there."""
        line = self.sequence(one_line=True)
        if not self.done and (self.at == 0 or self.text[self.at - 1] != "\n"):
            raise self.unexpected()
        return line if line.items else None

    def sequence(self, one_line: bool = False) -> Sequence:
        """Commands separated by ; & and newlines, up to what can't begin one."""
        self.depth += 1
        if self.depth > DEPTH:
            raise Unexpected("nesting that deep", self.line)
        items = []
        self.newlines()
        while not self.done and self.reserved() not in ("then", "elif", "else", "fi", "do", "done", "esac", "}") \
                and self.operator() not in (")", ";;", ";;&"):
            command = self.and_or()
            separator = self.take(";", "&", "\n")
            items.append((command, separator == "&"))
            if not separator or (one_line and separator == "\n"):
                break
            if not one_line:
                self.newlines()
            elif self.take("\n"):
                break
        if self.done:
            self.read_documents()
        self.depth -= 1
        return Sequence(tuple(items))

    def body(self, *ends: str) -> Sequence:
        """A sequence that must not be empty, and the word after it."""
        body = self.sequence()
        if not body.items:
            raise self.unexpected(ends[0] if self.done and ends else "")
        if ends:
            self.expect(ends[0])
        return body

    def and_or(self):
        first, rest = self.pipeline(), []
        while operator := self.take("&&", "||"):
            self.newlines()
            rest.append((operator, self.pipeline()))
        return syntax.AndOr(first, tuple(rest)) if rest else first

    def pipeline(self):
        negated = False
        while self.accept("!"):
            negated = not negated
        stages = [self.command()]
        while self.take("|"):
            self.newlines()
            stages.append(self.command())
        return syntax.Pipeline(tuple(stages), negated) if negated or len(stages) > 1 else stages[0]

    # -- commands

    def command(self):
        word = self.reserved()
        if word in ("if", "for", "while", "until", "case", "{", "[[", "function"):
            self.at += len(word)
            compound = getattr(self, {"{": "group", "[[": "condition", "while": "loop", "until": "loop"}.get(word, word) + "_")
            tree = compound(word)
        elif word:
            raise self.unexpected()
        elif self.bash and self.operator() == "(" and self.looking_at("(("):
            self.at += 2
            tree = syntax.Calculation(self.arithmetic())
        elif self.take("("):
            tree = syntax.Subshell(self.body())
            self.close()
        else:
            return self.simple()
        redirects = self.redirects()
        return syntax.Redirected(tree, redirects) if redirects else tree

    def close(self) -> None:
        if not self.take(")"):
            raise self.unexpected(")")

    def simple(self):
        line, assignments, words, redirects = self.line, [], [], []
        while True:
            redirect = self.redirect()
            if redirect:
                redirects.append(redirect)
                continue
            self.skip()
            if self.done or self.operator():
                break
            found = ASSIGNMENT.match(self.text, self.at)
            if found and not words:
                self.at = found.end()
                assignments.append((found[1], bool(found[2]), self.word(optional=True)))
            else:
                words.append(self.word())
            if len(words) == 1 and not assignments and not redirects and self.operator() == "(":
                return self.definition(words[0].literal())
        if not (assignments or words or redirects):
            raise self.unexpected()
        return syntax.Simple(tuple(assignments), tuple(words), tuple(redirects), line)

    def definition(self, name: str | None) -> syntax.Function:
        if not name or not NAME.fullmatch(name.replace("-", "_")):
            raise self.unexpected()
        self.take("(")
        if not self.take(")"):
            raise self.unexpected(")")
        self.newlines()
        return syntax.Function(name, self.command())

    def function_(self, _word):
        name = self.word().literal()
        if self.take("("):
            self.close()
        self.newlines()
        return syntax.Function(name, self.command())

    def group_(self, _word) -> syntax.Group:
        return syntax.Group(self.body("}"))

    def if_(self, _word) -> syntax.If:
        branches, otherwise = [(self.body("then"), self.body())], None
        while self.accept("elif"):
            branches.append((self.body("then"), self.body()))
        if self.accept("else"):
            otherwise = self.body()
        self.expect("fi")
        return syntax.If(tuple(branches), otherwise)

    def loop_(self, word) -> syntax.Loop:
        return syntax.Loop(word == "until", self.body("do"), self.body("done"))

    def for_(self, _word):
        if self.bash and self.operator() == "(" and self.looking_at("(("):
            self.at += 2
            start, test, step = (self.arithmetic(";"), self.arithmetic(";"), self.arithmetic())
            self.take(";")
            self.newlines()
            self.expect("do")
            return syntax.CountingFor(start, test, step, self.body("done"))
        self.skip()
        found = NAME.match(self.text, self.at)
        if not found:
            raise Unexpected("bad for loop variable", self.line)
        self.at = found.end()
        self.newlines()
        words = None
        if self.accept("in"):
            words = []
            while not self.operator() and not self.done:
                words.append(self.word())
        self.take(";")
        self.newlines()
        self.expect("do")
        return syntax.For(found[0], None if words is None else tuple(words), self.body("done"))

    def case_(self, _word) -> syntax.Case:
        subject, branches = self.word(), []
        self.newlines()
        self.expect("in")
        self.newlines()
        while not self.accept("esac"):
            self.take("(")
            patterns = [self.word()]
            while self.take("|"):
                patterns.append(self.word())
            self.close()
            branches.append((tuple(patterns), self.sequence()))
            if not self.take(";;"):
                self.newlines()
                if not self.accept("esac"):
                    raise self.unexpected(";;")
                break
            self.newlines()
        return syntax.Case(subject, tuple(branches))

    # -- [[ ... ]]

    def condition_(self, _word) -> syntax.Condition:
        tree = self.disjunction()
        self.expect("]]")
        return syntax.Condition(tree)

    def disjunction(self) -> tuple:
        left = self.conjunction()
        while self.take("||"):
            left = ("or", left, self.conjunction())
        return left

    def conjunction(self) -> tuple:
        left = self.negation()
        while self.take("&&"):
            left = ("and", left, self.negation())
        return left

    def negation(self) -> tuple:
        self.newlines()
        if self.accept("!"):
            return ("not", self.negation())
        if self.take("("):
            tree = self.disjunction()
            self.close()
            return tree
        left = self.word()
        if (left.literal() or "").startswith("-") and self.reserved() != "]]" and self.operator() not in ("&&", "||", ")"):
            return ("test", left.literal(), self.word(), None)
        operator = self.take("<", ">")
        if not operator and self.reserved() != "]]" and not self.operator():
            operator = self.word().literal() or ""
        if not operator:
            return ("test", "-n", left, None)
        return ("test", operator, left, self.word(ends=" \t\n" if operator == "=~" else ENDS_WORD))

    # -- redirections

    def redirects(self) -> tuple[syntax.Redirect, ...]:
        found = []
        while redirect := self.redirect():
            found.append(redirect)
        return tuple(found)

    def redirect(self) -> syntax.Redirect | None:
        self.skip()
        digits = DIGITS.match(self.text, self.at)
        start = self.at
        if digits:
            self.at = digits.end()
        operator = self.operator()
        if operator not in REDIRECTS:
            self.at = start
            return None
        self.at += len(operator)
        fd = int(digits[0]) if digits else None
        self.skip()
        if self.done or self.operator():
            raise self.unexpected()
        if operator not in ("<<", "<<-"):
            return syntax.Redirect(operator, fd, self.word())
        delimiter = self.word()
        parts: list = []
        quoted = any(getattr(part, "quoted", False) for part in delimiter.parts)
        self.documents.append((parts, operator == "<<-", delimiter.text(), quoted))
        return syntax.Redirect("<<", fd, Word(parts))          # the parts are filled in when the line has ended

    def read_documents(self) -> None:
        """Read the here-documents that were announced on the line that just ended."""
        for parts, strip, delimiter, quoted in self.documents:
            lines = []
            while not self.done:
                end = self.end_of_line()
                line, self.at = self.text[self.at:end], end + 1
                if strip:
                    line = line.lstrip("\t")
                if line == delimiter:
                    break
                lines.append(line + "\n")
            else:
                self.open_ended = True
            text = "".join(lines)
            parts += [syntax.Literal(text, True)] if quoted else Parser(text, self.bash, self.line, self.depth).quoted_parts(None)
        self.documents = []
