"""--sort-by: objects in the order of one of their fields."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from .. import quantity
from .args import Failure
from .jsonpath import BadTemplate, Template, relaxed

Row = TypeVar("Row")


def by_field(rows: list[Row], field: str, obj: Callable[[Row], dict], strict: bool) -> list[Row]:
    """Rows sorted by a field of their objects; those without it first, none of several where none has it.  strict: that is an error."""
    try:
        path = relaxed(field)
        values = [next(iter(Template(path).find(obj(row))), None) for row in rows]
    except BadTemplate as error:
        raise Failure(f"error: {error}") from None
    if all(value is None for value in values) and (len(rows) > 1 or strict and rows):
        if strict:
            raise Failure(f'error: couldn\'t find any field with path "{path}" in the list of objects')
        return []
    amounts = [_amount(value) for value in values]
    numeric = all(amount is not None for amount, value in zip(amounts, values) if value is not None)
    keys = [(False, 0) if value is None else (True, amount if numeric else _natural(str(value))) for value, amount in zip(values, amounts)]
    return [rows[i] for i in sorted(range(len(rows)), key=keys.__getitem__)]


def _amount(value: Any) -> Any:
    """A number, or a quantity such as 10Gi; None for anything else."""
    if isinstance(value, (bool, int, float)):
        return value
    try:
        return quantity.value(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _natural(text: str) -> list:
    """web-2 before web-10."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.findall(r"\d+|\D", text)]
