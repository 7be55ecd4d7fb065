"""The first lesson in JupyterLab, in a real browser, as a learner meets it."""
from __future__ import annotations

import pytest

from .harness import CHROMIUM, browser
from .jupyter import close, lab_server, open_notebook, run_all

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
NOTEBOOK = "00-ten-minutes-to-a-stateful-app.ipynb"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with lab_server(tmp_path_factory.mktemp("lab")) as address, browser() as chromium:
        page = open_notebook(chromium, address, NOTEBOOK)
        run_all(page)
        yield page
        close(page)


@pytest.fixture
def live(page):
    """The lesson's live view; the exercises further down have views of their own."""
    view = page.locator(".kview").first
    view.scroll_into_view_if_needed()
    return view


def node(live, id: str):
    return live.locator(f'[data-id="{id}"]')


def test_the_notebook_runs_and_the_live_view_shows_what_the_cells_did(live):
    from playwright.sync_api import expect
    expect(node(live, "Pod/gsh/web-0")).to_be_visible()
    expect(node(live, "Pod/gsh/web-2")).to_have_count(0)                    # the lesson scaled to 2
    expect(node(live, "PersistentVolumeClaim/gsh/www-web-2")).to_be_visible()


def test_plus_adds_the_next_pod_and_its_claim(live):
    from playwright.sync_api import expect
    for _ in range(2):
        live.get_by_test_id("plus").first.click()
    live.get_by_test_id("run").click()
    expect(node(live, "Pod/gsh/web-3")).to_be_visible()
    expect(node(live, "PersistentVolumeClaim/gsh/www-web-3")).to_be_visible()
    expect(node(live, "PersistentVolumeClaim/gsh/www-web-3")).to_have_attribute("data-phase", "Pending")
    live.get_by_test_id("minus").first.click()
    live.get_by_test_id("run").click()
    expect(node(live, "Pod/gsh/web-3")).to_have_count(0)


def test_a_deleted_pod_comes_back_with_its_volume(live):
    from playwright.sync_api import expect
    tie = live.locator('[data-edge*="www-web-0"][data-edge*="PersistentVolume/"]')
    before = tie.first.get_attribute("data-edge")
    node(live, "Pod/gsh/web-0").click()
    live.get_by_test_id("delete").click()
    expect(node(live, "Pod/gsh/web-0")).to_have_attribute("data-phase", "Terminating")
    live.get_by_test_id("run").click()
    expect(node(live, "Pod/gsh/web-0")).to_have_attribute("data-phase", "Running")
    assert tie.first.get_attribute("data-edge") == before


def test_a_prediction_is_chosen_with_a_click(page):
    from playwright.sync_api import expect
    choice = page.get_by_role("button", name="web-0", exact=True).first
    choice.scroll_into_view_if_needed()
    choice.click()
    expect(page.get_by_text("You expect: web-0.").first).to_be_visible()


def test_an_exercise_checks_and_hints(page):
    from playwright.sync_api import expect
    check = page.get_by_role("button", name="Check").first
    check.scroll_into_view_if_needed()
    check.click()
    expect(page.get_by_text("Not solved yet.").last).to_be_visible()
    page.get_by_role("button", name="Hint").first.click()
    expect(page.get_by_text("Hint 1:").first).to_be_visible()
