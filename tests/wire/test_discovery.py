"""What the server offers, in both forms, and the endpoints around it (KCTL-1 to KCTL-7, KCTL-20 to KCTL-24, KCTL-53, KCTL-80 to KCTL-91)."""
from __future__ import annotations

import pytest

from .asking import CORE, TABLE, config_map, pod

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
KUBECTL = f"{AGGREGATED},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
SHORT = {"pods": "po", "services": "svc", "endpoints": "ep", "persistentvolumes": "pv", "persistentvolumeclaims": "pvc", "nodes": "no", "namespaces": "ns",
         "events": "ev", "configmaps": "cm", "serviceaccounts": "sa", "resourcequotas": "quota", "limitranges": "limits", "statefulsets": "sts",
         "deployments": "deploy", "replicasets": "rs", "storageclasses": "sc", "poddisruptionbudgets": "pdb", "volumeattributesclasses": "vac",
         "priorityclasses": "pc"}


def resources(document: dict) -> dict:
    """(group, plural) -> resource of an aggregated document."""
    return {(item["metadata"].get("name", ""), resource["resource"]): resource
            for item in document["items"] for version in item["versions"] for resource in version["resources"]}


def test_KCTL_2_the_version(server):
    for path in ("/version", "/version/", "/version?timeout=5s"):
        found = server.get(path)
        assert (found["major"], found["minor"], found["gitVersion"], found["platform"]) == ("1", "36", "v1.36.2", "linux/amd64")


@pytest.mark.parametrize(("path", "groups"), [("/api?timeout=32s", [""]), ("/apis?timeout=32s", [
    "apps", "authentication.k8s.io", "authorization.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "policy", "scheduling.k8s.io",
    "storage.k8s.io"])])
def test_KCTL_3_aggregated_discovery(server, path, groups):
    answer = server.ask("GET", path, accept=KUBECTL)
    assert answer.headers["content-type"] == AGGREGATED
    document = answer.json
    assert (document["kind"], document["apiVersion"]) == ("APIGroupDiscoveryList", "apidiscovery.k8s.io/v2")
    assert [item["metadata"].get("name", "") for item in document["items"]] == groups
    assert all(v["freshness"] == "Current" and v["version"] == "v1" for item in document["items"] for v in item["versions"])


def test_KCTL_3_a_resource_in_full(server):
    sets = resources(server.get("/apis", accept=KUBECTL))["apps", "statefulsets"]
    here = {"group": "", "version": "", "kind": "StatefulSet"}
    assert sets == {"resource": "statefulsets", "responseKind": here, "scope": "Namespaced", "singularResource": "statefulset", "verbs": VERBS,
                    "shortNames": ["sts"], "categories": ["all"], "subresources": [
                        {"subresource": "scale", "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"}, "verbs": ["get", "patch", "update"]},
                        {"subresource": "status", "responseKind": here, "verbs": ["get", "patch", "update"]}]}
    assert resources(server.get("/api", accept=KUBECTL))["", "nodes"]["scope"] == "Cluster"


def test_KCTL_4_the_old_documents(server):
    for accept in ("application/json", "", "*/*", "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"):
        assert server.get("/api", accept=accept)["versions"] == ["v1"]
    groups = server.get("/apis/")
    assert groups["kind"] == "APIGroupList" and {"name": "apps", "versions": [{"groupVersion": "apps/v1", "version": "v1"}],
                                                 "preferredVersion": {"groupVersion": "apps/v1", "version": "v1"}} in groups["groups"]
    assert server.get("/apis/apps") == {"kind": "APIGroup", "apiVersion": "v1", **groups["groups"][0]}


def test_KCTL_4_53_resource_lists(server):
    core = server.get("/api/v1?timeout=32s")
    assert (core["kind"], core["groupVersion"]) == ("APIResourceList", "v1")
    by_name = {r["name"]: r for r in core["resources"]}
    assert by_name["pods"] == {"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": VERBS, "shortNames": ["po"], "categories": ["all"]}
    assert by_name["pods/eviction"] == {"name": "pods/eviction", "singularName": "", "namespaced": True, "kind": "Eviction", "verbs": ["create"],
                                        "group": "policy", "version": "v1"}
    assert {"pods/log", "pods/exec", "pods/attach", "pods/binding", "pods/status", "namespaces/finalize", "nodes/status"} <= set(by_name)
    apps = {r["name"]: r for r in server.get("/apis/apps/v1")["resources"]}
    assert (apps["statefulsets/scale"]["kind"], apps["statefulsets/scale"]["group"]) == ("Scale", "autoscaling")


def test_both_forms_offer_the_same(server):
    for path, core in (("/api", True), ("/apis", False)):
        for (group, plural), resource in resources(server.get(path, accept=KUBECTL)).items():
            lists = server.get("/api/v1" if core else f"/apis/{group}/v1")["resources"]
            [old] = [r for r in lists if r["name"] == plural]
            assert (old["kind"], old["verbs"], old["namespaced"]) == (resource["responseKind"]["kind"], resource["verbs"], resource["scope"] == "Namespaced")
            assert [r["name"] for r in lists if r["name"].startswith(f"{plural}/")] == [f"{plural}/{s['subresource']}" for s in resource.get("subresources", [])]


def test_KCTL_6_short_names(server):
    found = {plural: r.get("shortNames", []) for path in ("/api", "/apis") for (group, plural), r in resources(server.get(path, accept=KUBECTL)).items()
             if group != "events.k8s.io"}
    assert {plural: short for plural, short in found.items() if short} == {plural: [short] for plural, short in SHORT.items()}
    assert all(found[plural] == [] for plural in ("secrets", "controllerrevisions", "endpointslices", "volumeattachments"))


def test_KCTL_7_category_all(server):
    found = [plural for path in ("/api", "/apis") for (_, plural), r in resources(server.get(path, accept=KUBECTL)).items() if "all" in r.get("categories", [])]
    assert found == ["pods", "services", "deployments", "replicasets", "statefulsets"]


def test_KCTL_20_the_server_validates(server):
    index = server.get("/openapi/v3?timeout=32s")["paths"]
    where = index["apis/apps/v1"]["serverRelativeURL"]
    assert where.startswith("/openapi/v3/apis/apps/v1?hash=")
    paths = server.get(f"{where}&timeout=32s")["paths"]
    [patch] = [p["patch"] for p in paths.values() if p["patch"]["x-kubernetes-group-version-kind"]["kind"] == "StatefulSet"]
    assert patch["x-kubernetes-group-version-kind"] == {"group": "apps", "version": "v1", "kind": "StatefulSet"}
    assert any(p["name"] == "fieldValidation" and p["in"] == "query" for p in patch["parameters"])
    assert "requestBody" not in patch                                                           # KCTL-23
    assert server.get(index["api/v1"]["serverRelativeURL"])["openapi"] == "3.0.0"


def test_KCTL_20_every_group_has_its_document(server):
    for path in server.get("/openapi/v3")["paths"].values():
        assert server.ask("GET", path["serverRelativeURL"]).status == 200


def test_KCTL_22_an_empty_old_document(server):
    answer = server.ask("GET", "/openapi/v2", accept="application/com.github.proto-openapi.spec.v2@v1.0+protobuf")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"", "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")


def test_KCTL_11_83_accept_is_honoured(server):
    server.ok("POST", f"{CORE}/pods", pod())
    assert server.get(f"{CORE}/pods", accept=TABLE)["kind"] == "Table"
    for accept in ("", "*/*", "application/json", "application/vnd.kubernetes.protobuf,application/json"):
        assert server.get(f"{CORE}/pods", accept=accept)["kind"] == "PodList"
    yaml = server.ask("GET", f"{CORE}/pods/web-0", accept="application/yaml")
    assert yaml.headers["content-type"] == "application/yaml" and b"\nkind: Pod\n" in yaml.body


def test_KCTL_90_91_cheap_extras_and_trailing_slashes(server):
    for path in ("/healthz", "/livez", "/readyz", "/readyz/ping"):
        answer = server.ask("GET", path)
        assert (answer.body, answer.headers["content-type"]) == (b"ok", "text/plain; charset=utf-8")
    assert {"/api", "/api/v1", "/apis/apps/v1", "/version", "/openapi/v3"} <= set(server.get("/")["paths"])
    assert server.get("/api/v1/")["kind"] == "APIResourceList" and server.get(f"{CORE}/pods/")["kind"] == "PodList"


def test_KCTL_81_kr8s_sends_an_empty_body_to_delete(server):
    server.ok("POST", f"{CORE}/configmaps", config_map())
    assert server.ok("DELETE", f"{CORE}/configmaps/a", {})["status"] == "Success"


def test_HEAD_is_as_GET(server):
    assert server.ask("HEAD", f"{CORE}/pods").status == 200 and server.ask("HEAD", f"{CORE}/pods/x").status == 404


def test_events_under_their_other_name(server):
    made = server.ok("POST", f"{CORE}/pods", pod())
    server.engine.api.record(made, "Warning", "Failed", "it broke", who="kubelet", host="node-1")
    new = "/apis/events.k8s.io/v1/namespaces/default/events"
    listed = server.get(new)
    [event] = listed["items"]
    assert (listed["apiVersion"], event["apiVersion"], event["kind"]) == ("events.k8s.io/v1", "events.k8s.io/v1", "Event")
    assert (event["regarding"]["name"], event["note"], event["deprecatedSource"], event["deprecatedCount"]) == (
        "web-0", "it broke", {"component": "kubelet", "host": "node-1"}, 1)
    assert "involvedObject" not in event and "message" not in event
    [line] = server.ask("GET", f"{new}?watch=1").watch.lines()
    assert b'"note":"it broke"' in line
    name = event["metadata"]["name"]
    patched = server.ok("PATCH", f"{new}/{name}", {"note": "it did"}, media="application/merge-patch+json")
    assert patched["note"] == "it did" and server.get(f"{CORE}/events/{name}")["message"] == "it did"
    assert server.get(new, accept=TABLE)["rows"][0]["cells"][2] == "Failed"
    posted = server.ok("POST", new, {"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e"}, "regarding": {"kind": "Pod", "namespace": "default"},
                                     "note": "n", "reason": "R", "type": "Normal", "reportingController": "me", "action": "A"})
    assert posted["regarding"]["kind"] == "Pod" and server.get(f"{CORE}/events/e")["reportingComponent"] == "me"
