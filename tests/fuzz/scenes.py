"""Random scenarios: a list of actions, each a word and a number, and the kubectl commands that they stand for.

Any list is a scenario, whatever exists when its turn comes: a command may well be refused, on both clusters alike.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random

NAMESPACE, PREFIX = "fuzz", "fuzz-"
CHOICES = 12                    # numbers are below this
Action = tuple[str, int]

SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: web}}
spec:
  serviceName: nginx
  replicas: 2
  podManagementPolicy: {management}
  selector: {{matchLabels: {{app: nginx}}}}
  template:
    metadata: {{labels: {{app: nginx}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {{name: nginx, image: "nginx:1.25", volumeMounts: [{{name: www, mountPath: /usr/share/nginx/html}}]}}
  volumeClaimTemplates:
  - metadata: {{name: www}}
    spec: {{accessModes: [ReadWriteOnce], storageClassName: fuzz-static, resources: {{requests: {{storage: 1Gi}}}}}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: nginx}
spec: {clusterIP: None, selector: {app: nginx}, ports: [{port: 80, name: web}]}
"""
VOLUME = """\
apiVersion: v1
kind: PersistentVolume
metadata: {{name: {name}}}
spec:
  capacity: {{storage: {size}}}
  accessModes: {modes}
  persistentVolumeReclaimPolicy: {policy}
  storageClassName: {cls}
  nfs: {{server: 10.113.0.1, path: /exports/{name}}}
"""
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: c{number}}}
spec: {{accessModes: [{mode}], storageClassName: {cls}, resources: {{requests: {{storage: {size}}}}}}}
"""
CLASSES = ("fuzz-static", "fuzz-other", '""')
MODES = ("ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod")


def beginning() -> Iterator[dict]:
    """What every scenario starts from.  No two volumes are equally large, since among equals chance decides (MATCH-4)."""
    yield {"apply": SERVICE}
    volumes = (VOLUME.format(name=f"{PREFIX}{n}", size=f"{n}Gi", modes="[ReadWriteOnce]", policy="Retain", cls=CLASSES[0]) for n in (1, 2, 3))
    yield {"apply": "---\n".join(volumes)}


def actions(seed: int, length: int) -> list[Action]:
    """A random scenario."""
    random = Random(seed)
    first = ("set", random.randrange(CHOICES)) if random.random() < 0.8 else ("claim", random.randrange(CHOICES))
    return [first, *((random.choice(sorted(ACTIONS)), random.randrange(CHOICES)) for _ in range(length - 1))]


def step(action: Action) -> dict:
    """The step of a scenario (tests/conformance/runner.py) that an action stands for."""
    word, n = action
    done = ACTIONS[word](n)
    return done if isinstance(done, dict) else {"kubectl": f"-n {NAMESPACE} {done}"}


def _volume(n: int) -> dict:
    return {"apply": VOLUME.format(name=f"{PREFIX}v{n % 4}", size=f"{n + 1}100Mi", policy=("Retain", "Delete")[n // 6], cls=CLASSES[n % 2],
                                   modes=("[ReadWriteOnce]", "[ReadWriteOnce, ReadWriteMany]")[n // 2 % 2])}


def _claim(n: int) -> dict:
    return {"apply": CLAIM.format(number=n % 3, mode=MODES[n // 3 % 3], cls=CLASSES[n % 3], size=("1Gi", "2Gi")[n // 6])}


def _patch(kind: str, patch: Callable[[int], dict]) -> Callable[[int], str]:
    return lambda n: f"patch {kind} -p '{json.dumps(patch(n))}'"


ACTIONS: dict[str, Callable[[int], str | dict]] = {
    "set": lambda n: {"apply": SET.format(management=("OrderedReady", "Parallel")[n % 2])},
    "scale": lambda n: f"scale sts web --replicas={n % 5}",
    "image": lambda n: f"set image sts/web nginx=nginx:1.{25 + n % 3}",
    "undo": lambda n: "rollout undo sts/web",
    "partition": _patch("sts web", lambda n: {"spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": n % 4}}}}),
    "retention": _patch("sts web", lambda n: {"spec": {"persistentVolumeClaimRetentionPolicy": {
        "whenScaled": ("Retain", "Delete")[n % 2], "whenDeleted": ("Retain", "Delete")[n // 2 % 2]}}}),
    "start": _patch("sts web", lambda n: {"spec": {"ordinals": {"start": n % 3}}}),
    "delete set": lambda n: f"delete sts web --wait=false --cascade={('background', 'foreground', 'orphan')[n % 3]}",
    "delete pod": lambda n: f"delete pod web-{n % 3} --wait=false",
    "relabel": lambda n: f"label pod web-{n % 3} --overwrite app={('nginx', 'other')[n // 3 % 2]}",
    "volume": _volume,
    "claim": _claim,
    "delete claim": lambda n: f"delete pvc {('c0', 'c1', 'c2', 'www-web-0', 'www-web-1', 'www-web-2')[n % 6]} --wait=false",
    "delete volume": lambda n: f"delete pv {PREFIX}{('1', '2', '3', 'v0', 'v1', 'v2')[n % 6]} --wait=false",
    "free volume": lambda n: f"patch pv {PREFIX}{n % 3 + 1} -p '{{\"spec\": {{\"claimRef\": null}}}}'",
}
