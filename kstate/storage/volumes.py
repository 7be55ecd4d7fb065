"""The words of storage that its controllers and the scheduler share: sizes, classes, and who belongs to whom."""
from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from .. import quantity
from ..classes import class_of
from ..controllers.base import Dict, Key, finished, get, key_of, name, namespace, terminating, uid

VOLUME, CLAIM = "PersistentVolume", "PersistentVolumeClaim"


def full_name(claim: dict) -> str:
    """namespace/name."""
    return f"{namespace(claim)}/{name(claim)}"


def request(claim: dict) -> Fraction:
    """The bytes a claim asks for."""
    return quantity.value(get(claim, "spec.resources.requests.storage", "0"))


def capacity(volume: dict) -> Fraction:
    """The bytes a volume has."""
    return quantity.value(get(volume, "spec.capacity.storage", "0"))


def volume_mode(obj: dict) -> str:
    return obj["spec"].get("volumeMode") or "Filesystem"


def attributes_class(obj: dict) -> str:
    return obj["spec"].get("volumeAttributesClassName") or ""


def policy(volume: dict) -> str:
    return volume["spec"].get("persistentVolumeReclaimPolicy", "")


def claim_ref(volume: dict) -> dict | None:
    """Which claim the volume belongs to or is reserved for."""
    return volume["spec"].get("claimRef")


def claim_key(volume: dict) -> Key | None:
    """The key of that claim, whether it exists or not."""
    ref = claim_ref(volume)
    return None if ref is None else Key(CLAIM, ref.get("namespace") or "", ref.get("name") or "")


def bound_uid(volume: dict) -> str:
    """The uid of the claim that the volume belongs to, "" for none or a reservation by name."""
    return get(volume, "spec.claimRef.uid", "")


def reserved_for(volume: dict, claim: dict) -> bool:
    """The volume names this claim: the same name and namespace, and no uid or the claim's (storage.md 0.2: prebound)."""
    return claim_key(volume) == key_of(claim) and bound_uid(volume) in ("", uid(claim))


def delayed(storage_class: dict | None) -> bool:
    """Binding waits until the scheduler has chosen a node for the first pod.  A missing class does not delay."""
    return storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"


def class_object(api, claim: dict) -> Dict | None:
    """The StorageClass that a claim names, if it exists."""
    return api.find("StorageClass", class_of(claim) or "")


def claim_reference(claim: dict) -> dict:
    """What a volume's claimRef says of its claim."""
    return {"kind": CLAIM, "namespace": namespace(claim), "name": name(claim), "uid": uid(claim), "apiVersion": "v1",
            "resourceVersion": claim["metadata"]["resourceVersion"]}


def claim_keys(pod: dict) -> Iterator[Key]:
    """The keys of the claims that a pod mounts, in the order of its volumes."""
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            yield Key(CLAIM, namespace(pod), volume["persistentVolumeClaim"]["claimName"])
        elif "ephemeral" in volume:
            yield Key(CLAIM, namespace(pod), f"{name(pod)}-{volume['name']}")


def stopped(pod: dict) -> bool:
    """No container of the pod runs any more, or ever will."""
    return finished(pod) or terminating(pod) and all("running" not in s.get("state", {}) for s in get(pod, "status.containerStatuses", ()))


def claim_name(pod: dict, volume: dict) -> str | None:
    """The claim behind a volume of a pod, or None for other volumes."""
    if "persistentVolumeClaim" in volume:
        return volume["persistentVolumeClaim"]["claimName"]
    return f"{name(pod)}-{volume['name']}" if "ephemeral" in volume else None


def attachable(view, volume: dict) -> bool:
    """A CSI volume, unless its driver says that nothing has to be attached (AD-1).  view: a World."""
    driver = get(volume, "spec.csi.driver")
    return driver is not None and get(view.find(Key("CSIDriver", "", driver)), "spec.attachRequired", True)


def attached(view, volume: dict, node: str) -> bool:
    """Whether a pod on that node can mount the volume: the kubelet asks this.  view: a World."""
    return not attachable(view, volume) or any(
        a["spec"]["nodeName"] == node and get(a, "status.attached") for a in view.select("attachment by volume", name(volume)))
