"""kubectl version, api-resources, api-versions, cluster-info (KCTL-2, KCTL-6, KCTL-55)."""
from __future__ import annotations

import json

from .args import Args, Failure
from .discovery import Resource
from .session import Session
from .tables import Row
from .yamltext import to_yaml

FIELDS = ("major", "minor", "gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform")
CLIENT = dict(zip(FIELDS, ("1", "32", "v1.32.5", "kstate", "clean", "2026-01-01T00:00:00Z", "none", "kstate", "in process")))
KUSTOMIZE = "v5.5.0"


def version(session: Session, args: Args) -> None:
    if args.names:
        raise Failure(f"error: extra arguments: [{' '.join(args.names)}]")
    if args["output"] not in ("", "json", "yaml"):
        raise Failure("error: --output must be 'yaml' or 'json'")
    server = None if args["client"] else session.ask("GET", "/version")
    if args["output"]:
        told = {"clientVersion": CLIENT, "kustomizeVersion": KUSTOMIZE}
        if server:
            told["serverVersion"] = {name: server.get(name, "") for name in FIELDS}
        session.say(json.dumps(told, indent=2) if args["output"] == "json" else to_yaml(told))
    else:
        session.say(f"Client Version: {CLIENT['gitVersion']}\nKustomize Version: {KUSTOMIZE}")
        if server:
            session.say(f"Server Version: {server['gitVersion']}")
    if server and abs(int(server["minor"].rstrip("+")) - int(CLIENT["minor"])) > 1:
        session.complain(f"WARNING: version difference between client ({CLIENT['major']}.{CLIENT['minor']}) and server "
                         f"({server['major']}.{server['minor']}) exceeds the supported minor version skew of +/-1")


def api_versions(session: Session, args: Args) -> None:
    if args.names:
        raise session.wrong(f"unexpected arguments: [{' '.join(args.names)}]")
    session.say("\n".join(sorted({resource.api_version for resource in session.discovery.resources})))


def api_resources(session: Session, args: Args) -> None:
    if args.names:
        raise session.wrong(f"unexpected arguments: [{' '.join(args.names)}]")
    if args["output"] not in ("", "wide", "name"):
        raise Failure(f"error: --output {args['output']} is not available")
    if args["sort-by"] not in ("", "name", "kind"):
        raise Failure("error: --sort-by accepts only name or kind")
    chosen = [resource for resource in session.discovery.resources if _wanted(args, resource)]
    order = {"": lambda r: (r.group, r.plural), "name": lambda r: r.plural, "kind": lambda r: r.kind}[args["sort-by"]]
    chosen.sort(key=order)
    if args["output"] == "name":
        session.say("".join(f"{resource.full}\n" for resource in chosen), end="")
        return
    wide = args["output"] == "wide"
    columns = [] if args["no-headers"] else ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"] + ["VERBS", "CATEGORIES"] * wide
    rows = []
    for r in chosen:
        more = [",".join(r.verbs), ",".join(r.categories)] * wide
        rows.append(Row([r.plural, ",".join(r.short), r.api_version, str(r.namespaced).lower(), r.kind, *more]))
    session.tabulate(columns, rows)


def _wanted(args: Args, resource: Resource) -> bool:
    return not ("api-group" in args.given and resource.group != args["api-group"]
                or "namespaced" in args.given and resource.namespaced != args["namespaced"]
                or set(args["verbs"]) - set(resource.verbs) or set(args["categories"]) - set(resource.categories))


def cluster_info(session: Session, args: Args) -> None:
    session.say("Kubernetes control plane is running in process\n\n"
                "To further debug and diagnose cluster problems, use 'kubectl get events -A'.")
