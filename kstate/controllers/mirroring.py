"""Endpoints that somebody wrote by hand, for a Service without selector, are mirrored into EndpointSlices (SVC-60)."""
from __future__ import annotations

from itertools import zip_longest

from .base import Controller, Key, annotations, get, labels, name, namespace, terminating
from .endpoints import MANAGED_BY as WRITTEN_BY
from .endpointslices import MANAGED_BY, SERVICE_NAME, metadata_of

MANAGER = "endpointslicemirroring-controller.k8s.io"
SKIP = "endpointslice.kubernetes.io/skip-mirror"
LEADER = "control-plane.alpha.kubernetes.io/leader"         # a lock of old, not a set of addresses
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class EndpointSliceMirroring(Controller):
    name, component, kind = "endpointslicemirroring", MANAGER, "Endpoints"

    def watches(self):
        return ("Endpoints", "Service", "EndpointSlice")

    def keys(self, change, view):
        if change.key.kind == "EndpointSlice":
            if change.old is not None and labels(change.old).get(MANAGED_BY) == MANAGER:
                yield Key("Endpoints", change.key.namespace, labels(change.old)[SERVICE_NAME])
        else:
            yield Key("Endpoints", change.key.namespace, change.key.name)

    def reconcile(self, api, endpoints):
        service = api.find("Service", name(endpoints), namespace(endpoints))
        if service is None or terminating(endpoints):
            return
        mirrored = not (service["spec"].get("selector") or WRITTEN_BY in labels(endpoints) or labels(endpoints).get(SKIP) == "true"
                        or LEADER in annotations(endpoints))
        existing = [s for s in api.select("slice by service", name(endpoints))
                    if namespace(s) == namespace(endpoints) and labels(s).get(MANAGED_BY) == MANAGER and not terminating(s)]
        for old, subset in zip_longest(existing, (endpoints.get("subsets") or ()) if mirrored else ()):
            if subset is None:
                api.delete(old, because="SVC-60")
            else:
                self.mirror(api, endpoints, old, subset)

    def mirror(self, api, endpoints, old, subset) -> None:
        """One slice for one subset."""
        meta = metadata_of(endpoints, old)
        meta["labels"] = {**labels(endpoints), SERVICE_NAME: name(endpoints), MANAGED_BY: MANAGER}
        meta["annotations"] = {key: value for key, value in annotations(endpoints).items() if key != LAST_APPLIED}
        addresses = [(address, True) for address in subset.get("addresses") or ()]
        addresses += [(address, False) for address in subset.get("notReadyAddresses") or ()]
        ip = addresses[0][0]["ip"] if addresses else ""
        obj = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": meta,
               "addressType": get(old or {}, "addressType") or ("IPv6" if ":" in ip else "IPv4"),
               "endpoints": [_endpoint(address, ready) for address, ready in addresses],
               "ports": [{"name": "", **port} for port in subset.get("ports") or ()]}
        if old is None:
            api.create(obj, because="SVC-60")
        else:
            api.update(obj, because="SVC-60")


def _endpoint(address, ready: bool) -> dict:
    more = {field: address[field] for field in ("hostname", "nodeName", "targetRef") if field in address}
    return {"addresses": [address["ip"]], "conditions": {"ready": ready}, **more}
