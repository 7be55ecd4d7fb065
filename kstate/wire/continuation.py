"""Lists in pages: limit and continue (API-39)."""
from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from ..errors import BadRequest, Expired


def page(engine, objects: list[dict], query: dict[str, str], plain: bool) -> tuple[list[dict], dict]:
    """The objects of one page and the list's metadata.  A token holds the key after which to go on."""
    metadata: dict = {"resourceVersion": str(engine.world.revision)}
    limit = _number(query.get("limit", "0"))
    if query.get("continue"):
        if query.get("resourceVersion", "") not in ("", "0"):
            raise BadRequest("specifying resource version is not allowed when using continue")
        revision, start = _read(query["continue"])
        if revision > engine.world.revision:
            raise Expired("The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.")
        objects = [o for o in objects if _place(o) >= start]
        metadata["resourceVersion"] = str(revision)
    if limit and len(objects) > limit:
        rest = len(objects) - limit
        objects = objects[:limit]
        metadata["continue"] = _token(int(metadata["resourceVersion"]), _place(objects[-1]) + "\0")
        if plain:
            metadata["remainingItemCount"] = rest
    return objects, metadata


def _place(obj: dict) -> str:
    namespace = obj["metadata"].get("namespace")
    return f"{namespace}/{obj['metadata']['name']}" if namespace else obj["metadata"]["name"]


def _number(text: str) -> int:
    if not text.lstrip("-").isdigit():
        raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return max(int(text), 0)


def _token(revision: int, start: str) -> str:
    return urlsafe_b64encode(json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": start}).encode()).decode().rstrip("=")


def _read(token: str) -> tuple[int, str]:
    try:
        value = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(value["rv"]), str(value["start"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadRequest(f"continue key is not valid: {error}") from None
