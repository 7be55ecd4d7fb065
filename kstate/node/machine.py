"""One running container as a command sees it: files, environment, network, virtual time, and what may be spent.

Nothing here waits or runs for ever: a command spends steps, output and virtual time, and is stopped with a clear
message where one runs out.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..world import get
from . import identity
from .files import FileSystem
from .images import Image, image, main_argv

if TYPE_CHECKING:
    from .network import Network

STEPS = 100_000                 # commands and passes of loops
OUTPUT = 1 << 20                # characters of stdout and stderr together, and of what is in a pipe
HORIZON = 24 * 3600 * 1000      # virtual ms that one command may take
NAPS = 100                      # times that one command may sleep
DEPTH = 40                      # of programs, functions and subshells inside each other


class Stop(Exception):
    """The whole run ends here, with a message for the user and an exit code."""

    code = 124


class Limit(Stop):
    """Steps, output or time have run out."""


class Forever(Stop):
    """A program that does not end by itself: a server, `sleep infinity`, `tail -f`."""


class Unknown(Stop):
    """A program of an image that is not modelled: nobody knows what it does, and whatever waits for it goes well."""

    code = 0


class Ended(Stop):
    """The container's main process was killed; `code` is its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__("")
        self.code = code


@dataclass
class Machine:
    """`container` is the container's spec; `env` and `fs` are its environment and files; `now_ms` is when the command began."""

    pod: dict
    container: dict
    image: Image
    fs: FileSystem
    env: dict[str, str]
    network: Network
    now_ms: int
    timestamp: Callable[[int], str]
    user: str = "root"
    tty: bool = False               # whether a terminal is attached, as with `kubectl exec -t`
    elapsed_ms: int = 0
    steps: int = STEPS
    horizon_ms: int = HORIZON
    naps: int = NAPS
    depth: int = 0
    trusting: bool = False          # whether a program that is not found is Unknown, because the image is not modelled

    def __post_init__(self) -> None:
        self.fs.disks.time = self.now_ms

    @property
    def hostname(self) -> str:
        return identity.hostname(self.pod)

    @property
    def time(self) -> int:
        """Virtual milliseconds since the cluster's start."""
        return self.now_ms + self.elapsed_ms

    @property
    def main(self) -> list[str]:
        """The arguments of the container's main process."""
        return [identity.expand(arg, self.env) for arg in main_argv(self.image, self.container)]

    @property
    def cwd(self) -> str:
        return self.container.get("workingDir") or self.image.workdir

    def trust(self) -> None:
        """Let what the pod itself asks for go well where it is not known: its main processes, hooks and probes, not `kubectl exec`."""
        self.trusting = not self.image.name

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise Limit(f"stopped after {STEPS} steps: this would run for ever, or nearly so")

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Something that runs inside something else."""
        self.depth += 1
        if self.depth > DEPTH:
            raise Limit(f"stopped: more than {DEPTH} programs or functions inside each other")
        try:
            yield
        finally:
            self.depth -= 1

    def sleep(self, ms: int) -> None:
        """Let virtual time pass for this command.  The world around it stands still meanwhile."""
        self.naps -= 1
        if self.elapsed_ms + ms > self.horizon_ms:
            raise Limit("stopped: it would take longer than one virtual command may")
        if self.naps < 0:
            raise Limit("stopped: it waits again and again, for something that cannot change while it runs")
        self.at(self.elapsed_ms + ms)

    def at(self, elapsed_ms: int) -> None:
        """Set how much virtual time has passed; what is written from now on carries that time."""
        self.elapsed_ms = elapsed_ms
        self.fs.disks.time = self.time


def open_machine(network: Network, pod: dict, container_name: str, now_ms: int, timestamp: Callable[[int], str],
                 env: dict[str, str] | None = None) -> Machine:
    """The machine of a container of a pod; without `env` in the environment that it would have if it started now.
    Raises identity.ConfigError."""
    container = container_of(pod, container_name)
    model = image(container.get("image", ""))
    env = identity.environment(network.world, pod, container, model.env) if env is None else env
    user = get(container, "securityContext.runAsUser", get(pod, "spec.securityContext.runAsUser", 0))
    fs = network.files(pod, container_name, network.disks)
    return Machine(pod, container, model, fs, env, network, now_ms, timestamp, user="root" if user == 0 else str(user))


def container_of(pod: dict, name: str) -> dict:
    """The spec of a container by its name, whichever list it stands in."""
    for field in ("containers", "initContainers", "ephemeralContainers"):
        for container in pod["spec"].get(field) or ():
            if container["name"] == name:
                return container
    raise KeyError(name)
