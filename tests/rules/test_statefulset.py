"""Pods of a StatefulSet: identity, order of creation and removal, updates, availability, status (STS-32 to STS-45, STS-55 to STS-80, STS-94 to STS-116)."""
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kstate.world import get as at
from tests.helpers import apply, because, get
from tests.rules.seen import after, images, owners, pods, revisions, status, sync, told, waits
from tests.rules.stage import become, catch_up, change, delete, gone, new_image, play, refuse, running, stage, statefulset, template

MODES = pytest.mark.parametrize("mode", ["OrderedReady", "Parallel"])


def rolling(**block) -> dict:
    return {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": block}}


# ---- identity ---------------------------------------------------------------------------------

def test_STS_36_to_STS_40_a_new_pod():
    engine = stage()
    pod = template(hostname="mine", subdomain="mine", volumes=[{"name": "www", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}])
    pod["metadata"].update(annotations={"a": "b"}, finalizers=["example.com/x"])
    sts = statefulset(template=pod, ordinals={"start": 4})
    sts["metadata"]["annotations"] = {"not": "copied"}
    apply(engine, [sts])
    engine.drain()
    found, (revision,) = get(engine, "Pod", "web-4"), revisions(engine)
    assert found["metadata"]["labels"] == {"app": "nginx", "statefulset.kubernetes.io/pod-name": "web-4", "apps.kubernetes.io/pod-index": "4",
                                           "controller-revision-hash": revision}                                        # STS-37
    assert found["metadata"]["annotations"] == {"a": "b"} and found["metadata"]["finalizers"] == ["example.com/x"]      # STS-38
    assert found["metadata"]["generateName"] == "web-"
    assert found["metadata"]["ownerReferences"] == [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "controller": True,
                                                     "blockOwnerDeletion": True, "uid": get(engine, "StatefulSet", "web")["metadata"]["uid"]}]
    assert (found["spec"]["hostname"], found["spec"]["subdomain"]) == ("web-4", "nginx")                                # STS-40
    assert found["spec"]["volumes"][:2] == [{"name": "www", "persistentVolumeClaim": {"claimName": "www-web-4"}}, {"name": "tmp", "emptyDir": {}}]


def test_STS_40_without_a_service_name_there_is_no_subdomain():
    engine = stage()
    apply(engine, [statefulset(serviceName="")])
    engine.drain()
    assert "subdomain" not in get(engine, "Pod", "web-0")["spec"]


def test_STS_42_a_pod_name_label_is_restored():
    engine = running(stage(), statefulset())
    labels = get(engine, "Pod", "web-1")["metadata"]["labels"]
    change(engine, "metadata.labels", {k: v for k, v in labels.items() if "pod-" not in k}, "Pod", "web-1")
    assert sync(engine) == ["update Pod web-1"]
    assert get(engine, "Pod", "web-1")["metadata"]["labels"] == labels
    assert told(engine)[-1] == "Normal/SuccessfulUpdate: Update Pod web-1 in StatefulSet web successful"
    assert sync(engine) == []                                                           # T-59


def test_STS_42_other_identity_is_not_checked():
    engine = running(stage(), statefulset())
    change(engine, "metadata.labels", {**get(engine, "Pod", "web-1")["metadata"]["labels"], "apps.kubernetes.io/pod-index": "9"}, "Pod", "web-1")
    assert sync(engine) == []                                                           # STS-41


def test_STS_42_a_failed_repair_is_told(monkeypatch):
    engine = running(stage(), statefulset())
    change(engine, "metadata.labels", {"app": "nginx"}, "Pod", "web-1")
    refuse(engine, monkeypatch, "patch", "Pod", "down")
    sync(engine)
    assert told(engine)[-1] == "Warning/FailedUpdate: Update Pod web-1 in StatefulSet web failed error: down"


# ---- creation, in order and not ---------------------------------------------------------------

def test_STS_56_one_creation_per_sync():
    engine = stage()
    apply(engine, [statefulset()])
    assert [w for w in sync(engine) if "Pod" in w] == ["create Pod web-0"]
    assert sync(engine) == ["status StatefulSet web"] and sync(engine) == [] and pods(engine) == ["web-0"]
    assert waits(engine) == {"STS-59": "web-0 is not Ready: its phase is Pending"}
    become(engine, "web-0", ready=False)
    engine.drain()
    assert waits(engine) == {"STS-59": "web-0 is not Ready: its condition Ready is False"}
    assert {"STS-56", "STS-59"} <= because(engine)


def test_STS_56_parallel_creates_all_at_once():
    engine = stage()
    apply(engine, [statefulset(podManagementPolicy="Parallel")])
    assert [w for w in sync(engine) if " Pod " in w] == [f"create Pod web-{i}" for i in range(3)]


def test_STS_58_a_terminating_pod_blocks():
    engine = running(stage(), statefulset())
    delete(engine, "web-0")
    change(engine, "spec.replicas", 5)                                                  # T-80
    engine.drain()
    assert pods(engine) == ["web-0", "web-1", "web-2"] and waits(engine) == {"STS-58": "web-0 is terminating"}
    gone(engine, "web-0")
    assert [w for w in sync(engine) if " Pod " in w] == ["create Pod web-0"]
    play(engine)
    assert pods(engine) == [f"web-{i}" for i in range(5)]


@MODES
def test_STS_55_a_failed_pod_is_deleted_then_made_anew(mode):
    for phase in ("Failed", "Succeeded"):                                               # T-7, T-8
        engine = stage()
        apply(engine, [statefulset(claims=False, podManagementPolicy=mode)])
        engine.drain()
        become(engine, "web-0", phase)
        assert [w for w in sync(engine) if " Pod " in w] == ["delete Pod web-0"]        # finished pods have no grace period
        assert [w for w in sync(engine) if " Pod " in w] == ["create Pod web-0"]
        assert told(engine)[-1] == "Normal/SuccessfulDelete: Delete Pod web-0 in StatefulSet web successful"
        assert "STS-55" in because(engine)


def test_STS_55_a_failed_pod_that_is_terminating_is_waited_for():
    engine = stage()
    sts = statefulset(claims=False)
    sts["spec"]["template"]["metadata"]["finalizers"] = ["example.com/hold"]
    apply(engine, [sts])
    engine.drain()
    become(engine, "web-0", "Failed")
    engine.drain()
    assert waits(engine) == {"STS-55": "web-0 is Failed: it is replaced once it is gone"}
    assert [line for line in told(engine) if "Delete" in line] == ["Normal/SuccessfulDelete: Delete Pod web-0 in StatefulSet web successful"]


def test_STS_55_an_error_on_delete_is_retried(monkeypatch):
    engine = stage()                                                                    # T-9
    apply(engine, [statefulset(claims=False)])
    engine.drain()
    become(engine, "web-0", "Failed")
    refusing = refuse(engine, monkeypatch, "delete", "Pod", "down")
    assert not [w for w in sync(engine) if " Pod " in w]
    assert told(engine)[-1] == "Warning/FailedDelete: Delete Pod web-0 in StatefulSet web failed error: down"
    refusing.clear()
    play(engine)
    engine.run(1000)
    play(engine)
    assert status(engine) == "rs3 rd3 av3 cu3 up3"


@MODES
def test_STS_61_lost_pods_come_back(mode):
    engine = running(stage(), statefulset(5, podManagementPolicy=mode))                 # T-6
    for i in (0, 2, 4):
        delete(engine, f"web-{i}", grace=0)
    play(engine)
    assert pods(engine) == [f"web-{i}" for i in range(5)] and status(engine) == "rs5 rd5 av5 cu5 up5"


def test_STS_61_a_low_ordinal_comes_back_although_a_higher_one_is_not_ready():
    engine = running(stage(), statefulset(2))                                           # T-94
    become(engine, "web-1", ready=False)
    delete(engine, "web-0", grace=0)
    engine.drain()
    assert pods(engine) == ["web-0", "web-1"]


def test_STS_78_nothing_is_created_for_a_set_that_goes():
    engine = stage()
    sts = statefulset()
    sts["metadata"]["finalizers"] = ["example.com/hold"]
    apply(engine, [sts])
    delete(engine, "web", "StatefulSet")
    engine.drain()
    assert pods(engine) == [] and list(waits(engine)) == ["STS-104"]
    assert get(engine, "StatefulSet", "web")["status"]["observedGeneration"] == 2       # STS-17: its status is kept up


def test_STS_110_an_unready_low_ordinal_stops_everything():
    engine = running(stage(), statefulset())
    become(engine, "web-0", ready=False)
    for replicas in (5, 1):
        change(engine, "spec.replicas", replicas)
        new_image(engine, f"nginx:{replicas}")
        engine.drain()
        assert pods(engine) == ["web-0", "web-1", "web-2"] and images(engine) == ["nginx:1.24"] * 3
    become(engine, "web-0")
    play(engine)
    assert pods(engine) == ["web-0"] and images(engine) == ["nginx:1"]


# ---- scaling ----------------------------------------------------------------------------------

@MODES
def test_STS_65_up_and_down(mode):
    engine = running(stage(), statefulset(podManagementPolicy=mode))                    # T-1, T-4, T-5
    assert [at(p, "metadata.labels")["apps.kubernetes.io/pod-index"] for p in engine.world.list("Pod")] == ["0", "1", "2"]
    for replicas in (4, 0, 2):
        change(engine, "spec.replicas", replicas)
        play(engine)
        assert status(engine) == f"rs{replicas} rd{replicas} av{replicas} cu{replicas} up{replicas}"


def test_STS_65_the_highest_goes_first_one_at_a_time():
    engine = running(stage(), statefulset())
    change(engine, "spec.replicas", 0)
    for i in (2, 1, 0):
        assert [w for w in sync(engine) if " Pod " in w] == [f"update Pod web-{i}"]
        engine.drain()
        if i:
            assert waits(engine) == {"STS-63": f"web-{i} is terminating: the next pod is removed once it is gone"}
        gone(engine, f"web-{i}")
    engine.drain()
    assert {"STS-65", "STS-66", "STS-63"} <= because(engine)


def test_STS_65_parallel_removes_all_at_once():
    engine = running(stage(), statefulset(podManagementPolicy="Parallel"))
    change(engine, "spec.replicas", 0)
    assert [w for w in sync(engine) if " Pod " in w] == [f"update Pod web-{i}" for i in (2, 1, 0)]
    engine.drain()
    assert len([line for line in told(engine) if "Delete" in line]) == 3                # STS-63: not deleted again


def test_STS_64_one_unhealthy_condemned_pod_may_go():
    engine = running(stage(), statefulset())
    become(engine, "web-2", ready=False)
    change(engine, "spec.replicas", 1)
    assert "update Pod web-2" in sync(engine)


def test_STS_111_two_unhealthy_condemned_pods_block():
    engine = running(stage(), statefulset())
    for i in (1, 2):
        become(engine, f"web-{i}", ready=False)
    change(engine, "spec.replicas", 1)
    engine.drain()
    assert list(waits(engine)) == ["STS-64"] and waits(engine)["STS-64"].startswith("web-2 is not Ready: its condition Ready is False, and")
    become(engine, "web-1")
    assert "update Pod web-2" in sync(engine)                                           # now it is the only one


def test_STS_62_parallel_does_not_care_about_health():
    engine = stage()                                                                    # T-99
    apply(engine, [statefulset(podManagementPolicy="Parallel")])
    engine.drain()
    change(engine, "spec.replicas", 0)
    play(engine)
    assert pods(engine) == []


def test_STS_16_T_16_a_failed_delete_is_surfaced_and_tried_again(monkeypatch):
    engine = running(stage(), statefulset())
    refusing = refuse(engine, monkeypatch, "delete", "Pod")
    change(engine, "spec.replicas", 0)
    engine.drain()
    assert waits(engine)["CTL-5"] == "no"
    assert get(engine, "StatefulSet", "web")["status"]["observedGeneration"] == 2       # STS-18
    refusing.clear()
    engine.run(1000)
    play(engine)
    assert pods(engine) == []


def test_STS_79_pods_that_terminate_are_neither_deleted_again_nor_counted_out():
    engine = running(stage(), statefulset(5))                                           # T-79
    for i in (3, 4):
        delete(engine, f"web-{i}")
    change(engine, "spec.replicas", 3)
    engine.drain()
    assert status(engine) == "rs5 rd5 av5 cu3 up3" and not [line for line in told(engine) if "Delete" in line]


def test_K_2_parallel_goes_in_growing_batches_and_stops_after_a_failed_one(monkeypatch):
    engine = stage()
    apply(engine, [statefulset(8, claims=False, podManagementPolicy="Parallel")])
    refuse(engine, monkeypatch, "create", "Pod", "quota", only="web-1".__eq__)
    sync(engine)
    assert pods(engine) == ["web-0", "web-2"]
    assert "Warning/FailedCreate: Create Pod web-1 in StatefulSet web failed error: quota" in told(engine)


@pytest.mark.parametrize("before, after_", [(0, 300), (30, 1)])
def test_T_19_many_pods_in_parallel_take_two_syncs(before, after_):
    engine = running(stage(), statefulset(before, claims=False, podManagementPolicy="Parallel"))
    change(engine, "spec.replicas", after_)
    sync(engine)
    assert len([p for p in engine.world.list("Pod") if "deletionTimestamp" not in p["metadata"]]) == after_


# ---- updates ----------------------------------------------------------------------------------

@MODES
@pytest.mark.parametrize("replicas", [3, 5, 1])
def test_STS_67_update_with_scaling(mode, replicas):
    engine = running(stage(), statefulset(podManagementPolicy=mode))                    # T-32, T-33, T-34, T-40
    for image in ("nginx:1.25", "nginx:1.24"):
        change(engine, "spec.replicas", replicas)
        new_image(engine, image)
        play(engine)
        assert images(engine) == [image] * replicas
    found = get(engine, "StatefulSet", "web")["status"]
    assert found["currentRevision"] == found["updateRevision"]


def test_STS_67_first_shrink_then_update():
    engine = running(stage(), statefulset())
    sts = get(engine, "StatefulSet", "web")
    engine.api.update({**sts, "spec": {**sts["spec"], "replicas": 2, "template": template("nginx:2")}})
    engine.drain()
    gone(engine, "web-2")
    position = len(engine.world.log)
    play(engine)
    assert [c.key.name for c in engine.world.log[position:] if c.key.kind == "Pod" and c.verb == "delete"] == ["web-1", "web-0"]


def test_STS_69_on_delete():
    engine = running(stage(), statefulset(updateStrategy={"type": "OnDelete"}))
    a, = revisions(engine)
    new_image(engine, "nginx:2")
    engine.drain()
    assert images(engine) == ["nginx:1.24"] * 3 and list(waits(engine)) == ["STS-69"]   # T-36
    change(engine, "spec.replicas", 5)
    play(engine)
    assert images(engine) == ["nginx:1.24"] * 3 + ["nginx:2"] * 2                       # T-37, STS-44
    for i in range(3):
        delete(engine, f"web-{i}")
    play(engine)
    assert images(engine) == ["nginx:2"] * 5 and status(engine) == "rs5 rd5 av5 cu0 up5"
    assert get(engine, "StatefulSet", "web")["status"]["currentRevision"] == a          # STS-98: never completed


def test_STS_72_a_partition_beyond_all_updates_nothing():
    engine = running(stage(), statefulset(**rolling(partition=3)))                      # T-96
    new_image(engine, "nginx:2")
    play(engine)
    assert images(engine) == ["nginx:1.24"] * 3 and len(revisions(engine)) == 2
    assert waits(engine) == {"STS-72": "web-0 is below the partition 3 and keeps its revision"}
    for partition in (2, 1):
        change(engine, "spec.updateStrategy.rollingUpdate.partition", partition)
        play(engine)
        assert images(engine) == ["nginx:1.24"] * partition + ["nginx:2"] * (3 - partition)
    change(engine, "spec.updateStrategy.rollingUpdate.partition", 3)
    play(engine)
    assert images(engine) == ["nginx:1.24"] + ["nginx:2"] * 2                           # raising it takes nothing back


@MODES
def test_STS_72_partition_and_scale_up(mode):
    engine = running(stage(), statefulset(podManagementPolicy=mode, **rolling(partition=2)))            # T-39
    new_image(engine, "nginx:2")
    change(engine, "spec.replicas", 5)
    play(engine)
    assert images(engine) == ["nginx:1.24"] * 2 + ["nginx:2"] * 3


def test_STS_45_below_the_partition_a_failed_pod_comes_back_at_the_old_revision():
    engine = running(stage(), statefulset(2, **rolling(partition=1)))                   # T-90
    new_image(engine, "nginx:2")
    play(engine)
    become(engine, "web-0", "Failed")
    play(engine)
    assert images(engine) == ["nginx:1.24", "nginx:2"]


def test_STS_73_the_partition_counts_from_the_first_ordinal():
    engine = running(stage(), statefulset(ordinals={"start": 5}, **rolling(partition=1)))
    new_image(engine, "nginx:2")
    play(engine)
    assert pods(engine) == ["web-5", "web-6", "web-7"] and images(engine) == ["nginx:1.24", "nginx:2", "nginx:2"]


def test_STS_45_without_a_rolling_update_block_the_counter_decides():
    engine = running(stage(), statefulset(updateStrategy={"type": "RollingUpdate"}))    # STS-3
    assert "rollingUpdate" not in get(engine, "StatefulSet", "web")["spec"]["updateStrategy"]
    new_image(engine, "nginx:2")
    engine.drain()
    gone(engine, "web-2")
    engine.drain()
    assert images(engine) == ["nginx:1.24", "nginx:1.24", "nginx:2"] and status(engine) == "rs3 rd2 av2 cu2 up1"
    delete(engine, "web-0", grace=0)
    engine.drain()
    assert images(engine)[0] == "nginx:1.24"                                            # 0 < currentReplicas, which was 2
    play(engine)
    assert images(engine) == ["nginx:2"] * 3


def test_STS_109_parallel_heals_a_broken_rollout():
    engine = running(stage(), statefulset(podManagementPolicy="Parallel"))
    new_image(engine, "nginx:bad")
    engine.drain()
    gone(engine, "web-2")
    engine.drain()
    become(engine, "web-2", "Pending")
    engine.drain()
    assert waits(engine) == {"STS-70": "web-2 is not Ready: its phase is Pending: the pods below it are updated once it is available"}
    new_image(engine, "nginx:good")
    play(engine)
    assert images(engine) == ["nginx:good"] * 3                                         # STS-71


def test_STS_97_T_14_the_counter_falls_only_if_the_delete_works(monkeypatch):
    engine = running(stage(), statefulset())
    refusing = refuse(engine, monkeypatch, "delete", "Pod")
    new_image(engine, "nginx:2")
    engine.drain()
    assert status(engine) == "rs3 rd3 av3 cu3 up0" and len(revisions(engine)) == 2
    refusing.clear()
    engine.run(1000)
    assert status(engine) == "rs3 rd3 av3 cu2 up0"


def test_STS_97_the_counter_does_not_fall_below_zero():
    engine = running(stage(), statefulset(1))
    new_image(engine, "nginx:2")
    sync(engine)
    gone(engine, "web-0")
    sync(engine)                                                                        # web-0 at the second revision, none at the first
    become(engine, "web-0", ready=False)
    sync(engine)
    new_image(engine, "nginx:3")
    become(engine, "web-0")
    sync(engine)
    assert status(engine).endswith("cu0 up0")


@MODES
@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(["scale", "image", "kill", "unready"]), st.integers(0, 4)), max_size=6))
def test_T_2_T_3_invariants_after_every_sync(mode, steps):
    engine = stage()
    apply(engine, [statefulset(2, podManagementPolicy=mode)])
    for action, n in steps:
        if action == "scale":
            change(engine, "spec.replicas", n)
        elif action == "image":
            new_image(engine, f"nginx:{n}")
        elif f"web-{n}" in pods(engine):
            (delete if action == "kill" else become)(engine, f"web-{n}", **({"grace": 0} if action == "kill" else {"ready": False}))
        for _ in range(40):
            if not engine.step("statefulset"):
                waiting = [p for p in engine.world.list("Pod") if "deletionTimestamp" in p["metadata"] or p["status"]["phase"] == "Pending"]
                if not waiting:
                    break
                (gone if "deletionTimestamp" in waiting[0]["metadata"] else become)(engine, waiting[0]["metadata"]["name"])
            for pod in engine.world.list("Pod"):
                assert pod["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] == pod["metadata"]["name"]
                assert pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] == f"www-{pod['metadata']['name']}"
                assert get(engine, "PersistentVolumeClaim", f"www-{pod['metadata']['name']}")
    for pod in engine.world.list("Pod"):
        become(engine, pod["metadata"]["name"])
    play(engine)
    wanted = get(engine, "StatefulSet", "web")["spec"]
    assert pods(engine) == [f"web-{i}" for i in range(wanted["replicas"])]
    assert images(engine) == [wanted["template"]["spec"]["containers"][0]["image"]] * wanted["replicas"]


# ---- minReadySeconds --------------------------------------------------------------------------

def test_STS_60_STS_80_the_next_pod_waits_for_availability():
    engine = stage()
    apply(engine, [statefulset(2, minReadySeconds=30)])
    engine.drain()
    engine.run(1000)
    become(engine, "web-0")
    engine.drain()
    assert pods(engine) == ["web-0"] and status(engine) == "rs1 rd1 av0 cu1 up1"
    assert waits(engine) == {"STS-60": "web-0 is Ready, but not yet for 30 s (minReadySeconds)"}
    engine.run(29_999)
    assert pods(engine) == ["web-0"]
    engine.run(1)
    assert pods(engine) == ["web-0", "web-1"] and status(engine) == "rs2 rd1 av1 cu2 up2"


@MODES
def test_STS_79_unavailable_pods_hold_up_an_update(mode):
    engine = running(stage(), statefulset(podManagementPolicy=mode))                    # T-48
    change(engine, "spec.minReadySeconds", 30)
    engine.run(10_000)
    new_image(engine, "nginx:2")
    engine.drain()
    assert status(engine) == ("rs3 rd3 av0 cu3 up0" if mode == "OrderedReady" else "rs3 rd3 av0 cu2 up0")
    engine.run(20_000)
    assert status(engine).startswith("rs3 rd3 av3 cu2 up0")


def test_STS_79_unavailable_pods_hold_up_a_scale_down():
    engine = running(stage(), statefulset(minReadySeconds=30, podManagementPolicy="OrderedReady", replicas=1))
    engine.run(40_000)
    play(engine)
    become(engine, "web-0", since=engine.clock.timestamp(engine.now))
    change(engine, "spec.replicas", 0)
    engine.drain()
    assert "deletionTimestamp" in get(engine, "Pod", "web-0")["metadata"]               # STS-64: it is the only one


def test_STS_80_T_103_raising_and_lowering():
    engine = running(stage(), statefulset(2, minReadySeconds=30, podManagementPolicy="Parallel"))
    assert status(engine) == "rs2 rd2 av0 cu2 up2"
    engine.run(30_000)
    assert status(engine) == "rs2 rd2 av2 cu2 up2"
    change(engine, "spec.minReadySeconds", 3600)
    engine.drain()
    assert status(engine) == "rs2 rd2 av0 cu2 up2"
    change(engine, "spec.minReadySeconds", None)
    engine.drain()
    assert status(engine) == "rs2 rd2 av2 cu2 up2"                                      # T-52


def test_STS_80_the_wait_is_the_smallest_one_that_is_left():
    engine = running(stage(), statefulset(2, minReadySeconds=100, podManagementPolicy="Parallel"))
    engine.run(60_000)
    become(engine, "web-1", ready=False)
    become(engine, "web-1")
    engine.run(40_000)
    assert status(engine) == "rs2 rd2 av1 cu2 up2"                                      # T-87
    engine.run(60_000)
    assert status(engine) == "rs2 rd2 av2 cu2 up2"


# ---- status -----------------------------------------------------------------------------------

def test_STS_94_terminating_pods_count_as_replicas_and_as_ready_only():
    engine = running(stage(), statefulset())
    delete(engine, "web-2")
    engine.drain()
    assert status(engine) == "rs3 rd3 av3 cu2 up2"


def test_STS_94_pods_made_in_a_sync_are_counted_in_the_next():
    engine = stage()
    apply(engine, [statefulset(podManagementPolicy="Parallel")])
    sync(engine)
    assert status(engine) == "rs0 rd0 av0 cu0 up0" and pods(engine) == ["web-0", "web-1", "web-2"]
    sync(engine)
    assert status(engine) == "rs3 rd0 av0 cu3 up3"


def test_STS_94_ready_without_running_does_not_count():
    engine = running(stage(), statefulset(1))
    pod = get(engine, "Pod", "web-0")
    engine.api.update({**pod, "status": {**pod["status"], "phase": "Unknown"}}, subresource="status")
    engine.drain()
    assert status(engine) == "rs1 rd0 av0 cu1 up1"


def test_STS_98_at_zero_any_rollout_is_complete():
    engine = running(stage(), statefulset())
    new_image(engine, "nginx:2")
    engine.drain()
    change(engine, "spec.replicas", 0)
    play(engine)
    found = get(engine, "StatefulSet", "web")["status"]
    assert found["currentRevision"] == found["updateRevision"] == list(revisions(engine))[-1]


def test_STS_98_completion_needs_ready_pods_not_available_ones():
    engine = running(stage(), statefulset(minReadySeconds=0))
    new_image(engine, "nginx:2")
    play(engine)
    change(engine, "spec.minReadySeconds", 3600)
    engine.drain()
    found = get(engine, "StatefulSet", "web")["status"]
    assert found["availableReplicas"] == 0 and found["currentRevision"] == found["updateRevision"]


def test_STS_99_conditions_of_others_are_erased():
    engine = running(stage(), statefulset())
    change(engine, "status.conditions", [{"type": "Mine", "status": "True"}], subresource="status")
    engine.drain()
    assert "conditions" in get(engine, "StatefulSet", "web")["status"]                  # STS-19: nothing else differs
    change(engine, "spec.replicas", 2)
    engine.drain()
    assert "conditions" not in get(engine, "StatefulSet", "web")["status"]


def test_STS_19_T_83_the_status_is_written_onto_what_is_there_now():
    engine = stage(lag=True)
    apply(engine, [statefulset()])
    catch_up(engine)
    change(engine, "spec.replicas", 7)                                                  # unseen
    name = next(key for controller, key in engine.queue if controller == "statefulset")
    engine._sync("statefulset", name)
    found = get(engine, "StatefulSet", "web")
    assert found["spec"]["replicas"] == 7 and found["status"]["observedGeneration"] == 1


def test_STS_18_T_17_a_refused_status_is_tried_again(monkeypatch):
    engine = stage()                                                                    # T-13
    apply(engine, [statefulset()])
    refusing = refuse(engine, monkeypatch, "update", "StatefulSet", "etcd is away", subresource="status")
    engine.step("statefulset")
    assert waits(engine)["CTL-5"] == "etcd is away" and pods(engine) == ["web-0"]
    refusing.clear()
    play(engine)
    assert status(engine) == "rs3 rd3 av3 cu3 up3"


def test_T_88_pods_beyond_a_limit_are_refused_but_the_status_is_written(monkeypatch):
    engine = stage()
    refuse(engine, monkeypatch, "create", "Pod", "exceeded quota", only="web-2".__eq__)
    apply(engine, [statefulset(claims=False)])
    play(engine)
    assert status(engine) == "rs2 rd2 av2 cu2 up2"
    assert "Warning/FailedCreate: Create Pod web-2 in StatefulSet web failed error: exceeded quota" in told(engine)[-1]
    assert waits(engine)["CTL-5"] == "exceeded quota"                                   # STS-115


# ---- ordinals ---------------------------------------------------------------------------------

def test_STS_100_T_91_ordinals_start():
    engine = running(stage(), statefulset(4, ordinals={"start": 4}))
    assert pods(engine) == ["web-4", "web-5", "web-6", "web-7"]
    assert get(engine, "PersistentVolumeClaim", "www-web-7") is not None
    change(engine, "spec.replicas", 1)
    play(engine)
    assert pods(engine) == ["web-4"]


def test_STS_101_shifting_the_window():
    engine = running(stage(), statefulset(2, ordinals={"start": 2}))
    position = len(engine.world.log)
    change(engine, "spec.ordinals.start", 4)
    play(engine)
    moves = [f"{c.verb} {c.key.name}" for c in engine.world.log[position:] if c.key.kind == "Pod" and c.verb in ("create", "delete")]
    assert moves == ["create web-4", "create web-5", "delete web-3", "delete web-2"]
    change(engine, "spec.ordinals", None)
    play(engine)
    assert pods(engine) == ["web-0", "web-1"]                                           # T-109


# ---- size -------------------------------------------------------------------------------------

def test_a_sync_looks_at_the_set_and_not_at_the_cluster():
    engine = running(stage(), statefulset(2, claims=False))
    others = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c{i}"}} for i in range(5)]
    apply(engine, others)
    listed = []
    client = engine.world.list
    engine.world.list = lambda kind, namespace=None: listed.append(kind) or client(kind, namespace)
    change(engine, "spec.replicas", 3)
    engine.drain()
    del engine.world.list
    assert not set(listed) & {"Pod", "ControllerRevision", "PersistentVolumeClaim"}


def test_after_names_nothing_twice():
    engine = running(stage(), statefulset(1))
    assert after(engine, engine.drain) == []


# ---- crashes ----------------------------------------------------------------------------------

@MODES
@pytest.mark.parametrize("writes", [1, 2, 3])
def test_K_6_a_controller_that_dies_after_every_few_writes_gets_there_all_the_same(mode, writes):
    engine = stage()
    retention = {"whenScaled": "Delete", "whenDeleted": "Delete"}
    apply(engine, [statefulset(2, podManagementPolicy=mode, persistentVolumeClaimRetentionPolicy=retention)])
    for wish in (lambda: None, lambda: new_image(engine, "nginx:2"), lambda: change(engine, "spec.replicas", 1)):
        wish()
        for _ in range(60):
            for controller, key in [entry for entry in engine.queue if entry[0] == "statefulset"]:
                engine._sync(controller, key, crash_after=writes)
            for pod in engine.world.list("Pod", "default"):
                if "deletionTimestamp" in pod["metadata"]:
                    gone(engine, pod["metadata"]["name"])
                elif pod["status"]["phase"] == "Pending":
                    become(engine, pod["metadata"]["name"])
    play(engine)
    assert status(engine) == "rs1 rd1 av1 cu1 up1" and images(engine) == ["nginx:2"]
    assert [owners(engine, f"www-web-{i}") for i in (0, 1)] == [["StatefulSet web"], ["Pod web-1"]]
