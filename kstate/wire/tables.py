"""Server-side tables: what `kubectl get` prints is computed here (TBL-1 to TBL-5)."""
from __future__ import annotations

from ..clock import age
from ..errors import BadRequest

TABLE, METADATA, METADATA_LIST = "Table", "PartialObjectMetadata", "PartialObjectMetadataList"


def wanted_form(accept: str) -> str:
    """"" for plain JSON, or "Table", "PartialObjectMetadata[List]": clauses are tried left to right (TBL-1)."""
    for clause in accept.split(","):
        media, *parameters = [part.strip() for part in clause.split(";")]
        values = dict(p.split("=", 1) for p in parameters if "=" in p)
        if media == "application/json" and values.get("as") in (TABLE, METADATA, METADATA_LIST):
            if values.get("g", "meta.k8s.io") == "meta.k8s.io" and values.get("v", "v1") in ("v1", "v1beta1"):
                return values["as"]
        elif media in ("application/json", "*/*", "application/*", "application/yaml"):
            return ""
    return ""


def partial(obj: dict) -> dict:
    return {"kind": METADATA, "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def table(kind, objects: list[dict], clock, now: int, include: str = "Metadata", metadata: dict | None = None, columns: bool = True) -> dict:
    """One row an object; all columns always, those of priority 1 are hidden by the client (TBL-2)."""
    if include not in ("", "Metadata", "Object", "None"):
        raise BadRequest(f'includeObject: Invalid value: "{include}": must be \'Metadata\', \'Object\', \'None\', or empty')
    definitions = [{"name": c.name, "type": c.type, "format": "name" if c.name == "Name" and c.priority == 0 else "",
                    "description": c.name, "priority": c.priority} for c in kind.columns] if columns else []

    def since(timestamp: str | None) -> str:
        return age(now - clock.ms(timestamp) if timestamp else None)

    rows = []
    for obj in objects:
        row: dict = {"cells": cells(kind, obj, since)}
        if kind.kind == "Pod" and (obj.get("status") or {}).get("phase") in ("Succeeded", "Failed"):      # TBL-26
            phase = obj["status"]["phase"]
            row["conditions"] = [{"type": "Completed", "status": "True", "reason": phase,
                                  "message": "The pod has completed successfully." if phase == "Succeeded" else "The pod failed."}]
        if include != "None":
            row["object"] = obj if include == "Object" else partial(obj)
        rows.append(row)
    return {"kind": TABLE, "apiVersion": "meta.k8s.io/v1", "metadata": metadata or {}, "columnDefinitions": definitions, "rows": rows}


def cells(kind, obj: dict, since) -> list:
    if kind.cells is not None:
        return kind.cells(obj, since)
    return [obj["metadata"]["name"], since(obj["metadata"].get("creationTimestamp"))]
