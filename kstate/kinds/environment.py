"""Environment variables of containers: where their values may come from."""
from __future__ import annotations

import re

from ..errors import invalid, required, unsupported
from .fields import Errors, config_key, subdomain

VALUE_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef")
POD_FIELDS = ("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
              "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs")
POD_MAPS = ("metadata.annotations", "metadata.labels")          # of which one entry can be had
POD_SELECTABLE = ("spec.host", "spec.restartPolicy", "spec.schedulerName", "status.phase")      # known, but not offered to containers
NAME = "a valid environment variable name must consist only of printable ASCII characters other than '='"


def validate(variables, path: str) -> Errors:
    """The entries of `env`."""
    for i, variable in enumerate(variables):
        here, name = f"{path}[{i}]", variable.get("name")
        if not name:
            yield required(f"{here}.name")
        elif not re.fullmatch(r"[ -<>-~]+", name):
            yield invalid(f"{here}.name", name, NAME)
        if "valueFrom" in variable:
            yield from _value_from(variable, f"{here}.valueFrom")


def _value_from(variable: dict, path: str) -> Errors:
    source = variable["valueFrom"]
    found = [name for name in VALUE_SOURCES if name in source]
    if "fieldRef" in source:
        yield from _field_ref(source["fieldRef"], f"{path}.fieldRef")
    for name in ("configMapKeyRef", "secretKeyRef"):
        if name in source:
            yield from subdomain(f"{path}.{name}.name", source[name].get("name", ""))
            if source[name].get("key"):
                yield from config_key(f"{path}.{name}.key", source[name]["key"])
            else:
                yield required(f"{path}.{name}.key")
    if not found:
        yield invalid(path, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`")
    elif variable.get("value"):
        yield invalid(path, "", "may not be specified when `value` is not empty")
    elif len(found) > 1:
        yield invalid(path, "", "may not have more than one field specified at a time")


def _field_ref(ref: dict, path: str) -> Errors:
    field = ref.get("fieldPath")
    if not field:
        yield required(f"{path}.fieldPath")
    elif subscript := re.fullmatch(r"([^\[\]]+)\['.*'\]", field):
        if subscript[1] not in POD_MAPS:
            yield invalid(f"{path}.fieldPath", field, f"error converting fieldPath: field label does not support subscript: {field}")
    elif field not in (*POD_FIELDS, *POD_MAPS, *POD_SELECTABLE):
        yield invalid(f"{path}.fieldPath", field, f"error converting fieldPath: field label not supported: {field}")
    elif field not in POD_FIELDS:
        yield unsupported(f"{path}.fieldPath", field, list(POD_FIELDS))


def validate_sources(sources, path: str) -> Errors:
    """The entries of `envFrom`."""
    for i, source in enumerate(sources):
        found = [name for name in ("configMapRef", "secretRef") if name in source]
        for name in found:
            if source[name].get("name"):
                yield from subdomain(f"{path}[{i}].{name}.name", source[name]["name"])
            else:
                yield required(f"{path}[{i}].{name}.name")
        if not found:
            yield invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
        elif len(found) > 1:
            yield invalid(path, "", "may not have more than one field specified at a time")
