"""The content of the lessons: every question has the answer that Kubernetes gives, every exercise can be solved and fails before."""
from __future__ import annotations

import pytest

from tutorial.exercises import Task, check, solve
from tutorial.lesson import Lesson, content
from tutorial.lessons import lesson00, lesson04
from tutorial.predictions import Prediction
from tutorial.spotting import Spot, Spotting

LESSONS = ("00", "04")
QUESTIONS = [pytest.param(lesson, q, id=f"{lesson}-{q.id}") for lesson in LESSONS for q in content(lesson).questions]
TASKS = [pytest.param(t, id=f"{lesson}-{t.id}") for lesson in LESSONS for t in content(lesson).tasks if isinstance(t, Task)]
STATEMENTS = [pytest.param(s, id=f"{lesson}-{i}") for lesson in LESSONS for i, s in enumerate(content(lesson).selftest, 1)]

# What Kubernetes does, written down by hand from the rules: the engine must find the same.
ANSWERS = {
    "00-P1": lesson00.IN_ORDER, "00-P2": "web-0", "00-P3": "yes, it is there again", "00-P4": "it stays, bound to its volume",
    "04-P1": "www-web-0, www-web-1, www-web-2", "04-P2": lesson04.ANY, "04-P3": lesson04.NAME_ONLY, "04-P4": lesson04.LONG, "04-P5": lesson04.HALTS,
    "04-P6": lesson04.GOES_ON, "04-P7": lesson04.BY_SET, "04-P8": lesson04.WAITS,
}
BEFORE = {"04": {"P1": "", "P2": "", "P8": ""}}        # asked of an empty lab; the others of a running one


def lab_for(lesson: str, id: str):
    if lesson == "00":
        lab = lesson00.running() if id != "P1" else Lesson("00").lab
        if id == "P3":
            lab.write("Pod/gsh/web-0", "/usr/share/nginx/html/aaa.txt", "hello")
        return lab
    lab = lesson04.empty() if id in BEFORE["04"] else lesson04.running()
    if id == "P4":
        lab.write("Pod/gsh/web-0", "/usr/share/nginx/html/aaa.txt", "hello")
    return lab


@pytest.mark.parametrize("lesson, question", QUESTIONS)
def test_the_engine_finds_the_answer_that_kubernetes_gives(lesson, question):
    prediction = Prediction(question, lab_for(lesson, question.id))
    assert prediction.answer == ANSWERS[f"{lesson}-{question.id}"]


@pytest.mark.parametrize("lesson, question", QUESTIONS)
def test_every_wrong_option_says_why_and_names_a_misconception(lesson, question):
    right = ANSWERS[f"{lesson}-{question.id}"]
    assert right in [o.label for o in question.options] and 2 <= len(question.options) <= 4
    for option in question.options:
        if option.label != right:
            assert option.feedback and option.belief.startswith("M")


@pytest.mark.parametrize("lesson, question", QUESTIONS)
def test_asking_changes_nothing_and_an_unanswered_prediction_raises_nothing(lesson, question):
    lab = lab_for(lesson, question.id)
    before = lab.cluster.story(all=True)
    prediction = Prediction(question, lab)
    verdict = prediction.reveal()
    assert verdict.right is None and verdict.said.startswith("You made no prediction.") and question.explanation in verdict.said
    assert lab.cluster.story(all=True) == before


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_unsolved_at_the_start_and_its_solution_solves_it(task):
    lab = task.start()
    assert not check(task, lab).solved
    assert check(task, solve(task, lab)).solved
    assert len(task.solution) == task.commands


@pytest.mark.parametrize("task", TASKS)
def test_hints_have_three_levels_and_the_second_looks_at_the_lab(task):
    fresh, solved = task.start(), solve(task, task.start())
    assert len(task.hints) == 3 and task.hints[1](fresh) != task.hints[1](solved)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_is_decided_by_the_engine(statement):
    assert statement.holds() in (True, False) and statement.belief.startswith("M")


def test_the_truths_of_the_self_tests():
    assert [s.holds() for s in lesson00.SELFTEST] == [False, False, True, False]
    assert [s.holds() for s in lesson04.SELFTEST] == [False, False, True, False]


def test_two_sentences_of_the_summary_are_false():
    task = next(t for t in lesson04.TASKS if isinstance(t, Spotting))
    assert task.false() == {2, 4}
    spot = Spot(task)
    assert not spot.check().solved
    spot.mark(2, 3)
    assert not spot.check().solved and "sentence 3 is true" in repr(spot.check())
    assert "Hint" in spot.hint()
    spot.mark(2, 4)
    assert spot.check().solved


def test_other_ways_count_and_near_misses_do_not():
    e1 = next(t for t in lesson00.TASKS if t.id == "E1")
    lab = e1.start()
    lab.kubectl("patch sts web -p '{\"spec\":{\"replicas\":2}}'")           # another way
    assert check(e1, lab).solved
    lab.kubectl("delete pvc www-web-2")                                     # a near miss: the claim was to be kept
    assert "claim www-web-2 is missing" in repr(check(e1, lab))
    e2 = next(t for t in lesson00.TASKS if t.id == "E2")
    lab = e2.start()
    lab.kubectl("exec web-1 -- sh -c 'echo hello > /tmp/bbb.txt'")          # not on the volume
    lab.kubectl("delete pod web-1")
    assert not check(e2, lab).solved
    e3 = next(t for t in lesson00.TASKS if t.id == "E3")
    lab = e3.start()
    lab.kubectl("scale sts web --replicas=4")                               # without a volume
    assert not check(e3, lab).solved
    e3of04 = next(t for t in lesson04.TASKS if t.id == "E3")
    lab = e3of04.start()
    lab.kubectl("delete pvc www-web-1 --wait=false")                        # the claim first: it hangs on its Pod
    assert not check(e3of04, lab).solved and "waits for" in e3of04.hints[1](lab)
