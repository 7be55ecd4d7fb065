"""Where a story ends, without what chance decides."""
from __future__ import annotations


def end(engine) -> dict:
    """What must be the same whatever the order of steps; which of three equal volumes a claim gets is chance (MATCH-4)."""
    world = engine.world
    return {
        "pods": [(p["metadata"]["name"], p["status"]["phase"], p["metadata"].get("deletionTimestamp")) for p in world.list("Pod")],
        "claims": [(c["metadata"]["name"], c["status"]["phase"]) for c in world.list("PersistentVolumeClaim")],
        "volumes": sorted(v["status"]["phase"] for v in world.list("PersistentVolume")),
        "sets": [{k: v for k, v in s["status"].items() if "Revision" not in k} for s in world.list("StatefulSet")],
        "revisions": sorted(r["metadata"]["name"] for r in world.list("ControllerRevision")),
        "endpoints": [sorted(a["targetRef"]["name"] for sub in e.get("subsets") or () for a in sub.get("addresses") or () if "targetRef" in a)
                      for e in world.list("Endpoints")],
    }
