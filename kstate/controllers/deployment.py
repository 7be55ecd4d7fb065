"""The Deployment controller: a ReplicaSet for each pod template, and the way from the old ones to the new one (DEP-4 to DEP-14).

Modelled: rolling update, recreate, scaling (in proportion while an update is under way), pause, history, conditions
(progress.py), the progress deadline.  Not modelled: rollback by the deprecated annotation.
"""
from __future__ import annotations

from ..errors import AlreadyExists, ApiError
from ..workloads import progress
from ..workloads.ownership import Owner, claim
from ..workloads.progress import FINISHED, PAUSED, PROGRESSING, TIMED_OUT, count, size
from ..workloads.proportions import fenceposts, shares
from ..workloads.revisions import hash_of
from ..world import drop
from .base import Dict, Key, annotations, condition, controller_ref, finished, get, name, namespace, put, reference, terminating

HASH = "pod-template-hash"
REVISION, HISTORY = "deployment.kubernetes.io/revision", "deployment.kubernetes.io/revision-history"
DESIRED, MOST = "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"
NOT_INHERITED = (REVISION, HISTORY, DESIRED, MOST, "kubectl.kubernetes.io/last-applied-configuration", "deprecated.deployment.rollback.to")
HISTORY_LENGTH = 2000       # characters of the annotation with former revision numbers


class Deployments(Owner):
    """Pods without an identity, replaced by starting new ones beside the old ones."""

    name, component, kind, owns = "deployment", "deployment-controller", "Deployment", ("ReplicaSet",)

    def watches(self):
        return (*super().watches(), "Pod")

    def keys(self, change, view):
        """Pods only matter to Recreate, which waits until the old ones are gone (DEP-9)."""
        if change.key.kind != "Pod":
            yield from super().keys(change, view)
        elif change.new is None:
            deployment = _grand_owner(view, change)
            if deployment is not None and deployment["spec"]["strategy"]["type"] == "Recreate":
                yield Key("Deployment", change.key.namespace, name(deployment))

    def reconcile(self, api, deployment):
        Rollout(api, deployment, claim(api, deployment, "ReplicaSet", "DEP-4")).step()


def _grand_owner(view, change) -> Dict | None:
    """The Deployment behind the ReplicaSet of a pod."""
    obj = change.old
    for kind in ("ReplicaSet", "Deployment"):
        ref = controller_ref(obj)
        obj = view.find(Key(kind, change.key.namespace, ref["name"])) if ref and ref["kind"] == kind else None
        if obj is None:
            return None
    return obj


class Rollout:
    """One look at one Deployment: its ReplicaSets, oldest first; the one with today's template is the new one."""

    def __init__(self, api, deployment: Dict, sets: list[Dict]) -> None:
        self.api, self.deployment = api, deployment
        by_age = sorted(sets, key=lambda rs: (rs["metadata"]["creationTimestamp"], name(rs)))
        self.sets = {name(rs): rs for rs in by_age}
        self.newest = next((name(rs) for rs in by_age if same_template(rs, deployment)), "")                # DEP-4
        self.wanted = size(deployment)
        self.surge, self.slack = fenceposts(deployment)
        self.paused = deployment["spec"].get("paused", False)

    @property
    def new(self) -> Dict | None:
        return self.sets.get(self.newest)

    @property
    def old(self) -> list[Dict]:
        return [rs for rs in self.sets.values() if name(rs) != self.newest]

    @property
    def active(self) -> list[Dict]:
        return [rs for rs in self.sets.values() if size(rs)]

    def step(self) -> None:
        if terminating(self.deployment):
            return self.write_status(self.status())
        self.note_pause()
        self.number_new()
        if self.paused or any(_number(rs, DESIRED, self.wanted) != self.wanted for rs in self.active):      # DEP-10
            self.scale()
            if self.paused:
                self.forget()
                self.wait("is paused: its ReplicaSets are scaled, but not replaced", "DEP-11")
            self.write_status(self.status())
        else:
            if self.deployment["spec"]["strategy"]["type"] == "Recreate":
                self.recreate()
            else:
                self.roll()
            self.write_progress()

    def wait(self, why: str, because: str) -> None:
        self.api.wait(self.deployment, f"{name(self.deployment)} {why}", because)

    # -- the two strategies

    def roll(self) -> None:
        """Grow the new ReplicaSet or shrink the old ones, one of the two in a sync (DEP-7)."""
        if self.new is None:
            self.create_new()
        if self.resize(self.new, self.wanted if size(self.new) > self.wanted else self.room_for_new(size(self.new))):
            return
        if self.shrink_old():
            return
        if progress.is_complete(self.deployment, self.deployment.get("status") or {}):
            self.forget()

    def room_for_new(self, have: int) -> int:
        """How large the new ReplicaSet may be now: all pods together at most the wanted number and the surge."""
        room = self.wanted + self.surge - sum(map(size, self.sets.values()))
        return have + max(0, min(room, self.wanted - have))

    def shrink_old(self) -> bool:
        """Old pods that are not available go first, then those that the new ones make superfluous (DEP-7, DEP-8)."""
        old, least = sum(map(size, self.old)), self.wanted - self.slack
        room = old + count(self.new, "availableReplicas") - least
        if not old:
            return False
        if room <= 0:
            fit = count(self.new, "availableReplicas")
            self.wait(f"keeps its old pods: {least} must be available, and of the new ones {fit} are", "DEP-7")
            return False
        shrunk = self.shrink(room, lambda rs: size(rs) - count(rs, "availableReplicas"))                    # DEP-8
        spare = sum(count(rs, "availableReplicas") for rs in self.sets.values()) - least
        return self.shrink(spare, size) or shrunk

    def shrink(self, room: int, part) -> bool:
        """Take up to `room` pods from the old ReplicaSets, oldest first, of each at most part(rs)."""
        left = room
        for rs in self.old:
            take = max(0, min(left, part(rs), size(rs)))
            self.resize(rs, size(rs) - take)
            left -= take
        return left < room

    def recreate(self) -> None:
        """All old pods go, and when they are gone the new ones come (DEP-9)."""
        old = [rs for rs in self.old if size(rs)]
        for rs in old:
            self.resize(rs, 0)
        if old:
            return
        running = [pod for rs in self.old for pod in self.api.owned("Pod", rs) if not finished(pod)]
        if running:
            return self.wait(f"waits until old pods are gone: {', '.join(map(name, running))}", "DEP-9")
        if self.new is None:
            self.create_new()
        self.resize(self.new, self.wanted)
        if progress.is_complete(self.deployment, self.deployment.get("status") or {}):
            self.forget()

    # -- sizes

    def scale(self) -> None:
        """Bring the ReplicaSets to the wanted size; while several have pods, each gets its share (DEP-10)."""
        active = self.active
        if len(active) <= 1:
            only = active[0] if active else self.new if self.new is not None else next(reversed(self.old), None)
            if only is not None:
                self.resize(only, self.wanted)
        elif self.new is not None and self.saturated():
            for rs in self.old:
                self.resize(rs, 0)
        elif self.deployment["spec"]["strategy"]["type"] == "RollingUpdate":
            for rs, n in self.shares(active):
                self.write_size(rs, n)

    def saturated(self) -> bool:
        return size(self.new) == count(self.new, "availableReplicas") == _number(self.new, DESIRED, -1) == self.wanted

    def shares(self, active: list[Dict]) -> list[tuple[Dict, int]]:
        """Sizes in proportion to those that there are; of equally large sets the newest leads, or the oldest if all shrink."""
        most = self.wanted + self.surge if self.wanted else 0
        grows = most > sum(map(size, active))
        ranked = sorted(active[::-1] if grows else active, key=size, reverse=True)
        before = [_number(rs, MOST, count(self.deployment, "replicas")) or most for rs in ranked]
        return list(zip(ranked, shares(list(map(size, ranked)), before, most)))

    def resize(self, rs: Dict, n: int) -> bool:
        """Tells whether there was something to change."""
        if n == size(rs):
            return False
        self.write_size(rs, n)
        return True

    def write_size(self, rs: Dict, n: int) -> None:
        """The size, and in annotations what it was reckoned from (DEP-5)."""
        noted = {**annotations(rs), DESIRED: str(self.wanted), MOST: str(self.wanted + self.surge)}
        self.sets[name(rs)] = self.api.update(put(put(rs, "spec.replicas", n), "metadata.annotations", noted), because="DEP-7")
        if n != size(rs):
            self.tell_scaled(rs, size(rs), n)

    def tell_scaled(self, rs: dict, before: int, after: int) -> None:
        self.api.event(self.deployment, "Normal", "ScalingReplicaSet",
                       f"Scaled {'up' if after > before else 'down'} replica set {name(rs)} from {before} to {after}", "DEP-14")

    # -- the new ReplicaSet

    def number_new(self) -> None:
        """A ReplicaSet that is new (again) gets the highest number, and the Deployment's annotations (DEP-5)."""
        if self.new is None:
            return
        changed = put(self.new, "metadata.annotations", self.noted(self.new))
        min_ready = self.deployment["spec"].get("minReadySeconds")
        changed = put(changed, "spec.minReadySeconds", min_ready) if min_ready else drop(changed, "spec.minReadySeconds")
        if changed != self.new:
            self.sets[self.newest] = self.api.update(changed, because="DEP-5")
        known = condition(self.deployment, PROGRESSING)
        self.note_revision(None if known else ("True", "FoundNewReplicaSet", f'Found new replica set "{self.newest}"'))

    def noted(self, rs: dict) -> dict:
        """The annotations of the new ReplicaSet: those of the Deployment, its number and the numbers that it had."""
        number = max((_number(old, REVISION, 0) for old in self.old), default=0) + 1
        mine = {**annotations(rs), **{k: v for k, v in annotations(self.deployment).items() if k not in NOT_INHERITED}}
        former = annotations(rs).get(REVISION)
        if _number(rs, REVISION, 0) < number:
            mine[REVISION] = str(number)
            if former:
                mine[HISTORY] = _shortened([*filter(None, annotations(rs).get(HISTORY, "").split(",")), former])
        return mine

    def create_new(self) -> None:
        """DEP-4"""
        spec = self.deployment["spec"]
        label = {HASH: hash_of(spec["template"], count(self.deployment, "collisionCount"))}  # K-4
        template = put(spec["template"], "metadata.labels", {**(get(spec, "template.metadata.labels") or {}), **label})
        n = self.room_for_new(0) if spec["strategy"]["type"] == "RollingUpdate" else self.wanted
        rs = {"apiVersion": "apps/v1", "kind": "ReplicaSet",
              "metadata": {"name": f"{name(self.deployment)}-{label[HASH]}", "namespace": namespace(self.deployment),
                           "labels": template["metadata"]["labels"], "ownerReferences": [reference(self.deployment)]},
              "spec": {"replicas": n, "template": template,
                       "selector": put(spec["selector"], "matchLabels", {**(spec["selector"].get("matchLabels") or {}), **label})}}
        if spec.get("minReadySeconds"):
            rs["spec"]["minReadySeconds"] = spec["minReadySeconds"]
        rs["metadata"]["annotations"] = {**self.noted(rs), DESIRED: str(self.wanted), MOST: str(self.wanted + self.surge)}
        made = self.post(rs)
        self.sets[name(made)], self.newest = made, name(made)
        if n:
            self.tell_scaled(made, 0, n)
        self.note_revision(("True", "NewReplicaSetCreated", f'Created new replica set "{self.newest}"'))

    def post(self, rs: dict) -> Dict:
        try:
            return self.api.create(rs, because="DEP-4")
        except AlreadyExists:       # the name is taken: the next try has another hash
            self.write_status({**self.deployment.get("status", {}), "collisionCount": count(self.deployment, "collisionCount") + 1})
            raise
        except ApiError as error:
            text = f'Failed to create new replica set "{name(rs)}": {error.message}'
            self.note_revision(("False", "ReplicaSetCreateError", text))
            self.api.event(self.deployment, "Warning", "ReplicaSetCreateError", text, "DEP-14")
            raise

    def forget(self) -> None:
        """Old ReplicaSets without pods beyond revisionHistoryLimit, lowest number first (DEP-7c)."""
        old = sorted((rs for rs in self.old if not terminating(rs)), key=lambda rs: _number(rs, REVISION, 0))
        for rs in old[:max(0, len(old) - self.deployment["spec"]["revisionHistoryLimit"])]:
            if not size(rs) and not count(rs, "replicas") and rs["metadata"]["generation"] <= count(rs, "observedGeneration"):
                self.api.delete(rs, because="DEP-7")
                del self.sets[name(rs)]

    # -- what is told: annotations and conditions travel with the status

    def note_pause(self) -> None:
        """DEP-11"""
        known = condition(self.deployment, PROGRESSING)
        told = known is not None and known["reason"] == PAUSED
        if progress.has_deadline(self.deployment) and self.paused != told and not (known and known["reason"] == TIMED_OUT):
            what = ("DeploymentPaused", "Deployment is paused") if self.paused else ("DeploymentResumed", "Deployment is resumed")
            self.write_status(self.with_told(("Unknown", *what)))

    def note_revision(self, told: tuple[str, str, str] | None) -> None:
        """The number of the new ReplicaSet on the Deployment, and what is told of its progress, if anything (DEP-5, DEP-13)."""
        number = annotations(self.new).get(REVISION) if self.new is not None else None
        self.write_status(self.with_told(told), {REVISION: number} if number else {})

    def with_told(self, told: tuple[str, str, str] | None) -> dict:
        status = dict(self.deployment.get("status") or {})
        if told and progress.has_deadline(self.deployment):
            status["conditions"] = progress.with_condition(progress.conditions(self.deployment), PROGRESSING, *told, self.api.timestamp())
        return status

    def status(self) -> dict:
        return progress.status_of(self.deployment, list(self.sets.values()), self.new, self.wanted - self.slack, self.api.timestamp())

    def write_status(self, status: dict, notes: dict | None = None) -> None:
        changed = put(self.deployment, "status", status)
        if notes:
            changed = put(changed, "metadata.annotations", {**annotations(self.deployment), **notes})
        if changed != self.deployment:
            self.deployment = self.api.update(changed, "DEP-12", "status")

    def write_progress(self) -> None:
        known = condition(self.deployment, PROGRESSING)
        waited = self.api.since(known["lastUpdateTime"]) if known else 0
        sets, now = list(self.sets.values()), self.api.timestamp()
        self.write_status(progress.with_progress(self.deployment, self.status(), sets, self.new, waited, now))
        known = condition(self.deployment, PROGRESSING)
        if known is not None and known["reason"] not in (TIMED_OUT, FINISHED):
            deadline = self.deployment["spec"]["progressDeadlineSeconds"] * 1000
            self.api.wake(deadline + 1000 - self.api.since(known["lastUpdateTime"]), "idle")


# ---- words ------------------------------------------------------------------------------------

def same_template(rs: dict, deployment: dict) -> bool:
    """Whether a ReplicaSet has the template, apart from the label with its hash (DEP-4)."""
    return _unhashed(rs["spec"]["template"]) == _unhashed(deployment["spec"]["template"])


def _unhashed(template: dict) -> dict:
    found = get(template, "metadata.labels") or {}
    return put(template, "metadata.labels", {k: v for k, v in found.items() if k != HASH})


def _number(obj: dict, annotation: str, default: int) -> int:
    text = annotations(obj).get(annotation, "")
    return int(text) if text.lstrip("+-").isdigit() else default


def _shortened(numbers: list[str]) -> str:
    """Numbers with commas between them; the oldest are dropped where there is no room."""
    while len(",".join(numbers)) > HISTORY_LENGTH:
        numbers.pop(0)
    return ",".join(numbers)
