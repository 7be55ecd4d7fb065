"""A small Pod, as the types of patches and server-side apply look: just enough fields to have every way of merging."""
from __future__ import annotations

from typing import Any, NamedTuple


class Type(NamedTuple):
    form: str
    fields: dict[str, Field] | None = None
    item: Type | None = None


class Field(NamedTuple):
    name: str
    type: Any
    merge_key: str = ""
    retain_keys: bool = False
    primitive_set: bool = False
    replace: bool = False
    list_keys: tuple[str, ...] = ()
    ssa_set: bool = False
    atomic: bool = False


def struct(*fields: Field) -> Type:
    return Type("struct", {field.name: field for field in fields})


def listed(item: Type) -> Type:
    return Type("list", item=item)


TEXT, NUMBER = Type("string"), Type("int32")
TEXTS = Type("map", item=TEXT)

ENV = struct(Field("name", TEXT), Field("value", TEXT))
PORT = struct(Field("containerPort", NUMBER), Field("protocol", TEXT), Field("name", TEXT))
CONTAINER = struct(
    Field("name", TEXT), Field("image", TEXT), Field("command", listed(TEXT)),
    Field("env", listed(ENV), "name", list_keys=("name",)),
    Field("ports", listed(PORT), "containerPort", list_keys=("containerPort", "protocol")),
    Field("resources", struct(Field("limits", TEXTS))))
VOLUME = struct(Field("name", TEXT), Field("emptyDir", struct(Field("medium", TEXT))), Field("hostPath", struct(Field("path", TEXT))))
SPEC = struct(
    Field("replicas", NUMBER), Field("hostname", TEXT), Field("nodeSelector", TEXTS, atomic=True),
    Field("selector", struct(Field("matchLabels", TEXTS)), replace=True),
    Field("containers", listed(CONTAINER), "name", list_keys=("name",)),
    Field("volumes", listed(VOLUME), "name", retain_keys=True, list_keys=("name",)),
    Field("tolerations", listed(struct(Field("key", TEXT))), atomic=True))
METADATA = struct(
    Field("name", TEXT), Field("labels", TEXTS), Field("annotations", TEXTS), Field("managedFields", listed(Type("any"))),
    Field("finalizers", listed(TEXT), primitive_set=True, ssa_set=True))
POD = struct(
    Field("apiVersion", TEXT), Field("kind", TEXT), Field("metadata", METADATA), Field("spec", SPEC),
    Field("status", struct(Field("phase", TEXT))))
