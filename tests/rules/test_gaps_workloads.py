"""Rules of workloads that no other file holds, most of them what follows from several rules together."""
from __future__ import annotations

import pytest

from kstate.kinds import lookup
from kstate.world import Key, get, put, uid
from tests.helpers import apply, because, cluster_engine
from tests.rules.running import annotate, cluster, node_key
from tests.rules.seen import pods, revisions, status, sync, waits
from tests.rules.stage import become, change, delete, deployment, gone, new_image, play, running, stage, statefulset, template

WEB = Key("StatefulSet", "default", "web")


def found(engine, name: str, kind: str = "Pod"):
    return engine.world.find(Key(kind, "default", name))


# ---- what this engine adds ----------------------------------------------------------------------

def test_K_1_claims_come_in_the_order_of_their_templates():
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    engine = stage()
    apply(engine, [statefulset(replicas=1, volumeClaimTemplates=[{"metadata": {"name": n}, "spec": spec} for n in ("zeta", "alpha", "mid")])])
    engine.drain()
    made = [c.key.name for c in engine.world.log if c.key.kind == "PersistentVolumeClaim" and c.verb == "create"]
    assert made == ["zeta-web-0", "alpha-web-0", "mid-web-0"]
    assert [v["name"] for v in found(engine, "web-0")["spec"]["volumes"]][:3] == ["zeta", "alpha", "mid"]


def test_K_3_K_5_names_and_uids_are_drawn_by_the_seed():
    def drawn(seed: int) -> list[tuple[str, str]]:
        engine = cluster_engine(nodes=1, seed=seed)
        apply(engine, [deployment(2)])
        engine.settle()
        return [(p["metadata"]["name"], uid(p)) for p in engine.world.list("Pod")]
    assert drawn(1) == drawn(1) and not set(drawn(1)) & set(drawn(2))
    for name, number in drawn(1):
        assert len(name.rpartition("-")[2]) == 5 and not set(name.rpartition("-")[2]) & set("aeiou013")
        assert number[14] == "4" and [len(part) for part in number.split("-")] == [8, 4, 4, 4, 12]


def test_K_4_a_template_has_one_hash_wherever_it_stands():
    def hash_of(engine) -> str:
        return engine.world.list("ReplicaSet", "default")[-1]["metadata"]["labels"]["pod-template-hash"]
    one, other = stage(), stage()
    apply(one, [deployment(1)])
    apply(other, [{**deployment(4), "metadata": {"name": "another"}}])
    one.drain(), other.drain()
    assert hash_of(one) == hash_of(other)
    first = hash_of(one)
    new_image(one, "nginx:9", "Deployment", "front")
    one.drain()
    labels = {rs["metadata"]["labels"]["pod-template-hash"] for rs in one.world.list("ReplicaSet", "default")}
    assert len(labels) == 2 and first in labels


# ---- the kind -----------------------------------------------------------------------------------

def test_STS_1_STS_102_names_subresources_and_scale():
    kind = lookup("sts")
    assert (kind.kind, kind.api_version, kind.plural, kind.subresources, kind.categories) == (
        "StatefulSet", "apps/v1", "statefulsets", ("scale", "status"), ("all",))
    from tests.wire.asking import APPS, Server
    server = Server(running(stage(), statefulset(2)))
    scale = server.get(f"{APPS}/statefulsets/web/scale")
    assert (scale["kind"], scale["spec"], scale["status"]) == ("Scale", {"replicas": 2}, {"replicas": 2, "selector": "app=nginx"})
    assert scale["metadata"]["uid"] == uid(found(server.engine, "web", "StatefulSet"))
    before = found(server.engine, "web", "StatefulSet")
    server.ok("PATCH", f"{APPS}/statefulsets/web/scale", {"spec": {"replicas": 5}}, media="application/merge-patch+json")
    after = found(server.engine, "web", "StatefulSet")
    assert after["spec"] == put(before, "spec.replicas", 5)["spec"] and after["metadata"]["generation"] == before["metadata"]["generation"] + 1
    server.engine.api.update(put(after, "status.replicas", 2), subresource="status")
    assert found(server.engine, "web", "StatefulSet")["metadata"]["generation"] == after["metadata"]["generation"]      # the status does not count


# ---- pods, one by one ---------------------------------------------------------------------------

def test_STS_20_a_deletion_leaves_the_pod_its_own_grace_period():
    engine = running(stage(), statefulset(2, template=template(terminationGracePeriodSeconds=77)))
    change(engine, "spec.replicas", 1)
    sync(engine)
    assert found(engine, "web-1")["metadata"]["deletionGracePeriodSeconds"] == 77 and "finalizers" not in found(engine, "web-1")["metadata"]


@pytest.mark.parametrize(("partition", "wanted"), [(0, "new"), (1, "old")])
def test_STS_33_an_empty_slot_gets_a_pod_of_the_revision_that_its_place_has(partition, wanted):
    engine = running(stage(), statefulset(2, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}))
    old = found(engine, "web-0")["metadata"]["labels"]["controller-revision-hash"]
    new_image(engine, "nginx:9")
    delete(engine, "web-0")
    gone(engine, "web-0")
    sync(engine)
    made = found(engine, "web-0")
    assert made["status"]["phase"] == "Pending"
    assert (made["metadata"]["labels"]["controller-revision-hash"] == old) == (wanted == "old")
    assert made["metadata"]["labels"]["controller-revision-hash"] in revisions(engine)


def test_STS_34_condemned_pods_lie_on_both_sides_and_go_from_the_highest_down():
    engine = running(stage(), statefulset(4, podManagementPolicy="Parallel"))
    change(engine, "spec.ordinals", {"start": 1})
    change(engine, "spec.replicas", 2)
    sync(engine)
    asked = [c.key.name for c in engine.world.log if c.key.kind == "Pod" and c.new is not None and c.because == "STS-65"]
    assert asked == ["web-3", "web-0"]


def test_STS_35_of_unavailable_pods_the_lowest_slot_comes_first():
    engine = running(stage(), statefulset(4))
    for name in ("web-2", "web-3"):
        become(engine, name, ready=False)
    change(engine, "spec.replicas", 2)
    assert sync(engine) == ["status StatefulSet web"]                                   # web-3 is not the lowest that is unavailable
    assert waits(engine)["STS-64"].startswith("web-3 is not Ready")
    become(engine, "web-2")
    assert "update Pod web-3" in sync(engine)                                           # now it is


def test_STS_57_a_pending_pod_gets_its_claims_before_anything_else():
    engine = stage()
    apply(engine, [statefulset(2)])
    engine.drain()
    change(engine, "metadata.finalizers", None, "PersistentVolumeClaim", "www-web-0")
    delete(engine, "www-web-0", "PersistentVolumeClaim")
    change(engine, "metadata.labels", {"app": "nginx", "x": "y"}, "Pod", "web-0")       # wakes the set, and is to be repaired, too
    wrote = sync(engine)
    assert wrote[0] == "create PersistentVolumeClaim www-web-0" and "STS-53" in because(engine)
    assert pods(engine) == ["web-0"]                                                    # and OrderedReady still waits for it


# ---- known behaviour of the whole ---------------------------------------------------------------

def test_STS_77_a_rollout_asks_no_budget_and_makes_no_extra_pod():
    engine = running(stage(), statefulset(3))
    apply(engine, [{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "all"}, "spec": {
        "minAvailable": 3, "selector": {"matchLabels": {"app": "nginx"}}}}])
    most, position = 0, len(engine.world.log)
    new_image(engine, "nginx:9")
    play(engine)
    alive = set(pods(engine))
    for c in engine.world.log[position:]:
        if c.key.kind == "Pod":
            alive = alive - {c.key.name} if c.new is None else alive | {c.key.name}
            most = max(most, len(alive))
    assert most == 3 and {p["spec"]["containers"][0]["image"] for p in engine.world.list("Pod", "default")} == {"nginx:9"}
    assert "conditions" not in found(engine, "web", "StatefulSet")["status"]            # nor does it say how it goes
    new_image(engine, "broken")
    sync(engine), gone(engine, "web-2"), sync(engine)
    engine.run(3_600_000)                                                               # no deadline, and nothing rolls back
    assert found(engine, "web", "StatefulSet")["spec"]["template"]["spec"]["containers"][0]["image"] == "broken"
    assert pods(engine) == ["web-0", "web-1", "web-2"]


def test_STS_103_STS_107_only_scaling_to_zero_ends_pods_in_order():
    def ends(*acts) -> list[str]:
        engine = cluster(statefulset(3, claims=False, template=template(terminationGracePeriodSeconds=1)))
        position = len(engine.world.log)
        for act in acts:
            act(engine)
            engine.settle()
        assert pods(engine) == []
        ended = [c for c in engine.world.log[position:] if c.key.kind == "Pod" and c.old is not None and (
            c.new is None or "deletionTimestamp" in c.new["metadata"] and "deletionTimestamp" not in c.old["metadata"])]
        return [f"{c.key.name} {'gone' if c.new is None else 'asked'}" for c in ended]
    in_order = ends(lambda e: change(e, "spec.replicas", 0), lambda e: delete(e, "web", "StatefulSet"))
    assert in_order == [f"web-{i} {word}" for i in (2, 1, 0) for word in ("asked", "gone")]
    together = ends(lambda e: delete(e, "web", "StatefulSet"))
    assert [line.split()[1] for line in together] == ["asked"] * 3 + ["gone"] * 3


def test_STS_112_a_pod_on_a_dead_node_has_no_successor():
    engine = cluster(statefulset(1, claims=False))
    home = found(engine, "web-0")["spec"]["nodeName"]
    annotate(engine, node_key(int(home[-1])), "NotReady")
    engine.settle()
    assert "deletionTimestamp" in found(engine, "web-0")["metadata"] and pods(engine) == ["web-0"]
    engine.run(3_600_000)
    assert pods(engine) == ["web-0"] and found(engine, "web-0")["spec"]["nodeName"] == home
    annotate(engine, node_key(int(home[-1])), None)
    engine.settle()
    assert "deletionTimestamp" not in found(engine, "web-0")["metadata"] and found(engine, "web-0")["status"]["phase"] == "Running"


def test_STS_116_with_a_partition_a_rollout_looks_finished():
    from kstate.cluster import Cluster
    from kstate.kubectl import kubectl
    cluster = Cluster()
    cluster.apply([statefulset(3, claims=False, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}})])
    cluster.settle()
    kubectl(cluster, "set image sts/web nginx=nginx:9")
    assert kubectl(cluster, "rollout status sts/web").stdout.splitlines()[-1] == "partitioned roll out complete: 1 new pods have been updated..."
    told = cluster.get("sts", "web")["status"]
    assert told["currentRevision"] != told["updateRevision"] and (told["currentReplicas"], told["updatedReplicas"]) == (2, 1)


def test_DEP_16_a_set_and_a_deployment_side_by_side():
    engine = cluster(statefulset(2), deployment(2), {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "nginx"}, "spec": {
        "clusterIP": "None", "selector": {"app": "nginx"}}}, *({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"v{n}"}, "spec": {
            "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "nfs": {"server": "nas", "path": f"/{n}"}}} for n in (1, 2)))
    ours = {p["metadata"]["name"]: p for p in engine.world.list("Pod")}
    front = [name for name in ours if name.startswith("front")]
    assert sorted(set(ours) - set(front)) == ["web-0", "web-1"]                         # stable names, own claims, a host name
    assert [get(ours[f"web-{i}"], "spec.volumes")[0]["persistentVolumeClaim"]["claimName"] for i in (0, 1)] == ["www-web-0", "www-web-1"]
    assert ours["web-0"]["spec"]["hostname"] == "web-0" and "hostname" not in ours[front[0]]["spec"]
    began = {name: p["status"]["startTime"] for name, p in ours.items()}
    assert began["web-0"] < began["web-1"] and len({began[name] for name in front}) == 1        # one after the other, or at once
    for name, kind in (("web", "StatefulSet"), ("front", "Deployment")):
        new_image(engine, "nginx:9", kind, name)
    position, most = len(engine.world.log), {"web": 2, "fro": 2}
    engine.settle()
    alive = {name: None for name in ours}
    for c in engine.world.log[position:]:
        if c.key.kind == "Pod" and c.verb != "wait":
            alive.pop(c.key.name, None) if c.new is None else alive.update({c.key.name: None})
            most = {prefix: max(n, sum(name.startswith(prefix) for name in alive)) for prefix, n in most.items()}
    assert most["web"] == 2 and most["fro"] > 2                                         # no surge, or one more for a while
    assert {p["spec"]["containers"][0]["image"] for p in engine.world.list("Pod")} == {"nginx:9"}
    annotate(engine, node_key(int(found(engine, "web-1")["spec"]["nodeName"][-1])), "NotReady")
    lost = [p["metadata"]["name"] for p in engine.world.list("Pod") if p["spec"]["nodeName"] == found(engine, "web-1")["spec"]["nodeName"]]
    engine.settle()
    assert "web-1" in lost and status(engine).startswith("rs2")                         # the set keeps its place for the pod that nobody can reach
    ready = [p for p in engine.world.list("Pod") if p["metadata"]["name"].startswith("front") and "deletionTimestamp" not in p["metadata"]]
    assert len(ready) == 2                                                              # the Deployment has another one
