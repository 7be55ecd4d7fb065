"""The types as data: what patches and server-side apply are told (API-57, API-58), and that all of it can be read."""
from __future__ import annotations

import pytest

from kstate.kinds import types
from kstate.kinds.types import Field, Type, root, type_of


def field(kind: str, path: str) -> Field:
    found, type = None, root(kind)
    for step in path.split("."):
        found = type.fields[step]
        type = found.type.item or found.type
    return found


@pytest.mark.parametrize("kind, path, key, keys", [
    ("Pod", "spec.containers", "name", "name"),
    ("Pod", "spec.initContainers", "name", "name"),
    ("Pod", "spec.ephemeralContainers", "name", "name"),
    ("StatefulSet", "spec.template.spec.containers", "name", "name"),
    ("Pod", "spec.volumes", "name", "name"),
    ("Pod", "spec.containers.env", "name", "name"),
    ("Pod", "spec.containers.ports", "containerPort", "containerPort protocol"),
    ("Pod", "spec.containers.volumeMounts", "mountPath", "mountPath"),
    ("Pod", "spec.containers.volumeDevices", "devicePath", "devicePath"),
    ("Pod", "spec.imagePullSecrets", "name", "name"),
    ("Pod", "spec.schedulingGates", "name", "name"),
    ("Pod", "spec.hostAliases", "ip", "ip"),
    ("Pod", "spec.resourceClaims", "name", "name"),
    ("Pod", "spec.topologySpreadConstraints", "topologyKey", "topologyKey whenUnsatisfiable"),
    ("Service", "spec.ports", "port", "port protocol"),
    ("Pod", "status.conditions", "type", "type"),
    ("StatefulSet", "status.conditions", "type", "type"),
    ("Node", "status.conditions", "type", "type"),
    ("PersistentVolumeClaim", "status.conditions", "type", "type"),
    ("Deployment", "status.conditions", "type", "type"),
    ("Node", "status.addresses", "type", "type"),
    ("Pod", "metadata.ownerReferences", "uid", "uid"),
    ("Pod", "status.podIPs", "ip", "ip"),
    ("Pod", "status.hostIPs", "ip", ""),
    ("ServiceAccount", "secrets", "name", "name"),
    ("Pod", "spec.tolerations", "", ""),
    ("Pod", "spec.containers.command", "", ""),
    ("Pod", "spec.containers.args", "", ""),
    ("Pod", "spec.containers.envFrom", "", ""),
    ("StatefulSet", "spec.volumeClaimTemplates", "", ""),
    ("PersistentVolumeClaim", "spec.accessModes", "", ""),
    ("Node", "spec.taints", "", ""),
    ("Endpoints", "subsets", "", ""),
    ("EndpointSlice", "endpoints", "", ""),
    ("PersistentVolume", "spec.nodeAffinity.required.nodeSelectorTerms", "", ""),
    ("StatefulSet", "spec.selector.matchExpressions", "", ""),
])
def test_API_57_58_keys_of_merged_lists(kind, path, key, keys):
    found = field(kind, path)
    assert (found.merge_key, found.list_keys, found.primitive_set) == (key, tuple(keys.split()), False)
    assert found.atomic == (not keys)


def test_API_57_sets_and_retained_keys():
    assert field("Pod", "metadata.finalizers").primitive_set and field("Pod", "metadata.finalizers").ssa_set
    assert field("Node", "spec.podCIDRs").primitive_set
    assert field("Pod", "spec.volumes").retain_keys and field("Deployment", "spec.strategy").retain_keys
    assert not field("Pod", "spec.containers").retain_keys
    assert field("PodDisruptionBudget", "spec.selector").replace


def test_API_58_what_is_owned_as_a_whole():
    assert field("StatefulSet", "spec.selector").atomic
    assert field("Service", "spec.selector").atomic and field("Pod", "spec.nodeSelector").atomic
    assert not field("PersistentVolume", "spec.claimRef").atomic         # although an ObjectReference is
    assert field("Pod", "metadata.ownerReferences").type.item.atomic and not field("Pod", "metadata.labels").atomic


def test_types_have_the_names_that_go_prints():
    assert field("Pod", "spec.containers").type.go == "[]v1.Container"
    assert field("PersistentVolumeClaim", "status.allocatedResourceStatuses").type.go == "map[v1.ResourceName]v1.ClaimResourceStatus"
    assert field("EndpointSlice", "ports").type.go == "[]v1.EndpointPort"
    assert field("Endpoints", "subsets.ports").type.go == "[]v1.EndpointPort"
    assert field("EndpointSlice", "ports") != field("Endpoints", "subsets.ports")


def test_every_definition_can_be_read_and_has_a_known_form():
    forms = {"struct", "list", "map"} | {form for _, form in types.BASIC.values()}

    def check(type: Type) -> None:
        assert type.form in forms and (type.form in ("list", "map")) == (type.item is not None), type
        for part in [f.type for f in type.fields.values()] + [type.item] * (type.item is not None):
            check(part)

    for name in types._definitions():
        check(type_of(name))


def test_kinds_and_nothing_else_are_roots():
    assert root("EndpointSlice").version == "discovery.k8s.io/v1" and root("Pod").version == "v1"
    for name in ("PodSpec", "PullPolicy", "Nonsense"):
        with pytest.raises(KeyError):
            root(name)


def test_every_served_kind_has_its_type():
    from kstate.kinds import KINDS
    assert {kind.kind: kind.api_version for kind in KINDS.values()} == {name: root(name).version for name in KINDS}
