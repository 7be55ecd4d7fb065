"""Claims, volumes, classes (DESC-30, DESC-31, DESC-32, SHOW-4)."""
from __future__ import annotations

from ...world import get
from .text import About, Sheet, access_modes, go_list, moment, yes
from .volumes import ABOUT, source

BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
DEFAULTS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def _class(obj: dict) -> str:
    return (obj["metadata"].get("annotations") or {}).get(BETA_CLASS) or obj["spec"].get("storageClassName", "")


def _phase(about: About) -> str:
    deletion = about.meta("deletionTimestamp")
    return f"Terminating (lasts {about.session.age(deletion)})" if deletion else about.get("status.phase", "")


def claim(about: About) -> None:
    sheet, spec, status = about.sheet, about.object["spec"], about.object.get("status") or {}
    sheet.field("Name", about.meta("name"))
    sheet.field("Namespace", about.meta("namespace"))
    sheet.field("StorageClass", _class(about.object))
    sheet.field("Status", _phase(about))
    sheet.field("Volume", spec.get("volumeName", ""))
    about.marks()
    sheet.field("Finalizers", go_list(about.meta("finalizers")))
    bound = bool(spec.get("volumeName"))
    sheet.field("Capacity", get(status, "capacity.storage", "0") if bound else "")
    sheet.field("Access Modes", access_modes(status.get("accessModes")) if bound else "")
    if spec.get("volumeMode"):
        sheet.field("VolumeMode", spec["volumeMode"])
    if spec.get("dataSource"):
        _data_source(sheet, spec["dataSource"])
    _used_by(about)
    _conditions(sheet, status)
    about.events()


def _data_source(sheet: Sheet, ref: dict) -> None:
    sheet.write("DataSource:")
    if "apiGroup" in ref:
        sheet.field("  APIGroup", ref["apiGroup"])
    sheet.field("  Kind", ref["kind"])
    sheet.field("  Name", ref["name"])


def _used_by(about: About) -> None:
    """Pods of any phase that name the claim."""
    users = [pod["metadata"]["name"] for pod in about.related("pods", limit="500")
             for volume in pod["spec"].get("volumes") or () if _claim_of(pod, volume) == about.meta("name")]
    first, *rest = users or ["<none>"]
    about.sheet.field("Used By", first)
    for name in rest:
        about.sheet.write(f"\t{name}")


def _claim_of(pod: dict, volume: dict) -> str:
    if "ephemeral" in volume:
        return f"{pod['metadata']['name']}-{volume['name']}"
    return get(volume, "persistentVolumeClaim.claimName", "")


def _conditions(sheet: Sheet, status: dict) -> None:
    if not status.get("conditions"):
        return
    sheet.write("Conditions:")
    sheet.write("Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage", 1)
    sheet.write("----\t------\t-----------------\t------------------\t------\t-------", 1)
    for c in status["conditions"]:
        sheet.write(f"{c['type']} \t{c['status']} \t{moment(c.get('lastProbeTime'))} \t{moment(c.get('lastTransitionTime'))} \t"
                    f"{c.get('reason', '')} \t{c.get('message', '')}", 1)


def volume(about: About) -> None:
    sheet, spec = about.sheet, about.object["spec"]
    sheet.field("Name", about.meta("name"))
    about.marks()
    sheet.field("Finalizers", go_list(about.meta("finalizers")))
    sheet.field("StorageClass", _class(about.object))
    sheet.field("Status", _phase(about))
    ref = spec.get("claimRef")
    sheet.field("Claim", f"{ref.get('namespace', '')}/{ref.get('name', '')}" if ref else "")
    sheet.field("Reclaim Policy", spec.get("persistentVolumeReclaimPolicy", ""))
    sheet.field("Access Modes", access_modes(spec.get("accessModes")))
    if spec.get("volumeMode"):
        sheet.field("VolumeMode", spec["volumeMode"])
    sheet.field("Capacity", get(spec, "capacity.storage", "0"))
    _affinity(sheet, get(spec, "nodeAffinity.required.nodeSelectorTerms"))
    sheet.field("Message", about.get("status.message", ""))
    sheet.write("Source:")
    sort = next((name for name in spec if name in ABOUT), "")
    source(sheet, sort, spec.get(sort) or {}, 2)
    about.events()


def _affinity(sheet: Sheet, terms: list[dict] | None) -> None:
    if not terms:
        sheet.field("Node Affinity", "<none>")
        return
    sheet.write("Node Affinity:\t")
    sheet.write("Required Terms:\t", 1)
    for i, term in enumerate(terms):
        lines = [_expression(e) for e in term.get("matchExpressions") or ()]
        first, *rest = lines or ["<none>"]
        sheet.write(f"Term {i}:\t{first}", 2)
        for line in rest:
            sheet.write(f"\t{line}", 2)


def _expression(expression: dict) -> str:
    values = f" [{', '.join(expression['values'])}]" if expression.get("values") else ""
    return f"{expression['key']} {expression['operator'].lower()}{values}"


def storageclass(about: About) -> None:
    sheet, obj = about.sheet, about.object
    notes = about.meta("annotations", {})
    sheet.field("Name", about.meta("name"))
    sheet.field("IsDefaultClass", "Yes" if any(notes.get(name) == "true" for name in DEFAULTS) else "No")
    sheet.field("Annotations", _joined(notes))
    sheet.field("Provisioner", obj.get("provisioner", ""))
    sheet.field("Parameters", _joined(obj.get("parameters")))
    allowed = obj.get("allowVolumeExpansion")
    sheet.field("AllowVolumeExpansion", "<unset>" if allowed is None else yes(allowed))
    if obj.get("mountOptions"):
        sheet.write("MountOptions:")
        for option in obj["mountOptions"]:
            sheet.write(option, 1)
    else:
        sheet.field("MountOptions", "<none>")
    if obj.get("reclaimPolicy"):
        sheet.field("ReclaimPolicy", obj["reclaimPolicy"])
    if obj.get("volumeBindingMode"):
        sheet.field("VolumeBindingMode", obj["volumeBindingMode"])
    if obj.get("allowedTopologies"):
        _topologies(sheet, obj["allowedTopologies"])
    about.events()


def _topologies(sheet: Sheet, terms: list[dict]) -> None:
    sheet.write("AllowedTopologies:\t")
    for i, term in enumerate(terms):
        lines = [f"{e['key']} in [{', '.join(e['values'])}]" for e in term.get("matchLabelExpressions") or ()]
        first, *rest = lines or ["<none>"]
        sheet.write(f"Term {i}:\t{first}", 1)
        for line in rest:
            sheet.write(f"\t{line}", 1)


def _joined(values: dict | None) -> str:
    """One comma-joined list (DESC-2)."""
    return ",".join(f"{k}={v}" for k, v in sorted((values or {}).items())) or "<none>"


def attributesclass(about: About) -> None:
    sheet = about.sheet
    sheet.field("Name", about.meta("name"))
    sheet.field("Annotations", _joined(about.meta("annotations", {})))
    sheet.field("DriverName", about.object.get("driverName", ""))
    sheet.field("Parameters", _joined(about.object.get("parameters")))
    about.events()


def csinode(about: About) -> None:
    sheet = about.sheet
    sheet.field("Name", about.meta("name"))
    about.marks()
    sheet.field("CreationTimestamp", moment(about.meta("creationTimestamp")))
    sheet.write("Spec:")
    drivers = about.get("spec.drivers") or []
    if drivers:
        sheet.write("Drivers:", 1)
        for driver in drivers:
            sheet.write(f"{driver['name']}:", 2)
            sheet.field("Node ID", driver.get("nodeID", ""), 3)
            if get(driver, "allocatable.count") is not None:
                sheet.write("Allocatables:", 3)
                sheet.field("Count", driver["allocatable"]["count"], 4)
            if driver.get("topologyKeys"):
                sheet.field("Topology Keys", go_list(driver["topologyKeys"]), 3)
    about.events()
