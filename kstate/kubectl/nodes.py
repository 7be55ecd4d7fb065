"""kubectl cordon, uncordon and taint (KCTL-52, KCTL-39)."""
from __future__ import annotations

import re

from .. import labels
from ..errors import ApiError
from .args import Args, Failure
from .errors import Several
from .output import Report
from .resources import Choice, Target, choose, targets
from .session import PATCHES, Session
from .writing import dry_run, options

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def cordon(session: Session, args: Args) -> None:
    set_schedulable(session, chosen_nodes(session, args), False)


def uncordon(session: Session, args: Args) -> None:
    set_schedulable(session, chosen_nodes(session, args), True)


def chosen_nodes(session: Session, args: Args) -> list[Target]:
    """The nodes that are named, or that -l chooses.  Raises Failure."""
    if not args.names and not args["selector"]:
        raise session.wrong(f"USAGE: {session.command.path} NODE [flags]")
    if args.names and args["selector"]:
        raise session.wrong("cannot specify both a node name and a --selector option")
    errors: list[Exception] = []
    found = list(targets(session, [_choice(session, word) for word in args.names] or [_choice(session, "")], errors))
    if errors:
        raise Several(errors)
    for target in found:
        if target.resource.kind != "Node":
            version = f"{target.resource.group}/{target.resource.version}"
            raise Failure(f'error: expected resource of type node, got "{version}, Resource={target.resource.plural}"')
    return found


def _choice(session: Session, word: str) -> Choice:
    """`node-1`, `node/node-1`; "": all nodes."""
    kind, slash, name = word.partition("/")
    resource = session.discovery.named(kind if slash else "nodes")
    return Choice(resource, session.namespace if resource.namespaced else "", name if slash else word)


def set_schedulable(session: Session, nodes: list[Target], wanted: bool) -> None:
    """Let pods onto the nodes, or no more."""
    word = "uncordoned" if wanted else "cordoned"
    mode = dry_run(session)
    suffix = {"client": " (dry run)", "server": " (server dry run)"}.get(mode, "")
    for node in nodes:
        if bool(node.object["spec"].get("unschedulable")) != wanted:
            session.say(f"{node.label} already {word}{suffix}")
            continue
        if mode != "client":
            session.ask("PATCH", node.path(), {"spec": {"unschedulable": None if wanted else True}}, media=PATCHES["strategic"],
                        dryRun=options(session)["dryRun"])
        session.say(f"{node.label} {word}{suffix}")


# ---- taint ----------------------------------------------------------------------------------------

def taint(session: Session, args: Args) -> None:
    names = [word for word in args.names if not _is_change(word)]
    changes = [word for word in args.names if _is_change(word)]
    if not names:
        raise Failure("error: one or more resources must be specified as <resource> <name>")
    if not changes:
        raise Failure("error: at least one taint update is required")
    try:
        added, removed = _parse(changes)
    except ValueError as error:
        raise session.wrong(str(error)) from None
    if session.discovery.named(names[0].partition("/")[0]).kind != "Node":
        raise Failure(f"error: invalid resource type {names[0]}, only node types are supported")
    if len(names) == 1 and "/" not in names[0] and not args["all"] and not args["selector"]:
        raise Failure("error: at least one resource name must be specified since 'all' parameter is not set")
    report, query, errors = Report(session), options(session, validated=True), []
    for node in targets(session, choose(session, names), errors):
        try:
            taints, word = _changed(args, node, added, removed)
            obj = {**node.object, "spec": {**node.object["spec"], "taints": taints}}
            if dry_run(session) != "client":
                obj = session.ask("PATCH", node.path(), {"spec": {"taints": taints or None}}, media=PATCHES["merge"], **query)
            report.done(node.resource, obj, word)
        except (ApiError, Failure) as error:
            errors.append(error)
    if errors:
        raise Several(errors)


def _is_change(word: str) -> bool:
    return bool(re.search(r"[=:]", word)) or word.endswith("-")


def _parse(words: list[str]) -> tuple[list[dict], list[dict]]:
    """Taints to set and taints to remove; those have no effect where all of the key are meant.  Raises ValueError."""
    added, removed = [], []
    for word in words:
        if word.endswith("-"):
            key, _, effect = word[:-1].partition(":")
            removed.append({"key": key.partition("=")[0], **({"effect": _effect(effect)} if effect else {})})
            continue
        found = re.fullmatch(r"([^=:]+)(?:=([^:]*))?:([^:]*)", word)
        if not found:
            problems = labels.label_key_problems(word.partition(":")[0]) if word.count(":") < 2 else []
            raise ValueError(f"invalid taint spec: {word}" + (f", {'; '.join(problems)}" if problems else ""))
        problems = labels.label_key_problems(found[1]) + labels.label_value_problems(found[2] or "")
        if problems:
            raise ValueError(f"invalid taint spec: {word}, {'; '.join(problems)}")
        added.append({"effect": _effect(found[3]), "key": found[1], **({"value": found[2]} if found[2] else {})})
    return added, removed


def _effect(text: str) -> str:
    if text not in EFFECTS:
        raise ValueError(f"invalid taint effect: {text}, unsupported taint effect")
    return text


def _changed(args: Args, node: Target, added: list[dict], removed: list[dict]) -> tuple[list[dict], str]:
    """The taints after the change, and what happened in one word.  Raises Failure."""
    have = node.object["spec"].get("taints") or []
    same = {(t["key"], t["effect"]): t for t in have}
    for wanted in removed:
        if not any(_means(wanted, taint) for taint in have):
            raise Failure(f'error: taint "{wanted["key"]}{":" + wanted["effect"] if "effect" in wanted else ""}" not found')
    taken = [t["key"] for t in added if (t["key"], t["effect"]) in same]
    if taken and not args["overwrite"]:
        listed = ",".join(dict.fromkeys(taken))
        raise Failure(f"error: node {node.name} already has {listed} taint(s) with same effect(s) and --overwrite is false")
    kept = [taint for taint in have if not any(_means(wanted, taint) for wanted in removed + added)]
    word = "tainted" if added and not removed else "untainted" if removed and not added else "modified"
    return added + kept, "modified" if args["overwrite"] else word


def _means(wanted: dict, taint: dict) -> bool:
    return wanted["key"] == taint["key"] and wanted.get("effect", taint["effect"]) == taint["effect"]
