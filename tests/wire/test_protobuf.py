"""Protobuf bodies (KCTL-31, KCTL-70, KCTL-71).

`kubectl_bodies.json` holds what kubectl 1.32 sent for each command, in base64; the other messages are written by the small
encoder below, which knows nothing of the decoder.
"""
from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kstate.errors import BadRequest
from kstate.wire.protobuf import decode

from .asking import CORE, Server, bind, config_map, pod, run

SENT = json.loads((Path(__file__).parent / "kubectl_bodies.json").read_text())
PROTOBUF = "application/vnd.kubernetes.protobuf"
BOTH = "application/vnd.kubernetes.protobuf,application/json"


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def message(*fields: tuple) -> bytes:
    """(number, value) pairs: an int as varint, text and bytes with their length."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def envelope(version: str, kind: str, raw: bytes) -> bytes:
    return b"k8s\0" + message((1, message((1, version), (2, kind))), (2, raw), (3, ""), (4, ""))


def answer(server: Server, command: str) -> dict:
    sent = next(s for s in SENT if s["command"] == f"kubectl {command}")
    response = server.ask("POST", sent["path"], b64decode(sent["body"]), media=PROTOBUF, accept=BOTH)
    assert response.status == 201 and response.headers["content-type"] == "application/json", response.body
    return response.json


def test_KCTL_31_T_23_create_namespace(server):
    assert answer(server, "create namespace gsh")["metadata"]["labels"] == {"kubernetes.io/metadata.name": "gsh"}


def test_KCTL_31_every_command_that_was_recorded(server):      # KCTL-71
    for sent in SENT:
        answer(server, sent["command"].removeprefix("kubectl "))


def test_KCTL_31_configmap_secret_account(server):
    assert answer(server, "create configmap cm --from-literal=a=1 --from-literal=b=")["data"] == {"a": "1", "b": ""}
    secret = answer(server, "create secret generic s --from-literal=p=geheim")
    assert (secret["data"], secret["type"]) == ({"p": "Z2VoZWlt"}, "Opaque")
    assert answer(server, "create serviceaccount robot")["metadata"]["name"] == "robot"


def test_KCTL_31_deployment(server):
    front = answer(server, "create deployment front --image=nginx --replicas=0 --port=80")
    assert front["spec"]["replicas"] == 0 and front["spec"]["selector"] == {"matchLabels": {"app": "front"}}
    [container] = front["spec"]["template"]["spec"]["containers"]
    assert (container["name"], container["image"], container["ports"]) == ("nginx", "nginx", [{"containerPort": 80, "protocol": "TCP"}])
    assert front["spec"]["strategy"]["type"] == "RollingUpdate" and "minReadySeconds" not in front["spec"]
    other = answer(server, "create deployment front2 --image=nginx:1.25 --replicas=2 -- sleep 5")
    assert other["spec"]["template"]["spec"]["containers"][0]["command"] == ["sleep", "5"]


def test_KCTL_31_services(server):
    assert answer(server, "create service clusterip svc --tcp=80:8080")["spec"]["ports"] == [
        {"name": "80-8080", "port": 80, "protocol": "TCP", "targetPort": 8080}]
    assert answer(server, "create service clusterip headless --clusterip=None")["spec"]["clusterIPs"] == ["None"]
    assert answer(server, "create service nodeport np --tcp=443:https --node-port=30080")["spec"]["ports"] == [
        {"name": "443-https", "port": 443, "protocol": "TCP", "targetPort": "https", "nodePort": 30080}]
    assert answer(server, "create service externalname ext --external-name=example.com")["spec"]["externalName"] == "example.com"


def test_KCTL_31_budget_quota_priority(server):
    assert answer(server, "create poddisruptionbudget b --selector=app=nginx --min-available=50%")["spec"] == {
        "minAvailable": "50%", "selector": {"matchLabels": {"app": "nginx"}}}
    assert answer(server, "create quota q --hard=pods=3,requests.storage=5Gi")["spec"] == {"hard": {"pods": "3", "requests.storage": "5Gi"}}
    high = answer(server, "create priorityclass high --value=1000 --description=hi")
    assert (high["value"], high["description"], high["preemptionPolicy"]) == (1000, "hi", "PreemptLowerPriority")


def test_KCTL_54_reviews(server):
    assert answer(server, "auth can-i create pods")["status"] == {"allowed": True}
    assert answer(server, "auth can-i --list")["status"]["resourceRules"] == [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
    assert answer(server, "auth whoami")["status"]["userInfo"]["username"] == "kstate"
    asked = server.ok("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {"spec": {}})
    assert asked["kind"] == "SelfSubjectAccessReview" and asked["status"]["allowed"]
    assert server.refused("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")[:2] == (405, "MethodNotAllowed")


def test_KCTL_70_zeros_are_absent_unless_a_pointer_may_be_zero():
    ports = message((1, ""), (2, "TCP"), (3, 80), (4, message((1, 1), (2, 0), (3, "http"))), (5, 0))
    spec = message((1, ports), (3, ""), (13, 0), (20, 0))
    found = decode(envelope("v1", "Service", message((1, message((1, "a"), (3, ""), (7, 0), (8, message()))), (2, spec))))
    assert found == {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"},
                     "spec": {"ports": [{"protocol": "TCP", "port": 80, "targetPort": "http"}], "allocateLoadBalancerNodePorts": False}}


def test_KCTL_70_maps_times_negative_numbers_and_owners():
    owner = message((1, "Pod"), (3, "p"), (4, "u"), (5, "v1"), (6, 1))
    meta = message((1, "a"), (8, message((1, 1767225600))), (10, -1), (11, message((1, "k"), (2, "v"))), (11, message((1, "e"))), (13, owner), (14, "x/a"), (14, "x/b"))
    found = decode(envelope("v1", "ConfigMap", message((1, meta), (3, message((1, "f"), (2, b"\xff"))), (4, 0))))
    assert found["metadata"] == {
        "name": "a", "creationTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": -1, "labels": {"k": "v", "e": ""},
        "ownerReferences": [{"kind": "Pod", "name": "p", "uid": "u", "apiVersion": "v1", "controller": True}], "finalizers": ["x/a", "x/b"]}
    assert (found["binaryData"], found["immutable"]) == ({"f": "/w=="}, False)


def test_KCTL_70_unknown_fields_of_every_wire_type_are_passed_over():
    unknown = message((900, 5), (901, "x")) + varint(902 << 3 | 1) + b"8" * 8 + varint(903 << 3 | 5) + b"4" * 4
    assert decode(envelope("v1", "ConfigMap", unknown + message((1, message((1, "a"))))))["metadata"] == {"name": "a"}


def test_KCTL_31_drain_deletes_with_protobuf(server):
    server.ok("POST", f"{CORE}/pods", pod())
    bind(server)
    run(server)
    made = server.get(f"{CORE}/pods/web-0")["metadata"]
    wrong = envelope("v1", "DeleteOptions", message((2, message((1, "other")))))
    assert server.refused("DELETE", f"{CORE}/pods/web-0", wrong, media=PROTOBUF)[:2] == (409, "Conflict")
    options = envelope("v1", "DeleteOptions", message((1, 0), (2, message((1, made["uid"]))), (4, "Background"), (5, "All")))
    assert server.ok("DELETE", f"{CORE}/pods/web-0", options, media=PROTOBUF)["kind"] == "Pod"
    assert server.get(f"{CORE}/pods/web-0")["metadata"]["uid"] == made["uid"]                   # a dry run
    options = envelope("v1", "DeleteOptions", message((1, 0)))
    server.ok("DELETE", f"{CORE}/pods/web-0", options, media=PROTOBUF)
    assert server.refused("GET", f"{CORE}/pods/web-0")[0] == 404


@pytest.mark.parametrize(("body", "message_"), [
    (b"{}", "does not begin as protobuf of Kubernetes does"), (b"k8s\0\x12\xff", "a number without an end"), (b"k8s\0\x12\x05a", "unexpected end"),
    (envelope("v1", "Foo", b""), 'no kind "Foo" is registered for version "v1" in protobuf'), (envelope("v1", "ObjectMeta", b""), 'no kind "ObjectMeta"'),
    (envelope("v1", "ConfigMap", message((1, 7))), "a number stands where bytes are expected"), (envelope("v1", "ConfigMap", b"\x0b"), "wire type 3"),
    (envelope("v1", "ConfigMap", message((1, message((1, b"\xff"))))), "can't decode byte")])
def test_KCTL_70_what_is_no_protobuf(server, body, message_):
    code, reason, text = server.refused("POST", f"{CORE}/configmaps", body, media=PROTOBUF)
    assert (code, reason) == (400, "BadRequest") and message_ in text


def test_KCTL_31_another_kind_than_the_urls(server):
    assert server.refused("POST", f"{CORE}/pods", envelope("v1", "ConfigMap", b""), media=PROTOBUF)[2].startswith(
        'ConfigMap in version "v1" cannot be handled as a Pod: ')


@given(st.binary(max_size=60), st.sampled_from(SENT), st.integers(0, 200), st.integers(0, 255))
def test_garbage_is_refused_and_never_more(noise, sent, place, byte):
    whole = bytearray(b64decode(sent["body"]))
    whole[place % len(whole)] = byte
    for body in (noise, b"k8s\0" + noise, envelope("v1", "Service", noise), bytes(whole)):
        try:
            json.dumps(decode(body))
        except BadRequest:
            pass


def test_json_and_protobuf_say_the_same(server):
    body = envelope("v1", "ConfigMap", message((1, message((1, "a"))), (2, message((1, "key"), (2, "value")))))
    made = server.ok("POST", f"{CORE}/configmaps?dryRun=All", body, media=PROTOBUF)
    assert made == server.ok("POST", f"{CORE}/configmaps?dryRun=All", config_map())
