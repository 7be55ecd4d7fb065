"""kubectl run: an image in a pod; with -it its output, with --rm only for as long as it is wanted (KCTL-40)."""
from __future__ import annotations

import json

from .. import patch as patches
from ..errors import ApiError
from ..kinds.schema import root
from ..world import get
from .args import Args, Failure
from .deleting import deleted, gone, policy
from .exec import show
from .output import Report
from .resources import Target
from .session import Session
from .writing import dry_run, label_pairs, options, saved

POLICIES = ("Always", "OnFailure", "Never")
PROMPT = "If you don't see a command prompt, try pressing enter."


def run(session: Session, args: Args) -> int:
    _check(session, args)
    report, interactive = Report(session), args["stdin"] or args["tty"] or args["attach"]
    pods = session.discovery.named("pods")
    body = saved(session, _pod(session, args))
    if args["expose"]:
        _expose(session, args, report, body["metadata"]["labels"])
    if dry_run(session) == "client":
        report.done(pods, body, "created")
        return 0
    pod = Target(pods, session.ask("POST", pods.path(session.namespace), body, **options(session)))
    if not interactive or dry_run(session) == "server":
        report.done(pods, pod.object, "created")
        return 0
    try:
        return _attach(session, args, pod)
    finally:
        if args["rm"]:
            grace = args["grace-period"]
            uid = deleted(session, pod, grace=0 if args["force"] else None if grace < 0 else grace, propagation=policy(args["cascade"]))
            session.say(f'{pod.resource.label} "{pod.name}" {"force " if args["force"] else ""}deleted')
            if args["wait"]:
                gone(session, pod, uid, args["timeout"] or None)


def _check(session: Session, args: Args) -> None:
    """Raises Failure where flags do not go together."""
    if not args.names or args.dash == 0:
        raise session.wrong("NAME is required for run")
    if args["tty"] and not args["stdin"]:
        raise session.wrong("-i/--stdin is required for containers with -t/--tty=true")
    if args["rm"] and not (args["stdin"] or args["attach"]):
        raise session.wrong("--rm should only be used for attached containers")
    if args["dry-run"] != "none" and (args["stdin"] or args["attach"] or args["tty"]):
        raise session.wrong("--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)")
    if args["restart"] not in POLICIES:
        raise session.wrong(f"invalid restart policy: {args['restart']}")
    if args["expose"] and not args["port"]:
        raise session.wrong("--port must be set when exposing a service")
    if not args["image"]:
        raise Failure("error: --image is required")
    if " " in args["image"]:
        raise Failure(f'error: Invalid image name "{args["image"]}": invalid reference format')


def _pod(session: Session, args: Args) -> dict:
    """The pod, as kubectl writes it."""
    name, words = args.names[0], args.names[1:]
    labels = label_pairs(args["labels"]) if args["labels"] else {"run": name}
    container: dict = {"image": args["image"], "name": name, "resources": {}}
    if words:
        container["command" if args["command"] else "args"] = words
    if args["env"]:
        container["env"] = [_variable(text) for text in args["env"]]
    if args["image-pull-policy"]:
        container["imagePullPolicy"] = args["image-pull-policy"]
    if args["port"]:
        container["ports"] = [{"containerPort": _port(args)}]
    if args["privileged"]:
        container["securityContext"] = {"privileged": True}
    if args["stdin"]:
        container.update(stdin=True, **({} if args["leave-stdin-open"] else {"stdinOnce": True}))
    if args["tty"]:
        container["tty"] = True
    meta = {"creationTimestamp": None, "labels": labels, "name": name}
    if "namespace" in args.given:
        meta["namespace"] = session.namespace
    if args["annotations"]:
        meta["annotations"] = dict(_annotation(text) for text in args["annotations"])
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "status": {},
           "spec": {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": args["restart"]}}
    if not args["overrides"]:
        return pod
    try:
        overrides = json.loads(args["overrides"])
    except ValueError:
        raise Failure("error: Invalid JSON Patch") from None
    if args["override-type"] == "json":
        return patches.json_patch(pod, overrides)
    if args["override-type"] == "strategic":
        return patches.strategic_merge(pod, overrides, root("Pod"))
    return patches.merge_patch(pod, overrides)


def _port(args: Args) -> int:
    if not args["port"].isdecimal():
        raise Failure(f'error: strconv.Atoi: parsing "{args["port"]}": invalid syntax')
    return int(args["port"])


def _annotation(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise Failure(f"error: invalid annotations format: {text}")
    return key, value


def _variable(text: str) -> dict:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise Failure(f"error: invalid env: {text}")
    return {"name": name, "value": value}


def _expose(session: Session, args: Args, report: Report, labels: dict) -> None:
    services, name, port = session.discovery.named("services"), args.names[0], _port(args)
    given = {"labels": labels} if args["labels"] else {}
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"creationTimestamp": None, "name": name, **given},
            "spec": {"ports": [{"port": port, "protocol": "TCP", "targetPort": port}], "selector": labels}, "status": {"loadBalancer": {}}}
    if dry_run(session) != "client":
        body = session.ask("POST", services.path(session.namespace), body, **options(session))
    report.done(services, body, "created")
    if report.output.form == "yaml":
        session.say("---")


# ---- attached -------------------------------------------------------------------------------------

def _attach(session: Session, args: Args, pod: Target) -> int:
    """Let the container run; then what it wrote, or, where it waits for input, what it makes of it."""
    def begun() -> dict | None:
        now = session.ask("GET", pod.path())
        state = get(now, "status.containerStatuses", [{}])[0]
        return now if "running" in state.get("state", {}) or _end(state) else None
    now = session.until(begun, args["pod-running-timeout"])
    if now is None:
        raise Failure("error: timed out waiting for the condition")
    if args["stdin"] and not _end(now["status"]["containerStatuses"][0]):
        said = session.ask("POST", pod.path("attach"), session.stdin(), media="text/plain", stdin="true", stdout="true", stderr="true")
        if said["code"] is not None:
            if args["tty"] and not args["quiet"]:
                session.complain(PROMPT)
            return show(session, said)
    return _output(session, args, pod)


def _end(status: dict) -> dict | None:
    """How the container's process ended, where it has."""
    return get(status, "state.terminated") or get(status, "lastState.terminated")


def _output(session: Session, args: Args, pod: Target) -> int:
    """What the container's process writes until it ends, or until the cluster comes to rest."""
    def ended() -> dict | None:
        return _end(session.ask("GET", pod.path())["status"]["containerStatuses"][0])
    end = session.until(ended)
    try:
        session.say(session.send("GET", pod.path("log")).body.decode(), end="")
    except ApiError as error:
        session.complain(f"warning: couldn't attach to pod/{pod.name}, falling back to streaming logs: {error.message}")
    if end is None or args["restart"] == "Always" or not end.get("exitCode"):
        return 0
    session.complain(f"pod {pod.namespace}/{pod.name} terminated ({end.get('reason', '')})")
    return end["exitCode"]
