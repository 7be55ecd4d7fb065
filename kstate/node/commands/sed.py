"""sed: s///, p, d, q, =, y///, a, i, c, with addresses and ranges.  Not modelled: the hold space, branches."""
from __future__ import annotations

import re
from typing import NamedTuple

from ..patterns import regex
from ..process import Process, program
from .basic import unescape
from .text import lines_of


class Command(NamedTuple):
    name: str
    first: str = ""             # an address: a number, "$", or "/re/"
    last: str = ""
    negated: bool = False
    old: re.Pattern | None = None
    text: str = ""              # the replacement, or what a, i and c add
    flags: str = ""


@program("sed")
def sed(p: Process) -> int:
    """sed [-n] [-E|-r] [-i[SUFFIX]] [-e SCRIPT]... [SCRIPT] [file...]"""
    args, scripts, operands = list(p.args), [], []
    quiet = extended = in_place = False
    suffix = ""
    while args:
        arg = args.pop(0)
        if arg in ("-e", "-f") and args:
            script = args.pop(0)
            scripts.append(script if arg == "-e" else p.read(script) or "")
        elif arg.startswith(("-i", "--in-place")):
            in_place, suffix = True, arg[2:] if not arg.startswith("--") else ""
        elif re.fullmatch("-[nEr]+", arg):
            quiet, extended = quiet or "n" in arg, extended or "E" in arg or "r" in arg
        elif arg.startswith("-") and arg != "-":
            raise p.fail(f"option {arg} is not known to this simulated sed")
        else:
            operands.append(arg)
    if not scripts:
        if not operands:
            p.err("usage: sed [-nEi] SCRIPT [FILE]...\n")
            return 1
        scripts = [operands.pop(0)]
    commands = [c for script in scripts for c in _Script(p, script, extended).commands()]
    code = 0
    for arg in operands or ["-"]:
        text = p.read(arg, p.either("{arg}: {text}", "can't read {arg}: {text}"))
        if text is None:
            code = 1 if p.busybox else 2
            continue
        result = edit(commands, text, quiet)
        if in_place:
            if suffix:
                p.fs.write(p.path(arg + suffix), text)
            p.fs.write(p.path(arg), result)
        else:
            p.out(result)
    return code


def edit(commands: list[Command], text: str, quiet: bool) -> str:
    """The text after the commands."""
    out: list[str] = []
    lines = lines_of(text)
    inside = [False] * len(commands)            # which ranges have begun
    for number, line in enumerate(lines, 1):
        line, newline = line.rstrip("\n"), "\n" if line.endswith("\n") else ""
        after: list[str] = []
        keep = done = False
        for i, command in enumerate(commands):
            if _chosen(command, line, number, len(lines), inside, i) == command.negated:
                continue
            if command.name == "s":
                line, count = _substitute(command, line)
                if count and "p" in command.flags:
                    out.append(line + "\n")
            elif command.name == "y":
                line = line.translate(str.maketrans(command.flags, command.text))
            elif command.name == "p":
                out.append(line + "\n")
            elif command.name == "=":
                out.append(f"{number}\n")
            elif command.name == "i":
                out.append(command.text + "\n")
            elif command.name == "a":
                after.append(command.text + "\n")
            elif command.name in "dcq":
                out += [command.text + "\n"] * (command.name == "c")
                keep, done = command.name != "q", command.name == "q"
                break
        if not keep and not quiet:
            out.append(line + newline)
        out += after
        if done:
            break
    return "".join(out)


def _chosen(command: Command, line: str, number: int, total: int, inside: list[bool], i: int) -> bool:
    """Whether a command's addresses fit this line."""
    if not command.first:
        return True
    if not command.last:
        return _fits(command.first, line, number, total)
    if not inside[i]:
        inside[i] = _fits(command.first, line, number, total)
        if inside[i] and command.last.isdigit() and int(command.last) <= number:
            inside[i] = False
            return True
        return inside[i]
    inside[i] = not _fits(command.last, line, number, total)
    return True


def _fits(address: str, line: str, number: int, total: int) -> bool:
    if address == "$":
        return number == total
    return number == int(address) if address.isdigit() else re.search(address[1:], line) is not None


def _substitute(command: Command, line: str) -> tuple[str, int]:
    which = re.search(r"\d+", command.flags)
    seen = 0

    def one(m: re.Match) -> str:
        nonlocal seen
        seen += 1
        if which and seen != int(which[0]):
            return m[0]
        return re.sub(r"\\([0-9&\\/n])|&", lambda r: _reference(m, r), command.text)

    count = 0 if "g" in command.flags or which else 1
    return command.old.subn(one, line, count=count)


def _reference(match: re.Match, found: re.Match) -> str:
    if found[0] == "&":
        return match[0]
    return (match[int(found[1])] or "") if found[1].isdigit() else {"n": "\n"}.get(found[1], found[1])


class _Script:
    """Reads the commands of a sed script."""

    def __init__(self, p: Process, text: str, extended: bool) -> None:
        self.p, self.text, self.extended, self.at = p, text, extended, 0

    def commands(self) -> list[Command]:
        found: list[Command] = []
        while True:
            self.skip(" \t\n;")
            if self.at >= len(self.text):
                return found
            found.append(self.command())

    def skip(self, characters: str) -> None:
        while self.at < len(self.text) and self.text[self.at] in characters:
            self.at += 1

    def command(self) -> Command:
        first = self.address()
        last = ""
        if self.text[self.at:self.at + 1] == ",":
            self.at += 1
            last = self.address()
        self.skip(" ")
        negated = self.text[self.at:self.at + 1] == "!"
        self.at += negated
        name = self.text[self.at:self.at + 1]
        self.at += 1
        if name in ("s", "y"):
            old, new = self.delimited()
            flags = re.compile(r"[gpiI0-9]*").match(self.text, self.at)[0]
            self.at += len(flags)
            if name == "y":
                return Command("y", first, last, negated, None, unescape(new), unescape(old))
            return Command("s", first, last, negated, self.pattern(old, "i" in flags.lower()), new, flags)
        if name in ("a", "i", "c") and name:
            end = self.text.find("\n", self.at)
            text = self.text[self.at:end if end >= 0 else len(self.text)]
            self.at = end if end >= 0 else len(self.text)
            return Command(name, first, last, negated, text=text.lstrip(" \\") or "")
        if name not in ("p", "d", "q", "="):
            raise self.p.fail(f"unsupported command {name}" if self.p.busybox else f"-e expression #1, char {self.at}: unknown command: `{name}'")
        return Command(name, first, last, negated)

    def address(self) -> str:
        number = re.compile(r"\d+|\$").match(self.text, self.at)
        if number:
            self.at = number.end()
            return number[0]
        if self.text[self.at:self.at + 1] == "/":
            return "/" + self.pattern(self.until("/"), False).pattern
        return ""

    def until(self, delimiter: str) -> str:
        """The text between this delimiter and the next; a backslash keeps one from counting."""
        self.at += 1
        start = self.at
        while self.at < len(self.text) and self.text[self.at] != delimiter:
            self.at += 2 if self.text[self.at] == "\\" else 1
        if self.at >= len(self.text):
            raise self.p.fail(self.p.either(f"unmatched '{delimiter}'", f"-e expression #1, char {len(self.text)}: unterminated `s' command"))
        self.at += 1
        return self.text[start:self.at - 1]

    def delimited(self) -> tuple[str, str]:
        """The two parts of s/old/new/."""
        delimiter = self.text[self.at:self.at + 1]
        old = self.until(delimiter)
        self.at -= 1
        return old.replace("\\" + delimiter, delimiter), self.until(delimiter).replace("\\" + delimiter, delimiter)

    def pattern(self, text: str, ignore_case: bool) -> re.Pattern:
        try:
            return re.compile(regex(text, self.extended), re.IGNORECASE if ignore_case else 0)
        except re.error as error:
            raise self.p.fail(f"bad regex '{text}': {error}") from None
