"""Bugs to plant: each breaks one rule of the engine, and names what it takes to run into it.

A bug is a function that patches something of the engine by its name, so that a rename fails loudly, and so does a bug that
has lost its effect: nobody catches it.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from kstate import admission, api, deletion
from kstate.client import Client
from kstate.controllers import (
    claimbinder,
    endpoints,
    garbagecollector,
    namespaces,
    protection,
    reclaim,
    replicaset,
    scheduler,
    statefulset,
    volumebinder,
)
from kstate.controllers.base import get, name, phase, put, ready, running_and_ready, terminating
from kstate.engine import Engine
from kstate.node import kubelet
from kstate.scheduling import volumebinding
from kstate.storage import matching
from kstate.storage.edits import unbind
from kstate.workloads import claims, ownership
from kstate.workloads.identity import revision

Sync = statefulset.Sync


class Bug(NamedTuple):
    says: str
    breaks: str                 # the rule, as the oracle names it
    plant: Callable             # takes pytest's MonkeyPatch
    words: str                  # actions that lead there; "word=3" fixes what is otherwise random
    first: str                  # the first of them


BUGS: list[Bug] = []


def bug(says: str, breaks: str, words: str = "scale, delete pod, template, wait", first: str = "create set"):
    def keep(plant):
        BUGS.append(Bug(says, breaks, plant, words, first))
        return plant
    return keep


# ---- sets -------------------------------------------------------------------------------------

@bug("OrderedReady does not wait until a pod is Ready", "STS-59")
def _(patch):
    fill = Sync.fill
    patch.setattr(Sync, "fill", lambda self, i: fill(self, i) or i in self.pods)


@bug("ordinals are the number of pods", "STS-56")
def _(patch):
    create = Sync.create
    patch.setattr(Sync, "create", lambda self, i: create(self, self.slots.start + len(self.pods)))


@bug("the lowest pod is removed first", "STS-65")
def _(patch):
    init = Sync.__init__

    def lowest_first(self, *args):
        init(self, *args)
        self.condemned.reverse()
    patch.setattr(Sync, "__init__", lowest_first)


@bug("scaling down does not wait for the pods that stay", "STS-62", "pod fault, scale, delete pod")
def _(patch):
    fill = Sync.fill
    patch.setattr(Sync, "fill", lambda self, i: fill(self, i) or i in self.pods and bool(self.condemned))


@bug("a claim goes with its pod", "STS-49")
def _(patch):
    delete = Sync.delete

    def with_claim(self, pod, because):
        delete(self, pod, because)
        for claim in claims.existing(self.api, self.sts, statefulset.ordinal(pod)):
            self.api.delete(claim, because)
    patch.setattr(Sync, "delete", with_claim)


@bug("updates begin at pod 0 and wait for nobody", "STS-70")
def _(patch):
    def upwards(self):
        old = [pod for _, pod in sorted(self.pods.items()) if revision(pod) != name(self.choice.update) and not terminating(pod)]
        if old:
            self.delete(old[0], "STS-70")
    patch.setattr(Sync, "update", upwards)


@bug("the partition is not looked at", "STS-72", "strategy, template")
def _(patch):
    patch.setattr(statefulset, "get", lambda obj, path, default=None: 0 if path == "rollingUpdate.partition" else get(obj, path, default))


@bug("below the partition new pods get the new template", "STS-45", "strategy, template, delete pod, wait")
def _(patch):
    patch.setattr(Sync, "revision_for", lambda self, i: self.choice.update)


@bug("OnDelete updates all the same", "STS-69", "strategy, template, wait")
def _(patch):
    act = Sync.act

    def rolling(self):
        strategy = self.sts["spec"]["updateStrategy"]
        if strategy["type"] == "OnDelete":
            self.sts = put(self.sts, "spec.updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})
        act(self)
    patch.setattr(Sync, "act", rolling)


@bug("a broken rollout heals by itself", "STS-108", "broken template, template, wait")
def _(patch):
    fill = Sync.fill

    def heal(self, i):
        pod = self.pods.get(i)
        if pod is not None and not running_and_ready(pod) and revision(pod) != name(self.choice.update) and not terminating(pod):
            self.delete(pod, "STS-70")
        return fill(self, i)
    patch.setattr(Sync, "fill", heal)


@bug("minReadySeconds is not waited for", "STS-60", "patience, scale, template, delete pod, wait")
def _(patch):
    patch.setattr(statefulset, "available", lambda api, pod, seconds=0: ready(pod))


@bug("claims belong to their set whatever the policy", "STS-81", "retention, scale")
def _(patch):
    patch.setattr(claims, "owners", lambda sts, pod: [sts])


@bug("the status is only written with a new spec", "STS-94")
def _(patch):
    patch.setattr(statefulset, "WORTH_WRITING", ("observedGeneration",))


@bug("a pod that does not match any more is not released", "STS-91", "relabel, scale, wait")
def _(patch):
    patch.setattr(ownership, "release", lambda api, owner, obj, because: None)


# ---- owners -----------------------------------------------------------------------------------

@bug("the garbage collector takes a namesake for the owner", "GC-4", "delete set, create set, wait")
def _(patch):
    def by_name(self, api, obj, ref):
        key = garbagecollector._owner_key(ref, obj["metadata"].get("namespace") or "")
        return api.live(key.kind, key.name, key.namespace)
    patch.setattr(garbagecollector.GarbageCollector, "owner", by_name)


@bug("the garbage collector takes what still has an owner", "GC-4", "deploy, scale deployment, delete deployment")
def _(patch):
    patch.setattr(garbagecollector.GarbageCollector, "owner", lambda self, api, obj, ref: None)


@bug("orphans are collected", "GC-5", "delete set, create set, delete deployment, deploy, wait")
def _(patch):
    patch.setattr(garbagecollector.GarbageCollector, "orphan",
                  lambda self, api, owner: garbagecollector._without(api, owner, garbagecollector.ORPHAN))


@bug("a namespace goes before its content", "API-65", "delete namespace, new namespace, add claim, wait")
def _(patch):
    patch.setattr(namespaces.Namespaces, "reconcile", lambda self, api, namespace: terminating(namespace) and api.update(
        put(namespace, "spec.finalizers", []), because="API-65", subresource="finalize"))


@bug("a ReplicaSet counts only pods that are Ready", "RS-2", "deploy, scale deployment, wait", "deploy")
def _(patch):
    adjust = replicaset.ReplicaSets.adjust
    patch.setattr(replicaset.ReplicaSets, "adjust", lambda self, api, rs, pods: adjust(self, api, rs, [p for p in pods if ready(p)]))


@bug("endpoints list pods that are not Ready", "SVC-40", "pod fault, scale, wait")
def _(patch):
    patch.setattr(endpoints, "ready", lambda pod: True)


# ---- storage ----------------------------------------------------------------------------------

CLASSES = ("static", "made", "local", "other")
BINDING = "add claim, add volume, delete claim, reserve volume, wait"


def _without_predicate(patch, table: str, rule: str) -> None:
    rows = getattr(matching, table)
    kept = tuple(row for row in rows if row[0] != rule)
    assert len(kept) < len(rows), f"{rule} is not in {table}"
    patch.setattr(matching, table, kept)


@bug("the size of a volume is not looked at", "MATCH-2", BINDING, "add claim")
def _(patch):
    _without_predicate(patch, "USABLE", "MATCH-2.2")


@bug("the access modes of a volume are not looked at", "MATCH-2", BINDING, "add claim")
def _(patch):
    _without_predicate(patch, "USABLE", "MATCH-1")


@bug("the class of a volume is not looked at", "MATCH-2", BINDING, "add claim")
def _(patch):
    _without_predicate(patch, "FREE", "MATCH-2.10")
    patch.setattr(matching, "eligible", lambda select, claim: [v for c in CLASSES for v in select("free volume by class", c)])


@bug("a reservation for another claim is not respected", "MATCH-2.1", BINDING, "reserve volume")
def _(patch):
    _without_predicate(patch, "USABLE", "MATCH-2.1")
    patch.setattr(matching, "eligible", lambda select, claim: [v for c in CLASSES for v in select("volume by class", c)])


@bug("a claim does not look again", "MATCH-3", "add claim, add volume, wait", "add claim")
def _(patch):
    wake = Client.wake
    patch.setattr(Client, "wake", lambda self, delay, sort="work": None if self.key.kind == "PersistentVolumeClaim" else wake(self, delay, sort))


@bug("a Released volume is given free", "REC-2", "add claim, delete claim, add volume, wait", "add claim")
def _(patch):
    patch.setattr(volumebinder.Volumes, "release", lambda self, api, volume, because: unbind(api, volume, because))


@bug("a recycled volume keeps its data", "REC-6", "write, delete claim, add claim=0, wait", "add claim=0")
def _(patch):
    patch.setattr(reclaim.Reclaimer, "scrub", lambda self, api, volume, pod: True)


@bug("a claim may go while a pod uses it", "PROT-2", "delete claim, delete pod, wait")
def _(patch):
    patch.setattr(protection, "_users", lambda select, claim: [])


@bug("a volume may go while it is bound", "PROT-3", "delete volume, delete claim, wait")
def _(patch):
    patch.setattr(protection, "phase", lambda volume: "Available")


@bug("a lost claim stays Bound", "PVC-21", "delete volume, add claim, wait", "add claim")
def _(patch):
    patch.setattr(claimbinder.Claims, "lost", lambda self, api, claim, *told: None)
    patch.setattr(protection, "phase", lambda volume: "Available")


@bug("the default class is the oldest", "ADM-1", "default class, add claim", "default class")
def _(patch):
    def oldest(world):
        mark = "storageclass.kubernetes.io/is-default-class"
        marked = [c for c in world.list("StorageClass") if mark in (c["metadata"].get("annotations") or {})]
        return min(marked, key=lambda c: c["metadata"]["creationTimestamp"], default=None)
    patch.setattr(admission, "default_class", oldest)


# ---- nodes ------------------------------------------------------------------------------------

@bug("the scheduler does not ask where a volume is", "SCHED-V9", "delete pod, cordon, wait")
def _(patch):
    patch.setattr(volumebinding, "reaches", lambda volume, node: True)


@bug("two pods share a claim for one", "SCHED-V13", "add claim, add pod, wait", "add claim")
def _(patch):
    patch.setattr(volumebinding, "in_use", lambda api, pod, claims: False)


@bug("cordons are not respected", "SCHED-3", "cordon, scale, delete pod, wait")
def _(patch):
    patch.setattr(scheduler.Attempt, "refusal", lambda self, info: [])


# ---- the API ----------------------------------------------------------------------------------

@bug("finalizers do not hold anything", "API-12", "delete claim, delete volume, wait")
def _(patch):
    deleted = deletion.deleted
    patch.setattr(deletion, "deleted", lambda kind, old, *rest: deleted(kind, old, *rest) if kind.kind in ("Pod", "Namespace") else None)


@bug("the generation moves with the status", "API-17", "scale, delete pod, template")
def _(patch):
    store = api.Api._store

    def moving(self, kind, key, old, new, verb, call):
        if "generation" in new["metadata"]:
            new["metadata"]["generation"] += 1
        return store(self, kind, key, old, new, verb, call)
    patch.setattr(api.Api, "_store", moving)


@bug("kubelets remove pods that nobody deleted", "POD-5", "scale, template")
def _(patch):
    reconcile = kubelet.Kubelet.reconcile

    def eager(self, api, pod):
        if phase(pod) == "Running" and not terminating(pod) and api.find("Node", pod["spec"].get("nodeName", "")):
            api.delete(pod, "POD-5", grace=0)
        else:
            reconcile(self, api, pod)
    patch.setattr(kubelet.Kubelet, "reconcile", eager)


@bug("a controller that crashed does not look at everything again", "STS-56", "scale, delete pod, delete claim, add claim, wait")
def _(patch):
    patch.setattr(Engine, "restart", lambda self, name: None)
