"""The StatefulSet controller: pods with an identity, made and removed in order, each with claims of its own.

Its neighbours: identity.py (what a pod is called and carries), claims.py (storage), revisions.py (history),
ownership.py (whose a pod is).  Modelled: all of STS-16 to STS-116 with the gates of Kubernetes 1.36, where
maxUnavailable is off.  The order of the steps of a sync is Kubernetes' own, since it can be observed.
"""
from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from functools import cached_property

from ..errors import AlreadyExists, ApiError, NotFound
from ..workloads import claims, revisions
from ..workloads.batches import attempt_all, in_batches
from ..workloads.identity import identified, identity_labels, is_member, new_pod, pod_name, revision, slots
from ..workloads.ownership import Owner, claim
from .base import available, condition, finished, get, name, ordinal, phase, put, running_and_ready, terminating, uid, until_available

COUNTS = ("replicas", "availableReplicas", "readyReplicas", "currentReplicas", "updatedReplicas")
WORTH_WRITING = ("observedGeneration", *COUNTS, "currentRevision", "updateRevision")                        # STS-19
TELLING = {"Create": "STS-54", "Update": "STS-42", "Delete": "STS-66"}      # the rules of its events


class StatefulSets(Owner):
    """Pods with an identity: web-0, web-1, …  Neither claims nor revisions trigger a sync (STS-16)."""

    name, component, kind, owns = "statefulset", "statefulset-controller", "StatefulSet", ("Pod",)

    def reconcile(self, api, sts):
        """The steps of STS-17.  What is refused on the way does not keep status and history from being written (STS-18)."""
        revisions.adopt_orphans(api, sts)
        pods = claim(api, sts, "Pod", "STS-91", belongs=lambda pod: is_member(sts, pod))
        history = revisions.history(api, sts)
        choice = revisions.choose(api, sts, history)
        sync = Sync(api, sts, pods, choice)
        live = {name(choice.current), name(choice.update), *map(revision, pods)}
        attempt_all([sync.act, sync.write_status, lambda: revisions.truncate(api, sts, history, live), sync.come_back])


class Sync:
    """One look at one set: its pods by ordinal, the slots that they fill, those that are condemned."""

    def __init__(self, api, sts, pods: list[dict], choice: revisions.Choice) -> None:
        self.api, self.sts, self.choice = api, sts, choice
        self.pods = {ordinal(pod): pod for pod in pods}
        self.slots = slots(sts)                                                         # STS-32
        self.condemned = [i for i in sorted(self.pods, reverse=True) if i not in self.slots]                # STS-34
        self.ordered = sts["spec"]["podManagementPolicy"] == "OrderedReady"
        self.min_ready = sts["spec"].get("minReadySeconds", 0)
        self.rolled = 0     # pods deleted for the sake of an update

    def act(self) -> None:
        """Fill, shrink, update; each begins only when the one before has nothing to wait for (STS-67)."""
        if terminating(self.sts):
            self.stop(f"{name(self.sts)} is being deleted: nothing is done for its pods any more", "STS-104")
        elif self.each(self.slots, self.fill) and self.each(self.condemned, self.give_claims) and self.each(self.condemned, self.remove):
            self.update()

    def each(self, ordinals, work) -> bool:
        """OrderedReady: one after the other, until one has to wait.  Parallel: all of them, waiting for none."""
        if self.ordered:
            return all(map(work, ordinals))
        in_batches(work, ordinals)
        return True

    def stop(self, why: str, because: str) -> bool:
        self.api.wait(self.sts, why, because)
        return False

    # -- one slot: true if the next may be looked at

    def fill(self, i: int) -> bool:
        """A slot wants a pod that is Running, Ready, available and in shape (STS-55 to STS-61)."""
        pod = self.pods.get(i)
        if pod is None:
            return self.create(i)
        if finished(pod):                                                               # STS-55
            if not terminating(pod):
                self.delete(pod, "STS-55")
            return self.stop(f"{name(pod)} is {phase(pod)}: it is replaced once it is gone", "STS-55")
        if phase(pod) == "Pending":
            self.provide_claims(pod)
        obstacle = self.obstacle(pod)
        if obstacle and self.ordered:
            return self.stop(*obstacle)
        self.repair(pod)
        return True

    def create(self, i: int) -> bool:
        """Claims first, then the pod; OrderedReady makes one pod in a sync (STS-56)."""
        stale = claims.stale(self.api, self.sts, i)
        if stale:
            return self.stop(f"{stale} still belongs to a former {pod_name(self.sts, i)}: it has to go first", "STS-86")
        template = self.revision_for(i)
        others = get(template, "data.spec.template.spec.volumes") or []
        pod = new_pod(self.sts, i, template, claims.volumes(self.sts, i, others))
        with self.told("Create", pod):
            claims.ensure(self.api, self.sts, i, because="STS-49")
            self.api.create(pod, because="STS-56")
            claims.follow_policy(self.api, self.sts, pod, because="STS-83")
        return not self.ordered

    def revision_for(self, i: int) -> dict:
        """The revision that a new pod gets: below the partition the one that the others have (STS-44, STS-45)."""
        strategy = self.sts["spec"]["updateStrategy"]
        if strategy["type"] == "OnDelete":
            return self.choice.update
        kept = strategy["rollingUpdate"]["partition"] if "rollingUpdate" in strategy else get(self.sts, "status.currentReplicas", 0)
        return self.choice.current if i < self.slots.start + kept else self.choice.update

    def provide_claims(self, pod: dict) -> None:
        """A pod that is Pending may lack a claim, or the claim its owner (STS-53, STS-57)."""
        claims.ensure(self.api, self.sts, ordinal(pod), because="STS-53")
        try:
            claims.follow_policy(self.api, self.sts, pod, because="STS-83")
        except ApiError as error:
            self.tell("Update", pod, error)
            raise

    def repair(self, pod: dict) -> None:
        """Restore labels, volumes and the owners of claims, if somebody has changed them (STS-42)."""
        mounted, owned = claims.mounted(self.sts, pod), claims.follows_policy(self.api, self.sts, pod)
        if identified(pod) and mounted and owned:
            return
        with self.told("Update", pod):
            fix = {"metadata": {"labels": identity_labels(pod)}}
            if not mounted:
                fix["spec"] = {"volumes": claims.volumes(self.sts, ordinal(pod), pod["spec"].get("volumes") or [])}
                claims.ensure(self.api, self.sts, ordinal(pod), because="STS-42")
            if not owned:
                claims.follow_policy(self.api, self.sts, pod, because="STS-89")
            self.api.patch(pod, fix, because="STS-42")

    # -- pods out of range

    def give_claims(self, i: int) -> bool:
        """Before any condemned pod goes, the claims of all of them get the owners that the policy wants (STS-84)."""
        if not claims.follows_policy(self.api, self.sts, self.pods[i]):
            claims.follow_policy(self.api, self.sts, self.pods[i], because="STS-84")
        return True

    def remove(self, i: int) -> bool:
        """From the highest ordinal down; OrderedReady removes one, and the next when that one is gone (STS-62 to STS-65)."""
        pod = self.pods[i]
        if self.ordered and terminating(pod):
            return self.stop(f"{name(pod)} is terminating: the next pod is removed once it is gone", "STS-63")
        if self.ordered and (obstacle := self.obstacle(pod)) and i != self.first_unavailable:
            return self.stop(f"{obstacle[0]}, and it is not the only one: of such pods only the lowest may be removed", "STS-64")
        if not terminating(pod):
            self.delete(pod, "STS-65")
        return False

    @cached_property
    def first_unavailable(self) -> int | None:
        """The lowest ordinal that is not available (STS-35); when pods are removed in order, no slot is among those."""
        return min((i for i in self.condemned if self.unavailable(self.pods[i])), default=None)

    # -- a new template

    def update(self) -> None:
        """RollingUpdate: from the highest ordinal down to the partition, one pod, then wait for it (STS-70 to STS-73)."""
        strategy, target = self.sts["spec"]["updateStrategy"], name(self.choice.update)
        partition = get(strategy, "rollingUpdate.partition", 0)
        if strategy["type"] == "OnDelete":
            return self.explain_rest(target, "keeps its revision until somebody deletes it (OnDelete)", "STS-69")
        for i in reversed(self.slots[partition:]):
            pod = self.pods.get(i)
            if pod is None:         # made in this very sync
                return
            if revision(pod) != target and not terminating(pod):                        # STS-71
                self.delete(pod, "STS-70")
                self.rolled = 1
                return
            if self.unavailable(pod):
                self.stop(f"{self.obstacle(pod)[0]}: the pods below it are updated once it is available", "STS-70")
                return
        self.explain_rest(target, f"is below the partition {partition} and keeps its revision", "STS-72")

    def explain_rest(self, target: str, why: str, because: str) -> None:
        old = next((pod for pod in self.pods.values() if revision(pod) != target), None)
        if old is not None:
            self.stop(f"{name(old)} {why}", because)

    # -- words

    def available(self, pod: dict) -> bool:
        return available(self.api, pod, self.min_ready)

    def unavailable(self, pod: dict) -> bool:
        return terminating(pod) or not self.available(pod)

    def obstacle(self, pod: dict) -> tuple[str, str] | None:
        """Why whatever comes after a pod has to wait, and by which rule; None if it need not."""
        if terminating(pod):
            return f"{name(pod)} is terminating", "STS-58"
        if not running_and_ready(pod):
            found = condition(pod, "Ready") or {}
            reason = f" ({found['reason']})" if found.get("reason") else ""
            told = f"its condition Ready is {found.get('status', 'missing')}{reason}"
            return f"{name(pod)} is not Ready: " + (told if phase(pod) == "Running" else f"its phase is {phase(pod)}"), "STS-59"
        if not self.available(pod):
            return f"{name(pod)} is Ready, but not yet for {self.min_ready} s (minReadySeconds)", "STS-60"
        return None

    def delete(self, pod: dict, because: str) -> None:
        """A plain DELETE: the pod's own grace period holds (STS-20)."""
        with self.told("Delete", pod):
            try:
                self.api.delete(pod, because)
            except NotFound:
                pass

    @contextmanager
    def told(self, verb: str, pod: dict):
        """An event says how it went (STS-42, STS-54, STS-66); a name that is taken is passed over in silence (STS-54)."""
        try:
            yield
        except AlreadyExists:
            raise
        except ApiError as error:
            self.tell(verb, pod, error)
            raise
        self.tell(verb, pod)

    def tell(self, verb: str, pod: dict, error: ApiError | None = None) -> None:
        what = f"{verb} Pod {name(pod)} in StatefulSet {name(self.sts)}"
        if error is None:
            self.api.event(self.sts, "Normal", f"Successful{verb}", f"{what} successful", TELLING[verb])
        else:
            self.api.event(self.sts, "Warning", f"Failed{verb}", f"{what} failed error: {error.message}", TELLING[verb])

    # -- status

    def status(self) -> dict:
        """Counted over the pods as they were when the sync began (STS-94 to STS-98)."""
        pods = self.pods.values()
        healthy = [pod for pod in pods if running_and_ready(pod)]
        staying = Counter(revision(pod) for pod in pods if not terminating(pod))
        current, update = name(self.choice.current), name(self.choice.update)
        count = {"replicas": len(pods), "availableReplicas": sum(map(self.available, healthy)), "readyReplicas": len(healthy),
                 "currentReplicas": max(0, staying[current] - self.rolled), "updatedReplicas": staying[update]}     # STS-97
        rolling = self.sts["spec"]["updateStrategy"]["type"] == "RollingUpdate"
        if rolling and count["updatedReplicas"] == count["readyReplicas"] == count["replicas"] == len(self.slots):  # STS-98
            current, count["currentReplicas"] = update, count["updatedReplicas"]
        shown = {field: n for field, n in count.items() if n or field in ("replicas", "availableReplicas")}
        return {"observedGeneration": self.sts["metadata"].get("generation", 0), **shown,
                "currentRevision": current, "updateRevision": update, "collisionCount": self.choice.collisions}

    def write_status(self) -> None:
        """Written whole, and only if it tells something new; onto a fresh copy, so that it cannot conflict (STS-19, STS-99)."""
        status, known, key = self.status(), self.sts.get("status") or {}, self.api.key
        fresh = self.api.live(key.kind, key.name, key.namespace)
        news = any(status.get(field) != known.get(field) for field in WORTH_WRITING)
        if news and fresh is not None and uid(fresh) == uid(self.sts):
            self.api.update(put(fresh, "status", status), "STS-94", "status")

    def come_back(self) -> None:
        """When the next pod will have been ready for long enough (STS-80)."""
        delay = until_available(self.api, self.pods.values(), self.min_ready)
        if delay is not None:
            self.api.wake(delay)
