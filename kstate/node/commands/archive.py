"""tar: what `kubectl cp` packs and unpacks with.  Files of the simulated containers are text, and so must be those in an archive."""
from __future__ import annotations

import posixpath

from .. import tarballs
from ..files import ABSENT, FileError
from ..process import Exit, Process, program
from ..tarballs import Member
from .listing import date_of

TYPES = {"file": tarballs.FILE, "link": tarballs.LINK, "dir": tarballs.DIRECTORY}


@program("tar")
def tar(p: Process) -> int:
    """tar c|x|t [vmp] [-f FILE] [-C DIR] [PATH...]; the archive "-" is stdin or stdout."""
    if p.args and not p.args[0].startswith("-"):
        p.argv = [p.argv[0], f"-{p.args[0]}", *p.args[1:]]          # tar cf - x
    options, operands = p.options("cxtvmpf:C:", ("no-same-permissions", "no-same-owner"))
    mode = [letter for letter in "cxt" if letter in options]
    if len(mode) != 1:
        raise p.fail("exactly one of c, x and t is needed", _failure(p))
    p.cwd = p.path(options.get("C", "."))
    if not p.fs.is_dir(p.cwd):
        p.complain(p.either(f"can't change directory to '{options['C']}': {ABSENT}", f"{options['C']}: Cannot open: {ABSENT}"))
        raise p.fail("Error is not recoverable: exiting now", 2) if not p.busybox else Exit(1)
    file = options.get("f", "-")
    return _pack(p, file, operands) if mode == ["c"] else _unpack(p, file, operands, only_list=mode == ["t"])


def _failure(p: Process) -> int:
    return 1 if p.busybox else 2


def _pack(p: Process, file: str, operands: list[str]) -> int:
    if not operands:
        raise p.fail(p.either("empty archive", "Cowardly refusing to create an empty archive"), _failure(p))
    members, code = [], 0
    for operand in operands:
        root = p.path(operand)
        if not p.fs.lexists(root):
            p.complain(p.either(f"{operand}: {ABSENT}", f"{operand}: Cannot stat: {ABSENT}"))
            code = _failure(p)
            continue
        for path in p.fs.walk(root):
            members.append(_member(p, path, posixpath.normpath(operand + path[len(root.rstrip("/")):]).lstrip("/") or "."))
    if code and not p.busybox:
        p.complain("Exiting with failure status due to previous errors")
    text = tarballs.pack(members).decode("utf-8", "surrogateescape")
    p.out(text) if file == "-" else p.fs.write(p.path(file), text)
    return code


def _member(p: Process, path: str, name: str) -> Member:
    found = p.fs.stat(path, follow=False)
    content = p.fs.read(path).encode() if found.kind == "file" else b""
    return Member(name, TYPES[found.kind], found.mode, int(date_of(p, found.time).timestamp()), found.owner, found.target, content)


def _unpack(p: Process, file: str, wanted: list[str], only_list: bool) -> int:
    text = p.read(file, "{arg}: Cannot open: {text}")
    if text is None:
        return _failure(p)
    code = 0
    try:
        for member in tarballs.unpack(text.encode("utf-8", "surrogateescape")):
            if wanted and not any(member.name.rstrip("/") == name or member.name.startswith(f"{name.rstrip('/')}/") for name in wanted):
                continue
            if only_list:
                p.out(member.name + "\n")
            else:
                code = _extract(p, member) or code
    except tarballs.BadArchive:
        raise p.fail(p.either("invalid tar magic", "This does not look like a tar archive"), _failure(p)) from None
    return code


def _extract(p: Process, member: Member) -> int:
    """Below the current directory only, as tar does without -P."""
    path = p.path(posixpath.normpath("/" + member.name).lstrip("/"))
    try:
        if member.type == tarballs.DIRECTORY:
            p.fs.mkdir(path, parents=True)
            return 0
        p.fs.mkdir(posixpath.dirname(path), parents=True)
        if member.type == tarballs.LINK:
            p.fs.link(member.link, path)
        else:
            p.fs.write(path, member.content.decode())
            p.fs.chmod(path, member.mode)
        return 0
    except UnicodeDecodeError:
        p.complain(f"{member.name}: kstate keeps only text in files, and this is none")
    except FileError as error:
        p.complain(p.either(f"can't open '{member.name}': {error.text}", f"{member.name}: Cannot open: {error.text}"))
    return _failure(p)
