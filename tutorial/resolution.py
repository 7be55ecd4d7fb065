"""A picture of a name that is looked up: who asks, each name that the resolver tries, and what came of it."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kstate import Cluster
from kstate.node.dns import ResolvConf, Trace, Try, resolv_conf
from kstate.world import get

from .shapes import GLYPHS, elbows, num, outline
from .svg import document, escaped

ASKER, NAMES, FOUND = (8, 196), (248, 404), (700, 196)       # x and width of the columns
TOP, PITCH, HEIGHT = 40, 36, 27                              # of the rows
LINE = 15                                                    # from line to line of the resolver's settings


class Resolution(NamedTuple):
    """How a pod looked a name up: `trace` tells every name tried; `owners` who has the addresses that were found."""

    pod: str
    conf: ResolvConf
    trace: Trace
    owners: Mapping[str, tuple[str, str]]                    # address -> kind and name

    def __repr__(self) -> str:
        return f"{self.title}\n{self.trace}"

    @property
    def title(self) -> str:
        return f"{self.pod} looks up {self.trace.name}"

    def _repr_mimebundle_(self, **_) -> dict[str, str]:
        return {"text/plain": repr(self), "image/svg+xml": svg(self)}


def resolution(cluster: Cluster, name: str, pod: str, namespace: str | None = None) -> Resolution:
    """Look a name up from a pod.  Raises NotFound where there is no such pod."""
    trace = cluster.resolve(name, pod, namespace)
    owners = {get(obj, "spec.clusterIP"): ("Service", obj["metadata"]["name"]) for obj in cluster.list("Service", "*")}
    owners |= {get(obj, "status.podIP"): ("Pod", obj["metadata"]["name"]) for obj in cluster.list("Pod", "*")}
    return Resolution(pod, resolv_conf(cluster.get("Pod", pod, namespace)), trace, owners)


def svg(found: Resolution) -> str:
    """The picture, as a document of its own."""
    tried, addresses = found.trace.tried, found.trace.answer.addresses()
    rows = max(len(tried) - 1 + max(1, len(addresses)), 2)
    height = max(TOP + rows * PITCH, TOP + HEIGHT + (len(_settings(found.conf)) + 1) * LINE) + 4
    size = FOUND[0] + FOUND[1] + 8, height
    body = [*_columns(height), *_asker(found), *(line for row, one in enumerate(tried) for line in _try(row, one, found)),
            *(line for row, address in enumerate(addresses, len(tried) - 1) for line in _address(row, len(tried) - 1, address, found))]
    return document(found.title, str(found.trace).replace("\n", "; "), size, body)


def _columns(height: float) -> Iterator[str]:
    for (x, w), title in ((ASKER, "Asks"), (NAMES, "Names, one after the other"), (FOUND, "Found")):
        yield f'<rect class="band" x="{x - 4}" y="4" width="{w + 8}" height="{num(height - 8)}" rx="8"/>'
        yield f'<text class="heading" x="{num(x + w / 2)}" y="21" text-anchor="middle">{title}</text>'


def _asker(found: Resolution) -> Iterator[str]:
    """The pod, and what its /etc/resolv.conf says."""
    x, w = ASKER
    yield from _box(x, TOP, w, "Pod", "ready", "ready", _short(found.pod, 22), "")
    for i, line in enumerate(_settings(found.conf), 1):
        yield f'<text class="detail" x="{x + 12}" y="{TOP + HEIGHT + i * LINE + 4}">{escaped(line)}</text>'


def _settings(conf: ResolvConf) -> list[str]:
    search = ["search", *conf.search] if conf.search else []
    return [*search, *(f"{key}:{value}" if value else key for key, value in conf.options.items())]


def _try(row: int, one: Try, found: Resolution) -> Iterator[str]:
    """A name, with what the search list has added to it; a miss leads to the next, and says why it is one."""
    (x, w), y, last = NAMES, TOP + row * PITCH, row == len(found.trace.tried) - 1
    hit = last and bool(found.trace.answer.addresses())
    yield _edge([(x + 16, y - PITCH + HEIGHT), (x + 16, y)] if row else [(ASKER[0] + ASKER[1], y + HEIGHT / 2), (x, y + HEIGHT / 2)])
    typed = found.trace.name.rstrip(".") if one.fqdn.startswith(found.trace.name.rstrip(".")) else one.fqdn
    added = " in /etc/hosts" if one.server == "hosts" else one.fqdn[len(typed):]
    yield from _box(x, y, w, "Name", "ready" if hit else "blocked" if last else "idle", "ready" if hit else "blocked", _short(typed, 40), _short(added, 34))
    if not hit:
        yield f'<text class="detail" x="{FOUND[0] + 8}" y="{num(y + HEIGHT / 2 + 4)}">{escaped(_short(one.outcome, 34))}</text>'


def _address(row: int, of: int, address: str, found: Resolution) -> Iterator[str]:
    """An address that was found, and whose it is."""
    (x, w), y, begin = FOUND, TOP + row * PITCH, TOP + of * PITCH + HEIGHT / 2
    yield _edge([(NAMES[0] + NAMES[1], begin), (x - 20, begin), (x - 20, y + HEIGHT / 2), (x, y + HEIGHT / 2)])
    kind, name = found.owners.get(address, ("Name", ""))
    yield from _box(x, y, w, kind, "ready", "ready", address, f" {_short(name, 16)}")


def _box(x: float, y: float, w: float, kind: str, state: str, glyph: str, name: str, more: str) -> Iterator[str]:
    yield f'<g class="{state}" transform="translate({num(x)} {num(y)})">'
    yield f'<path class="outline" d="{outline(kind, w, HEIGHT)[0]}"/>'
    yield f'<path class="glyph" transform="translate(16 {num(HEIGHT / 2)})" d="{GLYPHS[glyph]}"/>'
    yield f'<text x="29" y="{num(HEIGHT / 2 + 4)}"><tspan class="small">{escaped(name)}</tspan><tspan class="detail">{escaped(more)}</tspan></text>'
    yield "</g>"


def _edge(points: list[tuple[float, float]]) -> str:
    return f'<path class="edge owns" d="{elbows(points)}"/>'


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most - 1]}…"
