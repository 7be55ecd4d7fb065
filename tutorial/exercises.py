"""Exercises: a goal, a lab to reach it in by any path, checks that say which clause fails, hints, a solution.

A check looks at the state (and, where order matters, at the story), never at the commands that were used.  Hints come in
three levels: a question back, one from the learner's own state, and the command with a blank.  The solution runs on a
fork and never marks anything solved.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import ipywidgets as widgets

from .lab import Lab
from .panel import Panel, button, html


class Clause(NamedTuple):
    """One thing that must hold.  test returns "" where it does, and otherwise what is the case instead."""

    text: str
    test: Callable[[Lab], str]


class Task(NamedTuple):
    """An exercise of a lesson."""

    id: str
    title: str
    goal: str
    start: Callable[[], Lab]
    clauses: tuple[Clause, ...]
    hints: tuple[str, Callable[[Lab], str], str]
    solution: tuple[str, ...]                   # kubectl commands; a manifest follows its command after a newline
    commands: int = 0                           # how many the reference solution needs


class Report(NamedTuple):
    """What a check found."""

    solved: bool
    lines: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join(self.lines)


class Exercise(Panel):
    """An exercise as a learner meets it: the live lab, and Check, Hint, Solution, Start again."""

    def __init__(self, task: Task) -> None:
        self.task, self.lab = task, task.start()
        self.solved, self.hints_shown = False, 0
        self._said = html("")
        bar = widgets.HBox([button("Check", lambda: self._say(repr(self.check()))), button("Hint", lambda: self._say(self.hint())),
                            button("Show a solution", lambda: self._say(self.show_solution())), button("Start again", self.restart)])
        super().__init__([html(f"{task.title}\n{task.goal}"), self.lab.show(), bar, self._said])

    def _say(self, text: str) -> None:
        self._said.value = html(text).value

    def kubectl(self, command: str, stdin: str = ""):
        """Work on it with kubectl, from the next cell."""
        return self.lab.kubectl(command, stdin)

    def check(self) -> Report:
        """Which clauses hold, and for each that does not, what is the case instead."""
        report = check(self.task, self.lab)
        self.solved = self.solved or report.solved
        return report

    def hint(self) -> str:
        """The next hint; the second one looks at where you are."""
        level = min(self.hints_shown, 2)
        self.hints_shown += 1
        chosen = self.task.hints[level]
        return f"Hint {level + 1}: " + (chosen(self.lab) if callable(chosen) else chosen)

    def show_solution(self) -> str:
        """One way to do it, run on a fork of the start: your lab stays as it is and nothing is marked solved."""
        lab = solve(self.task, self.task.start())
        return "One way:\n" + "\n".join(f"  $ kubectl {c}" for c in self.task.solution) + "\n" + repr(check(self.task, lab))

    def restart(self) -> None:
        self.lab.reset()
        self._say("")

    def text(self) -> str:
        return f"{self.task.id}  {self.task.title}\n{self.task.goal}"


def check(task: Task, lab: Lab) -> Report:
    found = [(clause, clause.test(lab)) for clause in task.clauses]
    lines = tuple(f"[{' ' if problem else 'x'}] {clause.text}" + (f": not yet, {problem}" if problem else "") for clause, problem in found)
    solved = not any(problem for _, problem in found)
    return Report(solved, (*lines, "Solved." if solved else "Not solved yet."))


def solve(task: Task, lab: Lab) -> Lab:
    """Play the reference solution in a lab, and let all that follows from it happen."""
    for command in task.solution:
        line, _, stdin = command.partition("\n")
        lab.kubectl(line, stdin)
    lab.settle()
    return lab
