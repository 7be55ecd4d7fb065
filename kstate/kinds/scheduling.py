"""Where pods may run: tolerations, node selectors, affinity, spread; and the node affinity of volumes."""
from __future__ import annotations

from .. import labels
from ..errors import duplicate, invalid, required, unsupported
from .fields import Errors, label_selector, qualified, requirement

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def validate(spec: dict, path: str) -> Errors:
    """The affinity and the topology spread constraints of a pod's spec."""
    affinity = spec.get("affinity") or {}
    if "nodeAffinity" in affinity:
        yield from _node_affinity(affinity["nodeAffinity"], f"{path}.affinity.nodeAffinity")
    for sort in ("podAffinity", "podAntiAffinity"):
        if sort in affinity:
            yield from _pod_affinity(affinity[sort], f"{path}.affinity.{sort}")
    for i, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        yield from _spread(constraint, f"{path}.topologySpreadConstraints[{i}]")


def _node_affinity(affinity: dict, path: str) -> Errors:
    if REQUIRED in affinity:
        yield from node_selector(affinity[REQUIRED], f"{path}.{REQUIRED}")
    for i, term in enumerate(affinity.get(PREFERRED) or ()):
        here = f"{path}.{PREFERRED}[{i}]"
        yield from _weight(here, term)
        yield from _node_term(term.get("preference") or {}, f"{here}.preference")


def node_selector(selector: dict, path: str) -> Errors:
    """A NodeSelector: terms of which one must match."""
    terms = selector.get("nodeSelectorTerms") or ()
    if not terms:
        yield required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")
    for i, term in enumerate(terms):
        yield from _node_term(term, f"{path}.nodeSelectorTerms[{i}]")


def _node_term(term: dict, path: str) -> Errors:
    for i, expression in enumerate(term.get("matchExpressions") or ()):
        yield from requirement(f"{path}.matchExpressions[{i}]", expression, ("In", "NotIn"), ("Gt", "Lt"))


def _pod_affinity(affinity: dict, path: str) -> Errors:
    for i, term in enumerate(affinity.get(REQUIRED) or ()):
        yield from _pod_term(term, f"{path}.{REQUIRED}[{i}]")
    for i, weighted in enumerate(affinity.get(PREFERRED) or ()):
        here = f"{path}.{PREFERRED}[{i}]"
        yield from _weight(here, weighted)
        yield from _pod_term(weighted.get("podAffinityTerm") or {}, f"{here}.podAffinityTerm")


def _weight(path: str, preferred: dict) -> Errors:
    weight = preferred.get("weight", 0)
    if not 1 <= weight <= 100:
        yield invalid(f"{path}.weight", weight, "must be in the range 1-100")


def _pod_term(term: dict, path: str) -> Errors:
    yield from label_selector(f"{path}.labelSelector", term.get("labelSelector"))
    key = term.get("topologyKey", "")
    if not key:
        yield required(f"{path}.topologyKey", "can not be empty")
    yield from qualified(f"{path}.topologyKey", key)


def _spread(constraint: dict, path: str) -> Errors:
    if constraint.get("maxSkew", 0) <= 0:
        yield invalid(f"{path}.maxSkew", constraint.get("maxSkew", 0), "must be greater than zero")
    if not constraint.get("topologyKey"):
        yield required(f"{path}.topologyKey", "can not be empty")
    if constraint.get("whenUnsatisfiable") not in ("DoNotSchedule", "ScheduleAnyway"):
        yield unsupported(f"{path}.whenUnsatisfiable", constraint.get("whenUnsatisfiable", ""), ["DoNotSchedule", "ScheduleAnyway"])
    yield from label_selector(f"{path}.labelSelector", constraint.get("labelSelector"))


def tolerations(entries, path: str) -> Errors:
    for i, entry in enumerate(entries):
        here = f"{path}[{i}]"
        key, operator = entry.get("key", ""), entry.get("operator") or "Equal"
        if key:
            for problem in labels.label_key_problems(key):
                yield invalid(f"{here}.key", key, problem)
        elif operator != "Exists":
            yield invalid(f"{here}.operator", entry.get("operator", ""),
                          'operator must be Exists when `key` is empty, which means "match all values and all keys"')
        if "tolerationSeconds" in entry and entry.get("effect") != "NoExecute":
            yield invalid(f"{here}.effect", entry.get("effect", ""), "effect must be 'NoExecute' when `tolerationSeconds` is set")
        if operator == "Exists":
            if entry.get("value"):
                yield invalid(f"{here}.operator", entry["value"], "value must be empty when `operator` is 'Exists'")
        elif operator != "Equal":
            yield unsupported(f"{here}.operator", operator, ["Equal", "Exists"])
        if entry.get("effect") and entry["effect"] not in EFFECTS:
            yield unsupported(f"{here}.effect", entry["effect"], list(EFFECTS))


def taints(entries, path: str) -> Errors:
    known: list[tuple] = []
    for i, entry in enumerate(entries):
        key, value, effect = entry.get("key", ""), entry.get("value", ""), entry.get("effect", "")
        yield from qualified(f"{path}[{i}].key", key)
        if problems := list(labels.label_value_problems(value)):
            yield invalid(f"{path}[{i}].value", value, ";".join(problems))
        if not effect:
            yield required(f"{path}[{i}].effect")
        elif effect not in EFFECTS:
            yield unsupported(f"{path}[{i}].effect", effect, list(EFFECTS))
        if (key, effect) in known:      # shown as the API server holds it
            shown = {"Key": key, "Value": value, "Effect": effect, "TimeAdded": entry.get("timeAdded")}
            yield duplicate(f"{path}[{i}]", shown, "taints must be unique by key and effect pair")
        known.append((key, effect))
