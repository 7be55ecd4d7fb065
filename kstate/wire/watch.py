"""Watches: the changes of a kind after a resource version, one JSON line each (API-40 to API-45).

A watch only remembers where in the log it is; the engine never waits for a slow reader.  When the past is undone under
it, it says 410 Gone, and the client lists again.
"""
from __future__ import annotations

from bisect import bisect_right

from ..errors import BadRequest, Expired, Invalid, forbidden
from ..kinds import Kind
from ..world import Dict
from .message import dump
from .selection import Selection
from .tables import METADATA, METADATA_LIST, TABLE, partial, table

END_OF_INITIAL = "k8s.io/initial-events-end"


class Watch:
    """One watch.  `lines()` gives what is new since it was last asked; `closed` says that no more will come."""

    def __init__(self, engine, kind: Kind, namespace: str | None, chosen: Selection, query: dict[str, str], form: str) -> None:
        self.engine, self.kind, self.namespace, self.chosen, self.form = engine, kind, namespace, chosen, form
        self.include = query.get("includeObject", "Metadata")
        self.bookmarks = query.get("allowWatchBookmarks") in ("true", "1")
        self.timeout = int(query.get("timeoutSeconds") or 0)    # seconds; 0: no end of its own
        self.closed = False
        self._first = True
        self._pending: list[tuple[str, dict]] = []
        self._start(query)

    def _start(self, query: dict[str, str]) -> None:
        version, log = query.get("resourceVersion", ""), self.engine.world.log
        initial = query.get("sendInitialEvents") in ("true", "1")
        _check_options(query, initial)
        current = self.engine.world.revision
        if version in ("", "0") or initial:
            self._position = len(log)
            if query.get("sendInitialEvents") not in ("false", "0"):
                objects = self.engine.world.list(self.kind.kind, self.namespace)
                self._pending = [("ADDED", obj) for obj in objects if self.chosen.matches(obj)]
            if initial and self.bookmarks:
                self._pending.append(("BOOKMARK", self._bookmark({END_OF_INITIAL: "true"})))
        elif not version.isdigit():
            raise BadRequest(f'Invalid value: "{version}": strconv.ParseUint: parsing "{version}": invalid syntax')
        elif int(version) > current:
            self._position = len(log)
            self._gone(f"Too large resource version: {version}, current: {current}")
        else:
            self._position = bisect_right(log, int(version), key=lambda change: change.revision)
        self._last = log[self._position - 1] if self._position else None

    def _bookmark(self, annotations: dict | None = None) -> dict:
        meta = {"resourceVersion": str(self.engine.world.revision), "creationTimestamp": None, **({"annotations": annotations} if annotations else {})}
        return {"kind": self.kind.kind, "apiVersion": self.kind.api_version, "metadata": meta}

    def _gone(self, message: str) -> None:
        self._pending.append(("ERROR", Expired(message).status()))
        self.closed = True

    def lines(self) -> list[bytes]:
        """New events, each a line of JSON."""
        log = self.engine.world.log
        if not self.closed:
            if len(log) < self._position or (self._position and log[self._position - 1] is not self._last):
                self._gone(f"too old resource version: {self._position} ({len(log)})")
            else:
                for change in log[self._position:]:
                    self._take(change)
                self._position = len(log)
                self._last = log[-1] if log else None
        pending, self._pending = self._pending, []
        return [self._line(sort, obj) for sort, obj in pending]

    def bookmark(self) -> list[bytes]:
        """A bookmark for a quiet watch, where the client allows it (API-42)."""
        return [self._line("BOOKMARK", self._bookmark())] if self.bookmarks and not self.closed else []

    def _take(self, change) -> None:
        """A change as the selectors let it appear (API-43)."""
        if change.key.kind != self.kind.kind or change.verb == "wait" or self.namespace not in (None, change.key.namespace):
            return
        before = change.old is not None and self.chosen.matches(change.old)
        after = change.new is not None and self.chosen.matches(change.new)
        if after:
            self._pending.append(("MODIFIED" if before else "ADDED", change.new))
        elif before:
            last = Dict(change.old, metadata=Dict(change.old["metadata"], resourceVersion=str(change.revision)))
            self._pending.append(("DELETED", last))

    def _line(self, sort: str, obj: dict) -> bytes:
        if sort != "ERROR":
            if self.form == TABLE:
                rows = [] if sort == "BOOKMARK" else [obj]
                obj = table(self.kind, rows, self.engine.clock, self.engine.now, self.include,
                            {"resourceVersion": obj["metadata"]["resourceVersion"]}, columns=self._first)
                self._first = False
            elif self.form in (METADATA, METADATA_LIST):
                obj = partial(obj)
        return dump({"type": sort, "object": obj}) + b"\n"


def _check_options(query: dict[str, str], initial: bool) -> None:
    """API-42: what does not go together."""
    match = query.get("resourceVersionMatch", "")
    problem = ""
    if "sendInitialEvents" in query and match != "NotOlderThan":
        problem = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
    elif match and "sendInitialEvents" not in query:
        problem = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
    if problem:
        raise Invalid(kind="ListOptions", group="meta.k8s.io", errors=[forbidden("resourceVersionMatch", problem)])
