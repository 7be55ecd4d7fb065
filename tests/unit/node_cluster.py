"""A hand-made cluster for the tests of kstate.node: objects, disks, and `kubectl exec` in one call."""
from __future__ import annotations

from kstate.clock import Clock
from kstate.node.entrypoint import behaviour
from kstate.node.files import Disks, FileSystem, Mount
from kstate.node.identity import hosts_file
from kstate.node.images import image
from kstate.node.machine import container_of, open_machine
from kstate.node.network import Network
from kstate.node.run import run
from kstate.world import Change, Key, World, freeze, key_of

MINUTE = 60_000


class Cluster:
    """Objects in a world; `disks` keeps what the containers wrote."""

    def __init__(self, *namespaces: str) -> None:
        self.world, self.disks = World(), {}
        for name in ("default", "kube-system", *namespaces):
            self.add("Namespace", name)
        self.add("Node", "node-1", status={"addresses": [{"type": "InternalIP", "address": "192.168.0.11"}]})
        self.service("kube-dns", "10.96.0.10", namespace="kube-system", ports=[{"name": "dns", "port": 53, "protocol": "UDP"}])
        self.service("kubernetes", "10.96.0.1", ports=[{"name": "https", "port": 443, "protocol": "TCP"}])

    def add(self, kind: str, name: str, namespace: str = "", labels: dict | None = None, **rest):
        meta = {"name": name, "uid": f"uid-{name}", "creationTimestamp": "2026-01-01T00:00:00Z", **({"namespace": namespace} if namespace else {})}
        obj = freeze({"apiVersion": "v1", "kind": kind, "metadata": {**meta, **({"labels": labels} if labels else {})}, **rest})
        old = self.world.find(key_of(obj))
        self.world.apply(Change(self.world.revision + 1, 0, "test", "update" if old else "create", key_of(obj), old, obj))
        return obj

    def remove(self, kind: str, name: str, namespace: str = "default") -> None:
        key = Key(kind, namespace, name)
        self.world.apply(Change(self.world.revision + 1, 0, "test", "delete", key, self.world.find(key), None))

    def service(self, name: str, cluster_ip: str, namespace: str = "default", ports: list | None = None, **spec):
        ports = [{"port": 80, "protocol": "TCP"}] if ports is None else ports
        return self.add("Service", name, namespace, spec={"type": "ClusterIP", "clusterIP": cluster_ip, "ports": ports, **spec})

    def slice(self, service: str, endpoints: list[tuple[str, str, bool]], namespace: str = "default", port: int | None = 80, name: str = ""):
        """An EndpointSlice of (address, hostname, ready) endpoints."""
        self.add("EndpointSlice", f"{service}-abcde", namespace, {"kubernetes.io/service-name": service}, endpoints=[
            {"addresses": [ip], "conditions": {"ready": ready}, **({"hostname": host} if host else {})} for ip, host, ready in endpoints],
            ports=[{"name": name, "port": port, "protocol": "TCP"}] if port else [])

    def pod(self, name: str, image_name: str, ip: str, namespace: str = "default", running: bool = True, volumes: dict | None = None,
            container: dict | None = None, **spec):
        """A pod of one container "main"; `volumes` maps a mount path to the name of a disk."""
        spec = {"containers": [{"name": "main", "image": image_name, **(container or {})}], **spec}
        state = {"running": {"startedAt": "2026-01-01T00:00:30Z"}} if running else {"waiting": {"reason": "ContainerCreating"}}
        pod = self.add("Pod", name, namespace, spec=spec, status={
            "phase": "Running", "podIP": ip, "containerStatuses": [{"name": "main", "state": state}]})
        self.disks.setdefault(("mounts", namespace, name), volumes or {})
        return pod

    def files(self, pod: dict, container: str, disks: Disks) -> FileSystem:
        """What the founder's glue does: the mounts of a container."""
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        root = f"pod/{pod['metadata']['uid']}/{container}"
        mounts = [Mount("/", root, self.disks.get(root, image(container_of(pod, container)["image"]).files)),
                  Mount("/etc/hosts", f"{root}/hosts", {"": {"content": hosts_file(pod), "mode": 0o644, "time": 0}})]
        for path, disk in self.disks[("mounts", namespace, name)].items():
            mounts.append(Mount(path, disk, self.disks.get(disk, {}), size=1 << 30))
        return FileSystem(mounts, disks)

    def machine(self, name: str, namespace: str = "default", now: int = MINUTE):
        pod = self.world.find(Key("Pod", namespace, name))
        return open_machine(Network(self.world, self.files), pod, "main", now, Clock().timestamp)

    def exec(self, name: str, *argv: str, stdin: str = "", namespace: str = "default", tty: bool = False):
        """kubectl exec, and what it wrote is kept."""
        machine = self.machine(name, namespace)
        machine.tty = tty
        result = run(machine, list(argv), stdin)
        self.disks.update(machine.network.disks.changed())
        return result

    def start(self, name: str, namespace: str = "default", **options):
        """Run a pod's main process from its start, and keep what it writes."""
        machine = self.machine(name, namespace)
        found = behaviour(machine, **options)
        self.disks.update(machine.network.disks.changed())
        return found


def web(namespace: str = "default", replicas: int = 3) -> Cluster:
    """The StatefulSet of the example: a headless Service nginx, pods web-0 ... on volumes, a busybox and a curl beside them."""
    cluster = Cluster("gsh", "other")
    cluster.service("nginx", "None", namespace)
    for i in range(replicas):
        cluster.pod(f"web-{i}", "nginx:1.27.1", f"10.244.1.{6 + i}", namespace, hostname=f"web-{i}", subdomain="nginx",
                    volumes={"/usr/share/nginx/html": f"pv{i}"})
        cluster.disks[f"pv{i}"] = {f"{'abc'[i] * 3}.txt": {"content": f"this is {'abc'[i]}\n", "mode": 0o644, "time": 0}}
    cluster.slice("nginx", [(f"10.244.1.{6 + i}", f"web-{i}", True) for i in range(replicas)], namespace)
    cluster.pod("box", "busybox", "10.244.2.9", namespace)
    cluster.pod("old", "busybox:1.28", "10.244.2.10", namespace)
    cluster.pod("tools", "registry.k8s.io/e2e-test-images/jessie-dnsutils:1.7", "10.244.2.11", namespace)
    cluster.pod("far", "busybox", "10.244.2.12", "other")
    return cluster
