"""Endpoints and EndpointSlices: who stands behind a Service (SVC-30 to SVC-41, SVC-50 to SVC-62, T-40, T-41)."""
from __future__ import annotations

import pytest

from kstate.controllers.endpoints import Endpoints
from kstate.controllers.endpointslices import EndpointSlices
from kstate.controllers.garbagecollector import GarbageCollector
from kstate.controllers.mirroring import EndpointSliceMirroring
from kstate.controllers.namespaces import Namespaces
from kstate.controllers.serviceaccounts import ServiceAccounts
from kstate.world import Key, put, uid
from tests.helpers import EXAMPLE, apply, because, cluster_engine, get

MANAGED = "endpointslice.kubernetes.io/managed-by"
NGINX = {"app": "nginx"}


@pytest.fixture
def engine():
    return cluster_engine([Endpoints, EndpointSlices, EndpointSliceMirroring, GarbageCollector, Namespaces, ServiceAccounts])


def service(engine, name: str = "nginx", ports=({"port": 80, "name": "web"},), selector=NGINX, labels=None, **spec) -> dict:
    made = engine.api.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default", **({"labels": labels} if labels else {})},
                              "spec": {**({"ports": list(ports)} if ports else {}), **({"selector": selector} if selector else {}), **spec}})
    engine.drain()
    return made


def pod(engine, name: str = "web-0", ip: str = "10.244.1.2", ready: bool = True, phase: str = "Running", node: str = "node-1", labels=NGINX, ports=(), **spec) -> Key:
    """A pod in that state, as its kubelet would report it."""
    key = Key("Pod", "default", name)
    engine.api.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default", "labels": labels}, "spec": {
        "containers": [{"name": "c", "image": "nginx", **({"ports": list(ports)} if ports else {})}], **spec}})
    if node:
        engine.api.bind(key, node)
    report(engine, key, ip, ready, phase)
    return key


def report(engine, key: Key, ip: str, ready: bool, phase: str = "Running") -> None:
    now = engine.world.find(key)
    status = {**now["status"], "phase": phase, **({"podIP": ip, "podIPs": [{"ip": ip}]} if ip else {}),
              "conditions": [{"type": "Ready", "status": "True" if ready else "False"}]}
    engine.api.update(put(now, "status", status), subresource="status")
    engine.drain()


def subsets(engine, name: str = "nginx") -> list:
    return get(engine, "Endpoints", name).get("subsets", [])


def addresses(engine, name: str = "nginx") -> dict[str, list[str]]:
    return {field: [a["targetRef"]["name"] for s in subsets(engine, name) for a in s.get(field, ())] for field in ("addresses", "notReadyAddresses")}


def slices(engine, name: str = "nginx") -> list[dict]:
    return engine.world.select("slice by service", name)


def conditions(engine, name: str = "nginx") -> dict[str, str]:
    """Pod -> its three conditions as ready/serving/terminating."""
    return {e["targetRef"]["name"]: "/".join(str(e["conditions"][c])[0] for c in ("ready", "serving", "terminating"))
            for s in slices(engine, name) for e in (s["endpoints"] or ())}


# ---- which services and pods (SVC-30 to SVC-34) -----------------------------------------------

@pytest.mark.parametrize("spec", [{"selector": None}, {"selector": {}}, {"type": "ExternalName", "externalName": "example.com", "ports": ()}], ids=str)
def test_SVC_30_and_SVC_61_services_that_nobody_looks_after(engine, spec):
    service(engine, **spec)
    pod(engine)
    assert get(engine, "Endpoints", "nginx") is None and slices(engine) == []


def test_SVC_30_what_a_service_left_behind_is_no_longer_maintained(engine):
    service(engine)
    pod(engine)
    engine.api.patch(Key("Service", "default", "nginx"), {"spec": {"selector": None}})
    pod(engine, "web-1", "10.244.1.3")
    assert addresses(engine)["addresses"] == ["web-0"] and list(conditions(engine)) == ["web-0"]


MATRIX = [      # pod, publishNotReadyAddresses, deleted -> field of Endpoints, conditions in the slice
    ({}, False, False, "addresses", "T/T/F"), ({"ready": False}, False, False, "notReadyAddresses", "F/F/F"), ({"ready": False}, True, False, "addresses", "T/F/F"),
    ({}, False, True, None, "F/T/T"), ({"ready": False}, False, True, None, "F/F/T"), ({}, True, True, "addresses", "T/T/T"),
    ({"ready": False, "phase": "Pending"}, False, False, "notReadyAddresses", "F/F/F"), ({"ip": "", "ready": False, "phase": "Pending"}, False, False, None, None),
    ({"ready": False, "phase": "Succeeded"}, False, False, None, None), ({"ready": False, "phase": "Failed"}, False, False, None, None)]


@pytest.mark.parametrize(("state", "publish", "deleted", "field", "shown"), MATRIX)
def test_SVC_32_T_40_the_matrix(engine, state, publish, deleted, field, shown):
    service(engine, publishNotReadyAddresses=publish)
    key = pod(engine, **state)
    if deleted:
        engine.api.delete(key)
        engine.drain()
    assert addresses(engine) == {f: ["web-0"] if f == field else [] for f in ("addresses", "notReadyAddresses")}
    assert conditions(engine) == ({"web-0": shown} if shown else {})
    assert {"SVC-40", "SVC-50"} <= because(engine)


def test_SVC_31_labels_and_namespace_decide(engine):
    service(engine, selector={"app": "nginx", "tier": "front"})
    pod(engine, "a", "10.244.1.1", labels={"app": "nginx"})
    pod(engine, "b", "10.244.1.2", labels={"app": "nginx", "tier": "front", "more": "x"})
    assert addresses(engine)["addresses"] == ["b"]
    engine.api.patch(Key("Pod", "default", "a"), {"metadata": {"labels": {"tier": "front"}}})
    engine.api.patch(Key("Pod", "default", "b"), {"metadata": {"labels": {"tier": "back"}}})
    engine.drain()
    assert addresses(engine)["addresses"] == ["a"] and list(conditions(engine)) == ["a"]


def test_SVC_33_T_41_the_hostname_stands_under_the_governing_service_alone(engine):
    service(engine, clusterIP="None")
    service(engine, "other", clusterIP="None")
    pod(engine, hostname="web-0", subdomain="nginx")
    for name, host in (("nginx", "web-0"), ("other", None)):
        assert subsets(engine, name)[0]["addresses"][0].get("hostname") == host
        assert slices(engine, name)[0]["endpoints"][0].get("hostname") == host


def test_SVC_34_a_pod_on_an_unknown_node_waits_for_it(engine):
    service(engine)
    service(engine, "anyway", publishNotReadyAddresses=True)
    pod(engine, node="node-9")
    assert addresses(engine)["addresses"] == ["web-0"] and conditions(engine) == {} and list(conditions(engine, "anyway")) == ["web-0"]
    engine.api.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-9", "labels": {"topology.kubernetes.io/zone": "z"}}})
    engine.drain()
    assert conditions(engine) == {"web-0": "T/T/F"} and slices(engine)[0]["endpoints"][0]["zone"] == "z"


# ---- Endpoints (SVC-40, SVC-41) ---------------------------------------------------------------

def test_SVC_40_one_object_per_service(engine):
    made = service(engine, labels={"app": "nginx", "team": "a"})
    key = pod(engine)
    endpoints = get(engine, "Endpoints", "nginx")
    assert endpoints["metadata"]["labels"] == {"app": "nginx", "team": "a", "endpoints.kubernetes.io/managed-by": "endpoint-controller"}
    assert endpoints["metadata"]["annotations"] == {"endpoints.kubernetes.io/last-change-trigger-time": "2026-01-01T00:00:00Z"}
    assert "ownerReferences" not in endpoints["metadata"]
    assert endpoints["subsets"] == [{"addresses": [{"ip": "10.244.1.2", "nodeName": "node-1", "targetRef": {
        "kind": "Pod", "namespace": "default", "name": "web-0", "uid": uid(engine.world.find(key))}}], "ports": [{"name": "web", "port": 80, "protocol": "TCP"}]}]
    assert made["spec"]["clusterIP"] == "10.96.1.1"


def test_SVC_40_headless_services_are_labelled(engine):
    service(engine, clusterIP="None")
    assert get(engine, "Endpoints", "nginx")["metadata"]["labels"]["service.kubernetes.io/headless"] == ""
    assert slices(engine)[0]["metadata"]["labels"]["service.kubernetes.io/headless"] == ""


def test_SVC_40_without_pods_there_are_no_subsets(engine):
    service(engine)
    assert "subsets" not in get(engine, "Endpoints", "nginx")


def test_SVC_40_and_SVC_54_addresses_are_sorted_as_text_and_by_number(engine):
    service(engine)
    for name, ip in (("a", "10.244.1.10"), ("b", "10.244.1.9"), ("c", "10.244.1.2")):
        pod(engine, name, ip)
    assert [a["ip"] for a in subsets(engine)[0]["addresses"]] == ["10.244.1.10", "10.244.1.2", "10.244.1.9"]
    engine.api.delete(Key("Service", "default", "nginx"))
    service(engine)
    assert [e["addresses"][0] for s in slices(engine) for e in s["endpoints"]][-3:] == ["10.244.1.2", "10.244.1.9", "10.244.1.10"]


def test_SVC_40_at_most_a_thousand_addresses(engine, monkeypatch):
    monkeypatch.setattr("kstate.controllers.endpoints.LIMIT", 3)
    service(engine)
    for i, ready in enumerate((False, True, False, True, True)):
        pod(engine, f"web-{i}", f"10.244.1.{i + 1}", ready)
    assert addresses(engine) == {"addresses": ["web-1", "web-3", "web-4"], "notReadyAddresses": []}         # who is ready goes first
    over = "endpoints.kubernetes.io/over-capacity"
    assert get(engine, "Endpoints", "nginx")["metadata"]["annotations"][over] == "truncated"
    for name in ("web-0", "web-2"):
        engine.api.delete(Key("Pod", "default", name), grace=0)
    engine.drain()
    assert over not in get(engine, "Endpoints", "nginx")["metadata"]["annotations"]


def test_SVC_41_named_ports_are_those_of_the_pod(engine):
    service(engine, ports=[{"name": "web", "port": 80, "targetPort": "http"}, {"name": "admin", "port": 81, "targetPort": "admin"}])
    pod(engine, "a", "10.244.1.1", ports=[{"name": "http", "containerPort": 8080}, {"name": "admin", "containerPort": 9000}])
    pod(engine, "b", "10.244.1.2", ports=[{"name": "http", "containerPort": 8081}])
    pod(engine, "c", "10.244.1.3", ports=[{"name": "http", "containerPort": 8080, "protocol": "UDP"}])
    assert [([a["ip"] for a in s["addresses"]], [(p["name"], p["port"]) for p in s["ports"]]) for s in subsets(engine)] == [
        (["10.244.1.1"], [("admin", 9000), ("web", 8080)]), (["10.244.1.2"], [("web", 8081)])]
    assert sorted(([e["targetRef"]["name"] for e in s["endpoints"] or ()], sorted(p["port"] for p in s["ports"] or ())) for s in slices(engine)) == [
        (["a"], [8080, 9000]), (["b"], [8081]), (["c"], [])]


def test_SVC_40_a_port_stands_with_those_of_the_same_addresses(engine):
    service(engine, ports=[{"name": "web", "port": 80}, {"name": "admin", "port": 81, "targetPort": "admin"}])
    pod(engine, "a", "10.244.1.1", ports=[{"name": "admin", "containerPort": 9000}])
    pod(engine, "b", "10.244.1.2", ready=False)
    assert [([a["ip"] for a in s.get("addresses", [])], [a["ip"] for a in s.get("notReadyAddresses", [])], [p["port"] for p in s["ports"]])
            for s in subsets(engine)] == [
        (["10.244.1.1"], [], [9000]), (["10.244.1.1"], ["10.244.1.2"], [80])]


def test_SVC_40_and_SVC_52_ports_are_in_the_order_of_hashes(engine):
    """Of the ports of the cluster's DNS a cluster of 1.35 or later prints 53,53,9153 in its slice."""
    service(engine, ports=[{"name": "metrics", "port": 9153}, {"name": "dns-tcp", "port": 53}, {"name": "dns", "port": 53, "protocol": "UDP"}])
    pod(engine)
    assert [p["name"] for p in slices(engine)[0]["ports"]] == ["dns", "dns-tcp", "metrics"]
    assert [p["name"] for p in subsets(engine)[0]["ports"]] == ["metrics", "dns-tcp", "dns"]


def test_SVC_41_sidecars_offer_ports_too(engine):
    service(engine, ports=[{"name": "m", "port": 80, "targetPort": "metrics"}])
    pod(engine, initContainers=[{"name": "s", "image": "x", "restartPolicy": "Always", "ports": [{"name": "metrics", "containerPort": 9100}]}])
    assert subsets(engine)[0]["ports"] == [{"name": "m", "port": 9100, "protocol": "TCP"}]


def test_SVC_41_a_headless_service_needs_no_ports(engine):
    service(engine, ports=(), clusterIP="None")
    pod(engine)
    assert "ports" not in subsets(engine)[0] and addresses(engine)["addresses"] == ["web-0"]
    assert slices(engine)[0]["ports"] is None


# ---- EndpointSlices (SVC-50 to SVC-56) --------------------------------------------------------

def test_SVC_50_to_52_a_slice(engine):
    made = service(engine, labels={"app": "nginx", "service.kubernetes.io/headless": "no"})
    key = pod(engine)
    [found] = slices(engine)
    meta = found["metadata"]
    assert meta["generateName"] == "nginx-" and meta["name"].startswith("nginx-") and len(meta["name"]) == 11
    assert meta["labels"] == {"app": "nginx", "kubernetes.io/service-name": "nginx", MANAGED: "endpointslice-controller.k8s.io"}
    assert meta["annotations"] == {"endpoints.kubernetes.io/last-change-trigger-time": "2026-01-01T00:00:00Z"}
    assert meta["ownerReferences"] == [{"apiVersion": "v1", "kind": "Service", "name": "nginx", "uid": uid(made), "controller": True, "blockOwnerDeletion": True}]
    assert (found["addressType"], found["ports"]) == ("IPv4", [{"name": "web", "port": 80, "protocol": "TCP"}])
    assert found["endpoints"] == [{"addresses": ["10.244.1.2"], "conditions": {"ready": True, "serving": True, "terminating": False}, "nodeName": "node-1",
                                   "targetRef": {"kind": "Pod", "namespace": "default", "name": "web-0", "uid": uid(engine.world.find(key))}, "zone": "zone-1"}]


def test_SVC_52_an_unnamed_port_has_an_empty_name(engine):
    service(engine, ports=[{"port": 80, "appProtocol": "http"}])
    pod(engine)
    assert slices(engine)[0]["ports"] == [{"name": "", "port": 80, "protocol": "TCP", "appProtocol": "http"}]
    assert subsets(engine)[0]["ports"] == [{"port": 80, "protocol": "TCP", "appProtocol": "http"}]


def test_SVC_53_one_empty_slice_stands_for_no_endpoints_and_is_used_first(engine):
    service(engine)
    [empty] = slices(engine)
    assert empty["endpoints"] is None and empty["ports"] is None
    key = pod(engine)
    [filled] = slices(engine)
    assert filled["metadata"]["uid"] == empty["metadata"]["uid"] and len(filled["endpoints"]) == 1
    engine.api.delete(key, grace=0)
    engine.drain()
    [again] = slices(engine)
    assert again["metadata"]["uid"] == empty["metadata"]["uid"] and again["endpoints"] is None


def test_SVC_53_a_hundred_to_a_slice(engine, monkeypatch):
    monkeypatch.setattr("kstate.controllers.endpointslices.FULL", 3)
    service(engine)
    for i in range(7):
        pod(engine, f"web-{i}", f"10.244.1.{i + 1}")
    assert [len(s["endpoints"]) for s in slices(engine)] in ([3, 3, 1], [1, 3, 3], [3, 1, 3])
    before = {e["targetRef"]["name"]: s["metadata"]["name"] for s in slices(engine) for e in s["endpoints"]}
    engine.api.delete(Key("Pod", "default", "web-0"), grace=0)
    engine.drain()
    pod(engine, "web-9", "10.244.1.99")
    after = {e["targetRef"]["name"]: s["metadata"]["name"] for s in slices(engine) for e in s["endpoints"]}
    assert len(slices(engine)) == 3 and all(after[name] == before[name] for name in before if name != "web-0")          # nobody moves
    assert after["web-9"] in before.values()        # a gap is filled


def test_SVC_53_other_ports_reuse_the_slices_there_are(engine):
    service(engine)
    pod(engine)
    [before] = slices(engine)
    engine.api.patch(Key("Service", "default", "nginx"), {"spec": {"ports": [{"name": "web", "port": 8080}]}})
    engine.drain()
    [after] = slices(engine)
    assert after["metadata"]["uid"] == before["metadata"]["uid"] and after["ports"][0]["port"] == 8080


def test_SVC_53_what_somebody_broke_is_mended(engine):
    service(engine)
    pod(engine)
    [found] = slices(engine)
    engine.api.patch(Key("EndpointSlice", "default", found["metadata"]["name"]), {"endpoints": [{"addresses": ["10.0.0.9"]}], "metadata": {"labels": {"x": "y"}}})
    engine.api.delete(Key("Endpoints", "default", "nginx"))
    engine.drain()
    assert conditions(engine) == {"web-0": "T/T/F"} and "x" not in slices(engine)[0]["metadata"]["labels"]
    assert addresses(engine)["addresses"] == ["web-0"]


def test_SVC_56_endpoints_follow_at_once(engine):
    service(engine)
    key = pod(engine, ip="", ready=False, phase="Pending")
    assert conditions(engine) == {}
    report(engine, key, "10.244.1.2", ready=False)
    assert conditions(engine) == {"web-0": "F/F/F"}
    report(engine, key, "10.244.1.2", ready=True)
    assert conditions(engine) == {"web-0": "T/T/F"}
    engine.api.delete(key)                                                      # at the start of the grace period
    engine.drain()
    assert (conditions(engine), addresses(engine)["addresses"]) == ({"web-0": "F/T/T"}, [])


def test_SVC_8_what_a_service_leaves(engine):
    service(engine)
    pod(engine)
    engine.api.delete(Key("Service", "default", "nginx"))
    assert get(engine, "Endpoints", "nginx") is None                            # with the service itself
    engine.settle()
    assert slices(engine) == []                                                 # by the garbage collector


def test_SVC_21_selector_and_ports_may_change(engine):
    service(engine)
    pod(engine)
    pod(engine, "other", "10.244.1.9", labels={"app": "other"})
    engine.api.patch(Key("Service", "default", "nginx"), {"spec": {"selector": {"app": "other"}}})
    engine.drain()
    assert addresses(engine)["addresses"] == ["other"] and list(conditions(engine)) == ["other"]
    engine.api.patch(Key("Service", "default", "nginx"), {"metadata": {"labels": {"team": "b"}}})
    engine.drain()
    assert get(engine, "Endpoints", "nginx")["metadata"]["labels"]["team"] == slices(engine)[0]["metadata"]["labels"]["team"] == "b"


# ---- services without selector (SVC-60 to SVC-62) ---------------------------------------------

def by_hand(engine, name: str = "nginx", **meta) -> None:
    engine.api.create({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name, "namespace": "default", **meta}, "subsets": [
        {"addresses": [{"ip": "192.168.7.1", "hostname": "db"}], "notReadyAddresses": [{"ip": "192.168.7.2"}], "ports": [{"port": 5432}]}]})
    engine.drain()


def test_SVC_60_endpoints_by_hand_are_mirrored(engine):
    service(engine, selector=None)
    by_hand(engine, labels={"team": "a"})
    [found] = slices(engine)
    assert found["metadata"]["labels"] == {"team": "a", "kubernetes.io/service-name": "nginx", MANAGED: "endpointslicemirroring-controller.k8s.io"}
    assert [(r["kind"], r["name"]) for r in found["metadata"]["ownerReferences"]] == [("Endpoints", "nginx")]
    assert found["endpoints"] == [{"addresses": ["192.168.7.1"], "conditions": {"ready": True}, "hostname": "db"}, {"addresses": ["192.168.7.2"], "conditions": {"ready": False}}]
    assert found["ports"] == [{"name": "", "port": 5432, "protocol": "TCP"}] and "SVC-60" in because(engine)
    engine.api.patch(Key("Endpoints", "default", "nginx"), {"subsets": [{"addresses": [{"ip": "192.168.7.3"}], "ports": [{"port": 5432}]}]})
    engine.drain()
    [again] = slices(engine)
    assert again["metadata"]["uid"] == found["metadata"]["uid"] and [e["addresses"] for e in again["endpoints"]] == [["192.168.7.3"]]
    engine.api.delete(Key("Endpoints", "default", "nginx"))
    engine.settle()
    assert slices(engine) == []


@pytest.mark.parametrize("meta", [{"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}}, {"annotations": {"control-plane.alpha.kubernetes.io/leader": "x"}}], ids=str)
def test_SVC_60_unless_they_say_not_to(engine, meta):
    service(engine, selector=None)
    by_hand(engine, **meta)
    assert slices(engine) == []


def test_SVC_60_only_for_services_without_selector(engine):
    by_hand(engine)
    assert slices(engine) == []
    service(engine, selector=None)
    assert len(slices(engine)) == 1
    engine.api.patch(Key("Service", "default", "nginx"), {"spec": {"selector": NGINX}})
    engine.drain()
    assert [s["metadata"]["labels"][MANAGED] for s in slices(engine)] == ["endpointslice-controller.k8s.io"]


def test_SVC_62_a_service_may_come_later_than_its_pods(engine):
    pod(engine, hostname="web-0", subdomain="nginx")
    service(engine, clusterIP="None")
    assert slices(engine)[0]["endpoints"][0]["hostname"] == "web-0"


def test_T_53_readiness_flips_remove_and_add():
    engine = cluster_engine()
    apply(engine, EXAMPLE)
    engine.settle()
    assert addresses(engine)["addresses"] == ["web-0", "web-1", "web-2"]
    engine.api.patch(Key("Pod", "default", "web-1"), {"metadata": {"annotations": {"kstate.dev/fault": "NotReady"}}})
    engine.settle()
    assert addresses(engine) == {"addresses": ["web-0", "web-2"], "notReadyAddresses": ["web-1"]}
    engine.api.patch(Key("Pod", "default", "web-1"), {"metadata": {"annotations": {"kstate.dev/fault": None}}})
    engine.settle()
    assert addresses(engine)["notReadyAddresses"] == []
