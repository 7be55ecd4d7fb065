"""What a command printed, as HTML: tables with the states of the picture, complaints, nothing that is not escaped."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from kstate.kubectl import Result, Table
from kstate.kubectl.tables import Row
from kstate.world import Key
from tests.helpers import EXAMPLE
from tutorial import Lab
from tutorial.output import shown
from tutorial.shapes import GLYPHS


class Page(HTMLParser):
    """What a page without style and script says: its tables, and its other texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables, self.texts, self.tags, self._inside = [], [], set(), ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self._inside = tag
        self.tags.add(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        self._inside = "td" if tag == "svg" else ""

    def handle_data(self, data):
        if self._inside in ("td", "th"):
            self.tables[-1][-1][-1] += data.strip()
        elif self._inside == "pre":
            self.texts.append(data)


@pytest.fixture(scope="module")
def lab() -> Lab:
    lab = Lab(EXAMPLE, namespace="gsh")
    lab.kubectl("scale sts web --replicas=4")       # more than there are volumes
    return lab


@pytest.mark.parametrize("command", [
    "get pods", "get pods -o wide", "get pods,pvc,pv", "get all -A", "get pods --show-labels", "get sts,svc -L app", "get nodes --no-headers",
    "get pods -o custom-columns=NAME:.metadata.name,NODE:.spec.nodeName", "api-resources", "events", "get events", "config get-contexts",
    "auth can-i --list", "auth whoami", "get pods web-0 nope",
])
def test_the_tables_hold_what_the_text_holds(lab, command):
    output = lab.kubectl(command)
    page = Page(output.html)
    assert re.sub(r"\s", "", output.stdout) == re.sub(r"\s", "", "".join(cell for table in page.tables for row in table for cell in row))
    assert "".join(page.texts) == output.stderr.rstrip()
    assert output._repr_mimebundle_() == {"text/plain": (output.stdout + output.stderr).rstrip("\n"), "text/html": output.html}


@pytest.mark.parametrize("command", ["get pods -o yaml", "describe pod web-0", "get pods -o name", "explain pods", "scale sts web --replicas=4"])
def test_what_is_no_table_is_text_alone(lab, command):
    output = lab.kubectl(command)
    assert output.stdout and list(output._repr_mimebundle_()) == ["text/plain"]


def test_a_complaint_is_red_and_a_note_is_not(lab):
    failed, note = lab.kubectl("get pods nope"), lab.kubectl("get pods -n default")
    assert '<pre class="stderr failed">Error from server (NotFound): pods &quot;nope&quot; not found</pre>' in failed.html
    assert '<pre class="stderr">No resources found in default namespace.</pre>' in note.html
    assert "<table" not in note.html


def states(html: str) -> dict[str, str]:
    return dict(re.findall(r'<tr data-id="([^"]*)"[^>]*><td><svg class="(\w+)"', html))


def test_a_row_has_the_state_and_the_glyph_of_the_picture(lab):
    html = lab.kubectl("get svc,sts,pods,pvc,pv -n gsh").html
    nodes = lab.picture().nodes
    assert states(html) == {node: facts["state"] for node, facts in nodes.items() if not facts["ghost"]}
    assert set(states(html).values()) == {"ready", "waiting", "blocked"}
    for state in set(states(html).values()):
        assert f'd="{GLYPHS[state]}"' in html


def test_rows_of_what_the_picture_does_not_show_have_no_state(lab):
    html = lab.kubectl("get nodes").html
    assert states(html) == {} and html.count("data-id=\"Node//node-") == 3 and 'class="glyph"' not in html


def test_KCTL_14_of_what_a_watch_tells_the_last_row_has_the_state_and_those_before_are_past():
    lab = Lab(EXAMPLE, namespace="gsh")
    lab.cluster.delete("pod", "web-0")
    html = lab.kubectl("get pods -w").html
    rows = re.findall(r'<tr data-id="Pod/gsh/web-0"(.*?)>', html)
    assert len(rows) > 3 and all("past" in row for row in rows[:-1]) and "past" not in rows[-1]
    assert list(states(html)) == ["Pod/gsh/web-1", "Pod/gsh/web-2", "Pod/gsh/web-0"]


def test_text_of_objects_is_escaped():
    evil = "<img src=x onerror=alert(1)>\"'&"
    result = Result(evil, evil, 1)
    html = shown(result, [Table([evil], [Row([evil], Key("Pod", evil, evil))])], {}).html
    assert evil not in html and Page(html).tables == [[[evil], [evil]]] and Page(html).texts == [evil]
    assert Page(html).tags == {"div", "style", "table", "thead", "tr", "th", "tbody", "td", "pre", "script"}


def test_a_table_without_headers_has_no_head(lab):
    assert "<thead" not in lab.kubectl("get pods --no-headers").html


def test_without_style_and_script_a_plain_table_is_left(lab):
    """GitHub and nbviewer take both away, and the glyphs with them; every fact is in the cells."""
    html = lab.kubectl("get pods").html
    plain = re.sub(r"<(style|script|svg).*?</\1>", "", html, flags=re.DOTALL)
    assert Page(plain).tables[0][0] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"] and Page(plain).tables[0][1][:3] == ["web-0", "1/1", "Running"]
    assert "id=" not in plain.replace("data-id=", "")


def test_minus_f_reads_the_manifests_of_the_lessons_and_cp_writes_beside_them():
    lab = Lab(namespace="gsh")
    assert lab.kubectl("apply -f volumes.yaml,service.yaml -f statefulset.yaml").code == 0
    assert [pod["metadata"]["name"] for pod in lab.cluster.list("Pod")] == ["web-0", "web-1", "web-2"]
    assert lab.kubectl("apply -f /etc/passwd").stderr == 'error: the path "/etc/passwd" does not exist\n'
    twin = lab.fork()
    twin.kubectl("cp web-0:/etc/hostname name.txt")
    assert twin.files["name.txt"] == "web-0\n" and "name.txt" not in lab.files
    twin.reset()
    assert "name.txt" not in twin.files


def test_two_runs_give_the_same_bytes_under_any_hash_seed():
    code = ("from tutorial import Lab, manifest; lab = Lab(manifest('volumes', 'service', 'statefulset'), namespace='gsh'); "
            "print(lab.kubectl('get pods,pvc nope').html)")
    runs = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}).stdout
            for seed in ("0", "1")}
    assert len(runs) == 1
