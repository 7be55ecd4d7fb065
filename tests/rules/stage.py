"""A stage for tests of the workload controllers: no scheduler, no kubelet; the test plays both."""
from __future__ import annotations

from kstate.controllers.deployment import Deployments
from kstate.controllers.replicaset import ReplicaSets
from kstate.controllers.serviceaccounts import ServiceAccounts
from kstate.controllers.statefulset import StatefulSets
from kstate.engine import Engine
from kstate.errors import Forbidden
from kstate.world import Key, drop, put
from tests.helpers import apply, cluster_engine, get

STATUS = {"rs": "replicas", "rd": "readyReplicas", "av": "availableReplicas", "cu": "currentReplicas", "up": "updatedReplicas"}


def stage(*controllers, lag: bool = False) -> Engine:
    engine = cluster_engine([*(controllers or (StatefulSets, ReplicaSets, Deployments)), ServiceAccounts], nodes=0, lag=lag)
    engine.drain()
    return engine


# ---- manifests --------------------------------------------------------------------------------

def template(image: str = "nginx:1.24", app: str = "nginx", **spec) -> dict:
    return {"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": "nginx", "image": image}], **spec}}


def statefulset(replicas: int = 3, claims: bool = True, name: str = "web", **spec) -> dict:
    sts = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name}, "spec": {
        "replicas": replicas, "serviceName": "nginx", "selector": {"matchLabels": {"app": "nginx"}}, "template": template()}}
    if claims:
        sts["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "www"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]
    sts["spec"].update(spec)
    return sts


def retention(scaled: str = "Retain", deleted: str = "Retain") -> dict:
    return {"whenScaled": scaled, "whenDeleted": deleted}


def deployment(replicas: int = 3, **spec) -> dict:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "front"}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": {"app": "front"}}, "template": template(app="front"), **spec}}


# ---- playing scheduler and kubelet ------------------------------------------------------------

def become(engine: Engine, name: str, phase: str = "Running", ready: bool = True, since: str = "") -> None:
    """Schedule a pod and let it be in that phase."""
    pod = get(engine, "Pod", name)
    if "nodeName" not in pod["spec"] and phase != "Pending":
        pod = engine.api.bind(Key("Pod", "default", name), "node-1")
    condition = {"type": "Ready", "status": "True" if ready and phase == "Running" else "False",
                 "lastTransitionTime": since or engine.clock.timestamp(engine.now)}
    engine.api.update(put(put(pod, "status.phase", phase), "status.conditions", [condition]), who="kubelet", subresource="status")


def gone(engine: Engine, *names: str) -> None:
    """The kubelet has stopped a pod that was terminating."""
    for name in names:
        engine.api.delete(Key("Pod", "default", name), grace=0, who="kubelet")


def delete(engine: Engine, name: str, kind: str = "Pod", **options) -> None:
    engine.api.delete(Key(kind, "default", name), **options)


def catch_up(engine: Engine, controller: str = "statefulset") -> None:
    """Let a controller's lagging cache take in all that has happened."""
    while len(engine.caches[controller].log) < len(engine.world.log):
        engine._see(controller)


def play(engine: Engine, rounds: int = 100) -> None:
    """Let every pod become ready, or go if it was told to, until nothing happens any more."""
    for _ in range(rounds):
        engine.drain()
        waiting = [p for p in engine.world.list("Pod", "default") if "deletionTimestamp" in p["metadata"] or p["status"]["phase"] == "Pending"]
        if not waiting:
            return
        for pod in waiting:
            (gone if "deletionTimestamp" in pod["metadata"] else become)(engine, pod["metadata"]["name"])
    raise AssertionError("still busy")


def running(engine: Engine, manifest: dict) -> Engine:
    """Apply it and let all pods become ready."""
    apply(engine, [manifest])
    play(engine)
    return engine


# ---- what users do ----------------------------------------------------------------------------

def change(engine: Engine, path: str, value, kind: str = "StatefulSet", name: str = "web", subresource: str = "") -> None:
    """Edit one field; None removes it."""
    obj = get(engine, kind, name)
    engine.api.update(drop(obj, path) if value is None else put(obj, path, value), subresource=subresource)


def new_image(engine: Engine, image: str, kind: str = "StatefulSet", name: str = "web") -> None:
    containers = get(engine, kind, name)["spec"]["template"]["spec"]["containers"]
    change(engine, "spec.template.spec.containers", [{**containers[0], "image": image}, *containers[1:]], kind, name)


# ---- what came of it --------------------------------------------------------------------------

def sync(engine: Engine, controller: str = "statefulset") -> list[str]:
    """One step of one controller: what it wrote, in order; Events are left out."""
    return after(engine, lambda: engine.step(controller))


def after(engine: Engine, action) -> list[str]:
    """What was written by an action, as `create Pod web-0`; Events are left out."""
    position = len(engine.world.log)
    action()
    return [f"{c.verb} {c.key.kind} {c.key.name}" for c in engine.world.log[position:] if c.verb != "wait" and c.key.kind != "Event"]


def pods(engine: Engine) -> list[str]:
    return [p["metadata"]["name"] for p in engine.world.list("Pod", "default")]


def images(engine: Engine) -> list[str]:
    return [p["spec"]["containers"][0]["image"] for p in engine.world.list("Pod", "default")]


def status(engine: Engine, name: str = "web") -> str:
    """The counters of a set: "rs3 rd3 av3 cu2 up0"."""
    found = get(engine, "StatefulSet", name)["status"]
    return " ".join(f"{short}{found.get(field, 0)}" for short, field in STATUS.items())


def revisions(engine: Engine) -> dict[str, int]:
    """Names and numbers, lowest number first."""
    found = engine.world.list("ControllerRevision", "default")
    return {r["metadata"]["name"]: r["revision"] for r in sorted(found, key=lambda r: r["revision"])}


def owners(engine: Engine, claim: str) -> list[str]:
    found = get(engine, "PersistentVolumeClaim", claim)
    return [f"{r['kind']} {r['name']}" for r in found["metadata"].get("ownerReferences") or ()]


def told(engine: Engine, kind: str = "StatefulSet", name: str = "web") -> list[str]:
    """The Events on an object, as `Normal/SuccessfulCreate: ... x2`, in order of their creation; a deleted object's, too."""
    found = [e for e in engine.world.list("Event") if (e["involvedObject"]["kind"], e["involvedObject"]["name"]) == (kind, name)]
    found.sort(key=lambda e: int(e["metadata"]["name"].rpartition(".")[2], 16))
    return [f"{e['type']}/{e['reason']}: {e['message']}" + (f" x{e['count']}" if e["count"] > 1 else "") for e in found]


def waits(engine: Engine, kind: str = "StatefulSet", name: str = "web") -> dict[str, str]:
    """What is waited for on account of an object: the rules and their reasons."""
    return {change.because: change.text for change in engine.waits(Key(kind, "default", name))}


def refuse(engine: Engine, monkeypatch, verb: str, kind: str, message: str = "no", subresource: str = "", only=lambda name: True) -> list:
    """From now on the API server refuses this verb of a kind (of the names for which `only` holds); clear the list to end that."""
    real, refusing = getattr(engine.api, verb), [True]

    def refused(what, *args, **options):
        key = what if isinstance(what, Key) else Key(what["kind"], "", what["metadata"].get("name", ""))
        if refusing and key.kind == kind and options.get("subresource", "") == subresource and only(key.name):
            raise Forbidden(message)
        return real(what, *args, **options)
    monkeypatch.setattr(engine.api, verb, refused)
    return refusing
