"""The rules of Kubernetes that the engine follows: id and sentence, read from the *.md files beside this one.

A line of those files is `- **STS-56** sentence. [docs](link)`; what the engine leaves out ends in `(left out: reason)`.
"""
from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

LINE = re.compile(r"^- \*\*([A-Z]+-[A-Z]*\d+(?:\.\d+)?[a-z]?)\*\* (.+)$")
LINK = re.compile(r"\s*\[docs\]\((\S+)\)")
LEFT_OUT = re.compile(r"\s*\(left out: (.+?)\)\s*$")


class Rule(NamedTuple):
    id: str
    sentence: str
    chapter: str
    area: str           # the file: workloads, storage ...
    link: str = ""
    left_out: str = ""  # why the engine does not follow it, or ""


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
    left_out = LEFT_OUT.search(text)
    text = LEFT_OUT.sub("", text)
    link = LINK.search(text)
    return Rule(id, LINK.sub("", text).strip(), chapter, area, link[1] if link else "", left_out[1] if left_out else "")


def sentence(id: str) -> str:
    """The sentence of a rule; "" for an unknown id."""
    rule = rules().get(id)
    return rule.sentence if rule else ""
