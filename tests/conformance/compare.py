"""The facts of a recording, class by class, and which of them hold in another run."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

CLASSES = ("presence", "fields", "story", "events", "output")
KINDS = ("Pod", "PersistentVolumeClaim", "PersistentVolume")        # whose order of events is compared


class Fact(NamedTuple):
    sort: str               # one of CLASSES
    key: str                # which fact: "3 Pod/default/web-0 status.phase"
    holds: bool
    told: str               # what is wrong where it does not hold


def facts(want: dict, got: dict, loose: bool = False) -> list[Fact]:
    """All facts of a trace that two runs on the reference agreed on.  loose: the order of pods does not count."""
    racy = set(want.get("racy", ()))
    found = [fact for number, (w, g) in enumerate(zip(want["steps"], got["steps"], strict=True), 1) for fact in _step(number, w, g, loose)]
    return [fact for fact in found if fact.key not in racy]


def _step(number: int, want: dict, got: dict, loose: bool) -> Iterator[Fact]:
    yield from _objects(number, want["objects"], got["objects"])
    for kind in KINDS:
        told, said = ([line for line in step["story"] if line.startswith(f"{kind} ")] for step in (want, got))
        comparable = sorted if loose or kind != "Pod" else _without_order_of_endings
        same = comparable(told) == comparable(said)
        yield Fact("story", f"{number} story {kind}", same, f"step {number}: order of {kind}: want {told} got {said}")
    failed = any("FailedScheduling" in row for row in got["events"])        # whether there is one is a race in the reference
    for row in want["events"]:
        if failed or "FailedScheduling" not in row:
            yield Fact("events", f"{number} {row}", row in got["events"], f"step {number}: event missing: {row}")
    for row in got["events"]:
        if row not in want["events"] and "FailedScheduling" not in row:
            yield Fact("events", f"{number} {row}", False, f"step {number}: event not expected: {row}")
    for name in ("stdout", "stderr", "exit") if "stdout" in want else ():
        command = want["step"].get("kubectl", "apply or create")
        yield Fact("output", f"{number} {name}", want[name] == got.get(name),
                   f"step {number}: {name} of {command}:\n   want {want[name]!r}\n   got  {got.get(name)!r}")


def _objects(number: int, want: dict, got: dict) -> Iterator[Fact]:
    for key in sorted({**want, **got}):
        both = key in want and key in got
        yield Fact("presence", f"{number} {key}", both, f"step {number}: {key} is {'missing' if key in want else 'not expected'}")
        if both:
            a, b = dict(_leaves(want[key])), dict(_leaves(got[key]))
            for path in sorted({**a, **b}):
                yield Fact("fields", f"{number} {key} {path}", a.get(path) == b.get(path),
                           f"step {number}: {key} {path}: want {a.get(path)!r} got {b.get(path)!r}")


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, (dict, list)):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(item, f"{path}.{name}" if path else str(name))
    else:
        yield path, value


def _without_order_of_endings(lines: list[str]) -> list[str]:
    """What ends at the same time has no order: neighbours that end in the same word of going are sorted."""
    out: list[str] = []
    for line in lines:
        word = line.rpartition(" ")[2]
        at = len(out)
        while word in ("gone", "terminating") and at and out[at - 1].endswith(f" {word}") and out[at - 1] > line:
            at -= 1
        out.insert(at, line)
    return out
