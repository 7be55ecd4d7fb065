"""Subresources: scale, eviction, binding, log (API-70 to API-73, T-16)."""
from __future__ import annotations

import pytest

from tests.helpers import cluster_engine

from .asking import APPS, CORE, Server, bind, budget, pod, run, statefulset

WEB = f"{APPS}/statefulsets/web"
MERGE = "application/merge-patch+json"
REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."


@pytest.fixture
def web(server):
    return server.ok("POST", f"{APPS}/statefulsets", statefulset())


# ---- scale (API-70) ---------------------------------------------------------------------------

def test_API_70_a_scale_stands_for_its_parent(server, web):
    meta = {k: web["metadata"][k] for k in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")}
    assert server.get(f"{WEB}/scale") == {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": {"replicas": 3},
                                          "status": {"replicas": 0, "selector": "app=nginx"}}


def test_API_70_KCTL_44_patch(server, web):
    assert server.ok("PATCH", f"{WEB}/scale", {"spec": {"replicas": 5}}, media=MERGE)["spec"] == {"replicas": 5}
    scaled = server.get(WEB)
    assert scaled["spec"] == {**web["spec"], "replicas": 5} and scaled["metadata"]["generation"] == 2
    assert server.ok("PATCH", f"{WEB}/scale", [{"op": "replace", "path": "/spec/replicas", "value": 1}], media="application/json-patch+json")["spec"] == {"replicas": 1}


def test_API_70_put_and_zero(server, web):
    scale = server.get(f"{WEB}/scale")
    answer = server.ok("PUT", f"{WEB}/scale", {**scale, "spec": {"replicas": 0}})
    assert answer["spec"] == {} and server.get(WEB)["spec"]["replicas"] == 0
    assert server.refused("PUT", f"{WEB}/scale", {**scale, "spec": {"replicas": 4}})[:2] == (409, "Conflict")       # its version is stale now
    assert server.ok("PUT", f"{WEB}/scale", {"metadata": {"name": "web"}, "spec": {"replicas": 4}})["spec"] == {"replicas": 4}


@pytest.mark.parametrize(("body", "code", "message"), [
    ({"spec": {"replicas": -1}}, 422, 'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'),
    ({"spec": {"replicas": "x"}}, 400,
     'Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal string into Go struct field ScaleSpec.spec.replicas of type int32'),
    ({"spec": {"replicas": 1.5}}, 400,
     'Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal number 1.5 into Go struct field ScaleSpec.spec.replicas of type int32')])
def test_API_70_what_is_no_number(server, web, body, code, message):
    assert server.refused("PATCH", f"{WEB}/scale", body, media=MERGE)[::2] == (code, message)
    assert server.refused("PUT", f"{WEB}/scale", body)[::2] == (code, message)


def test_API_70_garbage_and_missing_parents(server, web):
    assert server.refused("PATCH", f"{WEB}/scale", b"{", media=MERGE)[0] == 400
    assert server.refused("PUT", f"{WEB}/scale", b"[]")[0] == 400
    assert server.refused("PUT", f"{WEB}/scale", {"metadata": {"name": "other"}, "spec": {}})[2] == (
        "the name of the object (other) does not match the name on the URL (web)")
    assert server.refused("GET", f"{APPS}/statefulsets/none/scale") == (404, "NotFound", 'statefulsets.apps "none" not found')
    assert server.ask("GET", f"{CORE}/pods/none/scale").body == b"404 page not found\n"


def test_API_60_70_a_dry_run(server, web):
    assert server.ok("PATCH", f"{WEB}/scale?dryRun=All", {"spec": {"replicas": 7}}, media=MERGE)["spec"] == {"replicas": 7}
    assert server.get(WEB) == web


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet"])
def test_API_70_other_kinds(server, kind):
    obj = {**statefulset(), "kind": kind}
    del obj["spec"]["serviceName"]
    plural = f"{kind.lower()}s"
    server.ok("POST", f"{APPS}/{plural}", obj)
    assert server.ok("PATCH", f"{APPS}/{plural}/web/scale", {"spec": {"replicas": 2}}, media=MERGE)["spec"] == {"replicas": 2}


# ---- eviction (API-71) ------------------------------------------------------------------------

def evict(server, name: str = "web-0", **options):
    return server.ask("POST", f"{CORE}/pods/{name}/eviction", {"kind": "Eviction", "apiVersion": "policy/v1", "metadata": {"name": name, "namespace": "default"},
                                                               "deleteOptions": options})


@pytest.fixture
def running(server):
    server.ok("POST", f"{CORE}/pods", pod())
    bind(server)
    run(server)
    return server


def with_budget(server, **status) -> str:
    made = server.ok("POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets", budget("web-pdb"))
    where = "/apis/policy/v1/namespaces/default/poddisruptionbudgets/web-pdb"
    server.ok("PUT", f"{where}/status", {**made, "status": {"observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 2, "desiredHealthy": 2,
                                                            "expectedPods": 3, **status}})
    return where


def test_API_71_without_a_budget_it_is_a_delete(running):
    answer = evict(running, gracePeriodSeconds=7)
    assert (answer.status, answer.json) == (201, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201})
    gone = running.get(f"{CORE}/pods/web-0")
    assert gone["metadata"]["deletionGracePeriodSeconds"] == 7
    [condition] = [c for c in gone["status"]["conditions"] if c["type"] == "DisruptionTarget"]
    assert (condition["status"], condition["reason"], condition["message"]) == ("True", "EvictionByEvictionAPI", "Eviction API: evicting")


def test_API_71_T_16_a_spent_budget(running):
    with_budget(running)
    answer = evict(running)
    assert (answer.status, answer.json["reason"], answer.json["message"]) == (429, "TooManyRequests", REFUSED)
    assert answer.json["details"] == {"causes": [
        {"reason": "DisruptionBudget", "message": "The disruption budget web-pdb needs 2 healthy pods and has 2 currently"}]}
    assert "retry-after" not in answer.headers and "deletionTimestamp" not in running.get(f"{CORE}/pods/web-0")["metadata"]


def test_API_71_a_budget_that_is_not_up_to_date(running):
    with_budget(running, observedGeneration=0)
    answer = evict(running)
    assert answer.status == 429 and answer.headers["retry-after"] == "10"
    assert answer.json["details"]["causes"][0]["message"] == "The disruption budget web-pdb is still being processed by the server."


def test_API_71_a_budget_is_spent(running):
    where = with_budget(running, disruptionsAllowed=1, currentHealthy=3)
    assert evict(running).status == 201
    status = running.get(where)["status"]
    assert status["disruptionsAllowed"] == 0 and status["disruptedPods"] == {"web-0": "2026-01-01T00:00:00Z"}


def test_API_71_T_16_a_pending_pod_asks_nobody(server):
    server.ok("POST", f"{CORE}/pods", pod())
    with_budget(server)
    assert evict(server).status == 201 and server.refused("GET", f"{CORE}/pods/web-0")[0] == 404


def test_API_71_several_budgets(running):
    with_budget(running)
    running.ok("POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets", budget("other"))
    answer = evict(running)
    assert (answer.status, answer.json.get("reason", ""), answer.json["message"]) == (
        500, "", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")


def test_API_71_what_is_malformed(running):
    assert running.refused("POST", f"{CORE}/pods/web-0/eviction", {"metadata": {"name": "web-1"}}) == (
        400, "BadRequest", "name in URL does not match name in Eviction object")
    assert running.refused("POST", f"{CORE}/pods/none/eviction", {"metadata": {"name": "none"}})[0] == 404
    assert running.refused("POST", f"{CORE}/pods/web-0/eviction", b"[]")[0] == 400
    assert evict(running, preconditions={"uid": "other"}).status == 409


# ---- binding (API-72) -------------------------------------------------------------------------

def test_API_72_binding(server):
    server.ok("POST", f"{CORE}/pods", pod())
    answer = server.ask("POST", f"{CORE}/pods/web-0/binding", {"metadata": {"name": "web-0"}, "target": {"kind": "Node", "name": "node-2"}})
    assert (answer.status, answer.json["status"]) == (201, "Success")
    bound = server.get(f"{CORE}/pods/web-0")
    assert bound["spec"]["nodeName"] == "node-2"
    assert [(c["type"], c["status"]) for c in bound["status"]["conditions"]] == [("PodScheduled", "True")]


def test_API_72_only_once_and_not_at_the_end(server):
    server.ok("POST", f"{CORE}/pods", pod())
    bind(server)
    body = {"metadata": {"name": "web-0"}, "target": {"name": "node-2"}}
    assert server.refused("POST", f"{CORE}/pods/web-0/binding", body) == (
        409, "Conflict", 'Operation cannot be fulfilled on pods/binding "web-0": pod web-0 is already assigned to node "node-1"')
    server.ok("POST", f"{CORE}/pods", {**pod("web-1"), "metadata": {"name": "web-1", "finalizers": ["x/y"]}})
    server.ok("DELETE", f"{CORE}/pods/web-1")
    assert server.refused("POST", f"{CORE}/pods/web-1/binding", {"target": {"name": "node-2"}})[2].endswith(
        "pod web-1 is being deleted, cannot be assigned to a host")


def test_API_72_what_is_malformed(server):
    server.ok("POST", f"{CORE}/pods", pod())
    assert server.refused("POST", f"{CORE}/pods/web-0/binding", {"metadata": {"name": "other"}, "target": {"name": "n"}}) == (
        400, "BadRequest", "name in URL does not match name in Binding object")
    assert server.refused("POST", f"{CORE}/pods/web-0/binding", {"metadata": {"name": "web-0"}}) == (500, "", "target.name: Required value")


# ---- log (API-73) -----------------------------------------------------------------------------

def test_API_73_a_pod_without_a_node_has_said_nothing(server):
    server.ok("POST", f"{CORE}/pods", pod())
    answer = server.ask("GET", f"{CORE}/pods/web-0/log?container=nginx")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"", "text/plain; charset=utf-8")


def test_API_73_refusals(server):
    two = pod()
    two["spec"] |= {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "x"}], "initContainers": [{"name": "i", "image": "x"}]}
    server.ok("POST", f"{CORE}/pods", two)
    log = f"{CORE}/pods/web-0/log"
    assert server.refused("GET", log) == (400, "BadRequest", "a container name must be specified for pod web-0, choose one of: [i a b]")
    assert server.refused("GET", f"{log}?container=c") == (400, "BadRequest", "container c is not valid for pod web-0")
    bind(server)
    assert server.refused("GET", f"{log}?container=a") == (400, "BadRequest", 'container "a" in pod "web-0" is not available')
    now = server.get(f"{CORE}/pods/web-0")
    for reason, shown in (("ContainerCreating", "ContainerCreating"), ("PodInitializing", "PodInitializing"), ("ErrImagePull", "image can't be pulled"),
                          ("ImagePullBackOff", "trying and failing to pull image")):
        waiting = [{"name": "a", "image": "x", "imageID": "", "ready": False, "restartCount": 0, "state": {"waiting": {"reason": reason}}}]
        now = server.ok("PUT", f"{CORE}/pods/web-0/status", {**now, "status": {**now["status"], "containerStatuses": waiting}})
        assert server.refused("GET", f"{log}?container=a")[2] == f'container "a" in pod "web-0" is waiting to start: {shown}'
    assert server.refused("GET", f"{log}?container=a&previous=true")[2] == 'previous terminated container "a" in pod "web-0" not found'
    assert server.refused("GET", f"{log}?container=a&tailLines=x")[2] == 'strconv.ParseInt: parsing "x": invalid syntax'
    assert server.refused("GET", f"{CORE}/pods/none/log")[0] == 404


# ---- exec (API-74) ----------------------------------------------------------------------------

def test_API_74_exec_runs_a_command_to_its_end():
    server = Server(cluster_engine())
    server.ok("POST", f"{CORE}/pods", pod())
    server.engine.settle()
    answer = server.ok("POST", f"{CORE}/pods/web-0/exec?command=sh&command=-c&command=cat%3B+exit+3", b"hello")
    assert answer == {"stdout": "hello", "stderr": "", "code": 3}
    assert server.ask("GET", f"{CORE}/pods/web-0/portforward").status == 404
