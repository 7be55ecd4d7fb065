"""Who belongs to whom: what matches a selector and has no controller is adopted, what does not match any more is released.

Shared by StatefulSets (pods and revisions), ReplicaSets (pods) and Deployments (ReplicaSets).
"""
from __future__ import annotations

from collections.abc import Callable

from ..controllers.base import Controller, Dict, Key, controller_ref, key_of, labels, name, namespace, owned_by, reference, terminating, uid
from ..errors import Internal
from ..labels import of


class Owner(Controller):
    """A controller whose objects own others by a controller reference and find them by a selector."""

    def keys(self, change, view):
        """STS-16: the object; the owner of a dependent, the former one too; whoever selects a dependent that has no owner."""
        if change.key.kind == self.kind:
            yield change.key
            return
        old, new = change.old, change.new
        before, after = (controller_ref(obj) if obj is not None else None for obj in (old, new))
        for ref in filter(None, (before, after)):
            owner = view.find(Key(self.kind, change.key.namespace, ref["name"])) if ref["kind"] == self.kind else None
            if owner is not None and uid(owner) == ref["uid"]:
                yield key_of(owner)
        if new is not None and after is None and not terminating(new) and (old is None or before or labels(old) != labels(new)):
            yield from (key_of(owner) for owner in view.list(self.kind, change.key.namespace) if selects(owner, new))


def selector(owner: dict):
    return of(owner["spec"].get("selector"))


def selects(owner: dict, obj: dict) -> bool:
    return selector(owner).matches(labels(obj))


def orphans(api, kind: str, owner: dict) -> list[Dict]:
    """Objects without a controller in the owner's namespace that its selector matches."""
    chosen = selector(owner)
    return [obj for obj in api.select("orphan", f"{kind} {namespace(owner)}") if chosen.matches(labels(obj))]


def claim(api, owner: dict, kind: str, because: str, belongs: Callable[[dict], bool] = lambda obj: True,
          among: Callable[[dict], bool] = lambda obj: True) -> list[Dict]:
    """The objects of a kind that are the owner's, after adopting and releasing; no events (STS-91).

    belongs: what must hold beside the selector, such as a fitting name; among: which objects are considered at all."""
    chosen, mine = selector(owner), []
    for obj in api.owned(kind, owner):
        if owned_by(obj, owner) and among(obj):
            if chosen.matches(labels(obj)) and belongs(obj):
                mine.append(obj)
            elif not terminating(owner):
                release(api, owner, obj, because)
    if not terminating(owner):
        found = [obj for obj in orphans(api, kind, owner) if belongs(obj) and among(obj) and not terminating(obj)]
        mine += [adopt(api, owner, obj, because) for obj in found]
    return mine


def adopt(api, owner: dict, obj: dict, because: str) -> Dict:
    check_adopter(api, owner, f"{obj['kind']} {namespace(obj)}/{name(obj)} ({uid(obj)})")
    return _own(api, obj, [*_references(obj), reference(owner)], because)


def release(api, owner: dict, obj: dict, because: str) -> None:
    """Take our reference away; nothing to do where the object is gone."""
    if api.live(obj["kind"], name(obj), namespace(obj)) is not None:
        _own(api, obj, [ref for ref in _references(obj) if ref["uid"] != uid(owner)], because)


def check_adopter(api, owner: dict, what: str) -> None:
    """Read past the cache: an owner that is gone or going adopts nothing (STS-30, STS-91)."""
    live = api.live(owner["kind"], name(owner), namespace(owner))
    original = f"original {owner['kind']} {namespace(owner)}/{name(owner)}"
    if live is None or uid(live) != uid(owner):
        raise Internal(f"can't adopt {what}: {original} is gone: got uid {uid(live) if live else ''}, wanted {uid(owner)}")
    if terminating(live):
        raise Internal(f"can't adopt {what}: {original} has just been deleted at {live['metadata']['deletionTimestamp']}")


def _references(obj: dict) -> list[dict]:
    return obj["metadata"].get("ownerReferences") or []


def _own(api, obj: dict, references: list[dict], because: str) -> Dict:
    return api.patch(obj, {"metadata": {"uid": uid(obj), "ownerReferences": references}}, because)
