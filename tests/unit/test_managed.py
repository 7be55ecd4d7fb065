"""Server-side apply and managedFields (API-58, API-59)."""
from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kstate import errors
from kstate.managed import apply, paths, updated
from kstate.world import freeze, put

from .small_types import POD
from .test_patch_three_way import PODS

T0, T1, T2 = (f"2026-01-01T00:0{i}:00Z" for i in range(3))


def pod(spec: dict | None = None, **metadata) -> dict:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", **metadata}, **({"spec": spec} if spec is not None else {})}


def applied(live: dict | None, intent: dict, manager: str = "a", force: bool = False, now: str = T1) -> dict:
    return freeze(apply(freeze(live) if live else None, freeze(intent), manager, force, POD, "v1", now))


def written(old: dict | None, new: dict, manager: str, now: str = T1, subresource: str = "") -> dict:
    """An ordinary write: the new object with its managedFields."""
    fields = updated(old, new, manager, POD, "v1", now, subresource)
    return freeze({**new, "metadata": {**new["metadata"], "managedFields": fields}})


def fields_of(obj: dict) -> dict:
    return {f"{e['manager']} {e['operation']}": e["fieldsV1"] for e in obj["metadata"]["managedFields"]}


def bare(obj: dict) -> dict:
    """The object without its managedFields."""
    return {**obj, "metadata": {k: v for k, v in obj["metadata"].items() if k != "managedFields"}}


def refused(*args, **more) -> errors.Conflict:
    with pytest.raises(errors.Conflict) as conflict:
        applied(*args, **more)
    return conflict.value


WEB = {"containers": [{"name": "web", "image": "nginx", "ports": [{"containerPort": 80}]}]}


# ---- what an apply does ---------------------------------------------------------------------------

def test_API_58_a_first_apply_creates_and_owns_the_leaves():
    live = applied(None, pod({**WEB, "nodeSelector": {"disk": "ssd"}}, labels={"app": "web"}, finalizers=["a/x"]), "kubectl", now=T0)
    assert bare(live) == pod({**WEB, "nodeSelector": {"disk": "ssd"}}, labels={"app": "web"}, finalizers=["a/x"])
    assert live["metadata"]["managedFields"] == [{
        "manager": "kubectl", "operation": "Apply", "apiVersion": "v1", "time": T0, "fieldsType": "FieldsV1", "fieldsV1": {
            "f:metadata": {"f:labels": {"f:app": {}}, "f:finalizers": {'v:"a/x"': {}}},
            "f:spec": {
                "f:nodeSelector": {},
                "f:containers": {'k:{"name":"web"}': {
                    ".": {}, "f:name": {}, "f:image": {},
                    "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}}}}}}}]


def test_API_58_a_different_value_that_another_owns_is_a_conflict():
    live = written(applied(None, pod({"replicas": 1})), pod({"replicas": 2}), "kubectl-client-side-apply")
    conflict = refused(live, pod({"replicas": 3}))
    assert conflict.message == 'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .spec.replicas'
    assert conflict.status()["reason"] == "Conflict" and conflict.code == 409
    assert conflict.details["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "kubectl-client-side-apply" using v1', "field": ".spec.replicas"}]


def test_API_58_several_conflicts_are_grouped_by_manager():
    live = applied(None, pod({"replicas": 1, "hostname": "h", **WEB}), "m")
    live = applied(live, pod({"nodeSelector": {"x": "1"}}), "n")
    conflict = refused(live, pod({"replicas": 2, "hostname": "i", "nodeSelector": {}, "containers": [{"name": "web", "image": "x"}]}))
    assert conflict.message == ('Apply failed with 4 conflicts: conflicts with "m":\n- .spec.hostname\n- .spec.replicas\n'
                                '- .spec.containers[name="web"].image\nconflicts with "n":\n- .spec.nodeSelector')
    assert [c["message"] for c in conflict.details["causes"]] == ['conflict with "m"'] * 3 + ['conflict with "n"']


def test_API_58_the_conflict_names_the_subresource():
    live = written(pod({}, managedFields=[]), {**pod({}), "status": {"phase": "Running"}}, "kubelet", subresource="status")
    with pytest.raises(errors.Conflict, match='conflict with "kubelet" with subresource "status" using v1: .status.phase'):
        apply(live, {**pod(), "status": {"phase": "Failed"}}, "a", False, POD, "v1", T1, "status")


def test_API_58_kubectl_takes_over_what_its_client_side_apply_set():
    last = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"hostname": "a", "nodeName": "n"}}
    noted = {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(last)}}
    live = written(None, pod({"hostname": "a", "nodeName": "n"}, **noted), "kubectl-client-side-apply")
    assert applied(live, pod({"hostname": "b"}), "kubectl")["spec"]["hostname"] == "b"
    with pytest.raises(errors.Conflict):
        applied(live, pod({"hostname": "b"}), "somebody")
    touched = written(live, put(live, "spec.hostname", "c"), "editor")          # what others have changed since still is a conflict
    with pytest.raises(errors.Conflict) as refused:
        applied(touched, pod({"hostname": "b", "nodeName": "m"}), "kubectl")
    assert str(refused.value) == 'Apply failed with 1 conflict: conflict with "editor" using v1: .spec.hostname'


def test_API_58_force_moves_the_ownership():
    live = applied(None, pod({"replicas": 1, "hostname": "h"}), "m")
    live = applied(live, pod({"replicas": 2}), "n", force=True)
    assert live["spec"] == {"replicas": 2, "hostname": "h"}
    assert fields_of(live) == {"m Apply": {"f:spec": {"f:hostname": {}}}, "n Apply": {"f:spec": {"f:replicas": {}}}}


def test_API_58_equal_values_are_owned_together():
    live = applied(applied(None, pod({"replicas": 1}), "m"), pod({"replicas": 1}), "n")
    assert fields_of(live) == {"m Apply": {"f:spec": {"f:replicas": {}}}, "n Apply": {"f:spec": {"f:replicas": {}}}}
    assert applied(live, pod(), "m")["spec"] == {"replicas": 1}         # given up by one, still owned by the other
    assert refused(live, pod({"replicas": 2}), "m")


def test_API_58_what_a_manager_gives_up_is_removed_unless_another_owns_it():
    live = applied(None, pod({"replicas": 1, "hostname": "h", **WEB}, labels={"a": "1", "b": "2"}))
    live = applied(live, pod({"hostname": "h"}, labels={"b": "2", "c": "3"}), "other")
    live = applied(live, pod({"hostname": "h"}, labels={"a": "1"}))
    assert bare(live) == pod({"hostname": "h"}, labels={"a": "1", "b": "2", "c": "3"})


def test_API_58_an_item_goes_with_what_others_added_to_it():
    """Somebody changed a container that only the applier owns: giving the container up removes it whole."""
    live = applied(None, pod({"containers": [{"name": "web", "image": "nginx"}, {"name": "log", "image": "fluentd"}]}))
    more = [{"name": "web", "image": "nginx"}, {"name": "log", "image": "fluentd", "command": ["x"]}]
    live = written(live, pod({"containers": more}, managedFields=live["metadata"]["managedFields"]), "kubectl")
    live = applied(live, pod({"containers": [{"name": "web", "image": "nginx"}]}))
    assert live["spec"] == {"containers": [{"name": "web", "image": "nginx"}]}
    assert list(fields_of(live)) == ["a Apply"]


def test_API_58_what_nobody_applied_is_left_alone():
    live = applied(None, pod(WEB))
    defaulted = freeze({**live, "spec": {**live["spec"], "hostname": "default"}})
    assert applied(defaulted, pod(WEB))["spec"] == {**WEB, "hostname": "default"}


def test_API_58_keys_of_lists():
    """Ports are told apart by number and protocol, which is TCP where it is not given; tolerations are owned as one."""
    both = {"containers": [{"name": "web", "ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53}]}]}
    live = applied(applied(None, pod(both), "m"), pod({"tolerations": [{"key": "x"}]}), "n")
    ports = fields_of(live)["m Apply"]["f:spec"]["f:containers"]['k:{"name":"web"}']["f:ports"]
    assert list(ports) == ['k:{"containerPort":53,"protocol":"UDP"}', 'k:{"containerPort":53,"protocol":"TCP"}']
    assert refused(live, pod({"tolerations": [{"key": "x"}, {"key": "y"}]})).details["causes"][0]["field"] == ".spec.tolerations"


def test_API_58_the_order_of_a_merged_list():
    """The applier's items in its order, the others' where they were."""
    def names(live: list, intent: list) -> list:
        before, wanted = (pod({"containers": [{"name": name} for name in of]}) for of in (live, intent))
        after = applied(written(None, before, "m"), wanted, force=True)
        return [c["name"] for c in after["spec"]["containers"]]

    assert names(["a", "b", "c"], ["c", "a"]) == ["b", "c", "a"]
    assert names(["a", "b"], ["x", "a"]) == ["x", "a", "b"]
    assert names(["b", "a"], ["x", "a"]) == ["b", "x", "a"]
    assert names(["a"], ["x", "y"]) == ["a", "x", "y"]


def test_API_58_the_intent_has_no_managed_fields():
    with pytest.raises(errors.BadRequest, match="metadata.managedFields must be nil"):
        applied(None, pod(managedFields=[{}]))


def test_API_19_the_main_resource_does_not_apply_to_the_status():
    live = applied(None, {**pod({"replicas": 1}), "status": {"phase": "Failed"}})
    assert fields_of(live) == {"a Apply": {"f:spec": {"f:replicas": {}}}}


def test_API_13_applying_the_same_again_changes_nothing_at_all():
    live = applied(None, pod(WEB, labels={"app": "web"}), now=T0)
    assert applied(live, pod(WEB, labels={"app": "web"}), now=T2) == live


# ---- ordinary writes ------------------------------------------------------------------------------

def test_API_59_a_create_owns_what_it_brought():
    live = written(None, pod(WEB, labels={"app": "web"}, uid="u", creationTimestamp=T0), "kubectl-create", T0)
    assert live["metadata"]["managedFields"] == [{
        "manager": "kubectl-create", "operation": "Update", "apiVersion": "v1", "time": T0, "fieldsType": "FieldsV1", "fieldsV1": {
            "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
            "f:spec": {"f:containers": {".": {}, 'k:{"name":"web"}': {
                ".": {}, "f:name": {}, "f:image": {},
                "f:ports": {".": {}, 'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}}}}}}}]


def test_API_59_an_update_takes_what_it_changes():
    live = applied(None, pod({"replicas": 1, "hostname": "h"}), now=T0)
    live = written(live, pod({"replicas": 2}, managedFields=live["metadata"]["managedFields"]), "kubectl", T1)
    assert [(e["manager"], e["operation"], e["time"]) for e in live["metadata"]["managedFields"]] == [("kubectl", "Update", T1)]
    assert fields_of(live) == {"kubectl Update": {"f:spec": {"f:replicas": {}}}}


def test_API_59_a_status_write_is_an_entry_of_its_own():
    live = written(None, pod({"replicas": 1}), "m", T0)
    live = written(live, {**live, "status": {"phase": "Running"}}, "m", T1, "status")
    assert [(e["manager"], e.get("subresource"), e["fieldsV1"]) for e in live["metadata"]["managedFields"]] == [
        ("m", None, {"f:spec": {"f:replicas": {}}}), ("m", "status", {"f:status": {"f:phase": {}}})]


def test_API_59_a_write_without_effect_keeps_the_list():
    live = written(None, pod({"replicas": 1}), "m")
    assert updated(live, {**live, "spec": {"replicas": 1}}, "n", POD, "v1", T2) is live["metadata"]["managedFields"]


def test_API_59_an_object_without_managed_fields_belongs_to_before_first_apply():
    live = applied(pod({"replicas": 1}), pod({"replicas": 1, "hostname": "h"}), "kubectl")
    assert fields_of(live) == {"kubectl Apply": {"f:spec": {"f:replicas": {}, "f:hostname": {}}},
                               "before-first-apply Update": {"f:spec": {"f:replicas": {}}}}
    assert refused(pod({"replicas": 1}), pod({"replicas": 2})).message == (
        'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .spec.replicas')


def test_appliers_come_first_then_the_oldest():
    live = written(None, pod({"replicas": 1}), "z", T0)
    live = written(live, {**live, "spec": {"replicas": 1, "hostname": "h"}}, "b", T1)
    live = applied(live, pod(labels={"x": "1"}), "late", now=T2)
    assert list(fields_of(live)) == ["late Apply", "z Update", "b Update"]


def test_paths_are_shown_with_keys_and_values():
    leaf = {".": {}}
    fields = {"f:b": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:name": leaf}}, "f:a": {'v:"x"': leaf}, "f:z": leaf}
    assert list(paths(fields)) == [
        ".z", '.a[="x"]', '.b[containerPort=80,protocol="TCP"]', '.b[containerPort=80,protocol="TCP"].name']


# ---- properties -----------------------------------------------------------------------------------

OBJECTS = PODS.map(lambda obj: {**obj, "metadata": {"name": "p", **obj.get("metadata", {})}})
STEPS = st.lists(st.tuples(st.sampled_from("ab"), OBJECTS), min_size=1, max_size=4)


def dense(value):
    """Without empty maps and lists, which are as good as absent."""
    if isinstance(value, dict):
        return {k: d for k, v in value.items() if (d := dense(v)) not in ({}, [])}
    return [dense(v) for v in value] if isinstance(value, list) else value


@given(OBJECTS, OBJECTS)
@settings(deadline=None, max_examples=60)
def test_a_sole_manager_gets_exactly_what_it_wants(first, second):
    after = bare(applied(applied(None, first), second))
    assert dense(after) == dense(second)


@given(STEPS)
@settings(deadline=None, max_examples=60)
def test_after_a_forced_apply_the_intent_holds_and_applying_it_again_is_nothing(steps):
    live = None
    for manager, intent in steps:
        live = applied(live, intent, manager, force=True, now=T0)
    again = applied(live, intent, manager, now=T2)      # no conflict is left
    assert again == live


@given(STEPS, OBJECTS)
@settings(deadline=None, max_examples=60)
def test_an_update_owns_what_it_changed_and_nothing_is_owned_that_is_not_there(steps, new):
    live = None
    for manager, intent in steps:
        live = applied(live, intent, manager, force=True, now=T0)
    after = written(live, {**new, "metadata": {**new["metadata"], "managedFields": live["metadata"]["managedFields"]}}, "writer")
    everything = updated(None, bare(new), "x", POD, "v1", T1)
    there = set(paths(_all_steps(everything[0]["fieldsV1"]))) if everything else set()
    for entry in after["metadata"]["managedFields"]:
        assert set(paths(_all_steps(entry["fieldsV1"]))) <= there


def _all_steps(fields: dict) -> dict:
    """The set of every step of a fieldsV1, inner ones too."""
    return {".": {}, **{step: _all_steps(below) for step, below in fields.items() if step != "."}}
