"""PUT: what stays, what must agree, who was faster, generation, status apart (API-9 to API-19, API-68, PVAPI-2)."""
from __future__ import annotations

import pytest

from .asking import APPS, CORE, bind, budget, claim, config_map, pod, run, service, statefulset, volume

HOLD = "example.com/hold"
MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def put(server, obj: dict, path: str = f"{CORE}/configmaps", **more):
    return server.ok("PUT", f"{path}/{obj['metadata']['name']}", obj, **more)


def with_meta(obj: dict, **meta) -> dict:
    return {**obj, "metadata": {**obj["metadata"], **meta}}


def test_API_9_the_server_keeps_what_the_client_may_not_set(server):
    made = server.ok("POST", f"{CORE}/pods", pod())
    sent = with_meta(made, creationTimestamp="2020-01-01T00:00:00Z", deletionTimestamp="2020-01-01T00:00:00Z", deletionGracePeriodSeconds=0,
                     generation=99, selfLink="/me", labels={"app": "other"})
    meta = put(server, sent, f"{CORE}/pods")["metadata"]
    assert {k: v for k, v in meta.items() if k not in ("labels", "resourceVersion", "managedFields")} == {
        k: v for k, v in made["metadata"].items() if k not in ("labels", "resourceVersion", "managedFields")}
    assert meta["labels"] == {"app": "other"}


def test_API_9_the_uid_is_filled_in_and_must_be_right(server):
    made = server.ok("POST", f"{CORE}/configmaps", config_map())
    assert put(server, config_map(labels={"a": "b"}))["metadata"]["uid"] == made["metadata"]["uid"]
    answer = server.ask("PUT", f"{CORE}/configmaps/a", config_map(uid="other", resourceVersion="1"))
    assert (answer.status, answer.json["reason"], answer.json["message"]) == (
        409, "Conflict", ('Operation cannot be fulfilled on configmaps "a": StorageError: invalid object, Code: 4, Key: /registry/configmaps/default/a, '
        f'ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: other, UID in object meta: {made["metadata"]["uid"]}'))


def test_API_9_who_updates_what_is_gone_meant_another_object(server):
    made = server.ok("POST", f"{CORE}/configmaps", config_map())
    server.ok("DELETE", f"{CORE}/configmaps/a")
    assert server.refused("PUT", f"{CORE}/configmaps/a", made)[2].endswith("UID in object meta: ")
    assert server.refused("PUT", f"{CORE}/configmaps/a", config_map()) == (404, "NotFound", 'configmaps "a" not found')


def test_API_10_the_body_agrees_with_the_url(server):
    server.ok("POST", f"{CORE}/configmaps", config_map())
    for obj, message in (
            (config_map("b"), "the name of the object (b) does not match the name on the URL (a)"),
            (config_map(namespace="kube-public"), "the namespace of the object (kube-public) does not match the namespace on the request (default)"),
            (config_map(""), "the name of the object (a based on URL) was undeterminable: name must be provided"),
            ({"data": {}}, "the name of the object (a based on URL) was undeterminable: name must be provided")):
        assert server.refused("PUT", f"{CORE}/configmaps/a", obj) == (400, "BadRequest", message)


def test_API_11_T_7_finalizers_only_go_while_an_object_is_deleted(server):
    server.ok("POST", f"{CORE}/persistentvolumeclaims", claim())
    gone = server.ok("DELETE", f"{CORE}/persistentvolumeclaims/www")
    assert gone["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    more = with_meta(gone, finalizers=["kubernetes.io/pvc-protection", "example.com/y", "example.com/x"])
    assert server.refused("PUT", f"{CORE}/persistentvolumeclaims/www", more) == (
        422, "Invalid", ('PersistentVolumeClaim "www" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is '
        'being deleted, found new finalizers []string{"example.com/x", "example.com/y"}'))


def test_API_12_T_7_the_last_finalizer_takes_the_object_with_it(server):
    server.ok("POST", f"{CORE}/configmaps", config_map(finalizers=[HOLD]))
    marked = server.ok("DELETE", f"{CORE}/configmaps/a")
    watch = server.ask("GET", f"{CORE}/configmaps?watch=true&resourceVersion={marked['metadata']['resourceVersion']}").watch
    answer = server.ask("PUT", f"{CORE}/configmaps/a", with_meta(marked, finalizers=[]))
    assert answer.status == 200 and "finalizers" not in answer.json["metadata"]
    assert server.refused("GET", f"{CORE}/configmaps/a")[0] == 404
    assert [line[:17] for line in watch.lines()] == [b'{"type":"DELETED"']


def test_API_12_a_pod_in_its_grace_period_stays(server):
    server.ok("POST", f"{CORE}/pods", {**pod(), "metadata": {"name": "web-0", "finalizers": [HOLD]}})
    bind(server)
    marked = server.ok("DELETE", f"{CORE}/pods/web-0")
    put(server, with_meta(marked, finalizers=[]), f"{CORE}/pods")
    assert server.get(f"{CORE}/pods/web-0")["metadata"]["deletionGracePeriodSeconds"] == 30


def test_API_13_T_4_an_update_that_changes_nothing_is_none(server):
    made = server.ok("POST", f"{APPS}/statefulsets", statefulset())
    position = len(server.engine.world.log)
    assert put(server, made, f"{APPS}/statefulsets") == made
    assert put(server, made, f"{APPS}/statefulsets", agent="another/1.0") == made               # nor does who asks
    assert put(server, {**statefulset(), "status": {"replicas": 9}}, f"{APPS}/statefulsets")["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    assert len(server.engine.world.log) == position


def test_API_14_T_2_the_version_must_be_the_stored_one(server):
    made = server.ok("POST", f"{APPS}/statefulsets", statefulset())
    put(server, {**made, "spec": {**made["spec"], "replicas": 2}}, f"{APPS}/statefulsets")
    answer = server.ask("PUT", f"{APPS}/statefulsets/web", made)
    assert (answer.status, answer.json["reason"], answer.json["message"]) == (
        409, "Conflict", f'Operation cannot be fulfilled on statefulsets.apps "web": {MODIFIED}')
    assert answer.json["details"] == {"name": "web", "group": "apps", "kind": "statefulsets"}


@pytest.mark.parametrize(("path", "obj"), [(f"{CORE}/pods", pod()), (f"{CORE}/configmaps", config_map()), (f"{APPS}/statefulsets", statefulset()),
                                           (f"{CORE}/persistentvolumeclaims", claim()), ("/api/v1/persistentvolumes", volume())],
                         ids=lambda value: value["kind"] if isinstance(value, dict) else "")
def test_API_15_T_2_without_a_version_the_last_writer_wins(server, path, obj):
    made = server.ok("POST", path, obj)
    assert put(server, with_meta(made, annotations={"a": "b"}, resourceVersion=""), path)["metadata"]["annotations"] == {"a": "b"}


@pytest.mark.parametrize(("path", "plural", "obj"), [
    ("/apis/policy/v1/namespaces/default", "poddisruptionbudgets.policy", budget("x")),
    ("/apis/storage.k8s.io/v1", "csidrivers.storage.k8s.io", {"metadata": {"name": "x"}, "spec": {}}),
    ("/apis/storage.k8s.io/v1", "csinodes.storage.k8s.io", {"metadata": {"name": "x"}, "spec": {"drivers": []}}),
    ("/apis/storage.k8s.io/v1", "volumeattachments.storage.k8s.io", {
        "metadata": {"name": "x"}, "spec": {"attacher": "a", "nodeName": "n", "source": {"persistentVolumeName": "p"}}}),
    ("/apis/coordination.k8s.io/v1/namespaces/default", "leases.coordination.k8s.io", {"metadata": {"name": "x"}, "spec": {}})], ids=lambda v: v if isinstance(v, str) else "")
def test_API_15_T_2_some_kinds_are_not_overwritten_blindly(server, path, plural, obj):
    where = f"{path}/{plural.partition('.')[0]}"
    made = server.ok("POST", where, obj)
    assert server.refused("PUT", f"{where}/x", obj) == (
        422, "Invalid", f'{plural} "x" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update')
    assert put(server, with_meta(made, labels={"a": "b"}), where)["metadata"]["labels"] == {"a": "b"}


@pytest.mark.parametrize(("path", "obj"), [
    (f"{CORE}/services", service("a")), (f"{CORE}/endpoints", {"metadata": {"name": "a"}}), (f"{CORE}/limitranges", {"metadata": {"name": "a"}, "spec": {"limits": []}}),
    ("/apis/coordination.k8s.io/v1/namespaces/default/leases", {"metadata": {"name": "a"}, "spec": {}}),
    (f"{CORE}/events", {"metadata": {"name": "a"}, "involvedObject": {"namespace": "default"}})], ids=lambda v: v if isinstance(v, str) else "")
def test_API_16_some_kinds_are_created_by_a_put(server, path, obj):
    answer = server.ask("PUT", f"{path}/a", with_meta(obj, resourceVersion="5"))
    assert answer.status == 201 and answer.json["metadata"]["uid"]
    assert server.get(f"{path}/a") == answer.json


@pytest.mark.parametrize(("path", "obj"), [(f"{CORE}/pods", pod("a")), (f"{CORE}/configmaps", config_map()), (f"{APPS}/statefulsets", statefulset("a")),
                                           (f"{CORE}/persistentvolumeclaims", claim("a")), ("/api/v1/persistentvolumes", volume("a"))],
                         ids=lambda value: value["kind"] if isinstance(value, dict) else "")
def test_API_16_others_are_not(server, path, obj):
    assert server.refused("PUT", f"{path}/a", obj)[:2] == (404, "NotFound")


def test_API_17_T_3_generation_counts_what_was_wanted(server):
    made = server.ok("POST", f"{APPS}/statefulsets", {**statefulset(), "metadata": {"name": "web", "finalizers": [HOLD]}})
    where = f"{APPS}/statefulsets/web"
    scaled = server.ok("PUT", where, {**made, "spec": {**made["spec"], "replicas": 5}})
    assert scaled["metadata"]["generation"] == 2
    told = server.ok("PUT", f"{where}/status", {**scaled, "status": {"replicas": 3, "observedGeneration": 2}})
    assert told["metadata"]["generation"] == 2
    assert server.ok("PUT", where, with_meta(told, annotations={"a": "b"}))["metadata"]["generation"] == 2
    assert server.ok("DELETE", where)["metadata"]["generation"] == 3
    assert server.ok("DELETE", where)["metadata"]["generation"] == 3                            # API-18: only the first time


def test_API_17_a_deployment_counts_annotations_too(server):
    deployment = {**statefulset(), "kind": "Deployment"}
    del deployment["spec"]["serviceName"]
    made = server.ok("POST", f"{APPS}/deployments", deployment)
    assert server.ok("PUT", f"{APPS}/deployments/web", with_meta(made, labels={"a": "b"}, resourceVersion=""))["metadata"]["generation"] == 1
    assert server.ok("PUT", f"{APPS}/deployments/web", with_meta(made, annotations={"a": "b"}, resourceVersion=""))["metadata"]["generation"] == 2


def test_API_17_a_slice_counts_all_but_other_metadata(server):
    slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
    obj = {"metadata": {"name": "s"}, "addressType": "IPv4", "endpoints": [], "ports": []}
    assert server.ok("POST", slices, obj)["metadata"]["generation"] == 1
    assert put(server, with_meta(obj, annotations={"a": "b"}), slices)["metadata"]["generation"] == 1
    assert put(server, with_meta(obj, labels={"a": "b"}), slices)["metadata"]["generation"] == 2
    assert put(server, with_meta({**obj, "endpoints": [{"addresses": ["10.0.0.1"]}]}, labels={"a": "b"}), slices)["metadata"]["generation"] == 3


def test_API_17_T_3_binding_is_no_new_generation(server):
    server.ok("POST", f"{CORE}/pods", pod())
    bind(server)
    assert server.get(f"{CORE}/pods/web-0")["metadata"]["generation"] == 1      # as recorded, and as T-5 counts


def test_API_19_the_main_resource_ignores_status_and_status_ignores_the_rest(server):
    made = server.ok("POST", f"{APPS}/statefulsets", statefulset())
    sent = with_meta({**made, "spec": {**made["spec"], "replicas": 9}, "status": {"replicas": 7, "availableReplicas": 0}}, labels={"a": "b"}, annotations={"c": "d"})
    told = server.ok("PUT", f"{APPS}/statefulsets/web/status", sent)
    assert told["spec"] == made["spec"] and told["status"] == {"replicas": 7, "availableReplicas": 0}
    assert (told["metadata"]["labels"], told["metadata"]["annotations"]) == ({"a": "b"}, {"c": "d"})
    kept = server.ok("PUT", f"{APPS}/statefulsets/web", {**told, "status": {"replicas": 1}, "spec": {**made["spec"], "replicas": 9}})
    assert kept["status"] == told["status"] and kept["spec"]["replicas"] == 9


def test_API_19_the_status_of_a_pod_leaves_its_owners_alone(server):
    owners = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "u"}]
    made = server.ok("POST", f"{CORE}/pods", with_meta(pod(), ownerReferences=owners))
    told = server.ok("PUT", f"{CORE}/pods/web-0/status", with_meta({**made, "status": {**made["status"], "phase": "Running"}}, ownerReferences=[]))
    assert told["metadata"]["ownerReferences"] == owners and told["status"]["phase"] == "Running"


def test_API_19_a_status_can_be_patched_and_read(server):
    server.ok("POST", f"{CORE}/persistentvolumeclaims", claim())
    patched = server.ok("PATCH", f"{CORE}/persistentvolumeclaims/www/status", {"status": {"phase": "Lost"}, "spec": {"volumeName": "x"}},
                        media="application/merge-patch+json")
    assert patched["status"]["phase"] == "Lost" and "volumeName" not in patched["spec"]
    assert server.get(f"{CORE}/persistentvolumeclaims/www/status") == patched


def test_API_19_kinds_without_status_have_no_such_url(server):
    server.ok("POST", f"{CORE}/configmaps", config_map())
    answer = server.ask("GET", f"{CORE}/configmaps/a/status")
    assert (answer.status, answer.body) == (404, b"404 page not found\n")


def test_PVAPI_2_a_volume_notes_when_its_phase_changed(server):
    made = server.ok("POST", "/api/v1/persistentvolumes", volume())
    server.engine.run(5000)
    same = server.ok("PUT", "/api/v1/persistentvolumes/pv/status", {**made, "status": {"phase": "Pending", "reason": "x"}})
    assert same["status"]["lastPhaseTransitionTime"] == "2026-01-01T00:00:00Z"
    moved = server.ok("PUT", "/api/v1/persistentvolumes/pv/status", {**same, "status": {"phase": "Available"}})
    assert moved["status"] == {"phase": "Available", "lastPhaseTransitionTime": "2026-01-01T00:00:05Z"}


def test_API_68_next_to_nothing_of_a_pod_may_change(server):
    made = server.ok("POST", f"{CORE}/pods", pod())
    image = {**made, "spec": {**made["spec"], "containers": [{**made["spec"]["containers"][0], "image": "nginx:1.25"}]}}
    assert server.ok("PUT", f"{CORE}/pods/web-0", image)["metadata"]["generation"] == 2
    message = server.refused("PATCH", f"{CORE}/pods/web-0", {"spec": {"restartPolicy": "Never"}}, media="application/merge-patch+json")[2]
    assert message.startswith('Pod "web-0" is invalid: spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,')


def test_API_60_a_dry_run_of_an_update_stores_nothing(server):
    made = server.ok("POST", f"{CORE}/configmaps", config_map())
    tried = server.ok("PUT", f"{CORE}/configmaps/a?dryRun=All", config_map(labels={"a": "b"}))
    assert tried["metadata"]["labels"] == {"a": "b"} and tried["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    assert server.get(f"{CORE}/configmaps/a") == made


def test_API_63_another_spelling_of_a_quantity_is_no_change(server):
    made = server.ok("POST", f"{CORE}/persistentvolumeclaims", claim())
    again = {**made, "spec": {**made["spec"], "resources": {"requests": {"storage": "1024Mi"}}}}
    assert server.ok("PUT", f"{CORE}/persistentvolumeclaims/www", again) == made


def test_API_45_the_events_of_a_pods_life(server):
    watch = server.ask("GET", f"{CORE}/pods?watch=1").watch
    server.ok("POST", f"{CORE}/pods", pod())
    bind(server)
    run(server)
    server.ok("DELETE", f"{CORE}/pods/web-0")
    run(server, ready=False)
    server.ok("DELETE", f"{CORE}/pods/web-0", {"gracePeriodSeconds": 0})
    assert [line.split(b'"')[3].decode() for line in watch.lines()] == ["ADDED", *["MODIFIED"] * 4, "DELETED"]
