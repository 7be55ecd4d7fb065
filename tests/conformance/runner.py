"""Plays a scenario step by step and records what a Kubernetes v1.36 control plane was seen to do with it.

`scenarios/*.yaml` are lists of steps: `apply` or `create` (a manifest), `kubectl` (arguments), `wait` (seconds).
`traces/*.json` hold what the reference did after each step: objects (as changes), story, events and output.
A backend is what is played on: this module has the one in process; any other has the same three methods.
"""
from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

import yaml

from kstate.cluster import Cluster
from kstate.kubectl import kubectl

from .normal import Names

HERE = Path(__file__).parent
PLURALS = {     # kinds whose objects are compared
    "Pod": "/api/v1/pods", "PersistentVolumeClaim": "/api/v1/persistentvolumeclaims", "PersistentVolume": "/api/v1/persistentvolumes",
    "Service": "/api/v1/services", "Endpoints": "/api/v1/endpoints", "EndpointSlice": "/apis/discovery.k8s.io/v1/endpointslices",
    "StatefulSet": "/apis/apps/v1/statefulsets", "Deployment": "/apis/apps/v1/deployments", "ReplicaSet": "/apis/apps/v1/replicasets",
    "ControllerRevision": "/apis/apps/v1/controllerrevisions", "StorageClass": "/apis/storage.k8s.io/v1/storageclasses",
}
TOLD = ("Pod", "PersistentVolumeClaim", "PersistentVolume")     # kinds of which the story tells
RESYNC = 2          # s: how often the volume controller of the reference looked at everything again
OWN = [("Service", "kubernetes"), ("Endpoints", "kubernetes"), ("EndpointSlice", "kubernetes")]     # of the control plane itself


class Output(NamedTuple):
    stdout: str
    stderr: str
    code: int


class Backend(Protocol):
    """A cluster to play on."""

    def kubectl(self, words: list[str], stdin: str, quiet: float) -> Output:
        """Run a command, and let the cluster come to rest.  quiet: for so many seconds nothing must change (0: as long as usual)."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""

    def list(self, path: str) -> list[dict]:
        """The objects under a path of the API."""

    def changes(self) -> list[tuple[str, dict]]:
        """What happened to objects of the kinds TOLD since the last call: (ADDED | MODIFIED | DELETED, object with its kind)."""


def names() -> list[str]:
    return sorted(path.stem for path in (HERE / "scenarios").glob("*.yaml"))


def load(name: str) -> tuple[dict, dict]:
    """A scenario, and the trace of the reference with whole objects after each step."""
    scenario = yaml.safe_load((HERE / f"scenarios/{name}.yaml").read_text("utf-8"))
    trace = json.loads((HERE / f"traces/{name}.json").read_text("utf-8"))
    objects: dict[str, dict] = {}
    for step in trace["steps"]:
        objects = {key: obj for key, obj in {**objects, **step["objects"]}.items() if obj is not None}
        step["objects"] = objects
    return scenario, trace


def play(scenario: dict, backend: Backend) -> dict:
    """A trace of the scenario on this backend."""
    known, told, seen = Names(), {}, {}
    list(_events(backend, known, seen)), backend.changes()      # what happened before does not count
    steps = []
    for step in scenario["steps"]:
        output = None
        if "wait" in step:
            backend.wait(step["wait"])
        else:
            output = backend.kubectl(*command(step), step.get("settle", 0))
        objects = _objects(backend, known)
        record = {"step": step, "objects": objects, "story": [known.replace(line) for line in _story(backend.changes(), told)],
                  "events": sorted(_events(backend, known, seen))}
        if output is not None:
            noise = ("WARNING: version", "I1", "E1")
            stderr = "\n".join(line for line in output.stderr.splitlines() if not line.startswith(noise))
            record.update(stdout=known.output(output.stdout), stderr=known.output(stderr), exit=output.code)
        steps.append(record)
    return {"name": scenario["name"], "steps": steps}


def command(step: dict) -> tuple[list[str], str]:
    """The words after kubectl, and what it reads on standard input."""
    for verb in ("apply", "create"):
        if verb in step:
            return [verb, "-f", "-"], step[verb]
    return shlex.split(step["kubectl"]), step.get("stdin", "")


def _objects(backend: Backend, known: Names) -> dict[str, dict]:
    found = []
    for kind, path in PLURALS.items():
        for obj in backend.list(path):
            obj = {**obj, "kind": kind}
            obj.pop("apiVersion", None)
            meta = obj["metadata"]
            if (kind, meta["name"]) not in OWN and not meta.get("namespace", "").startswith("kube-"):
                found.append(obj)
    known.learn(found)
    objects: dict[str, dict] = {}
    for obj in map(known.object, found):
        meta = obj["metadata"]
        key = "/".join(filter(None, (obj["kind"], meta.get("namespace"), meta["name"])))
        while key in objects:
            key += "'"
        objects[key] = obj
    return objects


def _story(changes: list[tuple[str, dict]], told: dict[str, str]) -> Iterator[str]:
    """Creations, readiness and ends of pods; creations and phases of claims and volumes; each state is told once."""
    for sort, obj in changes:
        words = ["created"] if sort == "ADDED" else []
        if sort == "DELETED":
            words.append("gone")
        elif obj["metadata"].get("deletionTimestamp"):
            words.append("terminating")
        elif obj["kind"] == "Pod":
            conditions = (obj.get("status") or {}).get("conditions") or ()
            words.append("ready" if any(c["type"] == "Ready" and c["status"] == "True" for c in conditions) else "not ready")
        else:
            words.append((obj.get("status") or {}).get("phase") or "Pending")
        uid = obj["metadata"]["uid"]
        before = told.get(uid)
        for word in words:
            if word != before and not (word == "not ready" and before in (None, "not ready")):
                yield f"{obj['kind']} {obj['metadata']['name']} {word}"
        told[uid] = words[-1]


def _events(backend: Backend, known: Names, seen: dict[str, None]) -> Iterator[str]:
    """Events that were not there before, as rows; those of kubelets and of the control plane itself are left out."""
    for event in backend.list("/api/v1/events"):
        about = event.get("involvedObject") or {}
        if "kubelet" in ((event.get("source") or {}).get("component"), event.get("reportingComponent")):
            continue
        if event.get("reason") == "ClusterIPNotAllocated" or about.get("kind") in ("Node", "Namespace"):
            continue
        if event["metadata"].get("namespace", "").startswith("kube-"):
            continue
        message = (event.get("message") or "").removeprefix("(combined from similar events): ")
        row = known.replace(f"{about.get('kind')} {about.get('name')} | {event.get('type')} | {event.get('reason')} | {message}")
        assigned, to, _ = row.partition(" to ") if "Successfully assigned" in row else (row, "", "")
        row = f"{assigned} to NODE" if to else row
        if row not in seen:
            seen[row] = None
            yield row


class InProcess:
    """A cluster in this process, with its own kubectl."""

    def __init__(self) -> None:
        self.cluster = Cluster(resync=RESYNC)
        self._position = 0

    def kubectl(self, words: list[str], stdin: str, quiet: float) -> Output:
        return Output(*kubectl(self.cluster, words, stdin))

    def wait(self, seconds: float) -> None:
        self.cluster.run(seconds)

    def list(self, path: str) -> list[dict]:
        return json.loads(json.dumps(self.cluster.send("GET", path)["items"]))

    def changes(self) -> list[tuple[str, dict]]:
        log = self.cluster.engine.world.log
        found = [("DELETED", change.old) if change.new is None else ("MODIFIED" if change.old else "ADDED", change.new)
                 for change in log[self._position:] if change.key.kind in TOLD and change.verb != "wait"]
        self._position = len(log)
        return found
