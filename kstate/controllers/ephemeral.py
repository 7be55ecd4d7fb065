"""Claims for generic ephemeral volumes: they come and go with their pod (PROV-19).

The garbage collector deletes them, since the pod owns them.
"""
from __future__ import annotations

from ..storage.volumes import CLAIM
from .base import Controller, Key, controller_ref, name, namespace, owned_by, reference, terminating


class EphemeralVolumes(Controller):
    """Creates the claim `<pod>-<volume>` for each volume of a pod that brings a claim template."""

    name, component, kind = "ephemeral", "ephemeral_volume", "Pod"
    owns = (CLAIM,)

    def keys(self, change, view):
        """Pods with such volumes; a claim that vanished."""
        if change.key.kind == "Pod":
            if change.new is not None and any("ephemeral" in v for v in change.new["spec"].get("volumes") or ()):
                yield change.key
        elif change.new is None and (ref := controller_ref(change.old)) and ref["kind"] == "Pod":
            yield Key("Pod", change.key.namespace, ref["name"])

    def reconcile(self, api, pod):
        if terminating(pod):
            return
        for volume in pod["spec"].get("volumes") or ():
            if "ephemeral" in volume:
                self.ensure(api, pod, volume)

    def ensure(self, api, pod, volume) -> None:
        claim_name = f"{name(pod)}-{volume['name']}"
        claim = api.find(CLAIM, claim_name, namespace(pod))
        if claim is None:
            template = volume["ephemeral"]["volumeClaimTemplate"]
            meta = {k: v for k, v in template.get("metadata", {}).items() if k in ("labels", "annotations")}
            api.create({"apiVersion": "v1", "kind": CLAIM, "spec": template["spec"], "metadata": {
                **meta, "name": claim_name, "namespace": namespace(pod), "ownerReferences": [reference(pod)]}}, "PROV-19")
        elif not owned_by(claim, pod):
            foreign = f"PVC {namespace(pod)}/{claim_name} was not created for pod {namespace(pod)}/{name(pod)} (pod is not owner)"
            api.event(pod, "Warning", "FailedBinding", f"ephemeral volume {volume['name']}: {foreign}", because="PROV-19")
            api.wait(pod, foreign, "PROV-19")
            api.wake(api.resync, "poll")
