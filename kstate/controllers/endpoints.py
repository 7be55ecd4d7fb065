"""Endpoints: which pods stand behind a Service, in the old form of one object per Service (SVC-30 to SVC-41).

The words that the newer EndpointSlices share with it are here too.
"""
from __future__ import annotations

from ipaddress import ip_address

from .base import Controller, Key, finished, get, labels, name, namespace, ready, terminating, uid

HEADLESS = "service.kubernetes.io/headless"
TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"
MANAGED_BY = "endpoints.kubernetes.io/managed-by"
LIMIT = 1000


class ServiceController(Controller):
    """What both endpoint controllers share: a Service is looked at when it, its pods or its results change."""

    kind = "Service"
    result = ""         # the kind that is written

    def watches(self):
        return ("Service", "Pod", self.result)

    def keys(self, change, view):
        if change.key.kind == "Service":
            yield change.key
        elif change.key.kind == "Pod":
            if change.old is not None and change.new is not None and not _matters(change.old, change.new):
                return
            for service in view.list("Service", change.key.namespace):
                if any(pod is not None and selects(service, pod) for pod in (change.old, change.new)):
                    yield Key("Service", change.key.namespace, name(service))
        elif change.old is not None:                    # somebody changed or removed a result
            owner = labels(change.old).get("kubernetes.io/service-name", change.key.name)
            yield Key("Service", change.key.namespace, owner)

    def pods(self, api, service) -> list[dict]:
        """Candidates by address: matched, with an IP, not finished (SVC-31)."""
        found = [p for p in api.list("Pod", namespace(service)) if selects(service, p) and get(p, "status.podIP") and not finished(p)]
        return sorted(found, key=lambda p: ip_address(p["status"]["podIP"]))


class Endpoints(ServiceController):
    name, component, result = "endpoints", "endpoint-controller", "Endpoints"

    def reconcile(self, api, service):
        if not handled(service):
            return
        old = api.find("Endpoints", name(service), namespace(service))
        wanted = {**labels(service), MANAGED_BY: "endpoint-controller", **({HEADLESS: ""} if headless(service) else {})}
        subsets = self.subsets(service, self.pods(api, service))
        if old is not None and (old.get("subsets") or []) == subsets and labels(old) == wanted:
            return
        meta = {"name": name(service), "namespace": namespace(service)} if old is None else dict(old["metadata"])
        meta |= {"labels": wanted, "annotations": {**(meta.get("annotations") or {}), TRIGGER: api.timestamp()}}
        obj = {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta, **({"subsets": subsets} if subsets else {})}
        if old is None:
            api.create(obj, because="SVC-40")
        else:
            api.update(obj, because="SVC-40")

    def subsets(self, service, pods) -> list[dict]:
        """Addresses grouped by the ports that they serve (SVC-40, SVC-41)."""
        groups: dict[tuple, dict] = {}
        anyway = get(service, "spec.publishNotReadyAddresses", False)
        for pod in pods[:LIMIT]:
            if terminating(pod) and not anyway:
                continue                                                        # SVC-32
            ports = ports_of(service, pod)
            if not ports and service["spec"].get("ports"):
                continue
            subset = groups.setdefault(tuple(map(_port_key, ports)), {"ports": ports})
            subset.setdefault("addresses" if ready(pod) or anyway else "notReadyAddresses", []).append(_address(service, pod))
        order = ("addresses", "notReadyAddresses", "ports")
        return [{field: subset[field] for field in order if subset.get(field)} for _, subset in sorted(groups.items())]


def _address(service, pod) -> dict:
    host = hostname(service, pod)
    return {"ip": pod["status"]["podIP"], **({"hostname": host} if host else {}), "nodeName": pod["spec"].get("nodeName"), "targetRef": target(pod)}


# ---- words that both endpoint controllers speak -----------------------------------------------

def handled(service) -> bool:
    """Only services with a selector, and not ExternalName (SVC-30)."""
    return bool(service["spec"].get("selector")) and service["spec"].get("type") != "ExternalName"


def headless(service) -> bool:
    return service["spec"].get("clusterIP") == "None"


def selects(service, pod) -> bool:
    selector = service["spec"].get("selector") or {}
    mine = labels(pod)
    return bool(selector) and all(mine.get(k) == v for k, v in selector.items())


def hostname(service, pod) -> str:
    """The name that the pod has under this service, if it is the pod's subdomain (SVC-33)."""
    return pod["spec"].get("hostname", "") if pod["spec"].get("subdomain") == name(service) else ""


def target(pod) -> dict:
    return {"kind": "Pod", "namespace": namespace(pod), "name": name(pod), "uid": uid(pod)}


def ports_of(service, pod) -> list[dict]:
    """The service's ports as this pod serves them; a named port that the pod lacks is left out (SVC-41)."""
    ports = []
    for port in service["spec"].get("ports") or ():
        number = _resolve(pod, port)
        if number is not None:
            ports.append({**({"name": port["name"]} if port.get("name") else {}), "port": number, "protocol": port.get("protocol", "TCP"),
                          **({"appProtocol": port["appProtocol"]} if port.get("appProtocol") else {})})
    return sorted(ports, key=_port_key)


def _resolve(pod, port) -> int | None:
    wanted = port.get("targetPort", port["port"])
    if isinstance(wanted, int):
        return wanted
    for container in pod["spec"]["containers"]:
        for offered in container.get("ports") or ():
            if offered.get("name") == wanted and offered.get("protocol", "TCP") == port.get("protocol", "TCP"):
                return offered["containerPort"]
    return None


def _port_key(port) -> tuple:
    return port.get("name", ""), port["port"], port["protocol"]


def _matters(old, new) -> bool:
    """Whether a change of a pod can change endpoints (SVC-56)."""
    return any((
        labels(old) != labels(new), ready(old) != ready(new), terminating(old) != terminating(new), finished(old) != finished(new),
        get(old, "status.podIP") != get(new, "status.podIP"), get(old, "spec.nodeName") != get(new, "spec.nodeName")))
