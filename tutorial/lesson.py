"""A lesson: its lab, its predictions, its exercises, its self-test, by the ids that the notebook names.

What is asked and what counts as solved stands in tutorial/lessons/, not in the notebook, so that a cell never shows an
answer before it is due, and so that the tests replay every solution.
"""
from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from .exercises import Exercise, Task
from .lab import Lab
from .predictions import Prediction, Question, Verdict
from .selftest import SelfTest, Statement
from .spotting import Spot, Spotting


class Content(NamedTuple):
    """What a module of tutorial/lessons/ defines as CONTENT."""

    id: str
    title: str
    lab: dict                               # arguments of Lab
    questions: tuple[Question, ...]
    tasks: tuple[Task | Spotting, ...]
    selftest: tuple[Statement, ...]


def content(id: str) -> Content:
    """The content of a lesson.  Raises LookupError for an unknown id."""
    try:
        return import_module(f".lessons.lesson{id}", __package__).CONTENT
    except ModuleNotFoundError as error:
        raise LookupError(f"there is no lesson {id}") from error


class Lesson:
    """One notebook's lab and all that is asked in it."""

    def __init__(self, id: str) -> None:
        self.content = content(id)
        self.lab = Lab(**self.content.lab)
        self.predictions: dict[str, Prediction] = {}
        self.exercises: dict[str, Exercise | Spot] = {}

    def predict(self, id: str) -> Prediction:
        """Ask a question about what comes next in the lab.  Asking it again asks anew."""
        self.predictions[id] = Prediction(_named(self.content.questions, id), self.lab)
        return self.predictions[id]

    def reveal(self, id: str) -> Verdict:
        """What really happened, and what it says about the prediction; also without one."""
        if id not in self.predictions:
            self.predict(id)
        return self.predictions[id].reveal()

    def exercise(self, id: str) -> Exercise | Spot:
        """Start an exercise; starting it again starts anew."""
        task = _named(self.content.tasks, id)
        self.exercises[id] = Spot(task) if isinstance(task, Spotting) else Exercise(task)
        return self.exercises[id]

    def selftest(self) -> SelfTest:
        """Four sentences, each true or false."""
        return SelfTest(self.content.selftest)

    def progress(self) -> str:
        """How many predictions were made and right, and which exercises are solved."""
        made = [p for p in self.predictions.values() if p.choice is not None]
        solved = [id for id, exercise in self.exercises.items() if exercise.solved]
        return (f"{self.content.title}: {len(made)} of {len(self.content.questions)} predictions made, {sum(bool(p.right) for p in made)} right; "
                f"{len(solved)} of {len(self.content.tasks)} exercises solved{': ' + ', '.join(solved) if solved else ''}")


def _named(found, id: str):
    for each in found:
        if each.id == id:
            return each
    raise LookupError(f"there is no {id} in this lesson; there are {', '.join(each.id for each in found)}")
