"""The identity of a StatefulSet's pods: a name with an ordinal, a host name, labels (STS-36 to STS-41, STS-100)."""
from __future__ import annotations

from ..controllers.base import get, labels, name, namespace, ordinal, reference
from .revisions import template_of

POD_NAME, POD_INDEX = "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"
REVISION = "controller-revision-hash"


def slots(sts: dict) -> range:
    """The ordinals that the set wants: 0 .. replicas - 1, or from spec.ordinals.start on (STS-100)."""
    start = get(sts, "spec.ordinals.start", 0)
    return range(start, start + sts["spec"]["replicas"])


def pod_name(sts: dict, i: int) -> str:
    return f"{name(sts)}-{i}"                                                           # STS-36


def is_member(sts: dict, pod: dict) -> bool:
    """Whether the pod's name is one that this set gives (STS-41)."""
    return ordinal(pod) >= 0 and name(pod).rpartition("-")[0] == name(sts)


def revision(pod: dict) -> str:
    """The name of the ControllerRevision that the pod was made from."""
    return labels(pod).get(REVISION, "")


def identified(pod: dict) -> bool:
    """STS-41: of a member's labels only the one with its name is checked."""
    return labels(pod).get(POD_NAME) == name(pod)


def identity_labels(pod: dict) -> dict:
    return {POD_NAME: name(pod), POD_INDEX: str(ordinal(pod))}


def new_pod(sts: dict, i: int, revision: dict, volumes: list[dict]) -> dict:
    """The pod of an ordinal, from the template that a revision keeps."""
    template, own = template_of(revision), pod_name(sts, i)
    kept = {field: get(template, f"metadata.{field}") for field in ("annotations", "finalizers")}           # STS-38
    identity = {POD_NAME: own, POD_INDEX: str(i), REVISION: name(revision)}                                 # STS-37
    spec = {**template["spec"], "hostname": own, "subdomain": sts["spec"].get("serviceName"), "volumes": volumes}     # STS-40
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": own, "generateName": f"{name(sts)}-", "namespace": namespace(sts),
            "labels": {**(get(template, "metadata.labels") or {}), **identity},
            **{field: value for field, value in kept.items() if value},
            "ownerReferences": [reference(sts)]},                                                           # STS-39
        "spec": {field: value for field, value in spec.items() if value not in ("", None, [])}}
