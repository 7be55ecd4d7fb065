"""Service (SVC-1 to SVC-21), in a cluster that speaks IPv4 only.  Addresses and node ports are given out by admission."""
from __future__ import annotations

from ..errors import duplicate, forbidden, invalid, required, unsupported
from ..world import freeze, get
from .fields import Errors, cidr, fill, ip, label, label_map, one_of, port, port_or_name, qualified, reachable_ip, same_spec, subdomain
from .kind import Kind, columns

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
AFFINITIES = ("ClientIP", "None")
POLICIES = ("Cluster", "Local")
PROTOCOLS = ("SCTP", "TCP", "UDP")
DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
AFFINITY_SECONDS, MAX_AFFINITY_SECONDS = 10800, 86400


def headless(spec: dict) -> bool:
    return spec.get("clusterIP") == "None" or spec.get("clusterIPs") == ["None"]


def external(spec: dict) -> bool:
    """Reachable from outside the cluster, so that the external traffic policy has a meaning."""
    return spec.get("type") in ("NodePort", "LoadBalancer") or (spec.get("type") == "ClusterIP" and bool(spec.get("externalIPs")))


def needs_health_check(spec: dict) -> bool:
    """A balancer that must know which nodes have endpoints has them answer at a port of their own."""
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


# ---- defaults (SVC-1, SVC-2) ------------------------------------------------------------------

def default(service: dict) -> None:
    spec = service.setdefault("spec", {})
    fill(spec, type="ClusterIP", sessionAffinity="None")
    if spec["sessionAffinity"] == "ClientIP":
        spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {}).setdefault("timeoutSeconds", AFFINITY_SECONDS)
    for entry in spec.get("ports") or ():
        fill(entry, protocol="TCP", targetPort=entry.get("port", 0))
    if external(spec):
        fill(spec, externalTrafficPolicy="Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    if spec.get("clusterIP"):
        fill(spec, clusterIPs=[spec["clusterIP"]])                                      # SVC-3
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
        _default_families(spec)


def _default_families(spec: dict) -> None:
    """A headless service without selector may get endpoints of any family from whoever writes them."""
    any_family = headless(spec) and not spec.get("selector")
    fill(spec, ipFamilyPolicy="RequireDualStack" if any_family else "SingleStack")
    fill(spec, ipFamilies=["IPv4", "IPv6"] if any_family else ["IPv4"])


# ---- strategy (SVC-3, SVC-20) -----------------------------------------------------------------

def prepare(service: dict, old: dict | None) -> None:
    spec = service["spec"]
    if old is not None:
        _keep_allocated(spec, old["spec"])
        _follow_cluster_ip(spec, old["spec"])
        _drop_by_type(spec, old["spec"])


def _has_cluster_ip(spec: dict) -> bool:
    return spec.get("type") != "ExternalName"


def _has_node_ports(spec: dict) -> bool:
    return spec.get("type") == "NodePort" or (spec.get("type") == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts", True))


def _keep_allocated(spec: dict, old: dict) -> None:
    """What an update leaves out and the server once gave, stays."""
    if _has_cluster_ip(spec) and _has_cluster_ip(old):
        fill(spec, **{field: old[field] for field in ("clusterIP", "clusterIPs") if field in old})
    if needs_health_check(spec) and needs_health_check(old):
        fill(spec, healthCheckNodePort=old["healthCheckNodePort"])
    if _has_node_ports(spec) and _has_node_ports(old):
        ports, given = spec.get("ports") or (), {entry.get("name"): entry["nodePort"] for entry in old.get("ports") or () if entry.get("nodePort")}
        taken = {entry.get("nodePort") for entry in ports}
        for entry in ports:
            if not entry.get("nodePort") and given.get(entry.get("name")) not in (None, *taken):
                entry["nodePort"] = given[entry.get("name")]


def _follow_cluster_ip(spec: dict, old: dict) -> None:
    """Who edits only clusterIP means clusterIPs, too."""
    new_ip, new_ips, old_ips = spec.get("clusterIP"), spec.get("clusterIPs"), old.get("clusterIPs")
    if new_ip and new_ips == old_ips and new_ip != old.get("clusterIP"):
        spec["clusterIPs"] = [new_ip]


def _drop_by_type(spec: dict, old: dict) -> None:
    """What only the old type can have goes with it, unless it was edited as well."""
    if _has_cluster_ip(old) and not _has_cluster_ip(spec) and spec.get("clusterIPs") == old.get("clusterIPs"):
        for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            spec.pop(field, None)
    if _has_node_ports(old) and not _has_node_ports(spec) and _node_ports(spec) == _node_ports(old):
        for entry in spec.get("ports") or ():
            entry.pop("nodePort", None)
    if needs_health_check(old) and not needs_health_check(spec) and spec.get("healthCheckNodePort") == old["healthCheckNodePort"]:
        del spec["healthCheckNodePort"]
    if external(old) and not external(spec) and spec.get("externalTrafficPolicy") == old.get("externalTrafficPolicy"):
        spec.pop("externalTrafficPolicy", None)
    if old.get("type") == "LoadBalancer" and spec.get("type") != "LoadBalancer":
        for field in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
            if spec.get(field) == old.get(field):
                spec.pop(field, None)


def _node_ports(spec: dict) -> list:
    return [entry.get("nodePort") for entry in spec.get("ports") or ()]


# ---- validation -------------------------------------------------------------------------------

def validate(service: dict, old: dict | None) -> Errors:
    if same_spec(service, old):
        return
    spec = service["spec"]
    if old is not None:
        yield from _validate_update(spec, old["spec"])
    ports = spec.get("ports") or ()
    if not ports and not headless(spec) and spec["type"] != "ExternalName":             # SVC-10
        yield required("spec.ports")
    yield from _type(spec)
    names: dict[str, None] = {}
    for i, entry in enumerate(ports):
        yield from _port(entry, f"spec.ports[{i}]", len(ports) > 1, names)
    yield from label_map("spec.selector", spec.get("selector"))                         # SVC-15
    yield from one_of("spec.sessionAffinity", spec["sessionAffinity"], AFFINITIES)      # SVC-14
    yield from _affinity(spec)
    for i, address in enumerate(spec.get("externalIPs") or ()):
        yield from reachable_ip(f"spec.externalIPs[{i}]", address)
    yield from one_of("spec.type", spec["type"], TYPES)
    yield from _port_pairs(spec, ports)
    yield from _policies(spec)


def _type(spec: dict) -> Errors:
    """SVC-11, SVC-12."""
    if spec["type"] in ("LoadBalancer", "NodePort") and headless(spec):
        yield invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {spec['type']} services")
    if spec["type"] == "ExternalName":
        for field in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if spec.get(field):
                yield forbidden(f"spec.{field}", "may not be set for ExternalName services")
        target = spec.get("externalName", "").removesuffix(".")
        if target:
            yield from subdomain("spec.externalName", target)
        else:
            yield required("spec.externalName")


def _port(entry: dict, path: str, named: bool, names: dict[str, None]) -> Errors:
    name = entry.get("name")
    if name:
        yield from label(f"{path}.name", name)
        if name in names:
            yield duplicate(f"{path}.name", name)
        names[name] = None
    elif named:
        yield required(f"{path}.name")
    yield from port(f"{path}.port", entry.get("port", 0))
    yield from one_of(f"{path}.protocol", entry.get("protocol"), PROTOCOLS)
    yield from port_or_name(f"{path}.targetPort", entry.get("targetPort", 0))
    if "appProtocol" in entry:
        yield from qualified(f"{path}.appProtocol", entry["appProtocol"])


def _affinity(spec: dict) -> Errors:
    if spec["sessionAffinity"] == "ClientIP":
        seconds = get(spec, "sessionAffinityConfig.clientIP.timeoutSeconds", 0)
        if not 0 < seconds <= MAX_AFFINITY_SECONDS:
            yield invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds,
                          f"must be greater than 0 and less than {MAX_AFFINITY_SECONDS}")
    elif spec["sessionAffinity"] == "None" and spec.get("sessionAffinityConfig") is not None:
        yield forbidden("spec.sessionAffinityConfig", "must not be set when session affinity is None")


def _port_pairs(spec: dict, ports) -> Errors:
    """SVC-13, and the pairs of SVC-10 that have to be unique."""
    if spec["type"] == "ClusterIP":
        for i, entry in enumerate(ports):
            if entry.get("nodePort"):
                yield forbidden(f"spec.ports[{i}].nodePort", "may not be used when `type` is 'ClusterIP'")
    node_ports = [(entry.get("protocol"), entry["nodePort"]) if entry.get("nodePort") else None for entry in ports]
    for i, pair in enumerate(node_ports):
        if pair and pair in node_ports[:i]:
            yield duplicate(f"spec.ports[{i}].nodePort", pair[1])
    pairs = [(entry.get("protocol"), entry.get("port", 0)) for entry in ports]
    for i, (protocol, number) in enumerate(pairs):
        if (protocol, number) in pairs[:i]:     # shown as the API server holds it
            yield duplicate(f"spec.ports[{i}]", {"Name": "", "Protocol": protocol, "AppProtocol": None, "Port": number, "TargetPort": 0,
                                                 "NodePort": 0})


def _policies(spec: dict) -> Errors:
    yield from _balancer(spec)
    if external(spec):
        yield from one_of("spec.externalTrafficPolicy", spec.get("externalTrafficPolicy"), POLICIES)
    elif spec.get("externalTrafficPolicy"):
        yield invalid("spec.externalTrafficPolicy", spec["externalTrafficPolicy"], "may only be set for externally-accessible services")
    if needs_health_check(spec):
        yield from port("spec.healthCheckNodePort", spec["healthCheckNodePort"])
    elif spec.get("healthCheckNodePort"):
        yield invalid("spec.healthCheckNodePort", spec["healthCheckNodePort"],
                      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'")
    if spec.get("internalTrafficPolicy"):
        yield from one_of("spec.internalTrafficPolicy", spec["internalTrafficPolicy"], POLICIES)
    if spec.get("trafficDistribution") is not None and spec["trafficDistribution"] not in DISTRIBUTIONS:
        yield unsupported("spec.trafficDistribution", spec["trafficDistribution"], list(DISTRIBUTIONS))


def _balancer(spec: dict) -> Errors:
    """What only a LoadBalancer can have."""
    only = "may only be used when `type` is 'LoadBalancer'"
    ranges, path = spec.get("loadBalancerSourceRanges") or (), "spec.LoadBalancerSourceRanges"      # written so in Kubernetes' errors
    if ranges and spec["type"] != "LoadBalancer":
        yield forbidden(path, only)
    for i, text in enumerate(ranges):
        yield from cidr(f"{path}[{i}]", text.strip())
    if spec["type"] == "LoadBalancer":
        if spec.get("loadBalancerClass") is not None:
            yield from qualified("spec.loadBalancerClass", spec["loadBalancerClass"])
        return
    for field in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
        if spec.get(field) is not None:
            yield forbidden(f"spec.{field}", only)


def _validate_update(spec: dict, old: dict) -> Errors:
    """SVC-20: what was given once stays: an address, unless the service was or becomes an ExternalName; and what balancers know of it."""
    yield from _given_address(spec, old)
    if spec["type"] == old["type"] == "LoadBalancer" and spec.get("loadBalancerClass") != old.get("loadBalancerClass"):
        yield invalid("spec.loadBalancerClass", spec.get("loadBalancerClass"), "may not change once set")
    if needs_health_check(spec) and needs_health_check(old) and spec["healthCheckNodePort"] != old["healthCheckNodePort"]:
        yield forbidden("spec.healthCheckNodePort", "field is immutable")


def _given_address(spec: dict, old: dict) -> Errors:
    if "ExternalName" in (spec["type"], old["type"]) or (headless(spec) and headless(old)):
        return
    now, was = list(spec.get("clusterIPs") or ()), list(old.get("clusterIPs") or ())
    for i, (new_address, old_address) in enumerate(zip(now, was)):
        if new_address != old_address and (i == 0 or len(now) == len(was)):
            yield invalid(f"spec.clusterIPs[{i}]", now, "may not change once set")


def validate_status(service: dict, _old: dict) -> Errors:
    """Only a balancer has addresses of its own (SVC-14)."""
    ingress = get(service, "status.loadBalancer.ingress") or ()
    if ingress and service["spec"]["type"] != "LoadBalancer":
        yield forbidden("status.loadBalancer.ingress", "may only be used when `spec.type` is 'LoadBalancer'")
    for i, entry in enumerate(ingress):
        if entry.get("ip"):
            yield from ip(f"status.loadBalancer.ingress[{i}].ip", entry["ip"])


def warnings(service: dict, old: dict | None):
    """API-61."""
    spec = service["spec"]
    if same_spec(service, old):
        return
    if headless(spec):
        for field in ("loadBalancerIP", "externalIPs"):
            if spec.get(field):
                yield f"spec.{field} is ignored for headless services"
        if spec["sessionAffinity"] != "None":
            yield "spec.SessionAffinity is ignored for headless services"
    named = spec["type"] == "ExternalName"
    if named and spec.get("externalIPs"):
        yield 'spec.externalIPs is ignored when spec.type is "ExternalName"'
    if not named and spec.get("externalName"):
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'
    if spec.get("trafficDistribution") == "PreferClose":
        yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'


# ---- table (TBL-40) ---------------------------------------------------------------------------

def cells(service: dict, age) -> list:
    meta, spec = service["metadata"], service["spec"]
    addresses = spec.get("clusterIPs") or ()
    selector = ",".join(f"{k}={v}" for k, v in sorted((spec.get("selector") or {}).items()))
    return [meta["name"], spec.get("type", ""), addresses[0] if addresses else "<none>", _external_ip(service),
            _ports(spec.get("ports") or ()), age(meta.get("creationTimestamp")), selector or "<none>"]


def _external_ip(service: dict) -> str:
    spec = service["spec"]
    own = list(spec.get("externalIPs") or ())
    if spec.get("type") in ("ClusterIP", "NodePort"):
        return ",".join(own) or "<none>"
    if spec.get("type") == "LoadBalancer":
        ingress = dict.fromkeys(entry.get("ip") or entry.get("hostname", "") for entry in get(service, "status.loadBalancer.ingress") or ())
        return ",".join([*sorted(ingress), *own]) or "<pending>"
    return spec.get("externalName", "") if spec.get("type") == "ExternalName" else "<unknown>"


def _ports(entries) -> str:
    return ",".join(f"{entry['port']}{':' + str(entry['nodePort']) if entry.get('nodePort') else ''}/{entry.get('protocol', '')}"
                    for entry in entries) or "<none>"


ROWS = (
    Kind("Service", "services", short=("svc",), categories=("all",), subresources=("status",), name_rule="label",
         status=freeze({"loadBalancer": {}}), create_on_update=True, deleted_object=True,
         field_selectors=("spec.clusterIP", "spec.type"), strict_field_errors=True,
         default=default, prepare=prepare, validate=validate, validate_status=validate_status, warnings=warnings,
         columns=columns("Name, Type, Cluster-IP, External-IP, Port(s), Age, Selector w"), cells=cells),
)
