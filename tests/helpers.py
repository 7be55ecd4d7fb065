"""What tests of the engine share: a small cluster, manifests in, facts out."""
from __future__ import annotations

import yaml

from kstate.api import kind_of
from kstate.bootstrap import bootstrap as fill
from kstate.controllers.all import ALL
from kstate.engine import Engine
from kstate.world import Key, key_of, uid

VOLUMES = "\n---\n".join(f"""
apiVersion: v1
kind: PersistentVolume
metadata: {{name: pv{n}}}
spec:
  capacity: {{storage: 1Gi}}
  volumeMode: Filesystem
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Recycle
  storageClassName: gsh-pv
  nfs: {{path: /root/vdisk/pv_{letter}, server: 10.113.69.123}}""" for n, letter in ((1, "a"), (2, "b"), (3, "c")))

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: nginx, labels: {app: nginx}}
spec:
  ports: [{port: 80, name: web}]
  clusterIP: None
  selector: {app: nginx}
"""

STATEFULSET = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  selector: {matchLabels: {app: nginx}}
  serviceName: nginx
  replicas: 3
  template:
    metadata: {labels: {app: nginx}}
    spec:
      terminationGracePeriodSeconds: 10
      containers:
      - name: nginx
        image: nginx
        ports: [{containerPort: 80, name: web}]
        volumeMounts: [{name: www, mountPath: /usr/share/nginx/html}]
  volumeClaimTemplates:
  - metadata: {name: www}
    spec:
      accessModes: [ReadWriteOnce]
      storageClassName: gsh-pv
      resources: {requests: {storage: 1Gi}}
"""

EXAMPLE = f"{VOLUMES}\n---\n{SERVICE}\n---\n{STATEFULSET}"


def cluster_engine(controllers=None, nodes: int = 3, seed: int = 0, bootstrap: bool = True, lag: bool = False) -> Engine:
    engine = Engine([c() for c in (ALL if controllers is None else controllers)], seed=seed, lag=lag)
    return fill(engine, nodes) if bootstrap else engine


def apply(engine: Engine, manifests, namespace: str = "default") -> list[dict]:
    """Create every object of a YAML text (or of a list), or update what exists."""
    objects = [o for o in yaml.safe_load_all(manifests) if o] if isinstance(manifests, str) else manifests
    done = []
    for obj in objects:
        if kind_of(obj).namespaced:
            obj["metadata"].setdefault("namespace", namespace)
        exists = engine.world.find(key_of(obj)) is not None
        done.append(engine.api.update(obj) if exists else engine.api.create(obj))
    return done


def get(engine: Engine, kind: str, name: str, namespace: str = "default") -> dict | None:
    return engine.world.find(Key(kind, namespace, name))


def events(engine: Engine, obj: dict) -> list[str]:
    """The Kubernetes Events on an object in the order of their creation, as `Type/Reason: message`."""
    found = sorted(engine.world.select("event by object", uid(obj)), key=lambda e: int(e["metadata"]["name"].rpartition(".")[2], 16))
    return [f"{e['type']}/{e['reason']}: {e['message']}" for e in found]


def because(engine: Engine) -> set[str]:
    """The numbers of all rules that the history names."""
    return {change.because for change in engine.world.log}
