"""OpenAPI v3 for kubectl: that strict validation is the server's business, and what `kubectl explain` prints (KCTL-20 to KCTL-24).

One document per group and version, made of types.txt and of the sentences in docs.txt.  It names no patch formats: with
them kubectl would compute its patches from here instead of from what it has compiled in (KCTL-23).
"""
from __future__ import annotations

import pkgutil
import zlib
from collections.abc import Iterable
from functools import cache

from .kind import Kind
from .types import Type, root

SIMPLE = {
    "string": {"type": "string"}, "bool": {"type": "boolean"}, "any": {"type": "object"}, "bytes": {"type": "string", "format": "byte"},
    "int32": {"type": "integer", "format": "int32"}, "int64": {"type": "integer", "format": "int64"},
    "time": {"type": "string", "format": "date-time"}, "microTime": {"type": "string", "format": "date-time"},
}
COMMON = {      # types that kubectl shows by their names
    "Quantity": {"description": "An amount, such as 500m, 2 or 1Gi.", "oneOf": [{"type": "string"}, {"type": "number"}]},
    "IntOrString": {"description": "A number or a string.", "oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"},
}
PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "force", "pretty")       # of a patch


def index(group_versions: Iterable[tuple[str, str]]) -> dict:
    """/openapi/v3: where the document of each (group, version) is.  The hash changes when documents do, and clients cache by it."""
    paths = [_path(group, version) for group, version in group_versions]
    return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={_hash()}"} for path in paths}}


def document(group: str, version: str, kinds: Iterable[Kind]) -> dict:
    """/openapi/v3/apis/GROUP/VERSION: a path with the patch operation for each kind, and the schemas of all their types."""
    paths, schemas = {}, dict(COMMON)
    for kind in kinds:
        gvk = {"group": group, "version": version, "kind": kind.kind}
        scope = "namespaces/{namespace}/" if kind.namespaced else ""
        paths[f"/{_path(group, version)}/{scope}{kind.plural}/{{name}}"] = {"patch": {
            "parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in PARAMETERS],
            "responses": {}, "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": gvk}}
        _add(schemas, root(kind.kind))
        schemas[kind.kind]["x-kubernetes-group-version-kind"] = [gvk]
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.36.2"}, "paths": paths, "components": {"schemas": schemas}}


def _path(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _add(schemas: dict, type: Type) -> None:
    """The schema of a struct, and of all that it is made of."""
    if type.name in schemas:
        return
    schema = schemas[type.name] = _described(type.name, {"type": "object"})
    schema["properties"] = {name: _described(f"{type.name}.{name}", _schema(field.type)) for name, field in type.fields.items()}
    required = [field.name for field in type.fields.values() if field.required]
    if required:
        schema["required"] = required
    for field in type.fields.values():
        part = field.type
        while part.item:
            part = part.item
        if part.form == "struct":
            _add(schemas, part)


def _schema(type: Type) -> dict:
    if type.form == "list":
        return {"type": "array", "items": _schema(type.item)}
    if type.form == "map":
        return {"type": "object", "additionalProperties": _schema(type.item)}
    if type.form not in SIMPLE:
        return {"$ref": f"#/components/schemas/{type.name}"}
    return {**SIMPLE[type.form], "enum": list(type.values)} if type.values else dict(SIMPLE[type.form])


def _described(name: str, schema: dict) -> dict:
    """With a description, where there is one.  A reference cannot have one beside it, so it moves into allOf."""
    text = _docs().get(name) or _docs().get("*." + name.rpartition(".")[2])
    if text is None:
        return schema
    return {"description": text, **({"allOf": [schema]} if "$ref" in schema else schema)}


@cache
def _docs() -> dict[str, str]:
    lines = pkgutil.get_data(__package__, "docs.txt").decode().splitlines()
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


@cache
def _hash() -> str:
    return f"{zlib.crc32(b''.join(pkgutil.get_data(__package__, name) for name in ('types.txt', 'docs.txt'))):08X}"
