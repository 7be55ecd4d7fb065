"""The rules of Kubernetes that the engine follows: id and sentence, read from the *.md files beside this one.

A line of those files is `- **STS-56** sentence. [docs](link)`; what the engine leaves out ends in `(left out: reason)`, and what
needs no code of its own since other rules bring it about in `(follows from STS-59, STS-71)`.
"""
from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

LINE = re.compile(r"^- \*\*([A-Z]+-[A-Z]*\d+(?:\.\d+)?[a-z]?)\*\* (.+)$")
LINK = re.compile(r"\s*\[docs\]\((\S+)\)")
LEFT_OUT = re.compile(r"\s*\(left out: (.+?)\)\s*$")
FOLLOWS = re.compile(r"\s*\(follows from ([^)]+)\)")


class Rule(NamedTuple):
    id: str
    sentence: str
    chapter: str
    area: str           # the file: workloads, storage ...
    link: str = ""
    left_out: str = ""  # why the engine does not follow it, or ""
    follows: str = ""   # the rules that bring it about: "STS-59, STS-71", or ""


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its id, in the order of the files."""
    found = {}
    for path in sorted(files(__package__).iterdir(), key=lambda p: p.name):
        if path.name.endswith(".md"):
            chapter = ""
            for line in path.read_text("utf-8").splitlines():
                if line.startswith("#"):
                    chapter = line.lstrip("# ")
                elif match := LINE.match(line):
                    found[match[1]] = _rule(match[1], match[2], chapter, path.name[:-3])
    return found


def _rule(id: str, text: str, chapter: str, area: str) -> Rule:
    def cut(mark: re.Pattern) -> str:
        nonlocal text
        found, text = mark.search(text), mark.sub("", text)
        return found[1] if found else ""
    left_out, follows, link = cut(LEFT_OUT), cut(FOLLOWS), cut(LINK)
    return Rule(id, text.strip(), chapter, area, link, left_out, follows)


def sentence(id: str) -> str:
    """The sentence of a rule; "" for an unknown id."""
    rule = rules().get(id)
    return rule.sentence if rule else ""
