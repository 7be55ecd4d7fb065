"""What a container's main process does, from its start: what it prints, what it writes and when, and whether it ends.

The process is computed once, at the start, against the files and the network of that moment.  So a script that asks the
network again and again is `waiting`: compute it anew when the cluster has changed.  What others write to its files while it
runs, it does not see.
"""
from __future__ import annotations

from typing import NamedTuple

from . import commands  # noqa: F401  (fills the table of programs)
from .files import Write
from .machine import Ended, Forever, Limit, Machine, Unknown
from .process import Input, NotFound, Process, Terminal, WantsInput, spawn

PAUSES = 500            # times that a main process may sleep before the rest of what it does is left out


class Behaviour(NamedTuple):
    """`runs_ms` is None for a process that does not end.  `output` and `writes` carry their moments: elapsed ms of the run,
    and virtual ms since the cluster's start.  `error` says why the container cannot start at all (StartError, KUB-34).
    `reads`: it goes on only when somebody attaches and gives it input."""

    runs_ms: int | None
    exit_code: int
    output: tuple[tuple[int, str], ...] = ()
    writes: tuple[Write, ...] = ()
    error: str = ""
    waiting: bool = False
    reads: bool = False

    @property
    def stdout(self) -> str:
        """All that it prints, as the container's log has it."""
        return "".join(text for _, text in self.output)


def behaviour(machine: Machine, stdin: bool = False) -> Behaviour:
    """What the main process of a machine's container does.  With `stdin` what reads waits until somebody attaches.

    The machine's disks are written to in the course of this: hand in one of which nothing else is wanted."""
    machine.naps = PAUSES
    machine.trust()
    terminal = Terminal(machine)
    process = Process(machine, machine.main, machine.env, machine.cwd, {0: Input(more=stdin), 1: terminal.fd(1), 2: terminal.fd(2)})
    start = len(machine.fs.disks.journal)

    def done(runs_ms: int | None, code: int, **more) -> Behaviour:
        output = tuple((ms, text) for ms, _, text in terminal.pieces if text)
        writes = {(w.time, w.disk_name, w.path): w for w in machine.fs.disks.journal[start:]}       # of one moment only the last counts
        return Behaviour(runs_ms, code, output, tuple(writes.values()), **more)

    try:
        code = spawn(process)
        return done(machine.elapsed_ms, code)
    except Forever:
        return done(None, 0)
    except WantsInput:
        return done(None, 0, reads=True)
    except (Limit, RecursionError):
        return done(None, 0, waiting=machine.naps < 0 and machine.network.asked)
    except Ended as end:
        return done(machine.elapsed_ms, end.code)
    except Unknown as program:
        terminal.add(2, f"kstate: {program}\n")
        return done(machine.elapsed_ms if _is_to_end(machine) else None, 0)
    except NotFound as error:
        return done(0, 128, error=error.why)


def _is_to_end(machine: Machine) -> bool:
    """Whether the pod goes on only when this container has ended: an init container that is no sidecar."""
    container = machine.container
    return container in (machine.pod["spec"].get("initContainers") or ()) and container.get("restartPolicy") != "Always"
