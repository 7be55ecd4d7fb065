"""Namespaces, quotas, limit ranges (DESC-61)."""
from __future__ import annotations

from .text import About, Sheet, moment


def namespace(about: About) -> None:
    sheet = about.sheet
    about.head(namespace=False)
    sheet.field("Status", about.get("status.phase", ""))
    conditions = about.get("status.conditions") or []
    if conditions:
        sheet.write("Conditions:")
        sheet.write("Type\tStatus\tLastTransitionTime\tReason\tMessage", 1)
        sheet.write("----\t------\t------------------\t------\t-------", 1)
        for c in conditions:
            since = moment(c.get("lastTransitionTime"))
            sheet.write("\t".join((c["type"], c["status"], since, c.get("reason", ""), c.get("message", ""))), 1)
    quotas = about.related("resourcequotas", about.meta("name"))
    sheet.write("")
    sheet.write("Resource Quotas" if quotas else "No resource quota.")
    for quota in quotas:
        sheet.field("  Name", quota["metadata"]["name"])
        _usage(sheet, quota, 1, "---")
    ranges = about.related("limitranges", about.meta("name"))
    sheet.write("")
    sheet.write("Resource Limits" if ranges else "No LimitRange resource.")
    if ranges:
        _limit_head(sheet, " ")
    for item in ranges:
        _limits(sheet, item, " ")


def quota(about: About) -> None:
    about.sheet.field("Name", about.meta("name"))
    about.sheet.field("Namespace", about.meta("namespace"))
    if about.get("spec.scopes"):
        about.sheet.field("Scopes", ", ".join(about.get("spec.scopes")))
    _usage(about.sheet, about.object, 0, "----")


def _usage(sheet: Sheet, quota: dict, level: int, dashes: str) -> None:
    status = quota.get("status") or {}
    hard, used = status.get("hard") or {}, status.get("used") or {}
    sheet.write("Resource\tUsed\tHard", level)
    sheet.write(f"--------\t{dashes}\t{dashes}", level)
    for name in sorted(hard):
        sheet.write(f"{name}\t{used.get(name, '0')}\t{hard[name]}", level)


def limit_range(about: About) -> None:
    about.sheet.field("Name", about.meta("name"))
    about.sheet.field("Namespace", about.meta("namespace"))
    _limit_head(about.sheet, "")
    _limits(about.sheet, about.object, "")


def _limit_head(sheet: Sheet, indent: str) -> None:
    sheet.write(f"{indent}Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio")
    sheet.write(f"{indent}----\t--------\t---\t---\t---------------\t-------------\t-----------------------")


def _limits(sheet: Sheet, item: dict, indent: str) -> None:
    sides = ("min", "max", "defaultRequest", "default", "maxLimitRequestRatio")
    for limit in item["spec"].get("limits") or ():
        for resource in sorted({name for side in sides for name in limit.get(side) or ()}):
            sheet.write("\t".join((f"{indent}{limit['type']}", resource, *((limit.get(side) or {}).get(resource, "-") for side in sides))))
