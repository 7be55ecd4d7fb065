"""The refusals that name a kind, in the API server's words: missing, exists already, in conflict (API-21)."""
from __future__ import annotations

import json

from .errors import AlreadyExists, BadRequest, Conflict, Forbidden, Invalid, NotFound, invalid
from .kinds import KINDS, Kind
from .patch import go_text
from .world import Key


def kind_of(obj: dict) -> Kind:
    """The row of an object's kind, or BadRequest."""
    kind = KINDS.get(obj.get("kind", ""))
    if kind is None or obj.get("apiVersion") not in (kind.api_version, *kind.other_versions):
        raise BadRequest(f'no kind "{obj.get("kind", "")}" is registered for version "{obj.get("apiVersion", "")}"')
    return kind


def missing(key: Key) -> NotFound:
    kind = KINDS[key.kind]
    return NotFound(f'{kind.resource} "{key.name}" not found', name=key.name, group=kind.group, kind=kind.plural)


def already_exists(key: Key, old: dict, drawn: bool) -> AlreadyExists:
    """drawn: the name comes from a generateName (API-3); an object on its way out still holds its name (API-6)."""
    kind = KINDS[key.kind]
    message = f'{kind.resource} "{key.name}" already exists'
    if drawn:
        message += ", the server was not able to generate a unique name for the object"
    if "deletionTimestamp" in old["metadata"]:
        message = f"object is being deleted: {message}"
    return AlreadyExists(message, name=key.name, group=kind.group, kind=kind.plural, retryAfterSeconds=int(drawn))


def conflict(key: Key, why: str) -> Conflict:
    kind = KINDS[key.kind]
    return Conflict(f'Operation cannot be fulfilled on {kind.resource} "{key.name}": {why}',
                    name=key.name, group=kind.group, kind=kind.plural)


def modified(key: Key) -> Conflict:
    """Somebody else was faster (API-14)."""
    return conflict(key, "the object has been modified; please apply your changes to the latest version and try again")


def wrong_uid(key: Key, sent: str, stored: str) -> Conflict:
    """Another object of the same name was meant, or one that is gone: then nothing is stored (API-9)."""
    plural = KINDS[key.kind].plural
    path = "/".join(("/registry", plural, *filter(None, (key.namespace, key.name))))
    return conflict(key, f"StorageError: invalid object, Code: 4, Key: {path}, ResourceVersion: 0, AdditionalErrorMsg: "
                         f"Precondition failed: UID in precondition: {sent}, UID in object meta: {stored}")


def not_bindable(key: Key, why: str) -> Conflict:
    """API-72."""
    return Conflict(f'Operation cannot be fulfilled on pods/binding "{key.name}": pod {key.name} {why}', name=key.name, kind="pods/binding")


def version_required(key: Key) -> Invalid:
    """Some kinds are not overwritten blindly (API-15)."""
    kind = KINDS[key.kind]
    return Invalid(kind=kind.plural, group=kind.group, name=key.name,
                   errors=[invalid("metadata.resourceVersion", 0, "must be specified for an update")])


def bad_patch(patch: dict | list, patched: dict, sort: str, why: str) -> Invalid:
    """A patch that makes no object of its kind: shown is the strategic patch itself, of the other sorts what they made (API-25)."""
    shown = go_text(patch) if sort == "strategic" else json.dumps(patched, separators=(",", ":"), ensure_ascii=False)
    error = invalid("patch", shown, why)
    return Invalid(f' "" is invalid: {error}', errors=[error])


def forbidden(kind: Kind, obj: dict, why: str, **details) -> Forbidden:
    name = obj["metadata"].get("name") or ""
    return Forbidden(f'{kind.resource} "{name}" is forbidden: {why}', name=name, group=kind.group, kind=kind.plural, **details)
