"""The garbage collector: dependents go when their last owner is gone (GC-1 to GC-8).

Ownership is by uid.  Modelled: background, foreground and orphan deletion, dangling and waiting owners, owners in
another namespace.  Not modelled: the graph of uncertain ("virtual") nodes, since we read the store itself.
"""
from __future__ import annotations

from ..kinds import KINDS
from .base import Controller, Key, finalizers, key_of, namespace, terminating, uid

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"


class GarbageCollector(Controller):
    """Looks at every object with owners, from pods to ReplicaSets to Deployments (GC-7), and at every owner that goes in the
    foreground or orphans its dependents."""

    name, component = "garbagecollector", "garbage-collector-controller"

    def watches(self):
        return tuple(kind for kind in KINDS if kind != "Event")

    def keys(self, change, view):
        old, new = change.old, change.new
        if new is None:
            yield from map(key_of, view.select("owner", uid(old)))                      # an owner is gone
            for ref in old["metadata"].get("ownerReferences") or ():                    # its owners may have waited for it
                yield _owner_key(ref, change.key.namespace)
            return
        if new["metadata"].get("ownerReferences") and (old is None or _refs(old) is not _refs(new)):
            yield change.key
        if terminating(new) and (_waiting(new) or ORPHAN in finalizers(new)):
            yield change.key
            if _waiting(new) and (old is None or not _waiting(old)):
                yield from map(key_of, view.select("owner", uid(new)))

    def reconcile(self, api, obj):
        if terminating(obj):
            if ORPHAN in finalizers(obj):
                self.orphan(api, obj)
            elif _waiting(obj):
                self.delete_dependents(api, obj)
            return
        refs = _refs(obj)
        if refs:
            self.judge(api, obj, refs)

    def judge(self, api, obj, refs) -> None:
        """Keep, strip or delete an object by what became of its owners (GC-4)."""
        if not all(_can_be_found(obj, ref) for ref in refs):
            return
        solid, waiting, dangling = [], [], []
        for ref in refs:
            owner = self.owner(api, obj, ref)
            (dangling if owner is None else waiting if _waiting(owner) else solid).append(ref)
        if solid:
            if dangling or waiting:
                api.update({**obj, "metadata": {**obj["metadata"], "ownerReferences": solid}}, because="GC-4")
            return
        dependents = api.select("owner", uid(obj))
        if waiting and dependents:
            policy = "Foreground"
        else:
            policy = "Orphan" if ORPHAN in finalizers(obj) else "Foreground" if FOREGROUND in finalizers(obj) else "Background"
        api.delete(obj, because="GC-4", propagation=policy,
                   preconditions={"uid": uid(obj), "resourceVersion": obj["metadata"]["resourceVersion"]})

    def owner(self, api, obj, ref):
        """The owner that a reference means, read live; None where it dangles (GC-1)."""
        key = _owner_key(ref, namespace(obj))
        owner = api.live(key.kind, key.name, key.namespace)
        if owner is not None and uid(owner) == ref["uid"]:
            return owner
        elsewhere = any(o["metadata"].get("uid") == ref["uid"] for o in api.list(ref["kind"]))
        if elsewhere:                                                                   # GC-8
            identity = f"[{ref['apiVersion']}/{ref['kind']}, namespace: {namespace(obj)}, name: {ref['name']}, uid: {ref['uid']}]"
            text = f'ownerRef {identity} does not exist in namespace "{namespace(obj)}"'
            api.event(obj, "Warning", "OwnerRefInvalidNamespace", text, "GC-8")
        return None

    def delete_dependents(self, api, owner) -> None:
        """Foreground: the owner goes when no dependent that blocks it is left (GC-5)."""
        blocking = [d for d in api.select("owner", uid(owner)) if any(
            ref["uid"] == uid(owner) and ref.get("blockOwnerDeletion") for ref in _refs(d))]
        if blocking:
            names = ", ".join(f"{d['kind']} {d['metadata']['name']}" for d in blocking[:3])
            return api.wait(owner, f"waits for its dependents to go: {names}", because="GC-5")
        _without(api, owner, FOREGROUND)

    def orphan(self, api, owner) -> None:
        """Orphan: dependents lose the reference, then the owner goes (GC-5)."""
        for dependent in api.select("owner", uid(owner)):
            rest = [r for r in _refs(dependent) if r["uid"] != uid(owner)]
            api.update({**dependent, "metadata": {**dependent["metadata"], "ownerReferences": rest}}, because="GC-5")
        _without(api, owner, ORPHAN)


def _refs(obj) -> list:
    return obj["metadata"].get("ownerReferences") or ()


def _waiting(obj) -> bool:
    """In foreground deletion: it waits for its dependents (GC-3)."""
    return terminating(obj) and FOREGROUND in finalizers(obj)


def _can_be_found(obj, ref) -> bool:
    """Of a kind that the server does not know, or of a namespaced owner of what is in no namespace, nobody can say whether
    it still exists; nothing is deleted for it (GC-1)."""
    kind = KINDS.get(ref["kind"])
    if kind is None or ref["apiVersion"] not in (kind.api_version, *kind.other_versions):
        return False
    return bool(namespace(obj)) or not kind.namespaced


def _owner_key(ref, namespace) -> Key:
    kind = KINDS.get(ref["kind"])
    return Key(ref["kind"], namespace if kind is None or kind.namespaced else "", ref["name"])


def _without(api, obj, finalizer) -> None:
    rest = [f for f in finalizers(obj) if f != finalizer]
    api.update({**obj, "metadata": {**obj["metadata"], "finalizers": rest}}, because="GC-5")
