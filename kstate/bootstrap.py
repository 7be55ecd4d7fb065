"""What a new cluster holds before anybody touches it: namespaces, nodes, the kubernetes Service (API-64)."""
from __future__ import annotations

from .controllers.kubernetesservice import OBJECTS
from .engine import Engine

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


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
    for obj in OBJECTS:
        api.create(obj, who="kube-apiserver", because="API-64")
    for number in range(1, nodes + 1):
        api.create(node(number), who="kubelet", because="KUB-5")
    engine.settle()
    return engine
