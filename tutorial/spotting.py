"""An exercise of reading: some sentences of a plausible summary are false; which?  The engine knows."""
from __future__ import annotations

from typing import NamedTuple

import ipywidgets as widgets

from .exercises import Report
from .panel import Panel, button, html
from .selftest import Statement


class Spotting(NamedTuple):
    """The exercise: its sentences, of which `count` are false."""

    id: str
    title: str
    goal: str
    statements: tuple[Statement, ...]

    def false(self) -> set[int]:
        """The numbers (from 1) of the false sentences, found out by running them."""
        return {i for i, s in enumerate(self.statements, 1) if not s.holds()}


class Spot(Panel):
    """As a learner meets it: mark sentences, check, ask for a hint."""

    def __init__(self, task: Spotting) -> None:
        self.task, self.marked, self.solved, self.hints_shown = task, set(), False, 0
        self._said = html("")
        self._boxes = [widgets.Checkbox(description=f"{i}. {s.text}", indent=False, layout=widgets.Layout(width="auto"))
                       for i, s in enumerate(task.statements, 1)]
        for i, box in enumerate(self._boxes, 1):
            box.observe(lambda change, i=i: (self.marked.add if change["new"] else self.marked.discard)(i), "value")
        bar = widgets.HBox([button("Check", lambda: self._say(repr(self.check()))), button("Hint", lambda: self._say(self.hint()))])
        super().__init__([html(f"{task.title}\n{task.goal}"), *self._boxes, bar, self._said])

    def _say(self, text: str) -> None:
        self._said.value = html(text).value

    def mark(self, *numbers: int) -> None:
        """Mark these sentences as false, and no others."""
        for i, box in enumerate(self._boxes, 1):
            box.value = i in numbers
        self.marked = {n for n in numbers if 0 < n <= len(self._boxes)}

    def check(self) -> Report:
        """How many marks are right; says why a marked sentence is true, and not which one is still to be found."""
        false = self.task.false()
        lines = [f"[x] sentence {n} is false: {self.task.statements[n - 1].explanation}" for n in sorted(self.marked & false)]
        lines += [f"[ ] sentence {n} is true: {self.task.statements[n - 1].explanation}" for n in sorted(self.marked - false)]
        solved = self.marked == false
        self.solved = self.solved or solved
        lines.append("Solved." if solved else f"Not solved yet: {len(false - self.marked)} false sentence(s) not marked.")
        return Report(solved, tuple(lines))

    def hint(self) -> str:
        level = min(self.hints_shown, 2)
        self.hints_shown += 1
        missing = sorted(self.task.false() - self.marked)
        if not missing:
            return "Hint: all that is false is marked; is anything marked that is true?"
        half = "first" if missing[0] <= len(self.task.statements) / 2 else "second"
        return ("Hint 1: which sentences say something about what happens to a claim?", f"Hint 2: look at the {half} half again.",
                f"Hint 3: try it in a lab: {self.task.statements[missing[0] - 1].belief}")[level]

    def show_solution(self) -> str:
        return "False: " + ", ".join(f"{n} ({self.task.statements[n - 1].explanation})" for n in sorted(self.task.false()))

    def text(self) -> str:
        return "\n".join([f"{self.task.id}  {self.task.title}", self.task.goal, *(f"  [ ] {i}. {s.text}" for i, s in enumerate(self.task.statements, 1))])
