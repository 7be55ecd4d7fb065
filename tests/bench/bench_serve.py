"""How fast `kstate serve` answers one client, with a thousand pods in the cluster: python -m tests.bench.bench_serve

Goals (issue "The Kubernetes API on loopback"): 1,000 GETs and 300 pod creates a second; 100 watchers get every event in order.
The client is in another process than the server, keeps its connection as kubectl does, and waits for each answer.
"""
from __future__ import annotations

import http.client
import json
import tempfile
import threading
import time
from pathlib import Path

from tests.wire.served import Served, serving

PODS, NODES, WATCHERS = 1000, 20, 100
PATH = "/api/v1/namespaces/default/pods"
GOALS = {"GETs": 1000, "creates": 300}


def pod(name: str) -> bytes:
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "bench"}}, "spec": {
        "containers": [{"name": "c", "image": "nginx", "ports": [{"containerPort": 80}]}]}}).encode()


class Connection:
    """One connection that is kept."""

    def __init__(self, server: Served) -> None:
        self.connection: http.client.HTTPSConnection = server.connect(120)
        self.headers = {**server.authorised, "Accept": "application/json", "Content-Type": "application/json", "User-Agent": "bench/1"}

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        self.connection.request(method, path, body, self.headers)
        reply = self.connection.getresponse()
        data = reply.read()
        assert reply.status < 300, data
        return data


def per_second(count: int, act) -> float:
    began = time.perf_counter()
    for number in range(count):
        act(number)
    return count / (time.perf_counter() - began)


class Watcher(threading.Thread):
    """Reads a watch to its end: how many events came, and whether each came after the one before."""

    def __init__(self, server: Served, version: str) -> None:
        super().__init__(daemon=True)
        self.stream = server.watch(f"{PATH}?watch=1&resourceVersion={version}")
        self.versions: list[int] = []

    def run(self) -> None:
        while line := self.stream.line():
            self.versions.append(int(json.loads(line)["object"]["metadata"]["resourceVersion"]))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), "--speed", "max", "--nodes", str(NODES)) as server:
        client = Connection(server)
        report("pod creates/s, from none to a thousand", per_second(PODS, lambda n: client.ask("POST", PATH, pod(f"p{n}"))), GOALS["creates"])
        began = time.perf_counter()
        while b'"phase":"Pending"' in client.ask("GET", f"{PATH}?fieldSelector=status.phase=Pending"):
            time.sleep(0.1)
        print(f"{'all of them run after':<44} {time.perf_counter() - began:8.1f} s")
        report("GETs/s of one of 1,000 pods", per_second(3000, lambda n: client.ask("GET", f"{PATH}/p{n % PODS}")), GOALS["GETs"])
        report("lists/s of 1,000 pods", per_second(5, lambda n: client.ask("GET", PATH)))
        report("pod creates/s beside 1,000 pods", per_second(600, lambda n: client.ask("POST", PATH, pod(f"q{n}"))), GOALS["creates"])
        report("merge patches/s", per_second(500, lambda n: client.ask("PUT", f"{PATH}/p{n}/status", client.ask("GET", f"{PATH}/p{n}"))))

        version = json.loads(client.ask("GET", f"{PATH}?limit=1"))["metadata"]["resourceVersion"]
        watchers = [Watcher(server, version) for _ in range(WATCHERS)]
        for watcher in watchers:
            watcher.start()
        report(f"pod creates/s while {WATCHERS} watch", per_second(100, lambda n: client.ask("POST", PATH, pod(f"r{n}"))))
        time.sleep(1)
        while len({len(w.versions) for w in watchers}) > 1 or any(not w.versions for w in watchers):
            time.sleep(0.5)
        in_order = all(w.versions == sorted(set(w.versions)) == watchers[0].versions for w in watchers)
        print(f"{'events that each watcher got':<44} {len(watchers[0].versions):8}   {'all, in order' if in_order else 'NOT ALL IN ORDER'}")


def report(what: str, rate: float, goal: float = 0) -> None:
    print(f"{what:<44} {rate:8.0f}   " + (f"goal {goal}" + ("" if rate >= goal else ", MISSED") if goal else ""), flush=True)


if __name__ == "__main__":
    main()
