"""The Lab: a cluster, its namespace and its view, as a lesson uses them.

Every action goes the same way: under a lock (widget callbacks may run in another thread than the cells), past the
cluster, and then the views that show it are told.  Each verb returns the kubectl command that would have done the same.
"""
from __future__ import annotations

import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable
from itertools import islice
from shlex import quote
from typing import Any
from zlib import compress, decompress
from zlib import error as ZlibError

from kstate import Cluster
from kstate.clock import age
from kstate.graph import graph
from kstate.kubectl import Table, kubectl
from kstate.kubectl.workstation import shell
from kstate.story import QUIET, short

from .manifests import by_file_name
from .output import Output, shown
from .picture import picture
from .resolution import Resolution, resolution
from .svg import svg
from .text import text

VERBS = ("apply", "scale", "delete", "write", "step", "settle", "run", "undo", "redo", "kubectl", "shell")


class Command(str):
    """A kubectl command that would have done the same; a cell shows it as it would be typed."""

    __repr__ = str.__str__


class Lab:
    """A simulated cluster to look at and to act on.

    start: manifests (YAML text) that are applied and settled before the lesson begins; namespace: where they go;
    seed: what chance depends on; nodes: how many."""

    def __init__(self, start: str = "", *, namespace: str = "default", seed: int | str = 0, nodes: int = 3) -> None:
        self._make: Callable[[], Cluster] = lambda: Cluster(nodes=nodes, seed=seed, namespace=namespace)
        self._start = start
        self.lock = threading.RLock()
        self.commands: list[str] = []           # the kubectl equivalents of what was done, oldest first
        self.actions: list[tuple] = []          # the same as verbs and arguments, for the session string
        self.listeners: list[Callable[[], None]] = []
        self.handle: Any = None                 # of the server, once it is served
        self.cluster = self._fresh()

    def _fresh(self) -> Cluster:
        cluster = self._make()
        self.files = by_file_name()             # what kubectl's -f may name
        if self._start:
            cluster.apply(self._start)
            cluster.settle()
        cluster.history.done.clear()            # the start is not something to undo, nor to tell
        self._begun = len(cluster.engine.world.log)
        return cluster

    # -- what the view asks

    @property
    def namespace(self) -> str:
        return self.cluster.namespace

    def objects(self) -> list[dict]:
        return self.cluster.objects()

    def story(self, last: int = 12) -> list[str]:
        """The last lines of what happened."""
        def tell() -> list[str]:
            log = self.cluster.engine.world.log
            told = (short(log[i]) for i in range(len(log) - 1, self._begun - 1, -1) if log[i].key.kind not in QUIET)
            return list(islice(told, last))[::-1]
        return self.cluster.inside(tell)

    def controllers(self) -> list[tuple[str, int]]:
        """The controllers that have work now, and how many keys wait in the queue of each."""
        def count() -> list[tuple[str, int]]:
            engine = self.cluster.engine
            waiting = [name for name, _ in engine.queue]
            return [(name, waiting.count(name)) for name in engine.controllers if name in waiting]
        return self.cluster.inside(count)

    def why(self, ref: str) -> str:
        return str(self.cluster.why(_object(ref)))

    def clock(self) -> str:
        """Virtual time since the start: "2m5s"."""
        return age(self.cluster.now)

    def can(self) -> dict[str, bool]:
        return {"undo": self.cluster.history.can_undo, "redo": self.cluster.history.can_redo}

    # -- what a learner does; each returns the equivalent command

    def act(self, action: tuple, command: str, do: Callable[[], Any]) -> str:
        """One action, told to all views, whether it succeeds or is refused.  action: the verb and its arguments, for the session."""
        with self.lock:
            try:
                do()
                self.actions.append(action)
                self.commands.append(command)
            finally:
                self.tell()
        return Command(command)

    def tell(self) -> None:
        for listener in list(self.listeners):
            listener()

    def apply(self, manifest: Any) -> str:
        """Apply YAML, an object or a list of objects; controllers do not move until they are let."""
        return self.act(("apply", manifest), "kubectl apply -f -", lambda: self.cluster.apply(manifest))

    def scale(self, ref: str, replicas: int) -> str:
        kind, namespace, name = ref.split("/")
        return self.act(("scale", ref, replicas), f"kubectl scale {_resource(kind)} {name} --replicas={replicas}",
                        lambda: self.cluster.scale(kind, name, replicas, namespace))

    def delete(self, ref: str) -> str:
        kind, namespace, name = ref.split("/")
        return self.act(("delete", ref), f"kubectl delete {_resource(kind)} {name}", lambda: self.cluster.delete(kind, name, namespace or None))

    def write(self, ref: str, path: str, content: str) -> str:
        """Write a file in a pod's first container."""
        _, namespace, name = ref.split("/")
        command = f"printf '%s\\n' {quote(content)} > {quote(path)}"

        def do() -> None:
            result = self.cluster.exec(name, command, namespace)
            if result.code:
                raise RuntimeError(result.stderr.strip() or f"exit code {result.code}")
        return self.act(("write", ref, path, content), f"kubectl exec {name} -- sh -c {quote(command)}", do)

    def step(self, controller: str | None = None) -> str:
        return self.act(("step", controller), f"# step {controller or 'the next controller'}", lambda: self.cluster.step(controller))

    def settle(self) -> str:
        return self.act(("settle",), "# run until nothing changes any more", self.cluster.settle)

    def run(self, seconds: float) -> str:
        return self.act(("run", seconds), f"sleep {seconds:g}", lambda: self.cluster.run(seconds))

    def undo(self) -> str:
        return self.act(("undo",), "# undo", self.cluster.undo)

    def redo(self) -> str:
        return self.act(("redo",), "# redo", self.cluster.redo)

    def reset(self) -> str:
        """Back to the start of the lab."""
        with self.lock:
            if self.handle is not None:
                self.handle.stop()              # it served the cluster that goes
            self.cluster = self._fresh()
            self.actions.clear()
            self.commands.clear()
            self.tell()
        return Command("# reset")

    def kubectl(self, command: str, stdin: str = "") -> Output:
        """Run a kubectl command on this cluster; shows what kubectl prints.  What it changes settles.

        -f reads `files`, at first the manifests of the lessons (`-f statefulset.yaml`), and cp writes there: no file of this
        machine is touched."""
        output: list[Output] = []

        def do() -> None:
            tables: list[Table] = []
            result = kubectl(self.cluster, command, stdin, files=self.files, tables=tables)
            output.append(shown(result, tables, self._states() if tables else {}))
        self.act(("kubectl", command, stdin), f"kubectl {command}", do)
        return output[0]

    def shell(self, script: str, stdin: str = "") -> Output:
        """Run a script in a simulated bash beside the cluster, in which kubectl is a program: loops, pipes and files as tutorials have
        them.  Its home directory are `files`; no file, process or network of this machine is touched."""
        output: list[Output] = []
        self.act(("shell", script, stdin), script.strip(), lambda: output.append(shown(shell(self.cluster, script, self.files, stdin))))
        return output[0]

    def _states(self) -> dict[str, str]:
        """ready, waiting, blocked ...: the state of every object that a picture can show, by the id of its node."""
        return {node: facts["state"] for node, facts in picture(graph(self.objects())).nodes.items()}

    def resolve(self, name: str, pod: str, namespace: str | None = None) -> Resolution:
        """How a program in a pod finds a name: each name that its resolver tries, and what came of it.  Raises NotFound."""
        return resolution(self.cluster, name, pod, namespace)

    def serve(self, speed: str | float = 1, port: int = 0, kubeconfig: str = "kubeconfig"):
        """Serve this cluster for the real kubectl, in JupyterLab's terminal say; the views follow what it does.

        speed: virtual seconds per real second, or "max"; a long wait is skipped with the view's +5 min, or with `run`.
        Returns a handle with url and stop(); serving again ends the server before, and so does `reset`.
        Raises OSError where the port is taken or the kubeconfig file is somebody else's."""
        self.handle = self.cluster.serve(port, speed, kubeconfig)
        self.handle.follow(self.tell)
        return self.handle

    # -- the whole session as one string

    def session(self) -> str:
        """Everything that was done here, as one string: `replay` brings anybody to this state.  Clients of a served cluster are not here."""
        return b64encode(compress(json.dumps(self.actions).encode(), 9)).decode()

    def replay(self, session: str) -> None:
        """Start anew and do again what another session did.  Raises ValueError for a string that is none."""
        try:
            actions = json.loads(decompress(b64decode(session, validate=True)))
            unknown = {verb for verb, *_ in actions} - {*VERBS}
        except (TypeError, ValueError, ZlibError) as error:
            raise ValueError(f"this is not a session string: {error}") from None
        if unknown:
            raise ValueError(f"a session of another version: it has {', '.join(sorted(unknown))}")
        self.reset()
        for verb, *arguments in actions:
            getattr(self, verb)(*arguments)

    # -- what it looks like

    def show(self):
        """The live view."""
        from .view import View
        return View(self)

    def picture(self):
        return picture(graph(self.objects(), self.namespace))

    def fork(self) -> Lab:
        """A lab of its own that goes on from here, for trying things."""
        twin = object.__new__(Lab)
        twin.__dict__ |= {**self.__dict__, "lock": threading.RLock(), "commands": list(self.commands), "actions": list(self.actions),
                           "files": dict(self.files), "listeners": [], "handle": None, "cluster": self.cluster.fork()}
        return twin

    def _repr_mimebundle_(self, **_) -> dict[str, str]:
        """The picture as it is now, not live."""
        shown = self.picture()
        return {"text/plain": text(shown), "image/svg+xml": svg(shown)}


def _object(ref: str) -> dict:
    kind, namespace, name = ref.split("/")
    return {"kind": kind, "metadata": {"namespace": namespace, "name": name}}


def _resource(kind: str) -> str:
    from kstate.kinds import lookup
    found = lookup(kind)
    return (found.short or (found.singular,))[0] if found.kind != "Pod" else "pod"


