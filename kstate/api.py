"""The API server: the verbs, each a request that is checked, defaulted, admitted, validated and committed, or refused.

Order of a create: admission of the namespace, defaults, admission, strategy, validation, store (API-5).  A refusal
raises an ApiError and changes nothing.  Decoding of what comes over the wire (unknown fields, wrong types) happens in
wire.py before; controllers come here directly.

Modelled: optimistic concurrency, generation, finalizers, graceful deletion, propagation policies, preconditions, dry
run, scale, status, binding, events.  Not modelled: authorisation, quotas of the event recorder's client.
"""
from __future__ import annotations

from typing import Any

from . import admission, managed, patch as patches
from .errors import AlreadyExists, ApiError, BadRequest, Conflict, FieldError, Invalid, NotFound, ServerError, invalid, unsupported
from .kinds import KINDS, Kind
from .kinds import meta as metadata
from .kinds.schema import decode, root
from .recorder import record
from .world import Dict, Key, drop, get, key_of, put, thaw

SUFFIX = "bcdfghjklmnpqrstvwxz2456789"      # API-3: no vowels, no 0, 1, 3
PRESERVED = ("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink")     # API-9
ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"


class Api:
    """The one door: verbs over the engine's world.  Objects that come in are not changed; what comes out is frozen."""

    def __init__(self, engine) -> None:
        self.engine = engine
        self.warnings: list[str] = []       # of the last request, for Warning headers

    # -- reading

    @property
    def world(self):
        return self.engine.world

    def find(self, key: Key) -> Dict | None:
        return self.world.find(key)

    def get(self, key: Key) -> Dict:
        """The object, or NotFound."""
        obj = self.world.find(key)
        if obj is None:
            raise missing(key)
        return obj

    # -- create

    def create(self, obj: dict, *, who: str = "kubectl", because: str = "", dry_run: bool = False, manager: str = "") -> Dict:
        """POST.  Raises Invalid, Forbidden, NotFound (of the namespace), AlreadyExists, BadRequest."""
        kind = kind_of(obj)
        new = thaw(obj)
        meta = new.setdefault("metadata", {})
        self._clean_metadata(meta, kind)
        admission.namespace_of(self, kind, meta)                            # API-66
        kind.default(new)
        new["metadata"] = meta
        key = self._name(kind, meta)
        admission.create(self, kind, new)
        if kind.status is not None:                                         # API-19
            new["status"] = thaw(kind.status)
        kind.prepare(new, None)
        self._stamp_status(kind, new, None)
        if kind.generation:
            meta["generation"] = 1                                          # API-17
        self._validate(kind, new, None)
        admission.allocate(self, kind, new, None)
        self._warn(kind, new, None)
        if meta.pop("resourceVersion", "") not in ("", "0"):
            raise ServerError("resourceVersion should not be set on objects to be created")     # API-2
        existing = self.world.find(key)
        if existing is not None:
            raise already_exists(key, being_deleted="deletionTimestamp" in existing["metadata"])
        if manager:
            new["metadata"]["managedFields"] = managed.updated(None, new, manager, root(kind.kind), kind.api_version, self._timestamp())
        if dry_run:
            return Dict(new)
        return self.engine.commit(who, "create", key, None, new, because)

    def _clean_metadata(self, meta: dict, kind: Kind) -> None:
        """What the server decides itself (API-1, API-4)."""
        for field in ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields", "generation"):
            meta.pop(field, None)
        if not kind.namespaced:
            meta.pop("namespace", None)
        meta["creationTimestamp"] = self._timestamp()

    def _name(self, kind: Kind, meta: dict) -> Key:
        """The key; draws a name where only generateName is given (API-3)."""
        namespace = meta.get("namespace") or ""
        if not meta.get("name") and meta.get("generateName"):
            for attempt in range(8):
                meta["name"] = meta["generateName"][:58] + self.suffix(f"{kind.kind}/{namespace}/{meta['generateName']}/{attempt}")
                if self.world.find(Key(kind.kind, namespace, meta["name"])) is None:
                    break
        key = Key(kind.kind, namespace, meta.get("name") or "")
        digits = self.engine.chance(f"uid/{key}")
        meta["uid"] = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"
        return key

    def suffix(self, purpose: str, length: int = 5) -> str:
        """Random characters as generateName appends them, by the seed."""
        number = int(self.engine.chance(purpose), 16)
        letters = []
        for _ in range(length):
            number, rest = divmod(number, len(SUFFIX))
            letters.append(SUFFIX[rest])
        return "".join(letters)

    # -- update

    def update(self, obj: dict, *, who: str = "kubectl", because: str = "", subresource: str = "", dry_run: bool = False,
               manager: str = "") -> Dict:
        """PUT.  A resourceVersion in the object must be the stored one.  Raises Conflict, Invalid, NotFound, Forbidden."""
        kind, key = kind_of(obj), key_of(obj)
        old = self.world.find(key)
        if old is None:
            if kind.create_on_update and not subresource:
                return self.create(drop(obj, "metadata.resourceVersion"), who=who, because=because, dry_run=dry_run, manager=manager)
            raise missing(key)
        version = obj["metadata"].get("resourceVersion")
        if version in (None, "", "0"):
            if not kind.unconditional_update:                               # API-15
                raise Invalid(kind=kind.kind, group=kind.group, name=key.name,
                              errors=[invalid("metadata.resourceVersion", 0, "must be specified for an update")])
        elif version != old["metadata"]["resourceVersion"]:
            raise modified(key)                                             # API-14
        if obj["metadata"].get("uid") not in (None, "", old["metadata"]["uid"]):
            raise wrong_uid(key, obj["metadata"]["uid"], old["metadata"]["uid"])
        return self._replace(kind, key, old, obj, who, because, subresource, dry_run, manager)

    def _replace(self, kind: Kind, key: Key, old: Dict, obj: dict, who: str, because: str, subresource: str, dry_run: bool,
                 manager: str, managed_fields: list | None = None) -> Dict:
        new = dict(obj)
        meta = self._kept_metadata(obj["metadata"], old["metadata"], subresource)
        if subresource == "status":                                         # API-19
            new = {**old, "status": obj.get("status") or {}}
        elif subresource == "finalize":
            new = {**old, "spec": obj.get("spec") or {}}
        elif "status" in kind.subresources:
            new["status"] = old.get("status")
            if new["status"] is None:
                del new["status"]
        new["metadata"] = meta
        if subresource in ("", "resize", "ephemeralcontainers") and (
                kind.kind == "Namespace" or any(new.get(f) is not old.get(f) for f in new if f not in ("metadata", "status"))):
            new = {**{f: thaw(v) if f != "status" else v for f, v in new.items()}}
            kind.default(new)
            admission.update(self, kind, new, old)
            kind.prepare(new, old)
            meta = new["metadata"]
        self._stamp_status(kind, new, old)
        if _generation_moves(kind, new, old, subresource):
            meta["generation"] = old["metadata"].get("generation", 0) + 1
        self._validate(kind, new, old, subresource)
        admission.allocate(self, kind, new, old)
        self._warn(kind, new, old)
        if managed_fields is not None:
            meta["managedFields"] = managed_fields
        elif manager:
            meta["managedFields"] = managed.updated(old, new, manager, root(kind.kind), kind.api_version, self._timestamp(), subresource)
        meta["resourceVersion"] = old["metadata"]["resourceVersion"]
        if _same(new, old):
            return old                                                      # API-13
        if dry_run:
            return Dict(new)
        finished = not meta.get("finalizers") and not meta.get("deletionGracePeriodSeconds")
        if meta.get("deletionTimestamp") and finished and not _namespace_finalizers(kind, new):
            self._remove(kind, key, old, new, who, because)                 # API-12
            return Dict(new)
        return self.engine.commit(who, "status" if subresource == "status" else "update", key, old, new, because)

    def _kept_metadata(self, sent: dict, old: dict, subresource: str) -> dict:
        """Metadata of an update: what the client may not set stays as it was (API-9)."""
        meta = {k: v for k, v in sent.items() if k not in PRESERVED}
        for field in PRESERVED:
            if field in old:
                meta[field] = old[field]
        if not meta.get("uid"):
            meta["uid"] = old["uid"]
        if "managedFields" in old:
            meta["managedFields"] = old["managedFields"]
        for field in ("labels", "annotations", "finalizers", "ownerReferences"):
            if not meta.get(field):
                meta.pop(field, None)
        return meta

    def _stamp_status(self, kind: Kind, new: dict, old: dict | None) -> None:
        """A volume remembers when its phase last changed (PVAPI-2)."""
        if kind.kind == "PersistentVolume":
            before, phase = (old or {}).get("status") or {}, (new.get("status") or {}).get("phase")
            if old is None or phase != before.get("phase"):
                new["status"] = {**new.get("status", {}), "lastPhaseTransitionTime": self._timestamp()}

    # -- patch

    def patch(self, key: Key, body: Any, sort: str = "merge", *, who: str = "kubectl", because: str = "", subresource: str = "",
              dry_run: bool = False, manager: str = "", validation: str = "Ignore", force: bool = False) -> Dict:
        """PATCH of the current object.  sort: "json", "merge", "strategic", "apply" (API-54); apply creates what is missing."""
        kind = KINDS[key.kind]
        old = self.world.find(key)
        if sort == "apply":
            return self._apply(kind, key, old, body, who, because, subresource, dry_run, manager, force)
        if old is None:
            raise missing(key)
        if sort == "json":
            new = patches.json_patch(old, body)
        elif sort == "strategic":
            new = patches.strategic_merge(old, body, root(kind.kind))
        else:
            new = patches.merge_patch(old, body)
        new, problems = decode(kind, new, validation)
        if problems and validation == "Strict":
            raise strict_patch(kind, new, problems)
        self.warnings += problems if validation == "Warn" else []
        _check_identity(kind, key, new, old)
        version = new["metadata"].get("resourceVersion")
        if version not in (None, "", old["metadata"]["resourceVersion"]):
            raise modified(key)
        _share(new, old)
        return self._replace(kind, key, old, new, who, because, subresource, dry_run, manager)

    def _apply(self, kind: Kind, key: Key, old: Dict | None, intent: dict, who: str, because: str, subresource: str, dry_run: bool,
               manager: str, force: bool) -> Dict:
        """Server-side apply (API-58)."""
        new = managed.apply(old, intent, manager, force, root(kind.kind), kind.api_version, self._timestamp(), subresource)
        fields = new["metadata"].pop("managedFields", [])
        if old is None:
            created = self.create(new, who=who, because=because, dry_run=dry_run)
            if dry_run:
                return created
            return self.engine.commit(who, "update", key, created, put(created, "metadata.managedFields", fields), because)
        new = thaw(new)
        _share(new, old)
        return self._replace(kind, key, old, new, who, because, subresource, dry_run, "", managed_fields=fields)

    # -- delete

    def delete(self, key: Key, *, grace: int | None = None, propagation: str | None = None, preconditions: dict | None = None,
               who: str = "kubectl", because: str = "", dry_run: bool = False) -> tuple[Dict, bool]:
        """DELETE.  grace: seconds, pods only.  Returns the object and whether it is gone; if not, it is only marked:
        a pod in its grace period, or an object with finalizers (API-46 to API-52)."""
        kind = KINDS[key.kind]
        if propagation not in (None, "Foreground", "Background", "Orphan"):
            raise Invalid(kind="DeleteOptions", group="meta.k8s.io", errors=[
                unsupported("propagationPolicy", propagation, ["Foreground", "Background", "Orphan", "nil"])])
        old = self.get(key)
        _check_preconditions(kind, key, old, preconditions or {})
        admission.delete(self, kind, old)
        if dry_run:
            return old, False
        finalizers = _with_propagation(old["metadata"].get("finalizers") or [], propagation)
        if kind.kind == "Pod":
            return self._delete_pod(kind, key, old, finalizers, grace, who, because)
        if kind.kind == "Namespace" and not old["metadata"].get("deletionTimestamp"):
            return self._mark(key, put(old, "status.phase", "Terminating"), old, finalizers, 0, who, because), False
        if not finalizers and not _namespace_finalizers(kind, old):
            return self._remove(kind, key, old, old, who, because), True
        if old["metadata"].get("deletionTimestamp"):
            return old, False                                               # API-50
        return self._mark(key, old, old, finalizers, 0, who, because), False

    def _delete_pod(self, kind: Kind, key: Key, old: Dict, finalizers: list, grace: int | None, who: str, because: str):
        """Graceful deletion (API-49)."""
        meta, spec = old["metadata"], old["spec"]
        if grace is None:
            grace = spec.get("terminationGracePeriodSeconds", 30)
        grace = 1 if grace < 0 else grace
        if not spec.get("nodeName") or get(old, "status.phase") in ("Succeeded", "Failed"):
            grace = 0
        if "deletionTimestamp" in meta:
            if meta.get("deletionGracePeriodSeconds", 0) <= grace and not (grace == 0 and not finalizers):
                return old, False
            if grace == 0 and not finalizers:
                return self._remove(kind, key, old, old, who, because), True
            asked = self.engine.clock.ms(meta["deletionTimestamp"]) - meta.get("deletionGracePeriodSeconds", 0) * 1000
            grace = max(grace, (self.engine.now - asked) // 1000 + 1) if grace else 0
            return self._mark(key, old, old, finalizers, grace, who, because, asked), False
        if grace == 0 and not finalizers:
            return self._remove(kind, key, old, old, who, because), True
        return self._mark(key, old, old, finalizers, grace, who, because), False

    def _mark(self, key: Key, new: Dict, old: Dict, finalizers: list, grace: int, who: str, because: str, asked: int | None = None) -> Dict:
        """Set the deletion timestamp: the time by which the object will be gone (API-49, API-50)."""
        meta = dict(new["metadata"])
        meta["deletionTimestamp"] = self.engine.clock.timestamp((self.engine.now if asked is None else asked) + grace * 1000)
        meta["deletionGracePeriodSeconds"] = grace
        if finalizers:
            meta["finalizers"] = finalizers
        if "generation" in meta and "deletionTimestamp" not in old["metadata"]:
            meta["generation"] += 1                                         # API-18
        return self.engine.commit(who, "update", key, old, {**new, "metadata": meta}, because)

    def _remove(self, kind: Kind, key: Key, old: Dict, last: dict, who: str, because: str) -> Dict:
        self.engine.commit(who, "delete", key, old, None, because)
        admission.removed(self, kind, last)
        return Dict(last)

    # -- subresources

    def bind(self, key: Key, node: str, *, who: str = "default-scheduler", because: str = "") -> Dict:
        """POST pods/binding (API-72)."""
        pod = self.get(key)
        if "deletionTimestamp" in pod["metadata"]:
            raise Conflict(f"Operation cannot be fulfilled on pods/binding \"{key.name}\": pod {key.name} is being deleted, cannot be assigned to a host",
                           name=key.name, kind="pods/binding")
        if pod["spec"].get("nodeName"):
            raise Conflict(f"Operation cannot be fulfilled on pods/binding \"{key.name}\": pod {key.name} is already assigned to node \"{pod['spec']['nodeName']}\"",
                           name=key.name, kind="pods/binding")
        conditions = [c for c in get(pod, "status.conditions") or () if c["type"] != "PodScheduled"]
        conditions.append({"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": self._timestamp(),
                           "observedGeneration": pod["metadata"].get("generation", 1)})
        new = put(put(drop(pod, "status.nominatedNodeName"), "spec.nodeName", node), "status.conditions", conditions)
        return self.engine.commit(who, "update", key, pod, new, because)

    def write_disk(self, disk: str, files: dict | None, *, who: str, because: str = "") -> None:
        """Write what lies on a simulated disk (None: the disk is wiped and gone).  Disks are no API objects, but history."""
        key = Key("Disk", "", disk)
        old = self.world.find(key)
        if files is None:
            if old is not None:
                self.engine.commit(who, "delete", key, old, None, because)
        elif old is None or old["files"] != files:
            self.engine.commit(who, "write", key, old, {"kind": "Disk", "metadata": {"name": disk}, "files": files}, because)

    def record(self, about: dict, type: str, reason: str, message: str, *, who: str, because: str = "", **more: Any) -> None:
        record(self, about, type, reason, message, who, because, **more)

    # -- checks

    def _validate(self, kind: Kind, new: dict, old: dict | None, subresource: str = "") -> None:
        errors: list[FieldError] = list(metadata.validate(kind, new, old))
        if subresource == "status":
            errors += kind.validate_status(new, old)
        else:
            errors += kind.validate(new, old)
        if errors:
            raise Invalid(kind=kind.kind, group=kind.group, name=new["metadata"].get("name", ""), errors=errors)

    def _warn(self, kind: Kind, new: dict, old: dict | None) -> None:
        self.warnings += kind.warnings(new, old)

    def _timestamp(self) -> str:
        return self.engine.clock.timestamp(self.engine.now)


# ---- what is the same for all verbs -----------------------------------------------------------

def kind_of(obj: dict) -> Kind:
    """The row of an object's kind, or BadRequest in the API server's words."""
    kind = KINDS.get(obj.get("kind", ""))
    if kind is None or obj.get("apiVersion") not in (kind.api_version, *kind.other_versions):
        raise BadRequest(f'no kind "{obj.get("kind", "")}" is registered for version "{obj.get("apiVersion", "")}"')
    return kind


def missing(key: Key) -> NotFound:
    kind = KINDS[key.kind]
    return NotFound(f'{kind.resource} "{key.name}" not found', name=key.name, group=kind.group, kind=kind.plural)


def already_exists(key: Key, being_deleted: bool = False) -> AlreadyExists:
    kind = KINDS[key.kind]
    prefix = "object is being deleted: " if being_deleted else ""           # API-6
    return AlreadyExists(f'{prefix}{kind.resource} "{key.name}" already exists', name=key.name, group=kind.group, kind=kind.plural)


def modified(key: Key) -> Conflict:
    return conflict(key, "the object has been modified; please apply your changes to the latest version and try again")


def conflict(key: Key, why: str) -> Conflict:
    kind = KINDS[key.kind]
    return Conflict(f'Operation cannot be fulfilled on {kind.resource} "{key.name}": {why}', name=key.name, group=kind.group, kind=kind.plural)


def wrong_uid(key: Key, sent: str, stored: str) -> Conflict:
    kind = KINDS[key.kind]
    path = f"/registry/{kind.plural}/{key.namespace}/{key.name}" if key.namespace else f"/registry/{kind.plural}/{key.name}"
    return conflict(key, f"StorageError: invalid object, Code: 4, Key: {path}, ResourceVersion: 0, AdditionalErrorMsg: "
                         f"Precondition failed: UID in precondition: {sent}, UID in object meta: {stored}")


def strict_patch(kind: Kind, new: dict, problems: list[str]) -> ApiError:
    """API-24: a strict patch with unknown fields."""
    body = invalid("patch", new, "strict decoding error: " + ", ".join(problems))
    return Invalid(message=f' "" is invalid: {body}', errors=[body])


def _check_identity(kind: Kind, key: Key, new: dict, old: Dict) -> None:
    errors = [invalid(f"metadata.{field}", new["metadata"].get(field) or "", "field is immutable")
              for field, value in (("name", key.name), ("namespace", key.namespace)) if (new["metadata"].get(field) or "") != value]
    if errors:
        raise Invalid(kind=kind.kind, group=kind.group, name=key.name, errors=errors)
    if new["metadata"].get("uid") not in (None, "", old["metadata"]["uid"]):
        raise wrong_uid(key, new["metadata"]["uid"], old["metadata"]["uid"])


def _check_preconditions(kind: Kind, key: Key, old: Dict, wanted: dict) -> None:
    """API-48."""
    named = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    for field, words, tail in (("uid", "UID", "The object might have been deleted and then recreated"),
                               ("resourceVersion", "ResourceVersion", "The object might have been modified")):
        if wanted.get(field) and wanted[field] != old["metadata"][field]:
            raise Conflict(f'Operation cannot be fulfilled on {named} "{key.name}": the {words} in the precondition ({wanted[field]}) does not match '
                           f'the {words} in record ({old["metadata"][field]}). {tail}', name=key.name, group=kind.group, kind=kind.plural)


def _with_propagation(finalizers: list, propagation: str | None) -> list:
    """The finalizers that a propagation policy asks for (API-51)."""
    add = {"Orphan": ORPHAN, "Foreground": FOREGROUND}.get(propagation or "")
    kept = [f for f in finalizers if propagation is None or f not in (ORPHAN, FOREGROUND)]
    return [*kept, add] if add else kept


def _namespace_finalizers(kind: Kind, obj: dict) -> bool:
    return kind.kind == "Namespace" and bool(get(obj, "spec.finalizers"))


def _generation_moves(kind: Kind, new: dict, old: dict, subresource: str) -> bool:
    """API-17: which change counts, by kind."""
    return subresource not in ("status", "finalize") and any(
        get(new, path) is not get(old, path) and get(new, path) != get(old, path) for path in kind.generation)


def _share(new: dict, old: Dict) -> None:
    """Where a patched part equals the stored one, use the stored one, so that checks can tell what did not change."""
    for field, value in new.items():
        if field != "metadata" and field in old and value == old[field]:
            new[field] = old[field]


def _same(new: dict, old: Dict) -> bool:
    return all(new.get(f) is old.get(f) or new.get(f) == old.get(f) for f in {**old, **new})
