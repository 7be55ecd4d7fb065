"""A real cluster, played by a list of objects: a server that is not ours, and can only be read."""
from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

from kstate.cluster import Cluster
from kstate.wire import Request, Response

NOW = "Tue, 24 Nov 2026 04:03:14 GMT"       # by its clock


def serving(objects: list[dict]) -> Cluster:
    """A cluster that answers with these objects and nothing else."""
    ours = Cluster()                        # knows what a server offers
    by_name = {f"/{_plural(obj)}/{obj['metadata']['name']}": obj for obj in objects}

    def send(request: Request) -> Response:
        url = urlsplit(request.path)
        if url.path in ("/api", "/apis", "/version"):
            answer = ours._send(request)
            return answer._replace(headers={**answer.headers, "date": NOW})
        one = next((obj for end, obj in by_name.items() if url.path.endswith(end)), None)
        chosen = dict(parse_qsl(url.query)).get("fieldSelector", "")
        found = one or {"metadata": {}, "items": [o for o in objects if url.path.endswith(f"/{_plural(o)}") and _concerns(o, chosen)]}
        return Response(200, json.dumps(found).encode(), {"content-type": "application/json"})
    return Cluster(send=send)


def _plural(obj: dict) -> str:
    return obj["kind"].lower() + ("es" if obj["kind"].endswith("s") else "s")


def _concerns(event: dict, fields: str) -> bool:
    """The field selectors that `describe` uses for events."""
    about = event.get("involvedObject", {})
    return all(about.get(name.rpartition(".")[2], "") == value
               for name, _, value in (part.partition("=") for part in fields.split(",")) if name.startswith("involvedObject."))
