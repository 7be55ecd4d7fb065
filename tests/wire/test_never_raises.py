"""Whatever is sent, the wire answers: `send` never raises, a refusal changes nothing, and what was accepted can be read again."""
from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kstate.kinds import KINDS
from kstate.wire import Request

from .asking import CORE, TABLE, Server, claim, config_map, pod, service, statefulset, volume

OBJECTS = (config_map(), pod(), service(), statefulset(), claim(), volume())
PLURALS = {"ConfigMap": "configmaps", "Pod": "pods", "Service": "services", "PersistentVolumeClaim": "persistentvolumeclaims"}
SCALARS = st.sampled_from(["null", "true", "false", "0", "-1", "7", "1.5", "1" * 30, '""', '"x"', '"1Gi"', '"None"', '"default"', "[]", "{}", '["x"]',
                           '{"x": 1}', "[null]", "[{}]"]).map(json.loads)
WORDS = st.sampled_from(["", "0", "1", "-1", "true", "x", "All", "Strict", "Exact", "metadata.name=a", "app in (", "%", "e30", "Orphan", "None", "default"])
PARAMETERS = st.sampled_from(["watch", "limit", "continue", "resourceVersion", "resourceVersionMatch", "labelSelector", "fieldSelector", "dryRun", "fieldValidation",
                              "fieldManager", "force", "gracePeriodSeconds", "propagationPolicy", "orphanDependents", "includeObject", "sendInitialEvents",
                              "timeoutSeconds", "container", "tailLines", "command", "allowWatchBookmarks"])
MEDIA = st.sampled_from(["", "application/json", "application/yaml", "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
                         "application/apply-patch+yaml", "application/vnd.kubernetes.protobuf", "text/plain"])
STEPS = st.sampled_from(["api", "apis", "v1", "apps", "namespaces", "default", "pods", "services", "configmaps", "statefulsets", "a", "web-0", "web", "status", "scale",
                         "binding", "eviction", "log", "exec", "finalize", "openapi", "v3", "events.k8s.io", "events", "..", "%2F"])


@st.composite
def mutated(draw):
    """An object of which one part, anywhere, became something else."""
    obj = json.loads(json.dumps(draw(st.sampled_from(OBJECTS))))
    for _ in range(draw(st.integers(1, 3))):
        node, path = obj, []
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(node[key], (dict, list)) and draw(st.booleans()):
                node = node[key]
                path.append(key)
                continue
            if draw(st.booleans()) and isinstance(node, dict):
                del node[key]
            else:
                node[key] = draw(SCALARS)
            break
    return obj


def url(obj: dict) -> str:
    kind = KINDS.get(obj.get("kind") or "") if isinstance(obj.get("kind"), str) else None
    if kind is None:
        return f"{CORE}/configmaps"
    base = f"/apis/{kind.group}/v1" if kind.group else "/api/v1"
    return f"{base}/namespaces/default/{kind.plural}" if kind.namespaced else f"{base}/{kind.plural}"


def send(server: Server, *request) -> None:
    before = server.engine.world.revision
    response = server.wire.send(Request(*request))
    if response.watch is not None:
        response.watch.lines()
    elif response.status >= 400:
        assert server.engine.world.revision == before
    elif response.body and response.headers["content-type"] == "application/json":
        json.loads(response.body)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated(), st.sampled_from(["POST", "PUT", "apply", "merge", "strategic"]))
def test_objects_that_are_not_quite_right(obj, verb):
    server = Server()
    for good in OBJECTS:
        server.ok("POST", url(good), good)
    name = (obj.get("metadata") or {}).get("name") if isinstance(obj.get("metadata"), dict) else None
    path, headers = url(obj), {"user-agent": "fuzz/1"}
    if verb == "POST":
        obj = {**obj, "metadata": {**obj["metadata"], "name": "new"}} if isinstance(obj.get("metadata"), dict) else obj
        send(server, "POST", path, json.dumps(obj).encode(), headers)
    elif verb == "PUT":
        send(server, "PUT", f"{path}/{name or 'a'}", json.dumps(obj).encode(), headers)
    else:
        media = {"apply": "application/apply-patch+yaml", "merge": "application/merge-patch+json", "strategic": "application/strategic-merge-patch+json"}[verb]
        send(server, "PATCH", f"{path}/{name or 'a'}?fieldManager=me", json.dumps(obj).encode(), {**headers, "content-type": media})
    for good in OBJECTS:
        assert server.ask("GET", url(good), accept=TABLE).status == 200
    server.engine.settle()


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE"]), st.lists(STEPS, max_size=7), st.lists(st.tuples(PARAMETERS, WORDS), max_size=3), MEDIA,
       st.one_of(st.just(b""), st.binary(max_size=20), st.sampled_from([b"{}", b"[]", b"null", b"3", b'{"metadata": 3}', b'{"spec": {"replicas": 1}}', b'[{"op": "add"}]'])),
       st.sampled_from(["", "*/*", TABLE, "application/yaml", "text/plain", ";;=,", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"]))
def test_requests_that_make_no_sense(method, steps, query, media, body, accept):
    server = SHARED
    path = "/" + "/".join(steps) + "?" + "&".join(f"{name}={value}" for name, value in query)
    send(server, method, path, body, {name: value for name, value in (("content-type", media), ("accept", accept)) if value})


SHARED = Server()
for given_object in OBJECTS:
    SHARED.ok("POST", url(given_object), given_object)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(SCALARS, st.dictionaries(st.sampled_from(["op", "path", "value", "from"]), st.one_of(
    SCALARS, st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "/metadata", "/metadata/name", "/spec", "/spec/containers/0", "/spec/containers/-", "/kind"])))),
    max_size=3))
def test_json_patches_of_all_sorts(operations):
    send(SHARED, "PATCH", f"{CORE}/pods/web-0", json.dumps(operations).encode(), {"content-type": "application/json-patch+json"})
