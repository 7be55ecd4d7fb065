"""kubectl describe: all about an object, and the events that concern it (chapter 8 of the network specification)."""
from __future__ import annotations

from collections.abc import Callable

from ...errors import NotFound
from ..args import Args
from ..errors import Several
from ..resources import Target, choose, fetch, items, manifests
from ..session import Session
from . import generic, limits, network, node, pod, settings, storage, workloads
from .text import About, Sheet

__all__ = ["describe", "description"]

DESCRIBERS: dict[str, Callable[[About], None]] = {
    "ConfigMap": settings.configmap, "CSINode": storage.csinode, "Deployment": workloads.deployment, "Endpoints": network.endpoints,
    "EndpointSlice": network.endpointslice, "LimitRange": limits.limit_range, "Namespace": limits.namespace, "Node": node.node,
    "PersistentVolume": storage.volume, "PersistentVolumeClaim": storage.claim, "Pod": pod.pod, "PodDisruptionBudget": settings.disruptionbudget,
    "PriorityClass": settings.priorityclass, "ReplicaSet": workloads.replicaset, "ResourceQuota": limits.quota, "Secret": settings.secret,
    "Service": network.service, "ServiceAccount": settings.serviceaccount, "StatefulSet": workloads.statefulset,
    "StorageClass": storage.storageclass, "VolumeAttributesClass": storage.attributesclass,
}


def describe(session: Session, args: Args) -> None:
    errors: list[Exception] = []
    if args["filename"] and not args.names:
        choices, errors = manifests(session)
    else:
        choices = choose(session, args.names, everything=True)
    found: list[Target] = []
    for choice in choices:
        try:
            found += [Target(choice.resource, item) for item in items(choice.resource, fetch(session, choice))]
        except NotFound as error:
            similar = _starting_with(session, choice) if len(args.names) == 2 else []
            found += similar
            errors += [] if similar else [error]
    for target in found:
        session.say(("\n\n" if session.out else "") + description(session, target, args["show-events"]), end="")
    if not found and not errors:
        session.complain(f"No resources found in {session.namespace} namespace." if choices and choices[0].namespace else "No resources found")
    if errors:
        raise Several(errors)


def _starting_with(session: Session, choice) -> list[Target]:
    """A name that is not found may be the beginning of others (KCTL-50)."""
    every = items(choice.resource, fetch(session, choice._replace(name="")))
    return [Target(choice.resource, item) for item in every if item["metadata"]["name"].startswith(choice.name)]


def description(session: Session, target: Target, show_events: bool = True) -> str:
    """The description of one object."""
    about = About(session, Sheet(), target.object, show_events)
    DESCRIBERS.get(target.object["kind"], generic.generic)(about)
    return about.sheet.text()
