"""cat, mkdir, rm, mv, cp, chmod and the other programs that change files."""
from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from ..files import ABSENT, IS_DIR, NOT_DIR, FileError
from ..process import Process, program


@program("cat")
def cat(p: Process) -> int:
    options, operands = p.options("nu")
    complete, number = True, 0
    for arg in operands or ["-"]:
        text = p.read(arg, p.either("can't open '{arg}': {text}", "{arg}: {text}"))
        complete = complete and text is not None
        for line in (text or "").splitlines(keepends=True) if "n" in options else [text or ""]:
            number += 1
            p.out(f"{number:6}\t{line}" if "n" in options else line)
    return int(not complete)


# ---- making and removing -----------------------------------------------------------------------------

@program("mkdir")
def mkdir(p: Process) -> int:
    options, operands = p.options("pm:v", ("parents", "mode="))
    code = 0
    for arg in operands:
        try:
            p.fs.mkdir(p.path(arg), parents="p" in options or "parents" in options)
        except FileError as error:
            p.complain(p.either(f"can't create directory '{arg}': {error.text}", f"cannot create directory '{arg}': {error.text}"))
            code = 1
    return code if operands else _missing_operand(p)


@program("rmdir")
def rmdir(p: Process) -> int:
    _, operands = p.options("p")
    code = 0
    for arg in operands:
        try:
            p.fs.rmdir(p.path(arg))
        except FileError as error:
            p.complain(p.either(f"'{arg}': {error.text}", f"failed to remove '{arg}': {error.text}"))
            code = 1
    return code if operands else _missing_operand(p)


@program("rm")
def rm(p: Process) -> int:
    options, operands = p.options("rRfiv", ("recursive", "force"))
    recursive, force = any(o in options for o in ("r", "R", "recursive")), "f" in options or "force" in options
    code = 0
    for arg in operands:
        path = p.path(arg)
        try:
            if arg.rstrip("/") in (".", "..") or path == "/":
                raise FileError("it is dangerous to operate on it" if path == "/" else "Invalid argument", path)
            if p.fs.stat(path, follow=False).kind != "dir":
                p.fs.remove(path)
            elif not recursive:
                raise FileError(IS_DIR, path)
            else:
                code = max(code, _remove_tree(p, arg, path))
        except FileError as error:
            if force and error.text in (ABSENT, NOT_DIR):
                continue
            _cannot_remove(p, arg, error)
            code = 1
    return code if operands or force else _missing_operand(p)


def _cannot_remove(p: Process, arg: str, error: FileError) -> None:
    busybox = f"'{arg}' is a directory" if error.text == IS_DIR else f"can't remove '{arg}': {error.text}"
    p.complain(p.either(busybox, f"cannot remove '{arg}': {error.text}"))


def _remove_tree(p: Process, arg: str, path: str) -> int:
    """Remove all that can be removed: a mount point inside stays, and is complained about."""
    code = 0
    for each in reversed(p.fs.walk(path)):
        p.machine.step()
        try:
            (p.fs.rmdir if p.fs.stat(each, follow=False).kind == "dir" else p.fs.remove)(each)
        except FileError as error:
            _cannot_remove(p, arg + each[len(path):], error)
            code = 1
    return code


@program("mktemp")
def mktemp(p: Process) -> int:
    options, operands = p.options("dp:t")
    template = operands[0] if operands else "/tmp/tmp.XXXXXXXXXX"
    count = len(re.search("X*$", template)[0])
    names = (p.path(f"{template[:len(template) - count]}{n:0{count}}") for n in range(10 ** max(1, count)))
    path = next(name for name in names if not p.fs.exists(name))
    p.fs.mkdir(path) if "d" in options else p.fs.write(path, "")
    p.out(path + "\n")
    return 0


@program("touch")
def touch(p: Process) -> int:
    options, operands = p.options("cmad:t:r:")
    code = 0
    for arg in operands:
        try:
            if "c" not in options or p.fs.exists(p.path(arg)):
                p.fs.touch(p.path(arg))
        except FileError as error:
            p.complain(p.either(f"{arg}: {error.text}", f"cannot touch '{arg}': {error.text}"))
            code = 1
    return code if operands else _missing_operand(p)


@program("ln")
def ln(p: Process) -> int:
    options, operands = p.options("sfnv")
    if "s" not in options:
        raise p.fail("hard links are not modelled here: use -s")
    if not operands:
        return _missing_operand(p)
    target, name = operands[0], operands[1] if len(operands) > 1 else posixpath.basename(operands[0])
    path = p.path(name)
    if p.fs.is_dir(path) and "n" not in options:
        path = posixpath.join(path, posixpath.basename(target))
    if "f" in options and not p.fs.is_dir(path):
        _forget(p, path)
    try:
        p.fs.link(target, path)
    except FileError as error:
        raise p.fail(p.either(f"{name}: {error.text}", f"failed to create symbolic link '{name}': {error.text}")) from None
    return 0


def _forget(p: Process, path: str) -> None:
    try:
        p.fs.remove(path)
    except FileError:
        pass


# ---- moving and copying -------------------------------------------------------------------------------

@program("mv")
def mv(p: Process) -> int:
    options, operands = p.options("fnivT")
    code = 0
    for arg, target in _pairs(p, operands):
        if not p.fs.exists(p.path(arg)) and not _is_link(p, arg):
            p.complain(p.either(f"can't rename '{arg}': {ABSENT}", f"cannot stat '{arg}': {ABSENT}"))
            code = 1
        elif "n" not in options or not p.fs.exists(p.path(target)):
            try:
                p.fs.rename(p.path(arg), p.path(target))
            except FileError as error:
                p.complain(p.either(f"can't rename '{arg}': {error.text}", f"cannot move '{arg}' to '{target}': {error.text}"))
                code = 1
    return code


@program("cp")
def cp(p: Process) -> int:
    options, operands = p.options("rRafpdLnTv", ("recursive",))
    recursive = any(o in options for o in ("r", "R", "a", "recursive"))
    code = 0
    for arg, target in _pairs(p, operands):
        source = p.path(arg)
        if not p.fs.exists(source):
            p.complain(p.either(f"can't stat '{arg}': {ABSENT}", f"cannot stat '{arg}': {ABSENT}"))
            code = 1
        elif p.fs.is_dir(source) and not recursive:
            p.complain(p.either(f"omitting directory '{arg}'", f"-r not specified; omitting directory '{arg}'"))
            code = 1
        elif "n" not in options or not p.fs.exists(p.path(target)):
            try:
                _copy(p, source, p.path(target))
            except FileError as error:
                p.complain(p.either(f"can't create '{target}': {error.text}", f"cannot create regular file '{target}': {error.text}"))
                code = 1
    return code


def _copy(p: Process, source: str, target: str) -> None:
    if target == source or target.startswith(source.rstrip("/") + "/"):
        raise FileError("source and target are the same", target)
    for path in p.fs.walk(source):
        p.machine.step()
        stat, to = p.fs.stat(path), target + path[len(source):]
        if stat.kind == "dir":
            p.fs.mkdir(to, parents=True)
        else:
            p.fs.write(to, p.fs.read(path))
            p.fs.chmod(to, stat.mode)


def _pairs(p: Process, operands: list[str]) -> list[tuple[str, str]]:
    """Sources and where each goes: into the last operand where that is a directory."""
    if len(operands) < 2:
        raise p.fail(f"missing destination file operand after '{operands[0]}'" if operands else "missing file operand")
    *sources, target = operands
    if p.fs.is_dir(p.path(target)):
        return [(arg, posixpath.join(target, posixpath.basename(arg.rstrip("/")))) for arg in sources]
    if len(sources) > 1:
        raise p.fail(f"target '{target}' is not a directory")
    if target.endswith("/") and not p.fs.is_dir(p.path(sources[0])):
        raise p.fail(p.either(f"can't create '{target}': {IS_DIR}", f"cannot create regular file '{target}': {NOT_DIR}"))
    return [(sources[0], target)]


def _is_link(p: Process, arg: str) -> bool:
    try:
        return p.fs.stat(p.path(arg), follow=False).kind == "link"
    except FileError:
        return False


# ---- modes and facts ----------------------------------------------------------------------------------

@program("chmod")
def chmod(p: Process) -> int:
    recursive = any(a in ("-R", "-Rv") for a in p.args)
    operands = [a for a in p.args if a not in ("-R", "-v", "-f", "-Rv")]
    if len(operands) < 2:
        return _missing_operand(p)
    change = parse_mode(operands[0])
    if change is None:
        raise p.fail(p.either(f"invalid mode '{operands[0]}'", f"invalid mode: '{operands[0]}'"))
    code = 0
    for arg in operands[1:]:
        try:
            for path in p.fs.walk(p.path(arg)) if recursive else [p.path(arg)]:
                p.fs.chmod(path, change(p.fs.stat(path).mode, p.fs.is_dir(path)))
        except FileError as error:
            p.complain(p.either(f"{arg}: {error.text}", f"cannot access '{arg}': {error.text}"))
            code = 1
    return code


def parse_mode(text: str) -> Callable[[int, bool], int] | None:
    """"644", "u+x", "go-w,a=r" -> a function from (mode, whether it is a directory) to mode; None where the text is no mode."""
    if re.fullmatch("[0-7]{1,4}", text):
        return lambda mode, is_dir: int(text, 8)
    clauses = [re.fullmatch("([ugoa]*)([-+=])([rwxX]*)", clause) for clause in text.split(",")]
    if not all(clauses):
        return None

    def change(mode: int, is_dir: bool) -> int:
        for who, how, what in (clause.groups() for clause in clauses):
            bits = sum({"r": 4, "w": 2, "x": 1, "X": int(is_dir or bool(mode & 0o111))}[letter] for letter in dict.fromkeys(what))
            for letter in "ugo" if not who or "a" in who else who:
                shift = {"u": 6, "g": 3, "o": 0}[letter]
                kept = mode & ~(7 << shift) if how == "=" else mode
                mode = kept & ~(bits << shift) if how == "-" else kept | bits << shift
        return mode
    return change


@program("chown", "chgrp")
def chown(p: Process) -> int:
    options, operands = p.options("Rhvf")
    if len(operands) < 2:
        return _missing_operand(p)
    code = 0
    for arg in operands[1:]:
        try:
            for path in p.fs.walk(p.path(arg)) if "R" in options else [p.path(arg)]:
                user, _, group = p.fs.stat(path).owner.partition(":")
                new_user, _, new_group = operands[0].replace(".", ":").partition(":")
                p.fs.chown(path, f"{user}:{operands[0]}" if p.program == "chgrp" else f"{new_user or user}:{new_group or group}")
        except FileError as error:
            p.complain(p.either(f"{arg}: {error.text}", f"cannot access '{arg}': {error.text}"))
            code = 1
    return code


@program("readlink", "realpath")
def readlink(p: Process) -> int:
    options, operands = p.options("fen")
    for arg in operands:
        if p.program == "realpath" or "f" in options:
            p.out(p.fs.real(p.path(arg)) + "\n")
        elif _is_link(p, arg):
            p.out(p.fs.stat(p.path(arg), follow=False).target + "\n")
        else:
            return 1
    return 0


def _missing_operand(p: Process) -> int:
    p.complain("missing operand")
    return 1
