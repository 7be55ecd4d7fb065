"""The volumes of a pod and the source of a PersistentVolume (DESC-20, DESC-31)."""
from __future__ import annotations

from typing import Any

from .text import Sheet

ABOUT = {
    "hostPath": "HostPath (bare host directory volume)",
    "emptyDir": "EmptyDir (a temporary directory that shares a pod's lifetime)",
    "secret": "Secret (a volume populated by a Secret)",
    "configMap": "ConfigMap (a volume populated by a ConfigMap)",
    "nfs": "NFS (an NFS mount that lasts the lifetime of a pod)",
    "persistentVolumeClaim": "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
    "ephemeral": "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)",
    "downwardAPI": "DownwardAPI (a volume populated by information about the pod)",
    "projected": "Projected (a volume that contains injected data from multiple sources)",
    "csi": "CSI (a Container Storage Interface (CSI) volume source)",
    "local": "LocalVolume (a persistent volume backed by local storage on a node)",
    "iscsi": "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
    "awsElasticBlockStore": "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
    "gcePersistentDisk": "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
    "fc": "FC (a Fibre Channel disk)",
    "glusterfs": "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
}


def volumes(sheet: Sheet, spec: list[dict] | None, indent: str = "") -> None:
    """The volumes of a pod; indent: "  " in a template."""
    if not spec:
        sheet.write(f"{indent}Volumes:\t<none>")
        return
    sheet.write(f"{indent}Volumes:")
    for volume in spec:
        sheet.write(f"{' ' if indent else ''}{volume['name']}:", 1)
        sort = next((name for name in volume if name != "name"), "emptyDir")
        source(sheet, sort, volume.get(sort) or {}, 2)


def source(sheet: Sheet, sort: str, spec: dict, level: int) -> None:
    """Where the files of a volume are."""
    if sort not in ABOUT:
        sheet.write("<unknown>", level)
        return
    sheet.field("Type", ABOUT[sort], level)
    if sort == "projected":
        for part in spec.get("sources") or ():
            _projected(sheet, part, level)
    elif sort == "downwardAPI":
        sheet.write("Items:", level)
        for item in spec.get("items") or ():
            sheet.write(f"{(item.get('fieldRef') or item.get('resourceFieldRef') or {}).get('fieldPath', '')} -> {item['path']}", level + 1)
    elif sort == "ephemeral":
        claim = (spec.get("volumeClaimTemplate") or {}).get("spec") or {}
        sheet.field("StorageClass", claim.get("storageClassName", ""), level)
        sheet.field("Volume", claim.get("volumeName", ""), level)
    else:
        for name, value in _fields(sort, spec):
            sheet.field(name, value, level)
        if sort == "csi":
            _attributes(sheet, spec.get("volumeAttributes"), level)


def _fields(sort: str, spec: dict) -> list[tuple[str, Any]]:
    read_only = ("ReadOnly", str(bool(spec.get("readOnly"))).lower())
    optional = ("Optional", str(bool(spec.get("optional"))).lower())
    match sort:
        case "hostPath":
            return [("Path", spec.get("path", "")), ("HostPathType", spec.get("type", ""))]
        case "emptyDir":
            return [("Medium", spec.get("medium", "")), ("SizeLimit", spec.get("sizeLimit", "<unset>"))]
        case "secret":
            return [("SecretName", spec.get("secretName", "")), optional]
        case "configMap":
            return [("Name", spec.get("name", "")), optional]
        case "nfs":
            return [("Server", spec.get("server", "")), ("Path", spec.get("path", "")), read_only]
        case "persistentVolumeClaim":
            return [("ClaimName", spec.get("claimName", "")), read_only]
        case "csi":
            handle = [("VolumeHandle", spec["volumeHandle"])] if "volumeHandle" in spec else []
            return [("Driver", spec.get("driver", "")), ("FSType", spec.get("fsType", "")), *handle, read_only]
        case "local":
            return [("Path", spec.get("path", ""))]
        case "awsElasticBlockStore" | "gcePersistentDisk":
            identity = ("VolumeID", spec.get("volumeID", "")) if sort.startswith("aws") else ("PDName", spec.get("pdName", ""))
            return [identity, ("FSType", spec.get("fsType", "")), ("Partition", spec.get("partition", 0)), read_only]
    return [(name[:1].upper() + name[1:], value) for name, value in sorted(spec.items())]


def _attributes(sheet: Sheet, attributes: dict | None, level: int) -> None:
    first, *rest = [f"{k}={v}" for k, v in sorted((attributes or {}).items())] or ["<none>"]
    sheet.write(f"VolumeAttributes:\t    {first}", level)
    for line in rest:
        sheet.write(f"\t    {line}")


def _projected(sheet: Sheet, part: dict, level: int) -> None:
    def optional(ref: dict) -> str:
        return str(ref["optional"]).lower() if "optional" in ref else "<nil>"
    if "secret" in part:
        sheet.field("SecretName", part["secret"].get("name", ""), level)
        sheet.field("SecretOptionalName", optional(part["secret"]), level)
    elif "downwardAPI" in part:
        sheet.field("DownwardAPI", "true", level)
    elif "configMap" in part:
        sheet.field("ConfigMapName", part["configMap"].get("name", ""), level)
        sheet.field("ConfigMapOptional", optional(part["configMap"]), level)
    elif "serviceAccountToken" in part:
        sheet.field("TokenExpirationSeconds", part["serviceAccountToken"].get("expirationSeconds", 3600), level)
