"""The garbage collector and namespaces: GC-1 to GC-8, API-64, API-65."""
from __future__ import annotations

import pytest

from kstate.controllers.garbagecollector import GarbageCollector
from kstate.controllers.namespaces import Namespaces
from kstate.controllers.serviceaccounts import ServiceAccounts
from kstate.errors import Forbidden, Invalid
from kstate.world import Key, key_of, uid
from tests.helpers import because, cluster_engine, events, get


@pytest.fixture
def engine():
    return cluster_engine([GarbageCollector, Namespaces, ServiceAccounts])


def config_map(engine, name, *owners, namespace="default", **meta):
    refs = [{"apiVersion": o["apiVersion"], "kind": o["kind"], "name": o["metadata"]["name"], "uid": uid(o), "blockOwnerDeletion": True} for o in owners]
    return engine.api.create({"apiVersion": "v1", "kind": "ConfigMap",
                              "metadata": {"name": name, "namespace": namespace, **({"ownerReferences": refs} if refs else {}), **meta}})


def there(engine, *names):
    return [name for name in names if get(engine, "ConfigMap", name) is not None]


def test_GC_4_background_dependents_follow_their_owner(engine):
    owner = config_map(engine, "owner")
    child = config_map(engine, "child", owner)
    config_map(engine, "grandchild", child)
    engine.api.delete(key_of(owner), propagation="Background")
    assert there(engine, "owner", "child", "grandchild") == ["child", "grandchild"]
    engine.settle()
    assert there(engine, "owner", "child", "grandchild") == []
    assert "GC-4" in because(engine)


def test_GC_4_a_solid_owner_keeps_the_object_and_dangling_references_go(engine):
    one, two = config_map(engine, "one"), config_map(engine, "two")
    config_map(engine, "child", one, two)
    engine.api.delete(key_of(one))
    engine.settle()
    assert [r["name"] for r in get(engine, "ConfigMap", "child")["metadata"]["ownerReferences"]] == ["two"]


def test_GC_1_ownership_is_by_uid(engine):
    owner = config_map(engine, "owner")
    engine.api.delete(key_of(owner))
    config_map(engine, "owner")                     # the same name, another uid
    config_map(engine, "child", owner)
    engine.settle()
    assert there(engine, "owner", "child") == ["owner"]


def test_GC_5_foreground_the_owner_goes_last(engine):
    owner = config_map(engine, "owner")
    config_map(engine, "child", owner, finalizers=["example.com/hold"])
    engine.api.delete(key_of(owner), propagation="Foreground")
    engine.settle()
    assert there(engine, "owner", "child") == ["owner", "child"]
    assert engine.waits(Key("ConfigMap", "default", "owner"))[0].text == "waits for its dependents to go: ConfigMap child"
    child = get(engine, "ConfigMap", "child")
    engine.api.patch(key_of(child), {"metadata": {"finalizers": None}})
    engine.settle()
    assert there(engine, "owner", "child") == []


def test_GC_5_orphan_dependents_lose_the_reference_and_stay(engine):
    owner = config_map(engine, "owner")
    config_map(engine, "child", owner)
    engine.api.delete(key_of(owner), propagation="Orphan")
    engine.settle()
    assert there(engine, "owner", "child") == ["child"]
    assert "ownerReferences" not in get(engine, "ConfigMap", "child")["metadata"]


def test_GC_8_an_owner_in_another_namespace_does_not_count(engine):
    owner = config_map(engine, "owner", namespace="kube-public")
    child = config_map(engine, "child", owner)
    engine.settle()
    assert there(engine, "child") == []
    assert any("Warning/OwnerRefInvalidNamespace" in e for e in events(engine, child))


def test_GC_1_owners_that_nobody_can_look_up_keep_their_dependents(engine):
    unknown = {"apiVersion": "example.com/v1", "kind": "Database", "name": "db", "uid": "u"}
    engine.api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default", "ownerReferences": [unknown]}})
    local = config_map(engine, "local")
    refs = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "local", "uid": uid(local)}]
    engine.api.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "ownerReferences": refs}})      # in no namespace, but its owner is
    engine.api.delete(key_of(local))
    engine.settle()
    assert there(engine, "a") == ["a"] and get(engine, "Node", "n", "") is not None


def test_GC_1_an_owner_in_no_namespace_serves_all(engine):
    node = engine.api.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}})
    config_map(engine, "child", node)
    engine.settle()
    assert there(engine, "child") == ["child"]
    engine.api.delete(key_of(node))
    engine.settle()
    assert there(engine, "child") == []


def test_GC_2_references_are_checked_when_they_are_written(engine):
    with pytest.raises(Invalid, match="metadata.ownerReferences.uid: Invalid value: \"\": must not be empty"):
        engine.api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
            "name": "a", "namespace": "default", "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": ""}]}})


def test_GC_3_4_below_an_owner_that_waits_everything_goes_in_the_foreground(engine):
    owner = config_map(engine, "owner")
    child = config_map(engine, "child", owner)
    config_map(engine, "grandchild", child, finalizers=["example.com/hold"])
    engine.api.delete(key_of(owner), propagation="Foreground")
    engine.settle()
    assert there(engine, "owner", "child", "grandchild") == ["owner", "child", "grandchild"]
    assert get(engine, "ConfigMap", "child")["metadata"]["finalizers"] == ["foregroundDeletion"]
    engine.api.patch(Key("ConfigMap", "default", "grandchild"), {"metadata": {"finalizers": None}})
    engine.settle()
    assert there(engine, "owner", "child", "grandchild") == []
    order = [c.key.name for c in engine.world.log if c.verb == "delete" or c.new is None and c.verb != "wait"]
    assert order == ["grandchild", "child", "owner"]


def test_GC_4_a_solid_owner_outweighs_one_that_waits(engine):
    one, two = config_map(engine, "one"), config_map(engine, "two")
    config_map(engine, "child", one, two)
    engine.api.delete(key_of(one), propagation="Foreground")
    engine.settle()
    assert there(engine, "one", "two", "child") == ["two", "child"]
    assert [r["name"] for r in get(engine, "ConfigMap", "child")["metadata"]["ownerReferences"]] == ["two"]


def test_GC_4_a_dependent_keeps_the_policy_that_it_carries(engine):
    owner = config_map(engine, "owner")
    child = config_map(engine, "child", owner, finalizers=["orphan"])
    config_map(engine, "grandchild", child)
    engine.api.delete(key_of(owner))
    engine.settle()
    assert there(engine, "child", "grandchild") == ["grandchild"]
    assert "ownerReferences" not in get(engine, "ConfigMap", "grandchild")["metadata"]


def test_GC_5_only_dependents_that_block_are_waited_for(engine):
    owner = config_map(engine, "owner")
    refs = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid(owner)}]
    engine.api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
        "name": "child", "namespace": "default", "ownerReferences": refs, "finalizers": ["example.com/hold"]}})
    engine.api.delete(key_of(owner), propagation="Foreground")
    engine.settle()
    assert there(engine, "owner", "child") == ["child"]


def test_GC_6_the_update_that_empties_the_list_removes_the_object(engine):
    held = config_map(engine, "held", finalizers=["example.com/a", "example.com/b"])
    marked, gone = engine.api.delete(key_of(held))
    assert not gone and marked["metadata"]["deletionGracePeriodSeconds"] == 0
    engine.api.patch(key_of(held), {"metadata": {"finalizers": ["example.com/b"], "deletionTimestamp": None}})
    assert "deletionTimestamp" in get(engine, "ConfigMap", "held")["metadata"]                # it cannot be unset
    engine.api.patch(key_of(held), {"metadata": {"finalizers": []}})
    assert there(engine, "held") == []


def test_GC_7_the_chain_from_deployment_to_pod():
    engine = cluster_engine()
    template = {"metadata": {"labels": {"app": "front"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    made = engine.api.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "front", "namespace": "default"}, "spec": {
        "replicas": 2, "selector": {"matchLabels": {"app": "front"}}, "template": template}})
    engine.settle()
    assert len(engine.world.list("Pod")) == 2
    engine.api.delete(key_of(made))
    engine.settle()
    assert [len(engine.world.list(kind)) for kind in ("Deployment", "ReplicaSet", "Pod")] == [0, 0, 0]


def test_API_64_a_namespace_gets_its_account_and_certificate_and_keeps_them(engine):
    engine.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gsh"}})
    engine.settle()
    namespace = get(engine, "Namespace", "gsh", "")
    assert namespace["spec"]["finalizers"] == ["kubernetes"] and namespace["metadata"]["labels"] == {"kubernetes.io/metadata.name": "gsh"}
    engine.api.delete(Key("ServiceAccount", "gsh", "default"))
    engine.api.delete(Key("ConfigMap", "gsh", "kube-root-ca.crt"))
    engine.settle()
    assert get(engine, "ServiceAccount", "default", "gsh") and get(engine, "ConfigMap", "kube-root-ca.crt", "gsh")


def test_API_65_a_namespace_goes_when_its_content_is_gone(engine):
    engine.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gsh"}})
    engine.settle()
    held = config_map(engine, "held", namespace="gsh", finalizers=["example.com/hold"])
    config_map(engine, "free", namespace="gsh")
    engine.api.delete(Key("Namespace", "", "gsh"))
    engine.settle()
    namespace = get(engine, "Namespace", "gsh", "")
    conditions = {c["type"]: (c["status"], c["reason"], c["message"]) for c in namespace["status"]["conditions"]}
    assert namespace["status"]["phase"] == "Terminating" and len(conditions) == 5
    assert conditions["NamespaceContentRemaining"] == ("True", "SomeResourcesRemain", "Some resources are remaining: configmaps. has 1 resource instances")
    assert conditions["NamespaceFinalizersRemaining"][2] == "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"
    with pytest.raises(Forbidden, match="because it is being terminated"):
        config_map(engine, "late", namespace="gsh")
    engine.api.patch(key_of(held), {"metadata": {"finalizers": None}})
    engine.settle()
    assert get(engine, "Namespace", "gsh", "") is None


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_API_65_some_namespaces_may_not_be_deleted(engine, name):
    with pytest.raises(Forbidden) as refused:
        engine.api.delete(Key("Namespace", "", name))
    assert str(refused.value) == f'namespaces "{name}" is forbidden: this namespace may not be deleted'


def test_API_65_the_controller_asks_the_server_and_not_its_cache():
    engine = cluster_engine([GarbageCollector, Namespaces, ServiceAccounts], lag=True)
    engine.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gsh"}})
    engine.settle()
    engine.api.delete(Key("Namespace", "", "gsh"))
    while ("namespace", Key("Namespace", "", "gsh")) not in engine.queue:
        engine._see("namespace")
    engine.api.patch(Key("ConfigMap", "gsh", "kube-root-ca.crt"), {"metadata": {"finalizers": ["example.com/hold"]}})      # not seen yet
    engine.settle()
    assert get(engine, "Namespace", "gsh", "")["status"]["conditions"][4]["status"] == "True"
    engine.api.patch(Key("ConfigMap", "gsh", "kube-root-ca.crt"), {"metadata": {"finalizers": None}})
    engine.settle()
    assert get(engine, "Namespace", "gsh", "") is None and engine.world.list("ConfigMap", "gsh") == []
