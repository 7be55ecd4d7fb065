"""The container runtime: what a kubelet has its node's containers do, on the simulated machine.

A main process is computed once, when its container starts: how long it runs, what it says, what it writes and when.
"""
from __future__ import annotations

import posixpath

from ..controllers.base import get
from ..world import World
from .entrypoint import Behaviour, behaviour
from .files import Disks
from .machine import Machine, container_of, open_machine
from .mounts import environment, file_system, mounts
from .network import Network
from .probes import probe as ask
from .run import run

DEAF = ("sh", "ash", "bash", "dash", "sleep", "tail", "cat", "yes")     # as process 1 they do not hear SIGTERM
STOP = 1_000                        # ms from SIGTERM to the end of a process that hears it
KILL = 2_000                        # ms that SIGTERM gets at least before SIGKILL (KUB-50)
KILLED, TERMINATED = 137, 143       # exit codes


def open_container(world: World, clock, now: int, pod: dict, container: str, started: str = "") -> Machine:
    """The machine of a container, with its volumes and the pod network; it may have `started` (RFC 3339) before.  Raises
    identity.ConfigError."""
    def files(of: dict, name: str, disks: Disks):
        return file_system(world, of, container_of(of, name), disks)
    env = environment(world, pod, container_of(pod, container), started)
    return open_machine(Network(world, files), pod, container, now, clock.timestamp, env)


def _machine(container) -> Machine:
    started, api = get(container.status, "state.running.startedAt", ""), container.api
    return open_container(api.world, api.clock, api.now, container.pod, container.name, started)


def begin(container) -> Behaviour:
    """What the main process will do from now on.  An image's own shell is taken to have a terminal, so it stays."""
    return behaviour(_machine(container), stdin=stays(container.spec))


def stays(spec: dict) -> bool:
    """Whether a main process that reads waits until somebody attaches."""
    return bool(spec.get("stdin")) or not (spec.get("command") or spec.get("args"))


def apply(container, writes: list[tuple]) -> None:
    """Put what a process wrote, (disk, path, entry) one after the other, onto its disks."""
    changed: dict[str, dict] = {}
    known = {m.disk_name: m.files for m in mounts(container.api.world, container.pod, container.spec)} if writes else {}
    for disk, path, entry in writes:
        files = changed.setdefault(disk, dict(known.get(disk, {})))
        files.pop(path, None)
        if entry is not None:
            files[path] = entry
    for disk, files in changed.items():
        container.api.write(disk, dict(sorted(files.items())), because="KUB-30")


def probe(container, spec: dict) -> tuple[bool, str]:
    """One attempt of a probe, against the container as it is now (KUB-46)."""
    return ask(_machine(container), spec)


# ---- hooks and the end ----------------------------------------------------------------------------------

def hook(container, name: str) -> tuple[bool, int]:
    """Run "postStart" or "preStop": whether it succeeded, and how long it took (ms).  What it writes is kept."""
    handler = get(container.spec, f"lifecycle.{name}", {})
    if "sleep" in handler:
        return True, handler["sleep"].get("seconds", 0) * 1000
    if "exec" not in handler:
        return True, 0
    machine = _machine(container)
    machine.trust()
    result = run(machine, handler["exec"]["command"])
    for disk, files in machine.fs.changed().items():
        container.api.write(disk, files, because="KUB-50")
    return result.code == 0, machine.elapsed_ms


def hears_sigterm(machine: Machine) -> bool:
    """Whether the main process ends when it is asked to: servers do, a shell or a sleep as process 1 does not."""
    main = machine.main
    if not machine.image.name and not machine.container.get("command"):
        return True
    if posixpath.basename(main[0]) not in DEAF or machine.image.name == "pause":
        return True
    return any(word in arg for arg in main[1:] for word in ("exec ", "trap "))


def exit_code(machine: Machine, hears: bool) -> int:
    """How a stopped main process ends: servers cleanly."""
    if not hears:
        return KILLED
    return 0 if machine.image.name and posixpath.basename(machine.main[0]) not in DEAF else TERMINATED


def stop(container, grace: int, before: int = 0) -> tuple[int, int]:
    """(ms until the container is down, its exit code), for a grace period of which a preStop hook takes `before` ms."""
    machine = _machine(container)
    hears = hears_sigterm(machine)
    before = min(before, grace)
    return before + (STOP if hears else max(grace - before, KILL)), exit_code(machine, hears)

