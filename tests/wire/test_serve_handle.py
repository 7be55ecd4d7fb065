"""A server beside a notebook: one call, a thread of its own, and the cells go on as before."""
from __future__ import annotations

import socket
import threading
import time

import pytest

from kstate import Cluster
from kstate.engine import Engine
from kstate.errors import NotFound
from tests.helpers import EXAMPLE

from .served import Client

PODS = "/api/v1/namespaces/default/pods"
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}


@pytest.fixture
def cluster():
    found = Cluster()
    yield found
    if found._served is not None:
        found._served.stop()


@pytest.fixture
def served(cluster, tmp_path):
    """(cluster, its handle, a client)"""
    handle = cluster.serve(speed="max", kubeconfig=str(tmp_path / "kubeconfig"))
    return cluster, handle, Client(tmp_path / "kubeconfig")


def wait_for(what) -> None:
    end = time.monotonic() + 5
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_call_serves_and_says_where(served):
    _, handle, client = served
    assert handle.url == f"https://127.0.0.1:{client.port}" and handle.url in repr(handle)
    assert client.ask("GET", "/version").json["gitVersion"] == "v1.36.2"


def test_both_see_what_the_other_does(served):
    cluster, _, client = served
    cluster.apply(EXAMPLE)
    assert client.ask("GET", "/apis/apps/v1/namespaces/default/statefulsets/web").json["spec"]["replicas"] == 3
    client.ask("POST", PODS, POD)
    assert cluster.get("Pod", "p")["metadata"]["name"] == "p"
    with pytest.raises(NotFound):
        cluster.get("Pod", "absent")            # errors come to who asked


def test_what_a_cell_does_waits_for_the_cell(served):
    """Lessons go step by step, also while the cluster is served: only what clients change settles by itself."""
    cluster, _, client = served
    cluster.apply(EXAMPLE)
    time.sleep(0.3)
    assert client.ask("GET", PODS).json["items"] == []
    cluster.step("statefulset")
    assert len(client.ask("GET", PODS).json["items"]) == 1


def test_what_a_client_does_can_be_undone(served):
    cluster, _, client = served
    client.ask("POST", PODS, POD)
    wait_for(lambda: cluster.get("Pod", "p")["status"]["phase"] == "Running")
    assert cluster.undo() == f"POST {PODS}"
    assert client.ask("GET", f"{PODS}/p").status == 404
    assert cluster.redo() == f"POST {PODS}"
    assert client.ask("GET", f"{PODS}/p").json["status"]["phase"] == "Running"


def test_refused_requests_are_no_actions(served):
    cluster, _, client = served
    client.ask("POST", PODS, POD)
    client.ask("POST", PODS, POD)
    client.ask("DELETE", f"{PODS}/absent")
    assert cluster.undo() == f"POST {PODS}" and cluster.undo() == ""


def test_no_thread_touches_the_engine_but_its_own(served, monkeypatch):
    cluster, _, client = served
    threads: dict[str, None] = {}

    def noting(method):
        def noted(*args, **options):
            threads[threading.current_thread().name] = None
            return method(*args, **options)
        return noted
    for name in ("commit", "step", "settle", "run", "save", "restore", "fork", "goto"):
        monkeypatch.setattr(Engine, name, noting(getattr(Engine, name)))
    cluster.apply(EXAMPLE)
    cluster.settle()
    cluster.scale("sts", "web", 2)
    cluster.run(5)
    cluster.step()
    cluster.exec("web-0", "hostname")
    cluster.undo(), cluster.redo(), cluster.goto(30), cluster.fork(), cluster.use("other")
    client.ask("POST", PODS, POD)
    cluster.story(), cluster.why("sts", "web"), cluster.objects(), cluster.now, repr(cluster)
    assert list(threads) == ["kstate serve"]


def test_cells_in_several_threads_take_turns(served):
    cluster, _, client = served
    done: list[int] = []

    def work(number: int) -> None:
        for i in range(10):
            cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"m{number}-{i}"}})
            client.ask("GET", "/api/v1/configmaps")
        done.append(number)
    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(done) == [0, 1, 2, 3]
    assert sum(o["metadata"]["name"].startswith("m") for o in cluster.list("ConfigMap")) == 40


def test_who_follows_hears_of_every_change_in_a_thread_that_may_ask(served):
    cluster, handle, client = served
    seen: list[tuple[str, int]] = []
    handle.follow(lambda: seen.append((threading.current_thread().name, len(cluster.list("Pod")))))
    client.ask("POST", PODS, POD)
    wait_for(lambda: seen and seen[-1][1] == 1)
    assert {thread for thread, _ in seen} == {"kstate view"}
    before = len(seen)
    cluster.undo()
    wait_for(lambda: len(seen) > before and seen[-1][1] == 0)
    time.sleep(0.3)
    before = len(seen)
    time.sleep(0.3)
    assert len(seen) <= before + 1              # nothing happens, nobody is called


def test_many_changes_are_heard_of_at_once(served):
    _, handle, client = served
    calls: list[float] = []
    handle.follow(lambda: calls.append(time.monotonic()))
    for number in range(50):
        client.ask("POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": f"m{number}"}})
    time.sleep(0.3)
    assert 1 <= len(calls) < 30


def test_stopping_gives_the_engine_back(served):
    cluster, handle, client = served
    handle.stop()
    handle.stop()                               # twice does no harm
    with pytest.raises(OSError):
        client.ask("GET", "/version")
    cluster.apply(POD)
    cluster.settle()
    assert cluster.get("Pod", "p")["status"]["phase"] == "Running"
    assert "kstate serve" not in [thread.name for thread in threading.enumerate()]


def test_the_same_cell_run_again_starts_a_new_server(served, tmp_path):
    cluster, first, client = served
    second = cluster.serve(speed="max", kubeconfig=str(tmp_path / "kubeconfig"))
    with pytest.raises(OSError):
        client.ask("GET", "/version")
    assert Client(tmp_path / "kubeconfig").ask("GET", "/version").status == 200
    assert "stopped" in repr(first) and second.url in repr(second)


def test_a_taken_port_or_file_is_an_error_and_nothing_is_left_running(cluster, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError):
            cluster.serve(taken.getsockname()[1], kubeconfig=str(tmp_path / "a"))
    (tmp_path / "mine").write_text("clusters: [{name: work}]")
    with pytest.raises(FileExistsError):
        cluster.serve(kubeconfig=str(tmp_path / "mine"))
    with pytest.raises(OSError):
        cluster.serve(kubeconfig=str(tmp_path / "no" / "folder"))
    assert "kstate serve" not in [thread.name for thread in threading.enumerate()]
    assert cluster.list("Pod") == []            # and the cluster still is one's own


def test_a_long_wait_can_be_cut_short_while_time_follows_the_clock(cluster, tmp_path):
    cluster.serve(speed=1, kubeconfig=str(tmp_path / "kubeconfig"))
    client = Client(tmp_path / "kubeconfig")
    client.ask("POST", PODS, POD)
    assert client.ask("GET", f"{PODS}/p").json["status"]["phase"] == "Pending"
    began = cluster.now
    cluster.run(300)
    assert client.ask("GET", f"{PODS}/p").json["status"]["phase"] == "Running"
    assert 300_000 <= cluster.now - began < 303_000


def test_a_real_cluster_cannot_be_served(tmp_path):
    with pytest.raises(RuntimeError, match="this one is real"):
        Cluster.connect().serve(kubeconfig=str(tmp_path / "k"))
