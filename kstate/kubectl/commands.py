"""The tree of commands: which there are, what flags they take, and what kubectl says when there is none of that name."""
from __future__ import annotations

import pkgutil
import re
from functools import cache
from typing import NamedTuple

from .args import VALUES, Args, Failure, Flag, HelpWanted, read

GROUPS = ("create", "create secret", "create service", "set", "rollout", "top", "auth", "apply", "cluster-info", "config")
MIXED = ("create", "apply", "cluster-info")         # groups that are commands, too


class Command(NamedTuple):
    """One line of commands.txt: `rollout status` and its flags."""

    path: str
    aliases: tuple[str, ...]
    usage: str
    about: str
    flags: dict[str, Flag]
    refusal: str            # why kubectl in process does not do it; "" where it does

    @property
    def name(self) -> str:
        return f"kubectl {self.path}".strip()

    def wrong(self, text: str) -> Failure:
        """A complaint that points to the command's help."""
        return Failure(f"error: {text}\nSee '{self.name} -h' for help and examples")


@cache
def commands() -> dict[str, Command]:
    """All commands by path, in kubectl's order; "" is kubectl alone."""
    sets: dict[str, list[str]] = {}
    found: dict[str, Command] = {}
    lines = [line for line in pkgutil.get_data(__package__, "commands.txt").decode().splitlines() if not line.startswith("#")]
    for i, line in enumerate(lines):
        if line.startswith("@"):
            name, *words = line.split()
            sets[name] = words
        elif line and not line.startswith(" "):
            head, _, usage = line.partition("|")
            path, *aliases = head.strip().split("/")
            about = lines[i + 1].strip()
            words = (lines[i + 2] if i + 2 < len(lines) and lines[i + 2].startswith("  ") else "").split()
            flags = [_flag(w) for word in ("@global", *words) for w in sets.get(word, [word])]
            found.setdefault("", _root(sets["@global"]))
            found[path] = Command(path, tuple(aliases), usage.strip(), about.removeprefix("! "), {f.name: f for f in flags},
                                  about[2:] if about.startswith("! ") else "")
    return found


def _root(global_flags: list[str]) -> Command:
    about = "kubectl controls a Kubernetes cluster; here, in this process."
    return Command("", (), "[flags]", about, {f.name: f for f in map(_flag, global_flags)}, "")


def _flag(word: str) -> Flag:
    name, type_, must, default = re.fullmatch(r"([^:=!]+)(?::([\w-]+))?(!)?(?:=(.*))?", word).groups()
    short, _, name = name.rpartition("/")
    type_ = type_ or "string"
    if type_ in ("dry-run", "cascade", "validate"):
        default = {"dry-run": "none", "cascade": "background", "validate": "strict"}[type_]
    elif default is not None or type_ in ("bool", "int", "duration"):
        default = VALUES.get(type_, str)(default or {"bool": "false"}.get(type_, "0"))
    return Flag(name, short.removeprefix("-"), type_, "" if default is None else default, bool(must))


def parse(words: list[str]) -> tuple[Command, Args]:
    """Which command is meant, and its arguments.  Raises Failure, and HelpOn where help is wanted."""
    path, rest = descend(words)
    command = commands()[path]
    if not path:
        _check_root(words, command, rest)
    if command.refusal:
        if any(word in ("-h", "--help") for word in rest):
            raise HelpOn(command)
        raise Failure(f"error: {command.refusal}")
    try:
        args = read(rest, command.flags, command.name)
    except HelpWanted:
        raise HelpOn(command) from None
    except Failure as failure:
        if path != "diff":
            raise
        raise Failure(failure.text.replace("--help' for usage.", "-h' for help and examples"), 2) from None      # 1 means "different" there
    if not path or path in GROUPS and path not in MIXED:
        if path and args.names:
            raise command.wrong(f'unknown command "{" ".join(args.names)}"')
        raise HelpOn(command, 1 if path else 0)
    missing = sorted(f.name for f in command.flags.values() if f.required and f.name not in args.given)
    if missing:
        listed = '", "'.join(missing)
        raise Failure(f'error: required flag(s) "{listed}" not set')
    return command, args


class HelpOn(Exception):
    """The help of a command is to be printed."""

    def __init__(self, command: Command, code: int = 0) -> None:
        super().__init__(command.path)
        self.command, self.code = command, code


def descend(words: list[str]) -> tuple[str, list[str]]:
    """Take the command's names out of the words; flags with their values may stand before and between them."""
    path, rest = "", list(words)
    while not path or path in GROUPS:
        at = _first_name(rest, commands()[path].flags)
        if at is None:
            break
        child = _child(path, rest[at])
        if child is None:
            break
        path = child
        del rest[at]
    return path, rest


def _first_name(words: list[str], flags: dict[str, Flag]) -> int | None:
    """Where the first word stands that is neither a flag nor the value of one."""
    short = {flag.short: flag for flag in flags.values() if flag.short}
    skip = False
    for i, word in enumerate(words):
        if skip:
            skip = False
        elif word == "--":
            return None
        elif word.startswith("--"):
            flag = flags.get(word[2:])
            skip = "=" not in word and (flag is None or flag.bare is None) and word != "--help"
        elif word.startswith("-") and len(word) > 1:
            flag = short.get(word[1:2])
            skip = len(word) == 2 and (flag is None or flag.bare is None) and word != "-h"
        elif word:
            return i
    return None


def _child(path: str, name: str) -> str | None:
    for command in commands().values():
        parent, _, own = command.path.rpartition(" ")
        if own and parent == path and name in (own, *command.aliases):
            return command.path
    return None


def _check_root(words: list[str], root: Command, rest: list[str]) -> None:
    """kubectl alone prints its help; anything else that is no command may be a plugin, and none is there."""
    at = _first_name(rest, root.flags)
    if at is None:
        return
    if words[0].startswith("-"):
        raise Failure(f"Error: flags cannot be placed before plugin name: {words[0]}")
    name = rest[at]
    if name == "help":
        topic, _ = descend(rest[:at] + rest[at + 1:])
        if topic or not rest[at + 1:]:
            raise HelpOn(commands()[topic])
        raise HelpOn(root._replace(about=f"Unknown help topic [`{rest[at + 1]}`]"))
    raise Failure(f'error: unknown command "{name}" for "kubectl"' + _suggestions(name))


def _suggestions(name: str) -> str:
    top = [path for path in commands() if path and " " not in path]
    close = [path for path in top if distance(name.lower(), path) <= 2 or path.startswith(name.lower())]
    return "".join(["\n\nDid you mean this?", *(f"\n\t{path}" for path in close)]) if close else ""


def distance(a: str, b: str) -> int:
    """How many characters to insert, delete or change to make one word of the other."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], last if x == y else 1 + min(last, row[j], row[j - 1])
    return row[-1]
