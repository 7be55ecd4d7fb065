"""Deployments: a ReplicaSet for each template, and the way from old to new (DEP-4 to DEP-14)."""
from __future__ import annotations

import pytest

from kstate.workloads.proportions import fenceposts
from kstate.world import Key, put
from tests.helpers import apply, because, get
from tests.rules.seen import after, images, pods, sync, told, waits
from tests.rules.stage import become, change, delete, deployment, new_image, play, refuse, running, stage, template

REVISION, HISTORY = "deployment.kubernetes.io/revision", "deployment.kubernetes.io/revision-history"


def front(engine) -> dict:
    return get(engine, "Deployment", "front")


def sets(engine) -> list[dict]:
    """The ReplicaSets, oldest first."""
    return sorted(engine.world.list("ReplicaSet", "default"), key=lambda rs: int(rs["metadata"]["annotations"].get(HISTORY, "").split(",")[0]
                                                                                 or rs["metadata"]["annotations"][REVISION]))


def sizes(engine) -> list[int]:
    return [rs["spec"]["replicas"] for rs in sets(engine)]


def edit(engine, path: str, value) -> None:
    change(engine, path, value, "Deployment", "front")


def update(engine, image: str) -> None:
    new_image(engine, image, "Deployment", "front")


def condition(engine, type: str = "Progressing") -> tuple[str, str, str] | None:
    return next(((c["status"], c["reason"], c["message"]) for c in front(engine)["status"]["conditions"] if c["type"] == type), None)


def recreate(**spec) -> dict:
    return deployment(strategy={"type": "Recreate"}, **spec)


# ---- the new ReplicaSet -----------------------------------------------------------------------

def test_DEP_4_DEP_5_the_first_replica_set():
    engine = stage()
    mine = deployment(minReadySeconds=2)
    mine["metadata"]["annotations"] = {"kubernetes.io/change-cause": "first", "kubectl.kubernetes.io/last-applied-configuration": "{}"}
    apply(engine, [mine])
    engine.step("deployment")
    rs, = sets(engine)
    digits = rs["metadata"]["labels"]["pod-template-hash"]
    assert rs["metadata"]["name"] == f"front-{digits}" and not set(digits) - set("456789bcdf")
    assert rs["metadata"]["labels"] == rs["spec"]["selector"]["matchLabels"] == {"app": "front", "pod-template-hash": digits}
    assert rs["spec"]["template"]["metadata"]["labels"] == {"app": "front", "pod-template-hash": digits}
    assert rs["spec"]["replicas"] == 3 and rs["spec"]["minReadySeconds"] == 2
    assert rs["metadata"]["annotations"] == {
        "deployment.kubernetes.io/desired-replicas": "3", "deployment.kubernetes.io/max-replicas": "4", REVISION: "1", "kubernetes.io/change-cause": "first"}
    assert rs["metadata"]["ownerReferences"][0]["uid"] == front(engine)["metadata"]["uid"]
    assert front(engine)["metadata"]["annotations"][REVISION] == "1" and front(engine)["metadata"]["generation"] == 1        # DEP-3: noted with the status
    assert told(engine, "Deployment", "front") == [f"Normal/ScalingReplicaSet: Scaled up replica set front-{digits} from 0 to 3"]
    assert condition(engine) == ("True", "NewReplicaSetCreated", f'Created new replica set "front-{digits}"')
    assert {"DEP-4", "DEP-12", "DEP-14"} <= because(engine)


def test_DEP_12_DEP_13_as_recorded_once_all_pods_are_ready():
    engine = running(stage(), deployment())
    rs, = sets(engine)
    assert {k: v for k, v in front(engine)["status"].items() if k != "conditions"} == {
        "observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3, "terminatingReplicas": 0}
    now = engine.clock.timestamp(engine.now)
    assert front(engine)["status"]["conditions"] == [
        {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable", "message": "Deployment has minimum availability.",
         "lastUpdateTime": now, "lastTransitionTime": now},
        {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable", "lastUpdateTime": now, "lastTransitionTime": now,
         "message": f'ReplicaSet "{rs["metadata"]["name"]}" has successfully progressed.'}]


def test_DEP_5_annotations_follow_and_a_rollback_is_renumbered():
    engine = running(stage(), deployment(2))
    edit(engine, "metadata.annotations", {**front(engine)["metadata"]["annotations"], "note": "x"})
    engine.drain()
    assert sets(engine)[0]["metadata"]["annotations"]["note"] == "x"
    update(engine, "nginx:2")
    play(engine)
    update(engine, "nginx:1.24")
    play(engine)
    old, new = sets(engine)
    assert (old["metadata"]["annotations"][REVISION], old["metadata"]["annotations"][HISTORY]) == ("3", "1")
    assert new["metadata"]["annotations"][REVISION] == "2" and front(engine)["metadata"]["annotations"][REVISION] == "3"
    assert sizes(engine) == [2, 0] and images(engine) == ["nginx:1.24"] * 2
    assert [line.partition("from ")[2] for line in told(engine, "Deployment", "front")] == [
        "0 to 2", "0 to 1", "2 to 1", "1 to 2", "1 to 0", "0 to 1", "2 to 1", "1 to 2", "1 to 0"]


def test_DEP_4_a_taken_name_counts_as_a_collision():
    engine = stage()
    apply(engine, [deployment(1)])
    engine.drain()
    name = sets(engine)[0]["metadata"]["name"]
    other = stage()
    apply(other, [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name, "annotations": {REVISION: "9"}}, "spec": {
        "replicas": 0, "selector": {"matchLabels": {"app": "x"}}, "template": template(app="x")}}])
    apply(other, [deployment(1)])
    other.drain()
    other.run(1000)
    assert front(other)["status"]["collisionCount"] == 1 and len(sets(other)) == 2
    assert images(other) == ["nginx:1.24"]


def test_DEP_4_an_orphan_with_the_same_template_is_adopted():
    engine = running(stage(), deployment(2))
    known, rs = pods(engine), sets(engine)[0]["metadata"]["name"]
    delete(engine, "front", "Deployment")
    change(engine, "metadata.ownerReferences", None, "ReplicaSet", rs)
    running(engine, deployment(2))
    assert pods(engine) == known and condition(engine)[1] == "NewReplicaSetAvailable"
    assert front(engine)["metadata"]["annotations"][REVISION] == "1"


def test_DEP_13_DEP_14_a_replica_set_that_cannot_be_made(monkeypatch):
    engine = stage()
    refuse(engine, monkeypatch, "create", "ReplicaSet", "quota")
    apply(engine, [deployment(1)])
    engine.step("deployment")
    status, reason, message = condition(engine)
    assert (status, reason) == ("False", "ReplicaSetCreateError")
    assert message.startswith('Failed to create new replica set "front-') and message.endswith(": quota")
    assert told(engine, "Deployment", "front") == [f"Warning/ReplicaSetCreateError: {message}"]


# ---- rolling update ---------------------------------------------------------------------------

@pytest.mark.parametrize("replicas, surge, unavailable, expected", [
    (3, "25%", "25%", (1, 0)), (4, "25%", "25%", (1, 1)), (10, "30%", "20%", (3, 2)), (5, 0, "10%", (0, 1)), (2, 0, 9, (0, 2)), (3, 2, 1, (2, 1))])
def test_DEP_6_fenceposts(replicas, surge, unavailable, expected):
    found = deployment(replicas, strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}})
    assert fenceposts(found) == expected


def test_DEP_7_the_example_of_three():
    engine = running(stage(), deployment(3))
    update(engine, "nginx:2")
    seen = []
    for _ in range(60):
        engine.drain()
        if not seen or seen[-1] != tuple(sizes(engine)):
            seen.append(tuple(sizes(engine)))
        busy = [p for p in engine.world.list("Pod") if "deletionTimestamp" in p["metadata"] or p["status"]["phase"] == "Pending"]
        if not busy:
            break
        play_one(engine, busy[0])
    assert seen == [(3, 1), (2, 2), (1, 3), (0, 3)]
    assert images(engine) == ["nginx:2"] * 3


def play_one(engine, pod) -> None:
    name = pod["metadata"]["name"]
    if "deletionTimestamp" in pod["metadata"]:
        engine.api.delete(Key("Pod", "default", name), grace=0)
    else:
        become(engine, name)


def test_DEP_7_one_of_the_two_in_a_sync():
    engine = running(stage(), deployment(3))
    update(engine, "nginx:2")
    writes = sync(engine, "deployment")
    new = sets(engine)[-1]["metadata"]["name"]
    assert writes == [f"create ReplicaSet {new}", "status Deployment front", "status Deployment front"]
    engine.drain()
    assert list(waits(engine, "Deployment", "front")) == ["DEP-7"]
    assert waits(engine, "Deployment", "front")["DEP-7"] == "front keeps its old pods: 3 must be available, and of the new ones 0 are"


def test_DEP_8_a_broken_rollout_needs_no_manual_deletion():
    engine = running(stage(), deployment(4))
    update(engine, "nginx:bad")
    engine.drain()
    assert sizes(engine) == [3, 2]                      # one may be missing, one may be too much
    update(engine, "nginx:good")
    play(engine)
    assert images(engine) == ["nginx:good"] * 4 and sizes(engine) == [0, 0, 4]


def test_DEP_8_unhealthy_old_pods_go_first():
    engine = running(stage(), deployment(4))
    for name in pods(engine)[:2]:
        become(engine, name, ready=False)
    engine.drain()
    update(engine, "nginx:2")
    engine.drain()
    assert sizes(engine)[0] <= 3
    left = [p for p in engine.world.list("Pod") if "deletionTimestamp" not in p["metadata"] and p["spec"]["containers"][0]["image"] == "nginx:1.24"]
    assert sum(p["status"]["conditions"][0]["status"] == "True" for p in left) == 2


@pytest.mark.parametrize("limit, kept", [(0, 1), (2, 3)])
def test_DEP_7_history_is_cut(limit, kept):
    engine = running(stage(), deployment(1, revisionHistoryLimit=limit))
    for version in range(5):
        update(engine, f"nginx:2.{version}")
        play(engine)
    assert len(sets(engine)) == kept and images(engine) == ["nginx:2.4"]


def test_DEP_7_a_smaller_wish_during_an_update():
    engine = running(stage(), deployment(3))
    update(engine, "nginx:2")
    engine.drain()
    edit(engine, "spec.replicas", 1)
    play(engine)
    assert sizes(engine) == [0, 1]


# ---- recreate ---------------------------------------------------------------------------------

def test_DEP_9_recreate_waits_until_all_old_pods_are_gone():
    engine = running(stage(), recreate(replicas=2))
    update(engine, "nginx:2")
    engine.drain()
    assert sizes(engine) == [0] and len(pods(engine)) == 2
    assert list(waits(engine, "Deployment", "front")) == ["DEP-9"]
    for n, name in enumerate(pods(engine)):
        engine.api.delete(Key("Pod", "default", name), grace=0)
        engine.drain()
        assert len(sets(engine)) == 1 + n
    play(engine)
    assert images(engine) == ["nginx:2"] * 2 and sizes(engine) == [0, 2]


def test_DEP_9_finished_old_pods_do_not_count():
    engine = running(stage(), recreate(replicas=1))
    edit(engine, "spec.replicas", 0)
    become(engine, pods(engine)[0], "Failed")
    edit(engine, "spec.template.spec.terminationGracePeriodSeconds", 5)
    edit(engine, "spec.replicas", 1)
    play(engine)
    assert sizes(engine) == [0, 1]


# ---- scaling ----------------------------------------------------------------------------------

def test_DEP_10_scaling_resizes_the_one_set():
    engine = running(stage(), deployment(3))
    for n in (5, 0, 2):
        edit(engine, "spec.replicas", n)
        play(engine)
        assert sizes(engine) == [n] and len(pods(engine)) == n
    assert sets(engine)[0]["metadata"]["annotations"]["deployment.kubernetes.io/desired-replicas"] == "2"
    assert told(engine, "Deployment", "front")[-1].endswith("from 0 to 2")


def midway(engine, first: int, wanted: int) -> tuple[int, int]:
    """Bring a deployment of 10 with surge 3 and slack 2 to (8, 5), then scale it."""
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}}
    running(engine, deployment(first, strategy=rolling))
    update(engine, "nginx:2")
    engine.drain()
    assert sizes(engine) == [8, 5]
    edit(engine, "spec.replicas", wanted)
    sync(engine, "deployment")
    return tuple(sizes(engine))


@pytest.mark.parametrize("wanted, expected", [(15, (11, 7)), (5, (5, 3)), (0, (0, 0))])
def test_DEP_10_during_an_update_each_set_gets_its_share(wanted, expected):
    assert midway(stage(), 10, wanted) == expected      # 13 pods become 18: 8 * 18 / 13 = 11.1, 5 * 18 / 13 = 6.9


def test_DEP_10_a_saturated_new_set_takes_all():
    engine = running(stage(), deployment(2))
    update(engine, "nginx:2")
    play(engine)
    old = sets(engine)[0]
    annotations = {**old["metadata"]["annotations"], "deployment.kubernetes.io/desired-replicas": "9"}
    engine.api.update(put(put(old, "spec.replicas", 1), "metadata.annotations", annotations))
    engine.drain()
    assert sizes(engine) == [0, 2]


# ---- pause ------------------------------------------------------------------------------------

def test_DEP_11_paused():
    engine = running(stage(), deployment(2))
    edit(engine, "spec.paused", True)
    engine.drain()
    assert condition(engine) == ("Unknown", "DeploymentPaused", "Deployment is paused")
    assert list(waits(engine, "Deployment", "front")) == ["DEP-11"]
    update(engine, "nginx:2")
    edit(engine, "spec.replicas", 4)
    play(engine)
    assert len(sets(engine)) == 1 and images(engine) == ["nginx:1.24"] * 4
    edit(engine, "spec.paused", None)
    sync(engine, "deployment")
    resumed = [c.new["status"]["conditions"] for c in engine.world.log if c.key.kind == "Deployment" and c.new and "conditions" in c.new["status"]]
    assert any(c["reason"] == "DeploymentResumed" and c["status"] == "Unknown" for conditions in resumed for c in conditions)
    play(engine)
    assert images(engine) == ["nginx:2"] * 4 and condition(engine)[1] == "NewReplicaSetAvailable"


# ---- status -----------------------------------------------------------------------------------

def test_DEP_12_counters_during_an_update():
    engine = running(stage(), deployment(3))
    update(engine, "nginx:2")
    engine.drain()
    found = front(engine)["status"]
    assert {k: found.get(k, 0) for k in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")} == {
        "replicas": 4, "updatedReplicas": 1, "readyReplicas": 3, "availableReplicas": 3, "unavailableReplicas": 1}
    assert condition(engine, "Available")[1] == "MinimumReplicasAvailable"
    assert condition(engine)[:2] == ("True", "ReplicaSetUpdated") and condition(engine)[2].endswith("is progressing.")


def test_DEP_13_not_available():
    engine = running(stage(), deployment(1))
    become(engine, pods(engine)[0], ready=False)
    engine.drain()
    assert condition(engine, "Available") == ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    assert condition(engine)[1] == "NewReplicaSetAvailable"


def test_DEP_13_the_deadline():
    engine = running(stage(), deployment(1, progressDeadlineSeconds=60))
    update(engine, "nginx:bad")
    engine.drain()
    engine.settle()
    assert engine.now == 0                              # settling does not wait for it
    engine.run(60_000)
    assert condition(engine)[1] == "ReplicaSetUpdated"
    engine.run(1_000)
    name = sets(engine)[-1]["metadata"]["name"]
    assert condition(engine) == ("False", "ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.')
    play(engine)                                        # exceeding it changes nothing else
    assert condition(engine)[1] == "NewReplicaSetAvailable" and images(engine) == ["nginx:bad"]


def test_DEP_13_replica_failure_is_passed_on(monkeypatch):
    engine = stage()
    refusing = refuse(engine, monkeypatch, "create", "Pod", "quota")
    apply(engine, [deployment(1)])
    engine.drain()
    assert condition(engine, "ReplicaFailure") == ("True", "FailedCreate", "quota")
    refusing.clear()
    engine.run(1000)
    play(engine)
    assert condition(engine, "ReplicaFailure") is None


def test_DEP_12_a_deployment_that_is_going_keeps_its_status():
    engine = stage()
    mine = deployment(1)
    mine["metadata"]["finalizers"] = ["example.com/hold"]
    running(engine, mine)
    delete(engine, "front", "Deployment")
    become(engine, pods(engine)[0], ready=False)
    engine.drain()
    assert front(engine)["status"]["observedGeneration"] == 2 and front(engine)["status"]["unavailableReplicas"] == 1


def test_a_deployment_at_rest_writes_nothing():
    engine = running(stage(), deployment(2))
    edit(engine, "metadata.labels", {"a": "b"})
    assert after(engine, engine.drain) == []
