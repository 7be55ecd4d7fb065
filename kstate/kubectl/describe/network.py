"""Services, Endpoints, EndpointSlices (DESC-40)."""
from __future__ import annotations

from .text import About, Sheet

SHOWN = 3           # addresses of a port; the rest is counted


def service(about: About) -> None:
    sheet, spec = about.sheet, about.object["spec"]
    sheet.field("Name", about.meta("name"))
    sheet.field("Namespace", about.meta("namespace"))
    about.marks()
    sheet.field("Selector", ",".join(f"{k}={v}" for k, v in sorted((spec.get("selector") or {}).items())) or "<none>")
    sheet.field("Type", spec.get("type", ""))
    if spec.get("ipFamilyPolicy"):
        sheet.field("IP Family Policy", spec["ipFamilyPolicy"])
    sheet.field("IP Families", ",".join(spec.get("ipFamilies") or ()) or "<none>")
    sheet.field("IP", spec.get("clusterIP", ""))
    sheet.field("IPs", ",".join(spec.get("clusterIPs") or ()) or "<none>")
    if spec.get("externalIPs"):
        sheet.field("External IPs", ",".join(spec["externalIPs"]))
    if spec.get("loadBalancerIP"):
        sheet.field("Desired LoadBalancer IP", spec["loadBalancerIP"])
    if spec.get("externalName"):
        sheet.field("External Name", spec["externalName"])
    ingress = about.get("status.loadBalancer.ingress") or []
    if ingress:
        sheet.field("LoadBalancer Ingress", ", ".join(i.get("ip") or i.get("hostname", "") for i in ingress))
    _ports(about, spec.get("ports") or [])
    sheet.field("Session Affinity", spec.get("sessionAffinity", ""))
    for title, name in (("External Traffic Policy", "externalTrafficPolicy"), ("Internal Traffic Policy", "internalTrafficPolicy"),
                        ("HealthCheck NodePort", "healthCheckNodePort")):
        if spec.get(name):
            sheet.field(title, spec[name])
    if spec.get("loadBalancerSourceRanges"):
        sheet.field("LoadBalancer Source Ranges", ",".join(spec["loadBalancerSourceRanges"]))
    about.events()


def _ports(about: About, ports: list[dict]) -> None:
    slices = about.related("endpointslices", labelSelector=f"kubernetes.io/service-name={about.meta('name')}")
    for port in ports:
        name = port.get("name") or "<unset>"
        about.sheet.write(f"Port:\t{name}\t{port['port']}/{port.get('protocol', '')}")
        about.sheet.write(f"TargetPort:\t{port.get('targetPort', 0)}/{port.get('protocol', '')}")
        if port.get("nodePort"):
            about.sheet.write(f"NodePort:\t{name}\t{port['nodePort']}/{port.get('protocol', '')}")
        about.sheet.field("Endpoints", _addresses(slices, port.get("name", "")))


def _addresses(slices: list[dict], port: str) -> str:
    """ip:port of the ready endpoints, three of them; the note of more comes with any further endpoint, ready or not."""
    if not slices:
        return "<none>"
    shown, count, more = [], 0, False
    for part in slices:
        ports = part.get("ports") or []
        for number in [p["port"] for p in ports if (p.get("name") or "") == port] if ports else [None]:
            for endpoint in part.get("endpoints") or ():
                if len(shown) == SHOWN:
                    more = True
                if (endpoint.get("conditions") or {}).get("ready", True):
                    for address in endpoint["addresses"]:
                        if len(shown) < SHOWN:
                            shown.append(address if number is None else f"{address}:{number}")
                        count += 1
    return ",".join(shown) + (f" + {count - SHOWN} more..." if more else "")


def endpoints(about: About) -> None:
    sheet = about.sheet
    about.head()
    subsets = about.object.get("subsets") or []
    sheet.write("Subsets:")
    for subset in subsets:
        for title, name in (("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")):
            sheet.field(f"  {title}", ",".join(a["ip"] for a in subset.get(name) or ()) or "<none>")
        _port_table(sheet, subset.get("ports") or [], 1)
        sheet.write("")
    about.events()


def _port_table(sheet: Sheet, ports: list[dict], level: int) -> None:
    if not ports:
        return
    sheet.write("Ports:", level)
    sheet.write("Name\tPort\tProtocol", level + 1)
    sheet.write("----\t----\t--------", level + 1)
    for port in ports:
        sheet.write(f"{port.get('name') or '<unset>'}\t{port['port']}\t{port.get('protocol', '')}", level + 1)


def endpointslice(about: About) -> None:
    sheet = about.sheet
    about.head()
    sheet.field("AddressType", about.object.get("addressType", ""))
    ports = about.object.get("ports") or []
    if ports:
        _port_table(sheet, ports, 0)
    else:
        sheet.write("Ports: <unset>")
    endpoints = about.object.get("endpoints") or []
    if not endpoints:
        sheet.write("Endpoints: <none>")
    else:
        sheet.write("Endpoints:")
    for endpoint in endpoints:
        _endpoint(sheet, endpoint)
    about.events()


def _endpoint(sheet: Sheet, endpoint: dict) -> None:
    sheet.field("- Addresses", ", ".join(endpoint["addresses"]), 1)
    sheet.write("Conditions:", 2)
    ready = (endpoint.get("conditions") or {}).get("ready")
    sheet.field("Ready", "<unset>" if ready is None else str(ready).lower(), 3)
    sheet.field("Hostname", endpoint.get("hostname") or "<unset>", 2)
    if endpoint.get("targetRef"):
        sheet.field("TargetRef", f"{endpoint['targetRef'].get('kind', '')}/{endpoint['targetRef'].get('name', '')}", 2)
    sheet.field("NodeName", endpoint.get("nodeName") or "<unset>", 2)
    sheet.field("Zone", endpoint.get("zone") or "<unset>", 2)
    if endpoint.get("deprecatedTopology"):
        sheet.labels("Topology", endpoint["deprecatedTopology"], "    ")
