"""kubectl cp: files and directories between containers and the files at hand, by `cat` in the container (text only)."""
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
    listed = run_in(session, pod, container, ["sh", "-c", f"cd {shlex.quote(path)} 2>/dev/null && find . -type f"])
    inside = {posixpath.join(path, name): posixpath.normpath(posixpath.join(local, name)) for name in listed["stdout"].splitlines()}
    for remote, copy in (inside if listed["code"] == 0 else {path: local}).items():
        result = run_in(session, pod, container, ["cat", remote])
        if result["code"]:
            raise Failure(f"{result['stderr']}error: {remote} no such file or directory")
        session.files[copy] = result["stdout"]


def _send(session: Session, pod: Target, container: str, local: str, path: str) -> None:
    """A file or a directory; where the goal is a directory, into it."""
    local = local.rstrip("/")
    chosen = [local] if local in session.files else [name for name in session.files if name.startswith(local + "/")]
    if not chosen:
        raise Failure(f"error: {local} doesn't exist in local filesystem")
    if run_in(session, pod, container, ["sh", "-c", f"[ -d {shlex.quote(path)} ]"])["code"] == 0:
        path = posixpath.join(path, posixpath.basename(local))
    above = posixpath.dirname(path) or "."
    for name in chosen:
        goal = shlex.quote(path + name[len(local):])
        script = f'[ -d {shlex.quote(above)} ] || exec tar -xmf - -C {shlex.quote(above)}; mkdir -p "$(dirname {goal})"; cat > {goal}'
        result = run_in(session, pod, container, ["sh", "-c", script], session.files[name])
        if result["code"]:
            raise Failure(f"{result['stderr']}command terminated with exit code {result['code']}", result["code"])
