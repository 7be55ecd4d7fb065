"""Probes and lifecycle hooks of containers: each does exactly one thing, and a probe does it again and again."""
from __future__ import annotations

from collections.abc import Callable

from ..errors import forbidden, invalid, required
from .fields import Errors, fill, nonnegative, one_of, port_or_name

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
HOOKS = ("postStart", "preStop")
HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")


def default(container: dict) -> None:
    """STS-4: times in seconds."""
    for name in PROBES:
        if name in container:
            fill(container[name], timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
            _default_handler(container[name])
    for hook in HOOKS:
        if hook in container.get("lifecycle", {}):
            _default_handler(container["lifecycle"][hook])


def _default_handler(handler: dict) -> None:
    if "httpGet" in handler:
        fill(handler["httpGet"], path="/", scheme="HTTP")
    if "grpc" in handler:
        handler["grpc"].setdefault("service", "")


def validate(container: dict, path: str) -> Errors:
    for hook in HOOKS:
        if hook in container.get("lifecycle", {}):
            yield from _handler(container["lifecycle"][hook], f"{path}.lifecycle.{hook}")
    for name in PROBES:
        if name in container:
            yield from _probe(container[name], f"{path}.{name}")
            if name != "readinessProbe" and container[name].get("successThreshold", 1) != 1:
                yield invalid(f"{path}.{name}.successThreshold", container[name]["successThreshold"], "must be 1")


def _probe(probe: dict, path: str) -> Errors:
    yield from _handler(probe, path)
    for field in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        yield from nonnegative(f"{path}.{field}", probe.get(field))


def _handler(handler: dict, path: str) -> Errors:
    """What a probe or a hook does: exactly one thing."""
    found = [name for name in HANDLERS if name in handler]
    if not found:
        yield required(path, "must specify a handler type")
    for name in found[:1]:
        yield from _ACTIONS.get(name, _anything)(handler[name], f"{path}.{name}")
    for name in found[1:]:
        yield forbidden(f"{path}.{name}", "may not specify more than 1 handler type")


def _exec(action: dict, path: str) -> Errors:
    if not action.get("command"):
        yield required(f"{path}.command")


def _http_get(action: dict, path: str) -> Errors:
    if not action.get("path"):
        yield required(f"{path}.path")
    yield from port_or_name(f"{path}.port", action.get("port", 0))
    yield from one_of(f"{path}.scheme", action.get("scheme"), ("HTTP", "HTTPS"))


def _port_only(action: dict, path: str) -> Errors:
    return port_or_name(f"{path}.port", action.get("port", 0))


def _anything(_action: dict, _path: str) -> Errors:
    yield from ()


_ACTIONS: dict[str, Callable[[dict, str], Errors]] = {"exec": _exec, "httpGet": _http_get, "tcpSocket": _port_only, "grpc": _port_only}
