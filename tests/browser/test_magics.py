"""%kubectl in JupyterLab, in a real browser: Tab, tables beside the live view, edit."""
from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from .harness import CHROMIUM, browser
from .jupyter import close, lab_server, open_notebook, run_all

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
CELLS = ["from tutorial import Lab, manifest\nlab = Lab(manifest('volumes', 'service', 'statefulset'), namespace='gsh')\nlab.show()",
         "%kubectl get pods,pvc", "%kubectl get pods nope", "%kubectl edit sts web"]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    with lab_server(folder) as address, browser() as chromium:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
        nbformat.write(notebook, Path(folder, "notebooks", "magics.ipynb"))
        page = open_notebook(chromium, address, "magics.ipynb")
        run_all(page)
        yield page
        close(page)


def sources(page) -> list[str]:
    return page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.sharedModel.getSource())")


SOURCE = "window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource()"
OFFER = ".jp-Completer:not(.lm-mod-hidden) .jp-Completer-item"


@pytest.mark.parametrize("text, completed", [
    ("%kubectl get sts w", "%kubectl get sts web"), ("%kubectl get pods web", "%kubectl get pods web-0"), ("%kubectl rollout hi", "%kubectl rollout history"),
    ("%kubectl get pods --namespace=gs", "%kubectl get pods --namespace=gsh"), ("%%kubectl app", "%%kubectl apply"), ("%kubens kube-p", "%kubens kube-public"),
    ("%kubectl explain sts.spec.vol", "%kubectl explain sts.spec.volumeClaimTemplates"),
])
def test_tab_completes(page, text, completed):
    page.evaluate("""async () => {
        const { commands, shell } = window.jupyterapp, { content } = shell.currentWidget;
        content.activeCellIndex = content.widgets.length - 1;
        await commands.execute('notebook:insert-cell-below');
        await commands.execute('notebook:enter-edit-mode');
    }""")
    page.keyboard.type(text)
    page.keyboard.press("Tab")
    page.wait_for_function(f"([offer, text]) => document.querySelector(offer) || {SOURCE} !== text", arg=[OFFER, text])
    if page.locator(OFFER).count():                          # several: the first one
        page.keyboard.press("Enter")
    page.wait_for_function(f"text => {SOURCE} === text", arg=completed)


def test_a_table_is_sorted_and_linked_with_the_live_view(page):
    from playwright.sync_api import expect
    table = page.locator(".jp-OutputArea table").first
    table.locator("th", has_text="NAME").click()
    table.locator("th", has_text="NAME").click()
    assert [text.strip() for text in table.locator("td:first-child").all_text_contents()] == ["pod/web-2", "pod/web-1", "pod/web-0"]
    table.locator('tr[data-id="Pod/gsh/web-1"]').hover()
    expect(page.locator('.kview [data-id="Pod/gsh/web-1"]')).to_have_class(re.compile("kstate-pointed"))
    table.locator("th", has_text="STATUS").focus()
    page.keyboard.press("Enter")
    expect(table.locator("th", has_text="STATUS")).to_have_attribute("aria-sort", "ascending")
    assert page.locator(".jp-Notebook.jp-mod-editMode").count() == 0        # Enter was ours, not JupyterLab's


def test_a_failure_is_red_and_no_traceback(page):
    from playwright.sync_api import expect
    failure = page.locator(".jp-OutputArea .failed")
    expect(failure).to_have_text('Error from server (NotFound): pods "nope" not found')
    assert failure.evaluate("e => getComputedStyle(e).color") == "rgb(161, 38, 13)"


def test_edit_opens_a_cell_below_and_running_it_saves(page):
    from playwright.sync_api import expect
    at = next(i for i, source in enumerate(sources(page)) if source.startswith("%%kubectl edit sts web\napiVersion: apps/v1"))
    assert at == len(CELLS)
    page.evaluate("""async at => {
        const { commands, shell } = window.jupyterapp, { content } = shell.currentWidget, { sharedModel } = content.widgets[at].model;
        sharedModel.setSource(sharedModel.getSource().replace('replicas: 3', 'replicas: 2'));
        content.activeCellIndex = at;
        await commands.execute('notebook:run-cell');
    }""", at)
    expect(page.locator(".jp-OutputArea-output", has_text="statefulset.apps/web edited")).to_have_count(1)
    expect(page.locator('.kview [data-id="Pod/gsh/web-2"]')).to_have_count(0)        # the view follows
