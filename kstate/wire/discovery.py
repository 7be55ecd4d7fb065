"""What the server offers: /version, /api, /apis, resource lists, in the old and the aggregated form (KCTL-2 to KCTL-6)."""
from __future__ import annotations

from functools import cache

from ..kinds import KINDS, Kind

VERSION = {         # KCTL-2
    "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1", "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.2", "gitCommit": "kstate", "gitTreeState": "clean", "buildDate": "2026-01-01T00:00:00Z", "goVersion": "none",
    "compiler": "kstate", "platform": "linux/amd64"}
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
CHANGES = ["get", "patch", "update"]

# subresource -> (group and version where they differ from the parent's, kind or "" for the parent's, verbs)
SUBRESOURCES = {
    "status": ("", "", "", CHANGES), "scale": ("autoscaling", "v1", "Scale", CHANGES),
    "binding": ("", "", "Binding", ["create"]), "eviction": ("policy", "v1", "Eviction", ["create"]),
    "log": ("", "", "", ["get"]), "finalize": ("", "", "", ["update"]),
    "exec": ("", "", "PodExecOptions", ["create", "get"]), "attach": ("", "", "PodAttachOptions", ["create", "get"]),
}
# what is only asked and never stored
REVIEWS = {
    "authorization.k8s.io": {"selfsubjectaccessreviews": "SelfSubjectAccessReview", "selfsubjectrulesreviews": "SelfSubjectRulesReview"},
    "authentication.k8s.io": {"selfsubjectreviews": "SelfSubjectReview"}}


def served(group: str, version: str) -> list[Kind]:
    """The kinds under a group and version, by plural; an Event is served under two."""
    api_version = f"{group}/{version}" if group else version
    return [k for k in sorted(KINDS.values(), key=lambda k: k.plural) if api_version in (k.api_version, *k.other_versions)]


@cache
def groups() -> list[tuple[str, str]]:
    """Every (group, version), the core group first, then by name."""
    found = {tuple(v.rpartition("/")[::2]) for k in KINDS.values() for v in (k.api_version, *k.other_versions)}
    return sorted(found | {(group, "v1") for group in REVIEWS})


def wants_aggregated(accept: str) -> bool:
    """Whether a client asks for the aggregated form in the version that is served."""
    return any({"as=APIGroupDiscoveryList", "v=v2"} <= {part.strip() for part in clause.split(";")} for clause in accept.split(","))


def aggregated(core: bool) -> dict:
    """The document that answers /api or /apis for kubectl (KCTL-3)."""
    items: dict[str, dict] = {}
    for group, version in groups():
        if (group == "") == core:
            item = items.setdefault(group, {"metadata": {"name": group} if group else {}, "versions": []})
            resources = [*map(_aggregated, served(group, version)), *(_review(*names) for names in REVIEWS.get(group, {}).items())]
            item["versions"].append({"version": version, "freshness": "Current", "resources": resources})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": list(items.values())}


def _aggregated(kind: Kind) -> dict:
    """A resource, with its short names (KCTL-6) and categories (KCTL-7)."""
    below = [{"subresource": name, "responseKind": _here(k or kind.kind, group, version), "verbs": verbs}
             for name in sorted(kind.subresources) for group, version, k, verbs in [SUBRESOURCES[name]]]
    return {"resource": kind.plural, "responseKind": _here(kind.kind), "scope": "Namespaced" if kind.namespaced else "Cluster",
            "singularResource": kind.singular, "verbs": VERBS,
            **_given(shortNames=kind.short, categories=kind.categories, subresources=below)}


def _review(plural: str, kind: str) -> dict:
    return {"resource": plural, "responseKind": _here(kind), "scope": "Cluster", "singularResource": kind.lower(), "verbs": ["create"]}


def _here(kind: str, group: str = "", version: str = "") -> dict:
    """A kind; without group and version it is of those around it."""
    return {"group": group, "version": version, "kind": kind}


def _given(**fields) -> dict:
    """Only what is not empty."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items() if value}


def api_versions() -> dict:
    """/api in the old form (KCTL-4)."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": ""}]}


def group_list() -> dict:
    """/apis in the old form."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group_document(g, v) for g, v in groups() if g]}


def group_document(group: str, version: str) -> dict:
    """A group in that list."""
    one = {"groupVersion": f"{group}/{version}", "version": version}
    return {"name": group, "versions": [one], "preferredVersion": one}


def resource_list(group: str, version: str) -> dict:
    """/api/v1 and /apis/<group>/<version> in the old form; subresources as `pods/eviction`, which drain looks for (KCTL-53)."""
    resources = []
    for kind in served(group, version):
        resources.append({"name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.kind,
                          "verbs": VERBS, **_given(shortNames=kind.short, categories=kind.categories)})
        for name in sorted(kind.subresources):
            g, v, k, verbs = SUBRESOURCES[name]
            resources.append({"name": f"{kind.plural}/{name}", "singularName": "", "namespaced": kind.namespaced, "kind": k or kind.kind,
                              "verbs": verbs, **_given(group=g, version=v)})
    for plural, kind in REVIEWS.get(group, {}).items():
        resources.append({"name": plural, "singularName": kind.lower(), "namespaced": False, "kind": kind, "verbs": ["create"]})
    here = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": here, "resources": resources}
