"""Matching for placement: taints and tolerations, node selectors, and which pods a term means (SCHED-5)."""
from __future__ import annotations

from .. import labels as selectors
from ..controllers.base import Key, get, labels, name, namespace

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def tolerates(toleration: dict, taint: dict) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if (toleration.get("operator") or "Equal") == "Exists":
        return True
    return bool(toleration.get("key")) and toleration.get("value", "") == taint.get("value", "")


def untolerated(pod: dict, taints, effects: tuple[str, ...]) -> list[dict]:
    """The taints with one of these effects that the pod does not tolerate."""
    tolerations = pod["spec"].get("tolerations") or ()
    return [t for t in taints if t["effect"] in effects and not any(tolerates(each, t) for each in tolerations)]


def taints(node: dict) -> list[dict]:
    return node["spec"].get("taints") or []


def node_matches(selector: dict, node: dict) -> bool:
    """A NodeSelector: one of its terms holds."""
    return any(term_matches(term, node) for term in selector.get("nodeSelectorTerms") or ())


def term_matches(term: dict, node: dict) -> bool:
    """All expressions of a node selector term hold; an empty term matches nothing."""
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    return bool(expressions or fields) and selectors.matches_expressions(expressions, labels(node)) \
        and selectors.matches_expressions(fields, {"metadata.name": name(node)})


def fits_node(pod: dict, node: dict) -> bool:
    """nodeSelector and the required node affinity."""
    mine, wanted = labels(node), pod["spec"].get("nodeSelector") or {}
    required = get(pod, f"spec.affinity.nodeAffinity.{REQUIRED}")
    return all(mine.get(k) == v for k, v in wanted.items()) and (required is None or node_matches(required, node))


def pod_terms(pod: dict, sort: str, when: str = REQUIRED) -> list[dict]:
    """The terms of "podAffinity" or "podAntiAffinity"."""
    return get(pod, f"spec.affinity.{sort}.{when}", [])


def term_means(view, owner: dict, term: dict, pod: dict) -> bool:
    """Whether a pod affinity term of `owner` selects `pod`."""
    spaces = term.get("namespaces") or ([] if "namespaceSelector" in term else [namespace(owner)])
    if namespace(pod) not in spaces:
        found = view.find(Key("Namespace", "", namespace(pod)))
        if "namespaceSelector" not in term or not selectors.of(term["namespaceSelector"]).matches(labels(found or {"metadata": {}})):
            return False
    return selectors.of(term.get("labelSelector")).matches(labels(pod))
