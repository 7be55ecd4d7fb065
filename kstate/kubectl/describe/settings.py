"""ConfigMaps, Secrets, ServiceAccounts, disruption budgets, priority classes."""
from __future__ import annotations

import base64

from ...labels import of
from .text import About


def configmap(about: About) -> None:
    sheet = about.sheet
    about.head()
    sheet.write("\nData\n====")
    for key, value in sorted((about.object.get("data") or {}).items()):
        sheet.write(f"{key}:\n----\n{value}\n")
    sheet.write("\nBinaryData\n====")
    for key, value in sorted((about.object.get("binaryData") or {}).items()):
        sheet.write(f"{key}: {len(base64.b64decode(value))} bytes")
    sheet.write("")
    about.events()


def secret(about: About) -> None:
    sheet = about.sheet
    about.head()
    sheet.write(f"\nType:\t{about.object.get('type', '')}")
    sheet.write("\nData\n====")
    for key, value in sorted((about.object.get("data") or {}).items()):
        sheet.field(key, f"{len(base64.b64decode(value))} bytes")


def serviceaccount(about: About) -> None:
    sheet = about.sheet
    about.head()
    for title, names in (("Image pull secrets:", about.object.get("imagePullSecrets")),
                         ("Mountable secrets: ", about.object.get("secrets")), ("Tokens:            ", None)):
        for name in [ref["name"] for ref in names or ()] or ["<none>"]:
            sheet.write(f"{title}\t{name}")
            title = " " * len(title)
    about.events()


def disruptionbudget(about: About) -> None:
    sheet, spec, status = about.sheet, about.object["spec"], about.object.get("status") or {}
    sheet.field("Name", about.meta("name"))
    sheet.field("Namespace", about.meta("namespace"))
    if "minAvailable" in spec:
        sheet.field("Min available", spec["minAvailable"])
    elif "maxUnavailable" in spec:
        sheet.field("Max unavailable", spec["maxUnavailable"])
    sheet.field("Selector", str(of(spec["selector"])) if spec.get("selector") else "<unset>")
    sheet.write("Status:")
    for title, name in (("Allowed disruptions", "disruptionsAllowed"), ("Current", "currentHealthy"), ("Desired", "desiredHealthy"),
                        ("Total", "expectedPods")):
        sheet.field(title, status.get(name, 0), 2)
    about.events()


def priorityclass(about: About) -> None:
    sheet = about.sheet
    sheet.field("Name", about.meta("name"))
    sheet.field("Value", about.object.get("value", 0))
    sheet.field("GlobalDefault", str(bool(about.object.get("globalDefault"))).lower())
    sheet.field("PreemptionPolicy", about.object.get("preemptionPolicy", ""))
    sheet.field("Description", about.object.get("description", ""))
    sheet.field("Annotations", ",".join(f"{k}={v}" for k, v in sorted(about.meta("annotations", {}).items())) or "<none>")
    about.events()
