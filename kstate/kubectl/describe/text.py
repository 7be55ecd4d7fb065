"""The sheet that a description is written on, and the parts that most kinds share (DESC-1 to DESC-4)."""
from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from ...world import get
from ..resources import items
from ..session import Session
from ..tabs import align

LONG = 140                      # characters of an annotation that fit beside its name
HIDDEN = "kubectl.kubernetes.io/last-applied-configuration"


class Sheet:
    """Lines with tabs, aligned at the end."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, text: str, level: int = 0) -> None:
        self.lines.append("  " * level + text)

    def field(self, name: str, value: Any, level: int = 0) -> None:
        self.write(f"{name}:\t{value}", level)

    def raw(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    def text(self) -> str:
        return align(self.raw(), 0, 2)

    def labels(self, title: str, labels: dict | None, indent: str = "") -> None:
        """k=v, one a line, sorted (DESC-2)."""
        self._column(f"{indent}{title}", [f"{k}={v}" for k, v in sorted((labels or {}).items())], indent)

    def annotations(self, title: str, annotations: dict | None) -> None:
        """k: v, one a line; what is long stands below its name (DESC-2)."""
        lines: list[str] = []
        for key, value in sorted((annotations or {}).items()):
            value = value.removesuffix("\n")
            if key == HIDDEN:
                continue
            if len(key) + len(value) + 2 > LONG or "\n" in value:
                lines.append(f"{key}:")
                lines += [f"  {part[:LONG - 2] + '...' if len(part) > LONG - 2 else part}" for part in value.split("\n")]
            else:
                lines.append(f"{key}: {value}")
        self._column(title, lines)

    def tolerations(self, title: str, tolerations: list[dict] | None) -> None:
        """DESC-23"""
        self._column(title, [_toleration(t) for t in sorted(tolerations or [], key=lambda t: t.get("key", ""))])

    def _column(self, title: str, lines: list[str], indent: str = "") -> None:
        first, *rest = lines or ["<none>"]
        self.write(f"{title}:\t{first}")
        for line in rest:
            self.write(f"{indent}\t{line}")


def _toleration(toleration: dict) -> str:
    key, value, effect = toleration.get("key", ""), toleration.get("value", ""), toleration.get("effect", "")
    text = key + (f"={value}" if value else "") + (f":{effect}" if effect else "")
    if toleration.get("operator") == "Exists" and not value:
        text += " op=Exists" if key or effect else "op=Exists"
    seconds = toleration.get("tolerationSeconds")
    return text + (f" for {seconds}s" if seconds is not None else "")


class About(NamedTuple):
    """What a describer is given."""

    session: Session
    sheet: Sheet
    object: dict
    show_events: bool

    def get(self, path: str, default: Any = None) -> Any:
        return get(self.object, path, default)

    def meta(self, name: str, default: Any = "") -> Any:
        return self.object["metadata"].get(name, default)

    def head(self, *, namespace: bool = True, created: bool = False, selector: str | None = None) -> None:
        """Name, Namespace, CreationTimestamp, Selector, Labels, Annotations."""
        sheet = self.sheet
        sheet.field("Name", self.meta("name"))
        if namespace:
            sheet.field("Namespace", self.meta("namespace"))
        if created:
            sheet.field("CreationTimestamp", moment(self.meta("creationTimestamp")))
        if selector is not None:
            sheet.field("Selector", selector)
        self.marks()

    def marks(self) -> None:
        self.sheet.labels("Labels", self.meta("labels"))
        self.sheet.annotations("Annotations", self.meta("annotations"))

    def related(self, kind: str, namespace: str | None = None, **query: str) -> list[dict]:
        """Objects of another kind in the same namespace (or "" for all), chosen by selectors."""
        resource = self.session.discovery.named(kind)
        where = self.meta("namespace") if namespace is None else namespace
        return items(resource, self.session.ask("GET", resource.path(where), **query))

    def events(self, **fields: str) -> None:
        """The events that concern the object (KCTL-50); fields: other ones than its name, namespace, kind and uid."""
        if not self.show_events:
            return
        fields = fields or {**{name: self.meta(name) for name in ("name", "namespace", "uid")}, "kind": self.object["kind"]}
        chosen = ",".join(f"involvedObject.{name}={value}" for name, value in fields.items())
        found = self.related("events", fieldSelector=chosen, limit="500")
        if not found:
            self.sheet.field("Events", "<none>")
            return
        self.sheet.write("Events:")
        self.sheet.write("Type\tReason\tAge\tFrom\tMessage", 1)
        self.sheet.write("----\t------\t----\t----\t-------", 1)
        for event in sorted(found, key=lambda e: e.get("lastTimestamp") or ""):
            source = get(event, "source.component") or event.get("reportingComponent", "")
            row = event.get("type", ""), event.get("reason", ""), interval(self.session, event), source, event.get("message", "").strip()
            self.sheet.write("\t".join(row), 1)


def interval(session: Session, event: dict) -> str:
    """When an event happened: `5s`, or `5s (x3 over 2m)` (DESC-4)."""
    first = session.age(event.get("eventTime") or event.get("firstTimestamp"))
    if event.get("series"):
        return f"{session.age(event['series']['lastObservedTime'])} (x{event['series']['count']} over {first})"
    if event.get("count", 1) > 1:
        return f"{session.age(event.get('lastTimestamp'))} (x{event['count']} over {first})"
    return first


def moment(timestamp: str | None) -> str:
    """Tue, 24 Nov 2026 03:03:14 +0000 (DESC-3)"""
    if not timestamp:
        return "Mon, 01 Jan 0001 00:00:00 +0000"
    return datetime.fromisoformat(timestamp).strftime("%a, %d %b %Y %H:%M:%S %z")


def yes(value: Any) -> str:
    """True or False."""
    return str(bool(value))


MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def access_modes(modes: list[str] | None) -> str:
    return ",".join(short for mode, short in MODES.items() if mode in (modes or ()))


def go_list(values: list | None) -> str:
    """[a b]"""
    return f"[{' '.join(map(str, values or ()))}]"
