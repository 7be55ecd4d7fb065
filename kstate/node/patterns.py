"""Patterns of the shell (`*`, `?`, `[a-z]`) and of grep and sed, as Python's regular expressions."""
from __future__ import annotations

import re

MAGIC = re.compile(r"[*?\[]")
BRACKET = re.compile(r"\[([!^]?)(\]?(?:\[:[a-z]+:\]|[^\]])*)\]")
CLASSES = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r"\s", "blank": r" \t",
           "punct": re.escape("!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"), "xdigit": "0-9a-fA-F", "print": r"\x20-\x7e"}


def translate(pieces: list[tuple[str, bool]], star: str = ".*") -> str:
    """[("*.t", False), ("*", True)] -> the regular expression of `*.t"*"`: what is quoted stands for itself."""
    return "".join(re.escape(text) if quoted else _unquoted(text, star) for text, quoted in pieces)


def matches(pattern: str, text: str) -> bool:
    """Whether an unquoted pattern fits the whole text."""
    return re.compile(_unquoted(pattern), re.DOTALL).fullmatch(text) is not None


def _unquoted(text: str, star: str = ".*") -> str:
    out, i = [], 0
    while i < len(text):
        char, bracket = text[i], BRACKET.match(text, i)
        if bracket:
            out.append(_bracket(bracket) or re.escape(bracket[0]))
            i = bracket.end()
            continue
        if char == "\\" and i + 1 < len(text):
            i += 1
            out.append(re.escape(text[i]))
        else:
            out.append({"*": star, "?": "."}.get(char) or re.escape(char))
        i += 1
    return "".join(out)


def _bracket(found: re.Match) -> str:
    """A bracket expression with its classes spelled out; "" where it is none, such as [] and [z-a]."""
    parts = re.split(r"\[:([a-z]+):\]", found[2])
    content = "".join(CLASSES.get(part, "") if i % 2 else re.sub(r"[\\\[\]&~|]", r"\\\g<0>", part).replace("--", r"-\-")
                      for i, part in enumerate(parts))
    expression = f"[{'^' if found[1] else ''}{content}]"
    try:
        re.compile(expression)
    except re.error:
        return ""
    return expression if content else ""


def regex(text: str, extended: bool) -> str:
    """A POSIX regular expression as Python's.  In a basic one ( ) { } + ? | are plain, and special after a backslash.

    Raises re.error for a bracket that is not closed."""
    out, i = [], 0
    while i < len(text):
        char, bracket = text[i], BRACKET.match(text, i)
        if bracket and bracket[1] != "!":
            out.append(_bracket(bracket))
            i = bracket.end()
            if not out[-1]:
                raise re.error("Invalid range end")
            continue
        if char == "[":
            raise re.error("Missing ']'")
        if char == "\\" and i + 1 < len(text):
            i += 1
            char = text[i]
            special = char in "(){}+?|" and not extended
            out.append(char if special else {"<": r"\b", ">": r"\b"}.get(char, "\\" + char))
        elif char in "(){}+?|" and not extended:
            out.append("\\" + char)
        elif char == "*" and not out and not extended:
            out.append(r"\*")
        else:
            out.append(char)
        i += 1
    return "".join(out)
