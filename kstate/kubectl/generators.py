"""kubectl create KIND NAME: objects made from flags."""
from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from .. import labels, quantity
from ..errors import ApiError
from .args import Args, Failure
from .output import Report
from .session import Session
from .writing import dry_run, options, saved


def generate(plural: str, make: Callable[[Session, Args, str], dict], wraps: str = "") -> Callable[[Session, Args], None]:
    """A command that creates one object of a kind.  wraps: how kubectl calls it where the server refuses."""
    def create(session: Session, args: Args) -> None:
        names = args.names if args.dash is None else args.names[:args.dash]
        if len(names) != 1:
            raise session.wrong(f"exactly one NAME is required, got {len(names)}")
        report, query = Report(session), options(session, validated=True)
        made = make(session, args, names[0])
        resource = session.discovery.named(plural)
        if resource.namespaced and "namespace" in args.given:
            made["metadata"]["namespace"] = session.namespace
        obj = saved(session, {"apiVersion": resource.api_version, "kind": resource.kind, **made})
        if dry_run(session) != "client":
            try:
                obj = session.ask("POST", resource.path(session.namespace), obj, **query)
            except ApiError as error:
                raise (Failure(f"error: failed to create {wraps} {error.message}") if wraps else error) from None
        report.done(resource, obj, "created")
    return create


def _meta(name: str, **more: Any) -> dict:
    return {"creationTimestamp": None, "name": name, **more}


# ---- kinds with little in them --------------------------------------------------------------------

def namespace(_session: Session, _args: Args, name: str) -> dict:
    return {"metadata": _meta(name), "spec": {}, "status": {}}


def serviceaccount(_session: Session, _args: Args, name: str) -> dict:
    return {"metadata": _meta(name)}


def priorityclass(_session: Session, args: Args, name: str) -> dict:
    obj: dict = {"metadata": _meta(name), "value": args["value"], "preemptionPolicy": args["preemption-policy"]}
    if args["description"]:
        obj["description"] = args["description"]
    if args["global-default"]:
        obj["globalDefault"] = True
    return obj


def quota(_session: Session, args: Args, name: str) -> dict:
    spec: dict = {}
    if args["hard"]:
        spec["hard"] = {}
        for pair in args["hard"].split(","):
            resource, equals, amount = pair.partition("=")
            if not equals or "=" in amount:
                raise Failure(f"error: Invalid argument syntax {pair}, expected <resource>=<value>")
            try:
                spec["hard"][resource] = quantity.canonical(amount)
            except ValueError as error:
                raise Failure(f"error: {error}") from None
    if args["scopes"]:
        spec["scopes"] = args["scopes"].split(",")
    return {"metadata": _meta(name), "spec": spec, "status": {}}


def disruptionbudget(_session: Session, args: Args, name: str) -> dict:
    if not args["selector"]:
        raise Failure("error: a selector must be specified")
    if not args["min-available"] and not args["max-unavailable"]:
        raise Failure("error: one of min-available or max-unavailable must be specified")
    if args["min-available"] and args["max-unavailable"]:
        raise Failure("error: min-available and max-unavailable cannot be both specified")
    field, text = ("minAvailable", args["min-available"]) if args["min-available"] else ("maxUnavailable", args["max-unavailable"])
    if not re.fullmatch(r"\d+%?", text):
        raise Failure(f"error: invalid format specified for {'min-available' if field == 'minAvailable' else 'max-unavailable'}")
    try:
        selector = labels.parse(args["selector"])
    except ValueError as error:
        raise Failure(f"error: {error}") from None
    status = {"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0}
    matched = {r.key: r.values[0] for r in selector.requirements}
    amount = int(text) if text.isdigit() else text
    return {"metadata": _meta(name), "spec": {field: amount, "selector": {"matchLabels": matched}}, "status": status}


# ---- deployment -----------------------------------------------------------------------------------

def deployment(_session: Session, args: Args, name: str) -> dict:
    images, command = args["image"], args.after_dash
    if len(images) > 1 and command:
        raise Failure("error: cannot specify multiple --image options and command")
    chosen = {"app": name}
    found = [{"image": image, "name": _container_name(image), "resources": {}} for image in images]
    if args["port"] >= 0:
        found[0]["ports"] = [{"containerPort": args["port"]}]
    if command:
        found[0]["command"] = command
    return {"metadata": _meta(name, labels=chosen), "status": {},
            "spec": {"replicas": args["replicas"], "selector": {"matchLabels": chosen}, "strategy": {},
                     "template": {"metadata": {"creationTimestamp": None, "labels": chosen}, "spec": {"containers": found}}}}


def _container_name(image: str) -> str:
    """registry:5000/b/nginx:1@sha256:... -> nginx"""
    name = image.rpartition("/")[2].partition(":")[0].partition("@")[0]
    return re.sub(r"[^a-z0-9-]", "-", name.lower()).strip("-")


# ---- services -------------------------------------------------------------------------------------

def service(type_: str) -> Callable[[Session, Args, str], dict]:
    def make(_session: Session, args: Args, name: str) -> dict:
        spec: dict = {"type": type_, "selector": {"app": name}}
        ports = [_port(text, args["node-port"] or 0) for text in args["tcp"]]
        if args["clusterip"]:
            spec["clusterIP"] = args["clusterip"]
        if type_ == "ExternalName":
            spec["externalName"] = args["external-name"]
        elif not ports and args["clusterip"] != "None":
            raise Failure("error: at least one tcp port specifier must be provided")
        if ports:
            spec["ports"] = ports
        return {"metadata": _meta(name, labels={"app": name}), "spec": spec, "status": {"loadBalancer": {}}}
    return make


def _port(text: str, node_port: int) -> dict:
    """5678:8080 -> {"name": "5678-8080", "port": 5678, "targetPort": 8080, "protocol": "TCP"}"""
    number, colon, goal = text.partition(":")
    if not re.fullmatch(r"\d+", number):
        raise Failure(f'error: strconv.ParseUint: parsing "{number}": invalid syntax')
    goal = goal if colon else number
    port = {"name": text.replace(":", "-"), "port": int(number), "protocol": "TCP", "targetPort": int(goal) if goal.isdigit() else goal}
    return {**port, "nodePort": node_port} if node_port else port


# ---- configmaps and secrets -----------------------------------------------------------------------

BAD_KEY = ("a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', "
           "regex used for validation is '[-._a-zA-Z0-9]+')")


def _data(session: Session, args: Args, what: str) -> dict[str, str]:
    """What --from-literal, --from-file and --from-env-file say, by key."""
    if args["from-env-file"] and (args["from-file"] or args["from-literal"]):
        raise Failure("error: from-env-file cannot be combined with from-file or from-literal")
    found: dict[str, str] = {}

    def add(key: str, value: str) -> None:
        if not re.fullmatch(r"[-._a-zA-Z0-9]+", key):
            raise Failure(f'error: "{key}" is not a valid key name for a {what}: {BAD_KEY}')
        if key in found:
            raise Failure(f'error: cannot add key "{key}", another key by that name already exists in Data for ConfigMap "{args.names[0]}"'
                          if what == "ConfigMap" else f"error: cannot add key {key}, another key by that name already exists")
        found[key] = value
    for text in args["from-literal"] or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise Failure(f"error: invalid literal source {text}, expected key=value")
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        add(key, value)
    for source in args["from-file"] or ():
        key, equals, name = source.partition("=")
        name = name if equals else source
        for file in [name] if name in session.files else _folder(session, name):
            add(key if equals else file.rpartition("/")[2], session.file(file))
    for name in args["from-env-file"] or ():
        for key, value in _variables(session.file(name)):
            add(key, value)
    return found


def _folder(session: Session, name: str) -> list[str]:
    inside = sorted(f for f in session.files if f.startswith(name.rstrip("/") + "/") and "/" not in f[len(name.rstrip("/")) + 1:])
    if not inside:
        raise Failure(f"error: error reading {name}: no such file or directory")
    return inside


def _variables(text: str) -> list[tuple[str, str]]:
    lines = [line.lstrip() for line in text.splitlines()]
    return [(key.strip(), value) for key, _, value in (line.partition("=") for line in lines if line and not line.startswith("#"))]


def configmap(session: Session, args: Args, name: str) -> dict:
    data = _data(session, args, "ConfigMap")
    return _hashed(args, {**({"data": data} if data else {}), "metadata": _meta(name)}, "ConfigMap")


def secret(session: Session, args: Args, name: str) -> dict:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in _data(session, args, "Secret").items()}
    obj = {**({"data": data} if data else {}), "metadata": _meta(name), **({"type": args["type"]} if args["type"] else {})}
    return _hashed(args, obj, "Secret")


def registry_secret(_session: Session, args: Args, name: str) -> dict:
    if not args["docker-username"] or not args["docker-password"] or not args["docker-server"]:
        raise Failure("error: either --from-file or the combination of --docker-username, --docker-password and --docker-server "
                      "is required")
    user, password = args["docker-username"], args["docker-password"]
    entry = {"username": user, "password": password, **({"email": args["docker-email"]} if args["docker-email"] else {}),
             "auth": base64.b64encode(f"{user}:{password}".encode()).decode()}
    text = json.dumps({"auths": {args["docker-server"]: entry}}, separators=(",", ":"))
    return _hashed(args, {"data": {".dockerconfigjson": base64.b64encode(text.encode()).decode()}, "metadata": _meta(name),
                          "type": "kubernetes.io/dockerconfigjson"}, "Secret")


def tls_secret(session: Session, args: Args, name: str) -> dict:
    if not args["cert"] or not args["key"]:
        raise Failure("error: key and cert must be specified")
    data = {key: base64.b64encode(session.file(args[flag]).encode()).decode() for key, flag in (("tls.crt", "cert"), ("tls.key", "key"))}
    return _hashed(args, {"data": data, "metadata": _meta(name), "type": "kubernetes.io/tls"}, "Secret")


def _hashed(args: Args, obj: dict, kind: str) -> dict:
    """--append-hash: a name that changes with the content."""
    if args["append-hash"]:
        content = {"kind": kind, "name": obj["metadata"]["name"], "data": obj.get("data") or ""}
        if kind == "Secret":
            content["type"] = obj.get("type", "")
        digest = sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:10]
        obj["metadata"]["name"] += "-" + digest.translate(str.maketrans("013ae", "ghkmt"))
    return obj
