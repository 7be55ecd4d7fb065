"""The five worked traces of a StatefulSet: each sync, its writes in order, its status."""
from __future__ import annotations

from kstate.world import Key
from tests.helpers import apply, get
from tests.rules.seen import images, owners, revisions, status, sync, told
from tests.rules.stage import become, change, delete, gone, new_image, play, retention, running, stage, statefulset

NOTHING = []


def wrote(engine) -> tuple[list[str], str]:
    """One sync: the writes before the status, and the status if it was written."""
    writes = sync(engine)
    written = "status StatefulSet web" in writes
    return [w for w in writes if w != "status StatefulSet web"], status(engine) if written else ""


def idle(engine) -> bool:
    """A further sync, if one is due, writes nothing."""
    return not sync(engine)


def named(engine) -> tuple[str, str]:
    found = get(engine, "StatefulSet", "web")["status"]
    return found["currentRevision"], found["updateRevision"]


def test_STS_17_trace_1_creation():
    engine = stage()
    apply(engine, [statefulset()])
    writes, counters = wrote(engine)
    a, = revisions(engine)
    assert writes == [f"create ControllerRevision {a}", "create PersistentVolumeClaim www-web-0", "create Pod web-0"]
    assert counters == "rs0 rd0 av0 cu0 up0"
    assert get(engine, "StatefulSet", "web")["status"] == {
        "observedGeneration": 1, "replicas": 0, "availableReplicas": 0, "currentRevision": a, "updateRevision": a, "collisionCount": 0}
    assert wrote(engine) == (NOTHING, "rs1 rd0 av0 cu1 up1")
    become(engine, "web-0", "Running", ready=False)
    assert idle(engine)
    become(engine, "web-0")
    assert wrote(engine) == (["create PersistentVolumeClaim www-web-1", "create Pod web-1"], "rs1 rd1 av1 cu1 up1")
    assert wrote(engine) == (NOTHING, "rs2 rd1 av1 cu2 up2")
    become(engine, "web-1")
    assert wrote(engine) == (["create PersistentVolumeClaim www-web-2", "create Pod web-2"], "rs2 rd2 av2 cu2 up2")
    assert wrote(engine) == (NOTHING, "rs3 rd2 av2 cu3 up3")
    become(engine, "web-2")
    assert wrote(engine) == (NOTHING, "rs3 rd3 av3 cu3 up3")
    assert idle(engine) and named(engine) == (a, a)
    assert told(engine) == [line for i in range(3) for line in (
        f"Normal/SuccessfulCreate: Create Claim www-web-{i} Pod web-{i} in StatefulSet web success",
        f"Normal/SuccessfulCreate: Create Pod web-{i} in StatefulSet web successful")]


def test_STS_70_trace_2_image_change_all_healthy():
    engine = running(stage(), statefulset())
    a, = revisions(engine)
    new_image(engine, "nginx:1.25")
    writes, counters = wrote(engine)
    b = list(revisions(engine))[-1]
    assert writes == [f"create ControllerRevision {b}", "update Pod web-2"] and counters == "rs3 rd3 av3 cu2 up0"
    assert "deletionTimestamp" in get(engine, "Pod", "web-2")["metadata"]
    assert get(engine, "StatefulSet", "web")["status"]["observedGeneration"] == 2 and named(engine) == (a, b)
    assert idle(engine)
    for pod, now, after, healed in (("web-2", "rs2 rd2 av2 cu2 up0", "rs3 rd2 av2 cu2 up1", "rs3 rd3 av3 cu1 up1"),
                                    ("web-1", "rs2 rd2 av2 cu1 up1", "rs3 rd2 av2 cu1 up2", "rs3 rd3 av3 cu0 up2")):
        gone(engine, pod)
        assert wrote(engine) == ([f"create Pod {pod}"], now)
        assert wrote(engine) == (NOTHING, after)
        become(engine, pod)
        below = f"web-{int(pod[-1]) - 1}"
        assert wrote(engine) == ([f"update Pod {below}"], healed)
        assert idle(engine)
    gone(engine, "web-0")
    assert wrote(engine) == (["create Pod web-0"], "rs2 rd2 av2 cu0 up2")
    become(engine, "web-0")
    assert wrote(engine) == (NOTHING, "rs3 rd3 av3 cu3 up3") and named(engine) == (b, b)
    assert [line for line in told(engine) if "Delete" in line] == [
        f"Normal/SuccessfulDelete: Delete Pod web-{i} in StatefulSet web successful" for i in (2, 1, 0)]
    assert not any("Claim" in line for line in told(engine)[6:])


def broken(engine) -> None:
    """Bring the update to the point where web-2 has a bad image and is not ready."""
    new_image(engine, "nginx:nonsense")
    engine.drain()
    gone(engine, "web-2")
    engine.drain()
    become(engine, "web-2", "Pending")


def test_STS_108_trace_3_bad_image_then_fix():
    engine = running(stage(), statefulset())
    a, = revisions(engine)
    broken(engine)
    assert wrote(engine) == (NOTHING, "")
    new_image(engine, "nginx:1.25")
    writes, _ = wrote(engine)
    c = list(revisions(engine))[-1]
    assert writes == [f"create ControllerRevision {c}"] and revisions(engine)[c] == 3 and named(engine) == (a, c)
    assert idle(engine)
    delete(engine, "web-2", grace=0)
    play(engine)
    assert images(engine) == ["nginx:1.25"] * 3 and named(engine) == (c, c)


def test_STS_78_trace_3_bad_image_then_undo():
    engine = running(stage(), statefulset())
    a, = revisions(engine)
    broken(engine)
    untouched = [get(engine, "Pod", f"web-{i}")["metadata"]["uid"] for i in (0, 1)]
    new_image(engine, "nginx:1.24")
    writes, _ = wrote(engine)
    assert writes == [f"update ControllerRevision {a}"] and revisions(engine)[a] == 3 and named(engine) == (a, a)
    assert idle(engine)
    delete(engine, "web-2", grace=0)
    play(engine)
    assert images(engine) == ["nginx:1.24"] * 3 and named(engine) == (a, a)
    assert [get(engine, "Pod", f"web-{i}")["metadata"]["uid"] for i in (0, 1)] == untouched


def test_STS_84_trace_4_scale_down_with_delete():
    engine = running(stage(), statefulset(persistentVolumeClaimRetentionPolicy=retention(scaled="Delete")))
    change(engine, "spec.replicas", 1)
    writes, _ = wrote(engine)
    assert writes == ["update PersistentVolumeClaim www-web-2", "update PersistentVolumeClaim www-web-1", "update Pod web-2"]
    assert [owners(engine, f"www-web-{i}") for i in range(3)] == [[], ["Pod web-1"], ["Pod web-2"]]
    assert wrote(engine) == (NOTHING, "rs3 rd3 av3 cu2 up2")
    gone(engine, "web-2")
    assert wrote(engine)[0] == ["update Pod web-1"]
    gone(engine, "web-1")
    assert wrote(engine) == (NOTHING, "rs1 rd1 av1 cu1 up1")
    assert owners(engine, "www-web-0") == []


def test_STS_72_trace_5_partition():
    engine = running(stage(), statefulset(updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}))
    a, = revisions(engine)
    new_image(engine, "nginx:1.25")
    play(engine)
    b = list(revisions(engine))[-1]
    assert images(engine) == ["nginx:1.24", "nginx:1.24", "nginx:1.25"]
    assert status(engine) == "rs3 rd3 av3 cu2 up1" and named(engine) == (a, b)
    delete(engine, "web-0")
    play(engine)
    assert images(engine) == ["nginx:1.24", "nginx:1.24", "nginx:1.25"]
    delete(engine, "web-2")
    play(engine)
    assert images(engine) == ["nginx:1.24", "nginx:1.24", "nginx:1.25"]
    change(engine, "spec.updateStrategy.rollingUpdate.partition", 0)
    position = len(engine.world.log)
    play(engine)
    deleted = [c.key.name for c in engine.world.log[position:] if c.key.kind == "Pod" and c.verb == "delete"]
    assert deleted == ["web-1", "web-0"] and images(engine) == ["nginx:1.25"] * 3
    assert status(engine) == "rs3 rd3 av3 cu3 up3" and named(engine) == (b, b)
    assert engine.world.find(Key("ControllerRevision", "default", a)) is not None
