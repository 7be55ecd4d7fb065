"""What the oracle knows: the objects of a history, rebuilt from its changes alone, and the few words it needs.

Nothing here calls the code under test: what is Ready, whose a pod is, whether a volume fits are told anew, in the plainest way.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

SET, CLAIM, VOLUME = "StatefulSet", "PersistentVolumeClaim", "PersistentVolume"
UNITS = {"Ki": 2 ** 10, "Mi": 2 ** 20, "Gi": 2 ** 30, "": 1}


class Facts:
    """What exists, kept by the oracle itself."""

    def __init__(self, log=()) -> None:
        self.kinds: dict[str, dict[tuple[str, str], dict]] = defaultdict(dict)
        for change in log:
            self.apply(change)

    def apply(self, change) -> None:
        if change.verb != "wait":
            where = change.key.namespace, change.key.name
            if change.new is None:
                self.kinds[change.key.kind].pop(where, None)
            else:
                self.kinds[change.key.kind][where] = change.new

    def find(self, kind: str, name: str, namespace: str = "") -> dict | None:
        return self.kinds[kind].get((namespace, name))

    def of(self, kind: str, namespace: str | None = None) -> list[dict]:
        return [obj for (where, _), obj in self.kinds[kind].items() if namespace in (None, where)]

    def all(self) -> Iterator[tuple[str, dict]]:
        for kind, objects in self.kinds.items():
            yield from ((kind, obj) for obj in objects.values())

    def uids(self) -> dict[str, dict]:
        return {obj["metadata"]["uid"]: obj for _, obj in self.all() if "uid" in obj["metadata"]}


# ---- words ------------------------------------------------------------------------------------

def at(obj, path: str, default=None):
    for step in path.split("."):
        obj = obj.get(step) if isinstance(obj, dict) else None
    return default if obj is None else obj


def name(obj: dict) -> str:
    return obj["metadata"]["name"]


def uid(obj: dict) -> str:
    return obj["metadata"]["uid"]


def going(obj: dict) -> bool:
    return "deletionTimestamp" in obj["metadata"]


def labels(obj: dict) -> dict:
    return obj["metadata"].get("labels") or {}


def notes(obj: dict) -> dict:
    return obj["metadata"].get("annotations") or {}


def holds(obj: dict) -> list[str]:
    return list(obj["metadata"].get("finalizers") or ())


def owners(obj: dict) -> list[dict]:
    return list(obj["metadata"].get("ownerReferences") or ())


def boss(obj: dict) -> dict:
    """The reference to the controller, or an empty one."""
    return next((ref for ref in owners(obj) if ref.get("controller")), {})


def says(obj: dict, condition: str) -> dict:
    return next((c for c in at(obj, "status.conditions", ()) if c["type"] == condition), {})


def phase(obj: dict) -> str:
    return at(obj, "status.phase", "")


def over(pod: dict) -> bool:
    return phase(pod) in ("Succeeded", "Failed")


def ready(pod: dict) -> bool:
    return phase(pod) == "Running" and says(pod, "Ready").get("status") == "True"


def moment(text: str) -> float:
    """Seconds, on whatever scale: only differences count."""
    return datetime.fromisoformat(text).timestamp()


def number(pod: dict) -> int:
    return int(name(pod).rpartition("-")[2])


def node(pod: dict) -> str:
    return pod["spec"].get("nodeName", "")


def slots(sts: dict) -> range:
    start = at(sts, "spec.ordinals.start", 0)
    return range(start, start + sts["spec"].get("replicas", 1))


def members(facts: Facts, sts: dict) -> dict[int, dict]:
    """The pods of a set, by ordinal."""
    selector = at(sts, "spec.selector.matchLabels").items()
    return {number(pod): pod for pod in facts.of("Pod", sts["metadata"]["namespace"])
            if boss(pod).get("uid") == uid(sts) and selector <= labels(pod).items()}


def claims_of(pod: dict) -> list[str]:
    return [v["persistentVolumeClaim"]["claimName"] for v in pod["spec"].get("volumes") or () if "persistentVolumeClaim" in v]


def holder(volume: dict) -> str:
    """The uid of the claim that has the volume, or ""."""
    return at(volume, "spec.claimRef.uid", "")


def size(text: str) -> int:
    digits = text.rstrip("KMGi")
    return int(digits) * UNITS[text[len(digits):]]


def class_of(obj: dict) -> str:
    return obj["spec"].get("storageClassName") or ""


def suits(volume: dict, claim: dict) -> list[str]:
    """What is wrong with a volume for a claim that did not ask for it by name."""
    wrong = [] if class_of(volume) == class_of(claim) else ["class"]
    if size(volume["spec"]["capacity"]["storage"]) < size(at(claim, "spec.resources.requests.storage")):
        wrong.append("size")
    if not set(claim["spec"]["accessModes"]) <= set(volume["spec"]["accessModes"]):
        wrong.append("access mode")
    if volume["spec"].get("volumeMode", "Filesystem") != claim["spec"].get("volumeMode", "Filesystem"):
        wrong.append("volume mode")
    if at(claim, "spec.selector.matchLabels", {}).items() - labels(volume).items():
        wrong.append("labels")
    return wrong


def hosts(volume: dict) -> list[str] | None:
    """The nodes that a local volume can be used on; None for all."""
    terms = at(volume, "spec.nodeAffinity.required.nodeSelectorTerms")
    return None if terms is None else [value for term in terms for e in term["matchExpressions"] for value in e["values"]]
