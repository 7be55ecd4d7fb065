"""Sources of volumes, as pods mount them and as PersistentVolumes describe them: defaults and validation.

Of the sources that a learner meets each field is checked; of others (cloud disks, removed plugins) only that there is one.
"""
from __future__ import annotations

import posixpath

from ..errors import FieldError, duplicate, forbidden, invalid, required, too_long, unsupported
from . import claim
from .fields import Errors, descending, fill, label, no_backsteps, nonnegative_quantity, one_of, subdomain

# The order in which the API server examines them: a second source is refused, the later one gets the error (PVAPI-10).
POD_SOURCES = (
    "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi", "glusterfs", "flocker",
    "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc", "flexVolume", "configMap", "azureFile",
    "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk", "storageos", "projected", "scaleIO", "csi", "ephemeral",
    "image")
PV_SOURCES = (
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte", "cephfs", "iscsi", "cinder",
    "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk", "scaleIO", "local",
    "storageos", "csi")
HOST_PATH_TYPES = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
FILE_MODE = 420     # 0644


def default(volume: dict) -> None:
    """STS-4: defaults of one volume of a pod."""
    if not any(source in volume for source in POD_SOURCES):
        volume["emptyDir"] = {}
    for source in ("secret", "configMap", "downwardAPI", "projected"):
        if source in volume:
            volume[source].setdefault("defaultMode", FILE_MODE)
    for item in _projected_items(volume):
        if "fieldRef" in item:
            fill(item["fieldRef"], apiVersion="v1")
    for source in volume.get("projected", {}).get("sources") or ():
        if "serviceAccountToken" in source:
            source["serviceAccountToken"].setdefault("expirationSeconds", 3600)
    if "ephemeral" in volume:
        volume["ephemeral"].get("volumeClaimTemplate", {}).setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    default_host_path(volume)


def _projected_items(volume: dict) -> list[dict]:
    """The files of a downward API, alone or inside a projected volume."""
    sources = [volume, *(volume.get("projected", {}).get("sources") or ())]
    return [item for source in sources for item in source.get("downwardAPI", {}).get("items") or ()]


def default_host_path(holder: dict) -> None:
    if "hostPath" in holder:
        holder["hostPath"].setdefault("type", "")


def validate(volumes: list, path: str) -> tuple[list[FieldError], dict[str, dict]]:
    """Complaints about the volumes of a pod, and the sound ones by name, for mounts to refer to."""
    errors: list[FieldError] = []
    sound: dict[str, dict] = {}
    for i, volume in enumerate(volumes):
        here, name = f"{path}[{i}]", volume.get("name", "")
        problems = list(one_source(volume, here, POD_SOURCES))
        problems += label(f"{here}.name", name) if name else [required(f"{here}.name")]
        if name in sound:
            problems.append(duplicate(f"{here}.name", name))
        if not problems:
            sound[name] = volume
        errors += problems
    return errors, sound


def one_source(holder: dict, path: str, order: tuple[str, ...]) -> Errors:
    """Exactly one source (PVAPI-10), and that one in order (PVAPI-11)."""
    found = [source for source in order if holder.get(source) is not None]
    if not found:
        yield required(path, "must specify a volume type")
    for source in found[1:]:
        yield forbidden(f"{path}.{source}", "may not specify more than 1 volume type")
    for source in found[:1]:
        if source in _CHECKS:
            yield from _CHECKS[source](holder[source], f"{path}.{source}")


def _host_path(source: dict, path: str) -> Errors:
    if not source.get("path"):
        yield required(f"{path}.path")
        return
    yield from no_backsteps(f"{path}.path", source["path"])
    if source.get("type", "") not in HOST_PATH_TYPES:
        yield unsupported(f"{path}.type", source["type"], list(HOST_PATH_TYPES))


def _nfs(source: dict, path: str) -> Errors:
    if not source.get("server"):
        yield required(f"{path}.server")
    if not source.get("path"):
        yield required(f"{path}.path")
    if not posixpath.isabs(source.get("path", "")):
        yield invalid(f"{path}.path", source.get("path", ""), "must be an absolute path")


def _local(source: dict, path: str) -> Errors:
    if source.get("path"):
        yield from no_backsteps(f"{path}.path", source["path"])
    else:
        yield required(f"{path}.path")


def driver_name(field: str, name: str) -> Errors:
    """The name of a CSI driver."""
    if not name:
        yield required(field)
    if len(name) > 63:
        yield too_long(field, 63)
    yield from subdomain(field, name.lower())


def _csi(source: dict, path: str) -> Errors:
    yield from driver_name(f"{path}.driver", source.get("driver", ""))


def _ephemeral(source: dict, path: str) -> Errors:
    template = source.get("volumeClaimTemplate")
    if template is None:
        yield required(f"{path}.volumeClaimTemplate")
    else:
        yield from claim.validate_spec(template.get("spec") or {}, f"{path}.volumeClaimTemplate.spec")


def _empty_dir(source: dict, path: str) -> Errors:
    for _ in nonnegative_quantity(path, source.get("sizeLimit", "0")):
        yield forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity")


def _needs(name: str):
    """A source with one field that must be there, and perhaps files."""
    def check(source: dict, path: str) -> Errors:
        if not source.get(name):
            yield required(f"{path}.{name}")
        yield from _file_mode(f"{path}.defaultMode", source.get("defaultMode"))
        for i, item in enumerate(source.get("items") or ()):
            yield from _item(item, f"{path}.items[{i}]")
    return check


def _item(item: dict, path: str) -> Errors:
    for name in ("key", "path"):
        if not item.get(name):
            yield required(f"{path}.{name}")
    yield from descending(f"{path}.path", item.get("path", ""))
    yield from _file_mode(f"{path}.mode", item.get("mode"))


def _file_mode(field: str, mode: int | None) -> Errors:
    if mode is not None and not 0 <= mode <= 0o777:
        yield invalid(field, mode, "must be a number between 0 and 0777 (octal), both inclusive")


def _image(source: dict, path: str) -> Errors:
    return one_of(f"{path}.pullPolicy", source.get("pullPolicy", "Always"), ("Always", "IfNotPresent", "Never"))


_CHECKS = {
    "configMap": _needs("name"),
    "csi": _csi,
    "emptyDir": _empty_dir,
    "ephemeral": _ephemeral,
    "hostPath": _host_path,
    "image": _image,
    "local": _local,
    "nfs": _nfs,
    "persistentVolumeClaim": _needs("claimName"),
    "secret": _needs("secretName"),
}
