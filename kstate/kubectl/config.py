"""kubectl config: one context, whose namespace can be chosen (KCTL-55)."""
from __future__ import annotations

from .args import Args, Failure
from .output import Output
from .session import CONTEXT, Session
from .tables import Row


def _configuration(session: Session) -> dict:
    context = {"cluster": CONTEXT, "namespace": session.cluster.namespace, "user": CONTEXT}
    return {"apiVersion": "v1", "kind": "Config", "preferences": {}, "current-context": CONTEXT,
            "clusters": [{"cluster": {"server": "in process"}, "name": CONTEXT}], "contexts": [{"context": context, "name": CONTEXT}],
            "users": [{"name": CONTEXT, "user": {}}]}


def view(session: Session, args: Args) -> None:
    session.say(Output(session).format(_configuration(session)), end="")


def current_context(session: Session, args: Args) -> None:
    session.say(CONTEXT)


def get_contexts(session: Session, args: Args) -> None:
    wanted = args.names or [CONTEXT]
    unknown = [name for name in wanted if name != CONTEXT]
    if args["output"] not in ("", "name"):
        raise Failure(f"error: output must be one of '' or 'name': {args['output']}")
    if args["output"] == "name":
        session.say(CONTEXT)
    else:
        columns = [] if args["no-headers"] else ["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"]
        session.tabulate(columns, [Row(["*", CONTEXT, CONTEXT, CONTEXT, session.cluster.namespace])] if CONTEXT in wanted else [])
    if unknown:
        raise Failure(f"error: context {unknown[0]} not found")


def get_clusters(session: Session, args: Args) -> None:
    session.say(f"NAME\n{CONTEXT}")


def use_context(session: Session, args: Args) -> None:
    if len(args.names) != 1:
        raise Failure(f"error: Unexpected args: [{' '.join(args.names)}]")
    if args.names[0] != CONTEXT:
        raise Failure(f'error: no context exists with the name: "{args.names[0]}"')
    session.say(f'Switched to context "{CONTEXT}".')


def set_context(session: Session, args: Args) -> None:
    """--current --namespace=x: where commands work from now on."""
    if args.names and args["current"]:
        raise Failure(f"error: Unexpected args: [{' '.join(args.names)}]")
    if not args.names and not args["current"]:
        raise Failure("error: you must specify a non-empty context name or --current")
    if args.names and args.names[0] != CONTEXT or args["cluster"] or args["user"]:
        raise Failure("error: A simulated cluster has one context, which cannot be changed but for its namespace.")
    if "namespace" in args.given:
        session.cluster.namespace = args["namespace"] or "default"
    session.say(f'Context "{CONTEXT}" modified.')
