"""Pods that a word names, and commands in their containers: shared by exec, logs, cp and run (KCTL-58, KCTL-60)."""
from __future__ import annotations

from ..labels import of
from ..world import get
from .args import Failure
from .resources import Choice, Target, fetch, items
from .session import Session

DEFAULT = "kubectl.kubernetes.io/default-container"
WORKLOADS = ("StatefulSet", "Deployment", "ReplicaSet", "Service")


def pods_of(session: Session, word: str, doing: str = "attach to") -> list[Target]:
    """`web-0`, `pod/web-0`, `sts/web`, `svc/nginx`: the pods that are meant, the best one first.  doing: what cannot be done with
    others.  Raises Failure, ApiError."""
    kind, slash, name = word.partition("/")
    resource = session.discovery.named(kind if slash else "pods")
    obj = fetch(session, Choice(resource, session.namespace if resource.namespaced else "", name if slash else word))
    pods = session.discovery.named("pods")
    if resource.kind == "Pod":
        return [Target(pods, obj)]
    selector = obj["spec"].get("selector") if resource.kind in WORKLOADS else None
    if not selector:
        kind = f"*{resource.version}.{resource.kind}"
        raise Failure(f"error: cannot {doing} {kind}: selector for {kind} not implemented")
    text = ",".join(f"{k}={v}" for k, v in sorted(selector.items())) if resource.kind == "Service" else str(of(selector))
    found = [Target(pods, item) for item in items(pods, session.ask("GET", pods.path(session.namespace), labelSelector=text))]
    if not found:
        raise Failure("error: timed out waiting for the condition")
    return sorted(found, key=_worth)


def _worth(pod: Target) -> tuple:
    """Pods that run and are ready come first; among them the oldest."""
    status = pod.object.get("status") or {}
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())
    placed, runs = bool(pod.object["spec"].get("nodeName")), status.get("phase") == "Running"
    return not placed, not runs, not ready, pod.object["metadata"]["creationTimestamp"], pod.name


def container_of(session: Session, pod: Target, wanted: str, quiet: bool = False) -> str:
    """The container to use: the one named, or the default one, which is told where there are more."""
    spec = pod.object["spec"]
    main, first = [c["name"] for c in spec["containers"]], [c["name"] for c in spec.get("initContainers") or ()]
    if wanted:
        return wanted
    default = (pod.object["metadata"].get("annotations") or {}).get(DEFAULT)
    if default in main:
        return default
    if len(main + first) > 1 and not quiet:
        session.complain(f'Defaulted container "{main[0]}" out of: {", ".join([*main, *(f"{name} (init)" for name in first)])}')
    return main[0]


def run_in(session: Session, pod: Target, container: str, command: list[str], stdin: str = "") -> dict:
    """Run a command in a container to its end: {"stdout", "stderr", "code"}.  Raises ApiError, Failure."""
    phase = get(pod.object, "status.phase")
    if phase in ("Succeeded", "Failed"):
        raise Failure(f"error: cannot exec into a container in a completed pod; current phase is {phase}")
    return session.ask("POST", pod.path("exec"), stdin, media="text/plain", command=command, container=container,
                       stdin="true" if stdin else "", stdout="true", stderr="true")
