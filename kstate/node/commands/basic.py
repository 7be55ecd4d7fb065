"""echo, printf, test, seq, expr and the other small programs that hardly need a machine."""
from __future__ import annotations

import posixpath
import re

from ..arithmetic import BadArithmetic, evaluate
from ..process import Process, program

ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", "e": "\x1b"}
CONVERSION = re.compile(r"(%[-+ #0]*(?:\d+|\*)?(?:\.\d+)?[diouxXcsbeEfgG%])")


def unescape(text: str) -> str:
    r"""\n, \t, \0101, \x41 -> the characters."""
    def one(m: re.Match) -> str:
        if m[1]:
            return chr(int(m[1], 8) & 255)
        return chr(int(m[2], 16)) if m[2] else ESCAPES.get(m[3], m[0])
    return re.sub(r"\\(?:0?([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))", one, text, flags=re.DOTALL)


@program("echo")
def echo(p: Process) -> int:
    """echo [-n] [-e] [-E] text..."""
    args, newline, escapes = p.args, True, False
    while args and re.fullmatch("-[neE]+", args[0]):
        newline, escapes = newline and "n" not in args[0], (escapes or "e" in args[0]) and "E" not in args[0]
        args = args[1:]
    return _say(p, args, newline, escapes)


@program("echo of dash")
def dash_echo(p: Process) -> int:
    """Debian's sh interprets backslashes whether told to or not, and takes -e for text."""
    silent = p.args[:1] == ["-n"]
    return _say(p, p.args[silent:], not silent, True)


def _say(p: Process, args: list[str], newline: bool, escapes: bool) -> int:
    text, stop, _ = " ".join(args).partition("\\c") if escapes else (" ".join(args), "", "")
    p.out((unescape(text) if escapes else text) + ("\n" if newline and not stop else ""))
    return 0


@program("printf")
def printf(p: Process) -> int:
    if not p.args:
        raise p.fail("usage: printf format [arguments]", 2)
    parts, values, code = CONVERSION.split(p.args[0]), p.args[1:], 0
    while True:
        before = len(values)
        for i, part in enumerate(parts):
            if not i % 2:
                p.out(unescape(part))
            elif part[-1] == "%":
                p.out("%")
            else:
                if "*" in part:
                    part = part.replace("*", str(p.number(values.pop(0) if values else "0")))
                try:
                    p.out(_converted(part, values[0] if values else ""))
                except ValueError:
                    p.complain(p.either(f"invalid number '{values[0]}'", f"{values[0]}: expected numeric value"))
                    p.out(_converted(part, ""))
                    code = 1
                values = values[1:]
        if not values or len(values) == before:         # the format is used again while arguments are left
            return code


def _converted(part: str, value: str) -> str:
    """One conversion such as %5.1f of an argument.  Raises ValueError where that is no number."""
    form, kind = part[:-1], part[-1]
    if kind in "sbc":
        return (form + "s") % (unescape(value) if kind == "b" else value[:1] if kind == "c" else value)
    if kind in "eEfgG":
        return part % float(value or 0)
    number = ord(value[1]) if value[:1] in ("'", '"') and len(value) > 1 else int(value or "0", 0)
    return (form + ("d" if kind in "iu" else kind)) % number


@program("true")
def true(p: Process) -> int:
    return 0


@program("false")
def false(p: Process) -> int:
    return 1


@program("yes")
def yes(p: Process) -> int:
    line = (" ".join(p.args) or "y") + "\n"
    while True:
        p.machine.step()
        p.out(line * 1000)


@program("pwd")
def pwd(p: Process) -> int:
    p.out(p.cwd + "\n")
    return 0


@program("basename")
def basename(p: Process) -> int:
    if not p.args:
        raise p.fail("missing operand")
    name = posixpath.basename(p.args[0].rstrip("/")) or "/"
    suffix = p.args[1] if len(p.args) > 1 else ""
    p.out((name.removesuffix(suffix) or name) + "\n")
    return 0


@program("dirname")
def dirname(p: Process) -> int:
    if not p.args:
        raise p.fail("missing operand")
    for arg in p.args:
        p.out((posixpath.dirname(arg.rstrip("/")) or ("/" if arg.startswith("/") else ".")) + "\n")
    return 0


@program("seq")
def seq(p: Process) -> int:
    """seq [-w] [-s SEP] [FIRST [STEP]] LAST"""
    options, args = p.options("s:w", intermixed=False) if re.match("-[sw]", "".join(p.args[:1])) else ({}, p.args)
    separator = options.get("s", "\n")
    if not 1 <= len(args) <= 3:
        raise p.fail(p.either("usage: seq [-w] [-s SEP] [FIRST [INC]] LAST", "missing operand"))
    first, step, last = {1: ["1", "1", *args], 2: [args[0], "1", args[-1]], 3: args}[len(args)]
    start, by, end = p.number(first), p.number(step), p.number(last)
    if by == 0:
        raise p.fail("increment is 0")
    width = max(len(first), len(last)) if "w" in options else 0
    for i, number in enumerate(range(start, end + (1 if by > 0 else -1), by)):
        p.machine.step()
        p.out((separator if i else "") + f"{number:0{width}}")
    p.out("\n" if (end - start) * by >= 0 else "")
    return 0


@program("expr")
def expr(p: Process) -> int:
    """expr: integer arithmetic, comparison, and `STRING : REGEX`."""
    args = p.args
    if len(args) == 3 and args[1] == ":":
        found = re.match(args[2].replace("\\(", "(").replace("\\)", ")"), args[0])
        value = (found[1] if found.re.groups else str(found.end())) if found else "0"
    elif args[:1] == ["length"] and len(args) == 2:
        value = str(len(args[1]))
    elif len(args) == 3 and args[1] in ("=", "!="):
        value = str(int((args[0] == args[2]) == (args[1] == "=")))
    elif len(args) == 1:
        value = args[0]
    else:
        try:
            value = str(evaluate(" ".join(args).replace(" = ", " == "), lambda name: "x", lambda name, text: None))
        except BadArithmetic as error:
            raise p.fail(str(error) if "zero" in str(error) else "syntax error", 2) from None
    p.out(value + "\n")
    return int(value in ("", "0"))


# ---- test ----------------------------------------------------------------------------------------

@program("test", "[")
def test(p: Process) -> int:
    args = list(p.args)
    if p.program == "[":
        if args[-1:] != ["]"]:
            raise p.fail("missing ]", 2)
        args.pop()
    if not args:
        return 1
    value, rest = _either(p, args)
    if rest:
        raise p.fail(f"{rest[0]}: {p.either('unknown operand', 'unexpected operator')}", 2)
    return int(not value)


def _either(p: Process, args: list[str]) -> tuple[bool, list[str]]:
    """A -o B: the value, and the arguments after it."""
    value, rest = _both(p, args)
    while rest[:1] == ["-o"]:
        other, rest = _both(p, rest[1:])
        value = value or other
    return value, rest


def _both(p: Process, args: list[str]) -> tuple[bool, list[str]]:
    value, rest = _primary(p, args)
    while rest[:1] == ["-a"]:
        other, rest = _primary(p, rest[1:])
        value = value and other
    return value, rest


def _primary(p: Process, args: list[str]) -> tuple[bool, list[str]]:
    if not args:
        raise p.fail("argument expected", 2)
    if len(args) >= 3 and args[1] in BINARY:
        return BINARY[args[1]](p, args[0], args[2]), args[3:]
    if args[0] == "!" and len(args) > 1:
        value, rest = _primary(p, args[1:])
        return not value, rest
    if args[0] == "(" and ")" in args:
        value, rest = _either(p, args[1:])
        return value, rest[1:]
    if args[0] in UNARY and len(args) > 1:
        return UNARY[args[0]](p, args[1]), args[2:]
    return args[0] != "", args[1:]


def _integer(p: Process, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        problem = p.either(f"{text}: bad number", f"Illegal number: {text}")
        raise p.fail(f"{text}: integer expression expected" if "line" in p.prefix else problem, 2) from None


def _kind(p: Process, path: str, follow: bool = True) -> str:
    """file, dir or link; "" where there is nothing."""
    path = p.path(path)
    return p.fs.stat(path, follow).kind if p.fs.exists(path) or (not follow and p.fs.lexists(path)) else ""


def _mode(p: Process, path: str, bits: int) -> bool:
    return _kind(p, path) != "" and bool(p.fs.stat(p.path(path)).mode & bits)


def _time(p: Process, path: str) -> int:
    return p.fs.stat(p.path(path)).time if _kind(p, path) else -1


UNARY = {
    "-n": lambda p, a: a != "", "-z": lambda p, a: a == "", "-e": lambda p, a: _kind(p, a) != "", "-f": lambda p, a: _kind(p, a) == "file",
    "-d": lambda p, a: _kind(p, a) == "dir", "-L": lambda p, a: _kind(p, a, False) == "link",
    "-h": lambda p, a: _kind(p, a, False) == "link", "-s": lambda p, a: _kind(p, a) != "" and p.fs.stat(p.path(a)).size > 0,
    "-r": lambda p, a: _kind(p, a) != "", "-w": lambda p, a: _kind(p, a) != "" and not p.fs.mount_of(p.path(a)).read_only,
    "-x": lambda p, a: _mode(p, a, 0o111), "-t": lambda p, a: p.machine.tty,
}
BINARY = {
    "=": lambda p, a, b: a == b, "==": lambda p, a, b: a == b, "!=": lambda p, a, b: a != b, "<": lambda p, a, b: a < b,
    ">": lambda p, a, b: a > b, "-eq": lambda p, a, b: _integer(p, a) == _integer(p, b), "-ne": lambda p, a, b: _integer(p, a) != _integer(p, b),
    "-lt": lambda p, a, b: _integer(p, a) < _integer(p, b), "-le": lambda p, a, b: _integer(p, a) <= _integer(p, b),
    "-gt": lambda p, a, b: _integer(p, a) > _integer(p, b), "-ge": lambda p, a, b: _integer(p, a) >= _integer(p, b),
    "-nt": lambda p, a, b: _time(p, a) > _time(p, b), "-ot": lambda p, a, b: _time(p, a) < _time(p, b),
}
