"""A decoder for the protobuf bodies that kubectl's generator commands send (KCTL-31, KCTL-70, KCTL-71).

`kubectl create namespace x` does not fall back to JSON.  Only the messages of those commands are known: one line each,
`number name type`, where a type is str, int, bool, bytes, another message, [type] for a list, {type} for a map.
"""
from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from functools import cache
from typing import Any

from ..errors import BadRequest

MAGIC = b"k8s\0"
POINTERS = {"replicas", "controller", "blockOwnerDeletion", "immutable", "automountServiceAccountToken", "gracePeriodSeconds", "orphanDependents",
            "minReadySeconds", "value"}      # where a zero that was sent means something

MESSAGES = """
Unknown: 1 typeMeta TypeMeta, 2 raw bytes, 3 contentEncoding str, 4 contentType str
TypeMeta: 1 apiVersion str, 2 kind str
ObjectMeta: 1 name str, 2 generateName str, 3 namespace str, 5 uid str, 6 resourceVersion str, 7 generation int, 8 creationTimestamp Time, 11 labels {str}, 12 annotations {str}, 13 ownerReferences [OwnerReference], 14 finalizers [str]
OwnerReference: 1 kind str, 3 name str, 4 uid str, 5 apiVersion str, 6 controller bool, 7 blockOwnerDeletion bool
LabelSelector: 1 matchLabels {str}, 2 matchExpressions [Requirement]
Requirement: 1 key str, 2 operator str, 3 values [str]
DeleteOptions: 1 gracePeriodSeconds int, 2 preconditions Preconditions, 3 orphanDependents bool, 4 propagationPolicy str, 5 dryRun [str]
Preconditions: 1 uid str, 2 resourceVersion str
Namespace: 1 metadata ObjectMeta, 2 spec NamespaceSpec
NamespaceSpec: 1 finalizers [str]
ConfigMap: 1 metadata ObjectMeta, 2 data {str}, 3 binaryData {bytes}, 4 immutable bool
Secret: 1 metadata ObjectMeta, 2 data {bytes}, 3 type str, 4 stringData {str}, 5 immutable bool
ServiceAccount: 1 metadata ObjectMeta, 4 automountServiceAccountToken bool
Service: 1 metadata ObjectMeta, 2 spec ServiceSpec
ServiceSpec: 1 ports [ServicePort], 2 selector {str}, 3 clusterIP str, 4 type str, 5 externalIPs [str], 7 sessionAffinity str, 8 loadBalancerIP str, 10 externalName str, 11 externalTrafficPolicy str, 13 publishNotReadyAddresses bool, 17 ipFamilyPolicy str, 18 clusterIPs [str], 19 ipFamilies [str], 22 internalTrafficPolicy str
ServicePort: 1 name str, 2 protocol str, 3 port int, 4 targetPort IntOrString, 5 nodePort int, 6 appProtocol str
IntOrString: 1 type int, 2 intVal int, 3 strVal str
Deployment: 1 metadata ObjectMeta, 2 spec DeploymentSpec
DeploymentSpec: 1 replicas int, 2 selector LabelSelector, 3 template PodTemplateSpec, 4 strategy DeploymentStrategy, 5 minReadySeconds int, 6 revisionHistoryLimit int, 7 paused bool, 9 progressDeadlineSeconds int
DeploymentStrategy: 1 type str, 2 rollingUpdate RollingUpdate
RollingUpdate: 1 maxUnavailable IntOrString, 2 maxSurge IntOrString
PodTemplateSpec: 1 metadata ObjectMeta, 2 spec PodSpec
PodSpec: 2 containers [Container], 3 restartPolicy str, 4 terminationGracePeriodSeconds int, 6 dnsPolicy str, 7 nodeSelector {str}, 8 serviceAccountName str, 9 serviceAccount str, 10 nodeName str, 16 hostname str, 17 subdomain str, 19 schedulerName str, 20 initContainers [Container], 24 priorityClassName str
Container: 1 name str, 2 image str, 3 command [str], 4 args [str], 5 workingDir str, 6 ports [ContainerPort], 7 env [EnvVar], 8 resources ResourceRequirements, 14 imagePullPolicy str, 16 stdin bool, 17 stdinOnce bool, 18 tty bool
ContainerPort: 1 name str, 2 hostPort int, 3 containerPort int, 4 protocol str, 5 hostIP str
EnvVar: 1 name str, 2 value str
ResourceRequirements: 1 limits {Quantity}, 2 requests {Quantity}
Quantity: 1 string str
PodDisruptionBudget: 1 metadata ObjectMeta, 2 spec PodDisruptionBudgetSpec
PodDisruptionBudgetSpec: 1 minAvailable IntOrString, 2 selector LabelSelector, 3 maxUnavailable IntOrString, 4 unhealthyPodEvictionPolicy str
Eviction: 1 metadata ObjectMeta, 2 deleteOptions DeleteOptions
ResourceQuota: 1 metadata ObjectMeta, 2 spec ResourceQuotaSpec
ResourceQuotaSpec: 1 hard {Quantity}, 2 scopes [str]
PriorityClass: 1 metadata ObjectMeta, 2 value int, 3 globalDefault bool, 4 description str, 5 preemptionPolicy str
SelfSubjectAccessReview: 1 metadata ObjectMeta, 2 spec SelfSubjectAccessReviewSpec
SelfSubjectAccessReviewSpec: 1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes
ResourceAttributes: 1 namespace str, 2 verb str, 3 group str, 4 version str, 5 resource str, 6 subresource str, 7 name str
NonResourceAttributes: 1 path str, 2 verb str
SelfSubjectRulesReview: 1 metadata ObjectMeta, 2 spec SelfSubjectRulesReviewSpec
SelfSubjectRulesReviewSpec: 1 namespace str
SelfSubjectReview: 1 metadata ObjectMeta
"""


@cache
def _messages() -> dict[str, dict[int, tuple[str, str]]]:
    table = {}
    for line in filter(None, MESSAGES.splitlines()):
        name, _, fields = line.partition(": ")
        table[name] = {int(number): (field, type) for number, field, type in (f.split() for f in fields.split(", "))}
    return table


def decode(body: bytes) -> dict:
    """A request body -> the object as JSON.  Raises BadRequest for what is not protobuf or not known."""
    if not body.startswith(MAGIC):
        raise BadRequest("the body of the request was in an unknown format: no protobuf prefix")
    try:
        envelope = _message("Unknown", body[len(MAGIC):])
        meta = envelope.get("typeMeta", {})
        if meta.get("kind") not in _messages():
            raise BadRequest(f'no kind "{meta.get("kind", "")}" is registered for version "{meta.get("apiVersion", "")}" in protobuf')
        return {"apiVersion": meta.get("apiVersion", ""), "kind": meta["kind"], **_message(meta["kind"], envelope.get("raw", b""))}
    except (IndexError, UnicodeDecodeError) as error:
        raise BadRequest(f"unable to decode protobuf: {error}") from None


def _message(name: str, data: bytes) -> Any:
    fields, known, position = {}, _messages()[name], 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            raw, position = _varint(data, position)
        elif wire == 2:
            length, position = _varint(data, position)
            raw, position = data[position:position + length], position + length
            if len(raw) < length:
                raise IndexError("unexpected end")
        elif wire in (1, 5):
            raw, position = None, position + (8 if wire == 1 else 4)
        else:
            raise IndexError(f"wire type {wire}")
        if number in known and raw is not None:
            _set(fields, *known[number], raw)
    return _json_of(name, fields)


def _set(fields: dict, name: str, type: str, raw: Any) -> None:
    if type.startswith("["):
        fields.setdefault(name, []).append(_value(type[1:-1], raw))
    elif type.startswith("{"):
        key, value = _entry(type[1:-1], raw)
        fields.setdefault(name, {})[key] = value
    else:
        value = _value(type, raw)
        if value not in ("", 0, False, None) or name in POINTERS or name in ("raw", "intVal"):
            fields[name] = value


def _entry(type: str, data: bytes) -> tuple[str, Any]:
    key, value, position = "", _value(type, b"") if type != "int" else 0, 0
    while position < len(data):
        tag, position = _varint(data, position)
        length, position = _varint(data, position)
        raw, position = data[position:position + length], position + length
        if tag >> 3 == 1:
            key = raw.decode()
        else:
            value = _value(type, raw)
    return key, value


def _value(type: str, raw: Any) -> Any:
    if type == "str":
        return raw.decode()
    if type == "int":
        return raw - (1 << 64) if raw >> 63 else raw
    if type == "bool":
        return bool(raw)
    if type == "bytes":
        return raw
    if type == "Time":
        return _time(raw)
    return _message(type, raw)


def _time(raw: bytes) -> str | None:
    position, seconds = 0, 0
    while position < len(raw):
        tag, position = _varint(raw, position)
        value, position = _varint(raw, position)
        seconds = value if tag >> 3 == 1 else seconds
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if 0 < seconds < 1 << 40 else None


def _json_of(name: str, fields: dict) -> Any:
    """The messages that are something else in JSON, and bytes as base64."""
    if name == "IntOrString":
        return fields.get("strVal", "") if fields.get("type") else fields.get("intVal", 0)
    if name == "Quantity":
        return fields.get("string", "0")
    if name != "Unknown":
        for key, value in fields.items():
            if isinstance(value, dict) and any(isinstance(v, bytes) for v in value.values()):
                fields[key] = {k: b64encode(v).decode() for k, v in value.items()}
    return fields


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position
        if shift > 63:
            raise IndexError("varint too long")
