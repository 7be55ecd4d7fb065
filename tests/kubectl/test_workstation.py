"""A script in the simulated terminal beside the cluster: loops, pipes and files around kubectl, and nothing of this machine."""
from __future__ import annotations

import pytest

from kstate.cluster import Cluster
from kstate.kubectl.workstation import shell
from tests.helpers import EXAMPLE

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"


@pytest.fixture(scope="module")
def running() -> Cluster:
    cluster = Cluster()
    cluster.apply(EXAMPLE)
    cluster.settle()
    return cluster


@pytest.fixture
def cluster(running) -> Cluster:
    return running.fork()


@pytest.mark.parametrize(("script", "said"), [
    ('for i in 0 1; do kubectl exec "web-$i" -- sh -c \'hostname\'; done', "web-0\nweb-1\n"),
    ("kubectl get pods | grep web-1 | awk '{print $1, $3}'", "web-1 Running\n"),
    ("kubectl get pods -o name > pods; wc -l < pods; tail -1 pods", "3\npod/web-2\n"),
    ("kubectl get pods -o name | while read pod; do kubectl get $pod -o jsonpath='{.metadata.name} '; done", "web-0 web-1 web-2 "),
    ('kubectl get pods $(kubectl get pods -o name | cut -d/ -f2 | head -1) -o jsonpath="{.status.phase}"', "Running"),
    ("while read name; do kubectl exec -i web-0 -- cat; done", "second\n"),        # as ssh in a loop: exec -i takes what is left
    ("while read name; do kubectl exec web-0 -- echo $name; done", "first\nsecond\n"),
    ("kubectl gett 2>/dev/null || echo failed with $?", "failed with 1\n")])
def test_as_in_a_terminal(cluster, script, said):
    assert shell(cluster, script, {}, "first\nsecond\n").stdout == said


def test_files_of_the_home_directory_come_and_stay(cluster):
    files = {"a.yaml": MAP % "a", "old": "x"}
    done = shell(cluster, "sed 's/name: a/name: b/' a.yaml > b.yaml; mkdir -p maps; mv a.yaml maps; rm old; kubectl apply -f b.yaml -f maps/\n"
                          "kubectl cp web-0:/etc/hostname maps/name; cat maps/name /root/maps/name", files)
    assert (done.stdout, done.stderr) == ("configmap/b created\nconfigmap/a created\nweb-0\nweb-0\n", "")
    assert files == {"b.yaml": MAP % "b", "maps/a.yaml": MAP % "a", "maps/name": "web-0\n"}


def test_a_heredoc_is_a_manifest(cluster):
    assert shell(cluster, f"kubectl apply -f - <<EOF\n{MAP % 'here'}EOF\n", {}).stdout == "configmap/here created\n"


def test_sleep_lets_the_cluster_go_on(cluster):
    began = cluster.now
    first, second = shell(cluster, "date +%s; kubectl delete pod web-0 --wait=false >/dev/null; sleep 100; date +%s", {}).stdout.split()
    assert 100 <= int(second) - int(first) <= 110 and 100_000 <= cluster.now - began <= 110_000


@pytest.mark.parametrize(("script", "code", "complaint"), [
    ("foo", 127, "bash: line 1: foo: command not found\n"), ("if", 2, "bash: -c: line 2: syntax error: unexpected end of file\n"),
    ("while true; do kubectl get pods; done", 124, "kstate: stopped after 100000 steps: this would run for ever, or nearly so\n"),
    ("yes", 124, "kstate: stopped after 1048576 characters of output\n"),
    ("curl http://10.96.0.1", 127, "bash: line 1: curl: command not found\n"), ("cat /work/main/README.md", 1, "cat: /work/main/README.md: No such file or directory\n"),
    ("getent hosts web-0.nginx", 2, ""), ("exit 3", 3, "")])
def test_what_goes_wrong_is_said_and_ends(cluster, script, code, complaint):
    done = shell(cluster, script, {})
    assert (done.code, done.stderr) == (code, complaint)


def test_in_a_pod_kubectl_has_no_cluster(cluster):
    done = shell(cluster, "kubectl cp /usr/local/bin/kubectl web-0:/usr/bin/kubectl; kubectl exec web-0 -- sh -c 'chmod +x /usr/bin/kubectl; kubectl get pods'", {})
    assert done.code == 1 and "The connection to the server localhost:8080 was refused" in done.stderr


def test_each_command_can_be_undone(cluster):
    shell(cluster, "kubectl scale sts web --replicas=1; kubectl label sts web a=b", {})
    cluster.undo()
    assert "a" not in cluster.get("sts", "web")["metadata"].get("labels", {}) and cluster.get("sts", "web")["spec"]["replicas"] == 1
    cluster.undo()
    assert cluster.get("sts", "web")["spec"]["replicas"] == 3
