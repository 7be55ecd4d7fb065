"""kubectl drain: cordon a node and evict its pods, as fast as disruption budgets allow (KCTL-53, EVI-8)."""
from __future__ import annotations

from ..errors import ApiError, NotFound, TooManyRequests
from .args import Args, Failure
from .errors import Several
from .nodes import chosen_nodes, set_schedulable
from .resources import Target, items
from .session import Session
from .writing import dry_run

RETRY = 5000                    # ms between two attempts to evict a pod that a budget protects
MIRROR = "kubernetes.io/config.mirror"
# why a pod is not evicted: (what the pods are called, which flag lets it happen, what is then said of them)
PROTECTED = {
    "daemons": ("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)", "ignore-daemonsets", "ignoring DaemonSet-managed Pods"),
    "storage": ("Pods with local storage (use --delete-emptydir-data to override)", "delete-emptydir-data",
                "deleting Pods with local storage"),
    "alone": ("cannot delete Pods that declare no controller (use --force to override)", "force",
              "deleting Pods that declare no controller"),
}


def drain(session: Session, args: Args) -> None:
    nodes = chosen_nodes(session, args)
    set_schedulable(session, nodes, False)
    suffix = {"client": " (dry run)", "server": " (server dry run)"}.get(dry_run(session), "")
    failed: list[tuple[Target, Exception]] = []
    for node in nodes:
        try:
            _empty(session, args, node, suffix)
            session.say(f"{node.label} drained{suffix}")
        except (ApiError, Failure) as error:
            text = error.message if isinstance(error, ApiError) else error.text.removeprefix("error: ")
            session.complain(f'error: unable to drain node "{node.name}" due to error: {text}, continuing command...')
            failed.append((node, error if isinstance(error, ApiError) else Failure(text)))
    if failed:
        session.complain("There are pending nodes to be drained:\n" + "\n".join(f" {node.name}" for node, _ in failed))
        raise Several([error for _, error in failed])


def _empty(session: Session, args: Args, node: Target, suffix: str) -> None:
    pods = _to_evict(session, args, node)
    for pod in pods if dry_run(session) == "client" else ():
        session.say(f"evicting pod {pod.namespace}/{pod.name}{suffix}")
    if dry_run(session) != "client":
        _evict_all(session, args, pods, suffix)


def _to_evict(session: Session, args: Args, node: Target) -> list[Target]:
    """The pods that may go.  Raises Failure where some may not."""
    resource = session.discovery.named("pods")
    found = session.ask("GET", resource.path(), fieldSelector=f"spec.nodeName={node.name}", labelSelector=args["pod-selector"],
                        limit=args["chunk-size"])
    pods, refused, warned = [], {}, {}
    for pod in items(resource, found):
        meta = pod["metadata"]
        if MIRROR in (meta.get("annotations") or {}):
            continue
        reasons = _protected(pod)
        for reason in reasons:
            _, flag, told = PROTECTED[reason]
            (warned.setdefault(told, []) if args[flag] else refused.setdefault(reason, [])).append(f"{meta['namespace']}/{meta['name']}")
        if "daemons" not in reasons:
            pods.append(Target(resource, pod))
    if refused:
        texts = [f"cannot delete {PROTECTED[reason][0]}: {', '.join(names)}" for reason, names in refused.items()]
        raise Failure("error: " + (texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"))
    if warned:
        session.complain("Warning: " + "; ".join(f"{told}: {', '.join(names)}" for told, names in warned.items()))
    return pods


def _protected(pod: dict) -> list[str]:
    owner = next((o for o in pod["metadata"].get("ownerReferences") or () if o.get("controller")), None)
    ended = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    reasons = []
    if owner and owner["kind"] == "DaemonSet" and not ended:
        return ["daemons"]
    if any("emptyDir" in volume for volume in pod["spec"].get("volumes") or ()) and not ended:
        reasons.append("storage")
    if owner is None and not ended:
        reasons.append("alone")
    return reasons


def _evict_all(session: Session, args: Args, pods: list[Target], suffix: str) -> None:
    """Evict, try again where a budget is in the way, and wait until all are gone."""
    limit, began = args["timeout"] or None, session.elapsed()
    waiting, evicted = list(pods), []
    while waiting:
        protected = []
        for pod in waiting:
            session.say(f"evicting pod {pod.namespace}/{pod.name}{suffix}")
            try:
                _evict(session, args, pod)
                evicted.append(pod)
            except TooManyRequests as error:
                protected.append(pod)
                session.complain(f'error when evicting pods/"{pod.name}" -n "{pod.namespace}" (will retry after 5s): {error.message}')
        over = limit is not None and session.elapsed() - began >= limit
        if protected and (over or len(protected) == len(waiting) and limit is None and not session.changes()):
            raise Failure(f'error: error when evicting pods/"{protected[0].name}" -n "{protected[0].namespace}": global timeout reached: '
                          f"{_seconds(limit) if limit else 'the cluster has come to rest'}")
        if protected and limit is not None:
            for _ in session.moments(RETRY):
                pass
        waiting = protected
    if dry_run(session) == "none":
        for pod in evicted:
            _await_end(session, pod, limit)
            session.say(f"{pod.label} evicted")


def _evict(session: Session, args: Args, pod: Target) -> None:
    grace = {"gracePeriodSeconds": args["grace-period"]} if args["grace-period"] >= 0 else {}
    dry = {"dryRun": ["All"]} if dry_run(session) == "server" else {}
    try:
        if args["disable-eviction"]:
            session.ask("DELETE", pod.path(), {**grace, **dry})
        else:
            session.ask("POST", pod.path("eviction"), {"apiVersion": "policy/v1", "kind": "Eviction", "deleteOptions": {**grace, **dry},
                                                       "metadata": {"name": pod.name, "namespace": pod.namespace}})
    except NotFound:
        return


def _await_end(session: Session, pod: Target, limit: int | None) -> None:
    def check() -> bool | None:
        now = session.find(pod.path())
        return True if now is None or now["metadata"]["uid"] != pod.object["metadata"]["uid"] else None
    if not session.until(check, limit):
        raise Failure(f"error: timed out waiting for the condition on pods/{pod.name}")


def _seconds(ms: int) -> str:
    minutes, seconds = divmod(ms // 1000, 60)
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
