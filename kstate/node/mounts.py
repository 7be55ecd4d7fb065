"""What a container sees of the disks: its root file system, the files that the kubelet makes, and its volumes.

The emptyDirs of a pod are named after its uid and go with it, a container's root disk goes with each of its runs; what lies
behind a claim or a hostPath has a name of its own (see disks).  ConfigMaps, Secrets and the downward API are rendered from the
objects as they are now.
"""
from __future__ import annotations

import base64
import posixpath
from hashlib import sha256

from .. import quantity
from ..memory import recall
from ..storage.volumes import claim_name
from ..world import Key, World, get
from . import identity
from .disks import disk_of, disk_of_source
from .files import Disks, FileSystem, Mount
from .images import image

NOTES = "kubelet"               # the last part of the name of the disk with the kubelet's notes
DISK_SIZE = 10 << 30         # bytes, where nothing says how large a volume is
RESOLV_CONF = "search {}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"


def notes(pod: dict) -> str:
    """The disk on which the kubelet keeps what it remembers of a pod."""
    return f"pod/{pod['metadata']['uid']}/{NOTES}"


def environment(world: World, pod: dict, container: dict, started: str = "") -> dict[str, str]:
    """The environment of a container; if it has `started` (RFC 3339), as it was then (KUB-55).  Raises identity.ConfigError."""
    kept = recall(world, notes(pod), f"{container['name']}/env") if started else None
    return kept or identity.environment(world, pod, container, image(container["image"]).env, started)


def refers(container: dict) -> bool:
    """Its environment comes from ConfigMaps or Secrets, which may change while it runs."""
    return bool(container.get("envFrom")) or any("fieldRef" not in e["valueFrom"] for e in container.get("env") or () if "valueFrom" in e)


def file_system(view: World, pod: dict, container: dict, disks: Disks | None = None) -> FileSystem:
    """The files of a container; `disks` holds the working copies that several containers share."""
    return FileSystem(mounts(view, pod, container), disks)


def root_disk(pod: dict, container: str) -> str:
    """The disk of a container's own files."""
    return f"pod/{pod['metadata']['uid']}/{container}"


def mounts(view: World, pod: dict, container: dict) -> list[Mount]:
    """Every mount of a container, the root disk first."""
    uid, root = pod["metadata"]["uid"], root_disk(pod, container["name"])
    found = [Mount("/", root, _content(view, root, image(container["image"]).files))]
    found += [Mount(path, f"pod/{uid}{path}", {"": {"content": text, "mode": 0o644, "time": 0}}) for path, text in _managed(pod).items()]
    volumes = {v["name"]: v for v in pod["spec"].get("volumes") or ()}
    for mount in container.get("volumeMounts") or ():
        volume = volumes.get(mount["name"])
        if volume is not None:
            found.append(_mount(view, pod, container, volume, mount))
    return found


def _managed(pod: dict) -> dict[str, str]:
    """Files that the kubelet writes for every pod (KUB-53)."""
    namespace = pod["metadata"].get("namespace", "default")
    return {"/etc/hosts": identity.hosts_file(pod), "/etc/hostname": identity.hostname(pod) + "\n",
            "/etc/resolv.conf": RESOLV_CONF.format(namespace)}


def _mount(view: World, pod: dict, container: dict, volume: dict, mount: dict) -> Mount:
    disk, files, read_only, size = _source(view, pod, volume)
    path = posixpath.normpath(mount["mountPath"])
    return Mount(path, disk, files, read_only or bool(mount.get("readOnly")), _sub_path(view, pod, container, mount), size)


def _sub_path(view: World, pod: dict, container: dict, mount: dict) -> str:
    if "subPathExpr" not in mount:
        return (mount.get("subPath") or "").strip("/")
    env = recall(view, notes(pod), f"{container['name']}/env") or environment(view, pod, container)
    return identity.expand(mount["subPathExpr"], env).strip("/")


def _source(view: World, pod: dict, volume: dict) -> tuple[str, dict, bool, int]:
    """(disk, files, read-only, bytes) behind a volume of a pod."""
    own, size = f"pod/{pod['metadata']['uid']}/volumes/{volume['name']}", DISK_SIZE
    claim = claim_name(pod, volume)
    if claim is not None:
        disk, size = _behind_claim(view, pod["metadata"].get("namespace", ""), claim)
        return disk, _content(view, disk), bool(get(volume, "persistentVolumeClaim.readOnly")), size       # KUBE-12
    rendered = _rendered(view, pod, volume)
    if rendered is not None:
        return own, rendered, True, size
    disk = disk_of_source(volume) or own
    return disk, _content(view, disk), False, size


def _behind_claim(view: World, namespace: str, claim: str) -> tuple[str, int]:
    found = view.find(Key("PersistentVolumeClaim", namespace, claim))
    volume = view.find(Key("PersistentVolume", "", get(found, "spec.volumeName", "")))
    if volume is None:
        return f"claim/{namespace}/{claim}", 0
    return disk_of(volume) or f"volume/{volume['metadata']['name']}", quantity.whole(get(volume, "spec.capacity.storage", "0"))


def _content(view: World, disk: str, empty: dict | None = None) -> dict:
    found = view.find(Key("Disk", "", disk))
    return found["files"] if found else empty or {}


# ---- volumes whose files are made of objects ----------------------------------------------------------

def _rendered(view: World, pod: dict, volume: dict) -> dict | None:
    """The files of a ConfigMap, Secret, downward API or projected volume; None for others."""
    mode = 0o644
    texts: dict[str, str] | None = None
    for source in (volume, *get(volume, "projected.sources", ())):
        for field in ("configMap", "secret", "downwardAPI", "serviceAccountToken"):
            if field in source:
                mode = source[field].get("defaultMode", mode)
                texts = {**(texts or {}), **RENDER[field](view, pod, source[field])}
    if "projected" in volume:
        mode, texts = volume["projected"].get("defaultMode", mode), texts or {}
    return None if texts is None else {path: {"content": text, "mode": mode, "time": 0} for path, text in sorted(texts.items())}


def _configuration(kind: str, name_field: str):
    def render(view: World, pod: dict, ref: dict) -> dict[str, str]:
        found = view.find(Key(kind, pod["metadata"].get("namespace", ""), ref.get(name_field) or ref.get("name", "")))
        if found is None:
            return {}
        encoded = found.get("binaryData") or {} if kind == "ConfigMap" else found.get("data") or {}
        data = {k: base64.b64decode(v).decode("utf-8", "replace") for k, v in encoded.items()}
        if kind == "ConfigMap":
            data.update(found.get("data") or {})
        items = ref.get("items")
        return {i["path"]: data[i["key"]] for i in items if i["key"] in data} if items else data
    return render


def _downward(view: World, pod: dict, ref: dict) -> dict[str, str]:
    """KUB-55."""
    files = {}
    for item in ref.get("items") or ():
        if "fieldRef" in item:
            files[item["path"]] = identity.field(pod, item["fieldRef"]["fieldPath"])
        else:
            asked = item["resourceFieldRef"]
            named = [c for c in pod["spec"]["containers"] if c["name"] == asked.get("containerName")]
            files[item["path"]] = str(get(named[0], f"resources.{asked['resource']}", "0")) if named else "0"
    return files


def _token(view: World, pod: dict, ref: dict) -> dict[str, str]:
    return {ref["path"]: sha256(f"{pod['metadata']['uid']}/{ref.get('audience', '')}".encode()).hexdigest()}


RENDER = {"configMap": _configuration("ConfigMap", "name"), "secret": _configuration("Secret", "secretName"), "downwardAPI": _downward,
          "serviceAccountToken": _token}
