"""Deployment and ReplicaSet (DEP-1 to DEP-3)."""
from __future__ import annotations

from .. import labels
from ..errors import forbidden, invalid, required, unsupported
from ..world import freeze, get
from . import podspec
from .fields import Errors, at_most_all, fill, immutable, int_or_percent, nonnegative, same_spec, selector_value
from .kind import Kind, columns

HOSTNAMES = "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: "
STRATEGIES = ("Recreate", "RollingUpdate")


def default_replicas(workload: dict) -> dict:
    """What both have in common; returns the spec."""
    spec = workload.setdefault("spec", {})
    podspec.default_template(spec.setdefault("template", {}))
    spec.setdefault("replicas", 1)
    return spec


def default(deployment: dict) -> None:
    """DEP-1."""
    spec = default_replicas(deployment)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    strategy = spec.setdefault("strategy", {})
    fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")


# ---- validation (DEP-2) -----------------------------------------------------------------------

def validate(deployment: dict, old: dict | None) -> Errors:
    if same_spec(deployment, old):
        return
    spec = deployment["spec"]
    yield from nonnegative("spec.replicas", spec.get("replicas"))
    yield from _selected_template(spec)
    yield from _strategy(spec["strategy"])
    yield from nonnegative("spec.minReadySeconds", spec.get("minReadySeconds"))
    yield from nonnegative("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))
    deadline = spec["progressDeadlineSeconds"]
    yield from nonnegative("spec.progressDeadlineSeconds", deadline)
    if deadline <= spec.get("minReadySeconds", 0):
        yield invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")
    yield from _same_selector(spec, old)


def _selected_template(spec: dict) -> Errors:
    """Selector and template; a ReplicaSet says "deployment", too."""
    selector, template = spec.get("selector"), spec["template"]
    wrong = list(podspec.validate_selector(selector, "spec.selector", "deployment"))
    yield from wrong
    if selector is None or not wrong:
        yield from podspec.validate_selected(selector, template, "spec.template")
    yield from podspec.validate_template(template, "spec.template")
    yield from podspec.validate_restarts(template, "spec.template", "ReplicaSet")


def _same_selector(spec: dict, old: dict | None) -> Errors:
    if old is not None:
        yield from immutable("spec.selector", selector_value(spec.get("selector")), selector_value(old["spec"].get("selector")))


def _strategy(strategy: dict) -> Errors:
    rolling = strategy.get("rollingUpdate")
    if strategy["type"] not in STRATEGIES:
        yield unsupported("spec.strategy", {"Type": strategy["type"], "RollingUpdate": rolling}, list(STRATEGIES))
    elif strategy["type"] == "Recreate":
        if rolling is not None:
            yield forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
    elif rolling is None:
        yield required("spec.strategy.rollingUpdate", "this should be defaulted and never be nil")
    else:
        yield from _rolling(rolling["maxUnavailable"], rolling["maxSurge"])


def _rolling(unavailable: int | str, surge: int | str) -> Errors:
    path = "spec.strategy.rollingUpdate"
    yield from int_or_percent(f"{path}.maxUnavailable", unavailable)
    yield from int_or_percent(f"{path}.maxSurge", surge)
    if unavailable in (0, "0%") and surge in (0, "0%"):
        yield invalid(f"{path}.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0")
    yield from at_most_all(f"{path}.maxUnavailable", unavailable)


def validate_replicaset(rs: dict, old: dict | None) -> Errors:
    if same_spec(rs, old):
        return
    spec = rs["spec"]
    yield from nonnegative("spec.replicas", spec.get("replicas"))
    yield from nonnegative("spec.minReadySeconds", spec.get("minReadySeconds"))
    yield from _selected_template(spec)
    yield from _same_selector(spec, old)


def warnings(workload: dict, old: dict | None):
    """DEP-1: a name that is no DNS label."""
    problems = labels.dns_label_problems(workload["metadata"].get("name", "")) if old is None else ()
    if problems:
        yield f"{HOSTNAMES}[{' '.join(problems)}]"


# ---- tables -----------------------------------------------------------------------------------

def cells(deployment: dict, age) -> list:
    """TBL-31, DEP-15."""
    meta, spec, status = deployment["metadata"], deployment["spec"], deployment.get("status") or {}
    return [meta["name"], f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}", status.get("updatedReplicas", 0),
            status.get("availableReplicas", 0), age(meta.get("creationTimestamp")), *podspec.names_and_images(spec),
            str(labels.of(spec.get("selector")))]


def replicaset_cells(rs: dict, age) -> list:
    """TBL-32, DEP-15."""
    meta, spec = rs["metadata"], rs["spec"]
    return [meta["name"], spec.get("replicas", 1), get(rs, "status.replicas", 0), get(rs, "status.readyReplicas", 0),
            age(meta.get("creationTimestamp")), *podspec.names_and_images(spec), labels.display(spec.get("selector"))]


ROWS = (
    Kind("Deployment", "deployments", "apps", short=("deploy",), categories=("all",), subresources=("scale", "status"),
         generation=("spec", "metadata.annotations"), status=freeze({}), default=default, validate=validate, warnings=warnings,  # DEP-3
         columns=columns("Name, Ready, Up-to-date, Available, Age, Containers w, Images w, Selector w"), cells=cells),
    Kind("ReplicaSet", "replicasets", "apps", short=("rs",), categories=("all",), subresources=("scale", "status"), generation=("spec",),
         status=freeze({"replicas": 0}), default=default_replicas, validate=validate_replicaset, warnings=warnings,
         columns=columns("Name, Desired int, Current int, Ready int, Age, Containers w, Images w, Selector w"), cells=replicaset_cells),
)
