"""PersistentVolumeClaim: what it asks for, and what of it may change (PVCAPI-1 to PVCAPI-15)."""
from __future__ import annotations

from .. import quantity
from ..classes import BETA_CLASS, class_of
from ..errors import forbidden, invalid, required, unsupported
from ..world import freeze, get
from .fields import Errors, immutable, label_selector, nonnegative_quantity, positive_quantity, same_spec, subdomain
from .internal import diff, internal
from .kind import Kind, columns

ACCESS_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}     # PVAPI-4
VOLUME_MODES = ("Block", "Filesystem")
IMMUTABLE = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"


def default(claim: dict) -> None:
    """PVCAPI-1."""
    claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")


def prepare(claim: dict, old: dict | None) -> None:
    """PVCAPI-2: a source that the old field cannot name is dropped; of two fields that mean the same each fills the other."""
    spec = claim["spec"]
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None and reference is None:
        if _old_style(source) or get(old, "spec.dataSource") is not None:
            spec["dataSourceRef"] = dict(source)
        else:
            del spec["dataSource"]
    elif reference is not None and source is None and not reference.get("namespace"):
        spec["dataSource"] = dict(reference)


def _old_style(source: dict) -> bool:
    named = source.get("apiGroup") or "", source.get("kind")
    return named in (("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot"))


# ---- validation -------------------------------------------------------------------------------

def validate(claim: dict, old: dict | None) -> Errors:
    if not same_spec(claim, old):
        yield from validate_spec(claim.get("spec") or {}, "spec")
    if old is not None:
        yield from _validate_update(claim, old)


def access_modes(field: str, modes) -> Errors:
    """PVAPI-7, PVCAPI-3, but for the empty list, which volumes and claims refuse in different words."""
    for mode in modes:
        if mode not in ACCESS_MODES:
            yield unsupported(field, mode, sorted(ACCESS_MODES))
    if "ReadWriteOncePod" in modes and any(mode in ACCESS_MODES and mode != "ReadWriteOncePod" for mode in modes):
        yield forbidden(field, "may not use ReadWriteOncePod with other access modes")


def validate_spec(spec: dict, path: str) -> Errors:
    """The spec of a claim, of a claim template, or of an ephemeral volume; what it names need not exist (PVCAPI-8)."""
    if not spec.get("accessModes"):
        yield required(f"{path}.accessModes", "at least 1 access mode is required")
    yield from label_selector(f"{path}.selector", spec.get("selector"))
    yield from access_modes(f"{path}.accessModes", spec.get("accessModes") or ())
    size = get(spec, "resources.requests.storage")
    if size is None:                                                                    # PVCAPI-4
        yield required(f"{path}.resources[storage]")
    else:
        yield from positive_quantity(f"{path}.resources[storage]", size)
    if spec.get("storageClassName"):
        yield from subdomain(f"{path}.storageClassName", spec["storageClassName"])
    if "volumeMode" in spec and spec["volumeMode"] not in VOLUME_MODES:                 # PVCAPI-7
        yield unsupported(f"{path}.volumeMode", spec["volumeMode"], list(VOLUME_MODES))
    yield from _data_sources(spec, path)
    if spec.get("volumeAttributesClassName"):
        yield from subdomain(f"{path}.volumeAttributesClassName", spec["volumeAttributesClassName"])


def _data_sources(spec: dict, path: str) -> Errors:
    for field in ("dataSource", "dataSourceRef"):
        if field in spec:
            yield from _data_source(spec[field], f"{path}.{field}")
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source and reference:
        if reference.get("namespace"):
            yield invalid(path, f"{path}.dataSource", "may not be specified when dataSourceRef.namespace is specified")
        elif any(source.get(part) != reference.get(part) for part in ("apiGroup", "kind", "name")):
            yield invalid(path, f"{path}.dataSource", "must match dataSourceRef")


def _data_source(source: dict, path: str) -> Errors:
    for part in ("name", "kind"):
        if not source.get(part):
            yield required(f"{path}.{part}")
    if source.get("apiGroup"):
        yield from subdomain(f"{path}.apiGroup", source["apiGroup"])
    elif source.get("kind") != "PersistentVolumeClaim":
        yield invalid(path, source.get("kind", ""), "must be 'PersistentVolumeClaim' when referencing the default apiGroup")


def _validate_update(claim: dict, old: dict) -> Errors:
    """PVCAPI-9 to PVCAPI-14."""
    beta, old_beta = ((c["metadata"].get("annotations") or {}).get(BETA_CLASS) for c in (claim, old))
    now, was = (internal("PersistentVolumeClaimSpec", c["spec"]) for c in (claim, old))
    named = was["StorageClassName"] is None and now["StorageClassName"] is not None and old_beta in (None, now["StorageClassName"])
    if not (named and old_beta is not None and beta in (None, old_beta)):
        yield from immutable(f"metadata.annotations.{BETA_CLASS}", beta or "", old_beta or "")
    if same_spec(claim, old):
        return
    if named:
        now["StorageClassName"] = None                                                  # PVCAPI-11
    if not was["VolumeName"]:
        was["VolumeName"] = now["VolumeName"]                                           # PVCAPI-10
    if get(old, "status.phase") == "Bound":                                             # PVCAPI-12
        if now["Resources"]["Requests"] is not None:
            now["Resources"]["Requests"] = {**now["Resources"]["Requests"], "storage": get(old, "spec.resources.requests.storage")}
        if now["VolumeAttributesClassName"] is not None:
            now["VolumeAttributesClassName"] = was["VolumeAttributesClassName"]
    if _amounts(now) != _amounts(was):
        yield forbidden("spec", f"{IMMUTABLE}\n{diff(was, now)}")
    yield from _shrinking(claim, old)
    yield from immutable("volumeMode", claim["spec"].get("volumeMode"), old["spec"].get("volumeMode"))
    yield from _attributes_class(claim["spec"].get("volumeAttributesClassName"), old["spec"].get("volumeAttributesClassName"))


def _amounts(spec: dict) -> dict:
    """Such a spec with its sizes as numbers: 1Gi is 1024Mi."""
    sizes = {of: {name: quantity.value(size) for name, size in (sizes or {}).items()} for of, sizes in spec["Resources"].items()}
    return {**spec, "Resources": sizes}


def _shrinking(claim: dict, old: dict) -> Errors:
    """PVCAPI-13, EXP-16: only back towards what the volume really has, never to it."""
    new_size, old_size, capacity = (quantity.value(get(c, path, "0")) for c, path in (
        (claim, "spec.resources.requests.storage"), (old, "spec.resources.requests.storage"), (old, "status.capacity.storage")))
    if new_size < old_size and new_size <= capacity:
        yield forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")


def _attributes_class(new: str | None, old: str | None) -> Errors:
    if old is not None and not new:
        to = "nil" if new is None else "an empty string"
        yield forbidden("spec.volumeAttributesClassName", f"update from non-nil value to {to} is forbidden")


def validate_status(claim: dict, old: dict) -> Errors:
    for name, amount in sorted((get(claim, "status.capacity") or {}).items()):
        for _ in nonnegative_quantity("", amount):
            yield invalid(f"status.capacity[{name}]", int(quantity.value(amount)), "must be a valid resource quantity")


def warnings(claim: dict, old: dict | None):
    """PVCAPI-16: with every write."""
    yield from old_class_warnings(claim)
    yield from size_warnings(claim["spec"], "spec")


def old_class_warnings(obj: dict):
    """Of a claim or volume."""
    if BETA_CLASS in (obj["metadata"].get("annotations") or {}):
        yield f'metadata.annotations[{BETA_CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead'


def size_warnings(spec: dict, path: str):
    """PVCAPI-6."""
    size = get(spec, "resources.requests.storage", "0")
    if quantity.value(size) % 1:
        yield f'{path}.resources.requests[storage]: fractional byte value "{size}" is invalid, must be an integer'


# ---- table (TBL-50, TBL-52) -------------------------------------------------------------------

def short_modes(modes) -> str:
    """["ReadOnlyMany", "ReadWriteOnce"] -> "RWO,ROX"."""
    return ",".join(short for mode, short in ACCESS_MODES.items() if mode in (modes or ()))


def phase(obj: dict) -> str:
    return "Terminating" if "deletionTimestamp" in obj["metadata"] else get(obj, "status.phase", "")


def cells(claim: dict, age) -> list:
    spec, meta = claim["spec"], claim["metadata"]
    bound = bool(spec.get("volumeName"))                                                # SHOW-2
    return [meta["name"], phase(claim), spec.get("volumeName", ""),
            get(claim, "status.capacity.storage", "0") if bound else "", short_modes(get(claim, "status.accessModes")) if bound else "",
            class_of(claim) or "", spec.get("volumeAttributesClassName") or "<unset>", age(meta.get("creationTimestamp")),
            spec.get("volumeMode") or "<unset>"]


ROWS = (
    Kind("PersistentVolumeClaim", "persistentvolumeclaims", short=("pvc",), subresources=("status",), status=freeze({"phase": "Pending"}),
         deleted_object=True, default=default, prepare=prepare, validate=validate, validate_status=validate_status, warnings=warnings,
         cells=cells,
         columns=columns("Name, Status, Volume, Capacity, Access Modes, StorageClass, VolumeAttributesClass, Age, VolumeMode w")),
)
