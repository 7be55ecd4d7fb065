"""zkCli.sh, zookeeper-ready, nodetool: clients of servers that know each other.

A ZooKeeper ensemble is what zoo.cfg lists; a write goes to the data directory of every server that can be reached, if those
are more than half.  A Cassandra ring is the ready pods behind the Service that the pod's `subdomain` names.
"""
from __future__ import annotations

import hashlib
import posixpath
import re

from ...world import get
from .. import identity
from ..files import FileSystem
from ..network import Server
from ..process import Process, program

CONF = "/opt/zookeeper/conf/zoo.cfg"


# ---- ZooKeeper -----------------------------------------------------------------------------------

@program("zookeeper-ready")
def zookeeper_ready(p: Process) -> int:
    """zookeeper-ready PORT: whether the server in this pod answers."""
    port = p.number(p.args[0]) if p.args else 2181
    return 0 if p.machine.network.connect(p.machine, "localhost", port).server else 1


@program("zkCli.sh")
def zk_cli(p: Process) -> int:
    """zkCli.sh [-server HOST:PORT] create|get|set|ls|delete PATH [DATA]"""
    args, host = p.args, "localhost:2181"
    if args[:1] == ["-server"] and len(args) > 1:
        host, args = args[1], args[2:]
    name, _, port = host.partition(":")
    server = p.machine.network.connect(p.machine, name, p.number(port or "2181")).server
    p.out(f"Connecting to {host}\n")
    if server is None or server.listener.protocol != "zookeeper":
        raise p.fail(f"Unable to read additional data from server {host}, likely server has closed socket")
    p.out("\nWATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null\n")
    action, path, *data = [*args[:3], "", ""][:3] if args else ["", "", ""]
    ensemble, needed = _ensemble(p, server)
    if len(ensemble) < needed:
        raise p.fail("KeeperErrorCode = ConnectionLoss: fewer than half of the ensemble can be reached")
    disks = [(s.fs, posixpath.join(_setting(s.fs, "dataDir", "/data"), "version-2")) for s in ensemble]
    if action in ("create", "set", "delete"):
        return _write(p, action, path, data[0] if data else "", disks)
    if action in ("get", "ls"):
        return _read(p, action, path, disks)
    raise p.fail(f"this simulated zkCli.sh does not know '{action}'")


def _setting(fs: FileSystem, key: str, default: str) -> str:
    text = fs.read(CONF) if fs.exists(CONF) else ""
    found = re.search(rf"(?m)^{key}=(.*)$", text)
    return found[1] if found else default


def _ensemble(p: Process, server: Server) -> tuple[list[Server], int]:
    """The servers that can be reached, the one asked first, and how many are needed."""
    text = server.fs.read(CONF) if server.fs.exists(CONF) else ""
    hosts = re.findall(r"(?m)^server\.\d+=([^:\s]+)", text)
    reached = {get(server.pod, "metadata.name"): server}
    for host in hosts:
        found = p.machine.network.connect(p.machine, host, server.listener.port).server
        if found:
            reached.setdefault(get(found.pod, "metadata.name"), found)
    return list(reached.values()), len(hosts) // 2 + 1 if hosts else 1


def _node(directory: str, path: str) -> str:
    """The file of a znode: its directory holds its children."""
    return posixpath.normpath(f"{directory}/{path}/data")


def _write(p: Process, action: str, path: str, data: str, disks: list[tuple[FileSystem, str]]) -> int:
    known = any(fs.exists(_node(directory, path)) for fs, directory in disks)
    if known == (action == "create"):
        p.err(f"Node {'already exists' if known else 'does not exist'}: {path}\n")
        return 1
    for fs, directory in disks:
        file = _node(directory, path)
        if action == "delete":
            if fs.exists(file):
                fs.remove(file)
        else:
            fs.mkdir(posixpath.dirname(file), parents=True)
            fs.write(file, data)
    p.out(f"Created {path}\n" if action == "create" else "")
    return 0


def _read(p: Process, action: str, path: str, disks: list[tuple[FileSystem, str]]) -> int:
    """A server that was away has the others' data as soon as it is back: look there too."""
    children = {name: None for fs, directory in disks if fs.is_dir(posixpath.dirname(_node(directory, path)))
                for name in fs.list(posixpath.dirname(_node(directory, path))) if name != "data"}
    if action == "ls":
        p.out("[" + ", ".join(sorted(children)) + "]\n")
        return 0
    found = next((fs.read(_node(directory, path)) for fs, directory in disks if fs.exists(_node(directory, path))), None)
    if found is None:
        p.err(f"Node does not exist: {path}\n")
        return 1
    p.out(f"{found}\ndataLength = {len(found)}\nnumChildren = {len(children)}\n")
    return 0


# ---- Cassandra -----------------------------------------------------------------------------------

@program("nodetool")
def nodetool(p: Process) -> int:
    """nodetool status | drain"""
    if p.args[:1] == ["drain"]:
        return 0
    if p.args[:1] != ["status"]:
        raise p.fail("this simulated nodetool knows status and drain")
    pod = p.machine.pod
    own, domain = get(pod, "status.podIP", "127.0.0.1"), identity.fqdn(pod).partition(".")[2]
    ring = p.machine.network.resolve(pod, domain + ".").answer.addresses() if domain else []
    ring = list(dict.fromkeys([*ring, own]))
    datacenter, rack = p.env.get("CASSANDRA_DC", "datacenter1"), p.env.get("CASSANDRA_RACK", "rack1")
    title = f"Datacenter: {datacenter}"
    width = max(map(len, ring))
    p.out(f"{title}\n{'=' * len(title)}\nStatus=Up/Down\n|/ State=Normal/Leaving/Joining/Moving\n"
          f"--  {'Address':<{width}}  Load       Tokens  Owns (effective)  {'Host ID':<36}  Rack\n")
    for address in ring:
        digest = hashlib.md5(address.encode(), usedforsecurity=False).hexdigest()
        host_id = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:]))
        p.out(f"UN  {address:<{width}}  80.00 KiB  32      {100 / len(ring):.1f}%{'':<{12}} {host_id}  {rack}\n")
    return 0
