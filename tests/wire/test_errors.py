"""What a refusal looks like, and what is no object at all (API-20 to API-27)."""
from __future__ import annotations

import pytest

from kstate.errors import Internal, Timeout
from kstate.wire.message import refusal
from kstate.wire.server import LIMIT

from .asking import APPS, CORE, config_map, pod, service, statefulset

LARGE = b'{"metadata": {"name": "' + b"x" * LIMIT + b'"}}'


def test_API_20_the_shape_of_a_status(server):
    answer = server.ask("GET", f"{APPS}/statefulsets/web")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": 'statefulsets.apps "web" not found',
                           "reason": "NotFound", "details": {"name": "web", "group": "apps", "kind": "statefulsets"}, "code": 404}
    assert server.ask("GET", f"{CORE}/pods/x").json["details"] == {"name": "x", "kind": "pods"}


def test_API_20_retry_after():
    answer = refusal(Timeout("Timeout: later", retryAfterSeconds=3))
    assert (answer.status, answer.headers["retry-after"], answer.json["details"]) == (504, "3", {"retryAfterSeconds": 3})


def test_API_21_several_complaints_at_once(server):
    bad = statefulset("Web", replicas=-1)
    answer = server.ask("POST", f"{APPS}/statefulsets", bad)
    causes = answer.json["details"]["causes"]
    assert answer.status == 422 and answer.json["details"]["kind"] == "StatefulSet" and answer.json["details"]["group"] == "apps"
    assert [(c["field"], c["reason"]) for c in causes] == [("metadata.name", "FieldValueInvalid"), ("spec.replicas", "FieldValueInvalid")]
    assert answer.json["message"] == 'StatefulSet.apps "Web" is invalid: [' + ", ".join(f"{c['field']}: {c['message']}" for c in causes) + "]"


@pytest.mark.parametrize("path", ["/nothing", "/api/v2", "/api/v1/widgets", f"{CORE}/widgets/a", "/apis/none.example/v1/x", f"{APPS}/pods", "/api/v1/pods/web-0",
                                  f"{CORE}/nodes", f"{CORE}/pods/a/b/c", f"{CORE}/pods/a/portforward", "/openapi/v3/apis/none/v1", "/openapi/v4", "/apis/apps/v2"])
def test_API_21_an_unknown_url_is_plain_text(server, path):
    answer = server.ask("GET", path)
    assert (answer.status, answer.body, answer.headers["content-type"]) == (404, b"404 page not found\n", "text/plain; charset=utf-8")


@pytest.mark.parametrize(("method", "path", "message"), [
    ("PUT", f"{CORE}/pods", 'update is not supported on resources of kind "pods"'), ("PATCH", f"{APPS}/statefulsets", 'patch is not supported on resources of kind "statefulsets.apps"'),
    ("POST", f"{CORE}/pods/web-0", 'create is not supported on resources of kind "pods"'), ("POST", "/api/v1/pods", 'create is not supported on resources of kind "pods"'),
    ("DELETE", f"{CORE}/pods/web-0/status", 'delete is not supported on resources of kind "pods"'),
    ("GET", f"{CORE}/pods/web-0/binding", 'get is not supported on resources of kind "pods"')])
def test_API_21_a_verb_that_is_not_supported(server, method, path, message):
    assert server.refused(method, path) == (405, "MethodNotAllowed", message)


def test_API_21_unsupported_media(server):
    for media in ("application/x-www-form-urlencoded", "text/plain"):
        assert server.refused("POST", f"{CORE}/configmaps", config_map(), media=media) == (
            415, "UnsupportedMediaType", ("the body of the request was in an unknown format - accepted media types include: "
            "application/json, application/yaml, application/vnd.kubernetes.protobuf"))


def test_API_21_unacceptable_accept(server):
    assert server.refused("GET", f"{CORE}/pods", accept="text/plain") == (
        406, "NotAcceptable", "only the following media types are accepted: application/json, application/yaml")
    assert server.ask("GET", f"{CORE}/pods", accept="text/html,application/xhtml+xml,*/*;q=0.8").status == 200


def test_API_21_internal():
    assert refusal(Internal("Internal error occurred: boom")).json["reason"] == "InternalError"


def test_a_body_that_is_too_large(server):
    assert server.refused("POST", f"{CORE}/configmaps", LARGE) == (413, "RequestEntityTooLarge", f"Request entity is too large: limit is {LIMIT}")


def test_API_22_field_errors_show_their_value(server):
    def message(obj):
        return server.refused("POST", f"{CORE}/services", obj)[2].removeprefix('Service "nginx" is invalid: ')
    assert message(service(type="X")) == 'spec.type: Unsupported value: "X": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'
    assert message(service(ports=[{"port": 0}])).startswith("[spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive, ")
    assert message(service(ports=[])) == "spec.ports: Required value"
    assert message(service(ports=[{"name": "a", "port": 1}, {"name": "a", "port": 2}])) == 'spec.ports[1].name: Duplicate value: "a"'
    assert message(service(ports=[{"port": 80, "nodePort": 30080}])) == "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"
    assert message(service(clusterIP="10.96.9.9", clusterIPs=["10.96.9.8"])) == 'spec.clusterIPs: Invalid value: ["10.96.9.8"]: first value must match `clusterIP`'


def test_API_23_every_complaint_is_a_cause_from_which_kubectl_prints(server):
    for obj in (statefulset("Web", replicas=-1), statefulset(replicas=-1)):
        status = server.ask("POST", f"{APPS}/statefulsets", obj).json
        assert all(set(cause) == {"reason", "message", "field"} and all(cause.values()) for cause in status["details"]["causes"])
        assert status["details"]["name"] == obj["metadata"]["name"] and status["details"]["kind"] == "StatefulSet"
        assert all(f"{cause['field']}: {cause['message']}" in status["message"] for cause in status["details"]["causes"])


def test_API_24_unknown_fields(server):
    bad = {**config_map(), "spec": {}, "dta": {}}
    strict = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "spec", unknown field "dta"'
    assert server.refused("POST", f"{CORE}/configmaps?fieldValidation=Strict", bad) == (400, "BadRequest", strict)
    for query in ("", "?fieldValidation=Warn"):
        warned = server.ask("POST", f"{CORE}/configmaps{query}", bad)
        assert warned.headers["warning"] == '299 - "unknown field \\"spec\\"", 299 - "unknown field \\"dta\\""'
        server.ok("DELETE", f"{CORE}/configmaps/a")
    ignored = server.ask("POST", f"{CORE}/configmaps?fieldValidation=Ignore", bad)
    assert ignored.status == 201 and "warning" not in ignored.headers and "spec" not in ignored.json


def test_API_24_deep_and_doubled_fields(server):
    bad = pod()
    bad["spec"]["containers"][0]["foo"] = 1
    assert server.refused("POST", f"{CORE}/pods?fieldValidation=Strict", bad)[2].endswith('strict decoding error: unknown field "spec.containers[0].foo"')
    twice = b'{"metadata": {"name": "a", "name": "b"}, "data": {"k": "1"}}'
    assert server.refused("POST", f"{CORE}/configmaps?fieldValidation=Strict", twice)[2].endswith('strict decoding error: duplicate field "metadata.name"')
    assert server.ok("POST", f"{CORE}/configmaps", twice)["metadata"]["name"] == "b"


@pytest.mark.parametrize(("method", "path", "kind"), [("POST", f"{CORE}/configmaps", "CreateOptions"), ("PUT", f"{CORE}/configmaps/a", "UpdateOptions"),
                                                      ("PATCH", f"{CORE}/configmaps/a", "PatchOptions")])
def test_API_24_another_mode(server, method, path, kind):
    server.ok("POST", f"{CORE}/configmaps", config_map())
    media = "application/merge-patch+json" if method == "PATCH" else "application/json"
    assert server.refused(method, f"{path}?fieldValidation=x", config_map(), media=media) == (
        422, "Invalid", f'{kind}.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "x": supported values: "", "Ignore", "Strict", "Warn"')


@pytest.mark.parametrize(("obj", "complaint"), [
    ({"spec": {"replicas": "three"}}, "json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32"),
    ({"spec": {"template": {"spec": {"containers": "x"}}}}, "json: cannot unmarshal string into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container"),
    ({"spec": {"replicas": 1.5}}, "json: cannot unmarshal number 1.5 into Go struct field StatefulSetSpec.spec.replicas of type int32"),
    ({"spec": {"volumeClaimTemplates": [{"spec": {"resources": {"requests": {"storage": "1Gb"}}}}]}},
     "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")])
def test_API_25_a_wrong_type_is_refused_in_every_mode(server, obj, complaint):
    for mode in ("Strict", "Warn", "Ignore"):
        assert server.refused("POST", f"{APPS}/statefulsets?fieldValidation={mode}", obj) == (
            400, "BadRequest", f'StatefulSet in version "v1" cannot be handled as a StatefulSet: {complaint}')


def test_API_26_the_url_supplies_kind_and_version(server):
    for name, obj in (("a", {}), ("b", {"kind": "ConfigMap"}), ("c", {"apiVersion": "v1"})):
        made = server.ok("POST", f"{CORE}/configmaps", {**obj, "metadata": {"name": name}})
        assert (made["kind"], made["apiVersion"]) == ("ConfigMap", "v1")


def test_API_26_another_kind(server):
    assert server.refused("POST", f"{CORE}/pods", service()) == (
        400, "BadRequest", 'Service in version "v1" cannot be handled as a Pod: converting (v1.Service) to (core.Pod): unknown conversion')
    message = server.refused("POST", f"{CORE}/pods", {"apiVersion": "v1", "kind": "Foo"})[2]
    assert message.startswith('Foo in version "v1" cannot be handled as a Pod: no kind "Foo" is registered for version "v1" in scheme "')


@pytest.mark.parametrize("body", [b"not json", b"", b"[1]", b'"x"', b"null", b"7", b"\xff\xfe", b"[" * 5000])
def test_API_26_no_object_at_all(server, body):
    code, reason, message = server.refused("POST", f"{CORE}/pods", body)
    assert (code, reason) == (400, "BadRequest")
    assert message.startswith("the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: ") or body[:1] == b"["


def test_API_26_the_first_bytes_are_shown_in_hex(server):
    assert server.refused("POST", f"{CORE}/pods", b"x" * 40)[2].endswith(f"({'78' * 30} ...)")


def test_API_27_leniency(server):
    assert server.ask("POST", f"{CORE}/configmaps", {**config_map(labels=None), "binaryData": None}, media="").status == 201          # null, no Content-Type
    made = statefulset()
    made["spec"]["replicas"] = 2.0
    assert server.ok("POST", f"{APPS}/statefulsets", made)["spec"]["replicas"] == 2
    assert "Data" not in server.ok("POST", f"{CORE}/configmaps", {"metadata": {"name": "b"}, "Data": {"k": "v"}})                     # case counts
    yaml = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {key: 'yes'}\n"
    assert server.ok("POST", f"{CORE}/configmaps", yaml, media="application/yaml")["data"] == {"key": "yes"}


def test_API_27_offsets_of_time_are_understood(server):
    made = server.ok("POST", f"{CORE}/pods", pod())
    sent = {**made, "metadata": {**made["metadata"], "creationTimestamp": made["metadata"]["creationTimestamp"].replace("Z", "+00:00")}}
    assert server.ok("PUT", f"{CORE}/pods/web-0", sent) == made                                                                       # KCTL-80


def test_API_31_annotations_say_anything_but_not_too_much(server):
    assert server.ok("POST", f"{CORE}/configmaps", config_map(annotations={"Example.com/A_b": "x\n" * 99}))
    assert server.refused("POST", f"{CORE}/configmaps", config_map("b", annotations={"a": "x" * 262144})) == (
        422, "Invalid", 'ConfigMap "b" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes')


def test_API_61_deprecated_endpoints_say_so(server):
    text = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
    for method, path, body in (("GET", f"{CORE}/endpoints", None), ("POST", f"{CORE}/endpoints", {"metadata": {"name": "a"}}),
                               ("GET", f"{CORE}/endpoints/a", None), ("GET", f"{CORE}/endpoints?watch=1", None), ("DELETE", f"{CORE}/endpoints/a", None)):
        assert server.ask(method, path, body).headers["warning"] == text
    assert "warning" not in server.ask("GET", f"{CORE}/pods").headers


def test_API_61_warnings_of_a_kind(server):
    answer = server.ask("POST", f"{CORE}/services", service(clusterIP="None", sessionAffinity="ClientIP"))
    assert answer.headers["warning"] == '299 - "spec.SessionAffinity is ignored for headless services"'
