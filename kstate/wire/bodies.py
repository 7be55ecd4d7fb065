"""What a request carries: objects, patches and options, decoded and checked, or refused (API-24 to API-27, API-46, API-58)."""
from __future__ import annotations

from typing import Any, NamedTuple

from ..errors import BadRequest, Invalid, ServerError, UnsupportedMediaType, forbidden, invalid, required, unsupported
from ..kinds import Kind
from ..kinds.intents import misfits
from ..kinds.schema import Mismatch, decode, decode_part, root, unrecognized
from ..kinds.text import parse_json, parse_yaml_documents
from . import protobuf
from .message import JSON, Request

PROTOBUF = "application/vnd.kubernetes.protobuf"
YAML = ("application/yaml", "application/x-yaml")
PATCHES = {"application/json-patch+json": "json", "application/merge-patch+json": "merge",
           "application/strategic-merge-patch+json": "strategic", "application/apply-patch+yaml": "apply"}
OPTIONS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions", "DELETE": "DeleteOptions"}


# ---- values -----------------------------------------------------------------------------------

def value(request: Request, expected: str) -> tuple[Any, list[str]]:
    """The body as JSON value, and its doubled fields.  expected: the kind, for complaints.  No Content-Type means JSON (API-27)."""
    media = request.media or JSON
    if media == PROTOBUF:
        return protobuf.decode(request.body), []
    if media in YAML:
        return _yaml(request)
    if media != JSON:
        raise _unsupported_media((JSON, YAML[0], PROTOBUF))
    try:
        return parse_json(request.body)
    except ValueError as error:
        raise unrecognized(expected, str(error), request.body) from None


def _yaml(request: Request) -> tuple[Any, list[str]]:
    documents = parse_yaml_documents(request.body.decode("utf-8", "replace"))
    return documents[0] if documents else (None, [])


def _unsupported_media(accepted) -> UnsupportedMediaType:
    return UnsupportedMediaType("the body of the request was in an unknown format - accepted media types include: " + ", ".join(accepted))


def typed(request: Request, name: str) -> dict:
    """A body that is no stored object: a Scale, an Eviction, DeleteOptions.  An empty one is an empty object."""
    found = value(request, name)[0] if request.body.strip() else {}
    if not isinstance(found, dict):
        raise unrecognized(name, f"json: cannot unmarshal {_json_type(found)} into Go value of type v1.{name}", request.body)
    type = root(name)
    try:
        return decode_part(type, found)[0]
    except Mismatch as error:
        raise BadRequest(f'{name} in version "{type.version.rpartition("/")[2]}" cannot be handled as a {name}: {error}') from None


def _json_type(found: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}
    return names.get(type(found), "null")


# ---- objects ----------------------------------------------------------------------------------

def validation(request: Request) -> str:
    """Ignore, Warn or Strict (API-24)."""
    wanted = request.query.get("fieldValidation") or "Warn"
    if wanted not in ("Ignore", "Warn", "Strict"):
        raise _bad_option(request, unsupported("fieldValidation", wanted, ["", "Ignore", "Strict", "Warn"]))
    return wanted


def _bad_option(request: Request, error) -> Invalid:
    return Invalid(kind=OPTIONS[request.method], group="meta.k8s.io", errors=[error])


def decoded(request: Request, kind: Kind, warnings: list[str]) -> dict:
    """The object of a POST or PUT.  What it should not contain is refused or lands in `warnings`."""
    return _checked(request, kind, *value(request, kind.kind), warnings)


def _checked(request: Request, kind: Kind, found: Any, duplicates: list[str], warnings: list[str]) -> dict:
    mode = validation(request)
    obj, problems = decode(kind, found, mode, duplicates)
    if problems and mode == "Strict":
        raise BadRequest(f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: '
                         f'strict decoding error: {", ".join(problems)}')
    warnings += problems
    obj.setdefault("metadata", {})
    return obj


# ---- patches ----------------------------------------------------------------------------------

class Patch(NamedTuple):
    """What a PATCH carries.  sort: json, merge, strategic or apply; duplicates: its doubled fields, unless an apply has warned of them."""

    document: Any
    sort: str
    duplicates: list[str]


def patch(request: Request, kind: Kind, warnings: list[str]) -> Patch:
    """The body of a PATCH (API-54), and Go's complaint about one that is no patch (API-55)."""
    sort = PATCHES.get(request.media.replace("apply-patch+json", "apply-patch+yaml"))
    if sort is None:
        raise _unsupported_media(PATCHES)
    if sort == "apply":
        return Patch(_intent(request, kind, warnings), sort, [])
    if "force" in request.query:
        raise _bad_option(request, forbidden("force", "may not be specified for non-apply patch"))
    form, into = (list, "[]handlers.jsonPatchOp") if sort == "json" else (dict, "map[string]interface {}")
    complaint = "" if sort == "strategic" else "error decoding patch: "
    try:
        found, duplicates = parse_json(request.body)
    except ValueError as error:
        raise BadRequest(f"{complaint}{error}") from None
    if not isinstance(found, form | None):
        raise BadRequest(f"{complaint}json: cannot unmarshal {_json_type(found)} into Go value of type {into}")
    return Patch(found or form(), sort, duplicates)


def _intent(request: Request, kind: Kind, warnings: list[str]) -> dict:
    """What a server-side apply wants (API-58)."""
    if not request.query.get("fieldManager"):
        raise _bad_option(request, required("fieldManager", "is required for apply patch"))
    found, duplicates = _yaml(request)
    if not isinstance(found, dict):
        raise BadRequest("error decoding YAML: an object is expected")
    if found.get("apiVersion") != kind.api_version:
        raise BadRequest(f"Incorrect version specified in apply patch. Specified patch version: {found.get('apiVersion', '')}, "
                         f"expected: {kind.api_version}")
    if wrong := misfits(root(kind.kind), found):
        meta = found["metadata"] if isinstance(found.get("metadata"), dict) else {}
        about = f"{meta.get('namespace', '')}/{meta.get('name', '')}; {kind.group}/{kind.version}, Kind={kind.kind}"
        raise ServerError(f"failed to create typed patch object ({about}): {wrong}")
    intent = _checked(request, kind, found, duplicates, warnings)
    if "managedFields" in intent["metadata"]:
        raise BadRequest("metadata.managedFields must be nil")
    return intent


# ---- options ----------------------------------------------------------------------------------

def call(request: Request) -> dict[str, Any]:
    """What all writes share, as the keywords of api.Call: who, dry run (API-60), field manager (API-59)."""
    tries = request.values("dryRun")
    if any(tried not in ("", "All") for tried in tries):
        raise _bad_option(request, unsupported("dryRun", tries, ["All"]))
    return {"who": request.who, "dry_run": "All" in tries, "manager": request.query.get("fieldManager") or request.who}


def delete_options(request: Request) -> dict[str, Any]:
    """The keywords of Api.delete, from the body or, where there is none, from the query (API-46, API-47)."""
    options = typed(request, "DeleteOptions")
    if not request.body.strip():
        found = {"gracePeriodSeconds": request.number("gracePeriodSeconds"), "propagationPolicy": request.query.get("propagationPolicy"),
                 "orphanDependents": request.flag("orphanDependents") if "orphanDependents" in request.query else None}
        options = {name: option for name, option in found.items() if option is not None}
    policy, orphan = options.get("propagationPolicy"), options.get("orphanDependents")
    tries = options.get("dryRun") or request.values("dryRun")
    if policy is not None and orphan is not None:
        raise _bad_option(request, invalid("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set"))
    if orphan is not None:
        policy = "Orphan" if orphan else "Background"
    if any(tried not in ("", "All") for tried in tries):
        raise _bad_option(request, unsupported("dryRun", tries, ["All"]))
    return {"grace": options.get("gracePeriodSeconds"), "propagation": policy, "preconditions": options.get("preconditions"),
            "dry_run": "All" in tries, "who": request.who}
