"""A self-test: sentences that are true or false, the truth of each found out by the engine."""
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import ipywidgets as widgets

from .panel import Panel, button, html


class Statement(NamedTuple):
    """A sentence, whether it is true (asked of the engine), and what there is to say about it."""

    text: str
    holds: Callable[[], bool]
    explanation: str
    belief: str = ""        # the misconception behind it


class SelfTest(Panel):
    """Sentences to judge; nothing is told before it is judged or revealed."""

    def __init__(self, statements: tuple[Statement, ...]) -> None:
        self.statements = statements
        self.judged: dict[int, bool] = {}
        self._notes = [html("") for _ in statements]
        rows = []
        for i, statement in enumerate(statements):
            buttons = widgets.HBox([button("true", lambda i=i: self.judge(i, True)), button("false", lambda i=i: self.judge(i, False))])
            rows += [html(f"{i + 1}. {statement.text}"), buttons, self._notes[i]]
        super().__init__(rows)

    def judge(self, i: int, true: bool) -> bool:
        """Judge the i-th sentence; says at once whether that was right."""
        self.judged[i] = true
        right = true == self.statements[i].holds()
        self._notes[i].value = html(self._told(i), "good" if right else "bad").value
        return right

    def _told(self, i: int) -> str:
        statement, holds = self.statements[i], self.statements[i].holds()
        head = f"It is {'true' if holds else 'false'}. "
        if i in self.judged:
            head = ("Right: " if self.judged[i] == holds else "Not so: ") + f"it is {'true' if holds else 'false'}. "
        return head + statement.explanation

    def answers(self) -> str:
        """All answers, for who wants to read on."""
        return "\n".join(f"{i + 1}. {s.text}\n   {self._told(i)}" for i, s in enumerate(self.statements))

    def text(self) -> str:
        return "\n".join(f"{i + 1}. {s.text}  (true / false)" for i, s in enumerate(self.statements))
