"""Rules of kubectl that no other file holds."""
from __future__ import annotations

import json
import re

from kstate.cluster import Cluster
from kstate.kubectl import kubectl
from kstate.kubectl.session import Session
from tests.wire.asking import APPS, CORE, Server, config_map, pod

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: dep, labels: {app: dep}}
spec:
  selector: {matchLabels: {app: dep}}
  template:
    metadata: {labels: {app: dep}}
    spec: {containers: [{name: c, image: x}]}
"""


def test_KCTL_1_the_version_is_too_new_for_a_choice_among_older_binaries():
    version = Server().get("/version")
    assert (version["major"], version["minor"]) == ("1", "36") and int(version["minor"]) > 33


def test_KCTL_25_only_explain_and_diff_read_the_documents_of_fields(run, monkeypatch):
    asked: list[str] = []
    send = Session.send

    def noted(self, method, path, *args, **more):
        asked.append(path)
        return send(self, method, path, *args, **more)
    monkeypatch.setattr(Session, "send", noted)
    for command in ("get pods", "describe sts web", "scale sts web --replicas=1", "label pod web-0 a=b", "patch sts web -p {}",
                    "set image sts/web nginx=x",
                    "rollout history sts/web", "run p --image=nginx", "expose sts web --port=80 --name=s", "exec web-0 -- ls", "logs web-0",
                    "wait --for=condition=Ready pod/web-0", "delete pod p", "events", "get sts -o yaml"):
        run(command)
    assert asked and not any("openapi" in path for path in asked)
    run("explain sts.spec")
    assert any("openapi" in path for path in asked)


def test_KCTL_35_replace_puts_the_whole_object_there_and_with_force_a_new_one(run):
    run("create configmap a --from-literal=x=1 --from-literal=y=2")
    before = json.loads(run("get cm a -o json").stdout)
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '3'}\n"
    assert run("replace -f -", manifest).stdout == "configmap/a replaced\n"
    after = json.loads(run("get cm a -o json").stdout)
    assert after["data"] == {"x": "3"} and after["metadata"]["uid"] == before["metadata"]["uid"]
    assert run("replace --force -f -", manifest).stdout == 'configmap "a" deleted\nconfigmap/a replaced\n'
    assert json.loads(run("get cm a -o json").stdout)["metadata"]["uid"] != before["metadata"]["uid"]
    stale = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, resourceVersion: '{before['metadata']['resourceVersion']}'}}\n"
    assert "the object has been modified" in run("replace -f -", stale).stderr
    assert run("replace -f -", manifest.replace("name: a", "name: b")).stderr.startswith("Error from server (NotFound)")


def test_KCTL_82_what_lightkube_sends():
    server = Server()
    server.ok("POST", f"{CORE}/configmaps", config_map(), accept="*/*", agent="lightkube")
    assert server.get(f"{CORE}/configmaps/a", accept="*/*")["data"] == {"key": "value"}                 # any form will do: JSON
    patched = server.ok("PATCH", f"{CORE}/configmaps/a?fieldManager=lightkube", {"data": {"b": "1"}},
                        media="application/strategic-merge-patch+json")
    assert patched["data"] == {"key": "value", "b": "1"}
    server.ok("POST", f"{CORE}/pods", pod("p"))
    server.ok("DELETE", f"{CORE}/pods/p?gracePeriodSeconds=0&propagationPolicy=Background")             # options in the query
    assert server.ask("GET", f"{CORE}/pods/p").status == 404
    started = server.ask("GET", f"{APPS}/statefulsets?watch=true&resourceVersion=1")
    assert started.status in (200, 410) and (started.status == 410 or started.watch is not None)


def test_KCTL_92_ages_are_told_by_the_clock_of_the_cluster():
    start = "2031-05-06T07:08:09Z"
    cluster = Cluster(start=start)
    assert kubectl(cluster, "create configmap a").code == 0
    cluster.run(7500)
    assert re.search(r"^a +0 +125m$", kubectl(cluster, "get cm a").stdout, re.MULTILINE)                # by the server
    kubectl(cluster, "run p --image=nginx")
    cluster.run(60)
    text = kubectl(cluster, "describe pod p").stdout
    assert "<invalid>" not in text and re.search(r"Normal +Started +61s ", text)                        # by kubectl, of the same time
    assert "Tue, 06 May 2031 " in text


def test_DESC_50_a_deployment_with_its_replica_sets(run):
    run("create -f -", DEPLOYMENT)
    lines = run("describe deploy dep").stdout.splitlines()
    for line in ("Selector:               app=dep", "Replicas:               1 desired | 1 updated | 1 total | 1 available | 0 unavailable",
                 "StrategyType:           RollingUpdate", "MinReadySeconds:        0", "RollingUpdateStrategy:  25% max unavailable, 25% max surge",
                 "   c:", "    Image:         x", "  Available      True    MinimumReplicasAvailable", "  Progressing    True    NewReplicaSetAvailable",
                 "OldReplicaSets:  <none>"):
        assert line in lines
    old = next(line for line in lines if line.startswith("NewReplicaSet:"))
    assert re.fullmatch(r"NewReplicaSet:   dep-\w+ \(1/1 replicas created\)", old)
    run(["patch", "deploy", "dep", "-p", '{"spec":{"template":{"metadata":{"annotations":{"kstate.dev/fault":"ImagePullBackOff"}}}}}'])
    lines = run("describe deploy dep").stdout.splitlines()
    assert old.replace("NewReplicaSet:   ", "OldReplicaSets:  ") in lines               # it stays until the new one is well
    assert any(re.fullmatch(r"NewReplicaSet:   dep-\w+ \(1/1 replicas created\)", line) and line != old for line in lines)


def test_DESC_61_a_namespace_with_its_quotas_and_limits(run):
    run("create namespace other")
    assert run("describe ns other").stdout == (
        "Name:         other\nLabels:       kubernetes.io/metadata.name=other\nAnnotations:  <none>\nStatus:       Active\n\n"
        "No resource quota.\n\nNo LimitRange resource.\n")
    run("create quota q -n other --hard=pods=3")
    text = run("describe ns other").stdout
    assert "Resource Quotas\n" in text and re.search(r"Name: +q\n", text) and "No LimitRange resource." in text


def test_POD_7_a_grace_period_of_zero_is_one_second_unless_forced(run, cluster):
    run("delete pod web-0 --grace-period=0 --wait=false", settle=False)
    meta = cluster.get("pod", "web-0")["metadata"]
    assert meta["deletionGracePeriodSeconds"] == 1
    result = run("delete pod web-1 --grace-period=0 --force", settle=False)
    assert result.stdout == 'pod "web-1" force deleted\n' and result.stderr.startswith("Warning: Immediate deletion does not wait for confirmation")
    assert run("get pod web-1", settle=False).code == 1


def test_TBL_11_headers_are_upper_case(run):
    heads = {"deploy": "NAME READY UP-TO-DATE AVAILABLE AGE", "svc": "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE", "pdb":
             "NAME MIN AVAILABLE MAX UNAVAILABLE ALLOWED DISRUPTIONS AGE", "events": "LAST SEEN TYPE REASON OBJECT MESSAGE",
             "pv": "NAME CAPACITY ACCESS MODES RECLAIM POLICY STATUS CLAIM STORAGECLASS VOLUMEATTRIBUTESCLASS REASON AGE"}
    run("create -f -", DEPLOYMENT)
    run("create pdb p --selector=app=nginx --min-available=1")
    for kind, head in heads.items():
        assert run(f"get {kind}").stdout.splitlines()[0].split() == head.split()


def test_KCTL_R8_undoing_a_deployment(run):
    run("create -f -", DEPLOYMENT)
    run("annotate deploy dep kubernetes.io/change-cause=first note=kept")
    run("set image deploy/dep c=y")
    run("annotate deploy dep kubernetes.io/change-cause=second --overwrite")
    assert run("rollout undo deploy/dep").stdout == "deployment.apps/dep rolled back\n"
    obj = json.loads(run("get deploy dep -o json").stdout)
    template = obj["spec"]["template"]
    assert template["spec"]["containers"][0]["image"] == "x" and "pod-template-hash" not in template["metadata"]["labels"]
    assert obj["metadata"]["annotations"]["kubernetes.io/change-cause"] == "first"
    run("rollout pause deploy/dep")
    assert run("rollout undo deploy/dep").stderr == (
        "error: you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again\n")
    assert "can't restart paused deployment" in run("rollout restart deploy/dep").stderr


def test_KCTL_R9_get_and_describe_count_pods_by_phase(run):
    run("scale sts web --replicas=3")
    run("annotate pod web-2 kstate.dev/fault=NotReady")
    assert run("get sts web --no-headers").stdout.split()[:2] == ["web", "2/3"]
    text = run("describe sts web").stdout
    for line in ("Replicas:           3 desired | 3 total\n", "Update Strategy:    RollingUpdate\n", "  Partition:        0\n",
                 "Pods Status:        3 Running / 0 Waiting / 0 Succeeded / 0 Failed\n"):
        assert line in text
