"""What becomes of a released volume: kept, scrubbed or deleted (storage.md, chapters 3.1 to 3.3 and 3.5).

These are the background operations of the volume controller: they start when a volume is Released and read everything
anew.  Modelled: Retain, Recycle with its recycler pod, Delete by the in-tree host-path plugin.  CSI volumes are deleted
by their driver (csi.py).  Not modelled: back-off after a failure; a failed volume is tried again every 15 s.
"""
from __future__ import annotations

import re
from collections.abc import Callable

from ..node.disks import disk_of
from ..storage import notes
from ..storage.edits import MIGRATED, set_phase, unbind, with_finalizers
from ..storage.provisioner import PLUGINS, Failure
from ..storage.volumes import CLAIM, VOLUME, bound_uid, capacity, claim_key, policy, stopped
from .base import Controller, Key, annotations, finished, get, name, namespace, phase, terminating, uid

RECYCLER, NAMESPACE = "recycler-for-", "default"
IMAGE = "registry.k8s.io/build-image/debian-base:bookworm-v1.0.6"
SCRUB = 'test -e /scrub && find /scrub -mindepth 1 -delete && test -z "$(ls -A /scrub)" || exit 1'  # REC-10
LEAST_DEADLINE = {"hostPath": 60, "nfs": 300}       # seconds; the sources that can be recycled
DEADLINE_PER_GIB, GIB = 30, 1 << 30


def with_deletion_finalizer(volume):
    """The volume with the finalizer that keeps it until its storage is deleted (FIN-1 to FIN-4)."""
    provisioner = annotations(volume).get(notes.PROVISIONED_BY, "")
    if provisioner in MIGRATED:
        return with_finalizers(volume, remove=(notes.IN_TREE_FINALIZER,))                   # FIN-2
    if not provisioner.startswith("kubernetes.io/") or terminating(volume):                 # FIN-1, FIN-3
        return volume
    if policy(volume) == "Delete":                                                          # FIN-4
        return with_finalizers(volume, add=(notes.IN_TREE_FINALIZER,), remove=(notes.EXTERNAL_FINALIZER,))
    return with_finalizers(volume, remove=(notes.IN_TREE_FINALIZER, notes.EXTERNAL_FINALIZER))


class Reclaimer(Controller):
    """Deletes or recycles what released volumes hold, beside the loop that binds (CTL-6)."""

    name, component, kind = "reclaimer", "persistentvolume-controller", VOLUME
    # What recordings of a real control plane show of recycling: it does not begin with the release but some seconds later,
    # and a recycler pod that has succeeded is left alone, its volume Released, for longer than they go on.
    noticed = 60_000            # ms after the end of the pod

    def watches(self):
        return VOLUME, "Pod", "Event"

    def keys(self, change, view):
        """A volume, and for a recycler pod or an event about one the volume it scrubs."""
        if change.key.kind == VOLUME:
            yield change.key
            return
        about = change.key if change.key.kind == "Pod" else _about(change.new or change.old)
        if about.kind == "Pod" and about.namespace == NAMESPACE and about.name.startswith(RECYCLER):
            yield Key(VOLUME, "", about.name.removeprefix(RECYCLER))

    def sync(self, api, key):
        volume = api.live(VOLUME, key.name)
        if volume is not None and phase(volume) in ("Released", "Failed") and _released(api, volume):
            self.reconcile(api, volume)

    def reconcile(self, api, volume):
        if notes.MIGRATED_TO in annotations(volume):                                        # REC-1
            return
        match policy(volume):                                                           # REC-4b
            case "Retain":
                api.wait(volume, "keeps its data until an administrator decides", "REC-2")
            case "Delete":
                self.delete(api, volume)
            case "Recycle":
                self.recycle(api, volume)
            case _:
                self.fail(api, volume, "VolumeUnknownReclaimPolicy", "Volume has unrecognized PersistentVolumeReclaimPolicy", "REC-4")

    def fail(self, api, volume, reason: str, message: str, because: str) -> None:
        """Failed, with the message of the first failure; tried again at every resync (REC-4a)."""
        if phase(volume) != "Failed":
            set_phase(api, volume, "Failed", because, message)
            api.event(volume, "Warning", reason, message, because=because)
        api.wait(volume, message, because)
        api.wake(api.resync, "poll")

    # -- Delete

    def delete(self, api, volume) -> None:
        """Delete the storage, then the object (DEL-1 to DEL-6)."""
        try:
            if not self.deletes(volume):
                api.wait(volume, "its driver deletes it", "DEL-1")
                return
            self.deleter(volume)(api)
        except Failure as failure:
            self.fail(api, volume, "VolumeFailedDelete", str(failure), "DEL-4")
            return
        kept = with_finalizers(volume, remove=(notes.IN_TREE_FINALIZER,))
        if kept is not volume:
            api.update(kept, "DEL-6")
        if not terminating(volume):
            api.delete(volume, "DEL-6")

    def deletes(self, volume) -> bool:
        """Whether an in-tree plugin deletes the storage, not a driver outside.  Raises Failure where nobody does (DEL-1)."""
        provisioner, source = annotations(volume).get(notes.PROVISIONED_BY), volume["spec"]
        if provisioner:
            if provisioner in PLUGINS or not provisioner.startswith("kubernetes.io/"):
                return provisioner in PLUGINS
            raise Failure(f"no volume plugin matched name: {provisioner}")
        if "csi" in source:
            return False
        if "hostPath" not in source:                                                        # DEL-2
            matched = "no deletable volume plugin matched" if "nfs" in source else "no volume plugin matched"
            raise Failure(f'error getting deleter volume plugin for volume "{name(volume)}": {matched}')
        return True

    def deleter(self, volume) -> Callable:
        """What deletes the storage, or Failure with Kubernetes' words around the plugin's (DEL-4)."""
        try:
            return self.plugin_deleter(volume)
        except Failure as failure:
            raise Failure(f'failed to create deleter for volume "{name(volume)}": {failure}') from None

    def plugin_deleter(self, volume) -> Callable:
        """The host-path plugin removes a directory below /tmp (DEL-5)."""
        path = get(volume, "spec.hostPath.path")
        if path is None:                # provisioned-by names the plugin, but the volume is on something else
            raise Failure("spec.PersistentVolumeSource.HostPath is nil")

        def delete(api) -> None:
            if not re.match("/tmp/.+", path):
                raise Failure(f"host_path deleter only supports /tmp/.+ but received provided {path}")
            api.write(disk_of(volume), None, "DEL-5")
        return delete

    # -- Recycle

    def recycle(self, api, volume) -> None:
        """Scrub the volume with a pod, then give it free (REC-5, REC-6)."""
        pod = api.find("Pod", RECYCLER + name(volume), NAMESPACE)
        if pod is None and (users := _users(api, volume)):
            message = f"Volume is used by pods: {','.join(users)}"
            api.event(volume, "Normal", "VolumeFailedRecycle", message, because="REC-5")
            api.wait(volume, message, "REC-5")
            api.wake(api.resync, "poll")
            return
        if not self.recyclable(volume):
            self.fail(api, volume, "VolumeFailedRecycle", "No recycler plugin found for the volume!", "REC-5")
            return
        try:
            scrubbed = self.scrub(api, volume, pod)
        except Failure as failure:
            self.fail(api, volume, "VolumeFailedRecycle", f"Recycle failed: {failure}", "REC-5")
            return
        if scrubbed:
            api.event(volume, "Normal", "VolumeRecycled", "Volume recycled", because="REC-5")
            unbind(api, volume, "REC-6")

    def recyclable(self, volume) -> bool:
        return any(source in volume["spec"] for source in LEAST_DEADLINE)

    def scrub(self, api, volume, pod) -> bool:
        """Run the recycler pod; True once it is done.  Raises Failure (REC-7, REC-8)."""
        released = get(volume, "status.lastPhaseTransitionTime")
        if pod is None and released and (left := 2 * api.resync - api.since(released)) > 0:
            api.wait(volume, "is scrubbed at the resync after next", "REC-5")
            api.wake(left, "poll")
            return False
        if pod is None:
            pod = api.create(recycler_pod(volume), "REC-7")
        elif pod["metadata"]["creationTimestamp"] < get(volume, "status.lastPhaseTransitionTime", ""):
            api.delete(pod, "REC-8")                    # older than the release: left over from another time
            raise Failure("old recycler pod found, will retry later")
        _mirror(api, volume, pod)
        if not finished(pod):
            api.wait(volume, f"{name(pod)} scrubs it", "REC-7")
            return False
        if (ended := _ended(pod)) and (left := self.noticed - api.since(ended)) > 0:
            api.wait(volume, f"{name(pod)} has finished, which is noticed within a minute", "REC-8")
            api.wake(left, "poll")
            return False
        api.delete(pod, "REC-8")
        if phase(pod) == "Failed":
            raise Failure(f"failed to recycle volume: {get(pod, 'status.message') or 'pod failed, pod.Status.Message unknown'}")
        if api.find("Disk", disk_of(volume)) is not None:
            api.write(disk_of(volume), {}, "REC-6")
        return True


def _released(api, volume) -> bool:
    """The volume belonged to a claim that is gone or took another volume (storage.md 0.2)."""
    if not bound_uid(volume):
        return False
    key = claim_key(volume)
    claim = api.live(CLAIM, key.name, key.namespace)
    return claim is None or uid(claim) != bound_uid(volume) or claim["spec"].get("volumeName") not in (None, "", name(volume))


def _users(api, volume) -> list[str]:
    """The pods that still use the name of a claim which is gone; of a new claim of that name they use that (REC-5)."""
    key = claim_key(volume)
    if api.find(CLAIM, key.name, key.namespace) is not None:
        return []
    pods = api.select("pod by claim", f"{key.namespace}/{key.name}")
    return [f"{namespace(pod)}/{name(pod)}" for pod in pods if not stopped(pod)]


def _about(event) -> Key:
    ref = event["involvedObject"]
    return Key(ref["kind"], ref.get("namespace", ""), ref["name"])


def _ended(pod) -> str:
    """When the recycler's container ended; "" where its status does not say."""
    return max(get(status, "state.terminated.finishedAt", "") for status in get(pod, "status.containerStatuses") or ({},))


def _mirror(api, volume, pod) -> None:
    """What the control plane tells of the recycler pod is told of the volume (REC-9)."""
    told = {event["message"] for event in api.select("event by object", uid(volume))}
    for event in api.select("event by object", uid(pod)):
        if event.get("reportingComponent") == "kubelet":        # the recordings' kubelets are silent; their words are not repeated
            continue
        if (message := f"Recycler pod: {event['message']}") not in told:
            api.event(volume, event["type"], "RecyclerPod", message, because="REC-9")


def recycler_pod(volume) -> dict:
    """The pod that empties a hostPath or NFS volume (REC-7)."""
    source = next(s for s in LEAST_DEADLINE if s in volume["spec"])
    deadline = max(LEAST_DEADLINE[source], int(capacity(volume) // GIB) * DEADLINE_PER_GIB)
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": RECYCLER + name(volume), "namespace": NAMESPACE},
        "spec": {
            "activeDeadlineSeconds": deadline, "restartPolicy": "Never",
            "containers": [{"name": "pv-recycler", "image": IMAGE, "command": ["/bin/sh"], "args": ["-c", SCRUB],
                            "volumeMounts": [{"name": "vol", "mountPath": "/scrub"}]}],
            "volumes": [{"name": "vol", source: volume["spec"][source]}]}}
