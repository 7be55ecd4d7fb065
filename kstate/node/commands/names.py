"""nslookup, dig, host, getent, ping, nc: names and addresses seen from a pod (DNS-41 to DNS-44).

A busybox's nslookup has two faces.  Before 1.29 it asked the C library and so used the search list; since then it asks
itself: a name with a dot as it is, one without with every search domain, for A and AAAA each, and fails if any fails.
"""
from __future__ import annotations

import re

from .. import dns
from ..dns import ZONE, Answer, Record
from ..images import version
from ..machine import Forever
from ..network import BAD_ADDRESS
from ..process import Process, program


def _server(p: Process) -> str:
    servers = dns.resolv_conf(p.machine.pod).nameservers
    return servers[0] if servers else "127.0.0.1"


def _ask(p: Process, name: str, qtype: str, server: str) -> Answer | None:
    """What a server answers to one question; None where nobody answers at that address."""
    return p.machine.network.lookup(name, qtype) if server == dns.SERVER else None


def _reverse(address: str) -> str:
    return ".".join(address.split(".")[::-1]) + ".in-addr.arpa"


def _is_address(text: str) -> bool:
    return re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}", text) is not None


# ---- nslookup ------------------------------------------------------------------------------------

@program("nslookup")
def nslookup(p: Process) -> int:
    """nslookup [-type=TYPE] NAME [SERVER]"""
    operands = [a for a in p.args if not a.startswith("-")]
    kind = next((a.partition("=")[2].upper() for a in p.args if re.match("-(query|type|q|t)=", a)), "")
    if not operands:
        p.err("nslookup: usage: nslookup [-type=QUERY_TYPE] HOST [DNS_SERVER]\n")
        return 1
    name, server = operands[0], operands[1] if len(operands) > 1 else _server(p)
    if not _is_address(server):
        found = p.machine.network.resolve(p.machine.pod, server).answer.addresses()
        if not found:
            raise p.fail(f"can't resolve '{server}'")
        server = found[0]
    if not p.busybox:
        return _nslookup_bind(p, name, kind or "A", server)
    old = p.machine.image.name == "busybox" and _release(p) < (1, 29)
    return _nslookup_libc(p, name, server) if old else _nslookup_own(p, name, kind, server)


def _release(p: Process) -> tuple[int, ...]:
    return tuple(int(n) for n in version(p.machine.image.tag, "1.37").split(".")[:2])


def _nslookup_libc(p: Process, name: str, server: str) -> int:
    """busybox before 1.29 (DNS-44): names by the search list, and a second column from the addresses' PTR records."""
    p.out(f"Server:    {server}\n{_named(p, 1, server)}\n")
    addresses = p.machine.network.resolve(p.machine.pod, name).answer.addresses()
    if not addresses:
        p.err(f"nslookup: can't resolve '{name}'\n")
        return 1
    p.out(f"Name:      {name}\n" + "".join(_named(p, i, a) for i, a in enumerate(addresses, 1)))
    return 0


def _named(p: Process, number: int, address: str) -> str:
    pointers = p.machine.network.lookup(_reverse(address), "PTR").records
    return f"Address {number}: {address}" + (f" {pointers[0].data}" if pointers else "") + "\n"


def _nslookup_own(p: Process, name: str, kind: str, server: str) -> int:
    """busybox since 1.29 (DNS-42, DNS-43)."""
    if kind and kind not in ("A", "AAAA", "SRV", "PTR", "CNAME", "TXT", "NS", "SOA", "MX", "ANY"):
        raise p.fail(f'invalid query type "{kind.lower()}"')
    if _is_address(name):
        questions = [(_reverse(name), "PTR")]
    else:
        search = () if "." in name else dns.resolv_conf(p.machine.pod).search
        questions = [(each, qtype) for qtype in ([kind] if kind else ["A", "AAAA"])
                     for each in ([f"{name}.{domain}" for domain in search] or [name.rstrip(".")])]
    answers = [(each, _ask(p, each, qtype, server)) for each, qtype in questions]
    if any(answer is None for _, answer in answers):
        p.out(";; connection timed out; no servers could be reached\n\n")
        return 1
    p.out(f"Server:\t\t{server}\nAddress:\t{server}:53\n\n")
    for each, answer in answers:
        if answer.rcode != "NOERROR":
            p.out(f"** server can't find {each}: {answer.rcode}\n")
        p.out("".join(_line(record) for record in answer.records) + "\n")
    return int(any(answer.rcode != "NOERROR" for _, answer in answers))


def _line(record: Record) -> str:
    if record.type == "A":
        return f"Name:\t{record.name}\nAddress: {record.data}\n"
    said = {"CNAME": "canonical name", "PTR": "name", "SRV": "service", "TXT": "text"}[record.type]
    return f"{record.name}\t{said} = {record.data}\n"


def _nslookup_bind(p: Process, name: str, kind: str, server: str) -> int:
    """The nslookup of the dnsutils package: by the search list, until something answers."""
    if _is_address(name):
        name, kind = _reverse(name) + ".", "PTR"
    for each in dns.candidates(dns.resolv_conf(p.machine.pod), name):
        answer = _ask(p, each, kind, server)
        if answer is None:
            p.out(";; connection timed out; no servers could be reached\n\n")
            return 1
        if answer.records:
            p.out(f"Server:\t\t{server}\nAddress:\t{server}#53\n\n" if kind != "PTR" else "")
            p.out("".join(_line(r._replace(data=r.data + ".") if r.type != "A" else r) for r in answer.records) + "\n")
            return 0
    p.out(f"Server:\t\t{server}\nAddress:\t{server}#53\n\n"
          + (f"*** Can't find {name}: No answer\n\n" if answer.rcode == "NOERROR" else f"** server can't find {name.rstrip('.')}: {answer.rcode}\n\n"))
    return 1


# ---- dig, host, getent -----------------------------------------------------------------------------

@program("dig")
def dig(p: Process) -> int:
    """dig [@SERVER] [-x ADDRESS] [NAME] [TYPE] [+short] [+search] [+noall] [+answer]"""
    args, server, name, kind = list(p.args), _server(p), "", "A"
    flags = dict.fromkeys(a[1:] for a in args if a.startswith("+"))
    words = [a for a in args if not a.startswith("+")]
    while words:
        word = words.pop(0)
        if word.startswith("@"):
            server = word[1:]
        elif word == "-x" and words:
            name, kind = _reverse(words.pop(0)), "PTR"
        elif word == "-t" and words:
            kind = words.pop(0).upper()
        elif word.upper() in ("A", "AAAA", "SRV", "PTR", "CNAME", "TXT", "ANY"):
            kind = word.upper()
        elif word.startswith("-"):
            raise p.fail(f"option {word} is not known to this simulated dig")
        else:
            name = word
    names = dns.candidates(dns.resolv_conf(p.machine.pod), name) if "search" in flags else [name.rstrip(".")]
    answers = [(each, _ask(p, each, kind, server)) for each in names]
    if answers[0][1] is None:
        p.out(f";; communications error to {server}#53: timed out\n;; no servers could be reached\n")
        return 9
    asked, answer = next(((each, a) for each, a in answers if a.records), answers[-1])
    dotted = [r._replace(data=r.data if r.type in ("A", "TXT") else r.data + ".") for r in (*answer.records, *answer.additional)]
    lines = [f"{r.name + '.':<23} {r.ttl}\tIN\t{r.type}\t{r.data}\n" for r in dotted]
    count = len(answer.records)
    if "short" in flags:
        p.out("".join(r.data + "\n" for r in dotted[:count]))
    elif "noall" in flags:
        p.out("".join(lines[:count]) if "answer" in flags else "")
    else:
        _report(p, asked, kind, server, answer, lines[:count], lines[count:])
    return 0


def _report(p: Process, name: str, kind: str, server: str, answer: Answer, lines: list[str], additional: list[str]) -> None:
    in_zone = f".{name}".endswith(("." + ZONE, ".in-addr.arpa"))
    soa = [f"{ZONE + '.':<23} 30\tIN\tSOA\tns.dns.{ZONE}. hostmaster.{ZONE}. 1 7200 1800 86400 30\n"] if not lines and in_zone else []
    p.out(f"\n; <<>> DiG 9.18 <<>> {' '.join(p.args)}\n;; global options: +cmd\n;; Got answer:\n"
          f";; ->>HEADER<<- opcode: QUERY, status: {answer.rcode}, id: 1\n"
          f";; flags: qr aa rd; QUERY: 1, ANSWER: {len(lines)}, AUTHORITY: {len(soa)}, ADDITIONAL: {len(additional)}\n\n"
          f";; QUESTION SECTION:\n;{name + '.':<22} \tIN\t{kind}\n")
    for title, section in (("ANSWER", lines), ("AUTHORITY", soa), ("ADDITIONAL", additional)):
        if section:
            p.out(f"\n;; {title} SECTION:\n{''.join(section)}")
    p.out(f"\n;; SERVER: {server}#53({server})\n\n")


@program("host")
def host(p: Process) -> int:
    name = next((a for a in p.args if not a.startswith("-")), "")
    if _is_address(name):
        records = p.machine.network.lookup(_reverse(name), "PTR").records
        p.out("".join(f"{r.name} domain name pointer {r.data}.\n" for r in records)
              or f"Host {_reverse(name)}. not found: 3(NXDOMAIN)\n")
        return int(not records)
    trace = p.machine.network.resolve(p.machine.pod, name)
    for record in trace.answer.records:
        p.out(f"{record.name} {'has address' if record.type == 'A' else 'is an alias for'} {record.data}{'' if record.type == 'A' else '.'}\n")
    if not trace.answer.records:
        p.out(f"Host {name} not found: " + {"NXDOMAIN": "3(NXDOMAIN)", "SERVFAIL": "2(SERVFAIL)"}.get(trace.answer.rcode, "no data") + "\n")
    return int(not trace.answer.records)


@program("getent")
def getent(p: Process) -> int:
    """getent hosts|ahosts NAME, getent passwd [NAME]: what the C library finds."""
    if not p.args:
        raise p.fail("usage: getent database [key ...]")
    database, keys = p.args[0], p.args[1:]
    if database in ("passwd", "group"):
        lines = [line for line in p.fs.read(f"/etc/{database}").splitlines() if not keys or line.split(":")[0] in keys]
        p.out("".join(line + "\n" for line in lines))
        return 0 if lines else 2
    if database not in ("hosts", "ahosts", "ahostsv4"):
        raise p.fail(f"Unknown database: {database}")
    found = False
    for key in keys:
        if _is_address(key):
            records = p.machine.network.lookup(_reverse(key), "PTR").records
            pairs = [(key, r.data) for r in records[:1]]
        else:
            answer = p.machine.network.resolve(p.machine.pod, key).answer
            pairs = [(r.data, r.name) for r in answer.records if r.type == "A"]
        found = found or bool(pairs)
        for address, name in pairs:
            if database == "hosts":
                p.out(f"{address:<15} {name}\n")
            else:
                p.out(f"{address:<15} STREAM {name}\n{address:<15} DGRAM  \n{address:<15} RAW    \n")
    return 0 if found else 2


# ---- ping, nc ------------------------------------------------------------------------------------

@program("ping")
def ping(p: Process) -> int:
    """ping [-c N] [-q] HOST: without -c it would go on for ever."""
    options, operands = p.options("c:W:w:i:qs:4nt:")
    if not operands:
        p.err("ping: usage: ping [-c CNT] HOST\n" if p.busybox else "ping: usage error: Destination address required\n")
        return 1 if p.busybox else 2
    name = operands[0]
    addresses = p.machine.network.resolve(p.machine.pod, name).answer.addresses()
    if not addresses:
        raise p.fail(p.either(f"bad address '{name}'", f"{name}: Name or service not known"), 1 if p.busybox else 2)
    address, count = addresses[0], p.number(options.get("c", "3"))
    alive = p.machine.network.answers_ping(p.machine, address)
    local = address.startswith("127.")
    p.out(f"PING {name} ({address}): 56 data bytes\n" if p.busybox else f"PING {name} ({address}) 56(84) bytes of data.\n")
    times = [0.080 + 0.001 * (i % 7) + (0 if local else 0.1) for i in range(count)] if alive else []
    for i, time in enumerate(times):
        p.machine.step()
        p.out("" if "q" in options else f"64 bytes from {address}: {'seq' if p.busybox else 'icmp_seq'}={i + (not p.busybox)} "
              f"ttl={64 if local else 62} time={time:.3f} ms\n")
    p.machine.sleep(1000 * max(0, count - 1) + (0 if alive else 10_000))
    if "c" not in options:
        raise Forever("ping without -c never ends")
    lost = 0 if alive else 100
    p.out(f"\n--- {name} ping statistics ---\n{count} packets transmitted, {len(times)} {'packets ' if p.busybox else ''}received, {lost}% packet loss"
          + ("" if p.busybox else f", time {1000 * (count - 1)}ms") + "\n")
    if times:
        middle = sum(times) / len(times)
        p.out(f"round-trip min/avg/max = {min(times):.3f}/{middle:.3f}/{max(times):.3f} ms\n" if p.busybox
              else f"rtt min/avg/max/mdev = {min(times):.3f}/{middle:.3f}/{max(times):.3f}/0.001 ms\n")
    return int(not alive)


@program("nc", "telnet")
def nc(p: Process) -> int:
    """nc [-z] [-v] [-w SEC] HOST PORT: whether something listens there."""
    options, operands = p.options("zvnuw:lkp:q:")
    if "l" in options:
        raise Forever("nc -l waits for a connection, and none comes while it runs")
    if len(operands) < 2:
        raise p.fail("missing host or port")
    name, port = operands[0], p.number(operands[1])
    connection = p.machine.network.connect(p.machine, name, port)
    if connection.error == BAD_ADDRESS:
        raise p.fail(f"bad address '{name}'" if p.busybox else f"getaddrinfo for host \"{name}\" port {port}: Name or service not known")
    if connection.error:
        if p.busybox or "v" in options:
            p.complain(p.either(f"{name} ({connection.address}:{port}): {connection.error}",
                                f"connect to {name} ({connection.address}) port {port} (tcp) failed: {connection.error}"))
        return 1
    if "v" in options:
        p.err(f"{name} ({connection.address}:{port}) open\n" if p.busybox else f"Connection to {name} ({connection.address}) {port} port [tcp/*] succeeded!\n")
    return 0
