"""Cluster DNS: the server's answers (DNS-1 to DNS-20) and the resolver in a pod (DNS-40, DNS-41)."""
from __future__ import annotations

import pytest

from kstate.node.dns import Record, lookup, resolv_conf, resolve
from kstate.world import Key

from .node_cluster import Cluster, web

ZONE = "svc.cluster.local"


@pytest.fixture
def cluster() -> Cluster:
    """web of the example, with web-2 unready; ClusterIP services with and without endpoints; an alias; another namespace."""
    cluster = web()
    cluster.slice("nginx", [("10.244.1.6", "web-0", True), ("10.244.1.7", "web-1", True), ("10.244.1.8", "web-2", False)], name="web")
    cluster.service("cip", "10.96.1.1", ports=[{"name": "web", "port": 8080, "protocol": "TCP"}, {"name": "dns", "port": 53, "protocol": "UDP"}])
    cluster.slice("cip", [("10.244.1.7", "", True), ("10.244.1.6", "", True)])
    cluster.service("empty", "10.96.1.2")
    cluster.service("lonely", "None")
    cluster.slice("lonely", [("10.244.1.8", "web-2", False)])
    cluster.add("Service", "ext", "default", spec={"type": "ExternalName", "externalName": "example.com."})
    cluster.add("Service", "alias", "default", spec={"type": "ExternalName", "externalName": f"cip.default.{ZONE}"})
    cluster.service("nginx", "None", "gsh")
    cluster.slice("nginx", [("10.244.9.1", "web-0", True)], "gsh")
    return cluster


def answer(cluster: Cluster, name: str, qtype: str = "A") -> tuple[str, list[str]]:
    found = lookup(cluster.world, name, qtype)
    return found.rcode, [r.data for r in found.records]


@pytest.mark.parametrize(("name", "qtype", "expected"), [
    (f"nope.default.{ZONE}", "A", ("NXDOMAIN", [])),
    (f"nginx.nowhere.{ZONE}", "A", ("NXDOMAIN", [])),
    (f"cip.default.{ZONE}", "A", ("NOERROR", ["10.96.1.1"])),
    (f"cip.default.{ZONE}", "AAAA", ("NOERROR", [])),
    (f"empty.default.{ZONE}", "A", ("NOERROR", ["10.96.1.2"])),                         # DNS-10: even with no endpoint at all
    (f"nginx.default.{ZONE}", "A", ("NOERROR", ["10.244.1.6", "10.244.1.7"])),
    (f"nginx.default.{ZONE}", "AAAA", ("NOERROR", [])),
    (f"lonely.default.{ZONE}", "A", ("NXDOMAIN", [])),                                  # DNS-11: none is ready
    (f"web-0.nginx.default.{ZONE}", "A", ("NOERROR", ["10.244.1.6"])),
    (f"web-0.nginx.gsh.{ZONE}", "A", ("NOERROR", ["10.244.9.1"])),
    (f"web-2.nginx.default.{ZONE}", "A", ("NXDOMAIN", [])),                             # unready
    (f"web-9.nginx.default.{ZONE}", "A", ("NXDOMAIN", [])),
    (f"web-0.cip.default.{ZONE}", "A", ("NXDOMAIN", [])),                               # not the service that governs web
    (f"10-244-1-6.cip.default.{ZONE}", "A", ("NOERROR", ["10.244.1.6"])),               # DNS-12
    (f"a.b.nginx.default.{ZONE}", "A", ("NXDOMAIN", [])),                               # DNS-1
    (f"WEB-0.Nginx.default.{ZONE}.", "A", ("NOERROR", ["10.244.1.6"])),
    (f"default.{ZONE}", "A", ("NOERROR", [])),                                          # DNS-17
    (f"nowhere.{ZONE}", "A", ("NXDOMAIN", [])),
    (ZONE, "A", ("NOERROR", [])), ("cluster.local", "A", ("NOERROR", [])), ("pod.cluster.local", "A", ("NOERROR", [])),
    ("dns-version.cluster.local", "TXT", ("NOERROR", ['"1.1.0"'])),
    ("10-244-1-99.default.pod.cluster.local", "A", ("NOERROR", ["10.244.1.99"])),       # DNS-16: nobody has that address
    ("10-244-1-99.nowhere.pod.cluster.local", "A", ("NXDOMAIN", [])),
    ("example.com", "A", ("SERVFAIL", [])), ("web-0.nginx", "A", ("NXDOMAIN", [])),
])
def test_DNS_20_result_codes(cluster, name, qtype, expected):
    assert answer(cluster, name, qtype) == expected


def test_DNS_2_publish_not_ready_addresses_makes_an_endpoint_visible(cluster):
    cluster.slice("nginx", [("10.244.1.8", "web-2", True)])           # SVC-32: the slice then says ready
    assert answer(cluster, f"web-2.nginx.default.{ZONE}") == ("NOERROR", ["10.244.1.8"])


def test_DNS_13_srv(cluster):
    found = lookup(cluster.world, f"_web._tcp.nginx.default.{ZONE}", "SRV")
    assert [r.data for r in found.records] == [f"0 50 80 web-0.nginx.default.{ZONE}", f"0 50 80 web-1.nginx.default.{ZONE}"]
    assert found.additional == (Record(f"web-0.nginx.default.{ZONE}", "A", "10.244.1.6"), Record(f"web-1.nginx.default.{ZONE}", "A", "10.244.1.7"))
    assert answer(cluster, f"_web._tcp.cip.default.{ZONE}", "SRV") == ("NOERROR", [f"0 100 8080 cip.default.{ZONE}"])
    assert answer(cluster, f"_dns._udp.cip.default.{ZONE}", "SRV") == ("NOERROR", [f"0 100 53 cip.default.{ZONE}"])
    assert answer(cluster, f"cip.default.{ZONE}", "SRV")[1] == [f"0 50 8080 cip.default.{ZONE}", f"0 50 53 cip.default.{ZONE}"]
    assert answer(cluster, f"_nope._tcp.nginx.default.{ZONE}", "SRV") == ("NXDOMAIN", [])
    assert answer(cluster, f"_web._udp.cip.default.{ZONE}", "SRV") == ("NXDOMAIN", [])
    assert answer(cluster, f"lonely.default.{ZONE}", "SRV") == ("NXDOMAIN", [])


def test_DNS_14_external_name(cluster):
    assert answer(cluster, f"ext.default.{ZONE}") == ("NOERROR", ["example.com"])
    assert answer(cluster, f"x.ext.default.{ZONE}") == ("NXDOMAIN", [])
    assert answer(cluster, f"alias.default.{ZONE}") == ("NOERROR", [f"cip.default.{ZONE}", "10.96.1.1"])


def test_DNS_15_pointers(cluster):
    assert answer(cluster, "1.1.96.10.in-addr.arpa", "PTR") == ("NOERROR", [f"cip.default.{ZONE}"])
    assert answer(cluster, "6.1.244.10.in-addr.arpa.", "PTR")[1] == [f"web-0.nginx.default.{ZONE}", f"10-244-1-6.cip.default.{ZONE}"]
    assert answer(cluster, "8.1.244.10.in-addr.arpa", "PTR") == ("NXDOMAIN", [])


def test_DNS_12_two_endpoints_with_one_hostname(cluster):
    cluster.slice("nginx", [("10.244.1.10", "web-0", True), ("10.244.1.9", "web-0", True)])
    assert answer(cluster, f"web-0.nginx.default.{ZONE}") == ("NOERROR", ["10.244.1.9", "10.244.1.10"])      # DNS-32: by address


# ---- the resolver ----------------------------------------------------------------------------------

def box(cluster, namespace: str = "default", **spec):
    return cluster.pod("asker", "busybox", "10.244.2.77", namespace, **spec)


@pytest.mark.parametrize(("name", "succeeds_as", "position"), [
    ("nginx", f"nginx.default.{ZONE}", 1), ("web-0.nginx", f"web-0.nginx.default.{ZONE}", 1), ("web-0.nginx.gsh", f"web-0.nginx.gsh.{ZONE}", 2),
    ("web-0.nginx.gsh.svc", f"web-0.nginx.gsh.{ZONE}", 3), (f"web-0.nginx.gsh.{ZONE}", f"web-0.nginx.gsh.{ZONE}", 1),
    (f"cip.default.{ZONE}", f"cip.default.{ZONE}", 4), (f"cip.default.{ZONE}.", f"cip.default.{ZONE}", 1), ("web-0", None, 4), ("example.com", None, 4),
])
def test_DNS_41_search_list(cluster, name, succeeds_as, position):
    trace = resolve(cluster.world, box(cluster), name)
    assert len(trace.tried) == position
    assert trace.tried[-1].fqdn == (succeeds_as or name)
    assert bool(trace.answer.records) == bool(succeeds_as)
    assert [bool(t.records) for t in trace.tried[:-1]] == [False] * (position - 1)


def test_DNS_41_the_trace_tells_every_name_tried(cluster):
    trace = resolve(cluster.world, box(cluster), "web-0.nginx.gsh")
    assert [(t.fqdn, t.rcode) for t in trace.tried] == [(f"web-0.nginx.gsh.default.{ZONE}", "NXDOMAIN"), (f"web-0.nginx.gsh.{ZONE}", "NOERROR")]
    assert trace.answer.addresses() == ["10.244.9.1"]
    failed = resolve(cluster.world, box(cluster), "example.com")
    assert [t.rcode for t in failed.tried] == ["NXDOMAIN"] * 3 + ["SERVFAIL"]
    assert failed.answer.rcode == "SERVFAIL"


def test_an_empty_answer_is_not_the_end_of_the_search(cluster):
    trace = resolve(cluster.world, box(cluster), "cip", "AAAA")
    assert [t.rcode for t in trace.tried] == ["NOERROR", "NXDOMAIN", "NXDOMAIN", "NXDOMAIN"]
    assert (trace.answer.rcode, trace.answer.records) == ("NOERROR", ())


def test_KUB_53_the_own_name_comes_from_the_hosts_file(cluster):
    pod = cluster.world.find(Key("Pod", "default", "web-2"))        # not ready, so DNS does not know it
    trace = resolve(cluster.world, pod, "web-2")
    assert (trace.tried[0].server, trace.answer.addresses()) == ("hosts", ["10.244.1.8"])
    assert resolve(cluster.world, pod, f"web-2.nginx.default.{ZONE}").answer.addresses() == ["10.244.1.8"]
    assert resolve(cluster.world, pod, "localhost").answer.addresses() == ["127.0.0.1"]
    assert resolve(cluster.world, pod, "10.1.2.3").answer.addresses() == ["10.1.2.3"]
    aliased = box(cluster, hostAliases=[{"ip": "10.0.0.9", "hostnames": ["legacy", "old"]}])
    assert resolve(cluster.world, aliased, "old").answer.addresses() == ["10.0.0.9"]


def test_DNS_40_resolv_conf(cluster):
    first = f"search default.{ZONE} {ZONE} cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
    assert str(resolv_conf(box(cluster))) == first
    assert str(resolv_conf(box(cluster, "gsh"))).startswith(f"search gsh.{ZONE} {ZONE} cluster.local\n")
    assert str(resolv_conf(box(cluster, hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet"))) == first
    for spec in ({"dnsPolicy": "Default"}, {"hostNetwork": True}):
        assert resolv_conf(box(cluster, **spec)).search == ()
        assert resolve(cluster.world, box(cluster, **spec), "nginx").answer.rcode == "SERVFAIL"
    own = {"nameservers": ["1.2.3.4"], "searches": ["my.org"], "options": [{"name": "ndots", "value": "1"}, {"name": "edns0"}]}
    assert str(resolv_conf(box(cluster, dnsPolicy="None", dnsConfig=own))) == "search my.org\nnameserver 1.2.3.4\noptions ndots:1 edns0\n"
    added = resolv_conf(box(cluster, dnsConfig={"searches": ["my.org", ZONE], "options": [{"name": "ndots", "value": "2"}]}))
    assert added.search == (f"default.{ZONE}", ZONE, "cluster.local", "my.org") and added.options == {"ndots": "2"}


def test_DNS_41_ndots_decides_what_is_tried_first(cluster):
    pod = box(cluster, dnsConfig={"options": [{"name": "ndots", "value": "1"}]})
    assert [t.fqdn for t in resolve(cluster.world, pod, "web-0.nginx").tried] == ["web-0.nginx", f"web-0.nginx.default.{ZONE}"]


def test_DNS_30_answers_are_good_for_half_a_minute(cluster):
    for name in (f"nginx.default.{ZONE}", f"cip.default.{ZONE}", f"alias.default.{ZONE}"):
        found = lookup(cluster.world, name, "A").records
        assert found and {record.ttl for record in found} == {30}
