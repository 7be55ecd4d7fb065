"""Run one command in a container, as `kubectl exec` does."""
from __future__ import annotations

from typing import NamedTuple

from . import commands  # noqa: F401  (fills the table of programs)
from .machine import Ended, Machine, Stop
from .process import Input, NotFound, Process, Terminal, WantsInput, spawn

Pieces = tuple[tuple[int, str], ...]        # what a command said, in order, each (1 for stdout or 2 for stderr, text)


class Result(NamedTuple):
    """What a command gave.  `code` is None where it wants more input than came.  `ended` is the exit code of the container's main
    process where the command killed it, else None."""

    stdout: str
    stderr: str
    code: int | None
    ended: int | None = None
    pieces: Pieces = ()

    @property
    def terminal(self) -> str:
        """stdout and stderr together, as a terminal shows them."""
        return "".join(text for _, text in self.pieces)


def outcome(pieces: Pieces, code: int | None, ended: int | None = None) -> Result:
    stdout, stderr = ("".join(text for number, text in pieces if number == wanted) for wanted in (1, 2))
    return Result(stdout, stderr, code, ended, pieces)


def run(machine: Machine, argv: list[str], stdin: str = "", more: bool = False) -> Result:
    """Run a program of the machine, as `kubectl exec pod -- argv...` does.  Files change in machine.fs, time in machine.elapsed_ms.

    more: there may be more input than `stdin`."""
    terminal, ended = Terminal(machine), None
    process = Process(machine, list(argv), machine.env, machine.cwd, {0: Input(stdin, more), 1: terminal.fd(1), 2: terminal.fd(2)})
    try:
        code = spawn(process)
    except NotFound as error:
        code = 126 if error.denied else 127
        terminal.add(2, f"OCI runtime exec failed: exec failed: unable to start container process: {error.why}: unknown\n")
    except Ended as end:
        code, ended = 137, end.code
    except RecursionError:
        code = Stop.code
        terminal.add(2, "kstate: stopped: the script is nested too deeply\n")
    except WantsInput:
        code = None
    except Stop as stop:
        code = stop.code
        terminal.add(2, f"kstate: {stop}\n")
    return outcome(terminal.said(), code, ended)
