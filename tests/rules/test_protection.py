"""Finalizers hold claims that pods use and volumes that are Bound."""
from __future__ import annotations

import pytest

from kstate.engine import Step
from kstate.world import Key, key_of, put, uid
from tests.helpers import apply, because

from .volume_cases import claim, named, pod, storage_engine, volume

CLAIM = Key("PersistentVolumeClaim", "default", "c")


def in_use(node="node-1", **more):
    """An engine in which pod p uses claim c."""
    engine = storage_engine()
    apply(engine, [claim("c"), pod("p", claims="c", node=node, **more)])
    engine.settle()
    return engine


def delete(engine, key) -> None:
    engine.api.delete(key, **({"grace": 0} if key.kind == "Pod" else {}))
    engine.settle()


@pytest.mark.parametrize("phase", ["Pending", "Running", "Succeeded", "Failed"])
def test_PROT_2_whatever_its_phase_a_scheduled_pod_holds_its_claim(phase):
    engine = in_use()
    engine.api.update(put(named(engine, "pod/p"), "status.phase", phase), subresource="status")
    delete(engine, CLAIM)
    assert "deletionTimestamp" in named(engine, "pvc/c")["metadata"]
    delete(engine, Key("Pod", "default", "p"))
    assert named(engine, "pvc/c") is None


def test_PROT_2_an_unscheduled_pod_does_not():
    engine = in_use(node="")
    delete(engine, CLAIM)
    assert named(engine, "pvc/c") is None and named(engine, "pod/p") is not None


def test_PROT_2_pods_with_other_volumes_do_not():
    engine = storage_engine()
    other = {"name": "d", "persistentVolumeClaim": {"claimName": "other"}}
    apply(engine, [claim("c"), pod("p", node="node-1", volumes=[{"name": "e", "emptyDir": {}}, other])])
    engine.settle()
    delete(engine, CLAIM)
    assert named(engine, "pvc/c") is None


def test_PROT_2_a_terminating_pod_still_holds_its_claim():
    engine = in_use()
    delete(engine, CLAIM)
    engine.api.delete(Key("Pod", "default", "p"), grace=30)
    engine.settle()
    assert named(engine, "pod/p") is not None and named(engine, "pvc/c") is not None


def test_PROT_2_the_claim_says_who_holds_it():
    engine = in_use()
    delete(engine, CLAIM)
    assert ("PROT-2", "is in use by p") in [(w.because, w.text) for w in engine.waits(CLAIM)]


def test_PROT_2_a_pod_that_the_cache_lacks_is_asked_of_the_api_server():
    engine = storage_engine(lag=True)
    apply(engine, [claim("c")])
    engine.settle()
    engine.api.delete(CLAIM)
    while "deletionTimestamp" not in engine.caches["pvc-protection"].find(CLAIM)["metadata"]:
        engine.take(Step("see", "pvc-protection"))
    apply(engine, [pod("p", claims="c", node="node-1")])
    assert engine.caches["pvc-protection"].find(Key("Pod", "default", "p")) is None
    engine.take(Step("sync", "pvc-protection", CLAIM))
    assert named(engine, "pvc/c") is not None


def test_PROT_2_a_pod_replaced_by_one_of_the_same_name_lets_the_claim_go():
    engine = in_use()
    delete(engine, CLAIM)
    old = named(engine, "pod/p")
    new = put(put(old, "metadata.uid", "another"), "spec.volumes", [])
    engine.commit("test", "update", key_of(old), old, new)      # a watch may show deletion and creation as one change
    engine.settle()
    assert named(engine, "pvc/c") is None


def test_PROT_2_several_claims_are_judged_one_by_one():
    engine = storage_engine()
    apply(engine, [claim("c"), claim("d"), pod("p", claims="d", node="node-1")])
    engine.settle()
    for name in "cd":
        delete(engine, Key("PersistentVolumeClaim", "default", name))
    assert named(engine, "pvc/c") is None and named(engine, "pvc/d") is not None


def test_PROT_2_an_ephemeral_volume_is_held_by_its_own_pod_only():
    engine = storage_engine()
    template = {"spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "resources": {"requests": {"storage": "1Gi"}}}}
    apply(engine, [pod("p", node="node-1", volumes=[{"name": "v", "ephemeral": {"volumeClaimTemplate": template}}])])
    engine.settle()
    key = Key("PersistentVolumeClaim", "default", "p-v")
    delete(engine, key)
    assert named(engine, "pvc/p-v") is not None                 # in use
    foreign = storage_engine()
    apply(foreign, [claim("p-v"), pod("p", node="node-1", volumes=[{"name": "v", "ephemeral": {"volumeClaimTemplate": template}}])])
    foreign.settle()
    delete(foreign, key)
    assert uid(named(foreign, "pvc/p-v")) != "" and "ownerReferences" in named(foreign, "pvc/p-v")["metadata"]     # the pod's own took its place


def test_PROT_3_a_volume_goes_when_it_is_not_bound_any_more():
    engine = storage_engine()
    apply(engine, [volume("v")])
    engine.settle()
    apply(engine, [claim("c")])
    engine.settle()
    delete(engine, Key("PersistentVolume", "", "v"))
    assert named(engine, "pv/v")["status"]["phase"] == "Bound"
    assert [w.because for w in engine.waits(Key("PersistentVolume", "", "v"))] == ["PROT-3"]
    delete(engine, CLAIM)
    assert named(engine, "pv/v") is None


def test_PROT_4_protection_writes_no_events():
    engine = in_use()
    delete(engine, CLAIM)
    delete(engine, Key("Pod", "default", "p"))
    assert {e["reportingComponent"] for e in engine.world.list("Event")} <= {"persistentvolume-controller"}


def test_PROT_8_a_namespace_takes_its_claims_but_no_volume():
    engine = storage_engine()
    apply(engine, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}, volume("v")])
    engine.settle()
    there = claim("c")
    there["metadata"]["namespace"] = "team"
    apply(engine, [there])
    engine.settle()
    assert named(engine, "pv/v")["status"]["phase"] == "Bound"
    delete(engine, Key("Namespace", "", "team"))
    assert engine.world.find(Key("PersistentVolumeClaim", "team", "c")) is None
    assert named(engine, "pv/v")["status"]["phase"] == "Released"
    assert "PROT-1" in because(engine)
