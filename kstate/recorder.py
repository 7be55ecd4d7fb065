"""The event recorder: Kubernetes Events on objects, the same one counted and not repeated (API-75, CTL-7).

Modelled: counting, collapsing of events that differ only in their message, the limit on events per source and object.
Events are not forgotten after an hour, since the story is told from them.
"""
from __future__ import annotations

from .clock import MINUTE
from .world import Dict, Key, get, key_of, put, uid

BURST, REFILL = 25, 5 * MINUTE          # per source and object: so many at once, then one more every 5 minutes
SIMILAR, WITHIN = 10, 10 * MINUTE       # so many that differ in nothing but their message are told as one
COMBINED = "(combined from similar events): "


def record(api, about: dict, type: str, reason: str, message: str, who: str, because: str = "", *, field_path: str = "",
           host: str = "", new_style: str = "") -> None:
    """An Event on `about`.  new_style: the action, for components that use events.k8s.io (the scheduler)."""
    engine = api.engine
    namespace = about["metadata"].get("namespace") or "default"
    place = engine.world.find(Key("Namespace", "", namespace))
    if place is None or "deletionTimestamp" in place["metadata"]:
        return                                                              # API-66
    known = [e for e in engine.world.select("event by object", uid(about)) if (e.get("reportingComponent"), e["type"]) == (who, type)]
    if not new_style:
        if _silenced(engine, known):
            return
        message = _collapsed(engine, known, reason, message)
    for event in known:
        same = event["message"] == message or message.startswith(COMBINED) and event["message"].startswith(COMBINED)
        if same and (event["reason"], event["involvedObject"].get("fieldPath", "")) == (reason, field_path):
            return _count(engine, event, message, who, because)
    ref = {"kind": about["kind"], "namespace": about["metadata"].get("namespace"), "name": about["metadata"]["name"], "uid": uid(about),
           "apiVersion": about["apiVersion"], "resourceVersion": about["metadata"].get("resourceVersion"), "fieldPath": field_path}
    name = f"{about['metadata']['name']}.{engine.clock.nanoseconds(engine.now) + engine.world.revision:016x}"
    now = engine.clock.timestamp(engine.now)
    event = {
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": now, "uid": engine.uid(f"event/{name}")},
        "involvedObject": {k: v for k, v in ref.items() if v}, "type": type, "reason": reason, "message": message,
        "reportingComponent": who}
    if new_style:
        event |= {"source": {}, "reportingInstance": who, "eventTime": engine.clock.micro(engine.now), "firstTimestamp": None,
                  "lastTimestamp": None, "action": new_style}
    else:
        event |= {"source": {"component": who, **({"host": host} if host else {})}, "reportingInstance": host, "eventTime": None,
                  "firstTimestamp": now, "lastTimestamp": now, "count": 1}
    engine.commit(who, "create", key_of(event), None, event, because)


def _count(engine, event: Dict, message: str, who: str, because: str) -> None:
    if event.get("eventTime"):      # events.k8s.io counts in a series
        count = get(event, "series.count", 1) + 1
        new = put(event, "series", {"count": count, "lastObservedTime": engine.clock.micro(engine.now)})
    else:
        new = Dict(event, count=event["count"] + 1, lastTimestamp=engine.clock.timestamp(engine.now), message=message)
    engine.commit(who, "update", key_of(event), event, new, because)


def _silenced(engine, known: list[Dict]) -> bool:
    """Whether the source has told so much about the object that the filter drops what it says (CTL-7)."""
    told = sum(event.get("count", 1) for event in known)
    first = min((engine.clock.ms(event["firstTimestamp"]) for event in known), default=engine.now)
    return told >= BURST + (engine.now - first) // REFILL


def _collapsed(engine, known: list[Dict], reason: str, message: str) -> str:
    """The message, or, where there have lately been many like it, that of the one event which stands for all of them."""
    like = {event["message"]: None for event in known if event["reason"] == reason and not event["message"].startswith(COMBINED)
            and engine.now - engine.clock.ms(event["lastTimestamp"]) <= WITHIN}
    return message if message in like or len(like) + 1 < SIMILAR else COMBINED + message
