"""Tables as `kubectl get` prints them: the server's columns and cells, and what kubectl adds (KCTL-15).

What is printed is text; Table keeps the same cells for who wants to show them in another way (kubectl(..., tables=[])).
"""
from __future__ import annotations

import re
from typing import Any, NamedTuple

from ..world import Key
from .discovery import Resource
from .tabs import Columns


class Options(NamedTuple):
    """What the flags of `get` change about a table."""

    wide: bool = False
    headers: bool = True
    kinds: bool = False             # pod/web-0 instead of web-0
    namespaces: bool = False        # a column of its own
    labels: tuple[str, ...] = ()    # a column for each
    all_labels: bool = False
    events: bool = False            # the EVENT column of --output-watch-events


class Row(NamedTuple):
    cells: list[str]
    key: Key | None = None          # the object that the row is about


class Table(NamedTuple):
    """A table that was printed, cell by cell; without headers `columns` is empty."""

    columns: list[str]
    rows: list[Row]


class Printer:
    """Prints the tables of one kind; a later part goes on without headers and keeps the widths."""

    def __init__(self, resource: Resource, options: Options) -> None:
        self.resource, self.options = resource, options
        self.columns = Columns()
        self.definitions: list[dict] = []
        self.printed = Table([], [])

    def format(self, table: dict, event: str = "") -> str:
        """The text of a table, "" for one without rows.  event: what a watch says of its row."""
        self.definitions = table.get("columnDefinitions") or self.definitions
        rows = [Row(self._row(row, event), self._key(row)) for row in table["rows"]]
        header = []
        if rows and not self.printed.rows and self.options.headers:
            self.printed.columns[:] = header = self._header()
        self.printed.rows.extend(rows)
        return self.columns.format([*filter(None, [header]), *(row.cells for row in rows)])

    def _key(self, row: dict) -> Key | None:
        meta = (row.get("object") or {}).get("metadata") or {}
        return Key(self.resource.kind, meta.get("namespace", ""), meta["name"]) if "name" in meta else None

    def _shown(self) -> list[int]:
        return [i for i, column in enumerate(self.definitions) if self.options.wide or not column.get("priority")]

    def _header(self) -> list[str]:
        options = self.options
        names = [self.definitions[i]["name"] for i in self._shown()] + [key.rpartition("/")[2] for key in options.labels]
        first = ["EVENT"] * options.events + ["NAMESPACE"] * options.namespaces
        return first + [name.upper() for name in names] + ["LABELS"] * options.all_labels  # TBL-11

    def _row(self, row: dict, event: str) -> list[str]:
        options, meta = self.options, (row.get("object") or {}).get("metadata", {})
        labels = meta.get("labels") or {}
        cells = [cell(row["cells"][i]) for i in self._shown()]
        if options.kinds and self.definitions and self.definitions[0]["name"] == "Name":
            cells[0] = f"{self.resource.label}/{cells[0]}"
        first = [event] * options.events + [meta.get("namespace", "")] * options.namespaces
        last = [",".join(f"{k}={v}" for k, v in sorted(labels.items())) or "<none>"] * options.all_labels
        return first + cells + [labels.get(key, "") for key in options.labels] + last


def cell(value: Any) -> str:
    """The text of a cell: nothing for null, one line of a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    line = re.split(r"[\n\r\f]", text, maxsplit=1)[0]
    return text if line == text else line + "..."


def plain_table(objects: list[dict], age: Any) -> dict:
    """Name and age, for what a server does not put into tables."""
    return {"columnDefinitions": [{"name": "Name"}, {"name": "Age"}],
            "rows": [{"cells": [obj["metadata"]["name"], age(obj["metadata"].get("creationTimestamp"))], "object": obj} for obj in objects]}
