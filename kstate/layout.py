"""Where each object of the graph stands: the column is its kind, the row is its name.

Nothing jumps.  A row is a function of identity: pod and claims of one ordinal share a lane, lanes stand in the natural
order of their names, and an ordinal that is missing between others keeps its lane (web-0 while it is being re-created).
Bindings move nothing: a volume stands by its own name, a provisioned one by the claim that it was made for.

What comes and goes in front of a viewer should not move the others either, so `place` takes the seats of the picture
before.  Whoever sits stays; who comes takes the first free row after its predecessor; who comes back takes its old seat if
nobody else has it.  The price is a gap where something left; without seats, the gaps close.
"""
from __future__ import annotations

import re
from typing import NamedTuple

LAYERS = {"Service": 0, "StatefulSet": 1, "Deployment": 1, "ReplicaSet": 1, "Pod": 2, "PersistentVolumeClaim": 3,
          "PersistentVolume": 4, "StorageClass": 5}
SET, POD, CLAIM, VOLUME = 1, 2, 3, 4


class Lane(NamedTuple):
    """A strip of rows that belongs to what shares an identity."""

    key: str                  # its seat in the memory of a viewer
    family: str               # lanes of a family stand one below the other
    columns: tuple[int, ...]
    height: int               # in rows
    nodes: dict[str, int]     # node -> its row within the lane


def natural(name: str) -> list[str | int]:
    """The sort key that puts web-2 before web-10."""
    return [int(part) if i % 2 else part for i, part in enumerate(re.split("([0-9]+)", name))]


def place(g, seats: dict[str, int] | None = None, tall: int = 1) -> tuple[dict[str, int], dict[str, int]]:
    """(row of each node, counted from 0 at the top; the seats to hand in with the next picture).

    Services, sets and classes are `tall` rows high, the others one.
    """
    before, now, taken = seats or {}, {}, set()
    lanes = _lanes(g, tall)

    def free(lane: Lane, row: int) -> bool:
        return not any((column, row + i) in taken for column in lane.columns for i in range(lane.height))

    def sit(lane: Lane, row: int) -> None:
        now[lane.key] = row
        taken.update((column, row + i) for column in lane.columns for i in range(lane.height))

    for lane in lanes:
        if lane.key in before and free(lane, before[lane.key]):
            sit(lane, before[lane.key])
    below: dict[tuple, int] = {}                             # where the next lane of a family may begin
    first: dict[str, int] = {}                               # where a family's first pod stands: its set begins beside it
    for lane in lanes:
        group = lane.family, lane.columns
        if lane.key not in now:
            row = below.get(group, first.get(lane.family, 0) if lane.columns == (SET,) else 0)
            while not free(lane, row):
                row += 1
            sit(lane, row)
        below[group] = now[lane.key] + lane.height
        first.setdefault(lane.family, now[lane.key])
    rows = {node: now[lane.key] + offset for lane in lanes for node, offset in lane.nodes.items()}
    return rows, {**before, **now}


def _lanes(g, tall: int) -> list[Lane]:
    """All lanes in the order in which they are placed: those of ordinals first."""
    families: dict[str, dict[int, dict[str, int]]] = {}      # "gsh/web" -> ordinal -> node -> row within the lane
    starts = {f"{facts['namespace']}/{facts['name']}": facts.get("start", 0) for facts in g.nodes.values() if facts["layer"] == SET}
    known, others = dict(starts), []
    for node, facts in g.nodes.items():                      # in the order of columns: pods come before claims
        stem, ordinal = _split(facts["name"])
        if facts["layer"] in (POD, CLAIM) and ordinal is not None:
            family = f"{facts['namespace']}/{stem}"
            if facts["layer"] == POD:
                known.setdefault(family, 0)
            else:
                family = _family(facts["namespace"], stem, known)
            lane = families.setdefault(family, {}).setdefault(ordinal, {})
            lane[node] = sum(g.nodes[other]["layer"] == facts["layer"] for other in lane)
        else:
            others.append(node)
    lanes = []
    for family in sorted(families, key=natural):
        members = families[family]
        height = max(max(lane.values()) for lane in members.values()) + 1
        start = starts.get(family, min(members))
        for ordinal in sorted({*members, *(above - 1 for above in members if above > start)}):
            lanes.append(Lane(f"{family}-{ordinal}", family, (POD, CLAIM), height, members.get(ordinal, {})))
    for node in sorted(others, key=lambda n: _order(g.nodes[n])):
        facts = g.nodes[node]
        family = f"{facts['namespace']}/{facts['name']}" if facts["layer"] == SET else ""
        lanes.append(Lane(node, family, (facts["layer"],), 1 if facts["layer"] in (POD, CLAIM, VOLUME) else tall, {node: 0}))
    return lanes


def _family(namespace: str, stem: str, known: dict) -> str:
    """The claims www-web-0, www-web-1, ... belong to the set or the pods "web" where those are known, else to each other."""
    ends = [f"{namespace}/{stem[at:]}" for at in range(len(stem)) if at == 0 or stem[at - 1] == "-"]
    return next((end for end in ends if end in known), ends[0])


def _split(name: str) -> tuple[str, int | None]:
    """"web-0" -> ("web", 0); ("busybox", None) where no number ends the name."""
    match = re.fullmatch("(.+)-([0-9]{1,9})", name)
    return (match[1], int(match[2])) if match else (name, None)


def _order(facts: dict) -> tuple:
    """Order within a column: by name; volumes that were provisioned come after the others, by the claim they were made for."""
    made_for = facts.get("made_for", "")
    return facts["layer"], bool(made_for), natural(made_for or f"{facts['namespace']}/{facts['name']}"), facts["kind"]
