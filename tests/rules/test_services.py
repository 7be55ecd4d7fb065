"""Services as the API server stores them: defaults, addresses, node ports, what is refused, what may change (SVC-1 to SVC-21, T-44)."""
from __future__ import annotations

import pytest

from tests.wire.asking import CORE, Server, service

SERVICES = f"{CORE}/services"
MERGE = "application/merge-patch+json"


@pytest.fixture
def server() -> Server:
    return Server()


def create(server: Server, name: str = "nginx", **spec) -> dict:
    return server.ok("POST", SERVICES, service(name, **spec))["spec"]


def refusal(server: Server, **spec) -> str:
    code, reason, message = server.refused("POST", SERVICES, service(**spec))
    assert (code, reason) == (422, "Invalid")
    return message.removeprefix('Service "nginx" is invalid: ')


def patch(server: Server, spec: dict, name: str = "nginx") -> dict:
    return server.ok("PATCH", f"{SERVICES}/{name}", {"spec": spec}, media=MERGE)["spec"]


# ---- defaults (SVC-1 to SVC-3) ----------------------------------------------------------------

def test_SVC_1_2_3_defaults(server):
    made = server.ok("POST", SERVICES, service(selector={"app": "nginx"}))
    assert made["spec"] == {
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}], "selector": {"app": "nginx"}, "type": "ClusterIP", "sessionAffinity": "None",
        "internalTrafficPolicy": "Cluster", "ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"], "clusterIP": "10.96.1.1", "clusterIPs": ["10.96.1.1"]}
    assert made["status"] == {"loadBalancer": {}}


def test_SVC_1_by_type(server):
    assert create(server, sessionAffinity="ClientIP")["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 10800}}
    assert create(server, "np", type="NodePort")["externalTrafficPolicy"] == "Cluster"
    balancer = create(server, "lb", type="LoadBalancer")
    assert balancer["allocateLoadBalancerNodePorts"] is True and balancer["ports"][0]["nodePort"] == 30001
    external = create(server, "en", type="ExternalName", externalName="example.com", ports=[])
    assert external == {"type": "ExternalName", "externalName": "example.com", "sessionAffinity": "None"}


def test_SVC_1_the_target_is_the_port(server):
    ports = create(server, ports=[{"name": "a", "port": 80}, {"name": "b", "port": 81, "targetPort": 0}, {"name": "c", "port": 82, "targetPort": ""},
                                  {"name": "d", "port": 83, "targetPort": "web"}])["ports"]
    assert [p["targetPort"] for p in ports] == [80, 81, 82, "web"]


def test_SVC_2_headless_services_of_others(server):
    without = create(server, clusterIP="None")
    assert (without["ipFamilyPolicy"], without["ipFamilies"]) == ("RequireDualStack", ["IPv4", "IPv6"])
    chosen = create(server, "b", clusterIP="None", selector={"app": "x"})
    assert (chosen["ipFamilyPolicy"], chosen["ipFamilies"], chosen["clusterIPs"]) == ("SingleStack", ["IPv4"], ["None"])
    assert refusal(server, ipFamilyPolicy="RequireDualStack") == (
        'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services')


def test_SVC_3_the_two_fields_agree(server):
    assert create(server, clusterIP="10.96.7.7")["clusterIPs"] == ["10.96.7.7"]
    assert refusal(server, clusterIP="10.96.7.8", clusterIPs=["10.96.7.9"]) == 'spec.clusterIPs: Invalid value: ["10.96.7.9"]: first value must match `clusterIP`'
    assert refusal(server, clusterIPs=["10.96.7.9"]) == 'spec.clusterIPs: Invalid value: ["10.96.7.9"]: must be empty when `clusterIP` is not specified'


# ---- allocation (SVC-5 to SVC-8) --------------------------------------------------------------

def test_SVC_5_addresses_ascend_above_the_reserved_band(server):
    assert [create(server, name)["clusterIP"] for name in "abc"] == ["10.96.1.1", "10.96.1.2", "10.96.1.3"]


def test_SVC_6_an_address_of_ones_own(server):
    create(server, "dns", clusterIP="10.96.0.10")
    create(server, "a", clusterIP="10.96.1.1")
    assert create(server, "b")["clusterIP"] == "10.96.1.2"
    assert refusal(server, clusterIP="10.96.0.10") == (
        'spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated')
    assert refusal(server, clusterIP="1.2.3.4") == (
        'spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4: the provided IP (1.2.3.4) is not in the valid range. '
        "The range of valid IPs is 10.96.0.0/12")
    assert refusal(server, clusterIP="Nones") == 'spec.clusterIPs[0]: Invalid value: "Nones": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'


def test_SVC_7_node_ports(server):
    assert create(server, "a", type="NodePort", ports=[{"port": 80, "nodePort": 30080}])["ports"][0]["nodePort"] == 30080
    assert create(server, "b", type="NodePort")["ports"][0]["nodePort"] == 30000
    assert refusal(server, type="NodePort", ports=[{"port": 80, "nodePort": 30080}]) == (
        "spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated")
    assert refusal(server, type="NodePort", ports=[{"port": 80, "nodePort": 80}]) == (
        "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767")


def test_SVC_7_one_node_port_for_one_port_of_two_protocols(server):
    both = [{"name": "tcp", "port": 53}, {"name": "udp", "port": 53, "protocol": "UDP"}, {"name": "other", "port": 54}]
    assert [p["nodePort"] for p in create(server, type="NodePort", ports=both)["ports"]] == [30000, 30000, 30001]


def test_SVC_8_what_is_deleted_is_free_again(server):
    create(server, "a", type="NodePort")
    server.ok("DELETE", f"{SERVICES}/a")
    again = create(server, "b", type="NodePort")
    assert (again["clusterIP"], again["ports"][0]["nodePort"]) == ("10.96.1.1", 30000)


# ---- validation (SVC-10 to SVC-15) ------------------------------------------------------------

@pytest.mark.parametrize(("rule", "spec", "message"), [
    ("SVC-10", {"ports": []}, "spec.ports: Required value"),
    ("SVC-10", {"ports": [{"port": 80}, {"port": 81, "name": "b"}]}, "spec.ports[0].name: Required value"),
    ("SVC-10", {"ports": [{"name": "web", "port": 80}, {"name": "web", "port": 81}]}, 'spec.ports[1].name: Duplicate value: "web"'),
    ("SVC-10", {"ports": [{"name": "a", "port": 80}, {"name": "b", "port": 80}]},
     'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}'),
    ("SVC-10", {"type": "NodePort", "ports": [{"name": "a", "port": 80, "nodePort": 30080}, {"name": "b", "port": 81, "nodePort": 30080}]},
     "spec.ports[1].nodePort: Invalid value: 30080: provided port is already allocated"),
    ("SVC-10", {"ports": [{"port": 80, "protocol": "HTTP"}]}, 'spec.ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"'),
    ("SVC-11", {"type": "NodePort", "clusterIP": "None"}, "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"),
    ("SVC-11", {"type": "LoadBalancer", "clusterIP": "None"}, "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for LoadBalancer services"),
    ("SVC-12", {"type": "ExternalName"}, "spec.externalName: Required value"),
    ("SVC-12", {"type": "ExternalName", "externalName": "a.", "clusterIP": "10.96.3.3"}, "spec.clusterIPs: Forbidden: may not be set for ExternalName services"),
    ("SVC-13", {"ports": [{"port": 80, "nodePort": 30080}]}, "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"),
    ("SVC-14", {"sessionAffinity": "X"}, 'spec.sessionAffinity: Unsupported value: "X": supported values: "ClientIP", "None"')])
def test_SVC_10_to_14_what_is_refused(server, rule, spec, message):
    assert refusal(server, **spec) == message


@pytest.mark.parametrize(("spec", "message"), [
    ({"clusterIP": "10.96.1.1", "clusterIPs": ["10.96.1.2"]}, 'spec.clusterIPs: Invalid value: ["10.96.1.2"]: first value must match `clusterIP`'),
    ({"clusterIPs": ["10.96.1.2"]}, 'spec.clusterIPs: Invalid value: ["10.96.1.2"]: must be empty when `clusterIP` is not specified'),
    ({"clusterIP": "fd00::1"}, 'spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster'),
    ({"clusterIP": "Nones"}, 'spec.clusterIPs[0]: Invalid value: "Nones": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')])
def test_SVC_3_what_makes_no_address(server, spec, message):
    assert refusal(server, **spec) == message


def test_SVC_2_two_families_need_a_cluster_that_has_them(server):
    demanded = ('[spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services, '
                'spec.ipFamilies[1]: Invalid value: "IPv6": not configured on this cluster]')
    assert refusal(server, clusterIP="None", selector={"a": "b"}, ipFamilyPolicy="RequireDualStack", ipFamilies=["IPv4", "IPv6"]) == demanded
    create(server, clusterIP="None")
    assert server.refused("PATCH", f"{SERVICES}/nginx", {"spec": {"selector": {"a": "b"}}}, media=MERGE)[2].endswith(demanded)
    assert refusal(server, ipFamilies=["IPv4", "IPv6"]) == (
        "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified")


def test_SVC_6_7_what_cannot_be_given_is_told_before_anything_else(server):
    wrong = {"sessionAffinity": "X", "type": "NodePort"}
    assert refusal(server, **wrong, clusterIP="1.2.3.4").startswith("spec.clusterIPs: Invalid value")
    assert refusal(server, **wrong, ports=[{"port": 80, "nodePort": 80}]) == (
        "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767")


def test_SVC_7_a_health_check_port(server):
    balancer = {"type": "LoadBalancer", "externalTrafficPolicy": "Local"}
    assert create(server, **balancer)["healthCheckNodePort"] == 30001
    assert create(server, "second", **balancer)["healthCheckNodePort"] == 30003
    assert patch(server, {"healthCheckNodePort": None})["healthCheckNodePort"] == 30001
    message = server.refused("PATCH", f"{SERVICES}/nginx", {"spec": {"healthCheckNodePort": 31000}}, media=MERGE)[2]
    assert message == 'Service "nginx" is invalid: spec.healthCheckNodePort: Forbidden: field is immutable'
    assert "healthCheckNodePort" not in patch(server, {"externalTrafficPolicy": "Cluster"})
    assert refusal(server, healthCheckNodePort=30100) == (
        "spec.healthCheckNodePort: Invalid value: 30100: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'")


@pytest.mark.parametrize(("spec", "message"), [
    ({"loadBalancerSourceRanges": ["10.0.0.0/8"]}, "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'"),
    ({"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0"]},
     'spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'),
    ({"externalIPs": ["127.0.0.1"]}, 'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'),
    ({"externalIPs": ["169.254.1.1"]},
     'spec.externalIPs[0]: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)'),
    ({"trafficDistribution": "X"},
     'spec.trafficDistribution: Unsupported value: "X": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"'),
    ({"ports": [{"port": 80, "appProtocol": "a b"}]}, "spec.ports[0].appProtocol: Invalid value: \"a b\": name part must consist of alphanumeric "
     "characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used "
     "for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')")])
def test_SVC_14_other_fields(server, spec, message):
    assert refusal(server, **spec) == message


def test_SVC_14_addresses_of_a_balancer(server):
    create(server)
    status = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}
    message = server.refused("PATCH", f"{SERVICES}/nginx/status", status, media=MERGE)[2]
    assert message == ("Service \"nginx\" is invalid: status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'")
    patch(server, {"type": "LoadBalancer"})
    assert server.ok("PATCH", f"{SERVICES}/nginx/status", status, media=MERGE)["status"] == status["status"]


def test_SVC_15_the_selector_is_made_of_labels(server):
    assert refusal(server, selector={"a b": "x"}).startswith('spec.selector: Invalid value: "a b": name part must consist of')
    assert create(server, selector={"nobody": "matches"})["selector"] == {"nobody": "matches"}


# ---- update (SVC-20, SVC-21) ------------------------------------------------------------------

def test_SVC_20_T_44_an_address_does_not_change(server):
    create(server)
    for wanted in ("10.96.1.2", "None"):
        code, _, message = server.refused("PATCH", f"{SERVICES}/nginx", {"spec": {"clusterIP": wanted}}, media=MERGE)
        assert code == 422 and message == f'Service "nginx" is invalid: spec.clusterIPs[0]: Invalid value: ["{wanted}"]: may not change once set'
    create(server, "headless", clusterIP="None", selector={"a": "b"})
    assert server.refused("PATCH", f"{SERVICES}/headless", {"spec": {"clusterIP": "10.96.9.9"}}, media=MERGE)[2].endswith("may not change once set")


def test_SVC_20_T_44_leaving_it_out_keeps_it(server):
    create(server, type="NodePort", ports=[{"port": 80}])
    kept = server.ok("PUT", f"{SERVICES}/nginx", service(type="NodePort", selector={"a": "b"}))["spec"]
    assert (kept["clusterIP"], kept["clusterIPs"], kept["ports"][0]["nodePort"]) == ("10.96.1.1", ["10.96.1.1"], 30000)
    assert kept["selector"] == {"a": "b"}


@pytest.mark.parametrize("address", [None, "10.96.7.7"])
@pytest.mark.parametrize("gone", [None, ""])
def test_SVC_20_taking_it_away_keeps_it_too(server, address, gone):
    made = create(server, clusterIP=address or "None")
    assert patch(server, {"clusterIP": gone}) == made


def test_SVC_20_node_ports_are_known_by_name(server):
    create(server, type="NodePort", ports=[{"name": "a", "port": 80, "nodePort": 30080}, {"name": "b", "port": 81, "nodePort": 30081}])
    moved = server.ok("PUT", f"{SERVICES}/nginx", service(type="NodePort", ports=[{"name": "a", "port": 82}, {"name": "c", "port": 81, "nodePort": 30081}]))
    assert [entry["nodePort"] for entry in moved["spec"]["ports"]] == [30080, 30081]
    swapped = service(type="NodePort", ports=[{"name": "a", "port": 82}, {"name": "d", "port": 83, "nodePort": 30080}])
    assert server.ok("PUT", f"{SERVICES}/nginx", swapped)["spec"]["ports"][0]["nodePort"] not in (30080, 30081)


def test_SVC_20_external_names_have_none(server):
    create(server)
    away = patch(server, {"type": "ExternalName", "externalName": "example.com"})
    assert "clusterIP" not in away and "clusterIPs" not in away
    assert create(server, "other")["clusterIP"] == "10.96.1.1"                 # it is free
    back = patch(server, {"type": "ClusterIP", "externalName": None})
    assert (back["clusterIP"], back["clusterIPs"]) == ("10.96.1.2", ["10.96.1.2"])


def test_SVC_20_a_node_port_that_is_taken_cannot_be_taken_later(server):
    create(server, "a", type="NodePort", ports=[{"port": 80, "nodePort": 30080}])
    create(server)
    code, _, message = server.refused("PATCH", f"{SERVICES}/nginx", {"spec": {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]}}, media=MERGE)
    assert code == 422 and message.endswith("spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated")
    assert patch(server, {"type": "NodePort"})["ports"][0]["nodePort"] == 30000
    assert "nodePort" not in patch(server, {"type": "ClusterIP"})["ports"][0]


def test_SVC_21_the_rest_may_change_and_there_is_no_generation(server):
    create(server)
    now = server.ok("PATCH", f"{SERVICES}/nginx", {"spec": {"publishNotReadyAddresses": True, "ports": [{"port": 81}]}}, media=MERGE)
    assert now["spec"]["publishNotReadyAddresses"] and now["spec"]["ports"] == [{"port": 81, "protocol": "TCP", "targetPort": 81}]
    assert "generation" not in now["metadata"]
