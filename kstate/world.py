"""The world: frozen JSON-shaped objects, what is current, and every change that led there.

Objects are what `kubectl get -o json` shows: dicts and lists, frozen at the door.  A change copies
only the path it touches (`put`), so that the past shares its objects with the present; nothing here
is ever deep-copied.  The world keeps a log of changes and indexes of what is current, no snapshots:
the cost of a write does not grow with the number of objects.

This module imports nothing of kstate.  Time is an integer of milliseconds.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any, NamedTuple


class Key(NamedTuple):
    """Which object: `Key("Pod", "default", "web-0")`; the namespace is "" where the kind has none."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


# ---- frozen objects ---------------------------------------------------------------------------

def _refuse(self, *_args, **_kwargs):
    raise TypeError("an object is a fact about one revision and cannot be changed: "
                    "make a new one with put(object, 'path.to.field', value)")


class Dict(dict):
    """A dict that refuses to change.  Equal to any dict with the same content."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __copy__(self):
        return self

    def __deepcopy__(self, _memo):
        return self

    def __reduce__(self):
        return Dict, (dict(self),)


class List(list):
    """A list that refuses to change.  Equal to any list with the same content."""

    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __copy__(self):
        return self

    def __deepcopy__(self, _memo):
        return self

    def __reduce__(self):
        return List, (list(self),)


def freeze(value: Any) -> Any:
    """{"a": [1]} -> the same, frozen.  What is frozen already is returned as it is."""
    if type(value) in (Dict, List):
        return value
    if isinstance(value, dict):
        return Dict((k, freeze(v)) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return List(freeze(v) for v in value)
    return value


def thaw(value: Any) -> Any:
    """The same value as plain dicts and lists that may be edited: for what comes from outside."""
    if isinstance(value, dict):
        return {k: thaw(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [thaw(v) for v in value]
    return value


def get(obj: Any, path: str, default: Any = None) -> Any:
    """get(pod, "status.phase") -> "Running"; the default where a step is missing or null."""
    for step in path.split("."):
        if not isinstance(obj, dict):
            return default
        obj = obj.get(step)
        if obj is None:
            return default
    return obj


def put(obj: dict, path: str, value: Any) -> Dict:
    """A copy of obj with value at path; everything beside the path is shared with obj."""
    return _put(obj, path.split("."), freeze(value))


def _put(obj: dict | None, steps: list[str], value: Any) -> Dict:
    copy = dict(obj or {})
    copy[steps[0]] = value if len(steps) == 1 else _put(copy.get(steps[0]), steps[1:], value)
    return Dict(copy)


def drop(obj: dict, path: str) -> Dict:
    """A copy of obj without what stands at path; obj itself where nothing does."""
    head, _, rest = path.partition(".")
    if head not in obj:
        return obj
    copy = dict(obj)
    if rest:
        copy[head] = drop(copy[head] or Dict(), rest)
    else:
        del copy[head]
    return Dict(copy)


# ---- identity ---------------------------------------------------------------------------------

def key_of(obj: dict) -> Key:
    """The key of an object that carries kind and metadata."""
    meta = obj["metadata"]
    return Key(obj["kind"], meta.get("namespace") or "", meta["name"])


def uid(obj: dict) -> str:
    return obj["metadata"].get("uid", "")


def controller_ref(obj: dict) -> dict | None:
    """The owner reference that says `controller: true`, or None."""
    for ref in obj["metadata"].get("ownerReferences") or ():
        if ref.get("controller"):
            return ref
    return None


# ---- changes and the world --------------------------------------------------------------------

class Change(NamedTuple):
    """One line of history.  `old` and `new` are frozen objects, None before creation and after deletion.

    A wait is a change that changes nothing: verb "wait", old and new None, `text` the reason.
    """

    revision: int   # the world's revision after this change; a wait leaves it as it was
    time: int       # virtual milliseconds since the start of the cluster
    who: str        # "kubectl", "statefulset-controller", "kubelet" ...
    verb: str       # create | update | status | delete | write | wait
    key: Key
    old: Dict | None
    new: Dict | None
    because: str = ""   # the number of the rule, such as "STS-56"
    text: str = ""      # a wait's reason, in words


def _owner_uids(obj: dict) -> Iterable[str]:
    return (ref["uid"] for ref in obj["metadata"].get("ownerReferences") or ())


def _orphan(obj: dict) -> Iterable[str]:
    """Kind and namespace of an object that no controller owns: "Pod default"."""
    return () if controller_ref(obj) else (f"{obj['kind']} {obj['metadata'].get('namespace', '')}",)


def _claims_of(pod: dict) -> Iterable[str]:
    """namespace/name of every claim that a pod mounts."""
    namespace = pod["metadata"].get("namespace", "")
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            yield f"{namespace}/{volume['persistentVolumeClaim'].get('claimName', '')}"
        elif "ephemeral" in volume:
            yield f"{namespace}/{pod['metadata']['name']}-{volume['name']}"


def _claim_ref(volume: dict) -> Iterable[str]:
    ref = volume["spec"].get("claimRef")
    return (f"{ref.get('namespace', '')}/{ref.get('name', '')}",) if ref else ()


def _class(obj: dict) -> Iterable[str]:
    """The class that a claim or volume names, "" for none; the old annotation wins."""
    named = (obj["metadata"].get("annotations") or {}).get("volume.beta.kubernetes.io/storage-class", obj["spec"].get("storageClassName"))
    return (named or "",)


def shape(obj: dict, size: str) -> str:
    """What a volume has, or a claim asks for, apart from labels and names: equal shapes fit exactly."""
    spec = obj["spec"]
    return "/".join((*_class(obj), size, "+".join(sorted(spec.get("accessModes") or ())), spec.get("volumeMode") or "Filesystem",
                     spec.get("volumeAttributesClassName") or ""))


def _free(volume: dict) -> bool:
    """Any claim may take the volume (MATCH-2)."""
    return (get(volume, "status.phase") == "Available" and volume["spec"].get("claimRef") is None
            and "deletionTimestamp" not in volume["metadata"])


def _free_class(volume: dict) -> Iterable[str]:
    return _class(volume) if _free(volume) else ()


def _free_shape(volume: dict) -> Iterable[str]:
    return (shape(volume, get(volume, "spec.capacity.storage", "")),) if _free(volume) else ()


def same_event(about_uid: str, reason: str, message: str) -> str:
    """What events have in common that are counted together, as far as an index goes."""
    return f"{about_uid}/{reason}/{message}"


def _one(path: str) -> Callable[[dict], Iterable[str]]:
    def values(obj):
        value = get(obj, path)
        return () if value in (None, "") else (value,)
    return values


def probed(pod: dict) -> bool:
    """A container of the pod has a probe."""
    return any(field.endswith("Probe") for c in pod["spec"]["containers"] for field in c)


def _unscheduled(pod: dict) -> Iterable[str]:
    """ "" for every pod without a node, "near" for those that want to be near others, too."""
    if pod["spec"].get("nodeName"):
        return ()
    return ("", "near") if get(pod, "spec.affinity.podAffinity") else ("",)


def _pod_of_disk(disk: dict) -> Iterable[str]:
    """Disks of a pod are named pod/<uid>/..."""
    first, _, rest = disk["metadata"]["name"].partition("/")
    return (rest.partition("/")[0],) if first == "pod" else ()


def _waiting(disk: dict) -> Iterable[str]:
    """A kubelet's notes of a pod with a process that waits for something in the cluster (see node/runs.py)."""
    return ("",) if any(path.endswith("/waiting") for path in disk["files"]) else ()


# What controllers look up again and again: index name -> (kind, or "" for every kind; the values of an object).
INDEXES: dict[str, tuple[str, Callable[[dict], Iterable[str]]]] = {
    "owner": ("", _owner_uids),
    "orphan": ("", _orphan),
    "pod by node": ("Pod", _one("spec.nodeName")),
    "pod unscheduled": ("Pod", _unscheduled),
    "pod by nominated node": ("Pod", _one("status.nominatedNodeName")),
    "pod by uid": ("Pod", _one("metadata.uid")),
    "pod with probes": ("Pod", lambda pod: ("",) if probed(pod) else ()),
    "disk by pod": ("Disk", _pod_of_disk),
    "disk of one who waits": ("Disk", _waiting),
    "pod by claim": ("Pod", _claims_of),
    "volume by claim": ("PersistentVolume", _claim_ref),
    "volume by class": ("PersistentVolume", _class),
    "free volume by class": ("PersistentVolume", _free_class),
    "free volume by shape": ("PersistentVolume", _free_shape),
    "claim by volume": ("PersistentVolumeClaim", _one("spec.volumeName")),
    "claim by class": ("PersistentVolumeClaim", _class),
    "attachment by volume": ("VolumeAttachment", _one("spec.source.persistentVolumeName")),
    "slice by service": ("EndpointSlice", lambda s: filter(None, ((s["metadata"].get("labels") or {}).get("kubernetes.io/service-name"),))),
    "event by object": ("Event", _one("involvedObject.uid")),
    "same event": ("Event", lambda e: (same_event(get(e, "involvedObject.uid", ""), e.get("reason", ""), e.get("message", "")),)),
}


_MARKS = count(1)       # never the same twice, so that worlds that went different ways can't be confused


class World:
    """What exists now, by key, by kind and by index, and the log of how it came to be."""

    def __init__(self) -> None:
        self.revision = 0
        self.log: list[Change] = []
        self.kinds: dict[str, dict[Key, Dict]] = {}
        self.indexes: dict[tuple[str, str], dict[Key, None]] = {}
        self._sorted: dict[str, list[Key]] = {}
        self._marks: dict[tuple[str, str], int] = {}

    def copy(self) -> World:
        """A world of its own that shares all objects and starts with the same log."""
        twin = World()
        twin.revision, twin.log = self.revision, list(self.log)
        twin.kinds = {kind: dict(objects) for kind, objects in self.kinds.items()}
        twin.indexes = {value: dict(keys) for value, keys in self.indexes.items()}
        twin._marks = dict(self._marks)
        return twin

    # -- reading

    def find(self, key: Key) -> Dict | None:
        return self.kinds.get(key.kind, {}).get(key)

    def list(self, kind: str, namespace: str | None = None) -> list[Dict]:
        """All objects of a kind in the byte order of namespace/name (API-36), or those of one namespace."""
        objects = self.kinds.get(kind, {})
        keys = self._sorted.get(kind)
        if keys is None:
            keys = self._sorted[kind] = sorted(objects, key=lambda k: f"{k.namespace}/{k.name}" if k.namespace else k.name)
        return [objects[k] for k in keys if namespace is None or k.namespace == namespace]

    def select(self, index: str, value: str) -> list[Dict]:
        """The objects with that value in that index, in the order of their names."""
        return [self.kinds[k.kind][k] for k in sorted(self.indexes.get((index, value), ()))]

    def mark(self, index: str, value: str) -> int:
        """A number that is another one after any change of what `select` would give: for caches of what is counted there."""
        return self._marks.get((index, value), 0)

    def __iter__(self) -> Iterator[Dict]:
        for kind in sorted(self.kinds):
            yield from self.list(kind)

    # -- changing: the engine's commit is the only caller

    def apply(self, change: Change) -> None:
        """Take in one change."""
        if change.verb != "wait":
            self._replace(change.key, change.old, change.new)
            self.revision = change.revision
        self.log.append(change)

    def revert(self) -> Change:
        """Take the last change back."""
        change = self.log.pop()
        if change.verb != "wait":
            self._replace(change.key, change.new, change.old)
            self.revision = change.revision - 1
        return change

    def _replace(self, key: Key, old: Dict | None, new: Dict | None) -> None:
        objects = self.kinds.setdefault(key.kind, {})
        if new is None:
            del objects[key]
        else:
            objects[key] = new
        if old is None or new is None:
            self._sorted.pop(key.kind, None)
        for name, (kind, values) in INDEXES.items():
            if kind in ("", key.kind):
                before = set(values(old)) if old is not None else set()
                after = set(values(new)) if new is not None else set()
                for value in after:
                    self._marks[name, value] = next(_MARKS)
                for value in before - after:
                    self._marks[name, value] = next(_MARKS)
                    members = self.indexes[name, value]
                    del members[key]
                    if not members:
                        del self.indexes[name, value], self._marks[name, value]
                for value in after - before:
                    self.indexes.setdefault((name, value), {})[key] = None
