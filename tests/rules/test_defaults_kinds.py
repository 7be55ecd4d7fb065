"""What the API server fills in (STS-2 to STS-6, API-67, API-69, DEP-1, SVC-1, SVC-2, PVAPI-2, PVCAPI-1, SCAPI-1)."""
from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kstate.kinds import KINDS
from kstate.kinds.containers import pull_policy
from kstate.kinds.pod import qos
from kstate.world import freeze

from .objects import GONE, MANIFESTS, STORED, changed, manifest, stored

CONTAINER = {"imagePullPolicy": "Always", "resources": {}, "terminationMessagePath": "/dev/termination-log",
             "terminationMessagePolicy": "File"}
POD = {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler", "securityContext": {}}


def defaulted(kind: str, changes: dict | None = None) -> dict:
    obj = manifest(kind, changes)
    KINDS[kind].default(obj)
    return obj


@pytest.mark.parametrize("name", STORED)
def test_what_a_control_plane_stored_has_all_its_defaults(name):
    obj = copy.deepcopy(STORED[name])
    KINDS[obj["kind"]].default(obj)
    assert obj == STORED[name]


def test_STS_2_4_6_the_example_becomes_what_was_recorded():
    obj, recorded = stored("StatefulSet"), STORED["StatefulSet with claims"]
    obj["spec"]["replicas"], obj["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] = 1, "fast"
    assert obj["spec"] == recorded["spec"]
    assert obj["status"] == {"replicas": 0, "availableReplicas": 0}


def test_STS_2_defaults_one_by_one():
    spec = defaulted("StatefulSet", {"spec replicas": GONE, "spec serviceName": GONE})["spec"]
    assert spec["replicas"] == 1 and spec["serviceName"] == "" and spec["revisionHistoryLimit"] == 10
    assert spec["podManagementPolicy"] == "OrderedReady"
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    half = defaulted("StatefulSet", {"spec persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}, "spec replicas": 0})["spec"]
    assert half["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Delete"} and half["replicas"] == 0
    assert "selector" not in defaulted("StatefulSet", {"spec selector": GONE})["spec"]


@pytest.mark.parametrize(("written", "kept"), [
    (None, {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}),
    ({"type": "RollingUpdate"}, {"type": "RollingUpdate"}),                                     # STS-3
    ({"type": "RollingUpdate", "rollingUpdate": {}}, {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}),
    ({"rollingUpdate": {"partition": 2}}, {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}),
    ({"type": "OnDelete"}, {"type": "OnDelete"}),
], ids=str)
def test_STS_2_STS_3_update_strategy(written, kept):
    assert defaulted("StatefulSet", {"spec updateStrategy": written or {}})["spec"]["updateStrategy"] == kept


def test_STS_4_template():
    template = defaulted("StatefulSet")["spec"]["template"]["spec"]
    assert template.items() >= {**POD, "terminationGracePeriodSeconds": 10}.items()
    assert template["containers"][0].items() >= CONTAINER.items()
    assert template["containers"][0]["ports"] == [{"containerPort": 80, "name": "web", "protocol": "TCP"}]


def test_STS_4_probes_volumes_environment():
    spec = defaulted("Pod", {
        "spec volumes": [{"name": "a"}, {"name": "b", "secret": {"secretName": "s"}}, {"name": "c", "hostPath": {"path": "/"}},
                         {"name": "d", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}],
        "spec containers 0 livenessProbe": {"httpGet": {"port": 80}},
                             "spec containers 0 readinessProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 3},
        "spec containers 0 env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]})["spec"]
    assert [v.popitem()[1] for v in spec["volumes"]] == [
        {}, {"secretName": "s", "defaultMode": 420}, {"path": "/", "type": ""},
        {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}], "defaultMode": 420}]
    container = spec["containers"][0]
    assert container["livenessProbe"] == {"httpGet": {"port": 80, "path": "/", "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10,
                                          "successThreshold": 1, "failureThreshold": 3}
    assert container["readinessProbe"]["periodSeconds"] == 3
    assert container["env"][0]["valueFrom"]["fieldRef"] == {"fieldPath": "metadata.name", "apiVersion": "v1"}


@pytest.mark.parametrize(("image", "policy"), [
    ("nginx", "Always"), ("nginx:latest", "Always"), ("nginx:1.24", "IfNotPresent"), ("nginx@sha256:" + "0" * 64, "IfNotPresent"),
    ("localhost:5000/nginx", "Always"), ("localhost:5000/nginx:2", "IfNotPresent"),
])
def test_STS_4_pull_policy(image, policy):
    assert pull_policy(image) == policy


def test_STS_5_only_pods_get_requests_from_limits_and_service_links():
    limits = {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}, "name": "app", "image": "a"}
    pod = defaulted("Pod", {"spec containers 0": limits})["spec"]
    assert pod["containers"][0]["resources"]["requests"] == {"cpu": "500m", "memory": "1Gi"} and pod["enableServiceLinks"] is True
    template = defaulted("Deployment", {"spec template spec containers 0": limits})["spec"]["template"]["spec"]
    assert template["containers"][0]["resources"]["requests"] == {"cpu": "500m"} and "enableServiceLinks" not in template


def test_API_67_host_network_and_the_old_name_of_the_account():
    pod = defaulted("Pod",
                    {"spec hostNetwork": True, "spec containers 0 ports": [{"containerPort": 80}], "spec serviceAccount": "robot"})["spec"]
    assert pod["containers"][0]["ports"][0]["hostPort"] == 80 and pod["serviceAccountName"] == "robot"


@pytest.mark.parametrize(("resources", "expected"), [
    ({}, "BestEffort"), ({"requests": {"cpu": "1"}}, "Burstable"), ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
    ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}, "Burstable"), ({"limits": {"cpu": "1"}}, "Burstable"),
    ({"requests": {"ephemeral-storage": "1Gi"}}, "BestEffort"), ({"limits": {"cpu": "1000m", "memory": "1Gi"}, "requests": {"cpu": "1"}},
                                                                 "Guaranteed"),
], ids=str)
def test_API_19_quality_of_service(resources, expected):
    pod = stored("Pod", {"spec containers 0 resources": resources})
    assert pod["status"] == {"phase": "Pending", "qosClass": expected}
    assert qos(pod["spec"]) == expected


def test_API_19_a_gated_pod_says_so():
    assert stored("Pod", {"spec schedulingGates": [{"name": "wait"}]})["status"]["conditions"][0]["reason"] == "SchedulingGated"


@pytest.mark.parametrize(("kind", "status"), [
    ("PersistentVolume", {"phase": "Pending"}), ("PersistentVolumeClaim", {"phase": "Pending"}), ("Namespace", {"phase": "Active"}),
    ("Deployment", {}), ("ReplicaSet", {"replicas": 0}), ("Service", {"loadBalancer": {}}),
])
def test_API_19_status_of_a_new_object(kind, status):
    assert stored(kind)["status"] == status


def test_DEP_1():
    spec = defaulted("Deployment")["spec"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    assert (spec["replicas"], spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (1, 10, 600)
    assert defaulted("Deployment", {"spec strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0}}})["spec"]["strategy"][
        "rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": "25%"}
    assert defaulted("Deployment", {"spec strategy": {"type": "Recreate"}})["spec"]["strategy"] == {"type": "Recreate"}
    assert defaulted("ReplicaSet")["spec"]["replicas"] == 1


def test_SVC_1_SVC_2_the_example_becomes_what_was_recorded():
    assert stored("Service")["spec"] == STORED["headless service"]["spec"]


def test_SVC_1_by_type():
    plain = defaulted("Service", {"spec clusterIP": GONE, "spec sessionAffinity": "ClientIP"})["spec"]
    assert plain["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 10800}} and "externalTrafficPolicy" not in plain
    assert defaulted("Service", {"spec type": "NodePort"})["spec"]["externalTrafficPolicy"] == "Cluster"
    balancer = defaulted("Service", {"spec type": "LoadBalancer"})["spec"]
    assert balancer["externalTrafficPolicy"] == "Cluster" and balancer["allocateLoadBalancerNodePorts"] is True
    named = defaulted("Service", {"spec type": "ExternalName", "spec clusterIP": GONE})["spec"]
    assert not {"internalTrafficPolicy", "ipFamilies", "ipFamilyPolicy"} & named.keys()
    assert defaulted("Service", {"spec ports 0 targetPort": "http"})["spec"]["ports"][0]["targetPort"] == "http"


def test_SVC_2_headless_without_selector():
    spec = defaulted("Service", {"spec selector": GONE})["spec"]
    assert (spec["ipFamilyPolicy"], spec["ipFamilies"]) == ("RequireDualStack", ["IPv4", "IPv6"])


def test_PVAPI_2_PVCAPI_1_SCAPI_1():
    volume = defaulted("PersistentVolume",
                       {"spec volumeMode": GONE, "spec persistentVolumeReclaimPolicy": GONE, "spec hostPath path": "/a"})["spec"]
    assert (volume["persistentVolumeReclaimPolicy"], volume["volumeMode"], volume["hostPath"]["type"]) == ("Retain", "Filesystem", "")
    claim = defaulted("PersistentVolumeClaim", {"spec storageClassName": GONE})["spec"]
    assert claim["volumeMode"] == "Filesystem" and "storageClassName" not in claim
    cls = defaulted("StorageClass", {"volumeBindingMode": GONE, "allowVolumeExpansion": GONE})
    assert (cls["reclaimPolicy"], cls["volumeBindingMode"]) == ("Delete", "Immediate") and "allowVolumeExpansion" not in cls


def test_secrets_keep_text_as_data():
    secret = defaulted("Secret", {"data": {"a": "YQ=="}})
    assert secret["type"] == "Opaque" and secret["data"] == {"a": "YQ==", "password": "MTIzNA=="} and "stringData" not in secret


def test_limits_of_containers():
    item = defaulted("LimitRange")["spec"]["limits"][0]
    assert (item["default"], item["defaultRequest"]) == ({"cpu": "1"}, {"cpu": "1"})


WITH_SPEC = sorted(kind for kind in MANIFESTS if stored(kind).get("spec"))


@given(st.sampled_from(WITH_SPEC), st.data())
def test_defaults_are_filled_once_and_touch_nothing_that_is_there(kind, data):
    """Whichever fields of a stored spec are left out: defaulting keeps the others, and to default again changes nothing."""
    full = stored(kind)
    gone = data.draw(st.lists(st.sampled_from(sorted(full["spec"])), max_size=3, unique=True))
    less = changed(full, {f"spec {field}": GONE for field in gone})
    KINDS[kind].default(less)
    assert all(less["spec"][field] == full["spec"][field] for field in full["spec"] if field not in gone)
    again = copy.deepcopy(less)
    KINDS[kind].default(again)
    assert again == less


@pytest.mark.parametrize("kind", MANIFESTS)
def test_validation_and_tables_read_frozen_objects(kind):
    row, old = KINDS[kind], freeze(stored(kind))
    new = freeze(changed(stored(kind), {"metadata labels": {"a": "b"}}))
    assert list(row.validate(new, old)) == list(row.validate_status(new, old)) == []
    assert len(row.cells(new, lambda timestamp: "1s")) == len(row.columns)
