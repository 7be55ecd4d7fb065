"""Tables over the wire: negotiation, envelope, row objects (TBL-1 to TBL-5, TBL-26, TBL-70, KCTL-10 to KCTL-15)."""
from __future__ import annotations

import json

import pytest

from kstate.kinds import KINDS
from tests.helpers import cluster_engine

from .asking import APPS, CORE, TABLE, Server, bind, claim, config_map, pod, run, service, statefulset, volume


def cells(table: dict) -> list[dict]:
    """The rows by their columns' names."""
    return [dict(zip((c["name"] for c in table["columnDefinitions"]), row["cells"], strict=True)) for row in table["rows"]]


@pytest.mark.parametrize(("accept", "kind"), [
    (TABLE, "Table"), ("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", "Table"), ("application/json", "ConfigMapList"),
    ("application/json," + TABLE, "ConfigMapList"), ("application/json;as=Table;v=v2;g=meta.k8s.io,application/json", "ConfigMapList"),
    ("application/json;as=Table;v=v1;g=other,application/json", "ConfigMapList"), ("application/json;as=Other;v=v1;g=meta.k8s.io, */*", "ConfigMapList"),
    ("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", "PartialObjectMetadataList")])
def test_TBL_1_clauses_are_tried_from_left_to_right(server, accept, kind):
    assert server.get(f"{CORE}/configmaps", accept=accept)["kind"] == kind


def test_TBL_1_nothing_that_can_be_served(server):
    assert server.refused("GET", f"{CORE}/pods", accept="application/json;as=Table;v=v2;g=meta.k8s.io")[:2] == (406, "NotAcceptable")


def test_TBL_1_errors_keep_their_shape(server):
    assert server.refused("GET", f"{CORE}/pods/none", accept=TABLE) == (404, "NotFound", 'pods "none" not found')


def test_TBL_1_writes_answer_in_tables_too(server):
    made = server.ok("POST", f"{CORE}/configmaps", config_map(), accept=TABLE)
    assert made["kind"] == "Table" and made["rows"][0]["cells"][:2] == ["a", 1]


def test_TBL_2_the_envelope(server):
    empty = server.get(f"{CORE}/pods?limit=500", accept=TABLE)
    assert (empty["kind"], empty["apiVersion"], empty["rows"]) == ("Table", "meta.k8s.io/v1", [])
    assert empty["metadata"] == {"resourceVersion": str(server.engine.world.revision)}
    assert all(set(c) == {"name", "type", "format", "description", "priority"} for c in empty["columnDefinitions"])
    assert [(c["name"], c["format"], c["priority"]) for c in empty["columnDefinitions"]] == [
        ("Name", "name", 0), ("Ready", "", 0), ("Status", "", 0), ("Restarts", "", 0), ("Age", "", 0), ("IP", "", 1), ("Node", "", 1),
        ("Nominated Node", "", 1), ("Readiness Gates", "", 1)]


def test_TBL_2_one_object(server):
    made = server.ok("POST", f"{CORE}/pods", pod())
    table = server.get(f"{CORE}/pods/web-0", accept=TABLE)
    assert table["metadata"] == {"resourceVersion": made["metadata"]["resourceVersion"]}
    assert table["rows"][0]["cells"] == ["web-0", "0/1", "Pending", "0", "0s", "<none>", "<none>", "<none>", "<none>"]


def test_TBL_3_what_a_row_carries(server):
    made = server.ok("POST", f"{CORE}/pods", pod())
    rows = {include: server.get(f"{CORE}/pods?includeObject={include}", accept=TABLE)["rows"][0] for include in ("", "Metadata", "Object", "None")}
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": made["metadata"]}
    assert rows[""]["object"] == rows["Metadata"]["object"] == partial
    assert rows["Object"]["object"] == made and "object" not in rows["None"]
    assert server.refused("GET", f"{CORE}/pods?includeObject=x", accept=TABLE) == (
        400, "BadRequest", "includeObject: Invalid value: \"x\": must be 'Metadata', 'Object', 'None', or empty")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_TBL_5_cells_have_the_types_of_their_columns(server, kind):
    """On whatever objects a small cluster has; columns that are declared as text may hold numbers, as Kubernetes' do."""
    server.ok("POST", f"{APPS}/statefulsets", statefulset())
    for path, obj in ((f"{CORE}/pods", pod()), (f"{CORE}/services", service()), (f"{CORE}/persistentvolumeclaims", claim()), ("/api/v1/persistentvolumes", volume()),
                      (f"{CORE}/endpoints", {"metadata": {"name": "nginx"}})):
        server.ok("POST", path, obj)
    base = f"/apis/{kind.group}/{kind.version}" if kind.group else "/api/v1"
    table = server.get(f"{base}/{kind.plural}", accept=TABLE)
    types = {"string": (str, int), "integer": int, "boolean": bool}
    for row in table["rows"]:
        assert len(row["cells"]) == len(kind.columns)
        assert all(isinstance(cell, types[c["type"]]) for cell, c in zip(row["cells"], table["columnDefinitions"], strict=True))


def test_TBL_10_ages_follow_virtual_time(server):
    server.ok("POST", f"{CORE}/configmaps", config_map())
    server.engine.run(125_000)
    assert {c["Name"]: c["Age"] for c in cells(server.get(f"{CORE}/configmaps", accept=TABLE))}["a"] == "2m5s"


def test_TBL_26_rows_of_ended_pods(server):
    server.ok("POST", f"{CORE}/pods", pod())
    bind(server)
    now = run(server)
    for phase in ("Succeeded", "Failed"):
        now = server.ok("PUT", f"{CORE}/pods/web-0/status", {**now, "status": {**now["status"], "phase": phase}})
        [condition] = server.get(f"{CORE}/pods", accept=TABLE)["rows"][0]["conditions"]
        assert (condition["type"], condition["status"], condition["reason"]) == ("Completed", "True", phase) and condition["message"]


def test_TBL_27_the_life_of_a_healthy_pod():
    server = Server(cluster_engine())
    stream = server.ask("GET", f"{CORE}/pods?watch=1", accept=TABLE).watch
    server.ok("POST", f"{CORE}/pods", pod())
    server.engine.settle()
    server.ok("DELETE", f"{CORE}/pods/web-0")
    server.engine.settle()
    rows = [json.loads(line)["object"]["rows"][0]["cells"][1:3] for line in stream.lines()]
    shown = [row for i, row in enumerate(rows) if i == 0 or row != rows[i - 1]]
    assert shown[:3] == [["0/1", "Pending"], ["0/1", "ContainerCreating"], ["1/1", "Running"]] and shown[3] == ["1/1", "Terminating"]
    assert {status for _, status in shown[4:]} <= {"Terminating", "Completed", "Error"}


def test_TBL_70_rows_are_in_the_order_of_the_list(server):
    for name in ("web-2", "web-10", "web-1"):
        server.ok("POST", f"{CORE}/pods", pod(name))
    assert [c["Name"] for c in cells(server.get(f"{CORE}/pods", accept=TABLE))] == ["web-1", "web-10", "web-2"]


def test_KCTL_15_rows_know_their_namespace_and_labels(server):
    server.ok("POST", f"{CORE}/pods", pod())
    [row] = server.get("/api/v1/pods", accept=TABLE)["rows"]
    assert row["object"]["metadata"]["namespace"] == "default" and row["object"]["metadata"]["labels"] == {"app": "nginx"}


def test_T_33_storage_and_services(server):
    server.ok("POST", f"{CORE}/persistentvolumeclaims", claim())
    [row] = cells(server.get(f"{CORE}/persistentvolumeclaims", accept=TABLE))
    assert (row["Status"], row["Volume"], row["Capacity"], row["Access Modes"], row["StorageClass"]) == ("Pending", "", "", "", "fast")
    server.ok("POST", "/apis/storage.k8s.io/v1/storageclasses", {
        "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}, "provisioner": "x"})
    assert cells(server.get("/apis/storage.k8s.io/v1/storageclasses", accept=TABLE))[0]["Name"] == "standard (default)"
    server.ok("POST", f"{CORE}/services", service(clusterIP="None"))
    assert {c["Name"]: c["Cluster-IP"] for c in cells(server.get(f"{CORE}/services", accept=TABLE))} == {"kubernetes": "10.96.0.1", "nginx": "None"}
