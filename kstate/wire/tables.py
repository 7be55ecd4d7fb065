"""The forms of an answer: plain, metadata only, or the table that `kubectl get` prints, computed here (TBL-1 to TBL-5)."""
from __future__ import annotations

from collections.abc import Iterable

from ..clock import age
from ..errors import BadRequest, NotAcceptable
from ..kinds import Kind

PLAIN, YAML, TABLE, METADATA, METADATA_LIST = "", "YAML", "Table", "PartialObjectMetadata", "PartialObjectMetadataList"
COMPLETED = {"Succeeded": "The pod has completed successfully.", "Failed": "The pod failed."}


def wanted_form(accept: str) -> str:
    """PLAIN, YAML, TABLE, METADATA or METADATA_LIST: clauses are tried left to right (TBL-1, KCTL-11), and who says nothing gets
    JSON (KCTL-83).  Raises NotAcceptable (API-21)."""
    for clause in (accept or "*/*").split(","):
        media, *parameters = (part.strip() for part in clause.split(";"))
        values = dict(p.split("=", 1) for p in parameters if "=" in p)
        form = values.get("as", PLAIN)
        known = form in (TABLE, METADATA, METADATA_LIST) and values.get("g") == "meta.k8s.io" and values.get("v") in ("v1", "v1beta1")
        if form and not known:
            continue
        if media in ("application/json", "*/*", "application/*"):
            return form
        if media == "application/yaml" and not form:
            return YAML
    raise NotAcceptable("only the following media types are accepted: application/json, application/yaml")


def partial(obj: dict) -> dict:
    return {"kind": METADATA, "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def check_include(include: str) -> None:
    """What row.object may be asked to be (TBL-3)."""
    if include not in ("", "Metadata", "Object", "None"):
        raise BadRequest(f"includeObject: Invalid value: \"{include}\": must be 'Metadata', 'Object', 'None', or empty")


def table(kind: Kind, objects: Iterable[dict], clock, now: int, include: str, metadata: dict, columns: bool = True) -> dict:
    """One row an object; all columns always, those of priority 1 are hidden by the client (TBL-2).  now: virtual ms."""
    check_include(include)

    def since(timestamp: str | None) -> str:
        return age(now - clock.ms(timestamp) if timestamp else None)

    return {"kind": TABLE, "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": _definitions(kind) if columns else [],
            "rows": [_row(kind, obj, since, include) for obj in objects]}


def _definitions(kind: Kind) -> list[dict]:
    return [{"name": c.name, "type": c.type, "format": "name" if c.name == "Name" and c.priority == 0 else "",
             "description": c.name, "priority": c.priority} for c in kind.columns]


def _row(kind: Kind, obj: dict, since, include: str) -> dict:
    """Cells are of the types of their columns (TBL-5)."""
    row: dict = {"cells": kind.cells(obj, since)}
    phase = (obj.get("status") or {}).get("phase") if kind.kind == "Pod" else ""
    if phase in COMPLETED:                                                  # TBL-26
        row["conditions"] = [{"type": "Completed", "status": "True", "reason": phase, "message": COMPLETED[phase]}]
    if include != "None":
        row["object"] = obj if include == "Object" else partial(obj)
    return row
