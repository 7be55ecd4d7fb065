"""The words that validation and defaulting are made of.

A check yields FieldErrors in Kubernetes' texts for one field, or nothing; validators are lists of checks in Kubernetes' order.
"""
from __future__ import annotations

import ipaddress
import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any

from .. import labels, quantity
from ..errors import FieldError, forbidden, invalid, required, unsupported

Errors = Iterator[FieldError]

NEGATIVE = "must be greater than or equal to 0"
NOT_POSITIVE = "must be greater than zero"
PERCENT = ("a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
           "regex used for validation is '[0-9]+%')")
CONFIG_KEY = ("a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
              "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')")

LINK_MULTICAST = {4: ipaddress.ip_network("224.0.0.0/24"), 6: ipaddress.ip_network("ff02::/16")}


# ---- defaults ---------------------------------------------------------------------------------

def fill(obj: dict, **values: Any) -> None:
    """Set what is absent or empty; Go cannot tell the two apart for plain strings and numbers."""
    for field, value in values.items():
        if not obj.get(field):
            obj[field] = value


# ---- names and texts --------------------------------------------------------------------------

def _all(field: str, value: Any, problems: Iterable[str]) -> Errors:
    return (invalid(field, value, problem) for problem in problems)


def subdomain(field: str, text: str) -> Errors:
    return _all(field, text, labels.dns_subdomain_problems(text))


def label(field: str, text: str) -> Errors:
    return _all(field, text, labels.dns_label_problems(text))


def qualified(field: str, text: str) -> Errors:
    return _all(field, text, labels.qualified_name_problems(text))


def config_key(field: str, key: str) -> Errors:
    """A key of a ConfigMap or Secret."""
    if len(key) > 253:
        yield invalid(field, key, "must be no more than 253 characters")
    if not re.fullmatch(r"[-._a-zA-Z0-9]+", key):
        yield invalid(field, key, CONFIG_KEY)
    elif key == ".":
        yield invalid(field, key, "must not be '.'")
    elif key == "..":
        yield invalid(field, key, "must not be '..'")
    elif key.startswith(".."):
        yield invalid(field, key, "must not start with '..'")


def one_of(field: str, value: str | None, supported: Iterable[str]) -> Errors:
    """A value out of a list, which must be there."""
    if not value:
        yield required(field)
    elif value not in supported:
        yield unsupported(field, value, list(supported))


def no_backsteps(field: str, path: str) -> Errors:
    if ".." in path.split("/"):
        yield invalid(field, path, "must not contain '..'")


def descending(field: str, path: str) -> Errors:
    """A path below something else."""
    if posixpath.isabs(path):
        yield invalid(field, path, "must be a relative path")
    yield from no_backsteps(field, path)


def ip(field: str, text: str) -> Errors:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        yield invalid(field, text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")


def reachable_ip(field: str, text: str) -> Errors:
    """An address that can be somebody's: not this host's own, nor one of the link."""
    if problems := list(ip(field, text)):
        yield from problems
        return
    address = ipaddress.ip_address(text)
    if address.is_unspecified:
        yield invalid(field, text, f"may not be unspecified ({text})")
    if address.is_loopback:
        yield invalid(field, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)")
    if address.is_link_local:
        yield invalid(field, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    if address in LINK_MULTICAST[address.version]:
        yield invalid(field, text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")


def cidr(field: str, text: str) -> Errors:
    try:
        ipaddress.ip_interface(text)
        mask = "/" in text
    except ValueError:
        mask = False
    if not mask:
        yield invalid(field, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")


# ---- numbers ----------------------------------------------------------------------------------

def nonnegative(field: str, number: int | None) -> Errors:
    if number is not None and number < 0:
        yield invalid(field, number, NEGATIVE)


def between(field: str, number: int, low: int, high: int) -> Errors:
    if not low <= number <= high:
        yield invalid(field, number, f"must be between {low} and {high}, inclusive")


def port(field: str, number: int) -> Errors:
    return between(field, number, 1, 65535)


def port_name(field: str, name: str) -> Errors:
    """A named port of a container (API-28)."""
    return _all(field, name, labels.port_name_problems(name))


def port_or_name(field: str, value: int | str) -> Errors:
    return port_name(field, value) if isinstance(value, str) else port(field, value)


def percent(value: int | str | None) -> int | None:
    """"25%" -> 25; None for anything else."""
    return int(value[:-1]) if isinstance(value, str) and re.fullmatch(r"[0-9]+%", value) else None


def int_or_percent(field: str, value: int | str) -> Errors:
    if isinstance(value, int):
        yield from nonnegative(field, value)
    elif percent(value) is None:
        yield invalid(field, value, PERCENT)


def at_most_all(field: str, value: int | str) -> Errors:
    if (percent(value) or 0) > 100:
        yield invalid(field, value, "must not be greater than 100%")


def positive_quantity(field: str, text: str) -> Errors:
    if quantity.value(text) <= 0:
        yield invalid(field, text, NOT_POSITIVE)


def nonnegative_quantity(field: str, text: str) -> Errors:
    if quantity.value(text) < 0:
        yield invalid(field, text, NEGATIVE)


# ---- labels and selectors ---------------------------------------------------------------------

def label_map(field: str, pairs: dict | None) -> Errors:
    """API-30: keys and values of labels; the path is that of the map, the value shown is the bad key or value."""
    for key, value in sorted((pairs or {}).items()):
        yield from _all(field, key, labels.label_key_problems(key))
        yield from _all(field, value, labels.label_value_problems(value))


def label_selector(field: str, selector: dict | None) -> Errors:
    """A LabelSelector object: matchLabels and matchExpressions."""
    if not selector:
        return
    yield from label_map(f"{field}.matchLabels", selector.get("matchLabels"))
    for i, term in enumerate(selector.get("matchExpressions") or ()):
        yield from requirement(f"{field}.matchExpressions[{i}]", term, ("In", "NotIn"))
        for j, value in enumerate(term.get("values") or ()):
            yield from _all(f"{field}.matchExpressions[{i}].values[{j}]", value, labels.label_value_problems(value))


def requirement(path: str, term: dict, with_values: tuple[str, ...], comparing: tuple[str, ...] = ()) -> Errors:
    """One term {key, operator, values} of a label or node selector."""
    operator, values = term.get("operator"), term.get("values")
    if operator in with_values:
        if not values:
            yield required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            yield forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    elif operator in comparing:
        if len(values or ()) != 1:
            yield required(f"{path}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
    else:
        yield invalid(f"{path}.operator", operator or "", "not a valid selector operator")
    yield from _all(f"{path}.key", term.get("key", ""), labels.label_key_problems(term.get("key", "")))


def selector_value(selector: dict | None) -> dict | None:
    """A LabelSelector as error texts show it: in the order of its Go fields."""
    if selector is None:
        return None
    shown = {}
    if selector.get("matchLabels"):
        shown["matchLabels"] = dict(sorted(selector["matchLabels"].items()))
    if selector.get("matchExpressions"):
        shown["matchExpressions"] = selector["matchExpressions"]
    return shown


# ---- change -----------------------------------------------------------------------------------

def immutable(field: str, new: Any, old: Any) -> Errors:
    if new != old:
        yield invalid(field, new, "field is immutable")


def same_spec(new: dict, old: dict | None) -> bool:
    """The write left the very spec in place, so that nothing in it has to be looked at again."""
    return old is not None and new.get("spec") is old.get("spec")
