"""Patterns of the shell: `*`, `?`, `[a-z]`, as regular expressions."""
from __future__ import annotations

import re

MAGIC = re.compile(r"[*?\[]")
CLASSES = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r"\s", "blank": r" \t",
           "punct": re.escape("!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"), "xdigit": "0-9a-fA-F", "print": r"\x20-\x7e"}


def translate(pieces: list[tuple[str, bool]], star: str = ".*") -> str:
    """[("*.t", False), ("*", True)] -> the regular expression of `*.t"*"`: what is quoted stands for itself."""
    return "".join(re.escape(text) if quoted else _unquoted(text, star) for text, quoted in pieces)


def _unquoted(text: str, star: str = ".*") -> str:
    out, i = [], 0
    while i < len(text):
        char = text[i]
        bracket = re.compile(r"\[([!^]?)(\]?(?:\[:[a-z]+:\]|[^\]])*)\]").match(text, i) if char == "[" else None
        if bracket:
            out.append(f"[{'^' if bracket[1] else ''}{bracket_content(bracket[2])}]")
            i = bracket.end()
            continue
        if char == "\\" and i + 1 < len(text):
            i += 1
            out.append(re.escape(text[i]))
        else:
            out.append({"*": star, "?": "."}.get(char) or re.escape(char))
        i += 1
    return "".join(out)


def bracket_content(text: str) -> str:
    """The inside of a bracket expression: classes such as [:digit:] spelled out."""
    parts = re.split(r"\[:([a-z]+):\]", text)
    return "".join(CLASSES.get(part, "") if i % 2 else re.sub(r"[\\\[\]&~|]", r"\\\g<0>", part) for i, part in enumerate(parts))


def matches(pattern: str, text: str) -> bool:
    """Whether an unquoted pattern fits the whole text."""
    return re.compile(_unquoted(pattern), re.DOTALL).fullmatch(text) is not None
