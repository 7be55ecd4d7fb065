"""Images, and what their main processes do."""
from __future__ import annotations

import pytest

from kstate.node.entrypoint import behaviour
from kstate.node.files import Disks
from kstate.node.images import image, main_argv
from kstate.node.servers import listeners

from .node_cluster import Cluster


def start(image_name: str, *, stdin: bool = False, cluster: Cluster | None = None, **container):
    cluster = cluster or Cluster()
    cluster.pod("p-0", image_name, "10.244.0.9", container=container, hostname="p-0", volumes={"/data": "disk"})
    return cluster.start("p-0", stdin=stdin)


@pytest.mark.parametrize(("name", "model", "tag", "family"), [
    ("nginx", "nginx", "latest", "gnu"), ("nginx:1.27-alpine", "nginx", "1.27-alpine", "busybox"), ("registry.k8s.io/nginx-slim:0.24", "nginx", "0.24", "gnu"),
    ("localhost:5000/team/redis", "redis", "latest", "gnu"), ("busybox@sha256:abc", "busybox", "latest", "busybox"), ("mariadb:11", "mariadb", "11", "gnu"),
    ("gcr.io/google-samples/cassandra:v13", "cassandra", "v13", "gnu"), ("myapp:broken", "", "broken", "busybox"),
])
def test_an_image_is_known_by_its_repository(name, model, tag, family):
    assert image(name)[:3] == (model, tag, family)


def test_an_image_has_the_programs_of_the_real_one():
    def has(name, program):
        return any(path.endswith(f"bin/{program}") for path in image(name).files)
    assert has("busybox", "wget") and has("busybox", "nslookup") and not has("busybox", "curl") and not has("busybox", "bash")
    assert has("nginx", "curl") and has("nginx", "bash") and not has("nginx", "wget") and not has("nginx", "ps")
    assert has("nginx:alpine", "wget") and has("nginx:alpine", "ps") and has("nginx:alpine", "nginx")
    assert has("redis", "redis-cli") and has("postgres", "psql") and has("mysql", "mysql") and has("jessie-dnsutils", "dig")


def test_command_and_args():
    nginx = image("nginx")
    assert main_argv(nginx, {}) == ["/docker-entrypoint.sh", "nginx", "-g", "daemon off;"]
    assert main_argv(nginx, {"args": ["nginx-debug"]}) == ["/docker-entrypoint.sh", "nginx-debug"]
    assert main_argv(nginx, {"command": ["sleep", "5"]}) == ["sleep", "5"]
    assert main_argv(nginx, {"command": ["sh"], "args": ["-c", "x"]}) == ["sh", "-c", "x"]


@pytest.mark.parametrize("name", ["nginx", "httpd", "redis", "postgres", "mysql", "mariadb", "cassandra", "zookeeper", "pause", "agnhost", "myapp:1"])
def test_servers_and_unknown_images_run_for_ever(name):
    found = start(name)
    assert (found.runs_ms, found.exit_code, found.error) == (None, 0, "")


@pytest.mark.parametrize("name", ["busybox", "alpine", "ubuntu", "debian"])
def test_a_shell_without_input_ends_at_once(name):
    assert start(name)[:2] == (0, 0)
    assert start(name, stdin=True)[:2] == (None, 0)


@pytest.mark.parametrize(("command", "runs", "code"), [
    (["false"], 0, 1), (["true"], 0, 0), (["sleep", "5"], 5000, 0), (["sh", "-c", "sleep 1m; exit 3"], 60_000, 3), (["sleep", "infinity"], None, 0),
    (["sh", "-c", "while true; do sleep 10; done"], None, 0), (["sh", "-c", "while true; do :; done"], None, 0), (["sh", "-c", "exit 7"], 0, 7),
    (["sh", "-c", "trap 'exit 0' TERM; sleep infinity & wait"], None, 0), (["sh", "-c", "nosuch"], 0, 127), (["tail", "-f", "/dev/null"], None, 0),
    (["sh", "-c", "kill 1"], 0, 143), (["yes"], None, 0),
])
def test_how_long_a_command_runs(command, runs, code):
    assert start("busybox", command=command)[:2] == (runs, code)


def test_a_program_that_is_not_there_cannot_start():
    assert start("busybox", command=["nosuch"])[:2] == (0, 128)
    assert start("busybox", command=["nosuch"]).error == 'exec: "nosuch": executable file not found in $PATH'
    assert start("busybox", command=["/opt/x"]).error == 'exec: "/opt/x": no such file or directory'


@pytest.mark.parametrize(("command", "unknown"), [
    (["perl", "-e", "1"], "perl"), (["/app/run", "x"], "/app/run"), (["sh", "-c", "set -e; perl x | sort; exit 3"], "perl"),
    (["bash", "-c", "[[ -n $(perl x) ]] || exit 3"], "perl"), (None, "/entrypoint"),
])
def test_what_an_image_that_is_not_modelled_runs_goes_well_and_the_log_says_so(command, unknown):
    found = start("perl:5", command=command)
    assert (found.runs_ms, found.exit_code, found.error) == (None, 0, "")
    assert found.stdout == f"kstate: {unknown} is not modelled, and taken to do what is expected of it\n"
    assert start("perl:5", command=["sh", "-c", "perl x & exit 3"])[:2] == (0, 3)
    assert start("perl:5", command=["sh", "-c", "exit 3"])[:2] == (0, 3)               # what can be known counts


def test_output_carries_its_moments():
    found = start("busybox", args=["/bin/sh", "-c", 'i=0; while true; do echo "$i: $(date)"; i=$((i+1)); sleep 1; done'])
    assert found.output[:2] == ((0, "0: Thu Jan  1 00:01:00 UTC 2026\n"), (1000, "1: Thu Jan  1 00:01:01 UTC 2026\n"))
    assert len(found.output) > 100 and not found.waiting
    assert found.stdout.startswith("0: Thu")


def test_writes_carry_their_moments():
    """The liveness example of Kubernetes' documentation: a file that is there for 30 seconds."""
    found = start("busybox", args=["/bin/sh", "-c", "touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600"])
    assert [(w.time, w.path, w.entry is None) for w in found.writes] == [(60_000, "tmp/healthy", False), (90_000, "tmp/healthy", True)]
    assert found.runs_ms == 630_000
    assert [w.entry["content"] for w in start("busybox", command=["sh", "-c", "echo a > /data/f; echo b >> /data/f"]).writes] == ["a\nb\n"]


def test_a_script_that_asks_the_network_again_and_again_is_waiting():
    cluster, script = Cluster(), "until nslookup db.default.svc.cluster.local; do echo waiting for db; sleep 2; done"
    found = start("busybox", cluster=cluster, command=["sh", "-c", script])
    assert found.runs_ms is None and found.waiting and "waiting for db\n" in found.stdout
    cluster.service("db", "10.96.4.4")
    found = start("busybox", cluster=cluster, command=["sh", "-c", script])
    assert found[:2] == (0, 0) and not found.waiting


def test_variables_are_expanded_in_arguments():
    found = start("busybox", command=["echo", "$(HOSTNAME) $(X) $$(X) $(NO)"], env=[{"name": "X", "value": "1"}])
    assert found.stdout == "p-0 1 $(X) $(NO)\n"


def test_servers_are_found_in_the_arguments():
    def found(name, *argv):
        cluster = Cluster()
        pod = cluster.pod("p", name, "10.244.0.9")
        return [(one.protocol, one.port) for one in listeners(image(name), list(argv) or main_argv(image(name), {}), cluster.files(pod, "main", Disks()))]
    assert found("nginx") == [("http", 80)]
    assert found("nginx", "sh", "-c", "echo x > /y && exec nginx -g 'daemon off;'") == [("http", 80)]
    assert found("nginx", "sleep", "3600") == [] and found("busybox", "nginx") == []
    assert found("nginx-unprivileged") == [("http", 8080)]
    assert found("busybox", "httpd", "-f", "-p", "8080") == [("http", 8080)]
    assert found("redis", "docker-entrypoint.sh", "redis-server", "--port", "7000") == [("redis", 7000)]
    assert found("gcr.io/google-samples/cassandra:v13") == [("cassandra", 9042)]
    assert found("postgres") == [("postgres", 5432)] and found("mysql") == [("mysql", 3306)] and found("httpd") == [("http", 80)]
    assert found("nginx", "sh", "-c", "if") == []


def test_a_behaviour_is_the_same_in_every_run():
    cluster = Cluster()
    cluster.pod("p-0", "busybox", "10.244.0.9", container={"command": ["sh", "-c", "echo $RANDOM; date; ls -la /; mktemp"]})
    assert behaviour(cluster.machine("p-0")) == behaviour(cluster.machine("p-0"))
