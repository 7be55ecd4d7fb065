"""Lists: which objects, at which revision, in which pages (API-36 to API-39)."""
from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from ..errors import BadRequest, Expired, Invalid, Timeout, forbidden
from ..kinds import Kind
from ..kinds.text import parse_json
from ..world import Dict, World
from .message import Request
from .selection import selection

TOO_OLD = ("The provided continue parameter is too old to display a consistent list result. "
           "You can start a new list without the continue parameter.")


def listed(world: World, kind: Kind, namespace: str | None, request: Request) -> tuple[list[Dict], dict]:
    """The objects that a request asks for, and the metadata of the list."""
    query = request.query
    chosen = selection(kind, query)
    revision, start = _asked(query, world.revision)
    objects = [o for o in _at(world, kind, namespace, revision) if (not start or place(o) >= start) and chosen.matches(o)]
    metadata: dict = {"resourceVersion": str(revision)}
    limit = request.number("limit") or 0
    if 0 < limit < len(objects):
        if chosen.plain:
            metadata["remainingItemCount"] = len(objects) - limit
        objects = objects[:limit]
        metadata["continue"] = _token(revision, place(objects[-1]) + "\0")
    return objects, metadata


def place(obj: dict) -> str:
    """Where an object stands in a list (API-36)."""
    namespace = obj["metadata"].get("namespace")
    return f"{namespace}/{obj['metadata']['name']}" if namespace else obj["metadata"]["name"]


def _at(world: World, kind: Kind, namespace: str | None, revision: int) -> list[Dict]:
    """The objects as they were at a revision, the present one or an earlier one."""
    if revision == world.revision:
        return world.list(kind.kind, namespace)
    then = {place(obj): obj for obj in world.list(kind.kind, namespace)}
    for change in reversed(world.log):
        if change.revision <= revision:
            break
        if change.key.kind == kind.kind and change.verb != "wait" and namespace in (None, change.key.namespace):
            where = place(change.old or change.new)
            if change.old is None:
                del then[where]
            else:
                then[where] = change.old
    return [then[where] for where in sorted(then)]


def version(text: str, current: int) -> int | None:
    """A resourceVersion that a client names: a number that is not in the future, or None for any.  Raises BadRequest, Timeout."""
    if text in ("", "0"):
        return None
    if not text.isdigit():
        raise BadRequest(f'Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax')
    if int(text) > current:
        raise Timeout(f"Timeout: Too large resource version: {text}, current: {current}", retryAfterSeconds=1,
                      causes=[{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}])
    return int(text)


def _asked(query: dict[str, str], current: int) -> tuple[int, str]:
    """The revision of a list, and the place from which it goes on (API-38, API-39)."""
    asked, match, token = query.get("resourceVersion", ""), query.get("resourceVersionMatch", ""), query.get("continue", "")
    if "sendInitialEvents" in query:
        raise _forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")
    if match and token:
        raise _forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided")
    if match and not asked:
        raise _forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided")
    if match == "Exact" and asked == "0":
        raise _forbidden("resourceVersionMatch", 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
    if token:
        if asked not in ("", "0"):
            raise BadRequest("specifying resource version is not allowed when using continue")
        revision, start = _read(token)
        if revision > current:          # that future was undone
            raise Expired(TOO_OLD)
        return revision, start
    revision = version(asked, current)
    return (revision if match == "Exact" and revision is not None else current), ""


def _forbidden(field: str, why: str) -> Invalid:
    return Invalid(kind="ListOptions", group="meta.k8s.io", errors=[forbidden(field, why)])


def _token(revision: int, start: str) -> str:
    return urlsafe_b64encode(json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": start}).encode()).decode().rstrip("=")


def _read(token: str) -> tuple[int, str]:
    try:
        good = len(re.match(r"[\w-]*", token, re.ASCII)[0])
        if good < len(token) or good % 4 == 1:
            raise ValueError(f"illegal base64 data at input byte {good}")
        found, _ = parse_json(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        version, revision, start = (found.get(field) if isinstance(found, dict) else None for field in ("v", "rv", "start"))
        if version != "meta.k8s.io/v1":
            raise ValueError(f'server does not recognize this encoded version "{version or ""}"')
        if not isinstance(revision, int) or not isinstance(start, str) or not start:
            raise ValueError(f"encoded start key empty (version {version})")
        return revision, start
    except ValueError as error:
        raise BadRequest(f"continue key is not valid: {error}") from None
