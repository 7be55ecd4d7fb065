"""kubectl cp: files between containers and the files at hand, by `cat` in the container (text only)."""
from __future__ import annotations

import posixpath
import re
import shlex

from .args import Args, Failure
from .containers import container_of, pods_of, run_in
from .resources import Target
from .session import Session


def cp(session: Session, args: Args) -> None:
    if len(args.names) != 2:
        raise Failure("error: source and destination are required")
    source, goal = map(_remote, args.names)
    if source and goal:
        raise Failure("error: one of src or dest must be a local file specification")
    if not source and not goal:
        raise Failure("error: one of src or dest must be a remote file specification")
    pod = _pod(session, source or goal)
    container = container_of(session, pod, args["container"])
    if source:
        _fetch(session, pod, container, source[1], args.names[1])
    else:
        _send(session, pod, container, args.names[0], goal[1])


def _remote(word: str) -> tuple[str, str] | None:
    """[namespace/]pod:path as (pod, path); None for a local path."""
    found = re.fullmatch(r"([^:]*):(.*)", word)
    if not found:
        return None
    if not found[1] or found[1].count("/") > 1:
        raise Failure("error: filespec must match the canonical format: [[namespace/]pod:]file/path")
    return found[1], found[2]


def _pod(session: Session, place: tuple[str, str]) -> Target:
    namespace, slash, name = place[0].rpartition("/")
    if slash:
        session.args.flags["namespace"] = namespace
    return pods_of(session, f"pod/{name}")[0]


def _fetch(session: Session, pod: Target, container: str, path: str, local: str) -> None:
    result = run_in(session, pod, container, ["cat", path])
    if result["code"]:
        raise Failure(f"{result['stderr']}error: {path} no such file or directory")
    session.files[local] = result["stdout"]


def _send(session: Session, pod: Target, container: str, local: str, path: str) -> None:
    if local not in session.files:
        raise Failure(f'error: {local} doesn\'t exist in local filesystem')
    target = shlex.quote(path)
    inside = shlex.quote(posixpath.join(path, posixpath.basename(local)))
    script = f"if [ -d {target} ]; then cat > {inside}; else cat > {target}; fi"
    result = run_in(session, pod, container, ["sh", "-c", script], session.files[local])
    if result["code"]:
        raise Failure(f"{result['stderr']}error: command terminated with exit code {result['code']}", result["code"])
