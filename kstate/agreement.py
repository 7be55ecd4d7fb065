"""What of an update counts, and whether it means the object that is stored (API-4, API-9, API-10, API-14)."""
from __future__ import annotations

from .errors import BadRequest
from .kinds import Kind
from .refusals import modified, wrong_uid
from .world import Dict, Key, drop

PRESERVED = ("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink", "managedFields")     # API-9


def placed(kind: Kind, obj: dict) -> dict:
    """Without the namespace that a kind outside of namespaces cannot have (API-4)."""
    return obj if kind.namespaced else drop(obj, "metadata.namespace")


def kept(sent: dict, old: dict) -> dict:
    """Metadata of an update: what the client may not set stays as it was (API-9)."""
    meta = dict(sent)
    for field in PRESERVED:
        take(meta, old, field)
    if not meta.get("uid"):
        meta["uid"] = old["uid"]
    for field in ("labels", "annotations", "finalizers", "ownerReferences"):
        if not meta.get(field):
            meta.pop(field, None)
    return meta


def take(new: dict, old: dict, field: str) -> None:
    """A field as it was before, absent if it was."""
    new.pop(field, None)
    if field in old:
        new[field] = old[field]


def share(new: dict, old: Dict) -> None:
    """Where a part equals the stored one, use the stored one, so that checks can tell what did not change."""
    for field, value in new.items():
        if field in old and field != "metadata" and value is not old[field] and value == old[field]:
            new[field] = old[field]


def check_name(key: Key, new: dict) -> None:
    """A patch does not rename (API-10)."""
    meta = new.get("metadata") or {}
    name, namespace = meta.get("name"), meta.get("namespace") or key.namespace
    if namespace != key.namespace:
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    if not name:
        raise BadRequest(f"the name of the object ({key.name} based on URL) was undeterminable: name must be provided")
    if name != key.name:
        raise BadRequest(f"the name of the object ({name}) does not match the name on the URL ({key.name})")


def check_uid(key: Key, new: dict, old: dict | None) -> None:
    """Who names a uid means this very object (API-9)."""
    sent, stored = new["metadata"].get("uid"), "" if old is None else old["metadata"]["uid"]
    if sent and sent != stored:
        raise wrong_uid(key, sent, stored)


def check_version(key: Key, new: dict, old: dict) -> None:
    """Who names a version means no other (API-14)."""
    version = new["metadata"].get("resourceVersion")
    if version not in (None, "", "0", old["metadata"]["resourceVersion"]):
        raise modified(key)
