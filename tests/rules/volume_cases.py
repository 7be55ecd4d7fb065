"""How a case of volume_cases.yaml is read and played: short words in, one line a volume or claim out.

    rules: [MATCH-3]                        what the case holds; acts: those that must stand in the history
    says: the smallest volume that is large enough
    classes, drivers, volumes, claims, pods what exists first, in this order; {name: fields}
    do: [{delete: pvc/c1}, ...]             create, delete, patch, status, remove; then the cluster settles (quick: no time passes)
    expect: {pv/v1: Bound c1, pvc/c1: Bound v1}
    events: {pvc/c1: ["Normal/FailedBinding: ..."]}
    notes: {pv/v1: [bound-by-controller]}   all annotations, without what stands before the slash
    fields: {pv/v1: {metadata.finalizers: [...]}}

Volumes are 1Gi, ReadWriteOnce, without class, Retain, on NFS; claims ask for that.  "$uid(pvc/c1)" is the uid of an object.
"""
from __future__ import annotations

import re

from kstate.controllers.attachdetach import AttachDetach, ExternalAttacher
from kstate.controllers.claimbinder import Claims
from kstate.controllers.csi import ExternalDeleter, ExternalProvisioner
from kstate.controllers.ephemeral import EphemeralVolumes
from kstate.controllers.expansion import ExpandController, ExternalResizer, FileSystemResizer
from kstate.controllers.garbagecollector import GarbageCollector
from kstate.controllers.namespaces import Namespaces
from kstate.controllers.protection import ClaimProtection, VolumeProtection
from kstate.controllers.reclaim import Reclaimer
from kstate.controllers.serviceaccounts import ServiceAccounts
from kstate.controllers.volumebinder import Volumes
from kstate.kinds import KINDS
from kstate.world import Key, get, put, uid
from tests.helpers import because, cluster_engine, events

STORAGE = (Namespaces, ServiceAccounts, Volumes, Claims, Reclaimer, ClaimProtection, VolumeProtection, EphemeralVolumes, ExternalProvisioner,
           ExternalDeleter, AttachDetach, ExternalAttacher, ExpandController, ExternalResizer, FileSystemResizer, GarbageCollector)
MODES = {"RWO": "ReadWriteOnce", "ROX": "ReadOnlyMany", "RWX": "ReadWriteMany", "RWOP": "ReadWriteOncePod"}
SHORT = {"pv": "PersistentVolume", "pvc": "PersistentVolumeClaim", "pod": "Pod", "sc": "StorageClass", "driver": "CSIDriver", "node": "Node",
         "va": "VolumeAttachment", "disk": "Disk", "ns": "Namespace"}


def storage_engine(seed: int = 0, nodes: int = 2, lag: bool = False):
    """A cluster with all that has to do with volumes, and neither scheduler nor kubelets."""
    return cluster_engine(STORAGE, nodes=nodes, seed=seed, lag=lag)


def volume(name: str, size="1Gi", modes="RWO", cls=None, policy="Retain", labels=None, annotations=None, finalizers=None, **spec) -> dict:
    source = {} if {"hostPath", "local", "csi", "iscsi", "nfs"} & spec.keys() else {"nfs": {"server": "nas", "path": f"/{name}"}}
    spec = {"capacity": {"storage": size}, "accessModes": [MODES[m] for m in modes.split(",")], "persistentVolumeReclaimPolicy": policy, **source, **spec}
    if cls is not None:
        spec["storageClassName"] = cls
    meta = {"name": name, "labels": labels or {}, "annotations": annotations or {}, "finalizers": finalizers or []}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": spec}


def claim(name: str, size="1Gi", modes="RWO", cls="", annotations=None, **spec) -> dict:
    """cls None names no class at all."""
    spec = {"accessModes": [MODES[m] for m in modes.split(",")], "resources": {"requests": {"storage": size}}, **spec}
    if cls is not None:
        spec["storageClassName"] = cls
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "default", "annotations": annotations or {}},
            "spec": spec}


def pod(name: str, claims="", node="", **spec) -> dict:
    volumes = [{"name": c, "persistentVolumeClaim": {"claimName": c}} for c in claims.split(",") if c] + spec.pop("volumes", [])
    spec = {"containers": [{"name": "main", "image": "busybox"}], "volumes": volumes, **({"nodeName": node} if node else {}), **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


def storage_class(name: str, provisioner="kubernetes.io/host-path", mode="Immediate", default=False, **more) -> dict:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name, "annotations": annotations},
            "provisioner": provisioner, "volumeBindingMode": mode, **more}


def driver(name: str, **spec) -> dict:
    return {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": name}, "spec": spec}


MAKERS = {"classes": storage_class, "drivers": driver, "volumes": volume, "claims": claim, "pods": pod}


def key(short: str) -> Key:
    """"pvc/c1" -> the key of that claim, in namespace default."""
    kind, _, name = short.partition("/")
    kind = SHORT[kind]
    return Key(kind, "default" if kind in KINDS and KINDS[kind].namespaced else "", name)


def named(engine, short: str):
    """"pv/v1" -> the object, or None."""
    return engine.world.find(key(short))


class Play:
    """One case at work."""

    def __init__(self, case: dict) -> None:
        self.engine = storage_engine(case.get("seed", 0))
        for sort in MAKERS:
            self.create({sort: case.get(sort) or {}})
            self.engine.settle()
        for step in case.get("do") or ():
            step = dict(step)
            quick = step.pop("quick", False)
            for verb, what in step.items():
                getattr(self, verb)(self.filled(what))
            (self.engine.drain if quick else self.engine.settle)()

    def filled(self, value):
        """The value with "$uid(pvc/c1)" replaced."""
        if isinstance(value, dict):
            return {self.filled(k): self.filled(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.filled(v) for v in value]
        return re.sub(r"\$uid\((.*?)\)", lambda m: uid(named(self.engine, m[1])), value) if isinstance(value, str) else value

    # -- steps

    def create(self, what: dict) -> None:
        for sort, objects in what.items():
            for name, fields in objects.items():
                self.engine.api.create(MAKERS[sort](name, **(fields or {})))

    def delete(self, short: str) -> None:
        self.engine.api.delete(key(short), **({"grace": 0} if short.startswith("pod/") else {}))

    def patch(self, what: dict) -> None:
        for short, patch in what.items():
            self.engine.api.patch(key(short), patch)

    def status(self, what: dict) -> None:
        for short, status in what.items():
            obj = named(self.engine, short)
            self.engine.api.update(put(obj, "status", {**obj.get("status", {}), **status}), subresource="status")

    def remove(self, short: str) -> None:
        """Gone at once, whatever its finalizers say."""
        self.engine.api.delete(key(short))
        if named(self.engine, short) is not None:
            self.engine.api.patch(key(short), {"metadata": {"finalizers": None}})

    def wait(self, seconds: int) -> None:
        self.engine.run(seconds * 1000)

    # -- facts

    def line(self, short: str) -> str:
        """"Bound c1", "Pending", "gone", "Released c1, terminating"."""
        obj = named(self.engine, short)
        if obj is None:
            return "gone"
        link = get(obj, "spec.volumeName", "") if obj["kind"] == "PersistentVolumeClaim" else get(obj, "spec.claimRef.name", "")
        ending = ", terminating" if "deletionTimestamp" in obj["metadata"] else ""
        return f"{get(obj, 'status.phase', '')} {link}".strip() + ending

    def notes(self, short: str) -> list[str]:
        return sorted(key.rpartition("/")[2] for key in get(named(self.engine, short), "metadata.annotations", {}))

    def check(self, case: dict) -> None:
        case = {field: self.filled(case[field]) for field in ("expect", "events", "notes", "fields") if field in case} | {"acts": case.get("acts", [])}
        assert {short: self.line(short) for short in case.get("expect", {})} == case.get("expect", {})
        for short, wanted in case.get("events", {}).items():
            assert events(self.engine, named(self.engine, short)) == wanted, short
        for short, wanted in case.get("notes", {}).items():
            assert self.notes(short) == sorted(wanted), short
        for short, fields in case.get("fields", {}).items():
            assert {path: get(named(self.engine, short), path) for path in fields} == fields, short
        assert set(case["acts"]) - because(self.engine) == set()
