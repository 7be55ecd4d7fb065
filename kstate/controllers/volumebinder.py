"""The volume controller's look at volumes: they stay with their claims, or are released (storage.md, chapter 2.7).

Modelled: what a volume's phase says, the return of volumes that nobody took, finalizers against early deletion.  What a
released volume holds is dealt with in reclaim.py.
"""
from __future__ import annotations

from ..storage import notes
from ..storage.edits import set_phase, unbind, with_migration
from ..storage.volumes import CLAIM, VOLUME, bound_uid, claim_key, claim_ref, policy, volume_mode
from .base import Controller, Key, annotations, name, phase, uid
from .reclaim import with_deletion_finalizer


class Volumes(Controller):
    """Volumes: Available, Bound or Released, as their claims are."""

    name, component, kind = "volumes", "persistentvolume-controller", VOLUME

    def watches(self):
        return VOLUME, CLAIM

    def keys(self, change, view):
        if change.key.kind == VOLUME:
            yield change.key
        elif change.new is None and change.old["spec"].get("volumeName"):                   # CTL-4
            yield Key(VOLUME, "", change.old["spec"]["volumeName"])

    def reconcile(self, api, volume):
        kept = with_deletion_finalizer(with_migration(volume, annotations(volume).get(notes.PROVISIONED_BY, "")))
        if kept is not volume:
            volume = api.update(kept, "VOL-2")
        if not bound_uid(volume):
            set_phase(api, volume, "Available", "VOL-3" if claim_ref(volume) is None else "VOL-4")
            return
        claim = self.claim(api, volume)
        if claim is None:
            self.release(api, volume, "VOL-8")
        elif not claim["spec"].get("volumeName"):
            self.remind(api, volume, claim)
        elif claim["spec"]["volumeName"] == name(volume):
            set_phase(api, volume, "Bound", "VOL-7")
        elif notes.PROVISIONED_BY in annotations(volume) and policy(volume) == "Delete":
            self.release(api, volume, "VOL-9")
        else:
            unbind(api, volume, "VOL-9")

    def claim(self, api, volume):
        """The claim that the volume belongs to; asked of the API server before the volume is given up (VOL-5)."""
        key = claim_key(volume)
        for find in (api.find, api.live) if phase(volume) not in ("Released", "Failed") else (api.find,):
            claim = find(CLAIM, key.name, key.namespace)
            if claim is not None and uid(claim) == bound_uid(volume):
                return claim
        return None

    def release(self, api, volume, because: str) -> None:
        """The claim is gone, or took another volume: what is on the disk is the reclaimer's business (REC-1 to REC-4)."""
        if phase(volume) != "Failed":
            set_phase(api, volume, "Released", because)

    def remind(self, api, volume, claim) -> None:
        """The claim has not taken the volume yet (VOL-6); Claims.keys has it looked at."""
        api.wake(api.resync, "poll")
        if volume_mode(volume) != volume_mode(claim):
            api.event(volume, "Warning", "VolumeMismatch", "Cannot bind PersistentVolume to requested PersistentVolumeClaim "
                      f'"{name(claim)}" due to incompatible volumeMode.', because="VOL-6")
            api.event(claim, "Warning", "VolumeMismatch", f'Cannot bind PersistentVolume "{name(volume)}" to requested '
                      "PersistentVolumeClaim due to incompatible volumeMode.", because="VOL-6")
