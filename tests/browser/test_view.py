"""The live view in a real browser: clicks, keys, differences, escaping, motion.  JupyterLab is tested elsewhere."""
from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

from tests import scenes
from tests.browser.harness import CHROMIUM, Stand, Toy, browser
from tutorial import Lab, manifest

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
WEB, POD, CLAIM = "StatefulSet/gsh/web", "Pod/gsh/web-0", "PersistentVolumeClaim/gsh/www-web-1"


@pytest.fixture(scope="module")
def chromium():
    with browser() as found:
        yield found


@pytest.fixture
def show(chromium):
    stands = []

    def show(objects=None, **context) -> Stand:
        stands.append(Stand(chromium, Toy(objects), **context))
        return stands[-1]
    yield show
    for stand in stands:
        stand.page.close()
        assert stand.problems == []


def press(stand: Stand, *keys: str) -> None:
    for key in keys:
        stand.page.keyboard.press(key)


def test_plus_adds_a_pod_with_its_claim_and_minus_takes_the_pod(show):
    stand = show()
    stand.page.get_by_test_id("plus").click()
    expect(stand.page.get_by_test_id("echo")).to_have_text("$ kubectl scale statefulset web --replicas=4")
    stand.page.get_by_test_id("run").click()
    expect(stand.node("Pod/gsh/web-3")).to_have_attribute("data-phase", "Running")
    expect(stand.node("PersistentVolumeClaim/gsh/www-web-3")).to_have_attribute("data-phase", "Bound")
    stand.page.get_by_test_id("minus").click()
    stand.page.get_by_test_id("run").click()
    expect(stand.node("Pod/gsh/web-3")).to_have_count(0)
    expect(stand.node("PersistentVolumeClaim/gsh/www-web-3")).to_have_count(1)


def test_two_quick_clicks_are_two_replicas(show):
    stand = show()
    stand.page.evaluate("() => { const plus = document.querySelector('[data-testid=plus]'); plus.click(); plus.click(); }")
    expect(stand.page.get_by_test_id("echo")).to_have_text("$ kubectl scale statefulset web --replicas=5")


def test_a_lost_node_is_waited_for_with_two_clicks(chromium):
    """Fifty seconds until it is NotReady, five minutes until its pods have to go."""
    lab = Lab(manifest("volumes", "service", "statefulset"), namespace="gsh")
    stand = Stand(chromium, lab)
    lab.kubectl("annotate node " + lab.kubectl("get pod web-0 -o jsonpath={.spec.nodeName}").stdout + " kstate.dev/fault=NotReady")
    stand.refresh()
    stand.page.get_by_test_id("skip").click()
    expect(stand.node(POD)).to_have_attribute("data-phase", "Running")
    stand.page.get_by_test_id("skip").click()
    expect(stand.node(POD)).to_have_attribute("data-phase", "Terminating")
    assert stand.problems == []
    stand.page.close()


def test_a_deleted_pod_comes_back_where_it_was_and_nothing_else_moves(show):
    stand = show()
    places = "() => Object.fromEntries([...document.querySelectorAll('[data-id]')].map(e => [e.dataset.id, e.style.transform]))"
    before = stand.page.evaluate(places)
    stand.node(POD).click()
    stand.page.get_by_test_id("delete").click()
    expect(stand.node(POD)).to_have_attribute("data-phase", "Terminating")
    stand.page.get_by_test_id("step").click()
    expect(stand.node(POD)).to_have_count(0)
    stand.page.get_by_test_id("run").click()
    expect(stand.node(POD)).to_have_attribute("data-phase", "Running")
    assert stand.page.evaluate(places) == before


def test_a_bond_is_drawn_half_and_then_whole(show):
    stand = show()
    stand.page.get_by_test_id("plus").click()
    stand.page.get_by_test_id("step").click()
    stand.page.get_by_test_id("step").click()
    bond = stand.page.locator('[data-edge="PersistentVolumeClaim/gsh/www-web-3 PersistentVolume//pv4"]')
    expect(bond).to_have_class(re.compile("half"))
    stand.page.get_by_test_id("step").click()
    expect(bond).to_have_class(re.compile("whole"))


def test_only_what_changed_is_sent(show):
    stand = show()
    sent = []
    hear = stand._hear
    stand.view.send = lambda content, buffers=None: (sent.append(content), stand.outbox.append(content))
    assert hear
    stand.node(POD).click()
    stand.page.get_by_test_id("delete").click()
    expect(stand.node(POD)).to_have_attribute("data-phase", "Terminating")
    delta = sent[-1]["delta"]
    assert set(delta["nodes"]["set"]) == {POD} and "edges" not in delta and "frame" not in delta
    assert len(str(delta)) < 8000


def test_undo_redo_reset_and_a_single_controller(show):
    stand = show()
    undo = stand.page.get_by_test_id("undo")
    expect(undo).to_have_attribute("aria-disabled", "true")
    stand.page.get_by_test_id("plus").click()
    stand.page.get_by_test_id("step").click()
    expect(stand.node("Pod/gsh/web-3")).to_have_count(1)
    undo.click()
    expect(stand.node("Pod/gsh/web-3")).to_have_count(0)
    stand.page.get_by_test_id("redo").click()
    expect(stand.node("Pod/gsh/web-3")).to_have_count(1)
    stand.page.locator('[data-testid="controller"][data-name="volume-binder"]').click()
    expect(stand.page.get_by_test_id("echo")).to_have_text("# step volume-binder")
    stand.page.get_by_test_id("reset").click()
    expect(stand.node("Pod/gsh/web-3")).to_have_count(0)


def test_the_keyboard_is_enough(show):
    stand = show()
    press(stand, *["Tab"] * 9)                               # toolbar, then the picture as one stop
    expect(stand.page.locator(":focus")).to_have_attribute("data-id", "Service/gsh/nginx")
    press(stand, "ArrowRight", "+")
    expect(stand.page.get_by_test_id("echo")).to_have_text("$ kubectl scale statefulset web --replicas=4")
    press(stand, "ArrowRight", "ArrowDown", "Enter")
    expect(stand.node("Pod/gsh/web-1")).to_have_attribute("aria-pressed", "true")
    expect(stand.page.get_by_test_id("answer")).to_contain_text("web-1")
    press(stand, "Delete", ".")
    expect(stand.node("Pod/gsh/web-1")).to_have_count(0)
    assert stand.page.evaluate("document.activeElement.dataset.id")          # the focus went to a neighbour
    press(stand, " ")
    expect(stand.node("Pod/gsh/web-3")).to_have_attribute("data-phase", "Running")
    press(stand, ",")
    expect(stand.node("Pod/gsh/web-3")).to_have_count(0)
    press(stand, "?")
    expect(stand.page.get_by_test_id("tab-help")).to_have_attribute("aria-selected", "true")
    press(stand, "r", "Escape", "Escape")
    expect(stand.node("Pod/gsh/web-1")).to_have_count(1)
    assert stand.page.evaluate("document.activeElement === document.body")


def test_keys_do_not_reach_the_notebook(show):
    stand = show()
    stand.page.evaluate("window.leaked = []; document.addEventListener('keydown', e => leaked.push(e.key))")
    stand.node(POD).focus()
    press(stand, "r", "ArrowDown", " ", "w", ".")
    assert stand.page.evaluate("leaked") == []
    press(stand, "x")
    assert stand.page.evaluate("leaked") == ["x"]
    marked = "document.activeElement.hasAttribute('data-lm-suppress-shortcuts')"       # JupyterLab looks for this on what has the focus
    assert stand.page.evaluate(marked)
    press(stand, "Control+s")
    assert not stand.page.evaluate(marked)


def test_a_file_is_written_in_a_pod(show):
    stand = show()
    stand.node(POD).focus()
    press(stand, "f")
    expect(stand.page.get_by_test_id("path")).to_have_value("/usr/share/nginx/html/index.html")
    stand.page.keyboard.type("hello, r.")                    # not shortcuts while typing
    press(stand, "Enter")
    expect(stand.page.get_by_test_id("echo")).to_contain_text("echo hello, r. > /usr/share/nginx/html/index.html")


def test_deleting_what_would_lose_data_asks_first(show):
    stand = show()
    stand.node(CLAIM).click()
    press(stand, "Delete")
    expect(stand.page.get_by_test_id("actions")).to_contain_text("Recycle")
    press(stand, "Escape")
    expect(stand.node(CLAIM)).to_have_attribute("data-phase", "Bound")
    press(stand, "Delete")
    stand.page.get_by_test_id("confirm").click()
    expect(stand.node(CLAIM)).to_have_attribute("data-phase", "missing")


def test_an_error_is_shown_inside_and_the_picture_stays(show):
    stand = show()
    stand.node(POD).focus()
    press(stand, "f")
    stand.page.get_by_test_id("path").fill("nowhere")
    stand.page.get_by_test_id("save").click()
    expect(stand.page.get_by_test_id("error")).to_contain_text("ValueError: the path has to begin with /")
    expect(stand.page.locator(".kview")).not_to_have_attribute("aria-busy", "true")
    stand.page.get_by_test_id("step").click()
    expect(stand.page.get_by_test_id("error")).to_be_hidden()


def test_text_of_objects_is_shown_as_text(show):
    evil = "<img src=x onerror=window.hacked=1>"
    objects = scenes.example()
    pod = next(o for o in objects if o["metadata"]["name"] == "web-1")
    pod["status"] = {"phase": "Pending", "reason": evil, "conditions": [{"type": "PodScheduled", "status": "False", "reason": evil, "message": evil}]}
    pod["metadata"]["name"] = f"web-1{evil}"
    objects.append(scenes.storage_class("slow", evil))
    stand = show(objects)
    for tab in ("why", "story", "log", "table", "help"):
        stand.page.get_by_test_id(f"tab-{tab}").click()
    stand.page.locator('[data-id^="Pod/gsh/web-1"]').click()
    expect(stand.page.get_by_test_id("actions")).to_contain_text(evil)
    assert stand.page.evaluate("[document.querySelectorAll('img').length, window.hacked === undefined]") == [0, True]


def test_changes_are_announced_and_shown_without_motion(show):
    stand = show(reduced_motion="reduce")
    stand.page.get_by_test_id("plus").click()
    stand.page.get_by_test_id("step").click()
    expect(stand.page.get_by_test_id("live")).to_contain_text("web-3 Pending")
    assert stand.page.evaluate("document.getAnimations().length") == 0
    assert stand.node("Pod/gsh/web-3").locator(".changed").count() == 1
    assert stand.node(POD).locator(".changed").count() == 0


def test_motion_never_holds_up_the_truth_and_any_key_ends_it(show):
    stand = show()
    stand.page.get_by_test_id("speed").select_option("0.5")
    stand.page.get_by_test_id("plus").click()
    stand.page.get_by_test_id("step").click()
    expect(stand.node("Pod/gsh/web-3")).to_have_attribute("data-phase", "Pending")
    assert stand.page.evaluate("document.getAnimations().length") > 0
    press(stand, "Shift")
    assert stand.page.evaluate("document.getAnimations().length") == 0


def test_names_roles_and_sizes_of_controls(show):
    stand = show()
    stand.node(POD).click()
    for element in stand.page.locator("button:visible, select:visible").all():
        box = element.bounding_box()
        assert box["width"] >= 24 and box["height"] >= 24, element.get_attribute("data-testid")
        assert (element.get_attribute("aria-label") or element.inner_text()).strip()
    labels = stand.page.locator("[data-id]").evaluate_all("nodes => nodes.map(n => [n.getAttribute('role'), n.getAttribute('aria-label')])")
    assert ["button", "web-0, Pod, Running, 1/1 node-1, behind nginx, of web, uses www-web-0"] in labels
    assert stand.page.locator('[data-id][tabindex="0"]').count() == 1
    assert stand.page.locator("[onclick], [onerror]").count() == 0


@pytest.mark.parametrize("scheme, theme, dark", [("light", "", False), ("dark", "", True), ("dark", "true", False), ("light", "false", True)])
def test_the_theme_follows_the_system_and_before_it_jupyterlab(show, scheme, theme, dark):
    stand = show(color_scheme=scheme)
    if theme:
        stand.page.evaluate("theme => document.body.dataset.jpThemeLight = theme", theme)
    ground = stand.page.locator(".kview").evaluate("e => getComputedStyle(e).backgroundColor")
    line = stand.node(POD).locator(".outline").evaluate("e => getComputedStyle(e).stroke")
    assert (ground, line) == (("rgb(15, 20, 27)", "rgb(191, 227, 255)") if dark else ("rgb(255, 255, 255)", "rgb(11, 60, 122)"))


@pytest.mark.parametrize("size", [(1280, 720), (880, 720)])
def test_the_example_fits_without_scrolling(show, size):
    stand = show(viewport={"width": size[0], "height": size[1]})
    width, height = stand.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert width <= size[0] and height <= size[1]


def test_a_hundred_replicas_scroll_inside_the_picture(show):
    stand = show(scenes.example(100))
    assert stand.page.evaluate("document.documentElement.scrollHeight") <= 720
    stage = stand.page.get_by_test_id("stage")
    assert stage.evaluate("e => e.scrollHeight > e.clientHeight")
    stand.node("Pod/gsh/web-99").scroll_into_view_if_needed()
    assert stand.page.locator(".head").evaluate("e => e.getBoundingClientRect().top - e.parentElement.getBoundingClientRect().top") == 0


def test_a_change_in_a_cell_reaches_the_page_and_a_second_view_shows_the_same(show):
    stand = show()
    stand.session.delete(POD)
    stand.refresh()
    expect(stand.node(POD)).to_have_attribute("data-phase", "Terminating")
    stand.page.evaluate("""async () => {
        const view = (await import('./view.js')).default, el = document.body.appendChild(document.createElement('div'));
        el.id = 'second';
        window.close = view.render({ model, el });
    }""")
    second = stand.page.locator(f'#second [data-id="{POD}"]')
    expect(second).to_have_attribute("data-phase", "Terminating")
    stand.page.locator("#root").get_by_test_id("step").click()
    expect(second).to_have_count(0)


def test_letters_of_boxes_do_not_run_out_of_them(show):
    for objects in (scenes.starting(), scenes.example(100)):
        stand = show(objects)
        assert stand.page.evaluate("""() => [...document.querySelectorAll('.node')].filter((node) => {
            const box = node.querySelector('.outline').getBoundingClientRect();
            return [...node.querySelectorAll('text')].some((text) => {
                const r = text.getBoundingClientRect();
                return text.textContent && (r.left < box.left || r.right > box.right || r.bottom > box.bottom + 1);
            });
        }).map((node) => node.dataset.id)""") == []
