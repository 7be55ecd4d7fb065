"""Volumes that have to be attached to a node before a pod there can use them (storage.md, chapter 5.7).

Modelled: VolumeAttachments for CSI volumes whose driver asks for them, exclusive access of one node, detaching, the six
minutes for a node that is not ready (counted from when it stopped being Ready).  Not modelled: iSCSI and Fibre Channel.
"""
from __future__ import annotations

from hashlib import sha256

from ..storage.volumes import CLAIM, VOLUME, attachable, bound_uid, claim_key, claim_keys, stopped
from .base import Controller, Key, condition, get, is_true, key_of, name, phase, put, uid

ATTACHMENT = "VolumeAttachment"
SHARED = ("ReadWriteMany", "ReadOnlyMany")
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
TIMEOUT, FORCE = 120_000, 360_000       # ms: how long an attach may take, and how long a dead node may keep a volume


def device(volume: dict) -> str:
    """The volume's name in a node's status."""
    return f"kubernetes.io/csi/{volume['spec']['csi']['driver']}^{volume['spec']['csi']['volumeHandle']}"


class AttachDetach(Controller):
    """Attaches each volume to the nodes whose pods want it, and detaches it when they do not any more."""

    name, component, kind = "attachdetach", "attachdetach-controller", VOLUME

    def watches(self):
        return "Pod", CLAIM, ATTACHMENT, "Node"

    def keys(self, change, view):
        """The volumes of a pod with a node, of a claim, of an attachment, of a node that changes its health."""
        old, new = change.old, change.new
        match change.key.kind:
            case "Pod":
                pod = new or old
                claims = [view.find(key) for key in claim_keys(pod)] if pod["spec"].get("nodeName") else []
                names = [c["spec"].get("volumeName") for c in claims if c is not None]
            case "PersistentVolumeClaim":
                names = [(new or old)["spec"].get("volumeName")]
            case "VolumeAttachment":
                names = [get(new or old, "spec.source.persistentVolumeName")]
            case _:
                changed = old is None or new is None or _health(old) != _health(new)
                names = [get(a, "spec.source.persistentVolumeName") for a in view.list(ATTACHMENT)
                         if changed and a["spec"]["nodeName"] == change.key.name]
        for volume_name in names:
            volume = view.find(Key(VOLUME, "", volume_name or ""))
            if volume is not None and "csi" in volume["spec"]:
                yield key_of(volume)

    def reconcile(self, api, volume):
        wanted = _wanted(api, volume) if attachable(api.view, volume) else {}
        held = {a["spec"]["nodeName"]: a for a in api.select("attachment by volume", name(volume))}
        for node, attachment in held.items():
            if node in wanted:
                self.notice(api, volume, attachment, wanted[node])
        for node in [n for n in held if n not in wanted]:
            if self.detach(api, volume, held[node]):
                del held[node]
        for node, pods in wanted.items():
            if node in held:
                continue
            if held and not any(mode in SHARED for mode in volume["spec"]["accessModes"]):
                self.refuse(api, volume, pods, held, [p for n in held for p in wanted.get(n, ())])
            else:
                held[node] = api.create(_attachment(volume, node), "AD-1")

    def notice(self, api, volume, attachment, pods) -> None:
        """An attachment that is wanted: done, still going on, or given up for now (AD-3)."""
        node = api.find("Node", attachment["spec"]["nodeName"])
        known = get(node, "status.volumesAttached", [])
        if get(attachment, "status.attached"):
            if node is not None and all(v["name"] != device(volume) for v in known):
                api.update_status(node, "AD-1", volumesAttached=[*known, {"name": device(volume), "devicePath": ""}])
                for pod in pods:
                    api.event(pod, "Normal", "SuccessfulAttachVolume", f'AttachVolume.Attach succeeded for volume "{name(volume)}" ',
                              because="AD-3")
            return
        csi = volume["spec"]["csi"]
        if api.since(attachment["metadata"]["creationTimestamp"]) >= TIMEOUT:
            for pod in pods:
                api.event(pod, "Warning", "FailedAttachVolume", f'AttachVolume.Attach failed for volume "{name(volume)}" : timed out '
                          f"waiting for external-attacher of {csi['driver']} CSI driver to attach volume {csi['volumeHandle']}",
                          because="AD-3")
        api.wait(volume, f"driver {csi['driver']} has not attached it to {attachment['spec']['nodeName']}", "AD-3")
        api.wake(TIMEOUT, "poll")

    def refuse(self, api, volume, pods, held, users) -> None:
        """Another node has the volume for itself, which each pod is told once; or it is just getting it: that is waited for (AD-2)."""
        if users:
            why = f"Volume is already used by pod(s) {', '.join(map(name, users))}"
        else:
            why = "Volume is already exclusively attached to one node and can't be attached to another"
        message = f'Multi-Attach error for volume "{name(volume)}" {why}'
        attached = any(get(attachment, "status.attached") for attachment in held.values())
        for pod in pods:
            if attached and all(event["message"] != message for event in api.select("event by object", uid(pod))):
                api.event(pod, "Warning", "FailedAttachVolume", message, because="AD-2")
            api.wait(pod, f"{name(volume)}: {why[0].lower()}{why[1:]}", "AD-2")

    def detach(self, api, volume, attachment) -> bool:
        """Let a node go that no pod wants the volume on, if that is safe (AD-4)."""
        node = api.find("Node", attachment["spec"]["nodeName"])
        if node is not None and not any(t["key"] == OUT_OF_SERVICE for t in node["spec"].get("taints") or ()):
            if is_true(node, "Ready"):
                if device(volume) in get(node, "status.volumesInUse", ()):
                    api.wait(volume, f"{name(node)} has not unmounted it", "AD-4")
                    return False
            elif (silent := _silent(api, node)) < FORCE:
                api.wait(volume, f"{name(node)} is not ready and may still use it", "AD-4")
                api.wake(FORCE - silent)
                return False
        api.delete(attachment, "AD-4")
        rest = [v for v in get(node, "status.volumesAttached", []) if v["name"] != device(volume)]
        if node is not None and rest != get(node, "status.volumesAttached", []):
            api.update_status(node, "AD-4", volumesAttached=rest or None)
        return True


def _silent(api, node) -> int:
    """How long a node has not been Ready, in ms; one that never was, since it exists."""
    return api.since(get(condition(node, "Ready"), "lastTransitionTime") or node["metadata"]["creationTimestamp"])


def _health(node) -> tuple:
    return is_true(node, "Ready"), node["spec"].get("taints"), get(node, "status.volumesInUse")


def _wanted(api, volume) -> dict[str, list]:
    """The pods that want the volume, by node (AD-1)."""
    key = claim_key(volume)
    claim = key and api.find(CLAIM, key.name, key.namespace)
    if claim is None or phase(claim) != "Bound" or claim["metadata"]["uid"] != bound_uid(volume):
        return {}
    wanted: dict[str, list] = {}
    for pod in api.select("pod by claim", f"{key.namespace}/{key.name}"):
        if pod["spec"].get("nodeName") and not stopped(pod):
            wanted.setdefault(pod["spec"]["nodeName"], []).append(pod)
    return wanted


def _attachment(volume, node: str) -> dict:
    csi = volume["spec"]["csi"]
    digest = sha256(f"{csi['volumeHandle']}{csi['driver']}{node}".encode()).hexdigest()
    return {"apiVersion": "storage.k8s.io/v1", "kind": ATTACHMENT, "metadata": {"name": f"csi-{digest}"},
            "spec": {"attacher": csi["driver"], "nodeName": node, "source": {"persistentVolumeName": name(volume)}}}


class ExternalAttacher(Controller):
    """The sidecar of installed drivers: attaches at once and without fail."""

    name, component, kind = "external-attacher", "external-attacher", ATTACHMENT

    def watches(self):
        return ATTACHMENT, "CSIDriver"

    def keys(self, change, view):
        if change.key.kind == ATTACHMENT:
            yield change.key
        elif change.old is None:
            yield from (key_of(a) for a in view.list(ATTACHMENT) if a["spec"]["attacher"] == change.key.name)

    def reconcile(self, api, attachment):
        if not get(attachment, "status.attached") and api.find("CSIDriver", attachment["spec"]["attacher"]) is not None:
            api.update(put(attachment, "status.attached", True), "AD-1", "status")
