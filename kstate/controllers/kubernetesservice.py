"""The Service `kubernetes`, by which pods find the API server, comes back when it is deleted (API-64).

In a cluster the API server itself sees to it.
"""
from __future__ import annotations

from .base import Controller, Key

PERIOD = 10_000         # ms between two looks
API_SERVER = "192.168.0.10"
HTTPS = {"name": "https", "port": 6443, "protocol": "TCP"}


def _made(api_version: str, kind: str, labels: dict[str, str], **rest) -> dict:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "kubernetes", "namespace": "default", "labels": labels}, **rest}


OBJECTS = (
    _made("v1", "Service", {"component": "apiserver", "provider": "kubernetes"},
          spec={"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]}),
    _made("v1", "Endpoints", {"endpointslice.kubernetes.io/skip-mirror": "true"}, subsets=[{"addresses": [{"ip": API_SERVER}], "ports": [HTTPS]}]),
    _made("discovery.k8s.io/v1", "EndpointSlice", {"kubernetes.io/service-name": "kubernetes"},
          addressType="IPv4", endpoints=[{"addresses": [API_SERVER], "conditions": {"ready": True}}], ports=[HTTPS]),
)


class KubernetesService(Controller):
    name, component, kind = "kubernetesservice", "kube-apiserver", "Namespace"

    def watches(self):
        return ("Service", "Endpoints", "EndpointSlice")

    def keys(self, change, view):
        if change.new is None and (change.key.namespace, change.key.name) == ("default", "kubernetes"):
            yield Key("Namespace", "", "default")

    def reconcile(self, api, namespace):
        missing = [obj for obj in OBJECTS if api.find(obj["kind"], "kubernetes", "default") is None]
        if missing and api.now % PERIOD:
            api.wake(PERIOD - api.now % PERIOD)
            return
        for obj in missing:
            api.create(obj, because="API-64")
