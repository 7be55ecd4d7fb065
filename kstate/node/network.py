"""The pod network: who answers at an address, and HTTP between pods.

A name is resolved as the pod's resolver does; an address belongs to a pod, to a Service (which hands the connection to one
of its ready endpoints) or to a node (its node ports).  Not modelled: the network beyond the cluster, NetworkPolicies, UDP.
"""
from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from ipaddress import ip_address
from typing import NamedTuple

from ..world import World, get, uid
from . import dns, http
from .files import Disks, FileSystem
from .images import Image, image, main_argv
from .machine import Machine, container_of
from .servers import Listener, listeners

BAD_ADDRESS, REFUSED, TIMED_OUT = "bad address", "Connection refused", "Connection timed out"
URL = re.compile(r"(?:(\w+)://)?(?:[^/?#@]*@)?([^:/?#]*)(?::(\d{1,5})(?=[/?#]|$))?([^#]*)")       # scheme, host, port, path
NO_ROUTE, NO_NETWORK = "No route to host", "Network is unreachable"


class Server(NamedTuple):
    """A server in a container that a client has reached."""

    pod: dict
    container: dict
    image: Image
    fs: FileSystem
    listener: Listener


class Connection(NamedTuple):
    """`address` is what the name resolved to; `error` says why there is no server."""

    address: str
    server: Server | None = None
    error: str = ""


class Fetch(NamedTuple):
    """One HTTP request: where it went, and the response; None where none came."""

    host: str
    port: int
    path: str
    connection: Connection
    response: http.Response | None


class Network:
    """The network as one command finds it.  `files(pod, container name, disks)` gives the file system of a container;
    `disks` collects what is written anywhere, so that a client can change what a server in another pod keeps."""

    def __init__(self, world: World, files: Callable[[dict, str, Disks], FileSystem], disks: Disks | None = None) -> None:
        self.world, self.files, self.disks = world, files, disks or Disks()
        self.asked = False              # whether anybody looked a name up: what they do may depend on the cluster
        self._connections = 0

    def resolve(self, pod: dict, name: str, qtype: str = "A") -> dns.Trace:
        self.asked = True
        return dns.resolve(self.world, pod, name, qtype)

    def lookup(self, fqdn: str, qtype: str) -> dns.Answer:
        """One question to the cluster's DNS server."""
        self.asked = True
        return dns.lookup(self.world, fqdn, qtype)

    def connect(self, machine: Machine, host: str, port: int) -> Connection:
        """Open a connection from a machine to a host, by name or address; of several addresses the first that answers."""
        addresses = self.resolve(machine.pod, host).answer.addresses()
        if not addresses:
            return Connection("", error=BAD_ADDRESS)
        tried = [self._connect(machine, address, port) for address in addresses]
        return next((connection for connection in tried if connection.server), tried[0])

    def fetch(self, machine: Machine, url: str, method: str = "GET") -> Fetch:
        """Ask a server for a URL; without a scheme it is http."""
        scheme, host, given, path = URL.match(url).groups()
        secure = scheme == "https"
        port, path = int(given or (443 if secure else 80)), path if path.startswith("/") else f"/{path}"
        connection = self.connect(machine, host, port)
        server, response = connection.server, None
        if server and server.listener.protocol == "http" and not secure:
            address = f"{host}:{given}" if given else host
            response = http.serve(server.listener, server.image, server.fs, method, path, address, machine.timestamp, machine.time)
        return Fetch(host, port, path, connection, response)

    def answers_ping(self, machine: Machine, address: str) -> bool:
        """Pods and nodes do; a Service's address is only a rule in the nodes' packet filter, and does not."""
        return self._pod_at(machine, address) is not None or self._is_node(address)

    # -- from an address to a server

    def _connect(self, machine: Machine, address: str, port: int) -> Connection:
        pod = self._pod_at(machine, address)
        if pod is not None:
            return self._at_pod(machine, address, pod, port)
        ports, known = self._service_ports(address, port)
        if ports:
            target, number = self._endpoint(machine, *ports[0]) or ("", 0)
            return self._at_pod(machine, address, self._pod_at(machine, target), number)
        if known:
            return Connection(address, error=TIMED_OUT)             # the Service has no such port: nobody rejects, nobody answers
        return Connection(address, error=REFUSED if self._is_node(address) else NO_ROUTE if ip_address(address).is_private else NO_NETWORK)

    def _at_pod(self, machine: Machine, address: str, pod: dict | None, port: int) -> Connection:
        """The connection to an address, which has led to a port of a pod."""
        server = next((s for s in self._servers(machine, pod) if s.listener.port == port), None) if pod else None
        return Connection(address, server, "" if server else REFUSED)

    def _service_ports(self, address: str, port: int) -> tuple[list[tuple[dict, dict]], bool]:
        """The (service, port) pairs behind an address and port, and whether the address is a Service's at all."""
        node, found, known = self._is_node(address), [], False
        for service in self.world.list("Service"):
            own = service["spec"].get("clusterIP") == address
            known = known or own
            found += [(service, p) for p in service["spec"].get("ports") or ()
                      if (own and p["port"] == port) or (node and p.get("nodePort") == port)]
        return found, known

    def _endpoint(self, machine: Machine, service: dict, port: dict) -> tuple[str, int] | None:
        """The endpoint that a new connection is handed to: any of the ready ones, but the same in every run."""
        ready = [(e.address, number) for e in dns.endpoints(self.world, service)
                 for name, number, _ in e.ports if name == (port.get("name") or "")]
        if not ready:
            return None
        self._connections += 1
        sticky = service["spec"].get("sessionAffinity") == "ClientIP"
        dice = get(machine.pod, "status.podIP", "") if sticky else f"{self.world.revision}/{self._connections}"
        return ready[zlib.crc32(f"{uid(service)}/{dice}".encode()) % len(ready)]

    def _pod_at(self, machine: Machine, address: str) -> dict | None:
        if address.startswith("127.") or address == get(machine.pod, "status.podIP"):
            return machine.pod
        return next((pod for pod in self.world.list("Pod") if address and get(pod, "status.podIP") == address
                     and get(pod, "status.phase") not in ("Succeeded", "Failed")), None)

    def _is_node(self, address: str) -> bool:
        return any(a.get("address") == address for node in self.world.list("Node") for a in get(node, "status.addresses") or ())

    def _servers(self, machine: Machine, pod: dict) -> list[Server]:
        """What listens in a pod: the servers of its running containers, and of the machine's own."""
        own = machine.container["name"] if uid(pod) == uid(machine.pod) else None
        running = [s["name"] for field in ("containerStatuses", "initContainerStatuses") for s in get(pod, f"status.{field}") or ()
                   if get(s, "state.running") is not None]
        found = []
        for name in dict.fromkeys([own, *running] if own else running):
            container = container_of(pod, name)
            model = image(container.get("image", ""))
            fs = machine.fs if name == own else self.files(pod, name, self.disks)
            found += [Server(pod, container, model, fs, listener) for listener in listeners(model, main_argv(model, container), fs)]
        return found
