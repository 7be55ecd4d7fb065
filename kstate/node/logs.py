"""What containers have printed (API-73)."""
from __future__ import annotations

from ..controllers.base import get, name
from ..errors import BadRequest
from ..world import Dict, Key
from . import runs
from .entrypoint import behaviour
from .reach import named, status_of
from .runtime import open_container, stays

CANNOT_PULL = {"ErrImagePull": "image can't be pulled", "ImagePullBackOff": "trying and failing to pull image"}


def logs(engine, key: Key, container: str = "", *, previous: bool = False, timestamps: bool = False, tail: int | None = None,
         since: int | None = None, limit: int | None = None) -> str:
    """What a container has printed.  tail: lines, since: seconds, limit: bytes.  Raises NotFound, BadRequest (API-73)."""
    pod = engine.api.get(key)
    container = named(pod, container)
    if not pod["spec"].get("nodeName"):
        return ""
    status = status_of(pod, container)
    if status is None:
        raise BadRequest(f'container "{container}" in pod "{name(pod)}" is not available')
    end = get(status, "lastState.terminated") if previous or "waiting" in status["state"] else get(status, "state.terminated")
    if previous and end is None:
        raise BadRequest(f'previous terminated container "{container}" in pod "{name(pod)}" not found')
    if end is None and "waiting" in status["state"]:
        reason = status["state"]["waiting"].get("reason", "")
        raise BadRequest(f'container "{container}" in pod "{name(pod)}" is waiting to start: {CANNOT_PULL.get(reason, reason)}')
    began = engine.clock.ms(end["startedAt"] if end else status["state"]["running"]["startedAt"])
    until = engine.clock.ms(end["finishedAt"]) if end else engine.now
    count = status["restartCount"] - (previous and "waiting" not in status["state"])
    lines = [(time, line) for time, line in _lines(engine, pod, container, count, began) if time <= until]
    if since is not None:
        lines = [(time, line) for time, line in lines if time >= engine.now - since * 1000]
    if tail is not None and tail >= 0:
        lines = lines[len(lines) - min(tail, len(lines)):]
    text = "".join(f"{_nano(engine, time)} {line}" if timestamps else line for time, line in lines)
    return text if limit is None else text.encode()[:limit].decode("utf-8", "ignore")


def _lines(engine, pod: Dict, container: str, count: int, began: int) -> list[tuple[int, str]]:
    """(virtual ms, line with its newline) of one run; what was not kept is the same whenever it is computed."""
    pieces = runs.output(engine.world, pod, container, count)
    if pieces is None:
        opened = open_container(engine.world, engine.clock, began, pod, container, engine.clock.timestamp(began))
        pieces = list(behaviour(opened, stdin=stays(opened.container)).output)
    lines: list[tuple[int, str]] = []
    for elapsed, text in pieces:
        for part in text.splitlines(keepends=True):
            if lines and not lines[-1][1].endswith("\n"):
                lines[-1] = lines[-1][0], lines[-1][1] + part
            else:
                lines.append((began + elapsed, part))
    return lines


def _nano(engine, time: int) -> str:
    return engine.clock.micro(time)[:-1] + "000Z"
