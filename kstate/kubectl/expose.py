"""kubectl expose: a Service for what has pods (KCTL-40)."""
from __future__ import annotations

import json

from .. import patch as patches
from ..world import get
from .args import Args, Failure
from .output import Report
from .resources import NOTHING_GIVEN, Target, choose, targets
from .session import Session
from .writing import dry_run, label_pairs, options, saved

NO_SELECTOR = "error: couldn't retrieve selectors via --selector flag or introspection"
EXPOSABLE = ("Service", "Pod", "Deployment", "ReplicaSet", "ReplicationController")


def expose(session: Session, args: Args) -> None:
    if not args.names and not args["filename"]:
        raise NOTHING_GIVEN
    report, mode = Report(session), dry_run(session)
    for target in targets(session, choose(session, args.names, selector="")):
        service = _service(args, target)
        if "namespace" in args.given:
            service["metadata"]["namespace"] = target.namespace
        resource = session.discovery.named("services")
        if args["overrides"]:
            service = patches.merge_patch(service, json.loads(args["overrides"]))
        service = saved(session, service)
        if mode != "client":
            service = session.ask("POST", resource.path(target.namespace), service, **options(session))
        report.done(resource, service, "exposed")


def _service(args: Args, target: Target) -> dict:
    """The Service, as kubectl fills it in from the flags and from the object."""
    if target.resource.kind not in EXPOSABLE:
        raise Failure(f"error: cannot expose a {target.resource.kind}.{target.resource.group}".rstrip("."))
    spec: dict = {"ports": _ports(args, target), "selector": _selector(args, target)}
    for flag, field in (("type", "type"), ("load-balancer-ip", "loadBalancerIP"), ("session-affinity", "sessionAffinity"),
                        ("cluster-ip", "clusterIP")):
        if args[flag]:
            spec[field] = args[flag]
    if args["external-ip"]:
        spec["externalIPs"] = args["external-ip"].split(",")
    labels = label_pairs(args["labels"]) if args["labels"] else target.object["metadata"].get("labels")
    meta = {"creationTimestamp": None, **({"labels": labels} if labels else {}), "name": args["name"] or target.name}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec, "status": {"loadBalancer": {}}}


def _selector(args: Args, target: Target) -> dict:
    if args["selector"]:
        return label_pairs(args["selector"])
    kind, obj = target.resource.kind, target.object
    if kind == "Pod":
        found = obj["metadata"].get("labels")
        if not found:
            raise Failure(f"{NO_SELECTOR}: the pod has no labels and cannot be exposed")
        return found
    found = get(obj, "spec.selector" if kind in ("Service", "ReplicationController") else "spec.selector.matchLabels")
    if not found:
        raise Failure(f"{NO_SELECTOR}: invalid deployment: no selectors, therefore cannot be exposed")
    return found


def _ports(args: Args, target: Target) -> list[dict]:
    wanted = [p for p in args["port"].split(",") if p] or _declared(target)
    if not wanted:
        raise Failure("error: couldn't find port via --port flag or introspection")
    ports = []
    for i, number in enumerate(wanted):
        known = next((p for p in _container_ports(target) if str(p.get("containerPort") or p.get("port")) == number), {})
        protocol = args["protocol"] or known.get("protocol") or "TCP"
        if not number.isdigit():
            raise Failure(f'error: couldn\'t find port via --port flag or introspection: strconv.Atoi: parsing "{number}": invalid syntax')
        goal = args["target-port"] or number
        name = {"name": f"port-{i + 1}"} if len(wanted) > 1 else {}
        ports.append({**name, "port": int(number), "protocol": protocol, "targetPort": int(goal) if goal.isdigit() else goal})
    return ports


def _container_ports(target: Target) -> list[dict]:
    obj = target.object
    if target.resource.kind == "Service":
        return obj["spec"].get("ports") or []
    spec = obj["spec"] if target.resource.kind == "Pod" else obj["spec"]["template"]["spec"]
    return [port for container in spec["containers"] for port in container.get("ports") or ()]


def _declared(target: Target) -> list[str]:
    return list(dict.fromkeys(str(p.get("containerPort") or p.get("port")) for p in _container_ports(target)))
