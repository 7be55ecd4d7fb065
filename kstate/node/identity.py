"""Who a container is: hostname, /etc/hosts and environment (KUB-52 to KUB-55)."""
from __future__ import annotations

import base64
import re

from .. import quantity
from ..world import Key, World, get

ZONE = "cluster.local"          # the cluster's domain


class ConfigError(Exception):
    """A container cannot be created; the text is that of the waiting state CreateContainerConfigError (KUB-23)."""


def hostname(pod: dict) -> str:
    """KUB-52."""
    return pod["spec"].get("hostname") or pod["metadata"]["name"][:63].rstrip("-.")


def fqdn(pod: dict) -> str:
    """What `hostname -f` prints, whether the service exists or not (KUB-52)."""
    subdomain = pod["spec"].get("subdomain")
    name = hostname(pod)
    return f"{name}.{subdomain}.{pod['metadata'].get('namespace', 'default')}.svc.{ZONE}" if subdomain else name


def hosts_file(pod: dict) -> str:
    """/etc/hosts (KUB-53)."""
    lines = ["# Kubernetes-managed hosts file.", "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback",
             "fe00::0\tip6-localnet", "fe00::0\tip6-mcastprefix", "fe00::1\tip6-allnodes", "fe00::2\tip6-allrouters"]
    ip = get(pod, "status.podIP")
    if ip:
        lines.append("\t".join(dict.fromkeys([ip, fqdn(pod), hostname(pod)])))
    aliases = pod["spec"].get("hostAliases") or ()
    if aliases:
        lines += ["", "# Entries added by HostAliases."]
        lines += ["\t".join([alias["ip"], *(alias.get("hostnames") or ())]) for alias in aliases]
    return "\n".join(lines) + "\n"


def hosts(pod: dict) -> dict[str, str]:
    """The IPv4 addresses that /etc/hosts gives: name -> address, the first mention wins."""
    known: dict[str, str] = {}
    for line in hosts_file(pod).splitlines():
        address, *names = line.split("#")[0].split() or [""]
        if "." in address:
            for name in names:
                known.setdefault(name, address)
    return known


def environment(world: World, pod: dict, container: dict, image_env: dict, started: str = "") -> dict[str, str]:
    """The environment of a container: image, services that existed when it started (KUB-54), then its own entries.

    `started` is the RFC 3339 time of the container's start; "" counts every service that exists now.  Raises ConfigError.
    """
    env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME": hostname(pod), **image_env}
    env.update(_service_variables(world, pod, started))
    namespace = pod["metadata"].get("namespace", "default")
    for source in container.get("envFrom") or ():
        kind, ref = ("ConfigMap", source["configMapRef"]) if "configMapRef" in source else ("Secret", source["secretRef"])
        data = _data(world, kind, namespace, ref)
        env.update({source.get("prefix", "") + key: value for key, value in sorted(data.items())})
    for entry in container.get("env") or ():
        value = _value(world, pod, container, entry) if "valueFrom" in entry else expand(entry.get("value", ""), env)
        if value is not None:
            env[entry["name"]] = value
    env.setdefault("HOME", "/root")
    return env


def expand(text: str, env: dict[str, str]) -> str:
    """$(VAR) -> its value, $$(VAR) -> $(VAR); an unknown variable stays as it stands (KUB-55)."""
    return re.sub(r"\$(\$)|\$\(([^)]*)\)", lambda m: "$" if m[1] else env.get(m[2], m[0]), text)


def _service_variables(world: World, pod: dict, started: str) -> dict[str, str]:
    namespace = pod["metadata"].get("namespace", "default")
    services = [world.find(Key("Service", "default", "kubernetes"))]
    if pod["spec"].get("enableServiceLinks", True):
        services += world.list("Service", namespace)
    env: dict[str, str] = {}
    for service in services:
        if service is None or service["spec"].get("clusterIP") in (None, "", "None") or not service["spec"].get("ports"):
            continue
        if started and service["metadata"].get("creationTimestamp", "") > started:
            continue
        env.update(_variables_of(service))
    return env


def _variables_of(service: dict) -> dict[str, str]:
    prefix = service["metadata"]["name"].upper().replace("-", "_")
    ip, ports = service["spec"]["clusterIP"], service["spec"]["ports"]
    env = {f"{prefix}_SERVICE_HOST": ip, f"{prefix}_SERVICE_PORT": str(ports[0]["port"])}
    for port in ports:
        if port.get("name"):
            env[f"{prefix}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}"] = str(port["port"])
    first = ports[0]
    env[f"{prefix}_PORT"] = f"{first.get('protocol', 'TCP').lower()}://{ip}:{first['port']}"
    for port in ports:
        protocol, number = port.get("protocol", "TCP"), port["port"]
        stem = f"{prefix}_PORT_{number}_{protocol}"
        env.update({stem: f"{protocol.lower()}://{ip}:{number}", f"{stem}_PROTO": protocol.lower(),
                    f"{stem}_PORT": str(number), f"{stem}_ADDR": ip})
    return env


def _value(world: World, pod: dict, container: dict, entry: dict) -> str | None:
    """The value that an env entry refers to; None where an optional reference leads nowhere."""
    source = entry["valueFrom"]
    if "fieldRef" in source:
        return field(pod, source["fieldRef"]["fieldPath"])
    if "resourceFieldRef" in source:
        limits_or_requests, _, resource = source["resourceFieldRef"]["resource"].partition(".")
        return str(quantity.whole(get(container, f"resources.{limits_or_requests}.{resource}", "0")))
    kind, ref = ("ConfigMap", source["configMapKeyRef"]) if "configMapKeyRef" in source else ("Secret", source["secretKeyRef"])
    namespace = pod["metadata"].get("namespace", "default")
    data = _data(world, kind, namespace, ref)
    if ref["key"] not in data:
        if ref.get("optional"):
            return None
        raise ConfigError(f"couldn't find key {ref['key']} in {kind} {namespace}/{ref['name']}")
    return data[ref["key"]]


def _data(world: World, kind: str, namespace: str, ref: dict) -> dict[str, str]:
    """The data of a ConfigMap or Secret, decoded."""
    obj = world.find(Key(kind, namespace, ref.get("name", "")))
    if obj is None:
        if ref.get("optional"):
            return {}
        raise ConfigError(f'{kind.lower()} "{ref.get("name", "")}" not found')
    data = obj.get("data") or {}
    return dict(data) if kind == "ConfigMap" else {k: base64.b64decode(v).decode("utf-8", "replace") for k, v in data.items()}


def field(pod: dict, path: str) -> str:
    """A field of the downward API (KUB-55): metadata.name, metadata.labels['app'], status.podIP ..."""
    keyed = re.fullmatch(r"metadata\.(labels|annotations)\['(.*)'\]", path)
    if keyed:
        return (pod["metadata"].get(keyed[1]) or {}).get(keyed[2], "")
    if path in ("metadata.labels", "metadata.annotations"):
        return "\n".join(f'{k}="{v}"' for k, v in sorted((get(pod, path) or {}).items()))
    if path in ("status.podIPs", "status.hostIPs"):
        return ",".join(each["ip"] for each in get(pod, path) or ())
    return str(get(pod, path, ""))
