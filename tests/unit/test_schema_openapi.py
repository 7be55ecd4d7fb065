"""OpenAPI v3: what kubectl asks before it writes and what it explains (KCTL-20 to KCTL-24)."""
from __future__ import annotations

import json

from kstate.kinds import openapi
from kstate.kinds.kind import Kind
from kstate.kinds.types import type_of

APPS = [Kind("StatefulSet", "statefulsets", "apps"), Kind("Deployment", "deployments", "apps")]
CORE = [Kind("Pod", "pods"), Kind("PersistentVolume", "persistentvolumes", namespaced=False),
        Kind("PersistentVolumeClaim", "persistentvolumeclaims")]


def test_KCTL_20_the_index_leads_to_the_documents():
    paths = openapi.index([("", "v1"), ("apps", "v1")])["paths"]
    assert list(paths) == ["api/v1", "apis/apps/v1"]
    assert paths["apis/apps/v1"]["serverRelativeURL"].startswith("/openapi/v3/apis/apps/v1?hash=")


def test_KCTL_20_every_kind_has_a_patch_with_fieldValidation():
    paths = openapi.document("apps", "v1", APPS)["paths"] | openapi.document("", "v1", CORE)["paths"]
    patch = paths["/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}"]["patch"]
    assert patch["x-kubernetes-group-version-kind"] == {"group": "apps", "version": "v1", "kind": "StatefulSet"}
    assert {"fieldValidation"} <= {p["name"] for p in patch["parameters"] if p["in"] == "query"}
    assert "/api/v1/persistentvolumes/{name}" in paths and len(paths) == len(APPS + CORE)


def test_KCTL_23_no_patch_formats_are_named():
    text = json.dumps(openapi.document("", "v1", CORE))
    assert "strategic-merge" not in text and "requestBody" not in text


def test_KCTL_24_schemas_are_complete():
    for group, kinds in (("", CORE), ("apps", APPS)):
        document = openapi.document(group, "v1", kinds)
        schemas = document["components"]["schemas"]
        for name in {part.split('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]}:
            assert name in schemas
        for kind in kinds:
            assert schemas[kind.kind]["x-kubernetes-group-version-kind"] == [{"group": group, "version": "v1", "kind": kind.kind}]


def test_KCTL_24_a_field_with_its_description_type_and_values():
    schemas = openapi.document("apps", "v1", APPS)["components"]["schemas"]
    spec = schemas["StatefulSetSpec"]
    assert spec["required"] == ["selector", "template"]
    assert spec["properties"]["podManagementPolicy"]["enum"] == ["OrderedReady", "Parallel"]
    assert spec["properties"]["updateStrategy"]["allOf"] == [{"$ref": "#/components/schemas/StatefulSetUpdateStrategy"}]
    assert spec["properties"]["replicas"]["format"] == "int32" and spec["properties"]["replicas"]["description"]
    assert spec["properties"]["volumeClaimTemplates"]["items"] == {"$ref": "#/components/schemas/PersistentVolumeClaim"}


def test_an_event_is_described_for_each_of_its_groups():
    schemas = openapi.document("events.k8s.io", "v1", [Kind("Event", "events")])["components"]["schemas"]
    assert schemas["Event"]["x-kubernetes-group-version-kind"][0]["group"] == "events.k8s.io"


def test_every_description_belongs_to_something():
    for name in openapi._docs():
        type, _, field = name.partition(".")
        assert type == "*" or not field or field in type_of(type).fields, name
