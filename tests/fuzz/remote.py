"""A cluster behind a kubeconfig, as a backend of tests/conformance/runner.py."""
from __future__ import annotations

import json
import ssl
import tempfile
import threading
import time
from base64 import b64decode
from pathlib import Path
from typing import Self
from urllib.error import HTTPError
from urllib.request import Request as Ask
from urllib.request import urlopen

import yaml

from kstate.cluster import Cluster
from kstate.kubectl import kubectl
from kstate.wire import Request, Response
from tests.conformance.runner import PLURALS, TOLD, Output

from .scenes import NAMESPACE, PREFIX

POLL, PATIENCE = 0.2, 120       # s: between two looks, and until a cluster that does not come to rest is given up
WATCH = 10                      # s that one watch lasts
OF_CLUSTER = ("PersistentVolume", "StorageClass")


class Remote:
    """quiet: seconds without any change after which the cluster counts as at rest."""

    def __init__(self, kubeconfig: str | Path, quiet: float) -> None:
        self.url, self._token, self._tls = connection(yaml.safe_load(Path(kubeconfig).read_text("utf-8")))
        self.quiet = quiet
        self.cluster = Cluster(send=self.send)
        self._told: list[tuple[str, dict]] = []
        self._lock, self._left_alone = threading.Lock(), threading.Event()
        for kind in TOLD:
            version = self._json(PLURALS[kind])["metadata"]["resourceVersion"]
            threading.Thread(target=self._watch, args=(kind, version), daemon=True).start()

    # -- requests

    def _open(self, method: str, path: str, body: bytes = b"", headers: dict | None = None, timeout: float | None = 60):
        token = {"authorization": f"Bearer {self._token}"} if self._token else {}
        return urlopen(Ask(self.url + path, body or None, {**(headers or {}), **token}, method=method), timeout=timeout, context=self._tls)

    def send(self, request: Request) -> Response:
        try:
            with self._open(request.method, request.path, request.body, request.headers) as reply:
                return Response(reply.status, reply.read(), {name.lower(): value for name, value in reply.headers.items()})
        except HTTPError as error:
            return Response(error.code, error.read(), {name.lower(): value for name, value in error.headers.items()})

    def _json(self, path: str) -> dict:
        with self._open("GET", path, headers={"accept": "application/json"}) as reply:
            return json.load(reply)

    def _watch(self, kind: str, version: str) -> None:
        """Note every change of a kind from that resource version on, until the cluster is left."""
        while not self._left_alone.is_set():
            try:
                with self._open("GET", f"{PLURALS[kind]}?watch=1&resourceVersion={version}&timeoutSeconds={WATCH}") as lines:
                    for event in map(json.loads, lines):
                        version = event["object"]["metadata"]["resourceVersion"]
                        with self._lock:
                            self._told.append((event["type"], {**event["object"], "kind": kind}))
            except OSError:
                self._left_alone.wait(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self._left_alone.set()

    # -- what a backend does

    def kubectl(self, words: list[str], stdin: str, quiet: float = 0) -> Output:
        if stdin:
            words = ["-n", NAMESPACE, *words]
        output = Output(*kubectl(self.cluster, words, stdin))
        self.rest()
        return output

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def list(self, path: str) -> list[dict]:
        return [obj for obj in self._json(path)["items"] if _ours(obj)]

    def changes(self) -> list[tuple[str, dict]]:
        with self._lock:
            told, self._told = self._told, []
        return sorted(((sort, obj) for sort, obj in told if _ours(obj)), key=lambda change: int(change[1]["metadata"]["resourceVersion"]))

    # -- rest

    def rest(self) -> None:
        """Wait until nothing of ours has changed for a while.  Raises TimeoutError."""
        end, seen, since = time.monotonic() + PATIENCE, None, time.monotonic()
        while time.monotonic() - since < self.quiet:
            if time.monotonic() > end:
                raise TimeoutError(f"{self.url} does not come to rest")
            now = self._state()
            if now != seen:
                seen, since = now, time.monotonic()
            time.sleep(POLL)

    def _state(self) -> list[tuple[str, str]]:
        return [(obj["metadata"]["uid"], obj["metadata"]["resourceVersion"]) for path in PLURALS.values() for obj in self.list(path)]

    def reset(self) -> None:
        """Remove all that is ours, and begin anew."""
        if any(ns["metadata"]["name"] == NAMESPACE for ns in self._json("/api/v1/namespaces")["items"]):
            self.cluster.send("DELETE", f"/api/v1/namespaces/{NAMESPACE}")
        end = time.monotonic() + PATIENCE
        while left := self._left():
            if time.monotonic() > end:
                raise TimeoutError(f"{self.url}: {', '.join(left)} cannot be removed")
            time.sleep(POLL)
        self.cluster.send("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        self.rest()
        self.changes()

    def _left(self) -> list[str]:
        """What is still there; volumes go once their claims have gone."""
        namespaces = [ns["metadata"]["name"] for ns in self._json("/api/v1/namespaces")["items"]]
        volumes = [] if NAMESPACE in namespaces else [pv["metadata"] for pv in self.list(PLURALS["PersistentVolume"])]
        for volume in volumes:
            if "deletionTimestamp" not in volume:
                self.cluster.send("DELETE", f"{PLURALS['PersistentVolume']}/{volume['name']}")
        return [name for name in namespaces if name == NAMESPACE] + [volume["name"] for volume in volumes]


def _ours(obj: dict) -> bool:
    meta = obj["metadata"]
    return meta.get("namespace") == NAMESPACE or "namespace" not in meta and meta["name"].startswith(PREFIX)


# ---- kubeconfig -----------------------------------------------------------------------------------

def connection(config: dict) -> tuple[str, str, ssl.SSLContext | None]:
    """Address, token and TLS of a kubeconfig's current context; tokens and client certificates are understood."""
    named = {kind: {entry["name"]: entry[kind[:-1]] for entry in config[kind]} for kind in ("clusters", "users", "contexts")}
    context = named["contexts"][config["current-context"]]
    cluster, user = named["clusters"][context["cluster"]], named["users"][context["user"]]
    if not cluster["server"].startswith("https"):
        return cluster["server"].rstrip("/"), user.get("token", ""), None
    authority = _data(cluster, "certificate-authority")
    tls = ssl.create_default_context(cadata=authority.decode() if authority else None)
    if cluster.get("insecure-skip-tls-verify"):
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    certificate, key = _data(user, "client-certificate"), _data(user, "client-key")
    if certificate and key:
        with tempfile.NamedTemporaryFile() as both:         # OpenSSL reads files only
            both.write(certificate + b"\n" + key)
            both.flush()
            tls.load_cert_chain(both.name)
    return cluster["server"].rstrip("/"), user.get("token", ""), tls


def _data(entry: dict, field: str) -> bytes:
    """What a field holds, or the file that it names."""
    if f"{field}-data" in entry:
        return b64decode(entry[f"{field}-data"])
    return Path(entry[field]).read_bytes() if field in entry else b""
