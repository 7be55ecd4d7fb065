"""Label and field selectors in the query (API-33 to API-35, T-8)."""
from __future__ import annotations

from urllib.parse import urlencode

import pytest

from .asking import CORE, TABLE, bind, claim, config_map, pod, run, service


@pytest.fixture
def labelled(server):
    for name, labels in (("a", {"app": "x", "n": "1"}), ("b", {"app": "y", "n": "7"}), ("c", {})):
        server.ok("POST", f"{CORE}/secrets", {"metadata": {"name": name, "labels": labels}, "type": f"example.com/{name}"})
    return server


def names(server, path: str = f"{CORE}/secrets", **query: str) -> list[str]:
    return [o["metadata"]["name"] for o in server.get(f"{path}?{urlencode(query)}")["items"]]


@pytest.mark.parametrize(("selector", "found"), [
    ("app=x", "a"), ("app==x", "a"), ("app!=x", "bc"), ("app in (x,y)", "ab"), ("app notin (x)", "bc"), ("app", "ab"), ("!app", "c"),
    ("n>5", "b"), ("n<5", "a"), (" app = x , n = 1 ", "a"), ("app=x,n=7", ""), ("", "abc"), ("app=", "")])
def test_API_33_label_selectors(labelled, selector, found):
    assert names(labelled, labelSelector=selector) == list(found)


@pytest.mark.parametrize(("selector", "message"), [
    ("app=x=y", "found '=', expected: ',' or 'end of string'"), ("=x", "unable to parse requirement"), ("app in x", "unable to parse requirement: found 'x' expected: '('"),
    ("app=" + "v" * 64, 'unable to parse requirement: values[0][app]: Invalid value: "' + "v" * 64 + '": must be no more than 63 bytes')])
def test_API_33_what_cannot_be_parsed(server, selector, message):
    code, reason, text = server.refused("GET", f"{CORE}/pods?{urlencode({'labelSelector': selector})}")
    assert (code, reason) == (400, "BadRequest") and message.removeprefix("unable to parse requirement") in text


def test_API_35_T_8_fields_of_pods(server):
    for name in ("web-0", "web-1"):
        server.ok("POST", f"{CORE}/pods", pod(name))
    bind(server)
    run(server)
    pods = f"{CORE}/pods"
    for selector, found in (("status.phase=Running", ["web-0"]), ("status.phase!=Running", ["web-1"]), ("spec.nodeName=node-1,status.phase!=Failed", ["web-0"]),
                            ("status.podIP=10.244.1.2", ["web-0"]), ("status.podIPs=10.244.1.2", ["web-0"]), ("spec.hostNetwork=false", ["web-0", "web-1"]),
                            ("spec.restartPolicy=Always,metadata.namespace=default", ["web-0", "web-1"]), ("spec.schedulerName==default-scheduler", ["web-0", "web-1"]),
                            ("spec.serviceAccountName=default", ["web-0", "web-1"]), ("status.nominatedNodeName=", ["web-0", "web-1"]),
                            ("metadata.name=web-0,metadata.name=web-0", ["web-0"])):
        assert names(server, pods, fieldSelector=selector) == found, selector


def test_API_35_fields_of_other_kinds(labelled):
    assert names(labelled, fieldSelector="type=example.com/b") == ["b"]
    labelled.ok("POST", f"{CORE}/services", service())
    assert names(labelled, f"{CORE}/services", fieldSelector="spec.type=ClusterIP,spec.clusterIP=10.96.1.1") == ["nginx"]
    assert names(labelled, "/api/v1/nodes", fieldSelector="spec.unschedulable=false") == ["node-1", "node-2", "node-3"]
    assert names(labelled, "/api/v1/namespaces", fieldSelector="status.phase=Active,metadata.name=default") == ["default"]


def test_API_35_fields_of_events(server):
    made = server.ok("POST", f"{CORE}/pods", pod())
    server.engine.api.record(made, "Normal", "Scheduled", "x", who="default-scheduler", new_style="Binding")
    server.engine.api.record(made, "Warning", "Failed", "y", who="kubelet", host="node-1", field_path="spec.containers{nginx}")
    events = f"{CORE}/events"
    about = f"involvedObject.kind=Pod,involvedObject.apiVersion=v1,involvedObject.name=web-0,involvedObject.namespace=default,involvedObject.uid={made['metadata']['uid']}"
    assert len(names(server, events, fieldSelector=about)) == 2
    for selector in ("source=kubelet", "type=Warning", "reason=Failed", "reportingComponent=kubelet", "involvedObject.fieldPath=spec.containers{nginx}"):
        assert len(names(server, events, fieldSelector=selector)) == 1, selector
    assert len(names(server, events, fieldSelector="source=default-scheduler")) == 1               # falls back to who reports
    assert names(server, "/api/v1/events", fieldSelector="involvedObject.namespace=") == []


@pytest.mark.parametrize(("path", "field", "message"), [
    (f"{CORE}/pods", "spec.foo", "field label not supported: spec.foo"), ("/api/v1/nodes", "metadata.namespace", "field label not supported: metadata.namespace"),
    (f"{CORE}/persistentvolumeclaims", "spec.foo", '"spec.foo" is not a known field selector: only "metadata.name", "metadata.namespace"'),
    ("/api/v1/persistentvolumes", "status.phase", '"status.phase" is not a known field selector: only "metadata.name", "metadata.namespace"')])
def test_API_35_T_8_unknown_fields(server, path, field, message):
    assert server.refused("GET", f"{path}?fieldSelector={field}%3D1") == (400, "BadRequest", message)
    assert server.refused("GET", f"{path}?watch=1&fieldSelector={field}%3D1")[2] == message


def test_API_35_escapes_and_nonsense(server):
    server.ok("POST", f"{CORE}/configmaps", config_map())
    assert names(server, f"{CORE}/configmaps", fieldSelector=r"metadata.name=a\,b") == []
    assert server.refused("GET", f"{CORE}/configmaps?fieldSelector=metadata.name")[:2] == (400, "BadRequest")


def test_selectors_choose_before_tables_are_made(server):
    server.ok("POST", f"{CORE}/persistentvolumeclaims", claim())
    table = server.get(f"{CORE}/persistentvolumeclaims?labelSelector=a%3Db", accept=TABLE)
    assert table["rows"] == [] and table["columnDefinitions"]
