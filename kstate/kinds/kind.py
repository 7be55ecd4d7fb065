"""The row type of the table of kinds: all that the API server has to know of a kind."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ..errors import FieldError


class Column(NamedTuple):
    """A column of the server-side table (TBL-2): priority 1 shows only with `-o wide`."""

    name: str
    type: str = "string"
    priority: int = 0


_TYPES = {"int": "integer", "bool": "boolean"}


def columns(text: str) -> tuple[Column, ...]:
    """"Name, Desired int, Images w" -> Columns; `int` and `bool` say the type, `w` that only `-o wide` shows it."""
    found = []
    for item in text.split(", "):
        name, _, mark = item.rpartition(" ")
        if mark == "w":
            found.append(Column(name, priority=1))
        elif mark in _TYPES:
            found.append(Column(name, _TYPES[mark]))
        else:
            found.append(Column(item))
    return tuple(found)


def _nothing(*_args) -> None:
    return None


def _no_errors(*_args) -> Iterable[FieldError]:
    return ()


def _no_warnings(*_args) -> Iterable[str]:
    return ()


def _name_and_age(obj: dict, age: Callable[[str | None], str]) -> list:
    return [obj["metadata"]["name"], age(obj["metadata"].get("creationTimestamp"))]


class Kind(NamedTuple):
    """One kind of object.

    `default` and `prepare` edit plain dicts; `validate`, `warnings` and `cells` only read, and take frozen objects too.
    """

    kind: str
    plural: str
    group: str = ""
    version: str = "v1"
    other_versions: tuple[str, ...] = ()            # further apiVersions under which the same objects are served
    namespaced: bool = True
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()              # what is served below the object; "status": it is written apart (API-19)
    name_rule: str = "subdomain"                    # subdomain | label | path  (API-28, PVAPI-6)
    generation: tuple[str, ...] = ()                # paths whose change bumps generation (API-17); () = the kind has no generation
    status: Mapping[str, Any] | None = None         # what status is reset to on create (API-19); None: kept as posted, if any
    unconditional_update: bool = True               # PUT without resourceVersion overwrites (API-15)
    create_on_update: bool = False                  # PUT to a missing name creates (API-16)
    deleted_object: bool = False                    # DELETE answers with the object rather than a Status (API-52)
    field_selectors: tuple[str, ...] = ()           # beyond metadata.name and metadata.namespace (API-35)
    strict_field_errors: bool = False               # kinds with custom conversion say "field label not supported" (API-35)
    deprecation: str = ""                           # the Warning that comes with every answer (API-61)
    default: Callable[[dict], None] = _nothing                                      # fill defaults, in place
    prepare: Callable[[dict, dict | None], None] = _nothing                         # the strategy's part of create and update, in place
    validate: Callable[[dict, dict | None], Iterable[FieldError]] = _no_errors      # (new, old or None); metadata is checked by meta.py
    validate_status: Callable[[dict, dict], Iterable[FieldError]] = _no_errors      # writes to /status
    warnings: Callable[[dict, dict | None], Iterable[str]] = _no_warnings           # texts of Warning headers
    columns: tuple[Column, ...] = columns("Name, Age")
    cells: Callable[[dict, Callable[[str | None], str]], list] = _name_and_age      # (object, age) -> cells; age(timestamp) -> "2m5s"

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def resource(self) -> str:
        """The name of the resource in error texts: `pods`, `statefulsets.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural
