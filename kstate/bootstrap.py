"""What a new cluster holds before anybody touches it: namespaces, nodes, the kubernetes Service (API-64)."""
from __future__ import annotations

from .engine import Engine

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
API_SERVER = "192.168.0.10"


def node(number: int, name: str = "") -> dict:
    """Node `node-<number>`: 4 CPUs, 16Gi, 110 pods, in a zone of its own."""
    name = name or f"node-{number}"
    resources = {"cpu": "4", "memory": "16Gi", "pods": "110", "ephemeral-storage": "100Gi"}
    return {
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
            "topology.kubernetes.io/zone": f"zone-{number}"}},
        "spec": {"podCIDR": f"10.244.{number}.0/24", "podCIDRs": [f"10.244.{number}.0/24"]},
        "status": {
            "capacity": resources, "allocatable": resources, "images": [],
            "addresses": [{"type": "InternalIP", "address": f"192.168.0.{20 + number}"}, {"type": "Hostname", "address": name}],
            "nodeInfo": {
                "machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "6.1.0", "osImage": "kstate", "architecture": "amd64",
                "containerRuntimeVersion": "kstate://1", "kubeletVersion": "v1.36.2", "kubeProxyVersion": "", "operatingSystem": "linux"}},
    }


def bootstrap(engine: Engine, nodes: int = 3) -> Engine:
    """Fill an empty control plane and let its controllers settle."""
    api = engine.api
    for name in NAMESPACES:
        api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, who="kube-apiserver", because="API-64")
    engine.settle()
    api.create({"apiVersion": "v1", "kind": "Service",
                "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"component": "apiserver", "provider": "kubernetes"}},
                "spec": {"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]}},
               who="kube-apiserver", because="API-64")
    api.create({"apiVersion": "v1", "kind": "Endpoints",
                "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
                "subsets": [{"addresses": [{"ip": API_SERVER}], "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}]}]},
               who="kube-apiserver", because="API-64")
    api.create({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"kubernetes.io/service-name": "kubernetes"}},
                "addressType": "IPv4", "endpoints": [{"addresses": [API_SERVER], "conditions": {"ready": True}}],
                "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}]}, who="kube-apiserver", because="API-64")
    for number in range(1, nodes + 1):
        api.create(node(number), who="kubelet", because="KUB-5")
    engine.settle()
    return engine
