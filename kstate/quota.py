"""ResourceQuota: what the objects of a namespace take of it, and what it refuses (QUOTA-1 to QUOTA-3, ADM-6).

Modelled: numbers of objects, what pods request and are limited to, requested storage.  Not modelled: scopes, extended resources.
"""
from __future__ import annotations

from fractions import Fraction

from . import quantity
from .classes import class_of
from .kinds import KINDS, Kind
from .refusals import forbidden
from .scheduling.nodeinfo import requests
from .world import World, get

NUMBERED = ("configmaps", "persistentvolumeclaims", "pods", "resourcequotas", "secrets", "services")    # known by plain names, too
COMPUTE = ("cpu", "memory", "ephemeral-storage")
CONSTRAINED = ("cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory")       # containers have to say how much


def taken(kind: Kind, obj: dict) -> dict[str, str]:
    """What an object takes: resource, as a quota names it, to amount (QUOTA-1)."""
    amounts = {f"count/{kind.resource}": "1", **({kind.plural: "1"} if kind.plural in NUMBERED else {})}
    return amounts | {"Pod": _of_pod, "Service": _of_service, "PersistentVolumeClaim": _of_claim}.get(kind.kind, lambda obj: {})(obj)


def _of_pod(pod: dict) -> dict[str, str]:
    """QUOTA-2.  One that has ended takes nothing but its place among the objects."""
    if get(pod, "status.phase") in ("Succeeded", "Failed"):
        return {"pods": "0"}
    amounts = {}
    for sort in ("requests", "limits"):
        for resource, number in requests(pod["spec"], sort).items():
            if resource in COMPUTE:
                text = quantity.emit(Fraction(number, 1000)) if resource == "cpu" else quantity.emit(number, "binary")
                amounts |= {f"{sort}.{resource}": text, **({resource: text} if sort == "requests" else {})}
    return amounts


def _of_service(service: dict) -> dict[str, str]:
    node_ports = sum("nodePort" in entry for entry in service["spec"].get("ports") or ())
    balancer = service["spec"].get("type") == "LoadBalancer"
    return {**({"services.nodeports": str(node_ports)} if node_ports else {}), **({"services.loadbalancers": "1"} if balancer else {})}


def _of_claim(claim: dict) -> dict[str, str]:
    """ADM-6"""
    size = max((get(claim, path, "0") for path in ("spec.resources.requests.storage", "status.allocatedResources.storage")), key=quantity.value)
    amounts = {"persistentvolumeclaims": "1", "requests.storage": size}
    prefix = f"{class_of(claim)}.storageclass.storage.k8s.io/"
    return amounts | ({prefix + resource: amount for resource, amount in amounts.items()} if class_of(claim) else {})


def used(world: World, quota: dict) -> dict[str, str]:
    """How much is taken of each resource that the quota limits."""
    total: dict[str, str] = dict.fromkeys(get(quota, "spec.hard") or {}, "0")
    for kind in KINDS.values() if total else ():
        for obj in world.list(kind.kind, quota["metadata"]["namespace"]) if kind.namespaced else ():
            for resource, amount in taken(kind, obj).items():
                if resource in total:
                    family = amount if total[resource] == "0" else total[resource]
                    total[resource] = quantity.like(quantity.value(total[resource]) + quantity.value(amount), family)
    return total


def check(world: World, kind: Kind, new: dict, old: dict | None = None) -> None:
    """Refuse what would exceed a quota, or does not say how much it takes of what is limited (Forbidden)."""
    quotas = world.list("ResourceQuota", new["metadata"].get("namespace"))
    if not quotas:
        return
    before = taken(kind, old) if old is not None else {}
    asked = {r: quantity.like(quantity.value(amount) - quantity.value(before.get(r, "0")), amount) for r, amount in taken(kind, new).items()}
    for quota in quotas:
        name, hard = quota["metadata"]["name"], quota["spec"].get("hard") or {}
        limited = {resource: amount for resource, amount in asked.items() if resource in hard and quantity.value(amount) > 0}
        if unsaid := _unsaid(kind, new, hard):
            raise forbidden(kind, new, f"failed quota: {name}: must specify {unsaid}")
        already = used(world, quota) if limited else {}
        over = sorted(r for r, amount in limited.items() if quantity.value(already[r]) + quantity.value(amount) > quantity.value(hard[r]))
        if over:
            requested, taken_before, most = (",".join(f"{r}={which[r]}" for r in over) for which in (limited, already, hard))
            raise forbidden(kind, new, f"exceeded quota: {name}, requested: {requested}, used: {taken_before}, limited: {most}")


def _unsaid(kind: Kind, pod: dict, hard: dict) -> str:
    """Which of the limited resources which containers do not speak of; "" if all do (QUOTA-2)."""
    missing = []
    for resource in CONSTRAINED if kind.kind == "Pod" else ():
        sort, _, plain = resource.rpartition(".")
        containers = [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())]
        silent = [c["name"] for c in containers if plain not in (get(c, f"resources.{sort or 'requests'}") or {})]
        if resource in hard and silent:
            missing.append(f"{resource} for: {','.join(sorted(silent))}")
    return "; ".join(missing)
