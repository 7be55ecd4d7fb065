"""What turns the engine into lessons: the Lab, its live view, predictions, exercises.

    from tutorial import Lesson
    lesson = Lesson("00")
    lesson.lab

In IPython it brings %kubectl and %kubens along (tutorial/magics.py).
"""
from __future__ import annotations

import sys

__all__ = ["Lab", "Lesson", "manifest"]


def __getattr__(name: str):
    """Import what is asked for, and the widgets only then."""
    if name == "Lab":
        from .lab import Lab
        return Lab
    if name == "Lesson":
        from .lesson import Lesson
        return Lesson
    if name == "manifest":
        from .manifests import manifest
        return manifest
    raise AttributeError(name)


def load_ipython_extension(shell) -> None:
    """Make %kubectl and %kubens known to a shell; `import tutorial` does it in the shell that it runs in."""
    from .magics import load
    load(shell)


if "IPython" in sys.modules and (_shell := sys.modules["IPython"].get_ipython()):
    load_ipython_extension(_shell)
