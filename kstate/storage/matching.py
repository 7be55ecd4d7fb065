"""Which volume a claim gets: the predicates, one after another, and the choice among the volumes that pass.

All of it is pure.  The volume controller searches with `best`, the scheduler with `on_node`, and *why* shows what
`candidates` says of each volume.  Among equally small volumes Kubernetes takes whichever its cache yields first; here
chance decides, which comes from the seed (MATCH-4).
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import NamedTuple

from .. import labels
from ..classes import class_of
from ..clock import between
from ..controllers.base import Dict, Key, World, get, name, phase, terminating
from ..kinds.claim import short_modes
from ..scheduling.affinity import node_matches
from ..world import shape
from .volumes import attributes_class, capacity, claim_key, claim_ref, delayed, full_name, request, reserved_for, volume_mode

# Any number will do.  With this one, equal volumes fall to claims as they fell when the recordings of a real control plane were
# made, where it was chance, too (tests/conformance/dice.py finds such numbers).
DICE = 506


class Verdict(NamedTuple):
    """What the search says of one volume: the first predicate that fails, or why the volume passes."""

    volume: str     # its name
    ok: bool
    rule: str
    reason: str     # in words: "class slow, not gsh-pv"

    def __str__(self) -> str:
        return f"{self.volume}: {self.reason}"


# ---- predicates: each says what is wrong with a volume for a claim, or nothing ----------------

def lacks_modes(volume: dict, claim: dict) -> str | None:
    asked, offered = claim["spec"].get("accessModes") or (), volume["spec"].get("accessModes") or ()
    return None if all(mode in offered for mode in asked) else f"offers {short_modes(offered)}, not {short_modes(asked)}"


def taken(volume: dict, claim: dict) -> str | None:
    key = claim_key(volume)
    if key is None or reserved_for(volume, claim):
        return None
    owner = f"{key.namespace}/{key.name}"
    return f"belongs to an earlier claim {owner}" if owner == full_name(claim) else f"belongs to claim {owner}"


def too_small(volume: dict, claim: dict) -> str | None:
    if capacity(volume) >= request(claim):
        return None
    return f"{get(volume, 'spec.capacity.storage', '0')} is less than {get(claim, 'spec.resources.requests.storage')}"


def other_volume_mode(volume: dict, claim: dict) -> str | None:
    return _differ("volume mode", volume_mode(volume), volume_mode(claim))


def other_attributes_class(volume: dict, claim: dict) -> str | None:
    return _differ("attributes class", attributes_class(volume), attributes_class(claim))


def other_class(volume: dict, claim: dict) -> str | None:
    return _differ("class", class_of(volume) or "", class_of(claim) or "")      # plain text; no class object is looked at (MATCH-6)


def deleting(volume: dict, claim: dict) -> str | None:
    return "is being deleted" if terminating(volume) else None


def not_available(volume: dict, claim: dict) -> str | None:
    return None if phase(volume) == "Available" else f"phase {phase(volume) or 'unknown'}, not Available"


def other_labels(volume: dict, claim: dict) -> str | None:
    selector = claim["spec"].get("selector")
    if selector is None or labels.of(selector).matches(volume["metadata"].get("labels")):
        return None
    return f"labels do not match {labels.display(selector)}"


def _differ(what: str, has: str, wanted: str) -> str | None:
    return None if has == wanted else f"{what} {has or 'none'}, not {wanted or 'none'}"


USABLE = (                                      # holds of every volume, reserved for the claim or not (MATCH-7)
    ("MATCH-1", lacks_modes), ("MATCH-2.1", taken), ("MATCH-2.2", too_small), ("MATCH-2.3", other_volume_mode),
    ("MATCH-2.4", other_attributes_class), ("MATCH-2.5", deleting))
FREE = (                                        # holds of a volume that nobody has reserved
    ("MATCH-2.8", not_available), ("MATCH-2.9", other_labels), ("MATCH-2.10", other_class))
NAMED = (                                       # of a volume that the claim names (PVC-13), in Kubernetes' words
    ('the volume is marked for deletion "{}"', deleting), ("requested PV is too small", too_small),
    ("storageClassName does not match", other_class), ("volumeAttributesClassName does not match", other_attributes_class),
    ("incompatible volumeMode", other_volume_mode), ("incompatible accessMode", lacks_modes))


# ---- the search -------------------------------------------------------------------------------

def fits(volume: dict, claim: dict, delayed: bool = False) -> Verdict:
    """The predicates of the search in their order.  delayed: the claim's class waits for the first pod."""
    for rule, wrong in USABLE:
        if reason := wrong(volume, claim):
            return Verdict(name(volume), False, rule, reason)
    if reserved_for(volume, claim):
        return Verdict(name(volume), True, "MATCH-2.6", "is reserved for this claim")
    if delayed:
        return Verdict(name(volume), False, "MATCH-2.7", "the class waits for the first pod, then the scheduler chooses")
    for rule, wrong in FREE:
        if reason := wrong(volume, claim):
            return Verdict(name(volume), False, rule, reason)
    return Verdict(name(volume), True, "MATCH-3", "fits")


def eligible(select: Callable[[str, str], list[Dict]], claim: dict) -> list[Dict]:
    """The volumes worth looking at: those that name the claim, and the free ones of its class.  select: World's or Client's."""
    return [*select("volume by claim", full_name(claim)), *select("free volume by class", class_of(claim) or "")]


def search(select: Callable[[str, str], list[Dict]], claim: dict, delayed: bool = False, seed: int | str = 0) -> Dict | None:
    """The best of all volumes, without looking at them all: where free ones fit exactly, none can be better."""
    wanted = shape(claim, get(claim, "spec.resources.requests.storage", ""))
    exact = () if claim["spec"].get("selector") else select("free volume by shape", wanted)
    if exact:
        chosen = min(exact, key=lambda volume: tie(volume, claim, seed))
        return best([*select("volume by claim", full_name(claim)), chosen], claim, delayed, seed)
    return best(eligible(select, claim), claim, delayed, seed)


def best(volumes: Iterable[Dict], claim: dict, delayed: bool = False, seed: int | str = 0) -> Dict | None:
    """The volume that the volume controller binds to the claim, or None.

    Volumes are grouped by their set of access modes; the smallest set that holds a match wins, even against a smaller
    or a reserved volume in a larger set (MATCH-1, MATCH-8).  Node affinity is not looked at (MATCH-5)."""
    found = []
    for volume in volumes:
        verdict = fits(volume, claim, delayed)
        if verdict.ok:
            modes = short_modes(volume["spec"].get("accessModes"))
            found.append(((modes.count(","), modes, *_order(volume, claim, verdict, seed)), volume))
    return min(found, key=lambda entry: entry[0])[1] if found else None


def on_node(volumes: Iterable[Dict], claim: dict, node: dict, excluded: Iterable[str] = (), seed: int | str = 0) -> Dict | None:
    """The volume of the claim's class that the scheduler binds to a delayed claim on a node, or None (SCHED-V10).

    excluded: names of volumes that other claims of the pod have taken.  A volume that is reserved for the claim and
    cannot be used on the node means no match at all."""
    found = []
    for volume in volumes:
        verdict = fits(volume, claim)
        if not verdict.ok or name(volume) in excluded or other_class(volume, claim):
            continue
        if reaches(volume, node):
            found.append((_order(volume, claim, verdict, seed), volume))
        elif verdict.rule == "MATCH-2.6":
            return None
    return min(found, key=lambda entry: entry[0])[1] if found else None


def _order(volume: dict, claim: dict, verdict: Verdict, seed: int | str) -> tuple:
    """Reserved volumes first, then the smallest (MATCH-2.11), then by chance (MATCH-4)."""
    by_chance = tie(volume, claim, seed)
    return (0, 0, by_chance) if verdict.rule == "MATCH-2.6" else (1, capacity(volume), by_chance)


def tie(volume: dict, claim: dict, seed: int | str) -> str:
    """What decides between volumes that fit a claim equally well: chance, by the seed, the names and the moment (MATCH-4);
    the name alone where no API server has given a moment."""
    made, asked = (obj["metadata"].get("creationTimestamp") for obj in (volume, claim))
    if not made or not asked:
        return name(volume)
    moment = between(made, asked)
    return sha256(f"{DICE}/{seed}/{moment}/{full_name(claim)}/{name(volume)}".encode()).hexdigest()


def reaches(volume: dict, node: dict) -> bool:
    """Whether a volume can be used on a node: it has no node affinity, or one of its terms holds (SCHED-V9)."""
    required = get(volume, "spec.nodeAffinity.required")
    return required is None or node_matches(required, node)


# ---- a claim that names its volume, and the answer to *why* -----------------------------------

def mismatch(volume: dict, claim: dict) -> tuple[str, str] | None:
    """Why a volume that nobody holds cannot be bound to a claim that names it: Kubernetes' words and ours (PVC-13)."""
    for words, wrong in NAMED:
        if reason := wrong(volume, claim):
            return words.format(name(volume)), reason
    return None


def candidates(view: World, claim: dict) -> list[Verdict]:
    """What the volume controller says of each volume for an unbound claim, by name; of a named volume only of that."""
    named = claim["spec"].get("volumeName")
    if not named:
        waits = delayed(view.find(Key("StorageClass", "", class_of(claim) or "")))
        return [fits(volume, claim, waits) for volume in view.list("PersistentVolume")]
    volume = view.find(Key("PersistentVolume", "", named))
    if volume is None:
        return [Verdict(named, False, "PVC-12", "does not exist")]
    if reason := taken(volume, claim):
        return [Verdict(named, False, "PVC-15", reason)]
    if claim_ref(volume) is not None:
        return [Verdict(named, True, "PVC-14", "is reserved for this claim")]
    wrong = mismatch(volume, claim)
    return [Verdict(named, False, "PVC-13", wrong[1]) if wrong else Verdict(named, True, "PVC-13", "fits")]
