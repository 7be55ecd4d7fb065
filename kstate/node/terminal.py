"""Commands to which input comes bit by bit, as over the WebSockets of `kubectl exec -it` and `kubectl attach` (KCTL-60).

Where a command wants input that has not come yet, it is as if it had not run; when more is there it runs again, and what it
has shown before is not shown twice.  A shell reads command by command, and keeps its state between them.
"""
from __future__ import annotations

import posixpath
import re

from ..world import Key
from .commands.sh import DIALECTS
from .entrypoint import behaviour
from .machine import Ended, Machine, Stop
from .process import Exit, Input, Process, Terminal, WantsInput
from .reach import machine, run_of, running, settle_up
from .run import Pieces, Result, outcome, run
from .runtime import stays
from .shell.builtins import Leave
from .shell.parser import problem, unfinished
from .shell.state import Shell

SHELLS = ("sh", "ash", "bash", "dash")
INTERRUPTED, KILLED = 130, 137
CTRL_C, CTRL_D, ERASE = "\x03", "\x04", ("\x7f", "\b")
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z~]|O.)")       # arrows and the like
NOTHING = outcome((), None)


class Session:
    """One command in one container, and its input.  With a terminal (`tty`) what is typed is echoed and can be corrected, and
    stdout and stderr are one.  `main`: it is the container's main process, attached to.

    Each call answers with a Result, whose code is None while the command goes on, and raises NotFound, BadRequest or
    ServerError where the container cannot be reached."""

    is_shell = False
    takes_input = True          # or is the main process of a container and does not read: its output is all that there is to see

    def __init__(self, engine, key: Key, container: str, argv: list[str], tty: bool, main: bool) -> None:
        self.engine, self.key, self.container, self.argv, self.tty, self.main = engine, key, container, argv, tty, main
        self.input = ""             # what came and is not used up
        self.typed = ""             # the line that is being typed
        self.shown = 0              # characters of its output that a command which waits for input has shown
        self._run = run_of(engine, key, container)

    @property
    def alive(self) -> bool:
        """The container still is in the run in which the session began."""
        return run_of(self.engine, self.key, self.container) == self._run

    # -- what the other side does

    def open(self) -> Result:
        """Begin: what shows before any input."""
        return self.attempt(ended=False)

    def feed(self, text: str) -> Result:
        """Take in what was sent or typed."""
        if not self.tty:
            return self.take(text)
        result = NOTHING
        for char in ESCAPES.sub("", text):
            result = _join(result, self._key(char))
            if result.code is not None:
                break
        return result

    def end(self) -> Result:
        """No more input will come."""
        return self.attempt(ended=True)

    def _key(self, char: str) -> Result:
        """One key of a terminal."""
        if char == CTRL_C:
            self.typed = self.input = ""
            return _join(_shown("^C\r\n"), self.interrupt())
        if char == CTRL_D:
            return NOTHING if self.typed else self.end()
        if char in ERASE:
            erased, self.typed = self.typed[-1:], self.typed[:-1]
            return _shown("\b \b" if erased else "")
        if char in "\r\n":
            line, self.typed = self.typed, ""
            return _join(_shown("\r\n"), self.take(line + "\n"))
        if char < " ":
            return NOTHING
        self.typed += char
        return _shown(char)

    # -- what the command does

    def take(self, text: str) -> Result:
        """More input.  Without a terminal nothing hangs on when a command sees it, so it gets all of it at the end."""
        self.input += text
        return self.attempt(ended=False) if self.tty else NOTHING

    def interrupt(self) -> Result:
        return self.leave(INTERRUPTED)

    def leave(self, code: int) -> Result:
        """The command ends; if it is the main process, the container does."""
        if self.main:
            pod, container, opened = self.enter()
            settle_up(self.engine, pod, container, opened, code, "kubectl")
        return outcome((), code)

    def attempt(self, ended: bool) -> Result:
        """Run the command with the input that there is.  `ended`: there will be no more."""
        pod, container, opened = self.enter()
        gave = run(opened, self.argv, self.input, more=not ended)
        if gave.code is not None:
            settle_up(self.engine, pod, container, opened, gave.code if self.main else gave.ended, "kubectl")
        return outcome(self.show(gave.pieces, gave.code is None), gave.code)

    def enter(self) -> tuple[dict, str, Machine]:
        """The pod, the container, and its machine as it is now."""
        pod, container = running(self.engine, self.key, self.container)
        opened = machine(self.engine, pod, container)
        opened.tty = self.tty
        return pod, container, opened

    def show(self, pieces: Pieces, waits: bool) -> Pieces:
        """What is to be seen now of a command's output: on a terminal, what was not yet; else all of it when the command is done."""
        if not self.tty:
            return () if waits else pieces
        text = "".join(text for _, text in pieces)
        new, self.shown = text[self.shown:], len(text) if waits else 0
        return ((1, new.replace("\n", "\r\n")),)


class ShellSession(Session):
    """A shell: command by command, each with what follows it as its input."""

    is_shell = True
    shell: Shell | None = None

    @property
    def _bash(self) -> bool:
        return posixpath.basename(self.argv[0]) == "bash"

    def open(self) -> Result:
        return self._prompt()

    def take(self, text: str) -> Result:
        self.input += text
        return self._commands(ended=False)

    def interrupt(self) -> Result:
        self.shown = 0
        return self._prompt()

    def end(self) -> Result:
        if self.tty and self.input:         # the end of what a command reads, not of the shell
            return self._commands(ended=True)
        result = self._commands(ended=True) if self.input else _shown(("exit\r\n" if self._bash else "\r\n") if self.tty else "")
        return result if result.code is not None else _join(result, self.leave(self.shell.status if self.shell else 0))

    def _commands(self, ended: bool) -> Result:
        """Execute whole commands for as long as there are any."""
        result = NOTHING
        while self.input and result.code is None:
            command = self._next(ended)
            if not command:
                return _join(result, _shown("> " if self.tty else ""))
            before = self.input
            result = _join(result, self._execute(command, ended))
            if self.input == before:        # it waits
                return result
        return result if result.code is not None or not self.tty else _join(result, self._prompt())

    def _next(self, ended: bool) -> str:
        """The first lines of the input that are a command; "" where it is not whole yet."""
        command = ""
        for line in self.input.splitlines(keepends=True):
            command += line
            if line.endswith("\n") and not unfinished(command, self._bash):
                return command
        return command if ended else ""

    def _execute(self, command: str, ended: bool) -> Result:
        """Run a command on a copy of the shell, which is the shell from then on unless the command waits for input."""
        pod, container, opened = self.enter()
        terminal = Terminal(opened)
        given = Input(self.input[len(command):], more=not ended)
        shell = self._shell(Process(opened, self.argv, opened.env, opened.cwd, {0: given, 1: terminal.fd(1), 2: terminal.fd(2)}))
        code = killed = None
        try:
            code = self._source(shell, command)
        except WantsInput:
            return outcome(self.show(terminal.said(), waits=True), None)
        except Ended as end:
            code, killed = KILLED, end.code
        except Stop as stop:
            terminal.add(2, f"kstate: {stop}\n")
        self.shell, self.input = shell, self.input[len(command) + given.at:]
        settle_up(self.engine, pod, container, opened, killed, "kubectl")
        said = outcome(self.show(terminal.said(), waits=False), None)
        return said if code is None else _join(said, self.leave(code))

    def _shell(self, process: Process) -> Shell:
        """The shell as it is, in the machine as it is now."""
        if self.shell is None:
            dialect = "bash" if self._bash else DIALECTS[process.machine.image.family]
            return Shell(process, dialect, self.argv[0], [])
        shell = self.shell.child()
        shell.machine, shell.fs, shell.fds, shell.traps = process.machine, process.fs, dict(process.fds), dict(self.shell.traps)
        return shell

    def _source(self, shell: Shell, command: str) -> int | None:
        """The shell's exit code, if the command ends it.  At a terminal it survives errors of syntax."""
        error = problem(command, shell.bash)
        if error is not None and self.tty:
            shell.err(shell.words.syntax_error(error, command))
            shell.status = 2
            return None
        try:
            shell.source(command)
        except Exit as end:
            return end.code
        except Leave:
            pass
        return None

    def _prompt(self) -> Result:
        if not self.tty:
            return NOTHING
        _, _, opened = self.enter()
        cwd = self.shell.cwd if self.shell else opened.cwd
        if self._bash:
            return _shown(f"root@{opened.hostname}:{cwd}# ")
        return _shown(f"{cwd} # " if opened.image.family == "busybox" else "# ")


def session(engine, key: Key, container: str, command: list[str] | None, tty: bool) -> Session:
    """A session for `kubectl exec`, or without command for `kubectl attach`.  Raises NotFound, BadRequest, ServerError."""
    pod, container = running(engine, key, container)
    opened = machine(engine, pod, container)
    argv = command or opened.main
    sort = ShellSession if posixpath.basename(argv[0]) in SHELLS and len(argv) == 1 else Session
    begun = sort(engine, key, container, argv, tty, command is None)
    begun.takes_input = begun.is_shell or not begun.main or behaviour(opened, stdin=stays(opened.container)).reads
    return begun


def attach(engine, key: Key, container: str, stdin: str) -> Result:
    """Give a main process all the input that it will get; what it says to that.  Its code is None where it does not read."""
    begun = session(engine, key, container, None, tty=False)
    if not begun.takes_input:
        return NOTHING
    result = _join(begun.open(), begun.feed(stdin))
    return result if result.code is not None else _join(result, begun.end())


def _shown(text: str) -> Result:
    return outcome(((1, text),), None)


def _join(first: Result, second: Result) -> Result:
    return outcome(first.pieces + second.pieces, second.code)
