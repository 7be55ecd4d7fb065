"""The namespace controller: a namespace goes when all that is in it has gone (API-65)."""
from __future__ import annotations

from collections import Counter

from ..kinds import KINDS
from .base import Controller, Key, finalizers, name, put, terminating, with_condition

DISCOVERED = (      # what can go wrong on a real cluster with several API servers
    ("NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered"),
    ("NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
    ("NamespaceDeletionContentFailure", "False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization"))


class Namespaces(Controller):
    name, component, kind = "namespace", "namespace-controller", "Namespace"

    def watches(self):
        return tuple(KINDS)

    def keys(self, change, view):
        if change.key.kind == "Namespace":
            if change.new is not None and terminating(change.new):
                yield change.key
        elif change.new is None and change.key.namespace:
            key = Key("Namespace", "", change.key.namespace)
            namespace = view.find(key)
            if namespace is not None and terminating(namespace):
                yield key

    def reconcile(self, api, namespace):
        namespace = api.live("Namespace", name(namespace))
        if namespace is None or not terminating(namespace):
            return
        for obj in content(api, namespace):
            gone = api.live(obj["kind"], name(obj), name(namespace)) is None        # with another one: Endpoints with their Service
            if not gone and not terminating(obj):
                api.delete(obj, because="API-65", propagation="Background")
        left = content(api, namespace)
        told = [*DISCOVERED, remaining(left), held(left)]
        for type, status, reason, message in told:
            namespace = with_condition(namespace, type, status, api.timestamp(), reason=reason, message=message)
        namespace = api.update(namespace, because="API-65", subresource="status")
        if left:
            return api.wait(namespace, remaining(left)[3], because="API-65")
        api.update(put(namespace, "spec.finalizers", []), because="API-65", subresource="finalize")


def content(api, namespace) -> list:
    """All that is in a namespace, as the API server has it."""
    return [obj for kind in KINDS.values() if kind.namespaced for obj in api.world.list(kind.kind, name(namespace))]


def remaining(left: list) -> tuple[str, str, str, str]:
    """The condition that says what is still there."""
    if not left:
        return "NamespaceContentRemaining", "False", "ContentRemoved", "All content successfully removed"
    counts = Counter(f"{KINDS[obj['kind']].plural}.{KINDS[obj['kind']].group}" for obj in left)
    shown = ", ".join(f"{resource} has {n} resource instances" for resource, n in sorted(counts.items()))
    return "NamespaceContentRemaining", "True", "SomeResourcesRemain", f"Some resources are remaining: {shown}"


def held(left: list) -> tuple[str, str, str, str]:
    """The condition that says which finalizers hold it."""
    counts = Counter(finalizer for obj in left for finalizer in finalizers(obj))
    if not counts:
        return "NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers", "All content-preserving finalizers finished"
    shown = ", ".join(f"{finalizer} in {n} resource instances" for finalizer, n in sorted(counts.items()))
    text = f"Some content in the namespace has finalizers remaining: {shown}"
    return "NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", text
