"""ls and stat: what is there."""
from __future__ import annotations

import posixpath
import re
from datetime import datetime, timedelta

from ..files import FileError
from ..process import Process, program


@program("ls")
def ls(p: Process) -> int:
    """-a -A -l -h -1 -d -R -t -S -r -i -F -p"""
    options, operands = p.options("aAlh1dRtSriFpCnk", ("color=",))
    code, files, directories = 0, [], []
    for arg in operands or ["."]:
        path = p.path(arg)
        try:
            kind = p.fs.stat(path, follow=p.fs.exists(path)).kind
            (directories if kind == "dir" and "d" not in options else files).append(arg)
        except FileError as error:
            p.complain(p.either(f"{arg}: {error.text}", f"cannot access '{arg}': {error.text}"))
            code = 1 if p.busybox else 2
    _entries(p, options, [(name, p.path(name)) for name in sorted(files)])
    several = len(files) + len(directories) > 1 or "R" in options
    pending, first = sorted(directories), not files
    while pending:
        directory = pending.pop(0)
        p.machine.step()
        if several:
            p.out(("" if first else "\n") + f"{directory}:\n")
        first = False
        path = p.path(directory)
        names = [n for n in p.fs.list(path) if "a" in options or "A" in options or not n.startswith(".")]
        entries = [(name, posixpath.join(path, name)) for name in names]
        if "a" in options:
            entries = [(".", path), ("..", posixpath.dirname(path)), *entries]
        if "l" in options:
            p.out(f"total {sum(_blocks(p.fs.stat(at, follow=False).size) for _, at in entries)}\n")
        _entries(p, options, entries)
        if "R" in options:
            pending = [posixpath.join(directory, n) for n, at in entries
                       if n not in (".", "..") and p.fs.stat(at, follow=False).kind == "dir"] + pending
    return code


def _entries(p: Process, options: dict, entries: list[tuple[str, str]]) -> None:
    """Print names, or lines with details."""
    stats = [(name, p.fs.stat(path, follow=False)) for name, path in entries]
    if "t" in options:
        stats.sort(key=lambda e: -e[1].time)
    if "S" in options:
        stats.sort(key=lambda e: -e[1].size)
    if "r" in options:
        stats.reverse()
    marks = {"dir": "/", "link": "@", "file": ""}
    rows = []
    for name, stat in stats:
        shown = name + (marks[stat.kind] if "F" in options or ("p" in options and stat.kind == "dir") else "")
        if "l" not in options:
            p.out(shown + "\n")
            continue
        user, _, group = stat.owner.partition(":")
        size = human(stat.size) if "h" in options else str(stat.size)
        arrow = f" -> {stat.target}" if stat.kind == "link" else ""
        links = "2" if stat.kind == "dir" else "1"
        rows.append((mode_text(stat.kind, stat.mode), links, user, group or user, size, moment(p, stat.time), shown + arrow))
    if p.busybox:
        for mode, links, user, group, size, when, name in rows:
            p.out(f"{mode} {links:>4} {user:<8} {group:<8} {size:>9} {when} {name}\n")
    elif rows:
        widths = [max(len(row[i]) for row in rows) for i in range(5)]
        for mode, links, user, group, size, when, name in rows:
            p.out(f"{mode} {links:>{widths[1]}} {user:<{widths[2]}} {group:<{widths[3]}} {size:>{widths[4]}} {when} {name}\n")


def mode_text(kind: str, mode: int) -> str:
    """0o755 of a directory -> "drwxr-xr-x"."""
    bits = "".join(letter if mode & (1 << (8 - i)) else "-" for i, letter in enumerate("rwxrwxrwx"))
    if mode & 0o1000:
        bits = bits[:-1] + ("t" if bits[-1] == "x" else "T")
    return {"dir": "d", "link": "l", "file": "-"}[kind] + bits


def date_of(p: Process, ms: int) -> datetime:
    return datetime.fromisoformat(p.machine.timestamp(ms))


def moment(p: Process, ms: int) -> str:
    """A file's time as ls shows it: with the hour, or with the year where it is half a year away."""
    when = date_of(p, ms)
    old = abs(date_of(p, p.machine.time) - when) > timedelta(days=182)
    return f"{when:%b} {when.day:2} " + (f" {when.year}" if old else f"{when:%H:%M}")


def _blocks(size: int) -> int:
    """KiB on disk, in blocks of 4."""
    return -(-size // 4096) * 4


def human(size: int) -> str:
    """1536 -> "1.5K"."""
    value, units = float(size), iter("KMGT")
    if size < 1024:
        return str(size)
    while round(value, 1) >= 1024:
        value, unit = value / 1024, next(units)
    return f"{value:.1f}{unit}"


@program("stat")
def stat(p: Process) -> int:
    options, operands = p.options("c:t")
    code = 0
    for arg in operands:
        try:
            found = p.fs.stat(p.path(arg), follow=False)
        except FileError as error:
            p.complain(p.either(f"can't stat '{arg}': {error.text}", f"cannot statx '{arg}': {error.text}"))
            code = 1
            continue
        kind = {"dir": "directory", "link": "symbolic link", "file": "regular file" if found.size else "regular empty file"}[found.kind]
        user, _, group = found.owner.partition(":")
        when = f"{date_of(p, found.time):%Y-%m-%d %H:%M:%S}.000000000 +0000"
        if "c" in options:
            facts = {"a": f"{found.mode:o}", "A": mode_text(found.kind, found.mode), "s": str(found.size), "n": arg, "F": kind, "U": user,
                     "G": group, "y": when, "Y": str(int(date_of(p, found.time).timestamp()))}
            p.out(re.sub("%(.)", lambda m, facts=facts: facts.get(m[1], "?"), options["c"]) + "\n")
            continue
        p.out(f"  File: {arg}\n  Size: {found.size:<10}\tBlocks: {_blocks(found.size) * 2:<10} IO Block: 4096   {kind}\n"
              f"Access: ({found.mode:04o}/{mode_text(found.kind, found.mode)})  Uid: ({0:5}/{user:>8})   Gid: ({0:5}/{group:>8})\n"
              f"Modify: {when}\n")
    return code
