"""Probes: one attempt of a readiness, liveness or startup probe (KUB-46).  When it is made is the kubelet's matter."""
from __future__ import annotations

from ..world import get
from .machine import Machine
from .run import run


def probe(machine: Machine, spec: dict) -> tuple[bool, str]:
    """(whether it succeeded, the text of the Unhealthy event after "Readiness probe failed: ")."""
    machine.trust()
    if "httpGet" in spec:
        return _http(machine, spec["httpGet"])
    if "tcpSocket" in spec:
        return _tcp(machine, spec["tcpSocket"])
    if "exec" in spec:
        return _exec(machine, spec["exec"].get("command") or [], spec.get("timeoutSeconds", 1))
    return True, ""                     # grpc is not modelled


def _port(machine: Machine, port: int | str) -> int:
    """A port by its number or by its name in the container."""
    if isinstance(port, int):
        return port
    return next((p["containerPort"] for p in machine.container.get("ports") or () if p.get("name") == port), 0)


def _http(machine: Machine, spec: dict) -> tuple[bool, str]:
    host, port = spec.get("host") or get(machine.pod, "status.podIP", "127.0.0.1"), _port(machine, spec["port"])
    path = "/" + spec.get("path", "/").lstrip("/")
    url = f"{spec.get('scheme', 'HTTP').lower()}://{host}:{port}{path}"
    fetched = machine.network.fetch(machine, url)
    if fetched.connection.error:
        return _unanswered(machine, f'Get "{url}": dial tcp {host}:{port}: connect: {fetched.connection.error.lower()}')
    if fetched.response is None:
        return False, f'Get "{url}": EOF'
    status = fetched.response.status
    return 200 <= status < 400, "" if 200 <= status < 400 else f"HTTP probe failed with statuscode: {status}"


def _tcp(machine: Machine, spec: dict) -> tuple[bool, str]:
    host, port = spec.get("host") or get(machine.pod, "status.podIP", "127.0.0.1"), _port(machine, spec["port"])
    error = machine.network.connect(machine, host, port).error
    return _unanswered(machine, f"dial tcp {host}:{port}: connect: {error.lower()}") if error else (True, "")


def _unanswered(machine: Machine, text: str) -> tuple[bool, str]:
    """Nothing that is modelled listens there; something else may."""
    return (True, "") if machine.trusting else (False, text)


def _exec(machine: Machine, command: list[str], timeout: int) -> tuple[bool, str]:
    machine.horizon_ms = machine.elapsed_ms + timeout * 1000
    result = run(machine, command)
    if machine.elapsed_ms >= machine.horizon_ms or result.code == 124:
        return False, f'command "{" ".join(command)}" timed out'
    return result.code == 0, "" if result.code == 0 else result.terminal.rstrip("\n")
