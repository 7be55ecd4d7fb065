"""The garbage collector and namespaces: GC-1 to GC-8, API-64, API-65."""
from __future__ import annotations

import pytest

from kstate.controllers.garbagecollector import GarbageCollector
from kstate.controllers.namespaces import Namespaces
from kstate.controllers.serviceaccounts import ServiceAccounts
from kstate.errors import Forbidden
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
