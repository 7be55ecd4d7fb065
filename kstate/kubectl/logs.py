"""kubectl logs (KCTL-58)."""
from __future__ import annotations

from ..errors import ApiError, NotFound
from .args import Args, Failure
from .containers import container_of, pods_of
from .resources import Choice, Target, fetch, items
from .session import Session

LINES = 10          # of each pod, where a selector chooses them


def logs(session: Session, args: Args) -> None:
    if not args.names and not args["selector"] or len(args.names) > 2:
        raise session.wrong("expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\n"
                            "POD or TYPE/NAME is a required argument for the logs command")
    if args.names and args["selector"]:
        raise Failure("error: only a selector (-l) or a POD name is allowed")
    if args["since"] and args["since-time"]:
        raise Failure("error: at most one of `sinceTime` or `sinceSeconds` may be specified")
    wanted = args["container"] or (args.names[1] if len(args.names) == 2 else "")
    if args["all-containers"] and wanted:
        raise Failure("error: --all-containers=true should not be specified with container name " + wanted)
    pods = _pods(session, args)
    if args["tail"] < -1:
        raise Failure("error: --tail must be greater than or equal to -1")
    for pod in pods:
        spec = pod.object["spec"]
        every = [c["name"] for c in [*(spec.get("initContainers") or ()), *spec["containers"]]]
        if wanted and wanted not in every:
            raise Failure(f"error: container {wanted} is not valid for pod {pod.name}")
        for container in every if args["all-containers"] else [container_of(session, pod, wanted)]:
            _show(session, args, pod, container)


def _pods(session: Session, args: Args) -> list[Target]:
    if args["selector"]:
        resource = session.discovery.named("pods")
        found = items(resource, fetch(session, Choice(resource, session.namespace)))
        if not found:
            session.complain(f"No resources found in {session.namespace} namespace.")
        return [Target(resource, item) for item in found]
    try:
        found = pods_of(session, args.names[0], "get the logs from")
    except NotFound as error:
        raise Failure(f'error: error from server (NotFound): {error.message} in namespace "{session.namespace}"') from None
    if args["all-pods"]:
        return found
    if len(found) > 1:
        session.complain(f"Found {len(found)} pods, using pod/{found[0].name}")
    return found[:1]


def _show(session: Session, args: Args, pod: Target, container: str) -> None:
    tail = args["tail"] if args["tail"] >= 0 else LINES if args["selector"] and "tail" not in args.given else ""
    query = {"container": container, "previous": "true" if args["previous"] else "", "timestamps": "true" if args["timestamps"] else "",
             "tailLines": tail, "sinceSeconds": -(-args["since"] // 1000) or "", "sinceTime": args["since-time"],
             "limitBytes": args["limit-bytes"] or ""}
    try:
        if args["follow"]:
            for _ in session.moments():         # what is written until the cluster comes to rest
                pass
        text = session.send("GET", pod.path("log"), **query).body.decode()
    except ApiError as error:
        if not args["ignore-errors"]:
            raise
        session.complain(error.message)
        return
    if args["prefix"] or args["all-pods"]:
        text = "".join(f"[pod/{pod.name}/{container}] {line}" for line in text.splitlines(keepends=True))
    session.say(text, end="")
