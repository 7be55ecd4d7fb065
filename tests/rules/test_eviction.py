"""Evictions and the budgets that they ask (EVI-n, PDB-n, API-71)."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kstate.controllers.disruption import _share
from kstate.errors import Invalid, ServerError, TooManyRequests
from kstate.eviction import evict
from kstate.world import Key, get, put
from tests.helpers import events as all_events

from .running import P, annotate, busybox, cluster, condition, found, patch, phase, pod, start

WEB = {"app": "web"}


def budget(name: str = "b", selector: dict | None = None, **spec) -> dict:
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name, "namespace": "default"},
            "spec": {"selector": {"matchLabels": WEB} if selector is None else selector, **spec}}


def sts(replicas: int) -> dict:
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"}, "spec": {
        "replicas": replicas, "serviceName": "x", "podManagementPolicy": "Parallel", "selector": {"matchLabels": WEB},
        "template": {"metadata": {"labels": WEB}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}}}


def of(engine, name: str = "b") -> dict:
    return engine.world.find(Key("PodDisruptionBudget", "default", name))


def counts(engine) -> tuple:
    """(currentHealthy, desiredHealthy, expectedPods, disruptionsAllowed, reason)."""
    status = of(engine)["status"]
    return (*(status[f] for f in ("currentHealthy", "desiredHealthy", "expectedPods", "disruptionsAllowed")), status["conditions"][0]["reason"])


def refused(engine, name: str = "web-0") -> str:
    with pytest.raises(TooManyRequests) as error:
        evict(engine.api, Key("Pod", "default", name), {})
    assert error.value.message == "Cannot evict pod as it would violate the pod's disruption budget."
    [cause] = error.value.details["causes"]
    assert cause["reason"] == "DisruptionBudget"
    return cause["message"]


# ---- budgets ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("spec, expected", [
    ({"minAvailable": 2}, (3, 2, 3, 1, "SufficientPods")),
    ({"minAvailable": 3}, (3, 3, 3, 0, "InsufficientPods")),
    ({"minAvailable": "50%"}, (3, 2, 3, 1, "SufficientPods")),
    ({"maxUnavailable": 1}, (3, 2, 3, 1, "SufficientPods")),
    ({"maxUnavailable": "34%"}, (3, 1, 3, 2, "SufficientPods")),
    ({"maxUnavailable": 0}, (3, 3, 3, 0, "InsufficientPods")),
    ({"maxUnavailable": 5}, (3, 0, 3, 3, "SufficientPods")),
])
def test_PDB_1_what_a_budget_allows(spec, expected):
    assert counts(cluster(sts(3), budget(**spec))) == expected


def test_PDB_2_one_of_the_two():
    with pytest.raises(Invalid, match="minAvailable and maxUnavailable cannot be both set"):
        cluster(budget(minAvailable=1, maxUnavailable=1))


@given(st.integers(0, 100), st.integers(0, 1000))
def test_PDB_1_percentages_are_rounded_up(percent, of_many):
    share = _share(f"{percent}%", of_many)
    assert share * 100 >= percent * of_many > (share - 1) * 100


def test_PDB_1_whom_it_selects():
    engine = cluster(sts(2), pod("other"), budget(selector={}, minAvailable=1))
    assert counts(engine)[:3] == (3, 1, 3)
    null = budget(minAvailable=1)
    del null["spec"]["selector"]
    assert counts(cluster(sts(2), null))[:4] == (0, 1, 0, 0)


def test_PDB_1_follows_its_pods():
    engine = cluster(sts(3), budget(minAvailable=2))
    annotate(engine, Key("Pod", "default", "web-1"), "NotReady")
    engine.settle()
    assert counts(engine) == (2, 2, 3, 0, "InsufficientPods")
    patch(engine, Key("StatefulSet", "default", "web"), spec={"replicas": 5})
    assert counts(engine)[:4] == (4, 2, 5, 2)


def test_PDB_3_events():
    engine = cluster(budget(minAvailable=1))
    assert all_events(engine, of(engine)) == ["Normal/NoPods: No matching pods found"]
    engine = cluster(pod(labels=WEB), budget(maxUnavailable=1))
    assert any(e.startswith("Warning/UnmanagedPods: Pods selected by this PodDisruptionBudget (selector: app=web) were found") for e in all_events(engine, of(engine)))
    orphan = pod("o", labels=WEB)
    orphan["metadata"]["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "gone", "uid": "u", "controller": True}]
    engine = cluster(budget(maxUnavailable=1))
    engine.api.create(orphan)
    engine.step("disruption")
    assert of(engine)["status"]["conditions"][0]["reason"] == "SyncFailed"
    assert any("CalculateExpectedPodCountFailed" in e for e in all_events(engine, of(engine)))


# ---- evictions --------------------------------------------------------------------------------------------

def test_EVI_1_EVI_6_an_eviction_is_a_graceful_delete_with_a_mark():
    engine = cluster(pod())
    evict(engine.api, P, {})
    assert condition(engine, "DisruptionTarget") == ("True", "EvictionByEvictionAPI", "Eviction API: evicting")
    assert found(engine)["metadata"]["deletionGracePeriodSeconds"] == 30
    engine.settle()
    assert found(engine) is None


def test_EVI_1_options_are_those_of_a_delete():
    engine = cluster(pod())
    evict(engine.api, P, {"gracePeriodSeconds": 7})
    assert found(engine)["metadata"]["deletionGracePeriodSeconds"] == 7


@pytest.mark.parametrize("made", [pod("p", labels=WEB, nodeSelector={"a": "b"}), pod("p", busybox("true"), labels=WEB, restartPolicy="Never"),
                                  pod("p", labels=WEB, fault="ImagePullBackOff")], ids=["unscheduled", "finished", "pending"])
def test_EVI_2_budgets_are_not_asked_for_pods_that_do_not_run(made):
    engine = cluster(made, budget(minAvailable=1))
    evict(engine.api, P, {})
    engine.settle()
    assert found(engine) is None


def test_EVI_3_more_than_one_budget():
    engine = cluster(sts(1), budget("a", maxUnavailable=1), budget("b", maxUnavailable=1))
    with pytest.raises(ServerError, match="This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."):
        evict(engine.api, Key("Pod", "default", "web-0"), {})


def test_EVI_4_who_is_not_ready_costs_nothing():
    engine = cluster(sts(3), budget(minAvailable=2))
    annotate(engine, Key("Pod", "default", "web-1"), "NotReady")
    engine.settle()
    assert refused(engine) and counts(engine)[3] == 0
    evict(engine.api, Key("Pod", "default", "web-1"), {})
    assert "deletionTimestamp" in found(engine, "web-1")["metadata"] and counts(engine)[3] == 0


@pytest.mark.parametrize("policy, goes", [("AlwaysAllow", True), ("IfHealthyBudget", False), (None, False)])
def test_EVI_4_the_policy_for_unhealthy_pods(policy, goes):
    spec = {"unhealthyPodEvictionPolicy": policy} if policy else {}
    engine = cluster(sts(2), budget(minAvailable=2, **spec))
    for name in ("web-0", "web-1"):
        annotate(engine, Key("Pod", "default", name), "NotReady")
    engine.settle()
    if goes:
        evict(engine.api, Key("Pod", "default", "web-0"), {})
    else:
        assert refused(engine) == "The disruption budget b needs 2 healthy pods and has 0 currently"


def test_EVI_5_the_budget_is_spent_and_filled_again():
    engine = cluster(sts(3), budget(maxUnavailable=1))
    evict(engine.api, Key("Pod", "default", "web-0"), {})
    status = of(engine)["status"]
    assert status["disruptionsAllowed"] == 0 and status["disruptedPods"] == {"web-0": engine.clock.timestamp(engine.now)}
    assert refused(engine, "web-1") == "The disruption budget b does not allow evicting pods currently"
    engine.drain()
    assert refused(engine, "web-1") == "The disruption budget b needs 2 healthy pods and has 2 currently"
    engine.settle()
    assert counts(engine)[3] == 1 and "disruptedPods" not in of(engine)["status"]
    evict(engine.api, Key("Pod", "default", "web-1"), {})


def test_EVI_5_a_budget_that_is_not_up_to_date():
    engine = cluster(sts(3), budget(maxUnavailable=1))
    engine.api.update(put(of(engine), "spec.maxUnavailable", 2))
    with pytest.raises(TooManyRequests) as error:
        evict(engine.api, Key("Pod", "default", "web-0"), {})
    assert error.value.details["causes"][0]["message"] == "The disruption budget b is still being processed by the server."
    assert error.value.status()["details"]["retryAfterSeconds"] == 10


def test_EVI_7_PDB_4_nobody_else_asks():
    engine = cluster(sts(3), budget(minAvailable=3))
    assert refused(engine).startswith("The disruption budget b needs 3")
    engine.api.delete(Key("Pod", "default", "web-0"))
    engine.settle()
    assert phase(engine, "web-0") == "Running"
    template = get(engine.world.find(Key("StatefulSet", "default", "web")), "spec.template.spec.containers")[0]
    patch(engine, Key("StatefulSet", "default", "web"), spec={"template": {"spec": {"containers": [{**template, "image": "nginx:1.25"}]}}})
    assert {found(engine, f"web-{i}")["spec"]["containers"][0]["image"] for i in range(3)} == {"nginx:1.25"}


def test_EVI_8_a_drain_goes_on_as_the_budget_allows():
    engine = cluster(sts(3), budget(maxUnavailable=1))
    waiting, rounds = ["web-0", "web-1", "web-2"], 0
    while waiting and (rounds := rounds + 1) < 20:
        for name in list(waiting):
            try:
                evict(engine.api, Key("Pod", "default", name), {})
                waiting.remove(name)
            except TooManyRequests:
                pass
        engine.run(5000)
        unavailable = sum(1 for i in range(3) if found(engine, f"web-{i}") is None or "deletionTimestamp" in found(engine, f"web-{i}")["metadata"])
        assert unavailable <= 1
    assert not waiting and rounds > 1


def test_an_announced_eviction_that_does_not_happen_is_forgotten():
    engine = cluster(sts(3), budget(maxUnavailable=1))
    status = {**of(engine)["status"], "disruptedPods": {"web-0": engine.clock.timestamp(engine.now)}}
    engine.api.update(put(of(engine), "status", status), subresource="status")
    engine.settle()
    assert counts(engine)[0] == 2
    engine.run(121_000)
    assert counts(engine)[0] == 3
    assert any("Pod was expected by PDB default/default to be deleted but it wasn't" in e for e in all_events(engine, found(engine, "web-0")))


def test_the_budget_follows_what_start_brings():
    engine = cluster(budget(minAvailable=1))
    start(engine, sts(2))
    assert counts(engine) == (2, 1, 2, 1, "SufficientPods")
