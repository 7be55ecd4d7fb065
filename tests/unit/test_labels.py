"""Names, labels and selectors: the texts of API-28 to API-31, the grammar of API-33, LabelSelectors (API-34), field selectors (API-35)."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kstate import labels

LABEL = ("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
         "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')")
SUBDOMAIN = ("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end "
             "with an alphanumeric character (e.g. 'example.com', regex used for validation is "
             r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")
DNS1035 = ("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and "
           "end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')")
VALUE = ("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
         "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
         "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')")
KEY = ("must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
       "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')")


# ---- names ----------------------------------------------------------------------------------------

def test_API_29_subdomains():
    for name in ("web-0", "example.com", "1", "a.b-c.d", "a" * 253):
        assert labels.dns_subdomain_problems(name) == []
    for name in ("Web", "", "-a", "a.", "a..b", "a_b", "a.-b"):
        assert labels.dns_subdomain_problems(name) == [SUBDOMAIN]
    assert labels.dns_subdomain_problems("a" * 254) == ["must be no more than 253 characters"]


def test_API_29_labels():
    assert labels.dns_label_problems("web") == labels.dns_label_problems("0") == []
    assert labels.dns_label_problems("Web") == [LABEL]
    assert labels.dns_label_problems("a.b") == ["must not contain dots"]
    assert labels.dns_label_problems("A.b") == [LABEL]
    assert labels.dns_label_problems("a" * 64) == ["must be no more than 63 characters"]


def test_API_29_names_that_start_with_a_letter():
    assert labels.dns1035_problems("web") == []
    assert labels.dns1035_problems("0-web") == [DNS1035]


def test_API_30_values():
    for value in ("", "a", "MyValue", "my_value.x-y", "a" * 63):
        assert labels.label_value_problems(value) == []
    assert labels.label_value_problems("-a") == [VALUE]
    assert labels.label_value_problems("a" * 64) == ["must be no more than 63 bytes"]
    assert labels.label_value_problems("-" * 64) == ["must be no more than 63 bytes", VALUE]


def test_API_30_keys():
    for key in ("app", "app.kubernetes.io/name", "A_b.c-9", "x.y/" + "a" * 63):
        assert labels.label_key_problems(key) == []
    assert labels.label_key_problems("") == ["name part must be non-empty", f"name part {KEY}"]
    assert labels.label_key_problems("a" * 64) == ["name part must be no more than 63 bytes"]
    assert labels.label_key_problems("a b") == [f"name part {KEY}"]
    assert labels.label_key_problems("/a") == ["prefix part must be non-empty"]
    assert labels.label_key_problems("X/a") == [f"prefix part {SUBDOMAIN}"]
    assert labels.label_key_problems("a/b/c") == [
        f"a valid label key {KEY} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]


def test_API_28_port_names_and_path_segments():
    assert labels.port_name_problems("http-1") == []
    assert labels.port_name_problems("80") == ["must contain at least one letter (a-z)"]
    assert labels.port_name_problems("-a--b") == ["must not contain consecutive hyphens", "must not begin or end with a hyphen"]
    assert labels.port_name_problems("Http-of-the-house") == [
        "must be no more than 15 characters", "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"]
    assert labels.path_segment_problems("system:admin") == []
    assert labels.path_segment_problems("..") == ["may not be '..'"]
    assert labels.path_segment_problems("a/b%") == ["may not contain '/'", "may not contain '%'"]


# ---- the grammar ------------------------------------------------------------------------------------

@pytest.mark.parametrize("text, chosen", [
    ("", "web db none"),
    ("app=web", "web"), ("app==web", "web"), ("app!=web", "db none"),
    ("app in (web,db)", "web db"), ("app notin (web)", "db none"),
    ("app", "web db"), ("!app", "none"),
    ("n>5", "web"), ("n<5", "db"),
    ("app=web,n", "web"), ("app=web,!n", ""),
    (" app  in ( web , db ) , n > 3 ", "web"),
    ("app=", ""), ("app in ()", ""), ("in in (in)", ""),
])
def test_API_33_what_a_selector_matches(text, chosen):
    objects = {"web": {"app": "web", "n": "6"}, "db": {"app": "db", "n": "3"}, "none": {"n": "x"}}
    assert " ".join(name for name, own in objects.items() if labels.parse(text).matches(own)) == chosen


@pytest.mark.parametrize("text, canonical", [
    ("z=1,b=2,!m", "b=2,!m,z=1"), ("k in (b,a)", "k in (a,b)"), ("k notin(a)", "k notin (a)"), ("a  ==  b", "a==b"), ("a!=b", "a!=b"),
    ("n>5", "n>5"), ("n<5,a", "a,n<5"), ("a in (b,)", "a in (,b)"), ("a in (,,b,b)", "a in (,b)"), ("a=", "a="), ("notin=x", "notin=x"),
])
def test_API_33_canonical_string(text, canonical):
    assert str(labels.parse(text)) == canonical


# The texts are those of `kubectl create pdb --selector`, which parses with the server's library.
@pytest.mark.parametrize("text, complaint", [
    ("a=b,", "found '', expected: identifier after ','"),
    ("a=b,,c=d", "found ',', expected: identifier after ','"),
    (",a=b", "found ',', expected: !, identifier, or 'end of string'"),
    ("=b", "found '=', expected: !, identifier, or 'end of string'"),
    ("(a)", "found '(', expected: !, identifier, or 'end of string'"),
    ("a=b c", "found 'c', expected: ',' or 'end of string'"),
    ("a=b=c", "found '=', expected: ',' or 'end of string'"),
    ("!a=b", "found '=', expected: ',' or 'end of string'"),
    ("!a in (b)", "found 'in', expected: ',' or 'end of string'"),
    ("a===b", "unable to parse requirement: found '=', expected: identifier"),
    ("!!a", "unable to parse requirement: found '!', expected: identifier"),
    ("!", "unable to parse requirement: found '', expected: identifier"),
    ("a=(b)", "unable to parse requirement: found '(', expected: identifier"),
    ("a!b", "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"),
    ("a gt 5", "unable to parse requirement: found 'gt', expected: in, notin, =, ==, !=, gt, lt"),
    ("a in", "unable to parse requirement: found '' expected: '('"),
    ("a in b", "unable to parse requirement: found 'b' expected: '('"),
    ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
    ("a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"),
    ("a in (b,", "unable to parse requirement: found '', expected: ',', or identifier"),
    ("a in (!b)", "unable to parse requirement: found '!', expected: ',', ')' or identifier"),
    ("a>x", "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer"),
    ("a=-x", f'unable to parse requirement: values[0][a]: Invalid value: "-x": {VALUE}'),
    ("$=x", f'unable to parse requirement: <nil>: Invalid value: "$": name part {KEY}'),
    ("/a=b", 'unable to parse requirement: <nil>: Invalid value: "/a": prefix part must be non-empty'),
    ("a in (-x,y-)",
     f'unable to parse requirement: [values[0][a]: Invalid value: "-x": {VALUE}, values[1][a]: Invalid value: "y-": {VALUE}]'),
])
def test_API_33_what_the_parser_says(text, complaint):
    with pytest.raises(ValueError) as refused:
        labels.parse(text)
    assert str(refused.value) == complaint


WORDS = st.from_regex("[a-z]([a-z0-9.-]{0,5}[a-z0-9])?", fullmatch=True)
TERMS = st.one_of(
    st.builds("{}{}{}".format, WORDS, st.sampled_from(["=", "==", "!="]), WORDS), WORDS, WORDS.map("!{}".format),
    st.builds("{}>{}".format, WORDS, st.integers(0, 9)),
    st.builds(lambda key, op, values: f"{key} {op} ({','.join(values)})",
              WORDS, st.sampled_from(["in", "notin"]), st.lists(WORDS, min_size=1)))


@given(st.lists(TERMS, max_size=4), st.dictionaries(WORDS, WORDS, max_size=4))
def test_the_canonical_string_means_the_same(terms, own):
    selector = labels.parse(",".join(terms))
    assert str(labels.parse(str(selector))) == str(selector)
    assert labels.parse(str(selector)).matches(own) == selector.matches(own) == all(labels.parse(term).matches(own) for term in terms)


# ---- LabelSelector objects and node selectors ---------------------------------------------------------

def test_API_34_no_selector_matches_nothing_an_empty_one_everything():
    assert not labels.of(None).matches({"a": "b"}) and not labels.of(None).matches(None)
    assert labels.of({}).matches({"a": "b"}) and labels.of({}).matches(None)
    assert labels.display(None) == labels.display({}) == "<none>"


def test_API_34_labels_and_expressions_are_anded():
    selector = {"matchLabels": {"app": "web"}, "matchExpressions": [
        {"key": "tier", "operator": "In", "values": ["front", "back"]}, {"key": "zone", "operator": "NotIn", "values": ["x"]},
        {"key": "old", "operator": "DoesNotExist"}, {"key": "owner", "operator": "Exists"}]}
    good = {"app": "web", "tier": "back", "owner": "me"}
    assert labels.of(selector).matches(good)
    for bad in ({**good, "app": "db"}, {**good, "tier": "x"}, {**good, "zone": "x"}, {**good, "old": ""}, {"app": "web", "tier": "back"}):
        assert not labels.of(selector).matches(bad)
    assert labels.display(selector) == "app=web,!old,owner,tier in (back,front),zone notin (x)"


def test_API_34_display_sorts_all_terms_by_key():
    """As `kubectl describe` shows it."""
    selector = {"matchLabels": {"z": "1", "b": "2"}, "matchExpressions": [
        {"key": "m", "operator": "In", "values": ["y", "x"]}, {"key": "a", "operator": "Exists"}]}
    assert labels.display(selector) == "a,b=2,m in (x,y),z=1"


def test_an_operator_that_there_is_not():
    with pytest.raises(ValueError, match='"Like" is not a valid label selector operator'):
        labels.of({"matchExpressions": [{"key": "a", "operator": "Like"}]})


@pytest.mark.parametrize("operator, values, matching", [
    ("In", ["a", "5"], "a 5"), ("NotIn", ["a"], "5 none"), ("Exists", [], "a 5"), ("DoesNotExist", [], "none"),
    ("Gt", ["4"], "5"), ("Lt", ["5"], ""),
])
def test_requirements_of_node_selectors(operator, values, matching):
    nodes = {"a": {"disk": "a"}, "5": {"disk": "5"}, "none": None}
    expressions = [{"key": "disk", "operator": operator, "values": values}]
    assert " ".join(name for name, own in nodes.items() if labels.matches_expressions(expressions, own)) == matching


# ---- field selectors ----------------------------------------------------------------------------------

@pytest.mark.parametrize("text, terms", [
    ("", []), (",,", []),
    ("status.phase=Running", [("status.phase", "=", "Running")]),
    ("status.phase!=Running,spec.nodeName==n", [("spec.nodeName", "=", "n"), ("status.phase", "!=", "Running")]),
    ("metadata.name=x,metadata.name=x", [("metadata.name", "=", "x")] * 2),
    (r"a=b\,c\=d\\e", [("a", "=", "b,c=d\\e")]),
    ("a=,b!=", [("a", "=", ""), ("b", "!=", "")]),
])
def test_API_35_field_selectors(text, terms):
    assert labels.parse_fields(text) == terms


@pytest.mark.parametrize("text, complaint", [
    ("a=b,c", "invalid selector: 'a=b,c'; can't understand 'c'"),
    (r"a=b\c", r"invalid field selector: invalid escape sequence: \c"),
    ("a=b\\", "invalid field selector: invalid escape sequence: \\"),
    ("a=b=c", "invalid field selector: unescaped character in value: 61"),
])
def test_API_35_nonsense_is_refused(text, complaint):
    with pytest.raises(ValueError) as refused:
        labels.parse_fields(text)
    assert str(refused.value) == complaint
