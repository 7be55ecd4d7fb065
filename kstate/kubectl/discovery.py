"""What the server offers, and which of it a word on the command line means (KCTL-3, KCTL-6, KCTL-7)."""
from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

from .args import Failure

ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


class Resource(NamedTuple):
    """A kind of object as the server lists it."""

    group: str
    version: str
    plural: str
    singular: str
    kind: str
    namespaced: bool
    short: tuple[str, ...]
    categories: tuple[str, ...]
    verbs: tuple[str, ...]

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def full(self) -> str:
        """statefulsets.apps"""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def label(self) -> str:
        """statefulset.apps: how kubectl names one object's kind."""
        return f"{self.singular}.{self.group}" if self.group else self.singular

    @property
    def gvr(self) -> str:
        """How Go prints it: apps/v1, Resource=statefulsets"""
        return f"{self.group}/{self.version}, Resource={self.plural}"

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """/apis/apps/v1/namespaces/default/statefulsets/web/scale"""
        parts = [f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"]
        if self.namespaced and namespace:
            parts.append(f"namespaces/{namespace}")
        return "/".join([*parts, self.plural, *filter(None, (name, subresource))])


class Discovery:
    """The resources of a server, fetched when they are first asked for."""

    def __init__(self, session: Any) -> None:
        self.session = session

    @cached_property
    def resources(self) -> list[Resource]:
        """The core group first, then by group; those that can be got."""
        found = []
        for path in ("/api", "/apis"):
            for group in self.session.ask("GET", path, accept=ACCEPT)["items"]:
                for version in group["versions"]:
                    found += [_resource(group["metadata"].get("name", ""), version["version"], entry) for entry in version["resources"]]
        return found

    def named(self, word: str) -> Resource:
        """`sts`, `StatefulSet`, `statefulsets.apps`, `statefulsets.v1.apps`.  Raises Failure."""
        found = self.lookup(word)
        if found is None:
            raise Failure(f'error: the server doesn\'t have a resource type "{word.partition(".")[0]}"')
        return found

    def lookup(self, word: str) -> Resource | None:
        name, _, group = word.lower().partition(".")
        for resource in self.resources:
            groups = ("", resource.group, f"{resource.version}.{resource.group}")
            if name in (resource.plural, resource.singular, *resource.short) and "get" in resource.verbs and group in groups:
                return resource
        return None

    def of_kind(self, api_version: str, kind: str) -> Resource | None:
        """The resource of a manifest."""
        return next((r for r in self.resources if r.kind == kind and r.api_version == api_version), None)

    def category(self, name: str) -> list[Resource]:
        """`all`: the resources that say they belong to it."""
        return [resource for resource in self.resources if name in resource.categories]


def _resource(group: str, version: str, entry: dict) -> Resource:
    kind = entry["responseKind"]["kind"]
    return Resource(group, version, entry["resource"], entry.get("singularResource") or kind.lower(), kind, entry["scope"] == "Namespaced",
                    tuple(entry.get("shortNames", ())), tuple(entry.get("categories", ())), tuple(entry["verbs"]))
