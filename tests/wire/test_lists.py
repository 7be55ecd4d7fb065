"""Lists: order, shape, revisions, pages (API-36 to API-39, T-9)."""
from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest

from .asking import APPS, CORE, TABLE, config_map, statefulset

MAPS = f"{CORE}/configmaps"


def names(answer: dict) -> list[str]:
    return [o["metadata"]["name"] for o in answer["items"]]


@pytest.fixture
def five(server):
    for name in "abcde":
        server.ok("POST", MAPS, config_map(name, labels={"app": "x"}))
    server.ok("DELETE", f"{MAPS}/kube-root-ca.crt")
    return server


def test_API_36_T_9_the_order_is_that_of_bytes(server):
    server.ok("POST", "/api/v1/namespaces", {"metadata": {"name": "default-x"}})
    for namespace in ("default", "default-x"):
        for name in ("web-2", "web-10", "web-1"):
            server.ok("POST", f"/api/v1/namespaces/{namespace}/secrets", {"metadata": {"name": name}})
    assert names(server.get(f"{CORE}/secrets")) == ["web-1", "web-10", "web-2"]
    assert [(o["metadata"]["namespace"], o["metadata"]["name"]) for o in server.get("/api/v1/secrets")["items"]] == [
        (namespace, name) for namespace in ("default-x", "default") for name in ("web-1", "web-10", "web-2")]


def test_API_37_the_shape_of_a_list(server):
    assert server.get(f"{APPS}/statefulsets") == {
        "kind": "StatefulSetList", "apiVersion": "apps/v1", "metadata": {"resourceVersion": str(server.engine.world.revision)}, "items": []}
    server.ok("POST", f"{APPS}/statefulsets", statefulset())
    assert names(server.get("/apis/apps/v1/statefulsets")) == ["web"]


def test_API_38_which_revision(five):
    now = five.engine.world.revision
    five.ok("DELETE", f"{MAPS}/a")
    five.ok("PATCH", f"{MAPS}/b", {"data": {"key": "new"}}, media="application/merge-patch+json")
    for query in ("", "?resourceVersion=0", f"?resourceVersion={now}", f"?resourceVersion={now}&resourceVersionMatch=NotOlderThan"):
        assert names(five.get(f"{MAPS}{query}")) == ["b", "c", "d", "e"]
    then = five.get(f"{MAPS}?resourceVersion={now}&resourceVersionMatch=Exact")
    assert names(then) == ["a", "b", "c", "d", "e"] and then["metadata"]["resourceVersion"] == str(now)
    assert then["items"][1]["data"] == {"key": "value"}


@pytest.mark.parametrize(("query", "code", "message"), [
    ("resourceVersionMatch=Exact", 422, 'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided'),
    ("resourceVersionMatch=Exact&resourceVersion=0", 422, ('ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: '
     'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')),
    ("resourceVersionMatch=NotOlderThan&resourceVersion=0&continue=x", 422,
     'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided'),
    ("sendInitialEvents=true", 422, 'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list'),
    ("resourceVersion=x", 400, 'Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax'),
    ("limit=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
    ("continue=%25%25", 400, "continue key is not valid: illegal base64 data at input byte 0"),
    ("continue=e30", 400, 'continue key is not valid: server does not recognize this encoded version ""'),
    ("continue=e3s", 400, "continue key is not valid: invalid character '{' looking for beginning of object key string"),
    ("continue=_w", 400, "continue key is not valid: invalid character '\ufffd' looking for beginning of value"),
    ("continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MX0", 400, "continue key is not valid: encoded start key empty (version meta.k8s.io/v1)")])
def test_API_38_39_what_is_refused(server, query, code, message):
    found = server.refused("GET", f"{MAPS}?{query}")
    assert found[0] == code and found[2].startswith(message)


def test_API_38_a_version_of_the_future(server):
    now = server.engine.world.revision
    answer = server.ask("GET", f"{MAPS}?resourceVersion={now + 5}")
    assert (answer.status, answer.json["reason"], answer.json["message"]) == (504, "Timeout", f"Timeout: Too large resource version: {now + 5}, current: {now}")
    assert answer.json["details"] == {"retryAfterSeconds": 1, "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]}
    assert answer.headers["retry-after"] == "1"


def test_API_39_pages(five):
    first = five.get(f"{MAPS}?limit=2")
    assert names(first) == ["a", "b"] and first["metadata"]["remainingItemCount"] == 3
    token = first["metadata"]["continue"]
    assert json.loads(urlsafe_b64decode(token + "==")) == {"v": "meta.k8s.io/v1", "rv": five.engine.world.revision, "start": "default/b\0"}
    second = five.get(f"{MAPS}?limit=2&continue={token}")
    assert names(second) == ["c", "d"] and second["metadata"]["remainingItemCount"] == 1
    last = five.get(f"{MAPS}?limit=2&continue={second['metadata']['continue']}")
    assert names(last) == ["e"] and set(last["metadata"]) == {"resourceVersion"}
    assert set(five.get(f"{MAPS}?limit=500")["metadata"]) == {"resourceVersion"}
    assert names(five.get(f"{MAPS}?limit=0")) == names(five.get(f"{MAPS}?limit=-1")) == list("abcde")


def test_API_39_pages_show_one_and_the_same_revision(five):
    first = five.get(f"{MAPS}?limit=2")
    five.ok("DELETE", f"{MAPS}/d")
    five.ok("POST", MAPS, config_map("cc"))
    rest = five.get(f"{MAPS}?continue={first['metadata']['continue']}")
    assert names(rest) == ["c", "d", "e"] and rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_API_39_selected_lists_do_not_count_the_rest(five):
    page = five.get(f"{MAPS}?limit=2&labelSelector=app%3Dx")
    assert "continue" in page["metadata"] and "remainingItemCount" not in page["metadata"]


def test_API_39_a_token_allows_no_version(five):
    token = five.get(f"{MAPS}?limit=2")["metadata"]["continue"]
    assert five.refused("GET", f"{MAPS}?continue={token}&resourceVersion=3") == (
        400, "BadRequest", "specifying resource version is not allowed when using continue")
    assert names(five.get(f"{MAPS}?continue={token}&resourceVersion=0")) == ["c", "d", "e"]


def test_API_39_a_token_of_a_future_that_was_undone(server):
    token = urlsafe_b64encode(json.dumps({"v": "meta.k8s.io/v1", "rv": 10_000, "start": "x"}).encode()).decode().rstrip("=")
    code, reason, message = server.refused("GET", f"{MAPS}?continue={token}")
    assert (code, reason) == (410, "Expired") and message.startswith("The provided continue parameter is too old to display a consistent list result.")


def test_API_39_tables_have_pages_too(five):
    page = five.get(f"{MAPS}?limit=2", accept=TABLE)
    assert len(page["rows"]) == 2 and page["metadata"]["remainingItemCount"] == 3 and page["metadata"]["continue"]
