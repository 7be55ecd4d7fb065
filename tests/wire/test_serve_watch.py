"""Watches and followed logs over HTTP: in order, to many, to slow ones, past an undo, to their end."""
from __future__ import annotations

import json
import threading
import time

import pytest

from kstate import Cluster
from kstate.serve import rest

from .served import Client

PODS = "/api/v1/namespaces/default/pods"
MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
def cluster(tmp_path):
    found = Cluster(namespace="default")
    handle = found.serve(speed="max", kubeconfig=str(tmp_path / "kubeconfig"))
    yield found
    handle.stop()


@pytest.fixture
def client(cluster, tmp_path):
    return Client(tmp_path / "kubeconfig")


def config(name: str, value: str = "0") -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"value": value}}


def pod(name: str, *command: str) -> dict:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"restartPolicy": "Never", "containers": [
        {"name": "c", "image": "busybox", "command": list(command or ("sleep", "infinity"))}]}}


def streams(cluster) -> int:
    return len(cluster._served._server.streams)


def wait_for(what) -> None:
    end = time.monotonic() + 5
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_API_40_41_events_come_as_they_happen_after_a_version(client):
    version = client.ask("GET", MAPS).json["metadata"]["resourceVersion"]
    stream = client.watch(f"{MAPS}?watch=1&resourceVersion={version}")
    assert stream.reply.headers["Transfer-Encoding"] == "chunked" and stream.reply.headers["Content-Type"] == "application/json"
    client.ask("POST", MAPS, config("a"))
    sort, obj = stream.event()
    assert (sort, obj["kind"], obj["metadata"]["name"]) == ("ADDED", "ConfigMap", "a")
    client.ask("PATCH", f"{MAPS}/a", {"data": {"value": "1"}}, content_type="application/merge-patch+json")
    assert stream.event()[0] == "MODIFIED"
    client.ask("DELETE", f"{MAPS}/a")
    assert stream.event()[0] == "DELETED"
    stream.close()


def test_many_watchers_see_everything_in_order(client):
    watches = [client.watch(f"{MAPS}?watch=1&resourceVersion=") for _ in range(30)]
    client.ask("POST", MAPS, config("counter"))
    for value in range(1, 60):
        client.ask("PUT", f"{MAPS}/counter", config("counter", str(value)))
    for stream in watches:
        seen = []
        while len(seen) < 60:
            _, obj = stream.event()
            if obj["metadata"]["name"] == "counter":
                seen.append(obj)
        assert [obj["data"]["value"] for obj in seen] == [str(value) for value in range(60)]
        versions = [int(obj["metadata"]["resourceVersion"]) for obj in seen]
        assert versions == sorted(set(versions))
        stream.close()


def test_a_watcher_that_does_not_read_keeps_nobody_waiting(client):
    asleep = client.watch(f"{MAPS}?watch=1")
    big = "x" * 200_000
    began = time.monotonic()
    for number in range(60):                # 12 MB for a socket that nobody empties
        client.ask("POST", MAPS, config(f"m{number}", big))
    assert time.monotonic() - began < 10
    seen: dict[str, None] = {}
    while len(seen) < 60:                   # and nothing is lost
        obj = asleep.event()[1]
        if obj["metadata"]["name"].startswith("m"):
            seen[obj["metadata"]["name"]] = None
    assert list(seen) == [f"m{number}" for number in range(60)]
    asleep.close()


def test_a_watch_ends_after_its_seconds(client):
    began = time.monotonic()
    events = client.watch(f"{MAPS}?watch=1&timeoutSeconds=1").rest()
    assert 0.9 < time.monotonic() - began < 2.5
    assert all(sort == "ADDED" for sort, _ in events)


def test_who_hangs_up_is_forgotten(client, cluster):
    stream = client.watch(f"{MAPS}?watch=1")
    wait_for(lambda: streams(cluster) == 1)
    stream.close()
    wait_for(lambda: streams(cluster) == 0)


def test_API_42_initial_events_end_with_a_bookmark(client):
    client.ask("POST", MAPS, config("a"))
    stream = client.watch(f"{MAPS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true")
    sorts = []
    while True:
        sort, obj = stream.event()
        sorts.append(sort)
        if sort == "BOOKMARK":
            break
    assert sorts[:-1] == ["ADDED"] * (len(sorts) - 1) and len(sorts) > 1
    assert obj["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    stream.close()


def test_API_42_a_quiet_watch_gets_bookmarks(client, monkeypatch):
    monkeypatch.setattr(rest, "BOOKMARK", 0.1)
    version = client.ask("GET", MAPS).json["metadata"]["resourceVersion"]
    allowed = client.watch(f"{MAPS}?watch=1&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion={version}").rest()
    assert len(allowed) > 2 and {sort for sort, _ in allowed} == {"BOOKMARK"}
    assert client.watch(f"{MAPS}?watch=1&timeoutSeconds=1&resourceVersion={version}").rest() == []


def test_API_41_after_an_undo_a_watch_is_gone_and_a_list_begins_anew(client, cluster):
    client.ask("POST", MAPS, config("a"))
    version = client.ask("GET", MAPS).json["metadata"]["resourceVersion"]
    stream = client.watch(f"{MAPS}?watch=1&resourceVersion={version}")
    client.ask("POST", MAPS, config("b"))
    assert stream.event()[1]["metadata"]["name"] == "b"
    assert "configmaps" in cluster.undo()
    sort, status = stream.event()
    assert (sort, status["code"], status["reason"]) == ("ERROR", 410, "Expired")
    assert stream.line() == b""             # and it is closed
    listed = client.ask("GET", MAPS).json
    assert "b" not in [item["metadata"]["name"] for item in listed["items"]]
    again = client.watch(f"{MAPS}?watch=1&resourceVersion={listed['metadata']['resourceVersion']}")
    client.ask("POST", MAPS, config("c"))
    assert again.event()[1]["metadata"]["name"] == "c"
    again.close()


def test_a_version_of_an_undone_future_is_gone(client, cluster):
    client.ask("POST", MAPS, config("a"))
    version = client.ask("GET", MAPS).json["metadata"]["resourceVersion"]
    cluster.undo()
    [(sort, status)] = client.watch(f"{MAPS}?watch=1&resourceVersion={version}").rest()
    assert (sort, status["code"]) == ("ERROR", 410)


def test_TBL_4_tables_for_who_asks_for_them(client):
    connection = client.connect()
    connection.request("GET", f"{MAPS}?watch=1", headers={**client.authorised, "Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"})
    reply = connection.getresponse()
    first = json.loads(reply.readline())["object"]
    assert first["kind"] == "Table" and first["columnDefinitions"]
    connection.close()


def test_errors_of_options_come_as_a_status(client):
    answer = client.ask("GET", f"{MAPS}?watch=1&resourceVersion=x")
    assert answer.status == 400 and answer.json["kind"] == "Status"


# ---- followed logs ----------------------------------------------------------------------------

def test_a_followed_log_goes_on_until_the_container_ends(client, cluster):
    client.ask("POST", PODS, pod("talks", "sh", "-c", "for i in 1 2 3; do echo line $i; sleep 100; done"))
    wait_for(lambda: client.ask("GET", f"{PODS}/talks").json["status"]["phase"] == "Running")
    stream = client.watch(f"{PODS}/talks/log?follow=true&tailLines=1")
    assert stream.line() == b"line 1\n"
    cluster.run(105)
    assert stream.line() == b"line 2\n"
    cluster.run(300)
    assert stream.reply.read() == b"line 3\n"       # and that was the end


def test_a_followed_log_of_a_deleted_pod_ends(client, cluster):
    client.ask("POST", PODS, pod("idle"))
    wait_for(lambda: client.ask("GET", f"{PODS}/idle").json["status"]["phase"] == "Running")
    stream = client.watch(f"{PODS}/idle/log?follow=true")
    client.ask("DELETE", f"{PODS}/idle")
    assert stream.reply.read() == b""


def test_a_log_that_cannot_be_read_says_so_also_when_followed(client):
    answer = client.ask("GET", f"{PODS}/absent/log?follow=true")
    assert answer.status == 404 and answer.json["reason"] == "NotFound"


def test_streams_end_while_others_are_written(client, cluster):
    """A hundred that come and go: nobody is left over, nobody is skipped."""
    done: list[int] = []

    def come_and_go() -> None:
        mine = Client.__new__(Client)
        mine.__dict__.update(client.__dict__)
        for _ in range(5):
            stream = mine.watch(f"{MAPS}?watch=1")
            stream.event()
            stream.close()
        done.append(1)
    threads = [threading.Thread(target=come_and_go) for _ in range(10)]
    for thread in threads:
        thread.start()
    for number in range(40):
        client.ask("POST", MAPS, config(f"n{number}"))
    for thread in threads:
        thread.join()
    assert len(done) == 10
    wait_for(lambda: streams(cluster) == 0)
