"""What a command printed, with the face that a notebook shows: tables as tables, complaints in red.

The text is kubectl's, byte for byte.  The HTML stands alone (style and script are in it) and is the same on every run; where a
page takes style and script away, a plain table is left.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from kstate.graph import node_id
from kstate.kubectl import Result, Table

from .shapes import GLYPHS
from .style import STATES, either, glyphs

STATIC = Path(__file__).with_name("static")
STYLE = "\n".join([(STATIC / "output.css").read_text("utf-8").strip(), *glyphs(".kstate-output", either)])
SCRIPT = (STATIC / "output.js").read_text("utf-8").strip()


class Output(NamedTuple):
    """What a command printed, its exit code, and the same as HTML, "" where that says no more than the text."""

    stdout: str
    stderr: str
    code: int
    html: str = ""

    def __repr__(self) -> str:
        return (self.stdout + self.stderr).rstrip("\n")

    def _repr_mimebundle_(self, **_) -> dict[str, str]:
        return {"text/plain": repr(self), **({"text/html": self.html} if self.html else {})}


def shown(result: Result, tables: Sequence[Table] = (), states: Mapping[str, str] = {}) -> Output:
    """tables: what of stdout is a table; states: the state of each object in the picture, by the id of its node."""
    if not tables and not result.stderr:
        return Output(*result)
    parts = [_table(table, states) for table in tables if table.rows] or [_text("stdout", result.stdout)]
    complaint = _text("stderr failed" if result.code else "stderr", result.stderr)
    script = f"<script>\n{SCRIPT}\n</script>" if tables else ""
    lines = ['<div class="kstate-output">', f"<style>\n{STYLE}\n</style>", *parts, complaint, script, "</div>"]
    return Output(*result, "\n".join(filter(None, lines)))


def _text(look: str, text: str) -> str:
    return f'<pre class="{look}">{escape(text.rstrip())}</pre>' if text else ""


def _table(table: Table, states: Mapping[str, str]) -> str:
    """One row a line.  A watch tells of an object more than once: its last row has the state that it is in, those before are past."""
    ids = [node_id(row.key.kind, row.key.namespace, row.key.name) if row.key else "" for row in table.rows]
    head = "".join(f'<th scope="col" tabindex="0">{escape(column)}</th>' for column in table.columns)
    lines = ["<table>", f"<thead><tr>{head}</tr></thead>" if head else "", "<tbody>"]
    for i, (row, id) in enumerate(zip(table.rows, ids)):
        past = id != "" and id in ids[i + 1:]
        first, *rest = map(escape, row.cells)
        cells = [("" if past else _glyph(states.get(id, ""))) + first, *rest]
        marks = (f' data-id="{escape(id)}"' if id else "") + (' class="past"' if past else "")
        lines.append(f'<tr{marks} tabindex="{-1 if i else 0}"><td>{"</td><td>".join(cells)}</td></tr>')
    return "\n".join(filter(None, [*lines, "</tbody>", "</table>"]))


def _glyph(state: str) -> str:
    if not state:
        return ""
    label = f'role="img" aria-label="{STATES[state][0]}"'
    return f'<svg class="{state}" {label} viewBox="-7 -7 14 14" width="14" height="14"><path class="glyph" d="{GLYPHS[state]}"/></svg> '
