"""What two runs of a scenario have in common: identities, times and addresses give way to names that stay the same."""
from __future__ import annotations

import json
import re

PATTERNS = [(re.compile(pattern), token) for pattern, token in (
    (r"(topology\.kubernetes\.io/zone\"?[:=] ?\"?)zone-\d", r"\1ZONE"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"\b10\.(?!113\.)\d+\.\d+\.\d+\b", "IP"),
    (r"\b192\.168\.\d+\.\d+\b", "HOSTIP"))]
LONG_NOTES = ("kubectl.kubernetes.io/last-applied-configuration", "volume.kubernetes.io/selected-node", "kubectl.kubernetes.io/restartedAt")
OF_RUNTIME = ("imageID", "containerID", "volumeMounts", "resources", "allocatedResources", "user", "stopSignal")
TOKEN_VOLUME = "kube-api-access"


class Names:
    """Stable names for uids, revisions of templates and random endings, given in the order in which things appear."""

    def __init__(self) -> None:
        self.uids: dict[str, str] = {}
        self.revisions: dict[str, tuple[str, int]] = {}     # hash -> (set, number)
        self.endings: dict[str, str] = {}

    def learn(self, objects: list[dict]) -> None:
        def age(obj: dict) -> tuple:
            meta = obj["metadata"]
            return obj["kind"] == "PersistentVolume", meta["creationTimestamp"], int(meta["resourceVersion"])
        for obj in sorted(objects, key=age):
            meta = obj["metadata"]
            self.uids.setdefault(meta["uid"], f"uid({obj['kind']}/{self.replace(meta['name'])})")
            if obj["kind"] == "ControllerRevision":
                self._revision(meta)
            template = meta.get("labels", {}).get("pod-template-hash")
            if obj["kind"] == "ReplicaSet" and template:
                self.endings.setdefault(template, f"template{len(self.endings) + 1}")
        for obj in objects:
            meta = obj["metadata"]
            if obj["kind"] == "Pod" and any(owner["kind"] == "ReplicaSet" for owner in meta.get("ownerReferences", ())):
                self.endings.setdefault(meta["name"].rpartition("-")[2], "xxxxx")
            elif obj["kind"] == "EndpointSlice" and meta.get("generateName"):
                self.endings.setdefault(meta["name"][len(meta["generateName"]):], "yyyyy")

    def _revision(self, meta: dict) -> None:
        first, _, ending = meta["name"].rpartition("-")
        owner = meta["ownerReferences"][0]["name"] if meta.get("ownerReferences") else first
        if first == owner:
            self.revisions.setdefault(ending, (owner, 1 + sum(name == owner for name, _ in self.revisions.values())))

    def replace(self, text: str) -> str:
        for uid, name in self.uids.items():
            text = text.replace(uid, name)
        for ending, (_, number) in self.revisions.items():
            text = re.sub(rf"\b{re.escape(ending)}\b", f"revision{number}", text)
        for ending, name in self.endings.items():
            text = re.sub(rf"(?<=-){re.escape(ending)}\b|\b{re.escape(ending)}(?=[-\"])", name, text)
        for pattern, token in PATTERNS:
            text = pattern.sub(token, text)
        return text

    def output(self, text: str) -> str:
        """What a command printed: ages, nodes and the width of columns do not count."""
        lines = []
        for line in self.replace(text).splitlines():
            line = re.sub(r"(?<=\s)(\d+[dhms])+(?=\s|$)", "AGE", line)
            lines.append(re.sub(r"\s{2,}", "  ", re.sub(r"\bnode-\d\b", "NODE", line)).rstrip())
        return "\n".join(lines)

    def object(self, obj: dict) -> dict:
        return json.loads(self.replace(json.dumps(comparable(obj), sort_keys=True)))


def comparable(obj: dict) -> dict:
    """A copy without what differs from run to run, or what simulated kubelets do not agree on."""
    obj = json.loads(json.dumps(obj))
    meta, spec = obj["metadata"], obj.get("spec") or {}
    for name in ("managedFields", "resourceVersion", "selfLink"):
        meta.pop(name, None)
    notes = meta.get("annotations") or {}
    notes.update({name: "..." for name in LONG_NOTES if name in notes})
    notes.pop("endpoints.kubernetes.io/last-change-trigger-time", None)
    if not notes:
        meta.pop("annotations", None)
    match obj["kind"]:
        case "Pod":
            _pod(obj)
        case "Endpoints":
            for subset in obj.get("subsets") or ():
                for name in ("addresses", "notReadyAddresses"):
                    for address in subset.get(name) or ():
                        address.pop("nodeName", None)
                    if name in subset:
                        subset[name].sort(key=_target)
        case "EndpointSlice":
            meta.pop("generation", None)
            for endpoint in obj.get("endpoints") or ():
                endpoint.pop("nodeName", None), endpoint.pop("zone", None)
            obj["endpoints"] = sorted(obj.get("endpoints") or [], key=_target)
        case "Service" if spec.get("clusterIP") not in (None, "None"):
            spec["clusterIP"], spec["clusterIPs"] = "IP", ["IP"]
        case "PersistentVolume":
            if "resourceVersion" in (spec.get("claimRef") or {}):
                spec["claimRef"]["resourceVersion"] = "RV"
            if (spec.get("hostPath") or {}).get("path", "").startswith("/tmp/hostpath_pv"):
                spec["hostPath"]["path"] = "PROVISIONED"
    return obj


def _target(endpoint: dict) -> str:
    return (endpoint.get("targetRef") or {}).get("name", "")


def _pod(pod: dict) -> None:
    spec = pod["spec"]
    if spec.get("nodeName"):
        spec["nodeName"] = "NODE"
    spec["volumes"] = [v for v in spec.get("volumes", ()) if not v["name"].startswith(TOKEN_VOLUME)]
    if not spec["volumes"]:
        del spec["volumes"]
    for container in [*spec.get("containers", ()), *spec.get("initContainers", ())]:
        container["volumeMounts"] = [m for m in container.get("volumeMounts", ()) if not m["name"].startswith(TOKEN_VOLUME)]
        if not container["volumeMounts"]:
            del container["volumeMounts"]
    spec.pop("serviceAccount", None), spec.pop("serviceAccountName", None)
    for status in pod.get("status", {}).get("containerStatuses") or ():
        for name in OF_RUNTIME:
            status.pop(name, None)
