"""The state of a shell, and how it runs a command by its name.  What each kind of syntax does is in interpreter.py."""
from __future__ import annotations

import posixpath
from collections.abc import Callable

from ..files import FileError
from ..machine import Limit, Machine
from ..process import PROGRAMS, Buffer, Exit, NotFound, Process, run_program, spawn
from . import syntax
from .builtins import BUILTINS, UTILITIES, Leave
from .dialect import Dialect
from .parser import Parser
from .redirection import redirected
from .syntax import Unexpected

NOT_IN = {"source": ("dash",), "let": ("dash",), "declare": ("dash", "ash")}     # builtins that not every shell has

Visitor = Callable[["Shell", object], int]
VISITORS: dict[type, Visitor] = {}


def visits(kind: type) -> Callable[[Visitor], Visitor]:
    """Enter the function that executes one kind of node."""
    def enter(function: Visitor) -> Visitor:
        VISITORS[kind] = function
        return function
    return enter


class Shell:
    """A shell and its state.  `params` are $1, $2 ...; `name` is $0; `options` the letters of `set`."""

    def __init__(self, process: Process, dialect: str, name: str, params: list[str]) -> None:
        self.machine: Machine = process.machine
        self.fs = process.fs
        self.cwd, self.fds = process.cwd, dict(process.fds)
        self.dialect, self.name, self.params = dialect, name, params
        self.vars: dict[str, str] = dict(process.env)
        self.exported: dict[str, None] = dict.fromkeys(process.env)
        self.readonly: dict[str, None] = {}
        self.locals: list[dict[str, str | None]] = []
        self.functions: dict[str, object] = {}
        self.options = {"e": False, "u": False, "x": False, "f": False, "pipefail": False}
        self.traps: dict[str, str] = {}
        self.status, self.line = 0, 1
        self.tested = 0                     # inside a condition, where set -e does not count
        self.busy_until = 0                 # elapsed ms when the last background job ends
        self.script = False                 # whether messages tell the line

    @property
    def bash(self) -> bool:
        return self.dialect == "bash"

    @property
    def words(self) -> Dialect:
        return Dialect(self.dialect, self.name, self.script)

    # -- running

    def run(self, text: str) -> int:
        """Parse and execute a whole script; its exit code."""
        try:
            code = self.source(text)
        except Exit as end:
            code = end.code
        except Leave as leave:
            code = leave.count if leave.what == "return" else 0
        trap = self.traps.pop("EXIT", "")
        if trap:
            self.status = code
            try:
                self.source(trap)
            except Exit as end:
                return end.code
            except Leave:
                pass
        return code

    def source(self, text: str) -> int:
        """Execute a text here, line by line: the script itself, `eval`, `.`."""
        parser, code = Parser(text, self.bash), 0
        while True:
            try:
                tree = parser.complete_command()
            except Unexpected as error:
                self.err(self.words.syntax_error(error, text))
                raise Exit(2) from None
            if tree is None:
                return code
            with self.machine.nested():
                code = self.execute(tree)

    def execute(self, node) -> int:
        self.status = VISITORS[type(node)](self, node)
        return self.status

    def child(self) -> Shell:
        """A subshell: a copy that can't change this one."""
        twin = Shell.__new__(Shell)
        twin.__dict__.update(self.__dict__)
        for name in ("vars", "exported", "readonly", "functions", "options", "fds"):
            setattr(twin, name, dict(getattr(self, name)))
        twin.locals, twin.params, twin.traps = [dict(scope) for scope in self.locals], list(self.params), {}
        return twin

    def subshell(self, node, **fds) -> int:
        """Execute a node in a subshell."""
        twin = self.child()
        twin.fds.update({int(k[1:]): v for k, v in fds.items()})
        try:
            with self.machine.nested():
                return twin.execute(node)
        except Exit as end:
            return end.code
        except Leave:
            return twin.status

    def capture(self, node) -> str:
        """What a command substitution stands for."""
        file = _only_a_file(node)
        if file is not None:                            # $(<file)
            with redirected(self, (file,)) as possible:
                return self.fds[0].read().rstrip("\n") if possible else ""
        buffer = Buffer(Limit("stopped: too much output in a command substitution"))
        self.status = self.subshell(node, f1=buffer)
        return buffer.text().rstrip("\n")

    # -- variables

    def value(self, name: str) -> str | None:
        """A parameter or variable; None where it is not set."""
        if name.isdigit():
            number = int(name)
            return self.name if number == 0 else self.params[number - 1] if number <= len(self.params) else None
        special = {"#": lambda: str(len(self.params)), "?": lambda: str(self.status), "$": lambda: "7", "!": lambda: self.vars.get("!"),
                   "-": lambda: "".join(o for o, on in self.options.items() if on and len(o) == 1), "PWD": lambda: self.cwd, "PPID": lambda: "0",
                   "@": lambda: " ".join(self.params) or None, "*": lambda: " ".join(self.params) or None}
        if name in special:
            return special[name]()
        if name == "RANDOM" and self.dialect != "dash":
            self.machine.step()
            return str(self.machine.steps * 48_271 % 32_749)            # differs, but is the same in every run
        return self.vars.get(name)

    def assign(self, name: str, value: str) -> None:
        if name in self.readonly:
            raise self.fatal(f"{name}: {'readonly variable' if self.bash else 'is read only'}", 1 if self.bash else 2)
        self.vars[name] = value

    def environment(self) -> dict[str, str]:
        return {name: self.vars[name] for name in self.exported if name in self.vars} | {"PWD": self.cwd}

    # -- messages

    def err(self, text: str) -> None:
        self.fds[2].write(text)

    def complain(self, text: str) -> None:
        self.err(f"{self.words.prefix(self.line)}{text}\n")

    def fatal(self, text: str, code: int = 2) -> Exit:
        """An error that ends the shell."""
        self.complain(text)
        return Exit(1 if self.bash else code)

    # -- files

    def path(self, arg: str) -> str:
        return posixpath.normpath(posixpath.join(self.cwd, arg)).replace("//", "/")

    def listing(self, directory: str) -> list[str]:
        """The names in a directory, nothing where it is none."""
        try:
            return self.fs.list(self.path(directory or "."))
        except FileError:
            return []

    # -- simple commands

    def invoke(self, argv: list[str], assignments: list[tuple[str, str]] = ()) -> int:
        """Run a command by its name: function, builtin or program."""
        name = argv[0]
        if name in self.functions:
            return self._call(self.functions[name], argv[1:], assignments)
        if name in BUILTINS and self.dialect not in NOT_IN.get(name, ()):
            for variable, value in assignments:
                self.assign(variable, value)
            return BUILTINS[name](self, argv[1:])
        env = {**self.environment(), **dict(assignments)}
        if name in UTILITIES:
            self.machine.step()
            inside = PROGRAMS.get(f"{name} of {self.dialect}") or PROGRAMS[name]
            return run_program(inside, Process(self.machine, argv, env, self.cwd, self.fds, self.words.utility(name, self.line)))
        try:
            return spawn(Process(self.machine, argv, env, self.cwd, self.fds))
        except NotFound as error:
            self.complain(self.words.not_found(error))
            return 126 if error.denied else 127

    def _call(self, body, params: list[str], assignments: list[tuple[str, str]]) -> int:
        before, self.params = self.params, params
        self.locals.append({})
        for name, value in assignments:
            self.assign(name, value)
        try:
            with self.machine.nested():
                return self.execute(body)
        except Leave as leave:
            if leave.what != "return":
                raise
            return leave.count
        finally:
            self.params = before
            for name, value in self.locals.pop().items():
                if value is None:
                    self.vars.pop(name, None)
                else:
                    self.vars[name] = value


def _only_a_file(node: syntax.Sequence) -> syntax.Redirect | None:
    """The redirection of `<file` where that is the whole command."""
    command = node.items[0][0] if len(node.items) == 1 else None
    only = isinstance(command, syntax.Simple) and not command.words and not command.assignments and len(command.redirects) == 1
    return command.redirects[0] if only and command.redirects[0].op == "<" else None
