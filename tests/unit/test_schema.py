"""Decoding (API-24 to API-27): the texts of a real control plane, its own objects, and properties over all types."""
from __future__ import annotations

import copy
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kstate.errors import BadRequest
from kstate.kinds.kind import Kind
from kstate.kinds.schema import Mismatch, decode, decode_part, parse_yaml_documents, root, unrecognized
from kstate.kinds.types import type_of

SETS = Kind("StatefulSet", "statefulsets", "apps")
PODS = Kind("Pod", "pods")
CLAIMS = Kind("PersistentVolumeClaim", "persistentvolumeclaims")
SECRETS = Kind("Secret", "secrets")
KINDS = ("Pod", "StatefulSet", "PersistentVolume", "PersistentVolumeClaim", "Service", "EndpointSlice", "StorageClass", "Node",
         "Deployment", "Secret")


def kind_of(obj: dict) -> Kind:
    group, _, version = obj["apiVersion"].rpartition("/")
    return Kind(obj["kind"], "things", group, version)


def refusal(kind: Kind, obj) -> str:
    with pytest.raises(BadRequest) as caught:
        decode(kind, obj)
    return caught.value.message


def recorded() -> list[dict]:
    return [value for value, _ in parse_yaml_documents(Path(__file__).with_name("recorded_objects.yaml").read_text())]


@pytest.mark.parametrize("obj", recorded(), ids=lambda obj: obj["kind"])
def test_what_a_control_plane_returned_decodes_to_itself(obj):
    assert decode(kind_of(obj), obj) == (obj, [])


# ---- the texts --------------------------------------------------------------------------------

def test_API_24_unknown_fields_by_their_paths():
    pod = {"spec": {"containers": [{"name": "a", "imagee": "x"}], "nodeSelector": {"any": "key"}}, "foo": {"bar": 1}}
    decoded, problems = decode(PODS, pod)
    assert decoded == {"kind": "Pod", "apiVersion": "v1", "spec": {"containers": [{"name": "a"}], "nodeSelector": {"any": "key"}}}
    assert problems == ['unknown field "spec.containers[0].imagee"', 'unknown field "foo"']
    assert decode(PODS, pod, "Ignore")[1] == []


def test_API_24_the_recorded_typo():
    assert decode(SETS, {"spec": {"replcas": 3}})[1] == ['unknown field "spec.replcas"']


def test_API_24_duplicates_come_from_the_parser():
    problems = decode(SETS, {"spec": {"foo": 1}}, "Strict", ["spec.replicas"])[1]
    assert problems == ['unknown field "spec.foo"', 'duplicate field "spec.replicas"']


@pytest.mark.parametrize("kind, obj, text", [
    (SETS, {"spec": {"replicas": "three"}}, "string into Go struct field StatefulSetSpec.spec.replicas of type int32"),   # recorded
    (SETS, {"spec": {"replicas": 1.5}}, "number 1.5 into Go struct field StatefulSetSpec.spec.replicas of type int32"),
    (SETS, {"spec": {"replicas": 2**31}}, "number 2147483648 into Go struct field StatefulSetSpec.spec.replicas of type int32"),
    (SETS, {"spec": {"replicas": True}}, "bool into Go struct field StatefulSetSpec.spec.replicas of type int32"),
    (SETS, {"spec": [1]}, "array into Go struct field StatefulSet.spec of type v1.StatefulSetSpec"),
    (SETS, {"metadata": {"labels": {"a": 1}}}, "number into Go struct field ObjectMeta.metadata.labels of type string"),
    (SETS, {"metadata": {"labels": "a"}}, "string into Go struct field ObjectMeta.metadata.labels of type map[string]string"),
    (SETS, {"metadata": {"uid": 1}}, "number into Go struct field ObjectMeta.metadata.uid of type types.UID"),
    (SETS, {"metadata": {"creationTimestamp": 1}}, "number into Go struct field ObjectMeta.metadata.creationTimestamp of type string"),
    (PODS, {"spec": "x"}, "string into Go struct field Pod.spec of type v1.PodSpec"),
    (PODS, {"spec": {"containers": {}}}, "object into Go struct field PodSpec.spec.containers of type []v1.Container"),
    (PODS, {"spec": {"containers": ["nginx"]}}, "string into Go struct field PodSpec.spec.containers of type v1.Container"),
    (PODS, {"spec": {"containers": [{"imagePullPolicy": 1}]}},
     "number into Go struct field Container.spec.containers.imagePullPolicy of type v1.PullPolicy"),
    (PODS, {"spec": {"containers": [{"resources": {"requests": 1}}]}},
     "number into Go struct field ResourceRequirements.spec.containers.resources.requests of type v1.ResourceList"),
    (PODS, {"spec": {"containers": [{"livenessProbe": {"httpGet": {"port": False}}}]}},
     "bool into Go struct field HTTPGetAction.spec.containers.livenessProbe.httpGet.port of type int32"),
    (SECRETS, {"data": [1]}, "array into Go struct field Secret.data of type map[string][]uint8"),
])
def test_API_25_wrong_types_in_the_words_of_go(kind, obj, text):
    assert refusal(kind, obj) == f'{kind.kind} in version "v1" cannot be handled as a {kind.kind}: json: cannot unmarshal {text}'


def test_API_25_the_first_wrong_type_is_told_and_outranks_unknown_fields():
    assert refusal(SETS, {"foo": 1, "spec": {"replicas": "a", "serviceName": 1}}).endswith("StatefulSetSpec.spec.replicas of type int32")


def test_API_25_bytes_and_times():
    assert refusal(SECRETS, {"data": {"a": "p@ss"}}).endswith(": illegal base64 data at input byte 1")
    assert refusal(SECRETS, {"data": {"a": "abcde"}}).endswith(": illegal base64 data at input byte 4")
    pod = {"metadata": {"deletionTimestamp": "soon"}}
    assert refusal(PODS, pod).endswith(': parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"')
    assert refusal(PODS, {"metadata": {"deletionTimestamp": "2026-13-01T00:00:00Z"}}).endswith(": month out of range")


@pytest.mark.parametrize("size, text", [
    ("1Gb", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"),     # as recorded
    ("1ee3", "unable to parse quantity's suffix"),
    (True, "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"),
])
def test_PVCAPI_5_malformed_quantities(size, text):
    claim = {"spec": {"resources": {"requests": {"storage": size}}}}
    assert refusal(CLAIMS, claim) == f'PersistentVolumeClaim in version "v1" cannot be handled as a PersistentVolumeClaim: {text}'


def test_API_26_the_url_supplies_kind_and_version():
    for obj in ({}, {"kind": "Pod"}, {"apiVersion": "v1"}, {"kind": "", "apiVersion": None}):
        assert decode(PODS, obj) == ({"kind": "Pod", "apiVersion": "v1"}, [])


@pytest.mark.parametrize("kind, obj, text", [
    (PODS, {"kind": "Service", "apiVersion": "v1"},
     'Service in version "v1" cannot be handled as a Pod: converting (v1.Service) to (core.Pod): unknown conversion'),
    (SETS, {"kind": "Service", "apiVersion": "v1"}, "converting (v1.Service) to (apps.StatefulSet): unknown conversion"),
    (PODS, {"kind": "Foo", "apiVersion": "v1"},
     'Foo in version "v1" cannot be handled as a Pod: no kind "Foo" is registered for version "v1" in scheme '),
    (SETS, {"apiVersion": "apps/v1beta1"},
     'in version "v1beta1" cannot be handled as a StatefulSet: no kind "StatefulSet" is registered for version "apps/v1beta1"'),
    (PODS, {"kind": "ObjectMeta", "apiVersion": ""}, 'no kind "ObjectMeta" is registered'),
    (PODS, {"kind": "*Service", "apiVersion": "v1"}, 'no kind "*Service" is registered'),
    (PODS, {"kind": 5}, "json: cannot unmarshal number into Go struct field .kind of type string"),
    (PODS, [], "(must be of type Pod): couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value"),
])
def test_API_26_other_kinds(kind, obj, text):
    assert text in refusal(kind, obj)


def test_API_26_no_json():
    assert unrecognized("Pod", "invalid character 'h' looking for beginning of value", b"hello").message == (
        "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: "
        "invalid character 'h' looking for beginning of value (68656c6c6f)")
    assert unrecognized("Pod", "x", b"y" * 31).message.endswith(f"({'79' * 30} ...)")


def test_API_27_leniency():
    assert decode(SETS, {"spec": {"replicas": 3.0, "serviceName": None, "Replicas": 1}}) == (
        {"kind": "StatefulSet", "apiVersion": "apps/v1", "spec": {"replicas": 3}}, ['unknown field "spec.Replicas"'])


def test_API_63_quantities_and_times_are_stored_in_canonical_form():
    claim, _ = decode(CLAIMS, {"metadata": {"creationTimestamp": "2026-01-01T02:00:00.5+02:00"},
                               "spec": {"resources": {"requests": {"storage": "1.5Gi"}, "limits": {"storage": 5}}}})
    assert claim["spec"]["resources"] == {"requests": {"storage": "1536Mi"}, "limits": {"storage": "5"}}
    assert claim["metadata"]["creationTimestamp"] == "2026-01-01T00:00:00Z"


def test_empty_values_are_kept_where_they_mean_something():
    claim, _ = decode(CLAIMS, {"spec": {"storageClassName": "", "volumeName": "", "accessModes": []}})
    assert claim["spec"] == {"storageClassName": ""}                # empty and absent are not the same, for claims only
    volume, _ = decode(Kind("PersistentVolume", "persistentvolumes"), {"spec": {"storageClassName": ""}})
    assert volume["spec"] == {}
    spec = {"volumes": [{"name": "v", "emptyDir": {}}], "nodeName": "", "hostNetwork": False, "priority": 0}
    pod, _ = decode(PODS, {"spec": spec})
    assert pod["spec"] == {"volumes": [{"name": "v", "emptyDir": {}}], "priority": 0}


def test_a_part_is_decoded_by_itself():
    template = root("StatefulSet").fields["spec"].type.fields["template"].type
    assert decode_part(template, {"spec": {"x": 1}}, "spec.template") == ({"spec": {}}, ['unknown field "spec.template.spec.x"'])
    with pytest.raises(Mismatch, match="Go struct field PodSpec.spec.template.spec.nodeName of type string"):
        decode_part(template, {"spec": {"nodeName": 1}}, "spec.template")


# ---- over all types ---------------------------------------------------------------------------

SCALARS = {
    "string": st.sampled_from(["", "a", "b c"]), "bool": st.booleans(),
    "int32": st.integers(-2**31, 2**31 - 1), "int64": st.integers(-2**63, 2**63 - 1),
    "bytes": st.sampled_from(["", "aGk=", "YWJj"]), "quantity": st.sampled_from(["1Gi", "1024Mi", "0.5", "1e3", "0", "100m", 5, 1.5]),
    "intOrString": st.sampled_from([0, 80, "http", "25%"]), "any": st.sampled_from([{}, {"a": None}, {"b": [1]}]),
    "time": st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.25+01:00"]), "microTime": st.just("2026-01-01T00:00:00.250000Z"),
}


@cache
def values(name: str, depth: int = 6):
    """Values of the type of that name: structs with up to four fields, nulls here and there."""
    type = type_of(name)
    if type.form == "list":
        return st.lists(values(type.item.name, depth - 1), max_size=2)
    if type.form == "map":
        return st.dictionaries(st.sampled_from(["a", "b/c"]), values(type.item.name, depth - 1), max_size=2)
    if type.form != "struct":
        return SCALARS[type.form]
    fields = [f for f in type.fields.values() if f.name not in ("kind", "apiVersion") and (depth > 0 or f.type.form in SCALARS)]
    if not fields:
        return st.just({})
    one = st.sampled_from(fields).flatmap(lambda f: st.tuples(st.just(f.name), st.one_of(values(f.type.name, depth - 1), st.none())))
    return st.lists(one, max_size=4).map(dict)


objects = st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), values(kind)))


def structs(type, value, path=""):
    """Every struct in a value: (it, its type, its path, the names of fields on the way)."""
    if value is None:
        return
    if type.form == "struct":
        yield value, type, path
        for name, inner in value.items():
            yield from structs(type.fields[name].type, inner, f"{path}.{name}".lstrip("."))
    elif type.form == "list":
        for i, inner in enumerate(value):
            yield from structs(type.item, inner, f"{path}[{i}]")
    elif type.form == "map":
        for key, inner in value.items():
            yield from structs(type.item, inner, f"{path}.{key}")


@given(objects)
def test_decoding_is_idempotent_and_leaves_its_argument_alone(found):
    name, obj = found
    before = copy.deepcopy(obj)
    once, problems = decode_part(root(name), obj)
    assert problems == [] and obj == before
    assert decode_part(root(name), once) == (once, [])


@given(objects, st.data())
def test_API_24_an_unknown_field_anywhere_is_reported_with_its_path(found, data):
    name, obj = found
    struct, _, path = data.draw(st.sampled_from(list(structs(root(name), obj))))
    decoded, _ = decode_part(root(name), obj)
    struct["unheardOf"] = {"a": [1]}
    assert decode_part(root(name), obj) == (decoded, [f'unknown field "{path}.unheardOf"'.replace('".', '"')])


@given(objects, st.data())
def test_API_25_a_wrong_type_anywhere_is_reported_with_struct_and_path(found, data):
    name, obj = found
    struct, type, path = data.draw(st.sampled_from(list(structs(root(name), obj))))
    fields = [f for f in type.fields.values() if f.type.form in ("string", "bool", "struct", "int32", "int64")]
    if not fields:
        return
    field = data.draw(st.sampled_from(fields))
    struct[field.name] = [1]
    place = re.sub(r"\[\d+\]", "", f"{type.name.rpartition('.')[2]}.{path}.{field.name}").replace("..", ".")
    with pytest.raises(Mismatch) as caught:
        decode_part(root(name), obj)
    assert str(caught.value) == f"json: cannot unmarshal array into Go struct field {place} of type {field.type.go}"
