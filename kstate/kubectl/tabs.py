"""Columns: text with tabs made into aligned text, as kubectl's tables and descriptions are (DESC-1).

A cell ends with a tab; what follows the last tab of a line is in no column.  A column is as wide as the widest of the
cells that stand below one another without a gap.
"""
from __future__ import annotations

from collections.abc import Iterable


def align(text: str, minimum: int = 0, padding: int = 2) -> str:
    """Every cell padded to the width of its column: at least `minimum`, and `padding` more than the widest text."""
    lines = [line.split("\t") for line in text.split("\n")]
    for column in range(max(map(len, lines)) - 1):
        block: list[list[str]] = []
        for cells in [*lines, []]:
            if len(cells) - 1 > column:
                block.append(cells)
            elif block:
                width = max(minimum, padding + max(len(line[column]) for line in block))
                for line in block:
                    line[column] = line[column].ljust(width)
                block = []
    return "\n".join(map("".join, lines))


class Columns:
    """Rows of a table, printed in parts: as `kubectl get -w` does, a later part is never narrower than an earlier one."""

    def __init__(self, minimum: int = 6, padding: int = 3) -> None:
        self.minimum, self.padding, self.widths = minimum, padding, []

    def format(self, rows: Iterable[list[str]]) -> str:
        """The rows as text; the last cell of a row is not padded."""
        rows = list(rows)
        for row in rows:
            self.widths += [self.minimum] * (len(row) - 1 - len(self.widths))
            for i, cell in enumerate(row[:-1]):
                self.widths[i] = max(self.widths[i], len(cell) + self.padding)
        return "".join("".join(cell.ljust(width) for cell, width in zip(row, self.widths)) + row[-1] + "\n" for row in rows)
