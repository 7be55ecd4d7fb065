"""Objects of the example at chosen moments, as `kubectl get -o json` shows them: for the tests of graph, picture and view.

`example()` is the example as it runs: headless service nginx, StatefulSet web of 3, claims www-web-0 to -2, volumes pv1 to pv3
of the class gsh-pv, which has no object.
"""
from __future__ import annotations

from itertools import count

_uids = count(1)
RUNNING = {"running": {"startedAt": "2026-11-24T03:03:14Z"}}


def meta(name: str, namespace: str | None = "gsh", **more) -> dict:
    return {"name": name, **({"namespace": namespace} if namespace else {}), "uid": f"uid-{next(_uids)}", **more}


def service(name: str = "nginx", selector: dict | None = None, namespace: str = "gsh") -> dict:
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta(name, namespace),
            "spec": {"clusterIP": "None", "type": "ClusterIP", "selector": {"app": "nginx"} if selector is None else selector,
                     "ports": [{"port": 80, "name": "web"}]}}


def sts(name: str = "web", replicas: int = 3, ready: int = 3, namespace: str = "gsh") -> dict:
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta(name, namespace),
            "spec": {"replicas": replicas, "serviceName": "nginx", "podManagementPolicy": "OrderedReady"}, "status": {"readyReplicas": ready}}


def pod(name: str, owner: dict | None = None, claim: str = "", state: str = "Running", node: str = "node-1", labels: dict | None = None,
        namespace: str = "gsh", **more) -> dict:
    """A pod in the state Running, Starting (its container is being created) or Pending (no node for it)."""
    found = meta(name, namespace, labels={"app": "nginx"} if labels is None else labels, **more)
    if owner:
        found["ownerReferences"] = [{"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
                                     "uid": owner["metadata"]["uid"], "controller": True}]
    container = {"name": "nginx", "image": "nginx", "volumeMounts": [{"name": "www", "mountPath": "/usr/share/nginx/html"}]}
    volumes = [{"name": "www", "persistentVolumeClaim": {"claimName": claim}}] if claim else []
    spec = {"containers": [container], "volumes": volumes}
    if state == "Pending":
        status = {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                                                      "message": "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims."}]}
    else:
        spec["nodeName"] = node
        started = state == "Running"
        status = {"phase": "Running" if started else "Pending", "podIP": "10.244.1.2", "containerStatuses": [
            {"name": "nginx", "ready": started, "restartCount": 0, "state": RUNNING if started else {"waiting": {"reason": "ContainerCreating"}}}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": found, "spec": spec, "status": status}


def claim(name: str, volume: str = "", storage_class: str = "gsh-pv", phase: str = "", namespace: str = "gsh", **more) -> dict:
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta(name, namespace, **more),
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": storage_class,
                     **({"volumeName": volume} if volume else {})},
            "status": {"phase": phase or ("Bound" if volume else "Pending"), **({"capacity": {"storage": "1Gi"}} if volume else {})}}


def volume(name: str, bound_to: dict | None = None, phase: str = "", storage_class: str = "gsh-pv", policy: str = "Recycle", **more) -> dict:
    ref = {}
    if bound_to:
        ref = {"claimRef": {"kind": "PersistentVolumeClaim", "namespace": bound_to["metadata"]["namespace"],
                            "name": bound_to["metadata"]["name"], "uid": bound_to["metadata"]["uid"]}}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta(name, None, **more),
            "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": policy,
                     "storageClassName": storage_class, "nfs": {"server": "10.113.69.123", "path": "/root/vdisk/pv_a"}, **ref},
            "status": {"phase": phase or ("Bound" if bound_to else "Available")}}


def storage_class(name: str = "slow", provisioner: str = "kubernetes.io/gce-pd", mode: str = "Immediate") -> dict:
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": meta(name, None), "provisioner": provisioner,
            "volumeBindingMode": mode}


def event(about: dict, reason: str, message: str) -> dict:
    return {"apiVersion": "v1", "kind": "Event", "metadata": meta(f"{about['metadata']['name']}.1", about["metadata"].get("namespace")),
            "involvedObject": {"kind": about["kind"], "uid": about["metadata"]["uid"]}, "reason": reason, "message": message, "type": "Warning"}


def example(replicas: int = 3, volumes: int | None = None) -> list[dict]:
    """The example with so many replicas and volumes; a claim beyond the volumes finds none, and its pod waits for it."""
    volumes = replicas if volumes is None else volumes
    owner = sts(replicas=replicas, ready=min(replicas, volumes))
    claims, pods, events, disks = [], [], [], []
    for i in range(replicas):
        served = i < volumes
        claims.append(claim(f"www-web-{i}", f"pv{i + 1}" if served else ""))
        pods.append(pod(f"web-{i}", owner, f"www-web-{i}", "Running" if served else "Pending", f"node-{i % 3 + 1}"))
        if not served:
            events.append(event(claims[i], "ProvisioningFailed", 'storageclass.storage.k8s.io "gsh-pv" not found'))
    for i in range(volumes):
        disks.append(volume(f"pv{i + 1}", claims[i] if i < replicas else None))
    return [service(), owner, *pods, *claims, *disks, *events]


def starting() -> list[dict]:
    """Scaled to 4: web-3 is being created, pv4 is reserved for its claim, which has not taken it yet; web-0 is being deleted;
    pv0 is released; the class slow is there, and so is a claim of the class fast, which is not."""
    objects = example(4)
    by_name = {obj["metadata"]["name"]: obj for obj in objects}
    by_name["web"]["status"]["readyReplicas"] = 3
    by_name["web-0"]["metadata"]["deletionTimestamp"] = "2026-11-24T03:04:00Z"
    third = by_name["www-web-3"]
    del third["spec"]["volumeName"]
    third["status"] = {"phase": "Pending"}
    by_name["web-3"]["status"], by_name["web-3"]["spec"]["nodeName"] = pod("x", state="Pending")["status"], ""
    gone, wish = claim("old"), claim("claim1", storage_class="fast")
    return [*objects, volume("pv0", gone, "Released", policy="Retain"), wish, storage_class(),
            event(wish, "ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found'), pod("busybox", labels={"run": "busybox"})]
