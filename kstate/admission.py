"""What the API server adds or refuses between decoding and validation: the admission plugins, one function each.

Modelled: NamespaceLifecycle, ServiceAccount, DefaultTolerationSeconds, Priority, DefaultStorageClass,
StorageObjectInUseProtection, PersistentVolumeClaimResize, ResourceQuota (quota.py), LimitRange as far as it concerns claims.
"""
from __future__ import annotations

from . import addresses, quantity, quota
from .classes import class_of, default_class
from .errors import NotFound
from .kinds.cluster import SYSTEM_PRIORITIES
from .refusals import forbidden
from .world import Key, get

PROTECTED_NAMESPACES = ("default", "kube-system", "kube-public")
TOLERATED = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
EXPANSION_REFUSED = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"


def namespace_of(api, kind, meta: dict) -> None:
    """NamespaceLifecycle: nothing is created in a namespace that is missing or going (API-66)."""
    if not kind.namespaced:
        return
    name = meta.setdefault("namespace", "default") or "default"
    meta["namespace"] = name
    namespace = api.find(Key("Namespace", "", name))
    if namespace is None:
        raise NotFound(f'namespaces "{name}" not found', name=name, kind="namespaces")
    if "deletionTimestamp" in namespace["metadata"]:
        cause = {"reason": "NamespaceTerminating", "message": f"namespace {name} is being terminated", "field": "metadata.namespace"}
        raise forbidden(kind, {"metadata": meta}, f"unable to create new content in namespace {name} because it is being terminated",
                        causes=[cause])


def create(api, kind, obj: dict) -> None:
    for plugin in CREATE.get(kind.kind, ()):
        plugin(api, kind, obj)
    if kind.kind == "Service":
        addresses.allocate(api, obj)


def update(api, kind, new: dict, old: dict) -> None:
    if kind.kind == "Service":
        addresses.allocate(api, new, old)


def allow_create(api, kind, obj: dict) -> None:
    """What is asked of a new object only once it is known to be valid."""
    if kind.namespaced:
        quota.check(api.world, kind, obj)


def allow_update(api, kind, new: dict, old: dict) -> None:
    """What is asked of an update only once it is known to be valid (PVCAPI-15)."""
    if kind.kind == "PersistentVolumeClaim":
        if get(old, "status.phase") == "Bound":
            _resize(api, kind, new, old)
        quota.check(api.world, kind, new, old)


def delete(api, kind, obj: dict) -> None:
    if kind.kind == "Namespace" and obj["metadata"]["name"] in PROTECTED_NAMESPACES:       # API-65
        raise forbidden(kind, obj, "this namespace may not be deleted")


def removed(api, kind, obj: dict) -> None:
    """What goes with an object that is gone."""
    if kind.kind == "Service":
        addresses.release(api, obj)


# ---- pods -------------------------------------------------------------------------------------

def _service_account(api, kind, pod: dict) -> None:
    """ServiceAccount: the pod runs as one, and its token is mounted (API-67)."""
    spec, namespace = pod["spec"], pod["metadata"]["namespace"]
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    account = api.find(Key("ServiceAccount", namespace, name))
    if account is None:
        raise forbidden(kind, pod, f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found')
    wanted = spec.get("automountServiceAccountToken", account.get("automountServiceAccountToken", True))
    path = "/var/run/secrets/kubernetes.io/serviceaccount"
    containers = [c for c in [*spec.get("initContainers", []), *spec.get("containers", [])]
                  if all(m.get("mountPath") != path for m in c.get("volumeMounts", []))]
    if not wanted or not containers:
        return
    volume = "kube-api-access-" + api.suffix(f"kube-api-access/{namespace}/{pod['metadata'].get('name')}")
    spec.setdefault("volumes", []).append({"name": volume, "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
    ]}})
    for container in containers:
        container.setdefault("volumeMounts", []).append({"name": volume, "readOnly": True, "mountPath": path})


def _default_tolerations(api, kind, pod: dict) -> None:
    """DefaultTolerationSeconds: 300 s on a node that is lost (NODE-4)."""
    tolerations = pod["spec"].setdefault("tolerations", [])
    for key in TOLERATED:
        if not any(t.get("key", key) in ("", key) and t.get("effect", "NoExecute") in ("", "NoExecute") for t in tolerations):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})


def _priority(api, kind, pod: dict) -> None:
    """Priority: the number behind a class name, or that of the global default class, or 0."""
    spec = pod["spec"]
    name = spec.get("priorityClassName") or ""
    if name.startswith("system-"):
        value, policy = SYSTEM_PRIORITIES.get(name), "PreemptLowerPriority"
    elif name:
        found = api.find(Key("PriorityClass", "", name))
        value, policy = (None, "") if found is None else (found["value"], found.get("preemptionPolicy", "PreemptLowerPriority"))
    else:
        defaults = [c for c in api.world.list("PriorityClass") if c.get("globalDefault")]
        best = min(defaults, key=lambda c: c["value"], default={"value": 0})
        value, policy = best["value"], best.get("preemptionPolicy", "PreemptLowerPriority")
        if defaults:
            spec["priorityClassName"] = best["metadata"]["name"]
    if value is None:
        raise forbidden(kind, pod, f'no PriorityClass with name {name} was found')
    for field, sort, what, computed in (("priority", "integer", "priority", value), ("preemptionPolicy", "string", "PreemptionPolicy", policy)):
        if spec.setdefault(field, computed) != computed:
            raise forbidden(kind, pod, f"the {sort} value of {what} ({spec[field]}) must not be provided in pod spec; priority admission "
                                       f"controller computed {computed} from the given PriorityClass name")


# ---- storage ----------------------------------------------------------------------------------

def _default_storage_class(api, kind, claim: dict) -> None:
    """DefaultStorageClass (ADM-1); the empty name suppresses it (ADM-2)."""
    if class_of(claim) is None and (found := default_class(api.world)) is not None:
        claim["spec"]["storageClassName"] = found["metadata"]["name"]


def _protection(finalizer: str):
    def protect(api, kind, obj: dict) -> None:
        """StorageObjectInUseProtection (ADM-3)."""
        finalizers = obj["metadata"].setdefault("finalizers", [])
        if finalizer not in finalizers:
            finalizers.append(finalizer)
    return protect


def _resize(api, kind, new: dict, old: dict) -> None:
    """PersistentVolumeClaimResize: only where the claim's class allows it (ADM-4)."""
    before, after = (get(o, "spec.resources.requests.storage", "0") for o in (old, new))
    if quantity.value(after) <= quantity.value(before):
        return
    storage_class = api.find(Key("StorageClass", "", class_of(new) or ""))
    if class_of(new) != class_of(old) or storage_class is None or not storage_class.get("allowVolumeExpansion"):
        raise forbidden(kind, new, EXPANSION_REFUSED)
    _limit_range(api, kind, new)


def _limit_range(api, kind, claim: dict) -> None:
    """LimitRanger, type PersistentVolumeClaim (ADM-5)."""
    request = get(claim, "spec.resources.requests.storage")
    for limits in api.world.list("LimitRange", claim["metadata"]["namespace"]):
        for item in limits["spec"].get("limits") or ():
            if item.get("type") != "PersistentVolumeClaim" or request is None:
                continue
            least, most = get(item, "min.storage"), get(item, "max.storage")
            if least and quantity.value(request) < quantity.value(least):
                raise forbidden(kind, claim, f"minimum storage usage per PersistentVolumeClaim is {least}, but request is {request}")
            if most and quantity.value(request) > quantity.value(most):
                raise forbidden(kind, claim, f"maximum storage usage per PersistentVolumeClaim is {most}, but request is {request}")


CREATE = {
    "Pod": (_service_account, _default_tolerations, _priority),
    "PersistentVolumeClaim": (_limit_range, _default_storage_class, _protection("kubernetes.io/pvc-protection")),
    "PersistentVolume": (_protection("kubernetes.io/pv-protection"),),
}
