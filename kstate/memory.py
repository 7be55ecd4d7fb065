"""What a component remembers between two looks at an object: files on a disk of its own, so that history and undo hold it.

A real component would keep it in memory and lose it when it is restarted.  Values are JSON.
"""
from __future__ import annotations

import json
from typing import Any

from .world import Key, World


def recall(world: World, disk: str, name: str) -> Any:
    """What was remembered under that name, or None."""
    found = world.find(Key("Disk", "", disk))
    entry = (found or {"files": {}})["files"].get(name)
    return None if entry is None else json.loads(entry["content"])


def remember(api, disk: str, name: str, value: Any, because: str) -> None:
    """Keep a value, or forget it with None; nothing is written if it is known already."""
    if recall(api.world, disk, name) == value:
        return
    found = api.world.find(Key("Disk", "", disk))
    files = {k: v for k, v in (found["files"] if found else {}).items() if k != name}
    if value is not None:
        files[name] = {"content": json.dumps(value, sort_keys=True), "mode": 0o600, "time": api.now}
    api.write(disk, dict(sorted(files.items())) or None, because)
