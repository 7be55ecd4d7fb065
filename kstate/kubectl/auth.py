"""kubectl auth (KCTL-54)."""
from __future__ import annotations

from .args import Args, Failure
from .output import Output
from .session import Session
from .tables import Row

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "use", "bind", "impersonate", "approve", "sign",
         "escalate", "attest", "*")
OTHER_VERBS = ("get", "put", "post", "head", "options", "delete", "patch", "*")         # on what is no resource


def _review(session: Session, api_version: str, kind: str, spec: dict) -> dict:
    """Ask the server something that it does not keep."""
    return session.ask("POST", f"/apis/{api_version}/{kind.lower()}s", {"apiVersion": api_version, "kind": kind, "spec": spec})


def can_i(session: Session, args: Args) -> int:
    if args["list"]:
        if args.names:
            raise Failure("error: list option must be specified with no arguments\nSee 'kubectl auth can-i -h' for help and examples.")
        return _list(session, args)
    if len(args.names) != 2:
        raise Failure("error: you must specify two arguments: verb resource or verb resource/resourceName.\n"
                      "See 'kubectl auth can-i -h' for help and examples.")
    verb, what = args.names[0], args.names[1]
    if what.startswith("/"):
        attributes = {"nonResourceAttributes": {"path": what, "verb": verb}}
    else:
        kind, _, name = what.partition("/")
        resource = session.discovery.lookup(kind)
        if resource is None and kind != "*":
            session.complain(f"Warning: the server doesn't have a resource type '{kind}'\n")
        if resource and not resource.namespaced:
            scope = f" group '{resource.group}'" if resource.group else ""
            session.complain(f"Warning: resource '{resource.plural}' is not namespace scoped{' in' + scope if scope else ''}\n")
        attributes = {"resourceAttributes": {
            "namespace": "" if args["all-namespaces"] else session.namespace, "verb": verb,
            "group": resource.group if resource else "*" if kind == "*" else "", "resource": resource.plural if resource else kind,
            "subresource": args["subresource"], "name": name}}
    if verb not in (OTHER_VERBS if what.startswith("/") else VERBS):
        session.complain(f"Warning: verb '{verb}' is not a known verb\n")
    answer = _review(session, "authorization.k8s.io/v1", "SelfSubjectAccessReview", attributes)
    allowed = answer["status"].get("allowed", False)
    if not args["quiet"]:
        session.say("yes" if allowed else "no")
    return 0 if allowed else 1


def _list(session: Session, args: Args) -> int:
    answer = _review(session, "authorization.k8s.io/v1", "SelfSubjectRulesReview", {"namespace": session.namespace})
    columns = [] if args["no-headers"] else ["Resources", "Non-Resource URLs", "Resource Names", "Verbs"]
    rows = []
    for rule in answer["status"]["resourceRules"]:
        for group in rule.get("apiGroups") or [""]:
            for resource in rule.get("resources") or ():
                full = f"{resource}.{group}" if group else resource
                rows.append(Row([full, "[]", _listed(rule.get("resourceNames")), _listed(rule.get("verbs"))]))
    for rule in answer["status"]["nonResourceRules"]:
        rows.append(Row(["", _listed(rule.get("nonResourceURLs")), "[]", _listed(rule.get("verbs"))]))
    session.tabulate(columns, rows)
    return 0


def _listed(values: list[str] | None) -> str:
    return f"[{' '.join(values or ())}]"


def whoami(session: Session, args: Args) -> None:
    output = Output(session)
    answer = _review(session, "authentication.k8s.io/v1", "SelfSubjectReview", {})
    if output.form:
        session.say(output.format({**answer, "metadata": {"creationTimestamp": None, **answer["metadata"]}}), end="")
        return
    user = answer["status"]["userInfo"]
    rows = [Row(["Username", user.get("username", "")])]
    if user.get("groups"):
        rows.append(Row(["Groups", _listed(user["groups"])]))
    session.tabulate(["ATTRIBUTE", "VALUE"], rows)
