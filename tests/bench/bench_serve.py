"""How much `kstate serve` answers: GETs and creates a second with 1,000 pods in the cluster, and 100 watchers.

    python -m tests.bench.bench_serve

Goals: 1,000 GETs and 300 creates a second for one client in a process of its own; every watcher gets every event in order.
"""
from __future__ import annotations

import http.client
import json
import tempfile
import threading
import time
from pathlib import Path

from tests.wire.served import Client, serving

PODS, READS, CREATES, WATCHERS = 1000, 3000, 600, 100
PATH = "/api/v1/namespaces/default/pods"


def pod(name: str) -> bytes:
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "bench"}},
                       "spec": {"containers": [{"name": "c", "image": "nginx"}]}}).encode()


def asked(connection: http.client.HTTPSConnection, client: Client, method: str, path: str, body: bytes | None = None) -> bytes:
    connection.request(method, path, body, client.authorised)
    reply = connection.getresponse()
    said = reply.read()
    assert reply.status < 300, said
    return said


def rate(count: int, act) -> float:
    began = time.perf_counter()
    for i in range(count):
        act(i)
    return count / (time.perf_counter() - began)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), "--speed", "max", "--nodes", "12") as server:
        connection = server.connect()
        created = rate(PODS, lambda i: asked(connection, server, "POST", PATH, pod(f"p{i}")))
        print(f"creates, from 0 to {PODS} pods   {created:8.0f} a second")
        time.sleep(5)
        print(f"GETs of a pod                {rate(READS, lambda i: asked(connection, server, 'GET', f'{PATH}/p{i % PODS}')):8.0f} a second")
        print(f"lists of {PODS} pods           {rate(20, lambda _: asked(connection, server, 'GET', PATH)):8.1f} a second")
        print(f"creates with {PODS} pods       {rate(CREATES, lambda i: asked(connection, server, 'POST', PATH, pod(f'q{i}'))):8.0f} a second")
        time.sleep(5)
        watched(server, connection)


def watched(server: Client, connection: http.client.HTTPSConnection) -> None:
    """100 watchers, and what each of them sees of 50 changes."""
    version = json.loads(asked(connection, server, "GET", "/api/v1/namespaces/default/configmaps"))["metadata"]["resourceVersion"]
    path = f"/api/v1/namespaces/default/configmaps?watch=1&resourceVersion={version}"
    streams = [server.watch(path) for _ in range(WATCHERS)]
    seen: list[list[str]] = [[] for _ in streams]

    def read(i: int) -> None:
        while len(seen[i]) < 50:
            seen[i].append(streams[i].event()[1]["metadata"]["name"])

    threads = [threading.Thread(target=read, args=(i,)) for i in range(WATCHERS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for i in range(50):
        asked(connection, server, "POST", "/api/v1/namespaces/default/configmaps",
              json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c{i:02}"}}).encode())
    for thread in threads:
        thread.join(60)
    wanted = [f"c{i:02}" for i in range(50)]
    print(f"{WATCHERS} watchers, 50 changes     {WATCHERS * 50 / (time.perf_counter() - began):8.0f} events a second, "
          f"{sum(s == wanted for s in seen)} of {WATCHERS} saw all in order")


if __name__ == "__main__":
    main()
