"""How the tests of the wire ask: one request, one answer; and the objects they send."""
from __future__ import annotations

import json
from typing import Any

from kstate.controllers.namespaces import Namespaces
from kstate.controllers.serviceaccounts import ServiceAccounts
from kstate.engine import Engine
from kstate.wire import Request, Response, Wire
from tests.helpers import cluster_engine

CORE = "/api/v1/namespaces/default"
APPS = "/apis/apps/v1/namespaces/default"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"


class Server:
    """An engine behind its wire.  Without controllers but those that fill namespaces, nothing moves by itself."""

    def __init__(self, engine: Engine | None = None) -> None:
        self.engine = engine or cluster_engine([Namespaces, ServiceAccounts])
        self.wire = Wire(self.engine)

    def ask(self, method: str, path: str, body: Any = None, media: str = "application/json", accept: str = "",
            agent: str = "kubectl/v1.32.4") -> Response:
        """One request; body: bytes as they are, anything else as JSON."""
        sent = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": media, "accept": accept, "user-agent": agent}
        return self.wire.send(Request(method, path, sent, {name: value for name, value in headers.items() if value}))

    def get(self, path: str, **more: Any) -> Any:
        """The JSON of a GET that must succeed."""
        return self.ok("GET", path, **more)

    def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        response = self.ask(method, path, body, **more)
        assert response.status < 300, response.body
        return response.json

    def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str, str]:
        """Code, reason and message of a request that must fail, and must change nothing."""
        before = self.engine.world.revision
        response = self.ask(method, path, body, **more)
        status = response.json
        assert self.engine.world.revision == before
        assert (status["kind"], status["apiVersion"], status["status"], status["code"]) == ("Status", "v1", "Failure", response.status)
        return response.status, status.get("reason", ""), status["message"]

    def details(self, method: str, path: str, body: Any = None, **more: Any) -> dict:
        return self.ask(method, path, body, **more).json["details"]


def config_map(name: str = "a", **meta: Any) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **meta}, "data": {"key": "value"}}


def pod(name: str = "web-0", **spec: Any) -> dict:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "nginx"}},
            "spec": {"containers": [{"name": "nginx", "image": "nginx"}], **spec}}


def statefulset(name: str = "web", replicas: int = 3) -> dict:
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name}, "spec": {
        "serviceName": "nginx", "replicas": replicas, "selector": {"matchLabels": {"app": "nginx"}},
        "template": {"metadata": {"labels": {"app": "nginx"}}, "spec": {"containers": [{"name": "nginx", "image": "nginx"}]}}}}


def claim(name: str = "www") -> dict:
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": {
        "accessModes": ["ReadWriteOnce"], "storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}}}


def volume(name: str = "pv", **meta: Any) -> dict:
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name, **meta}, "spec": {
        "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data"}}}


def service(name: str = "nginx", **spec: Any) -> dict:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": [{"port": 80}], **spec}}


def budget(name: str = "web", **spec: Any) -> dict:
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": {
        "minAvailable": 1, "selector": {"matchLabels": {"app": "nginx"}}, **spec}}


def bind(server: Server, name: str = "web-0", node: str = "node-1") -> None:
    server.ok("POST", f"{CORE}/pods/{name}/binding", {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}, "target": {"name": node}})


def run(server: Server, name: str = "web-0", ready: bool = True, ip: str = "10.244.1.2") -> dict:
    """Say of a pod, as its kubelet would, that it runs."""
    now = server.get(f"{CORE}/pods/{name}")
    conditions = [c for c in now["status"].get("conditions", []) if c["type"] != "Ready"]
    now["status"] |= {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "conditions": [
        *conditions, {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}
    return server.ok("PUT", f"{CORE}/pods/{name}/status", now)
