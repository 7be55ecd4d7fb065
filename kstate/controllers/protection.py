"""Protection of what is in use: finalizers on claims and volumes (storage.md, chapter 3.4).

Deleting a claim that a pod uses, or a volume that is Bound, only marks it; these two controllers let it go once
nothing holds it any more.  They write no events.
"""
from __future__ import annotations

from ..storage import notes
from ..storage.edits import with_finalizers
from ..storage.volumes import CLAIM, VOLUME, claim_keys, full_name
from ..world import controller_ref
from .base import Controller, finished, name, phase, terminating, uid


class ClaimProtection(Controller):
    """Keeps a deleted claim as long as a pod that has a node refers to it; tells nobody (PROT-4)."""

    name, component, kind = "pvc-protection", "persistentvolumeclaim-protection-controller", CLAIM

    def watches(self):
        return CLAIM, "Pod"

    def keys(self, change, view):
        """A claim, and the claims of a pod that may have let them go (PROT-1)."""
        if change.key.kind == CLAIM:
            yield change.key
            return
        old, new = change.old, change.new
        if new is not None and (finished(new) or not new["spec"].get("nodeName")):
            yield from claim_keys(new)
        if old is not None and (new is None or uid(old) != uid(new)):
            yield from claim_keys(old)

    def reconcile(self, api, claim):
        if not terminating(claim):
            kept = with_finalizers(claim, add=(notes.CLAIM_PROTECTION,))
            if kept is not claim:
                api.update(kept, "PROT-1")
        elif notes.CLAIM_PROTECTION in claim["metadata"].get("finalizers", ()):
            users = _users(api.select, claim) or _users(api.live_select, claim)         # the cache first, then the API server
            if users:
                api.wait(claim, f"is in use by {', '.join(map(name, users))}", "PROT-2")
            else:
                api.update(with_finalizers(claim, remove=(notes.CLAIM_PROTECTION,)), "PROT-1")


def _users(select, claim) -> list:
    """Pods with a node that refer to the claim; their phase does not matter (PROT-2)."""
    return [pod for pod in select("pod by claim", full_name(claim)) if pod["spec"].get("nodeName") and _uses(pod, claim)]


def _uses(pod, claim) -> bool:
    if any(v.get("persistentVolumeClaim", {}).get("claimName") == name(claim) for v in pod["spec"]["volumes"]):
        return True
    owner = controller_ref(claim)           # else an ephemeral volume, whose claim the pod must own
    return owner is not None and owner["uid"] == uid(pod) and not (
        terminating(pod) and pod["metadata"].get("deletionGracePeriodSeconds") == 0)


class VolumeProtection(Controller):
    """Keeps a deleted volume as long as it is Bound (PROT-3)."""

    name, component, kind = "pv-protection", "persistentvolume-protection-controller", VOLUME

    def reconcile(self, api, volume):
        if not terminating(volume):
            kept = with_finalizers(volume, add=(notes.VOLUME_PROTECTION,))
        elif phase(volume) != "Bound":
            kept = with_finalizers(volume, remove=(notes.VOLUME_PROTECTION,))
        else:
            kept = volume
            api.wait(volume, "is bound to a claim", "PROT-3")
        if kept is not volume:
            api.update(kept, "PROT-3")
