"""ControllerRevisions: the history of a StatefulSet's pod template, under names that are hashes of it (STS-21 to STS-31).

Modelled: the hash and the names of Kubernetes, re-use of an older revision, collisions, adoption, the history limit.
"""
from __future__ import annotations

import json
from typing import NamedTuple

from ..controllers.base import Dict, annotations, get, labels, name, namespace, owned_by, put, reference
from ..errors import AlreadyExists
from ..kinds import KINDS
from ..kinds.schema import decode
from .ownership import adopt, check_adopter, orphans, selector

HASH_LABEL = "controller.kubernetes.io/hash"
DIGITS = str.maketrans("0123456789", "456789bcdf")     # no vowels and nothing that looks like one


class Choice(NamedTuple):
    """Which revision pods have, which they are to get, and how often a name was taken already."""

    current: Dict
    update: Dict
    collisions: int


# ---- data, hash, name -------------------------------------------------------------------------

def data_of(template: dict) -> dict:
    """What a revision keeps of a set: its pod template, as a patch that replaces the whole of it (STS-22, STS-23)."""
    return {"spec": {"template": {**template, "$patch": "replace"}}}


def template_of(revision: dict) -> dict:
    return {field: value for field, value in revision["data"]["spec"]["template"].items() if field != "$patch"}


def canonical(value: dict) -> str:
    """JSON as Go writes it: sorted keys, no spaces, <, > and & escaped (STS-23)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def hash_of(value: dict, collisions: int = 0) -> str:
    """32 bits of FNV-1 over the canonical JSON and the count of collisions, as 1 to 10 characters (STS-25)."""
    number = 2166136261
    for byte in f"{canonical(value)}{collisions}".encode():
        number = number * 16777619 & 0xFFFFFFFF ^ byte
    return str(number).translate(DIGITS)


def revision_name(sts: dict, suffix: str) -> str:
    return f"{name(sts).encode()[:223].decode()}-{suffix}"                              # STS-24


# ---- history ----------------------------------------------------------------------------------

def adopt_orphans(api, sts: dict) -> None:
    """STS-30"""
    found = orphans(api, "ControllerRevision", sts)
    if found:
        check_adopter(api, sts, "ControllerRevisions")
    for revision in found:
        adopt(api, sts, revision, because="STS-30")


def history(api, sts: dict) -> list[Dict]:
    """The set's revisions, oldest number first."""
    chosen = selector(sts)
    mine = [r for r in api.owned("ControllerRevision", sts) if owned_by(r, sts) and chosen.matches(labels(r))]
    found = mine + orphans(api, "ControllerRevision", sts)
    return sorted(found, key=lambda r: (r["revision"], r["metadata"]["creationTimestamp"], name(r)))


def choose(api, sts: dict, known: list[Dict]) -> Choice:
    """Find, re-number or create the revision of today's template; find the one that pods have (STS-26, STS-27)."""
    data, collisions = data_of(sts["spec"]["template"]), get(sts, "status.collisionCount", 0)
    number = known[-1]["revision"] + 1 if known else 1
    equal = [r for r in known if r["data"] == data]
    if equal and known[-1]["data"] == data:
        update = known[-1]
    elif equal:
        update = api.update(put(equal[-1], "revision", number), because="STS-26")       # a rollback
    elif known and _means_the_same(sts, known[-1], data):
        update = known[-1]                                                              # STS-28
    else:
        update, collisions = _create(api, sts, data, number, collisions)
    current = next((r for r in known if name(r) == get(sts, "status.currentRevision")), update)     # STS-27, STS-31
    return Choice(current, update, collisions)


def _means_the_same(sts: dict, revision: dict, data: dict) -> bool:
    """Whether the revision's template, read and filled with the defaults of today, is the template of today."""
    old, _ = decode(KINDS["StatefulSet"], put(sts, "spec.template", template_of(revision)), "Ignore")
    KINDS["StatefulSet"].default(old)
    return data_of(old["spec"]["template"]) == data


def _create(api, sts: dict, data: dict, number: int, collisions: int) -> tuple[Dict, int]:
    first = hash_of(data, collisions)
    while True:
        revision = {
            "apiVersion": "apps/v1", "kind": "ControllerRevision",
            "metadata": {                                                               # STS-21
                "name": revision_name(sts, hash_of(data, collisions)), "namespace": namespace(sts),
                "labels": {**(get(sts, "spec.template.metadata.labels") or {}), HASH_LABEL: first},
                "annotations": annotations(sts), "ownerReferences": [reference(sts)]},
            "data": data, "revision": number}
        try:
            return api.create(revision, because="STS-26"), collisions
        except AlreadyExists:
            taken = api.live("ControllerRevision", name(revision), namespace(sts))
            if taken["data"] == data:
                return taken, collisions
            collisions += 1


def truncate(api, sts: dict, known: list[Dict], live: set[str]) -> None:
    """Forget the oldest revisions beyond the limit; what pods, current or update revision name is not counted (STS-29)."""
    idle, limit = [r for r in known if name(r) not in live], sts["spec"]["revisionHistoryLimit"]
    if 0 <= limit < len(idle):
        for revision in idle[:len(idle) - limit]:
            api.delete(revision, because="STS-29")
