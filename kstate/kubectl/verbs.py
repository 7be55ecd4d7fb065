"""Which function runs which command: each takes the session and its arguments and may give an exit code."""
from __future__ import annotations

from collections.abc import Callable

from .apply import apply, set_last_applied, view_last_applied
from .args import Args
from .create import create, replace
from .delete import delete
from .describe import describe
from .get import get
from .help import options
from .marks import annotate, label
from .patch import patch
from .scale import scale
from .session import Session

VERBS: dict[str, Callable[[Session, Args], int | None]] = {
    "annotate": annotate,
    "apply": apply,
    "apply set-last-applied": set_last_applied,
    "apply view-last-applied": view_last_applied,
    "create": create,
    "delete": delete,
    "describe": describe,
    "get": get,
    "label": label,
    "options": lambda session, _args: session.say(options(), end=""),
    "patch": patch,
    "replace": replace,
    "scale": scale,
}
