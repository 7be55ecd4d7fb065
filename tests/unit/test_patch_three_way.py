"""What `kubectl apply` sends (KCTL-32): patches as kubectl 1.32 was seen to send them, and what the patch brings about."""
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kstate.patch import strategic_merge, three_way
from kstate.world import freeze, get

from .small_types import POD, Type


def container(name: str, **more) -> dict:
    return {"name": name, "image": name, **more}


A, B = {"containers": [container("a")]}, {"containers": [container("b")]}
AB = {"containers": [container("a"), container("b")]}


# Columns: applied last, wanted now, live, and the patch that kubectl sent for the spec.
@pytest.mark.parametrize("original, modified, current, patch", [
    (A, A, A, {}),
    (A, {**A, "hostname": "h"}, A, {"hostname": "h"}),
    ({**A, "hostname": "h"}, A, {**A, "hostname": "h"}, {"hostname": None}),
    (A, A, {**A, "hostname": "theirs"}, {}),
    (AB, A, AB, {"$setElementOrder/containers": [{"name": "a"}], "containers": [{"$patch": "delete", "name": "b"}]}),
    (A, A, AB, {"$setElementOrder/containers": [{"name": "a"}]}),
    (AB, {"containers": AB["containers"][::-1]}, AB, {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}),
    (A, B, {"containers": [container("a"), container("z")]},
     {"$setElementOrder/containers": [{"name": "b"}], "containers": [{"image": "b", "name": "b"}, {"$patch": "delete", "name": "a"}]}),
    (A, {"containers": []}, A, {"containers": [{"$patch": "delete", "name": "a"}]}),
    ({"containers": [container("a", command=["x"])]}, {"containers": [container("a", command=["y"])]},
     {"containers": [container("a", command=["x"])]},
     {"$setElementOrder/containers": [{"name": "a"}], "containers": [{"command": ["y"], "name": "a"}]}),
    ({"containers": [container("a", resources={"limits": {"cpu": "1"}})]}, A,
     {"containers": [container("a", resources={"limits": {"cpu": "1", "memory": "1"}})]},
     {"$setElementOrder/containers": [{"name": "a"}], "containers": [{"name": "a", "resources": None}]}),
    ({"volumes": [{"name": "v", "emptyDir": {}}]}, {"volumes": [{"name": "v", "hostPath": {"path": "/x"}}]},
     {"volumes": [{"name": "v", "emptyDir": {}}, {"name": "token"}]},
     {"$setElementOrder/volumes": [{"name": "v"}],
      "volumes": [{"$retainKeys": ["hostPath", "name"], "emptyDir": None, "hostPath": {"path": "/x"}, "name": "v"}]}),
    ({"volumes": [{"name": "v", "emptyDir": {}}]}, {}, {"volumes": [{"name": "v", "emptyDir": {}}, {"name": "token"}]}, {"volumes": None}),
    ({"nodeSelector": {"a": "1", "b": "1"}}, {"nodeSelector": {"b": "2"}}, {}, {"nodeSelector": {"a": None, "b": "2"}}),
    ({"selector": {"matchLabels": {"a": "1"}}}, {"selector": {"matchLabels": {"b": "1"}}}, {"selector": {"matchLabels": {"a": "1"}}},
     {"selector": {"matchLabels": {"b": "1"}}}),
])
def test_KCTL_32_three_way_patches(original, modified, current, patch):
    documents = (freeze({"spec": spec}) for spec in (original, modified, current))
    assert three_way(*documents, POD) == ({"spec": patch} if patch else {})


def test_KCTL_32_sets_of_finalizers():
    original, modified, current = ({"metadata": {"finalizers": f}} for f in (["a/x", "a/y"], ["a/y", "a/z"], ["a/x", "a/y", "s/s"]))
    assert three_way(original, modified, current, POD) == {"metadata": {
        "$deleteFromPrimitiveList/finalizers": ["a/x"], "$setElementOrder/finalizers": ["a/y", "a/z"], "finalizers": ["a/z"]}}


def test_KCTL_32_a_null_in_the_manifest_is_sent_again_and_again():
    manifest = {"metadata": {"creationTimestamp": None}}
    assert three_way(manifest, manifest, {"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"}}, POD) == manifest


TEXT = st.sampled_from("xy")
TEXTS = st.dictionaries(st.sampled_from("abc"), TEXT, max_size=3)


def keyed(key: str, values: list, **rest) -> st.SearchStrategy:
    """Lists of elements with distinct keys."""
    return st.lists(st.fixed_dictionaries({key: st.sampled_from(values)}, optional=rest), max_size=3, unique_by=lambda e: e[key])


CONTAINERS = keyed("name", list("abc"), image=TEXT, command=st.lists(TEXT, max_size=2), env=keyed("name", list("AB"), value=TEXT),
                   ports=keyed("containerPort", [80, 81], name=TEXT), resources=st.fixed_dictionaries({}, optional={"limits": TEXTS}))
PODS = st.fixed_dictionaries({}, optional={
    "metadata": st.fixed_dictionaries({}, optional={
        "labels": TEXTS, "finalizers": st.lists(st.sampled_from(["a/x", "a/y", "a/z"]), unique=True)}),
    "spec": st.fixed_dictionaries({}, optional={
        "hostname": TEXT, "nodeSelector": TEXTS, "containers": CONTAINERS,
        "tolerations": st.lists(st.fixed_dictionaries({"key": TEXT}), max_size=2),
        "volumes": keyed("name", list("vw"), emptyDir=st.just({}), hostPath=st.fixed_dictionaries({"path": TEXT})),
        "selector": st.fixed_dictionaries({"matchLabels": TEXTS})})})


def contains(whole, part, type: Type, field=None) -> bool:
    """Whether all of a part is in a whole, in the part's order where lists merge."""
    if isinstance(part, dict):
        fields = type.fields if type.form == "struct" else {}
        return isinstance(whole, dict) and all(
            name in whole and contains(whole[name], value, fields[name].type if name in fields else type.item, fields.get(name))
            for name, value in part.items())
    if isinstance(part, list) and field.merge_key:
        key = field.merge_key
        found = [e for e in whole if e[key] in [p[key] for p in part]]
        return len(found) == len(part) and all(f[key] == p[key] and contains(f, p, type.item) for f, p in zip(found, part))
    if isinstance(part, list) and field.primitive_set:
        return [e for e in whole if e in part] == part
    return whole == part


def lost(original: dict, modified: dict) -> list[tuple]:
    """Paths of what was in `original` and is not in `modified`: the topmost ones, through maps only."""
    found = []
    for name, value in original.items():
        if name not in modified:
            found.append((name,))
        elif isinstance(value, dict) and isinstance(modified[name], dict):
            found += [(name, *path) for path in lost(value, modified[name])]
    return found


@given(PODS, PODS, PODS)
@settings(max_examples=200, deadline=None)
def test_the_patch_brings_about_what_is_wanted(original, modified, current):
    patch = three_way(freeze(original), freeze(modified), freeze(current), POD)
    after = strategic_merge(freeze(current), freeze(patch), POD)
    assert contains(after, modified, POD)
    for path in lost(original, modified):
        place = after
        for step in path[:-1]:
            place = place.get(step, {})
        assert path[-1] not in place


@given(PODS, PODS)
@settings(deadline=None)
def test_what_nobody_asked_for_stays(mine, current):
    """An apply that changes nothing keeps what others added."""
    after = strategic_merge(current, three_way(mine, mine, current, POD), POD)
    for path in ("metadata.labels", "spec.nodeSelector", "spec.hostname"):
        assert get(mine, path) is not None or get(after, path) == get(current, path)
    for path, key in (("spec.containers", "name"), ("spec.volumes", "name")):
        assert {e[key] for e in get(after, path, [])} >= {e[key] for e in get(current, path, [])}


@given(PODS, PODS, PODS)
@settings(deadline=None)
def test_applying_twice_changes_nothing_more(original, modified, current):
    once = strategic_merge(current, three_way(original, modified, current, POD), POD)
    assert strategic_merge(once, three_way(modified, modified, once, POD), POD) == once


@given(PODS)
def test_nothing_to_do_is_an_empty_patch(obj):
    assert three_way(obj, obj, obj, POD) == {}
