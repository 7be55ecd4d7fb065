"""Endpoints: which pods stand behind a Service, in the old form of one object per Service (SVC-30 to SVC-41).

The words that the newer EndpointSlices share with it are here too.
"""
from __future__ import annotations

from ipaddress import ip_address

from .base import Controller, Key, annotations, finished, get, labels, name, namespace, ready, terminating, uid

HEADLESS = "service.kubernetes.io/headless"
TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"
MANAGED_BY = "endpoints.kubernetes.io/managed-by"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
LIMIT = 1000            # addresses in one object


class ServiceController(Controller):
    """What both endpoint controllers share: a Service is looked at when it (SVC-21), its pods or its results change.

    Which of them came first does not matter (SVC-62)."""

    kind = "Service"
    result = ""         # the kind that is written

    def watches(self):
        return ("Service", "Pod", self.result)

    def keys(self, change, view):
        if change.key.kind == "Service":
            yield change.key
        elif change.key.kind == "Pod":
            if change.old is None or change.new is None or _matters(change.old, change.new):
                for pod in filter(None, (change.old, change.new)):
                    yield from services(view, pod)
        elif change.old is not None:                    # somebody changed or removed a result
            yield Key("Service", change.key.namespace, labels(change.old).get("kubernetes.io/service-name", change.key.name))

    def pods(self, api, service) -> list[dict]:
        """Candidates by address (SVC-54): matched, with an IP, not finished (SVC-31)."""
        found = [p for p in api.list("Pod", namespace(service)) if selects(service, p) and get(p, "status.podIP") and not finished(p)]
        return sorted(found, key=lambda p: (ip_address(p["status"]["podIP"]), uid(p)))


class Endpoints(ServiceController):
    name, component, result = "endpoints", "endpoint-controller", "Endpoints"

    def reconcile(self, api, service):
        if not handled(service):
            return
        old = api.find("Endpoints", name(service), namespace(service))
        wanted = {**labels(service), MANAGED_BY: "endpoint-controller", **({HEADLESS: ""} if headless(service) else {})}
        subsets, truncated = self.subsets(service, self.pods(api, service))
        capacity = {OVER_CAPACITY: "truncated"} if truncated else {}
        if old is not None and (old.get("subsets", []), labels(old), OVER_CAPACITY in annotations(old)) == (subsets, wanted, truncated):
            return
        meta = {"name": name(service), "namespace": namespace(service)} if old is None else dict(old["metadata"])
        kept = {key: value for key, value in (meta.get("annotations") or {}).items() if key != OVER_CAPACITY}
        meta |= {"labels": wanted, "annotations": {**kept, **capacity, TRIGGER: api.timestamp()}}
        obj = {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta, **({"subsets": subsets} if subsets else {})}
        if old is None:
            api.create(obj, because="SVC-40")
        else:
            api.update(obj, because="SVC-40")

    def subsets(self, service, pods) -> tuple[list[dict], bool]:
        """Ports grouped by the addresses that serve them, and whether there are too many addresses (SVC-40, SVC-41)."""
        anyway = publishes_unready(service)
        pods = sorted((p for p in pods if anyway or not terminating(p)), key=lambda p: (p["status"]["podIP"], uid(p)))      # SVC-32
        if truncated := len(pods) > LIMIT:
            pods = sorted(pods, key=lambda pod: not ready(pod))[:LIMIT]
        served: dict[tuple, list] = {}          # port -> the pods that have it
        for pod in pods:
            for port in ports_of(service, pod) if service["spec"].get("ports") else ({},):
                served.setdefault(tuple(port.items()), []).append(pod)
        together: dict[tuple, tuple] = {}       # the pods of a port -> them, all ports that they serve
        for port, by in served.items():
            together.setdefault(tuple(map(uid, by)), (by, []))[1].extend([dict(port)] if port else ())
        found = []
        for by, ports in together.values():
            subset: dict[str, list] = {"addresses": [], "notReadyAddresses": [], "ports": sorted(ports, key=hash_in_endpoints)}
            for pod in by:
                subset["addresses" if anyway or ready(pod) else "notReadyAddresses"].append(_address(service, pod))
            found.append({field: part for field, part in subset.items() if part})
        return sorted(found, key=lambda subset: str(subset.get("ports"))), truncated


def _address(service, pod) -> dict:
    return {"ip": pod["status"]["podIP"], **placed(service, pod)}


# ---- words that both endpoint controllers speak -----------------------------------------------

def handled(service) -> bool:
    """Only services with a selector, and not ExternalName (SVC-30, SVC-61)."""
    return bool(service["spec"].get("selector")) and service["spec"].get("type") != "ExternalName"


def headless(service) -> bool:
    return service["spec"].get("clusterIP") == "None"


def publishes_unready(service) -> bool:
    return bool(service["spec"].get("publishNotReadyAddresses"))


def selects(service, pod) -> bool:
    selector = service["spec"].get("selector") or {}
    mine = labels(pod)
    return bool(selector) and all(mine.get(k) == v for k, v in selector.items())


def services(view, pod) -> list[Key]:
    """The services that select a pod."""
    return [Key("Service", namespace(pod), name(service)) for service in view.list("Service", namespace(pod)) if selects(service, pod)]


def placed(service, pod) -> dict:
    """Who has an address and where; the hostname only under the service that is the pod's subdomain (SVC-33)."""
    host = pod["spec"].get("hostname") if pod["spec"].get("subdomain") == name(service) else ""
    node = pod["spec"].get("nodeName")
    return {**({"hostname": host} if host else {}), **({"nodeName": node} if node else {}),
            "targetRef": {"kind": "Pod", "namespace": namespace(pod), "name": name(pod), "uid": uid(pod)}}


def ports_of(service, pod) -> list[dict]:
    """The service's ports, in its order, as this pod serves them; a named port that the pod lacks is left out (SVC-41)."""
    ports = []
    for port in service["spec"].get("ports") or ():
        number = _resolve(pod, port)
        if number is not None:
            ports.append({**({"name": port["name"]} if port.get("name") else {}), "port": number, "protocol": port.get("protocol", "TCP"),
                          **({"appProtocol": port["appProtocol"]} if port.get("appProtocol") else {})})
    return ports


def _resolve(pod, port) -> int | None:
    wanted = port.get("targetPort", port["port"])
    if isinstance(wanted, int):
        return wanted
    sidecars = (c for c in pod["spec"].get("initContainers") or () if c.get("restartPolicy") == "Always")
    for container in (*pod["spec"]["containers"], *sidecars):
        for offered in container.get("ports") or ():
            if offered.get("name") == wanted and offered.get("protocol", "TCP") == port.get("protocol", "TCP"):
                return offered["containerPort"]
    return None


# Kubernetes sorts ports by a hash of how Go prints them: of the structs of either kind, with and without pointers.

def hash_in_endpoints(port) -> int:
    return _fnv(f"(v1.EndpointPort){{Name:(string){port.get('name', '')} Port:(int32){port['port']} "
                f"Protocol:(v1.Protocol){port['protocol']} AppProtocol:(*string){port.get('appProtocol', '<nil>')}}}")


def hash_in_slice(port) -> int:
    return _fnv(f"(v1.EndpointPort){{Name:(*string){port['name']} Protocol:(*v1.Protocol){port['protocol']} "
                f"Port:(*int32){port['port']} AppProtocol:(*string){port.get('appProtocol', '<nil>')}}}")


def _fnv(text: str) -> int:
    """128 bits of FNV-1a."""
    number = 0x6C62272E07BB014262B821756295C58D
    for byte in text.encode():
        number = (number ^ byte) * 0x1000000000000000000013B % (1 << 128)
    return number


def _matters(old, new) -> bool:
    """Whether a change of a pod can change endpoints (SVC-56)."""
    return any((
        labels(old) != labels(new), ready(old) != ready(new), terminating(old) != terminating(new), finished(old) != finished(new),
        get(old, "status.podIP") != get(new, "status.podIP"), get(old, "spec.nodeName") != get(new, "spec.nodeName")))
