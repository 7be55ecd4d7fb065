"""A cluster with the example in it, and kubectl for it."""
from __future__ import annotations

from collections.abc import Callable

import pytest

from kstate.cluster import Cluster
from kstate.kubectl import Result, kubectl

WEB = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: kubernetes.io/host-path
---
apiVersion: v1
kind: Service
metadata: {name: nginx, labels: {app: nginx}}
spec: {ports: [{port: 80, name: web}], clusterIP: None, selector: {app: nginx}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, labels: {app: nginx}}
spec:
  serviceName: nginx
  replicas: 2
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers:
      - name: nginx
        image: nginx:1.24
        ports: [{containerPort: 80, name: web}]
        volumeMounts: [{name: www, mountPath: /usr/share/nginx/html}]
  volumeClaimTemplates:
  - metadata: {name: www}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""

Run = Callable[..., Result]


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def run(cluster: Cluster) -> Run:
    """kubectl on a cluster with the set `web` in it."""
    def command(words: str | list[str], stdin: str = "", **more) -> Result:
        return kubectl(cluster, words, stdin, **more)
    assert command("apply -f -", WEB).code == 0
    return command
