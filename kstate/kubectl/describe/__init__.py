"""kubectl describe: all about an object, and the events that concern it (chapter 8 of the network specification)."""
from __future__ import annotations

from collections.abc import Callable

from ...errors import NotFound
from ..args import Args, Failure
from ..errors import Several
from ..resources import Choice, Target, choose, fetch, items, manifests
from ..session import Session
from . import generic, limits, network, node, pod, settings, storage, workloads
from .text import About, Sheet

__all__ = ["describe", "description"]

DESCRIBERS: dict[str, Callable[[About], None]] = {
    "ConfigMap": settings.configmap, "CSINode": storage.csinode, "Deployment": workloads.deployment, "Endpoints": network.endpoints,
    "EndpointSlice": network.endpointslice, "LimitRange": limits.limit_range, "Namespace": limits.namespace, "Node": node.node,
    "PersistentVolume": storage.volume, "PersistentVolumeClaim": storage.claim, "Pod": pod.pod,
    "PodDisruptionBudget": settings.disruptionbudget, "PriorityClass": settings.priorityclass, "ReplicaSet": workloads.replicaset,
    "ResourceQuota": limits.quota, "Secret": settings.secret, "Service": network.service, "ServiceAccount": settings.serviceaccount,
    "StatefulSet": workloads.statefulset, "StorageClass": storage.storageclass, "VolumeAttributesClass": storage.attributesclass,
}


NO_KIND = Failure('error: You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of '
                  "supported resources.")


def describe(session: Session, args: Args) -> None:
    errors: list[Exception] = []
    if not args.names and not args["filename"]:
        raise NO_KIND
    if args["filename"] and not args.names:
        choices, errors = manifests(session)
    else:
        choices = choose(session, args.names, everything=True)
    found = 0
    for choice in choices:
        try:
            targets = [Target(choice.resource, item) for item in items(choice.resource, fetch(session, choice))]
        except NotFound as error:
            similar = _starting_with(session, choice) if len(args.names) == 2 else []
            for target in similar:
                session.say(description(session, target, args["show-events"]))
            found += len(similar)
            errors += [] if similar else [error]
            continue
        for target in targets:
            session.say(("\n\n" if found else "") + description(session, target, args["show-events"]), end="")
            found += 1
    if not found and not errors:
        session.complain("No resources found" if args["all-namespaces"] else f"No resources found in {session.namespace} namespace.")
    if errors:
        raise Several(errors)


def _starting_with(session: Session, choice: Choice) -> list[Target]:
    """A name that is not found may be the beginning of others (KCTL-50)."""
    every = items(choice.resource, fetch(session, choice._replace(name="")))
    return [Target(choice.resource, item) for item in every if item["metadata"]["name"].startswith(choice.name)]


def description(session: Session, target: Target, show_events: bool = True) -> str:
    """The description of one object."""
    about = About(session, Sheet(), target.object, show_events)
    DESCRIBERS.get(target.object["kind"], generic.generic)(about)
    return about.sheet.text()
