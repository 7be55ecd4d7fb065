"""Strategic merge patch (API-57): how each sort of field merges, every directive, what is refused, what is shared."""
from __future__ import annotations

import pytest

from kstate import errors
from kstate.patch import strategic_merge
from kstate.world import freeze

from .small_types import POD


def container(name: str, **more) -> dict:
    return {"name": name, "image": "nginx", **more}


def pod(**spec) -> dict:
    return {"kind": "Pod", "metadata": {"name": "p", "labels": {"app": "web"}, "finalizers": ["a/x", "a/y"]}, "spec": spec}


def merged(before: dict, patch: dict) -> dict:
    """The spec after a patch of the spec; everything is frozen, so that any attempt to edit would show."""
    return strategic_merge(freeze(pod(**before)), freeze({"spec": patch}), POD)["spec"]


AB = {"containers": [container("a"), container("b")]}


def test_API_57_maps_merge_and_null_deletes():
    assert merged({"hostname": "h", "nodeSelector": {"x": "1", "y": "2"}}, {"hostname": None, "nodeSelector": {"y": None, "z": "3"}}) == {
        "nodeSelector": {"x": "1", "z": "3"}}


def test_API_57_lists_merge_by_their_key():
    after = merged(AB, {"containers": [{"name": "b", "image": "busybox"}]})
    assert after["containers"] == [container("a"), {"name": "b", "image": "busybox"}]
    assert merged({}, AB) == AB
    before = {"containers": [container("a", ports=[{"containerPort": 80, "protocol": "TCP"}])]}
    after = merged(before, {"containers": [{"name": "a", "ports": [{"containerPort": 80, "name": "web"}]}]})
    assert after["containers"][0]["ports"] == [{"containerPort": 80, "protocol": "TCP", "name": "web"}]


def test_API_57_without_a_key_the_list_is_replaced():
    assert merged({"tolerations": [{"key": "a"}]}, {"tolerations": [{"key": "b"}]}) == {"tolerations": [{"key": "b"}]}
    after = merged({"containers": [container("a", command=["x"])]}, {"containers": [{"name": "a", "command": ["y", "z"]}]})
    assert after["containers"] == [container("a", command=["y", "z"])]


def test_API_57_what_no_type_describes_merges_if_it_is_a_map():
    assert merged({"odd": {"a": 1, "l": [1]}}, {"odd": {"b": 2, "l": [2]}}) == {"odd": {"a": 1, "b": 2, "l": [2]}}


def test_API_57_a_field_that_is_replaced_as_a_whole():
    one, other = {"selector": {"matchLabels": {"a": "1"}}}, {"selector": {"matchLabels": {"b": "2"}}}
    assert merged(one, other) == other


def test_API_57_finalizers_are_a_set():
    def finalizers(patch: dict) -> list:
        return strategic_merge(freeze(pod()), {"metadata": patch}, POD)["metadata"]["finalizers"]

    assert finalizers({"finalizers": ["a/z", "a/x"]}) == ["a/z", "a/x", "a/y"]
    assert finalizers({"$deleteFromPrimitiveList/finalizers": ["a/x"]}) == ["a/y"]
    assert finalizers({"$deleteFromPrimitiveList/finalizers": ["a/x"], "finalizers": ["a/z"],
                       "$setElementOrder/finalizers": ["a/z", "a/y"]}) == ["a/z", "a/y"]


def test_API_57_delete_directive():
    assert merged(AB, {"containers": [{"$patch": "delete", "name": "a"}]}) == {"containers": [container("b")]}
    assert merged(AB, {"containers": [{"$patch": "delete", "name": "c"}]}) == AB
    assert merged({"nodeSelector": {"x": "1"}}, {"nodeSelector": {"$patch": "delete"}}) == {"nodeSelector": {}}
    assert merged({}, {"nodeSelector": {"$patch": "delete"}}) == {}


def test_API_57_replace_directive():
    assert merged(AB, {"containers": [{"$patch": "replace"}, container("c")]}) == {"containers": [container("c")]}
    assert merged({"nodeSelector": {"x": "1"}}, {"nodeSelector": {"$patch": "replace", "y": "2"}}) == {"nodeSelector": {"y": "2"}}


def test_API_57_rollout_undo_replaces_the_template():
    """A ControllerRevision's data is such a patch: nothing of the newer spec survives."""
    revision = {"spec": {"$patch": "replace", "containers": [container("old")]}}
    assert strategic_merge(pod(**AB, hostname="new"), revision, POD)["spec"] == {"containers": [container("old")]}


def test_API_57_set_element_order():
    order = {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}
    assert merged(AB, order)["containers"] == [container("b"), container("a")]
    three = {"containers": [container("a"), container("sidecar"), container("b")]}
    after = merged(three, {**order, "containers": [container("a", command=["x"])]})
    assert [c["name"] for c in after["containers"]] == ["sidecar", "b", "a"]
    assert merged({}, order) == {}


def test_API_57_elements_of_the_server_keep_their_place():
    before = {"containers": [container("a"), container("b")]}
    assert [c["name"] for c in merged(before, {"containers": [container("z"), container("b")]})["containers"]] == ["z", "a", "b"]


def test_API_57_retain_keys():
    volume = {"volumes": [{"name": "v", "emptyDir": {}}]}
    patch = {"volumes": [{"$retainKeys": ["hostPath", "name"], "name": "v", "hostPath": {"path": "/x"}}]}
    assert merged(volume, patch) == {"volumes": [{"name": "v", "hostPath": {"path": "/x"}}]}
    with pytest.raises(errors.BadRequest, match="invalid patch format of retainKeys"):
        merged(volume, {"volumes": [{"$retainKeys": ["name"], "name": "v", "hostPath": {"path": "/x"}}]})


def test_API_57_the_patch_that_kubectl_apply_sends():
    before = {"containers": [container("a", env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]), container("b")],
              "volumes": [{"name": "v", "emptyDir": {}}]}
    patch = {"$setElementOrder/containers": [{"name": "a"}],
             "containers": [{"$setElementOrder/env": [{"name": "B"}], "env": [{"$patch": "delete", "name": "A"}], "name": "a"},
                            {"$patch": "delete", "name": "b"}],
             "volumes": [{"$retainKeys": ["hostPath", "name"], "emptyDir": None, "hostPath": {"path": "/x"}, "name": "v"}]}
    assert merged(before, patch) == {"containers": [container("a", env=[{"name": "B", "value": "2"}])],
                                     "volumes": [{"name": "v", "hostPath": {"path": "/x"}}]}


def test_nulls_and_directives_do_not_get_into_what_is_new():
    after = merged({}, {"containers": [container("a", env=[{"$patch": "delete", "name": "A"}, {"name": "B", "value": None}])],
                        "tolerations": [{"$patch": "replace"}, {"key": "k", "value": None}]})
    assert after == {"containers": [container("a", env=[{"name": "B"}])], "tolerations": [{"key": "k"}]}


@pytest.mark.parametrize("patch, complaint", [
    ({"containers": [{"image": "z"}]}, "map: map[image:z] does not contain declared merge key: name"),
    ({"containers": [{"$patch": "delete"}]}, "map: map[$patch:delete] does not contain declared merge key: name"),
    ({"containers": [{"resources": {"limits": {"cpu": "1"}}, "tty": True}]},
     "map: map[resources:map[limits:map[cpu:1]] tty:true] does not contain declared merge key: name"),
    ({"$setElementOrder/containers": [{"x": "b"}]}, "map: map[x:b] does not contain declared merge key: name"),
    ({"nodeSelector": {"$patch": "foo", "z": "3"}}, "unknown patch type: foo in map: map[$patch:foo z:3]"),
    ({"nodeSelector": {"$patch": "merge"}}, "unknown patch type: merge in map: map[$patch:merge]"),
    ({"containers": [{"$patch": "merge", "name": "a"}]}, "merging lists cannot yet be specified in the patch"),
    ({"containers": [{"$patch": "foo", "name": "a"}]}, "unknown patch type: foo in map: map[$patch:foo name:a]"),
    ({"containers": ["a"]}, "map: a does not contain declared merge key: name"),
    ({"$setElementOrder/containers": {"name": "b"}}, "a directive for the list containers is no list"),
])
def test_API_57_what_is_refused(patch, complaint):
    with pytest.raises(errors.BadRequest) as refused:
        merged(AB, patch)
    assert refused.value.message == complaint


def test_an_empty_patch_changes_nothing_and_the_untouched_is_shared():
    before = freeze(pod(**AB, volumes=[{"name": "v"}]))
    assert strategic_merge(before, {}, POD) == before
    after = strategic_merge(before, {"spec": {"containers": [{"name": "a", "image": "x"}]}}, POD)
    assert after["metadata"] is before["metadata"] and after["spec"]["volumes"] is before["spec"]["volumes"]
    assert after["spec"]["containers"][1] is before["spec"]["containers"][1]
