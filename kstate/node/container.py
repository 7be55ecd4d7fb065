"""One container of a pod, as the kubelet drives it: image, start, run, end, and start again (KUB-20 to KUB-34)."""
from __future__ import annotations

from hashlib import sha256

from ..controllers.base import get, is_sidecar, name, namespace, uid
from . import pulls, runs, runtime
from .identity import ConfigError
from .podstatus import completed, ending, restarts
from .probing import Probing

START = 1_000           # ms: to start a container whose image is there
CRASH = 1_000           # ms: how long a container runs that is to crash
BACKOFF, LONGEST = 10_000, 300_000      # ms: KUB-31, KUB-33; each time doubled
LASTING = 600_000       # ms: after a run as long as this, back-off begins anew
RETRY = 10_000          # ms: configuration that is missing is looked for again
START_ERROR = 128       # exit code
CREATING, INITIALIZING = "ContainerCreating", "PodInitializing"


class Container:
    """A container during one look at its pod: `spec`, and `status`, a copy that is changed in place."""

    def __init__(self, worker, spec, known) -> None:
        self.worker, self.api, self.pod, self.node = worker, worker.api, worker.pod, worker.node
        self.spec, self.name, self.image = spec, spec["name"], spec["image"]
        self.main = spec in self.pod["spec"]["containers"]
        self.sidecar = not self.main and is_sidecar(spec)
        self.fault = worker.fault if self.main else ""
        self.who = f"{name(self.pod)}_{namespace(self.pod)}({uid(self.pod)})"
        self.status = dict(known) if known else {
            "name": self.name, "state": self.untried(), "lastState": {}, "ready": False, "restartCount": 0, "image": self.image,
            "imageID": "", "started": False}

    def untried(self) -> dict:
        """The state before the first start (KUB-2)."""
        return {"waiting": {"reason": INITIALIZING if self.pod["spec"].get("initContainers") else CREATING}}

    # -- how it stands

    @property
    def running(self) -> bool:
        return "running" in self.status["state"]

    @property
    def fresh(self) -> bool:
        """It never ran."""
        return not self.running and ending(self.status) is None

    @property
    def starting(self) -> bool:
        """It is its turn: those behind it have to wait."""
        return self.fresh and self.status["state"]["waiting"]["reason"] in (CREATING, INITIALIZING)

    @property
    def passed(self) -> bool:
        """An init container that lets the next one go on."""
        return bool(self.status["started"]) if self.sidecar else completed(self.status)

    @property
    def began(self) -> int:
        """When the present run began, to the second (ms)."""
        return self.api.clock.ms(self.status["state"]["running"]["startedAt"])

    @property
    def moment(self) -> int:
        """When it started or, if it ended, when that was (ms); 0 before."""
        when = get(self.status, "state.running.startedAt") or (ending(self.status) or {}).get("finishedAt")
        return self.api.clock.ms(when) if when else 0

    # -- what happens to it

    def keep(self, turn: int) -> None:
        """Bring it on; `turn` is when it was its turn to start (ms)."""
        if self.running:
            self.watch()
        elif ending(self.status):
            self.again()
        elif self.pullable():
            self.first(turn)

    def first(self, turn: int) -> None:
        """The first start: the image, then the container (KUB-20)."""
        pull = 0 if pulls.present(self.node, self.image) else pulls.seconds(self.node, self.image)
        left = turn + pull * 1000 + START - self.api.now
        if left <= 0:
            return self.start(pull)
        if pull and not self.worker.said("Pulling", f'Pulling image "{self.image}"'):
            self.tell("Normal", "Pulling", f'Pulling image "{self.image}"', "KUB-20")
        self.status["state"] = self.untried()
        self.api.wake(left)
        self.api.wait(self.pod, f"container {self.name} is being created", "KUB-6")

    def pullable(self) -> bool:
        """Whether the image is there or can be had; if not, the waiting state says why (KUB-23)."""
        if not pulls.valid(self.image):
            text = f'Failed to apply default image tag "{self.image}": couldn\'t parse image name "{self.image}": invalid reference format'
            self.hold("InvalidImageName", text, "InspectFailed", text)
        elif self.fault == "ImagePullBackOff":
            pulls.fail(self)
        elif self.spec.get("imagePullPolicy") == "Never" and not pulls.present(self.node, self.image):
            text = f'Container image "{self.image}" is not present with pull policy of Never'
            self.hold("ErrImageNeverPull", text, "ErrImageNeverPull", text)
        else:
            return True
        return False

    def hold(self, reason: str, message: str, event: str, text: str, sort: str = "Warning") -> None:
        """It waits for this reason; the event comes when the reason is new."""
        waiting = {"waiting": {"reason": reason, "message": message}}
        if self.status["state"] != waiting:
            self.status["state"] = waiting
            self.tell(sort, event, text, "KUB-23")

    def start(self, pulled: int = 0) -> None:
        """Run it, for the first time or again (KUB-32).  pulled: seconds that the image took."""
        last = ending(self.status)
        count = self.status["restartCount"] + 1 if last else 0
        if pulled:
            pulls.keep(self.api, self.node, self.image)
        self.tell("Normal", "Pulled", pulls.pulled(self.image, pulled), "KUB-20" if pulled else "KUB-22")
        try:
            run = runs.begin(self, count)
        except ConfigError as problem:
            self.hold("CreateContainerConfigError", str(problem), "Failed", f"Error: {problem}")
            return self.api.wake(RETRY, "poll")
        self.tell("Normal", "Created", "Container created", "KUB-21")
        container_id = sha256(f"{uid(self.pod)}/{self.name}/{count}".encode()).hexdigest()
        self.status |= {"state": {"running": {"startedAt": self.api.timestamp()}}, "lastState": {"terminated": last} if last else {},
                        "image": self.image, "imageID": pulls.image_id(self.image), "containerID": f"kstate://{container_id}",
                        "restartCount": count, "ready": False, "started": False}
        if run.error:
            return self.fail_to_start(run.error)
        self.tell("Normal", "Started", "Container started", "KUB-21")
        if runtime.hook(self, "postStart")[0]:
            self.watch()
        else:
            self.tell("Warning", "FailedPostStartHook", "PostStartHook failed", "KUB-23")
            self.kill("failed postStart hook", comes_back=True)

    def fail_to_start(self, error: str) -> None:
        """There is no such program (KUB-34)."""
        text = f"failed to create containerd task: OCI runtime create failed: unable to start container process: {error}: unknown"
        self.tell("Warning", "Failed", f"Error: {text}", "KUB-23")
        runs.stop(self, START_ERROR)
        self.end(self.api.now, START_ERROR, "StartError", text)

    def watch(self) -> None:
        """It runs: does it end, is it started, is it ready?"""
        if self.status["image"] != self.image:
            return self.kill("definition changed")
        if self.fault == "ImagePullBackOff":
            return self.end(self.api.now, runtime.KILLED)
        ended = runs.proceed(self)
        if self.fault == "CrashLoopBackOff":
            ended = (self.began + CRASH, 1) if self.api.now >= self.began + CRASH else None
            self.api.wake(self.began + CRASH - self.api.now)
        if ended:
            return self.end(*ended)
        self.probe()

    def probe(self, stopping: bool = False) -> None:
        """Ask its probes; of one that is being stopped only whether it is ready (KUB-45)."""
        Probing(self).look(stopping)
        if self.fault == "NotReady":
            self.status["ready"] = False

    def kill(self, why: str, comes_back: bool = False) -> None:
        """Stop it, to be restarted; comes_back: what made it necessary will probably do so again."""
        self.tell("Normal", "Killing", f"Container {self.name} {why}, will be restarted", "KUB-23")
        _, code = runtime.stop(self, 0)
        if comes_back:
            runs.stop(self, code)
        self.end(self.api.now, code)

    def end(self, at: int, code: int, reason: str = "", message: str = "") -> None:
        """It has ended (KUB-34)."""
        now = self.api.clock.timestamp(at)
        ended = {"exitCode": code, "reason": reason or ("Error" if code else "Completed"), "message": message,
                 "startedAt": get(self.status, "state.running.startedAt") or now, "finishedAt": now}
        self.status |= {"state": {"terminated": {k: v for k, v in ended.items() if v != ""}}, "started": False,
                        "ready": not code and not self.main and not self.sidecar}

    def again(self) -> None:
        """It ended: start it anew, at once or after its back-off, or leave it (KUB-30, KUB-31)."""
        last = ending(self.status)
        if not restarts(self.pod["spec"], self.spec, last["exitCode"]):
            return
        new = "terminated" in self.status["state"]
        if new:
            self.status["lastState"] = {"terminated": last}
        if self.fault == "ImagePullBackOff":
            return pulls.fail(self)
        pause = self.backoff(last)
        left = self.api.clock.ms(last["finishedAt"]) + pause - self.api.now
        if left <= 0:
            return self.start()
        if new:
            self.tell("Warning", "BackOff", f"Back-off restarting failed container {self.name} in pod {self.who}", "KUB-31")
        text = f"back-off {go_duration(pause)} restarting failed container={self.name} pod={self.who}"
        self.status["state"] = {"waiting": {"reason": "CrashLoopBackOff", "message": text}}
        comes_back = self.fault == "CrashLoopBackOff" or runs.known(self.api.world, self.pod, self.name, self.api.clock.ms(last["startedAt"]))
        self.api.wake(left, "idle" if comes_back else "work")
        self.api.wait(self.pod, f"container {self.name} is restarted {go_duration(pause)} after its end", "KUB-31")

    def backoff(self, last: dict) -> int:
        """Milliseconds from the end of the last run to the next start (KUB-31)."""
        count, lasted = self.status["restartCount"], self.api.clock.ms(last["finishedAt"]) - self.api.clock.ms(last["startedAt"])
        return 0 if not count or lasted > LASTING else min(BACKOFF << min(count - 1, 10), LONGEST)

    def tell(self, sort: str, reason: str, message: str, because: str) -> None:
        """An event about this container."""
        self.worker.tell(sort, reason, message, because, f"spec.{'containers' if self.main else 'initContainers'}{{{self.name}}}")


def go_duration(ms: int) -> str:
    """80_000 -> "1m20s", 300_000 -> "5m0s"."""
    minutes, seconds = divmod(ms // 1000, 60)
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
