"""Predict, then see: a closed question that the engine itself answers.

A prediction is asked before the action and revealed after it.  When it is asked, the lab is forked and the action is run
on the fork, so that no answer key has to be kept right by hand.  Each wrong option is a belief that people really hold;
the reveal says why it fails here.  An unanswered prediction raises nothing: the notebook runs from top to bottom.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import ipywidgets as widgets

from .lab import Lab
from .panel import Panel, button, html


class Option(NamedTuple):
    """One answer: what it says, what is said when it was chosen and wrong, and the misconception behind it (M01 ...)."""

    label: str
    feedback: str = ""
    belief: str = ""


class Question(NamedTuple):
    """A question of a lesson.  truth: runs the action on a fork and returns the label of the right option."""

    id: str
    text: str
    options: tuple[Option, ...]
    truth: Callable[[Lab], str]
    explanation: str        # what is said to everybody: the rule, in one sentence


class Prediction(Panel):
    """A question as a learner meets it: choose, or leave it, then act, then `reveal()`."""

    def __init__(self, question: Question, lab: Lab) -> None:
        self.question, self._fork = question, lab.fork()
        self._answer: str | None = None
        self.choice: str | None = None
        self._buttons = [button(o.label, lambda label=o.label: self.choose(label)) for o in question.options]
        self._note = html("Choose what you expect, then run the next cell.", "note")
        super().__init__([html(question.text), widgets.HBox(self._buttons, layout=widgets.Layout(flex_flow="row wrap")), self._note])

    def choose(self, label: str) -> None:
        """Make a prediction; it can be changed until it is revealed."""
        if label not in [o.label for o in self.question.options]:
            raise ValueError(f"one of: {', '.join(o.label for o in self.question.options)}")
        self.choice = label
        for option, shown in zip(self.question.options, self._buttons):
            shown.button_style = "info" if option.label == label else ""
        self._note.value = html(f"You expect: {label}.", "note").value

    @property
    def answer(self) -> str:
        """What really happens, found out on a fork."""
        if self._answer is None:
            self._answer = self.question.truth(self._fork)
            assert self._answer in [o.label for o in self.question.options], (self.question.id, self._answer)
        return self._answer

    @property
    def right(self) -> bool | None:
        """None while nothing was chosen."""
        return None if self.choice is None else self.choice == self.answer

    def reveal(self) -> Verdict:
        """The answer, and what it says about what was expected."""
        chosen = next((o for o in self.question.options if o.label == self.choice), None)
        if chosen is None:
            head = f"You made no prediction. What happens: {self.answer}."
        elif self.right:
            head = f"You expected {chosen.label}, and so it is."
        else:
            head = f"You expected {chosen.label}; what happens: {self.answer}. {chosen.feedback}"
        return Verdict(self.question.id, f"{head}\n{self.question.explanation}", self.right)

    def text(self) -> str:
        lines = [f"{self.question.id}  {self.question.text}"]
        return "\n".join(lines + [f"  ({'x' if o.label == self.choice else ' '}) {o.label}" for o in self.question.options])


class Verdict(Panel):
    """What a prediction came to."""

    def __init__(self, id: str, said: str, right: bool | None) -> None:
        self.id, self.said, self.right = id, said, right
        super().__init__([html(said, {True: "good", False: "bad"}.get(right, "note"))])

    def text(self) -> str:
        return f"{self.id}  {self.said}"
