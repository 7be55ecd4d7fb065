"""Output forms: YAML, JSON, jsonpath, templates, columns.  Expected texts are those that the real kubectl 1.32 printed."""
from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kstate.kinds.text import parse_yaml_documents
from kstate.kubectl import gotemplate, jsonpath
from kstate.kubectl.customcolumns import CustomColumns
from kstate.kubectl.jsonpath import BadTemplate
from kstate.kubectl.sorting import by_field
from kstate.kubectl.tables import cell
from kstate.kubectl.tabs import Columns, align
from kstate.kubectl.yamltext import compact, to_json, to_yaml

WEB = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"creationTimestamp": None, "labels": {"app": "web"}, "name": "web"},
       "spec": {"replicas": 2, "containers": [{"image": "nginx:1", "name": "nginx", "resources": {}}, {"image": "b", "name": "b", "resources": {}}]}}

# ---- YAML and JSON --------------------------------------------------------------------------------

SCALARS = {
    "plain": "plain", "true": '"true"', "on": '"on"', "y": '"y"', "null": '"null"', "~": '"~"', "123": '"123"', "0777": '"0777"', "08": '"08"',
    "1e3": '"1e3"', ".5": '".5"', "1_000": '"1_000"', "12:30": '"12:30"', "2026-01-01T00:00:00Z": '"2026-01-01T00:00:00Z"', "<<": "<<",
    "a: b": "'a: b'", "a #b": "'a #b'", "- x": "'- x'", "'s'": "'''s'''", "*": "'*'", " x": "' x'", "": '""', "é": "é", "x\ty": r'"x\ty"',
    "1Gi": "1Gi", "100m": "100m", "[a]": "'[a]'", "a\n": "|\n  a", "a\nb": "|-\n  a\n  b", "\U0001f600": r'"\U0001F600"',
}


@pytest.mark.parametrize("text", SCALARS)
def test_a_text_is_quoted_where_it_could_be_something_else(text):
    assert to_yaml({"k": text}) == f"k: {SCALARS[text]}\n"


def test_lists_are_not_indented_and_keys_sort_with_numbers_by_value():
    assert to_yaml({"k10": 1, "k2": [{"b": None, "a": True}], "k1": {}, "z": []}) == "k1: {}\nk2:\n- a: true\n  b: null\nk10: 1\nz: []\n"


def test_long_text_is_folded_at_80_columns():
    lines = to_yaml({"message": "word " * 40}).splitlines()
    assert len(lines) == 3 and max(map(len, lines)) <= 85 and lines[1].startswith("  ")


VALUES = st.recursive(st.none() | st.booleans() | st.integers(-10**9, 10**9) | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))),
                      lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abkz019-./", min_size=1, max_size=6), inner, max_size=3), max_leaves=8)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), VALUES, min_size=1, max_size=4))
def test_yaml_that_is_printed_is_read_back(value):
    assert parse_yaml_documents(to_yaml(value))[0][0] == value


def test_json_has_four_spaces_and_escapes_what_html_could_see():
    assert to_json({"b": "<a&b>", "a": [1]}) == '{\n    "a": [\n        1\n    ],\n    "b": "\\u003ca\\u0026b\\u003e"\n}'
    assert compact({"b": 1, "a": ">"}) == '{"a":"\\u003e","b":1}'


# ---- jsonpath -------------------------------------------------------------------------------------

PATHS = {
    "{.metadata.name}": "web", ".metadata.name": ".metadata.name", "{.nope.x}": "", "{.spec.containers[*].name}": "nginx b",
    "{.spec.containers[-1].name}": "b", "{.spec.containers[0:1].name}": "nginx", "{.spec.containers[::2].name}": "nginx", "{.spec.containers[1:].image}": "b",
    "{.spec.containers[0,1].image}": "nginx:1 b", "{.metadata['name','creationTimestamp']}": "web null", "{.metadata.labels['app']}": "web",
    "{.spec.containers[?(@.name=='b')].image}": "b", '{.spec.containers[?(@.name!="b")].image}': "nginx:1", "{.spec.containers[?(@.resources)].name}": "nginx b",
    '{.spec.containers[?(@.nope=="b")].name}': "", "{..name}": "web nginx b", "{$.kind}": "Deployment", "{.metadata.name} and {.spec.replicas}": "web and 2",
    '{range .spec.containers[*]}{.name}{"\\t"}{.image}{"\\n"}{end}': "nginx\tnginx:1\nb\tb\n", "{range .spec.containers[*]}[{.name}, {.image}] {end}":
    "[nginx, nginx:1] [b, b] ", "{.spec.containers[0]}": '{"image":"nginx:1","name":"nginx","resources":{}}', "{true}": "true", '{"a\\nb"}': "a\nb",
    "{range .spec.containers[*]}{range .x[*]}{.y}{end}{.name}{end}": "nginxb", "{range .spec.containers[*]}{.name},{end}{.kind}": "nginx,b,Deployment",
}


@pytest.mark.parametrize("template", PATHS)
def test_jsonpath(template):
    assert jsonpath.Template(template).format(WEB) == PATHS[template]


@pytest.mark.parametrize("template, told", [
    ("{.metadata.name", "error parsing jsonpath {.metadata.name, unclosed action"), ("{.a[}", "error parsing jsonpath {.a[}, unterminated array"),
    ("{.a[abc]}", "error parsing jsonpath {.a[abc]}, invalid array index abc"), ("{!}", "error parsing jsonpath {!}, unrecognized character in action: U+0021 '!'")])
def test_jsonpath_that_cannot_be_read(template, told):
    with pytest.raises(BadTemplate) as caught:
        jsonpath.Template(template)
    assert str(caught.value) == told


@pytest.mark.parametrize("template, told", [("{.spec.containers[5].name}", "array index out of bounds: index 5, length 2"),
                                            ("{end}", "not in range, nothing to end"), ("{foo}", "unrecognized identifier foo")])
def test_jsonpath_that_does_not_fit(template, told):
    with pytest.raises(BadTemplate) as caught:
        jsonpath.Template(template).format(WEB)
    assert str(caught.value).startswith(f'error executing jsonpath "{template}": Error executing template: {told}. Printing more information')


# ---- go-template ----------------------------------------------------------------------------------

TEMPLATES = {
    "{{.metadata.name}}": "web", "{{.nope.x}}": "<no value>", "{{range .spec.containers}}{{.name}} {{end}}": "nginx b ",
    '{{range $i, $c := .spec.containers}}{{$i}}={{$c.name}}{{"\\n"}}{{end}}': "0=nginx\n1=b\n", "{{if .nope}}a{{else}}b{{end}}": "b",
    '{{(index .spec.containers 0).name}}': "nginx", '{{index .spec.containers 1 "image"}}': "b", "{{len .spec.containers}}": "2",
    '{{printf "%s-%v" .kind .spec.replicas}}': "Deployment-2", "{{- .kind -}} x": "Deploymentx", "{{/* c */}}x": "x", "{{with .metadata}}{{.name}}{{end}}": "web",
    '{{range .spec.containers}}{{if eq .name "b"}}{{.image}}{{end}}{{end}}': "b", "{{range .nope}}a{{else}}none{{end}}": "none",
    "{{range .spec.containers}}{{$.kind}}{{end}}": "DeploymentDeployment", "{{.metadata.labels}}": "map[app:web]", '{{"aGk=" | base64decode}}': "hi",
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_go_template(template):
    assert gotemplate.Template(template).format(WEB) == TEMPLATES[template]


@pytest.mark.parametrize("template, told", [("{{foo}}", 'function "foo" not defined'), ("{{end}}", "unexpected {{end}}"), ("{{if}}", "missing value for if"),
                                            ("{{ .a", "unclosed action")])
def test_go_template_that_cannot_be_read(template, told):
    with pytest.raises(BadTemplate) as caught:
        gotemplate.Template(template)
    assert str(caught.value) == f"error parsing template {template}, template: output:1: {told}"


# ---- columns and tables ---------------------------------------------------------------------------

def test_DESC_1_columns_are_aligned_where_cells_stand_below_one_another():
    assert align("a\tb\nlong\tb\n\nx\ty\tz\nxx\tyy\tz", 0, 2) == "a     b\nlong  b\n\nx   y   z\nxx  yy  z"


def test_KCTL_15_a_later_part_of_a_table_is_never_narrower():
    columns = Columns()
    assert columns.format([["NAME", "AGE"], ["web-0000", "1s"]]) == "NAME       AGE\nweb-0000   1s\n"
    assert columns.format([["x", "1s"]]) == "x          1s\n"


def test_KCTL_15_cells():
    assert [cell(v) for v in (None, True, 3, "a\nb", "x")] == ["", "true", "3", "a...", "x"]


def test_custom_columns():
    columns = CustomColumns("NAME:.metadata.name,IMAGE:.spec.containers[*].image,X:.nope,L:{.metadata.labels}")
    assert columns.format([WEB]) == "NAME   IMAGE       X        L\nweb    nginx:1,b   <none>   map[app:web]\n"


def test_sort_by_knows_numbers_quantities_and_names():
    def sorted_by(field, values):
        return [obj["v"] for obj in by_field([{"v": v} for v in values], field, lambda obj: obj, strict=True)]
    assert sorted_by(".v", ["10Gi", "2Gi", "500Mi"]) == ["500Mi", "2Gi", "10Gi"]
    assert sorted_by("v", ["web-10", "web-2"]) == ["web-2", "web-10"]
    assert json.dumps(sorted_by("{.v}", [3, None, 1])) == "[null, 1, 3]"
