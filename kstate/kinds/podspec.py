"""The spec of a pod, alone or in a template: defaults and validation that Pod and all workloads share.

Not checked: security contexts, DNS options, overhead, operating system.
"""
from __future__ import annotations

from .. import labels
from ..errors import forbidden, invalid, required, unsupported
from . import containers, scheduling, volumes
from .fields import Errors, between, fill, ip, label, label_map, label_selector, one_of, qualified, selector_value, subdomain
from .meta import annotations

RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
MAX_INT32 = 2**31 - 1
GRACE_PERIOD = 30       # seconds


# ---- defaults (STS-4, API-67) -----------------------------------------------------------------

def default(spec: dict) -> None:
    """What a pod and a pod template have in common."""
    for volume in spec.get("volumes") or ():
        volumes.default(volume)
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        containers.default(container)
    fill(spec, restartPolicy="Always", dnsPolicy="ClusterFirst", schedulerName="default-scheduler")
    spec.setdefault("securityContext", {})
    spec.setdefault("terminationGracePeriodSeconds", GRACE_PERIOD)
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:     # the old name of the field is always written along
        spec["serviceAccountName"] = spec["serviceAccount"] = account


def default_template(template: dict) -> None:
    template.setdefault("metadata", {})
    default(template.setdefault("spec", {}))


def default_pod(spec: dict) -> None:
    """What a pod gets beyond its template (STS-5): it never influences the comparison of revisions."""
    default(spec)
    spec.setdefault("enableServiceLinks", True)
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        limits = container["resources"].get("limits") or {}
        for name, amount in limits.items():
            container["resources"].setdefault("requests", {}).setdefault(name, amount)
        if spec.get("hostNetwork"):
            for port in container.get("ports") or ():
                fill(port, hostPort=port.get("containerPort", 0))


# ---- validation -------------------------------------------------------------------------------

def validate(spec: dict, path: str) -> Errors:
    """A pod's spec at path."""
    errors, sound = volumes.validate(spec.get("volumes") or (), f"{path}.volumes")
    yield from errors
    regular = spec.get("containers") or ()
    yield from containers.validate(regular, f"{path}.containers", sound)
    yield from containers.validate_init(spec.get("initContainers") or (), f"{path}.initContainers", sound, regular)
    if spec.get("hostNetwork"):
        yield from _host_ports(regular, f"{path}.containers")
    yield from one_of(f"{path}.restartPolicy", spec.get("restartPolicy"), RESTART_POLICIES)
    yield from one_of(f"{path}.dnsPolicy", spec.get("dnsPolicy"), DNS_POLICIES)
    yield from label_map(f"{path}.nodeSelector", spec.get("nodeSelector"))
    yield from _gates(spec, path)
    yield from scheduling.validate(spec, path)
    yield from _names(spec, path)
    if "activeDeadlineSeconds" in spec:
        yield from between(f"{path}.activeDeadlineSeconds", spec["activeDeadlineSeconds"], 1, MAX_INT32)
    for field in ("hostname", "subdomain"):
        if spec.get(field):
            yield from label(f"{path}.{field}", spec[field])
    yield from scheduling.tolerations(spec.get("tolerations") or (), f"{path}.tolerations")
    for i, alias in enumerate(spec.get("hostAliases") or ()):
        yield from ip(f"{path}.hostAliases[{i}].ip", alias.get("ip", ""))
        for j, name in enumerate(alias.get("hostnames") or ()):
            yield from subdomain(f"{path}.hostAliases[{i}].hostnames[{j}]", name)
    if spec.get("priorityClassName"):
        yield from subdomain(f"{path}.priorityClassName", spec["priorityClassName"])


def _host_ports(regular, path: str) -> Errors:
    """In the network of its node a container has no port but the node's."""
    for i, container in enumerate(regular):
        for j, port in enumerate(container.get("ports") or ()):
            if port.get("hostPort") and port["hostPort"] != port.get("containerPort", 0):
                yield invalid(f"{path}[{i}].ports[{j}].hostPort", port["hostPort"], "must match `containerPort` when `hostNetwork` is true")


def _gates(spec: dict, path: str) -> Errors:
    for i, gate in enumerate(spec.get("readinessGates") or ()):
        yield from qualified(f"{path}.readinessGates[{i}].conditionType", gate.get("conditionType", ""))
    for i, gate in enumerate(spec.get("schedulingGates") or ()):
        yield from qualified(f"{path}.schedulingGates[{i}]", gate.get("name", ""))


def _names(spec: dict, path: str) -> Errors:
    for field in ("serviceAccountName", "nodeName"):
        if spec.get(field):
            yield from subdomain(f"{path}.{field}", spec[field])


def validate_template(template: dict, path: str) -> Errors:
    """A pod template by itself."""
    meta = template.get("metadata") or {}
    yield from label_map(f"{path}.labels", meta.get("labels"))
    yield from annotations(f"{path}.annotations", meta.get("annotations"))
    yield from validate(template.get("spec") or {}, f"{path}.spec")


def validate_selector(selector: dict | None, path: str, workload: str) -> Errors:
    """The selector of a workload, which must be there and say something."""
    if selector is None:
        yield required(path)
        return
    yield from label_selector(path, selector)
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield invalid(path, selector_value(selector), f"empty selector is invalid for {workload}")


def validate_selected(selector: dict | None, template: dict, path: str) -> Errors:
    """The selector has to match the template's labels; a missing one matches nothing, an empty one everything."""
    own = (template.get("metadata") or {}).get("labels")
    if not labels.of(selector).matches(own or {}):
        yield invalid(f"{path}.metadata.labels", dict(sorted(own.items())) if own else None, "`selector` does not match template `labels`")


def validate_restarts(template: dict, path: str, workload: str) -> Errors:
    """What a workload that keeps its pods running does not allow."""
    spec = template.get("spec") or {}
    if spec.get("restartPolicy") != "Always":
        yield unsupported(f"{path}.spec.restartPolicy", spec.get("restartPolicy", ""), ["Always"])
    if "activeDeadlineSeconds" in spec:
        yield forbidden(f"{path}.spec.activeDeadlineSeconds", f"activeDeadlineSeconds in {workload} is not Supported")


# ---- tables -----------------------------------------------------------------------------------

def names_and_images(spec: dict) -> list[str]:
    """The wide columns of a workload: names and images of its template's containers, without init containers (TBL-30)."""
    regular = spec["template"]["spec"].get("containers") or ()
    return [",".join(container.get(field, "") for container in regular) for field in ("name", "image")]
