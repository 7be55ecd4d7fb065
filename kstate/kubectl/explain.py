"""kubectl explain: what a kind and its fields mean, from the server's OpenAPI document (KCTL-24), which no other command asks for (KCTL-25)."""
from __future__ import annotations

import textwrap

from ..errors import NotFound
from .args import Args, Failure
from .discovery import Resource
from .session import Session

WIDTH = 80
KINDS = "x-kubernetes-group-version-kind"
MOST = 4            # values of an enumeration that are listed


def explain(session: Session, args: Args) -> None:
    if not args.names:
        raise Failure('error: You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of '
                      "supported resources.")
    if len(args.names) > 1:
        raise Failure("error: We accept only this format: explain RESOURCE")
    resource, path = _resource(session, args.names[0], args["api-version"])
    schemas, schema = _schema(session, resource)
    lines = [f"GROUP:      {resource.group}"] if resource.group else []
    lines += [f"KIND:       {resource.kind}", f"VERSION:    {resource.version}", ""]
    field, described = "", schema
    for step in path:
        found = (_inner(schemas, described).get("properties") or {}).get(step)
        if found is None:
            session.say("\n".join(lines))
            raise Failure(f'error: field "{step}" does not exist')
        field, described = step, found
    if field:
        values = ["ENUM:", *(f"    {value}" for value in described["enum"])] if described.get("enum") else [""]
        lines += [f"FIELD: {field} <{_type(schemas, described)}>", *values, ""]
    lines.append("DESCRIPTION:")
    inner = _inner(schemas, described)
    texts = [described.get("description", "")] + ([inner["description"]] if inner is not described and inner.get("description") else [])
    lines += [line for text in dict.fromkeys(filter(None, texts)) or ["<empty>"] for line in _wrapped(text, 4)]
    lines += ["    ", *(["FIELDS:", *_fields(schemas, inner, 1, args["recursive"])] if inner.get("properties") else []), ""]
    session.say("\n".join(lines))


def fields_below(session: Session, word: str) -> list[str]:
    """The fields of what a word means: "sts.spec" -> ["minReadySeconds", ...].  Raises Failure."""
    resource, path = _resource(session, word)
    schemas, schema = _schema(session, resource)
    for step in path:
        schema = (_inner(schemas, schema).get("properties") or {}).get(step, {})
    return sorted(_inner(schemas, schema).get("properties") or {})


def _resource(session: Session, word: str, api_version: str = "") -> tuple[Resource, list[str]]:
    """`sts.spec.replicas`, `pods.v1.`: the kind, and the path of the field."""
    first, *path = word.rstrip(".").split(".")
    resource = session.discovery.lookup(first)
    if api_version:
        found = next((r for r in session.discovery.resources if r.api_version == api_version
                      and first.lower() in (r.plural, r.singular, *r.short)), None)
        if resource and not found:
            raise Failure(f'error: couldn\'t find resource for "{api_version}, Resource={resource.plural}"')
        resource = found
    if resource is None:
        raise Failure(f'the server doesn\'t have a resource type "{first}"')
    if path and path[:len(resource.group.split("."))] == resource.group.split("."):
        path = path[len(resource.group.split(".")):]
    return resource, path


def _schema(session: Session, resource: Resource) -> tuple[dict, dict]:
    """All schemas of a group's version, and that of the kind."""
    schemas = _schemas(session, resource)
    schema = next((s for s in schemas.values() if any(g.get("kind") == resource.kind for g in s.get(KINDS) or ())), None)
    if schema is None:
        raise Failure(f"error: couldn't find resource for \"{resource.api_version}, Kind={resource.kind}\"")
    return schemas, schema


def _schemas(session: Session, resource: Resource) -> dict:
    where = f"apis/{resource.api_version}" if resource.group else f"api/{resource.version}"
    try:
        link = session.ask("GET", "/openapi/v3")["paths"][where]["serverRelativeURL"]
    except (NotFound, KeyError):
        raise Failure(f"error: couldn't find resource for \"{resource.api_version}, Kind={resource.kind}\"") from None
    return session.ask("GET", link.partition("?")[0], hash=link.rpartition("hash=")[2])["components"]["schemas"]


def _inner(schemas: dict, schema: dict) -> dict:
    """The schema that a field's type is described by: through references, and the items of lists and maps."""
    while True:
        ref = _reference(schema)
        inside = schema.get("items") or schema.get("additionalProperties") or next(iter(schema.get("allOf") or ()), None)
        below = schemas[ref] if ref else inside
        if not isinstance(below, dict) or not below:
            return schema
        schema = below


def _reference(schema: dict) -> str:
    """The name of the schema that a field refers to; "" for none."""
    ref = schema.get("$ref") or next((part["$ref"] for part in schema.get("allOf") or () if "$ref" in part), "")
    return ref.rpartition("/")[2]


def _type(schemas: dict, schema: dict) -> str:
    """string, []Container, map[string]string"""
    if _reference(schema):
        return _reference(schema).rpartition(".")[2]
    if schema.get("type") == "array":
        return f"[]{_type(schemas, schema['items'])}"
    if schema.get("additionalProperties"):
        return f"map[string]{_type(schemas, schema['additionalProperties'])}"
    if schema.get("allOf"):
        return _type(schemas, schema["allOf"][0])
    return {"object": "Object"}.get(schema.get("type", ""), schema.get("type", "Object"))


def _fields(schemas: dict, schema: dict, level: int, recursive: bool) -> list[str]:
    lines = []
    required = schema.get("required") or []
    for name, field in sorted(schema["properties"].items()):
        lines.append(f"{'  ' * level}{name}\t<{_type(schemas, field)}>{' -required-' if name in required else ''}")
        inner = _inner(schemas, field)
        lines += _enum(field, level)
        if recursive:
            if inner.get("properties") and level < 12:
                lines += _fields(schemas, inner, level + 1, True)
        else:
            lines += _wrapped(field.get("description", "<no description>"), 2 * level + 2) + [""]
    return lines


def _enum(schema: dict, level: int) -> list[str]:
    values = schema.get("enum")
    if not values:
        return []
    return [f"{'  ' * level}enum: {', '.join(map(str, values[:MOST]))}{', ....' if len(values) > MOST else ''}"]


def _wrapped(text: str, indent: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent) or [""]
