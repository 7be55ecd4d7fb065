"""StatefulSet, Deployment, ReplicaSet, ControllerRevision: what the API server refuses, in its words (STS-7 to STS-14, DEP-2)."""
from __future__ import annotations

import pytest

from kstate.errors import Invalid
from kstate.kinds import KINDS
from kstate.kinds import meta as metadata

from .objects import GONE, changed, complaints, manifest, on_create, on_update, stored, warned

LABEL = ("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
         "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')")
MISMATCH = "`selector` does not match template `labels`"
NOT_NEGATIVE = "must be greater than or equal to 0"
STS_FIXED = ("spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
             "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")
CONTAINER = "spec template spec containers 0"

STS_8 = {
    "no name": ({"metadata name": GONE}, "metadata.name: Required value: name or generateName is required"),
    "dots": ({"metadata name": "a.b"}, 'metadata.name: Invalid value: "a.b": must not contain dots'),
    "upper case": ({"metadata name": "Web"}, f'metadata.name: Invalid value: "Web": {LABEL}'),
    "underscore": ({"metadata name": "Web_1"}, f'metadata.name: Invalid value: "Web_1": {LABEL}'),
    "long": ({"metadata name": "x" * 64}, f'metadata.name: Invalid value: "{"x" * 64}": must be no more than 63 characters'),
    "policy": ({"spec podManagementPolicy": "Foo"},
               "spec.podManagementPolicy: Invalid value: \"Foo\": must be 'OrderedReady' or 'Parallel'"),
    "strategy": ({"spec updateStrategy": {"type": "Foo"}},
                 'spec.updateStrategy: Invalid value: {"Type":"Foo","RollingUpdate":null}: must be \'RollingUpdate\' or \'OnDelete\''),
    "OnDelete with block": ({"spec updateStrategy": {"type": "OnDelete", "rollingUpdate": {}}},
                            ('spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":0,"MaxUnavailable":null}: '
                            "only allowed for updateStrategy 'RollingUpdate'")),
    "partition": ({"spec updateStrategy rollingUpdate partition": -1},
                  f"spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: {NOT_NEGATIVE}"),
    "deleted": ({"spec persistentVolumeClaimRetentionPolicy whenDeleted": "Keep"},
                'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Keep": supported values: "Retain", "Delete"'),
    "scaled": ({"spec persistentVolumeClaimRetentionPolicy whenScaled": "Keep"},
               'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Keep": supported values: "Retain", "Delete"'),
    "replicas": ({"spec replicas": -1}, f"spec.replicas: Invalid value: -1: {NOT_NEGATIVE}"),
    "minReadySeconds": ({"spec minReadySeconds": -1}, f"spec.minReadySeconds: Invalid value: -1: {NOT_NEGATIVE}"),
    "ordinals": ({"spec ordinals start": -1}, f"spec.ordinals.start: Invalid value: -1: {NOT_NEGATIVE}"),
    "serviceName": ({"spec serviceName": "my.svc"}, 'spec.serviceName: Invalid value: "my.svc": must not contain dots'),
    "no selector": ({"spec selector": GONE}, "spec.selector: Required value",
                    f'spec.template.metadata.labels: Invalid value: {{"app":"nginx"}}: {MISMATCH}'),
    "empty selector": ({"spec selector": {}}, "spec.selector: Invalid value: {}: empty selector is invalid for statefulset"),
    "mismatch": ({"spec selector matchLabels app": "other"},
                 f'spec.template.metadata.labels: Invalid value: {{"app":"nginx"}}: {MISMATCH}'),
    "restartPolicy": ({"spec template spec restartPolicy": "Never"},
                      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'),
    "activeDeadlineSeconds": ({"spec template spec activeDeadlineSeconds": 5},
                              "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported"),
    "claim modes": ({"spec volumeClaimTemplates 0 spec accessModes": GONE},
                    "spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required"),
    "claim size": ({"spec volumeClaimTemplates 0 spec resources": GONE},
                   "spec.volumeClaimTemplates[0].spec.resources[storage]: Required value"),
    "mount": ({"spec volumeClaimTemplates": GONE}, 'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "www"'),
    "no containers": ({"spec template spec containers": []}, "spec.template.spec.containers: Required value"),
    "no image": ({f"{CONTAINER} image": GONE}, "spec.template.spec.containers[0].image: Required value"),
}


@pytest.mark.parametrize("case", STS_8)
def test_STS_8_refused_on_create(case):
    changes, *expected = STS_8[case]
    assert on_create("StatefulSet", changes) == expected


def test_STS_8_the_example_passes():
    assert on_create("StatefulSet", {}) == []


def test_STS_8_order_of_complaints():
    """Metadata, policies, claim templates, numbers, serviceName, selector, template, and what the template may not say."""
    cases = ("upper case", "policy", "strategy", "deleted", "claim modes", "replicas", "minReadySeconds", "ordinals", "serviceName",
             "mismatch",
             "no image", "restartPolicy", "activeDeadlineSeconds")
    everything = {path: value for case in cases for path, value in STS_8[case][0].items()}
    assert on_create("StatefulSet", everything) == [STS_8[case][1] for case in cases]


def test_STS_8_a_claim_template_replaces_the_volume_of_its_name():
    assert on_create("StatefulSet", {"spec template spec volumes": [{"name": "www", "emptyDir": {}}]}) == []


def test_STS_8_hostname_and_subdomain_of_the_template_are_not_looked_at():
    assert on_create("StatefulSet", {"spec template spec hostname": "My.Host", "spec template spec subdomain": "_"}) == []


def test_STS_7_message_of_one_and_of_several_complaints():
    def message(changes):
        obj = stored("StatefulSet", changes)
        return Invalid(kind="StatefulSet", group="apps", name="web", errors=list(KINDS["StatefulSet"].validate(obj, None))).message
    one = f"spec.replicas: Invalid value: -1: {NOT_NEGATIVE}"
    assert message({"spec replicas": -1}) == f'StatefulSet.apps "web" is invalid: {one}'
    assert message({"spec replicas": -1, "spec minReadySeconds": -1}) == (
        f'StatefulSet.apps "web" is invalid: [{one}, spec.minReadySeconds: Invalid value: -1: {NOT_NEGATIVE}]')


def test_STS_9_maxUnavailable_is_dropped_without_a_word():
    obj = stored("StatefulSet", {"spec updateStrategy rollingUpdate maxUnavailable": "150%"})
    assert obj["spec"]["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    assert on_create("StatefulSet", {"spec updateStrategy rollingUpdate maxUnavailable": 0}) == []


@pytest.mark.parametrize("changes", [
    {"spec serviceName": "other"}, {"spec selector matchLabels app": "other", "spec template metadata labels app": "other"},
    {"spec volumeClaimTemplates 0 spec resources requests storage": "2Gi"}, {"spec podManagementPolicy": "Parallel"},
], ids=str)
def test_STS_10_fixed_fields(changes):
    assert on_update("StatefulSet", changes) == [STS_FIXED]


def test_STS_10_mutable_fields_and_the_original_manifest():
    assert on_update("StatefulSet", {
        "spec replicas": 0, "spec ordinals": {"start": 3}, f"{CONTAINER} image": "nginx:2", "spec updateStrategy": {"type": "OnDelete"},
        "spec revisionHistoryLimit": 2, "spec persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete", "whenScaled": "Delete"},
        "spec minReadySeconds": 5}) == []
    assert complaints(manifest("StatefulSet"), stored("StatefulSet")) == []


def test_STS_11_name_service_and_claim_templates_are_not_looked_at_again():
    old = stored("StatefulSet", {"metadata name": "a.b", "spec serviceName": "my.svc", "spec volumeClaimTemplates 0 spec accessModes": []})
    assert complaints(changed(old, {"spec replicas": 1}), old) == []


def test_STS_12_the_type_alone_cannot_become_OnDelete():
    assert on_update("StatefulSet", {"spec updateStrategy type": "OnDelete"}) == [STS_8["OnDelete with block"][1]]
    assert on_update("StatefulSet", {"spec updateStrategy": {"type": "OnDelete"}}) == []


def test_STS_13_warning():
    assert warned("StatefulSet", {"spec revisionHistoryLimit": -1}) == [
        "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"]
    assert warned("StatefulSet") == []


@pytest.mark.parametrize(("status", "expected"), [
    ({"replicas": -1}, [f"status.replicas: Invalid value: -1: {NOT_NEGATIVE}"]),
    ({"replicas": 1, "readyReplicas": 2}, ["status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas"]),
    ({"replicas": 1, "currentReplicas": 2}, ["status.currentReplicas: Invalid value: 2: cannot be greater than status.replicas"]),
    ({"replicas": 1, "updatedReplicas": 2}, ["status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas"]),
    ({"replicas": 2, "readyReplicas": 1, "availableReplicas": 2},
     ["status.availableReplicas: Invalid value: 2: cannot be greater than status.readyReplicas"]),
    ({"replicas": 1, "collisionCount": 1}, ["status.collisionCount: Invalid value: 1: cannot be decremented"]),
    ({"replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "collisionCount": 3}, []),
], ids=str)
def test_STS_14_status(status, expected):
    old = stored("StatefulSet", status={"replicas": 1, "collisionCount": 2})
    new = {**old, "status": {"collisionCount": 2, **status}}
    found = [str(e) for e in KINDS["StatefulSet"].validate_status(new, old)]
    assert [e for e in found if not (status["replicas"] == -1 and "cannot be greater" in e)] == expected


def test_the_spec_is_not_looked_at_where_it_stayed_in_place():
    old = stored("StatefulSet", {"spec replicas": -1})
    assert list(KINDS["StatefulSet"].validate({**old, "status": {"replicas": 1}}, old)) == []


DEP_2 = {
    "no selector": ({"spec selector": GONE}, "spec.selector: Required value",
                    f'spec.template.metadata.labels: Invalid value: {{"app":"front"}}: {MISMATCH}'),
    "empty selector": ({"spec selector": {}}, "spec.selector: Invalid value: {}: empty selector is invalid for deployment"),
    "mismatch": ({"spec template metadata labels app": "x"}, f'spec.template.metadata.labels: Invalid value: {{"app":"x"}}: {MISMATCH}'),
    "both zero": ({"spec strategy rollingUpdate": {"maxUnavailable": 0, "maxSurge": 0}},
                  "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"),
    "over 100%": ({"spec strategy rollingUpdate": {"maxUnavailable": "150%"}},
                  'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "150%": must not be greater than 100%'),
    "surge over 100%": ({"spec strategy rollingUpdate": {"maxSurge": "150%"}},),
    "Recreate": ({"spec strategy": {"type": "Recreate", "rollingUpdate": {}}},
                 "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"),
    "deadline": ({"spec progressDeadlineSeconds": 5, "spec minReadySeconds": 5},
                 "spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds"),
    "history": ({"spec revisionHistoryLimit": -1}, f"spec.revisionHistoryLimit: Invalid value: -1: {NOT_NEGATIVE}"),
    "replicas": ({"spec replicas": -1}, f"spec.replicas: Invalid value: -1: {NOT_NEGATIVE}"),
    "restartPolicy": ({"spec template spec restartPolicy": "Never"},
                      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'),
}


@pytest.mark.parametrize("case", DEP_2)
def test_DEP_2_refused_on_create(case):
    changes, *expected = DEP_2[case]
    assert on_create("Deployment", changes) == expected


def test_DEP_2_the_selector_is_immutable_and_nothing_else():
    assert on_update("Deployment", {"spec selector matchLabels app": "x", "spec template metadata labels app": "x"}) == [
        'spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable']
    assert on_update("Deployment", {"spec replicas": 0, "spec strategy": {"type": "Recreate"}, "spec revisionHistoryLimit": 0,
                                    f"{CONTAINER} image": "nginx:2", "spec template metadata labels more": "1"}) == []


def test_DEP_1_a_name_that_is_no_label_is_warned_of():
    text = ("metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
            "a DNS label is recommended: [must not contain dots]")
    assert on_create("Deployment", {"metadata name": "a.b"}) == []
    assert warned("Deployment", {"metadata name": "a.b"}) == [text]


def test_replicaset_and_its_selector():
    assert on_create("ReplicaSet", {"spec selector": {}}) == ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]
    assert on_update("ReplicaSet", {"spec selector matchExpressions": [{"key": "app", "operator": "Exists"}]}) == [
        ('spec.selector: Invalid value: {"matchLabels":{"app":"front"},"matchExpressions":[{"key":"app","operator":"Exists"}]}: '
        "field is immutable")]


def test_a_selector_that_makes_no_sense():
    assert on_create("Deployment", {"spec selector matchExpressions": [{"key": "a", "operator": "Like"}, {"key": "b", "operator": "In"},
                                                                        {"key": "c", "operator": "Exists", "values": ["x"]}]}) == [
        'spec.selector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator',
        "spec.selector.matchExpressions[1].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        "spec.selector.matchExpressions[2].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"]


def test_controllerrevision_data_is_immutable():
    assert on_create("ControllerRevision", {"data": GONE}) == ["data: Required value: data is mandatory"]
    assert on_update("ControllerRevision", {"data": {"spec": 1}}) == ['data: Invalid value: {"spec":1}: field is immutable']
    assert on_update("ControllerRevision", {"revision": 2}) == []


def test_API_28_a_deployment_may_have_dots_where_a_set_may_not():
    names = {kind: [str(e) for e in metadata.validate(KINDS[kind], manifest(kind, {"metadata name": "a.b"}), None)]
             for kind in ("Deployment", "ReplicaSet", "ControllerRevision", "StatefulSet")}
    assert [kind for kind, errors in names.items() if errors] == ["StatefulSet"]
