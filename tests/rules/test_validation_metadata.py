"""Metadata of all kinds, and the small kinds: what the API server refuses, in its words (API-3, API-7 to API-11, API-28 to API-31)."""
from __future__ import annotations

import pytest

from kstate.kinds import KINDS
from kstate.kinds import meta as metadata

from .objects import GONE, MANIFESTS, changed, manifest, on_create, on_update, stored

SUBDOMAIN = ("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with "
             "an alphanumeric character (e.g. 'example.com', regex used for validation is "
             "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")
VALUE = ("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
         "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
         "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')")
KEY = ("name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
       "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')")
OWNER = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "1"}

CREATE = {
    "API-3": ({"metadata name": GONE}, "metadata.name: Required value: name or generateName is required"),
    "API-29 name": ({"metadata name": "Box"}, f'metadata.name: Invalid value: "Box": {SUBDOMAIN}'),
    "API-29 length": ({"metadata name": "x" * 254}, f'metadata.name: Invalid value: "{"x" * 254}": must be no more than 253 characters'),
    "generateName ends in a dash": ({"metadata generateName": "box-"},),
    "generateName": ({"metadata generateName": "Box-"}, f'metadata.generateName: Invalid value: "Box-": {SUBDOMAIN}'),
    "API-30 value": ({"metadata labels": {"a": "b c"}}, f'metadata.labels: Invalid value: "b c": {VALUE}'),
    "API-30 long value": ({"metadata labels": {"a": "b" * 64}},
                          f'metadata.labels: Invalid value: "{"b" * 64}": must be no more than 63 bytes'),
    "API-30 key": ({"metadata labels": {"-a": ""}}, f'metadata.labels: Invalid value: "-a": {KEY}'),
    "API-30 prefix": ({"metadata labels": {"/a": ""}}, 'metadata.labels: Invalid value: "/a": prefix part must be non-empty'),
    "API-31 upper case": ({"metadata annotations": {"Example.com/A": "anything\n"}},),
    "API-31 key": ({"metadata annotations": {"-a": ""}}, f'metadata.annotations: Invalid value: "-a": {KEY}'),
    "API-31 size": ({"metadata annotations": {"a": "x" * 262144}}, "metadata.annotations: Too long: may not be more than 262144 bytes"),
    "API-31 just so": ({"metadata annotations": {"a": "x" * 262143}},),
    "API-7 empty": ({"metadata ownerReferences": [{"apiVersion": "apps/"}]},
                    'metadata.ownerReferences.apiVersion: Invalid value: "apps/": version must not be empty',
                    'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
                    'metadata.ownerReferences.name: Invalid value: "": must not be empty',
                    'metadata.ownerReferences.uid: Invalid value: "": must not be empty'),
    "API-7 two controllers": ({"metadata ownerReferences": [{**OWNER, "controller": True}, {**OWNER, "name": "db", "controller": True}]},
        ('metadata.ownerReferences: Invalid value: [{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"1",'
        '"controller":true},{"apiVersion":"apps/v1","kind":"StatefulSet","name":"db","uid":"1","controller":true}]: Only one '
        'reference can have Controller set to true. Found "true" in references for StatefulSet/web and StatefulSet/db')),
    "API-7 event": ({"metadata ownerReferences": [{**OWNER, "apiVersion": "v1", "kind": "Event"}]},
                    ('metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"web","uid":"1"}: '
                    "/v1, Kind=Event is disallowed from being an owner")),
    "API-8 standard": ({"metadata finalizers": ["mine"]},
        'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified'),
    "API-8 both": ({"metadata finalizers": ["orphan", "foregroundDeletion"]},
        'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set'),
    "API-8 fine": ({"metadata finalizers": ["kubernetes", "example.com/x"]},),
}


@pytest.mark.parametrize("case", CREATE)
def test_metadata_on_create(case):
    changes, *expected = CREATE[case]
    assert on_create("Pod", changes) == expected


def test_API_9_name_namespace_and_uid_stay():
    old = changed(stored("Pod"), {"metadata namespace": "default", "metadata uid": "1"})
    new = changed(old, {"metadata name": "other", "metadata namespace": "gsh", "metadata uid": "2"})
    assert [str(e) for e in metadata.validate(KINDS["Pod"], new, old)] == [
        'metadata.name: Invalid value: "other": field is immutable', 'metadata.namespace: Invalid value: "gsh": field is immutable',
        'metadata.uid: Invalid value: "2": field is immutable']


def test_API_11_no_new_finalizers_while_going():
    old = changed(stored("Pod"), {"metadata deletionTimestamp": "2026-01-01T00:00:00Z", "metadata finalizers": ["example.com/a"]})
    new = changed(old, {"metadata finalizers": ["example.com/z", "example.com/x"]})
    assert [str(e) for e in metadata.validate(KINDS["Pod"], new, old)] == [
        ("metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
        'found new finalizers []string{"example.com/x", "example.com/z"}')]
    assert list(metadata.validate(KINDS["Pod"], changed(old, {"metadata finalizers": []}), old)) == []


def test_API_28_rule_of_each_kind():
    assert [kind for kind, row in KINDS.items() if row.name_rule == "label"] == ["Namespace", "Service", "StatefulSet"]
    assert metadata.name_problems("path", "a:b") == [] and metadata.name_problems("path", "a/b") == ["may not contain '/'"]


@pytest.mark.parametrize("kind", MANIFESTS)
def test_every_manifest_here_passes(kind):
    assert on_create(kind, {}) == []


CLUSTER = {
    "config key": ("ConfigMap", {"data": {"a/b": ""}},
                   ('data[a/b]: Invalid value: "a/b": a valid config key must consist of alphanumeric characters, '
                   "'-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')")),
    "config in both": ("ConfigMap", {"binaryData": {"colour": "YQ=="}},
                       'data[colour]: Invalid value: "colour": duplicate of key present in binaryData'),
    "config size": ("ConfigMap", {"data colour": "x" * (1024 * 1024 + 1)}, ": Too long: may not be more than 1048576 bytes"),
    "tls": ("Secret", {"type": "kubernetes.io/tls"}, "data[tls.crt]: Required value", "data[tls.key]: Required value"),
    "PDB-2": ("PodDisruptionBudget", {"spec maxUnavailable": 1},
              ('spec: Invalid value: {"MinAvailable":2,"Selector":{"matchLabels":{"app":"nginx"}},"MaxUnavailable":1,'
              '"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set')),
    "budget": ("PodDisruptionBudget", {"spec minAvailable": "150%"},
               'spec.minAvailable: Invalid value: "150%": must not be greater than 100%'),
    "priority": ("PriorityClass", {"value": 2_000_000_000},
                 "value: Forbidden: maximum allowed value of a user defined priority is 1000000000"),
    "lease": ("Lease", {"spec leaseDurationSeconds": 0}, "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"),
    "limits": ("LimitRange", {"spec limits 0 min cpu": "2"},
               'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1'),
    "quota": ("ResourceQuota", {"spec hard": {"requests.storage": "-1"}},
              'spec.hard[requests.storage]: Invalid value: "-1": must be greater than or equal to 0'),
    "taint": ("Node", {"spec taints": [{"key": "a", "effect": "Never"}]},
              'metadata.taints[0].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"'),
    "taint twice": ("Node", {"spec taints": [{"key": "a", "effect": "NoSchedule"}, {"key": "a", "value": "b", "effect": "NoSchedule"}]},
                    'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"b","Effect":"NoSchedule","TimeAdded":null}: '
                    'taints must be unique by key and effect pair'),
    "reserved priority": ("PriorityClass", {"metadata name": "system-x"}, "metadata.name: Forbidden: priority class names with 'system-' prefix "
                          "are reserved for system use only. error: system-x is not a known system priority class"),
    "system priority": ("PriorityClass", {"metadata name": "system-node-critical", "value": 1}, "metadata.name: Forbidden: priority class names "
                        "with 'system-' prefix are reserved for system use only. error: value of system-node-critical PriorityClass must be 2000001000"),
}


@pytest.mark.parametrize("case", CLUSTER)
def test_small_kinds_on_create(case):
    kind, changes, *expected = CLUSTER[case]
    assert on_create(kind, changes) == expected


def test_what_says_immutable_is():
    immutable = {"immutable": True}
    frozen = "Forbidden: field is immutable when `immutable` is set"
    assert on_update("ConfigMap", {"data colour": "red", "immutable": GONE}, before=immutable) == [f"immutable: {frozen}",
                                                                                                   f"data: {frozen}"]
    assert on_update("ConfigMap", {"metadata labels": {"a": "b"}}, before=immutable) == []
    assert on_update("Secret", {"data": {}}, before=immutable) == [f"data: {frozen}"]
    assert on_update("Secret", {"type": "other"}) == ['type: Invalid value: "other": field is immutable']
    assert on_update("PriorityClass", {"value": 1}) == ["value: Forbidden: may not be changed in an update."]


def test_API_64_a_new_namespace():
    namespace = stored("Namespace")
    assert namespace["spec"] == {"finalizers": ["kubernetes"]} and namespace["status"] == {"phase": "Active"}
    assert namespace["metadata"]["labels"] == {"kubernetes.io/metadata.name": "gsh"}


def test_API_64_label_and_finalizers_come_back_on_update():
    old, new = stored("Namespace"), manifest("Namespace", {"metadata labels": {"a": "b"}})
    KINDS["Namespace"].prepare(new, old)
    assert new["metadata"]["labels"] == {"a": "b", "kubernetes.io/metadata.name": "gsh"} and new["spec"] == {"finalizers": ["kubernetes"]}


def test_namespace_status_follows_deletion():
    old = stored("Namespace")
    assert [str(e) for e in KINDS["Namespace"].validate_status({**old, "status": {"phase": "Terminating"}}, old)] == [
        "status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty"]
