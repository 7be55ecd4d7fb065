"""What a running container does in the course of time: its run is computed at its start, remembered, and comes true step by step.

Of a process that runs for ever and has done all it does at once, as a server has, nothing needs to be remembered.
"""
from __future__ import annotations

from typing import Any

from ..memory import recall, remember
from ..world import World
from . import runtime
from .entrypoint import Behaviour
from .mounts import environment, notes, refers, root_disk

SOON = 60_000           # ms: what a process does later than this is not waited for when the cluster settles
MANY = 20               # writes of one run: more are taken for ones that never end
WAITING = "waiting"     # the last part of the name under which is noted that a process waits for something in the cluster


def begin(container, count: int) -> Behaviour:
    """Start the main process for the count-th time again, on the image's own files (KUB-32).  Raises identity.ConfigError."""
    if count:
        container.api.write(root_disk(container.pod, container.name), None, because="KUB-32")
    plan, now = runtime.begin(container), container.api.now
    runtime.apply(container, [w[1:] for w in plan.writes if w.time <= now])
    later = [list(w) for w in plan.writes if w.time > now]
    _remember(container, "env", environment(container.api.world, container.pod, container.spec) if refers(container.spec) else None)
    lasts = plan.runs_ms is None and not plan.waiting and not later and all(ms == 0 for ms, _ in plan.output)
    _remember(container, "run", None if lasts else [now, _end(plan, now), plan.exit_code])
    _plan(container, plan, later)
    if not lasts and plan.output:
        _remember(container, f"log/{count}", [list(piece) for piece in plan.output])
    return plan


def _end(plan: Behaviour, now: int) -> int | None:
    return None if plan.runs_ms is None else now + plan.runs_ms


def _plan(container, plan: Behaviour, later: list[list]) -> None:
    _remember(container, "writes", later or None)
    _remember(container, "written", None)
    _remember(container, WAITING, plan.waiting or None)


def stop(container, code: int) -> None:
    """Note that the present run ends now, by a cause that may well come back."""
    _remember(container, "run", [container.began, container.api.now, code])


def proceed(container) -> tuple[int, int] | None:
    """Let the run come to now: (time, exit code) if it has ended by itself.  Sees to it that it is looked at again."""
    run, now = known(container.api.world, container.pod, container.name, container.began), container.api.now
    if run is None:
        return None
    if _recall(container, WAITING):
        run = _ask_again(container, run)
    _write(container)
    _, ends, code = run
    if ends is not None and now >= ends:
        return ends, code
    if ends is not None:
        container.api.wake(ends - now, "idle" if _lasting(container, ends) else "work")
    return None


def _lasting(container, time: int) -> bool:
    """Init containers are waited for, others only if they do it soon."""
    return container.main and time - container.api.now > SOON


def _write(container) -> None:
    """What the process has written by now.  What it writes again and again is not waited for."""
    writes, done = _recall(container, "writes") or [], _recall(container, "written") or 0
    due = [w for w in writes[done:] if w[0] <= container.api.now]
    if due:
        runtime.apply(container, [w[1:] for w in due])
        _remember(container, "written", done + len(due))
    for time, *_ in writes[done + len(due):][:1]:
        container.api.wake(time - container.api.now, "idle" if len(writes) > MANY or _lasting(container, time) else "work")


def _ask_again(container, run: list) -> list:
    """A process that goes on and on until something appears: would it come further now?  It is asked whenever services change."""
    plan, now = runtime.begin(container), container.api.now
    if plan.waiting:
        container.api.wait(container.pod, f"container {container.name} tries again and again, perhaps until something appears", "KUB-3")
        return run
    run = [run[0], _end(plan, now), plan.exit_code]
    _remember(container, "run", run)
    _plan(container, plan, [list(w) for w in plan.writes])
    return run


def known(world: World, pod: dict, container: str, began: int) -> list | None:
    """[start, end or None, exit code] of the run that began in that second, if it is remembered."""
    run = recall(world, notes(pod), f"{container}/run")
    return run if run and run[0] // 1000 == began // 1000 else None


def output(world: World, pod: dict, container: str, count: int) -> list[list] | None:
    """What the count-th restart of a container prints, as [elapsed ms, text]; None if that was not kept."""
    return recall(world, notes(pod), f"{container}/log/{count}")


def _recall(container, what: str) -> Any:
    return recall(container.api.world, notes(container.pod), f"{container.name}/{what}")


def _remember(container, what: str, value: Any) -> None:
    remember(container.api, notes(container.pod), f"{container.name}/{what}", value, because="KUB-30")
