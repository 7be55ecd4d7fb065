"""The picture in the README is the one that the engine draws.  `pytest tests/lessons --rewrite` draws it anew."""
from __future__ import annotations

from pathlib import Path

from tutorial.lessons.lesson00 import running
from tutorial.svg import svg

PICTURE = Path(__file__).parent.parent.parent / "tutorial" / "static" / "example.svg"


def test_the_picture_of_the_readme_is_up_to_date(request):
    now = svg(running().picture())
    if request.config.getoption("--rewrite"):
        PICTURE.write_text(now, "utf-8")
    assert PICTURE.read_text("utf-8") == now
