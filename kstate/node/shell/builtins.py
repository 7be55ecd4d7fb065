"""Commands that are part of the shell because they change it: cd, export, read, set ..."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..arithmetic import BadArithmetic, evaluate
from ..files import ABSENT, NOT_DIR
from ..machine import Forever
from ..process import Exit, NotFound, Process, spawn, which
from .expansion import BLANK, separator

if TYPE_CHECKING:
    from .interpreter import Shell

Builtin = Callable[["Shell", list[str]], int]
BUILTINS: dict[str, Builtin] = {}
UTILITIES = ("echo", "printf", "test", "[", "true", "false", "pwd", "kill")      # programs that every shell has inside
OPTIONS = {"errexit": "e", "nounset": "u", "xtrace": "x", "noglob": "f", "pipefail": "pipefail"}
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


class Leave(Exception):
    """`return`, `break n` and `continue n` on their way out."""

    def __init__(self, what: str, count: int) -> None:
        super().__init__(what)
        self.what, self.count = what, count


def builtin(*names: str) -> Callable[[Builtin], Builtin]:
    def enter(function: Builtin) -> Builtin:
        BUILTINS.update(dict.fromkeys(names, function))
        return function
    return enter


def _count(shell: Shell, args: list[str], default: int) -> int:
    """A numeric operand."""
    if args and not args[0].isdigit():
        raise shell.fatal(f"Illegal number: {args[0]}")
    return int(args[0]) if args else default


@builtin(":")
def _colon(shell: Shell, args: list[str]) -> int:
    return 0


@builtin("cd")
def _cd(shell: Shell, args: list[str]) -> int:
    target = args[0] if args else shell.value("HOME") or "/"
    if target == "-":
        target = shell.value("OLDPWD") or shell.cwd
        shell.fds[1].write(target + "\n")
    path = shell.path(target)
    if not shell.fs.is_dir(path):
        shell.complain(shell.words.cannot_enter(target, NOT_DIR if shell.fs.exists(path) else ABSENT))
        return 1 if shell.bash else 2
    shell.vars["OLDPWD"], shell.cwd = shell.cwd, path
    return 0


def _declare(name: str) -> Builtin:
    """export, readonly, local and bash's declare: NAME or NAME=VALUE each."""
    def run(shell: Shell, args: list[str]) -> int:
        if name == "local" and not shell.locals:
            raise shell.fatal("local: can only be used in a function" if shell.bash else "local: not in a function")
        for arg in args:
            if arg.startswith("-"):
                continue
            variable, given, value = arg.partition("=")
            if not IDENTIFIER.fullmatch(variable):
                raise shell.fatal(f"{name}: `{arg}': not a valid identifier" if shell.bash else f"{name}: {variable}: bad variable name")
            if name in ("local", "declare") and shell.locals:
                shell.locals[-1].setdefault(variable, shell.vars.get(variable))
            if given:
                shell.assign(variable, value)
            if name in ("export", "readonly"):
                (shell.exported if name == "export" else shell.readonly)[variable] = None
        if not args or args == ["-p"]:
            names = {"export": shell.exported, "readonly": shell.readonly}.get(name, {})
            for variable in sorted(names):
                value = shell.vars.get(variable)
                shell.fds[1].write(f"{name} {variable}" + (f"='{value}'" if value is not None else "") + "\n")
        return 0
    return run


for _name in ("export", "readonly", "local", "declare"):
    BUILTINS[_name] = _declare(_name)


@builtin("unset")
def _unset(shell: Shell, args: list[str]) -> int:
    for name in args:
        if not name.startswith("-"):
            shell.vars.pop(name, None)
            shell.exported.pop(name, None)
            shell.functions.pop(name, None)
    return 0


@builtin("set")
def _set(shell: Shell, args: list[str]) -> int:
    if not args:
        for name in sorted(shell.vars):
            shell.fds[1].write(f"{name}='{shell.vars[name]}'\n")
    while args and re.fullmatch(r"[-+][a-z]+", args[0]):
        flags, on = list(args[0][1:]), args[0][0] == "-"
        args = args[1:]
        if flags[-1] == "o" and args:
            flags[-1] = OPTIONS.get(args[0], "")
            args = args[1:]
        shell.options.update({flag: on for flag in flags if flag in shell.options})
    if args:
        shell.params = args[1:] if args[0] == "--" else args
    return 0


@builtin("shift")
def _shift(shell: Shell, args: list[str]) -> int:
    count = _count(shell, args, 1)
    if count > len(shell.params):
        if shell.dialect == "dash":
            raise shell.fatal("shift: can't shift that many")
        return 1
    shell.params = shell.params[count:]
    return 0


@builtin("read")
def _read(shell: Shell, args: list[str]) -> int:
    """read [-r] NAME...: one line of stdin, split; the last name takes the rest."""
    raw = "-r" in args
    names = [a for a in args if not a.startswith("-")] or ["REPLY"]
    line = shell.fds[0].readline()
    complete = line.endswith("\n")
    line = line.rstrip("\n")
    while not raw and line.endswith("\\"):
        line = line[:-1] + shell.fds[0].readline().rstrip("\n")
    line = line if raw else re.sub(r"\\(.)", r"\1", line)
    cut = separator(shell)
    values = [line]
    if cut is not None:
        blank = "".join(c for c in shell.value("IFS") or BLANK if c in BLANK)
        line = line.strip(blank) if blank else line
        values = cut.split(line, maxsplit=len(names) - 1) if len(names) > 1 else [line]
    for i, name in enumerate(names):
        shell.assign(name, values[i] if i < len(values) else "")
    return 0 if complete else 1


@builtin("exit")
def _exit(shell: Shell, args: list[str]) -> int:
    raise Exit(_count(shell, args, shell.status) & 255)


@builtin("return")
def _return(shell: Shell, args: list[str]) -> int:
    raise Leave("return", _count(shell, args, shell.status) & 255)


@builtin("break")
def _break(shell: Shell, args: list[str]) -> int:
    raise Leave("break", _count(shell, args, 1))


@builtin("continue")
def _continue(shell: Shell, args: list[str]) -> int:
    raise Leave("continue", _count(shell, args, 1))


@builtin("eval")
def _eval(shell: Shell, args: list[str]) -> int:
    return shell.source(" ".join(args))


@builtin(".", "source")
def _source(shell: Shell, args: list[str]) -> int:
    path = shell.path(args[0]) if args else ""
    if not args or not shell.fs.exists(path) or shell.fs.is_dir(path):
        problem = shell.words.cannot_source(args[0] if args else "")
        if shell.bash:
            shell.complain(problem)
            return 1
        raise shell.fatal(problem)
    return shell.source(shell.fs.read(path))


@builtin("exec")
def _exec(shell: Shell, args: list[str]) -> int:
    """Replace the shell by a program: run it, and end with its code."""
    if not args:
        return 0
    process = Process(shell.machine, args, shell.environment(), shell.cwd, shell.fds)
    try:
        code = spawn(process)
    except NotFound as error:
        shell.complain(f"exec: {'line 0: ' * (shell.dialect == 'ash')}{error.name}: not found")
        code = 127
    raise Exit(code)


@builtin("command")
def _command(shell: Shell, args: list[str]) -> int:
    if args and args[0] in ("-v", "-V"):
        code = 0
        for name in args[1:]:
            found = _find(shell, name)
            code = code if found else 127 - 126 * shell.bash
            shell.fds[1].write(found + "\n" if found else "")
        return code
    functions, shell.functions = shell.functions, {}
    try:
        return shell.invoke(args) if args else 0
    finally:
        shell.functions = functions


@builtin("type")
def _type(shell: Shell, args: list[str]) -> int:
    code = 0
    for name in [a for a in args if a != "-t"]:
        found = _find(shell, name)
        said = f"{found}" if "/" in found else "a function" if name in shell.functions else "a shell builtin" if found else ""
        shell.fds[1].write(f"{name} is {said}\n" if said else f"{name}: not found\n")
        code = code if said else 127
    return code


def _find(shell: Shell, name: str) -> str:
    """What a command name stands for: itself, where the shell knows it, or a file; "" where it is nothing."""
    if name in shell.functions or name in BUILTINS or name in UTILITIES:
        return name
    try:
        return which(shell.fs, name, shell.value("PATH") or "", shell.cwd)
    except NotFound:
        return ""


@builtin("trap")
def _trap(shell: Shell, args: list[str]) -> int:
    """Only the trap on EXIT ever springs: no signal comes while a command runs."""
    if len(args) > 1 and args[0] != "-l":
        shell.traps.update({signal.removeprefix("SIG").replace("0", "EXIT"): "" if args[0] == "-" else args[0] for signal in args[1:]})
    return 0


@builtin("wait")
def _wait(shell: Shell, args: list[str]) -> int:
    if shell.busy_until == float("inf"):
        raise Forever("waits for a command in the background that does not end")
    if shell.busy_until > shell.machine.elapsed_ms:
        shell.machine.sleep(shell.busy_until - shell.machine.elapsed_ms)
    return 0


@builtin("let")
def _let(shell: Shell, args: list[str]) -> int:
    value = 0
    try:
        for arg in args:
            value = evaluate(arg, lambda name: shell.value(name) or "", shell.assign)
    except BadArithmetic as error:
        raise shell.fatal(f"let: {error}") from None
    return int(value == 0)


@builtin("umask", "ulimit", "hash", "jobs", "alias", "unalias", "times")
def _ignored(shell: Shell, args: list[str]) -> int:
    """What changes nothing that this machine models."""
    return 0
