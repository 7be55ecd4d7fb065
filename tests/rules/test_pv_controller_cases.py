"""The table tests of Kubernetes' own volume controller, run against ours; their file is no part of this repository.

A case gives objects, one or more actions and what comes of them, down to every annotation and event.  Its objects are
no valid ones (sources without fields, unknown policies), so the API under the controllers here stores what it is given.
"""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from kstate import patch as patches
from kstate.api import Api
from kstate.client import Client
from kstate.controllers.claimbinder import Claims
from kstate.controllers.reclaim import Reclaimer, with_deletion_finalizer
from kstate.controllers.volumebinder import Volumes
from kstate.engine import Engine
from kstate.errors import Internal
from kstate.storage.edits import MIGRATED, with_migration
from kstate.storage.matching import best, eligible, on_node
from kstate.storage.provisioner import PLUGINS, Failure, provisioner_of
from kstate.world import Key, drop, get, key_of, put

DEFAULT = Path(__file__).parents[2] / "../shared/spec/pv_controller_cases.json"
VOLUME, CLAIM = "PersistentVolume", "PersistentVolumeClaim"


def pytest_generate_tests(metafunc):
    """One test a case; without the file, one that is skipped."""
    given = metafunc.config.getoption("--pv-cases")
    path = Path(given) if given else DEFAULT
    if given or path.exists():
        cases = json.loads(path.read_text())
        metafunc.parametrize("case", [pytest.param(c, id=c["id"]) for c in cases])
    else:
        metafunc.parametrize("case", [pytest.param(None, marks=pytest.mark.skip(reason="no cases: name their file with --pv-cases FILE"))])


class Store(Api):
    """An API server that checks and adds nothing."""

    def __init__(self, engine) -> None:
        super().__init__(engine)
        self.events: list[dict] = []

    def create(self, obj, *, who="", because=""):
        meta = {"uid": obj["metadata"]["name"], **obj["metadata"]}
        if obj["kind"] not in ("PersistentVolume", "PersistentVolumeClaim"):        # without a moment equal volumes tie by name
            meta.setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
        return self.engine.commit(who, "create", key_of(obj), None, {**obj, "metadata": meta}, because)

    def _replace(self, kind, key, old, obj, subresource, call, *_):
        new = {**old, "status": obj["status"]} if subresource else {**obj, **({"status": old["status"]} if "status" in old else {})}
        if new == old:
            return old
        if "deletionTimestamp" in old["metadata"] and not new["metadata"].get("finalizers"):
            return self.engine.commit(call.who, "delete", key, old, None, call.because)
        return self.engine.commit(call.who, "update", key, old, new, call.because)

    def record(self, about, type, reason, message, **_):
        name = "/".join(filter(None, (about["kind"], about["metadata"].get("namespace"), about["metadata"]["name"])))
        self.events.append({"object": name, "type": type, "reason": reason, "message": message})


class MockReclaimer(Reclaimer):
    """A plugin that answers as the case says, for every source but CSI; without one there is no in-tree plugin at all."""

    plugin: dict | None = None

    def deletes(self, volume):
        if "csi" in volume["spec"] or "pv.kubernetes.io/provisioned-by" in get(volume, "metadata.annotations", {}):
            return super().deletes(volume)
        return True if self.plugin else super().deletes({**volume, "spec": {}})

    def plugin_deleter(self, volume):
        result = answers(self.plugin, "delete")
        return lambda api: result()

    def recyclable(self, volume):
        return self.plugin is not None and "csi" not in volume["spec"]

    def scrub(self, api, volume, pod):
        answers(self.plugin, "recycle")()
        return True


def answers(plugin: dict, what: str) -> Callable:
    """What the plugin does when it is called; without an answer left it cannot be set up at all."""
    results = plugin.get(f"{what}Results")
    if not results:
        raise Failure(f"Mock plugin error: no {what}Calls configured")

    def call() -> None:
        if problem := results.pop(0):
            raise Failure(problem)
    return call


def provisioner(plugin: dict) -> Callable:
    """The plugin as PLUGINS has it."""
    def create(claim):
        call = answers(plugin, "provision")
        return lambda api: (call(), ({}, {"gcePersistentDisk": {}}))[1]
    return create


class Run:
    """One case at work."""

    def __init__(self, case: dict) -> None:
        self.volumes, self.claims, self.reclaimer = Volumes(), Claims(), MockReclaimer()
        self.engine = Engine([self.volumes, self.claims, self.reclaimer])
        self.api = self.engine.api = Store(self.engine)
        self.reclaimer.plugin = case["initial"].get("plugin")
        self.inject = case.get("injectBeforeOperation") or []
        self.matched = self.error = None
        for kind, field in ((VOLUME, "volumes"), (CLAIM, "claims"), ("StorageClass", "classes"), ("Pod", "pods"), ("Node", "nodes")):
            for obj in case["initial"].get(field) or ():
                self.load(kind, {**obj, "spec": {"containers": [], **obj["spec"]}} if kind == "Pod" else obj)
        self.engine.on_commit.append(self.in_operation)

    def load(self, kind: str, obj: dict) -> None:
        self.api.create({"kind": kind, "apiVersion": "storage.k8s.io/v1" if kind == "StorageClass" else "v1", **obj})

    def find(self, kind: str, name: str):
        namespace, _, name = name.rpartition("/")
        return self.engine.world.find(Key(kind, namespace, name))

    def sync(self, controller, kind: str, name: str) -> None:
        namespace, _, name = name.rpartition("/")
        key = Key(kind, namespace, name)
        try:
            controller.sync(Client(self.engine, controller, key), key)
        except Internal as error:
            self.error = error.message

    def in_operation(self, change) -> None:
        """In-tree provisioning starts with a note on the claim: what is to happen before the operation happens then."""
        if change.because == "PROV-5":
            self.before_operation()

    def before_operation(self) -> None:
        actions, self.inject = self.inject, []
        for action in actions:
            self.act(action)

    def act(self, action: dict) -> None:
        getattr(self, action["op"])(**{k: v for k, v in action.items() if k != "op"})

    # -- the actions

    def syncClaim(self, claim):
        self.sync(self.claims, CLAIM, claim)

    def syncVolume(self, volume):
        self.sync(self.volumes, VOLUME, volume)
        self.before_operation()
        self.sync(self.reclaimer, VOLUME, volume)

    def settle(self):
        for _ in range(20):
            before = self.engine.world.revision
            for obj in self.engine.world.list(VOLUME):
                self.syncVolume(obj["metadata"]["name"])
            for obj in self.engine.world.list(CLAIM):
                self.syncClaim(f"{obj['metadata']['namespace']}/{obj['metadata']['name']}")
            if self.engine.world.revision == before:
                return
        raise AssertionError("does not settle")

    def createVolume(self, object):
        self.load(VOLUME, object)

    def createClaim(self, object):
        self.load(CLAIM, object)

    def createClass(self, object):
        self.load("StorageClass", object)

    def remove(self, kind: str, name: str):
        old = self.find(kind, name)
        self.engine.commit("test", "delete", key_of(old), old, None)
        return old

    def removeVolume(self, volume):
        self.remove(VOLUME, volume)

    def deleteClaim(self, claim):
        volume = self.remove(CLAIM, claim)["spec"].get("volumeName")
        if volume and self.find(VOLUME, volume):
            self.syncVolume(volume)

    def deleteVolume(self, volume):
        ref = self.remove(VOLUME, volume)["spec"].get("claimRef")
        if ref and self.find(CLAIM, f"{ref['namespace']}/{ref['name']}"):
            self.syncClaim(f"{ref['namespace']}/{ref['name']}")

    def patchVolume(self, volume, patch):
        self.edit(self.find(VOLUME, volume), patches.merge_patch(self.find(VOLUME, volume), patch))

    def patchClaim(self, claim, patch):
        self.edit(self.find(CLAIM, claim), patches.merge_patch(self.find(CLAIM, claim), patch))

    def edit(self, old, new):
        if new is not old:
            self.engine.commit("test", "update", key_of(old), old, new)

    def reconcileVolumeFinalizers(self, volume):
        self.edit(self.find(VOLUME, volume), with_deletion_finalizer(self.find(VOLUME, volume)))

    def reconcileMigrationAnnotations(self):
        for volume in self.engine.world.list(VOLUME):
            self.edit(volume, with_migration(volume, get(volume, "metadata.annotations", {}).get("pv.kubernetes.io/provisioned-by", "")))
        for claim in self.engine.world.list(CLAIM):
            self.edit(claim, with_migration(claim, provisioner_of(claim)))

    def findBestMatch(self, claim, delayBinding=False):
        claim = self.find(CLAIM, claim)
        self.matched = best(eligible(self.engine.world.select, claim), claim, delayBinding)

    def findMatchOnNode(self, claim, nodeLabels, excludedVolumes=()):
        claim, node = self.find(CLAIM, claim), {"metadata": {"name": "node", "labels": nodeLabels}}
        self.matched = on_node(eligible(self.engine.world.select, claim), claim, node, excludedVolumes or ())


def plain(obj: dict) -> dict:
    """An object as the cases compare it."""
    obj = {k: v for k, v in obj.items() if k not in ("kind", "apiVersion")}
    for path in ("metadata.resourceVersion", "metadata.creationTimestamp", "metadata.deletionTimestamp", "metadata.deletionGracePeriodSeconds",
                 "status.lastPhaseTransitionTime", "spec.claimRef.resourceVersion"):
        obj = drop(obj, path) if get(obj, path.rpartition(".")[0]) is not None else obj
    for field in ("annotations", "finalizers"):
        if not get(obj, f"metadata.{field}"):
            obj = drop(obj, f"metadata.{field}")
    if not obj["metadata"].get("namespace"):            # a volume
        obj = drop(obj, "metadata.uid")
        if obj["spec"].get("storageClassName") == "":
            obj = drop(obj, "spec.storageClassName")
    return obj


def test_pv_controller_case(case):
    run = Run(case)
    plugin = case["initial"].get("plugin")
    known = {plugin["name"]: provisioner(plugin)} if plugin else {}
    with patch.dict(PLUGINS, known, clear=True), patch.dict(MIGRATED, case["initial"].get("migration") or {}, clear=True):
        for action in case["action"] if isinstance(case["action"], list) else [case["action"]]:
            run.act(action)

    expected, world = case["expected"], run.engine.world
    assert run.error == expected.get("error")
    if "match" in expected:
        assert (run.matched["metadata"]["name"] if run.matched else None) == expected["match"]
    started = {v["metadata"]["name"] for v in case["initial"].get("volumes") or ()}
    volumes = [plain(v) for v in world.list(VOLUME)]
    for i, volume in enumerate(volumes):
        if volume["metadata"]["name"] not in started and "status" not in volume:     # just provisioned: Bound at its next sync (PROV-8)
            volumes[i] = put(volume, "status", {"phase": "Bound"})
    if "volumes" in expected:
        assert volumes == [plain(v) for v in expected["volumes"]]
        assert [plain(c) for c in world.list(CLAIM)] == [plain(c) for c in expected["claims"]]
    if expected.get("eventsMode") == "containsEach":
        assert [e for e in expected["events"] if e not in run.api.events] == []
    elif "events" in expected:
        assert run.api.events == expected["events"]
