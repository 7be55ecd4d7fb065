"""A workstation beside the cluster: a simulated bash with its programs, among which is kubectl.

    >>> shell(cluster, "for i in 0 1; do kubectl exec web-$i -- hostname; done", {})
    web-0
    web-1

It stands outside the cluster: it has files of its own, and no way to the pods but kubectl.  None of it is this machine's.
"""
from __future__ import annotations

import posixpath
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

from ..node.files import Disks, FileError, FileSystem, Mount
from ..node.images import PROGRAM, image
from ..node.machine import Machine
from ..node.network import Network
from ..node.process import Process, program
from ..node.run import run
from ..world import World
from . import kubectl
from .result import Result

HOME = "/root"
CONTAINER = {"name": "workstation", "workingDir": HOME}
OUTSIDE = {"metadata": {"name": "workstation", "namespace": "", "uid": ""}, "spec": {"containers": [CONTAINER]}}
ENV = {"HOME": HOME, "HOSTNAME": "workstation", "PATH": "/usr/local/bin:/usr/bin:/bin", "USER": "root"}
COST = 200          # steps of a script that one kubectl command counts for
KUBECTL = {"usr/local/bin/kubectl": {"content": f"{PROGRAM}kubectl\n", "mode": 0o755, "time": 0}}


def shell(cluster: Any, script: str, files: MutableMapping[str, str], stdin: str = "") -> Result:
    """Run a script; what goes wrong is said on stderr and by the exit code, nothing is raised.

    cluster: a simulated kstate.cluster.Cluster.  files: those of the home directory, path -> text; what the script makes of them
    stays there.  Each kubectl command is followed by what happens soon; `sleep` lets the cluster's time pass."""
    model = image("debian")
    fs = FileSystem([Mount("/", "workstation", {**model.files, **KUBECTL})])
    home = Files(fs, HOME)
    home.update(files)
    done = run(Workstation(OUTSIDE, CONTAINER, model, fs, ENV, Network(World(), _nowhere), cluster.now, cluster.engine.clock.timestamp, cluster=cluster),
               ["bash", "-c", script], stdin)
    for path in files.keys() - home.keys():
        del files[path]
    files.update(home)
    return Result(done.stdout, done.stderr, done.code or 0)


def _nowhere(pod: dict, container: str, disks: Disks) -> FileSystem:
    raise KeyError(container)       # its network has no pods


@dataclass
class Workstation(Machine):
    """Its time is the cluster's."""

    cluster: Any = None

    @property
    def time(self) -> int:
        return self.cluster.now

    def sleep(self, ms: int) -> None:
        super().sleep(ms)
        self.cluster.run(ms / 1000)


class Files(MutableMapping[str, str]):
    """The files below a directory, by their path from there, or by their whole path."""

    def __init__(self, fs: FileSystem, directory: str) -> None:
        self.fs, self.directory = fs, directory

    def _at(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self.directory, path))

    def __getitem__(self, path: str) -> str:
        try:
            return self.fs.read(self._at(path))
        except FileError:
            raise KeyError(path) from None

    def __setitem__(self, path: str, text: str) -> None:
        self.fs.mkdir(posixpath.dirname(self._at(path)), parents=True)
        self.fs.write(self._at(path), text)

    def __delitem__(self, path: str) -> None:
        self.fs.remove(self._at(path))

    def __iter__(self) -> Iterator[str]:
        for path in self.fs.walk(self.directory):
            if not self.fs.is_dir(path):
                yield posixpath.relpath(path, self.directory)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@program("kubectl")
def kubectl_program(p: Process) -> int:
    """kubectl, which in a pod finds no cluster that it may speak to."""
    if not isinstance(p.machine, Workstation):
        p.err("The connection to the server localhost:8080 was refused - did you specify the right host or port?\n")
        return 1
    p.machine.steps -= COST
    done = kubectl(p.machine.cluster, p.args, p.stdin.read, files=Files(p.fs, p.cwd))
    p.out(done.stdout)
    p.err(done.stderr)
    return done.code
