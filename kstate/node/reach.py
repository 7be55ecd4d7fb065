"""Reaching into a running container: which one is meant, whether it can be reached, and a command in it (KCTL-60).

A command runs in no time of its own: what it wrote is committed, then the cluster's clock catches up with how long it took.
"""
from __future__ import annotations

from ..controllers.base import annotations, finished, get, name, phase
from ..errors import ApiError, BadRequest, ServerError
from ..memory import remember
from ..world import Dict, Key
from .heartbeat import silent
from .machine import Machine
from .mounts import notes
from .run import Result, run
from .runtime import open_container

DEFAULT = "kubectl.kubernetes.io/default-container"


class Door:
    """What `remember` needs of a controller's client, for somebody who is none."""

    def __init__(self, engine, who: str) -> None:
        self.engine, self.who, self.world, self.now = engine, who, engine.world, engine.now

    def write(self, disk: str, files: dict | None, because: str) -> None:
        self.engine.api.write_disk(disk, files, who=self.who, because=because)


def machine(engine, pod: Dict, container: str) -> Machine:
    """A running container, ready for a command."""
    started = get(status_of(pod, container), "state.running.startedAt", "")
    return open_container(engine.world, engine.clock, engine.now, pod, container, started)


def exec(engine, key: Key, container: str, argv: list[str], stdin: str = "", who: str = "kubectl") -> Result:
    """Run a command in a container ("": the only or default one) to its end.  Raises NotFound, BadRequest, ServerError."""
    pod, container = running(engine, key, container)
    opened = machine(engine, pod, container)
    result = run(opened, argv, stdin)
    settle_up(engine, pod, container, opened, result.ended, who)
    return result


def settle_up(engine, pod: Dict, container: str, opened: Machine, ended: int | None, who: str) -> None:
    """Keep what a command changed: files, the main process if it was killed, and the time that it took."""
    for disk, files in opened.fs.changed().items():
        engine.api.write_disk(disk, files, who=who, because="KCTL-60")
    if ended is not None:
        began = engine.clock.ms(get(status_of(pod, container), "state.running.startedAt"))
        remember(Door(engine, who), notes(pod), f"{container}/run", [began, engine.now, ended], because="KCTL-60")
    if opened.elapsed_ms:
        engine.run(opened.elapsed_ms)


# ---- which container -----------------------------------------------------------------------------------------

def status_of(pod: Dict, container: str) -> Dict | None:
    every = [*get(pod, "status.initContainerStatuses", ()), *get(pod, "status.containerStatuses", ())]
    return next((s for s in every if s["name"] == container), None)


def named(pod: Dict, container: str) -> str:
    """The container that is meant.  Raises BadRequest."""
    every = [c["name"] for field in ("initContainers", "containers", "ephemeralContainers") for c in pod["spec"].get(field) or ()]
    container = container or annotations(pod).get(DEFAULT, "")
    if not container and len(pod["spec"]["containers"]) > 1:
        raise BadRequest(f"a container name must be specified for pod {name(pod)}, choose one of: [{' '.join(every)}]")
    if container and container not in every:
        raise BadRequest(f"container {container} is not valid for pod {name(pod)}")
    return container or pod["spec"]["containers"][0]["name"]


def running(engine, key: Key, container: str) -> tuple[Dict, str]:
    """The pod and the container that a command goes to.  Raises NotFound, BadRequest, ServerError."""
    pod = engine.api.get(key)
    container = named(pod, container)
    if finished(pod):
        raise BadRequest(f"cannot exec into a container in a completed pod; current phase is {phase(pod)}")
    if not pod["spec"].get("nodeName"):
        raise BadRequest(f"pod {name(pod)} does not have a host assigned")
    node = engine.world.find(Key("Node", "", pod["spec"]["nodeName"]))
    if node is None or silent(node):
        raise ServerError(f"error dialing backend: dial tcp {get(pod, 'status.hostIP', '')}:10250: connect: no route to host")
    if get(status_of(pod, container), "state.running") is None:
        raise BadRequest(f'unable to upgrade connection: container not found ("{container}")')
    return pod, container


def run_of(engine, key: Key, container: str) -> str:
    """Which run of a container this is; "" where it does not run, or cannot be reached."""
    try:
        pod, container = running(engine, key, container)
    except ApiError:
        return ""
    return get(status_of(pod, container), "containerID", "")
