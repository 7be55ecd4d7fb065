"""kubectl set: one part of the template of a workload (KCTL-39)."""
from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

from .. import labels, quantity
from ..errors import ApiError
from ..kinds.schema import root
from ..patch import three_way
from ..world import get, thaw
from .args import Args, Failure
from .errors import Several
from .output import Report
from .resources import NOTHING_GIVEN, Target, choose, targets
from .session import PATCHES, Session
from .writing import dry_run, options, recorded

Change = Callable[[dict], None]         # edits a pod spec in place; raises Failure
EXPRESSIONS = {"in": "In", "notin": "NotIn", "exists": "Exists", "!": "DoesNotExist", "gt": "Gt", "lt": "Lt"}


def split_pairs(args: Args, what: str) -> tuple[list[str], list[str]]:
    """Words that name objects, and the a=b or a- after them."""
    kinds: list[str] = []
    pairs: list[str] = []
    for word in args.names:
        if "=" in word[1:] or word.endswith("-") and word != "-":
            pairs.append(word)
        elif pairs:
            raise Failure(f"error: all resources must be specified before {what} changes: {word}")
        else:
            kinds.append(word)
    return kinds, pairs


def named(target: Target) -> str:
    """statefulsets/web: how some errors call an object."""
    return f"{target.resource.plural}/{target.name}"


def pod_spec(target: Target, obj: dict) -> dict:
    """The pod spec in a pod or in a workload.  Raises Failure."""
    spec = obj["spec"] if target.resource.kind == "Pod" else get(obj, "spec.template.spec")
    if spec is None:
        raise Failure(f"error: {named(target)} the object is not a pod or does not have a pod template: "
                      f"*{target.resource.version}.{target.resource.kind}")
    return spec


def update(session: Session, kinds: list[str], change: Callable[[Target, dict], None], what: str, refused: str = "") -> None:
    """Edit each object and send what differs; what does not is passed over in silence.  refused: how the complaint begins where the
    server does not take it."""
    args = session.args
    if not kinds and not args["filename"]:
        raise NOTHING_GIVEN
    report, query, errors = Report(session), options(session), []
    for target in targets(session, choose(session, kinds), errors):
        obj = thaw(target.object)
        try:
            change(target, obj)
            obj = recorded(session, obj)
            patch = three_way(target.object, obj, target.object, root(target.resource.kind))
            if not patch:
                continue
            if args["local"] or dry_run(session) == "client":
                report.done(target.resource, obj, what)
            else:
                report.done(target.resource, session.ask("PATCH", target.path(), patch, media=PATCHES["strategic"], **query), what)
        except (ApiError, Failure) as error:
            errors.append(Failure(f"error: {refused} {error}") if refused and isinstance(error, ApiError) else error)
    if errors:
        raise Several(errors)


def _there(session: Session, kinds: list[str]) -> None:
    """What is named has to be there before anything else is complained about.  Raises Failure, ApiError."""
    for _ in targets(session, choose(session, kinds)):
        pass


def containers(spec: dict, wanted: str = "*") -> list[dict]:
    """The containers, init containers first, whose names match: `*`, `web-*`."""
    pattern = re.compile(re.escape(wanted).replace(r"\*", ".*"))
    return [c for c in [*(spec.get("initContainers") or ()), *spec["containers"]] if pattern.fullmatch(c["name"])]


# ---- image ----------------------------------------------------------------------------------------

def image(session: Session, args: Args) -> None:
    kinds, pairs = split_pairs(args, "image")
    images = dict(pair.split("=", 1) for pair in pairs)
    if not kinds and not args["filename"]:
        raise NOTHING_GIVEN
    if not images:
        _there(session, kinds)
        raise Failure("error: at least one image update is required")
    if "*" in images and len(images) > 1:
        raise Failure("error: all containers are already specified by *, but saw more than one container_name=container_image pairs")

    def change(target: Target, obj: dict) -> None:
        spec = pod_spec(target, obj)
        for name, wanted in images.items():
            found = containers(spec) if name == "*" else [c for c in containers(spec) if c["name"] == name]
            if not found:
                raise Failure(f'error: unable to find container named "{name}"')
            for container in found:
                container["image"] = wanted
    update(session, kinds, change, "image updated", "failed to patch image update to pod template:")


# ---- resources, service account, selector ---------------------------------------------------------

def resources(session: Session, args: Args) -> None:
    _there(session, args.names)
    if not args["limits"] and not args["requests"]:
        raise Failure("error: you must specify an update to requests or limits (in the form of --requests/--limits)")
    wanted = {"limits": _amounts(args["limits"]), "requests": _amounts(args["requests"])}

    def change(target: Target, obj: dict) -> None:
        found = containers(pod_spec(target, obj), args["containers"])
        if not found:
            raise Failure(f"error: unable to find container named {args['containers']}")
        for container in found:
            for side, amounts in wanted.items():
                if amounts:
                    have = container.get("resources") or {}
                    container["resources"] = {**have, side: {**(have.get(side) or {}), **amounts}}
    update(session, args.names, change, "resource requirements updated", "failed to patch resources update to pod template")


def _amounts(text: str) -> dict[str, str]:
    amounts = {}
    for pair in filter(None, text.split(",")):
        name, equals, amount = pair.partition("=")
        if not equals:
            raise Failure(f"error: Invalid argument syntax {pair}, expected <resource>=<value>")
        try:
            amounts[name] = quantity.canonical(amount)
        except ValueError as error:
            raise Failure(f"error: {error}") from None
    return amounts


def serviceaccount(session: Session, args: Args) -> None:
    if not args.names:
        raise Failure("error: serviceaccount is required")

    def change(target: Target, obj: dict) -> None:
        spec = pod_spec(target, obj)
        spec["serviceAccountName"] = args.names[-1]
        spec.pop("serviceAccount", None)
    update(session, args.names[:-1], change, "serviceaccount updated")


def selector(session: Session, args: Args) -> None:
    if not args.names:
        raise Failure("error: one or more resources must be specified as <resource> <name> or <resource>/<name>")
    kinds, text = args.names[:-1], args.names[-1]
    try:
        wanted = labels.parse(text)
    except ValueError as error:
        raise Failure(f'error: couldn\'t parse the selector string "{text}": {error}') from None
    if any(operator == "!=" for _, operator, _ in wanted.requirements or ()):
        raise Failure('error: "!=" is not a valid label selector operator')

    def change(target: Target, obj: dict) -> None:
        if target.resource.kind != "Service":
            raise Failure("error: setting a selector is only supported for Services")
        obj["spec"]["selector"] = _equalities(wanted)
    update(session, kinds, change, "selector updated")


def _equalities(selector: labels.Selector) -> dict[str, str]:
    """A selector as a Service has it, which knows only that a label is equal.  Raises Failure."""
    for key, operator, values in selector.requirements or ():
        if operator not in ("=", "=="):
            raise Failure(f"error: match expression [{{{key} {EXPRESSIONS[operator]} [{' '.join(values)}]}}] not supported on this object")
    return {key: values[0] for key, _, values in selector.requirements or ()}


# ---- environment ----------------------------------------------------------------------------------

def env(session: Session, args: Args) -> None:
    kinds, pairs = split_pairs(args, "environment")
    pairs += args["env"]
    if not kinds and not args["filename"]:
        raise Failure("error: one or more resources must be specified as <resource> <name> or <resource>/<name>")
    if args["list"] and args["output"]:
        raise Failure("error: --list and --output may not be specified together")
    dry_run(session)
    if args["list"]:
        _list_env(session, kinds)
        return
    given = [{"name": name, "value": value} for name, value in (pair.split("=", 1) for pair in pairs if "=" in pair)]
    wanted = {variable["name"]: variable for variable in [*(_imported(session, args) if args["from"] else ()), *given]}
    gone = [pair[:-1] for pair in pairs if "=" not in pair]
    if any(name in wanted for name in gone):
        raise Failure("error: can not both modify and remove the same environment variable in the same command")

    def change(target: Target, obj: dict) -> None:
        for container in containers(pod_spec(target, obj), args["containers"]):
            have = {v["name"]: v for v in container.get("env") or ()}
            taken = [name for name in wanted if name in have and have[name] != wanted[name]]
            if taken and not args["overwrite"]:
                value = have[taken[0]].get("value", "")
                raise Failure(f"error: {named(target)} '{taken[0]}' already has a value ({value}), and --overwrite is false")
            container["env"] = [v for name, v in {**have, **wanted}.items() if name not in gone]
            if not container["env"]:
                del container["env"]
    update(session, kinds, change, "env updated")


def _imported(session: Session, args: Args) -> list[dict]:
    """--from=configmap/name or secret/name: a reference for each key."""
    kind, _, name = args["from"].partition("/")
    resource = session.discovery.named(kind)
    ref = {"ConfigMap": "configMapKeyRef", "Secret": "secretKeyRef"}.get(resource.kind)
    if ref is None:
        raise Failure(f"error: unsupported resource specified in --from: {resource.kind}")
    data: dict[str, Any] = session.ask("GET", resource.path(session.namespace, name)).get("data") or {}
    variables = []
    for key in [key for key in sorted(data) if not args["keys"] or key in args["keys"]]:
        variable = args["prefix"] + re.sub(r"[^A-Za-z0-9_]", "_", key).upper()
        if not re.fullmatch(r"[-._a-zA-Z][-._a-zA-Z0-9]*", key) or "." in key or "-" in key:
            session.warn(f"key {key} transferred to {variable}")
        variables.append({"name": variable, "valueFrom": {ref: {"name": name, "key": key}}})
    return variables


def _list_env(session: Session, kinds: list[str]) -> None:
    for target in targets(session, choose(session, kinds)):
        for container in containers(pod_spec(target, target.object), session.args["containers"]):
            session.say(f"# {target.resource.kind} {target.name}, container {container['name']}")
            for variable in container.get("env") or ():
                session.say(_told(session, variable))


def _told(session: Session, variable: dict) -> str:
    name, source = variable["name"], variable.get("valueFrom")
    if not source:
        return f"{name}={variable.get('value', '')}"
    if session.args["resolve"]:
        return f"{name}={_resolved(session, source)}"
    if "fieldRef" in source:
        return f"# {name} from field path {source['fieldRef']['fieldPath']}"
    if "resourceFieldRef" in source:
        return f"# {name} from resource field {source['resourceFieldRef']['resource']}"
    kind, ref = ("secret", source["secretKeyRef"]) if "secretKeyRef" in source else ("configmap", source["configMapKeyRef"])
    return f"# {name} from {kind} {ref.get('name', '')}, key {ref['key']}"


def _resolved(session: Session, source: dict) -> str:
    for name, kind in (("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets")):
        if name in source:
            resource = session.discovery.named(kind)
            value = session.ask("GET", resource.path(session.namespace, source[name]["name"])).get("data", {}).get(source[name]["key"], "")
            return base64.b64decode(value).decode("utf-8", "replace") if kind == "secrets" else value
    return ""
