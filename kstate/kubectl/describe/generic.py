"""Kinds without a description of their own: every field, with its name written out."""
from __future__ import annotations

import re
from typing import Any

from .text import About, Sheet

ACRONYMS = ("API", "URL", "UID", "OSB", "GUID")
TOLD = ("managedFields", "name", "namespace", "labels", "annotations")       # of the metadata: shown at the top, or not at all


def generic(about: About) -> None:
    about.head()
    content = {**about.object, "metadata": {k: v for k, v in about.object["metadata"].items() if k not in TOLD}}
    _fields(about.sheet, content, 0)
    about.events()


def _fields(sheet: Sheet, values: dict, level: int) -> None:
    for name, value in sorted(values.items()):
        if isinstance(value, dict):
            sheet.write(f"{title(name)}:", level)
            _fields(sheet, value, level + 1)
        elif isinstance(value, list):
            sheet.write(f"{title(name)}:", level)
            for item in value:
                if isinstance(item, dict):
                    _fields(sheet, item, level + 1)
                else:
                    sheet.write(_plain(item), level + 1)
        else:
            sheet.field(title(name), _plain(value), level)


def _plain(value: Any) -> str:
    return "<nil>" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def title(name: str) -> str:
    """creationTimestamp -> Creation Timestamp, apiVersion -> API Version"""
    if not re.fullmatch(r"[^\W\d_-]*(-[^\W\d_]*)*", name):
        return name
    parts = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|-", name)
    return " ".join(part.upper() if part.upper() in ACRONYMS else part[:1].upper() + part[1:] for part in parts)
