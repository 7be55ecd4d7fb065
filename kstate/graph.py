"""The cluster as a networkx graph: services, sets, pods, claims, volumes, classes, and what ties them.

A node is `"Pod/gsh/web-0"` (kind/namespace/name) and carries kind, name, namespace, phase (the word that kubectl
shows), reason (why it is not further, in one word of Kubernetes), message (the same as a sentence), ready, detail,
layer (its column) and x, y; `pos` is the pair (x, y), so that both of these work as they are:

    nx.draw(g, nx.get_node_attributes(g, "pos"))
    nx.write_graphml(g, "cluster.graphml")

An edge carries its kind:

    owns            StatefulSet -> Pod, by ownerReferences       selects         Service -> Pod, by labels
    mounts          Pod -> PersistentVolumeClaim                 provisioned-by  claim or volume -> StorageClass, by name
    binds           PersistentVolumeClaim -> PersistentVolume; binding takes two writes, one on each side, so the edge says
                    in `said_by` which side has spoken (claim, volume, both) and in `state` whether it is half or whole

What an object refers to and does not exist is a node too, with the phase "missing" (a class: "no object", because claims
and volumes match by its name alone).  Events, nodes and machinery such as EndpointSlices are not drawn.

networkx is imported when the first graph is asked for, because that takes a tenth of a second.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from . import labels
from .kinds.claim import class_of, phase, short_modes
from .kinds.pod import pod_status
from .layout import LAYERS, natural, place
from .world import get

if TYPE_CHECKING:
    from .digraph import Graph

KINDS = (*LAYERS, "Event")                                   # what a graph is made of


def graph(objects: Iterable[dict], namespace: str | None = None) -> Graph:
    """The graph of these objects; with a namespace, of those in it and of the cluster's volumes and classes.

    Objects are JSON-shaped and are not changed.  Nodes and edges come in an order that depends on the objects alone.
    """
    found, events = {}, {}
    for obj in objects:
        home = obj["metadata"].get("namespace", "")
        if namespace is None or home in ("", namespace):
            if obj["kind"] in LAYERS:
                found[node_id(obj["kind"], home, obj["metadata"]["name"])] = obj
            elif obj["kind"] == "Event":
                about = get(obj, "involvedObject.uid")
                events[about] = max(obj, events.get(about, obj), key=lambda event: get(event, "lastTimestamp", ""))
    nodes = {node: _facts(obj, events) for node, obj in found.items()}
    edges = [edge for tie in (_owns, _selects, _mounts, _binds, _classes) for edge in tie(found)]
    missing = [node for source, target, _ in edges for node in (source, target)] + list(_governing(found))
    for node in missing:
        if node not in nodes:
            nodes[node] = _missing(node)

    from .digraph import Graph
    g = Graph()
    for node in sorted(nodes, key=lambda n: (nodes[n]["layer"], nodes[n]["namespace"], natural(nodes[n]["name"]), n)):
        g.add_node(node, **nodes[node])
    g.add_edges_from(sorted(edges, key=lambda e: (natural(e[0]), natural(e[1]))))
    for node, row in place(g)[0].items():
        g.nodes[node].update(x=float(g.nodes[node]["layer"]), y=float(-row))
    return g


def node_id(kind: str, namespace: str, name: str) -> str:
    """("Pod", "gsh", "web-0") -> "Pod/gsh/web-0"; the namespace is "" where the kind has none."""
    return f"{kind}/{namespace}/{name}"


# ---- nodes --------------------------------------------------------------------------------------

def _facts(obj: dict, events: dict[str, dict]) -> dict:
    kind, meta = obj["kind"], obj["metadata"]
    facts = {"kind": kind, "name": meta["name"], "namespace": meta.get("namespace", ""), "phase": "", "reason": "", "message": "",
             "ready": "", "detail": "", "layer": LAYERS[kind]}
    facts.update(READERS[kind](obj))
    if phase(obj) == "Terminating" and kind != "Pod":        # a pod's STATUS knows (TBL-24)
        facts["phase"] = "Terminating"
    if kind == "PersistentVolumeClaim" and facts["phase"] == "Pending" and meta.get("uid") in events:
        event = events[meta["uid"]]                          # a pending claim says why in its events only
        facts.update(reason=event.get("reason", ""), message=event.get("message", ""))
    return facts


def _missing(node: str) -> dict:
    kind, namespace, name = node.split("/", 2)
    is_class = kind == "StorageClass"
    return {"kind": kind, "name": name, "namespace": namespace, "phase": "no object" if is_class else "missing", "reason": "",
            "message": "" if is_class else f"something refers to {name}, which does not exist",
            "ready": "", "detail": "only a name" if is_class else "", "layer": LAYERS[kind]}


def _service(obj: dict) -> dict:
    headless = get(obj, "spec.clusterIP") == "None"
    selector = get(obj, "spec.selector", {})
    return {"phase": "headless" if headless else get(obj, "spec.type", "ClusterIP"),
            "detail": ",".join(f"{k}={v}" for k, v in sorted(selector.items()))}


def _set(obj: dict) -> dict:
    wanted, ready = get(obj, "spec.replicas", 1), get(obj, "status.readyReplicas", 0)
    return {"phase": f"{ready}/{wanted} ready", "ready": f"{ready}/{wanted}", "replicas": wanted,
            "start": get(obj, "spec.ordinals.start", 0), "detail": get(obj, "spec.podManagementPolicy", "")}


def _pod(obj: dict) -> dict:
    status = pod_status(obj)
    facts = {"phase": status.reason, "ready": f"{status.ready}/{status.total}"}
    facts["detail"] = " ".join(filter(None, (facts["ready"], get(obj, "spec.nodeName", ""))))
    for condition in get(obj, "status.conditions", ()):
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            facts.update(reason=condition.get("reason", ""), message=condition.get("message", ""))
    for container in get(obj, "status.containerStatuses", ()):
        if get(container, "state.waiting.message"):
            facts.update(reason=get(container, "state.waiting.reason", ""), message=get(container, "state.waiting.message"))
    return facts


def _claim(obj: dict) -> dict:
    size = get(obj, "status.capacity.storage") or get(obj, "spec.resources.requests.storage", "")
    return {"phase": phase(obj) or "Pending", "detail": f"{size} {short_modes(get(obj, 'spec.accessModes'))}".strip()}


def _volume(obj: dict) -> dict:
    policy, ref = get(obj, "spec.persistentVolumeReclaimPolicy", ""), get(obj, "spec.claimRef", {})
    claim = f"{ref.get('namespace')}/{ref.get('name')}"
    facts = {"phase": phase(obj) or "Pending", "policy": policy, "reason": get(obj, "status.reason", ""), "message": get(obj, "status.message", ""),
             "detail": f"{get(obj, 'spec.capacity.storage', '')} {short_modes(get(obj, 'spec.accessModes'))} {policy}".strip(),
             "made_for": claim if "pv.kubernetes.io/provisioned-by" in (obj["metadata"].get("annotations") or {}) else ""}
    if facts["phase"] == "Released" and ref and not facts["message"]:
        facts["message"] = f"was bound to {claim}, which is gone; its claimRef still keeps it for that claim"
    return facts


def _class(obj: dict) -> dict:
    return {"phase": obj.get("volumeBindingMode", "Immediate"), "detail": obj.get("provisioner", "")}


READERS = {"Service": _service, "StatefulSet": _set, "Deployment": _set, "ReplicaSet": _set, "Pod": _pod,
           "PersistentVolumeClaim": _claim, "PersistentVolume": _volume, "StorageClass": _class}


# ---- edges --------------------------------------------------------------------------------------

Edge = tuple[str, str, dict]


def _owns(found: dict[str, dict]) -> Iterator[Edge]:
    uids = {obj["metadata"].get("uid"): node for node, obj in found.items()}
    for node, obj in found.items():
        for ref in obj["metadata"].get("ownerReferences") or ():
            if ref.get("kind") in LAYERS:
                owner = uids.get(ref.get("uid")) or node_id(ref["kind"], obj["metadata"].get("namespace", ""), ref["name"])
                if owner not in found or found[owner]["metadata"].get("uid") == ref.get("uid"):   # a namesake is not the owner
                    yield owner, node, {"kind": "owns"}


def _selects(found: dict[str, dict]) -> Iterator[Edge]:
    pods = [(node, obj["metadata"]) for node, obj in found.items() if obj["kind"] == "Pod"]
    for node, obj in found.items():
        if obj["kind"] == "Service" and get(obj, "spec.selector"):
            selector = labels.of({"matchLabels": obj["spec"]["selector"]})
            for pod, meta in pods:
                if meta.get("namespace") == obj["metadata"].get("namespace") and selector.matches(meta.get("labels") or {}):
                    yield node, pod, {"kind": "selects"}


def _mounts(found: dict[str, dict]) -> Iterator[Edge]:
    for node, obj in found.items():
        if obj["kind"] == "Pod":
            for volume in get(obj, "spec.volumes", ()):
                claim = get(volume, "persistentVolumeClaim.claimName")
                if "ephemeral" in volume:
                    claim = f"{obj['metadata']['name']}-{volume['name']}"
                if claim:
                    yield node, node_id("PersistentVolumeClaim", obj["metadata"].get("namespace", ""), claim), {"kind": "mounts"}


def _binds(found: dict[str, dict]) -> Iterator[Edge]:
    said: dict[tuple[str, str], list[str]] = {}
    for node, obj in found.items():
        if obj["kind"] == "PersistentVolumeClaim" and get(obj, "spec.volumeName"):
            said.setdefault((node, node_id("PersistentVolume", "", obj["spec"]["volumeName"])), []).append("claim")
    for node, obj in found.items():
        ref = get(obj, "spec.claimRef") if obj["kind"] == "PersistentVolume" else None
        if ref:
            claim = node_id("PersistentVolumeClaim", ref.get("namespace", ""), ref.get("name", ""))
            # a uid means that one claim, which may be gone; a bare name waits for a claim to come
            if not ref.get("uid") or get(found.get(claim), "metadata.uid") == ref["uid"]:
                said.setdefault((claim, node), []).append("volume")
    for (claim, volume), sides in said.items():
        both = len(sides) == 2
        yield claim, volume, {"kind": "binds", "state": "whole" if both else "half", "said_by": "both" if both else sides[0]}


def _classes(found: dict[str, dict]) -> Iterator[Edge]:
    for node, obj in found.items():
        if obj["kind"] in ("PersistentVolumeClaim", "PersistentVolume") and class_of(obj):
            yield node, node_id("StorageClass", "", class_of(obj)), {"kind": "provisioned-by"}


def _governing(found: dict[str, dict]) -> Iterator[str]:
    """The services that sets name as theirs."""
    for obj in found.values():
        if obj["kind"] == "StatefulSet" and get(obj, "spec.serviceName"):
            yield node_id("Service", obj["metadata"].get("namespace", ""), obj["spec"]["serviceName"])
