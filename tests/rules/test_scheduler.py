"""The scheduler without volumes: who is looked at, which nodes are refused and why, which is chosen (SCHED-n)."""
from __future__ import annotations

import pytest

from kstate.bootstrap import node
from kstate.scheduling.affinity import tolerates
from kstate.scheduling.nodeinfo import requests as asked
from kstate.scheduling.nodeinfo import scored_requests
from kstate.world import Key, get
from tests.helpers import because

from . import running
from .running import (
    P,
    busybox,
    change_node,
    cluster,
    condition,
    container,
    events,
    found,
    node_key,
    node_of,
    patch,
    pod,
    requests,
    start,
    why,
)

HELPLESS = "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
NO_VICTIMS = "no new claims to deallocate, preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."


def taint(engine, number: int, *taints: str) -> None:
    """Taints as kubectl writes them: key=value:Effect."""
    split = [(t.rpartition(":")[0].partition("="), t.rpartition(":")[2]) for t in taints]
    change_node(engine, number, "spec.taints", [{"key": key, "value": value, "effect": effect} for (key, _, value), effect in split])


def cordon(engine, *numbers: int) -> None:
    for number in numbers:
        patch(engine, node_key(number), spec={"unschedulable": True})


def affinity(sort: str, term: dict, **more) -> dict:
    return {"affinity": {sort: {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "kubernetes.io/hostname", **term, **more}]}}}


def app(name: str) -> dict:
    return {"labelSelector": {"matchLabels": {"app": name}}}


# ---- which pods -------------------------------------------------------------------------------------

def test_SCHED_1_other_schedulers_pods_are_left_alone():
    engine = cluster(pod(schedulerName="mine"))
    assert node_of(engine) == "" and "conditions" not in found(engine)["status"]


def test_SCHED_1_a_gated_pod_says_so_and_goes_on_when_the_gate_opens():
    engine = cluster(pod(schedulingGates=[{"name": "example.com/wait"}]))
    assert condition(engine, "PodScheduled") == ("False", "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates")
    assert not events(engine)
    patch(engine, P, spec={"schedulingGates": None})
    assert node_of(engine)


def test_SCHED_1_by_priority_then_in_the_order_of_creation():
    high = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 1000}
    engine = cluster(high, nodes=1)
    cordon(engine, 1)
    big = container(**requests(cpu="3"))
    start(engine, pod("a", big), pod("z", big, priorityClassName="high"), pod("b", big))
    patch(engine, node_key(1), spec={"unschedulable": None})
    assert (node_of(engine, "z"), node_of(engine, "a")) == ("node-1", "")


def test_SCHED_10_a_pod_with_a_node_skips_the_scheduler():
    engine = cluster(pod(nodeName="node-2"))
    assert node_of(engine) == "node-2" and not any("Scheduled" in e for e in events(engine))
    engine = cluster(pod(nodeName="nowhere"))
    assert engine.world.find(P) is None and "PGC-3" in because(engine)


# ---- reasons ------------------------------------------------------------------------------------------

def test_SCHED_3_unschedulable_taint_affinity_in_this_order():
    engine = cluster()
    cordon(engine, 1)
    taint(engine, 2, "dedicated=db:NoSchedule")
    start(engine, pod(nodeSelector={"disk": "ssd"}))
    assert why(engine) == ("0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint(s), "
                           f"1 node(s) were unschedulable. {HELPLESS}")


def test_SCHED_2_a_node_gives_only_its_first_reason():
    engine = cluster()
    cordon(engine, 1, 2, 3)
    start(engine, pod("p", container(**requests(cpu="64")), nodeSelector={"disk": "ssd"}))
    assert why(engine) == f"0/3 nodes are available: 3 node(s) were unschedulable. {HELPLESS}"


def test_SCHED_3_resources_give_a_reason_each():
    engine = cluster(pod("p", container(**requests(cpu="5", memory="17Gi"))))
    assert why(engine) == f"0/3 nodes are available: 3 Insufficient cpu, 3 Insufficient memory. {HELPLESS}"          # no node is that big
    start(engine, *[pod(f"on-{n}", container(**requests(cpu="3", memory="1Gi")), nodeName=f"node-{n}") for n in (1, 2, 3)])
    start(engine, pod("q", container(**requests(cpu="2", memory="1Gi"))))
    assert why(engine, "q") == f"0/3 nodes are available: 3 Insufficient cpu. {NO_VICTIMS}"
    engine = cluster(pod("p", container(resources={"requests": {"nvidia.com/gpu": "1"}, "limits": {"nvidia.com/gpu": "1"}})))
    assert why(engine).startswith("0/3 nodes are available: 3 Insufficient nvidia.com/gpu.")


def test_SCHED_3_too_many_pods():
    engine = cluster(nodes=1)
    change_node(engine, 1, "status.allocatable.pods", "2")
    start(engine, pod("a"), pod("b"), pod("p"))
    assert why(engine).startswith("0/1 nodes are available: 1 Too many pods.")


def test_SCHED_3_host_ports():
    listening = container(ports=[{"containerPort": 80, "hostPort": 8080}])
    engine = cluster(pod("a", listening), pod("p", listening), nodes=1)
    assert why(engine).startswith("0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.")
    other = container(ports=[{"containerPort": 80, "hostPort": 8081}])
    assert node_of(start(engine, pod("b", other)), "b")


def test_SCHED_3_topology_spread():
    spread = [{"maxSkew": 1, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule", **app("a")}]
    engine = cluster()
    change_node(engine, 1, "metadata.labels.rack", "r1")
    change_node(engine, 2, "metadata.labels.rack", "r2")
    start(engine, *[pod(f"a{i}", labels={"app": "a"}, topologySpreadConstraints=spread) for i in range(3)])
    assert sorted(node_of(engine, f"a{i}") for i in range(3)) == ["node-1", "node-1", "node-2"]
    cordon(engine, 2)
    start(engine, pod(labels={"app": "a"}, topologySpreadConstraints=spread))
    assert why(engine).startswith("0/3 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) didn't match pod "
                                  "topology spread constraints (missing required label), 1 node(s) were unschedulable.")


def test_SCHED_3_pod_affinity_and_anti_affinity():
    engine = cluster(pod("db", labels={"app": "db"}, nodeName="node-2"))
    start(engine, pod("near", **affinity("podAffinity", app("db"))), pod("far", **affinity("podAntiAffinity", app("db"))))
    assert node_of(engine, "near") == "node-2" and node_of(engine, "far") in ("node-1", "node-3")
    start(engine, pod("lost", **affinity("podAffinity", app("nobody"))))
    assert why(engine, "lost") == f"0/3 nodes are available: 3 node(s) didn't match pod affinity rules. {HELPLESS}"


def test_SCHED_3_those_who_are_there_can_refuse():
    engine = cluster(pod("hermit", nodeName="node-1", **affinity("podAntiAffinity", app("a"))), pod("p", labels={"app": "a"}), nodes=1)
    assert why(engine).startswith("0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules. "
                                  "no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims")


def test_SCHED_5_a_first_pod_may_satisfy_its_own_affinity():
    engine = cluster(*[pod(f"a{i}", labels={"app": "a"}, **affinity("podAffinity", app("a"))) for i in range(3)])
    assert len({node_of(engine, f"a{i}") for i in range(3)}) == 1 and node_of(engine, "a0")


@pytest.mark.parametrize("toleration, holds", [
    ({"key": "a", "value": "b", "effect": "NoSchedule"}, True),
    ({"key": "a", "operator": "Exists"}, True),
    ({"operator": "Exists"}, True),
    ({"key": "a", "value": "c"}, False),
    ({"key": "b", "operator": "Exists"}, False),
    ({"key": "a", "operator": "Exists", "effect": "NoExecute"}, False),
])
def test_SCHED_5_tolerations(toleration, holds):
    assert tolerates(toleration, {"key": "a", "value": "b", "effect": "NoSchedule"}) is holds


def test_SCHED_5_affinity_terms_are_ored_expressions_anded():
    def wants(*terms):
        return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}}}

    def has(key, operator, *values):
        return {"key": key, "operator": operator, "values": list(values)}
    engine = cluster()
    change_node(engine, 2, "metadata.labels.size", "10")
    small = {"matchExpressions": [has("size", "Lt", "5")]}
    large = {"matchExpressions": [has("size", "Gt", "5"), has("kubernetes.io/os", "In", "linux")]}
    named = {"matchFields": [has("metadata.name", "In", "node-3")]}
    start(engine, pod("a", **wants(small, large)), pod("b", **wants(named)), pod("c", **wants({"matchExpressions": [has("size", "DoesNotExist")]}, )))
    assert (node_of(engine, "a"), node_of(engine, "b")) == ("node-2", "node-3") and node_of(engine, "c") != "node-2"


def test_SCHED_4_what_a_pod_asks_for():
    def spec(containers, init=()):
        return {"containers": containers, "initContainers": list(init)}
    main = [container("a", **requests(cpu="100m", memory="1Gi")), container("b", **requests(cpu="200m"))]
    assert asked(spec(main)) == {"cpu": 300, "memory": 1 << 30}
    greedy = container("i", **requests(cpu="1"))
    sidecar = container("s", restartPolicy="Always", **requests(cpu="50m"))
    assert asked(spec(main, [greedy]))["cpu"] == 1000
    assert asked(spec(main, [sidecar]))["cpu"] == 350
    assert asked(spec(main, [sidecar, greedy]))["cpu"] == 1050
    assert asked({**spec(main), "overhead": {"cpu": "10m"}})["cpu"] == 310
    assert scored_requests(spec([container()])) == {"cpu": 100, "memory": 200 << 20}


def test_SCHED_4_terminating_pods_count_finished_ones_do_not():
    slow = busybox("sleep", "3600", **requests(cpu="3"))
    engine = cluster(pod("a", slow), pod("p", slow), nodes=1)
    engine.api.delete(Key("Pod", "default", "a"))
    engine.drain()
    assert why(engine).startswith("0/1 nodes are available: 1 Insufficient cpu.")
    engine.settle()
    assert node_of(engine) == "node-1"
    engine = cluster(pod("a", busybox("true", **requests(cpu="3")), restartPolicy="Never"), pod("p", slow), nodes=1)
    assert node_of(engine) == "node-1"


# ---- the choice -----------------------------------------------------------------------------------------

def test_SCHED_6_ties_go_to_the_fewest_pods_then_to_the_first_by_name():
    engine = cluster(*[pod(f"p{i}") for i in range(6)], nodes=12)
    assert [node_of(engine, f"p{i}") for i in range(6)] == [f"node-{i}" for i in range(1, 7)]


def test_SCHED_6_prefers_what_is_preferred_and_avoids_what_is_tainted_softly():
    engine = cluster()
    change_node(engine, 3, "metadata.labels.disk", "ssd")
    term = {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}
    wish = {"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 10, "preference": term}]}}}
    start(engine, *[pod(f"a{i}", **wish) for i in range(2)])
    assert [node_of(engine, f"a{i}") for i in range(2)] == ["node-3", "node-3"]
    taint(engine, 1, "old=yes:PreferNoSchedule")
    assert node_of(start(engine, pod("b")), "b") == "node-2"


def test_SCHED_6_the_emptier_node_wins():
    engine = cluster(pod("heavy", container(**requests(cpu="3", memory="12Gi")), nodeName="node-1"), nodes=2)
    start(engine, *[pod(f"p{i}", container(**requests(cpu="500m", memory="2Gi"))) for i in range(3)])
    assert [node_of(engine, f"p{i}") for i in range(3)] == ["node-2"] * 3


def test_SCHED_7_success():
    engine = cluster(pod())
    assert condition(engine, "PodScheduled")[0] == "True"
    event = next(e for e in engine.world.list("Event") if e["reason"] == "Scheduled")
    assert event["message"] == "Successfully assigned default/p to node-1"
    assert (event["action"], event["reportingComponent"], event["source"], event["firstTimestamp"]) == ("Binding", "default-scheduler", {}, None)


# ---- the message ------------------------------------------------------------------------------------------

def test_SCHED_8_the_example_with_two_sorts_of_nodes():
    engine = cluster()
    taint(engine, 1, "a=b:NoSchedule")
    start(engine, *[pod(f"on-{n}", container(**requests(cpu="2")), nodeName=f"node-{n}") for n in (2, 3)])
    start(engine, pod("p", container(**requests(cpu="3"))))
    assert why(engine) == ("0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. no new claims to deallocate, preemption: "
                           "0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.")


def test_SCHED_8_counts_are_sorted_as_strings():
    engine = cluster(nodes=12)
    for number in (1, 2):
        taint(engine, number, "a=b:NoSchedule")
    start(engine, pod(nodeSelector={"disk": "ssd"}))
    assert why(engine).startswith("0/12 nodes are available: 10 node(s) didn't match Pod's node affinity/selector, 2 node(s) had untolerated taint(s).")


def test_SCHED_8_without_preemption_and_without_nodes():
    never = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "n"}, "value": 1, "preemptionPolicy": "Never"}
    engine = cluster(never, pod(nodeSelector={"a": "b"}, priorityClassName="n"))
    assert why(engine).endswith("preemption: not eligible due to preemptionPolicy=Never.")
    assert why(cluster(pod(), nodes=0)) == "no nodes available to schedule pods"


def test_SCHED_9_a_failure_is_told_once_and_kept_in_the_condition():
    engine = cluster(pod(nodeSelector={"disk": "ssd"}))
    text = f"0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. {HELPLESS}"
    assert events(engine) == [f"Warning/FailedScheduling: {text}"] and why(engine) == text
    assert get(found(engine), "status.phase") == "Pending"
    assert engine.waits(P)[0].because == "SCHED-9"
    event = next(e for e in engine.world.list("Event") if e["reason"] == "FailedScheduling")
    assert event["action"] == "Scheduling" and event["eventTime"]


def test_SCHED_9_what_helps_wakes_the_pod():
    engine = cluster(pod(nodeSelector={"disk": "ssd"}))
    change_node(engine, 2, "metadata.labels.disk", "ssd")
    assert node_of(engine) == "node-2"
    engine = cluster(pod(nodeSelector={"kubernetes.io/hostname": "node-4"}))
    start(engine, node(4))
    assert node_of(engine) == "node-4"
    engine = cluster(pod("a", container(**requests(cpu="3"))), pod("p", container(**requests(cpu="3"))), nodes=1)
    running.gone_after(engine, "a")
    engine.settle()
    assert node_of(engine) == "node-1"
    engine = cluster(pod(**affinity("podAffinity", app("db"))))
    start(engine, pod("db", labels={"app": "db"}))
    assert node_of(engine) == node_of(engine, "db")


def test_SCHED_9_what_does_not_matter_wakes_nobody():
    engine = cluster(pod(nodeSelector={"disk": "ssd"}))
    position = len(engine.world.log)
    change_node(engine, 1, "status.images", [{"names": ["x"], "sizeBytes": 1}])
    assert not [c for c in engine.world.log[position:] if c.who == "default-scheduler"]


def test_the_same_choice_under_any_hash_seed_and_after_undo():
    engine = cluster()
    before = engine.save()
    start(engine, *[pod(f"p{i}") for i in range(7)])
    first = [node_of(engine, f"p{i}") for i in range(7)]
    engine.restore(before)
    engine.future.clear()
    start(engine, *[pod(f"p{i}") for i in range(7)])
    assert [node_of(engine, f"p{i}") for i in range(7)] == first
