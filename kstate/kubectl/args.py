"""Flags and arguments, read as kubectl reads them, with its words for what is wrong.

Flags and arguments may be mixed; `--` ends the flags; short ones may be joined (`-it`, `-nkube-system`, `-o=yaml`).
"""
from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Failure(Exception):
    """The command ends with this text on stderr and this exit code."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.text, self.code = text, code


class HelpWanted(Exception):
    """-h or --help was among the flags."""


class Flag(NamedTuple):
    name: str
    short: str = ""
    type: str = "string"
    default: Any = ""
    required: bool = False

    @property
    def bare(self) -> str | None:
        """What the flag means when nothing follows it; None where a value must."""
        return {"bool": "true", "dry-run": "unchanged", "cascade": "background", "validate": "strict"}.get(self.type)

    @property
    def shown(self) -> str:
        return f"-{self.short}, --{self.name}" if self.short else f"--{self.name}"


@dataclass(frozen=True)
class Args:
    """What a command was given: `args["replicas"]` is the value of a flag, given or by default."""

    flags: dict[str, Any]
    typed: tuple[tuple[str, str], ...] = ()         # the flags that stood on the command line, in order, with their texts
    names: list[str] = field(default_factory=list)  # everything that is no flag
    dash: int | None = None                         # how many of them stood before `--`; None without one

    def __getitem__(self, name: str) -> Any:
        """The value of a flag; None for one that the command does not have."""
        return self.flags.get(name)

    @property
    def given(self) -> set[str]:
        """The flags that stood on the command line."""
        return {name for name, _ in self.typed}

    @property
    def after_dash(self) -> list[str]:
        return [] if self.dash is None else self.names[self.dash:]


def read(words: list[str], flags: dict[str, Flag], path: str) -> Args:
    """The words after the command's own.  Raises Failure, HelpWanted."""
    reader = _Reader(words, flags)
    try:
        return reader.read()
    except ValueError as error:
        raise Failure(f"error: {error}\nSee '{path} --help' for usage.") from None


class _Reader:
    def __init__(self, words: list[str], flags: dict[str, Flag]) -> None:
        self.words, self.flags = list(words), flags
        self.short = {flag.short: flag for flag in flags.values() if flag.short}
        self.values = {flag.name: [] if flag.type in ("slice", "array") else flag.default for flag in flags.values()}
        self.typed: list[tuple[str, str]] = []

    def read(self) -> Args:
        names: list[str] = []
        dash = None
        while self.words:
            word = self.words.pop(0)
            if word == "--":
                dash = len(names)
                names += self.words
                break
            if word.startswith("--"):
                self.long(word)
            elif word.startswith("-") and word != "-":
                self.joined(word)
            else:
                names.append(word)
        return Args(self.values, tuple(self.typed), names, dash)

    def long(self, word: str) -> None:
        name, equals, value = word[2:].partition("=")
        if not name or name.startswith("-"):
            raise ValueError(f"bad flag syntax: {word}")
        flag = self.flags.get(name.replace("_", "-"))
        if flag is None:
            if name == "help":
                raise HelpWanted
            raise ValueError(f"unknown flag: --{name}")
        if not equals:
            if flag.bare is not None:
                value = flag.bare
            elif self.words:
                value = self.words.pop(0)
            else:
                raise ValueError(f"flag needs an argument: --{name}")
        self.set(flag, value)

    def joined(self, word: str) -> None:
        """-it, -n default, -ndefault, -n=default"""
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            flag = self.short.get(letter)
            if flag is None:
                if letter == "h":
                    raise HelpWanted
                raise ValueError(f"unknown shorthand flag: '{letter}' in {word}")
            if letters.startswith("="):
                value, letters = letters[1:], ""
            elif flag.bare is not None:
                value = flag.bare
            elif letters:
                value, letters = letters, ""
            elif self.words:
                value = self.words.pop(0)
            else:
                raise ValueError(f"flag needs an argument: '{letter}' in {word}")
            self.set(flag, value)

    def set(self, flag: Flag, text: str) -> None:
        try:
            value = VALUES.get(flag.type, str)(text)
        except ValueError as error:
            raise ValueError(f'invalid argument {json.dumps(text, ensure_ascii=False)} for "{flag.shown}" flag: {error}') from None
        if flag.type in ("slice", "array"):
            value = self.values[flag.name] + value if any(name == flag.name for name, _ in self.typed) else value
        self.values[flag.name] = value
        self.typed.append((flag.name, text))


# ---- values: each raises ValueError with Go's words -----------------------------------------------

_UNITS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


def boolean(text: str) -> bool:
    for value, words in ((True, ("1", "t", "T", "true", "TRUE", "True")), (False, ("0", "f", "F", "false", "FALSE", "False"))):
        if text in words:
            return value
    raise ValueError(f'strconv.ParseBool: parsing "{text}": invalid syntax')


def integer(text: str) -> int:
    try:
        value = int(text, 0) if not re.fullmatch(r"[-+]?0\d+", text) else int(text, 8)
    except ValueError:
        raise ValueError(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None
    if not -2**63 <= value < 2**63:
        raise ValueError(f'strconv.ParseInt: parsing "{text}": value out of range')
    return value


def duration(text: str) -> int:
    """"1m30s" -> 90000 ms"""
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    total, at = 0.0, 0
    for found in re.finditer(r"(\d+\.?\d*|\.\d+)([^\d.]*)", rest):
        if found.start() != at:
            break
        if not found[2]:
            raise ValueError(f'time: missing unit in duration "{text}"')
        if found[2] not in _UNITS:
            raise ValueError(f'time: unknown unit "{found[2]}" in duration "{text}"')
        total, at = total + float(found[1]) * _UNITS[found[2]], found.end()
    if not rest or at != len(rest):
        raise ValueError(f'time: invalid duration "{text}"')
    return int(sign * total)


def comma_list(text: str) -> list[str]:
    if not text or "\n" in text:       # a manifest of several lines, handed over as it is
        return [text] if text else []
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        raise ValueError(f'parse error on line 1, column {len(text) + 1}: extraneous or missing " in quoted-field') from None


VALUES = {"bool": boolean, "int": integer, "duration": duration, "slice": comma_list, "array": lambda text: [text]}
