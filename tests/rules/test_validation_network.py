"""Service, Endpoints, EndpointSlice: what the API server refuses, and how a service follows its type (SVC-2 to SVC-21)."""
from __future__ import annotations

import pytest

from kstate.kinds import KINDS

from .objects import GONE, changed, complaints, on_create, on_update, stored, warned

PLAIN = {"spec clusterIP": GONE}
GIVEN = {"spec clusterIP": "10.96.1.1", "spec clusterIPs": ["10.96.1.1"]}
NAME = {"spec ports": GONE, "spec clusterIP": GONE, "spec type": "ExternalName", "spec externalName": "example.com."}
TWO = [{"port": 80, "name": "web"}, {"port": 81, "name": "web"}]

CREATE = {
    "the example": ({},),
    "plain": (PLAIN,),
    "external name": (NAME,),
    "SVC-10 no ports": ({**PLAIN, "spec ports": GONE}, "spec.ports: Required value"),
    "SVC-10 headless without ports": ({"spec ports": GONE},),
    "SVC-10 names": ({"spec ports": [{"port": 80}, {"port": 81, "name": "b"}]}, "spec.ports[0].name: Required value"),
    "SVC-10 same name": ({"spec ports": TWO}, 'spec.ports[1].name: Duplicate value: "web"'),
    "SVC-10 same port": ({"spec ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]},
        'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}'),
    "SVC-10 two protocols": ({"spec ports": [{"port": 53, "name": "a"}, {"port": 53, "name": "b", "protocol": "UDP"}]},),
    "SVC-10 same node port": ({**PLAIN, "spec type": "NodePort", "spec ports": [{"port": 80, "name": "a", "nodePort": 30080},
                                                                               {"port": 81, "name": "b", "nodePort": 30080}]},
                              "spec.ports[1].nodePort: Duplicate value: 30080"),
    "SVC-10 port": ({"spec ports": [{"port": 0, "targetPort": 80}]},
                    "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"),
    "SVC-10 target port": ({"spec ports": [{"port": 80, "targetPort": "Web"}]},
        'spec.ports[0].targetPort: Invalid value: "Web": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)'),
    "SVC-10 protocol": ({"spec ports": [{"port": 80, "protocol": "ICMP"}]},
                        'spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"'),
    "SVC-11 node port": ({"spec type": "NodePort"},
                         "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"),
    "SVC-11 balancer": ({"spec type": "LoadBalancer"},
                        "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for LoadBalancer services"),
    "SVC-12 no name": ({**NAME, "spec externalName": GONE}, "spec.externalName: Required value"),
    "SVC-12 address": ({**NAME, "spec clusterIP": "10.96.1.1"}, "spec.clusterIPs: Forbidden: may not be set for ExternalName services"),
    "SVC-13": ({"spec ports": [{"port": 80, "nodePort": 30080}]},
               "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"),
    "SVC-14 type": ({"spec type": "X"},
                    'spec.type: Unsupported value: "X": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'),
    "SVC-14 affinity": ({"spec sessionAffinity": "X"},
                        'spec.sessionAffinity: Unsupported value: "X": supported values: "ClientIP", "None"'),
}


@pytest.mark.parametrize("case", CREATE)
def test_SVC_refused_on_create(case):
    changes, *expected = CREATE[case]
    assert on_create("Service", changes) == expected


def test_SVC_15_selector():
    assert on_create("Service", {"spec selector": {"app": "a b"}})[0].startswith('spec.selector: Invalid value: "a b": a valid label must')


def test_API_28_a_service_may_begin_with_a_digit():
    assert on_create("Service", {"metadata name": "1st"}) == []
    assert on_create("Service", {"metadata name": "a.b"}) == ['metadata.name: Invalid value: "a.b": must not contain dots']


def test_SVC_3_cluster_ips_follow_cluster_ip():
    assert stored("Service")["spec"]["clusterIPs"] == ["None"]
    assert stored("Service", {"spec clusterIP": "10.96.1.1"})["spec"]["clusterIPs"] == ["10.96.1.1"]


def test_SVC_20_an_address_stays():
    assert on_update("Service", {"spec clusterIP": "10.96.1.2"}, before=GIVEN) == [
        'spec.clusterIPs[0]: Invalid value: ["10.96.1.2"]: may not change once set']
    assert on_update("Service", {"spec clusterIP": "None"},
                     before=GIVEN) == ['spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set']
    assert on_update("Service",
                     {"spec clusterIP": "10.96.1.2"}) == ['spec.clusterIPs[0]: Invalid value: ["10.96.1.2"]: may not change once set']


def test_SVC_20_who_leaves_addresses_and_node_ports_out_keeps_them():
    old = stored("Service", {**GIVEN, "spec type": "NodePort", "spec ports": [{"port": 80, "nodePort": 30080}]})
    new = stored("Service", {**PLAIN, "spec type": "NodePort", "spec ports": [{"port": 80}]})
    KINDS["Service"].prepare(new, old)
    assert (new["spec"]["clusterIP"], new["spec"]["clusterIPs"], new["spec"]["ports"][0]["nodePort"]) == ("10.96.1.1", ["10.96.1.1"], 30080)
    assert complaints(new, old) == []


def test_SVC_20_to_another_type():
    old = stored("Service", {**GIVEN, "spec type": "NodePort", "spec ports": [{"port": 80, "nodePort": 30080}]})
    plain = changed(old, {"spec type": "ClusterIP"})
    assert complaints(plain, old) == []
    KINDS["Service"].prepare(plain, old)
    assert "nodePort" not in plain["spec"]["ports"][0] and "externalTrafficPolicy" not in plain["spec"]
    named = changed(old, {"spec type": "ExternalName", "spec externalName": "example.com"})
    assert complaints(named, old) == []
    KINDS["Service"].prepare(named, old)
    assert not {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"} & named["spec"].keys()


def test_SVC_21_what_may_change():
    assert on_update("Service", {"spec selector": {"a": "b"}, "spec ports": [{"port": 81}], "spec publishNotReadyAddresses": True}) == []


def test_API_61_affinity_of_a_headless_service_is_warned_of():
    assert warned("Service", {"spec sessionAffinity": "ClientIP"}) == ["spec.SessionAffinity is ignored for headless services"]
    assert warned("Service") == warned("Service", {**PLAIN, "spec sessionAffinity": "ClientIP"}) == []


def test_API_61_endpoints_are_deprecated():
    """As recorded: kubectl prints it whenever Endpoints are touched."""
    assert KINDS["Endpoints"].deprecation == "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"


def test_endpoints_and_slices():
    assert on_create("Endpoints", {"subsets": [{}]}) == ["subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"]
    assert on_create("Endpoints", {"subsets 0 addresses 0 ip": "a"}) == [
        'subsets[0].addresses[0].ip: Invalid value: "a": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']
    assert on_create("EndpointSlice", {"addressType": "IPv5", "endpoints": [{}]}) == [
        'addressType: Unsupported value: "IPv5": supported values: "FQDN", "IPv4", "IPv6"',
        "endpoints[0].addresses: Required value: must contain at least 1 address"]
    assert on_update("EndpointSlice", {"addressType": "FQDN"}) == ['addressType: Invalid value: "FQDN": field is immutable']
