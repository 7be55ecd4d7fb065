"""EndpointSlices: which pods stand behind a Service, in slices of at most a hundred (SVC-50 to SVC-54)."""
from __future__ import annotations

from itertools import islice

from .base import get, labels, name, namespace, ready, reference, terminating
from .endpoints import HEADLESS, TRIGGER, ServiceController, handled, hash_in_slice, headless, placed, ports_of, publishes_unready, services

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY, MANAGER = "endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io"
ZONE = "topology.kubernetes.io/zone"
FULL = 100              # endpoints in one slice


class EndpointSlices(ServiceController):
    name, component, result = "endpointslice", MANAGER, "EndpointSlice"

    def watches(self):
        return (*super().watches(), "Node")

    def keys(self, change, view):
        if change.key.kind != "Node":
            yield from super().keys(change, view)
        elif change.old is None or change.new is None or labels(change.old) != labels(change.new):          # SVC-34, SVC-51
            for pod in view.select("pod by node", change.key.name):
                yield from services(view, pod)

    def reconcile(self, api, service):
        if not handled(service):
            return
        existing = [s for s in api.select("slice by service", name(service))
                    if namespace(s) == namespace(service) and labels(s).get(MANAGED_BY) == MANAGER and not terminating(s)]
        slices = pack(existing, self.groups(api, service))
        own = {key: value for key, value in labels(service).items() if key != HEADLESS}
        wanted = {**own, SERVICE_NAME: name(service), MANAGED_BY: MANAGER, **({HEADLESS: ""} if headless(service) else {})}
        for old, ports, endpoints in slices:
            if old is not None and (old.get("ports") or [], old.get("endpoints") or [], labels(old)) == (ports, endpoints, wanted):
                continue
            meta = metadata_of(service, old)
            meta |= {"labels": wanted, "annotations": {**(meta.get("annotations") or {}), TRIGGER: api.timestamp()}}
            obj = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": meta, "addressType": "IPv4",
                   "endpoints": endpoints or None, "ports": ports or None}         # null where there are none (SVC-53)
            if old is None:
                api.create(obj, because="SVC-50")
            else:
                api.update(obj, because="SVC-53")
        kept = {name(old) for old, _, _ in slices if old is not None}
        for old in existing:
            if name(old) not in kept:
                api.delete(old, because="SVC-53")

    def groups(self, api, service) -> list[tuple[list, list]]:
        """(ports, endpoints) for every set of ports that pods serve: a slice has one set of ports (SVC-52)."""
        groups: dict[str, tuple[list, list]] = {}
        for pod in self.pods(api, service):
            node = api.find("Node", pod["spec"].get("nodeName", ""))
            if node is None and not publishes_unready(service):
                continue                                                        # SVC-34
            ports = sorted(({"name": "", **port} for port in ports_of(service, pod)), key=hash_in_slice)
            groups.setdefault(str(ports), (ports, []))[1].append(endpoint(service, pod, node))
        return [groups[key] for key in sorted(groups)]


def metadata_of(owner, old) -> dict:
    """The metadata of a slice: as they are, or those of a new one."""
    if old is not None:
        return dict(old["metadata"])
    return {"generateName": f"{name(owner)}-", "namespace": namespace(owner), "ownerReferences": [reference(owner)]}


def endpoint(service, pod, node) -> dict:
    """One endpoint with its three conditions (SVC-32, SVC-51)."""
    serving, going = ready(pod), terminating(pod)
    zone = labels(node).get(ZONE) if node is not None else None
    return {"addresses": [pod["status"]["podIP"]],
            "conditions": {"ready": publishes_unready(service) or (serving and not going), "serving": serving, "terminating": going},
            **placed(service, pod), **({"zone": zone} if zone else {})}


def pack(existing: list, groups: list[tuple[list, list]]) -> list[tuple]:
    """Lay endpoints into slices: (old slice or None, ports, endpoints), each endpoint where it was (SVC-53).

    Old slices whose ports nobody serves any more are used again before new ones are made; what is then left over is not
    in the answer.  One empty slice stands for no endpoints at all."""
    unused, slices = list(existing), []
    for ports, endpoints in groups:
        todo = {e["targetRef"]["uid"]: e for e in endpoints}
        for old in [s for s in unused if s.get("endpoints") and (s.get("ports") or []) == ports]:
            unused.remove(old)
            there = (get(e, "targetRef.uid") for e in old["endpoints"])
            slices.append((old, ports, [todo.pop(uid) for uid in there if uid in todo]))
        new = iter(todo.values())
        for _, mine, endpoints_there in slices:
            if mine is ports:
                endpoints_there += islice(new, FULL - len(endpoints_there))
        while chunk := list(islice(new, FULL)):
            slices.append((None, ports, chunk))
    filled = [(old, ports, part) for old, ports, part in slices if part]
    spare = iter(unused)
    filled = [(next(spare, None) if old is None else old, ports, part) for old, ports, part in filled]
    return filled or [(existing[0] if existing else None, [], [])]
