"""Containers, in a pod and in a template (DESC-22)."""
from __future__ import annotations

from typing import Any

from ...world import get
from .text import Sheet, moment, yes


def containers(sheet: Sheet, title: str, spec: list[dict], statuses: list[dict] | None = None, pod: dict | None = None,
               indent: str = "") -> None:
    """indent: "  " in a template.  pod: what fieldRefs are looked up in."""
    if not spec:
        sheet.write(f"{indent}{title}: <none>")
        return
    sheet.write(f"{indent}{title}:")
    known = {status["name"]: status for status in statuses or ()}
    for container in spec:
        sheet.write(f"{' ' if indent else ''}{container['name']}:", 1)
        _basics(sheet, container, known.get(container["name"]))
        _resources(sheet, container.get("resources") or {})
        for name in ("liveness", "readiness", "startup"):
            if container.get(f"{name}Probe"):
                sheet.field(name.capitalize(), probe(container[f"{name}Probe"]), 2)
        _environment(sheet, container, pod)
        _mounts(sheet, container)


def _basics(sheet: Sheet, container: dict, status: dict | None) -> None:
    if status:
        sheet.field("Container ID", status.get("containerID", ""), 2)
    sheet.field("Image", container.get("image", ""), 2)
    if status:
        sheet.field("Image ID", status.get("imageID", ""), 2)
    ports = container.get("ports") or []
    plural = "s" if len(ports) > 1 else ""
    sheet.field(f"Port{plural}", ", ".join(f"{p['containerPort']}/{p.get('protocol', '')}" for p in ports) or "<none>", 2)
    sheet.field(f"Host Port{plural}", ", ".join(f"{p.get('hostPort', 0)}/{p.get('protocol', '')}" for p in ports) or "<none>", 2)
    for name in ("command", "args"):
        if container.get(name):
            sheet.write(f"{name.capitalize()}:", 2)
            for word in container[name]:
                for line in word.split("\n"):
                    sheet.write(line, 3)
    if status:
        _state(sheet, "State", status.get("state") or {})
        if get(status, "lastState.terminated"):
            _state(sheet, "Last State", status["lastState"])
        sheet.field("Ready", yes(status.get("ready")), 2)
        sheet.field("Restart Count", status.get("restartCount", 0), 2)


def _state(sheet: Sheet, title: str, state: dict) -> None:
    if "running" in state:
        sheet.field(title, "Running", 2)
        sheet.field("Started", moment(state["running"].get("startedAt")), 3)
    elif "terminated" in state:
        ended = state["terminated"]
        sheet.field(title, "Terminated", 2)
        for name in ("reason", "message"):
            if ended.get(name):
                sheet.field(name.capitalize(), ended[name], 3)
        sheet.field("Exit Code", ended.get("exitCode", 0), 3)
        if ended.get("signal"):
            sheet.field("Signal", ended["signal"], 3)
        sheet.field("Started", moment(ended.get("startedAt")), 3)
        sheet.field("Finished", moment(ended.get("finishedAt")), 3)
    else:
        sheet.field(title, "Waiting", 2)
        if get(state, "waiting.reason"):
            sheet.field("Reason", state["waiting"]["reason"], 3)


def _resources(sheet: Sheet, resources: dict) -> None:
    for name in ("limits", "requests"):
        if resources.get(name):
            sheet.write(f"{name.capitalize()}:", 2)
            for resource, amount in sorted(resources[name].items()):
                sheet.field(resource, amount, 3)


def probe(spec: dict) -> str:
    """exec [cat /x] delay=5s timeout=1s period=10s #success=1 #failure=3"""
    delay, timeout, period, success, failure = (spec.get(name, 0) for name in (
        "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"))
    if "exec" in spec:
        how = f"exec [{' '.join(spec['exec'].get('command') or ())}]"
    elif "httpGet" in spec:
        http = spec["httpGet"]
        path = http.get("path", "")
        slash = "" if path.startswith("/") or not path else "/"
        how = f"http-get {http.get('scheme', 'HTTP').lower()}://{http.get('host', '')}:{http['port']}{slash}{path}"
    elif "tcpSocket" in spec:
        how = f"tcp-socket {spec['tcpSocket'].get('host', '')}:{spec['tcpSocket']['port']}"
    elif "grpc" in spec:
        how = f"grpc <pod>:{spec['grpc']['port']} {spec['grpc'].get('service') or ''}"
    else:
        how = "unknown"
    return f"{how} delay={delay}s timeout={timeout}s period={period}s #success={success} #failure={failure}"


def _environment(sheet: Sheet, container: dict, pod: dict | None) -> None:
    if container.get("envFrom"):
        sheet.write("Environment Variables from:", 2)
        for source in container["envFrom"]:
            kind = "ConfigMap" if "configMapRef" in source else "Secret"
            ref = source.get("configMapRef") or source.get("secretRef") or {}
            prefix = f" with prefix '{source['prefix']}'" if source.get("prefix") else ""
            sheet.write(f"{ref.get('name', '')}\t{kind}{prefix}\tOptional: {str(bool(ref.get('optional'))).lower()}", 3)
    if not container.get("env"):
        sheet.field("Environment", "<none>", 2)
        return
    sheet.write("Environment:", 2)
    for variable in container["env"]:
        first, *rest = _value(variable, container, pod).split("\n")
        sheet.field(variable["name"], first, 3)
        for line in rest:
            sheet.write(f"\t{line}", 3)


def _value(variable: dict, container: dict, pod: dict | None) -> str:
    source: dict[str, Any] = variable.get("valueFrom") or {}
    if "fieldRef" in source:
        ref = source["fieldRef"]
        return f"{_field(pod, ref['fieldPath'])} ({ref.get('apiVersion', 'v1')}:{ref['fieldPath']})"
    if "resourceFieldRef" in source:
        ref = source["resourceFieldRef"]
        return f"{_resource(container, ref['resource'])} ({ref['resource']})"
    for name, text in (("secretKeyRef", "<set to the key '{}' in secret '{}'>"),
                       ("configMapKeyRef", "<set to the key '{}' of config map '{}'>")):
        if name in source:
            ref = source[name]
            return text.format(ref["key"], ref.get("name", "")) + f"\tOptional: {str(bool(ref.get('optional'))).lower()}"
    return variable.get("value", "")


def _field(pod: dict | None, path: str) -> str:
    """What a fieldRef yields for this pod, as far as descriptions go."""
    if pod is None:
        return ""
    if path.endswith("']") and "['" in path:
        where, _, key = path[:-2].partition("['")
        return (get(pod, where) or {}).get(key, "")
    value = get(pod, path, "")
    return value if isinstance(value, str) else ""


def _resource(container: dict, name: str) -> str:
    side, _, resource = name.partition(".")
    return str((get(container, f"resources.{side}") or {}).get(resource, "0"))


def _mounts(sheet: Sheet, container: dict) -> None:
    mounts = container.get("volumeMounts") or []
    if not mounts:
        sheet.field("Mounts", "<none>", 2)
    else:
        sheet.write("Mounts:", 2)
        for mount in sorted(mounts, key=lambda m: m["mountPath"]):
            sub = f',path="{mount["subPath"]}"' if mount.get("subPath") else ""
            sheet.write(f"{mount['mountPath']} from {mount['name']} ({'ro' if mount.get('readOnly') else 'rw'}{sub})", 3)
    if container.get("volumeDevices"):
        sheet.write("Devices:", 2)
        for device in sorted(container["volumeDevices"], key=lambda d: d["devicePath"]):
            sheet.write(f"{device['devicePath']} from {device['name']}", 3)
