"""Containers: what a pod's containers and init containers get by default, and what the API server refuses in them.

Not checked: security contexts, resize policies, ephemeral containers.
"""
from __future__ import annotations

from .. import quantity
from ..errors import duplicate, forbidden, invalid, not_found, required
from . import environment, probes
from .fields import Errors, descending, fill, label, nonnegative_quantity, one_of, port, port_name, qualified

ONLY_SIDECARS = "may not be set for init containers without restartPolicy=Always"
PROTOCOLS = ("SCTP", "TCP", "UDP")
STANDARD_RESOURCES = ("cpu", "memory", "ephemeral-storage")


# ---- defaults (STS-4, API-67) -----------------------------------------------------------------

def default(container: dict) -> None:
    """What a container of a pod or a template gets."""
    fill(container, imagePullPolicy=pull_policy(container.get("image", "")), terminationMessagePath="/dev/termination-log",
         terminationMessagePolicy="File")
    container.setdefault("resources", {})
    for entry in container.get("ports") or ():
        fill(entry, protocol="TCP")
    for variable in container.get("env") or ():
        if "fieldRef" in variable.get("valueFrom", {}):
            fill(variable["valueFrom"]["fieldRef"], apiVersion="v1")
    probes.default(container)


def pull_policy(image: str) -> str:
    """Always for a moving tag: `nginx`, `nginx:latest`; IfNotPresent for `nginx:1.24` and for digests."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2] or ("" if digest else "latest")
    return "Always" if tag == "latest" else "IfNotPresent"


# ---- validation -------------------------------------------------------------------------------

def validate(containers: list, path: str, volumes: dict[str, dict]) -> Errors:
    """The regular containers of a pod; volumes by name, for the mounts."""
    if not containers:
        yield required(path)
    names: dict[str, None] = {}
    for i, container in enumerate(containers):
        here = f"{path}[{i}]"
        yield from _common(container, here, volumes)
        if container.get("name") in names:
            yield duplicate(f"{here}.name", container["name"])
        names[container.get("name", "")] = None
        yield from probes.validate(container, here)
        if "restartPolicy" in container:
            yield forbidden(f"{here}.restartPolicy", "may not be set for non-init containers")
    yield from _host_ports(containers, path)


def validate_init(containers: list, path: str, volumes: dict[str, dict], regular: list) -> Errors:
    """Init containers, sidecars among them; their names may not be those of the regular containers."""
    names = dict.fromkeys(c.get("name") for c in regular)
    for i, container in enumerate(containers):
        here = f"{path}[{i}]"
        yield from _common(container, here, volumes)
        if "restartPolicy" in container:
            yield from one_of(f"{here}.restartPolicy", container["restartPolicy"], ("Always",))
        if container.get("name") in names:
            yield duplicate(f"{here}.name", container["name"])
        elif container.get("name"):
            names[container["name"]] = None
        yield from _host_ports([container], path)
        if container.get("restartPolicy") == "Always":
            yield from probes.validate(container, here)
        else:
            for field in ("lifecycle", *probes.PROBES):
                if field in container:
                    yield forbidden(f"{here}.{field}", ONLY_SIDECARS)


def _common(container: dict, path: str, volumes: dict[str, dict]) -> Errors:
    if container.get("name"):
        yield from label(f"{path}.name", container["name"])
    else:
        yield required(f"{path}.name")
    if not container.get("image"):
        yield required(f"{path}.image")
    yield from one_of(f"{path}.terminationMessagePolicy", container.get("terminationMessagePolicy"), ("File", "FallbackToLogsOnError"))
    yield from _ports(container.get("ports") or (), f"{path}.ports")
    yield from environment.validate(container.get("env") or (), f"{path}.env")
    yield from environment.validate_sources(container.get("envFrom") or (), f"{path}.envFrom")
    yield from _mounts(container, path, volumes)
    yield from _devices(container, path, volumes)
    yield from one_of(f"{path}.imagePullPolicy", container.get("imagePullPolicy"), ("Always", "IfNotPresent", "Never"))
    yield from resources(container.get("resources") or {}, f"{path}.resources")


def _ports(ports, path: str) -> Errors:
    names: dict[str, None] = {}
    for i, entry in enumerate(ports):
        here, name = f"{path}[{i}]", entry.get("name")
        if name:
            problems = list(port_name(f"{here}.name", name))
            yield from problems
            if not problems and name in names:
                yield duplicate(f"{here}.name", name)
            names[name] = None
        if not entry.get("containerPort"):
            yield required(f"{here}.containerPort")
        else:
            yield from port(f"{here}.containerPort", entry["containerPort"])
        if entry.get("hostPort"):
            yield from port(f"{here}.hostPort", entry["hostPort"])
        yield from one_of(f"{here}.protocol", entry.get("protocol"), PROTOCOLS)


def _host_ports(containers: list, path: str) -> Errors:
    taken: dict[str, None] = {}
    for i, container in enumerate(containers):
        for j, entry in enumerate(container.get("ports") or ()):
            if entry.get("hostPort"):
                text = f"{entry.get('protocol', '')}/{entry.get('hostIP', '')}/{entry['hostPort']}"
                if text in taken:
                    yield duplicate(f"{path}[{i}].ports[{j}].hostPort", text)
                taken[text] = None


def _mounts(container: dict, path: str, volumes: dict[str, dict]) -> Errors:
    paths: dict[str, None] = {}
    devices = {d.get("name"): d.get("devicePath") for d in container.get("volumeDevices") or ()}
    for i, mount in enumerate(container.get("volumeMounts") or ()):
        here, name, target = f"{path}.volumeMounts[{i}]", mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            yield required(f"{here}.name")
        if name not in volumes:
            yield not_found(f"{here}.name", name)
        if not target:
            yield required(f"{here}.mountPath")
        if target in paths:
            yield invalid(f"{here}.mountPath", target, "must be unique")
        paths[target] = None
        if name in devices:
            yield invalid(f"{here}.name", name, "must not already exist in volumeDevices")
        if target in devices.values():
            yield invalid(f"{here}.mountPath", target, "must not already exist as a path in volumeDevices")
        yield from descending(f"{path}.volumeMounts.subPath", mount.get("subPath", ""))             # without index, as Kubernetes has it
        if mount.get("subPath") and mount.get("subPathExpr"):
            yield invalid(f"{here}.subPathExpr", mount["subPathExpr"], "subPathExpr and subPath are mutually exclusive")
        yield from descending(f"{path}.volumeMounts.subPathExpr", mount.get("subPathExpr", ""))


def _devices(container: dict, path: str, volumes: dict[str, dict]) -> Errors:
    """Block devices: only claims can be one."""
    devices = container.get("volumeDevices") or ()
    mounts = {m.get("name"): m.get("mountPath") for m in container.get("volumeMounts") or ()}
    for i, device in enumerate(devices):
        here, name, target = f"{path}.volumeDevices[{i}]", device.get("name", ""), device.get("devicePath", "")
        if not name:
            yield required(f"{here}.name")
        if name and any(d.get("name") == name for d in devices[:i]):
            yield invalid(f"{here}.name", name, "must be unique")
        if name not in volumes:
            yield not_found(f"{here}.name", name)
        elif not {"persistentVolumeClaim", "ephemeral"} & volumes[name].keys():
            yield invalid(f"{here}.name", name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode")
        if not target:
            yield required(f"{here}.devicePath")
        elif any(d.get("devicePath") == target for d in devices[:i]):
            yield invalid(f"{here}.devicePath", target, "must be unique")
        if ".." in target.split("/"):
            yield invalid(f"{here}.devicePath", target, "can not contain backsteps ('..')")
        if name in mounts:
            yield invalid(f"{here}.name", name, "must not already exist in volumeMounts")
        if target in mounts.values():
            yield invalid(f"{here}.devicePath", target, "must not already exist as a path in volumeMounts")


def resources(wanted: dict, path: str) -> Errors:
    """Requests and limits of a container."""
    limits, requests = wanted.get("limits") or {}, wanted.get("requests") or {}
    for name in sorted(limits):
        yield from _resource(f"{path}.limits[{name}]", name, limits[name])
    for name in sorted(requests):
        yield from _resource(f"{path}.requests[{name}]", name, requests[name])
        if name in limits and quantity.value(requests[name]) > quantity.value(limits[name]):
            yield invalid(f"{path}.requests", requests[name], f"must be less than or equal to {name} limit of {limits[name]}")


def _resource(field: str, name: str, amount: str) -> Errors:
    yield from qualified(field, name)
    if "/" not in name and name not in STANDARD_RESOURCES and not name.startswith("hugepages-"):
        yield invalid(field, name, "must be a standard resource type or fully qualified")
        yield invalid(field, name, "must be a standard resource for containers")
    yield from nonnegative_quantity(field, amount)
