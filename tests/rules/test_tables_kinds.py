"""The tables of all other kinds (TBL-2 to TBL-63, SHOW-1 to SHOW-3, STS-15), and the table of kinds itself."""
from __future__ import annotations

import pytest

from kstate.kinds import KINDS, by_plural, lookup
from kstate.kinds.claim import short_modes
from kstate.kinds.schema import root

from .objects import GONE, STORED, changed, row_of, stored

BORN = "2026-01-01T00:00:00Z"


def cells(name: str) -> list:
    """The cells of a recorded object as kubectl would print them, with AGE for its age."""
    return list(row_of(STORED[name], lambda timestamp: "AGE" if timestamp else "<unknown>").values())


def narrow(name: str) -> str:
    obj = STORED[name]
    shown = row_of(obj, lambda timestamp: "AGE")
    return "  ".join(str(shown[c.name]).replace("True", "true").replace("False", "false")
                     for c in KINDS[obj["kind"]].columns if not c.priority and shown[c.name] != "")


@pytest.mark.parametrize(("name", "line"), [        # lines that kubectl printed in the recordings of these objects
    ("StatefulSet with claims", "web  1/1  AGE"),
    ("Deployment", "front  3/3  3  3  AGE"),
    ("volume by hand", "big  10Gi  RWO  Recycle  Available  gsh-pv  <unset>  AGE"),
    ("volume prebound", "pv3  1Gi  RWO  Recycle  Available  default/b  gsh-pv  <unset>  AGE"),
    ("claim without class", "early  Pending  <unset>  AGE"),
    ("default class", "std (default)  kubernetes.io/host-path  Delete  Immediate  false  AGE"),
    ("headless service", "nginx  ClusterIP  None  <none>  80/TCP  AGE"),
])
def test_lines_as_recorded(name, line):
    assert narrow(name) == line


def test_TBL_30_to_33_workloads():      # DEP-15, STS-15
    assert cells("StatefulSet with claims") == ["web", "1/1", "AGE", "nginx", "nginx"]
    assert cells("Deployment") == ["front", "3/3", 3, 3, "AGE", "nginx", "nginx", "app=front"]
    assert cells("ReplicaSet") == ["front-template1", 3, 3, 3, "AGE", "nginx", "nginx", "app=front,pod-template-hash=template1"]
    assert cells("ControllerRevision") == ["web-revision1", "statefulset.apps/web", 1, "AGE"]
    assert row_of(changed(STORED["ControllerRevision"], {"metadata ownerReferences": GONE}))["Controller"] == "<none>"
    assert row_of(stored("StatefulSet", {"spec replicas": 0}))["Ready"] == "0/0"


def test_TBL_34_budget():
    assert list(row_of(stored("PodDisruptionBudget")).values()) == ["web", "2", "N/A", 0, "<unknown>"]


def test_TBL_40_services():
    assert cells("service") == ["front", "ClusterIP", "10.96.1.1", "<none>", "80/TCP", "AGE", "app=nginx"]
    node_port = row_of(stored("Service", {"spec clusterIP": "10.96.1.1", "spec type": "NodePort", "spec ports 0 nodePort": 30080}))
    assert (node_port["Port(s)"], node_port["External-IP"]) == ("80:30080/TCP", "<none>")
    balancer = stored("Service", {"spec clusterIP": "10.96.1.1", "spec type": "LoadBalancer", "spec externalIPs": ["1.1.1.1"]})
    assert row_of(changed(balancer, {"spec externalIPs": GONE}))["External-IP"] == "<pending>"
    ingress = {"loadBalancer": {"ingress": [{"ip": "9.9.9.9"}, {"hostname": "example.com"}, {"ip": "8.8.8.8"}]}}
    assert row_of({**balancer, "status": ingress})["External-IP"] == "8.8.8.8,9.9.9.9,example.com,1.1.1.1"
    named = row_of(stored("Service",
                          {"spec type": "ExternalName", "spec externalName": "example.com", "spec clusterIP": GONE, "spec ports": GONE,
                                      "spec selector": GONE}))
    assert list(named.values())[1:5] == ["ExternalName", "<none>", "example.com", "<none>"] and named["Selector"] == "<none>"


@pytest.mark.parametrize(("subsets", "text"), [
    (GONE, "<none>"),
    ([{"addresses": [{"ip": "10.0.0.1"}, {"ip": "::1"}], "ports": [{"port": 80}]}], "10.0.0.1:80,[::1]:80"),
    ([{"addresses": [{"ip": f"10.0.0.{i}"} for i in range(1, 6)], "ports": [{"port": 80}]}],
     "10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 2 more..."),
    ([{"addresses": [{"ip": "10.0.0.1"}]}], "10.0.0.1"),
    ([{"notReadyAddresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}], ""),
    ([{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}, {"port": 81}]}], "10.0.0.1:80,10.0.0.1:81"),
], ids=str)
def test_TBL_41_endpoints(subsets, text):
    assert row_of(stored("Endpoints", {"subsets": subsets}))["Endpoints"] == text


def test_TBL_42_slices():
    assert cells("EndpointSlice") == ["nginx-yyyyy", "IPv4", "80", "10.244.1.2,10.244.1.2,10.244.1.2", "AGE"]
    empty = row_of(stored("EndpointSlice", {"endpoints": GONE, "ports": GONE}))
    assert (empty["Ports"], empty["Endpoints"]) == ("<unset>", "<unset>")
    ports = row_of(stored("EndpointSlice", {"ports": [{"port": 1}, {"name": "web"}, {}, {"port": 4}]}))
    assert ports["Ports"] == "1,web,* + 1 more..."


@pytest.mark.parametrize(("modes", "text"), [
    ([], ""), (["ReadWriteMany", "ReadWriteOnce", "ReadWriteOnce"], "RWO,RWX"), (["ReadOnlyMany", "ReadWriteOncePod"], "ROX,RWOP"),
                                             (None, "")])
def test_TBL_50_access_modes(modes, text):      # PVAPI-4
    assert short_modes(modes) == text


def test_TBL_51_volumes():      # SHOW-1
    assert cells("volume provisioned") == ["pvc-1", "1Gi", "RWO", "Delete", "Bound", "default/www-web-0", "fast", "<unset>", "", "AGE",
                                           "Filesystem"]
    going = row_of(changed(STORED["volume by hand"], {"metadata deletionTimestamp": BORN, "status reason": "Why"}))
    assert (going["Status"], going["Reason"]) == ("Terminating", "Why")
    beta = changed(STORED["volume by hand"], {"metadata annotations": {"volume.beta.kubernetes.io/storage-class": "old"}})
    assert row_of(beta)["StorageClass"] == "old"
    assert row_of(changed(STORED["volume by hand"], {"spec capacity": GONE, "spec volumeMode": GONE}))["Capacity"] == "0"


def test_TBL_52_claims():      # SHOW-2
    assert cells("claim bound") == ["www-web-0", "Bound", "pvc-1", "1Gi", "RWO", "fast", "<unset>", "AGE", "Filesystem"]
    pending = stored("PersistentVolumeClaim")
    assert list(row_of(pending).values())[1:6] == ["Pending", "", "", "", "fast"]
    assert list(row_of(changed(pending, {"spec volumeName": "pv1"})).values())[1:5] == ["Pending", "pv1", "0", ""]
    assert row_of(changed(pending, {"metadata deletionTimestamp": BORN}))["Status"] == "Terminating"


def test_TBL_53_TBL_54_class_and_attachment():      # SHOW-3
    assert cells("class") == ["grow", "kubernetes.io/host-path", "Delete", "Immediate", True, "AGE"]
    beta = {"storageclass.beta.kubernetes.io/is-default-class": "true"}
    assert row_of(stored("StorageClass", {"metadata annotations": beta}))["Name"] == "slow (default)"
    assert list(row_of(stored("VolumeAttachment")).values())[1:5] == ["csi.example.com", "pv1", "node-1", False]


def test_TBL_60_nodes():
    node = stored("Node", {"metadata labels": {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/control-plane": "",
                                               "kubernetes.io/role": "extra"}}, {
        "conditions": [{"type": "Ready", "status": "True"}], "addresses": [{"type": "InternalIP", "address": "192.168.0.1"}],
        "nodeInfo": {"kubeletVersion": "v1.36.2", "osImage": "Debian", "kernelVersion": "6.1", "architecture": "amd64"}})
    assert list(row_of(node).values()) == ["node-1", "Ready", "control-plane,extra,worker", "<unknown>", "v1.36.2", "192.168.0.1",
                                           "<none>", "Debian",
                                           "6.1 (amd64)", "<unknown>"]
    cordoned = changed(node, {"spec unschedulable": True, "status conditions 0 status": "Unknown", "metadata labels": GONE})
    assert (row_of(cordoned)["Status"], row_of(cordoned)["Roles"]) == ("NotReady,SchedulingDisabled", "<none>")
    assert row_of(changed(node, {"status": GONE}))["Status"] == "Unknown"


def event(**fields) -> dict:
    return {"kind": "Event", "apiVersion": "v1", "metadata": {"name": "web-0.1"}, "type": "Normal", "reason": "Scheduled",
            "message": " fine \n",
            "involvedObject": {"kind": "Pod", "name": "web-0", "fieldPath": "spec.containers{app}"}, **fields}


def test_TBL_62_events():
    old = row_of(event(firstTimestamp="T1", lastTimestamp="T2", count=3, source={"component": "kubelet", "host": "node-1"}))
    assert list(old.values()) == ["T2", "Normal", "Scheduled", "pod/web-0", "spec.containers{app}", "kubelet, node-1", "fine", "T1", 3,
                                  "web-0.1"]
    new = row_of(event(eventTime="T1", reportingComponent="default-scheduler"))
    assert (new["Last Seen"], new["First Seen"], new["Source"], new["Count"]) == ("T1", "T1", "default-scheduler", 1)
    series = row_of(event(eventTime="T1", series={"count": 5, "lastObservedTime": "T9"}))
    assert (series["Last Seen"], series["Count"]) == ("T9", 5)


def test_TBL_61_TBL_63_small_kinds():
    assert row_of(stored("Namespace"))["Status"] == "Active"
    assert row_of(stored("ConfigMap", {"binaryData": {"b": "YQ=="}}))["Data"] == 2
    assert list(row_of(stored("Secret")).values())[1:3] == ["Opaque", 1]
    assert list(row_of(stored("PriorityClass")).values())[1:3] == [1000, False]
    quota = stored("ResourceQuota", status={"hard": {"requests.storage": "10Gi", "limits.cpu": "4"}, "used": {"requests.storage": "1Gi"}})
    assert list(row_of(quota).values())[1:3] == ["requests.storage: 1Gi/10Gi", "limits.cpu: 0/4"]


COLUMNS = {
    "Pod": "Name, Ready, Status, Restarts, Age, (IP, Node, Nominated Node, Readiness Gates)",
    "StatefulSet": "Name, Ready, Age, (Containers, Images)",
    "PersistentVolumeClaim": "Name, Status, Volume, Capacity, Access Modes, StorageClass, VolumeAttributesClass, Age, (VolumeMode)",
    "Node": "Name, Status, Roles, Age, Version, (Internal-IP, External-IP, OS-Image, Kernel-Version, Container-Runtime)",
    "Event": "Last Seen, Type, Reason, Object, Message, (Subobject, Source, First Seen, Count, Name)",
    "ServiceAccount": "Name, Age, ()",
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_TBL_2_columns(kind):
    row = KINDS[kind]
    shown, wide = ([c.name for c in row.columns if c.priority == p] for p in (0, 1))
    assert f"{', '.join(shown)}, ({', '.join(wide)})" == COLUMNS[kind]


@pytest.mark.parametrize("name", STORED)
def test_TBL_5_cells_have_the_type_of_their_column(name):
    row = KINDS[STORED[name]["kind"]]
    types = {"integer": int, "boolean": bool}
    for column, cell in zip(row.columns, cells(name), strict=True):
        assert isinstance(cell, types.get(column.type, object)), column


# ---- the table of kinds -----------------------------------------------------------------------

def test_the_table_is_sorted_and_knows_its_types():
    assert [(k.group, k.plural) for k in KINDS.values()] == sorted((k.group, k.plural) for k in KINDS.values())
    for kind, row in KINDS.items():
        assert root(kind).fields.keys() >= {"metadata"}, row


@pytest.mark.parametrize("text", ["sts", "StatefulSet", "statefulsets", "statefulsets.apps", "statefulset.v1.apps", "STS"])
def test_lookup(text):
    assert lookup(text) is KINDS["StatefulSet"]


def test_lookup_of_others():
    assert lookup("widgets") is None and lookup("sts.apps") is KINDS["StatefulSet"]
    assert lookup("ev") is lookup("events.events.k8s.io") is by_plural("events.k8s.io", "events") is by_plural("",
                                                                                                               "events") is KINDS["Event"]
    assert by_plural("apps", "statefulsets") is KINDS["StatefulSet"] and by_plural("", "statefulsets") is None
    assert lookup("pods.v1.") is KINDS["Pod"]


def test_KCTL_6_short_names():
    short = {name: row.kind for row in KINDS.values() for name in row.short}
    assert short == {
        "po": "Pod", "svc": "Service", "ep": "Endpoints", "pv": "PersistentVolume", "pvc": "PersistentVolumeClaim", "no": "Node",
                     "ns": "Namespace",
        "ev": "Event", "cm": "ConfigMap", "sa": "ServiceAccount", "quota": "ResourceQuota", "limits": "LimitRange", "sts": "StatefulSet",
        "deploy": "Deployment", "rs": "ReplicaSet", "sc": "StorageClass", "pdb": "PodDisruptionBudget", "vac": "VolumeAttributesClass",
        "pc": "PriorityClass"}
    assert [row.kind for row in KINDS.values() if "all" in row.categories] == ["Pod", "Service", "Deployment", "ReplicaSet", "StatefulSet"]


def test_API_15_API_16_API_17_API_52_rows():
    assert [k for k, row in KINDS.items() if not row.unconditional_update] == ["Lease", "PodDisruptionBudget", "CSIDriver", "CSINode",
                                                                               "VolumeAttachment"]
    assert [k for k, row in KINDS.items() if row.create_on_update] == ["Endpoints", "Event", "LimitRange", "Service", "Lease"]
    assert [k for k, row in KINDS.items() if row.generation] == [
        "Pod", "Deployment", "ReplicaSet", "StatefulSet", "EndpointSlice", "PodDisruptionBudget", "PriorityClass"]
    assert [k for k, row in KINDS.items() if row.deleted_object] == [
        "Namespace", "PersistentVolumeClaim", "PersistentVolume", "Pod", "ResourceQuota", "ServiceAccount", "Service", "CSIDriver",
                                                                     "CSINode",
        "StorageClass", "VolumeAttachment", "VolumeAttributesClass"]


def test_API_19_API_35_rows():
    assert [k for k, row in KINDS.items() if "status" not in row.subresources and row.status is not None] == []
    assert [k for k, row in KINDS.items() if row.strict_field_errors] == ["Event", "Namespace", "Node", "Pod", "Secret", "Service"]
    assert {k for k, row in KINDS.items() if row.field_selectors} == {"Event", "Namespace", "Node", "Pod", "Secret", "Service"}
