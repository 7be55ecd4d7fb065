"""-o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[*].image"""
from __future__ import annotations

from ..world import Key
from .args import Failure
from .gotext import plain
from .jsonpath import BadTemplate, Template, relaxed
from .tables import Row, Table
from .tabs import Columns


class CustomColumns:
    """Prints objects as rows of fields.  Raises Failure for a specification that is none."""

    def __init__(self, specification: str, headers: bool = True) -> None:
        if not specification:
            raise Failure("error: custom-columns format specified but no custom columns given")
        self.names, self.paths = [], []
        for part in specification.split(","):
            name, colon, path = part.partition(":")
            if not colon:
                raise Failure(f"error: unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")
            try:
                self.names.append(name)
                self.paths.append(Template(relaxed(path)))
            except BadTemplate as error:
                raise Failure(f"error: {error}") from None
        self.columns = Columns()
        self.printed = Table(self.names if headers else [], [])

    def format(self, objects: list[dict]) -> str:
        rows = [Row([self._cell(path, obj) for path in self.paths], _key(obj)) for obj in objects]
        header = [] if self.printed.rows or not self.printed.columns else [self.names]
        self.printed.rows.extend(rows)
        return self.columns.format([*header, *(row.cells for row in rows)])

    @staticmethod
    def _cell(path: Template, obj: dict) -> str:
        try:
            return ",".join(map(plain, path.find(obj))) or "<none>"
        except BadTemplate:
            return "<none>"


def _key(obj: dict) -> Key:
    meta = obj.get("metadata") or {}
    return Key(obj.get("kind", ""), meta.get("namespace", ""), meta.get("name", ""))


def from_file(text: str, headers: bool = True) -> CustomColumns:
    """custom-columns-file: a line of names, and a line of paths below them."""
    lines = text.splitlines()
    if len(lines) < 2:
        raise Failure("error: invalid file, missing column specification lines")
    names, paths = lines[0].split(), lines[1].split()
    if len(names) != len(paths):
        raise Failure(f"error: number of headers ({len(names)}) and field specifications ({len(paths)}) don't match")
    return CustomColumns(",".join(map(":".join, zip(names, paths))), headers)
