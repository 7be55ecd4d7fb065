"""What lies below an object: status, scale, binding, eviction, log, exec (API-70 to API-74)."""
from __future__ import annotations

import json

from .. import patch as patches
from ..errors import BadRequest, Invalid, invalid
from ..eviction import evict
from ..kinds import Kind
from ..labels import of
from ..node import exec as containers
from ..world import Key, get, put
from .message import Request, Response, answer, not_allowed, text

SCALE = {"kind": "Scale", "apiVersion": "autoscaling/v1"}


def serve(wire, request: Request, kind: Kind, key: Key, name: str) -> Response:
    """The answer for /…/<plural>/<name>/<subresource>."""
    if name not in kind.subresources:
        return text("404 page not found\n", 404)
    method = request.method
    match name, method:
        case ("status" | "finalize" | "resize" | "ephemeralcontainers", "GET"):
            return wire.show(request, kind, wire.api.get(key))
        case ("status" | "finalize" | "resize" | "ephemeralcontainers", "PUT"):
            return wire.replace(request, kind, key, name)
        case ("status" | "resize" | "ephemeralcontainers", "PATCH"):
            return wire.patch(request, kind, key, name)
        case ("scale", "GET"):
            return answer(scale_of(wire.api.get(key)))
        case ("scale", "PUT" | "PATCH"):
            return _scale(wire, request, kind, key)
        case ("binding", "POST"):
            return _bind(wire, request, key)
        case ("eviction", "POST"):
            return _evict(wire, request, key)
        case ("log", "GET"):
            return _log(wire, request, key)
        case ("exec" | "attach", "GET" | "POST"):
            return _exec(wire, request, key, name)
    raise not_allowed(request, kind)


def scale_of(obj: dict) -> dict:
    """The Scale that stands for an object (API-70)."""
    meta = {k: obj["metadata"][k] for k in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp") if k in obj["metadata"]}
    replicas = obj["spec"].get("replicas", 1)
    return {**SCALE, "metadata": meta, "spec": {"replicas": replicas} if replicas else {},
            "status": {"replicas": get(obj, "status.replicas", 0), "selector": str(of(obj["spec"].get("selector")))}}


def _scale(wire, request: Request, kind: Kind, key: Key) -> Response:
    """A write to scale changes spec.replicas of the parent and nothing else."""
    parent = wire.api.get(key)
    body = wire.raw_body(request, "Scale")[0] if request.method == "PUT" else json.loads(request.body)
    if request.method == "PATCH":
        current = scale_of(parent)
        body = patches.json_patch(current, body) if isinstance(body, list) else patches.merge_patch(current, body)
    replicas = get(body, "spec.replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise BadRequest("Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal "
                         f"{'string' if isinstance(replicas, str) else 'number'} into Go struct field ScaleSpec.spec.replicas of type int32")
    if replicas < 0:
        raise Invalid(kind="Scale", group="autoscaling", name=key.name,
                      errors=[invalid("spec.replicas", replicas, "must be greater than or equal to 0")])
    version = get(body, "metadata.resourceVersion", "")
    new = put(parent, "spec.replicas", replicas)
    if version:
        new = put(new, "metadata.resourceVersion", version)
    return answer(scale_of(wire.api.update(new, **wire.options(request))))


def _bind(wire, request: Request, key: Key) -> Response:
    body = wire.raw_body(request, "Binding")[0] or {}
    wire.api.bind(key, get(body, "target.name", ""), who=wire.who(request))
    return answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201)


def _evict(wire, request: Request, key: Key) -> Response:
    body = wire.raw_body(request, "Eviction")[0] or {}
    evict(wire.api, key, body.get("deleteOptions") or {}, who=wire.who(request))
    return answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201)


def _log(wire, request: Request, key: Key) -> Response:
    query = request.query
    body = containers.logs(wire.engine, key, query.get("container", ""), previous=query.get("previous") in ("true", "1"),
                           timestamps=query.get("timestamps") in ("true", "1"), tail=int(query["tailLines"]) if query.get("tailLines") else None,
                           since=int(query["sinceSeconds"]) if query.get("sinceSeconds") else None,
                           limit=int(query["limitBytes"]) if query.get("limitBytes") else None)
    return text(body)


def _exec(wire, request: Request, key: Key, name: str) -> Response:
    """Run a command to its end: the body is its input, the answer its output by channel (KCTL-60).

    Who serves WebSockets turns frames into such a request, or keeps a session (node/exec.py) for a terminal."""
    result = containers.exec(wire.engine, key, request.query.get("container", ""), request.values("command"), request.body.decode("utf-8", "replace"))
    return answer({"stdout": result.stdout, "stderr": result.stderr, "code": result.code})
