"""EndpointSlices: which pods stand behind a Service, in slices of at most a hundred (SVC-50 to SVC-54)."""
from __future__ import annotations

from .base import get, labels, name, namespace, ready, reference, terminating
from .endpoints import HEADLESS, TRIGGER, ServiceController, handled, headless, hostname, ports_of, target

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY, MANAGER = "endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io"
FULL = 100


class EndpointSlices(ServiceController):
    name, component, result = "endpointslice", MANAGER, "EndpointSlice"

    def reconcile(self, api, service):
        if not handled(service):
            return
        existing = [s for s in api.select("slice by service", name(service))
                    if namespace(s) == namespace(service) and labels(s).get(MANAGED_BY) == MANAGER and not terminating(s)]
        slices = self.pack(existing, self.groups(api, service))
        wanted = {**labels(service), SERVICE_NAME: name(service), MANAGED_BY: MANAGER, **({HEADLESS: ""} if headless(service) else {})}
        for old, ports, endpoints in slices:
            if old is not None and (old.get("ports") or []) == ports and (old.get("endpoints") or []) == endpoints and labels(old) == wanted:
                continue
            meta = {"generateName": f"{name(service)}-", "namespace": namespace(service), "ownerReferences": [reference(service)]} if old is None \
                else dict(old["metadata"])
            meta |= {"labels": wanted, "annotations": {**(meta.get("annotations") or {}), TRIGGER: api.timestamp()}}
            obj = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": meta, "addressType": "IPv4",
                   "endpoints": endpoints, "ports": ports}
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
            if node is None and not get(service, "spec.publishNotReadyAddresses"):
                continue                                                        # SVC-34
            ports = [{"name": "", **port} for port in ports_of(service, pod)]
            groups.setdefault(str(ports), (ports, []))[1].append(endpoint(service, pod, node))
        return [groups[key] for key in sorted(groups)]

    def pack(self, existing, groups) -> list[tuple]:
        """Lay endpoints into slices, keeping each where it is; one empty slice stands for none at all (SVC-53)."""
        unused, slices = list(existing), []
        for ports, endpoints in groups:
            mine = [s for s in unused if (s.get("ports") or []) == ports and s.get("endpoints")]
            unused = [s for s in unused if s not in mine]
            todo = {e["targetRef"]["uid"]: e for e in endpoints}
            parts = [(s, [todo.pop(e["targetRef"]["uid"]) for e in s["endpoints"] if e["targetRef"]["uid"] in todo]) for s in mine]
            rest = list(todo.values())
            for _, part in parts:
                part += rest[:FULL - len(part)] if len(part) < FULL else []
                rest = [e for e in rest if e not in part]
            parts += [(None, rest[i:i + FULL]) for i in range(0, len(rest), FULL)]
            slices += [(old, ports, part) for old, part in parts if part]
        for i, (old, ports, part) in enumerate(slices):
            if old is None and unused:                                          # rather change a slice than make one
                slices[i] = (unused.pop(0), ports, part)
        return slices or [(existing[0] if existing else None, [], [])]


def endpoint(service, pod, node) -> dict:
    """One endpoint with its three conditions (SVC-32, SVC-51)."""
    serving, going = ready(pod), terminating(pod)
    anyway = bool(get(service, "spec.publishNotReadyAddresses"))
    host, zone = hostname(service, pod), labels(node).get("topology.kubernetes.io/zone") if node is not None else None
    return {"addresses": [pod["status"]["podIP"]],
            "conditions": {"ready": anyway or (serving and not going), "serving": serving, "terminating": going},
            **({"hostname": host} if host else {}), "nodeName": pod["spec"].get("nodeName"), "targetRef": target(pod), **({"zone": zone} if zone else {})}
