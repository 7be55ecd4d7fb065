"""A running command: its arguments, streams and surroundings, the table of programs, and how one is started."""
from __future__ import annotations

import getopt
import posixpath
from collections.abc import Callable, Mapping
from typing import Protocol

from .files import IS_DIR, FileError, FileSystem
from .images import PROGRAM
from .machine import OUTPUT, Limit, Machine, Stop, Unknown


class BrokenPipe(Exception):
    """Nobody reads what a command writes any more."""


class Exit(Exception):
    """A program ends from within, with an exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


# ---- streams -------------------------------------------------------------------------------------

class WantsInput(Stop):
    """A command has read all the input that there is, and more is to come."""


class Input:
    """Text to be read once, in order; commands that run one after the other share the rest.  `more` may still come."""

    def __init__(self, text: str = "", more: bool = False) -> None:
        self.text, self.at, self.more = text, 0, more

    def read(self) -> str:
        """All that is left."""
        if self.more:
            raise WantsInput
        rest, self.at = self.text[self.at:], len(self.text)
        return rest

    def readline(self) -> str:
        """The next line with its newline; "" at the end."""
        end = self.text.find("\n", self.at)
        if end < 0 and self.more:
            raise WantsInput
        line = self.text[self.at:end + 1] if end >= 0 else self.text[self.at:]
        self.at += len(line)
        return line

    @property
    def drained(self) -> bool:
        return self.at >= len(self.text)


class Output(Protocol):
    def write(self, text: str) -> None: ...


class Buffer:
    """What a command wrote, kept as text.  A pipe breaks when it is full; `$(...)` only reports it."""

    def __init__(self, full: Exception) -> None:
        self.chunks: list[str] = []
        self.full, self.left = full, OUTPUT

    def write(self, text: str) -> None:
        self.chunks.append(text[:self.left])
        self.left -= len(text)
        if self.left < 0:
            raise self.full

    def text(self) -> str:
        return "".join(self.chunks)


class Terminal:
    """Where stdout and stderr of the whole run end: in order, each piece with its moment, bounded together."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.pieces: list[tuple[int, int, str]] = []        # (elapsed ms, 1 or 2, text)
        self.left = OUTPUT

    def fd(self, number: int) -> TerminalOutput:
        return TerminalOutput(self, number)

    def add(self, number: int, text: str) -> None:
        self.pieces.append((self.machine.elapsed_ms, number, text))

    def said(self) -> tuple[tuple[int, str], ...]:
        """Everything, without its moments."""
        return tuple((number, text) for _, number, text in self.pieces)


class TerminalOutput:
    def __init__(self, terminal: Terminal, number: int) -> None:
        self.terminal, self.number = terminal, number

    def write(self, text: str) -> None:
        terminal = self.terminal
        terminal.add(self.number, text[:max(0, terminal.left)])
        terminal.left -= len(text)
        if terminal.left < 0:
            raise Limit(f"stopped after {OUTPUT} characters of output")


class FileOutput:
    """Writes through to a file, at its end."""

    def __init__(self, fs: FileSystem, path: str) -> None:
        self.fs, self.path = fs, path

    def write(self, text: str) -> None:
        self.fs.write(self.path, text, append=True)


class Nothing:
    """/dev/null."""

    def write(self, text: str) -> None:
        pass


# ---- commands ------------------------------------------------------------------------------------

class Process:
    """A command being run.  Programs get one and return their exit code (None is 0)."""

    def __init__(self, machine: Machine, argv: list[str], env: Mapping[str, str], cwd: str, fds: dict, prefix: str | None = None) -> None:
        self.machine, self.fs = machine, machine.fs
        self.argv, self.env, self.cwd, self.fds = argv, env, cwd, fds
        self.program = self.name            # what it is, whatever its file is called
        self.prefix = f"{self.name}: " if prefix is None else prefix        # how complaints begin

    @property
    def name(self) -> str:
        return posixpath.basename(self.argv[0])

    @property
    def args(self) -> list[str]:
        return self.argv[1:]

    @property
    def busybox(self) -> bool:
        """Whether this program speaks with a busybox's words rather than with GNU's."""
        return self.machine.image.family == "busybox"

    @property
    def stdin(self) -> Input:
        return self.fds[0]

    def out(self, text: str) -> None:
        self.fds[1].write(text)

    def err(self, text: str) -> None:
        self.fds[2].write(text)

    def complain(self, text: str) -> None:
        """A line on stderr that begins with the program's name."""
        self.err(f"{self.prefix}{text}\n")

    def either(self, busybox: str, gnu: str) -> str:
        """The text of the family whose programs these are."""
        return busybox if self.busybox else gnu

    def fail(self, text: str, code: int = 1) -> Exit:
        """Complain and end: `raise p.fail("missing operand")`."""
        self.complain(text)
        return Exit(code)

    def path(self, arg: str) -> str:
        """An argument as an absolute path."""
        return posixpath.normpath(posixpath.join(self.cwd, arg)).replace("//", "/")

    def options(self, short: str, long: tuple[str, ...] = (), intermixed: bool = True, lists: str = "") -> tuple[dict[str, str], list[str]]:
        """({"n": "5", "q": ""}, operands); the last of equal options wins, but those of `lists` are all kept, a line each."""
        parse = getopt.gnu_getopt if intermixed else getopt.getopt
        try:
            pairs, operands = parse(self.args, short, list(long))
        except getopt.GetoptError as error:
            raise self.fail(f"{error.msg}: this simulated {self.name} does not know it") from None
        found: dict[str, str] = {}
        for name, value in pairs:
            name = name.lstrip("-")
            found[name] = f"{found[name]}\n{value}" if name in found and name in lists else value
        return found, operands

    def number(self, text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise self.fail(f"invalid number '{text}'") from None

    def read(self, arg: str, complaint: str | None = "{arg}: {text}") -> str | None:
        """The content of a file operand ("-" is stdin); None after a complaint, or without one."""
        if arg == "-" or arg == "/dev/stdin":
            return self.stdin.read()
        try:
            return device(arg) if arg in DEVICES else self.fs.read(self.path(arg))
        except FileError as error:
            if complaint is not None:
                whole = "read error: {text}" if self.busybox and error.text == IS_DIR else complaint
                self.complain(whole.format(arg=arg, text=error.text))
            return None

    def spawn(self, argv: list[str], stdin: Input | None = None, stdout: Output | None = None) -> int:
        """Run another program in these surroundings."""
        fds = {**self.fds, 0: stdin or self.stdin, 1: stdout or self.fds[1]}
        return spawn(Process(self.machine, argv, self.env, self.cwd, fds))


DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


def device(path: str, size: int = 0) -> str:
    """What a device gives: zeros, or noise that is the same in every run."""
    if path == "/dev/null":
        return ""
    if path == "/dev/zero":
        return "\0" * size
    return "".join(chr(33 + (i * i * 7919 + i * 104_729) % 94) for i in range(size))


Program = Callable[[Process], "int | None"]
PROGRAMS: dict[str, Program] = {}


def program(*names: str) -> Callable[[Program], Program]:
    """Enter a function into the table of programs under these names."""
    def enter(function: Program) -> Program:
        PROGRAMS.update(dict.fromkeys(names, function))
        return function
    return enter


class NotFound(Exception):
    """There is no such program, or (`denied`) it may not be run."""

    def __init__(self, name: str, denied: bool = False) -> None:
        super().__init__(name)
        self.name, self.denied = name, denied

    @property
    def why(self) -> str:
        """As a container runtime says it."""
        if self.denied:
            return f'exec: "{self.name}": permission denied'
        return f'exec: "{self.name}": ' + ("no such file or directory" if "/" in self.name else "executable file not found in $PATH")


def which(fs: FileSystem, name: str, path: str, cwd: str = "/") -> str:
    """The file that a command name stands for.  Raises NotFound."""
    if "/" in name:
        file = posixpath.normpath(posixpath.join(cwd, name))
        if not fs.exists(file):
            raise NotFound(name)
        if fs.is_dir(file) or not fs.stat(file).mode & 0o111:
            raise NotFound(name, denied=True)
        return file
    for directory in path.split(":"):
        file = f"{directory}/{name}"
        if fs.exists(file) and not fs.is_dir(file) and fs.stat(file).mode & 0o111:
            return file
    raise NotFound(name)


def spawn(process: Process) -> int:
    """Find the program of a process and run it.  Raises NotFound."""
    process.machine.step()
    with process.machine.nested():
        try:
            file = which(process.fs, process.argv[0], process.env.get("PATH", ""), process.cwd)
        except NotFound as error:
            if process.machine.trusting and not error.denied:
                raise Unknown(f"{error.name} is not modelled, and taken to do what is expected of it") from None
            raise
        text = process.fs.read(file)
        if text.startswith(PROGRAM):
            process.program = text[len(PROGRAM):].strip()
            if process.program not in PROGRAMS:
                raise NotFound(process.argv[0], denied=True)
            return run_program(PROGRAMS[process.program], process)
        first = text.split("\n", 1)[0]                      # a script: its first line may name the shell
        shell = (first[2:].split() if first.startswith("#!") else []) or ["sh"]
        argv = [posixpath.basename(shell[0]), *shell[1:], file, *process.args]
        return spawn(Process(process.machine, argv, process.env, process.cwd, process.fds))


def run_program(function: Program, process: Process) -> int:
    """Call a program's function; errors of the file system that it does not handle itself become its complaint."""
    try:
        return function(process) or 0
    except Exit as end:
        return end.code
    except FileError as error:
        process.complain(f"{error.path}: {error.text}")
        return 1
