"""What a component remembers between two looks at an object: files on a disk of its own, so that history and undo hold it.

A real component would keep it in memory and lose it when it is restarted.  Values are JSON.
"""
from __future__ import annotations

import json
from typing import Any

from .world import Key, World


def recall(view: World, disk: str, name: str) -> Any:
    """What was remembered under that name, or None."""
    found = view.find(Key("Disk", "", disk))
    entry = (found or {"files": {}})["files"].get(name)
    return None if entry is None else json.loads(entry["content"])


def remember(api, disk: str, name: str, value: Any, because: str) -> None:
    """Keep a value, or forget it with None; nothing is written if it is known already."""
    found = api.find("Disk", disk)
    files = dict(found["files"]) if found else {}
    files.pop(name, None)
    if value is not None:
        files[name] = {"content": json.dumps(value, sort_keys=True), "mode": 0o600, "time": api.now}
    if recall(api.view, disk, name) != value:
        api.write(disk, dict(sorted(files.items())) or None, because)
