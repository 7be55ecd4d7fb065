"""The volume controller's look at claims: they find a volume and are bound to it (storage.md, chapters 2.1 to 2.6).

Claims and volumes have a loop each, of one component; the two speak to each other only through the objects.  Modelled:
search, binding in four writes, repair of half-made bindings, lost claims, the retroactive default class, the look at
everything every 15 s (as far as anything is left to do).  Claims that no volume fits go to provisioner.py.
"""
from __future__ import annotations

from ..classes import class_of, default_class
from ..errors import Internal
from ..storage import notes
from ..storage.edits import linked, set_phase, with_annotations, with_migration
from ..storage.matching import mismatch, search
from ..storage.provisioner import provision, provisioner_of
from ..storage.volumes import CLAIM, VOLUME, bound_uid, claim_key, claim_ref, class_object, delayed, full_name, reserved_for, volume_mode
from .base import Controller, annotations, finished, get, key_of, name, phase, put, uid


class Claims(Controller):
    """Claims: Pending until a volume is found or made, then Bound, Lost if it vanishes."""

    name, component, kind = "claims", "persistentvolume-controller", CLAIM

    def watches(self):
        return CLAIM, VOLUME

    def keys(self, change, view):
        """The claim itself, and for a volume those whose binding it decides.  A new volume wakes no other claim (CTL-3)."""
        if change.key.kind == CLAIM:                                                    # CTL-1
            yield change.key
            return
        old, new = change.old, change.new
        owner = claim_key(new or old)
        claim = view.find(owner) if bound_uid(new or old) else None
        if claim is not None and (new is None or _is_next(new, claim)):                     # CTL-4, VOL-6
            yield owner
        if old is None or new is None or claim_ref(old) != claim_ref(new):
            for claim in view.select("claim by volume", change.key.name):                   # PVC-22, PVC-26
                if notes.BIND_COMPLETED in annotations(claim):
                    yield key_of(claim)

    def reconcile(self, api, claim):
        kept = with_migration(claim, provisioner_of(claim))
        if kept is not claim:
            claim = api.update(kept, "PVC-1")
        if notes.BIND_COMPLETED in annotations(claim):                                      # PVC-2
            self.bound(api, claim)
        elif claim["spec"].get("volumeName"):
            self.named(api, claim)
        else:
            self.unnamed(api, claim)

    # -- unbound

    def unnamed(self, api, claim) -> None:
        """Take the best volume, or have one made (PVC-3 to PVC-9)."""
        storage_class = class_object(api, claim)
        volume = search(api.select, claim, delayed(storage_class), api.seed)
        if volume is not None:
            bind(api, claim, volume)                                                        # PVC-4
        elif class_of(claim) is None and (default := default_class(api.view)) is not None:
            api.update(put(claim, "spec.storageClassName", name(default)), "PVC-6")
        elif delayed(storage_class) and notes.SELECTED_NODE not in annotations(claim):
            self.wait_for_pod(api, claim)
        elif class_of(claim):
            api.wake(api.resync, "poll")
            provision(api, claim, storage_class)                                            # PVC-8
        else:
            api.event(claim, "Normal", "FailedBinding",
                      "no persistent volumes available for this claim and no storage class is set", because="PVC-9")
            self.pending(api, claim, "no volume fits, and no class is named that could make one", "PVC-9")

    def wait_for_pod(self, api, claim) -> None:
        """The class wants to know the first pod's node before anything is bound."""
        pods = [name(pod) for pod in api.select("pod by claim", full_name(claim))
                if not pod["spec"].get("nodeName") and not finished(pod)]
        if pods:
            waiting = f"waiting for {'pod' if len(pods) == 1 else 'pods'} {','.join(pods)} to be scheduled"
        else:
            waiting = "waiting for first consumer to be created before binding"
        api.event(claim, "Normal", "WaitForPodScheduled" if pods else "WaitForFirstConsumer", waiting, because="PVC-7")
        self.pending(api, claim, waiting, "PVC-7")

    def named(self, api, claim) -> None:
        """The claim names its volume (PVC-12 to PVC-16)."""
        volume = api.find(VOLUME, claim["spec"]["volumeName"])
        if volume is None:
            self.pending(api, claim, f"volume {claim['spec']['volumeName']} does not exist", "PVC-12")
        elif claim_ref(volume) is None:
            if wrong := mismatch(volume, claim):
                api.event(claim, "Warning", "VolumeMismatch", f'Cannot bind to requested volume "{name(volume)}": {wrong[0]}',
                          because="PVC-13")
                self.pending(api, claim, f"{name(volume)}: {wrong[1]}", "PVC-13")
            else:
                bind(api, claim, volume)                                                    # PVC-13
        elif reserved_for(volume, claim):
            bind(api, claim, volume)                                                        # PVC-14
        else:
            owner = f"{claim_key(volume).namespace}/{claim_key(volume).name}"
            api.event(claim, "Warning", "FailedBinding", f'volume "{name(volume)}" already bound to a different claim.', because="PVC-15")
            if notes.BOUND_BY_CONTROLLER in annotations(claim):                                   # PVC-16
                raise Internal(f'invalid binding of claim "{full_name(claim)}" to volume "{name(volume)}": '
                               f'volume already claimed by "{owner}"')
            self.pending(api, claim, f"{name(volume)}: belongs to claim {owner}", "PVC-15")

    def pending(self, api, claim, why: str, because: str) -> None:
        """Put the claim (back) to Pending and look again at the next resync (PVC-10, CTL-2)."""
        api.wake(api.resync, "poll")
        api.wait(claim, why, because)
        _empty_status(api, claim, "Pending", "PVC-10")

    # -- bound

    def bound(self, api, claim) -> None:
        """Keep a complete binding whole, or find out that it is lost (PVC-20 to PVC-26)."""
        volume_name = claim["spec"].get("volumeName")
        volume = api.find(VOLUME, volume_name) if volume_name else None
        if not volume_name:
            self.lost(api, claim, "ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!", "PVC-20")
        elif volume is None:
            self.lost(api, claim, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!", "PVC-21")
        elif claim_ref(volume) is None or bound_uid(volume) == uid(claim):
            bind(api, claim, volume)                                                        # PVC-22, PVC-23
        else:
            self.lost(api, claim, "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly", "PVC-24")

    def lost(self, api, claim, reason: str, message: str, because: str) -> None:
        """Lost, until a volume of that name comes back (PVC-25, PVC-26)."""
        if phase(claim) != "Lost":
            _empty_status(api, claim, "Lost", because)
            api.event(claim, "Warning", reason, message, because=because)


def _is_next(volume: dict, claim: dict) -> bool:
    """The volume belongs to a claim that has not taken it yet."""
    return bound_uid(volume) == uid(claim) and not claim["spec"].get("volumeName") and volume_mode(volume) == volume_mode(claim)


def _empty_status(api, claim, phase: str, because: str) -> None:
    """Write a phase in which a claim has no volume: no modes, no capacity."""
    if claim.get("status") != {"phase": phase}:
        api.update_status(claim, because, phase=phase, accessModes=None, capacity=None, currentVolumeAttributesClassName=None)


# ---- the binding ------------------------------------------------------------------------------

def bind(api, claim, volume) -> None:
    """Four writes, in this order; one that changes nothing is left out, so that a bind that stopped half-way goes on
    where it stopped (BIND-5)."""
    chosen = linked(volume, claim)
    if chosen is not volume:
        volume = api.update(chosen, "BIND-1")
    volume = set_phase(api, volume, "Bound", "BIND-2")
    complete = _complete(claim, volume)
    if complete is not claim:
        claim = api.update(complete, "BIND-3")
    status = _bound_status(claim, volume)
    if status != claim.get("status"):
        api.update(put(claim, "status", status), "BIND-4", "status")


def _complete(claim, volume):
    """The claim with its volumeName; marked where the system chose it, and marked as complete (BIND-3)."""
    if claim["spec"].get("volumeName") != name(volume):
        claim = put(with_annotations(claim, {notes.BOUND_BY_CONTROLLER: "yes"}), "spec.volumeName", name(volume))
    return with_annotations(claim, {notes.BIND_COMPLETED: "yes"})


def _bound_status(claim, volume) -> dict:
    """All the volume's modes, and its size when the claim becomes Bound; later sizes are the resizers' (BIND-4)."""
    status = {**(claim.get("status") or {}), "phase": "Bound", "accessModes": volume["spec"]["accessModes"]}
    if phase(claim) != "Bound":
        before = annotations(volume).get(notes.PRE_RESIZE_CAPACITY)
        status["capacity"] = {"storage": before} if before else volume["spec"]["capacity"]
    attributes = get(volume, "spec.volumeAttributesClassName")
    if phase(claim) == "Pending" and attributes:
        status["currentVolumeAttributesClassName"] = attributes
    return status
