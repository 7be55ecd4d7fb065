"""The namespace controller: a namespace goes when all that is in it has gone (API-65)."""
from __future__ import annotations

from ..kinds import KINDS
from .base import Controller, Key, finalizers, get, name, put, terminating, with_condition

DISCOVERED = (("NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered"),
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
        if not terminating(namespace):
            return
        for kind in KINDS.values():
            if kind.namespaced:
                for obj in api.list(kind.kind, name(namespace)):
                    if not terminating(obj) and api.live(kind.kind, name(obj), name(namespace)) is not None:
                        api.delete(obj, because="API-65", propagation="Background")
        left = [(kind, obj) for kind in KINDS.values() if kind.namespaced for obj in api.list(kind.kind, name(namespace))]
        namespace = self.report(api, api.live("Namespace", name(namespace)), left)
        if left:
            return api.wait(namespace, get(namespace, "status.conditions")[3]["message"], because="API-65")
        api.update(put(namespace, "spec.finalizers", []), because="API-65", subresource="finalize")

    def report(self, api, namespace, left):
        """The five conditions that say what is still there."""
        counts: dict[str, int] = {}
        held: dict[str, int] = {}
        for kind, obj in left:
            resource = f"{kind.plural}.{kind.group}"
            counts[resource] = counts.get(resource, 0) + 1
            for finalizer in finalizers(obj):
                held[finalizer] = held.get(finalizer, 0) + 1
        remaining = ("True", "SomeResourcesRemain", "Some resources are remaining: " + ", ".join(f"{r} has {n} resource instances" for r, n in sorted(counts.items()))
                     ) if counts else ("False", "ContentRemoved", "All content successfully removed")
        finalizing = ("True", "SomeFinalizersRemain", "Some content in the namespace has finalizers remaining: " + ", ".join(
            f"{f} in {n} resource instances" for f, n in sorted(held.items()))) if held else ("False", "ContentHasNoFinalizers", "All content-preserving finalizers finished")
        new = namespace
        for type, status, reason, message in (*DISCOVERED, ("NamespaceContentRemaining", *remaining), ("NamespaceFinalizersRemaining", *finalizing)):
            new = with_condition(new, type, status, api.timestamp(), reason=reason, message=message)
        return api.update(new, because="API-65", subresource="status")
