"""The API server: the verbs, each a request that is defaulted, admitted, validated and committed, or refused.

Order of a create: admission of the namespace, defaults, admission, strategy, validation, store (API-5).  A refusal
raises an ApiError and changes nothing.  Decoding of what comes over the wire (unknown fields, wrong types) happens in
wire/ before; controllers come here directly.

Modelled: optimistic concurrency, generation, finalizers, graceful deletion, propagation policies, preconditions, dry
run, managed fields, status, binding, events.  Not modelled: authentication and authorisation.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from . import admission, deletion, managed
from . import patch as patches
from .agreement import PRESERVED, check_name, check_uid, check_version, kept, placed, share, take
from .errors import FieldError, Invalid, ServerError
from .kinds import KINDS, Kind
from .kinds import meta as metadata
from .kinds.restoring import unrestorable
from .kinds.schema import Mismatch, decode_patched, root
from .recorder import record
from .refusals import already_exists, bad_patch, conflict, kind_of, missing, not_bindable, version_required
from .world import Dict, Key, drop, get, key_of, put, thaw

SUFFIX = "bcdfghjklmnpqrstvwxz2456789"      # API-3: no vowels, no 0, 1, 3
LONGEST_PREFIX, DRAWS = 58, 8               # of a generateName: characters that are kept, tries to draw a free name
SERVERS = ("uid", *PRESERVED)               # what the server decides itself (API-1)
DOUBLED = (".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such "
           "requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ")


class Call(NamedTuple):
    """What every write says of itself: who, by which rule, as which manager of fields, and whether only to try (API-60)."""

    who: str = "kubectl"
    because: str = ""
    manager: str = ""
    dry_run: bool = False


class Api:
    """The one door: verbs over the engine's world.  Objects that come in are not changed; what comes out is frozen.

    Writes take the fields of Call as keywords: api.create(pod, who="kubelet", because="KUB-5")."""

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

    def create(self, obj: dict, **call: Any) -> Dict:
        """POST.  Raises Invalid, Forbidden, NotFound (of the namespace), AlreadyExists, BadRequest."""
        return self._create(thaw(obj), Call(**call))

    def _create(self, new: dict, call: Call, fields: list | None = None) -> Dict:
        """In the order of API-5.  fields: the managedFields that server-side apply has made."""
        kind = kind_of(new)
        meta = new.setdefault("metadata", {})
        version = meta.pop("resourceVersion", "")
        drawn = bool(meta.get("generateName"))
        self._begin(meta, kind)
        admission.namespace_of(self, kind, meta)                            # API-66
        kind.default(new)                                                   # API-67, API-69
        key = self._name(kind, meta)
        admission.create(self, kind, new)
        if kind.status is not None:                                         # API-19
            new["status"] = thaw(kind.status)
        kind.prepare(new, None)
        self._stamp(new, None)
        if kind.generation:
            meta["generation"] = 1                                          # API-17
        self._check(kind, new, None)
        admission.allow_create(self, kind, new)
        if version not in ("", "0"):
            raise ServerError("resourceVersion should not be set on objects to be created")     # API-2
        if (existing := self.world.find(key)) is not None:
            raise already_exists(key, existing, drawn)
        self._manage(kind, None, new, call, fields)
        return self._commit("create", key, None, new, call)

    def _begin(self, meta: dict, kind: Kind) -> None:
        """What the server decides itself (API-1, API-4)."""
        for field in SERVERS:
            meta.pop(field, None)
        if not kind.namespaced:
            meta.pop("namespace", None)
        meta["creationTimestamp"] = self._timestamp()
        self._own_once(meta)

    def _name(self, kind: Kind, meta: dict) -> Key:
        """The key; draws a name where only generateName is given (API-3), and the uid."""
        namespace, prefix = meta.get("namespace") or "", meta.get("generateName")
        if prefix and not meta.get("name"):
            for attempt in range(DRAWS):
                meta["name"] = prefix[:LONGEST_PREFIX] + self.suffix(f"{kind.kind}/{namespace}/{prefix}/{attempt}")
                if self.world.find(Key(kind.kind, namespace, meta["name"])) is None:
                    break
        key = Key(kind.kind, namespace, meta.get("name") or "")
        meta["uid"] = self.engine.uid(str(key))
        return key

    def suffix(self, purpose: str, length: int = 5) -> str:
        """Random characters as generateName appends them, by the seed (K-3)."""
        number = int(self.engine.chance(purpose), 16)
        letters = []
        for _ in range(length):
            number, rest = divmod(number, len(SUFFIX))
            letters.append(SUFFIX[rest])
        return "".join(letters)

    def _own_once(self, meta: dict) -> None:
        """Owner references that stand twice are kept once, with a warning (API-7)."""
        refs = meta.get("ownerReferences") or []
        once = [ref for i, ref in enumerate(refs) if ref not in refs[:i]]
        if len(once) < len(refs):
            self.warnings.append(DOUBLED + ", ".join(dict.fromkeys(ref["uid"] for i, ref in enumerate(refs) if ref in refs[:i])))
            meta["ownerReferences"] = once

    # -- update

    def update(self, obj: dict, *, subresource: str = "", **call: Any) -> Dict:
        """PUT.  A resourceVersion in the object must be the stored one.  Raises Conflict, Invalid, NotFound, Forbidden."""
        kind = kind_of(obj)
        obj = placed(kind, obj)
        key = key_of(obj)
        old = self.world.find(key)
        check_uid(key, obj, old)
        if old is None:
            if kind.create_on_update and not subresource:                   # API-16
                return self._create(thaw(drop(obj, "metadata.resourceVersion")), Call(**call))
            raise missing(key)
        version = obj["metadata"].get("resourceVersion")
        if version in (None, "", "0") and not kind.unconditional_update:
            raise version_required(key)                                     # API-15
        check_version(key, obj, old)
        return self._replace(kind, key, old, obj, subresource, Call(**call))

    def _replace(self, kind: Kind, key: Key, old: Dict, sent: dict, subresource: str, call: Call, fields: list | None = None) -> Dict:
        meta = kept(sent["metadata"], old["metadata"])
        if subresource:                                                     # API-19
            part = "spec" if subresource == "finalize" else "status"
            new = {**old, "metadata": meta, part: sent.get(part) or {}}
            if kind.kind == "Pod":
                take(meta, old["metadata"], "ownerReferences")
        else:
            new = {**{field: thaw(value) for field, value in sent.items() if field not in ("metadata", "status")}, "metadata": thaw(meta)}
            take(new, old, "status")
            kind.default(new)
            kind.prepare(new, old)
            admission.update(self, kind, new, old)
        self._own_once(new["metadata"])
        self._stamp(new, old)
        share(new, old)
        if not subresource and any(get(new, path) is not get(old, path) and get(new, path) != get(old, path) for path in kind.generation):
            new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1            # API-17
        self._check(kind, new, old, subresource)
        if not subresource:
            admission.allow_update(self, kind, new, old)
        self._manage(kind, old, new, call, fields, subresource)
        return self._store(kind, key, old, new, "status" if subresource == "status" else "update", call)

    def _store(self, kind: Kind, key: Key, old: Dict, new: dict, verb: str, call: Call) -> Dict:
        meta = new["metadata"]
        meta["resourceVersion"] = old["metadata"]["resourceVersion"]
        if new == old:
            return old                                                      # API-13
        held = meta.get("finalizers") or meta.get("deletionGracePeriodSeconds")
        if kind.kind == "Namespace":
            held = held or get(new, "spec.finalizers")
        if "deletionTimestamp" in meta and not held:                        # API-12, GC-6
            self._remove(kind, key, old, call)
            return Dict(new)
        return self._commit(verb, key, old, new, call)

    # -- patch

    def patch(self, key: Key, body: Any, sort: str = "merge", *, subresource: str = "", validation: str = "Ignore",
              duplicates: Iterable[str] = (), force: bool = False, **call: Any) -> Dict:
        """PATCH of the current object.  sort: "json", "merge", "strategic", "apply" (API-54); apply creates what is missing.

        duplicates: the doubled fields of the body."""
        kind, old = KINDS[key.kind], self.world.find(key)
        if sort == "apply":
            return self._apply(kind, key, old, body, subresource, force, Call(**call))
        if old is None:
            raise missing(key)
        if sort == "json":
            new = patches.json_patch(old, body)
        elif sort == "strategic":
            new = {**patches.strategic_merge(old, body, root(kind.kind)), "kind": kind.kind, "apiVersion": kind.api_version}
        else:
            new = patches.merge_patch(old, body)
        try:
            made, problems = decode_patched(kind, new, validation, duplicates)
        except Mismatch as error:
            raise bad_patch(body, new, sort, sort == "strategic" and unrestorable(root(kind.kind), new) or str(error)) from None
        if problems and validation == "Strict":
            raise bad_patch(body, new, sort, "strict decoding error: " + ", ".join(problems))
        new = placed(kind, made)
        self.warnings += problems
        check_name(key, new)
        check_uid(key, new, old)
        check_version(key, new, old)
        return self._replace(kind, key, old, new, subresource, Call(**call))

    def _apply(self, kind: Kind, key: Key, old: Dict | None, intent: dict, subresource: str, force: bool, call: Call) -> Dict:
        """Server-side apply (API-58)."""
        intent = placed(kind, {**intent, "metadata": {"name": key.name, "namespace": key.namespace, **intent["metadata"]}})
        check_name(key, intent)
        if old is None and subresource:
            raise missing(key)
        if old is None and (uid := intent["metadata"].get("uid")):
            raise conflict(key, f"uid mismatch: the provided object specified uid {uid}, and no existing object was found")
        new = managed.apply(old, intent, call.manager, force, root(kind.kind), kind.api_version, self._timestamp(), subresource)
        fields = new["metadata"].pop("managedFields")
        if old is None:
            return self._create(thaw(new), call, fields)
        check_uid(key, new, old)
        check_version(key, new, old)
        return self._replace(kind, key, old, new, subresource, call, fields)

    # -- delete

    def delete(self, key: Key, *, grace: int | None = None, propagation: str | None = None, preconditions: dict | None = None,
               **call: Any) -> tuple[Dict, bool]:
        """DELETE.  grace: seconds, for pods.  Returns the object and whether it is gone; if not, it is only marked:
        a pod in its grace period, or an object with finalizers (API-46 to API-52)."""
        kind, old = KINDS[key.kind], self.get(key)
        deletion.check(kind, key, old, propagation, preconditions or {})
        admission.delete(self, kind, old)
        new = deletion.deleted(kind, old, grace, propagation, self.engine.clock, self.engine.now)
        if new is None:
            self._remove(kind, key, old, Call(**call))
            return old, True
        return (old if new is old else self._commit("update", key, old, new, Call(**call))), False

    def _remove(self, kind: Kind, key: Key, old: Dict, call: Call) -> None:
        self._commit("delete", key, old, None, call)
        if not call.dry_run:
            admission.removed(self, kind, old)

    # -- what is no plain object

    def bind(self, key: Key, node: str, **call: Any) -> Dict:
        """POST pods/binding (API-72)."""
        pod = self.get(key)
        if "deletionTimestamp" in pod["metadata"]:
            raise not_bindable(key, "is being deleted, cannot be assigned to a host")
        if pod["spec"].get("nodeName"):
            raise not_bindable(key, f'is already assigned to node "{pod["spec"]["nodeName"]}"')
        conditions = [c for c in get(pod, "status.conditions") or () if c["type"] != "PodScheduled"]
        conditions.append({"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": self._timestamp(),
                           "observedGeneration": pod["metadata"].get("generation", 1)})
        new = put(put(drop(pod, "status.nominatedNodeName"), "spec.nodeName", node), "status.conditions", conditions)
        return self._commit("update", key, pod, new, Call(**{"who": "default-scheduler", **call}))

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
        """A Kubernetes Event on an object (API-75)."""
        record(self, about, type, reason, message, who, because, **more)

    # -- what all verbs share

    def _check(self, kind: Kind, new: dict, old: dict | None, subresource: str = "") -> None:
        """Validation, all complaints at once (API-21, GC-2), and warnings."""
        of_kind = kind.validate_status(new, old) if subresource == "status" else kind.validate(new, old)
        errors: list[FieldError] = [*metadata.validate(kind, new, old), *of_kind]
        if errors:
            raise Invalid(kind=kind.kind, group=kind.group, name=new["metadata"].get("name", ""), errors=errors)
        if not subresource:
            self.warnings += kind.warnings(new, old)

    def _stamp(self, new: dict, old: dict | None) -> None:
        """A volume remembers when its phase last changed (PVAPI-2)."""
        if new["kind"] == "PersistentVolume":
            before, status = (old or {}).get("status") or {}, new.get("status") or {}
            moved = status.get("phase") != before.get("phase")
            new["status"] = {**status, "lastPhaseTransitionTime": self._timestamp() if moved else before.get("lastPhaseTransitionTime")}

    def _manage(self, kind: Kind, old: dict | None, new: dict, call: Call, fields: list | None, subresource: str = "") -> None:
        """Who owns which field (API-59); controllers of ours name no manager, and own nothing."""
        if fields is None and call.manager:
            fields = managed.updated(old, new, call.manager, root(kind.kind), kind.api_version, self._timestamp(), subresource)
        if fields:
            new["metadata"]["managedFields"] = fields
        elif fields is not None:
            new["metadata"].pop("managedFields", None)

    def _commit(self, verb: str, key: Key, old: Dict | None, new: dict | None, call: Call) -> Dict | None:
        """Store a change, or only say what would be stored."""
        if call.dry_run:
            return None if new is None else Dict(new)
        return self.engine.commit(call.who, verb, key, old, new, call.because)

    def _timestamp(self) -> str:
        return self.engine.clock.timestamp(self.engine.now)


__all__ = ["Api", "Call", "kind_of"]
