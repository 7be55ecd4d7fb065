"""Which objects a command is about: names on the command line, selectors, manifests (KCTL-10, KCTL-43).

    sts web      sts/web pod/web-0      pods,pvc      all      -l app=nginx      --all      -f FILE
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..errors import ApiError, BadRequest, NotFound
from ..kinds.text import yaml_documents
from .args import Failure
from .discovery import Resource
from .session import JSON, Session
from .yamltext import compact

NOTHING_GIVEN = Failure("error: You must provide one or more resources by argument or filename.\nExample resource specifications include:\n"
                        "   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'")
SEPARATE = ("error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form "
            "(e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'")


class Choice(NamedTuple):
    """One thing that the command line names: an object by name, all objects of a kind, or an object in a manifest."""

    resource: Resource
    namespace: str                  # "": all namespaces, or the kind has none
    name: str = ""                  # "": all of the kind that the selectors choose
    manifest: dict | None = None
    source: str = ""                # the file it stood in

    def path(self, subresource: str = "") -> str:
        return self.resource.path(self.namespace, self.name, subresource)

    @property
    def label(self) -> str:
        """statefulset.apps/web"""
        return f"{self.resource.label}/{self.name}"


class Target(NamedTuple):
    """An object as the server has it, and how it was chosen."""

    resource: Resource
    object: dict
    source: str = ""

    @property
    def name(self) -> str:
        return self.object["metadata"]["name"]

    @property
    def namespace(self) -> str:
        return self.object["metadata"].get("namespace", "")

    @property
    def label(self) -> str:
        return f"{self.resource.label}/{self.name}"

    def path(self, subresource: str = "") -> str:
        return self.resource.path(self.namespace, self.name, subresource)


# ---- what the command line names ------------------------------------------------------------------

def choose(session: Session, words: list[str], everything: bool = False, selector: str | None = None) -> list[Choice]:
    """The choices in words and flags.  Raises Failure.

    everything: a kind without a name means all its objects (get, describe).  selector: where -l means something else."""
    args = session.args
    selector, fields = args["selector"] or "" if selector is None else selector, args["field-selector"] or ""
    if args["all"] and (selector or fields):
        raise Failure("error: setting 'all' parameter but found a non empty selector. ")
    if args["filename"]:
        choices = [choice for name in args["filename"] for choice in from_file(session, name)]
        if words:
            raise Failure("error: when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well")
        return choices
    namespace = "" if args["all-namespaces"] else session.namespace
    by_selector = bool(selector or fields or args["all"])
    if any("/" in word for word in words):
        pairs = [_pair(word) for word in words] if all("/" in word for word in words) else None
        if pairs is None:
            raise Failure(SEPARATE)
        if by_selector:
            raise Failure("error: selectors and the all flag cannot be used when passing resource/name arguments")
        return [_named(session, session.discovery.named(kind), namespace, name) for kind, name in pairs]
    if not words:
        if by_selector:
            raise Failure("error: at least one resource must be specified to use a selector")
        raise NOTHING_GIVEN
    kinds, names = _expand(session, words[0]), words[1:]
    if by_selector and names:
        raise Failure("error: name cannot be provided when a selector is specified")
    resources = [session.discovery.named(kind) for kind in kinds]
    if names:
        return [_named(session, resource, namespace, name) for resource in resources for name in names]
    if not by_selector and not everything:
        raise Failure("error: resource(s) were provided, but no name was specified")
    return [Choice(resource, namespace if resource.namespaced else "") for resource in resources]


def _expand(session: Session, words: str) -> list[str]:
    """"pods,pvc" and "all" as the kinds they stand for."""
    kinds = []
    for word in words.split(","):
        members = session.discovery.category(word)
        kinds += [r.full for r in members] if members else [word]
    return kinds


def _pair(word: str) -> tuple[str, str]:
    kind, _, name = word.partition("/")
    if "/" in name:
        raise Failure("error: arguments in resource/name form may not have more than one slash")
    if not kind or not name or "," in kind:
        raise Failure("error: arguments in resource/name form must have a single resource and name")
    return kind, name


def _named(session: Session, resource: Resource, namespace: str, name: str) -> Choice:
    if resource.namespaced and not namespace:
        raise Failure("error: a resource cannot be retrieved by name across all namespaces")
    return Choice(resource, namespace if resource.namespaced else "", name)


# ---- manifests ------------------------------------------------------------------------------------

def documents(session: Session, name: str) -> Iterator[tuple[dict, str]]:
    """The objects in a file, or in all files of a directory, each with the name of its source.  Raises Failure.

    name: "-" for standard input; a text of several lines is a manifest itself."""
    inline = "\n" in name
    folder = sorted(f for f in session.files if f.startswith(name.rstrip("/") + "/") and f.endswith((".yaml", ".yml", ".json")))
    for file in folder if folder and name not in session.files else [name]:
        source = "STDIN" if inline or file == "-" else file
        text = name if inline else session.file(file)
        try:
            for value, _ in yaml_documents(text):
                yield from ((obj, source) for obj in _flat(value, source, "validate" in session.args.flags))
        except BadRequest as error:
            raise Failure(f"error: error parsing {source}: {error.message}") from None


def _flat(value: Any, source: str, validated: bool) -> Iterator[dict]:
    """The objects of a document; a `kind: List` is taken apart."""
    problem = _invalid(value) if validated else ""
    if problem:
        raise Failure(f'error: error validating "{source}": error validating data: {problem}; '
                      "if you choose to ignore these errors, turn validation off with --validate=false")
    problem = _undecodable(value)
    if problem:
        raise Failure(f'error: unable to decode "{source}": {problem}')
    if value["kind"].endswith("List") and isinstance(value.get("items"), list):
        for item in value["items"]:
            yield from _flat(item, source, validated)
    else:
        yield value


def _invalid(value: Any) -> str:
    """What kubectl finds wrong before it asks the server."""
    if not isinstance(value, dict):
        return "invalid object to validate"
    problems = []
    for field in ("apiVersion", "kind"):
        if not value.get(field):
            problems.append(f"{field} not set")
        elif not isinstance(value[field], str):
            problems.append(f"{field} isn't string type")
    return problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]" if problems else ""


def _undecodable(value: Any) -> str:
    words = {list: "array", str: "string", bool: "bool", int: "number", float: "number"}
    if not isinstance(value, dict):
        return f"json: cannot unmarshal {words[type(value)]} into Go value of type unstructured.detector"
    if not value.get("kind") or not isinstance(value["kind"], str):
        return f"Object 'Kind' is missing in '{compact(value)}'"
    for field, wanted, go in (("apiVersion", str, "string"), ("metadata", dict, "v1.ObjectMeta")):
        if field in value and value[field] is not None and not isinstance(value[field], wanted):
            word = words.get(type(value[field]), "object")
            return f"json: cannot unmarshal {word} into Go struct field metadataOnlyObject.{field} of type {go}"
    for field in ("name", "namespace"):
        given = (value.get("metadata") or {}).get(field)
        if given is not None and not isinstance(given, str):
            return f"json: cannot unmarshal {words.get(type(given), 'object')} into Go struct field ObjectMeta.metadata.{field} of type string"
    return ""


def from_file(session: Session, name: str) -> Iterator[Choice]:
    """The objects of a manifest as choices; those without a namespace get the current one.  Raises Failure."""
    for obj, source in documents(session, name):
        meta = obj["metadata"] = obj.get("metadata") or {}
        resource = session.discovery.of_kind(obj.get("apiVersion", ""), obj["kind"])
        if resource is None:
            raise Failure(f'error: resource mapping not found for name: "{meta.get("name", "")}" namespace: "{meta.get("namespace", "")}" '
                          f'from "{source}": no matches for kind "{obj["kind"]}" in version "{obj.get("apiVersion", "")}"\n'
                          "ensure CRDs are installed first")
        if resource.namespaced:
            wanted = meta["namespace"] = meta.get("namespace") or session.namespace
            if "namespace" in session.args.given and wanted != session.namespace:
                raise Failure(f'error: the namespace from the provided object "{wanted}" does not match the namespace '
                              f"\"{session.namespace}\". You must pass '--namespace={wanted}' to perform this operation.")
        yield Choice(resource, meta.get("namespace", "") if resource.namespaced else "", meta.get("name") or "", obj, source)


def manifests(session: Session) -> tuple[list[Choice], list[Exception]]:
    """The objects of all -f files, and what is wrong with them: a broken document ends its file and spoils nothing before it."""
    found: list[Choice] = []
    errors: list[Exception] = []
    for name in session.args["filename"]:
        try:
            found.extend(from_file(session, name))      # keeps what comes before a broken document
        except Failure as error:
            errors.append(error)
    return found, errors


# ---- fetching -------------------------------------------------------------------------------------

def fetch(session: Session, choice: Choice, accept: str = JSON, subresource: str = "", **query: Any) -> dict:
    """The object or the list that a choice names.  Raises ApiError, with kubectl's additions."""
    if choice.name:
        try:
            return session.ask("GET", choice.path(subresource), accept=accept, **query)
        except NotFound:
            if choice.namespace and choice.namespace != "default":
                session.ask("GET", f"/api/v1/namespaces/{choice.namespace}")      # KCTL-12: perhaps the namespace itself is missing
            raise
    selector, fields = session.args["selector"] or "", session.args["field-selector"] or ""
    query.update(labelSelector=selector, fieldSelector=fields, limit=session.args["chunk-size"] or "")
    try:
        answer = session.ask("GET", choice.path(), accept=accept, **query)
        while answer["metadata"].get("continue"):           # --chunk-size: the next page
            page = session.ask("GET", choice.path(), accept=accept, **{**query, "continue": answer["metadata"]["continue"]})
            listed = "rows" if "rows" in answer else "items"
            answer = {**answer, "metadata": page["metadata"], listed: answer[listed] + page[listed]}
        return answer
    except ApiError as error:
        if error.reason in ("BadRequest", "NotFound"):
            how = "find" if selector or fields else "list"
            which = f' that match label selector "{selector}", field selector "{fields}"' if selector or fields else ""
            error.message = f'Unable to {how} "{choice.resource.gvr}"{which}: {error.message}'
        raise


def items(resource: Resource, answer: dict) -> list[dict]:
    """The objects of a list, each with its kind, or the one object."""
    if "items" not in answer:
        return [answer]
    return [{"apiVersion": resource.api_version, "kind": resource.kind, **item} for item in answer["items"]]


def targets(session: Session, choices: list[Choice], errors: list[Exception] | None = None) -> Iterator[Target]:
    """The objects that the choices name, as they are now.  errors: collects what goes wrong instead of ending there."""
    for choice in choices:
        try:
            answer = fetch(session, choice)
        except ApiError as error:
            if errors is None:
                raise
            errors.append(error)
            continue
        for item in items(choice.resource, answer):
            yield Target(choice.resource, item, choice.source)
