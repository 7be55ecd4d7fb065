"""What lies below an object: status, scale, binding, eviction, log, exec (API-70 to API-74)."""
from __future__ import annotations

import json

from .. import patch as patches
from ..errors import BadRequest, Invalid, ServerError, invalid
from ..eviction import evict
from ..kinds import Kind
from ..kinds.kind import columns
from ..labels import of
from ..node import exec as containers
from ..world import Key, get, put
from . import bodies
from .message import Request, Response, answer, not_allowed, not_found, success, text

SCALE = {"kind": "Scale", "apiVersion": "autoscaling/v1"}
SCALE_KIND = Kind("Scale", "scales", "autoscaling", columns=columns("Name, Desired int, Available int, Age"),
                  cells=lambda scale, age: [scale["metadata"]["name"], scale["spec"].get("replicas", 0), scale["status"]["replicas"],
                                            age(scale["metadata"]["creationTimestamp"])])


def serve(wire, request: Request, kind: Kind, key: Key, name: str) -> Response:
    """The answer for /…/<plural>/<name>/<subresource>."""
    if name not in kind.subresources:
        return not_found()
    match name, request.method:
        case ("status", "GET" | "HEAD"):
            return wire.show(request, kind, wire.api.get(key))
        case ("status" | "finalize", "PUT"):
            return wire.replace(request, kind, key, name)
        case ("status", "PATCH"):
            return wire.patch(request, kind, key, name)
        case ("scale", "GET" | "HEAD"):
            return wire.show(request, SCALE_KIND, scale_of(wire.api.get(key)))
        case ("scale", "PUT" | "PATCH"):
            return _scale(wire, request, key)
        case ("binding", "POST"):
            return _bind(wire, request, key)
        case ("eviction", "POST"):                                                      # EVI-1
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


def _scale(wire, request: Request, key: Key) -> Response:
    """A write to scale changes spec.replicas of the parent and nothing else (KCTL-44, STS-102)."""
    parent = wire.api.get(key)
    if request.method == "PATCH":
        document, sort, _ = bodies.patch(request, None, wire.api.warnings)
        current = scale_of(parent)
        patched = patches.json_patch(current, document) if sort == "json" else patches.merge_patch(current, document)
        request = request._replace(body=json.dumps(patched).encode(), headers={**request.headers, "content-type": "application/json"})
    scale = bodies.typed(request, "Scale")
    replicas, version = get(scale, "spec.replicas", 0), get(scale, "metadata.resourceVersion")
    if get(scale, "metadata.name", key.name) != key.name:
        raise BadRequest(f"the name of the object ({get(scale, 'metadata.name')}) does not match the name on the URL ({key.name})")
    if replicas < 0:
        raise Invalid(kind="Scale", group="autoscaling", name=key.name,
                      errors=[invalid("spec.replicas", replicas, "must be greater than or equal to 0")])
    new = put(parent, "spec.replicas", replicas)
    if version:
        new = put(new, "metadata.resourceVersion", version)
    return wire.show(request, SCALE_KIND, scale_of(wire.api.update(new, **bodies.call(request))))


def _bind(wire, request: Request, key: Key) -> Response:
    """API-72."""
    node = get(_about(request, "Binding", key), "target.name", "")
    if not node:
        raise ServerError("target.name: Required value")
    wire.api.bind(key, node, who=request.who)
    return success(201, code=201)


def _evict(wire, request: Request, key: Key) -> Response:
    """API-71."""
    eviction = _about(request, "Eviction", key)
    evict(wire.api, key, eviction.get("deleteOptions") or {}, who=request.who)
    return success(201, code=201)


def _about(request: Request, name: str, key: Key) -> dict:
    """A body that names the pod which the URL names, too."""
    body = bodies.typed(request, name)
    if get(body, "metadata.name", key.name) != key.name:
        raise BadRequest(f"name in URL does not match name in {name} object")
    return body


def _log(wire, request: Request, key: Key) -> Response:
    """API-73."""
    return text(containers.logs(wire.engine, key, request.query.get("container", ""), previous=request.flag("previous"),
                                timestamps=request.flag("timestamps"), tail=request.number("tailLines"),
                                since=request.number("sinceSeconds"), limit=request.number("limitBytes")))


def _exec(wire, request: Request, key: Key, name: str) -> Response:
    """Run a command, or a main process that waits for input, to its end: the body is that input, the answer its output by channel
    (API-74, KCTL-60).

    Who serves WebSockets keeps a session (node/exec.py) instead."""
    stdin = request.body.decode("utf-8", "replace")
    container = request.query.get("container", "")
    if name == "attach":
        result = containers.attach(wire.engine, key, container, stdin)
    else:
        result = containers.exec(wire.engine, key, container, request.values("command"), stdin)
    return answer({"stdout": result.stdout, "stderr": result.stderr, "code": result.code})
