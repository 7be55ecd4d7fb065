"""The picture of a cluster: a pure function of its graph, drawn by svg.py, told by text.py, animated by static/view.js.

Columns are Service | StatefulSet | Pods | Claims | Volumes | StorageClass, rows are by identity (kstate/layout.py).
A picture is plain data that can be compared and sent: whoever draws it needs no knowledge of Kubernetes.
"""
from __future__ import annotations

import re
from typing import NamedTuple

from kstate.layout import LAYERS, SET, place

from .shapes import curve, elbows, half_curve, outline

# title, width, and the gap to the next column, where the edges run
COLUMNS = (("Service", 104, 20), ("StatefulSet", 162, 40), ("Pods", 132, 28), ("Claims", 140, 50), ("Volumes", 122, 34), ("StorageClass", 142, 0))
MARGIN, TOP = 8, 14                                          # around the columns; above the first row, for edges that pass over it
SPACIOUS_ROWS = 6                                            # more rows than this are drawn as one line each
PITCH, HEIGHT = {False: 66, True: 30}, {False: 52, True: 25}   # from row to row, and of a box: spacious, compact
LEAST_ROWS = 3
EDGES = ("selects", "provisioned-by", "owns", "mounts", "binds")   # in drawing order

GOING, IDLE = ("Terminating", "Released"), ("Available", "Completed", "Succeeded")
READY, WAITING = ("Running", "Bound"), ("Pending", "ContainerCreating", "PodInitializing", "SchedulingGated")
NO_MATCH = ("FailedBinding", "ProvisioningFailed")           # what a pending claim's events say when nobody will help it

# how a tie is told at the node where it is told: from the source, or from the target
TOLD_AT_SOURCE = {"mounts": "uses", "binds": "bound to", "provisioned-by": "class"}
HALF = {"claim": "asks for", "volume": "reserved by"}        # a bond that only this side has declared
TOLD_AT_TARGET = {"owns": "of", "selects": "behind"}


class Picture(NamedTuple):
    """All that is drawn.  Nodes and edges are dicts of strings and numbers, by id, in drawing order.

    A node: kind, name, phase, state, ghost (it does not exist), detail, ties, message; label (its accessible name);
    lines (what fits into its box); x, y (top left).  An edge: kind, source, target, path, state and said_by (of bonds: of
    half a bond, the path is the half of the side that has declared it).
    """

    title: str
    width: float
    height: float
    compact: bool
    columns: list[dict]                                      # title, x, w
    shapes: dict[str, dict]                                  # kind -> w, h, outline, inner, glyph (x, y), slots of text (x, y, anchor, style)
    nodes: dict[str, dict]
    edges: dict[str, dict]
    seats: dict[str, int]                                    # to hand in with the next picture, so that nothing moves


def picture(graph, seats: dict[str, int] | None = None) -> Picture:
    """The picture of a graph that `kstate.graph.graph` made; `seats` are those of the picture before, if it should stay in place."""
    rows, placed = place(graph, seats)
    compact = max(rows.values(), default=0) >= SPACIOUS_ROWS
    if compact:
        rows, placed = place(graph, seats, tall=2)
    columns = _columns(graph)
    shapes = {kind: _shape(kind, columns[layer]["w"], compact) for kind, layer in LAYERS.items()}
    several = len({facts["namespace"] for facts in graph.nodes.values()} - {""}) > 1
    nodes = {}
    for node, facts in graph.nodes.items():
        nodes[node] = {**_node(graph, node, several, shapes[facts["kind"]]),
                       "x": columns[facts["layer"]]["x"], "y": TOP + rows[node] * PITCH[compact]}
    edges = {}
    for kind in EDGES:
        for source, target, facts in graph.edges(data=True):
            if facts["kind"] == kind and not _is_told_by_the_volume(graph, source, kind):
                edges[f"{source} {target}"] = {
                    "kind": kind, "source": source, "target": target, "state": facts.get("state", ""), "said_by": facts.get("said_by", ""),
                    "path": _path(facts, _box(nodes[source], shapes), _box(nodes[target], shapes))}
    bottom = max((node["y"] + shapes[node["kind"]]["h"] for node in nodes.values()), default=0)
    height = max(bottom, LEAST_ROWS * PITCH[False]) + TOP
    return Picture(_title(graph), columns[-1]["x"] + columns[-1]["w"] + MARGIN, height, compact, columns, shapes, nodes, edges, placed)


def _title(graph) -> str:
    sets = [f"{facts['name']} {facts['phase']}" for facts in graph.nodes.values() if facts["layer"] == SET]
    return ", ".join(sets) or f"{len(graph)} objects"


def _columns(graph) -> list[dict]:
    columns, x = [], MARGIN
    for title, width, gap in COLUMNS:
        columns.append({"title": title, "x": x, "w": width})
        x += width + gap
    if any(facts["kind"] in ("Deployment", "ReplicaSet") for facts in graph.nodes.values()):
        columns[1]["title"] = "Workloads"
    return columns


# ---- nodes ----------------------------------------------------------------------------------------

def state(facts: dict, used: bool = False) -> str:
    """ready, waiting, blocked, going or idle: how a node of the graph fares; a service is ready when it is used by a pod."""
    phase, ready = facts["phase"], facts["ready"]
    if phase in GOING:
        return "going"
    if phase == "missing":
        return "blocked"
    if facts["kind"] in ("Service", "StorageClass"):
        return "ready" if used else "idle"
    if facts["layer"] == SET:
        done, wanted = ready.split("/")
        return "idle" if wanted == "0" == done else "ready" if done == wanted else "waiting"
    if phase in IDLE:
        return "idle"
    if phase in READY:
        return "ready" if not ready or len(set(ready.split("/"))) == 1 else "waiting"
    if (phase in WAITING and facts["reason"] not in NO_MATCH) or re.fullmatch(r"Init:\d+/\d+", phase):
        return "waiting"
    return "blocked"


def _node(graph, node: str, several: bool, shape: dict) -> dict:
    facts = graph.nodes[node]
    how = state(facts, used=graph.out_degree(node) > 0)
    name = f"{facts['namespace']}/{facts['name']}" if several and facts["namespace"] else facts["name"]
    ties = ", ".join(_ties(graph, node))
    detail = facts["reason"] if how == "blocked" and facts["reason"] else facts["detail"]
    told = [name, facts["kind"], facts["phase"], how if how in ("waiting", "blocked") else "", detail, ties, facts["message"]]
    return {"kind": facts["kind"], "name": name, "phase": facts["phase"], "state": how, "ghost": facts["phase"] in ("missing", "no object"),
            "detail": detail, "ties": ties, "message": facts["message"], "label": ", ".join(filter(None, told)),
            "lines": _fit((name, facts["phase"], detail), shape)}


def _ties(graph, node: str):
    """What a node is tied to, in words; each tie is told once, where that makes the shorter list."""
    for source, _, kind in graph.in_edges(node, data="kind"):
        if kind in TOLD_AT_TARGET:
            yield f"{TOLD_AT_TARGET[kind]} {graph.nodes[source]['name']}"
    for _, target, facts in graph.out_edges(node, data=True):
        if facts["kind"] in TOLD_AT_SOURCE and not _is_told_by_the_volume(graph, node, facts["kind"]):
            told = HALF[facts["said_by"]] if facts.get("state") == "half" else TOLD_AT_SOURCE[facts["kind"]]
            yield f"{told} {graph.nodes[target]['name']}"


def _is_told_by_the_volume(graph, source: str, kind: str) -> bool:
    """A claim that has its volume has the volume's class: one line less across the picture."""
    return kind == "provisioned-by" and any(tie == "binds" for _, _, tie in graph.out_edges(source, data="kind"))


# ---- boxes: what fits, and where --------------------------------------------------------------------

NARROW, WIDE = frozenset("iljtfrI.,:;|!'()[] -/"), frozenset("mwMW@%")
SIZES = {"name": 13 * 1.07, "small": 11.5 * 1.07, "word": 12, "detail": 11}   # pixels; names are bold
PAD = {"Service": 16, "StorageClass": 15}                    # round ends and tips need more room beside the text
BUTTONS = 49                                                 # the room of - and + in the box of a set


def _shape(kind: str, w: float, compact: bool) -> dict:
    """The box of a kind: pods, claims and volumes shrink to one line when there are many."""
    flat = compact and kind in ("Pod", "PersistentVolumeClaim", "PersistentVolume")
    h, pad = HEIGHT[flat], PAD.get(kind, 11)
    room = w - 2 * pad
    narrow = room - (BUTTONS if LAYERS[kind] == SET else 0)    # beside the buttons
    drop = (1 if flat else 2) if kind == "PersistentVolume" else 0   # below the lid of the cylinder
    line, inner = outline(kind, w, h)
    if flat:
        glyph, base = [13, h / 2 + drop], h / 2 + 4 + drop
        slots = [_slot(23, base, "start", "small", w - 31), _slot(w - 8, base, "end", "detail", w - 36)]
    else:
        glyph = [pad + 4, 28 + drop]
        slots = [_slot(pad, 17 + drop, "start", "name", narrow), _slot(pad + 14, 32 + drop, "start", "word", narrow - 14),
                 _slot(pad, 45 + drop / 2, "start", "detail", room)]
    return {"w": w, "h": h, "outline": line, "inner": inner, "glyph": glyph, "slots": slots}


def _slot(x: float, y: float, anchor: str, style: str, room: float) -> dict:
    return {"x": round(x, 1), "y": round(y, 1), "anchor": anchor, "style": style, "room": round(room, 1)}


def _fit(lines: tuple[str, ...], shape: dict) -> list[str]:
    """What of these lines fits into the slots of a shape; on one line, the name goes before, and no half of a word is shown."""
    fitted = [shorten(line, slot["room"] / SIZES[slot["style"]], keep_end=i == 0) for i, (line, slot) in enumerate(zip(lines, shape["slots"]))]
    if len(fitted) == 2:
        left = shape["slots"][1]["room"] - _width(fitted[0]) * SIZES["small"]
        fitted[1] = lines[1] if _width(lines[1]) * SIZES["detail"] <= left else ""
    return fitted


def _width(text: str) -> float:
    """The width of a text in ems of an ordinary sans-serif face, about."""
    return sum(1 if ord(c) > 0x2E80 else 0.31 if c in NARROW else 0.84 if c in WIDE else 0.68 if c.isupper() else 0.56 for c in text)


def shorten(text: str, room: float, keep_end: bool) -> str:
    """The text, or as much of it as fits into `room` ems; names keep their ends, where their ordinals are."""
    if _width(text) <= room:
        return text
    for kept in range(len(text) - 1, 0, -1):
        tail = kept // 2 if keep_end else 0
        short = f"{text[:kept - tail]}…{text[len(text) - tail:]}"
        if _width(short) <= room:
            return short
    return "…"


# ---- edges: where they run ------------------------------------------------------------------------------

class _Box(NamedTuple):
    """A node as edges see it."""

    column: int
    left: float
    right: float
    top: float
    middle: float


def _box(node: dict, shapes: dict) -> _Box:
    shape = shapes[node["kind"]]
    return _Box(LAYERS[node["kind"]], node["x"], node["x"] + shape["w"], node["y"], node["y"] + shape["h"] / 2)


def _path(facts: dict, a: _Box, b: _Box) -> str:
    """Mounts and bonds curve from column to column; the other kinds fan out along a trunk before the target's column.

    Where they pass over a column between, they do so above the row.  Trunks of neighbouring rows stand beside each other.
    """
    kind, start, end = facts["kind"], (a.right, a.middle), (b.left, b.middle)
    if facts.get("state") == "half":
        return half_curve(start, end) if facts["said_by"] == "claim" else half_curve(end, start)
    if kind in ("mounts", "binds"):
        return curve(start, end)
    if a.column == b.column:                                 # a Deployment and its ReplicaSet
        return elbows([start, (a.right + 8, a.middle), (a.right + 8, b.middle), (b.right, b.middle)])
    hub = b if kind == "provisioned-by" else a               # many lines meet here
    spread = round(hub.top / PITCH[False]) % 3
    trunk = b.left - {"selects": 29 - 4 * spread, "owns": 16 - 4 * spread, "provisioned-by": 26 - 7 * spread}[kind]
    arrival = (b.top + b.middle) / 2 if kind == "selects" else b.middle
    if b.column == a.column + 1:
        return elbows([start, (trunk, a.middle), (trunk, arrival), (b.left, arrival)])
    out, above = a.right + 8 + 4 * spread, a.top - 6
    return elbows([start, (out, a.middle), (out, above), (trunk, above), (trunk, arrival), (b.left, arrival)])
