"""Watches: the changes of a kind after a resource version, one JSON line each (API-40 to API-45).

A watch only remembers where in the log it is; the engine never waits for a slow reader.  When the past is undone under
it, it says 410 Gone, and the client lists again.
"""
from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from ..errors import Expired, Invalid, Timeout, forbidden
from ..kinds import Kind
from ..world import Change, Dict
from .lists import version
from .message import Request, dump
from .selection import Selection
from .tables import METADATA, METADATA_LIST, TABLE, check_include, partial, table

END_OF_INITIAL = "k8s.io/initial-events-end"


class Watch:
    """One watch.  `lines()` gives what is new since it was last asked; `closed` says that no more will come."""

    def __init__(self, engine, kind: Kind, namespace: str | None, chosen: Selection, request: Request, form: str) -> None:
        self.engine, self.kind, self.namespace, self.chosen, self.form = engine, kind, namespace, chosen, form
        self.include = request.query.get("includeObject", "Metadata")
        check_include(self.include)
        self.bookmarks = request.flag("allowWatchBookmarks")
        self.timeout = request.number("timeoutSeconds") or 0    # seconds; 0: no end of its own
        self.shown: Callable[[dict], dict] = lambda obj: obj    # another version's names for an object
        self.closed = False
        self._first = True
        self._pending: list[tuple[str, dict]] = []
        self._start(request)

    def _start(self, request: Request) -> None:
        """Where in the log to begin, and what to say of what is there already (API-41, API-42)."""
        _check_options(request.query)
        log, initial = self.engine.world.log, request.flag("sendInitialEvents")
        self._position, self._last = len(log), None
        try:
            after = version(request.query.get("resourceVersion", ""), self.engine.world.revision)
        except Timeout as error:                # of a future that was undone
            return self._gone(str(error).removeprefix("Timeout: "))
        if initial or after is None and "sendInitialEvents" not in request.query:
            objects = self.engine.world.list(self.kind.kind, self.namespace)
            self._pending = [("ADDED", obj) for obj in objects if self.chosen.matches(obj)]
        elif after is not None:
            self._position = bisect_right(log, after, key=lambda change: change.revision)
        if initial and self.bookmarks:
            self._pending.append(("BOOKMARK", self._bookmark({END_OF_INITIAL: "true"})))
        self._last = log[self._position - 1] if self._position else None

    def _bookmark(self, annotations: dict | None = None) -> dict:
        meta: dict = {"resourceVersion": str(self.engine.world.revision), "creationTimestamp": None}
        if annotations:
            meta["annotations"] = annotations
        return {"kind": self.kind.kind, "apiVersion": self.kind.api_version, "metadata": meta}

    def _gone(self, message: str) -> None:
        self._pending.append(("ERROR", Expired(message).status()))
        self.closed = True

    @property
    def behind(self) -> bool:
        """There are changes that it has not looked at."""
        return not self.closed and self._position != len(self.engine.world.log)

    def lines(self, most: int | None = None) -> list[bytes]:
        """New events, each a line of JSON (API-40).  most: how many changes to look at."""
        log = self.engine.world.log
        if not self.closed:
            if len(log) < self._position or (self._position and log[self._position - 1] is not self._last):
                self._gone(f"too old resource version: {self._last.revision} ({self.engine.world.revision})")
            else:
                for change in log[self._position:None if most is None else self._position + most]:
                    self._take(change)
                    self._position, self._last = self._position + 1, change
        pending, self._pending = self._pending, []
        return [self._line(sort, obj) for sort, obj in pending]

    def bookmark(self) -> list[bytes]:
        """A bookmark for a quiet watch, where the client allows it (API-42)."""
        return [self._line("BOOKMARK", self._bookmark())] if self.bookmarks and not self.closed else []

    def _take(self, change: Change) -> None:
        """A change as the selectors let it appear (API-43); a pod's whole life is told this way (API-45)."""
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
        return dump({"type": sort, "object": obj if sort == "ERROR" else self.shown(self._formed(sort, obj))}) + b"\n"

    def _formed(self, sort: str, obj: dict) -> dict:
        """An object in the form that the client asked for (TBL-4)."""
        if self.form in (METADATA, METADATA_LIST):
            return partial(obj)
        if self.form != TABLE:
            return obj
        columns, self._first = self._first, False
        metadata = {"resourceVersion": obj["metadata"]["resourceVersion"]}
        return table(self.kind, [] if sort == "BOOKMARK" else [obj], self.engine.clock, self.engine.now, self.include, metadata, columns)


def _check_options(query: dict[str, str]) -> None:
    """API-42: what does not go together."""
    match = query.get("resourceVersionMatch", "")
    problem = ""
    if "sendInitialEvents" in query and match != "NotOlderThan":
        problem = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
    elif match and "sendInitialEvents" not in query:
        problem = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
    if problem:
        raise Invalid(kind="ListOptions", group="meta.k8s.io", errors=[forbidden("resourceVersionMatch", problem)])
