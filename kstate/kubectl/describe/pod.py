"""Pods and their templates (DESC-20, DESC-21)."""
from __future__ import annotations

from ...labels import of
from ...world import get
from .containers import containers
from .text import About, Sheet, moment
from .volumes import volumes


def pod(about: About) -> None:
    sheet, spec, status, meta = about.sheet, about.object["spec"], about.object.get("status") or {}, about.object["metadata"]
    sheet.field("Name", meta["name"])
    sheet.field("Namespace", meta["namespace"])
    if "priority" in spec:
        sheet.field("Priority", spec["priority"])
    for title, name in (("Priority Class Name", "priorityClassName"), ("Runtime Class Name", "runtimeClassName"),
                        ("Service Account", "serviceAccountName")):
        if spec.get(name):
            sheet.field(title, spec[name])
    sheet.field("Node", f"{spec['nodeName']}/{status.get('hostIP', '')}" if spec.get("nodeName") else "<none>")
    if status.get("startTime"):
        sheet.field("Start Time", moment(status["startTime"]))
    about.marks()
    _status(about, status)
    if controller := next((f"{o['kind']}/{o['name']}" for o in meta.get("ownerReferences") or () if o.get("controller")), ""):
        sheet.field("Controlled By", controller)
    if status.get("nominatedNodeName"):
        sheet.field("NominatedNodeName", status["nominatedNodeName"])
    if spec.get("initContainers"):
        containers(sheet, "Init Containers", spec["initContainers"], status.get("initContainerStatuses"), about.object)
    containers(sheet, "Containers", spec["containers"], status.get("containerStatuses"), about.object)
    _conditions(about, spec, status)
    volumes(sheet, spec.get("volumes"))
    sheet.field("QoS Class", status.get("qosClass", ""))
    sheet.labels("Node-Selectors", spec.get("nodeSelector"))
    sheet.tolerations("Tolerations", spec.get("tolerations"))
    spread(sheet, spec.get("topologySpreadConstraints"))
    about.events(name=meta["name"], namespace=meta["namespace"], uid=meta["uid"])


def _status(about: About, status: dict) -> None:
    sheet, deletion = about.sheet, about.meta("deletionTimestamp")
    if deletion and status.get("phase") not in ("Succeeded", "Failed"):
        sheet.field("Status", f"Terminating (lasts {about.session.age(deletion)})")
        sheet.field("Termination Grace Period", f"{about.meta('deletionGracePeriodSeconds')}s")
    else:
        sheet.field("Status", status.get("phase", ""))
    for name in ("reason", "message"):
        if status.get(name):
            sheet.field(name.capitalize(), status[name])
    profile = get(about.object, "spec.securityContext.seccompProfile")
    if profile:
        sheet.field("SeccompProfile", profile.get("type", ""))
    sheet.field("IP", status.get("podIP", ""))
    if status.get("podIPs"):
        sheet.write("IPs:")
        for address in status["podIPs"]:
            sheet.field("IP", address["ip"], 1)
    else:
        sheet.field("IPs", "<none>")


def _conditions(about: About, spec: dict, status: dict) -> None:
    sheet, conditions = about.sheet, status.get("conditions") or []
    if spec.get("readinessGates"):
        held = {c["type"]: c["status"] for c in conditions}
        sheet.write("Readiness Gates:")
        sheet.write("Type\tStatus", 1)
        for gate in spec["readinessGates"]:
            sheet.write(f"{gate['conditionType']} \t{held.get(gate['conditionType'], '<none>')} ", 1)
    if conditions:
        sheet.write("Conditions:")
        sheet.write("Type\tStatus", 1)
        for condition in conditions:
            sheet.write(f"{condition['type']} \t{condition['status']} ", 1)


def template(sheet: Sheet, spec: dict | None) -> None:
    """The pod template of a workload."""
    sheet.write("Pod Template:")
    if not spec:
        sheet.write("  <unset>")
        return
    meta, pod_spec = spec.get("metadata") or {}, spec.get("spec") or {}
    sheet.labels("  Labels", meta.get("labels"))
    if meta.get("annotations"):
        sheet.annotations("  Annotations", meta["annotations"])
    if pod_spec.get("serviceAccountName"):
        sheet.field("  Service Account", pod_spec["serviceAccountName"])
    if pod_spec.get("initContainers"):
        containers(sheet, "Init Containers", pod_spec["initContainers"], indent="  ")
    containers(sheet, "Containers", pod_spec.get("containers") or [], indent="  ")
    volumes(sheet, pod_spec.get("volumes"), "  ")
    spread(sheet, pod_spec.get("topologySpreadConstraints"), "  ")
    if pod_spec.get("priorityClassName"):
        sheet.field("  Priority Class Name", pod_spec["priorityClassName"])
    sheet.labels("  Node-Selectors", pod_spec.get("nodeSelector"))
    sheet.tolerations("  Tolerations", pod_spec.get("tolerations"))


def spread(sheet: Sheet, constraints: list[dict] | None, indent: str = "") -> None:
    """Topology spread constraints, where there are any."""

    if not constraints:
        return
    texts = [f"{c['topologyKey']}:{c['whenUnsatisfiable']} when max skew {c['maxSkew']} is exceeded"
             + (f" for selector {of(c['labelSelector'])}" if c.get("labelSelector") else "")
             for c in sorted(constraints, key=lambda c: c["topologyKey"])]
    for i, text in enumerate(texts):
        sheet.write(f"{indent}{'' if i else 'Topology Spread Constraints:'}\t{text}")
