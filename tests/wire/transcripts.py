"""Transcripts of kubectl: `kubectl/*.txt` are what a user types and what comes back.

A line `$ kubectl ...`, what it prints on stdout, what it prints on stderr (behind a `!`), and `[exit 1]` where it does not end well; a
line `## ...` is a remark.  What differs from run to run (ages, times, addresses, random endings, the width of columns) gives way to
names.  A first line `# nodes: 3` says how many nodes there are; the YAML files are at hand.
"""
from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent / "kubectl"
TRANSCRIPTS = sorted(HERE.glob("*.txt"))
RANDOM = "[bcdfghjklmnpqrstvwxz2456789]"
MASKS = [(re.compile(pattern), token) for pattern, token in (
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UID"),
    (r"\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "TIME"), (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| [+-]\d{4})?", "TIME"),
    (r"\b\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", "TIME"),
    (r"\b10\.244\.\d+\.\d+", "IP"), (r"\b10\.96\.\d+\.(?!1\b|10\b)\d+\b", "CLUSTERIP"), (r"(127\.0\.0\.1:)\d+", r"\1PORT"),
    (r"\b[0-9a-f]{64}\b", "ID"), (rf"(?<=kube-api-access-){RANDOM}{{5}}", "XXXXX"), (rf"(?<=-)[0-9a-z]{{8,10}}-{RANDOM}{{5}}\b", "HASH-XXXXX"),
    (r"((?:front|web|d)-)[bcdf0-9gh-z]{8,10}\b", r"\1HASH"), (r"(pod-template-hash=|controller-revision-hash=web-)\w+", r"\1HASH"),
    (r"(controller.kubernetes.io/hash=|Resource Version:\s+)\w+", r"\1HASH"), (rf"(?<=nginx-){RANDOM}{{5}}\b", "XXXXX"), (r"\S+/(LIVE|MERGED)-\d+", r"FOLDER/\1-NUMBER"),
    (r"(?:(?<=\s)|^)(\d+[dhms])+(?=\s|$|\))", "AGE"), (r"(resourceVersion\"?: )\"\d+\"", r'\1"N"'),
    (r"(?<=\.)[0-9a-f]{16}\b", "HASH"), (r"ConfigMapOptional:\s+<nil>", "Optional:  false"))]          # the one place where kubectl 1.33 says it otherwise
NOISE = ("WARNING: version difference", "I1", "E1", "W1")


def masked(text: str, folder: str) -> list[str]:
    lines = []
    for line in text.replace(folder, "FOLDER").splitlines():
        for pattern, token in MASKS:
            line = pattern.sub(token, line)
        lines.append(re.sub(r"(?<=\S)\s{2,}", "  ", line).rstrip())
    return lines


def shown(stdout: str, stderr: str, code: int, folder: str) -> list[str]:
    """What came back, as a transcript has it."""
    err = [f"! {line}".rstrip() for line in masked(stderr, folder) if not line.startswith(NOISE)]
    return [*masked(stdout, folder), *err, *([f"[exit {code}]"] if code else [])]


def nodes(path: Path) -> int:
    first = path.read_text("utf-8").split("\n", 1)[0]
    return int(first.removeprefix("# nodes:")) if first.startswith("# nodes:") else 1


def blocks(path: Path) -> list[str]:
    """Each command with what came back, and each remark."""
    return re.split(r"^(?=\$ |## )", path.read_text("utf-8"), flags=re.MULTILINE)
