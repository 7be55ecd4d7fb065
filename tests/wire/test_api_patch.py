"""PATCH on the wire: types, identity, strictness, server-side apply, managed fields (API-54 to API-59, T-11, T-12)."""
from __future__ import annotations

import json

import pytest

from .asking import APPS, CORE, config_map, pod, service, statefulset

JSON, MERGE, STRATEGIC, APPLY = ("application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
                                 "application/apply-patch+yaml")
WEB = f"{APPS}/statefulsets/web"


@pytest.fixture
def web(server):
    return server.ok("POST", f"{APPS}/statefulsets", statefulset())


def test_API_54_the_content_type_says_which(server, web):
    assert server.ok("PATCH", WEB, [{"op": "replace", "path": "/spec/replicas", "value": 1}], media=JSON)["spec"]["replicas"] == 1
    assert server.ok("PATCH", WEB, {"spec": {"replicas": 2}}, media=f"{MERGE}; charset=utf-8")["spec"]["replicas"] == 2
    assert server.ok("PATCH", WEB, {"spec": {"replicas": 3}}, media=STRATEGIC)["metadata"]["generation"] == 4
    assert server.refused("PATCH", WEB, {}, media="application/json") == (
        415, "UnsupportedMediaType", ("the body of the request was in an unknown format - accepted media types include: "
        f"{JSON}, {MERGE}, {STRATEGIC}, {APPLY}"))


def test_API_54_a_missing_object_is_only_created_by_apply(server):
    for media, body in ((JSON, []), (MERGE, {}), (STRATEGIC, {})):
        assert server.refused("PATCH", f"{CORE}/configmaps/a", body, media=media) == (404, "NotFound", 'configmaps "a" not found')
    assert server.ask("PATCH", f"{CORE}/configmaps/a?fieldManager=me", config_map(), media=APPLY).status == 201
    assert server.ask("PATCH", f"{CORE}/configmaps/a?fieldManager=me", config_map(), media=APPLY).status == 200


def test_API_54_a_patch_is_an_update(server, web):
    assert server.ok("PATCH", WEB, {"spec": {"replicas": 3}}, media=MERGE) == web                       # API-13
    assert server.refused("PATCH", WEB, {"spec": {"serviceName": "other"}}, media=MERGE)[:2] == (422, "Invalid")
    assert server.refused("PATCH", WEB, {"spec": {"replicas": -1}}, media=MERGE)[2] == (
        'StatefulSet.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0')


def test_API_14_only_a_version_in_the_patch_itself_is_compared(server, web):
    server.ok("PATCH", WEB, {"spec": {"replicas": 1}}, media=MERGE)
    stale = {"metadata": {"resourceVersion": web["metadata"]["resourceVersion"]}, "spec": {"replicas": 2}}
    assert server.refused("PATCH", WEB, stale, media=MERGE)[:2] == (409, "Conflict")
    assert server.ok("PATCH", WEB, {"spec": {"replicas": 2}}, media=MERGE)["spec"]["replicas"] == 2


@pytest.mark.parametrize(("patch", "message"), [
    ({"metadata": {"name": "b"}}, "the name of the object (b) does not match the name on the URL (web)"),
    ({"metadata": {"namespace": "b"}}, "the namespace of the provided object does not match the namespace sent on the request"),
    ({"metadata": None}, "the name of the object (web based on URL) was undeterminable: name must be provided")])
def test_API_10_a_patch_does_not_rename(server, web, patch, message):
    assert server.refused("PATCH", WEB, patch, media=MERGE) == (400, "BadRequest", message)


def test_API_9_a_patch_with_another_uid(server, web):
    assert server.refused("PATCH", WEB, {"metadata": {"uid": "x"}}, media=MERGE)[:2] == (409, "Conflict")


@pytest.mark.parametrize(("media", "body", "message"), [
    (JSON, b"{", "error decoding patch: unexpected end of JSON input"),
    (JSON, b'{"op": "add"}', "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
    (MERGE, b"[]", "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"),
    (STRATEGIC, b"[]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
    (STRATEGIC, b"{spec: {}}", "invalid character 's' looking for beginning of object key string")])
def test_API_55_what_is_no_patch(server, web, media, body, message):
    assert server.refused("PATCH", WEB, body, media=media) == (400, "BadRequest", message)


def test_API_56_no_patch_at_all_changes_nothing(server, web):
    assert server.ok("PATCH", WEB, b"null", media=MERGE) == web


@pytest.mark.parametrize(("patch", "why"), [
    ({"metadata": {"labels": {"a": 5}}}, "cannot convert int64 to string"),
    ({"metadata": {"labels": {"a": True}}}, "unrecognized type: string"),
    ({"metadata": {"labels": "a"}}, "cannot restore map from string"),
    ({"spec": [1]}, "cannot restore struct from: slice"),
    ({"spec": {"replicas": "3"}}, "unrecognized type: int32"),
    ({"spec": {"replicas": 1.5}}, "cannot convert float64 to int32"),
    ({"spec": {"template": {"spec": {"hostNetwork": "yes"}}}}, "unrecognized type: bool"),
    ({"spec": {"template": {"spec": {"containers": {"name": "nginx"}}}}}, "cannot restore slice from map"),
    ({"spec": {"template": {"spec": {"containers": [{"name": "nginx", "imagePullPolicy": 5}]}}}}, "cannot convert int64 to v1.PullPolicy"),
    ({"spec": {"template": {"spec": {"containers": [{"name": "nginx", "resources": {"limits": {"cpu": "x"}}}]}}}},
     "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")])
def test_API_25_a_strategic_patch_of_the_wrong_type(server, web, patch, why):
    code, reason, message = server.refused("PATCH", WEB, patch, media=STRATEGIC)
    assert (code, reason) == (422, "Invalid")
    assert message.startswith(' "" is invalid: patch: Invalid value: "map[') and message.endswith(f']": {why}')


def test_API_25_the_patch_is_shown_as_go_prints_it(server, web):
    patch = {"spec": {"replicas": "3"}, "metadata": {"labels": None, "finalizers": ["a/b", "c/d"]}}
    assert server.refused("PATCH", WEB, patch, media=STRATEGIC)[2] == (
        ' "" is invalid: patch: Invalid value: "map[metadata:map[finalizers:[a/b c/d] labels:<nil>] spec:map[replicas:3]]": unrecognized type: int32')


@pytest.mark.parametrize(("media", "patch"), [
    (MERGE, {"spec": {"replicas": "x"}}), (JSON, [{"op": "replace", "path": "/spec/replicas", "value": "x"}])])
def test_API_25_other_patches_are_read_as_json_and_show_what_they_made(server, web, media, patch):
    code, reason, message = server.refused("PATCH", WEB, patch, media=media)
    assert (code, reason) == (422, "Invalid") and r'\"replicas\":\"x\"' in message
    assert message.endswith(': json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32')


def test_API_24_doubled_fields_of_a_patch(server, web):
    body = b'{"spec": {"replicas": 1, "replicas": 2}}'
    answer = server.ask("PATCH", WEB, body, media=MERGE)
    assert answer.json["spec"]["replicas"] == 2 and answer.headers["warning"] == '299 - "duplicate field \\"spec.replicas\\""'
    assert server.refused("PATCH", f"{WEB}?fieldValidation=Strict", body, media=STRATEGIC)[2] == (
        ' "" is invalid: patch: Invalid value: "map[spec:map[replicas:2]]": strict decoding error: duplicate field "spec.replicas"')


@pytest.mark.parametrize("operation", [
    {"op": "test", "path": "/spec/replicas", "value": 9}, {"op": "remove", "path": "/spec/nothing"}, {"op": "replace", "path": "/spec/nothing/below", "value": 1}])
def test_API_55_what_cannot_be_done_is_the_requests_fault(server, web, operation):
    assert server.refused("PATCH", WEB, [operation], media=JSON) == (
        422, "Invalid", "the server rejected our request due to an error in our request")


def test_API_55_ten_thousand_operations_at_most(server, web):
    code, reason, message = server.refused("PATCH", WEB, [{"op": "test", "path": "/kind", "value": "StatefulSet"}] * 10_001, media=JSON)
    assert (code, reason) == (413, "RequestEntityTooLarge") and message.endswith("The allowed maximum operations in a JSON patch is 10000, got 10001")


def test_API_56_null_deletes_and_lists_are_replaced(server):
    server.ok("POST", f"{CORE}/configmaps", config_map(labels={"a": "b", "c": "d"}, finalizers=["x/a", "x/b"]))
    patched = server.ok("PATCH", f"{CORE}/configmaps/a", {"metadata": {"labels": {"a": None}, "finalizers": ["x/c"]}}, media=MERGE)["metadata"]
    assert (patched["labels"], patched["finalizers"]) == ({"c": "d"}, ["x/c"])


def test_API_57_T_11_the_samples_that_kubectl_apply_really_sends(server):
    made = statefulset()
    made["spec"]["template"]["spec"] = {
        "containers": [{"name": "a", "image": "i", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}, {"name": "b", "image": "i"}],
        "volumes": [{"name": "v", "emptyDir": {}}]}
    server.ok("POST", f"{APPS}/statefulsets", made)
    patch = {"spec": {"template": {"spec": {
        "$setElementOrder/containers": [{"name": "a"}],
        "containers": [{"$setElementOrder/env": [{"name": "B"}], "env": [{"$patch": "delete", "name": "A"}], "name": "a"}, {"$patch": "delete", "name": "b"}],
        "volumes": [{"$retainKeys": ["hostPath", "name"], "emptyDir": None, "hostPath": {"path": "/x"}, "name": "v"}]}}}}
    spec = server.ok("PATCH", WEB, patch, media=STRATEGIC)["spec"]["template"]["spec"]
    assert [(c["name"], c["env"]) for c in spec["containers"]] == [("a", [{"name": "B", "value": "2"}])]
    assert spec["volumes"] == [{"name": "v", "hostPath": {"path": "/x", "type": ""}}]


def test_API_57_a_port_that_was_removed(server):
    server.ok("POST", f"{CORE}/services", service(ports=[{"name": "a", "port": 80}, {"name": "b", "port": 81}]))
    patch = {"spec": {"$setElementOrder/ports": [{"port": 81}], "ports": [{"$patch": "delete", "port": 80}]}}
    assert [p["port"] for p in server.ok("PATCH", f"{CORE}/services/nginx", patch, media=STRATEGIC)["spec"]["ports"]] == [81]


def test_API_57_T_11_a_revision_replaces_the_template(server):
    made = statefulset()
    made["spec"]["template"]["metadata"]["annotations"] = {"restarted": "yes"}
    server.ok("POST", f"{APPS}/statefulsets", made)
    revision = {"spec": {"template": {"$patch": "replace", "metadata": {"labels": {"app": "nginx"}},
                                      "spec": {"containers": [{"name": "nginx", "image": "nginx:1.24"}]}}}}
    template = server.ok("PATCH", WEB, revision, media=STRATEGIC)["spec"]["template"]
    assert "annotations" not in template["metadata"] and template["spec"]["containers"][0]["image"] == "nginx:1.24" and "$patch" not in template


def test_API_57_an_element_without_its_key(server):
    server.ok("POST", f"{CORE}/pods", pod())
    assert server.refused("PATCH", f"{CORE}/pods/web-0", {"spec": {"containers": [{"image": "x"}]}}, media=STRATEGIC)[2] == (
        "map: map[image:x] does not contain declared merge key: name")


def test_API_24_a_strict_patch_with_unknown_fields(server):
    server.ok("POST", f"{CORE}/configmaps", config_map())
    code, reason, message = server.refused("PATCH", f"{CORE}/configmaps/a?fieldValidation=Strict", {"spec": {"foo": 1}}, media=MERGE)
    assert (code, reason) == (422, "Invalid") and message.startswith(' "" is invalid: patch: Invalid value: "{')
    assert message.endswith('": strict decoding error: unknown field "spec"')
    warned = server.ask("PATCH", f"{CORE}/configmaps/a", {"spec": {"foo": 1}}, media=MERGE)
    assert warned.status == 200 and warned.headers["warning"] == '299 - "unknown field \\"spec\\""'
    assert "warning" not in server.ask("PATCH", f"{CORE}/configmaps/a?fieldValidation=Ignore", {"spec": {"foo": 1}}, media=MERGE).headers


def test_PVAPI_16_every_write_but_that_of_the_status_warns(server):
    path = f"{CORE.partition('/namespaces')[0]}/persistentvolumes"
    server.ok("POST", path, {"metadata": {"name": "v"}, "spec": {
        "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Recycle", "nfs": {"server": "nas", "path": "/v"}}})
    labels = {"metadata": {"labels": {"a": "b"}}}
    assert "Recycle reclaim policy is deprecated" in server.ask("PATCH", f"{path}/v", labels, media=MERGE).headers["warning"]
    assert "warning" not in server.ask("PATCH", f"{path}/v/status", {"status": {"reason": "Test"}}, media=MERGE).headers


# ---- server-side apply ------------------------------------------------------------------------

def intent(replicas: int | None = None, labels: dict | None = None, **spec) -> dict:
    made = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web", **({"labels": labels} if labels else {})},
            "spec": {**({} if replicas is None else {"replicas": replicas}), **spec}}
    return made if made["spec"] else {**made, "spec": {}}


def apply(server, obj: dict, manager: str = "me", path: str = WEB, **query: str):
    more = "".join(f"&{name}={value}" for name, value in query.items())
    return server.ask("PATCH", f"{path}?fieldManager={manager}{more}", obj, media=APPLY)


def test_API_58_T_12_another_managers_field_is_a_conflict(server, web):
    answer = apply(server, intent(5))
    assert (answer.status, answer.json["reason"]) == (409, "Conflict")
    assert answer.json["message"] == 'Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas'
    assert answer.json["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "kubectl" using apps/v1', "field": ".spec.replicas"}]
    assert apply(server, intent(3)).status == 200                                                       # equal values are shared
    forced = apply(server, intent(5), force="true").json
    owners = {e["manager"]: e for e in forced["metadata"]["managedFields"]}
    assert forced["spec"]["replicas"] == 5 and owners["me"]["operation"] == "Apply"
    assert "f:replicas" in owners["me"]["fieldsV1"]["f:spec"] and "f:replicas" not in owners["kubectl"]["fieldsV1"]["f:spec"]


def test_API_58_T_12_what_a_manager_gives_up_is_removed(server, web):
    assert apply(server, intent(labels={"a": "1", "b": "2"})).json["metadata"]["labels"] == {"a": "1", "b": "2"}
    assert apply(server, intent(labels={"a": "1"})).json["metadata"]["labels"] == {"a": "1"}


def test_API_58_apply_creates_in_one_change(server):
    position = len(server.engine.world.log)
    made = apply(server, {**statefulset()}, "me")
    assert made.status == 201 and len(server.engine.world.log) == position + 1
    assert [(e["manager"], e["operation"]) for e in made.json["metadata"]["managedFields"]] == [("me", "Apply")]
    assert apply(server, {**statefulset()}, "me").json == made.json                                     # API-13
    assert len(server.engine.world.log) == position + 1


def test_API_58_a_yaml_body(server):
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {key: value}\n"
    assert apply(server, body, path=f"{CORE}/configmaps/a").json["data"] == {"key": "value"}


@pytest.mark.parametrize(("query", "obj", "code", "message"), [
    ("", config_map(), 422, 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'),
    ("fieldManager=me", config_map(managedFields=[{"manager": "x"}]), 400, "metadata.managedFields must be nil"),
    ("fieldManager=me", {**config_map(), "apiVersion": "v2"}, 400, "Incorrect version specified in apply patch. Specified patch version: v2, expected: v1"),
    ("fieldManager=me", config_map("b"), 400, "the name of the object (b) does not match the name on the URL (a)"),
    ("fieldManager=me", config_map(uid="u"), 409,
     'Operation cannot be fulfilled on configmaps "a": uid mismatch: the provided object specified uid u, and no existing object was found'),
    ("fieldManager=me", b"- 1", 400, "error decoding YAML: an object is expected"),
    ("fieldManager=me&fieldValidation=Ignore", {**config_map(), "spec": {}}, 500,
     "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .spec: field not declared in schema")])
def test_API_58_what_apply_demands(server, query, obj, code, message):
    assert server.refused("PATCH", f"{CORE}/configmaps/a?{query}", obj, media=APPLY)[::2] == (code, message)


@pytest.mark.parametrize(("spec", "why"), [
    ({"foo": 1}, ".spec.foo: field not declared in schema"),
    ({"replicas": "3"}, ".spec.replicas: expected numeric (int or float), got string"),
    ({"serviceName": 5}, ".spec.serviceName: expected string, got &value.valueUnstructured{Value:5}"),
    ({"serviceName": {"a": [True]}}, ".spec.serviceName: expected string, got "
                                     '&value.valueUnstructured{Value:map[string]interface {}{"a":[]interface {}{true}}}'),
    ({"template": "x"}, ".spec.template: expected map, got &{x}"),
    ({"template": {"spec": {"hostNetwork": "yes"}}}, ".spec.template.spec.hostNetwork: expected boolean, got &{yes}"),
    ({"template": {"spec": {"containers": {"name": "c"}}}}, ".spec.template.spec.containers: expected list, got &{map[name:c]}"),
    ({"template": {"spec": {"containers": [{"name": "c"}, {"name": "c"}]}}}, '.spec.template.spec.containers: duplicate entries for key [name="c"]'),
    ({"template": {"spec": {"containers": [{"image": "c"}]}}},
     '.spec.template.spec.containers: element 0: associative list with keys has an element that omits key field "name" '
     "(and doesn't have default value)"),
    ({"template": {"spec": {"containers": [{"name": "c", "env": [{"name": "A", "value": 1}]}]}}},
     '.spec.template.spec.containers[name="c"].env[name="A"].value: expected string, got &value.valueUnstructured{Value:1}'),
    ({"volumeClaimTemplates": [{"spec": {"accessModes": 5}}], "foo": 1},
     "errors:\n  .spec.volumeClaimTemplates[0].spec.accessModes: expected list, got &{5}\n  .spec.foo: field not declared in schema")])
def test_API_58_an_intent_that_fits_no_type(server, spec, why):
    answer = apply(server, {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web", "namespace": "default"}, "spec": spec})
    assert (answer.status, answer.json["message"]) == (
        500, f"failed to create typed patch object (default/web; apps/v1, Kind=StatefulSet): {why}")


def test_API_58_force_is_for_apply_alone(server, web):
    assert server.refused("PATCH", f"{WEB}?force=true", {}, media=MERGE) == (
        422, "Invalid", 'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch')


def test_API_58_a_stale_version_in_the_intent(server, web):
    stale = {**intent(labels={"a": "b"}), "metadata": {"name": "web", "resourceVersion": "1"}}
    assert server.refused("PATCH", f"{WEB}?fieldManager=me", stale, media=APPLY)[:2] == (409, "Conflict")


def test_API_58_apply_to_a_status(server, web):
    told = server.ok("PATCH", f"{WEB}/status?fieldManager=me", {**intent(), "status": {"replicas": 2}}, media=APPLY)
    assert told["status"]["replicas"] == 2
    assert [e.get("subresource") for e in told["metadata"]["managedFields"] if e["manager"] == "me"] == ["status"]
    assert server.refused("PATCH", f"{APPS}/statefulsets/no/status?fieldManager=me", {**intent(), "metadata": {"name": "no"}}, media=APPLY)[0] == 404


def test_API_58_before_first_apply(server):
    server.engine.api.create({**config_map(), "metadata": {"name": "a", "namespace": "default"}})       # by somebody who names no manager
    assert apply(server, {**config_map(), "data": {"key": "other"}}, path=f"{CORE}/configmaps/a").json["message"] == (
        'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.key')


def test_API_59_the_manager_is_named_or_the_user_agent(server):
    server.ok("POST", f"{CORE}/configmaps", config_map(), agent="curl/8.1")
    for agent, query in (("kubectl/v1.32 (linux)", "?fieldManager=kubectl-label"), ("python/3", "")):
        server.ok("PATCH", f"{CORE}/configmaps/a{query}", {"metadata": {"labels": {agent[:2]: "x"}}}, media=MERGE, agent=agent)
    entries = server.get(f"{CORE}/configmaps/a")["metadata"]["managedFields"]
    assert sorted(e["manager"] for e in entries) == ["curl", "kubectl-label", "python"]
    assert all(e["apiVersion"] == "v1" and e["fieldsType"] == "FieldsV1" and e["time"] == "2026-01-01T00:00:00Z" for e in entries)


def test_API_60_dry_run_as_kubectl_diff_uses_it(server, web):
    tried = server.ok("PATCH", f"{WEB}?dryRun=All", {"metadata": {"resourceVersion": web["metadata"]["resourceVersion"]}, "spec": {"replicas": 9}}, media=STRATEGIC)
    assert tried["spec"]["replicas"] == 9 and server.get(WEB) == web
    created = server.ask("PATCH", f"{CORE}/configmaps/a?fieldManager=me&dryRun=All", config_map(), media=APPLY)
    assert created.status == 201 and server.refused("GET", f"{CORE}/configmaps/a")[0] == 404


@pytest.mark.parametrize("patch", [
    [{"op": "remove", "path": "/metadata"}], [{"op": "replace", "path": "", "value": []}], [{"op": "replace", "path": "", "value": None}],
    [{"op": "add", "path": "/metadata", "value": "x"}], [{"op": "replace", "path": "/spec", "value": 3}]], ids=json.dumps)
def test_patches_that_leave_no_object(server, web, patch):
    assert server.refused("PATCH", WEB, patch, media=JSON)[0] in (400, 422)
