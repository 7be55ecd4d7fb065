"""A picture as a table of text: the same facts, for text/plain, for nbval and for screen readers."""
from __future__ import annotations

from .picture import Picture

HEADINGS = ("KIND", "NAME", "STATE", "STATUS", "DETAIL", "TIES")


def text(picture: Picture) -> str:
    """One line for each object, in the order of the columns; what waits or is blocked says why below it."""
    rows = [(node["kind"], node["name"], node["state"], node["phase"], node["detail"], node["ties"]) for node in picture.nodes.values()]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows)]
    lines = [_line(HEADINGS, widths)]
    for node, row in zip(picture.nodes.values(), rows):
        lines.append(_line(row, widths))
        if node["message"]:
            lines.append(f"  {' '.join(node['message'].split())}")
    return "\n".join(lines)


def _line(cells, widths) -> str:
    return "   ".join(f"{cell:{width}}" for cell, width in zip(cells, widths)).rstrip()
