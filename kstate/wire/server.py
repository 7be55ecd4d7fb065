"""Dispatch: which request goes to which verb (KCTL-90, KCTL-91)."""
from __future__ import annotations

import json

from ..api import Api
from ..errors import (ApiError, BadRequest, Invalid, RequestEntityTooLarge, Timeout, UnsupportedMediaType, forbidden, invalid, required,
                      unsupported)
from ..kinds import Kind, openapi
from ..kinds.schema import decode, unrecognized
from ..kinds.text import parse_json, parse_yaml_documents
from ..world import Key
from . import discovery, protobuf, subresources
from .continuation import page
from .message import Request, Response, answer, not_allowed, refusal, text, warning_header
from .reviews import review
from .selection import selection
from .tables import METADATA, METADATA_LIST, TABLE, partial, table, wanted_form
from .watch import Watch

LIMIT = 3 * 1024 * 1024         # bytes of a request body, as the API server allows
PATCHES = {"application/json-patch+json": "json", "application/merge-patch+json": "merge",
           "application/strategic-merge-patch+json": "strategic", "application/apply-patch+yaml": "apply",
           "application/apply-patch+json": "apply"}
BODY_TYPES = "application/json, application/yaml, application/vnd.kubernetes.protobuf"


class Wire:
    """The REST face of an engine.  `send` never raises: a refusal is a Response with a Status."""

    def __init__(self, engine) -> None:
        self.engine = engine
        self.api: Api = engine.api

    def send(self, request: Request) -> Response:
        self.api.warnings = []
        try:
            response = self._route(request)
        except ApiError as error:
            response = refusal(error)
        except RecursionError:
            response = refusal(BadRequest("the object is nested too deeply"))
        headers = warning_header(self.api.warnings)
        return response._replace(headers={**response.headers, **headers}) if headers else response

    def _route(self, request: Request) -> Response:
        if len(request.body) > LIMIT:
            raise RequestEntityTooLarge(f"limit is {LIMIT}")
        steps = request.steps
        match steps:
            case []:
                return answer({"paths": ["/api", "/api/v1", "/apis", *(f"/apis/{g}/{v}" for g, v in discovery.groups() if g), "/openapi/v2", "/openapi/v3", "/version"]})
            case ["version"]:
                return answer(discovery.VERSION)
            case ["healthz" | "livez" | "readyz", *_]:
                return text("ok")
            case ["api"] | ["apis"]:
                return self._discovery(request, core=steps == ["api"])
            case ["openapi", *rest]:
                return self._openapi(rest)
            case ["api", "v1"]:
                return answer(discovery.resource_list("", "v1"))
            case ["apis", group]:
                versions = [v for g, v in discovery.groups() if g == group]
                if versions:
                    return answer({"kind": "APIGroup", "apiVersion": "v1", **discovery.group_document(group, versions[0])})
            case ["apis", group, version] if (group, version) in discovery.groups():
                return answer(discovery.resource_list(group, version))
            case ["api", "v1", *path]:
                return self._resource(request, "", "v1", path)
            case ["apis", group, version, *path] if (group, version) in discovery.groups():
                return self._resource(request, group, version, path)
        return text("404 page not found\n", 404)

    def _discovery(self, request: Request, core: bool) -> Response:
        accept = request.headers.get("accept", "")
        if "as=APIGroupDiscoveryList" in accept and "v=v2;" in accept + ";":
            return answer(discovery.aggregated(core), content_type=discovery.AGGREGATED)
        return answer(discovery.api_versions() if core else discovery.group_list())

    def _openapi(self, path: list[str]) -> Response:
        if path == ["v2"]:              # KCTL-22: an empty document is a valid one
            return Response(200, b"", {"content-type": "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"})
        if path == ["v3"]:
            return answer(openapi.index(discovery.groups()))
        if len(path) > 1 and path[0] == "v3":
            group, version = (path[2], path[3]) if path[1] == "apis" and len(path) == 4 else ("", path[2]) if path[1:] == ["api", "v1"] else ("", "")
            if (group, version) in discovery.groups():
                return answer(openapi.document(group, version, [k for k, _ in discovery.served(group, version)]))
        return text("404 page not found\n", 404)

    # -- resources

    def _resource(self, request: Request, group: str, version: str, path: list[str]) -> Response:
        namespace: str | None = None
        if path[0] == "namespaces" and len(path) > 2 and path[2] not in ("status", "finalize"):
            namespace, path = path[1], path[2:]
        plural, *rest = path
        if plural in discovery.REVIEWS.get(group, {}):
            return review(self, request, discovery.REVIEWS[group][plural])
        kind = next((k for k, p in discovery.served(group, version) if p == plural), None)
        if kind is None or len(rest) > 2 and rest[1] != "proxy" or (namespace is not None) > kind.namespaced:
            return text("404 page not found\n", 404)
        served_as = f"{group}/{version}" if group else version
        if not rest:
            response = self._collection(request, kind, namespace)
        else:
            if kind.namespaced and namespace is None:
                return text("404 page not found\n", 404)
            key = Key(kind.kind, namespace or "", rest[0])
            if len(rest) == 2:
                return subresources.serve(self, request, kind, key, rest[1])
            response = self._named(request, kind, key)
        return response if served_as == kind.api_version else _renamed(response, kind.api_version, served_as)

    def _collection(self, request: Request, kind: Kind, namespace: str | None) -> Response:
        if request.method in ("GET", "HEAD"):
            return self._watch(request, kind, namespace) if request.query.get("watch") in ("true", "1") else self._list(request, kind, namespace)
        if request.method == "POST":
            return self._create(request, kind, namespace)
        if request.method == "DELETE":
            return self._delete_collection(request, kind, namespace)
        raise not_allowed(request, kind)

    def _named(self, request: Request, kind: Kind, key: Key) -> Response:
        if request.method in ("GET", "HEAD"):
            if request.query.get("watch") in ("true", "1"):                             # API-44
                return self._watch(request, kind, key.namespace if kind.namespaced else None, f"metadata.name={key.name}")
            return self.show(request, kind, self.api.get(key))
        if request.method == "PUT":
            return self.replace(request, kind, key)
        if request.method == "PATCH":
            return self.patch(request, kind, key)
        if request.method == "DELETE":
            return self._delete(request, kind, key)
        raise not_allowed(request, kind)

    def show(self, request: Request, kind: Kind, obj: dict, status: int = 200) -> Response:
        """One object in the form that the client asked for."""
        form = wanted_form(request.headers.get("accept", ""))
        if form == TABLE:
            return answer(table(kind, [obj], self.engine.clock, self.engine.now, request.query.get("includeObject", "Metadata"),
                                {"resourceVersion": obj["metadata"].get("resourceVersion", "")}), status)
        return answer(partial(obj) if form in (METADATA, METADATA_LIST) else obj, status)

    def _list(self, request: Request, kind: Kind, namespace: str | None) -> Response:
        query = request.query
        chosen = selection(kind, query)
        _check_version(query, self.engine.world.revision)
        objects = [o for o in self.engine.world.list(kind.kind, namespace) if chosen.plain or chosen.matches(o)]
        objects, metadata = page(self.engine, objects, query, chosen.plain)
        form = wanted_form(request.headers.get("accept", ""))
        if form == TABLE:
            return answer(table(kind, objects, self.engine.clock, self.engine.now, query.get("includeObject", "Metadata"), metadata))
        if form in (METADATA, METADATA_LIST):
            return answer({"kind": METADATA_LIST, "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "items": [partial(o) for o in objects]})
        return answer({"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata, "items": objects})

    def _watch(self, request: Request, kind: Kind, namespace: str | None, field: str = "") -> Response:
        query = request.query
        if field:
            query["fieldSelector"] = ",".join(filter(None, (field, query.get("fieldSelector"))))
        form = wanted_form(request.headers.get("accept", ""))
        watch = Watch(self.engine, kind, namespace, selection(kind, query), query, form)
        return Response(200, b"", {"content-type": "application/json"}, watch)

    # -- writes

    def who(self, request: Request) -> str:
        """The program that asks: the User-Agent up to the first slash."""
        return request.headers.get("user-agent", "").partition("/")[0] or "client"

    def options(self, request: Request) -> dict:
        """What all writes share: who, dry run, field manager."""
        dry = request.query.get("dryRun", "")
        if dry not in ("", "All"):
            raise Invalid(kind="CreateOptions", group="meta.k8s.io", errors=[unsupported("dryRun", dry, ["All"])])
        return {"who": self.who(request), "dry_run": dry == "All", "manager": request.query.get("fieldManager") or self.who(request)}

    def validation(self, request: Request) -> str:
        wanted = request.query.get("fieldValidation") or "Warn"
        if wanted not in ("Ignore", "Warn", "Strict"):
            options = {"POST": "CreateOptions", "PUT": "UpdateOptions"}.get(request.method, "PatchOptions")
            raise Invalid(kind=options, group="meta.k8s.io", errors=[unsupported("fieldValidation", wanted, ["", "Ignore", "Strict", "Warn"])])
        return wanted

    def body(self, request: Request, kind: Kind) -> dict:
        """The object in a request, decoded and checked (API-24 to API-27)."""
        value, duplicates = self.raw_body(request, kind.kind)
        if not isinstance(value, dict):
            raise unrecognized(kind.kind, f"json: cannot unmarshal {_json_type(value)} into Go value of type struct", request.body)
        value.setdefault("apiVersion", kind.api_version)
        value.setdefault("kind", kind.kind)
        if value["apiVersion"] in kind.other_versions:
            value["apiVersion"] = kind.api_version
        validation = self.validation(request)
        obj, problems = decode(kind, value, validation, duplicates)
        if problems and validation == "Strict":
            raise strict(kind, problems)
        if validation == "Warn":
            self.api.warnings += problems
        return obj

    def raw_body(self, request: Request, kind: str):
        media = request.headers.get("content-type", "").partition(";")[0].strip() or "application/json"
        if media == "application/vnd.kubernetes.protobuf":
            return protobuf.decode(request.body), []
        if media in ("application/yaml", "application/x-yaml"):
            documents = parse_yaml_documents(request.body.decode("utf-8", "replace"))
            return documents[0] if documents else (None, [])
        if media not in ("application/json", "*/*"):
            raise UnsupportedMediaType(f"the body of the request was in an unknown format - accepted media types include: {BODY_TYPES}")
        try:
            return parse_json(request.body)
        except ValueError as error:
            raise unrecognized(kind, str(error), request.body) from None

    def _create(self, request: Request, kind: Kind, namespace: str | None) -> Response:
        obj = self.body(request, kind)
        _agree_namespace(kind, obj, namespace)
        created = self.api.create(obj, **self.options(request))
        return self.show(request, kind, created, 201)

    def replace(self, request: Request, kind: Kind, key: Key, subresource: str = "") -> Response:
        obj = self.body(request, kind)
        meta = obj.setdefault("metadata", {})
        if not meta.get("name"):
            raise BadRequest("the name of the object (based on metadata) was empty: name must be provided")
        if meta["name"] != key.name:
            raise BadRequest(f"the name of the object ({meta['name']}) does not match the name on the URL ({key.name})")     # API-10
        if kind.namespaced and meta.setdefault("namespace", key.namespace) != key.namespace:
            raise BadRequest(f"the namespace of the object ({meta['namespace']}) does not match the namespace on the request ({key.namespace})")
        existed = self.api.find(key) is not None
        return self.show(request, kind, self.api.update(obj, subresource=subresource, **self.options(request)), 200 if existed else 201)

    def patch(self, request: Request, kind: Kind, key: Key, subresource: str = "") -> Response:
        media = request.headers.get("content-type", "").partition(";")[0].strip()
        sort = PATCHES.get(media)
        if sort is None:
            raise UnsupportedMediaType("the body of the request was in an unknown format - accepted media types include: " + ", ".join(PATCHES))
        options, query = self.options(request), request.query
        if sort == "apply":
            body = self._apply_body(request, kind, key)
        else:
            if query.get("force"):
                raise Invalid(kind="PatchOptions", group="meta.k8s.io", errors=[forbidden("force", "may not be specified for non-apply patch")])
            try:
                body = json.loads(request.body)
            except ValueError as error:
                raise BadRequest(f"error decoding patch: {error}") from None
            if not isinstance(body, list if sort == "json" else dict):
                raise BadRequest(f"error decoding patch: json: cannot unmarshal {_json_type(body)} into Go value of type "
                                 + ("jsonpatch.Patch" if sort == "json" else "map[string]interface {}"))
        existed = self.api.find(key) is not None
        obj = self.api.patch(key, body, sort, subresource=subresource, validation=self.validation(request), force=query.get("force") == "true", **options)
        return self.show(request, kind, obj, 200 if existed else 201)

    def _apply_body(self, request: Request, kind: Kind, key: Key) -> dict:
        """The intent of a server-side apply (API-58)."""
        if not request.query.get("fieldManager"):
            raise Invalid(kind="PatchOptions", group="meta.k8s.io", errors=[required("fieldManager", "is required for apply patch")])
        documents = parse_yaml_documents(request.body.decode("utf-8", "replace"))
        value, duplicates = documents[0] if documents else ({}, [])
        if not isinstance(value, dict):
            raise BadRequest("error decoding YAML: expected an object")
        if (value.get("metadata") or {}).get("managedFields"):
            raise BadRequest("metadata.managedFields must be nil")
        if value.get("apiVersion") != kind.api_version:
            raise BadRequest(f"the API version in the data ({value.get('apiVersion')}) does not match the expected API version ({kind.api_version})")
        validation = self.validation(request)
        obj, problems = decode(kind, value, validation, duplicates)
        if problems and validation == "Strict":
            raise strict(kind, problems)
        meta = obj.setdefault("metadata", {})
        meta.setdefault("name", key.name)
        if kind.namespaced:
            meta.setdefault("namespace", key.namespace)
        if meta["name"] != key.name:
            raise BadRequest(f"the name of the object ({meta['name']}) does not match the name on the URL ({key.name})")
        return obj

    # -- deletes

    def delete_options(self, request: Request) -> dict:
        """DeleteOptions from the body, or from the query where there is none (API-46, API-47)."""
        query, options = request.query, {}
        if request.body.strip():
            media = request.headers.get("content-type", "").partition(";")[0].strip()
            options = protobuf.decode(request.body) if media == "application/vnd.kubernetes.protobuf" else self.raw_body(request, "DeleteOptions")[0] or {}
        for name, convert in (("gracePeriodSeconds", int), ("propagationPolicy", str), ("orphanDependents", lambda v: v == "true")):
            if name not in options and name in query:
                try:
                    options[name] = convert(query[name])
                except ValueError:
                    raise BadRequest(f'strconv.ParseInt: parsing "{query[name]}": invalid syntax') from None
        policy, orphan = options.get("propagationPolicy"), options.get("orphanDependents")
        if policy and orphan is not None:
            raise Invalid(kind="DeleteOptions", group="meta.k8s.io", errors=[
                invalid("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set")])
        if orphan is not None:
            policy = "Orphan" if orphan else "Background"
        dry = options.get("dryRun") or ([query["dryRun"]] if query.get("dryRun") else [])
        if any(d != "All" for d in dry):
            raise Invalid(kind="DeleteOptions", group="meta.k8s.io", errors=[unsupported("dryRun", dry, ["All"])])
        return {"grace": options.get("gracePeriodSeconds"), "propagation": policy, "preconditions": options.get("preconditions"),
                "dry_run": bool(dry), "who": self.who(request)}

    def _delete(self, request: Request, kind: Kind, key: Key) -> Response:
        obj, gone = self.api.delete(key, **self.delete_options(request))
        if kind.deleted_object or not gone:
            return self.show(request, kind, obj)
        details = {"name": key.name, "group": kind.group, "kind": kind.plural, "uid": obj["metadata"]["uid"]}       # API-52
        return answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": {k: v for k, v in details.items() if v}})

    def _delete_collection(self, request: Request, kind: Kind, namespace: str | None) -> Response:
        """API-53."""
        chosen, options = selection(kind, request.query), self.delete_options(request)
        objects = [o for o in self.engine.world.list(kind.kind, namespace) if chosen.matches(o)]
        for obj in objects:
            key = Key(kind.kind, obj["metadata"].get("namespace") or "", obj["metadata"]["name"])
            if self.api.find(key) is not None:
                self.api.delete(key, **options)
        return answer({"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": {"resourceVersion": str(self.engine.world.revision)}, "items": objects})


# ---- small checks -----------------------------------------------------------------------------

def strict(kind: Kind, problems: list[str]) -> BadRequest:
    return BadRequest(f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: strict decoding error: {", ".join(problems)}')


def _agree_namespace(kind: Kind, obj: dict, namespace: str | None) -> None:
    """API-4."""
    if not kind.namespaced:
        return
    meta = obj.setdefault("metadata", {})
    sent = meta.get("namespace")
    if namespace is not None:
        if sent not in (None, "", namespace):
            raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
        meta["namespace"] = namespace


def _check_version(query: dict[str, str], current: int) -> None:
    """resourceVersion and resourceVersionMatch of a list (API-38)."""
    version, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
    problem = ""
    if match and not version:
        problem = "resourceVersionMatch is forbidden unless resourceVersion is provided"
    elif match and query.get("continue"):
        problem = "resourceVersionMatch is forbidden when continue is provided"
    elif match == "Exact" and version == "0":
        problem = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
    if "sendInitialEvents" in query:
        raise Invalid(kind="ListOptions", group="meta.k8s.io", errors=[forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")])
    if problem:
        raise Invalid(kind="ListOptions", group="meta.k8s.io", errors=[forbidden("resourceVersionMatch", problem)])
    if version and not version.isdigit():
        raise BadRequest(f'Invalid value: "{version}": strconv.ParseUint: parsing "{version}": invalid syntax')
    if version and int(version) > current:
        raise Timeout(f"Timeout: Too large resource version: {version}, current: {current}", retryAfterSeconds=1,
                      causes=[{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}])


def _json_type(value) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}
    return names.get(type(value), "null")


def _renamed(response: Response, stored: str, served: str) -> Response:
    """The same objects under another apiVersion: events.k8s.io/v1."""
    return response._replace(body=response.body.replace(f'"apiVersion":"{stored}"'.encode(), f'"apiVersion":"{served}"'.encode(), 1))
