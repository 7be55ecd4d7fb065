"""-o: objects as YAML, JSON, names, templates or columns of one's own, and the line that says what was done to an object."""
from __future__ import annotations

from typing import Any

from . import gotemplate, jsonpath
from .args import Failure
from .customcolumns import CustomColumns, from_file
from .discovery import Resource
from .jsonpath import BadTemplate
from .session import Session
from .yamltext import to_json, to_yaml

WITHOUT_TABLE = ("go-template", "go-template-file", "json", "jsonpath", "jsonpath-as-json", "jsonpath-file", "name", "template",
                 "templatefile", "yaml")
WITH_TABLE = tuple(sorted((*WITHOUT_TABLE, "custom-columns", "custom-columns-file", "wide")))
SIMPLE = ("json", "yaml", "name", "wide")


class Output:
    """The form that -o asks for.  `form` is "" where nothing is said.  Raises Failure for what is no form."""

    def __init__(self, session: Session, allowed: tuple[str, ...] = WITHOUT_TABLE) -> None:
        self.session, args = session, session.args
        asked = args["output"] or ("go-template" if args["template"] else "")
        self.form, equals, argument = asked.partition("=")
        self.managed = bool(args["show-managed-fields"])
        if self.form and (self.form not in allowed or equals and self.form in SIMPLE):
            raise Failure(f'error: unable to match a printer suitable for the output format "{asked}", '
                          f'allowed formats are: {",".join(allowed)}')
        if self.form.startswith("custom-columns"):
            headers = not args["no-headers"]
            self.columns = CustomColumns(argument, headers) if self.form == "custom-columns" else from_file(session.file(argument), headers)
            session.tables.append(self.columns.printed)
        elif self.form and self.form not in SIMPLE:
            self.template = self._template(argument or args["template"] or "")
        self._count = 0

    def _template(self, text: str) -> Any:
        if not text:
            raise Failure("error: template format specified but no template given")
        if self.form.endswith("file"):
            text = self.session.file(text)
        try:
            return jsonpath.Template(text) if self.form.startswith("jsonpath") else gotemplate.Template(text)
        except BadTemplate as error:
            raise Failure(f"error: {error}") from None

    @property
    def table(self) -> bool:
        """Whether objects are to be shown as the server's tables."""
        return self.form in ("", "wide")

    def format(self, obj: dict) -> str:
        """The text of an object, or of a List."""
        members = obj["items"] if obj.get("kind", "").endswith("List") and "items" in obj else [obj]
        if self.form in ("json", "yaml"):
            shown = obj if self.managed else _without_managed(obj)
            self._count += 1
            return to_json(shown) + "\n" if self.form == "json" else ("---\n" if self._count > 1 else "") + to_yaml(shown)
        if self.form == "name":
            return "".join(f"{label(member)}\n" for member in members)
        if self.form.startswith("custom-columns"):
            return self.columns.format(members)
        try:
            if self.form == "jsonpath-as-json":
                return to_json(self.template.find(obj)) + "\n"
            return self.template.format(obj)
        except BadTemplate as error:
            raise Failure(f"error: {error}") from None


def label(obj: dict) -> str:
    """statefulset.apps/web, of an object that says its kind (KCTL-16)."""
    group = obj.get("apiVersion", "").rpartition("/")[0]
    kind = obj["kind"].lower() + (f".{group}" if group else "")
    return f"{kind}/{obj['metadata'].get('name', '')}"


def _without_managed(obj: dict) -> dict:
    if "items" in obj:
        return {**obj, "items": [_without_managed(item) for item in obj["items"]]}
    if "managedFields" not in (obj.get("metadata") or {}):
        return obj
    return {**obj, "metadata": {k: v for k, v in obj["metadata"].items() if k != "managedFields"}}


class Report:
    """Says what was done: `statefulset.apps/web scaled`, or shows the object where -o is given."""

    def __init__(self, session: Session) -> None:
        self.session, self.output = session, Output(session)
        self.suffix = {"client": " (dry run)", "server": " (server dry run)"}.get(session.args["dry-run"] or "", "")

    def done(self, resource: Resource, obj: dict, what: str) -> None:
        whole = {"apiVersion": resource.api_version, "kind": resource.kind, **obj}
        if self.output.form:
            self.session.say(self.output.format(whole), end="")
        else:
            self.session.say(f"{label(whole)} {what}{self.suffix}")
