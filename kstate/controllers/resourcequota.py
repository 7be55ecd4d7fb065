"""The ResourceQuota controller: each quota's status tells how much of it is used (QUOTA-3)."""
from __future__ import annotations

from .. import quota as quotas
from ..kinds import KINDS
from .base import Controller, key_of, put

COUNTED = ("ConfigMap", "ControllerRevision", "Deployment", "PersistentVolumeClaim", "Pod", "ReplicaSet", "Secret", "Service", "StatefulSet")


class ResourceQuotas(Controller):
    """A quota is counted anew whenever something in its namespace takes more or less than before."""

    name, component, kind, owns = "resourcequota", "resourcequota-controller", "ResourceQuota", ()

    def watches(self):
        return (self.kind, *COUNTED)

    def keys(self, change, view):
        if change.key.kind == self.kind:
            yield change.key
        elif found := view.list(self.kind, change.key.namespace):
            old, new = (quotas.taken(KINDS[change.key.kind], obj) if obj is not None else {} for obj in (change.old, change.new))
            yield from map(key_of, found if old != new else ())

    def reconcile(self, api, quota):
        status = {"hard": quota["spec"].get("hard") or {}, "used": quotas.used(api.view, quota)}
        if status != quota.get("status"):
            api.update(put(quota, "status", status), "QUOTA-3", "status")
