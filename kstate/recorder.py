"""The event recorder: Kubernetes Events on objects, the same one counted and not repeated (API-75, CTL-7)."""
from __future__ import annotations

from .world import Key, key_of, put, uid

BURST, REFILL = 25, 300_000     # per source and object: so many at once, then one more every 5 minutes


def record(api, about: dict, type: str, reason: str, message: str, who: str, because: str = "", *, field_path: str = "",
           host: str = "", new_style: str = "") -> None:
    """An Event on `about`.  new_style: the action, for components that use events.k8s.io (the scheduler)."""
    engine = api.engine
    known = [e for e in engine.world.select("event by object", uid(about)) if (e.get("reportingComponent"), e["type"]) == (who, type)]
    now = engine.clock.timestamp(engine.now)
    for event in known:
        if (event["reason"], event["message"], event["involvedObject"].get("fieldPath", "")) == (reason, message, field_path):
            if not _spam(engine, event):
                _count(engine, event, who, because, now)
            return
    source = {"component": who, "host": host} if host else {"component": who}
    namespace = about["metadata"].get("namespace") or "default"
    nanoseconds = engine.clock.nanoseconds(engine.now) + engine.world.revision
    ref = {"kind": about["kind"], "namespace": about["metadata"].get("namespace"), "name": about["metadata"]["name"], "uid": uid(about),
           "apiVersion": about["apiVersion"], "resourceVersion": about["metadata"].get("resourceVersion"), "fieldPath": field_path}
    name = f"{about['metadata']['name']}.{nanoseconds:016x}"
    event = {
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": now, "uid": _uid(engine, name)},
        "involvedObject": {k: v for k, v in ref.items() if v}, "reason": reason, "message": message, "type": type,
        "source": {} if new_style else source, "reportingComponent": who, "reportingInstance": host or ("" if not new_style else who),
    }
    if new_style:
        event |= {"eventTime": engine.clock.micro(engine.now), "firstTimestamp": None, "lastTimestamp": None, "action": new_style}
    else:
        event |= {"eventTime": None, "firstTimestamp": now, "lastTimestamp": now, "count": 1}
    engine.commit(who, "create", key_of(event), None, event, because)


def _count(engine, event: dict, who: str, because: str, now: str) -> None:
    if event.get("eventTime"):      # events.k8s.io counts in a series
        count = (event.get("series") or {}).get("count", 1) + 1
        new = put(event, "series", {"count": count, "lastObservedTime": engine.clock.micro(engine.now)})
    else:
        new = put(put(event, "count", event.get("count", 1) + 1), "lastTimestamp", now)
    engine.commit(who, "update", Key("Event", event["metadata"]["namespace"], event["metadata"]["name"]), event, new, because)


def _spam(engine, event: dict) -> bool:
    """The client-side filter: a burst of 25, then one more every five minutes."""
    count = event.get("count") or (event.get("series") or {}).get("count", 1)
    first = event.get("firstTimestamp") or event.get("eventTime")
    return count >= BURST + (engine.now - engine.clock.ms(first)) // REFILL


def _uid(engine, name: str) -> str:
    digits = engine.chance(f"uid/event/{name}")
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"
