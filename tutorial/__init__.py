"""What turns the engine into lessons: the Lab, its live view, predictions, exercises.

    from tutorial import Lesson
    lesson = Lesson("00")
    lesson.lab
"""
from __future__ import annotations

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
