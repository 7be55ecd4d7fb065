"""Lines of the picture, as SVG path data: the outline of each kind, the glyph of each state, the route of each edge.

Kinds differ by outline and states by glyph and line style, so that nothing is told by colour alone.  Numbers are pixels at
scale 1 and are rounded to one decimal, so that the same picture has the same bytes everywhere.
"""
from __future__ import annotations

from collections.abc import Iterable

Point = tuple[float, float]


def num(value: float) -> str:
    """12.0 -> "12", 12.345 -> "12.3"."""
    return f"{round(value, 1):g}"


# ---- outlines: a box of w times h with its origin at the top left -----------------------------------

def outline(kind: str, w: float, h: float) -> tuple[str, str]:
    """(the closed line round an object of this kind, a second line inside it or "")."""
    if kind == "Service":
        return _rounded_box(w, h, h / 2), ""
    if kind == "Pod":
        return _rounded_box(w, h, 9), ""
    if kind == "PersistentVolumeClaim":                       # a tag: one corner is cut off
        cut = 11
        return f"M0 0H{num(w - cut)}L{num(w)} {cut}V{num(h)}H0Z", ""
    if kind == "PersistentVolume":                            # a cylinder
        ry = 4 if h > 30 else 3
        half = f"A{num(w / 2)} {num(ry)} 0 0"
        return (f"M0 {num(ry)}{half} 1 {num(w)} {num(ry)}V{num(h - ry)}{half} 1 0 {num(h - ry)}Z",
                f"M0 {num(ry)}{half} 0 {num(w)} {num(ry)}")
    if kind == "StorageClass":                                # a hexagon
        tip = 11
        return f"M{tip} 0H{num(w - tip)}L{num(w)} {num(h / 2)}L{num(w - tip)} {num(h)}H{tip}L0 {num(h / 2)}Z", ""
    return _rounded_box(w, h, 5), _rounded_box(w, h, 3, inset=4)   # sets: a double box


def _rounded_box(w: float, h: float, r: float, inset: float = 0) -> str:
    i, r = num(inset), num(r)
    return (f"M{num(inset + float(r))} {i}H{num(w - inset - float(r))}A{r} {r} 0 0 1 {num(w - inset)} {num(inset + float(r))}"
            f"V{num(h - inset - float(r))}A{r} {r} 0 0 1 {num(w - inset - float(r))} {num(h - inset)}"
            f"H{num(inset + float(r))}A{r} {r} 0 0 1 {i} {num(h - inset - float(r))}V{num(inset + float(r))}A{r} {r} 0 0 1 {num(inset + float(r))} {i}Z")


# ---- glyphs: about 10 pixels wide, centred on the origin ------------------------------------------------

GLYPHS = {
    "ready": "M-4.5 0A4.5 4.5 0 1 1 4.5 0A4.5 4.5 0 1 1 -4.5 0Z",                     # a filled circle
    "waiting": "M-4 -5H4L-4 5H4Z",                                                    # an hourglass
    "blocked": "M-4 -4L4 4M4 -4L-4 4",                                                # a cross
    "going": "M0 -5V4.5M-4 0.5L0 4.5L4 0.5",                                          # an arrow down
    "idle": "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1 -4 0Z",                                    # a hollow circle
}


# ---- routes -------------------------------------------------------------------------------------------

def curve(a: Point, b: Point) -> str:
    """From a to b, leaving and arriving level."""
    middle = num((a[0] + b[0]) / 2)
    return f"M{num(a[0])} {num(a[1])}C{middle} {num(a[1])} {middle} {num(b[1])} {num(b[0])} {num(b[1])}"


def half_curve(a: Point, b: Point) -> str:
    """The half of `curve(a, b)` that begins at a; together with `half_curve(b, a)` it is the whole."""
    (ax, ay), (bx, by) = a, b
    x, y = (ax + bx) / 2, (ay + by) / 2
    return f"M{num(ax)} {num(ay)}C{num((ax + x) / 2)} {num(ay)} {num((ax + 3 * x) / 4)} {num((ay + y) / 2)} {num(x)} {num(y)}"


def elbows(points: Iterable[Point], radius: float = 6) -> str:
    """Level and upright lines through these points, with rounded corners; points in a row or on one spot are allowed."""
    way: list[Point] = []
    for point in points:
        if len(way) > 1 and (way[-2][0] == way[-1][0] == point[0] or way[-2][1] == way[-1][1] == point[1]):
            way.pop()
        if not way or way[-1] != point:
            way.append(point)
    path = f"M{num(way[0][0])} {num(way[0][1])}"
    for before, corner, after in zip(way, way[1:], way[2:]):
        r = min(radius, _length(before, corner) / 2, _length(corner, after) / 2)
        start, end = _towards(corner, before, r), _towards(corner, after, r)
        path += f"L{num(start[0])} {num(start[1])}Q{num(corner[0])} {num(corner[1])} {num(end[0])} {num(end[1])}"
    return f"{path}L{num(way[-1][0])} {num(way[-1][1])}"


def _length(a: Point, b: Point) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _towards(a: Point, b: Point, distance: float) -> Point:
    """The point at this distance from a on the level or upright line to b."""
    share = distance / (_length(a, b) or 1)
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
