"""ControllerRevisions: names, numbers, re-use, history (STS-21 to STS-31)."""
from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kstate.workloads import revisions as r
from kstate.world import Key
from tests.helpers import apply, because, get
from tests.rules.seen import images, revisions, status, told, waits
from tests.rules.stage import catch_up, change, delete, new_image, play, running, stage, statefulset, template

VECTOR = (
    '{"spec":{"template":{"$patch":"replace","metadata":{"annotations":{"test":"value"},"labels":{"app":"foo"}},"spec":{"containers":[{"image":"test",'
    '"imagePullPolicy":"Always","name":"test","resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],'
    '"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}}}}')
OLD_VECTOR = VECTOR.replace('"labels":{"app":"foo"}', '"creationTimestamp":null,"labels":{"app":"foo"}')


@pytest.mark.parametrize("text, collisions, expected", [
    (VECTOR, 0, "776999688b"), (VECTOR, 1, "776999688c"), (OLD_VECTOR, 0, "c77f6d978")])
def test_STS_25_the_hash_is_that_of_kubernetes(text, collisions, expected):
    assert r.canonical(json.loads(text)) == text                                        # STS-23
    assert r.hash_of(json.loads(text), collisions) == expected


def test_STS_23_STS_25_the_whole_way_from_a_manifest_to_the_verified_name():
    engine = stage()
    pod = {"metadata": {"labels": {"app": "foo"}, "annotations": {"test": "value"}}, "spec": {"containers": [{"name": "test", "image": "test"}]}}
    apply(engine, [statefulset(replicas=0, claims=False, selector={"matchLabels": {"app": "foo"}}, template=pod)])
    engine.drain()
    assert revisions(engine) == {"web-776999688b": 1}
    stored = get(engine, "ControllerRevision", "web-776999688b")
    assert r.canonical(stored["data"]) == VECTOR


def test_STS_23_html_characters_are_escaped():
    assert r.canonical({"b": "<&>", "a": "ä\u2028"}) == '{"a":"ä\\u2028","b":"\\u003c\\u0026\\u003e"}'


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=4), st.integers(0, 9))
def test_STS_25_alphabet_and_independence_of_key_order(value, collisions):
    found = r.hash_of(value, collisions)
    assert 1 <= len(found) <= 10 and not set(found) - set("456789bcdf")
    assert found == r.hash_of(dict(reversed(value.items())), collisions)


def test_STS_24_a_long_name_is_cut():
    assert r.revision_name({"metadata": {"name": "x" * 230}}, "abc") == "x" * 223 + "-abc"


def test_STS_21_shape():
    engine = stage()
    sts = statefulset()
    sts["metadata"].update(annotations={"kubernetes.io/change-cause": "first", "other": "too"}, labels={"not": "copied"})
    apply(engine, [sts])
    engine.drain()
    name, = revisions(engine)
    found, owner = get(engine, "ControllerRevision", name), get(engine, "StatefulSet", "web")
    assert found["metadata"]["labels"] == {"app": "nginx", "controller.kubernetes.io/hash": name.removeprefix("web-")}
    assert found["metadata"]["annotations"] == {"kubernetes.io/change-cause": "first", "other": "too"}
    assert found["metadata"]["ownerReferences"] == [{
        "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": owner["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}]
    assert found["revision"] == 1
    assert found["data"]["spec"]["template"] == {**owner["spec"]["template"], "$patch": "replace"}
    assert owner["status"]["currentRevision"] == owner["status"]["updateRevision"] == name
    assert "STS-26" in because(engine)


@pytest.mark.parametrize("path, value", [
    ("spec.replicas", 5), ("spec.updateStrategy.rollingUpdate.partition", 2), ("spec.minReadySeconds", 7), ("spec.ordinals", {"start": 4}),
    ("spec.persistentVolumeClaimRetentionPolicy.whenScaled", "Delete"), ("metadata.labels", {"a": "b"}), ("metadata.annotations", {"a": "b"})])
def test_STS_22_only_the_template_makes_a_revision(path, value):
    engine = running(stage(), statefulset())
    known = revisions(engine)
    change(engine, path, value)
    play(engine)
    assert revisions(engine) == known


def test_STS_26_second_revision_and_rollback_renumbers_the_first():
    engine = running(stage(), statefulset())
    a, = revisions(engine)
    new_image(engine, "nginx:1.25")
    engine.drain()
    first, b = revisions(engine)
    assert (first, revisions(engine)[b]) == (a, 2)
    assert get(engine, "StatefulSet", "web")["status"]["currentRevision"] == a
    play(engine)
    change(engine, "spec.replicas", 3)
    engine.drain()
    assert revisions(engine) == {a: 1, b: 2}                                            # looked at again: nothing new
    new_image(engine, "nginx:1.24")
    play(engine)
    assert revisions(engine) == {b: 2, a: 3}
    assert get(engine, "StatefulSet", "web")["status"]["currentRevision"] == a
    assert images(engine) == ["nginx:1.24"] * 3


def test_STS_26_the_second_of_three_becomes_the_fourth():
    engine = running(stage(), statefulset())
    for image in ("nginx:2", "nginx:3", "nginx:2"):
        new_image(engine, image)
        play(engine)
    assert sorted(revisions(engine).values()) == [1, 3, 4]
    assert get(engine, "StatefulSet", "web")["status"]["updateRevision"] == list(revisions(engine))[-1]


def test_STS_26_a_name_that_is_taken_counts_as_a_collision():
    engine = stage()
    sts, = apply(engine, [statefulset(claims=False)])
    data = r.data_of(sts["spec"]["template"])
    apply(engine, [{"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": {"name": f"web-{r.hash_of(data)}"}, "data": {}, "revision": 7}])
    engine.drain()
    found = get(engine, "ControllerRevision", f"web-{r.hash_of(data, 1)}")
    assert found["metadata"]["labels"]["controller.kubernetes.io/hash"] == r.hash_of(data)
    assert get(engine, "StatefulSet", "web")["status"]["collisionCount"] == 1


def test_STS_26_a_foreign_revision_with_the_same_data_is_used():
    engine = stage()
    sts, = apply(engine, [statefulset(claims=False)])
    data = r.data_of(sts["spec"]["template"])
    name = f"web-{r.hash_of(data)}"
    apply(engine, [{"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": {"name": name}, "data": data, "revision": 7}])
    engine.drain()
    assert get(engine, "StatefulSet", "web")["status"]["updateRevision"] == name
    assert list(revisions(engine)) == [name]


def test_STS_28_a_revision_without_newer_defaults_means_the_same():
    engine = stage()
    sts, = apply(engine, [statefulset(claims=False)])
    bare = r.data_of(template())
    bare["spec"]["template"]["metadata"]["creationTimestamp"] = None
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": sts["metadata"]["uid"], "controller": True}
    apply(engine, [{"apiVersion": "apps/v1", "kind": "ControllerRevision", "data": bare, "revision": 1,
                    "metadata": {"name": "web-old", "labels": {"app": "nginx"}, "ownerReferences": [owner]}}])
    engine.drain()
    assert get(engine, "StatefulSet", "web")["status"]["updateRevision"] == "web-old"
    assert list(revisions(engine)) == ["web-old"]


@pytest.mark.parametrize("limit, kept", [(2, 3), (0, 1), (5, 6), (-1, 8)])
def test_STS_29_history_is_cut_to_the_limit(limit, kept):
    engine = running(stage(), statefulset(claims=False, revisionHistoryLimit=limit))
    for version in range(7):
        new_image(engine, f"nginx:2.{version}")
        play(engine)
        assert limit < 0 or len(revisions(engine)) <= limit + 2                         # T-27, T-28
    assert len(revisions(engine)) == kept
    assert list(revisions(engine).values()) == list(range(9 - kept, 9))


def test_STS_29_revisions_that_pods_carry_are_live():
    engine = running(stage(), statefulset(claims=False, revisionHistoryLimit=0, updateStrategy={"type": "OnDelete"}))
    a, = revisions(engine)
    new_image(engine, "nginx:2")
    engine.drain()
    delete(engine, "web-1")
    play(engine)
    b = list(revisions(engine))[-1]
    new_image(engine, "nginx:3")
    engine.drain()
    assert list(revisions(engine))[:2] == [a, b] and len(revisions(engine)) == 3


def test_STS_30_an_ownerless_revision_is_adopted():
    engine = running(stage(), statefulset(claims=False))
    name, = revisions(engine)
    change(engine, "metadata.ownerReferences", None, "ControllerRevision", name)
    engine.drain()
    assert "ownerReferences" not in get(engine, "ControllerRevision", name)["metadata"]        # STS-16: this triggers nothing
    change(engine, "spec.replicas", 2)
    engine.drain()
    assert get(engine, "ControllerRevision", name)["metadata"]["ownerReferences"][0]["uid"] == get(engine, "StatefulSet", "web")["metadata"]["uid"]
    assert "STS-30" in because(engine)


def test_STS_30_a_set_that_is_gone_adopts_nothing():
    engine = stage(lag=True)
    apply(engine, [statefulset(claims=False)])
    play(engine)
    name, = revisions(engine)
    change(engine, "metadata.ownerReferences", None, "ControllerRevision", name)
    change(engine, "spec.replicas", 4)
    catch_up(engine)
    delete(engine, "web", "StatefulSet", propagation="Foreground")                      # the controller has not seen this yet
    engine._sync("statefulset", Key("StatefulSet", "default", "web"))
    assert "ownerReferences" not in get(engine, "ControllerRevision", name)["metadata"]
    assert get(engine, "Pod", "web-3") is None
    assert "can't adopt ControllerRevisions: original StatefulSet default/web has just been deleted" in waits(engine)["CTL-5"]


def test_STS_31_the_current_revision_stays_until_a_rollout_is_finished():
    engine = running(stage(), statefulset(claims=False))
    a, = revisions(engine)
    for image in ("nginx:2", "nginx:3"):
        new_image(engine, image)
        engine.drain()
    found = get(engine, "StatefulSet", "web")["status"]
    assert (found["currentRevision"], found["updateRevision"]) == (a, list(revisions(engine))[-1])
    play(engine)
    assert get(engine, "StatefulSet", "web")["status"]["currentRevision"] == list(revisions(engine))[-1]
    assert status(engine) == "rs3 rd3 av3 cu3 up3"


def test_STS_27_without_the_recorded_revision_the_update_revision_is_current():
    engine = running(stage(), statefulset(claims=False, updateStrategy={"type": "OnDelete"}))
    a, = revisions(engine)
    new_image(engine, "nginx:2")
    engine.drain()
    engine.api.delete(Key("ControllerRevision", "default", a))
    change(engine, "spec.minReadySeconds", 1)
    engine.drain()
    found = get(engine, "StatefulSet", "web")["status"]
    assert found["currentRevision"] == found["updateRevision"] != a


def test_STS_43_a_set_name_too_long_for_its_labels():
    engine = stage()
    apply(engine, [statefulset(claims=False, name="x" * 60)])
    engine.drain()
    message, = told(engine, name="x" * 60)
    assert message.startswith("Warning/FailedCreate: Create Pod ") and "must be no more than 63" in message
