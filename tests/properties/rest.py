"""What must hold when nothing moves any more: the oracle on the cluster at rest, and on the goal that it should reach.

Again the log alone is read.  A cluster may rest far from its goal (a node is lost, a volume is missing); `unrest` asks only
that what it shows is true and that nothing is left undone, `short_of_the_goal` that everything is there.
"""
from __future__ import annotations

from collections.abc import Iterator

from .facts import (
    CLAIM,
    SET,
    VOLUME,
    Facts,
    at,
    boss,
    claims_of,
    class_of,
    going,
    holder,
    holds,
    labels,
    members,
    name,
    node,
    notes,
    over,
    owners,
    phase,
    ready,
    says,
    slots,
    suits,
    uid,
)
from .order_sets import newest, ordered, revision, template_claims

FAULT = "kstate.dev/fault"


def unrest(log) -> list[str]:
    """Every breach in the cluster as the log leaves it."""
    facts = Facts(log)
    return [breach for rule in RULES for breach in rule(facts)]


def short_of_the_goal(log) -> list[str]:
    """What is missing to a healthy cluster."""
    facts = Facts(log)
    return [breach for rule in GOALS for breach in rule(facts)]


# ---- at rest ----------------------------------------------------------------------------------

def counters(facts: Facts) -> Iterator[str]:
    """STS-94 to STS-98; in a namespace that goes the set cannot even note its revision, and stops there."""
    for sts in facts.of(SET):
        place = facts.find("Namespace", sts["metadata"]["namespace"])
        if place is None or going(place):
            continue
        pods, status = members(facts, sts), sts.get("status") or {}
        staying = [p for p in pods.values() if not going(p)]
        told = {"replicas": len(pods), "readyReplicas": sum(map(ready, pods.values())),
                "updatedReplicas": sum(revision(p) == status.get("updateRevision") for p in staying)}
        for field, count in told.items():
            if status.get(field, 0) != count:
                yield f"StatefulSet {name(sts)} says {field} {status.get(field, 0)}, there are {count} (STS-94)"
        if status.get("observedGeneration") != sts["metadata"]["generation"]:
            yield f"StatefulSet {name(sts)} has not seen its generation {sts['metadata']['generation']} (STS-95)"
        if not going(sts) and status.get("updateRevision") != newest(facts, sts):
            yield f"StatefulSet {name(sts)} has updateRevision {status.get('updateRevision')}, not {newest(facts, sts)} (STS-96)"


def replicas(facts: Facts) -> Iterator[str]:
    """RS-2, RS-6."""
    for rs in facts.of("ReplicaSet"):
        active = [p for p in facts.of("Pod", rs["metadata"]["namespace"]) if boss(p).get("uid") == uid(rs) and not over(p) and not going(p)]
        if not going(rs) and len(active) != rs["spec"]["replicas"]:
            yield f"ReplicaSet {name(rs)} wants {rs['spec']['replicas']} pods and has {len(active)} (RS-2)"
        if at(rs, "status.replicas", 0) != len(active):
            yield f"ReplicaSet {name(rs)} says replicas {at(rs, 'status.replicas', 0)}, there are {len(active)} (RS-6)"


def selected(facts: Facts) -> Iterator[str]:
    """Who owns pods owns those that it selects, and no others (STS-91, RS-1)."""
    known = facts.uids()
    for pod in facts.of("Pod"):
        owner = known.get(boss(pod).get("uid"))
        if owner is None or going(owner) or over(pod) or going(pod) and owner["kind"] == "ReplicaSet":
            continue                                    # a ReplicaSet looks at active pods only
        if at(owner, "spec.selector.matchLabels", {}).items() - labels(pod).items():
            yield f"pod {name(pod)} belongs to {name(owner)}, which does not select it (STS-91, RS-1)"


def in_range(facts: Facts) -> Iterator[str]:
    """A Parallel set has a pod for each slot and no other, unless a name is taken or a claim has to go first (STS-56, STS-65, STS-113, STS-114)."""
    for sts in facts.of(SET):
        namespace, pods = sts["metadata"]["namespace"], members(facts, sts)
        taken = [i for i in slots(sts) if i not in pods and facts.find("Pod", f"{name(sts)}-{i}", namespace)]
        claims = filter(None, (facts.find(CLAIM, c, namespace) for i in slots(sts) for c in template_claims(sts, i)))
        stale = [c for c in claims if going(c) or any(ref["kind"] == "Pod" for ref in owners(c))]
        if ordered(sts) or going(sts) or taken or stale:
            continue
        for i in [i for i in pods if i not in slots(sts) and not going(pods[i])]:
            yield f"pod {i} of {name(sts)} is out of range (STS-65)"
        for i in [i for i in slots(sts) if i not in pods]:
            yield f"{name(sts)} has no pod {i} (STS-56)"


def endpoints(facts: Facts) -> Iterator[str]:
    """Behind a service stand the pods that it selects and that are Ready, no others (SVC-31, SVC-32, SVC-40)."""
    for service in facts.of("Service"):
        selector, namespace = service["spec"].get("selector"), service["metadata"]["namespace"]
        if not selector:
            continue
        pods = [p for p in facts.of("Pod", namespace) if selector.items() <= labels(p).items()]
        wanted = sorted(name(p) for p in pods if says(p, "Ready").get("status") == "True" and not going(p) and not over(p))
        old = facts.find("Endpoints", name(service), namespace) or {}
        found = sorted(a["targetRef"]["name"] for subset in old.get("subsets") or () for a in subset.get("addresses") or ())
        if found != wanted:
            yield f"Endpoints {name(service)} list {found}, Ready are {wanted} (SVC-40)"
        slices = [s for s in facts.of("EndpointSlice", namespace) if labels(s).get("kubernetes.io/service-name") == name(service)]
        found = sorted(e["targetRef"]["name"] for s in slices for e in s.get("endpoints") or () if at(e, "conditions.ready"))
        if found != wanted:
            yield f"EndpointSlices of {name(service)} list {found}, Ready are {wanted} (SVC-50)"


def pairs(facts: Facts) -> Iterator[str]:
    """Claims and volumes agree about each other (BIND-1 to BIND-4, PVC-21, VOL-8)."""
    known = facts.uids()
    for claim in facts.of(CLAIM):
        volume = facts.find(VOLUME, claim["spec"].get("volumeName", ""))
        if phase(claim) == "Bound" and (volume is None or holder(volume) != uid(claim) or phase(volume) != "Bound"):
            yield f"claim {name(claim)} is Bound, its volume {claim['spec'].get('volumeName')} is not (BIND-4, PVC-21)"
        if phase(claim) == "Lost" and volume is not None and holder(volume) == uid(claim):
            yield f"claim {name(claim)} is Lost, but its volume is there (PVC-25)"
    for volume in facts.of(VOLUME):
        if phase(volume) == "Bound" and holder(volume) not in known:
            yield f"volume {name(volume)} is Bound to a claim that is gone (VOL-8)"
        if phase(volume) == "Available" and holder(volume):
            yield f"volume {name(volume)} is Available and has a claim (VOL-7)"
        if phase(volume) == "Pending" and not going(volume):
            yield f"volume {name(volume)} was never looked at (VOL-3)"
        if phase(volume) == "Released" and volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete" and "nfs" not in volume["spec"]:
            yield f"volume {name(volume)} is Released and should be deleted (REC-1)"


def matches(facts: Facts) -> Iterator[str]:
    """No claim waits beside a volume that suits it (MATCH-3), nor for a default class that exists (PVC-6)."""
    late = [name(c) for c in facts.of("StorageClass") if c.get("volumeBindingMode") == "WaitForFirstConsumer"]
    defaults = [name(c) for c in facts.of("StorageClass") if notes(c).get("storageclass.kubernetes.io/is-default-class") == "true"]
    for claim in facts.of(CLAIM):
        if phase(claim) != "Pending" or claim["spec"].get("volumeName"):
            continue
        if "storageClassName" not in claim["spec"] and defaults:
            yield f"claim {name(claim)} has no class, the default is {defaults} (PVC-6)"
        if class_of(claim) in late:
            continue
        for volume in facts.of(VOLUME):
            if phase(volume) == "Available" and "claimRef" not in volume["spec"] and not going(volume) and not suits(volume, claim):
                yield f"claim {name(claim)} is Pending, but volume {name(volume)} suits it (MATCH-3)"


def leftovers(facts: Facts) -> Iterator[str]:
    """Nothing outlives its namespace, its owners or the request to delete it without a reason (API-65, GC-4, PROT-1, PROT-3)."""
    known = facts.uids()
    for kind, obj in facts.all():
        namespace = obj["metadata"].get("namespace")
        where = facts.find("Namespace", namespace or "")
        if namespace and (where is None or going(where) and not going(obj) and kind != "Event"):
            yield f"{kind} {name(obj)} is left in namespace {namespace} (API-65)"
        if owners(obj) and not going(obj) and not any(ref["uid"] in known for ref in owners(obj)):
            yield f"{kind} {name(obj)} has lost all its owners (GC-4)"
    for claim in facts.of(CLAIM):
        if going(claim) and not any(name(claim) in claims_of(p) and node(p) for p in facts.of("Pod", claim["metadata"]["namespace"])):
            yield f"claim {name(claim)} is still going, though no pod uses it (PROT-1)"
    for volume in facts.of(VOLUME):
        if going(volume) and phase(volume) != "Bound" and "kubernetes.io/pv-protection" in holds(volume):
            yield f"volume {name(volume)} is still going, though nobody has it (PROT-3)"
    for pod in facts.of("Pod"):
        host = facts.find("Node", node(pod))
        if going(pod) and (host is None or FAULT not in notes(host)) and not holds(pod):
            yield f"pod {name(pod)} is still going, though its node {node(pod)} is well (POD-5, PGC-3)"


RULES = (counters, replicas, selected, in_range, endpoints, pairs, matches, leftovers)


# ---- the goal ---------------------------------------------------------------------------------

def complete(facts: Facts) -> Iterator[str]:
    """Every set has exactly its pods, Ready, with claims of their own that are Bound, and of the new revision where that is wanted."""
    for sts in facts.of(SET):
        pods, strategy = members(facts, sts), sts["spec"]["updateStrategy"]
        if sorted(pods) != list(slots(sts)):
            yield f"{name(sts)} has pods {sorted(pods)}, wanted are {list(slots(sts))} (STS-32)"
        for i, pod in pods.items():
            if not ready(pod):
                yield f"{name(pod)} is not Ready"
            unbound = [c for c in template_claims(sts, i) if phase(facts.find(CLAIM, c, sts["metadata"]["namespace"]) or {}) != "Bound"]
            if unbound:
                yield f"{unbound} of {name(pod)} are not Bound"
            updated = strategy["type"] == "RollingUpdate" and i >= slots(sts).start + at(strategy, "rollingUpdate.partition", 0)
            if updated and revision(pod) != newest(facts, sts):
                yield f"{name(pod)} was not updated (STS-70)"


def deployed(facts: Facts) -> Iterator[str]:
    """Every Deployment has its pods, all Ready, all of one ReplicaSet (DEP-4, DEP-7)."""
    for deployment in facts.of("Deployment"):
        sets = {uid(rs): rs for rs in facts.of("ReplicaSet", deployment["metadata"]["namespace"]) if boss(rs).get("uid") == uid(deployment)}
        pods = [p for p in facts.of("Pod", deployment["metadata"]["namespace"]) if boss(p).get("uid") in sets and not over(p)]
        if len(pods) != deployment["spec"]["replicas"] or not all(map(ready, pods)) or len({boss(p)["uid"] for p in pods}) > 1:
            yield f"Deployment {name(deployment)} has pods {[name(p) for p in pods]}, wanted are {deployment['spec']['replicas']} that are Ready"


GOALS = (complete, deployed)
