"""DELETE: options, preconditions, grace, finalizers, propagation, what is answered (API-46 to API-53, API-65)."""
from __future__ import annotations

import pytest

from .asking import APPS, CORE, bind, config_map, pod, run, service, statefulset, volume

HOLD = "example.com/hold"
POLICIES = 'supported values: "Foreground", "Background", "Orphan", "nil"'


def held(obj: dict, *finalizers: str) -> dict:
    return {**obj, "metadata": {**obj["metadata"], "finalizers": list(finalizers or (HOLD,))}}


@pytest.fixture
def running(server):
    """A pod that is bound and runs."""
    server.ok("POST", f"{CORE}/pods", pod())
    bind(server)
    run(server)
    return f"{CORE}/pods/web-0"


def marks(obj: dict) -> tuple:
    meta = obj["metadata"]
    return meta.get("deletionTimestamp", "")[11:19], meta.get("deletionGracePeriodSeconds"), meta.get("generation")


def test_API_46_options_stand_in_the_body_or_in_the_query(server, running):
    body = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 7}
    assert marks(server.ok("DELETE", f"{running}?gracePeriodSeconds=3", body)) == ("00:00:07", 7, 2)
    assert marks(server.ok("DELETE", f"{running}?gracePeriodSeconds=2")) == ("00:00:02", 2, 2)
    assert marks(server.ok("DELETE", f"{running}?gracePeriodSeconds=1", {})) == ("00:00:02", 2, 2)          # the body wins
    server.ok("POST", f"{CORE}/configmaps", config_map())
    kept = server.ok("DELETE", f"{CORE}/configmaps/a?propagationPolicy=Orphan")
    assert kept["metadata"]["finalizers"] == ["orphan"]
    server.ok("POST", f"{CORE}/configmaps", config_map("b"))
    assert server.ok("DELETE", f"{CORE}/configmaps/b?orphanDependents=true")["metadata"]["finalizers"] == ["orphan"]
    server.ok("POST", f"{CORE}/configmaps", config_map("c"))
    assert server.ok("DELETE", f"{CORE}/configmaps/c?orphanDependents=false")["status"] == "Success"


@pytest.mark.parametrize(("options", "code", "message"), [
    ({"propagationPolicy": "Sometimes"}, 422, f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Sometimes": {POLICIES}'),
    ({"propagationPolicy": "Orphan", "orphanDependents": True}, 422,
     'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set'),
    ({"dryRun": ["Some"]}, 422, 'DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"'),
    ({"gracePeriodSeconds": "x"}, 400, ('DeleteOptions in version "v1" cannot be handled as a DeleteOptions: '
     "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64"))])
def test_API_47_options_are_checked(server, options, code, message):
    server.ok("POST", f"{CORE}/configmaps", config_map())
    assert server.refused("DELETE", f"{CORE}/configmaps/a", options)[::2] == (code, message)


def test_API_47_a_negative_period_is_one_second(server, running):
    assert marks(server.ok("DELETE", running, {"gracePeriodSeconds": -5})) == ("00:00:01", 1, 2)


def test_API_48_preconditions(server):
    made = server.ok("POST", f"{APPS}/statefulsets", statefulset())["metadata"]
    answer = server.ask("DELETE", f"{APPS}/statefulsets/web", {"preconditions": {"uid": "other"}})
    assert (answer.status, answer.json["reason"], answer.json["message"]) == (
        409, "Conflict", (f'Operation cannot be fulfilled on StatefulSet.apps "web": the UID in the precondition (other) does not match the UID in '
        f'record ({made["uid"]}). The object might have been deleted and then recreated'))
    assert answer.json["details"] == {"name": "web", "group": "apps", "kind": "StatefulSet"}
    assert server.refused("DELETE", f"{APPS}/statefulsets/web", {"preconditions": {"resourceVersion": "1"}})[2].endswith(
        f"the ResourceVersion in the precondition (1) does not match the ResourceVersion in record ({made['resourceVersion']}). "
        "The object might have been modified")
    right = {"uid": made["uid"], "resourceVersion": made["resourceVersion"]}
    assert server.ok("DELETE", f"{APPS}/statefulsets/web", {"preconditions": right})["status"] == "Success"


def test_API_49_T_5_a_running_pod_gets_its_grace_period(server, running):
    server.engine.run(10_000)
    assert marks(server.ok("DELETE", running)) == ("00:00:40", 30, 2)                       # a time in the future
    assert marks(server.ok("DELETE", running)) == ("00:00:40", 30, 2)                       # again: nothing changes
    assert marks(server.ok("DELETE", running, {"gracePeriodSeconds": 60})) == ("00:00:40", 30, 2)
    assert marks(server.ok("DELETE", running, {"gracePeriodSeconds": 5})) == ("00:00:15", 5, 2)
    gone = server.ok("DELETE", running, {"gracePeriodSeconds": 0})
    assert gone["metadata"]["name"] == "web-0" and server.refused("GET", running)[0] == 404


def test_API_49_the_pod_says_how_long(server):
    server.ok("POST", f"{CORE}/pods", pod(terminationGracePeriodSeconds=5))
    bind(server)
    assert marks(server.ok("DELETE", f"{CORE}/pods/web-0")) == ("00:00:05", 5, 2)


def test_API_49_a_shorter_period_does_not_reach_into_the_past(server, running):
    server.ok("DELETE", running)
    server.engine.run(20_000)
    assert marks(server.ok("DELETE", running, {"gracePeriodSeconds": 5})) == ("00:00:20", 1, 2)


def test_API_49_without_a_period_of_its_own_a_further_delete_changes_nothing(server, running):
    server.ok("DELETE", running, {"gracePeriodSeconds": 60})
    assert marks(server.ok("DELETE", running)) == ("00:01:00", 60, 2)


def test_API_49_T_6_an_unscheduled_pod_goes_at_once(server):
    server.ok("POST", f"{CORE}/pods", pod())
    watch = server.ask("GET", f"{CORE}/pods?watch=1&resourceVersion={server.engine.world.revision}").watch
    answer = server.ok("DELETE", f"{CORE}/pods/web-0")
    assert answer["kind"] == "Pod" and "deletionTimestamp" not in answer["metadata"]
    assert [line[:17] for line in watch.lines()] == [b'{"type":"DELETED"']


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_API_49_so_does_one_that_has_ended(server, running, phase):
    now = server.get(running)
    server.ok("PUT", f"{running}/status", {**now, "status": {**now["status"], "phase": phase}})
    server.ok("DELETE", running)
    assert server.refused("GET", running)[0] == 404


def test_API_49_50_a_pod_with_finalizers_lingers(server):
    server.ok("POST", f"{CORE}/pods", held(pod()))
    assert marks(server.ok("DELETE", f"{CORE}/pods/web-0")) == ("00:00:00", 0, 2)
    assert marks(server.ok("DELETE", f"{CORE}/pods/web-0", {"gracePeriodSeconds": 0})) == ("00:00:00", 0, 2)
    server.ok("PATCH", f"{CORE}/pods/web-0", {"metadata": {"finalizers": None}}, media="application/merge-patch+json")
    assert server.refused("GET", f"{CORE}/pods/web-0")[0] == 404


def test_API_50_finalizers_hold_an_object(server):
    server.ok("POST", f"{APPS}/statefulsets", held(statefulset()))
    server.engine.run(3000)
    marked = server.ok("DELETE", f"{APPS}/statefulsets/web")
    assert marks(marked) == ("00:00:03", 0, 2) and marked["kind"] == "StatefulSet"
    server.engine.run(3000)
    assert server.ok("DELETE", f"{APPS}/statefulsets/web") == marked                         # a no-op that returns it


@pytest.mark.parametrize(("policy", "before", "after"), [
    ("Orphan", [HOLD, "foregroundDeletion"], [HOLD, "orphan"]), ("Foreground", [HOLD, "orphan"], [HOLD, "foregroundDeletion"]),
    ("Background", [HOLD, "orphan"], [HOLD]), (None, [HOLD, "orphan"], [HOLD, "orphan"])])
def test_API_51_a_policy_is_written_as_a_finalizer(server, policy, before, after):
    server.ok("POST", f"{CORE}/configmaps", held(config_map(), *before))
    marked = server.ok("DELETE", f"{CORE}/configmaps/a", {"propagationPolicy": policy})
    assert marked["metadata"]["finalizers"] == after
    again = server.ok("DELETE", f"{CORE}/configmaps/a", {"propagationPolicy": "Foreground"})
    assert again["metadata"]["finalizers"] == after                                          # too late to change it


@pytest.mark.parametrize("policy", ["Background", None])
def test_API_51_background_is_the_default_and_needs_no_finalizer(server, policy):
    server.ok("POST", f"{APPS}/statefulsets", statefulset())
    assert server.ok("DELETE", f"{APPS}/statefulsets/web", {"propagationPolicy": policy})["status"] == "Success"


@pytest.mark.parametrize(("path", "obj"), [(f"{CORE}/pods", pod("x")), (f"{CORE}/services", service("x")), ("/api/v1/persistentvolumes", volume("x")),
                                           ("/api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": "x"}})], ids=lambda v: "" if isinstance(v, str) else v["kind"])
def test_API_52_some_kinds_answer_with_the_object(server, path, obj):
    made = server.ok("POST", path, obj)
    answer = server.ok("DELETE", f"{path}/x")
    assert answer["kind"] == obj["kind"] and answer["metadata"]["uid"] == made["metadata"]["uid"]


@pytest.mark.parametrize(("path", "obj", "group"), [(f"{CORE}/configmaps", config_map("x"), {}), (f"{APPS}/statefulsets", statefulset("x"), {"group": "apps"}),
                                                    ("/api/v1/nodes", {"metadata": {"name": "x"}}, {})], ids=["configmaps", "statefulsets", "nodes"])
def test_API_52_others_with_a_status(server, path, obj, group):
    made = server.ok("POST", path, obj)
    assert server.ok("DELETE", f"{path}/x") == {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {"name": "x", **group, "kind": path.rpartition("/")[2], "uid": made["metadata"]["uid"]}}
    server.ok("POST", path, held(obj))
    assert server.ok("DELETE", f"{path}/x")["metadata"]["finalizers"] == [HOLD]              # the object, when it is only marked


def test_API_53_a_collection_is_deleted_by_selector(server):
    for name, labels in (("a", {"app": "x"}), ("b", {"app": "y"}), ("c", {"app": "x"})):
        server.ok("POST", f"{CORE}/configmaps", config_map(name, labels=labels))
    answer = server.ok("DELETE", f"{CORE}/configmaps?labelSelector=app%3Dx")
    assert answer["kind"] == "ConfigMapList" and [o["metadata"]["name"] for o in answer["items"]] == ["a", "c"]
    assert [o["metadata"]["name"] for o in server.get(f"{CORE}/configmaps")["items"]] == ["b", "kube-root-ca.crt"]


def test_API_53_with_the_given_options(server):
    server.ok("POST", f"{CORE}/configmaps", config_map("a"))
    server.ok("DELETE", f"{CORE}/configmaps?fieldSelector=metadata.name=a", {"propagationPolicy": "Orphan", "dryRun": ["All"]})
    assert "deletionTimestamp" not in server.get(f"{CORE}/configmaps/a")["metadata"]
    server.ok("DELETE", f"{CORE}/configmaps?fieldSelector=metadata.name=a", {"propagationPolicy": "Orphan"})
    assert server.get(f"{CORE}/configmaps/a")["metadata"]["finalizers"] == ["orphan"]


def test_API_60_a_dry_run_of_a_delete_stores_nothing(server, running):
    position = len(server.engine.world.log)
    assert marks(server.ok("DELETE", running, {"dryRun": ["All"]})) == ("00:00:30", 30, 2)
    assert server.ok("DELETE", f"{running}?dryRun=All&gracePeriodSeconds=0")["kind"] == "Pod"
    assert len(server.engine.world.log) == position


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_API_65_T_14_some_namespaces_may_not_be_deleted(server, name):
    assert server.refused("DELETE", f"/api/v1/namespaces/{name}") == (
        403, "Forbidden", f'namespaces "{name}" is forbidden: this namespace may not be deleted')


def test_API_65_a_namespace_terminates_and_its_controller_finalizes_it(server):
    server.ok("POST", "/api/v1/namespaces", {"metadata": {"name": "gsh"}})
    server.engine.drain()
    server.ok("POST", "/api/v1/namespaces/gsh/configmaps", held(config_map()))
    marked = server.ok("DELETE", "/api/v1/namespaces/gsh")
    assert marked["status"]["phase"] == "Terminating" and "deletionGracePeriodSeconds" not in marked["metadata"]
    server.engine.drain()
    assert server.ok("DELETE", "/api/v1/namespaces/gsh")["status"]["conditions"][3]["reason"] == "SomeResourcesRemain"
    finalized = server.ok("PUT", "/api/v1/namespaces/gsh/finalize", {**server.get("/api/v1/namespaces/gsh"), "spec": {"finalizers": []}})
    assert finalized["spec"] == {} and server.refused("GET", "/api/v1/namespaces/gsh")[0] == 404


def test_SVC_8_a_service_takes_its_endpoints_along(server):
    server.ok("POST", f"{CORE}/services", service())
    server.ok("POST", f"{CORE}/endpoints", {"metadata": {"name": "nginx"}})
    server.ok("DELETE", f"{CORE}/services/nginx")
    assert server.refused("GET", f"{CORE}/endpoints/nginx")[0] == 404


def test_deleting_what_is_not_there(server):
    assert server.refused("DELETE", f"{APPS}/statefulsets/nope") == (404, "NotFound", 'statefulsets.apps "nope" not found')
