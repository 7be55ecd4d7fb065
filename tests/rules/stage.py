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
