"""JSON patch (the examples of RFC 6902, API-55) and merge patch (the examples of RFC 7386, API-56)."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kstate import errors
from kstate.patch import json_patch, merge_patch
from kstate.world import freeze

REFUSED = "the server rejected our request due to an error in our request"


@pytest.mark.parametrize("doc, op, after", [
    ({"foo": "bar"}, {"op": "add", "path": "/baz", "value": "qux"}, {"foo": "bar", "baz": "qux"}),
    ({"foo": "bar"}, {"op": "add", "path": "/foo", "value": 1}, {"foo": 1}),
    ({"foo": ["bar", "baz"]}, {"op": "add", "path": "/foo/1", "value": "qux"}, {"foo": ["bar", "qux", "baz"]}),
    ({"foo": ["bar"]}, {"op": "add", "path": "/foo/1", "value": "qux"}, {"foo": ["bar", "qux"]}),
    ({"foo": ["bar"]}, {"op": "add", "path": "/foo/-", "value": ["abc"]}, {"foo": ["bar", ["abc"]]}),
    ({"foo": "bar"}, {"op": "add", "path": "/child", "value": {"grandchild": {}}}, {"foo": "bar", "child": {"grandchild": {}}}),
    ({"foo": "bar"}, {"op": "add", "path": "/baz", "value": "qux", "xyz": 123}, {"foo": "bar", "baz": "qux"}),
    ({"foo": "bar"}, {"op": "add", "path": "", "value": [1]}, [1]),
    ({"foo": "bar"}, {"op": "add", "path": "/n", "value": None}, {"foo": "bar", "n": None}),
    ({"baz": "qux", "foo": "bar"}, {"op": "remove", "path": "/baz"}, {"foo": "bar"}),
    ({"foo": ["bar", "qux", "baz"]}, {"op": "remove", "path": "/foo/1"}, {"foo": ["bar", "baz"]}),
    ({"baz": "qux"}, {"op": "replace", "path": "/baz", "value": "boo"}, {"baz": "boo"}),
    ({"foo": ["a", "b"]}, {"op": "replace", "path": "/foo/0", "value": "c"}, {"foo": ["c", "b"]}),
    ({"a": 1}, {"op": "replace", "path": "", "value": {"b": 2}}, {"b": 2}),
    ({"foo": {"bar": "baz", "waldo": "fred"}, "qux": {}}, {"op": "move", "from": "/foo/waldo", "path": "/qux/thud"},
     {"foo": {"bar": "baz"}, "qux": {"thud": "fred"}}),
    ({"foo": ["all", "grass", "cows", "eat"]}, {"op": "move", "from": "/foo/1", "path": "/foo/3"},
     {"foo": ["all", "cows", "eat", "grass"]}),
    ({"a": {"b": 1}}, {"op": "copy", "from": "/a", "path": "/c"}, {"a": {"b": 1}, "c": {"b": 1}}),
    ({"a": ["x"]}, {"op": "test", "path": "/a/0", "value": "x"}, {"a": ["x"]}),
    ({"a": 1}, {"op": "test", "path": "/a", "value": 1.0}, {"a": 1}),
    ({"/": 9, "~1": 10}, {"op": "test", "path": "/~01", "value": 10}, {"/": 9, "~1": 10}),
    ({"/": 9, "~1": 10}, {"op": "remove", "path": "/~1"}, {"~1": 10}),
    ({"": 1, "0": 2}, {"op": "remove", "path": "/"}, {"0": 2}),
    ({"": 1, "0": 2}, {"op": "remove", "path": "/0"}, {"": 1}),
])
def test_API_55_operations(doc, op, after):
    assert json_patch(freeze(doc), [op]) == after


@pytest.mark.parametrize("op", [
    {"op": "test", "path": "/a/b", "value": 2}, {"op": "test", "path": "/flag", "value": 1}, {"op": "test", "path": "/list", "value": {}},
    {"op": "test", "path": "/nope", "value": 1},
    {"op": "remove", "path": "/nope"}, {"op": "replace", "path": "/nope", "value": 1}, {"op": "add", "path": "/nope/x", "value": 1},
    {"op": "add", "path": "/a/b/c", "value": 1}, {"op": "remove", "path": "/list/-"}, {"op": "remove", "path": ""},
    {"op": "add", "path": "/list/4", "value": 1}, {"op": "add", "path": "/list/-1", "value": 1},
    {"op": "add", "path": "/list/01", "value": 1},
    {"op": "add", "path": "/list/x", "value": 1}, {"op": "replace", "path": "/list/3", "value": 1},
    {"op": "add", "path": "a", "value": 1}, {"op": "add", "path": 1, "value": 1}, {"op": "add", "path": "/x"}, {"path": "/a"},
    {"op": "remove"}, {"op": "spam", "path": "/a"},
    {"op": "move", "from": "/a", "path": "/a/b"}, {"op": "copy", "from": "/nope", "path": "/x"},
])
def test_API_55_what_does_not_apply(op):
    with pytest.raises(errors.Invalid) as refused:
        json_patch({"a": {"b": 1}, "flag": True, "list": [1, 2, 3]}, [op])
    assert refused.value.message == REFUSED and refused.value.code == 422


@pytest.mark.parametrize("ops", [{"op": "add"}, "add", None, ["add"]])
def test_API_55_what_is_no_patch(ops):
    with pytest.raises(errors.BadRequest, match="^error decoding patch: "):
        json_patch({}, ops)


def test_API_55_at_most_10000_operations():
    step = {"op": "add", "path": "/a", "value": 1}
    assert json_patch({}, [step] * 10_000) == {"a": 1}
    with pytest.raises(errors.RequestEntityTooLarge) as refused:
        json_patch({}, [step] * 10_001)
    assert refused.value.message == "The allowed maximum operations in a JSON patch is 10000, got 10001"


def test_operations_build_on_each_other_and_the_untouched_is_shared():
    pod = freeze({"metadata": {"name": "a"}, "spec": {"containers": [{"name": "x"}, {"name": "y"}]}})
    after = json_patch(pod, [{"op": "test", "path": "/spec/containers/0/name", "value": "x"},
                             {"op": "add", "path": "/spec/containers/0/image", "value": "nginx"},
                             {"op": "copy", "from": "/spec/containers/0", "path": "/spec/containers/-"},
                             {"op": "replace", "path": "/spec/containers/2/name", "value": "z"}])
    assert after["spec"]["containers"] == [{"name": "x", "image": "nginx"}, {"name": "y"}, {"name": "z", "image": "nginx"}]
    assert after["metadata"] is pod["metadata"] and after["spec"]["containers"][1] is pod["spec"]["containers"][1]


@pytest.mark.parametrize("doc, patch, after", [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}), ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}), ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}), ({"a": ["b"]}, {"a": "c"}, {"a": "c"}), ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}), ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]), ({"a": "b"}, ["c"], ["c"]), ({"a": "foo"}, None, None), ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}), ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
])
def test_API_56_merge_patch(doc, patch, after):
    assert merge_patch(freeze(doc), freeze(patch)) == after


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from("xy")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)), max_leaves=8)
OBJECTS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


@given(OBJECTS)
def test_an_empty_patch_changes_nothing(doc):
    assert json_patch(doc, []) == merge_patch(doc, {}) == doc


@given(OBJECTS, OBJECTS)
def test_a_merge_patch_applied_twice_is_applied_once(doc, patch):
    once = merge_patch(doc, patch)
    assert merge_patch(once, patch) == once


@given(OBJECTS, st.sampled_from("abcd"), VALUES)
def test_what_was_added_is_there_and_can_be_removed(doc, name, value):
    added = json_patch(freeze(doc), [{"op": "add", "path": f"/{name}", "value": value}, {"op": "test", "path": f"/{name}", "value": value}])
    assert added == {**doc, name: value}
    assert json_patch(added, [{"op": "remove", "path": f"/{name}"}]) == {k: v for k, v in doc.items() if k != name}
