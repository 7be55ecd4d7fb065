"""A picture as SVG text: the same bytes for the same picture, one element a line, so that a diff of saved outputs can be read.

It stands alone: no script, no link, its own colours for light and dark pages; title, description and a title for each object
for those who do not see it.  All text is escaped.
"""
from __future__ import annotations

import re
from html import escape

from .picture import Picture
from .shapes import GLYPHS, num
from .style import EDGES, STATES, colours, dark, light, rules

WIDEST = 840                                                 # px: what a laptop leaves beside JupyterLab's list of files
HEAD, FOOT = 26, 30                                          # headings above, legend below


def svg(picture: Picture) -> str:
    """The picture with headings and legend, as a document of its own."""
    size = picture.width, HEAD + picture.height + FOOT
    return document(picture.title, "; ".join(node["label"] for node in picture.nodes.values()), size, [
        *_columns(picture),
        f'<g transform="translate(0 {HEAD})">',
        *(_edge(edge) for edge in picture.edges.values()),
        *(line for node_id, node in picture.nodes.items() for line in _node(node_id, node, picture.shapes[node["kind"]])),
        "</g>",
        *_legend(HEAD + picture.height + FOOT / 2 + 2)])


def document(title: str, description: str, size: tuple[float, float], body: list[str]) -> str:
    """An SVG document that stands alone; body: its elements, one a line."""
    width, height = map(num, size)
    scale = min(1, WIDEST / size[0])                         # JupyterLab shows it as an image, and would cut it off
    shown = [num(side * scale) for side in size]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" class="kstate-picture" role="img" viewBox="0 0 {width} {height}" width="{shown[0]}" height="{shown[1]}">',
        f"<title>{escaped(title)}</title>",
        f"<desc>{escaped(description)}</desc>",
        f"<style>\n{rules(light)}\n@media (prefers-color-scheme:dark){{\n{colours(dark)}\n}}\n</style>",
        f'<rect class="page" width="{width}" height="{height}" rx="8"/>',
        *body,
        "</svg>"]) + "\n"


def _columns(picture: Picture):
    for column in picture.columns:
        x, w = column["x"], column["w"]
        yield f'<rect class="band" x="{num(x - 6)}" y="4" width="{num(w + 12)}" height="{num(HEAD + picture.height - 8)}" rx="8"/>'
        yield f'<text class="heading" x="{num(x + w / 2)}" y="21" text-anchor="middle">{escaped(column["title"])}</text>'


def _edge(edge: dict) -> str:
    return f'<path class="{" ".join(filter(None, ("edge", edge["kind"], edge["state"])))}" d="{edge["path"]}"/>'


def _node(node_id: str, node: dict, shape: dict):
    ghost = " ghost" if node["ghost"] else ""
    yield f'<g class="{node["state"]}{ghost}" data-id="{escaped(node_id)}" transform="translate({num(node["x"])} {num(node["y"])})">'
    yield f"<title>{escaped(node['label'])}</title>"
    yield f'<path class="outline" d="{shape["outline"]}"/>'
    if shape["inner"]:
        yield f'<path class="inner" d="{shape["inner"]}"/>'
    yield f'<path class="glyph" transform="translate({num(shape["glyph"][0])} {num(shape["glyph"][1])})" d="{GLYPHS[node["state"]]}"/>'
    for line, slot in zip(node["lines"], shape["slots"]):
        if line:
            yield f'<text class="{slot["style"]}" x="{num(slot["x"])}" y="{num(slot["y"])}" text-anchor="{slot["anchor"]}">{escaped(line)}</text>'
    yield "</g>"


def _legend(y: float):
    x = 20
    for state, (word, _width, _dashes) in STATES.items():
        yield f'<g class="{state}" transform="translate({num(x)} {num(y)})"><path class="glyph" d="{GLYPHS[state]}"/></g>'
        yield f'<text class="legend" x="{num(x + 11)}" y="{num(y + 4)}">{word}</text>'
        x += 34 + 6 * len(word)
    x += 30
    for edge, (word, _width, _dashes) in EDGES.items():
        yield f'<path class="edge {edge}" d="M{num(x)} {num(y)}h26"/>'
        yield f'<text class="legend" x="{num(x + 33)}" y="{num(y + 4)}">{word}</text>'
        x += 56 + 6 * len(word)


def escaped(text: str) -> str:
    """Escaped, without the control characters that XML forbids."""
    return escape(re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]", "\ufffd", text))
