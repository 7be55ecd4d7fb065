"""Redirections: which streams a command gets."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..files import FileError
from ..process import DEVICES, FileOutput, Input, Nothing, device
from . import expansion
from .syntax import Redirect

if TYPE_CHECKING:
    from .state import Shell


@contextmanager
def redirected(shell: Shell, redirects: tuple[Redirect, ...]) -> Iterator[bool]:
    """The streams with redirections applied; gives False, after a complaint, where one is impossible."""
    before = dict(shell.fds)
    try:
        try:
            for redirect in redirects:
                _apply(shell, redirect)
            possible = True
        except FileError as error:
            shell.fds = dict(before)
            shell.complain(error.text)
            possible = False
        yield possible
    finally:
        shell.fds = before


def _apply(shell: Shell, redirect: Redirect) -> None:
    op, fd, target = redirect
    if op in ("<<", "<<<"):
        shell.fds[fd or 0] = Input(expansion.text(shell, target) + ("\n" if op == "<<<" else ""))
        return
    name = expansion.text(shell, target)
    if op in (">&", "<&") and (name == "-" or name.isdigit()):
        number = fd if fd is not None else int(op == ">&")
        closed = Nothing() if op == ">&" else Input()
        source = closed if name == "-" else shell.fds.get(int(name))
        if source is None:
            raise FileError(f"{name}: Bad file descriptor", name)
        shell.fds[number] = source
    elif op == "<":
        shell.fds[fd or 0] = _open(shell, name)
    else:
        output = _create(shell, name, append=">>" in op)
        for number in (1, 2) if "&" in op else (1 if fd is None else fd,):
            shell.fds[number] = output


def _open(shell: Shell, name: str) -> Input:
    if name in ("/dev/stdin", "/dev/fd/0", "/dev/tty"):
        return shell.fds[0]
    if name in DEVICES:
        return Input(device(name, 1 << 16))
    try:
        return Input(shell.fs.read(shell.path(name)))
    except FileError as error:
        raise FileError(shell.words.cannot_open(name, error.text), name) from None


def _create(shell: Shell, name: str, append: bool) -> FileOutput | Nothing:
    if name in ("/dev/stdout", "/dev/stderr"):
        return shell.fds[1 if name == "/dev/stdout" else 2]
    if name.startswith("/dev/"):
        return Nothing()
    path = shell.path(name)
    try:
        shell.fs.write(path, "", append=append)
    except FileError as error:
        raise FileError(shell.words.cannot_create(name, error.text), name) from None
    return FileOutput(shell.fs, path)
