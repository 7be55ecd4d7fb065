"""The kubelets: from a pod that has a node to one that is gone (KUB-n), its volumes (KUBE-n), and commands in it (API-73)."""
from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kstate.errors import BadRequest, ServerError
from kstate.node import exec as containers
from kstate.node.container import go_duration
from kstate.node.podstatus import phase as phase_from
from kstate.node.pulls import image_id, valid
from kstate.world import Key, get, put
from tests.helpers import EXAMPLE, apply, because, cluster_engine

from . import running
from .running import P, annotate, busybox, cluster, condition, container, events, found, gone_after, node_of, pod, start, status, word
from .volume_cases import claim, driver, named, storage_class, volume


def shell(script: str, **more) -> dict:
    return busybox("sh", "-c", script, **more)


def run(engine, command: str, name: str = "p") -> str:
    result = containers.exec(engine, Key("Pod", "default", name), "", ["sh", "-c", command])
    engine.settle()
    return result.stdout + result.stderr


def config(name: str, **data: str) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def writes(engine, name: str = "p") -> list[tuple]:
    """(seconds, who, phase, conditions that are True) of each write of the pod's status."""
    return [(c.time // 1000, c.who, get(c.new, "status.phase"), [x["type"] for x in get(c.new, "status.conditions", ()) if x["status"] == "True"])
            for c in engine.world.log if c.key == Key("Pod", "default", name) and c.verb == "status"]


def states(engine, name: str = "p", container: str = "c") -> list[tuple]:
    """(seconds, state, restarts) whenever the container's state changed."""
    found_states = []
    for change in engine.world.log:
        if change.key == Key("Pod", "default", name) and change.new is not None:
            for s in get(change.new, "status.containerStatuses", ()):
                [(state, details)] = s["state"].items()
                row = (details.get("reason", state), s["restartCount"])
                if s["name"] == container and (not found_states or found_states[-1][1:] != row):
                    found_states.append((change.time // 1000, *row))
    return found_states


# ---- phases, conditions, states -------------------------------------------------------------------------

def test_KUB_1_a_container_status():
    engine = cluster(pod())
    found_status = status(engine)
    assert set(found_status) == {"name", "state", "lastState", "ready", "restartCount", "image", "imageID", "containerID", "started"}
    assert found_status["state"] == {"running": {"startedAt": engine.clock.timestamp(engine.now)}}
    assert found_status["imageID"].startswith("docker.io/library/nginx@sha256:")


def test_KUB_2_the_first_waiting_reasons():
    engine = cluster(pod("p", container(), initContainers=[shell("sleep 9", name="i")]), pod("q"), nodes=1)
    history = [c.new for c in engine.world.log if c.key == P and c.new]
    first = next(o for o in history if get(o, "status.containerStatuses"))
    assert get(first["status"]["initContainerStatuses"][0], "state.waiting.reason") == "PodInitializing"
    assert get(first["status"]["containerStatuses"][0], "state.waiting.reason") == "PodInitializing"
    assert states(engine, "q")[0][1] == "ContainerCreating"


def test_KUB_6_the_writes_of_a_healthy_start():
    engine = cluster(pod())
    pull = engine.now // 1000 - 2
    assert 14 <= pull <= 25
    assert writes(engine) == [
        (0, "kubelet", "Pending", ["Initialized", "PodScheduled"]),
        (1, "kubelet", "Pending", ["PodReadyToStartContainers", "Initialized", "PodScheduled"]),
        (pull + 2, "kubelet", "Running", ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"])]


def test_KUB_4_order_and_shape_of_the_conditions():
    engine = cluster(pod(fault="NotReady"))
    told = found(engine)["status"]["conditions"]
    assert [c["type"] for c in told] == ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]
    assert told[2] == {"type": "Ready", "status": "False", "lastProbeTime": None, "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1,
                       "reason": "ContainersNotReady", "message": "containers with unready status: [c]"}


def test_KUB_4_a_transition_time_moves_only_with_the_status():
    engine = cluster(pod("p", container("a"), container("b")))
    told = {c["type"]: c["lastTransitionTime"] for c in found(engine)["status"]["conditions"]}
    assert told["PodScheduled"] == told["Initialized"] == "2026-01-01T00:00:00Z" and told["Ready"] == engine.clock.timestamp(engine.now)


def test_KUB_4_readiness_gates():
    engine = cluster(pod(readinessGates=[{"conditionType": "example.com/gate"}]))
    assert condition(engine, "Ready") == ("False", "ReadinessGatesNotReady",
                                          'corresponding condition of pod readiness gate "example.com/gate" does not exist.')
    obj = found(engine)
    engine.api.update(put(obj, "status.conditions", [*obj["status"]["conditions"], {"type": "example.com/gate", "status": "False"}]), subresource="status")
    engine.settle()
    assert condition(engine, "Ready")[2] == 'the status of pod readiness gate "example.com/gate" is not "True", but False'
    assert condition(engine, "ContainersReady")[0] == "True"
    conditions = [{**c, "status": "True"} if c["type"] == "example.com/gate" else c for c in found(engine)["status"]["conditions"]]
    engine.api.update(put(found(engine), "status.conditions", conditions), subresource="status")
    engine.settle()
    assert condition(engine, "Ready")[0] == "True" and found(engine)["status"]["conditions"][0]["type"] == "example.com/gate"


def test_KUB_4_a_pod_that_ended_says_how():
    engine = cluster(pod("p", shell("exit 0"), restartPolicy="Never"), pod("f", shell("exit 3"), restartPolicy="Never"))
    assert condition(engine, "ContainersReady") == ("False", "ContainersNotReady", "containers with unready status: [c]")
    engine.run(61_000)
    assert condition(engine, "ContainersReady") == condition(engine, "Ready") == ("False", "PodCompleted", "")
    assert condition(engine, "Initialized") == ("True", "PodCompleted", "") and condition(engine, "PodReadyToStartContainers")[0] == "False"
    assert condition(engine, "Ready", "f") == ("False", "PodFailed", "")


def _status(state: str, code: int = 0, ran: bool = False) -> dict:
    last = {"terminated": {"exitCode": code}} if ran else {}
    return {"state": {"terminated": {"exitCode": code}} if state == "terminated" else {state: {}}, "lastState": last}


@pytest.mark.parametrize("policy, statuses, init, expected", [
    ("Always", [_status("waiting")], [], "Pending"),
    ("Always", [_status("running"), _status("waiting")], [], "Pending"),
    ("Always", [_status("running"), _status("terminated", 1)], [], "Running"),
    ("Always", [_status("waiting", 1, ran=True)], [], "Running"),
    ("Always", [_status("terminated", 0)], [], "Running"),
    ("OnFailure", [_status("terminated", 0), _status("terminated", 2)], [], "Running"),
    ("OnFailure", [_status("terminated", 0), _status("terminated", 0)], [], "Succeeded"),
    ("Never", [_status("terminated", 0), _status("terminated", 2)], [], "Failed"),
    ("Never", [_status("terminated", 0), _status("running")], [], "Running"),
    ("Never", [_status("waiting")], [_status("terminated", 1)], "Failed"),
    ("Always", [_status("waiting")], [_status("terminated", 1)], "Pending"),
    ("Always", [_status("running")], [_status("terminated", 0)], "Running"),
])
def test_KUB_3_the_phase(policy, statuses, init, expected):
    spec = {"restartPolicy": policy, "containers": [{"name": f"c{i}"} for i in range(len(statuses))], "initContainers": [{"name": f"i{i}"} for i in range(len(init))]}
    by_name = {**{f"c{i}": s for i, s in enumerate(statuses)}, **{f"i{i}": s for i, s in enumerate(init)}}
    assert phase_from(spec, by_name) == expected


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=4), st.sampled_from(["Always", "OnFailure", "Never"]))
def test_KUB_3_at_the_end_all_exit_codes_decide(codes, policy):
    spec = {"restartPolicy": policy, "containers": [{"name": f"c{i}"} for i in range(len(codes))]}
    statuses = {f"c{i}": _status("terminated", code) for i, code in enumerate(codes)}
    assert phase_from(spec, statuses, final=True) == ("Failed" if any(codes) else "Succeeded")


def test_KUB_5_addresses_and_what_else_the_kubelet_adds():
    engine = cluster(pod())
    told, number = found(engine)["status"], node_of(engine)[-1]
    assert told["hostIP"] == f"192.168.0.2{number}" and told["hostIPs"] == [{"ip": told["hostIP"]}] and told["podIPs"] == [{"ip": told["podIP"]}]
    assert told["podIP"].startswith(f"10.244.{number}.") and told["startTime"] == "2026-01-01T00:00:00Z" and told["observedGeneration"] == 1
    assert status(engine)["restartCount"] == 0


def test_KUB_5_addresses_are_unique_and_another_one_after_each_creation():
    engine = cluster(*[pod(f"p{i}") for i in range(60)])
    ips = [found(engine, f"p{i}")["status"]["podIP"] for i in range(60)]
    assert len(set(ips)) == 60
    seen = []
    for _ in range(8):
        gone_after(engine, "p0", grace=1)
        start(engine, pod("p0"))
        seen.append(found(engine, "p0")["status"]["podIP"])
    assert all(a != b for a, b in pairwise(seen))


# ---- images and starts ------------------------------------------------------------------------------------

def test_KUB_20_the_events_of_a_start():
    engine = cluster(pod())
    pull = engine.now // 1000 - 2
    size = engine.world.find(Key("Node", "", node_of(engine)))["status"]["images"][0]["sizeBytes"]
    assert events(engine) == [
        f"Normal/Scheduled: Successfully assigned default/p to {node_of(engine)}", 'Normal/Pulling: Pulling image "nginx"',
        f'Normal/Pulled: Successfully pulled image "nginx" in {pull}s ({pull}s including waiting). Image size: {size} bytes.',
        "Normal/Created: Container created", "Normal/Started: Container started"]
    event = next(e for e in engine.world.list("Event") if e["reason"] == "Started")
    assert event["involvedObject"]["fieldPath"] == "spec.containers{c}" and event["source"] == {"component": "kubelet", "host": node_of(engine)}


def test_KUB_22_an_image_that_is_there():
    engine = cluster(pod("a"), nodes=1)
    began = engine.now
    start(engine, pod())
    assert engine.now - began == 2000
    assert events(engine)[1:] == ['Normal/Pulled: Container image "nginx" already present on machine and can be accessed by the pod',
                                  "Normal/Created: Container created", "Normal/Started: Container started"]


def test_KUB_21_containers_start_one_after_the_other():
    engine = cluster(pod("a"), pod("p", container("a"), container("b")), nodes=1)
    began = [status(engine, c)["state"]["running"]["startedAt"] for c in "ab"]
    assert engine.clock.ms(began[1]) - engine.clock.ms(began[0]) == 1000
    paths = [e["involvedObject"].get("fieldPath") for e in engine.world.select("event by object", found(engine)["metadata"]["uid"]) if e["reason"] == "Started"]
    assert sorted(paths) == ["spec.containers{a}", "spec.containers{b}"]


def test_KUB_33_an_image_that_cannot_be_pulled():
    engine = cluster(pod(fault="ImagePullBackOff"))
    assert status(engine)["state"] == {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "nginx"'}}
    assert running.phase(engine) == "Pending" and found(engine)["status"]["podIP"]
    engine.run(80_000)
    assert [s[:2] for s in states(engine)] == [(0, "ContainerCreating"), (1, "ErrImagePull"), (2, "ImagePullBackOff"), (11, "ErrImagePull"),
                                               (12, "ImagePullBackOff"), (31, "ErrImagePull"), (32, "ImagePullBackOff"), (71, "ErrImagePull"),
                                               (72, "ImagePullBackOff")]
    assert events(engine)[1:] == [
        'Normal/Pulling: Pulling image "nginx"',
        'Warning/Failed: Failed to pull image "nginx": rpc error: code = NotFound desc = failed to pull and unpack image "nginx": not found',
        "Warning/Failed: Error: ErrImagePull", 'Normal/BackOff: Back-off pulling image "nginx"', "Warning/Failed: Error: ImagePullBackOff"]
    annotate(engine, P, None)
    engine.settle()
    assert word(engine) == "running"


def test_KUB_23_images_that_will_not_do():
    engine = cluster(pod("p", container("c", "Nginx:1")))
    assert word(engine) == "InvalidImageName"
    assert events(engine)[-1] == ('Warning/InspectFailed: Failed to apply default image tag "Nginx:1": couldn\'t parse image name "Nginx:1": '
                                  "invalid reference format")
    engine = cluster(pod("p", container(imagePullPolicy="Never")))
    assert word(engine) == "ErrImageNeverPull" and events(engine)[-1].endswith('Container image "nginx" is not present with pull policy of Never')


def test_KUB_23_configuration_that_is_missing():
    wanted = container(env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "a"}}}])
    engine = cluster(pod("p", wanted))
    assert status(engine)["state"] == {"waiting": {"reason": "CreateContainerConfigError", "message": 'configmap "cm" not found'}}
    assert 'Warning/Failed: Error: configmap "cm" not found' in events(engine) and running.phase(engine) == "Pending"
    start(engine, config("cm", a="hello"))
    assert run(engine, "echo $A") == "hello\n"


def test_KUB_55_the_environment_stays_what_it_was_at_the_start():
    engine = cluster(config("cm", a="old"), pod("p", container(env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "a"}}}])))
    engine.api.patch(Key("ConfigMap", "default", "cm"), {"data": {"a": "new"}})
    assert run(engine, "echo $A") == "old\n"
    run(engine, "kill 1")
    assert run(engine, "echo $A") == "new\n"
    engine.api.delete(Key("ConfigMap", "default", "cm"))
    assert run(engine, "echo $A") == "new\n" and "start worker" in containers.logs(engine, P)
    assert gone_after(engine) == 1000


def test_KUB_34_a_program_that_is_not_there():
    engine = cluster(pod("p", busybox("nosuch")))
    end = status(engine)["lastState"]["terminated"]
    assert (end["reason"], end["exitCode"], word(engine)) == ("StartError", 128, "CrashLoopBackOff")
    assert any('exec: "nosuch": executable file not found in $PATH' in e for e in events(engine))


@pytest.mark.parametrize("name, ok", [("nginx", True), ("nginx:1.25", True), ("registry.k8s.io/nginx-slim:0.24", True), ("localhost:5000/a/b_c:x", True),
                                      ("nginx@sha256:" + "a" * 64, True), ("Nginx", False), ("a b", False), ("nginx:", False)])
def test_KUB_23_names_of_images(name, ok):
    assert valid(name) is ok


def test_image_ids_say_where_an_image_comes_from():
    assert [image_id(n).partition("@")[0] for n in ("nginx:1.25", "library/nginx", "registry.k8s.io/pause:3.9")] == [
        "docker.io/library/nginx", "docker.io/library/nginx", "registry.k8s.io/pause"]


# ---- restart and back-off ------------------------------------------------------------------------------------

def test_KUB_31_restarts_at_once_then_after_10_20_40_seconds_up_to_300():
    engine = cluster(pod("p", shell("exit 1")))
    assert word(engine) == "CrashLoopBackOff" and running.phase(engine) == "Running" and status(engine)["restartCount"] == 1
    engine.run(1_500_000)
    ends = [time for time, state, _ in states(engine) if state == "Error"]
    assert [b - a for a, b in pairwise(ends)] == [0, 10, 20, 40, 80, 160, 300, 300, 300]
    uid = found(engine)["metadata"]["uid"]
    assert status(engine)["state"]["waiting"]["message"] == f"back-off 5m0s restarting failed container=c pod=p_default({uid})"
    assert f"Warning/BackOff: Back-off restarting failed container c in pod p_default({uid})" in events(engine)


def test_KUB_31_exit_0_backs_off_too_and_a_long_run_begins_anew():
    engine = cluster(pod("p", shell("exit 0")))
    assert word(engine) == "CrashLoopBackOff" and status(engine)["lastState"]["terminated"]["reason"] == "Completed"
    engine = cluster(pod("p", shell("sleep 700; exit 1")))
    engine.run(2_500_000)
    assert not [s for s in states(engine) if s[1] == "CrashLoopBackOff"] and status(engine)["restartCount"] >= 3


@pytest.mark.parametrize("ms, text", [(10_000, "10s"), (80_000, "1m20s"), (160_000, "2m40s"), (300_000, "5m0s")])
def test_KUB_31_durations(ms, text):
    assert go_duration(ms) == text


@pytest.mark.parametrize("policy, script, expected", [("Never", "exit 0", "Succeeded"), ("Never", "exit 7", "Failed"), ("OnFailure", "exit 0", "Succeeded")])
def test_KUB_30_restart_policies(policy, script, expected):
    engine = cluster(pod("p", shell(f"sleep 3; {script}"), restartPolicy=policy))
    assert running.phase(engine) == expected and status(engine)["restartCount"] == 0
    end = status(engine)["state"]["terminated"]
    assert engine.clock.ms(end["finishedAt"]) - engine.clock.ms(end["startedAt"]) == 3000
    assert end["reason"] == ("Error" if end["exitCode"] else "Completed")


def test_KUB_30_on_failure_starts_again():
    engine = cluster(pod("p", shell("exit 7"), restartPolicy="OnFailure"))
    assert running.phase(engine) == "Running" and status(engine)["lastState"]["terminated"]["exitCode"] == 7


def test_KUB_30_init_containers_come_first_one_after_the_other():
    engine = cluster(pod("p", container(), initContainers=[shell("sleep 3", name="i1"), shell("true", name="i2")]))
    i1, i2 = (status(engine, i)["state"]["terminated"] for i in ("i1", "i2"))
    assert i1["finishedAt"] < i2["startedAt"] <= status(engine)["state"]["running"]["startedAt"]
    assert status(engine, "i1")["ready"] is True and running.phase(engine) == "Running"


def test_KUB_30_an_init_container_that_fails():
    engine = cluster(pod("p", container(), initContainers=[shell("false", name="i1")]))
    assert (running.phase(engine), word(engine, "i1"), word(engine)) == ("Pending", "CrashLoopBackOff", "PodInitializing")
    assert condition(engine, "Initialized") == ("False", "ContainersNotInitialized", "containers with incomplete status: [i1]")
    engine = cluster(pod("p", container(), initContainers=[shell("false", name="i1")], restartPolicy="Never"))
    assert running.phase(engine) == "Failed"


def test_KUB_30_an_init_container_that_waits_for_a_service():
    waits = shell("until nslookup db.default.svc.cluster.local; do sleep 2; done", name="i1")
    engine = cluster(pod("p", container(), initContainers=[waits]))
    assert (running.phase(engine), word(engine, "i1")) == ("Pending", "running")
    start(engine, {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}, "spec": {"ports": [{"port": 80}]}})
    assert running.phase(engine) == "Running"


def test_KUB_30_a_sidecar_runs_beside_the_others_and_ends_with_them():
    sidecar = container("s", restartPolicy="Always")
    engine = cluster(pod("p", shell("sleep 4"), initContainers=[sidecar], restartPolicy="Never"))
    assert running.phase(engine) == "Succeeded" and word(engine, "s") == "Completed"


def test_KUB_32_restarts_keep_address_and_volumes_but_no_other_files():
    scratch = {"volumes": [{"name": "v", "emptyDir": {}}]}
    engine = cluster(pod("p", shell("echo run >> /v/runs; echo run >> /own; sleep 1; exit 1", volumeMounts=[{"name": "v", "mountPath": "/v"}]), **scratch))
    ip = found(engine)["status"]["podIP"]
    engine.run(100_000)
    [disk] = [d for d in engine.world.list("Disk") if d["metadata"]["name"].endswith("volumes/v")]
    assert disk["files"]["runs"]["content"] == "run\n" * (status(engine)["restartCount"] + 1) and found(engine)["status"]["podIP"] == ip
    [own] = [d for d in engine.world.list("Disk") if d["metadata"]["name"].endswith("/c")]
    assert own["files"]["own"]["content"] == "run\n"


def test_a_new_image_restarts_the_container():
    engine = cluster(pod())
    running.patch(engine, P, spec={"containers": [{**found(engine)["spec"]["containers"][0], "image": "nginx:1.25"}]})
    assert status(engine)["image"] == "nginx:1.25" and status(engine)["restartCount"] == 1
    assert "Normal/Killing: Container c definition changed, will be restarted" in events(engine)


def test_what_a_process_writes_comes_when_it_is_written():
    engine = cluster(pod("p", shell("sleep 5; echo late > /tmp/late; sleep 20; echo later > /tmp/later; sleep infinity")))
    began = engine.clock.ms(status(engine)["state"]["running"]["startedAt"])
    found_times = [c.time - began for c in engine.world.log if c.key.kind == "Disk" and c.key.name.endswith("/c")]
    assert found_times == [5000, 25_000] and run(engine, "cat /tmp/late /tmp/later") == "late\nlater\n"


def test_what_repeats_for_ever_keeps_nobody_waiting():
    engine = cluster(pod("p", shell("while true; do date >> /tmp/log; sleep 5; done")), pod("q", shell("sleep 7200")))
    assert engine.now < 60_000
    engine.run(30_000)
    assert int(run(engine, "wc -l < /tmp/log")) >= 6


# ---- probes ----------------------------------------------------------------------------------------------------

HTTP = {"httpGet": {"port": 80}}


def test_KUB_40_KUB_41_the_first_readiness_check_is_immediate():
    engine = cluster(pod("p", container(readinessProbe=HTTP)))
    assert status(engine)["ready"] and condition(engine, "Ready")[0] == "True"
    engine = cluster(pod("p", container(readinessProbe={**HTTP, "initialDelaySeconds": 7})))
    began = engine.clock.ms(status(engine)["state"]["running"]["startedAt"])
    ready_at = next(c["lastTransitionTime"] for c in found(engine)["status"]["conditions"] if c["type"] == "Ready")
    assert engine.clock.ms(ready_at) - began == 7000


def test_KUB_43_KUB_44_readiness_turns_after_three_failures_and_back_after_one_success():
    engine = cluster(pod("p", container(readinessProbe=HTTP)))
    began = engine.clock.ms(status(engine)["state"]["running"]["startedAt"])
    engine.run(4000)
    run(engine, "rm /usr/share/nginx/html/index.html")
    assert condition(engine, "Ready")[0] == "False" and word(engine) == "running" and engine.now - began == 30_000
    event = next(e for e in engine.world.list("Event") if e["reason"] == "Unhealthy")
    assert (event["message"], event["count"]) == ("Readiness probe failed: HTTP probe failed with statuscode: 403", 3)
    run(engine, "echo x > /usr/share/nginx/html/index.html")
    assert condition(engine, "Ready")[0] == "True" and engine.now - began == 40_000


def test_KUB_43_a_failure_now_and_then_changes_nothing():
    engine = cluster(pod("p", container(readinessProbe=HTTP)))
    for _ in range(3):
        containers.exec(engine, P, "", ["mv", "/usr/share/nginx/html/index.html", "/tmp/x"])
        engine.run(12_000)
        containers.exec(engine, P, "", ["mv", "/tmp/x", "/usr/share/nginx/html/index.html"])
        engine.run(10_000)
        assert status(engine)["ready"]


def test_KUB_44_liveness_restarts():
    alive = {"exec": {"command": ["cat", "/tmp/alive"]}, "periodSeconds": 5}
    engine = cluster(pod("p", container(livenessProbe=alive)))
    assert word(engine) == "CrashLoopBackOff"
    assert "Normal/Killing: Container c failed liveness probe, will be restarted" in events(engine)
    assert "Warning/Unhealthy: Liveness probe failed: cat: /tmp/alive: No such file or directory" in events(engine)
    kept = {**alive, "initialDelaySeconds": 3}
    engine = cluster(pod("p", shell("touch /tmp/alive; sleep infinity", livenessProbe=kept)))
    engine.run(60_000)
    assert word(engine) == "running" and status(engine)["restartCount"] == 0


def test_KUB_42_nothing_else_is_asked_before_the_startup_probe_succeeded():
    starts = shell("sleep 12; touch /tmp/up; sleep infinity",
                   startupProbe={"exec": {"command": ["cat", "/tmp/up"]}, "periodSeconds": 5, "failureThreshold": 5},
                   livenessProbe={"exec": {"command": ["cat", "/tmp/up"]}, "periodSeconds": 1, "failureThreshold": 1})
    engine = cluster(pod("p", starts))
    assert status(engine)["started"] and status(engine)["ready"] and status(engine)["restartCount"] == 0
    unhealthy = [e["message"] for e in engine.world.list("Event") if e["reason"] == "Unhealthy"]
    assert unhealthy == ["Startup probe failed: cat: can't open '/tmp/up': No such file or directory"]
    never = shell("sleep infinity", startupProbe={"exec": {"command": ["false"]}, "periodSeconds": 5})
    engine = cluster(pod("p", never))
    assert "Normal/Killing: Container c failed startup probe, will be restarted" in events(engine)


def test_KUB_46_tcp_and_refused_connections():
    engine = cluster(pod("p", container(readinessProbe={"tcpSocket": {"port": 80}})), pod("q", container(readinessProbe={"tcpSocket": {"port": 81}})))
    assert status(engine)["ready"] and not status(engine, name="q")["ready"]
    ip = found(engine, "q")["status"]["podIP"]
    assert f"Warning/Unhealthy: Readiness probe failed: dial tcp {ip}:81: connect: connection refused" in events(engine, "q")


def test_KUB_45_of_a_pod_being_deleted_only_readiness_is_asked():
    alive = {"exec": {"command": ["cat", "/tmp/alive"]}, "periodSeconds": 1}
    served = shell("touch /tmp/alive; sleep infinity", livenessProbe=alive, readinessProbe={**alive, "failureThreshold": 1})
    engine = cluster(pod("p", served))
    engine.api.delete(P)
    containers.exec(engine, P, "", ["rm", "/tmp/alive"])
    engine.run(10_000)
    assert condition(engine, "Ready")[0] == "False" and word(engine) == "running" and not status(engine)["ready"]
    engine.settle()
    assert found(engine) is None


# ---- the end -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("spec, ms", [
    (container(), 1000),                                                                        # nginx hears SIGTERM
    (busybox("sleep", "3600"), 30_000),                                                         # a sleep as process 1 does not
    (shell("trap 'exit 0' TERM; sleep 3600"), 1000),
    (container(lifecycle={"preStop": {"exec": {"command": ["sleep", "5"]}}}), 6000),
    (container(lifecycle={"preStop": {"sleep": {"seconds": 90}}}), 31_000),                     # the hook is inside the grace period
    (busybox("sleep", "3600", lifecycle={"preStop": {"sleep": {"seconds": 90}}}), 32_000),      # SIGKILL comes 2 s later at the earliest
])
def test_KUB_50_how_long_it_takes_to_stop(spec, ms):
    engine = cluster(pod("p", spec))
    assert gone_after(engine) == ms


def test_KUB_50_a_shorter_grace_period():
    assert gone_after(cluster(pod("p", busybox("sleep", "3600"), terminationGracePeriodSeconds=5))) == 5000
    assert gone_after(cluster(pod("p", busybox("sleep", "3600"))), grace=8) == 8000


def test_KUB_35_a_deadline():
    engine = start(cluster_engine(nodes=1), pod("p", busybox("sleep", "9999"), activeDeadlineSeconds=60, terminationGracePeriodSeconds=9))
    last, since = found(engine), engine.clock.ms(found(engine)["status"]["startTime"])
    assert (last["status"]["phase"], last["status"]["reason"]) == ("Failed", "DeadlineExceeded")
    assert last["status"]["message"] == "Pod was active on the node longer than the specified deadline"
    end = status(engine)["state"]["terminated"]
    assert (end["exitCode"], engine.clock.ms(end["finishedAt"]) - since) == (137, 69_000)
    assert [e for e in events(engine) if "Deadline" in e or "Killing" in e] == [
        "Normal/DeadlineExceeded: Pod was active on the node longer than the specified deadline", "Normal/Killing: Stopping container c"]
    assert not any(phase == "Failed" for second, _, phase, _ in writes(engine) if second * 1000 < since + 69_000)


def test_KUB_35_a_deadline_before_the_first_container_ran():
    engine = cluster(pod("p", container(), activeDeadlineSeconds=30, volumes=[{"name": "v", "secret": {"secretName": "s"}}]))
    engine.run(60_000)
    assert found(engine)["status"]["reason"] == "DeadlineExceeded"
    assert status(engine)["state"]["terminated"]["reason"] == "ContainerStatusUnknown"


def test_KUB_35_a_deadline_that_is_set_when_it_has_passed():
    engine = cluster(pod("p", busybox("sleep", "9999"), terminationGracePeriodSeconds=5))
    engine.run(100_000)
    engine.api.patch(P, {"spec": {"activeDeadlineSeconds": 10}})
    asked = engine.now
    engine.settle()
    assert engine.clock.ms(status(engine)["state"]["terminated"]["finishedAt"]) - asked == 5000


def test_KUB_50_events_and_hooks():
    engine = cluster(pod("p", container(lifecycle={"preStop": {"exec": {"command": ["false"]}}}), container("d")))
    engine.api.delete(P)
    engine.drain()
    engine.drain()
    told = [e for e in events(engine) if "Killing" in e or "Hook" in e]
    assert told == ["Normal/Killing: Stopping container c", "Warning/FailedPreStopHook: PreStopHook failed", "Normal/Killing: Stopping container d"]
    engine = cluster(pod("p", container(lifecycle={"postStart": {"exec": {"command": ["false"]}}})))
    assert "Warning/FailedPostStartHook: PostStartHook failed" in events(engine) and word(engine) == "CrashLoopBackOff"


@pytest.mark.parametrize("spec, expected, reason, code", [(container(), "Succeeded", "PodCompleted", 0), (busybox("sleep", "9999"), "Failed", "PodFailed", 137)])
def test_KUB_51_the_last_status_before_the_object_goes(spec, expected, reason, code):
    engine = cluster(pod("p", spec))
    gone_after(engine)
    last = [c.old for c in engine.world.log if c.key == P and c.verb == "delete"][-1]
    assert last["status"]["phase"] == expected and last["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == code
    assert next(c for c in last["status"]["conditions"] if c["type"] == "Ready")["reason"] == reason
    assert last["metadata"]["deletionGracePeriodSeconds"] == 30


def test_POD_5_POD_6_a_pod_that_is_bound_but_never_ran():
    engine = cluster(pod("p", container(), fault="ImagePullBackOff"))
    assert gone_after(engine) == 0
    engine = cluster(pod(nodeSelector={"a": "b"}))
    engine.api.delete(P)
    assert found(engine) is None


def test_KUB_51_forced_deletion_does_not_wait():
    engine = cluster(pod())
    engine.api.delete(P, grace=0)
    assert found(engine) is None
    engine.settle()
    assert not [d for d in engine.world.list("Disk") if d["metadata"]["name"].startswith("pod/")]


# ---- faults ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("fault, words, heals", [("NotReady", "running", True), ("ImagePullBackOff", "ImagePullBackOff", True),
                                                 ("CrashLoopBackOff", "CrashLoopBackOff", True), ("Failed", "Error", False), ("Succeeded", "Completed", False)])
@pytest.mark.parametrize("late", [False, True])
def test_faults_come_and_go_with_their_annotation(fault, words, heals, late):
    engine = cluster(pod(fault="" if late else fault))
    if late:
        annotate(engine, P, fault)
        engine.settle()
    assert word(engine) == words and condition(engine, "Ready")[0] == "False"
    annotate(engine, P, None)
    engine.settle()
    assert (condition(engine, "Ready")[0] == "True") is heals
    assert running.phase(engine) == ("Running" if heals else fault)


def test_a_silent_kubelet_does_nothing():
    engine = cluster(pod(nodeName="node-1"))
    annotate(engine, running.node_key(1), "NotReady")
    engine.api.create(pod("q", nodeName="node-1"))
    engine.api.delete(P)
    engine.run(45_000)
    assert found(engine)["metadata"]["deletionTimestamp"] and "startTime" not in found(engine, "q")["status"]
    annotate(engine, running.node_key(1), None)
    engine.settle()
    assert found(engine) is None and running.phase(engine, "q") == "Running"


# ---- volumes ------------------------------------------------------------------------------------------------------------

def mounted(name: str, source: dict, **more) -> dict:
    return {"volumes": [{"name": name, **source}], "containers": [container(volumeMounts=[{"name": name, "mountPath": "/data", **more}])]}


def with_volume(name: str = "p", source: dict | None = None, **more) -> dict:
    made = pod(name)
    made["spec"].update(mounted("v", source or {"persistentVolumeClaim": {"claimName": "c"}}, **more), nodeName="node-1")
    return made


def failed_mount(engine, name: str = "p") -> str:
    assert word(engine, name=name) == "ContainerCreating"
    return next(e for e in events(engine, name) if "FailedMount" in e).removeprefix("Warning/FailedMount: ")


WRAPPER = "Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed to process volumes=[v]: "


def test_KUBE_1_a_pod_with_a_missing_claim_never_reaches_a_kubelet():
    made = with_volume()
    del made["spec"]["nodeName"]
    engine = cluster(made)
    assert "containerStatuses" not in found(engine)["status"] and "FailedMount" not in str(events(engine))


@pytest.mark.parametrize("objects, why", [
    ([], 'failed to fetch PVC from API server: persistentvolumeclaims "c" not found'),
    ([claim("c", cls="absent")], "PVC is not bound"),
])
def test_KUBE_4_claims_that_are_not_ready(objects, why):
    engine = cluster(*objects, with_volume())
    assert failed_mount(engine) == f"{WRAPPER}error processing PVC default/c: {why}"


def test_KUBE_3_waiting_too_long_makes_no_event():
    engine = cluster(volume("v", csi={"driver": "d.example.com", "volumeHandle": "h"}), claim("c"), with_volume())
    engine.run(300_000)
    assert word(engine) == "ContainerCreating" and not any("FailedMount" in e for e in events(engine))


def test_KUBE_11_a_pod_with_a_missing_claim_starts_once_it_is_there():
    made = with_volume()
    del made["spec"]["nodeName"]
    engine = cluster(made)
    start(engine, volume("v"), claim("c"))
    assert word(engine) == "running"


def test_KUBE_4_it_goes_on_when_the_claim_is_bound():
    engine = cluster(with_volume())
    start(engine, volume("v"), claim("c"))
    assert word(engine) == "running"


def test_KUBE_4_a_claim_that_is_being_deleted():
    engine = cluster(volume("v"), claim("c"), with_volume("a"))
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    start(engine, with_volume())
    assert failed_mount(engine).endswith("error processing PVC default/c: PVC is being deleted")


def test_KUBE_5_a_volume_that_is_not_the_claims():
    engine = cluster(volume("v"), claim("c"))
    engine.commit("test", "update", Key("PersistentVolume", "", "v"), named(engine, "pv/v"), put(named(engine, "pv/v"), "spec.claimRef.uid", "other"))
    engine.api.create(with_volume())
    engine.step("kubelet"), engine.step("kubelet")
    uid = named(engine, "pvc/c")["metadata"]["uid"]
    assert failed_mount(engine) == f'{WRAPPER}found PV object v but its pv.Spec.ClaimRef.UID "other" does not point to claim.UID "{uid}"'


def test_KUBE_5_KUBE_7_block_volumes():
    objects = [volume("v", volumeMode="Block"), claim("c", volumeMode="Block")]
    engine = cluster(*objects, with_volume())
    assert failed_mount(engine) == f"{WRAPPER}volume v has volumeMode Block, but is specified in volumeMounts"
    made = with_volume()
    made["spec"]["containers"] = [container(volumeDevices=[{"name": "v", "devicePath": "/dev/x"}])]
    engine = cluster(*objects, made)
    assert sum("Normal/SuccessfulMountVolume: MapVolume.MapPodDevice succeeded" in e for e in events(engine)) == 2


def test_KUBE_6_configuration_that_is_missing_is_retried():
    engine = cluster(with_volume(source={"configMap": {"name": "cm"}}))
    assert failed_mount(engine) == 'MountVolume.SetUp failed for volume "v" : configmap "cm" not found'
    engine.run(5000)
    counts = [e["count"] for e in engine.world.list("Event") if e["reason"] == "FailedMount"]
    assert counts == [4], "after 0, 0.5, 1.5, 3.5 s"
    start(engine, config("cm", key="value"))
    assert run(engine, "cat /data/key") == "value"
    engine = cluster(with_volume(source={"secret": {"secretName": "s"}}))
    assert failed_mount(engine) == 'MountVolume.SetUp failed for volume "v" : secret "s" not found'


def test_KUBE_6_a_volume_that_does_not_reach_the_node():
    affinity = {"nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]}}}
    engine = cluster(volume("v", **affinity), claim("c"), with_volume())
    assert failed_mount(engine) == 'MountVolume.NodeAffinity check failed for volume "v" : no matching NodeSelectorTerms'


def test_KUB_24_KUBE_2_waiting_for_an_attachment_makes_no_event():
    engine = cluster(volume("v", csi={"driver": "d.example.com", "volumeHandle": "h"}), claim("c"), with_volume())
    assert word(engine) == "ContainerCreating" and not any("FailedMount" in e for e in events(engine))
    assert "KUB-24" in because(engine)
    start(engine, driver("d.example.com"))
    assert word(engine) == "running"


@pytest.mark.parametrize("type, path, runs", [("", "/x", True), ("DirectoryOrCreate", "/x", True), ("Directory", "/x", False), ("Directory", "/var/log", True),
                                              ("File", "/x", False), ("FileOrCreate", "/x", True), ("Socket", "/run/docker.sock", False)])
def test_KUBE_8_types_of_hostPath(type, path, runs):
    engine = cluster(with_volume(source={"hostPath": {"path": path, "type": type}}))
    assert (word(engine) == "running") is runs
    if not runs:
        assert failed_mount(engine).startswith(f'MountVolume.SetUp failed for volume "v" : hostPath type check failed: {path} is not a ')


def test_KUBE_9_a_volume_for_one_pod_only():
    engine = cluster(volume("v", modes="RWOP"), claim("c", modes="RWOP"), with_volume("a"), with_volume())
    assert failed_mount(engine) == ('MountVolume.SetUp failed for volume "v" : volume uses the ReadWriteOncePod access mode and is already in use by '
                                    "another pod")
    gone_after(engine, "a")
    engine.settle()
    assert word(engine) == "running"


def test_KUBE_12_only_readOnly_makes_a_mount_read_only():
    engine = cluster(volume("v", modes="ROX"), claim("c", modes="ROX"), with_volume(), with_volume("q", readOnly=True))
    assert run(engine, "echo x > /data/f && cat /data/f") == "x\n"
    assert "Read-only file system" in run(engine, "echo y > /data/f", "q") and run(engine, "cat /data/f", "q") == "x\n"


def test_KUBE_13_what_outlives_what():
    engine = cluster(volume("v"), claim("c"), with_volume(), with_volume("e", {"emptyDir": {}}))
    run(engine, "echo kept > /data/f; echo lost > /tmp/f")
    run(engine, "echo scratch > /data/f", "e")
    for name, made in (("p", with_volume()), ("e", with_volume("e", {"emptyDir": {}}))):
        gone_after(engine, name)
        engine.settle()
        start(engine, made)
    assert run(engine, "cat /data/f; ls /tmp") == "kept\n" and "No such file" in run(engine, "cat /data/f", "e")


def test_KUBE_13_sub_paths_and_sharing():
    both = {"volumes": [{"name": "v", "emptyDir": {}}], "containers": [
        container("a", volumeMounts=[{"name": "v", "mountPath": "/all"}]),
        container("b", volumeMounts=[{"name": "v", "mountPath": "/part", "subPath": "x/y"}])]}
    made = pod()
    made["spec"].update(both)
    engine = cluster(made)
    containers.exec(engine, P, "b", ["sh", "-c", "echo here > /part/f"])
    assert containers.exec(engine, P, "a", ["cat", "/all/x/y/f"]).stdout == "here\n"


def test_KUB_55_projected_and_downward_files():
    sources = [{"downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}}, {"configMap": {"name": "cm"}}]
    engine = cluster(config("cm", key="value"), with_volume(source={"projected": {"sources": sources}}))
    assert run(engine, "ls /data; cat /data/name") == "key\nname\np"
    assert run(engine, "cat /var/run/secrets/kubernetes.io/serviceaccount/namespace") == "default"


# ---- commands and logs ---------------------------------------------------------------------------------------------------

def test_API_73_logs():
    engine = cluster(pod("p", shell("echo one; sleep 5; echo two; sleep 1; exit 1"), restartPolicy="Never"), pod("n"), pod("w", fault="ImagePullBackOff"))
    assert containers.logs(engine, P) == "one\ntwo\n"
    assert containers.logs(engine, P, tail=1) == "two\n"
    began = engine.clock.ms(status(engine)["state"]["terminated"]["startedAt"])
    assert containers.logs(engine, P, timestamps=True).splitlines()[1] == engine.clock.timestamp(began + 5000)[:-1] + ".000000000Z two"
    assert "start worker process" in containers.logs(engine, Key("Pod", "default", "n"))
    with pytest.raises(BadRequest, match='container "c" in pod "w" is waiting to start: trying and failing to pull image'):
        containers.logs(engine, Key("Pod", "default", "w"))
    with pytest.raises(BadRequest, match='previous terminated container "c" in pod "n" not found'):
        containers.logs(engine, Key("Pod", "default", "n"), previous=True)
    with pytest.raises(BadRequest, match="container x is not valid for pod n"):
        containers.logs(engine, Key("Pod", "default", "n"), "x")


def test_API_73_logs_of_a_run_grow_with_it_and_previous_ones_stay():
    engine = cluster(pod("p", shell("echo start; sleep 100; echo end; exit 1")))
    assert containers.logs(engine, P) == "start\n"
    engine.run(100_000)
    assert containers.logs(engine, P) == "start\n" and containers.logs(engine, P, previous=True) == "start\nend\n"


def test_API_73_one_of_several_containers_has_to_be_named():
    engine = cluster(pod("p", container("a"), container("b"), initContainers=[shell("true", name="i")]), pod("u", nodeSelector={"a": "b"}))
    with pytest.raises(BadRequest, match=r"a container name must be specified for pod p, choose one of: \[i a b\]"):
        containers.logs(engine, P)
    assert containers.logs(engine, Key("Pod", "default", "u")) == ""


def test_KCTL_60_where_no_command_can_run():
    engine = cluster(pod("p", shell("true"), restartPolicy="Never"), pod("u", nodeSelector={"a": "b"}), pod("w", fault="ImagePullBackOff"), pod("n", nodeName="node-1"))

    def refused(name: str) -> str:
        with pytest.raises((BadRequest, ServerError)) as error:
            containers.exec(engine, Key("Pod", "default", name), "", ["true"])
        return error.value.message
    assert refused("p") == "cannot exec into a container in a completed pod; current phase is Succeeded"
    assert refused("u") == "pod u does not have a host assigned"
    assert refused("w") == 'unable to upgrade connection: container not found ("c")'
    annotate(engine, running.node_key(1), "NotReady")
    assert refused("n").startswith("error dialing backend: dial tcp 192.168.0.21:10250")


def test_a_command_takes_its_time_and_can_end_the_container():
    engine = cluster(pod())
    began = engine.now
    assert containers.exec(engine, P, "", ["sleep", "3"]).code == 0 and engine.now - began == 3000
    containers.exec(engine, P, "", ["sh", "-c", "kill 1"])
    engine.settle()
    assert status(engine)["restartCount"] == 1


def test_recycler_pods_scrub_their_volume():
    engine = cluster(volume("v", policy="Recycle"), claim("c"), with_volume())
    run(engine, "echo data > /data/f")
    gone_after(engine)
    engine.api.delete(Key("PersistentVolumeClaim", "default", "c"))
    engine.settle()
    engine.run(120_000)
    assert named(engine, "disk/nfs://nas/v") is None or not named(engine, "disk/nfs://nas/v")["files"]


# ---- whatever happens ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(4))
def test_in_any_order_with_stale_caches_and_crashes_all_pods_come_to_their_state(seed):
    dice, engine = Random(seed), cluster_engine(lag=True, seed=seed)
    job = pod("job", shell("sleep 3; echo x > /tmp/x"), container("d", "nginx", "sleep", "1"), initContainers=[busybox("sleep", "2", name="i")],
              restartPolicy="Never")
    dynamic = pod("dyn", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}])
    apply(engine, [*yaml.safe_load_all(EXAMPLE), storage_class("lazy", mode="WaitForFirstConsumer"), claim("c", cls="lazy"), dynamic, job])
    for count in range(3000):
        if count in (800, 1600) and found(engine, "web-1"):
            engine.api.delete(Key("Pod", "default", "web-1"), grace=None if count == 800 else 0)
        step = dice.choice(list(engine.enabled()))
        engine.take(step, crash_after=dice.randint(1, 4) if step.what == "sync" and dice.random() < 0.1 else None)
        if engine.now > 100_000:
            break
    engine.settle()
    assert {p["metadata"]["name"]: p["status"]["phase"] for p in engine.world.list("Pod")} == {
        "dyn": "Running", "job": "Succeeded", "web-0": "Running", "web-1": "Running", "web-2": "Running"}
    uids = [p["metadata"]["uid"] for p in engine.world.list("Pod")]
    assert all(d["metadata"]["name"].split("/")[1] in uids for d in engine.world.list("Disk") if d["metadata"]["name"].startswith("pod/"))
    assert all(e.get("count", 1) == 1 for e in engine.world.list("Event") if e["reason"] == "Killing")
