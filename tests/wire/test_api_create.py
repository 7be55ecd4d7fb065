"""POST: what the server decides itself, names, namespaces, owners, the order of the checks (API-1 to API-8, API-17, API-19, API-60 to API-67)."""
from __future__ import annotations

import re

import pytest

from .asking import APPS, CORE, Server, bind, claim, config_map, pod, service, statefulset, volume

LABEL = ("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
         "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')")
WIPED = {"uid": "mine", "creationTimestamp": "2020-01-01T00:00:00Z", "deletionTimestamp": "2020-01-01T00:00:00Z",
         "deletionGracePeriodSeconds": 7, "selfLink": "/me", "generation": 9}


def test_API_1_the_server_wipes_what_it_decides_itself(server):
    answer = server.ask("POST", f"{CORE}/configmaps", config_map(**WIPED))
    assert answer.status == 201
    meta = answer.json["metadata"]
    assert set(meta) == {"name", "namespace", "uid", "resourceVersion", "creationTimestamp", "managedFields"}
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", meta["uid"])
    assert meta["creationTimestamp"] == "2026-01-01T00:00:00Z" and meta["resourceVersion"] == str(server.engine.world.revision)
    assert server.get(f"{CORE}/configmaps/a") == answer.json


def test_API_1_managed_fields_are_computed_anew(server):
    made = server.ok("POST", f"{CORE}/configmaps?fieldManager=me", config_map(managedFields=[{"manager": "other", "operation": "Update"}]))
    assert [(entry["manager"], entry["operation"], entry["fieldsV1"]) for entry in made["metadata"]["managedFields"]] == [
        ("me", "Update", {"f:data": {".": {}, "f:key": {}}})]


def test_API_1_uids_depend_on_the_seed_alone():
    one, two = (Server().ok("POST", f"{CORE}/configmaps", config_map())["metadata"]["uid"] for _ in range(2))
    assert one == two


def test_API_2_a_resource_version_is_refused_and_validation_wins(server):
    assert server.refused("POST", f"{CORE}/configmaps", config_map(resourceVersion="7")) == (
        500, "", "resourceVersion should not be set on objects to be created")
    assert server.ask("POST", f"{CORE}/configmaps", config_map(resourceVersion="0")).status == 201
    assert server.refused("POST", f"{CORE}/configmaps", config_map("A_", resourceVersion="7"))[:2] == (422, "Invalid")


def test_API_3_generate_name_appends_five_characters(server):
    made = server.ok("POST", f"{CORE}/configmaps", {"metadata": {"generateName": "web-"}})
    assert re.fullmatch("web-[bcdfghjklmnpqrstvwxz2456789]{5}", made["metadata"]["name"])
    assert made["metadata"]["generateName"] == "web-"
    long = server.ok("POST", f"{CORE}/configmaps", {"metadata": {"generateName": "x" * 80}})["metadata"]["name"]
    assert len(long) == 63 and long.startswith("x" * 58)
    both = server.ok("POST", f"{CORE}/configmaps", {"metadata": {"name": "mine", "generateName": "web-"}})["metadata"]
    assert (both["name"], both["generateName"]) == ("mine", "web-")


def test_API_3_eight_draws_and_then_a_refusal(server):
    draws = []
    server.engine.chance = lambda purpose: draws.append(purpose) or "0" * 64         # always the same name
    server.ok("POST", f"{CORE}/configmaps", {"metadata": {"generateName": "web-"}})
    draws.clear()
    answer = server.ask("POST", f"{CORE}/configmaps", {"metadata": {"generateName": "web-"}})
    assert len([d for d in draws if not d.startswith("uid")]) == 8
    assert (answer.status, answer.json["reason"], answer.json["message"]) == (
        409, "AlreadyExists", 'configmaps "web-bbbbb" already exists, the server was not able to generate a unique name for the object')
    assert answer.json["details"] == {"name": "web-bbbbb", "kind": "configmaps", "retryAfterSeconds": 1}
    assert answer.headers["retry-after"] == "1"


def test_API_3_T_1_a_name_is_required(server):
    answer = server.ask("POST", f"{CORE}/configmaps", {"metadata": {}})
    assert answer.json == {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "Invalid", "code": 422,
        "message": 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
        "details": {"kind": "ConfigMap", "causes": [
            {"reason": "FieldValueRequired", "message": "Required value: name or generateName is required", "field": "metadata.name"}]}}


def test_API_4_the_namespace_comes_from_the_url_and_must_agree(server):
    assert server.ok("POST", f"{CORE}/configmaps", config_map())["metadata"]["namespace"] == "default"
    assert server.refused("POST", f"{CORE}/configmaps", config_map("b", namespace="kube-public")) == (
        400, "BadRequest", "the namespace of the provided object does not match the namespace sent on the request")


def test_API_4_a_namespace_on_what_has_none_is_cleared_in_silence(server):
    made = server.ok("POST", "/api/v1/persistentvolumes", volume(namespace="default"))
    assert "namespace" not in made["metadata"]
    made["metadata"]["namespace"] = "default"
    assert "namespace" not in server.ok("PUT", "/api/v1/persistentvolumes/pv", made)["metadata"]
    patched = server.ok("PATCH", "/api/v1/persistentvolumes/pv", {"metadata": {"namespace": "x", "labels": {"a": "b"}}}, media="application/merge-patch+json")
    assert "namespace" not in patched["metadata"] and patched["metadata"]["labels"] == {"a": "b"}


def test_API_5_decoding_comes_first_then_the_namespace_then_validation(server):
    bad = {**config_map("A_"), "spec": {}}
    gone = "/api/v1/namespaces/nowhere/configmaps"
    assert server.refused("POST", f"{gone}?fieldValidation=Strict", bad)[0] == 400
    assert server.refused("POST", gone, bad) == (404, "NotFound", 'namespaces "nowhere" not found')
    assert server.refused("POST", f"{CORE}/configmaps", bad)[0] == 422


def test_API_5_admission_sees_defaults_and_validation_sees_what_admission_added(server):
    server.ok("POST", "/apis/storage.k8s.io/v1/storageclasses", {
        "metadata": {"name": "fast", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}, "provisioner": "x"})
    made = server.ok("POST", f"{CORE}/persistentvolumeclaims", {"metadata": {"name": "www"}, "spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}})
    assert (made["spec"]["storageClassName"], made["spec"]["volumeMode"]) == ("fast", "Filesystem")
    assert made["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]


def test_API_6_a_name_that_is_taken_and_one_whose_owner_is_on_its_way_out(server):
    server.ok("POST", f"{CORE}/configmaps", config_map(finalizers=["example.com/hold"]))
    assert server.refused("POST", f"{CORE}/configmaps", config_map()) == (409, "AlreadyExists", 'configmaps "a" already exists')
    assert server.details("POST", f"{CORE}/configmaps", config_map()) == {"name": "a", "kind": "configmaps"}
    server.ok("DELETE", f"{CORE}/configmaps/a")
    assert server.refused("POST", f"{CORE}/configmaps", config_map()) == (
        409, "AlreadyExists", 'object is being deleted: configmaps "a" already exists')
    assert server.refused("POST", f"{CORE}/configmaps", config_map(generateName="a-"))[2] == (
        'object is being deleted: configmaps "a" already exists, the server was not able to generate a unique name for the object')
    server.ok("POST", f"{APPS}/statefulsets", statefulset())
    assert server.details("POST", f"{APPS}/statefulsets", statefulset()) == {"name": "web", "group": "apps", "kind": "statefulsets"}


def owner(name: str = "web", kind: str = "StatefulSet", **more) -> dict:
    return {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": f"uid-{name}", **more}


@pytest.mark.parametrize(("reference", "complaint"), [
    ({**owner(), "apiVersion": ""}, 'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty'),
    ({**owner(), "kind": ""}, 'metadata.ownerReferences.kind: Invalid value: "": must not be empty'),
    ({**owner(), "name": ""}, 'metadata.ownerReferences.name: Invalid value: "": must not be empty'),
    ({**owner(), "uid": ""}, 'metadata.ownerReferences.uid: Invalid value: "": must not be empty'),
])
def test_API_7_owner_references_are_whole(server, reference, complaint):
    assert server.refused("POST", f"{CORE}/configmaps", config_map(ownerReferences=[reference])) == (
        422, "Invalid", f'ConfigMap "a" is invalid: {complaint}')


def test_API_7_one_controller_at_most(server):
    two = [owner("web", controller=True), owner("web-2", "Pod", controller=True)]
    message = server.refused("POST", f"{CORE}/configmaps", config_map(ownerReferences=two))[2]
    assert message.endswith('Only one reference can have Controller set to true. Found "true" in references for StatefulSet/web and Pod/web-2')


def test_API_7_an_owner_need_not_exist_and_stands_once(server):
    answer = server.ask("POST", f"{CORE}/configmaps", config_map(ownerReferences=[owner(), owner("b"), owner()]))
    assert answer.status == 201 and answer.json["metadata"]["ownerReferences"] == [owner(), owner("b")]
    assert answer.headers["warning"] == (
        '299 - ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests '
        'as early as 1.24; please fix your requests; duplicate UID(s) observed: uid-web"')


def test_API_8_finalizers_are_qualified_names(server):
    assert server.refused("POST", f"{CORE}/configmaps", config_map(finalizers=["hold"]))[2] == (
        'ConfigMap "a" is invalid: metadata.finalizers[0]: Invalid value: "hold": name is neither a standard finalizer name nor is it fully qualified')
    assert server.ok("POST", f"{CORE}/configmaps", config_map(finalizers=["kubernetes", "example.com/hold"]))
    message = server.refused("POST", f"{CORE}/configmaps", config_map("b", finalizers=["orphan", "foregroundDeletion"]))[2]
    assert message.endswith("finalizer orphan and foregroundDeletion cannot be both set")


@pytest.mark.parametrize(("path", "obj", "generation"), [
    (f"{APPS}/statefulsets", statefulset(), 1), (f"{CORE}/pods", pod(), 1), (f"{CORE}/services", service(), None),
    (f"{CORE}/persistentvolumeclaims", claim(), None), ("/api/v1/persistentvolumes", volume(), None), (f"{CORE}/configmaps", config_map(), None)],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "")
def test_API_17_T_3_generation_on_create(server, path, obj, generation):
    assert server.ok("POST", path, obj)["metadata"].get("generation") == generation


@pytest.mark.parametrize(("path", "obj", "status"), [
    (f"{CORE}/pods", pod(), {"phase": "Pending", "qosClass": "BestEffort"}), (f"{CORE}/persistentvolumeclaims", claim(), {"phase": "Pending"}),
    ("/api/v1/persistentvolumes", volume(), {"phase": "Pending", "lastPhaseTransitionTime": "2026-01-01T00:00:00Z"}),
    ("/api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": "gsh"}}, {"phase": "Active"}),
    (f"{APPS}/statefulsets", statefulset(), {"replicas": 0, "availableReplicas": 0}), (f"{CORE}/services", service(), {"loadBalancer": {}}),
    (f"{APPS}/deployments", {**statefulset(), "kind": "Deployment"}, {}), (f"{APPS}/replicasets", {**statefulset(), "kind": "ReplicaSet"}, {"replicas": 0})],
    ids=lambda value: value.get("kind", "") if isinstance(value, dict) else "")
def test_API_19_status_is_reset_on_create(server, path, obj, status):
    if obj["kind"] in ("Deployment", "ReplicaSet"):
        del (obj := {**obj, "spec": dict(obj["spec"])})["spec"]["serviceName"]
    assert server.ok("POST", path, {**obj, "status": {"phase": "Running", "replicas": 7}})["status"] == status


def test_API_19_the_kubelet_posts_the_status_of_its_node(server):
    made = server.ok("POST", "/api/v1/nodes", {"kind": "Node", "metadata": {"name": "n"}, "status": {"capacity": {"cpu": "4"}}})
    assert made["status"]["capacity"] == {"cpu": "4"}
    replaced = server.ok("PUT", "/api/v1/nodes/n", {"kind": "Node", "metadata": {"name": "n", "labels": {"a": "b"}}})
    assert (replaced["status"], replaced["metadata"]["labels"]) == (made["status"], {"a": "b"})


def test_API_60_T_13_a_dry_run_does_everything_but_store(server):
    before = len(server.engine.world.log)
    made = server.ask("POST", f"{CORE}/services?dryRun=All", service())
    assert made.status == 201 and made.json["metadata"]["uid"] and made.json["spec"]["clusterIP"] == "10.96.1.1"
    assert "resourceVersion" not in made.json["metadata"]
    assert server.refused("GET", f"{CORE}/services/nginx") == (404, "NotFound", 'services "nginx" not found')
    assert len(server.engine.world.log) == before
    assert server.ok("POST", f"{CORE}/services", service("other"))["spec"]["clusterIP"] == "10.96.1.1"      # nothing was given away
    assert server.refused("POST", f"{CORE}/services?dryRun=All", service("other"))[0] == 409
    assert server.refused("POST", f"{CORE}/services?dryRun=Some", service())[1:] == (
        "Invalid", 'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"')


def test_API_64_T_14_a_namespace_is_furnished(server):
    made = server.ok("POST", "/api/v1/namespaces", {"metadata": {"name": "gsh"}})
    assert (made["spec"], made["status"]) == ({"finalizers": ["kubernetes"]}, {"phase": "Active"})
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": "gsh"}
    server.engine.drain()
    inside = "/api/v1/namespaces/gsh"
    assert server.get(f"{inside}/serviceaccounts/default")["kind"] == "ServiceAccount"
    certificate = server.get(f"{inside}/configmaps/kube-root-ca.crt")
    assert "BEGIN CERTIFICATE" in certificate["data"]["ca.crt"] and "kubernetes.io/description" in certificate["metadata"]["annotations"]
    without = server.ok("PATCH", "/api/v1/namespaces/gsh", {"metadata": {"labels": None}}, media="application/merge-patch+json")
    assert without["metadata"]["labels"] == {"kubernetes.io/metadata.name": "gsh"}                          # it comes back


def test_API_64_what_a_new_cluster_has(server):
    assert [n["metadata"]["name"] for n in server.get("/api/v1/namespaces")["items"]] == ["default", "kube-node-lease", "kube-public", "kube-system"]
    kubernetes = server.get(f"{CORE}/services/kubernetes")
    assert kubernetes["metadata"]["labels"] == {"component": "apiserver", "provider": "kubernetes"}
    assert kubernetes["spec"]["clusterIP"] == "10.96.0.1" and "selector" not in kubernetes["spec"]
    assert kubernetes["spec"]["ports"] == [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]


def test_API_66_creation_needs_a_living_namespace(server):
    assert server.refused("POST", "/api/v1/namespaces/no/pods", pod()) == (404, "NotFound", 'namespaces "no" not found')
    server.ok("POST", "/api/v1/namespaces", {"metadata": {"name": "gsh"}})
    server.ok("POST", "/api/v1/namespaces/gsh/configmaps", config_map(finalizers=["example.com/hold"]))
    server.ok("DELETE", "/api/v1/namespaces/gsh")
    answer = server.ask("POST", "/api/v1/namespaces/gsh/configmaps", config_map("b"))
    assert (answer.status, answer.json["reason"], answer.json["message"]) == (
        403, "Forbidden", 'configmaps "b" is forbidden: unable to create new content in namespace gsh because it is being terminated')
    assert answer.json["details"]["causes"] == [
        {"reason": "NamespaceTerminating", "message": "namespace gsh is being terminated", "field": "metadata.namespace"}]


def test_API_66_reading_does_not(server):
    assert server.get("/api/v1/namespaces/no/pods")["items"] == []
    assert server.refused("GET", "/api/v1/namespaces/no/pods/web-0") == (404, "NotFound", 'pods "web-0" not found')


@pytest.mark.parametrize(("field", "value", "sort", "what", "computed"), [
    ("priority", 5, "integer", "priority", 0), ("preemptionPolicy", "Never", "string", "PreemptionPolicy", "PreemptLowerPriority")])
def test_API_67_priority_comes_from_its_class(server, field, value, sort, what, computed):
    made = pod()
    made["spec"][field] = value
    assert server.refused("POST", f"{CORE}/pods", made) == (403, "Forbidden", (
        f'pods "web-0" is forbidden: the {sort} value of {what} ({value}) must not be provided in pod spec; priority admission controller '
        f"computed {computed} from the given PriorityClass name"))


def test_API_67_admission_gives_a_pod_its_account_token_tolerations_and_priority(server):
    spec = server.ok("POST", f"{CORE}/pods", pod())["spec"]
    assert (spec["serviceAccountName"], spec["serviceAccount"], spec["priority"], spec["preemptionPolicy"]) == (
        "default", "default", 0, "PreemptLowerPriority")
    [token] = spec["volumes"]
    assert re.fullmatch("kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}", token["name"])
    assert token["projected"] == {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}}]}
    assert spec["containers"][0]["volumeMounts"] == [
        {"name": token["name"], "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]
    assert spec["tolerations"] == [{"key": f"node.kubernetes.io/{why}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
                                   for why in ("not-ready", "unreachable")]


@pytest.mark.parametrize(("path", "obj", "defaults"), [
    (f"{APPS}/statefulsets", statefulset(), {"podManagementPolicy": "OrderedReady", "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
                                             "revisionHistoryLimit": 10, "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"}}),
    (f"{APPS}/deployments", {**statefulset(), "kind": "Deployment"}, {
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600}),
    (f"{CORE}/persistentvolumeclaims", claim(), {"volumeMode": "Filesystem"}),
    ("/api/v1/persistentvolumes", volume(), {"persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem"})], ids=lambda v: v.get("kind", "") if isinstance(v, dict) else "")
def test_API_69_defaults(server, path, obj, defaults):
    spec = server.ok("POST", f"{path}?fieldValidation=Ignore", obj)["spec"]
    assert {field: spec.get(field) for field in defaults} == defaults


def test_API_69_a_class(server):
    made = server.ok("POST", "/apis/storage.k8s.io/v1/storageclasses", {"metadata": {"name": "c"}, "provisioner": "x"})
    assert (made["reclaimPolicy"], made["volumeBindingMode"]) == ("Delete", "Immediate")


def test_API_67_defaults_that_pods_and_templates_share(server):
    template = server.ok("POST", f"{APPS}/statefulsets", statefulset())["spec"]["template"]["spec"]
    spec = server.ok("POST", f"{CORE}/pods", pod())["spec"]
    for found in (template, spec):
        assert (found["restartPolicy"], found["dnsPolicy"], found["terminationGracePeriodSeconds"], found["schedulerName"], found["securityContext"]) == (
            "Always", "ClusterFirst", 30, "default-scheduler", {})
        container = found["containers"][0]
        assert (container["imagePullPolicy"], container["terminationMessagePath"], container["terminationMessagePolicy"], container["resources"]) == (
            "Always", "/dev/termination-log", "File", {})
    assert "tolerations" not in template and "serviceAccountName" not in template and spec["enableServiceLinks"] is True


def test_API_67_a_pod_that_tolerates_already_gets_nothing_more(server):
    everything = [{"operator": "Exists"}]
    assert server.ok("POST", f"{CORE}/pods", pod(tolerations=everything))["spec"]["tolerations"] == everything


def test_API_67_the_account_must_exist(server):
    assert server.refused("POST", f"{CORE}/pods", pod(serviceAccountName="nobody")) == (
        403, "Forbidden", 'pods "web-0" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found')


def test_API_67_priority_follows_the_class(server):
    server.ok("POST", "/apis/scheduling.k8s.io/v1/priorityclasses", {"metadata": {"name": "high"}, "value": 1000})
    assert server.ok("POST", f"{CORE}/pods", pod(priorityClassName="high"))["spec"]["priority"] == 1000
    assert server.ok("POST", f"{CORE}/pods", pod("a", priorityClassName="system-node-critical"))["spec"]["priority"] == 2000001000
    assert server.refused("POST", f"{CORE}/pods", pod("b", priorityClassName="low")) == (
        403, "Forbidden", 'pods "b" is forbidden: no PriorityClass with name low was found')


def test_API_32_a_pod_whose_name_is_no_label_is_warned_of(server):
    answer = server.ask("POST", f"{CORE}/pods", pod("web.0"))
    assert answer.status == 201 and answer.headers["warning"] == (
        '299 - "metadata.name: this is used in the Pod\'s hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"')


def test_API_28_29_names(server):
    assert server.refused("POST", f"{APPS}/statefulsets", statefulset("Web_1")) == (
        422, "Invalid", f'StatefulSet.apps "Web_1" is invalid: metadata.name: Invalid value: "Web_1": {LABEL}')
    assert server.refused("POST", f"{CORE}/services", service("a.b"))[2] == 'Service "a.b" is invalid: metadata.name: Invalid value: "a.b": must not contain dots'
    assert server.ok("POST", f"{CORE}/services", service("1a"))["metadata"]["name"] == "1a"                 # since 1.34


def test_KCTL_31_kubectl_run_sends_empty_status_and_null_times(server):
    body = {**pod(), "status": {}}
    body["metadata"] |= {"creationTimestamp": None}
    body["spec"]["containers"][0]["resources"] = {}
    assert server.ask("POST", f"{CORE}/pods?fieldManager=kubectl-run", body).status == 201
    bind(server)
