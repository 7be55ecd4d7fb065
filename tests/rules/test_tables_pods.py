"""What `kubectl get pods` shows: the state machine of TBL-20 to TBL-27."""
from __future__ import annotations

import pytest

from kstate.kinds.pod import pod_status

from .objects import STORED, changed, row_of, stored

T1, T2 = "2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z"


def waiting(reason, **more):
    return {"name": "app", "ready": False, "restartCount": 0, "state": {"waiting": {"reason": reason}}, **more}


def ended(code=0, reason="", **more):
    return {"name": "app", "ready": False, "restartCount": 0,
            "state": {"terminated": {"exitCode": code, **({"reason": reason} if reason else {})}}, **more}


def running(ready=True, name="app", **more):
    return {"name": name, "ready": ready, "restartCount": 0, "state": {"running": {"startedAt": T1}}, **more}


def pod(phase="Running", containers=(), inits=(), conditions=(), init_spec=(), going=False, **status):
    obj = stored("Pod", {"spec initContainers": [{"image": "a", **c} for c in init_spec]}, {
        "phase": phase, "containerStatuses": list(containers), "initContainerStatuses": list(inits),
        "conditions": [{"type": c, "status": "True"} for c in conditions], **status})
    return changed(obj, {"metadata deletionTimestamp": T2}) if going else obj


INIT = [{"name": "init"}]
SIDECAR = [{"name": "side", "restartPolicy": "Always"}]

# what the pod is like -> READY and STATUS
PODS = {
    "TBL-21 no status yet": (pod("Pending"), "0/1", "Pending"),
    "TBL-21 evicted": (pod("Failed", reason="Evicted"), "0/1", "Evicted"),
    "TBL-23 creating": (pod("Pending", [waiting("ContainerCreating")]), "0/1", "ContainerCreating"),
    "TBL-27 started": (pod("Running", [running(False)]), "0/1", "Running"),
    "TBL-27 ready": (pod("Running", [running()]), "1/1", "Running"),
    "TBL-23 crash": (pod("Running", [ended(1, "Error")]), "0/1", "Error"),
    "TBL-23 exit code": (pod("Running", [ended(3)]), "0/1", "ExitCode:3"),
    "TBL-23 signal": (pod("Running", [{**ended(), "state": {"terminated": {"exitCode": 137, "signal": 9}}}]), "0/1", "Signal:9"),
    "TBL-23 back-off": (pod("Running", [waiting("CrashLoopBackOff")]), "0/1", "CrashLoopBackOff"),
    "TBL-23 completed": (pod("Succeeded", [ended(0, "Completed")]), "0/1", "Completed"),
    "TBL-23 first container wins": (pod("Running", [waiting("ErrImagePull"), waiting("ContainerCreating")]), "0/1", "ErrImagePull"),
    "TBL-23 one completed, one failed": (pod("Running", [ended(0, "Completed"), ended(1, "Error")]), "0/1", "Error"),
    "TBL-23 one completed, one runs, ready": (pod("Running", [ended(0, "Completed"), running(name="b")], conditions=["Ready"]), "1/1",
                                              "Running"),
    "TBL-23 one completed, one runs": (pod("Running", [ended(0, "Completed"), running(name="b")]), "1/1", "NotReady"),
    "TBL-24 going": (pod("Running", [running()], going=True), "1/1", "Terminating"),
    "TBL-24 going, done": (pod("Succeeded", [ended(0, "Completed")], going=True), "0/1", "Completed"),
    "TBL-24 lost": (pod("Running", [running()], going=True, reason="NodeLost"), "1/1", "Unknown"),
    "TBL-22 waiting for init": (pod("Pending", [waiting("PodInitializing")], [{**waiting("PodInitializing"), "name": "init"}],
                                    init_spec=INIT),
                                "0/1", "Init:0/1"),
    "TBL-22 init runs": (pod("Pending", [waiting("PodInitializing")], [running(False, "init")], init_spec=INIT), "0/1", "Init:0/1"),
    "TBL-22 init failed": (pod("Pending", inits=[{**ended(1, "Error"), "name": "init"}], init_spec=INIT), "0/1", "Init:Error"),
    "TBL-22 init exit code": (pod("Pending", inits=[{**ended(2), "name": "init"}], init_spec=INIT), "0/1", "Init:ExitCode:2"),
    "TBL-22 init image": (pod("Pending", inits=[{**waiting("ImagePullBackOff"), "name": "init"}], init_spec=INIT), "0/1",
                          "Init:ImagePullBackOff"),
    "TBL-22 init done": (pod("Pending", [waiting("PodInitializing")], [{**ended(0, "Completed"), "name": "init"}], init_spec=INIT),
                         "0/1", "PodInitializing"),
    "TBL-22 second init": (pod("Pending", [waiting("PodInitializing")], [{**ended(0, "Completed"), "name": "init"}, running(False, "b")],
                               init_spec=[*INIT, {"name": "b"}]), "0/1", "Init:1/2"),
    "TBL-22 sidecar": (pod("Running", [running()], [running(True, "side", started=True)], init_spec=SIDECAR), "2/2", "Running"),
    "TBL-22 sidecar not started": (pod("Pending", [waiting("PodInitializing")], [running(False, "side", started=False)], init_spec=SIDECAR),
                                   "0/2", "Init:0/1"),
    "TBL-23 sidecar restarts later": (pod("Running", [running()], [{**ended(1, "Error"), "name": "side"}], conditions=["Initialized"],
                                          init_spec=SIDECAR), "1/2", "Init:Error"),
}


@pytest.mark.parametrize("case", PODS)
def test_status_and_ready(case):      # TBL-20
    obj, ready, reason = PODS[case]
    cells = row_of(obj)
    assert (cells["Ready"], cells["Status"]) == (ready, reason)


def test_TBL_21_gated():
    obj = stored("Pod", {"spec schedulingGates": [{"name": "wait"}]})
    assert row_of(obj)["Status"] == "SchedulingGated"


def test_TBL_23_restarts_are_those_of_the_main_containers_and_of_sidecars():
    last = {"lastState": {"terminated": {"finishedAt": T1}}}
    obj = pod("Running", [running(restartCount=3, lastState={"terminated": {"finishedAt": T2}})],
              [{**ended(0, "Completed"), "name": "init", "restartCount": 5}, running(True, "side", started=True, restartCount=2, **last)],
              init_spec=[*INIT, *SIDECAR])
    assert pod_status(obj) == ("Running", 2, 2, 5, T2)
    assert row_of(obj, lambda timestamp: {T2: "25s"}.get(timestamp, "1m"))["Restarts"] == "5 (25s ago)"


def test_TBL_22_restarts_while_initialising_are_those_of_the_init_containers():
    obj = pod("Pending", [waiting("PodInitializing")], [{**waiting("CrashLoopBackOff"), "name": "init", "restartCount": 4}], init_spec=INIT)
    assert pod_status(obj) == ("Init:CrashLoopBackOff", 0, 1, 4, None)
    assert row_of(obj)["Restarts"] == "4"


def test_TBL_25_cells_of_recorded_pods():
    assert row_of(STORED["Pod of a set"]) == {
        "Name": "web-0", "Ready": "1/1", "Status": "Running", "Restarts": "0", "Age": "2026-01-01T00:00:00Z", "IP": "10.244.1.2",
                                              "Node": "node-1",
        "Nominated Node": "<none>", "Readiness Gates": "<none>"}
    assert list(row_of(STORED["Pod unschedulable"]).values())[1:4] == ["0/1", "Pending", "0"]


def test_TBL_25_readiness_gates():
    obj = changed(pod("Running", [running()], conditions=["example.com/a"]), {
        "spec readinessGates": [{"conditionType": "example.com/a"}, {"conditionType": "example.com/b"}]})
    assert row_of(obj)["Readiness Gates"] == "1/2"
