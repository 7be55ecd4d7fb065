"""Pods and nodes for tests of the scheduler, the kubelets and the controllers of nodes, and short readings of what came of them."""
from __future__ import annotations

from kstate.engine import Engine
from kstate.faults import FAULT
from kstate.world import Key, get, put
from tests.helpers import apply, cluster_engine
from tests.helpers import events as all_events

P = Key("Pod", "default", "p")


def container(name: str = "c", image: str = "nginx", *command: str, **more) -> dict:
    return {"name": name, "image": image, **({"command": list(command)} if command else {}), **more}


def busybox(*command: str, name: str = "c", **more) -> dict:
    return container(name, "busybox", *command, **more)


def pod(name: str = "p", *containers: dict, labels: dict | None = None, annotations: dict | None = None, fault: str = "", **spec) -> dict:
    meta = {"name": name, "namespace": "default", "labels": labels or {}, "annotations": {**(annotations or {}), **({FAULT: fault} if fault else {})}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": list(containers) or [container()], **spec}}


def requests(**amounts: str) -> dict:
    return {"resources": {"requests": amounts}}


def cluster(*objects: dict, nodes: int = 3, seed: int = 0) -> Engine:
    """A whole cluster that has settled, with these objects in it."""
    return start(cluster_engine(nodes=nodes, seed=seed), *objects)


def start(engine: Engine, *objects: dict) -> Engine:
    apply(engine, list(objects))
    engine.settle()
    return engine


def patch(engine: Engine, key: Key, **body) -> None:
    engine.api.patch(key, body)
    engine.settle()


def annotate(engine: Engine, key: Key, value: str | None) -> None:
    """Cause a fault, or heal it with None."""
    engine.api.patch(key, {"metadata": {"annotations": {FAULT: value}}})


def node_key(number: int) -> Key:
    return Key("Node", "", f"node-{number}")


def change_node(engine: Engine, number: int, path: str, value) -> None:
    obj = engine.world.find(node_key(number))
    engine.api.update(put(obj, path, value), subresource="status" if path.startswith("status") else "")
    engine.settle()


# ---- readings ---------------------------------------------------------------------------------------

def found(engine: Engine, name: str = "p") -> dict:
    return engine.world.find(Key("Pod", "default", name))


def node_of(engine: Engine, name: str = "p") -> str:
    return found(engine, name)["spec"].get("nodeName", "")


def condition(engine: Engine, type: str, name: str = "p") -> tuple:
    """(status, reason, message) of a condition."""
    c = next(c for c in found(engine, name)["status"]["conditions"] if c["type"] == type)
    return c["status"], c.get("reason", ""), c.get("message", "")


def why(engine: Engine, name: str = "p") -> str:
    """Why the pod has no node."""
    status, reason, message = condition(engine, "PodScheduled", name)
    assert (status, reason) == ("False", "Unschedulable")
    return message


def status(engine: Engine, container: str = "c", name: str = "p") -> dict:
    every = [*get(found(engine, name), "status.initContainerStatuses", ()), *get(found(engine, name), "status.containerStatuses", ())]
    return next(s for s in every if s["name"] == container)


def word(engine: Engine, container: str = "c", name: str = "p") -> str:
    """"running", or the reason of the state: "CrashLoopBackOff", "Completed"."""
    [(state, details)] = status(engine, container, name)["state"].items()
    return "running" if state == "running" else details["reason"]


def phase(engine: Engine, name: str = "p") -> str:
    return found(engine, name)["status"]["phase"]


def events(engine: Engine, name: str = "p") -> list[str]:
    return all_events(engine, found(engine, name))


def gone_after(engine: Engine, name: str = "p", **options) -> int:
    """Delete a pod and wait: the ms until it was gone."""
    began, key = engine.now, Key("Pod", "default", name)
    engine.api.delete(key, **options)
    while engine.world.find(key) is not None and engine.step():
        pass
    return engine.now - began
