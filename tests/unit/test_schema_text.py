"""Texts to values.  The YAML and JSON expectations were taken from kubectl 1.32, which was given the same texts."""
from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kstate.errors import BadRequest
from kstate.kinds.text import parse_json, parse_yaml_documents

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n"


def one(text: str):
    documents = parse_yaml_documents(text)
    assert len(documents) == 1
    return documents[0][0]


def refusal(text: str) -> str:
    with pytest.raises(BadRequest) as caught:
        parse_yaml_documents(text)
    return caught.value.message


@pytest.mark.parametrize("text, value", [
    ("yes", True), ("y", True), ("on", True), ("TRUE", True), ("off", False), ("NO", False), ("n", False), ("tRue", "tRue"), ("'N'", "N"),
    ("~", None), ("Null", None), ("", None), ("''", ""), ("2020-01-01", "2020-01-01"), ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
    ("80:80", "80:80"), ("12:30:45", "12:30:45"), ("0755", 493), ("0o17", 15), ("09", 9), ("0x1f", 31), ("0b11", 3), ("-0b1", -1),
    ("1_000", 1000), ("_1", "_1"), ("+5", 5), ("1e3", 1000), ("1.0", 1), (".5", 0.5), ("1.", 1), ("1_0.5", 10.5), ("=", "="),
    ("1.2.3", "1.2.3"), ("0x", "0x"), ("0b12", "0b12"), ("1e", "1e"), ("!!binary aGk=", "hi"), ("!foo bar", "bar"), ("!!str 5", "5"),
    ("{<<: {a: 1, b: 2}, b: 3}", {"a": 1, "b": 3}), ("{b: 3, <<: {a: 1, b: 2}}", {"a": 1, "b": 2}),
    ("{1: a, yes: b, 1.5: c, 0x10: d}", {"1": "a", "true": "b", "1.5": "c", "16": "d"}), ("|\n a\n b\n", "a\nb\n"),
])
def test_plain_scalars_and_keys_as_kubectl_reads_them(text, value):
    found = one(f"a: {text}\n")["a"]
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize("text, error", [
    ("not: [valid", "yaml: line 1: did not find expected ',' or ']'"),                           # as recorded
    (HEAD + "data: {a: b\n", "yaml: line 5: did not find expected ',' or '}'"),
    ("apiVersion: v1\n kind: x\n", "yaml: line 2: mapping values are not allowed in this context"),
    ("apiVersion: v1\nkind ConfigMap\n", "yaml: line 3: could not find expected ':'"),
    ("a:\n\tb: 1\n", "yaml: line 2: found character that cannot start any token"),
    ("x:\n  a: b\n\tc: d\n", "yaml: line 3: found a tab character that violates indentation"),
    (HEAD + "data: {a: @x}\n", "yaml: line 5: found character that cannot start any token"),
    ("a: @x\n", "yaml: found character that cannot start any token"),
    (HEAD + "data: \"q\n", "yaml: line 6: found unexpected end of stream"),
    (HEAD + "data: - a\n", "yaml: line 5: block sequence entries are not allowed in this context"),
    (HEAD + "data: {a: *nope}\n", "yaml: unknown anchor 'nope' referenced"),
    ("foo: [\n", "yaml: line 1: did not find expected node content"),
    (HEAD + "data:\n  a: b\n a: c\n", "yaml: line 6: did not find expected key"),
    (HEAD + "data: {a: .inf}\n", "json: unsupported value: +Inf"),
    (HEAD + "data: {~: a}\n", 'unsupported map key of type: %!s(<nil>), key: <nil>, value: "a"'),
    (HEAD + "data: {a: {{ .x }}}\n", "yaml: invalid map key: "),
    (HEAD + "data: a\x01b\n", "yaml: control characters are not allowed"),
])
def test_yaml_errors_in_the_words_of_kubectl(text, error):
    assert refusal(text).startswith(f"error converting YAML to JSON: {error}")


def test_documents_are_cut_where_kubectl_cuts_them():
    assert [v for v, _ in parse_yaml_documents("# nothing\n---\na: 1\n--- # next\n\n---\nb: 2\n")] == [{"a": 1}, {"b": 2}]
    assert refusal("a: 1\n---\n# c\nb: [\n").endswith("yaml: line 2: did not find expected node content")       # lines count from the cut
    assert refusal("a: 1\n--- {b: 2}\n") == "invalid Yaml document separator: {b: 2}"
    assert parse_yaml_documents("") == parse_yaml_documents("# only words\n") == parse_yaml_documents("---\n---\n") == []


def test_doubled_keys_are_told_and_the_last_one_counts():
    assert parse_yaml_documents("a: 1\nb: [{c: 1, c: 2}]\na: 3\n") == [({"a": 3, "b": [{"c": 2}]}, ["b[0].c", "a"])]
    assert parse_json('{"spec": {"replicas": 1, "x": [{"n": 1, "n": 1}], "replicas": 2}}') == (
        {"spec": {"replicas": 2, "x": [{"n": 1}]}}, ["spec.replicas", "spec.x[0].n"])


def test_aliases_are_copies_and_may_not_explode():
    value = one("a: &x {k: [1]}\nb: *x\n")
    value["a"]["k"].append(2)
    assert value["b"] == {"k": [1]}
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))
    assert refusal(bomb).endswith("yaml: document contains excessive aliasing")
    assert refusal("a: &x [*x]\n").endswith("value contains itself")


def test_size_and_depth_are_bounded():
    assert "more than 10 characters" in str(pytest.raises(BadRequest, parse_yaml_documents, "a: 1234567890", 10).value)
    assert refusal("[" * 5000).endswith("exceeded max depth")
    with pytest.raises(ValueError, match="exceeded max depth|invalid|unexpected"):
        parse_json("[" * 200_000)


@pytest.mark.parametrize("text, error", [
    ("hello", "invalid character 'h' looking for beginning of value"),
    ("", "unexpected end of JSON input"),
    ('{"a": 1', "unexpected end of JSON input"),
    ('{"a": 1,}', "invalid character '}' looking for beginning of object key string"),
    ('{"a" 1}', "invalid character '1' after object key"),
    ('{"a": 1 "b": 2}', "invalid character '\"' after object key:value pair"),
    ('{"a": 1} x', "invalid character 'x' after top-level value"),
    ('{"a": NaN}', "invalid character 'N' looking for beginning of value"),
    ("[1,]", "invalid character ']' looking for beginning of value"),
])
def test_API_26_json_errors_in_the_words_of_go(text, error):
    with pytest.raises(ValueError) as caught:
        parse_json(text)
    assert str(caught.value) == error


def test_a_manifest_that_begins_with_a_brace_is_json():
    assert [v for v, _ in parse_yaml_documents('{"a":\t1}\n{"b": "yes"} ')] == [{"a": 1}, {"b": "yes"}]
    assert refusal('{"apiVersion": "v1" "kind":"ConfigMap"}') == "json: offset 21: invalid character '\"' after object key:value pair"
    assert refusal('{"apiVersion": "v1') == "unexpected EOF"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-10**9, 10**9) | st.text("ab:-#'\" \n{[", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab:1", max_size=4), inner, max_size=3), max_leaves=12)


@given(st.dictionaries(st.sampled_from(["kind", "spec"]), json_values, max_size=2))
def test_json_is_read_alike_as_json_and_as_yaml(value):
    text = json.dumps(value)
    assert parse_json(text.encode()) == (value, [])
    assert [v for v, _ in parse_yaml_documents("# yaml\n" + text)] == [value]
