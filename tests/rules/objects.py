"""What the tests of the table of kinds share: objects to start from, changes by path, complaints as texts."""
from __future__ import annotations

import copy
import json
from pathlib import Path

import yaml

from kstate.kinds import KINDS
from kstate.kinds import meta as metadata

GONE = "<gone>"     # as a value: remove what stands there

# Stored objects as a real control plane keeps them, from recordings; masked addresses, names and times were replaced.
STORED: dict[str, dict] = json.loads((Path(__file__).parent / "stored.json").read_text("utf-8"))

_MANIFESTS = """
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
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: front}
spec:
  selector: {matchLabels: {app: front}}
  template:
    metadata: {labels: {app: front}}
    spec:
      containers: [{name: nginx, image: "nginx:1.24"}]
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: front-1}
spec:
  selector: {matchLabels: {app: front}}
  template:
    metadata: {labels: {app: front}}
    spec:
      containers: [{name: nginx, image: "nginx:1.24"}]
---
apiVersion: apps/v1
kind: ControllerRevision
metadata: {name: web-1}
revision: 1
data: {spec: {template: {}}}
---
apiVersion: v1
kind: Pod
metadata: {name: box}
spec:
  containers: [{name: app, image: busybox}]
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv1}
spec:
  capacity: {storage: 1Gi}
  volumeMode: Filesystem
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Recycle
  storageClassName: gsh-pv
  nfs: {path: /root/vdisk/pv_a, server: 10.113.69.123}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim1}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: fast
  resources: {requests: {storage: 30Gi}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: slow}
provisioner: kubernetes.io/gce-pd
volumeBindingMode: Immediate
allowVolumeExpansion: true
parameters: {type: pd-standard}
---
apiVersion: v1
kind: Service
metadata: {name: nginx, labels: {app: nginx}}
spec:
  ports: [{port: 80, name: web}]
  clusterIP: None
  selector: {app: nginx}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: blue}
---
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData: {password: "1234"}
---
apiVersion: v1
kind: Namespace
metadata: {name: gsh}
---
apiVersion: v1
kind: Endpoints
metadata: {name: nginx}
subsets: [{addresses: [{ip: 10.244.1.2}], ports: [{port: 80}]}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: nginx-1}
addressType: IPv4
endpoints: [{addresses: [10.244.1.2]}]
ports: [{port: 80}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 2, selector: {matchLabels: {app: nginx}}}
---
apiVersion: v1
kind: Node
metadata: {name: node-1}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 1000
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: node-1}
spec: {leaseDurationSeconds: 40}
---
apiVersion: v1
kind: LimitRange
metadata: {name: small}
spec: {limits: [{type: Container, max: {cpu: "1"}, min: {cpu: 100m}}]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota}
spec: {hard: {requests.storage: 10Gi}}
---
apiVersion: storage.k8s.io/v1
kind: VolumeAttachment
metadata: {name: csi-1}
spec: {attacher: csi.example.com, nodeName: node-1, source: {persistentVolumeName: pv1}}
---
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: {name: csi.example.com}
spec: {}
---
apiVersion: storage.k8s.io/v1
kind: VolumeAttributesClass
metadata: {name: gold}
driverName: csi.example.com
parameters: {iops: "1000"}
"""
MANIFESTS = {obj["kind"]: obj for obj in yaml.safe_load_all(_MANIFESTS)}


def changed(obj: dict, changes: dict) -> dict:
    """A copy with values set: {"spec replicas": -1, "spec template spec containers 0 image": GONE}."""
    obj, changes = copy.deepcopy(obj), {path: value if value is GONE else copy.deepcopy(value) for path, value in changes.items()}
    for path, value in changes.items():
        *steps, last = (int(step) if step.isdigit() else step for step in path.split())
        holder = obj
        for step in steps:
            holder = holder[step] if isinstance(holder, list) else holder.setdefault(step, {})
        if value is GONE:
            holder.pop(last, None)
        elif isinstance(holder, list) and last == len(holder):
            holder.append(value)
        else:
            holder[last] = value
    return obj


def manifest(kind: str, changes: dict | None = None) -> dict:
    """A manifest as a user writes it."""
    return changed(MANIFESTS[kind], changes or {})


def stored(kind: str, changes: dict | None = None, status: dict | None = None) -> dict:
    """The same as the API server keeps it: defaulted, prepared, with a status."""
    obj, row = manifest(kind, changes), KINDS[kind]
    row.default(obj)
    if row.status is not None:
        obj["status"] = dict(row.status)
    row.prepare(obj, None)
    if status is not None:
        obj["status"] = status
    return obj


def complaints(new: dict, old: dict | None = None) -> list[str]:
    """What the API server says to a create, or to an update of old."""
    row = KINDS[new["kind"]]
    new = copy.deepcopy(new)
    row.default(new)
    row.prepare(new, old)
    return [str(error) for error in (*metadata.validate(row, new, old), *row.validate(new, old))]


def on_create(kind: str, changes: dict) -> list[str]:
    return complaints(manifest(kind, changes))


def on_update(kind: str, changes: dict, status: dict | None = None, before: dict | None = None) -> list[str]:
    old = stored(kind, before, status)
    return complaints(changed(old, changes), old)


def warned(kind: str, changes: dict | None = None) -> list[str]:
    return list(KINDS[kind].warnings(stored(kind, changes), None))


def row_of(obj: dict, age=lambda timestamp: timestamp or "<unknown>") -> dict:
    """The cells of an object by column."""
    row = KINDS[obj["kind"]]
    cells = row.cells(obj, age)
    assert len(cells) == len(row.columns)
    return {column.name: cell for column, cell in zip(row.columns, cells, strict=True)}
