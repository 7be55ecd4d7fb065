"""Addresses and node ports of Services: given out when a Service is made, free again when it is gone (SVC-5 to SVC-8).

What is taken is read from the Services themselves.  A real cluster draws at random; here it is the next free one.
"""
from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, ip_address

from .errors import Invalid, duplicate, invalid, required, unsupported
from .kinds.fields import Errors, ip
from .kinds.service import headless, needs_health_check
from .world import Key

NETWORK = IPv4Network("10.96.0.0/12")
RESERVED = 256                          # the lower band, which is kept for addresses that are asked for
NODE_PORTS = range(30000, 32768)
FAMILIES, FAMILY_POLICIES = ("IPv4", "IPv6"), ("PreferDualStack", "RequireDualStack", "SingleStack")


def allocate(api, service: dict, old: dict | None = None) -> None:
    """Fill in what the Service lacks, or refuse what it asks for and cannot have, in place."""
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        return
    for check in (_address_errors, _stack_errors):        # all other complaints come only of what these two accept
        if errors := list(check(spec)):
            raise Invalid(kind="Service", name=service["metadata"].get("name", ""), errors=errors)
    others = [s["spec"] for s in api.world.list("Service") if s["metadata"]["uid"] != service["metadata"]["uid"]]
    if not headless(spec) and (old is None or not old["spec"].get("clusterIP")):      # one that has an address keeps it (SVC-20)
        _cluster_ip(service, {other.get("clusterIP") for other in others})
    taken = {port["nodePort"] for other in others for port in other.get("ports") or () if port.get("nodePort")}
    taken |= {other["healthCheckNodePort"] for other in others if "healthCheckNodePort" in other}
    if spec.get("type") in ("NodePort", "LoadBalancer") and spec.get("allocateLoadBalancerNodePorts", True):
        _node_ports(service, taken)
    if needs_health_check(spec) and not spec.get("healthCheckNodePort"):
        spec["healthCheckNodePort"] = _free(taken)


def release(api, service: dict) -> None:
    """A Service takes the Endpoints of its name along (SVC-8)."""
    key = Key("Endpoints", service["metadata"]["namespace"], service["metadata"]["name"])
    if api.find(key) is not None:
        api.delete(key, who="kube-apiserver", because="SVC-8")


def _cluster_ip(service: dict, taken: set) -> None:
    spec = service["spec"]
    wanted = spec.get("clusterIP") or (spec.get("clusterIPs") or [""])[0]
    if not wanted:                                                          # SVC-5
        first = int(NETWORK.network_address) + RESERVED
        free = (str(IPv4Address(first + i)) for i in range(1, NETWORK.num_addresses - RESERVED))
        spec["clusterIP"] = next(address for address in free if address not in taken)
        spec["clusterIPs"] = [spec["clusterIP"]]
    elif wanted in taken:                                                   # SVC-6
        raise _refused(service, "spec.clusterIPs", [wanted], f"failed to allocate IP {wanted}: provided IP is already allocated")
    elif IPv4Address(wanted) not in NETWORK:
        raise _refused(service, "spec.clusterIPs", [wanted], f"failed to allocate IP {wanted}: the provided IP ({wanted}) is not in the "
                                                             f"valid range. The range of valid IPs is {NETWORK}")


def _node_ports(service: dict, taken: set) -> None:
    """SVC-7; the same port over two protocols gets the same node port.  What is given out is added to `taken`."""
    entries = service["spec"].get("ports") or ()
    asked = {entry.get("port"): entry["nodePort"] for entry in reversed(entries) if entry.get("nodePort")}
    given: dict = {}
    for i, entry in enumerate(entries):
        number = entry.get("nodePort") or given.get(entry.get("port")) or asked.get(entry.get("port")) or _free(taken)
        if number != given.get(entry.get("port")):
            _take(service, f"spec.ports[{i}].nodePort", number, taken)
        entry["nodePort"] = given[entry.get("port")] = number


def _take(service: dict, field: str, number: int, taken: set) -> None:
    if number in taken:
        raise _refused(service, field, number, "provided port is already allocated")
    if number not in NODE_PORTS:
        raise _refused(service, field, number,
                       f"provided port is not in the valid range. The range of valid ports is {NODE_PORTS[0]}-{NODE_PORTS[-1]}")
    taken.add(number)


def _free(taken: set) -> int:
    return next(port for port in NODE_PORTS if port not in taken)


def _refused(service: dict, field: str, value, why: str) -> Invalid:
    return Invalid(kind="Service", name=service["metadata"].get("name", ""), errors=[invalid(field, value, why)])


# ---- what cannot be given ------------------------------------------------------------------------

def _address_errors(spec: dict) -> Errors:
    """SVC-2, SVC-3: what is wrong with cluster IPs and families as they are written."""
    first, addresses = spec.get("clusterIP"), list(spec.get("clusterIPs") or ())
    if first and not addresses:
        yield required("spec.clusterIPs")
    elif first and addresses[0] != first:
        yield invalid("spec.clusterIPs", addresses, "first value must match `clusterIP`")
    elif addresses and not first:
        yield invalid("spec.clusterIPs", addresses, "must be empty when `clusterIP` is not specified")
    yield from _families(spec)
    wrong = [error for i, address in enumerate(addresses) if (i, address) != (0, "None") for error in ip(f"spec.clusterIPs[{i}]", address)]
    if addresses[:1] == ["None"] and len(addresses) > 1:
        wrong.insert(0, invalid("spec.clusterIPs", addresses, "'None' must be the first and only value"))
    yield from wrong
    if len(addresses) > 2:
        yield invalid("spec.clusterIPs", addresses, "may only hold up to 2 values")
    if not wrong and len(addresses) > 1 and len({ip_address(address).version for address in addresses}) < 2:
        yield invalid("spec.clusterIPs", addresses, "may specify no more than one IP for each IP family")


def _families(spec: dict) -> Errors:
    families, policy = spec.get("ipFamilies") or [], spec["ipFamilyPolicy"]
    for i, family in enumerate(families):
        if family not in FAMILIES:
            yield unsupported(f"spec.ipFamilies[{i}]", family, list(FAMILIES))
        if family in families[:i]:
            yield duplicate(f"spec.ipFamilies[{i}]", family)
    if policy not in FAMILY_POLICIES:
        yield unsupported("spec.ipFamilyPolicy", policy, list(FAMILY_POLICIES))


def _stack_errors(spec: dict) -> Errors:
    """SVC-2: what this cluster, which speaks IPv4 only, cannot give."""
    addresses = list(spec.get("clusterIPs") or ())
    for i, address in enumerate(addresses):
        if ":" in address:
            yield invalid(f"spec.clusterIPs[{i}]", addresses, "IPv6 is not configured on this cluster")
    families, policy, path = spec.get("ipFamilies") or (), spec["ipFamilyPolicy"], "spec.ipFamilyPolicy"
    twice = [what for field, what in (("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families")) if len(spec.get(field) or ()) == 2]
    if policy == "SingleStack" and twice:
        for what in twice:
            yield invalid(path, policy, f"must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified")
    elif not headless(spec) or spec.get("selector"):
        if policy == "RequireDualStack":
            yield invalid(path, policy, "this cluster is not configured for dual-stack services")
        for i, family in enumerate(families):
            if family != "IPv4":
                yield invalid(f"spec.ipFamilies[{i}]", family, "not configured on this cluster")
