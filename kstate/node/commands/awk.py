"""awk, the little of it that one-liners use: patterns, BEGIN and END, print, printf, assignments, fields, NR and NF.

Not modelled: functions but length, arrays, control statements; they are refused with a clear message.
"""
from __future__ import annotations

import re
from typing import Any

from ..process import Exit, Process, program
from .basic import CONVERSION, unescape
from .text import lines_of

TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?|[A-Za-z_]\w*|[<>=!+*/%-]=|&&|\|\||!~|\+\+|--|[-+*/%<>=!~$(){};,?:]|\n)')


class Unknown(Exception):
    """Something that this awk does not know."""


@program("awk")
def awk(p: Process) -> int:
    """awk [-F SEP] [-v NAME=VALUE] 'PROGRAM' [file...]"""
    options, operands = p.options("F:v:", intermixed=False)
    if not operands:
        p.err("usage: awk [-F SEP] [-v NAME=VALUE] PROGRAM [FILE]...\n")
        return 1
    try:
        run = _Run(p, _rules(operands[0]), unescape(options.get("F", " ")))
        if "v" in options:
            name, _, value = options["v"].partition("=")
            run.vars[name] = value
        run.rules("BEGIN")
        for arg in operands[1:] or (["-"] if any(pattern != "BEGIN" for pattern, _ in run.program) else []):
            for line in lines_of(p.read(arg) or ""):
                run.line(line.rstrip("\n"))
        run.rules("END")
    except Unknown as error:
        raise p.fail(f"{error}: this simulated awk does not know it", 2) from None
    return 0


def _rules(text: str) -> list[tuple[Any, list[list[str]] | None]]:
    """[(pattern, statements)]: the pattern is "BEGIN", "END", a regular expression, tokens, or None."""
    rules = []
    at = 0
    while text[at:].strip(" \t\n;"):
        at += len(text[at:]) - len(text[at:].lstrip(" \t\n;"))
        slash = re.compile(r"/((?:[^/\\]|\\.)*)/\s*(?=\{|$|\n|;)").match(text, at)
        if slash:
            pattern, at = re.compile(slash[1]), slash.end()
        else:
            tokens, at = _tokens(text, at, "{")
            pattern = tokens[0] if tokens in (["BEGIN"], ["END"]) else tokens or None
        if text[at:at + 1] != "{":
            rules.append((pattern, None))
            continue
        tokens, at = _tokens(text, at + 1, "}")
        if text[at:at + 1] != "}":
            raise Unknown("a missing }")
        at += 1
        statements: list[list[str]] = [[]]
        for token in tokens:
            statements.append([]) if token in (";", "\n") else statements[-1].append(token)
        rules.append((pattern, [s for s in statements if s]))
    return rules


def _tokens(text: str, at: int, end: str) -> tuple[list[str], int]:
    tokens: list[str] = []
    while text[at:].strip() and text[at:].lstrip(" \t")[:1] != end:
        regex = re.compile(r"\s*(/(?:[^/\\]|\\.)*/)").match(text, at) if tokens and tokens[-1] in ("~", "!~") else None
        found = regex or TOKEN.match(text, at)
        if not found:
            raise Unknown(f"'{text[at:].strip()[:10]}'")
        tokens.append(found[1])
        at = found.end()
    return tokens, at + len(text[at:]) - len(text[at:].lstrip(" \t"))


class _Run:
    def __init__(self, p: Process, rules: list, separator: str) -> None:
        self.p, self.program = p, rules
        self.vars: dict[str, Any] = {"FS": separator, "OFS": " ", "NR": 0, "NF": 0}
        self.fields: list[str] = [""]
        self.tokens: list[str] = []

    def line(self, text: str) -> None:
        self.p.machine.step()
        fs = self.vars["FS"]
        parts = text.split() if fs == " " else text.split(fs) if len(fs) == 1 else re.split(fs, text)
        self.fields = [text, *(parts if text else [])]
        self.vars.update(NR=self.vars["NR"] + 1, NF=len(self.fields) - 1)
        self.rules(None)

    def rules(self, moment: str | None) -> None:
        for pattern, statements in self.program:
            if pattern in ("BEGIN", "END") if moment is None else pattern != moment:
                continue
            if isinstance(pattern, re.Pattern) and not pattern.search(self.fields[0]):
                continue
            if isinstance(pattern, list) and not _true(self.evaluate(pattern)):
                continue
            for statement in statements if statements is not None else [["print"]]:
                self.statement(statement)

    def statement(self, tokens: list[str]) -> None:
        self.tokens = list(tokens)
        if self.take("exit"):
            raise Exit(int(_number(self.expression())) if self.tokens else 0)
        word = self.take("print", "printf")
        if not word:
            self.expression()
        else:
            values = [self.expression()] if self.tokens else [self.fields[0]]
            while self.take(","):
                values.append(self.expression())
            if word == "print":
                self.p.out(str(self.vars["OFS"]).join(map(_text, values)) + "\n")
            else:
                self.p.out(_printf(_text(values[0]), values[1:]))
        if self.tokens:
            raise Unknown(f"'{self.tokens[0]}'")

    def take(self, *wanted: str) -> str:
        return self.tokens.pop(0) if self.tokens and self.tokens[0] in wanted else ""

    def evaluate(self, tokens: list[str]) -> Any:
        self.tokens = list(tokens)
        return self.expression()

    # -- expressions, from the loosest to the tightest

    def expression(self) -> Any:
        if len(self.tokens) > 1 and re.match(r"[A-Za-z_]", self.tokens[0]) and self.tokens[1] in ("=", "+=", "-=", "*=", "/=", "++", "--"):
            name, operator = self.tokens.pop(0), self.tokens.pop(0)
            old = self.vars.get(name, "")
            if operator in ("++", "--"):
                self.vars[name] = _number(old) + (1 if operator == "++" else -1)
                return _number(old)
            new = self.expression()
            self.vars[name] = new if operator == "=" else _calculate(operator[0], old, new)
            return self.vars[name]
        left = self.conjunction()
        while self.take("||"):
            left = int(bool(_true(self.conjunction()) + _true(left)))
        return left

    def conjunction(self) -> Any:
        left = self.comparison()
        while self.take("&&"):
            left = int(_true(self.comparison()) and _true(left))
        return left

    def comparison(self) -> Any:
        left = self.concatenation()
        operator = self.take("==", "!=", "<", ">", "<=", ">=", "~", "!~")
        if not operator:
            return left
        if operator in ("~", "!~"):
            pattern = self.tokens.pop(0) if self.tokens else ""
            found = re.search(pattern[1:-1], _text(left))
            return int((found is not None) == (operator == "~"))
        right = self.concatenation()
        a, b = (_number(left), _number(right)) if _numeric(left) and _numeric(right) else (_text(left), _text(right))
        return int({"==": a == b, "!=": a != b, "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[operator])

    def concatenation(self) -> Any:
        left = self.sum()
        while self.tokens and (self.tokens[0][0] in '"$(' or re.match(r"[A-Za-z_0-9]", self.tokens[0])):
            left = _text(left) + _text(self.sum())
        return left

    def sum(self) -> Any:
        left = self.product()
        while operator := self.take("+", "-"):
            left = _calculate(operator, left, self.product())
        return left

    def product(self) -> Any:
        left = self.primary()
        while operator := self.take("*", "/", "%"):
            left = _calculate(operator, left, self.primary())
        return left

    def primary(self) -> Any:
        if not self.tokens:
            raise Unknown("an incomplete expression")
        token = self.tokens.pop(0)
        if token == "$":
            index = int(_number(self.primary()))
            return self.fields[index] if 0 <= index < len(self.fields) else ""
        if token == "(":
            value = self.expression()
            self.take(")")
            return value
        if token == "!":
            return int(not _true(self.primary()))
        if token == "-":
            return -_number(self.primary())
        if token[0] == '"':
            return unescape(token[1:-1])
        if token[0].isdigit():
            return float(token) if "." in token else int(token)
        if token == "length":
            return len(_text(self.primary())) if self.tokens[:1] == ["("] else len(self.fields[0])
        if not re.fullmatch(r"[A-Za-z_]\w*", token) or self.tokens[:1] in (["("], ["["]) or token in ("if", "for", "while", "function"):
            raise Unknown(f"'{token}'")
        return self.vars.get(token, "")


def _text(value: Any) -> str:
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else f"{value:.6g}"
    return str(value)


def _number(value: Any) -> int | float:
    found = re.match(r"\s*[-+]?\d+(\.\d+)?", str(value))
    return 0 if not found else float(found[0]) if found[1] else int(found[0])


def _numeric(value: Any) -> bool:
    return isinstance(value, (int, float)) or re.fullmatch(r"\s*[-+]?\d+(\.\d+)?\s*", value) is not None


def _true(value: Any) -> bool:
    return _number(value) != 0 if _numeric(value) else value != ""


def _calculate(operator: str, left: Any, right: Any) -> int | float:
    a, b = _number(left), _number(right)
    if operator in "/%" and b == 0:
        raise Unknown("division by zero")
    return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b, "%": lambda: a % b}[operator]()


def _printf(form: str, values: list) -> str:
    out = []
    for i, part in enumerate(CONVERSION.split(form)):
        if not i % 2 or part == "%%":
            out.append("%" if part == "%%" else part)
        else:
            value = values.pop(0) if values else ""
            out.append(part % (_text(value) if part[-1] in "sc" else int(_number(value)) if part[-1] in "di" else _number(value)))
    return "".join(out)
