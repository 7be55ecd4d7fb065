"""ResourceQuota: how much a namespace may hold (QUOTA-1 to QUOTA-3); what claims take is in test_gaps_storage.py."""
from __future__ import annotations

import pytest

from kstate.errors import Forbidden
from kstate.world import Key, get
from tests.helpers import apply, cluster_engine, events

from .running import container, pod, requests

Q = Key("ResourceQuota", "default", "q")


def limited(hard: dict, *objects: dict):
    """A cluster that has settled, with these objects and a quota."""
    engine = cluster_engine()
    apply(engine, [{"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": hard}}, *objects])
    engine.settle()
    return engine


def refusal(engine, obj: dict) -> str:
    before = engine.world.revision
    with pytest.raises(Forbidden) as refused:
        engine.api.create(obj)
    assert engine.world.revision == before
    return refused.value.message


def used(engine) -> dict:
    return get(engine.world.find(Q), "status.used")


def statefulset(replicas: int, **spec) -> dict:
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container()]}}, **spec}}


def test_QUOTA_1_T_88_a_set_that_may_not_have_all_its_pods():
    engine = limited({"pods": "2", "count/pods": "9"}, statefulset(3))
    why = 'pods "web-2" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2'
    assert f"Warning/FailedCreate: Create Pod web-2 in StatefulSet web failed error: {why}" in events(engine, engine.world.find(Key("StatefulSet", "default", "web")))
    assert get(engine.world.find(Key("StatefulSet", "default", "web")), "status.replicas") == 2
    engine.api.patch(Q, {"spec": {"hard": {"pods": "3"}}})
    engine.settle()
    assert engine.world.find(Key("Pod", "default", "web-2")) is not None and used(engine) == {"pods": "3", "count/pods": "3"}


@pytest.mark.parametrize("hard", ["count/configmaps", "configmaps"])
def test_QUOTA_1_objects_are_counted_by_either_name(hard):
    engine = limited({hard: "2"})                       # each namespace has one from the beginning
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    engine.api.create(made)
    assert refusal(engine, {**made, "metadata": {"name": "b"}}) == (
        f'configmaps "b" is forbidden: exceeded quota: q, requested: {hard}=1, used: {hard}=2, limited: {hard}=2')
    engine.api.create({**made, "metadata": {"name": "b", "namespace": "kube-public"}})      # another namespace


def test_QUOTA_1_node_ports():
    engine = limited({"services.nodeports": "1"})
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]}}
    engine.api.create(service)
    engine.settle()
    assert used(engine) == {"services.nodeports": "1"}
    assert "exceeded quota: q, requested: services.nodeports=1" in refusal(
        engine, {**service, "metadata": {"name": "b"}, "spec": {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30081}]}})


def test_QUOTA_1_what_is_invalid_is_told_first():
    engine = limited({"pods": "0"})
    with pytest.raises(Exception, match="spec.containers"):
        engine.api.create(pod("p", {"name": "c", "image": ""}))


def test_QUOTA_2_requests_and_limits():
    engine = limited({"requests.cpu": "1", "memory": "1Gi", "limits.cpu": "2"})
    asking = {"resources": {"requests": {"cpu": "600m", "memory": "512Mi"}, "limits": {"cpu": "1"}}}
    engine.api.create(pod("a", container(**asking)))
    engine.settle()
    assert used(engine) == {"requests.cpu": "600m", "memory": "512Mi", "limits.cpu": "1"}
    assert refusal(engine, pod("b", container(**asking))) == (
        'pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1')
    assert refusal(engine, pod("b", container(**requests(cpu="1m")), container("d", **requests(memory="1")))) == (
        'pods "b" is forbidden: failed quota: q: must specify limits.cpu for: c,d; memory for: c; requests.cpu for: d')


def test_QUOTA_2_pods_that_have_ended_take_nothing():
    engine = limited({"pods": "1", "count/pods": "2"}, pod("a", fault="Succeeded"))
    assert used(engine) == {"pods": "0", "count/pods": "1"}
    engine.api.create(pod("b"))
    engine.settle()
    assert used(engine) == {"pods": "1", "count/pods": "2"}


def test_QUOTA_3_the_status_follows():
    engine = limited({"pods": "5"}, statefulset(3))
    assert engine.world.find(Q)["status"] == {"hard": {"pods": "5"}, "used": {"pods": "3"}}
    engine.api.patch(Key("StatefulSet", "default", "web"), {"spec": {"replicas": 1}})
    engine.settle()
    assert used(engine) == {"pods": "1"}
    writes = sum(change.key == Q for change in engine.world.log)
    engine.api.patch(Key("Pod", "default", "web-0"), {"metadata": {"labels": {"x": "y"}}})
    engine.settle()
    assert sum(change.key == Q for change in engine.world.log) == writes


def test_ADM_6_a_claim_that_grows():
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "a"}, "spec": {
        "accessModes": ["ReadWriteOnce"], "storageClassName": "std", "resources": {"requests": {"storage": "1Gi"}}}}
    std = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "std"}, "provisioner": "kubernetes.io/host-path",
           "allowVolumeExpansion": True}
    engine = limited({"requests.storage": "3Gi"}, std, claim)
    key = Key("PersistentVolumeClaim", "default", "a")
    with pytest.raises(Forbidden, match="exceeded quota: q, requested: requests.storage=3Gi, used: requests.storage=1Gi, limited: requests.storage=3Gi"):
        engine.api.patch(key, {"spec": {"resources": {"requests": {"storage": "4Gi"}}}})
    engine.api.patch(key, {"spec": {"resources": {"requests": {"storage": "3Gi"}}}})
