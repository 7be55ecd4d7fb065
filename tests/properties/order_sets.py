"""The oracle on StatefulSets: what their controller may do, judged by what it could see when it did it."""
from __future__ import annotations

from collections.abc import Iterator
from math import inf

from .facts import (
    CLAIM,
    SET,
    Facts,
    at,
    boss,
    claims_of,
    going,
    labels,
    members,
    moment,
    name,
    number,
    over,
    owners,
    ready,
    says,
    slots,
    uid,
)

CONTROLLER = "statefulset-controller"


def pods(seen: Facts, change) -> Iterator[str]:
    """Creations and deletions of pods."""
    old, new = change.old, change.new
    ends = old is not None and not going(old) and (new is None or going(new))
    if change.key.kind != "Pod" or change.who != CONTROLLER or not (old is None or ends):
        return
    sts = seen.find(SET, boss(new or old).get("name", ""), change.key.namespace)
    if sts is None or uid(sts) != boss(new or old)["uid"]:
        yield f"{change.key.name} has no set (STS-91)"
    elif old is None:
        yield from created(seen, sts, new)
    else:
        asked = moment(new["metadata"]["deletionTimestamp"]) - new["metadata"]["deletionGracePeriodSeconds"] if new is not None else inf
        yield from deleted(seen, sts, old, asked)


def ordered(sts: dict) -> bool:
    return sts["spec"]["podManagementPolicy"] == "OrderedReady"


def revision(pod: dict) -> str:
    return labels(pod).get("controller-revision-hash", "")


def newest(seen: Facts, sts: dict) -> str:
    """The revision that pods are to get: the one with the highest number; "" for none."""
    mine = [r for r in seen.of("ControllerRevision", sts["metadata"]["namespace"]) if boss(r).get("uid") == uid(sts)]
    return name(max(mine, key=lambda r: r["revision"])) if mine else ""


def template_claims(sts: dict, i: int) -> list[str]:
    return [f"{name(t)}-{name(sts)}-{i}" for t in sts["spec"].get("volumeClaimTemplates") or ()]


def created(seen: Facts, sts: dict, pod: dict) -> Iterator[str]:
    i, others = number(pod), members(seen, sts)
    if i not in slots(sts):
        yield f"{name(pod)} created outside {slots(sts)} (STS-32)"
    if going(sts):
        yield f"{name(pod)} created for a set that is going (STS-104)"
    if ordered(sts):
        for j in range(slots(sts).start, i):
            if j not in others or not ready(others[j]) or going(others[j]):
                yield f"{name(pod)} created before pod {j} was Ready (STS-59)"
        yield from too_early(sts, [p for j, p in others.items() if j in slots(sts) and j < i], moment(pod["metadata"]["creationTimestamp"]))
    for claim in template_claims(sts, i):
        found = seen.find(CLAIM, claim, sts["metadata"]["namespace"])
        if found is None:
            yield f"{name(pod)} created before its claim {claim} (STS-49)"
        elif going(found):
            yield f"{name(pod)} created while its claim {claim} is going (STS-52)"
        if claim not in claims_of(pod):
            yield f"{name(pod)} does not mount {claim} (STS-47)"
    strategy, current = sts["spec"]["updateStrategy"], at(sts, "status.currentRevision") or newest(seen, sts)
    below = strategy["type"] == "RollingUpdate" and "rollingUpdate" in strategy and i < slots(sts).start + strategy["rollingUpdate"]["partition"]
    wanted = [current, newest(seen, sts)] if seen.find("ControllerRevision", current, sts["metadata"]["namespace"]) is None else [current]
    if not newest(seen, sts):
        return                                          # collected in a moment in which the set was going; the next look makes it again
    if below and revision(pod) not in wanted:
        yield f"{name(pod)} is below the partition and has revision {revision(pod)}, not {current} (STS-45)"
    if not below and revision(pod) != newest(seen, sts):
        yield f"{name(pod)} has revision {revision(pod)}, not {newest(seen, sts)} (STS-44, STS-45)"


def deleted(seen: Facts, sts: dict, pod: dict, asked: float) -> Iterator[str]:
    i, others, wanted = number(pod), members(seen, sts), slots(sts)
    if i not in wanted:
        yield from scaled_down(seen, sts, pod, others)
    elif not over(pod):
        yield from rolled(seen, sts, pod, others)
        yield from too_early(sts, [p for j, p in others.items() if j in wanted and j > i], asked)
    if ordered(sts) and i in wanted and not over(pod) and not ready(pod):
        yield f"{name(pod)} deleted for an update, though it is not Ready (STS-108)"
    if ordered(sts) and i in wanted:
        for j in wanted[:i - wanted.start]:
            if j not in others or not ready(others[j]) or going(others[j]):
                yield f"{name(pod)} deleted while pod {j} is not Ready (STS-58, STS-59)"


def scaled_down(seen: Facts, sts: dict, pod: dict, others: dict[int, dict]) -> Iterator[str]:
    i, condemned = number(pod), [j for j in others if j not in slots(sts)]
    if at(sts, "spec.persistentVolumeClaimRetentionPolicy.whenScaled") == "Delete":
        for claim in template_claims(sts, i):
            found = seen.find(CLAIM, claim, sts["metadata"]["namespace"])
            if found is not None and not owners(found):
                yield f"{name(pod)} deleted before its claim {claim} was given to it (STS-84)"
    if not ordered(sts):
        return
    if max(condemned) > i:
        yield f"{name(pod)} deleted before its successors in {sorted(condemned)} were gone (STS-65)"
    for j in slots(sts):
        if j not in others or not ready(others[j]) or going(others[j]):
            yield f"{name(pod)} deleted while pod {j}, which is to stay, is not Ready (STS-62)"
    if not ready(pod) and any(j < i and not ready(others[j]) for j in condemned):
        yield f"{name(pod)} deleted, though it is not the lowest that is not Ready (STS-64)"


def rolled(seen: Facts, sts: dict, pod: dict, others: dict[int, dict]) -> Iterator[str]:
    i, wanted, strategy = number(pod), slots(sts), sts["spec"]["updateStrategy"]
    if strategy["type"] != "RollingUpdate":
        yield f"{name(pod)} deleted under {strategy['type']} (STS-69)"
    if revision(pod) == newest(seen, sts):
        yield f"{name(pod)} deleted for no reason (STS-61)"
    if i < wanted.start + at(strategy, "rollingUpdate.partition", 0):
        yield f"{name(pod)} deleted below the partition (STS-72, STS-73)"
    if ordered(sts) and any(j not in wanted for j in others):
        yield f"{name(pod)} updated before the set was scaled (STS-67)"
    for j in wanted[i - wanted.start + 1:]:
        if j not in others or not ready(others[j]) or going(others[j]) or revision(others[j]) != newest(seen, sts):
            yield f"{name(pod)} updated before pod {j} was (STS-70)"


def too_early(sts: dict, others: list[dict], now: float) -> Iterator[str]:
    """Pods that have not been Ready for minReadySeconds, though somebody goes on at `now` as if they had."""
    for pod in others:
        if ready(pod) and now - moment(says(pod, "Ready")["lastTransitionTime"]) < sts["spec"].get("minReadySeconds", 0):
            yield f"{name(pod)} was not yet Ready for long enough (STS-60, STS-79)"


def ownership(seen: Facts, change) -> Iterator[str]:
    """Owners that the retention policy gives to claims (STS-81)."""
    if change.key.kind != CLAIM or change.who != CONTROLLER or change.new is None:
        return
    if change.old is None:
        if owners(change.new):
            yield f"{change.key.name} is born with an owner (STS-48)"
        return
    for ref in owners(change.new):
        if ref in owners(change.old):
            continue
        if ref["kind"] == SET:
            sts = seen.find(SET, ref["name"], change.key.namespace)
            right = sts is not None and uid(sts) == ref["uid"] and at(sts, "spec.persistentVolumeClaimRetentionPolicy.whenDeleted") == "Delete"
        else:
            pod = seen.find("Pod", ref["name"], change.key.namespace)
            sts = pod and seen.find(SET, boss(pod).get("name", ""), change.key.namespace)
            right = bool(sts) and number(pod) not in slots(sts) and at(sts, "spec.persistentVolumeClaimRetentionPolicy.whenScaled") == "Delete"
        if not right:
            yield f"{change.key.name} is given to {ref['kind']} {ref['name']} against the policy (STS-81)"


RULES = (pods, ownership)
