"""Events and how the recorder counts them (API-75, CTL-7, KCTL-48)."""
from __future__ import annotations

import re

import pytest

from .asking import CORE, bind, pod

TOLD = {"who": "kubelet", "host": "node-1"}


@pytest.fixture
def about(server):
    server.ok("POST", f"{CORE}/pods", pod())
    bind(server)
    return server.engine.world.list("Pod")[0]


def record(server, obj, message: str = "it broke", reason: str = "Failed", type: str = "Warning", **more) -> None:
    server.engine.api.record(obj, type, reason, message, **{**TOLD, **more})


def events(server) -> list[dict]:
    return sorted(server.get("/api/v1/events")["items"], key=lambda e: e["metadata"]["name"].rpartition(".")[2])


def test_API_75_all_of_an_event(server, about):
    server.engine.run(2500)
    record(server, about, field_path="spec.containers{nginx}")
    [event] = events(server)
    meta = event.pop("metadata")
    assert re.fullmatch("web-0.[0-9a-f]{16}", meta["name"]) and meta["namespace"] == "default"
    assert int(meta["name"].rpartition(".")[2], 16) // 10**9 == 1767225602                              # Unix nanoseconds
    ref = about["metadata"]
    assert event == {
        "kind": "Event", "apiVersion": "v1", "type": "Warning", "reason": "Failed", "message": "it broke",
        "involvedObject": {"kind": "Pod", "namespace": "default", "name": "web-0", "uid": ref["uid"], "apiVersion": "v1",
                           "resourceVersion": ref["resourceVersion"], "fieldPath": "spec.containers{nginx}"},
        "source": {"component": "kubelet", "host": "node-1"}, "reportingComponent": "kubelet", "reportingInstance": "node-1",
        "firstTimestamp": "2026-01-01T00:00:02Z", "lastTimestamp": "2026-01-01T00:00:02Z", "count": 1, "eventTime": None}


def test_API_75_events_on_what_has_no_namespace_go_to_default(server):
    record(server, server.engine.world.list("Node")[0])
    [event] = events(server)
    assert event["metadata"]["namespace"] == "default" and "namespace" not in event["involvedObject"]


def test_API_75_the_same_is_counted(server, about):
    record(server, about)
    server.engine.run(61_000)
    record(server, about)
    [event] = events(server)
    assert (event["count"], event["firstTimestamp"], event["lastTimestamp"]) == (2, "2026-01-01T00:00:00Z", "2026-01-01T00:01:01Z")


@pytest.mark.parametrize("other", [{"reason": "Other"}, {"type": "Normal"}, {"message": "it broke again"}, {"who": "other"}, {"field_path": "spec.containers{b}"}], ids=str)
def test_API_75_what_differs_is_another_event(server, about, other):
    record(server, about)
    record(server, about, **other)
    assert [e["count"] for e in events(server)] == [1, 1]


def test_API_75_ten_that_differ_in_their_message_are_told_as_one(server, about):
    for i in range(12):
        record(server, about, f"try {i}")
    found = events(server)
    assert [e["message"] for e in found] == [f"try {i}" for i in range(9)] + ["(combined from similar events): try 11"]
    assert found[-1]["count"] == 3
    record(server, about, "try 3")                                              # one of them again
    assert [e["count"] for e in events(server)][3] == 2


def test_API_75_after_ten_minutes_they_are_not_similar_any_more(server, about):
    for i in range(9):
        record(server, about, f"try {i}")
    server.engine.run(601_000)
    record(server, about, "try 9")
    assert len(events(server)) == 10 and events(server)[-1]["message"] == "try 9"


def test_API_75_twenty_five_at_once_and_one_every_five_minutes(server, about):
    for _ in range(40):
        record(server, about)
    assert events(server)[0]["count"] == 25
    record(server, about, "something else")
    assert len(events(server)) == 1                                             # the filter is per source and object
    record(server, about, who="other")
    assert len(events(server)) == 2
    server.engine.run(300_000)
    record(server, about)
    record(server, about)
    assert events(server)[0]["count"] == 26


def test_API_75_the_scheduler_uses_the_new_form(server, about):
    for _ in range(3):
        record(server, about, "assigned", "Scheduled", "Normal", who="default-scheduler", host="", new_style="Binding")
        server.engine.run(1500)
    [event] = events(server)
    assert (event["action"], event["eventTime"], event["firstTimestamp"], event["lastTimestamp"], event["source"], event["reportingComponent"]) == (
        "Binding", "2026-01-01T00:00:00.000000Z", None, None, {}, "default-scheduler")
    assert event["series"] == {"count": 3, "lastObservedTime": "2026-01-01T00:00:03.000000Z"} and "count" not in event


def test_API_66_nothing_is_recorded_in_a_namespace_that_goes(server):
    server.ok("POST", "/api/v1/namespaces", {"metadata": {"name": "gsh"}})
    server.engine.drain()
    server.ok("POST", "/api/v1/namespaces/gsh/pods", {**pod(), "metadata": {"name": "web-0", "finalizers": ["x/y"]}})
    server.ok("DELETE", "/api/v1/namespaces/gsh")
    record(server, next(p for p in server.engine.world.list("Pod")))
    assert events(server) == []
