"""Storage classes by name: which one a claim or a volume names, and which one is the default (storage.md 0.2)."""
from __future__ import annotations

from .world import Dict, World

BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def class_of(obj: dict) -> str | None:
    """The class of a claim or volume: the old annotation wins; None where none is named, which is not the same as ""."""
    annotations = obj["metadata"].get("annotations") or {}
    return annotations.get(BETA_CLASS, obj["spec"].get("storageClassName"))


def default_class(world: World) -> Dict | None:
    """The default class: of several the newest, of equally old ones the first by name (ADM-1)."""
    marked = [c for c in world.list("StorageClass")
              if any((c["metadata"].get("annotations") or {}).get(a) == "true" for a in DEFAULT_CLASS)]
    newest = max((c["metadata"]["creationTimestamp"] for c in marked), default="")
    return next((c for c in marked if c["metadata"]["creationTimestamp"] == newest), None)
