"""Claims of a StatefulSet: made before the pod, kept after it, given to owners by the retention policy (STS-46 to STS-54, STS-81 to STS-90)."""
from __future__ import annotations

import pytest

from kstate.workloads import claims as c
from kstate.world import Key
from tests.helpers import apply, because, get
from tests.rules.seen import owners, pods, status, sync, told, waits
from tests.rules.stage import become, catch_up, change, delete, gone, play, refuse, retention, running, stage, statefulset, template

CONFLICT = ("Warning/ConflictingController: PersistentVolumeClaim www-web-0 has a conflicting OwnerReference that acts as a manging controller, "
            "the retention policy is ignored for this claim")
OTHER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "other", "uid": "other-uid"}
POLICIES = [(scaled, deleted) for scaled in ("Retain", "Delete") for deleted in ("Retain", "Delete")]


def with_policy(scaled: str, deleted: str, replicas: int = 3, **spec) -> dict:
    return statefulset(replicas, persistentVolumeClaimRetentionPolicy=retention(scaled, deleted), **spec)


def claim(name: str = "www-web-0", finalizers: list | None = None, refs: list | None = None) -> dict:
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "finalizers": finalizers or [], "ownerReferences": refs or []},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "9Gi"}}}}


def claims(engine) -> list[str]:
    return [found["metadata"]["name"] for found in engine.world.list("PersistentVolumeClaim", "default")]


def own(engine, refs: list, name: str = "www-web-0") -> None:
    change(engine, "metadata.ownerReferences", refs, "PersistentVolumeClaim", name)


def collect(engine, name: str) -> None:
    """The garbage collector and the protection controller have done their work on a claim."""
    delete(engine, name, "PersistentVolumeClaim")
    change(engine, "metadata.finalizers", None, "PersistentVolumeClaim", name)


# ---- creation ---------------------------------------------------------------------------------

def test_STS_46_STS_48_claim_objects():
    sts = statefulset(selector={"matchLabels": {"app": "nginx", "tier": "db"}, "matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]})
    sts["spec"]["template"]["metadata"]["labels"] |= {"tier": "db", "pod": "only"}
    sts["spec"]["volumeClaimTemplates"][0]["metadata"].update(labels={"app": "mine", "own": "label"}, annotations={"keep": "me"})
    engine = stage()
    apply(engine, [sts])
    engine.drain()
    found = get(engine, "PersistentVolumeClaim", "www-web-0")
    assert found["metadata"]["labels"] == {"app": "nginx", "tier": "db", "own": "label"}                # T-82
    assert found["metadata"]["annotations"] == {"keep": "me"} and "ownerReferences" not in found["metadata"]
    assert found["spec"]["resources"] == {"requests": {"storage": "1Gi"}}


def test_STS_48_labels_without_template_labels():
    sts = {"metadata": {"name": "web", "namespace": "n"}, "spec": {"selector": {"matchLabels": {"a": "b"}}}}
    assert c.new_claim(sts, {"metadata": {"name": "www"}, "spec": {}}, 4) == {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": {}, "metadata": {"name": "www-web-4", "namespace": "n", "labels": {"a": "b"}}}


def test_STS_47_volumes_in_the_order_of_the_templates():
    sts = {"metadata": {"name": "web"}, "spec": {"volumeClaimTemplates": [{"metadata": {"name": "b"}}, {"metadata": {"name": "a"}}]}}
    found = c.volumes(sts, 0, [{"name": "a", "emptyDir": {}}, {"name": "z", "emptyDir": {}}])
    assert [volume["name"] for volume in found] == ["b", "a", "z"] and found[1]["persistentVolumeClaim"] == {"claimName": "a-web-0"}


def test_STS_49_an_existing_claim_is_used_as_it_is():
    engine = stage()
    apply(engine, [claim()])
    before = get(engine, "PersistentVolumeClaim", "www-web-0")
    running(engine, statefulset(1))
    assert get(engine, "PersistentVolumeClaim", "www-web-0") is before
    assert told(engine) == ["Normal/SuccessfulCreate: Create Pod web-0 in StatefulSet web successful"]


def test_STS_49_claims_of_running_pods_are_not_made_again():
    engine = running(stage(), statefulset(1))
    collect(engine, "www-web-0")
    become(engine, "web-0", ready=False)
    engine.drain()
    assert claims(engine) == []


def test_STS_68_claims_stay_when_pods_go():
    engine = running(stage(), statefulset())
    for replicas in (0, 3):
        change(engine, "spec.replicas", replicas)
        play(engine)
    assert claims(engine) == ["www-web-0", "www-web-1", "www-web-2"]
    assert sum("Claim" in line for line in told(engine)) == 3


def test_STS_50_one_claim_and_one_pod_make_two_events():
    engine = stage()                                                                    # T-53
    apply(engine, [statefulset(1)])
    engine.drain()
    assert told(engine) == ["Normal/SuccessfulCreate: Create Claim www-web-0 Pod web-0 in StatefulSet web success",
                            "Normal/SuccessfulCreate: Create Pod web-0 in StatefulSet web successful"]
    assert {"STS-49", "STS-50", "STS-54", "STS-56"} <= because(engine)


def test_STS_51_a_refused_claim_blocks_the_pod(monkeypatch):
    engine = stage()                                                                    # T-55
    refusing = refuse(engine, monkeypatch, "create", "PersistentVolumeClaim", "quota")
    apply(engine, [statefulset(1)])
    sync(engine)
    assert told(engine) == [
        "Warning/FailedCreate: Create Claim www-web-0 for Pod web-0 in StatefulSet web failed error: quota",
        "Warning/FailedCreate: Create Pod web-0 in StatefulSet web failed error: failed to create PVC www-web-0: quota"]
    assert pods(engine) == [] and waits(engine) == {"CTL-5": "failed to create PVC www-web-0: quota"}
    refusing.clear()
    engine.run(1000)
    assert pods(engine) == ["web-0"]


def test_STS_51_all_claims_are_tried(monkeypatch):
    engine = stage()
    sts = statefulset(1)
    first = sts["spec"]["volumeClaimTemplates"][0]
    sts["spec"]["volumeClaimTemplates"] = [{**first, "metadata": {"name": n}} for n in ("a", "b", "c")]
    refuse(engine, monkeypatch, "create", "PersistentVolumeClaim", "quota", only=lambda name: name != "b-web-0")
    apply(engine, [sts])
    sync(engine)
    assert claims(engine) == ["b-web-0"]
    assert told(engine)[-1].endswith("failed error: [failed to create PVC a-web-0: quota, failed to create PVC c-web-0: quota]")


def test_T_58_claim_created_pod_refused(monkeypatch):
    engine = stage()
    refuse(engine, monkeypatch, "create", "Pod", "quota")
    apply(engine, [statefulset(1)])
    sync(engine)
    assert told(engine) == ["Normal/SuccessfulCreate: Create Claim www-web-0 Pod web-0 in StatefulSet web success",
                            "Warning/FailedCreate: Create Pod web-0 in StatefulSet web failed error: quota"]


def test_STS_52_a_claim_that_is_being_deleted_is_waited_for():
    engine = stage()                                                                    # T-56
    apply(engine, [claim(finalizers=["kubernetes.io/pvc-protection"])])
    delete(engine, "www-web-0", "PersistentVolumeClaim")
    apply(engine, [statefulset(1)])
    sync(engine)
    assert told(engine) == ["Warning/FailedCreate: Create Pod web-0 in StatefulSet web failed error: pvc www-web-0 is being deleted"]
    change(engine, "metadata.finalizers", None, "PersistentVolumeClaim", "www-web-0")
    engine.run(1000)
    assert pods(engine) == ["web-0"] and get(engine, "PersistentVolumeClaim", "www-web-0")["spec"]["resources"]["requests"]["storage"] == "1Gi"


def test_STS_52_under_a_pending_pod_it_is_no_event():
    engine = stage()
    apply(engine, [statefulset(1)])
    engine.drain()
    before = told(engine)
    delete(engine, "www-web-0", "PersistentVolumeClaim")
    become(engine, "web-0", "Pending")
    engine.drain()
    assert told(engine) == before and waits(engine) == {"CTL-5": "pvc www-web-0 is being deleted"}


@pytest.mark.parametrize("mode", ["OrderedReady", "Parallel"])
def test_STS_53_the_claim_of_a_pending_pod_is_made_again(mode):
    engine = stage()                                                                    # T-15, T-108
    apply(engine, [statefulset(1, podManagementPolicy=mode)])
    engine.drain()
    collect(engine, "www-web-0")
    engine.drain()
    assert claims(engine) == []                                                         # STS-16: claims trigger nothing
    become(engine, "web-0", "Pending")
    assert sync(engine) == ["create PersistentVolumeClaim www-web-0"]
    assert "STS-53" in because(engine)


def test_STS_54_a_pod_name_that_is_taken_is_passed_over_in_silence():
    engine = stage()                                                                    # T-54
    apply(engine, [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-0"}, "spec": template()["spec"]}, claim(), statefulset(1)])
    engine.drain()
    assert told(engine) == [] and waits(engine) == {"CTL-5": 'pods "web-0" already exists, the server was not able to generate a unique name for the object'}
    delete(engine, "web-0")
    engine.run(1000)
    assert told(engine) == ["Normal/SuccessfulCreate: Create Pod web-0 in StatefulSet web successful"]


def test_STS_42_missing_volumes_are_told_to_be_immutable():
    engine = running(stage(), statefulset(1, claims=False))
    sts = get(engine, "StatefulSet", "web")
    template_ = {**statefulset()["spec"]["volumeClaimTemplates"][0], "apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    key = Key("StatefulSet", "default", "web")
    engine.commit("test", "update", key, sts, {**sts, "spec": {**sts["spec"], "volumeClaimTemplates": [template_]}})    # past validation
    sync(engine)
    assert claims(engine) == ["www-web-0"]
    assert told(engine)[-1].startswith("Warning/FailedUpdate: Update Pod web-0 in StatefulSet web failed error: ")
    assert "pod updates may not change fields other than" in told(engine)[-1]


# ---- the retention policy ---------------------------------------------------------------------

@pytest.mark.parametrize("scaled, deleted", POLICIES)
def test_STS_81_owners_of_claims_in_range_and_of_condemned_pods(scaled, deleted):
    engine = running(stage(), with_policy(scaled, deleted, 2))                          # T-66, T-89
    whole = ["StatefulSet web"] if deleted == "Delete" else []
    assert [owners(engine, name) for name in claims(engine)] == [whole, whole]
    change(engine, "spec.replicas", 1)
    sync(engine)
    assert owners(engine, "www-web-0") == whole
    assert owners(engine, "www-web-1") == (["Pod web-1"] if scaled == "Delete" else whole)
    for name in claims(engine):
        for ref in get(engine, "PersistentVolumeClaim", name)["metadata"].get("ownerReferences", ()):
            owner = get(engine, ref["kind"], ref["name"])
            assert ref == {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": ref["name"], "uid": owner["metadata"]["uid"],
                           "controller": True, "blockOwnerDeletion": True}              # STS-82


def test_STS_83_the_owner_of_a_claim_is_written_without_an_event():
    engine = running(stage(), with_policy("Retain", "Delete", 1))
    assert owners(engine, "www-web-0") == ["StatefulSet web"]
    assert told(engine) == ["Normal/SuccessfulCreate: Create Claim www-web-0 Pod web-0 in StatefulSet web success",
                            "Normal/SuccessfulCreate: Create Pod web-0 in StatefulSet web successful"]
    assert "STS-83" in because(engine)


def test_STS_83_a_claim_unseen_at_creation_gets_its_owner_while_the_pod_is_pending():
    engine = stage(lag=True)
    apply(engine, [with_policy("Retain", "Delete", 1)])
    catch_up(engine)
    engine.step("statefulset")
    assert pods(engine) == ["web-0"]
    assert owners(engine, "www-web-0") == []
    engine.drain()
    assert owners(engine, "www-web-0") == ["StatefulSet web"]


def test_STS_84_all_condemned_claims_are_given_away_before_the_first_pod_goes():
    engine = running(stage(), with_policy("Delete", "Delete"))
    change(engine, "spec.replicas", 0)
    sync(engine)
    assert [owners(engine, name) for name in claims(engine)] == [["Pod web-0"], ["Pod web-1"], ["Pod web-2"]]
    assert "STS-84" in because(engine)


def test_STS_84_not_while_a_remaining_pod_is_not_ready():
    engine = running(stage(), with_policy("Delete", "Retain"))
    become(engine, "web-0", ready=False)
    change(engine, "spec.replicas", 1)
    engine.drain()
    assert owners(engine, "www-web-2") == []


def test_STS_86_T_73_a_stale_claim_blocks_the_slot():
    engine = running(stage(), with_policy("Delete", "Retain"))
    change(engine, "spec.replicas", 2)
    play(engine)
    before = get(engine, "PersistentVolumeClaim", "www-web-2")
    change(engine, "spec.replicas", 3)
    for i in range(10):
        engine.drain()
        become(engine, "web-1", ready=i % 2 == 1)
    engine.drain()
    assert pods(engine) == ["web-0", "web-1"] and get(engine, "PersistentVolumeClaim", "www-web-2") is before
    assert waits(engine) == {"STS-86": "www-web-2 still belongs to a former web-2: it has to go first"}
    collect(engine, "www-web-2")
    engine.drain()
    assert pods(engine) == ["web-0", "web-1"]                                           # STS-16: noticed at the next event of a pod or the set
    become(engine, "web-1", ready=False)
    engine.drain()
    become(engine, "web-1")
    play(engine)
    assert status(engine) == "rs3 rd3 av3 cu3 up3"


def test_STS_86_parallel_rescues_the_claim_of_a_pod_that_still_terminates():
    engine = running(stage(), with_policy("Delete", "Retain", podManagementPolicy="Parallel"))
    change(engine, "spec.replicas", 2)
    engine.drain()
    assert owners(engine, "www-web-2") == ["Pod web-2"]
    change(engine, "spec.replicas", 3)
    engine.drain()
    assert owners(engine, "www-web-2") == []
    gone(engine, "web-2")
    play(engine)
    assert pods(engine) == ["web-0", "web-1", "web-2"]


@pytest.mark.parametrize("policy", POLICIES)
def test_STS_87_a_foreign_controller_is_left_in_charge(policy):
    engine = stage()                                                                    # T-69, T-70, T-71, T-106
    apply(engine, [claim(refs=[{**OTHER, "controller": True}])])
    running(engine, with_policy(*policy, replicas=1))
    assert owners(engine, "www-web-0") == ["ConfigMap other"]
    assert (CONFLICT in "\n".join(told(engine))) == (policy != ("Retain", "Retain"))


def test_STS_87_our_own_reference_is_taken_away_beside_a_foreign_controller():
    engine = running(stage(), with_policy("Retain", "Delete", 1))
    ours, = get(engine, "PersistentVolumeClaim", "www-web-0")["metadata"]["ownerReferences"]
    own(engine, [{**OTHER, "controller": True}, {**ours, "controller": False}])
    become(engine, "web-0", ready=False)
    become(engine, "web-0")
    engine.drain()
    assert owners(engine, "www-web-0") == ["ConfigMap other"]


def test_STS_82_T_107_plain_owners_stay_in_front_of_ours():
    engine = stage()
    apply(engine, [claim(refs=[OTHER])])
    running(engine, with_policy("Retain", "Delete", 1))
    assert owners(engine, "www-web-0") == ["ConfigMap other", "StatefulSet web"]


def test_STS_82_T_67_a_reference_without_controller_is_rewritten():
    engine = running(stage(), with_policy("Retain", "Delete", 1))
    ours, = get(engine, "PersistentVolumeClaim", "www-web-0")["metadata"]["ownerReferences"]
    own(engine, [{k: v for k, v in ours.items() if k != "controller"}])
    change(engine, "spec.template.spec.terminationGracePeriodSeconds", 3)
    sync(engine)
    assert get(engine, "PersistentVolumeClaim", "www-web-0")["metadata"]["ownerReferences"] == [ours]
    assert "Normal/SuccessfulUpdate: Update Pod web-0 in StatefulSet web successful" in told(engine)


@pytest.mark.parametrize("kind, name", [("StatefulSet", "web"), ("Pod", "web-0")])
def test_STS_88_T_68_references_to_a_former_namesake_are_left_alone(kind, name):
    engine = running(stage(), with_policy("Retain", "Retain", 1))
    stale = {"apiVersion": "apps/v1" if kind == "StatefulSet" else "v1", "kind": kind, "name": name, "uid": "former", "controller": True}
    own(engine, [stale])
    change(engine, "spec.persistentVolumeClaimRetentionPolicy", retention("Retain", "Delete"))
    engine.drain()
    assert get(engine, "PersistentVolumeClaim", "www-web-0")["metadata"]["ownerReferences"] == [stale]


def test_STS_89_changing_the_policy_of_a_live_set():
    engine = running(stage(), with_policy("Retain", "Retain", 1))
    change(engine, "spec.persistentVolumeClaimRetentionPolicy.whenDeleted", "Delete")
    engine.drain()
    assert owners(engine, "www-web-0") == ["StatefulSet web"]                           # T-65
    assert told(engine)[-1] == "Normal/SuccessfulUpdate: Update Pod web-0 in StatefulSet web successful"
    change(engine, "spec.persistentVolumeClaimRetentionPolicy.whenDeleted", "Retain")
    engine.drain()
    assert owners(engine, "www-web-0") == []                                            # T-64
    assert told(engine)[-1].endswith("successful x2") and "STS-89" in because(engine)


def test_STS_89_a_deleted_pod_never_gets_its_claim():
    engine = running(stage(), with_policy("Delete", "Retain", 2))
    delete(engine, "web-1")
    play(engine)
    assert owners(engine, "www-web-1") == []


def test_STS_90_claims_without_a_pod_are_never_touched():
    engine = running(stage(), statefulset(2))
    change(engine, "spec.replicas", 1)
    play(engine)
    change(engine, "spec.persistentVolumeClaimRetentionPolicy", retention("Delete", "Delete"))
    play(engine)
    assert (owners(engine, "www-web-0"), owners(engine, "www-web-1")) == (["StatefulSet web"], [])


def test_STS_106_nothing_happens_to_claims_of_a_set_that_is_gone():
    engine = running(stage(), with_policy("Delete", "Retain", 2))
    delete(engine, "web", "StatefulSet")
    engine.drain()
    assert claims(engine) == ["www-web-0", "www-web-1"] and owners(engine, "www-web-1") == []


def test_T_74_the_claim_of_a_released_pod_gets_no_references():
    engine = running(stage(), with_policy("Delete", "Retain", 3))
    set_ref = get(engine, "Pod", "web-0")["metadata"]["ownerReferences"]
    apply(engine, [claim("www-other-7"), {"apiVersion": "v1", "kind": "Pod", "spec": template()["spec"], "metadata": {
        "name": "other-7", "labels": {"app": "nginx"}, "ownerReferences": set_ref}}])
    change(engine, "spec.replicas", 0)
    play(engine)
    assert "ownerReferences" not in get(engine, "Pod", "other-7")["metadata"] and owners(engine, "www-other-7") == []


def test_a_claim_that_changed_unseen_makes_the_update_fail_and_is_retried():
    engine = stage(lag=True)                                                            # as the reference was seen to do
    apply(engine, [with_policy("Retain", "Retain", 1)])
    play(engine)
    change(engine, "spec.persistentVolumeClaimRetentionPolicy.whenDeleted", "Delete")
    engine.drain()
    change(engine, "spec.persistentVolumeClaimRetentionPolicy.whenDeleted", "Retain")
    catch_up(engine)
    change(engine, "metadata.labels", {"new": "label"}, "PersistentVolumeClaim", "www-web-0")
    engine._sync("statefulset", Key("StatefulSet", "default", "web"))
    assert told(engine)[-1] == (
        "Warning/FailedUpdate: Update Pod web-0 in StatefulSet web failed error: could not update claim www-web-0 for delete policy ownerRefs: "
        'Operation cannot be fulfilled on persistentvolumeclaims "www-web-0": the object has been modified; please apply your changes to the '
        "latest version and try again")
    engine.drain()
    engine.run(1000)
    assert owners(engine, "www-web-0") == []
