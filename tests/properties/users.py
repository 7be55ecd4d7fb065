"""A cluster to play with, and a user who does all sorts of things to it.

An action is a pair (word, n): what `n` means is up to the action, so that any list of pairs is a scenario and shrinks well.  The
user goes through the API as kubectl does, and is refused as kubectl is.
"""
from __future__ import annotations

from kstate.bootstrap import node
from kstate.engine import Engine
from kstate.errors import ApiError
from kstate.world import Key
from tests.helpers import apply, cluster_engine

NS = "shop"
FAULT = "kstate.dev/fault"
LASTING = ("NotReady", "ImagePullBackOff", "CrashLoopBackOff")
FAULTS = (*LASTING, "Failed", "Succeeded")      # of a template, the last two are endless: the pod is replaced at once, again and again
SET = Key("StatefulSet", NS, "web")
CHOICES = 24        # n is below this
CLASSES = ("static", "made", "local", None)
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "nginx"},
           "spec": {"clusterIP": "None", "selector": {"app": "nginx"}, "ports": [{"port": 80, "name": "web"}]}}
DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "front"}, "spec": {
    "replicas": 2, "selector": {"matchLabels": {"app": "front"}},
    "template": {"metadata": {"labels": {"app": "front"}}, "spec": {"containers": [{"name": "front", "image": "nginx:1.0"}]}}}}
HOSTNAME = "kubernetes.io/hostname"


# ---- objects ----------------------------------------------------------------------------------

def storage_class(name: str, provisioner: str, mode: str = "Immediate") -> dict:
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name},
            "provisioner": provisioner, "volumeBindingMode": mode}


def volume(name: str, policy: str = "Recycle", size: str = "1Gi", cls: str = "static", node: str = "", modes=("ReadWriteOnce",)) -> dict:
    source = {"nfs": {"server": "nas", "path": f"/{name}"}}
    if node:
        terms = [{"matchExpressions": [{"key": HOSTNAME, "operator": "In", "values": [node]}]}]
        source = {"local": {"path": f"/mnt/{name}"}, "nodeAffinity": {"required": {"nodeSelectorTerms": terms}}}
    elif policy == "Delete":
        source = {"hostPath": {"path": f"/tmp/{name}"}}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": {
        "capacity": {"storage": size}, "accessModes": list(modes), "persistentVolumeReclaimPolicy": policy, "storageClassName": cls, **source}}


def claim(name: str, cls: str | None = "static", size: str = "1Gi", mode: str = "ReadWriteOnce") -> dict:
    """cls None: whichever is the default; a label notes that this was the wish."""
    spec = {"accessModes": [mode], "resources": {"requests": {"storage": size}}, **({} if cls is None else {"storageClassName": cls})}
    meta = {"name": name, "labels": {"class": "default"} if cls is None else {}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec}


def pod(name: str, claim: str) -> dict:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
        "terminationGracePeriodSeconds": 2,
        "containers": [{"name": "main", "image": "nginx", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]}}


def statefulset(management: str = "OrderedReady", cls: str = "static", replicas: int = 3) -> dict:
    template = {"metadata": {"labels": {"app": "nginx"}}, "spec": {
        "terminationGracePeriodSeconds": 2,
        "containers": [{"name": "nginx", "image": "nginx:1.0", "volumeMounts": [{"name": "www", "mountPath": "/usr/share/nginx/html"}]}]}}
    own = claim("www", cls)
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"}, "spec": {
        "replicas": replicas, "serviceName": "nginx", "podManagementPolicy": management, "selector": {"matchLabels": {"app": "nginx"}},
        "template": template, "volumeClaimTemplates": [{"metadata": {"name": "www"}, "spec": own["spec"]}]}}


def shop(lag: bool = False) -> Engine:
    """A cluster with a namespace of its own, classes, volumes of all sorts and a service; no pod yet."""
    engine = _SHOPS.get(lag)
    if engine is None:
        engine = _SHOPS[lag] = cluster_engine(lag=lag)
        apply(engine, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NS}},
                       storage_class("made", "kubernetes.io/host-path")])
        engine.run(5_000)
        apply(engine, [storage_class("local", "kubernetes.io/no-provisioner", "WaitForFirstConsumer"),
                       *(volume(f"pv{n}", policy) for n, policy in enumerate(("Recycle", "Recycle", "Delete", "Retain"))),
                       volume("big", "Recycle", "5Gi", modes=("ReadWriteOnce", "ReadWriteMany")),
                       *(volume(f"disk{n}", "Retain", cls="local", node=f"node-{n}") for n in (1, 2, 3))])
        engine.settle()
        apply(engine, [SERVICE], NS)
        engine.settle()
    return engine.fork()


_SHOPS: dict[bool, Engine] = {}


# ---- actions ----------------------------------------------------------------------------------

def do(engine: Engine, word: str, n: int = 0) -> None:
    """Do it, or be refused."""
    try:
        ACTIONS[word](engine, n)
    except ApiError:
        pass


def names(engine: Engine, kind: str, namespace: str | None = NS) -> list[str]:
    return [o["metadata"]["name"] for o in engine.world.list(kind, namespace)]


def edit(engine: Engine, patch: dict, key: Key = SET) -> None:
    engine.api.patch(key, patch, "merge")


def _one(engine: Engine, kind: str, n: int, namespace: str = NS) -> Key | None:
    found = [o for o in engine.world.list(kind, namespace or None) if o["metadata"]["name"] != "kubernetes"]
    return Key(kind, namespace, found[n % len(found)]["metadata"]["name"]) if found else None


def _toggle(engine: Engine, key: Key | None, fault: str) -> None:
    """Put a fault on an object, or take it away."""
    if key is not None:
        known = (engine.api.get(key)["metadata"].get("annotations") or {}).get(FAULT)
        edit(engine, {"metadata": {"annotations": {FAULT: None if known else fault}}}, key)


def _create_set(engine, n):
    apply(engine, [statefulset("Parallel" if n % 2 else "OrderedReady", CLASSES[n // 2 % 3])], NS) if engine.world.find(SET) is None else None


def _delete(kind: str, namespace: str = NS, choices=(None,), grace=(None,)):
    def delete(engine, n):
        if (key := _one(engine, kind, n, namespace)) is not None:
            engine.api.delete(key, propagation=choices[n % len(choices)], grace=grace[n // 5 % len(grace)])
    return delete


def _template(engine, n):
    edit(engine, {"spec": {"template": {"metadata": {"labels": {"version": str(n % 3)}}}}})


def _broken_template(engine, n):
    edit(engine, {"spec": {"template": {"metadata": {"annotations": {FAULT: (None, *LASTING)[n % 4]}}}}})


def _strategy(engine, n):
    edit(engine, {"spec": {"updateStrategy": {"type": "OnDelete", "rollingUpdate": None} if n % 3 == 0 else
                           {"type": "RollingUpdate", "rollingUpdate": {"partition": n % 4}}}})


def _retention(engine, n):
    words = ("Retain", "Delete")
    edit(engine, {"spec": {"persistentVolumeClaimRetentionPolicy": {"whenScaled": words[n % 2], "whenDeleted": words[n // 2 % 2]}}})


def _cordon(engine, n):
    key = Key("Node", "", f"node-{n % 3 + 1}")
    edit(engine, {"spec": {"unschedulable": None if engine.api.get(key)["spec"].get("unschedulable") else True}}, key)


def _add_volume(engine, n):
    modes = (("ReadWriteOnce",), ("ReadWriteOnce",), ("ReadWriteOnce", "ReadWriteMany"), ("ReadWriteOncePod",))[n // 6 % 4]
    policy, size, cls = ("Retain", "Recycle", "Delete")[n % 3], ("1Gi", "2Gi", "9Gi")[n // 3 % 3], "static" if n % 4 else "other"
    apply(engine, [volume(f"new{len(engine.world.list('PersistentVolume')) + n}", policy, size, cls, modes=modes)])


def _free_volume(engine, n):
    """What an administrator does with a volume that is kept."""
    released = [v["metadata"]["name"] for v in engine.world.list("PersistentVolume") if v["status"]["phase"] in ("Released", "Failed")]
    if released:
        edit(engine, {"spec": {"claimRef": None}}, Key("PersistentVolume", "", released[n % len(released)]))


def _reserve(engine, n):
    """A volume for a claim that does not exist yet."""
    reserved = volume(f"for{n}", "Retain", "3Gi")
    reserved["spec"]["claimRef"] = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": NS, "name": f"c{n % 3}"}
    apply(engine, [reserved])


def _relabel(engine, n):
    if (key := _one(engine, "Pod", n)) is not None:
        app = (engine.api.get(key)["metadata"].get("labels") or {}).get("app")
        edit(engine, {"metadata": {"labels": {"app": "nginx" if app == "other" else "other"}}}, key)


def _default_class(engine, n):
    key = Key("StorageClass", "", ("made", "local")[n % 2])
    mark = "storageclass.kubernetes.io/is-default-class"
    known = (engine.api.get(key)["metadata"].get("annotations") or {}).get(mark)
    edit(engine, {"metadata": {"annotations": {mark: None if known else "true"}}}, key)


def _add_claim(engine, n):
    mode = ("ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod")[n % 3]
    apply(engine, [claim(f"c{n % 3}", CLASSES[n // 3 % 4], ("1Gi", "3Gi")[n // 12 % 2], mode)], NS)


def _add_pod(engine, n):
    apply(engine, [pod(f"p{n}", f"c{n % 3}")], NS)


def _write(engine, n):
    """A container writes a file to a volume."""
    shares = [v["spec"]["nfs"] for v in engine.world.list("PersistentVolume") if "nfs" in v["spec"]]
    if shares:
        share, files = shares[n % len(shares)], {"index.html": {"content": str(n), "mode": 0o644, "time": 0}}
        engine.api.write_disk(f"nfs://{share['server']}{share['path']}", files, who="container")


def _new_shop(engine, n):
    if engine.world.find(Key("Namespace", "", NS)) is None:
        apply(engine, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NS}}])
        apply(engine, [SERVICE], NS)


ACTIONS = {
    "create set": _create_set,
    "scale": lambda engine, n: edit(engine, {"spec": {"replicas": n % 5}}),
    "delete pod": _delete("Pod", grace=(None, 0)),
    "delete claim": _delete("PersistentVolumeClaim"),
    "delete volume": _delete("PersistentVolume", ""),
    "delete set": _delete("StatefulSet", choices=(None, "Foreground", "Orphan", "Background")),
    "template": _template,
    "broken template": _broken_template,
    "strategy": _strategy,
    "retention": _retention,
    "start": lambda engine, n: edit(engine, {"spec": {"ordinals": {"start": n % 3}}}),
    "patience": lambda engine, n: edit(engine, {"spec": {"minReadySeconds": n % 2 * 10}}),
    "pod fault": lambda engine, n: _toggle(engine, _one(engine, "Pod", n), FAULTS[n % 5]),
    "node fault": lambda engine, n: _toggle(engine, Key("Node", "", f"node-{n % 3 + 1}"), "NotReady"),
    "cordon": _cordon,
    "delete node": lambda engine, n: engine.api.delete(Key("Node", "", f"node-{n % 3 + 1}")) if n > 20 else None,
    "relabel": _relabel,
    "add volume": _add_volume,
    "free volume": _free_volume,
    "reserve volume": _reserve,
    "default class": _default_class,
    "add claim": _add_claim,
    "add pod": _add_pod,
    "write": _write,
    "deploy": lambda engine, n: apply(engine, [DEPLOYMENT], NS),
    "delete deployment": _delete("Deployment", choices=(None, "Foreground", "Orphan")),
    "scale deployment": lambda engine, n: edit(engine, {"spec": {"replicas": n % 4}}, Key("Deployment", NS, "front")),
    "delete namespace": lambda engine, n: engine.api.delete(Key("Namespace", "", NS)) if n > 15 else None,
    "new namespace": _new_shop,
    "wait": lambda engine, n: engine.run((1, 15, 60, 400)[n % 4] * 1000),
}


# ---- order, again -----------------------------------------------------------------------------

def heal(engine: Engine) -> None:
    """Undo all harm, as a patient administrator would: faults go, nodes come back, storage is there, what is stuck is deleted."""
    if engine.world.find(Key("Namespace", "", NS)) is None or "deletionTimestamp" in engine.api.get(Key("Namespace", "", NS))["metadata"]:
        _mend_nodes(engine)
        engine.settle()
        do(engine, "new namespace")
    _mend_nodes(engine)
    if engine.world.find(SET) is not None:
        edit(engine, {"spec": {"template": {"metadata": {"annotations": {FAULT: None}}},
                               "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}}})
    engine.settle()
    for _ in range(8):
        ill = _ill(engine)
        if not ill:
            return
        for n, lacking in enumerate(c for c in engine.world.list("PersistentVolumeClaim", NS) if c["status"]["phase"] == "Pending"):
            _provide(engine, lacking, n)
        for key in ill:
            engine.api.delete(key, grace=0)
            if engine.world.find(key) is not None:          # two that wait for each other: a pod in the foreground and its claim
                edit(engine, {"metadata": {"finalizers": None}}, key)
        engine.settle()


def _mend_nodes(engine: Engine) -> None:
    present = names(engine, "Node", None)
    for number in (1, 2, 3):
        if f"node-{number}" not in present:
            engine.api.create(node(number), who="kubelet")
    for name in names(engine, "Node", None):
        edit(engine, {"metadata": {"annotations": {FAULT: None}}, "spec": {"unschedulable": None}}, Key("Node", "", name))


def _ill(engine: Engine) -> list[Key]:
    """Pods that are not Ready, carry a fault or were released, and claims that have lost their volume."""
    pods = [p for p in engine.world.list("Pod", NS) if not _well(p)]
    lost = [c for c in engine.world.list("PersistentVolumeClaim", NS) if c["status"]["phase"] == "Lost"]
    return [Key(o["kind"], NS, o["metadata"]["name"]) for o in (*pods, *lost)]


def _well(pod: dict) -> bool:
    meta, conditions = pod["metadata"], {c["type"]: c["status"] for c in pod["status"].get("conditions") or ()}
    released = not meta.get("ownerReferences") and meta["name"].startswith("web-")
    hurt = FAULT in (meta.get("annotations") or {}) or "deletionTimestamp" in meta
    return conditions.get("Ready") == "True" and not released and not hurt


def _provide(engine: Engine, lacking: dict, n: int) -> None:
    name = f"aid{n}-{engine.world.revision}"
    cls = lacking["spec"].get("storageClassName", "")
    aid = volume(name, "Retain", "9Gi", cls, f"node-{n % 3 + 1}" if cls == "local" else "", lacking["spec"]["accessModes"])
    apply(engine, [aid])
