"""Whose a pod is: adoption, release, and what makes a set look again (STS-16, STS-91 to STS-93, STS-105)."""
from __future__ import annotations

from kstate.controllers.replicaset import ReplicaSets
from kstate.controllers.statefulset import StatefulSets
from kstate.world import Key
from tests.helpers import apply, because, get
from tests.rules.seen import after, images, pods, revisions, status, told, waits
from tests.rules.stage import become, catch_up, change, delete, gone, new_image, play, running, stage, statefulset, template

LABELS = {"app": "nginx"}


def pod(name: str, labels: dict | None = None, refs: list | None = None) -> dict:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels or {}, "ownerReferences": refs or []},
            "spec": template()["spec"]}


def queued(engine, action) -> list[str]:
    """The sets that a change makes look again."""
    engine.drain()
    action()
    return [key.name for controller, key in engine.queue if controller == "statefulset"]


def owner(engine, name: str) -> str:
    refs = get(engine, "Pod", name)["metadata"].get("ownerReferences") or [{"name": "nobody"}]
    return refs[0]["name"]


# ---- triggers ---------------------------------------------------------------------------------

def test_STS_16_T_75_a_pod_enqueues_its_set():
    engine = running(stage(), statefulset(1))
    assert queued(engine, lambda: become(engine, "web-0", ready=False)) == ["web"]
    assert queued(engine, lambda: delete(engine, "web-0")) == ["web"]
    assert queued(engine, lambda: gone(engine, "web-0")) == ["web"]


def test_STS_16_a_reference_has_to_fit_in_kind_and_uid():
    engine = running(stage(), statefulset(1))
    real = get(engine, "Pod", "web-0")["metadata"]["ownerReferences"][0]
    for wrong in ({"uid": "former"}, {"kind": "ReplicaSet"}, {"name": "none"}):
        assert queued(engine, lambda: apply(engine, [pod(f"p-{len(pods(engine))}", LABELS, [{**real, **wrong}])])) == []      # noqa: B023


def test_STS_16_T_76_an_ownerless_pod_enqueues_whoever_selects_it():
    engine = stage()
    apply(engine, [statefulset(0, name="a"), statefulset(0, name="b"), statefulset(0, name="c", selector={"matchLabels": {"app": "x"}},
                                                                                   template=template(app="x"))])
    assert queued(engine, lambda: apply(engine, [pod("p", LABELS)])) == ["a", "b"]
    assert queued(engine, lambda: become(engine, "p")) == []                            # neither labels nor owner changed
    assert queued(engine, lambda: change(engine, "metadata.labels", {"app": "x"}, "Pod", "p")) == ["c"]
    assert queued(engine, lambda: gone(engine, "p")) == []


def test_STS_16_T_76_a_changed_owner_enqueues_both():
    engine = stage()
    running(engine, statefulset(1, name="a"))
    apply(engine, [statefulset(0, name="b")])
    engine.drain()
    uid = get(engine, "StatefulSet", "b")["metadata"]["uid"]
    ref = {**get(engine, "Pod", "a-0")["metadata"]["ownerReferences"][0], "name": "b", "uid": uid}
    assert queued(engine, lambda: change(engine, "metadata.ownerReferences", [ref], "Pod", "a-0")) == ["a", "b"]
    engine.queue.clear()
    assert queued(engine, lambda: change(engine, "metadata.ownerReferences", None, "Pod", "a-0")) == ["b", "a"]     # the old owner, then who selects it


def test_STS_16_claims_and_revisions_trigger_nothing():
    engine = running(stage(), statefulset(1))
    name, = revisions(engine)
    assert queued(engine, lambda: change(engine, "metadata.labels", {"a": "b"}, "PersistentVolumeClaim", "www-web-0")) == []
    assert queued(engine, lambda: change(engine, "revision", 9, "ControllerRevision", name)) == []


def test_STS_16_a_pod_that_comes_already_terminating_is_no_candidate():
    engine = running(stage(), statefulset(0))
    orphan = pod("web-0", LABELS)
    orphan["metadata"].update(uid="u", namespace="default", deletionTimestamp=engine.clock.timestamp(0))
    orphan["status"] = {"phase": "Pending"}
    assert queued(engine, lambda: engine.commit("test", "create", Key("Pod", "default", "web-0"), None, orphan)) == []


# ---- adoption and release ---------------------------------------------------------------------

def test_STS_91_T_77_who_is_adopted():
    engine = stage()
    apply(engine, [pod("web-0", LABELS), pod("web-1", {"app": "x"}), pod("other-2", LABELS), pod("web-x", LABELS)])
    apply(engine, [statefulset(1)])
    engine.drain()
    assert [owner(engine, name) for name in ("web-0", "web-1", "other-2", "web-x")] == ["web", "nobody", "nobody", "nobody"]
    assert get(engine, "Pod", "web-0")["metadata"]["ownerReferences"][0]["controller"] is True
    assert "STS-91" in because(engine) and not [line for line in told(engine) if "adopt" in line.lower()]


def test_STS_91_pods_of_others_are_ignored():
    engine = running(stage(StatefulSets, ReplicaSets), statefulset(1))
    theirs = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "r", "controller": True}
    apply(engine, [pod("web-1", LABELS, [theirs])])
    engine.drain()
    assert owner(engine, "web-1") == "r"


def test_STS_91_T_77_an_owned_pod_of_another_name_is_released():
    engine = running(stage(), statefulset(1))
    refs = get(engine, "Pod", "web-0")["metadata"]["ownerReferences"]
    apply(engine, [pod("other-0", LABELS, refs)])
    engine.drain()
    assert owner(engine, "other-0") == "nobody"


def test_STS_91_T_93_an_owner_reference_that_was_removed_comes_back():
    engine = running(stage(), statefulset(2))
    change(engine, "metadata.ownerReferences", None, "Pod", "web-1")
    assert after(engine, engine.drain)[0] == "update Pod web-1" and owner(engine, "web-1") == "web"


def test_STS_92_relabelling_blocks_the_name_and_labels_bring_the_pod_back():
    engine = running(stage(), statefulset(2))
    before = get(engine, "Pod", "web-1")["metadata"]["labels"]
    change(engine, "metadata.labels", {}, "Pod", "web-1")
    events = told(engine)
    engine.drain()
    assert owner(engine, "web-1") == "nobody" and pods(engine) == ["web-0", "web-1"]
    assert waits(engine) == {"CTL-5": 'pods "web-1" already exists, the server was not able to generate a unique name for the object'} and told(engine) == events         # STS-114: silent
    change(engine, "metadata.labels", before, "Pod", "web-1")
    engine.drain()
    assert owner(engine, "web-1") == "web" and status(engine) == "rs2 rd2 av2 cu2 up2"


def test_STS_91_a_set_that_is_going_neither_adopts_nor_releases():
    engine = stage()
    sts = statefulset(2)
    sts["metadata"]["finalizers"] = ["example.com/hold"]
    running(engine, sts)
    delete(engine, "web", "StatefulSet")
    change(engine, "metadata.labels", {}, "Pod", "web-1")
    change(engine, "metadata.ownerReferences", None, "Pod", "web-0")
    engine.drain()
    assert owner(engine, "web-1") == "web" and owner(engine, "web-0") == "nobody"


def test_STS_91_T_30_a_set_that_is_gone_unseen_adopts_no_pod():
    engine = stage(lag=True)
    apply(engine, [statefulset(1, claims=False)])
    play(engine)
    change(engine, "metadata.ownerReferences", None, "Pod", "web-0")
    catch_up(engine)
    delete(engine, "web", "StatefulSet")
    engine._sync("statefulset", Key("StatefulSet", "default", "web"))
    assert owner(engine, "web-0") == "nobody"


def orphaned(engine) -> None:
    """Delete the set and leave its pods and revisions, as the garbage collector does with --cascade=orphan (STS-105)."""
    delete(engine, "web", "StatefulSet")
    for kind in ("Pod", "ControllerRevision"):
        for obj in engine.world.list(kind, "default"):
            change(engine, "metadata.ownerReferences", None, kind, obj["metadata"]["name"])
    engine.drain()


def test_STS_93_a_new_set_adopts_what_an_old_one_left():
    engine = running(stage(), statefulset(3, claims=False))
    known = [get(engine, "Pod", f"web-{i}")["metadata"]["uid"] for i in range(3)]
    before = revisions(engine)
    orphaned(engine)
    running(engine, statefulset(3, claims=False))
    assert [get(engine, "Pod", f"web-{i}")["metadata"]["uid"] for i in range(3)] == known
    assert revisions(engine) == before and status(engine) == "rs3 rd3 av3 cu3 up3"


def test_STS_93_with_another_template_they_are_updated():
    engine = running(stage(), statefulset(3, claims=False))
    orphaned(engine)
    running(engine, statefulset(3, claims=False, template=template("nginx:2")))
    assert images(engine) == ["nginx:2"] * 3


def test_STS_93_an_adopted_pod_without_a_revision_is_replaced():
    engine = stage()
    apply(engine, [pod("web-0", LABELS)])
    become(engine, "web-0")
    apply(engine, [statefulset(1, claims=False)])
    engine.drain()
    assert "deletionTimestamp" in get(engine, "Pod", "web-0")["metadata"]
    assert get(engine, "StatefulSet", "web")["status"].get("currentReplicas", 0) == 0   # STS-97


def test_the_same_history_with_lag_and_without():
    ends = []
    for lag in (False, True):
        engine = stage(lag=lag)
        apply(engine, [statefulset(3)])
        play(engine)
        new_image(engine, "nginx:2")
        change(engine, "spec.replicas", 2)
        play(engine)
        ends.append((status(engine), images(engine), list(revisions(engine).values())))
    assert ends[0] == ends[1]
