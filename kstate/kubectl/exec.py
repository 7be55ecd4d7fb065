"""kubectl exec (KCTL-60): a command in a container; a shell without a command of its own reads standard input."""
from __future__ import annotations

from .args import Args, Failure
from .containers import container_of, pods_of, run_in
from .session import Session


def exec(session: Session, args: Args) -> int:
    named = args.names if args.dash is None else args.names[:args.dash]
    if not named:
        raise Failure("error: pod, type/name or --filename must be specified")
    if args.dash is None and len(args.names) > 1:
        raise session.wrong("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead")
    command = args.after_dash
    if not command:
        raise Failure("error: you must specify at least one command for the container")
    pod = pods_of(session, named[0])[0]
    container = container_of(session, pod, args["container"], args["quiet"])
    result = run_in(session, pod, container, command, session.stdin() if args["stdin"] else "")
    return show(session, result)


def show(session: Session, result: dict) -> int:
    """Print what a command wrote, and how it ended; its exit code."""
    session.say(result["stdout"], end="")
    session.complain(result["stderr"], end="")
    if result["code"]:
        session.complain(f"command terminated with exit code {result['code']}")
    return result["code"]
