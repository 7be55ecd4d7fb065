"""Integer arithmetic of the shell: $((1 + x * 2)).  C's operators and precedence, 64 bits, division toward zero."""
from __future__ import annotations

import re
from collections.abc import Callable

TOKEN = re.compile(r"\s*(0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|\*\*|<<=|>>=|\+\+|--|&&|\|\||<<|>>|[-+*/%&|^<>=!]=|[-+*/%<>=!~&|^?:(),])")
LEVELS = (("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", ">", "<=", ">="), ("<<", ">>"), ("+", "-"), ("*", "/", "%"))
ASSIGN = ("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=")


class BadArithmetic(Exception):
    """The text is no expression, or divides by zero (the message is then "division by zero")."""


def evaluate(text: str, get: Callable[[str], str], put: Callable[[str, str], None]) -> int:
    """The value of an expression; `get` and `put` read and write variables."""
    if not text.strip():
        return 0
    expression = _Expression(text, get, put)
    value = expression.comma()
    if expression.tokens:
        raise BadArithmetic("syntax error")
    return value


class _Expression:
    def __init__(self, text: str, get: Callable[[str], str], put: Callable[[str, str], None], depth: int = 0) -> None:
        self.get, self.put, self.depth = get, put, depth
        self.tokens: list[str] = []
        self.live = True            # whether assignments count: not in the branch that && || ?: skip
        at, text = 0, text.rstrip()
        while at < len(text):
            token = TOKEN.match(text, at)
            if not token:
                raise BadArithmetic("syntax error")
            self.tokens.append(token[1])
            at = token.end()

    def take(self, *wanted: str) -> str:
        return self.tokens.pop(0) if self.tokens and self.tokens[0] in wanted else ""

    def comma(self) -> int:
        value = self.assignment()
        while self.take(","):
            value = self.assignment()
        return value

    def assignment(self) -> int:
        if len(self.tokens) > 1 and re.match(r"[A-Za-z_]", self.tokens[0]) and self.tokens[1] in ASSIGN:
            name, operator = self.tokens.pop(0), self.tokens.pop(0)
            value = self.assignment()
            if operator != "=":
                value = self.apply(operator[:-1], self.variable(name), value)
            return self.store(name, value)
        return self.ternary()

    def ternary(self) -> int:
        condition = self.binary(0)
        if not self.take("?"):
            return condition
        yes = self.lazily(condition != 0, self.assignment)
        if not self.take(":"):
            raise BadArithmetic("syntax error")
        no = self.lazily(condition == 0, self.assignment)
        return yes if condition else no

    def binary(self, level: int) -> int:
        if level == len(LEVELS):
            return self.power()
        left = self.binary(level + 1)
        while operator := self.take(*LEVELS[level]):
            needed = not (operator == "&&" and not left or operator == "||" and left)
            right = self.lazily(needed, lambda: self.binary(level + 1))
            left = self.apply(operator, left, right)
        return left

    def lazily(self, live: bool, part: Callable[[], int]) -> int:
        before, self.live = self.live, self.live and live
        value = part()
        self.live = before
        return value

    def power(self) -> int:
        base = self.unary()
        if self.take("**"):
            exponent = self.power()
            if not 0 <= exponent <= 64:
                raise BadArithmetic("exponent out of range")
            return _wrap(base ** exponent)
        return base

    def unary(self) -> int:
        self.depth += 1
        if self.depth > 100:
            raise BadArithmetic("expression too deep")
        operator = self.take("-", "+", "!", "~", "++", "--")
        if operator in ("++", "--") and self.tokens:
            name = self.tokens.pop(0)
            value = self.store(name, self.variable(name) + (1 if operator == "++" else -1))
        elif operator:
            operand = self.unary()
            value = {"-": -operand, "+": operand, "!": int(not operand), "~": ~operand}[operator]
        else:
            value = self.primary()
        self.depth -= 1
        return value

    def primary(self) -> int:
        if self.take("("):
            value = self.comma()
            if not self.take(")"):
                raise BadArithmetic("syntax error")
            return value
        token = self.tokens.pop(0) if self.tokens else ""
        if re.match(r"\d", token):
            return int(token, 16 if token[:2] in ("0x", "0X") else 8 if re.fullmatch(r"0[0-7]+", token) else 10)
        if not re.match(r"[A-Za-z_]", token):
            raise BadArithmetic("syntax error")
        value = self.variable(token)
        step = self.take("++", "--")
        if step:
            self.store(token, value + (1 if step == "++" else -1))
        return value

    def variable(self, name: str) -> int:
        text = self.get(name).strip()
        if re.fullmatch(r"[-+]?\d+", text):
            return int(text)
        if not text:
            return 0
        if self.depth > 10:
            raise BadArithmetic("expression too deep")
        return _Expression(text, self.get, self.put, self.depth + 1).comma()        # a variable may hold an expression

    def store(self, name: str, value: int) -> int:
        if self.live:
            self.put(name, str(value))
        return value

    def apply(self, operator: str, a: int, b: int) -> int:
        if operator in ("/", "%"):
            if b == 0:
                if self.live:
                    raise BadArithmetic("division by zero")
                return 0
            quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
            return _wrap(quotient if operator == "/" else a - b * quotient)
        if operator in ("<<", ">>"):
            return _wrap(a << (b & 63) if operator == "<<" else a >> (b & 63))
        return _wrap(int({
            "+": a + b, "-": a - b, "*": a * b, "&": a & b, "|": a | b, "^": a ^ b, "&&": bool(a and b), "||": bool(a or b),
            "==": a == b, "!=": a != b, "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[operator]))


def _wrap(value: int) -> int:
    """64 bits, two's complement."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)
