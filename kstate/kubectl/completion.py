"""What Tab offers on a kubectl command line: commands, kinds, names, namespaces, containers, flags and their values, fields.

    >>> complete(cluster, "get po")
    ['pods', 'poddisruptionbudgets']
    >>> complete(cluster, "explain sts.spec.vol")
    ['sts.spec.volumeClaimTemplates']

Only what kubectl in process does is offered: no command that it refuses.  Nothing is changed: the server is only read.
"""
from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from typing import Any

from ..errors import ApiError
from .args import Args, Failure, Flag, HelpWanted, read
from .commands import GROUPS, MIXED, Command, commands, descend
from .explain import fields_below
from .output import WITH_TABLE, WITHOUT_TABLE
from .session import Session

# command -> the kinds that it is about; "" for all.  Where one kind stands alone and no word for it is typed, names follow at once.
KINDS = {
    "annotate": "", "apply view-last-applied": "", "delete": "", "describe": "", "edit": "", "get": "", "label": "", "patch": "", "wait": "",
    "expose": "deployments pods replicasets services", "scale": "deployments replicasets statefulsets", "taint": "nodes",
    **dict.fromkeys(("rollout history", "rollout restart", "rollout status", "rollout undo"), "deployments statefulsets"),
    **dict.fromkeys(("rollout pause", "rollout resume"), "deployments"),
    **dict.fromkeys(("set env", "set image", "set resources", "set serviceaccount"), "deployments pods replicasets statefulsets"),
    "set selector": "services",
}
NAMES = {"cordon": "nodes", "drain": "nodes", "exec": "pods", "logs": "pods", "uncordon": "nodes"}
VALUES = {
    "cascade": ("background", "foreground", "orphan"), "dry-run": ("client", "none", "server"), "filename": ("-",),
    "image-pull-policy": ("Always", "IfNotPresent", "Never"), "restart": ("Always", "Never", "OnFailure"),
    "types": ("Normal", "Warning"), "validate": ("ignore", "strict", "warn"),
}
OF_COMMAND = {      # flags that mean something else from command to command
    ("expose", "type"): ("ClusterIP", "LoadBalancer", "NodePort"), ("patch", "type"): ("json", "merge", "strategic"),
    ("wait", "for"): ("condition=Ready", "create", "delete", "jsonpath="), ("api-resources", "output"): ("name", "wide"),
    ("config get-contexts", "output"): ("name",), ("delete", "output"): ("name",), ("version", "output"): ("json", "yaml"),
}
PROBE = "\0"        # stands where the word is that Tab completes


def complete(cluster: Any, text: str) -> list[str]:
    """The words that the last word can become, in order; [] where there is nothing to offer.

    cluster: a kstate.cluster.Cluster; text: what stands between "kubectl " and the cursor; a blank at its end begins a new word."""
    before, word = re.fullmatch(r"(.*?)(\S*)", text, re.DOTALL).groups()
    try:
        words = shlex.split(before)
        return cluster.inside(lambda: _Line(cluster, words, word).offers())
    except (ValueError, ApiError, Failure, HelpWanted):
        return []           # what cannot be understood cannot be completed


class _Line:
    """A command line without its last word, as far as it is understood."""

    def __init__(self, cluster: Any, words: list[str], word: str) -> None:
        self.word = word
        path, rest = descend(words)
        self.command: Command = commands()[path]
        self.session = Session(cluster, "", str, {})
        self.args: Args = read([*rest, PROBE], self.command.flags, "")
        self.session.args = self.args
        self.names = [name for name in self.args.names if name != PROBE]

    def offers(self) -> list[str]:
        if self.args.dash is not None:
            return []       # what runs in a container is not known here
        waiting = next((flag for flag in self.command.flags.values() if _holds(self.args[flag.name], PROBE)), None)
        if waiting:
            return self.values(waiting, "", self.word)
        flag, equals, begun = self.word.partition("=")
        if flag.startswith("-"):
            if not equals:
                return self.flags()
            found = next((f for f in self.command.flags.values() if flag in (f"--{f.name}", f"-{f.short}")), None)
            return self.values(found, f"{flag}=", begun) if found else []
        path = self.command.path
        below = [c.path.rpartition(" ")[2] for c in commands().values() if c.path and c.path.rpartition(" ")[0] == path and _works(c)]
        if below and not self.names:
            return self.beginning(below)
        if path == "explain":
            return self.fields()
        if path in KINDS:
            return self.objects(KINDS[path].split())
        if path in NAMES:
            return self.pods_or_nodes(NAMES[path])
        return self.beginning(["kstate"]) if path in ("config use-context", "config set-context") and not self.names else []

    def beginning(self, offered: Iterable[str], begun: str | None = None, prefix: str = "") -> list[str]:
        """Those that begin with what was typed, with what stands before them in the word."""
        begun = self.word if begun is None else begun
        return [prefix + each for each in offered if each.startswith(begun)]

    # -- flags

    def flags(self) -> list[str]:
        """--long ones, the command's own first; the short ones only after a single dash."""
        ordered = sorted(self.command.flags.values(), key=lambda f: (f.name in commands()[""].flags, f.name))
        offered = [f"--{f.name}" for f in ordered] + [f"-{f.short}" for f in ordered if f.short and self.word == "-"]
        return self.beginning(offered)

    def values(self, flag: Flag, prefix: str, begun: str) -> list[str]:
        path = self.command.path
        if (path, flag.name) in OF_COMMAND:
            offered: Iterable[str] = OF_COMMAND[path, flag.name]
        elif flag.name == "namespace":
            offered = self.named("namespaces")
        elif flag.name == "container":
            offered = self.containers()
        elif flag.name == "output":
            offered = WITH_TABLE if path == "get" else WITHOUT_TABLE
        else:
            offered = ("true", "false") if flag.type == "bool" else VALUES.get(flag.name, ())
        return self.beginning(offered, begun, prefix)

    def containers(self) -> list[str]:
        pods = self.session.discovery.named("pods")
        pod = self.session.ask("GET", pods.path(self.session.namespace, self.names[0].removeprefix("pod/"))) if self.names else {"spec": {}}
        return [container["name"] for sort in ("containers", "initContainers") for container in pod["spec"].get(sort) or ()]

    # -- what commands are about

    def objects(self, kinds: list[str]) -> list[str]:
        """A kind, or several with commas; kind/name; or names after a kind."""
        kind, slash, begun = self.word.rpartition("/")
        if slash:
            return self.beginning(self.named(kind), begun, f"{kind}/")
        if self.names:
            return self.beginning(self.named(self.names[0])) if "/" not in self.names[0] else []
        several, comma, begun = self.word.rpartition(",")
        return self.beginning(kinds or self.kinds(), begun, several + comma)

    def pods_or_nodes(self, kind: str) -> list[str]:
        """exec and logs take one pod, or TYPE/NAME; cordon and its like take nodes."""
        if kind == "pods" and self.names:
            return []
        typed, slash, begun = self.word.rpartition("/")
        return self.beginning(self.named(typed or kind), begun, typed + slash)

    def kinds(self) -> list[str]:
        """What the server lists, in its order; a name that two groups have stands there once."""
        return list(dict.fromkeys(r.plural for r in self.session.discovery.resources if "get" in r.verbs))

    def named(self, kind: str) -> list[str]:
        """The names of the objects of a kind, without those that stand on the line already."""
        resource = self.session.discovery.named(kind)
        namespace = "" if self.args["all-namespaces"] else self.session.namespace
        listed = self.session.ask("GET", resource.path(namespace if resource.namespaced else ""))["items"]
        return [name for name in dict.fromkeys(obj["metadata"]["name"] for obj in listed) if name not in self.names]

    def fields(self) -> list[str]:
        """sts.spec.re -> sts.spec.replicas"""
        above, dot, begun = self.word.rpartition(".")
        if self.names:
            return []
        return self.beginning(fields_below(self.session, above) if dot else self.kinds(), begun, above + dot)


def _holds(value: Any, word: str) -> bool:
    """Whether a flag has a value; some have several."""
    return word in value if isinstance(value, list) else value == word


def _works(command: Command) -> bool:
    """Whether kubectl in process does a command, or one of those below it."""
    own = [command] if command.path not in GROUPS or command.path in MIXED else []
    return any(not c.refusal for c in (*own, *(c for c in commands().values() if c.path.startswith(f"{command.path} "))))
