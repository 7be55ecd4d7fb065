"""A decoder for the protobuf bodies that kubectl's generator commands send (KCTL-31, KCTL-70, KCTL-71).

`kubectl create namespace x` does not fall back to JSON.  Only the messages of those commands are known: the numbers of
their fields stand here, what the fields are is known from kinds/types.py.
"""
from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from functools import cache
from typing import Any

from ..errors import BadRequest
from ..kinds.types import Type, type_of

MAGIC = b"k8s\0"
LATEST = 1 << 37        # seconds since 1970: in the year 6325
VARINTS = ("bool", "int32", "int64")

NUMBERS = """
ObjectMeta: 1 name, 2 generateName, 3 namespace, 5 uid, 6 resourceVersion, 7 generation, 8 creationTimestamp, 9 deletionTimestamp,
    10 deletionGracePeriodSeconds, 11 labels, 12 annotations, 13 ownerReferences, 14 finalizers
OwnerReference: 1 kind, 3 name, 4 uid, 5 apiVersion, 6 controller, 7 blockOwnerDeletion
LabelSelector: 1 matchLabels, 2 matchExpressions
LabelSelectorRequirement: 1 key, 2 operator, 3 values
DeleteOptions: 1 gracePeriodSeconds, 2 preconditions, 3 orphanDependents, 4 propagationPolicy, 5 dryRun
Preconditions: 1 uid, 2 resourceVersion
Namespace: 1 metadata, 2 spec
NamespaceSpec: 1 finalizers
ConfigMap: 1 metadata, 2 data, 3 binaryData, 4 immutable
Secret: 1 metadata, 2 data, 3 type, 4 stringData, 5 immutable
ServiceAccount: 1 metadata, 4 automountServiceAccountToken
Service: 1 metadata, 2 spec
ServiceSpec: 1 ports, 2 selector, 3 clusterIP, 4 type, 5 externalIPs, 7 sessionAffinity, 8 loadBalancerIP, 9 loadBalancerSourceRanges,
    10 externalName, 11 externalTrafficPolicy, 12 healthCheckNodePort, 13 publishNotReadyAddresses, 17 ipFamilyPolicy, 18 clusterIPs,
    19 ipFamilies, 20 allocateLoadBalancerNodePorts, 21 loadBalancerClass, 22 internalTrafficPolicy, 23 trafficDistribution
ServicePort: 1 name, 2 protocol, 3 port, 4 targetPort, 5 nodePort, 6 appProtocol
Deployment: 1 metadata, 2 spec
DeploymentSpec: 1 replicas, 2 selector, 3 template, 4 strategy, 5 minReadySeconds, 6 revisionHistoryLimit, 7 paused,
    9 progressDeadlineSeconds
DeploymentStrategy: 1 type, 2 rollingUpdate
RollingUpdateDeployment: 1 maxUnavailable, 2 maxSurge
PodTemplateSpec: 1 metadata, 2 spec
PodSpec: 2 containers, 3 restartPolicy, 4 terminationGracePeriodSeconds, 6 dnsPolicy, 7 nodeSelector, 8 serviceAccountName,
    9 serviceAccount, 10 nodeName, 11 hostNetwork, 16 hostname, 17 subdomain, 19 schedulerName, 20 initContainers, 24 priorityClassName
Container: 1 name, 2 image, 3 command, 4 args, 5 workingDir, 6 ports, 7 env, 8 resources, 9 volumeMounts, 13 terminationMessagePath,
    14 imagePullPolicy, 16 stdin, 17 stdinOnce, 18 tty, 20 terminationMessagePolicy
ContainerPort: 1 name, 2 hostPort, 3 containerPort, 4 protocol, 5 hostIP
EnvVar: 1 name, 2 value
ResourceRequirements: 1 limits, 2 requests
VolumeMount: 1 name, 2 readOnly, 3 mountPath, 4 subPath
PodDisruptionBudget: 1 metadata, 2 spec
PodDisruptionBudgetSpec: 1 minAvailable, 2 selector, 3 maxUnavailable, 4 unhealthyPodEvictionPolicy
Eviction: 1 metadata, 2 deleteOptions
ResourceQuota: 1 metadata, 2 spec
ResourceQuotaSpec: 1 hard, 2 scopes
PriorityClass: 1 metadata, 2 value, 3 globalDefault, 4 description, 5 preemptionPolicy
"""


class Malformed(ValueError):
    """The bytes are no message of that type."""


@cache
def _numbers() -> dict[str, dict[int, str]]:
    """Message -> number -> name of the field (KCTL-71)."""
    table = {}
    for line in NUMBERS.replace("\n    ", " ").strip().splitlines():
        name, _, fields = line.partition(": ")
        table[name] = {int(number): field for number, field in (f.split() for f in fields.split(", "))}
    return table


def decode(body: bytes) -> dict:
    """A request body -> the object as JSON (KCTL-70).  Raises BadRequest for what is not protobuf or not known."""
    if not body.startswith(MAGIC):
        raise BadRequest("the body of the request was in an unknown format: it does not begin as protobuf of Kubernetes does")
    try:
        envelope = dict(_fields(body[len(MAGIC):]))         # 1: apiVersion and kind, 2: the object
        about = dict(_fields(_bytes(envelope.get(1, b""))))
        version, kind = (_bytes(about.get(number, b"")).decode() for number in (1, 2))
        if kind not in _numbers() or type_of(kind).version == "":
            raise BadRequest(f'no kind "{kind}" is registered for version "{version}" in protobuf')
        return {"apiVersion": version, "kind": kind, **_struct(type_of(kind), _bytes(envelope.get(2, b"")))}
    except (Malformed, UnicodeDecodeError) as error:
        raise BadRequest(f"unable to decode protobuf: {error}") from None


def _struct(type: Type, data: bytes) -> dict:
    decoded: dict[str, Any] = {}
    names = _numbers().get(type.name, {})
    for number, raw in _fields(data):
        field = type.fields.get(names.get(number, ""))
        if field is None:
            continue
        if field.type.form == "list":
            decoded.setdefault(field.name, []).append(_value(field.type.item, raw))
        elif field.type.form == "map":
            key, value = _entry(field.type.item, _bytes(raw))
            decoded.setdefault(field.name, {})[key] = value
        else:
            value = _value(field.type, raw)
            if value or not field.omit_empty and value is not None:     # zeros are sent where JSON would leave them out
                decoded[field.name] = value
    return decoded


def _entry(type: Type, data: bytes) -> tuple[str, Any]:
    """One entry of a map."""
    parts = dict(_fields(data))
    return _bytes(parts.get(1, b"")).decode(), _value(type, parts.get(2, 0 if type.form in VARINTS else b""))


def _value(type: Type, raw: int | bytes) -> Any:
    if type.form in VARINTS:
        if not isinstance(raw, int):
            raise Malformed(f"a number is expected for {type.go}")
        return bool(raw) if type.form == "bool" else raw - (1 << 64) if raw >> 63 else raw
    data = _bytes(raw)
    match type.form:
        case "struct":
            return _struct(type, data)
        case "bytes":
            return b64encode(data).decode()
        case "quantity":
            return _bytes(dict(_fields(data)).get(1, b"0")).decode()
        case "intOrString":
            parts = dict(_fields(data))             # 1: 0 for a number, 1 for a text; 2: the number; 3: the text
            return _bytes(parts.get(3, b"")).decode() if parts.get(1) else _value(type_of("int32"), parts.get(2, 0))
        case "time":
            seconds = dict(_fields(data)).get(1, 0)
            known = isinstance(seconds, int) and 0 < seconds < LATEST
            return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if known else None
        case _:
            return data.decode()


def _bytes(raw: int | bytes) -> bytes:
    if isinstance(raw, int):
        raise Malformed("a number stands where bytes are expected")
    return raw


def _fields(data: bytes):
    """(number, value) of every field of a message: an int of a varint, bytes of the rest."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        if tag & 7 == 0:
            raw, position = _varint(data, position)
        elif tag & 7 in (1, 2, 5):
            length, position = _varint(data, position) if tag & 7 == 2 else (8 if tag & 7 == 1 else 4, position)
            raw, position = data[position:position + length], position + length
            if position > len(data):
                raise Malformed("unexpected end")
        else:
            raise Malformed(f"wire type {tag & 7}")
        yield tag >> 3, raw


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(data) and shift < 70:
        value |= (data[position] & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if data[position - 1] < 0x80:
            return value, position
    raise Malformed("a number without an end")
