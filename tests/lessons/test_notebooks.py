"""Notebooks are what their sources say, and every lesson has the shape that a learner can rely on (nbval compares the outputs)."""
from __future__ import annotations

import re
from pathlib import Path

import jupytext
import nbformat
import pytest

from tutorial.lesson import content

NOTEBOOKS = Path(__file__).parent.parent.parent / "notebooks"
SOURCES = sorted((NOTEBOOKS / "sources").glob("*.py"))


def cells(path: Path) -> list:
    return (jupytext.read(path) if path.suffix == ".py" else nbformat.read(path, 4)).cells


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_product_and_source_agree(source):
    """`python notebooks/build.py` makes the one from the other."""
    product = cells(NOTEBOOKS / f"{source.stem}.ipynb")
    assert [(c.cell_type, c.source) for c in product] == [(c.cell_type, c.source) for c in cells(source)]
    code = [c for c in product if c.cell_type == "code"]
    assert [c.execution_count for c in code] == list(range(1, len(code) + 1)), "not executed in a clean kernel from top to bottom"
    assert not [o for c in code for o in c.outputs if o.output_type == "error"]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_prediction_stands_before_its_reveal_and_an_act_between(source):
    order = [m for c in cells(source) if c.cell_type == "code" for m in re.findall(r'lesson\.(predict|reveal)\("(\w+)"\)', c.source) or [("act", "")]]
    asked = [id for what, id in order if what == "predict"]
    assert sorted(asked) == sorted(q.id for q in content(source.name[:2]).questions) and len(asked) >= 3
    for id in asked:
        begin, end = order.index(("predict", id)), order.index(("reveal", id))
        assert ("act", "") in order[begin:end], id


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_lesson_has_its_anatomy(source):
    text = [c.source for c in cells(source)]
    assert re.match(r"# \d\d · .+\n\n\*\*\d+ minutes\*\*", text[0]) and 3 <= text[0].count("\n- **") <= 5      # title, minutes, objectives
    assert any("## The hook" in t for t in text) and any("## What to keep" in t for t in text)
    assert sum(t.startswith("e") and "lesson.exercise(" in t for t in text) == len(content(source.name[:2]).tasks) >= 3
    assert any("lesson.selftest()" in t for t in text)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_what_nbval_cannot_bear_is_not_there(source):
    code = "\n".join(c.source for c in cells(source) if c.cell_type == "code")
    assert not re.search(r";\s*$|clear_output|display_id|update_display|interact\(|Out\[|In\[", code, re.MULTILINE)
