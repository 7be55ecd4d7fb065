"""Which simulated disk stands behind a volume: the identity of its storage, not of the object that describes it.

Two volumes with the same NFS path share their files, and a volume that is deleted and described anew finds them again.
A hostPath is one directory that all nodes see, as on a cluster of one node: the surprise of SCHED-V27 is not modelled.
"""
from __future__ import annotations

from ..world import get

HOSTNAME = "kubernetes.io/hostname"


def disk_of(volume: dict) -> str:
    """The name of the disk behind a PersistentVolume (REUSE-3): "nfs://10.0.0.1/exports/a"; "" for a source that is not simulated."""
    if "local" in volume["spec"]:
        return f"local://{_node(volume)}{volume['spec']['local']['path']}"
    return disk_of_source(volume["spec"])


def disk_of_source(source: dict) -> str:
    """The same for a volume source, as a pod's `volumes` has it, too."""
    if "nfs" in source:
        return f"nfs://{source['nfs']['server']}{source['nfs']['path']}"
    if "hostPath" in source:
        return f"hostpath://{source['hostPath']['path']}"
    if "csi" in source and "volumeHandle" in source["csi"]:
        return f"csi://{source['csi']['driver']}/{source['csi']['volumeHandle']}"
    return ""


def _node(volume: dict) -> str:
    """The node that a local volume is on, by its affinity."""
    for term in get(volume, "spec.nodeAffinity.required.nodeSelectorTerms") or ():
        for expression in term.get("matchExpressions") or ():
            if expression["key"] == HOSTNAME and expression["operator"] == "In":
                return expression["values"][0]
    return ""
