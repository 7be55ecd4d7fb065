"""The picture: states, places, what fits, and its two still forms, SVG and text."""
from __future__ import annotations

import itertools
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from kstate.graph import graph
from tests import scenes
from tutorial.picture import Picture, picture, shorten, state
from tutorial.shapes import curve, elbows, half_curve
from tutorial.style import COLOURS, EDGES, STATES
from tutorial.svg import svg
from tutorial.text import text

SVG = "{http://www.w3.org/2000/svg}"
ROOT = Path(__file__).parents[2]
SCENES = {"example": scenes.example(), "pending": scenes.example(4, 3), "starting": scenes.starting(), "many": scenes.example(100), "empty": []}


def drawn(objects, seats=None) -> Picture:
    return picture(graph(objects, "gsh"), seats)


def named(shown: Picture) -> dict[str, dict]:
    return {node["name"]: node for node in shown.nodes.values()}


@pytest.mark.parametrize("kind, phase, ready, reason, expected", [
    ("Pod", "Running", "1/1", "", "ready"), ("Pod", "Running", "1/2", "", "waiting"), ("Pod", "Pending", "0/1", "Unschedulable", "waiting"),
    ("Pod", "ContainerCreating", "0/1", "", "waiting"), ("Pod", "Init:0/1", "0/1", "", "waiting"), ("Pod", "Init:Error", "0/1", "", "blocked"),
    ("Pod", "CrashLoopBackOff", "0/1", "", "blocked"), ("Pod", "ImagePullBackOff", "0/1", "", "blocked"), ("Pod", "Evicted", "0/1", "", "blocked"),
    ("Pod", "Terminating", "1/1", "", "going"), ("Pod", "Completed", "0/1", "", "idle"), ("Pod", "Unknown", "1/1", "", "blocked"),
    ("PersistentVolumeClaim", "Bound", "", "", "ready"), ("PersistentVolumeClaim", "Pending", "", "", "waiting"),
    ("PersistentVolumeClaim", "Pending", "", "WaitForFirstConsumer", "waiting"), ("PersistentVolumeClaim", "Pending", "", "FailedBinding", "blocked"),
    ("PersistentVolumeClaim", "Lost", "", "", "blocked"), ("PersistentVolumeClaim", "missing", "", "", "blocked"),
    ("PersistentVolume", "Available", "", "", "idle"), ("PersistentVolume", "Bound", "", "", "ready"), ("PersistentVolume", "Released", "", "", "going"),
    ("PersistentVolume", "Failed", "", "", "blocked"), ("StorageClass", "no object", "", "", "idle"), ("StorageClass", "Immediate", "", "", "idle"),
    ("StatefulSet", "3/3 ready", "3/3", "", "ready"), ("StatefulSet", "2/3 ready", "2/3", "", "waiting"), ("StatefulSet", "0/0 ready", "0/0", "", "idle"),
    ("StatefulSet", "1/0 ready", "1/0", "", "waiting"), ("StatefulSet", "missing", "", "", "blocked"),
])
def test_states(kind, phase, ready, reason, expected):
    layer = {"Pod": 2, "PersistentVolumeClaim": 3, "PersistentVolume": 4, "StorageClass": 5, "StatefulSet": 1}[kind]
    assert state({"kind": kind, "phase": phase, "ready": ready, "reason": reason, "layer": layer}) == expected


def test_every_node_and_every_tie_of_the_example_is_drawn_and_told():
    shown = drawn(scenes.example())
    assert list(named(shown)) == ["nginx", "web", "web-0", "web-1", "web-2", "www-web-0", "www-web-1", "www-web-2", "pv1", "pv2", "pv3", "gsh-pv"]
    assert [edge["kind"] for edge in shown.edges.values()] == ["selects"] * 3 + ["provisioned-by"] * 3 + ["owns"] * 3 + ["mounts"] * 3 + ["binds"] * 3
    assert named(shown)["web-0"]["label"] == "web-0, Pod, Running, 1/1 node-1, behind nginx, of web, uses www-web-0"
    assert named(shown)["www-web-0"]["lines"] == ["www-web-0", "Bound", "1Gi RWO"]
    assert shown.title == "web 3/3 ready"


def test_blocked_and_waiting_things_say_so():
    nodes = named(drawn(scenes.starting()))
    assert (nodes["claim1"]["state"], nodes["claim1"]["detail"]) == ("blocked", "ProvisioningFailed")
    assert 'storageclass.storage.k8s.io "fast" not found' in nodes["claim1"]["label"]
    assert nodes["www-web-3"]["ties"] == "reserved by pv4"
    assert nodes["gsh-pv"]["ghost"] and not nodes["slow"]["ghost"]


@pytest.mark.parametrize("name", SCENES)
def test_boxes_do_not_overlap_and_stay_inside(name):
    shown = drawn(SCENES[name])
    boxes = [(node["x"], node["y"], shown.shapes[node["kind"]]["w"], shown.shapes[node["kind"]]["h"]) for node in shown.nodes.values()]
    for x, y, w, h in boxes:
        assert 0 <= x and x + w <= shown.width and 0 <= y and y + h <= shown.height
    for (ax, ay, aw, ah), (bx, by, bw, bh) in itertools.combinations(boxes, 2):
        assert ax + aw <= bx or bx + bw <= ax or ay + ah <= by or by + bh <= ay


def test_it_fits_and_shrinks_to_one_line_each_when_there_are_many():
    assert drawn(scenes.example(6)).height <= 430 and not drawn(scenes.example(6)).compact
    many = drawn(scenes.example(100))
    assert many.compact and many.height < 3100
    assert named(many)["www-web-99"]["lines"][0] == "www-web-99"
    assert {drawn(objects).width for objects in SCENES.values()} == {many.width}


def test_nothing_moves_between_two_frames():
    first = drawn(scenes.example(3, 4))
    then = drawn(scenes.example(4, 4), first.seats)
    for name, node in named(first).items():
        assert (node["x"], node["y"]) == (named(then)[name]["x"], named(then)[name]["y"])


def test_names_of_several_namespaces_are_told_apart():
    names = named(picture(graph([scenes.pod("web-0"), scenes.pod("web-0", namespace="other"), scenes.volume("pv1")])))
    assert list(names) == ["gsh/web-0", "other/web-0", "pv1", "gsh-pv"]


def test_long_names_keep_both_ends():
    assert shorten("pvc-3f2a1c9e-web-10", 7, keep_end=True).endswith("10")
    assert shorten("ContainerCreating", 6, keep_end=False).startswith("Cont")
    assert shorten("web-0", 7, keep_end=True) == "web-0"


def test_two_halves_of_a_bond_meet_on_the_way_of_the_whole():
    a, b = (0, 0), (60, 100)
    assert half_curve(a, b).rsplit(" ", 2)[1:] == half_curve(b, a).rsplit(" ", 2)[1:] == ["30", "50"]
    assert curve(a, b) == "M0 0C30 0 30 100 60 100"
    assert elbows([(0, 0), (10, 0), (20, 0)]) == "M0 0L20 0"


# ---- SVG ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", SCENES)
def test_the_svg_is_well_formed_has_title_and_description_and_one_element_a_line(name):
    shown = drawn(SCENES[name])
    code = svg(shown)
    root = ET.fromstring(code)
    assert root.get("role") == "img" and root.find(f"{SVG}title").text == shown.title and root.find(f"{SVG}desc") is not None
    groups = [g for g in root.iter(f"{SVG}g") if g.get("data-id")]
    assert [g.get("data-id") for g in groups] == list(shown.nodes)
    assert [g.find(f"{SVG}title").text for g in groups] == [node["label"] for node in shown.nodes.values()]
    for line in code.splitlines():
        assert line.count("<path") + line.count("<text") + line.count("<g ") <= 1 or "legend" in line or 'class="glyph"' in line
    assert "http" not in code.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_the_svg_has_the_same_bytes_under_any_hash_seed():
    code = "from tests import scenes; from kstate.graph import graph; from tutorial import picture, svg, text; import hashlib;" \
           "p = picture.picture(graph(scenes.starting())); print(hashlib.sha256((svg.svg(p) + text.text(p)).encode()).hexdigest())"
    hashes = {subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, cwd=ROOT, capture_output=True, text=True,
                             check=True).stdout for seed in ("0", "7")}
    assert len(hashes) == 1


def test_text_of_objects_is_text():
    evil = '<img src=x onerror="alert(1)">&\x07'
    pod = scenes.pod("web-0")
    pod["status"]["reason"] = evil
    pod["status"]["containerStatuses"] = []
    code = svg(drawn([pod]))
    ET.fromstring(code)
    assert "<img" not in code and "&lt;img" in code


# ---- text -----------------------------------------------------------------------------------------

def test_the_text_tells_the_facts_of_the_picture():
    lines = text(drawn(scenes.starting())).splitlines()
    assert lines[0].split() == ["KIND", "NAME", "STATE", "STATUS", "DETAIL", "TIES"]
    assert "Pod                     web-0       going     Terminating   1/1 node-1             behind nginx, of web, uses www-web-0" in lines
    at = next(i for i, line in enumerate(lines) if " claim1 " in line)
    assert lines[at + 1].strip() == 'storageclass.storage.k8s.io "fast" not found'


@pytest.mark.parametrize("name", SCENES)
def test_svg_and_text_have_the_same_facts(name):
    shown = drawn(SCENES[name])
    table = text(shown)
    for node in shown.nodes.values():
        assert all(str(node[fact]) in table for fact in ("kind", "name", "phase", "state", "detail", "ties"))
    assert len(shown.edges) == sum(len(node["ties"].split(", ")) for node in shown.nodes.values() if node["ties"])


# ---- colours (WCAG 2.2 and the table in tutorial/style.py) ---------------------------------------------

def luminance(colour: str) -> float:
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", STATES)
def test_lines_and_texts_can_be_seen(name, theme):
    colour = {key: pair[theme] for key, pair in COLOURS.items()}
    for ground in ("page", "band", f"{name}-fill"):
        assert contrast(colour[name], colour[ground]) >= 3
        assert contrast(colour["text"], colour[ground]) >= 7 and contrast(colour["muted"], colour[ground]) >= 4.5
    assert contrast(colour["edge"], colour["page"]) >= 3 and contrast(colour["edge"], colour["band"]) >= 3


def test_states_and_ties_differ_without_colour():
    assert len({(width, dashes) for _word, width, dashes in STATES.values()}) == len(STATES)
    assert len({(width, dashes) for _word, width, dashes in EDGES.values()}) == len(EDGES)
