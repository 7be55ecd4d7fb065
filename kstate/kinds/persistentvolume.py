"""PersistentVolume (PVAPI-1 to PVAPI-20)."""
from __future__ import annotations

import posixpath

from .. import quantity
from ..classes import class_of
from ..errors import forbidden, invalid, required, unsupported
from ..world import freeze, get
from . import scheduling
from .claim import VOLUME_MODES, access_modes, old_class_warnings, phase, short_modes
from .fields import Errors, immutable, nonnegative_quantity, positive_quantity, same_spec, subdomain
from .internal import diff, internal
from .kind import Kind, columns
from .volumes import PV_SOURCES, default_host_path, one_source

RECLAIM_POLICIES = ("Delete", "Recycle", "Retain")
MOUNT_OPTIONS = "volume.beta.kubernetes.io/mount-options"
WITHOUT_MOUNT_OPTIONS = ("hostPath", "local", "fc")
# Those whose plugins are gone: deprecated since, without function since.
REMOVED = {"cephfs": ("1.28", "1.31"), "photonPersistentDisk": ("1.11", "1.16"), "scaleIO": ("1.16", "1.22"), "storageos": ("1.22", "1.25"),
           "glusterfs": ("1.25", "1.26"), "rbd": ("1.28", "1.31")}
RECYCLE = ("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
           "Instead, the recommended approach is to use dynamic provisioning.")
# Beta labels of nodes, which an affinity may replace by what they became (PVAPI-19).
GA_LABELS = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
    "beta.kubernetes.io/os": "kubernetes.io/os",
    "beta.kubernetes.io/arch": "kubernetes.io/arch",
    "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
}


def default(volume: dict) -> None:
    """PVAPI-2."""
    spec = volume.setdefault("spec", {})
    if not spec.get("persistentVolumeReclaimPolicy"):
        spec["persistentVolumeReclaimPolicy"] = "Retain"
    spec.setdefault("volumeMode", "Filesystem")
    default_host_path(spec)


def validate(volume: dict, old: dict | None) -> Errors:
    if same_spec(volume, old):
        return
    spec = volume.get("spec") or {}
    yield from _validate_spec(spec)
    annotations = volume["metadata"].get("annotations") or {}
    if MOUNT_OPTIONS in annotations and any(source in spec for source in WITHOUT_MOUNT_OPTIONS):        # PVAPI-14
        yield forbidden(f"metadata.annotations[{MOUNT_OPTIONS}]", "may not specify mount options for this volume type")
    if old is not None:
        yield from _validate_update(spec, old["spec"])


def _validate_spec(spec: dict) -> Errors:
    if not spec.get("accessModes"):
        yield required("spec.accessModes")
    yield from access_modes("spec.accessModes", spec.get("accessModes") or ())
    yield from _capacity(spec.get("capacity") or {})
    policy = spec.get("persistentVolumeReclaimPolicy")
    if policy not in RECLAIM_POLICIES:                                                  # PVAPI-9
        yield unsupported("spec.persistentVolumeReclaimPolicy", policy, list(RECLAIM_POLICIES))
    yield from _node_affinity(spec)
    yield from one_source(spec, "spec", PV_SOURCES)
    if "local" in spec and "nodeAffinity" not in spec:                                  # PVAPI-12
        yield required("spec.nodeAffinity", "Local volume requires node affinity")
    if "csi" in spec and not spec["csi"].get("volumeHandle"):
        yield required("spec.csi.volumeHandle")
    path = get(spec, "hostPath.path")
    if path and posixpath.normpath(path) == "/" and policy == "Recycle":
        yield forbidden("spec.persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath mount of '/'")
    if spec.get("storageClassName"):                                                    # PVAPI-13
        yield from subdomain("spec.storageClassName", spec["storageClassName"])
    if "volumeMode" in spec and spec["volumeMode"] not in VOLUME_MODES:
        yield unsupported("spec.volumeMode", spec["volumeMode"], list(VOLUME_MODES))
    yield from _attributes_class(spec)


def _capacity(capacity: dict) -> Errors:
    """PVAPI-8."""
    if not capacity:
        yield required("spec.capacity")
    if list(capacity) != ["storage"]:
        yield unsupported("spec.capacity", dict(sorted(capacity.items())) or None, ["storage"])
    for name, amount in sorted(capacity.items()):
        for _ in nonnegative_quantity("", amount):
            yield invalid(f"spec.capacity[{name}]", int(quantity.value(amount)), "must be a valid resource quantity")
        yield from positive_quantity(f"spec.capacity[{name}]", amount)


def _node_affinity(spec: dict) -> Errors:
    """PVAPI-12."""
    if "nodeAffinity" in spec:
        if "required" in spec["nodeAffinity"]:
            yield from scheduling.node_selector(spec["nodeAffinity"]["required"], "spec.nodeAffinity.required")
        else:
            yield required("spec.nodeAffinity.required", "must specify required node constraints")


def _attributes_class(spec: dict) -> Errors:
    """PVAPI-15."""
    name = spec.get("volumeAttributesClassName")
    if name is not None:
        if name:
            yield from subdomain("spec.volumeAttributesClassName", name)
        else:
            yield required("spec.volumeAttributesClassName", "an empty string is disallowed")
        if "csi" not in spec:
            yield required("spec.csi", "has to be specified when using volumeAttributesClassName")


def _validate_update(spec: dict, old: dict) -> Errors:
    """PVAPI-17 to PVAPI-20."""
    now, was = _source(spec), _source(old)
    if "csi" in now and "csi" in was and "controllerExpandSecretRef" not in was["csi"]:
        now["csi"] = {k: v for k, v in now["csi"].items() if k != "controllerExpandSecretRef"}
    if now != was:
        shown = diff(*(internal("PersistentVolumeSpec", source) for source in (was, now)))
        yield forbidden("spec.persistentvolumesource", f"spec.persistentvolumesource is immutable after creation\n{shown}")
    yield from immutable("volumeMode", spec.get("volumeMode"), old.get("volumeMode"))
    affinity, before = spec.get("nodeAffinity"), old.get("nodeAffinity")
    if before is not None and not _same_affinity(affinity, before):
        shown = "null" if affinity is None else internal("VolumeNodeAffinity", affinity)
        yield invalid("nodeAffinity", shown, "field is immutable, except for updating from beta label to GA")
    if old.get("volumeAttributesClassName") is not None and spec.get("volumeAttributesClassName") is None:
        yield forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden")


def _source(spec: dict) -> dict:
    return {source: spec[source] for source in PV_SOURCES if source in spec}


def _same_affinity(new, old) -> bool:
    """Equal, or equal but for beta labels that have become what they are called now."""
    if isinstance(new, dict) and isinstance(old, dict):
        return new.keys() == old.keys() and all(
            _same_affinity(new[k], old[k]) or (k == "key" and GA_LABELS.get(old[k]) == new[k]) for k in new)
    if isinstance(new, list) and isinstance(old, list):
        return len(new) == len(old) and all(map(_same_affinity, new, old))
    return new == old


def warnings(volume: dict, old: dict | None):
    """PVAPI-16: with every write."""
    spec = volume["spec"]
    yield from old_class_warnings(volume)
    if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        yield RECYCLE
    for i, term in enumerate(get(spec, "nodeAffinity.required.nodeSelectorTerms", ())):
        for j, expression in enumerate(term.get("matchExpressions") or ()):
            if (key := expression["key"]) in GA_LABELS:
                since = "v1.14" if key in ("beta.kubernetes.io/os", "beta.kubernetes.io/arch") else "v1.17"
                yield (f"spec.nodeAffinity.required.nodeSelectorTerms[{i}].matchExpressions[{j}].key: {key} is deprecated since {since}; "
                       f'use "{GA_LABELS[key]}" instead')
    for source, (since, gone) in REMOVED.items():
        if source in spec:
            yield f"spec.{'storageOS' if source == 'storageos' else source}: deprecated in v{since}, non-functional in v{gone}+"


def cells(volume: dict, age) -> list:
    """TBL-51, SHOW-1."""
    spec, meta, claim = volume["spec"], volume["metadata"], volume["spec"].get("claimRef")
    return [meta["name"], get(spec, "capacity.storage", "0"), short_modes(spec.get("accessModes")),
            spec.get("persistentVolumeReclaimPolicy", ""), phase(volume),
            "" if claim is None else f"{claim.get('namespace', '')}/{claim.get('name', '')}", class_of(volume) or "",
            spec.get("volumeAttributesClassName") or "<unset>", get(volume, "status.reason", ""), age(meta.get("creationTimestamp")),
            spec.get("volumeMode") or "<unset>"]


ROWS = (
    Kind("PersistentVolume", "persistentvolumes", namespaced=False, short=("pv",), subresources=("status",),  # PVAPI-1
         status=freeze({"phase": "Pending"}), deleted_object=True, default=default, validate=validate, warnings=warnings, cells=cells,
         columns=columns("Name, Capacity, Access Modes, Reclaim Policy, Status, Claim, StorageClass, VolumeAttributesClass, Reason, Age, "
                         "VolumeMode w")),
)
