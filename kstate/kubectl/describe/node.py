"""Nodes (DESC-60)."""
from __future__ import annotations

from fractions import Fraction

from ... import quantity
from ...errors import ApiError
from ...world import get
from .text import About, Sheet, moment

ROLE, OLD_ROLE = "node-role.kubernetes.io/", "kubernetes.io/role"
INFO = (("Machine ID", "machineID"), ("System UUID", "systemUUID"), ("Boot ID", "bootID"), ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"), ("Operating System", "operatingSystem"), ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"), ("Kubelet Version", "kubeletVersion"),
        ("Kube-Proxy Version", "kubeProxyVersion"))
SIDES = ("requests", "limits")
SHARED = ("cpu", "memory", "ephemeral-storage")         # what is shown with its share of the node


def node(about: About) -> None:
    sheet, spec, status = about.sheet, about.object.get("spec") or {}, about.object.get("status") or {}
    sheet.field("Name", about.meta("name"))
    sheet.field("Roles", _roles(about.meta("labels", {})))
    about.marks()
    sheet.field("CreationTimestamp", moment(about.meta("creationTimestamp")))
    _taints(sheet, spec.get("taints") or [])
    sheet.field("Unschedulable", str(bool(spec.get("unschedulable"))).lower())
    _lease(about)
    _conditions(sheet, status.get("conditions") or [])
    sheet.write("Addresses:")
    for address in status.get("addresses") or ():
        sheet.field(f"  {address['type']}", address["address"])
    for title in ("Capacity", "Allocatable"):
        if status.get(title.lower()):
            sheet.write(f"{title}:")
            for name, amount in sorted(status[title.lower()].items()):
                sheet.field(f"  {name}", amount)
    sheet.write("System Info:")
    for title, name in INFO:
        sheet.field(f"  {title}", get(status, f"nodeInfo.{name}", ""))
    if spec.get("podCIDR"):
        sheet.field("PodCIDR", spec["podCIDR"])
    if spec.get("podCIDRs"):
        sheet.field("PodCIDRs", ",".join(spec["podCIDRs"]))
    if spec.get("providerID"):
        sheet.field("ProviderID", spec["providerID"])
    _pods(about, status.get("allocatable") or status.get("capacity") or {})
    about.events(name=about.meta("name"), kind="Node")


def _roles(labels: dict) -> str:
    roles = {key.removeprefix(ROLE): None for key in labels if key.startswith(ROLE) and key != ROLE}
    if labels.get(OLD_ROLE):
        roles[labels[OLD_ROLE]] = None
    return ",".join(sorted(roles)) or "<none>"


def _taints(sheet: Sheet, taints: list[dict]) -> None:
    texts = sorted(f"{t['key']}{'=' + t['value'] if t.get('value') else ''}:{t['effect']}" for t in taints)
    first, *rest = texts or ["<none>"]
    sheet.field("Taints", first)
    for text in rest:
        sheet.write(f"\t{text}")


def _lease(about: About) -> None:
    resource = about.session.discovery.named("leases")
    try:
        lease = about.session.ask("GET", resource.path("kube-node-lease", about.meta("name")))
    except ApiError as error:
        about.sheet.field("Lease", f"Failed to get lease: {error.message}")
        return
    about.sheet.write("Lease:")
    spec = lease.get("spec") or {}
    about.sheet.field("  HolderIdentity", spec.get("holderIdentity", "<unset>"))
    for title, name in (("AcquireTime", "acquireTime"), ("RenewTime", "renewTime")):
        about.sheet.field(f"  {title}", moment(spec[name]) if spec.get(name) else "<unset>")


def _conditions(sheet: Sheet, conditions: list[dict]) -> None:
    if not conditions:
        return
    sheet.write("Conditions:")
    sheet.write("Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage", 1)
    sheet.write("----\t------\t-----------------\t------------------\t------\t-------", 1)
    for c in conditions:
        sheet.write(f"{c['type']} \t{c['status']} \t{moment(c.get('lastHeartbeatTime'))} \t{moment(c.get('lastTransitionTime'))} \t"
                    f"{c.get('reason', '')} \t{c.get('message', '')}", 1)


# ---- what the pods take ---------------------------------------------------------------------------

def _pods(about: About, allocatable: dict) -> None:
    sheet = about.sheet
    here = f"spec.nodeName={about.meta('name')},status.phase!=Failed,status.phase!=Succeeded"
    pods = about.related("pods", "", fieldSelector=here, limit="500")
    sheet.field("Non-terminated Pods", f"({len(pods)} in total)")
    sheet.write("Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge", 1)
    sheet.write("---------\t----\t\t------------\t----------\t---------------\t-------------\t---", 1)
    for pod in pods:
        shares = [_share(_asked(pod, side, resource), resource, allocatable) for resource in ("cpu", "memory") for side in SIDES]
        meta = pod["metadata"]
        sheet.write("\t".join((meta["namespace"], meta["name"], "", *shares, about.session.age(meta.get("creationTimestamp")))), 1)
    sheet.write("Allocated resources:")
    sheet.write("(Total limits may be over 100 percent, i.e., overcommitted.)", 1)
    sheet.write("Resource\tRequests\tLimits", 1)
    sheet.write("--------\t--------\t------", 1)
    extended = sorted(name for name in allocatable if name not in (*SHARED, "pods") and not name.startswith("hugepages-"))
    for resource in (*SHARED, *sorted(name for name in allocatable if name.startswith("hugepages-"))):
        sums = [_sum([_asked(pod, side, resource) for pod in pods]) for side in SIDES]
        sheet.write("\t".join((resource, *(_share(amount, resource, allocatable) for amount in sums))), 1)
    for resource in extended:
        sums = [_sum([_asked(pod, side, resource) for pod in pods]) for side in SIDES]
        sheet.write("\t".join((resource, *map(_text, sums))), 1)


Amount = tuple[Fraction, str]           # how much, and the family of its suffix
NONE: Amount = (Fraction(0), "decimal")


def _asked(pod: dict, side: str, resource: str) -> Amount:
    """What the containers of a pod request together; an init container counts where it alone asks for more."""
    amounts = [_amount(get(c, f"resources.{side}") or {}, resource) for c in pod["spec"]["containers"]]
    first = [_amount(get(c, f"resources.{side}") or {}, resource) for c in pod["spec"].get("initContainers") or ()]
    return max([_sum(amounts), *first], key=lambda a: a[0])


def _amount(amounts: dict, resource: str) -> Amount:
    if resource not in amounts:
        return NONE
    parsed = quantity.parse(amounts[resource])
    return parsed.amount, parsed.family


def _sum(amounts: list[Amount]) -> Amount:
    family = next((family for amount, family in amounts if amount), "decimal")
    return sum((amount for amount, _ in amounts), Fraction(0)), family


def _text(amount: Amount) -> str:
    return quantity.emit(*amount)


def _share(amount: Amount, resource: str, allocatable: dict) -> str:
    whole = quantity.value(allocatable[resource]) if resource in allocatable else Fraction(0)
    return f"{_text(amount)} ({int(amount[0] * 100 / whole) if whole else 0}%)"
