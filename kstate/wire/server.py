"""Dispatch: which request goes to which verb (KCTL-90, KCTL-91)."""
from __future__ import annotations

import yaml

from ..api import Api
from ..errors import ApiError, BadRequest, RequestEntityTooLarge
from ..kinds import KINDS, Kind, openapi
from ..kinds.table import by_plural
from ..world import Key, key_of
from . import bodies, discovery, events, subresources
from .lists import listed
from .message import JSON, Request, Response, answer, not_allowed, not_found, refusal, success, text, warning_header
from .reviews import review
from .selection import selection
from .tables import METADATA, METADATA_LIST, TABLE, YAML, partial, table, wanted_form
from .watch import Watch

LIMIT = 3 * 1024 * 1024         # bytes of a request body, as the API server allows


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
        """All that kubectl and the Python clients ask for (KCTL-80 to KCTL-82, KCTL-90, KCTL-91); a slash at the end says nothing."""
        if len(request.body) > LIMIT:
            raise RequestEntityTooLarge(f"Request entity is too large: limit is {LIMIT}")
        match request.steps:
            case []:
                groups = [f"/apis/{group}/{version}" for group, version in discovery.groups() if group]
                return answer({"paths": ["/api", "/api/v1", "/apis", *groups, "/openapi/v2", "/openapi/v3", "/version"]})
            case ["version"]:
                return answer(discovery.VERSION)
            case ["healthz" | "livez" | "readyz", *_]:
                return text("ok")
            case ["api" | "apis" as root]:
                return self._discovery(request, core=root == "api")
            case ["openapi", *rest]:
                return self._openapi(rest)
            case ["api", "v1", *path]:
                return self._group(request, "", "v1", path)
            case ["apis", group]:
                versions = [v for g, v in discovery.groups() if g == group]
                if versions:
                    return answer({"kind": "APIGroup", "apiVersion": "v1", **discovery.group_document(group, versions[0])})
            case ["apis", group, version, *path] if (group, version) in discovery.groups():
                return self._group(request, group, version, path)
        return not_found()

    def _discovery(self, request: Request, core: bool) -> Response:
        if discovery.wants_aggregated(request.headers.get("accept", "")):
            return answer(discovery.aggregated(core), content_type=discovery.AGGREGATED)
        return answer(discovery.api_versions() if core else discovery.group_list())

    def _openapi(self, path: list[str]) -> Response:
        """KCTL-20, KCTL-23, KCTL-24."""
        match path:
            case ["v2"]:                # KCTL-22: an empty document is a valid one
                return Response(200, b"", {"content-type": "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"})
            case ["v3"]:
                return answer(openapi.index(discovery.groups()))
            case ["v3", "api", version]:
                group = ""
            case ["v3", "apis", group, version]:
                pass
            case _:
                return not_found()
        if (group, version) not in discovery.groups():
            return not_found()
        return answer(openapi.document(group, version, discovery.served(group, version)))

    def _group(self, request: Request, group: str, version: str, path: list[str]) -> Response:
        """What lies below /api/v1 and /apis/GROUP/VERSION."""
        if not path:
            return answer(discovery.resource_list(group, version))
        namespace: str | None = None
        if path[0] == "namespaces" and len(path) > 2 and path[2] not in KINDS["Namespace"].subresources:
            namespace, path = path[1], path[2:]
        plural, *rest = path
        if plural in discovery.REVIEWS.get(group, {}) and not rest:
            return review(request, group, discovery.REVIEWS[group][plural])
        kind = by_plural(group, plural)
        if kind is None or len(rest) > 2 or namespace is not None and not kind.namespaced or rest and namespace is None and kind.namespaced:
            return not_found()
        if kind.deprecation:
            self.api.warnings.append(kind.deprecation)                      # API-61
        form = wanted_form(request.headers.get("accept", ""))
        if group == kind.group:
            response = self._resource(request, kind, namespace, rest)
        else:
            response = events.new(self._resource(events.core(request), kind, namespace, rest))
        if form == YAML and response.headers["content-type"] == JSON and response.watch is None:
            return Response(response.status, yaml.safe_dump(response.json).encode(), {"content-type": "application/yaml"})
        return response

    # -- resources

    def _resource(self, request: Request, kind: Kind, namespace: str | None, rest: list[str]) -> Response:
        if not rest:
            return self._collection(request, kind, namespace)
        key = Key(kind.kind, namespace or "", rest[0])
        if len(rest) == 2:
            return subresources.serve(self, request, kind, key, rest[1])
        return self._named(request, kind, key)

    def _collection(self, request: Request, kind: Kind, namespace: str | None) -> Response:
        match request.method:
            case "GET" | "HEAD":
                if request.flag("watch"):
                    return self._watch(request, kind, namespace, request.query)
                return self._list(request, kind, namespace)
            case "POST" if namespace is not None or not kind.namespaced:
                return self._create(request, kind, namespace)
            case "DELETE" if namespace is not None or not kind.namespaced:
                return self._delete_collection(request, kind, namespace)
        raise not_allowed(request, kind)

    def _named(self, request: Request, kind: Kind, key: Key) -> Response:
        match request.method:
            case "GET" | "HEAD":
                if request.flag("watch"):                                   # API-44
                    named = ",".join(filter(None, (f"metadata.name={key.name}", request.query.get("fieldSelector"))))
                    return self._watch(request, kind, key.namespace if kind.namespaced else None, {**request.query, "fieldSelector": named})
                return self.show(request, kind, self.api.get(key))
            case "PUT":
                return self.replace(request, kind, key)
            case "PATCH":
                return self.patch(request, kind, key)
            case "DELETE":
                return self._delete(request, kind, key)
        raise not_allowed(request, kind)

    # -- reading

    def show(self, request: Request, kind: Kind, obj: dict, status: int = 200) -> Response:
        """One object in the form that the client asked for."""
        form = wanted_form(request.headers.get("accept", ""))
        if form == TABLE:
            return answer(self._table(request, kind, [obj], {"resourceVersion": obj["metadata"].get("resourceVersion", "")}), status)
        return answer(partial(obj) if form in (METADATA, METADATA_LIST) else obj, status)

    def _list(self, request: Request, kind: Kind, namespace: str | None) -> Response:
        """API-37, KCTL-10; rows come in the order of the list (TBL-70)."""
        objects, metadata = listed(self.engine.world, kind, namespace, request)
        form = wanted_form(request.headers.get("accept", ""))
        if form == TABLE:
            return answer(self._table(request, kind, objects, metadata))
        if form in (METADATA, METADATA_LIST):
            items = [partial(o) for o in objects]
            return answer({"kind": METADATA_LIST, "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "items": items})
        return answer({"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata, "items": objects})

    def _table(self, request: Request, kind: Kind, objects: list, metadata: dict) -> dict:
        return table(kind, objects, self.engine.clock, self.engine.now, request.query.get("includeObject", "Metadata"), metadata)

    def _watch(self, request: Request, kind: Kind, namespace: str | None, query: dict[str, str]) -> Response:
        form = wanted_form(request.headers.get("accept", ""))
        watch = Watch(self.engine, kind, namespace, selection(kind, query), request, form)
        return Response(200, b"", {"content-type": JSON}, watch)

    # -- writing

    def _create(self, request: Request, kind: Kind, namespace: str | None) -> Response:
        obj = bodies.decoded(request, kind, self.api.warnings)
        if kind.namespaced and obj["metadata"].setdefault("namespace", namespace) != namespace:                 # API-4
            raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
        return self.show(request, kind, self.api.create(obj, **bodies.call(request)), 201)

    def replace(self, request: Request, kind: Kind, key: Key, subresource: str = "") -> Response:
        obj = bodies.decoded(request, kind, self.api.warnings)
        meta = obj["metadata"]
        if not meta.get("name"):                                            # API-10
            raise BadRequest(f"the name of the object ({key.name} based on URL) was undeterminable: name must be provided")
        if meta["name"] != key.name:
            raise BadRequest(f"the name of the object ({meta['name']}) does not match the name on the URL ({key.name})")
        if kind.namespaced and meta.setdefault("namespace", key.namespace) != key.namespace:
            raise BadRequest(f"the namespace of the object ({meta['namespace']}) does not match the namespace on the request "
                             f"({key.namespace})")
        existed = self.api.find(key) is not None
        return self.show(request, kind, self.api.update(obj, subresource=subresource, **bodies.call(request)), 200 if existed else 201)

    def patch(self, request: Request, kind: Kind, key: Key, subresource: str = "") -> Response:
        patch = bodies.patch(request, kind, self.api.warnings)
        existed = self.api.find(key) is not None
        obj = self.api.patch(key, patch.document, patch.sort, subresource=subresource, validation=bodies.validation(request),
                             duplicates=patch.duplicates, force=request.flag("force"), **bodies.call(request))
        return self.show(request, kind, obj, 200 if existed else 201)

    def _delete(self, request: Request, kind: Kind, key: Key) -> Response:
        obj, gone = self.api.delete(key, **bodies.delete_options(request))
        if kind.deleted_object or not gone:
            return self.show(request, kind, obj)
        details = {"name": key.name, "group": kind.group, "kind": kind.plural, "uid": obj["metadata"]["uid"]}       # API-52
        return success(details={k: v for k, v in details.items() if v})

    def _delete_collection(self, request: Request, kind: Kind, namespace: str | None) -> Response:
        """API-53."""
        options = bodies.delete_options(request)
        objects, metadata = listed(self.engine.world, kind, namespace, request)
        for key in map(key_of, objects):
            if self.api.find(key) is not None:      # it may have gone with another one
                self.api.delete(key, **options)
        return answer({"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata, "items": objects})
