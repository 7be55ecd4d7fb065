"""What must hold over the whole story, whatever the order of steps: the oracle of the property tests.

It reads the log alone and calls nothing of the engine but to look at changes.
"""
from __future__ import annotations

from kstate.world import Change


def ready(pod: dict) -> bool:
    status = pod.get("status") or {}
    return status.get("phase") == "Running" and any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())


def number(name: str) -> int:
    return int(name.rpartition("-")[2])


def of_set(obj: dict, name: str) -> bool:
    return any(r.get("controller") and r["kind"] == "StatefulSet" and r["name"] == name for r in obj["metadata"].get("ownerReferences") or ())


def violations(log: list[Change], name: str = "web", ordered: bool = True) -> list[str]:
    """Every breach of an ordering rule in a history, in words."""
    found: list[str] = []
    pods: dict[str, dict] = {}
    claims: dict[str, dict] = {}
    volumes: dict[str, dict] = {}
    uids: dict[str, set] = {}
    for change in log:
        kind, key = change.key.kind, change.key.name
        if change.verb == "wait":
            continue
        if kind == "Pod" and change.new is not None and change.old is None and of_set(change.new, name):
            i = number(key)
            if change.who == "statefulset-controller" and ordered:
                blocking = [p for p in pods.values() if number(p["metadata"]["name"]) < i and (not ready(p) or "deletionTimestamp" in p["metadata"])]
                missing = [j for j in range(i) if f"{name}-{j}" not in pods]
                if blocking or missing:
                    found.append(f"r{change.revision}: {key} created before its predecessors were Ready (STS-59)")
            uids.setdefault(key, set()).add(change.new["metadata"]["uid"])
        if kind == "Pod" and change.who == "statefulset-controller" and ordered and change.old is not None and _begins_to_go(change):
            later = [p for p in pods if p in uids and number(p) > number(key)]
            if later and _scaling_down(log, change, name):
                found.append(f"r{change.revision}: {key} deleted before its successors {later} were gone (STS-65)")
        if kind == "PersistentVolume" and change.new is not None:
            ref = (change.new["spec"].get("claimRef") or {}).get("uid")
            if ref and any(v != key and (o["spec"].get("claimRef") or {}).get("uid") == ref and (o.get("status") or {}).get("phase") == "Bound"
                           and (change.new.get("status") or {}).get("phase") == "Bound" for v, o in volumes.items()):
                found.append(f"r{change.revision}: two volumes bound to one claim (MATCH-9)")
        if kind == "PersistentVolumeClaim" and change.old is not None and change.new is not None:
            before, after = change.old["spec"].get("volumeName"), change.new["spec"].get("volumeName")
            if before and after != before:
                found.append(f"r{change.revision}: {key} moved from {before} to {after} (PVCAPI-10)")
        for store, sort in ((pods, "Pod"), (claims, "PersistentVolumeClaim"), (volumes, "PersistentVolume")):
            if kind == sort and (sort != "Pod" or of_set(change.new or change.old, name)):
                if change.new is None:
                    store.pop(key, None)
                else:
                    store[key] = change.new
        if kind == "PersistentVolume" and change.new is None and (change.old["spec"].get("claimRef") or {}).get("name") in claims:
            claim = claims[change.old["spec"]["claimRef"]["name"]]
            if claim["spec"].get("volumeName") == key and (change.old.get("status") or {}).get("phase") == "Bound":
                found.append(f"r{change.revision}: {key} gone while it was bound (PROT-6)")
    return found


def _begins_to_go(change: Change) -> bool:
    return change.new is None or ("deletionTimestamp" in change.new["metadata"] and "deletionTimestamp" not in change.old["metadata"])


def _scaling_down(log: list[Change], change: Change, name: str) -> bool:
    """Whether the pod was out of range when it was deleted: replicas as they stood in the set then."""
    replicas = 0
    for earlier in log:
        if earlier is change:
            break
        if earlier.key.kind == "StatefulSet" and earlier.key.name == name and earlier.new is not None:
            replicas = earlier.new["spec"].get("replicas", 1)
    return number(change.key.name) >= replicas
