"""What a command left behind."""
from __future__ import annotations

from typing import NamedTuple


class Result(NamedTuple):
    """What a command printed, and its exit code.  Shown as a terminal shows it."""

    stdout: str
    stderr: str
    code: int

    def __repr__(self) -> str:
        return (self.stdout + self.stderr).rstrip("\n")
