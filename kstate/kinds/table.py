"""The table of kinds: every kind that the API server serves is one row.  The next kind is added by one more row."""
from __future__ import annotations

from . import claim, cluster, deployment, endpoints, persistentvolume, pod, policy, service, statefulset, storageclass
from .kind import Kind

_FAMILIES = (claim, cluster, deployment, endpoints, persistentvolume, pod, policy, service, statefulset, storageclass)

# By name of the kind, in the order of group and plural.
KINDS: dict[str, Kind] = {row.kind: row for row in sorted(
    (row for family in _FAMILIES for row in family.ROWS), key=lambda row: (row.group, row.plural))}


def _groups(row: Kind) -> list[str]:
    """The groups under which a kind is served."""
    return [row.group, *(version.rpartition("/")[0] for version in row.other_versions)]


_BY_PLURAL = {(group, row.plural): row for row in KINDS.values() for group in _groups(row)}


def by_plural(group: str, plural: str) -> Kind | None:
    """The row of a REST path: by_plural("apps", "statefulsets"); the core group is ""."""
    return _BY_PLURAL.get((group, plural))


def _names(row: Kind) -> list[str]:
    """All that kubectl users may type for a kind."""
    names = [row.plural, row.singular, *row.short]
    qualified = [f"{name}.{suffix}" for name in names for group in _groups(row) if group for suffix in (group, f"{row.version}.{group}")]
    return [*names, *qualified, *(() if row.group else (f"{name}.{row.version}." for name in names))]


_BY_NAME = {name: row for row in KINDS.values() for name in _names(row)}


def lookup(text: str) -> Kind | None:
    """The kind that is meant by `statefulsets`, `sts`, `StatefulSet`, `statefulsets.apps`, `statefulset.v1.apps`, in any case."""
    return _BY_NAME.get(text.lower())
