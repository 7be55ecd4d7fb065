"""Cluster: the one object that users hold.

    >>> cluster = Cluster()
    >>> cluster.apply(open("statefulset.yaml").read())
    >>> cluster.settle()
    >>> print(cluster.story())

Everything that a Kubernetes API offers goes over the wire, so that the same calls work on a real cluster
(`Cluster.connect`).  What only the engine can do (steps, undo, fork, story, why) says so elsewhere.
"""
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlencode

from . import graph as graphs
from . import story as stories
from .bootstrap import bootstrap
from .clock import EPOCH
from .controllers.all import ALL
from .engine import Engine
from .errors import ApiError, BadRequest, NotFound, from_status
from .history import History
from .kinds import KINDS, Kind, lookup
from .kinds.schema import root
from .kinds.text import parse_yaml_documents
from .node.dns import Trace, resolve
from .patch import three_way
from .transport import Send, in_process, over_http
from .why import Answer, why
from .wire import Request
from .world import Key, freeze, get, thaw

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
MEDIA = {"strategic": "application/strategic-merge-patch+json", "merge": "application/merge-patch+json",
         "json": "application/json-patch+json"}
NEEDS_ENGINE = "Only the simulated cluster can do this; this one is real: its past cannot be changed and its controllers cannot be stepped."


class Result(NamedTuple):
    """What a command in a container left behind."""

    stdout: str
    stderr: str
    code: int

    def __repr__(self) -> str:
        return self.stdout + self.stderr + (f"command terminated with exit code {self.code}\n" if self.code else "")


class Cluster:
    """A cluster to look at and to act on.

    nodes: how many (node-1 ...); seed: what chance depends on; start: RFC 3339 time at which it begins;
    namespace: where objects go that name none, created if it is missing; resync: seconds between two looks of the volume
    controller at everything (CTL-2)."""

    def __init__(self, *, nodes: int = 3, seed: int | str = 0, start: str = EPOCH, namespace: str = "default", resync: int = 15,
                 send: Send | None = None, engine: Engine | None = None) -> None:
        if send is None and engine is None:
            engine = bootstrap(Engine([c() for c in ALL], seed=seed, start=start, resync=resync * 1000), nodes)
        self._engine = engine
        self._send: Send = send or in_process(engine)
        self.inside: Callable[[Callable[[], Any]], Any] = lambda act: act()     # how to touch the engine: serve/ gives it a thread
        self._served: Any = None
        self.history = History(engine) if engine is not None else None
        self.namespace = "default"
        if namespace != "default":
            self.use(namespace)

    @classmethod
    def connect(cls, url: str = "http://127.0.0.1:8001", token: str = "", namespace: str = "default") -> Cluster:
        """A real cluster, through `kubectl proxy` (its default address) or any API that needs no client certificate."""
        return cls(send=over_http(url, token), namespace=namespace)

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            raise RuntimeError(NEEDS_ENGINE)
        return self._engine

    def use(self, namespace: str) -> None:
        """Switch to a namespace as `kubens` does; on a simulated cluster it is created where it is missing."""
        try:
            self.get("Namespace", namespace)
        except NotFound:
            if self._engine is None:
                raise
            self._request("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
            self.inside(self.engine.settle)
        self.namespace = namespace

    # -- the API, over the wire

    def send(self, method: str, path: str, body: Any = None, content_type: str = "application/json", **query: Any) -> Any:
        """One request; the JSON of the answer.  Raises the ApiError that the server answers."""
        full = f"{path}?{urlencode({k: v for k, v in query.items() if v not in (None, '')}, doseq=True)}" if query else path
        payload = b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": content_type, "accept": "application/json", "user-agent": "kubectl/kstate"}
        response = self.inside(lambda: self._send(Request(method, full, payload, headers)))
        if response.status >= 400:
            raise from_status(response.body, response.status)
        return freeze(response.json) if response.headers.get("content-type", "").startswith("application/json") else response.body.decode()

    def _request(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        return self._act(f"{method} {path}", lambda: self.send(method, path, body, **more))

    def _act(self, label: str, act: Callable[[], Any]) -> Any:
        """Something that can be undone, and is no action if it is refused."""
        if self.history is None:
            return act()

        def marked() -> Any:
            self.history.mark(label)
            try:
                return act()
            finally:
                self.history.unmark()
        return self.inside(marked)

    def path(self, kind: Kind, name: str = "", namespace: str | None = None) -> str:
        """/apis/apps/v1/namespaces/default/statefulsets/web"""
        base = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
        middle = f"/namespaces/{namespace or self.namespace}" if kind.namespaced and namespace != "*" else ""
        return f"{base}{middle}/{kind.plural}" + (f"/{name}" if name else "")

    def get(self, kind: str, name: str, namespace: str | None = None) -> dict:
        """One object.  kind: anything kubectl accepts ("sts", "pods", "StatefulSet").  Raises NotFound."""
        return self.send("GET", self.path(kind_named(kind), name, namespace))

    def list(self, kind: str, namespace: str | None = None, selector: str = "", fields: str = "") -> list[dict]:
        """The objects of a kind in a namespace ("*": in all), chosen by label and field selectors."""
        row = kind_named(kind)
        found = self.send("GET", self.path(row, namespace=namespace), labelSelector=selector, fieldSelector=fields)
        return [freeze({"apiVersion": row.api_version, "kind": row.kind, **obj}) for obj in found["items"]]

    def apply(self, manifest: Any, namespace: str | None = None) -> list[dict]:
        """What `kubectl apply -f` does: create what is missing, patch what differs (three-way), object by object.

        manifest: YAML text with one or more documents, an object, or a list of them.  The first refusal is raised and
        ends it; what came before it stays applied, as with kubectl."""
        return [self._apply_one(kind_of_manifest(obj), obj, namespace) for obj in objects_of(manifest)]

    def _apply_one(self, kind: Kind, obj: dict, namespace: str | None) -> dict:
        meta = obj["metadata"] = obj.get("metadata") or {}
        if "generateName" in meta and "name" not in meta:
            raise BadRequest(f"from {meta['generateName']}: cannot use generate name with apply")
        if kind.namespaced:
            meta.setdefault("namespace", namespace or self.namespace)
        meta["annotations"] = {key: value for key, value in (meta.get("annotations") or {}).items() if key != LAST_APPLIED}
        last = json.dumps(obj, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n"
        wanted = {**obj, "metadata": {**meta, "annotations": {**meta["annotations"], LAST_APPLIED: last}}}
        options = {"fieldManager": "kubectl-client-side-apply", "fieldValidation": "Strict"}
        path = self.path(kind, namespace=meta.get("namespace"))
        live = self._find(f"{path}/{meta['name']}") if meta.get("name") else None
        if live is None:
            created = self._request("POST", path, wanted, **options)
            if kind.kind == "Namespace" and self._engine is not None:
                self.inside(self.engine.drain)      # its service account is there before the next object asks for it
            return created
        original = json.loads(get(live, "metadata.annotations", {}).get(LAST_APPLIED) or "{}")
        patch = three_way(original, wanted, live, root(kind.kind))
        if not patch:
            return live
        return self._request("PATCH", f"{path}/{meta['name']}", patch, content_type="application/strategic-merge-patch+json", **options)

    def _find(self, path: str) -> dict | None:
        try:
            return self.send("GET", path)
        except NotFound:
            return None

    def patch(self, kind: str, name: str, patch: Any, namespace: str | None = None, sort: str = "strategic") -> dict:
        """sort: "strategic", "merge" or "json"."""
        path = self.path(kind_named(kind), name, namespace)
        return self._request("PATCH", path, patch, content_type=MEDIA[sort], fieldManager="kubectl-patch")

    def annotate(self, kind: str, name: str, namespace: str | None = None, **annotations: str | None) -> dict:
        """Set annotations; None removes one.  Names with dots and slashes: annotate("pod", "web-0", **{"kstate.dev/fault": "NotReady"})."""
        return self.patch(kind, name, {"metadata": {"annotations": annotations}}, namespace, "merge")

    def scale(self, kind: str, name: str, replicas: int, namespace: str | None = None) -> dict:
        """Through the scale subresource, as `kubectl scale`.  Raises Invalid for a negative number."""
        return self._request("PATCH", self.path(kind_named(kind), name, namespace) + "/scale", {"spec": {"replicas": replicas}},
                             content_type="application/merge-patch+json")

    def delete(self, kind: str, name: str, namespace: str | None = None, *, grace: int | None = None, cascade: str = "background") -> dict:
        """grace: seconds; cascade: "background", "foreground" or "orphan"."""
        options = {"propagationPolicy": cascade.capitalize(), **({} if grace is None else {"gracePeriodSeconds": grace})}
        return self._request("DELETE", self.path(kind_named(kind), name, namespace), options)

    def exec(self, pod: str, command: str | list[str], namespace: str | None = None, container: str = "", stdin: str = "") -> Result:
        """Run a command in a container: a list as it is, a text through `sh -c`.  Returns its stdout, stderr and exit code."""
        argv = ["sh", "-c", command] if isinstance(command, str) else list(command)
        path = self.path(kind_named("Pod"), pod, namespace) + "/exec?" + urlencode({"command": argv, "container": container}, doseq=True)
        response = self._act(f"exec {pod}", lambda: self._send(Request("POST", path, stdin.encode(), {"user-agent": "kubectl/kstate"})))
        if response.status >= 400:
            raise from_status(response.body, response.status)
        return Result(**response.json)

    # -- what only the engine can do

    @property
    def now(self) -> int:
        """Virtual milliseconds since the cluster's start."""
        engine = self.engine
        return self.inside(lambda: engine.now)

    def step(self, controller: str | None = None) -> str:
        """Let the next controller look at the next object, or one of the named controller's.  Returns what happened, "" for nothing."""
        return self._travel("step", lambda: self.engine.step(controller))

    def settle(self) -> str:
        """Let everything happen that will; returns the story of it."""
        return self._travel("settle", self.engine.settle)

    def run(self, seconds: float) -> str:
        """Let that much time pass; returns the story of it."""
        return self._travel(f"run {seconds}", lambda: self.engine.run(int(seconds * 1000)))

    def _travel(self, label: str, act) -> str:
        engine = self.engine

        def travel() -> str:
            self.history.mark(label)
            position = len(engine.world.log)
            act()
            return "\n".join(stories.lines(engine.world.log[position:]))
        return self.inside(travel)

    def undo(self) -> str:
        """Take the last action back.  Returns what it was, "" if there is none."""
        return self._through_history("undo")

    def redo(self) -> str:
        """Do again what was taken back.  Returns what it was, "" if there is nothing."""
        return self._through_history("redo")

    def _through_history(self, which: str) -> str:
        if self.history is None:
            raise RuntimeError(NEEDS_ENGINE)
        return self.inside(getattr(self.history, which))

    def goto(self, revision: int) -> None:
        """Go to any revision of the past (or of the future that was undone); controllers start anew there."""
        engine = self.engine

        def travel() -> None:
            if not 0 <= revision <= max(c.revision for c in [*engine.world.log[-1:], *engine.future[:1]]):
                raise ValueError(f"there is no revision {revision}")
            engine.goto(revision)
        self.inside(travel)

    def fork(self) -> Cluster:
        """A cluster of its own that goes on from here; nothing done there is seen here."""
        twin = Cluster(engine=self.inside(self.engine.fork))
        twin.namespace = self.namespace
        return twin

    def story(self, last: int | None = None, all: bool = False) -> str:
        """What happened, line by line; without `all`, mere bookkeeping (events, endpoints) is left out."""
        told = self.inside(lambda: stories.lines(self.engine.world.log, all))
        return "\n".join(told if last is None else told[-last:])

    def why(self, what: str | dict, name: str = "", namespace: str | None = None) -> Answer:
        """Who waits for what, and by which rule: why("pvc", "www-web-3"), why("pvc/www-web-3") or why(object)."""
        return self.inside(lambda: why(self.engine, self.key(what, name, namespace)))

    def key(self, what: str | dict, name: str = "", namespace: str | None = None) -> Key:
        if isinstance(what, dict):
            return Key(what["kind"], what["metadata"].get("namespace") or "", what["metadata"]["name"])
        kind, _, rest = what.partition("/")
        row = kind_named(kind)
        return Key(row.kind, (namespace or self.namespace) if row.namespaced else "", name or rest)

    def resolve(self, name: str, pod: str, namespace: str | None = None) -> Trace:
        """How a program in a pod finds a name: every name that its resolver tries, and what came of each.  Raises NotFound."""
        engine, asking = self.engine, self.get("Pod", pod, namespace)
        return self.inside(lambda: resolve(engine.world, asking, name))

    def graph(self, namespace: str | None = None):
        """Services, sets, pods, claims, volumes and classes as a networkx graph."""
        return graphs.graph(self.objects(), namespace or self.namespace)

    def objects(self) -> list[dict]:
        """Everything that the picture shows."""
        if self._engine is not None:
            return self.inside(lambda: [obj for kind in graphs.KINDS for obj in self.engine.world.list(kind)])
        return [obj for kind in graphs.KINDS for obj in self.list(kind, "*")]

    def serve(self, port: int = 0, speed: str | float = 1, kubeconfig: str = "kubeconfig"):
        """Serve this cluster on loopback for the real kubectl and any client, in a thread of its own; see kstate/serve/.

        port: 0 is any free one; speed: virtual seconds per real second, or "max"; kubeconfig: a file to write.  Returns a Handle
        with url, follow(listener) and stop(); a server that this cluster had before is stopped.  Waiting can be cut short by run().
        Raises OSError where the port is taken or the file is somebody else's."""
        from .serve import Handle
        if self._served is not None:
            self._served.stop()
        self._served = Handle(self, port, speed, kubeconfig)
        return self._served

    def __repr__(self) -> str:
        if self._engine is None:
            return f"<Cluster real, namespace {self.namespace}>"
        return f"<Cluster r{self.inside(lambda: self.engine.world.revision)} at {self.now / 1000:g}s, namespace {self.namespace}>"


def kind_named(text: str) -> Kind:
    """The kind that a user means, or the error that kubectl gives."""
    kind = KINDS.get(text) or lookup(text)
    if kind is None:
        raise ApiError(f'the server doesn\'t have a resource type "{text}"')
    return kind


def kind_of_manifest(obj: dict) -> Kind:
    """The kind of an object that is to be applied, or the error that kubectl gives."""
    kind = KINDS.get(obj["kind"])
    if kind is None or obj["apiVersion"] != kind.api_version:
        name, namespace = ((obj.get("metadata") or {}).get(field, "") for field in ("name", "namespace"))
        raise ApiError(f'resource mapping not found for name: "{name}" namespace: "{namespace}" from "STDIN": '
                       f'no matches for kind "{obj["kind"]}" in version "{obj["apiVersion"]}"\nensure CRDs are installed first')
    return kind


def objects_of(manifest: Any) -> list[dict]:
    """The objects in a manifest: YAML text, an object, or a list; a `kind: List` is taken apart.  Raises BadRequest."""
    if isinstance(manifest, str):
        found = [value for value, _ in parse_yaml_documents(manifest) if value is not None]
    else:
        found = thaw(manifest) if isinstance(manifest, (list, tuple)) else [thaw(manifest)]
    objects = []
    for value in found:
        if not isinstance(value, dict):
            raise BadRequest(f"an object is expected, not {value!r:.60}")
        missing = [f"{field} not set" for field in ("apiVersion", "kind") if not isinstance(value.get(field), str)]
        if missing:
            raise BadRequest(f"error validating data: [{', '.join(missing)}]")
        meta = value.get("metadata") or {}
        if not isinstance(meta, dict) or not isinstance(meta.get("annotations") or {}, dict):
            raise BadRequest("error validating data: metadata and its annotations are maps")
        objects += objects_of(value["items"] or []) if value["kind"].endswith("List") and "items" in value else [value]
    return objects
