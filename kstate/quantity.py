"""Quantities: how much of a resource, as text with a suffix ("1536Mi", "500m", "12e6") and as an exact number.

Models the grammar (API-62), the canonical form in which the server writes a quantity back (API-63) and exact
arithmetic; comparison is numeric, so that "1Gi" equals "1024Mi".  Exponents of four digits and more are refused.
"""
from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import NamedTuple

MALFORMED = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
BAD_SUFFIX = "unable to parse quantity's suffix"

_DECIMAL = {-9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}      # power of ten
_BINARY = {10: "Ki", 20: "Mi", 30: "Gi", 40: "Ti", 50: "Pi", 60: "Ei"}                                # power of two
_FAMILIES = {**{suffix: ("decimal", power) for power, suffix in _DECIMAL.items()},
             **{suffix: ("binary", power) for power, suffix in _BINARY.items()}}
_SHAPE = re.compile(r"([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)")
_EXPONENT = re.compile(r"[eE]([-+]?[0-9]{1,3})")

NANO = Fraction(1, 10**9)
MAX_INT64 = 2**63 - 1


class Quantity(NamedTuple):
    """An exact amount, the family of suffixes it is written in ("decimal", "binary", "exponent"), and its text."""

    amount: Fraction
    family: str
    text: str


@lru_cache(maxsize=4096)
def parse(text: str) -> Quantity:
    """"1.5Gi" -> Quantity(1610612736, "binary", "1536Mi").  ValueError with Kubernetes' text for what is no quantity (API-62).

    What is finer than nano is rounded away from zero; binary amounts end at the largest int64 (API-63).
    """
    text = text.strip()
    match = _SHAPE.fullmatch(text)
    if not text or not match:
        raise ValueError(MALFORMED)
    sign, integer, fraction, suffix = match[1], match[2] or "0", match[3] or "", match[4]
    family, power = _interpret(suffix)
    base = Fraction(2 if family == "binary" else 10)
    magnitude = Fraction(int(integer + fraction), 10 ** len(fraction)) * base**power
    if magnitude % NANO:
        magnitude = ceil(magnitude / NANO) * NANO
    if family == "binary":
        magnitude = min(magnitude, Fraction(MAX_INT64))
    amount = -magnitude if sign == "-" else magnitude
    written = text if _keeps_its_spelling(integer, fraction, family, power) else emit(amount, family)
    return Quantity(amount, family, written)


def _interpret(suffix: str) -> tuple[str, int]:
    if exponent := _EXPONENT.fullmatch(suffix):
        return "exponent", int(exponent[1])
    if suffix not in _FAMILIES:
        raise ValueError(BAD_SUFFIX)
    return _FAMILIES[suffix]


def _keeps_its_spelling(integer: str, fraction: str, family: str, power: int) -> bool:
    """Whether the server's quick path takes the text as canonical: it looks at the last digits only, so +5 and 1.Gi pass."""
    if family == "binary":
        return not fraction and len(integer) + power * 3 // 10 <= 14 and int(integer) % 8 != 0
    digits, scale = integer + fraction, power - len(fraction)
    return len(digits) <= 18 and scale >= -9 and scale % 3 == 0 and digits[0] != "0" and not digits.endswith("000")


def emit(amount: Fraction | int, family: str = "decimal") -> str:
    """The canonical text of an amount: an integer with the largest suffix that keeps it one (API-63)."""
    if amount == 0:
        return "0"
    if family == "binary" and abs(amount) >= 1024 and Fraction(amount).denominator == 1:
        number, power = int(amount), 0
        while number % 1024 == 0:
            number, power = number // 1024, power + 10
        return f"{number}{_BINARY.get(power, '')}"
    number, power = int(amount / NANO), -9
    while number % 1000 == 0 and (power < 18 or family == "exponent"):
        number, power = number // 1000, power + 3
    if family == "exponent":
        return f"{number}e{power}" if power else f"{number}"
    return f"{number}{_DECIMAL[power]}"


def canonical(text: str) -> str:
    """As the server stores and shows it: "1024Mi" -> "1Gi" (API-63)."""
    return parse(text).text


def value(text: str) -> Fraction:
    """The exact number: for comparisons."""
    return parse(text).amount


def whole(text: str) -> int:
    """In whole units, rounded up: bytes of memory and storage."""
    return ceil(parse(text).amount)


def milli(text: str) -> int:
    """In thousandths, rounded up: the scheduler's measure of cpu."""
    return ceil(parse(text).amount * 1000)


def like(amount: Fraction | int, text: str) -> str:
    """The canonical text of an amount in the family of another quantity: like(2048, "1Gi") -> "2Ki"."""
    return emit(amount, parse(text).family)
