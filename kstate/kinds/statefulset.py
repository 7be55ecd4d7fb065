"""StatefulSet and ControllerRevision (STS-1 to STS-15).

One leniency of the API server is missing: it does not look at the pod template of a set whose stored spec is invalid
(STS-11), which cannot come about here.
"""
from __future__ import annotations

from ..errors import forbidden, invalid, required, unsupported
from ..world import controller_ref, freeze, get
from . import claim, podspec
from .fields import Errors, fill, immutable, label, nonnegative, same_spec
from .kind import Kind, columns

MUTABLE = ("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy",
           "minReadySeconds")
FIXED = ("updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
         "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")
NEGATIVE_LIMIT = "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"


# ---- defaults and strategy --------------------------------------------------------------------

def default(sts: dict) -> None:
    """STS-2 to STS-6."""
    spec = sts.setdefault("spec", {})
    podspec.default_template(spec.setdefault("template", {}))
    fill(spec, podManagementPolicy="OrderedReady")
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("serviceName", "")
    _default_strategy(spec.setdefault("updateStrategy", {}))
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    fill(retention, whenDeleted="Retain", whenScaled="Retain")
    for template in spec.get("volumeClaimTemplates") or ():
        claim.default(template)
        fill(template, apiVersion="v1", kind="PersistentVolumeClaim", status={"phase": "Pending"})


def _default_strategy(strategy: dict) -> None:
    if not strategy.get("type"):        # STS-3: only then is the block made
        strategy["type"] = "RollingUpdate"
        strategy.setdefault("rollingUpdate", {})
    if strategy["type"] == "RollingUpdate" and "rollingUpdate" in strategy:
        strategy["rollingUpdate"].setdefault("partition", 0)


def prepare(sts: dict, old: dict | None) -> None:
    """STS-9: a field whose gate is off in 1.36."""
    path = "spec.updateStrategy.rollingUpdate"
    if get(old, f"{path}.maxUnavailable") is None:
        (get(sts, path) or {}).pop("maxUnavailable", None)


# ---- validation -------------------------------------------------------------------------------

def validate(sts: dict, old: dict | None) -> Errors:
    if same_spec(sts, old):
        return
    spec = sts["spec"]
    yield from _policies(spec)
    if old is None:                                                                     # STS-11
        for i, template in enumerate(spec.get("volumeClaimTemplates") or ()):
            yield from claim.validate_spec(template.get("spec") or {}, f"spec.volumeClaimTemplates[{i}].spec")
    yield from nonnegative("spec.replicas", spec.get("replicas"))
    yield from nonnegative("spec.minReadySeconds", spec.get("minReadySeconds"))
    yield from nonnegative("spec.ordinals.start", get(spec, "ordinals.start"))
    if spec.get("serviceName") and old is None:
        yield from label("spec.serviceName", spec["serviceName"])
    yield from _template(spec)
    if old is not None and _fixed(spec) != _fixed(old["spec"]):
        yield forbidden("spec", FIXED)                                                  # STS-10, EXP-17


def _fixed(spec: dict) -> dict:
    return {field: value for field, value in spec.items() if field not in MUTABLE}


def _policies(spec: dict) -> Errors:
    if spec["podManagementPolicy"] not in ("OrderedReady", "Parallel"):
        yield invalid("spec.podManagementPolicy", spec["podManagementPolicy"], "must be 'OrderedReady' or 'Parallel'")
    yield from _strategy(spec["updateStrategy"])
    for field, value in sorted(spec["persistentVolumeClaimRetentionPolicy"].items()):
        if value not in ("Retain", "Delete"):
            yield unsupported(f"spec.persistentVolumeClaimRetentionPolicy.{field}", value, ["Retain", "Delete"])


def _strategy(strategy: dict) -> Errors:
    rolling = strategy.get("rollingUpdate")
    if strategy["type"] == "OnDelete":
        if rolling is not None:                                                         # STS-12
            yield invalid("spec.updateStrategy.rollingUpdate", _internal_rolling(rolling),
                          "only allowed for updateStrategy 'RollingUpdate'")
    elif strategy["type"] == "RollingUpdate":
        yield from nonnegative("spec.updateStrategy.rollingUpdate.partition", get(strategy, "rollingUpdate.partition"))
    else:
        yield invalid("spec.updateStrategy", {"Type": strategy["type"], "RollingUpdate": _internal_rolling(rolling)},
                      "must be 'RollingUpdate' or 'OnDelete'")


def _internal_rolling(rolling: dict | None) -> dict | None:
    """As the API server holds it, which is how errors show it."""
    return None if rolling is None else {"Partition": rolling.get("partition", 0), "MaxUnavailable": rolling.get("maxUnavailable")}


def _template(spec: dict) -> Errors:
    """The selector, and the pod template as its pods will be: with a volume for each claim, its host name taken from the pod (STS-8)."""
    selector, template = spec.get("selector"), spec["template"]
    wrong = list(podspec.validate_selector(selector, "spec.selector", "statefulset"))
    yield from wrong
    if selector is None or not wrong:
        yield from podspec.validate_selected(selector, template, "spec.template")
    yield from podspec.validate_template({**template, "spec": _pod_spec(spec)}, "spec.template")
    yield from podspec.validate_restarts(template, "spec.template", "StatefulSet")


def _pod_spec(spec: dict) -> dict:
    names = [get(template, "metadata.name", "") for template in spec.get("volumeClaimTemplates") or ()]
    pod = {field: value for field, value in spec["template"]["spec"].items() if field not in ("hostname", "subdomain")}
    pod["volumes"] = [volume for volume in pod.get("volumes") or () if volume.get("name") not in names]
    pod["volumes"] += [{"name": name, "persistentVolumeClaim": {"claimName": name or "claim"}} for name in names]
    return pod


def validate_status(sts: dict, old: dict) -> Errors:
    """STS-14."""
    status = sts.get("status") or {}
    count = {field: status.get(field) or 0 for field in (
        "replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas", "observedGeneration", "collisionCount")}
    for field, value in count.items():
        yield from nonnegative(f"status.{field}", value)
    for field in ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"):
        if count[field] > count["replicas"]:
            yield invalid(f"status.{field}", count[field], "cannot be greater than status.replicas")
    if count["availableReplicas"] > count["readyReplicas"]:
        yield invalid("status.availableReplicas", count["availableReplicas"], "cannot be greater than status.readyReplicas")
    if count["collisionCount"] < get(old, "status.collisionCount", 0):
        yield invalid("status.collisionCount", count["collisionCount"], "cannot be decremented")


def warnings(sts: dict, old: dict | None):
    if same_spec(sts, old):
        return
    for i, template in enumerate(sts["spec"].get("volumeClaimTemplates") or ()):
        yield from claim.size_warnings(template["spec"], f"spec.volumeClaimTemplates[{i}].spec")
    if sts["spec"].get("revisionHistoryLimit", 0) < 0:                                  # STS-13
        yield NEGATIVE_LIMIT


def cells(sts: dict, age) -> list:
    """TBL-30, STS-15."""
    meta, spec = sts["metadata"], sts["spec"]
    ready = f"{get(sts, 'status.readyReplicas', 0)}/{spec.get('replicas', 1)}"
    return [meta["name"], ready, age(meta.get("creationTimestamp")), *podspec.names_and_images(spec)]


# ---- ControllerRevision -----------------------------------------------------------------------

def validate_revision(revision: dict, old: dict | None) -> Errors:
    if revision.get("data") is None:
        yield required("data", "data is mandatory")
    yield from nonnegative("revision", revision.get("revision"))
    if old is not None:
        yield from immutable("data", revision.get("data"), old.get("data"))


def revision_cells(revision: dict, age) -> list:
    """TBL-33."""
    meta = revision["metadata"]
    ref, controller = controller_ref(revision), "<none>"
    if ref is not None:
        group = ref["apiVersion"].rpartition("/")[0]
        controller = f"{ref['kind'].lower()}{'.' + group if group else ''}/{ref['name']}"
    return [meta["name"], controller, revision.get("revision", 0), age(meta.get("creationTimestamp"))]


ROWS = (
    Kind("ControllerRevision", "controllerrevisions", "apps", validate=validate_revision,
         columns=columns("Name, Controller, Revision, Age"), cells=revision_cells),
    Kind("StatefulSet", "statefulsets", "apps", short=("sts",), categories=("all",), subresources=("scale", "status"), name_rule="label",  # STS-1
         generation=("spec",), status=freeze({"replicas": 0, "availableReplicas": 0}), default=default, prepare=prepare, validate=validate,
         validate_status=validate_status, warnings=warnings, columns=columns("Name, Ready, Age, Containers w, Images w"), cells=cells),
)
