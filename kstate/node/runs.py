"""What a running container does in the course of time: its run is computed at its start, remembered, and comes true step by step.

Of a process that runs for ever and has done all it does at once, as a server has, nothing needs to be remembered.
"""
from __future__ import annotations

from typing import Any

from ..memory import recall, remember
from ..world import World
from . import runtime
from .entrypoint import Behaviour

SOON = 60_000                           # ms: what a process does later than this is not waited for when the cluster settles
MEMORY = "kubelet"                      # the last part of the name of the disk that the kubelet keeps of a pod
AGAIN, RARELY = 5_000, 300_000          # ms: how soon, and how seldom at most, a process that waits for something is asked again


def disk(pod: dict) -> str:
    """Where the kubelet keeps what it remembers of a pod."""
    return f"pod/{pod['metadata']['uid']}/{MEMORY}"


def begin(container, count: int) -> Behaviour:
    """Start the main process for the count-th time again.  Raises identity.ConfigError."""
    plan, now = runtime.begin(container), container.api.now
    later = [w for w in plan.writes if w.time > now]
    runtime.apply(container, [w[1:] for w in plan.writes if w.time <= now])
    lasts = plan.runs_ms is None and not plan.waiting and not later and all(ms == 0 for ms, _ in plan.output)
    _remember(container, "run", None if lasts else [now, _end(plan, now), plan.exit_code, plan.waiting])
    _remember(container, "writes", [list(w) for w in later] or None)
    _remember(container, "written", None)
    if not lasts and plan.output:
        _remember(container, f"log/{count}", [list(piece) for piece in plan.output])
    return plan


def _end(plan: Behaviour, now: int) -> int | None:
    return None if plan.runs_ms is None else now + plan.runs_ms


def stop(container, code: int) -> None:
    """Note that the present run ends now, by a cause that may well come back."""
    _remember(container, "run", [container.began, container.api.now, code, False])


def proceed(container) -> tuple[int, int] | None:
    """Let the run come to now: (time, exit code) if it has ended by itself.  Sees to it that it is looked at again."""
    run, now = known(container.api.view, container.pod, container.name, container.began), container.api.now
    if run is None:
        return None
    done = _write(container)
    started, ends, code, waiting = run
    if ends is not None:
        if now >= ends:
            return ends, code
        container.api.wake(ends - now, "idle" if _lasting(container, ends) else "work")
    elif waiting:
        if done and now > started:
            _ask_again(container, started)
        container.api.wake(min(max((now - started) // 4, AGAIN), RARELY), "poll")
        container.api.wait(container.pod, f"container {container.name} goes on and on, perhaps until something appears", "KUB-3")
    return None


def _lasting(container, time: int) -> bool:
    """Init containers are waited for, others only if they do it soon."""
    return container.main and time - container.api.now > SOON


def _write(container) -> bool:
    """What the process has written by now; whether that is all."""
    writes, done = _recall(container, "writes") or [], _recall(container, "written") or 0
    due = [w for w in writes[done:] if w[0] <= container.api.now]
    if due:
        runtime.apply(container, [w[1:] for w in due])
        _remember(container, "written", done + len(due))
    rest = writes[done + len(due):]
    if rest:
        endless = _recall(container, "run")[3]
        container.api.wake(rest[0][0] - container.api.now, "idle" if endless or _lasting(container, rest[0][0]) else "work")
    return not rest


def _ask_again(container, started: int) -> None:
    """A process that waits for something: would it go on, now that the cluster is another?"""
    plan = runtime.begin(container)
    if not plan.waiting:
        _remember(container, "run", [started, _end(plan, container.api.now), plan.exit_code, False])
        _remember(container, "writes", [list(w) for w in plan.writes] or None)
        _remember(container, "written", None)
        _write(container)


def known(view: World, pod: dict, container: str, began: int) -> list | None:
    """[start, end or None, exit code, waiting] of the run that began in that second, if it is remembered."""
    run = recall(view, disk(pod), f"{container}/run")
    return run if run and run[0] // 1000 == began // 1000 else None


def output(view: World, pod: dict, container: str, count: int) -> list[list] | None:
    """What the count-th restart of a container prints, as [elapsed ms, text]; None if that was not kept."""
    return recall(view, disk(pod), f"{container}/log/{count}")


def _recall(container, what: str) -> Any:
    return recall(container.api.view, disk(container.pod), f"{container.name}/{what}")


def _remember(container, what: str, value: Any) -> None:
    remember(container.api, disk(container.pod), f"{container.name}/{what}", value, because="KUB-30")
