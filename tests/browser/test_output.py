"""Tables of kubectl in a real browser: sorted with a click and with keys, linked with the live view.  JupyterLab is tested elsewhere."""
from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

from kstate.kubectl import Result, Table
from kstate.kubectl.tables import Row
from kstate.world import Key
from tests.browser.harness import CHROMIUM, Stand, browser
from tests.helpers import EXAMPLE
from tutorial import Lab
from tutorial.output import Output, shown

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium")


@pytest.fixture(scope="module")
def chromium():
    with browser() as found:
        yield found


class Desk:
    """A page with a lab's live view and what kubectl printed below it."""

    def __init__(self, chromium, **context) -> None:
        self.lab = Lab(EXAMPLE, namespace="gsh")
        self.stand = Stand(chromium, self.lab, **context)
        self.page = self.stand.page
        self.page.evaluate("document.body.append(Object.assign(document.createElement('div'), {id: 'outputs'}))")

    def show(self, output: Output | str) -> None:
        """As JupyterLab does it: scripts of HTML run when it is shown."""
        html = (self.lab.kubectl(output) if isinstance(output, str) else output).html
        self.page.evaluate("""html => {
            const output = document.getElementById('outputs').appendChild(document.createElement('div'));
            output.innerHTML = html;
            for (const old of output.querySelectorAll('script')) {
                old.replaceWith(Object.assign(document.createElement('script'), {textContent: old.textContent}));
            }
        }""", html)

    def header(self, name: str):
        return self.page.locator("#outputs th", has_text=re.compile(f"^{name}$"))

    def column(self, at: int) -> list[str]:
        return [text.strip() for text in self.page.locator(f"#outputs tbody td:nth-child({at})").all_text_contents()]

    def row(self, node: str):
        return self.page.locator(f'#outputs tr[data-id="{node}"]')

    def node(self, node: str):
        return self.page.locator(f'.kview [data-id="{node}"]')


@pytest.fixture
def desk(chromium):
    desk = Desk(chromium)
    yield desk
    desk.page.close()
    assert desk.stand.problems == []


POINTED = re.compile("kstate-pointed")
MIXED = [("web-10", "5Gi", "2m5s"), ("web-2", "500Mi", "15s"), ("web-1", "1Ti", "3h"), ("web-0", "", "<unknown>"),
         ("web-3", "1024Mi", "10d"), ("web-4", "1G", "1y2d")]


def test_a_click_on_a_header_sorts_upwards_downwards_and_as_it_was_printed(desk):
    desk.show(shown(Result("x", "", 0), [Table(["NAME", "CAPACITY", "AGE"], [Row(list(cells), Key("Pod", "gsh", cells[0])) for cells in MIXED])]))
    printed = [name for name, _, _ in MIXED]
    for header, upwards in (("NAME", ["web-0", "web-1", "web-2", "web-3", "web-4", "web-10"]),
                            ("CAPACITY", ["web-0", "web-2", "web-4", "web-3", "web-10", "web-1"])):
        desk.header(header).click()
        expect(desk.header(header)).to_have_attribute("aria-sort", "ascending")
        assert desk.column(1) == upwards
        desk.header(header).click()
        expect(desk.header(header)).to_have_attribute("aria-sort", "descending")
        assert desk.column(1) == upwards[::-1]
        desk.header(header).click()
        expect(desk.page.locator("#outputs [aria-sort]")).to_have_count(0)
        assert desk.column(1) == printed
    desk.header("AGE").click()
    assert [age for age in desk.column(3) if age != "<unknown>"] == ["15s", "2m5s", "3h", "10d", "1y2d"]
    desk.header("NAME").click()
    expect(desk.page.locator("#outputs [aria-sort]")).to_have_text("NAME")


def test_the_keyboard_is_enough_and_its_keys_do_not_reach_the_notebook(desk):
    desk.lab.cluster.scale("sts", "web", 2)
    desk.lab.cluster.settle()
    desk.show("get pods,pvc")
    desk.page.evaluate("window.leaked = []; document.addEventListener('keydown', e => leaked.push(e.key), true)")
    desk.header("NAME").first.focus()
    for key in ("Enter", " "):
        desk.page.keyboard.press(key)
    expect(desk.header("NAME").first).to_have_attribute("aria-sort", "descending")
    assert desk.column(1)[:2] == ["pod/web-1", "pod/web-0"]
    for _ in range(5):                                       # past the other headers, to the rows, which are one stop
        desk.page.keyboard.press("Tab")
    expect(desk.page.locator(":focus")).to_have_attribute("data-id", "Pod/gsh/web-0")
    desk.page.keyboard.press("ArrowUp")
    expect(desk.page.locator(":focus")).to_have_attribute("data-id", "Pod/gsh/web-1")
    desk.page.keyboard.press("ArrowUp")                      # there is none above
    expect(desk.page.locator(":focus")).to_have_attribute("data-id", "Pod/gsh/web-1")
    expect(desk.node("Pod/gsh/web-1")).to_have_class(POINTED)
    desk.page.keyboard.press("Tab")
    expect(desk.page.locator(":focus")).to_have_text("NAME")         # of the next table
    expect(desk.node("Pod/gsh/web-1")).not_to_have_class(POINTED)
    desk.page.keyboard.press("Control+s")
    assert set(desk.page.evaluate("leaked")) == {"Tab", "Control", "s"}


def test_a_row_and_its_object_in_the_view_are_pointed_at_together(desk):
    desk.show("get pods")
    desk.show("get pods,pvc")                                # a second output brings the same script again
    desk.row("Pod/gsh/web-1").first.hover()
    expect(desk.node("Pod/gsh/web-1")).to_have_class(POINTED)
    expect(desk.page.locator(".kstate-pointed")).to_have_count(3)
    desk.node("PersistentVolumeClaim/gsh/www-web-2").hover()
    expect(desk.row("PersistentVolumeClaim/gsh/www-web-2")).to_have_class(POINTED)
    expect(desk.node("Pod/gsh/web-1")).not_to_have_class(POINTED)
    desk.page.get_by_test_id("clock").hover()
    expect(desk.page.locator(".kstate-pointed")).to_have_count(0)
    desk.node("Pod/gsh/web-0").focus()
    expect(desk.row("Pod/gsh/web-0")).to_have_class([POINTED, POINTED])
    halo = desk.node("Pod/gsh/web-0").locator(".halo").evaluate("e => getComputedStyle(e).stroke")
    assert halo != desk.node("Pod/gsh/web-2").locator(".halo").evaluate("e => getComputedStyle(e).stroke")


def test_what_the_view_does_not_show_is_pointed_at_in_vain(desk):
    desk.show("get nodes")
    desk.row("Node//node-1").hover()
    expect(desk.page.locator(".kstate-pointed")).to_have_count(1)


@pytest.mark.parametrize("scheme, theme, dark", [("light", "", False), ("dark", "", True), ("dark", "true", False), ("light", "false", True)])
def test_the_theme_follows_the_system_and_before_it_jupyterlab(chromium, scheme, theme, dark):
    desk = Desk(chromium, color_scheme=scheme)
    if theme:
        desk.page.evaluate("theme => document.body.dataset.jpThemeLight = theme", theme)
    desk.show("get pods")
    desk.show("get pods nope")
    colour = "e => getComputedStyle(e).color"
    glyph = desk.page.locator("#outputs .glyph").first.evaluate("e => getComputedStyle(e).fill")
    found = desk.page.locator("#outputs td").first.evaluate(colour), desk.page.locator("#outputs .failed").evaluate(colour), glyph
    assert found == (("rgb(232, 236, 242)", "rgb(255, 138, 115)", "rgb(191, 227, 255)") if dark
                     else ("rgb(17, 24, 39)", "rgb(161, 38, 13)", "rgb(11, 60, 122)"))
    assert glyph == desk.node("Pod/gsh/web-0").locator(".glyph").evaluate("e => getComputedStyle(e).fill")
    desk.page.close()


def test_wide_tables_scroll_inside_their_output(chromium):
    desk = Desk(chromium, viewport={"width": 600, "height": 700})
    desk.show("get pv -o wide")
    assert desk.page.locator("#outputs .kstate-output").evaluate("e => e.scrollWidth > e.clientWidth && e.getBoundingClientRect().right <= 600")
    desk.page.close()


def test_pods_claims_and_volumes_fit_beside_the_file_browser_of_a_laptop(chromium):
    desk = Desk(chromium, viewport={"width": 930, "height": 768})
    desk.show("get pods,pvc,pv")
    assert desk.page.locator("#outputs .kstate-output").evaluate("e => e.scrollWidth <= e.clientWidth && e.clientHeight < 400")
    desk.page.close()
