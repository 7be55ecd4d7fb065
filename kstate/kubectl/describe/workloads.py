"""StatefulSets, Deployments, ReplicaSets (DESC-10, DESC-50, KCTL-R9)."""
from __future__ import annotations

from ...labels import of
from ...world import get
from .pod import template
from .text import About, Sheet, go_list

HASH = "pod-template-hash"
BETA_CLASS = "volume.beta.kubernetes.io/storage-class"


def statefulset(about: About) -> None:
    sheet, spec = about.sheet, about.object["spec"]
    about.head(created=True, selector=str(of(spec.get("selector"))))
    sheet.field("Replicas", f"{spec.get('replicas', 1)} desired | {about.get('status.replicas', 0)} total")
    sheet.field("Update Strategy", get(spec, "updateStrategy.type", ""))
    rolling = get(spec, "updateStrategy.rollingUpdate") or {}
    if "partition" in rolling:
        sheet.field("  Partition", rolling["partition"])
    if "maxUnavailable" in rolling:
        sheet.field("  MaxUnavailable", rolling["maxUnavailable"])
    _pods_status(about)
    template(sheet, spec.get("template"))
    _claims(sheet, spec.get("volumeClaimTemplates") or [])
    about.events()


def _claims(sheet: Sheet, templates: list[dict]) -> None:
    if not templates:
        sheet.field("Volume Claims", "<none>")
        return
    sheet.write("Volume Claims:")
    for claim in templates:
        meta, spec = claim.get("metadata") or {}, claim.get("spec") or {}
        sheet.field("  Name", meta.get("name", ""))
        sheet.field("  StorageClass", meta.get("annotations", {}).get(BETA_CLASS) or spec.get("storageClassName", ""))
        sheet.labels("Labels", meta.get("labels"), "  ")
        sheet.labels("Annotations", meta.get("annotations"), "  ")
        sheet.field("  Capacity", get(spec, "resources.requests.storage", "<default>"))
        sheet.field("  Access Modes", go_list(spec.get("accessModes")))


def deployment(about: About) -> None:
    sheet, spec = about.sheet, about.object["spec"]
    about.head(created=True)
    sheet.field("Selector", str(of(spec.get("selector"))))
    status = about.object.get("status") or {}
    numbers = " | ".join(f"{status.get(name, 0)} {word}" for name, word in (
        ("updatedReplicas", "updated"), ("replicas", "total"), ("availableReplicas", "available"), ("unavailableReplicas", "unavailable")))
    sheet.field("Replicas", f"{spec.get('replicas', 1)} desired | {numbers}")
    sheet.field("StrategyType", get(spec, "strategy.type", ""))
    sheet.field("MinReadySeconds", spec.get("minReadySeconds", 0))
    rolling = get(spec, "strategy.rollingUpdate")
    if rolling:
        sheet.field("RollingUpdateStrategy", f"{rolling.get('maxUnavailable')} max unavailable, {rolling.get('maxSurge')} max surge")
    template(sheet, spec.get("template"))
    _conditions(sheet, status)
    new, old = _replica_sets(about)
    sheet.field("OldReplicaSets", _counted(old))
    sheet.field("NewReplicaSet", _counted([new] if new else []))
    about.events()


def _conditions(sheet: Sheet, status: dict) -> None:
    if status.get("conditions"):
        sheet.write("Conditions:")
        sheet.write("Type\tStatus\tReason", 1)
        sheet.write("----\t------\t------", 1)
        for condition in status["conditions"]:
            sheet.write(f"{condition['type']} \t{condition['status']}\t{condition.get('reason', '')}", 1)


def _replica_sets(about: About) -> tuple[dict | None, list[dict]]:
    """The one whose template is the deployment's, and the others that still have pods."""
    owned = [rs for rs in about.related("replicasets.apps", labelSelector=str(of(about.get("spec.selector"))))
             if any(o["uid"] == about.meta("uid") for o in rs["metadata"].get("ownerReferences") or ())]
    owned.sort(key=lambda rs: (rs["metadata"]["creationTimestamp"], rs["metadata"]["name"]))
    wanted = _without_hash(about.get("spec.template"))
    new = next((rs for rs in owned if _without_hash(rs["spec"]["template"]) == wanted), None)
    return new, [rs for rs in owned if rs is not new]


def _without_hash(spec: dict) -> dict:
    meta = spec.get("metadata") or {}
    return {**spec, "metadata": {**meta, "labels": {k: v for k, v in (meta.get("labels") or {}).items() if k != HASH}}}


def _counted(sets: list[dict]) -> str:
    texts = [f"{rs['metadata']['name']} ({get(rs, 'status.replicas', 0)}/{rs['spec'].get('replicas', 1)} replicas created)" for rs in sets]
    return ", ".join(texts) or "<none>"


def replicaset(about: About) -> None:
    sheet, spec = about.sheet, about.object["spec"]
    sheet.field("Name", about.meta("name"))
    sheet.field("Namespace", about.meta("namespace"))
    sheet.field("Selector", str(of(spec.get("selector"))))
    about.marks()
    if owner := next((f"{o['kind']}/{o['name']}" for o in about.meta("ownerReferences", []) if o.get("controller")), ""):
        sheet.field("Controlled By", owner)
    sheet.field("Replicas", f"{about.get('status.replicas', 0)} current / {spec.get('replicas', 1)} desired")
    _pods_status(about)
    template(sheet, spec.get("template"))
    _conditions(sheet, about.object.get("status") or {})
    about.events()


def _pods_status(about: About) -> None:
    """Pods by phase: those that the selector chooses and that are owned."""
    pods = [pod for pod in about.related("pods", labelSelector=str(of(about.get("spec.selector"))), limit="500")
            if any(o["uid"] == about.meta("uid") for o in pod["metadata"].get("ownerReferences") or () if o.get("controller"))]
    counts = [sum(get(pod, "status.phase") == phase for pod in pods) for phase in ("Running", "Pending", "Succeeded", "Failed")]
    about.sheet.field("Pods Status", "{} Running / {} Waiting / {} Succeeded / {} Failed".format(*counts))
