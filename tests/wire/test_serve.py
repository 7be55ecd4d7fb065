"""The server itself: who may talk to it, what it refuses and how, and that it ends cleanly."""
from __future__ import annotations

import signal
import socket
import stat
import subprocess
import threading
import time

import pytest
import yaml

from .served import Client, command, serving
from .terminal import Terminal

POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "busybox", "command": ["sleep", "infinity"]}]}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("served")) as served:
        yield served


# ---- who may ----------------------------------------------------------------------------------

def test_the_kubeconfig_is_for_the_user_alone_and_names_loopback(server):
    assert stat.S_IMODE(server.kubeconfig.stat().st_mode) == 0o600
    assert server.config["clusters"][0]["cluster"]["server"].startswith("https://127.0.0.1:")
    assert len(server.token) >= 32


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer wrong", "Basic a2s=", "bearer é"])
@pytest.mark.parametrize("path", ["/version", "/api/v1/pods", "/api/v1/pods?watch=1", "/nowhere"])
def test_without_the_token_nothing_is_answered(server, path, sent):
    answer = server.ask("GET", path, Authorization=sent)
    assert (answer.status, answer.json["reason"]) == (401, "Unauthorized")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:6443", "127.0.0.1.evil.example", "", "[::1]:80"])
def test_a_page_that_found_the_port_by_another_name_is_refused(server, host):
    connection = server.connect()
    connection.putrequest("GET", "/api/v1/secrets", skip_host=True)
    connection.putheader("Host", host)
    connection.putheader("Authorization", f"Bearer {server.token}")
    connection.endheaders()
    reply = connection.getresponse()
    assert reply.status == 403, reply.read()
    connection.close()


def test_localhost_is_this_server_too(server):
    assert server.ask("GET", "/version", Host=f"localhost:{server.port}").status == 200


def test_only_loopback_listens(server):
    with socket.socket() as other:
        other.settimeout(2)
        address = socket.gethostbyname(socket.gethostname())
        if address.startswith("127."):
            pytest.skip("this machine has no address but loopback")
        assert other.connect_ex((address, server.port)) != 0


def test_the_token_differs_from_start_to_start(server, tmp_path):
    with serving(tmp_path) as other:
        assert other.token != server.token
        assert other.ask("GET", "/version", Authorization=f"Bearer {server.token}").status == 401


# ---- what it refuses, and how -----------------------------------------------------------------

def test_a_large_body_is_refused_as_the_api_server_does(server):
    answer = server.ask("POST", "/api/v1/namespaces/default/configmaps", b"x" * (4 << 20))
    assert (answer.status, answer.json["reason"], answer.json["message"]) == (413, "RequestEntityTooLarge", "Request entity is too large: limit is 3145728")


def test_a_huge_body_is_not_even_read(server):
    connection = server.connect()
    connection.putrequest("POST", "/api/v1/namespaces/default/configmaps")
    for name, value in {**server.authorised, "Content-Length": str(1 << 40)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()


@pytest.mark.parametrize("method, path, body, status, said", [
    ("GET", "/nowhere", None, 404, "404 page not found"),
    ("GET", "/api/v1/namespaces/default/replicationcontrollers", None, 404, "404 page not found"),
    ("GET", "/api/v1/namespaces/default/pods/absent", None, 404, 'pods \\"absent\\" not found'),
    ("PUT", "/api/v1/namespaces/default/pods", {}, 405, "MethodNotAllowed"),
    ("POST", "/api/v1/namespaces/default/pods", b"{", 400, "the object provided is unrecognized"),
    ("POST", "/api/v1/namespaces/default/pods", b"\xff\xfe\x00", 400, "BadRequest"),
    ("OPTIONS", "/api/v1/namespaces/default/pods", None, 405, "MethodNotAllowed"),
    ("GET", "/api/v1/namespaces/default/pods?limit=x", None, 400, "BadRequest"),
    ("GET", "/%00/%ff?%ff=%00", None, 404, "404 page not found"),
])
def test_what_is_not_served_says_so(server, method, path, body, status, said):
    answer = server.ask(method, path, body, content_type="application/json")
    assert answer.status == status and said in answer.body.decode(), answer
    assert "Traceback" not in answer.body.decode()


@pytest.mark.parametrize("path, status, said", [
    ("pods/p/portforward", 405, "forwards no ports"), ("pods/p/exec", 400, "at least one command"),
    ("pods/absent/exec?command=ls", 404, 'pods "absent" not found'), ("pods/p/exec?command=ls", 400, "Upgrade request required")])
def test_streams_without_an_upgrade_are_refused(server, path, status, said):
    server.ask("POST", "/api/v1/namespaces/default/pods", POD)
    for _ in range(50):
        if server.ask("GET", "/api/v1/namespaces/default/pods/p").json["status"]["phase"] == "Running":
            break
        time.sleep(0.05)
    for method, headers in (("GET", {}), ("POST", {"Upgrade": "SPDY/3.1", "Connection": "Upgrade"})):
        answer = server.ask(method, f"/api/v1/namespaces/default/{path}", **headers)
        assert answer.status == status and said in answer.json["message"], answer


# ---- the beginning and the end ----------------------------------------------------------------

@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_whatever_is_open(tmp_path, sign):
    with serving(tmp_path) as served:
        served.ask("POST", "/api/v1/namespaces/default/pods", POD)
        while served.ask("GET", "/api/v1/namespaces/default/pods/p").json["status"]["phase"] != "Running":
            time.sleep(0.05)
        watches = [served.watch("/api/v1/pods?watch=1") for _ in range(3)]
        logs = served.watch("/api/v1/namespaces/default/pods/p/log?follow=true")
        idle = served.connect()
        idle.request("GET", "/version", headers=served.authorised)
        idle.getresponse().read()
        with Terminal(served, "p", ["sh"], tty=True, stdin=True) as shell:
            shell.until("/ # ")
            code, seconds, err = served.end(sign)
            assert (code, err) == (0, "") and seconds < 5
            assert shell.ends()
        for stream in (*watches, logs):
            stream.reply.read()             # ends in good order: the last chunk has come
        with pytest.raises(OSError):
            served.connect().connect()


def test_it_ends_while_the_cluster_is_busy(tmp_path):
    with serving(tmp_path, "--speed", "max", "--nodes", "20") as served:
        deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {
            "replicas": 1500, "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": POD["spec"]}}}
        assert served.ask("POST", "/apis/apps/v1/namespaces/default/deployments", deployment).status == 201
        time.sleep(0.3)
        began = time.monotonic()
        assert served.ask("GET", "/version").status == 200 and time.monotonic() - began < 3     # the engine works in slices
        code, seconds, err = served.end()
        assert (code, err) == (0, "") and seconds < 5


def test_a_taken_port_is_said_in_one_line(server, tmp_path):
    done = subprocess.run([*command(tmp_path / "k"), "--port", str(server.port)], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.startswith("kstate: ") and "in use" in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "k").exists()


def test_a_kubeconfig_for_other_clusters_is_left_alone(tmp_path):
    mine = tmp_path / "config"
    mine.write_text(yaml.safe_dump({"clusters": [{"name": "work", "cluster": {"server": "https://work.example"}}]}))
    done = subprocess.run(command(mine), capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "name another file" in done.stderr
    assert "work.example" in mine.read_text()


def test_a_kubeconfig_of_ours_is_replaced(tmp_path):
    with serving(tmp_path) as first:
        pass
    with serving(tmp_path) as second:
        assert second.token != first.token and second.ask("GET", "/version").status == 200


@pytest.mark.parametrize("options, said", [(["--speed", "0"], "greater than 0"), (["--speed", "fast"], "or max"), (["--nodes", "x"], "int")])
def test_wrong_options_are_said(tmp_path, options, said):
    done = subprocess.run(command(tmp_path / "k", *options), capture_output=True, text=True, check=False)
    assert done.returncode == 2 and said in done.stderr


# ---- pace -------------------------------------------------------------------------------------

def test_at_full_speed_a_pod_runs_at_once(server):
    server.ask("POST", "/api/v1/namespaces/default/pods", {**POD, "metadata": {"name": "quick"}})
    began = time.monotonic()
    while server.ask("GET", "/api/v1/namespaces/default/pods/quick").json["status"]["phase"] != "Running":
        assert time.monotonic() - began < 2
        time.sleep(0.02)


def test_at_a_number_time_follows_the_clock(tmp_path):
    with serving(tmp_path, "--speed", "20") as served:
        begun = time.monotonic()
        served.ask("POST", "/api/v1/namespaces/default/pods", POD)
        assert served.ask("GET", "/api/v1/namespaces/default/pods/p").json["status"]["phase"] == "Pending"
        stream = served.watch("/api/v1/namespaces/default/pods?watch=1&timeoutSeconds=10")
        while (event := stream.event())[1]["status"]["phase"] != "Running":
            assert event[0] in ("ADDED", "MODIFIED")
        assert 0.05 < time.monotonic() - begun < 5          # some virtual seconds, at 20 to one
        stream.close()


def test_many_clients_at_once_are_all_answered(server):
    answers: list[int] = []

    def ask() -> None:
        client = Client(server.kubeconfig)
        answers.extend(client.ask("GET", "/api/v1/nodes").status for _ in range(10))
    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 100
