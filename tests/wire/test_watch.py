"""Watches: where they begin, what they tell, how they end (API-40 to API-44, T-10)."""
from __future__ import annotations

import json

import pytest

from kstate.world import Key

from .asking import CORE, TABLE, config_map

MAPS = f"{CORE}/configmaps"
MERGE = "application/merge-patch+json"


def watch(server, query: str = "", path: str = MAPS, **more):
    answer = server.ask("GET", f"{path}?watch=true{query}", **more)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json"), answer.body
    return answer.watch


def told(stream) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"].get("name", "")) for event in map(json.loads, stream.lines())]


def label(server, name: str, value: str | None) -> None:
    server.ok("PATCH", f"{MAPS}/{name}", {"metadata": {"labels": {"app": value}}}, media=MERGE)


@pytest.fixture
def two(server):
    for name in "ab":
        server.ok("POST", MAPS, config_map(name, labels={"app": "x"}))
    server.ok("DELETE", f"{MAPS}/kube-root-ca.crt")
    return server


def test_API_40_lines_of_json_with_kind_and_version(two):
    stream = watch(two)
    lines = stream.lines()
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    event = json.loads(lines[0])
    assert event["type"] == "ADDED" and event["object"] == two.get(f"{MAPS}/a") and event["object"]["kind"] == "ConfigMap"
    assert stream.lines() == [] and not stream.closed
    assert two.ask("GET", f"{MAPS}?watch=1").watch and two.ask("GET", f"{MAPS}?watch").watch and two.ask("GET", f"{MAPS}?watch=false").watch is None


def test_API_40_how_long(two):
    assert watch(two, "&timeoutSeconds=7").timeout == 7 and watch(two).timeout == 0
    assert two.refused("GET", f"{MAPS}?watch=1&timeoutSeconds=x") == (400, "BadRequest", 'strconv.ParseInt: parsing "x": invalid syntax')


@pytest.mark.parametrize("version", ["", "&resourceVersion=0", "&resourceVersion="])
def test_API_41_T_10_without_a_version_everything_is_added_first(two, version):
    stream = watch(two, version)
    two.ok("POST", MAPS, config_map("c"))
    assert told(stream) == [("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c")]


def test_API_41_only_what_came_after_a_version(two):
    version = two.get(f"{MAPS}/a")["metadata"]["resourceVersion"]
    stream = watch(two, f"&resourceVersion={version}")
    label(two, "a", "y")
    two.ok("DELETE", f"{MAPS}/a")
    assert told(stream) == [("ADDED", "b"), ("DELETED", "kube-root-ca.crt"), ("MODIFIED", "a"), ("DELETED", "a")]


def test_API_41_T_10_a_version_that_is_not_known_any_more(two):
    stream = watch(two, f"&resourceVersion={two.engine.world.revision + 9}")
    [line] = stream.lines()
    event = json.loads(line)
    assert stream.closed and event["type"] == "ERROR"
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
    assert event["object"]["message"] == f"Too large resource version: {two.engine.world.revision + 9}, current: {two.engine.world.revision}"


def test_API_41_the_past_is_undone_under_a_watch(two):
    point = two.engine.save()
    stream = watch(two, f"&resourceVersion={two.engine.world.revision}")
    two.ok("POST", MAPS, config_map("c"))
    assert told(stream) == [("ADDED", "c")]
    two.engine.restore(point)
    two.ok("POST", MAPS, config_map("d"))
    event = json.loads(stream.lines()[0])
    assert stream.closed and event["object"]["code"] == 410 and event["object"]["message"].startswith("too old resource version: ")
    assert stream.lines() == []


def test_API_41_undone_and_redone_is_no_difference(two):
    point = two.engine.save()
    stream = watch(two, f"&resourceVersion={two.engine.world.revision}")
    two.ok("POST", MAPS, config_map("c"))
    after = two.engine.save()
    assert told(stream) == [("ADDED", "c")]
    two.engine.restore(point)
    two.engine.restore(after)
    assert told(stream) == [] and not stream.closed


def test_API_41_nonsense(two):
    assert two.refused("GET", f"{MAPS}?watch=1&resourceVersion=x")[:2] == (400, "BadRequest")


def test_API_42_bookmarks(two):
    assert watch(two).bookmark() == []
    [line] = watch(two, "&allowWatchBookmarks=true").bookmark()
    assert json.loads(line) == {"type": "BOOKMARK", "object": {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {
        "resourceVersion": str(two.engine.world.revision), "creationTimestamp": None}}}


def test_API_42_initial_events_and_their_end(two):
    query = "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
    events = [json.loads(line) for line in watch(two, f"{query}&allowWatchBookmarks=true&resourceVersion=1").lines()]
    assert [e["type"] for e in events] == ["ADDED", "ADDED", "BOOKMARK"]
    assert events[-1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert told(watch(two, query)) == [("ADDED", "a"), ("ADDED", "b")]
    none = "&sendInitialEvents=false&resourceVersionMatch=NotOlderThan"
    assert told(watch(two, none)) == []


@pytest.mark.parametrize(("query", "message"), [
    ("&sendInitialEvents=true", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
    ("&resourceVersionMatch=NotOlderThan", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")])
def test_API_42_what_does_not_go_together(two, query, message):
    assert two.refused("GET", f"{MAPS}?watch=1{query}") == (
        422, "Invalid", f'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: {message}')


def test_API_43_T_10_objects_enter_and_leave_a_selection(two):
    stream = watch(two, f"&labelSelector=app%3Dx&resourceVersion={two.engine.world.revision}")
    two.ok("POST", MAPS, config_map("c", labels={"app": "y"}))
    label(two, "c", "x")
    label(two, "a", "y")
    two.ok("PATCH", f"{MAPS}/a", {"data": {"key": "unseen"}}, media=MERGE)
    two.ok("DELETE", f"{MAPS}/a")
    assert told(stream) == [("ADDED", "c"), ("DELETED", "a")]


def test_API_43_the_last_state_with_the_version_of_its_end(two):
    stream = watch(two, f"&labelSelector=app%3Dx&resourceVersion={two.engine.world.revision}")
    before = two.get(f"{MAPS}/a")
    label(two, "a", "y")
    left = json.loads(stream.lines()[0])["object"]
    assert left == {**before, "metadata": {**before["metadata"], "resourceVersion": str(two.engine.world.revision)}}
    two.ok("DELETE", f"{MAPS}/b")
    gone = json.loads(stream.lines()[0])["object"]
    assert gone["metadata"]["resourceVersion"] == str(two.engine.world.revision)


def test_API_44_one_object(two):
    stream = watch(two, path=f"{MAPS}/b")
    label(two, "a", "z")
    label(two, "b", "z")
    assert told(stream) == [("ADDED", "b"), ("MODIFIED", "b")]


def test_namespaces_and_kinds_are_told_apart(two):
    here, everywhere = watch(two), watch(two, path="/api/v1/configmaps")
    two.ok("POST", "/api/v1/namespaces/kube-public/configmaps", config_map("p"))
    two.ok("POST", f"{CORE}/secrets", {"metadata": {"name": "s"}})
    assert told(here) == [("ADDED", "a"), ("ADDED", "b")]
    assert ("ADDED", "p") in told(everywhere)


def test_TBL_4_events_as_tables(two):
    stream = watch(two, "&allowWatchBookmarks=true", accept=TABLE)
    tables = [json.loads(line)["object"] for line in stream.lines()]
    assert [(len(t["rows"]), bool(t["columnDefinitions"])) for t in tables] == [(1, True), (1, False)]
    assert tables[1]["metadata"] == {"resourceVersion": two.get(f"{MAPS}/b")["metadata"]["resourceVersion"]}
    assert tables[0]["rows"][0]["cells"][0] == "a" and tables[0]["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    [bookmark] = stream.bookmark()
    assert json.loads(bookmark)["object"]["rows"] == []
    assert two.refused("GET", f"{MAPS}?watch=1&includeObject=x", accept=TABLE)[:2] == (400, "BadRequest")


def test_watching_metadata_alone(two):
    [first, _] = watch(two, accept="application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io").lines()
    assert json.loads(first)["object"] == {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": two.get(f"{MAPS}/a")["metadata"]}


def test_a_wait_is_no_change(two):
    stream = watch(two)
    stream.lines()
    two.engine._note_waits("x", Key("ConfigMap", "default", "a"), {Key("ConfigMap", "default", "a"): ("waits for something", "X-1")})
    assert two.engine.world.log[-1].verb == "wait" and stream.lines() == []
