"""Metadata, which all kinds share: names, labels, annotations, owners, finalizers, on create and on update."""
from __future__ import annotations

import re

from .. import labels
from ..errors import forbidden, invalid, required, too_long
from .fields import Errors, immutable, label_map, qualified
from .kind import Kind

ANNOTATIONS_LIMIT = 256 * 1024      # bytes of all keys and values (API-31)
STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")


def validate(kind: Kind, new: dict, old: dict | None) -> Errors:
    """Complaints about new["metadata"]; old is None on create."""
    meta = new["metadata"]
    if old is None:
        yield from _names(kind, meta)
    else:
        if meta is old["metadata"]:
            return
        yield from _unchanged(meta, old["metadata"])
    yield from label_map("metadata.labels", meta.get("labels"))
    yield from annotations("metadata.annotations", meta.get("annotations"))
    yield from _owners(meta.get("ownerReferences") or ())
    yield from _finalizers(meta.get("finalizers") or ())


def name_problems(rule: str, name: str) -> list[str]:
    """What is wrong with a name under a rule of API-28."""
    if rule == "label":
        return labels.dns_label_problems(name)
    return labels.path_segment_problems(name) if rule == "path" else labels.dns_subdomain_problems(name)


def _names(kind: Kind, meta: dict) -> Errors:
    prefix = meta.get("generateName")
    if prefix:      # a name follows, so that a dash at its end is no fault
        for problem in name_problems(kind.name_rule, re.sub(r"-$", "a", prefix)):
            yield invalid("metadata.generateName", prefix, problem)
    name = meta.get("name")
    if not name:
        yield required("metadata.name", "name or generateName is required")         # API-3
        return
    for problem in name_problems(kind.name_rule, name):
        yield invalid("metadata.name", name, problem)


def _unchanged(meta: dict, old: dict) -> Errors:
    """API-9, API-11."""
    if old.get("deletionTimestamp"):
        added = sorted(f for f in meta.get("finalizers") or () if f not in (old.get("finalizers") or ()))
        if added:
            listed = ", ".join(f'"{f}"' for f in added)
            yield forbidden("metadata.finalizers", "no new finalizers can be added if the object is being deleted, "
                                                   f"found new finalizers []string{{{listed}}}")
    yield from immutable("metadata.name", meta.get("name", ""), old.get("name", ""))
    yield from immutable("metadata.namespace", meta.get("namespace", ""), old.get("namespace", ""))
    yield from immutable("metadata.uid", meta.get("uid", ""), old.get("uid", ""))


def annotations(field: str, pairs: dict | None) -> Errors:
    """API-31."""
    pairs = pairs or {}
    for key in sorted(pairs):
        for problem in labels.qualified_name_problems(key.lower()):
            yield invalid(field, key, problem)
    if sum(len(key.encode()) + len(value.encode()) for key, value in pairs.items()) > ANNOTATIONS_LIMIT:
        yield too_long(field, ANNOTATIONS_LIMIT)


def _owners(references) -> Errors:
    """API-7."""
    path, controller = "metadata.ownerReferences", ""
    for ref in references:
        yield from _owner(path, ref)
        if ref.get("controller"):
            this = f"{ref.get('kind', '')}/{ref.get('name', '')}"
            if controller:
                yield invalid(path, list(references), 'Only one reference can have Controller set to true. '
                                                      f'Found "true" in references for {controller} and {this}')
            controller = controller or this


def _owner(path: str, ref: dict) -> Errors:
    version = ref.get("apiVersion", "")
    if not version.rpartition("/")[2]:
        yield invalid(f"{path}.apiVersion", version, "version must not be empty")
    for field in ("kind", "name", "uid"):
        if not ref.get(field):
            yield invalid(f"{path}.{field}", "", "must not be empty")
    if (version, ref.get("kind")) == ("v1", "Event"):
        yield invalid(path, ref, "/v1, Kind=Event is disallowed from being an owner")


def _finalizers(finalizers) -> Errors:
    """API-8."""
    for name in finalizers:
        yield from qualified("metadata.finalizers", name)
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        yield invalid("metadata.finalizers", list(finalizers), "finalizer orphan and foregroundDeletion cannot be both set")
    for i, name in enumerate(finalizers):
        yield from standard_finalizer(f"metadata.finalizers[{i}]", name)


def standard_finalizer(field: str, name: str) -> Errors:
    if "/" not in name and name not in STANDARD_FINALIZERS:
        yield invalid(field, name, "name is neither a standard finalizer name nor is it fully qualified")


