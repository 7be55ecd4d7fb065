"""Quantities: the observed table of API-63, the errors of API-62, and that writing loses nothing."""
from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kstate import quantity

MALFORMED = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

OBSERVED = """
    1.5Gi 1536Mi | 1024Mi 1Gi | 2048Gi 2Ti | 1023Mi 1023Mi | 0.5Gi 512Mi | 0.1Gi 107374182400m | 1.1Gi 1181116006400m
    0.3Ki 307200m | 1.5Ki 1536 | 1048576 1048576 | 1000m 1 | 0.5 500m | 1000k 1M | 1000000 1M | 1000M 1G | 1.0 1
    0.0001 100u | 1e3 1e3 | 12e6 12e6 | 1E2 100 | 1E 1E | 08Gi 8Gi | 9Ei 9223372036854775807
    +5 +5 | 1.Gi 1.Gi | 0 0 | 0.0 0 | 00 0 | -0 0
"""
# Written down from `kubectl create quota --dry-run=client`, which writes quantities as the server does.
MORE = """
    +1024Mi 1Gi | +1Ti +1Ti | +1Pi 1Pi | 01 01 | 00012 00012 | 1.500 1.500 | 1.000 1 | 100.100 100.100 | 1.2345 1234500u
    1e4 10e3 | 1e2 100 | 1.5e3 1500 | 5e-1 500e-3 | 1e100 10e99 | 1000e3 1e6 | 1500u 1500u | 0.5Ki 512 | 1023.5Ki 1048064
    -0.5 -500m | -1.5Gi -1536Mi | -1Ki -1Ki | -1023 -1023 | -9Ei -9223372036854775807 | 99999999999999999Ki 9223372036854775807
    0.1n 1n | 1.5n 2n | -0.1n -1n | 1e-10 1e-9 | 0.123456789123 123456790n | 7.0000000001Ki 7168000000103n | .5 500m | 8192Ki 8Mi
    1234567890123456789 1234567890123456789 | +1234567890123456789 1234567890123456789 | 9300000000000000000 9300P
"""
TABLE = [tuple(pair.split()) for pair in (OBSERVED + MORE).replace("\n", "|").split("|") if pair.strip()]


@pytest.mark.parametrize("text, written", TABLE)
def test_API_63_canonical_form(text, written):
    assert quantity.canonical(text) == written


@pytest.mark.parametrize("text", ["1GB", "", "1gi", "1Zi", "5.5.5", "1 Gi", "abc", "1Gi\n2", "٣"])
def test_API_62_what_does_not_look_like_a_quantity(text):
    with pytest.raises(ValueError) as refused:
        quantity.parse(text)
    assert str(refused.value) == MALFORMED


@pytest.mark.parametrize("text", ["1ee3", "1e", "1K", "1i", "1kk", "1m5", "1e1000000000"])
def test_API_62_a_suffix_that_there_is_not(text):
    with pytest.raises(ValueError) as refused:
        quantity.parse(text)
    assert str(refused.value) == "unable to parse quantity's suffix"


def test_API_63_comparison_is_numeric():
    assert quantity.value("1Gi") == quantity.value("1024Mi") == 2**30
    assert quantity.value("0.1Gi") == Fraction(2**30, 10)
    assert quantity.value("500m") < quantity.value("1") < quantity.value("1k") < quantity.value("1Ki")


def test_whole_units_and_thousandths_are_rounded_up():
    assert quantity.milli("250m") == 250 and quantity.milli("2") == 2000 and quantity.milli("100u") == 1
    assert quantity.whole("1Ki") == 1024 and quantity.whole("0.1Gi") == 107374183


def test_a_sum_is_written_in_a_family():
    assert quantity.like(quantity.value("1Gi") + quantity.value("512Mi"), "1Gi") == "1536Mi"
    assert quantity.like(quantity.value("700m") + quantity.value("300m"), "700m") == "1"
    assert quantity.emit(0) == "0" and quantity.emit(2**31, "binary") == "2Gi"


DIGITS = st.text("0123456789", min_size=1, max_size=20)
TEXTS = st.builds("{}{}{}{}".format, st.sampled_from(["", "+", "-"]), DIGITS, st.one_of(st.just(""), DIGITS.map(".{}".format)),
                  st.sampled_from(["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e3", "E-2"]))


@given(TEXTS)
def test_the_canonical_form_is_a_fixed_point_of_the_same_value(text):
    written = quantity.canonical(text)
    assert quantity.canonical(written) == written
    assert quantity.value(written) == quantity.value(text)


@given(st.integers(-2**62, 2**62), st.sampled_from(["decimal", "binary", "exponent"]))
def test_an_amount_survives_being_written(amount, family):
    assert quantity.value(quantity.emit(amount, family)) == amount


@given(st.fractions(min_value=0, max_value=10**9), st.integers(1, 12))
def test_what_is_finer_than_nano_is_rounded_away_from_zero(amount, places):
    text = f"{int(amount)}.{int(amount * 10**places) % 10**places:0{places}d}"
    exact, got = Fraction(text), quantity.value(text)
    assert exact <= got < exact + quantity.NANO and got % quantity.NANO == 0
    assert quantity.value(f"-{text}") == -got
