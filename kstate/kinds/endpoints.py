"""Endpoints and EndpointSlice: which addresses stand behind a service."""
from __future__ import annotations

from ..errors import required
from .fields import Errors, fill, immutable, label, one_of, port, reachable_ip
from .kind import Kind, columns
from .service import PROTOCOLS

DEPRECATION = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")
SHOWN = 3       # so many addresses or ports stand in a cell


def default(endpoints: dict) -> None:
    for subset in endpoints.get("subsets") or ():
        for entry in subset.get("ports") or ():
            fill(entry, protocol="TCP")


def validate(endpoints: dict, _old: dict | None) -> Errors:
    for i, subset in enumerate(endpoints.get("subsets") or ()):
        path, ports = f"subsets[{i}]", subset.get("ports") or ()
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            yield required(path, "must specify `addresses` or `notReadyAddresses`")
        for field in ("addresses", "notReadyAddresses"):
            for j, address in enumerate(subset.get(field) or ()):
                yield from reachable_ip(f"{path}.{field}[{j}].ip", address.get("ip", ""))
        for j, entry in enumerate(ports):
            yield from _port(entry, f"{path}.ports[{j}]", len(ports) > 1)


def _port(entry: dict, path: str, named: bool) -> Errors:
    if entry.get("name"):
        yield from label(f"{path}.name", entry["name"])
    elif named:
        yield required(f"{path}.name")
    yield from port(f"{path}.port", entry.get("port", 0))
    yield from one_of(f"{path}.protocol", entry.get("protocol"), PROTOCOLS)


def cells(endpoints: dict, age) -> list:
    """TBL-41."""
    meta, subsets = endpoints["metadata"], endpoints.get("subsets") or ()
    found = [_with_port(address["ip"], entry) for subset in subsets for entry in subset.get("ports") or (None,)
             for address in subset.get("addresses") or ()]
    return [meta["name"], _at_most(found) if subsets else "<none>", age(meta.get("creationTimestamp"))]


def _with_port(address: str, entry: dict | None) -> str:
    if entry is None:
        return address
    return f"[{address}]:{entry['port']}" if ":" in address else f"{address}:{entry['port']}"


def _at_most(items: list[str]) -> str:
    more = f" + {len(items) - SHOWN} more..." if len(items) > SHOWN else ""
    return ",".join(items[:SHOWN]) + more


def default_slice(slice: dict) -> None:
    for entry in slice.get("ports") or ():
        fill(entry, name="", protocol="TCP")


def validate_slice(slice: dict, old: dict | None) -> Errors:
    yield from one_of("addressType", slice.get("addressType"), ADDRESS_TYPES)
    for i, endpoint in enumerate(slice.get("endpoints") or ()):
        if not endpoint.get("addresses"):
            yield required(f"endpoints[{i}].addresses", "must contain at least 1 address")
        for j, address in enumerate(endpoint.get("addresses") or ()):
            if slice.get("addressType") in ("IPv4", "IPv6"):
                yield from reachable_ip(f"endpoints[{i}].addresses[{j}]", address)
    if old is not None:
        yield from immutable("addressType", slice.get("addressType"), old.get("addressType"))


def slice_cells(slice: dict, age) -> list:
    """TBL-42."""
    ports = [str(entry["port"]) if entry.get("port") is not None else entry.get("name") or "*" for entry in slice.get("ports") or ()]
    addresses = [address for endpoint in slice.get("endpoints") or () for address in endpoint.get("addresses") or ()]
    return [slice["metadata"]["name"], slice.get("addressType", ""), _at_most(ports) or "<unset>", _at_most(addresses) or "<unset>",
            age(slice["metadata"].get("creationTimestamp"))]


ROWS = (
    Kind("Endpoints", "endpoints", short=("ep",), create_on_update=True, deprecation=DEPRECATION,
         default=default, validate=validate, columns=columns("Name, Endpoints, Age"), cells=cells),
    Kind("EndpointSlice", "endpointslices", "discovery.k8s.io", generation=("addressType", "endpoints", "ports", "metadata.labels"),
         default=default_slice, validate=validate_slice, columns=columns("Name, AddressType, Ports, Endpoints, Age"), cells=slice_cells),
)
