"""The small kinds around the workloads: namespaces, nodes, configuration, events, leases, priorities, quotas."""
from __future__ import annotations

import base64

from .. import quantity
from ..errors import forbidden, invalid, required, too_long
from ..world import freeze, get
from . import scheduling
from .fields import Errors, config_key, fill, immutable, nonnegative, nonnegative_quantity, one_of, qualified
from .kind import Kind, columns
from .meta import standard_finalizer

NAME_LABEL = "kubernetes.io/metadata.name"
ROLE_PREFIX, ROLE_LABEL = "node-role.kubernetes.io/", "kubernetes.io/role"
SIZE_LIMIT = 1024 * 1024                # bytes of a ConfigMap's or Secret's data
HIGHEST_PRIORITY = 1_000_000_000        # of those that users may define
SYSTEM_PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
FROZEN = "field is immutable when `immutable` is set"


# ---- Namespace --------------------------------------------------------------------------------

def prepare_namespace(namespace: dict, old: dict | None) -> None:
    """API-64; only /finalize changes the finalizers of a spec."""
    meta = namespace["metadata"]
    meta["labels"] = {**(meta.get("labels") or {}), NAME_LABEL: meta.get("name", "")}
    finalizers = list(get(namespace if old is None else old, "spec.finalizers") or ())
    if old is None and "kubernetes" not in finalizers:
        finalizers.append("kubernetes")
    namespace["spec"] = {"finalizers": finalizers} if finalizers else {}


def validate_namespace(namespace: dict, _old: dict | None) -> Errors:
    for name in get(namespace, "spec.finalizers") or ():
        yield from qualified("spec.finalizers", name)
        yield from standard_finalizer("spec.finalizers", name)


def validate_namespace_status(namespace: dict, _old: dict) -> Errors:
    phase = get(namespace, "status.phase", "")
    deleted = "deletionTimestamp" in namespace["metadata"]
    if not deleted and phase != "Active":
        yield invalid("status.Phase", phase, "may only be 'Active' if `deletionTimestamp` is empty")
    if deleted and phase != "Terminating":
        yield invalid("status.Phase", phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")


def namespace_cells(namespace: dict, age) -> list:
    """TBL-61."""
    return [namespace["metadata"]["name"], get(namespace, "status.phase", ""), age(namespace["metadata"].get("creationTimestamp"))]


# ---- Node -------------------------------------------------------------------------------------

def default_node(node: dict) -> None:
    """What is not said to be reserved can be allocated."""
    status = node.get("status") or {}
    if "capacity" in status and "allocatable" not in status:
        status["allocatable"] = dict(status["capacity"])


def validate_node(node: dict, _old: dict | None) -> Errors:
    return scheduling.taints(get(node, "spec.taints") or (), "metadata.taints")        # where Kubernetes' errors see them


def node_cells(node: dict, age) -> list:
    """TBL-60."""
    meta, info = node["metadata"], get(node, "status.nodeInfo") or {}
    kernel = info.get("kernelVersion") or "<unknown>"
    return [meta["name"], node_status(node), ",".join(node_roles(node)) or "<none>", age(meta.get("creationTimestamp")),
            info.get("kubeletVersion", ""), node_address(node, "InternalIP"), node_address(node, "ExternalIP"),
            info.get("osImage") or "<unknown>", f"{kernel} ({info['architecture']})" if info.get("architecture") else kernel,
            info.get("containerRuntimeVersion") or "<unknown>"]


def node_status(node: dict) -> str:
    ready = [c["status"] for c in get(node, "status.conditions") or () if c["type"] == "Ready"]
    word = "Unknown" if not ready else "Ready" if ready[0] == "True" else "NotReady"
    return word + (",SchedulingDisabled" if get(node, "spec.unschedulable") else "")


def node_roles(node: dict) -> list[str]:
    labels = node["metadata"].get("labels") or {}
    roles = {key.removeprefix(ROLE_PREFIX): None for key in labels if key.startswith(ROLE_PREFIX)}
    roles[labels.get(ROLE_LABEL, "")] = None
    return sorted(filter(None, roles))


def node_address(node: dict, sort: str) -> str:
    return next((a["address"] for a in get(node, "status.addresses") or () if a["type"] == sort), "<none>")


# ---- ConfigMap and Secret ---------------------------------------------------------------------

def validate_configmap(configmap: dict, old: dict | None) -> Errors:
    if old is not None:
        yield from _frozen(configmap, old, ("data", "binaryData"))
    data, binary = configmap.get("data") or {}, configmap.get("binaryData") or {}
    for key in sorted(data):
        yield from config_key(f"data[{key}]", key)
        if key in binary:
            yield invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
    for key in sorted(binary):
        yield from config_key(f"binaryData[{key}]", key)
    if sum(len(v.encode()) for v in data.values()) + sum(map(_decoded_size, binary.values())) > SIZE_LIMIT:
        yield too_long("", SIZE_LIMIT)


def _frozen(new: dict, old: dict, fields: tuple[str, ...]) -> Errors:
    """An object that says `immutable: true` keeps its data, and says so for ever."""
    if old.get("immutable"):
        if not new.get("immutable"):
            yield forbidden("immutable", FROZEN)
        for field in fields:
            if (new.get(field) or {}) != (old.get(field) or {}):
                yield forbidden(field, FROZEN)


def _decoded_size(text: str) -> int:
    return len(text) * 3 // 4


def configmap_cells(configmap: dict, age) -> list:
    """TBL-63."""
    count = len(configmap.get("data") or {}) + len(configmap.get("binaryData") or {})
    return [configmap["metadata"]["name"], count, age(configmap["metadata"].get("creationTimestamp"))]


def default_secret(secret: dict) -> None:
    """What is given as text is kept as data."""
    fill(secret, type="Opaque")
    plain = secret.pop("stringData", None) or {}
    if plain:
        secret["data"] = {**(secret.get("data") or {}), **{k: base64.b64encode(v.encode()).decode() for k, v in plain.items()}}


SECRET_KEYS = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}


def validate_secret(secret: dict, old: dict | None) -> Errors:
    if old is not None:
        yield from immutable("type", secret.get("type"), old.get("type"))
        yield from _frozen(secret, old, ("data",))
    data = secret.get("data") or {}
    for key in sorted(data):
        yield from config_key(f"data[{key}]", key)
    if sum(map(_decoded_size, data.values())) > SIZE_LIMIT:
        yield too_long("data", SIZE_LIMIT)
    for key in SECRET_KEYS.get(secret.get("type", ""), ()):
        if key not in data:
            yield required(f"data[{key}]")


def secret_cells(secret: dict, age) -> list:
    meta = secret["metadata"]
    return [meta["name"], secret.get("type", ""), len(secret.get("data") or {}), age(meta.get("creationTimestamp"))]


# ---- Event ------------------------------------------------------------------------------------

def event_cells(event: dict, age) -> list:
    """TBL-62."""
    first_time = event.get("firstTimestamp") or event.get("eventTime")
    series = event.get("series") or {}
    last_time = series.get("lastObservedTime") or event.get("lastTimestamp") or first_time
    about, source = event.get("involvedObject") or {}, event.get("source") or {}
    who = [source.get("component") or event.get("reportingComponent") or "", source.get("host") or event.get("reportingInstance") or ""]
    return [age(last_time), event.get("type", ""), event.get("reason", ""), f"{about.get('kind', '').lower()}/{about.get('name', '')}",
            about.get("fieldPath", ""), ", ".join(who) if who[1] else who[0], event.get("message", "").strip(), age(first_time),
            series.get("count") or event.get("count") or 1, event["metadata"]["name"]]


# ---- Lease, PriorityClass ---------------------------------------------------------------------

def validate_lease(lease: dict, _old: dict | None) -> Errors:
    seconds = get(lease, "spec.leaseDurationSeconds")
    if seconds is not None and seconds <= 0:
        yield invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0")
    yield from nonnegative("spec.leaseTransitions", get(lease, "spec.leaseTransitions"))


def lease_cells(lease: dict, age) -> list:
    return [lease["metadata"]["name"], get(lease, "spec.holderIdentity", ""), age(lease["metadata"].get("creationTimestamp"))]


def default_priority(priority: dict) -> None:
    priority.setdefault("value", 0)
    priority.setdefault("preemptionPolicy", "PreemptLowerPriority")


def validate_priority(priority: dict, old: dict | None) -> Errors:
    if old is not None:
        if priority.get("value") != old.get("value"):
            yield forbidden("value", "may not be changed in an update.")
        yield from immutable("preemptionPolicy", priority.get("preemptionPolicy"), old.get("preemptionPolicy"))
        return
    name = priority["metadata"].get("name", "")
    if name.startswith("system-"):
        reserved = "priority class names with 'system-' prefix are reserved for system use only. error: "
        known = SYSTEM_PRIORITIES.get(name)
        if known is None:
            yield forbidden("metadata.name", f"{reserved}{name} is not a known system priority class")
        elif priority["value"] != known:
            yield forbidden("metadata.name", f"{reserved}value of {name} PriorityClass must be {known}")
    elif priority["value"] > HIGHEST_PRIORITY:
        yield forbidden("value", f"maximum allowed value of a user defined priority is {HIGHEST_PRIORITY}")
    yield from one_of("preemptionPolicy", priority["preemptionPolicy"], ("Never", "PreemptLowerPriority"))


def priority_cells(priority: dict, age) -> list:
    meta = priority["metadata"]
    return [meta["name"], priority.get("value", 0), bool(priority.get("globalDefault")), age(meta.get("creationTimestamp")),
            priority.get("preemptionPolicy", "")]


# ---- ResourceQuota, LimitRange ----------------------------------------------------------------

def validate_quota(quota: dict, old: dict | None) -> Errors:
    for name, amount in sorted((get(quota, "spec.hard") or {}).items()):
        yield from qualified(f"spec.hard[{name}]", name)
        yield from nonnegative_quantity(f"spec.hard[{name}]", amount)
    if old is not None:
        yield from immutable("spec.scopes", get(quota, "spec.scopes"), get(old, "spec.scopes"))


def quota_cells(quota: dict, age) -> list:
    """What is asked for and what is limited stand in two columns: `name: used/hard`."""
    hard, used = get(quota, "status.hard") or {}, get(quota, "status.used") or {}
    texts = [(name.startswith("limits."), f"{name}: {used.get(name, '0')}/{hard[name]}") for name in sorted(hard)]
    return [quota["metadata"]["name"], *(", ".join(text for limit, text in texts if limit is wanted) for wanted in (False, True)),
            age(quota["metadata"].get("creationTimestamp"))]


def default_limits(limits: dict) -> None:
    """For containers the maximum is the default limit, and the limit, or else the minimum, the default request."""
    for item in get(limits, "spec.limits") or ():
        if item.get("type") == "Container":
            item["default"] = {**(item.get("max") or {}), **(item.get("default") or {})}
            item["defaultRequest"] = {**(item.get("min") or {}), **item["default"], **(item.get("defaultRequest") or {})}
            for field in ("default", "defaultRequest"):
                if not item[field]:
                    del item[field]


def validate_limits(limits: dict, _old: dict | None) -> Errors:
    for i, item in enumerate(get(limits, "spec.limits") or ()):
        path, low, high = f"spec.limits[{i}]", item.get("min") or {}, item.get("max") or {}
        if not item.get("type"):
            yield required(f"{path}.type")
        for name in sorted(low):
            if name in high and quantity.value(low[name]) > quantity.value(high[name]):
                yield invalid(f"{path}.min[{name}]", low[name], f"min value {low[name]} is greater than max value {high[name]}")


ROWS = (
    Kind("ConfigMap", "configmaps", short=("cm",), validate=validate_configmap, columns=columns("Name, Data, Age"), cells=configmap_cells),
    Kind("Event", "events", other_versions=("events.k8s.io/v1",), short=("ev",), create_on_update=True, strict_field_errors=True,
         field_selectors=("involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
                          "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
                          "reportingComponent", "source", "type"), cells=event_cells,
         columns=columns("Last Seen, Type, Reason, Object, Subobject w, Source w, Message, First Seen w, Count w, Name w")),
    Kind("Lease", "leases", "coordination.k8s.io", unconditional_update=False, create_on_update=True, validate=validate_lease,
         columns=columns("Name, Holder, Age"), cells=lease_cells),
    Kind("LimitRange", "limitranges", short=("limits",), create_on_update=True, default=default_limits, validate=validate_limits),
    Kind("Namespace", "namespaces", namespaced=False, short=("ns",), subresources=("finalize", "status"), name_rule="label",
         status=freeze({"phase": "Active"}), deleted_object=True, field_selectors=("status.phase",), strict_field_errors=True,
         prepare=prepare_namespace, validate=validate_namespace, validate_status=validate_namespace_status,
         columns=columns("Name, Status, Age"), cells=namespace_cells),
    Kind("Node", "nodes", namespaced=False, short=("no",), subresources=("status",), field_selectors=("spec.unschedulable",),
         strict_field_errors=True, default=default_node, validate=validate_node,
         columns=columns("Name, Status, Roles, Age, Version, Internal-IP w, External-IP w, OS-Image w, Kernel-Version w, "
                         "Container-Runtime w"), cells=node_cells),
    Kind("PriorityClass", "priorityclasses", "scheduling.k8s.io", namespaced=False, short=("pc",), generation=("value",),
         default=default_priority, validate=validate_priority,
         columns=columns("Name, Value int, Global-Default bool, Age, PreemptionPolicy"), cells=priority_cells),
    Kind("ResourceQuota", "resourcequotas", short=("quota",), subresources=("status",), status=freeze({}), deleted_object=True,
         validate=validate_quota, columns=columns("Name, Request, Limit, Age"), cells=quota_cells),
    Kind("Secret", "secrets", field_selectors=("type",), strict_field_errors=True, default=default_secret, validate=validate_secret,
         columns=columns("Name, Type, Data, Age"), cells=secret_cells),
    Kind("ServiceAccount", "serviceaccounts", short=("sa",), deleted_object=True),
)
