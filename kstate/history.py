"""Undo and redo of what users did: a savepoint before each action, and the way back and forward."""
from __future__ import annotations

from typing import NamedTuple

from .engine import Engine, Savepoint


class Mark(NamedTuple):
    label: str              # the action: "kubectl scale sts web --replicas=4"
    before: Savepoint


class History:
    """The actions on one engine.  What is undone can be redone until something new is done."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.done: list[Mark] = []
        self.undone: list[tuple[Mark, Savepoint]] = []

    def mark(self, label: str) -> None:
        """Say that an action follows."""
        self.done.append(Mark(label, self.engine.save()))
        self.undone.clear()

    def unmark(self) -> None:
        """The action that was announced was refused and changed nothing."""
        if self.done and self.done[-1].before.position == len(self.engine.world.log):
            self.done.pop()

    def undo(self) -> str:
        """Take the last action back, with all that followed from it.  Returns its label; "" where there is none."""
        if not self.done:
            return ""
        mark = self.done.pop()
        self.undone.append((mark, self.engine.save()))
        self.engine.restore(mark.before)
        return mark.label

    def redo(self) -> str:
        """Do again what was undone.  Returns its label; "" where there is nothing to redo."""
        if not self.can_redo:
            return ""
        mark, after = self.undone.pop()
        self.engine.restore(after)
        self.done.append(mark)
        return mark.label

    @property
    def can_undo(self) -> bool:
        return bool(self.done)

    @property
    def can_redo(self) -> bool:
        """Whether what was undone still lies ahead: nothing else has been written since."""
        if not self.undone:
            return False
        mark, after = self.undone[-1]
        return len(self.engine.world.log) == mark.before.position and self.engine.reaches(after)
