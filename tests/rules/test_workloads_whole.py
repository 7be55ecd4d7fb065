"""Workloads in a whole cluster, with scheduler, kubelets and garbage collector: stories as a real control plane told them."""
from __future__ import annotations

import pytest

from kstate.world import Key
from tests.helpers import EXAMPLE, apply, cluster_engine, get
from tests.rules.seen import images, owners, pods, status, told
from tests.rules.stage import change, deployment, new_image, retention, statefulset

CLASS = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fast"}, "provisioner": "kubernetes.io/host-path"}


def with_claims(replicas: int, **spec) -> dict:
    sts = statefulset(replicas, **spec)
    sts["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] = "fast"
    return sts


def cluster(*manifests):
    engine = cluster_engine()
    apply(engine, [CLASS, *manifests])
    engine.settle()
    return engine


def is_ready(pod) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ()))


def story(engine, action) -> list[str]:
    """What became of pods: created, ready, terminating, gone."""
    position = len(engine.world.log)
    action()
    engine.settle()
    lines = []
    for c in engine.world.log[position:]:
        if c.key.kind == "Pod" and c.verb != "wait":
            before = c.old["metadata"] if c.old else {}
            word = ("created" if c.old is None else "gone" if c.new is None
                    else "terminating" if "deletionTimestamp" in c.new["metadata"] and "deletionTimestamp" not in before
                    else "ready" if is_ready(c.new) and not is_ready(c.old) else "")
            lines += [f"{c.key.name} {word}"] if word else []
    return lines


def scale(engine, replicas: int) -> None:
    change(engine, "spec.replicas", replicas)


def remove(engine, kind: str, name: str, **options) -> None:
    engine.api.delete(Key(kind, "default", name), **options)


def claims(engine) -> list[str]:
    return [c["metadata"]["name"] for c in engine.world.list("PersistentVolumeClaim", "default")]


def up(*ordinals) -> list[str]:
    return [f"web-{i} {word}" for i in ordinals for word in ("created", "ready")]


def down(*ordinals) -> list[str]:
    return [f"web-{i} {word}" for i in ordinals for word in ("terminating", "gone")]


def replaced(*ordinals) -> list[str]:
    return [line for i in ordinals for line in down(i) + up(i)]


# ---- StatefulSets -----------------------------------------------------------------------------

def test_STS_59_STS_65_scaling_up_and_down_in_order():
    engine = cluster()
    assert story(engine, lambda: apply(engine, [with_claims(1)])) == up(0)
    assert story(engine, lambda: scale(engine, 4)) == up(1, 2, 3)
    assert story(engine, lambda: scale(engine, 0)) == down(3, 2, 1, 0)
    assert get(engine, "StatefulSet", "web")["status"].keys() == {
        "observedGeneration", "replicas", "availableReplicas", "currentRevision", "updateRevision", "collisionCount"}
    assert story(engine, lambda: scale(engine, 2)) == up(0, 1)
    assert claims(engine) == [f"www-web-{i}" for i in range(4)]


def test_STS_70_STS_72_a_canary_then_all():
    engine = cluster(statefulset(3, claims=False, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}))
    assert story(engine, lambda: new_image(engine, "nginx:1.25")) == replaced(2)
    assert story(engine, lambda: remove(engine, "Pod", "web-0")) == replaced(0)
    assert images(engine) == ["nginx:1.24", "nginx:1.24", "nginx:1.25"] and status(engine) == "rs3 rd3 av3 cu2 up1"
    assert story(engine, lambda: change(engine, "spec.updateStrategy.rollingUpdate.partition", 0)) == replaced(1, 0)
    assert story(engine, lambda: new_image(engine, "nginx:1.24")) == replaced(2, 1, 0)          # an undo
    assert status(engine) == "rs3 rd3 av3 cu3 up3"


def test_STS_108_a_broken_image_until_somebody_deletes_the_pod():
    engine = cluster(statefulset(3, claims=False))
    change(engine, "spec.template.metadata.annotations", {"kstate.dev/fault": "ImagePullBackOff"})
    engine.settle()
    change(engine, "spec.template.metadata.annotations", None)
    assert story(engine, lambda: None) == [] and status(engine) == "rs3 rd2 av2 cu2 up2"
    assert engine.waits(Key("StatefulSet", "default", "web"))[0].text == "web-2 is not Ready: its phase is Pending"
    assert story(engine, lambda: remove(engine, "Pod", "web-2")) == replaced(2)
    assert status(engine) == "rs3 rd3 av3 cu3 up3"


@pytest.mark.parametrize("mode, first", [("OrderedReady", ["web-0 created"]), ("Parallel", ["web-0 created", "web-1 created", "web-2 created"])])
def test_STS_110_T_98_T_99_pods_that_never_become_ready(mode, first):
    sts = statefulset(3, claims=False, podManagementPolicy=mode)
    sts["spec"]["template"]["metadata"]["annotations"] = {"kstate.dev/fault": "NotReady"}
    engine = cluster()
    assert story(engine, lambda: apply(engine, [sts])) == first


def test_STS_85_STS_104_whenDeleted():
    engine = cluster(with_claims(2, persistentVolumeClaimRetentionPolicy=retention(deleted="Delete")))
    assert [owners(engine, name) for name in claims(engine)] == [["StatefulSet web"]] * 2
    scale(engine, 1)
    engine.settle()
    assert claims(engine) == ["www-web-0", "www-web-1"]
    remove(engine, "StatefulSet", "web")
    engine.settle()
    assert claims(engine) == [] and pods(engine) == [] and engine.world.list("PersistentVolume") == []


def test_STS_85_T_105_whenScaled():
    engine = cluster(with_claims(3, persistentVolumeClaimRetentionPolicy=retention(scaled="Delete")))
    assert story(engine, lambda: scale(engine, 1)) == down(2, 1)
    assert claims(engine) == ["www-web-0"]
    assert story(engine, lambda: scale(engine, 3)) == up(1, 2)
    remove(engine, "StatefulSet", "web")
    engine.settle()
    assert claims(engine) == [f"www-web-{i}" for i in range(3)]         # STS-106


def test_STS_103_a_deleted_set_takes_its_pods_all_together():
    engine = cluster(statefulset(3, claims=False))
    events = told(engine)
    lines = story(engine, lambda: remove(engine, "StatefulSet", "web"))
    assert sorted(lines[:3]) == [f"web-{i} terminating" for i in range(3)] and len(lines) == 6
    assert told(engine) == events and engine.world.list("ControllerRevision") == []


def test_STS_104_foreground():
    engine = cluster(statefulset(2, claims=False))
    remove(engine, "StatefulSet", "web", propagation="Foreground")
    engine.drain()
    assert get(engine, "StatefulSet", "web")["status"]["observedGeneration"] == 2
    engine.settle()
    assert get(engine, "StatefulSet", "web") is None and pods(engine) == []


def test_STS_105_STS_93_orphan_and_adopt():
    engine = cluster(statefulset(3, claims=False))
    known = [p["metadata"]["uid"] for p in engine.world.list("Pod")]
    assert story(engine, lambda: remove(engine, "StatefulSet", "web", propagation="Orphan")) == []
    assert story(engine, lambda: remove(engine, "Pod", "web-0")) == down(0)
    assert story(engine, lambda: apply(engine, [statefulset(3, claims=False)])) == up(0)
    assert [p["metadata"]["uid"] for p in engine.world.list("Pod")][1:] == known[1:]
    assert len(engine.world.list("ControllerRevision")) == 1 and status(engine) == "rs3 rd3 av3 cu3 up3"


def test_the_example_becomes_ready_and_the_same_again():
    ends = []
    for _ in range(2):
        engine = cluster_engine()
        apply(engine, EXAMPLE)
        engine.settle()
        ends.append(engine.world.log)
    assert status(engine) == "rs3 rd3 av3 cu3 up3" and ends[0] == ends[1]


# ---- Deployments ------------------------------------------------------------------------------

def test_DEP_7_a_rolling_update_and_its_undo():
    engine = cluster(deployment(3))
    assert len(pods(engine)) == 3
    change(engine, "spec.replicas", 2, "Deployment", "front")
    engine.settle()
    for image in ("nginx:1.25", "nginx:1.24"):
        lines = story(engine, lambda: new_image(engine, image, "Deployment", "front"))      # noqa: B023
        assert [line.split()[1] for line in lines if "gone" not in line] == ["created", "ready", "terminating"] * 2
        assert images(engine) == [image] * 2
    assert [line.rpartition(" from ")[2] for line in told(engine, "Deployment", "front")] == [
        "0 to 3", "3 to 2", "0 to 1", "2 to 1", "1 to 2", "1 to 0", "0 to 1", "2 to 1", "1 to 2", "1 to 0"]
    remove(engine, "Deployment", "front")
    engine.settle()
    assert pods(engine) == [] and engine.world.list("ReplicaSet") == []


def test_DEP_9_recreate():
    engine = cluster(deployment(2, strategy={"type": "Recreate"}))
    lines = story(engine, lambda: new_image(engine, "nginx:1.25", "Deployment", "front"))
    assert [line.split()[1] for line in lines] == ["terminating"] * 2 + ["gone"] * 2 + ["created"] * 2 + ["ready"] * 2
