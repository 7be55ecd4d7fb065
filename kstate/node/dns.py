"""Cluster DNS: what CoreDNS's kubernetes plugin answers, and how the resolver of a pod asks.

`lookup` is the server: one fully qualified name and type -> Answer, from the Services and EndpointSlices of the world.
`resolve` is the C library in a pod: /etc/hosts, then the search list with ndots; its Trace tells every name tried.

Not modelled: the network beyond the cluster (a name below a real top-level domain is SERVFAIL, any other NXDOMAIN), caches,
IPv6, the load balancing of answers: records come in the order of their addresses (DNS-32).
"""
from __future__ import annotations

import re
from ipaddress import ip_address
from typing import NamedTuple

from ..world import Key, World, get
from .identity import ZONE, hosts

SERVER = "10.96.0.10"               # the ClusterIP of kube-system/kube-dns
ITSELF = {"metadata": {"name": "kube-dns", "namespace": "kube-system"},     # which need not be there as an object
          "spec": {"clusterIP": SERVER, "ports": [{"name": "dns", "port": 53, "protocol": "UDP"}]}}
TTL = 30                            # seconds (DNS-30)
DELEGATED = re.compile(r"\.([a-z]{2}|com|org|net|edu|gov|info|dev|app|cloud)$")      # whose servers would have to be asked
MAX_SEARCH = 32                     # domains in resolv.conf (DNS-40)


class Record(NamedTuple):
    """One resource record: `Record("web-0.nginx.default.svc.cluster.local", "A", "10.244.1.6")`."""

    name: str
    type: str
    data: str
    ttl: int = TTL


class Answer(NamedTuple):
    """NOERROR without records is the "empty answer" that differs from NXDOMAIN: the name exists, the type does not."""

    rcode: str                          # NOERROR | NXDOMAIN | SERVFAIL
    records: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()

    def addresses(self) -> list[str]:
        return [r.data for r in self.records if r.type == "A"]


class Try(NamedTuple):
    """One question of the resolver; `server` is "hosts" where /etc/hosts knew the name."""

    fqdn: str
    rcode: str
    records: tuple[Record, ...]
    server: str = "dns"

    @property
    def outcome(self) -> str:
        """What came of it, in a word: the data, or why there is none."""
        data = ", ".join(record.data for record in self.records)
        found = data or {"NOERROR": "no such record"}.get(self.rcode, self.rcode)
        return f"{found} (/etc/hosts)" if self.server == "hosts" else found


class Trace(NamedTuple):
    """How a pod's resolver looked for a name.  As text: a line for each name tried, and what came of it."""

    name: str
    tried: tuple[Try, ...]
    answer: Answer

    def __str__(self) -> str:
        width = max(len(one.fqdn) for one in self.tried)
        return "\n".join(f"{number}  {one.fqdn:{width}}  {one.outcome}" for number, one in enumerate(self.tried, 1))


NXDOMAIN, NODATA, SERVFAIL = Answer("NXDOMAIN"), Answer("NOERROR"), Answer("SERVFAIL")


# ---- the server ----------------------------------------------------------------------------------

def lookup(world: World, fqdn: str, qtype: str = "A") -> Answer:
    """What the cluster's DNS server answers to one question."""
    name = fqdn.lower().rstrip(".")
    if name.endswith(".in-addr.arpa"):
        return _pointer(world, name) if qtype == "PTR" else NXDOMAIN
    if name != ZONE and not name.endswith("." + ZONE):
        return SERVFAIL if DELEGATED.search(name) else NXDOMAIN             # DNS-20: no way out of the cluster
    labels = name[:-len(ZONE)].rstrip(".").split(".")[::-1]                 # DNS-1: right to left: svc, namespace, service ...
    if labels == ["dns-version"]:
        return Answer("NOERROR", (Record(name, "TXT", '"1.1.0"'),)) if qtype == "TXT" else NODATA   # DNS-17
    if len(labels) <= 2 and labels[0] in ("", "svc", "pod"):
        known = len(labels) < 2 or world.find(Key("Namespace", "", labels[1]))
        return NODATA if known else NXDOMAIN                                # DNS-17
    if labels[0] == "pod":
        return _pod(world, name, labels, qtype)
    if labels[0] == "svc" and len(labels) in (3, 4, 5):
        return _service(world, name, labels[1:], qtype)
    return NXDOMAIN


def _service(world: World, name: str, labels: list[str], qtype: str) -> Answer:
    """<service>.<namespace>, <endpoint>.<service>.<namespace> and _<port>._<protocol>.<service>.<namespace>."""
    namespace, service_name, *rest = labels
    service = world.find(Key("Service", namespace, service_name)) or (ITSELF if labels == ["kube-system", "kube-dns"] else None)
    if service is None:
        return NXDOMAIN
    if service["spec"].get("type") == "ExternalName":                       # DNS-14
        return _alias(world, name, service["spec"]["externalName"], qtype) if not rest else NXDOMAIN
    protocol, port = (rest[0][1:], rest[1][1:]) if len(rest) == 2 and all(r.startswith("_") for r in rest) else ("", "")
    if rest and not port:
        if len(rest) > 1:
            return NXDOMAIN                                                 # DNS-1: more labels than there is meaning for
        ready = [e for e in endpoints(world, service) if e.label == rest[0]]    # DNS-12
    else:
        ready = endpoints(world, service)
    if headless(service) or (rest and not port):
        if not ready:
            return NXDOMAIN                                                 # DNS-11: though the service exists
        targets = [(f"{e.label}.{service_name}.{namespace}.svc.{ZONE}", e.address, e.ports) for e in ready]
    else:
        ports = [(p.get("name", ""), p["port"], p.get("protocol", "TCP")) for p in service["spec"].get("ports") or ()]
        targets = [(f"{service_name}.{namespace}.svc.{ZONE}", service["spec"].get("clusterIP", ""), ports)]     # DNS-10
    services = [(target, address, number) for target, address, ports in targets for port_name, number, transport in ports
                if not port or (port_name == port and transport.lower() == protocol)]
    if port and not services:
        return NXDOMAIN
    if qtype == "SRV":                                                      # DNS-13
        weight = max(1, 100 // max(1, len(services)))
        return Answer("NOERROR", tuple(Record(name, "SRV", f"0 {weight} {number} {target}") for target, _, number in services),
                      tuple(dict.fromkeys(Record(target, "A", address) for target, address, _ in services)))
    if qtype == "A" and not port:
        return Answer("NOERROR", tuple(dict.fromkeys(Record(name, "A", address) for _, address, _ in targets)))
    return NODATA


def _alias(world: World, name: str, target: str, qtype: str) -> Answer:
    """A CNAME, and what it leads to where that lies in the cluster."""
    target = target.rstrip(".")
    records = (Record(name, "CNAME", target),)
    if qtype != "CNAME" and target.endswith("." + ZONE):
        records += lookup(world, target, qtype).records
    return Answer("NOERROR", records)


def _pod(world: World, name: str, labels: list[str], qtype: str) -> Answer:
    """10-244-1-6.<namespace>.pod: that address, whether a pod has it or not (DNS-16)."""
    address = labels[2].replace("-", ".") if len(labels) == 3 else ""
    if not re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}", address) or not world.find(Key("Namespace", "", labels[1])):
        return NXDOMAIN
    return Answer("NOERROR", (Record(name, "A", address),)) if qtype == "A" else NODATA


def _pointer(world: World, name: str) -> Answer:
    """The names of an address (DNS-15)."""
    address = ".".join(name.removesuffix(".in-addr.arpa").split(".")[::-1])
    names = []
    for service in (*world.list("Service"), ITSELF):
        domain = f"{service['metadata']['name']}.{service['metadata'].get('namespace', '')}.svc.{ZONE}"
        if service["spec"].get("clusterIP") == address:
            names.append(domain)
        names += [f"{e.label}.{domain}" for e in endpoints(world, service) if e.address == address]
    names.sort(key=lambda n: n.startswith(_dashed(address)))                # a pod's own name before one made of its address
    return Answer("NOERROR", tuple(Record(name, "PTR", n) for n in dict.fromkeys(names))) if names else NXDOMAIN


class Endpoint(NamedTuple):
    address: str
    label: str                                  # hostname, or the address with dashes
    ports: list[tuple[str, int, str]]           # (name, number, protocol)


def endpoints(world: World, service: dict) -> list[Endpoint]:
    """The endpoints of a service that DNS and the service's address lead to: those that are ready, by address (DNS-2)."""
    found = []
    meta = service["metadata"]
    for piece in world.select("slice by service", meta["name"]):
        if piece["metadata"].get("namespace") != meta.get("namespace"):
            continue
        ports = [(p.get("name") or "", p.get("port"), p.get("protocol") or "TCP") for p in piece.get("ports") or () if p.get("port")]
        for endpoint in piece.get("endpoints") or ():
            if get(endpoint, "conditions.ready", True):
                found += [Endpoint(a, endpoint.get("hostname") or _dashed(a), ports)
                          for a in endpoint.get("addresses") or ()]
    return sorted(found, key=lambda e: (ip_address(e.address), e.label))                # DNS-32


def _dashed(address: str) -> str:
    return address.replace(".", "-").replace(":", "-")


def headless(service: dict) -> bool:
    return service["spec"].get("clusterIP") == "None"


# ---- the resolver in a pod -----------------------------------------------------------------------

class ResolvConf(NamedTuple):
    nameservers: tuple[str, ...]
    search: tuple[str, ...]
    options: dict[str, str | None]

    def __str__(self) -> str:
        options = " ".join(k if v is None else f"{k}:{v}" for k, v in self.options.items())
        return ((f"search {' '.join(self.search)}\n" if self.search else "") + "".join(f"nameserver {n}\n" for n in self.nameservers)
                + (f"options {options}\n" if options else ""))


def resolv_conf(pod: dict) -> ResolvConf:
    """A pod's resolv.conf, by its dnsPolicy and dnsConfig (DNS-40); its text is str(...)."""
    spec, namespace = pod["spec"], pod["metadata"].get("namespace", "default")
    policy = spec.get("dnsPolicy", "ClusterFirst")
    if policy == "ClusterFirst" and spec.get("hostNetwork"):
        policy = "Default"
    if policy in ("ClusterFirst", "ClusterFirstWithHostNet"):
        conf = ResolvConf((SERVER,), (f"{namespace}.svc.{ZONE}", f"svc.{ZONE}", ZONE), {"ndots": "5"})
    elif policy == "Default":
        conf = ResolvConf(("192.168.0.1",), (), {})         # the node's own server, which nobody answers for
    else:
        conf = ResolvConf((), (), {})
    extra = spec.get("dnsConfig") or {}
    return ResolvConf(
        tuple(dict.fromkeys([*conf.nameservers, *(extra.get("nameservers") or ())])),
        tuple(dict.fromkeys([*conf.search, *(extra.get("searches") or ())]))[:MAX_SEARCH],
        {**conf.options, **{o["name"]: o.get("value") for o in extra.get("options") or ()}})


def candidates(conf: ResolvConf, name: str) -> list[str]:
    """The names that the C library asks for, in order (DNS-41)."""
    if name.endswith("."):
        return [name.rstrip(".")]
    searched = [f"{name}.{domain}" for domain in conf.search]
    ndots = int(conf.options.get("ndots") or 1)
    return [name, *searched] if name.count(".") >= ndots else [*searched, name]


def ask(world: World, pod: dict, fqdn: str, qtype: str = "A") -> Answer:
    """One question to the servers of the pod's resolv.conf; only the cluster's own server knows anything."""
    if resolv_conf(pod).nameservers[:1] == (SERVER,):
        return lookup(world, fqdn, qtype)
    return SERVFAIL


def resolve(world: World, pod: dict, name: str, qtype: str = "A") -> Trace:
    """How a program in the pod finds a name: an address as it is, /etc/hosts, then each candidate until one has data."""
    known = _address(name) or hosts(pod).get(name.rstrip("."))
    if known and qtype == "A":                                              # KUB-53: files before DNS
        records = (Record(name, "A", known),)
        return Trace(name, (Try(name, "NOERROR", records, "hosts"),), Answer("NOERROR", records))
    tried = []
    for fqdn in candidates(resolv_conf(pod), name):
        answer = ask(world, pod, fqdn, qtype)
        tried.append(Try(fqdn, answer.rcode, answer.records))
        if any(r.type == qtype for r in answer.records):                    # NXDOMAIN and empty answers go on
            return Trace(name, tuple(tried), answer)
    rcodes = [t.rcode for t in tried]
    return Trace(name, tuple(tried), NODATA if "NOERROR" in rcodes else Answer(rcodes[-1]))


def _address(name: str) -> str | None:
    try:
        return str(ip_address(name))
    except ValueError:
        return None
