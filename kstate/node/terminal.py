"""Commands to which input comes bit by bit, as over the WebSockets of `kubectl exec -it` and `kubectl attach`."""
from __future__ import annotations

import posixpath

from ..world import Key
from .commands.sh import DIALECTS
from .machine import Ended, Stop
from .process import Exit, Input, Process, Terminal
from .reach import exec, machine, running, settle_up
from .run import Result
from .shell.parser import Parser
from .shell.state import Shell
from .shell.syntax import Unexpected

SHELLS = ("sh", "ash", "bash", "dash")


class Session:
    """A command to which input comes bit by bit.  With a terminal a shell keeps its state from line to line; what is typed is
    echoed.  Each call answers with a Result whose code is None while the command goes on."""

    def __init__(self, engine, key: Key, container: str, argv: list[str], tty: bool, main: bool) -> None:
        self.engine, self.key, self.container, self.argv, self.tty, self.main = engine, key, container, argv, tty, main
        self.line, self.shell = "", None

    def open(self) -> Result:
        """What shows at once: the prompt of a shell, or all that another command says."""
        if posixpath.basename(self.argv[0]) in SHELLS and len(self.argv) == 1:
            return self._answer(self._prompt())
        return self.run("")

    def run(self, stdin: str) -> Result:
        """Run the command to its end with that input."""
        result = exec(self.engine, self.key, self.container, self.argv, stdin)
        return result._replace(stdout=result.terminal.replace("\n", "\r\n"), stderr="") if self.tty else result

    def feed(self, text: str) -> Result:
        """Take in what was typed."""
        shown = ""
        for char in text:
            if char == "\x04" and not self.line:                    # Ctrl-D
                return self._leave(shown + "exit\r\n", 0)
            if char == "\x03":                                       # Ctrl-C
                shown, self.line = shown + "^C\r\n" + self._prompt(), ""
            elif char == "\x7f":
                shown, self.line = shown + ("\b \b" if self.line else ""), self.line[:-1]
            elif char in "\r\n":
                output, code = self._execute(self.line + "\n")
                shown, self.line = shown + "\r\n" + output.replace("\n", "\r\n"), ""
                if code is not None:
                    return self._leave(shown, code)
                shown += self._prompt()
            else:
                shown, self.line = shown + char, self.line + char
        return self._answer(shown)

    def _execute(self, line: str) -> tuple[str, int | None]:
        """One line in the shell: what it shows, and the shell's exit code if it ends."""
        pod, container = running(self.engine, self.key, self.container)
        opened = machine(self.engine, pod, container)
        opened.tty = True
        terminal = Terminal(opened)
        process = Process(opened, self.argv, opened.env, opened.cwd, {0: Input(), 1: terminal.fd(1), 2: terminal.fd(2)})
        if self.shell is None:
            kind = "bash" if process.name == "bash" else DIALECTS[opened.image.family]
            self.shell = Shell(process, kind, self.argv[0], [])
        self.shell.machine, self.shell.fs, self.shell.fds = opened, opened.fs, dict(process.fds)
        code = ended = None
        try:
            if self._makes_sense(line):
                self.shell.source(line)
        except Exit as end:
            code = end.code
        except Ended as end:
            code, ended = 137, end.code
        except Stop as stop:
            terminal.add(2, f"kstate: {stop}\n")
        settle_up(self.engine, pod, container, opened, ended, "kubectl")
        return terminal.text(1, 2), code

    def _makes_sense(self, line: str) -> bool:
        """A typed line with a syntax error is complained of; the shell goes on."""
        parser = Parser(line, self.shell.bash)
        try:
            while parser.complete_command() is not None:
                pass
        except Unexpected as error:
            self.shell.err(self.shell.words.syntax_error(error, line))
            return False
        return True

    def _prompt(self) -> str:
        pod, container = running(self.engine, self.key, self.container)
        opened = machine(self.engine, pod, container)
        cwd = self.shell.cwd if self.shell else opened.cwd
        if opened.image.family == "busybox":
            return f"{cwd} # "
        return f"root@{opened.hostname}:{cwd}# " if posixpath.basename(self.argv[0]) == "bash" else "# "

    def _leave(self, shown: str, code: int) -> Result:
        """The shell ends; if it was the main process, the container does."""
        if self.main:
            pod, container = running(self.engine, self.key, self.container)
            settle_up(self.engine, pod, container, machine(self.engine, pod, container), code, "kubectl")
        return Result(shown, "", code)

    def _answer(self, shown: str) -> Result:
        return Result(shown, "", None)


def session(engine, key: Key, container: str, command: list[str] | None, tty: bool) -> Session:
    """A session for `kubectl exec`, or without command for `kubectl attach`.  Raises as exec does."""
    pod, container = running(engine, key, container)
    return Session(engine, key, container, command or machine(engine, pod, container).main, tty, command is None)
