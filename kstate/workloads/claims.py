"""The claims of a StatefulSet's pods: made before the pod, kept after it, and whose property they are (STS-46 to STS-53, STS-81 to STS-90).

A claim is never deleted here.  The retention policy only writes owner references; the garbage collector does the rest.
"""
from __future__ import annotations

from ..controllers.base import get, name, namespace, ordinal, put, reference, terminating, uid
from ..errors import AlreadyExists, ApiError, Internal
from .identity import pod_name, slots

CONFLICTING = ("PersistentVolumeClaim {} has a conflicting OwnerReference that acts as a manging controller, "
               "the retention policy is ignored for this claim")


# ---- claims and the volumes that mount them ---------------------------------------------------

def templates(sts: dict) -> list[dict]:
    return sts["spec"].get("volumeClaimTemplates") or []


def claim_name(sts: dict, template: dict, i: int) -> str:
    return f"{name(template)}-{pod_name(sts, i)}"                                       # STS-46


def new_claim(sts: dict, template: dict, i: int) -> dict:
    """STS-48: labels of the template, overlaid by those of the set's selector; no owner yet."""
    meta = {"name": claim_name(sts, template, i), "namespace": namespace(sts),
            "labels": {**(get(template, "metadata.labels") or {}), **(get(sts, "spec.selector.matchLabels") or {})}}
    if get(template, "metadata.annotations"):
        meta["annotations"] = template["metadata"]["annotations"]
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": template["spec"]}


def volumes(sts: dict, i: int, others: list[dict]) -> list[dict]:
    """One volume for each claim, then the others, unless their names are taken (STS-47, K-1)."""
    mine = [{"name": name(t), "persistentVolumeClaim": {"claimName": claim_name(sts, t, i)}} for t in templates(sts)]
    taken = [volume["name"] for volume in mine]
    return mine + [volume for volume in others if volume["name"] not in taken]


def mounted(sts: dict, pod: dict) -> bool:
    """Whether the pod has a volume for each of its claims."""
    found = {v["name"]: get(v, "persistentVolumeClaim.claimName") for v in pod["spec"].get("volumes") or ()}
    return all(found.get(name(t)) == claim_name(sts, t, ordinal(pod)) for t in templates(sts))


def existing(api, sts: dict, i: int) -> list[dict]:
    """The claims of an ordinal that there are."""
    found = (api.find("PersistentVolumeClaim", claim_name(sts, t, i), namespace(sts)) for t in templates(sts))
    return [claim for claim in found if claim is not None]


def ensure(api, sts: dict, i: int, because: str) -> None:
    """Make the claims of an ordinal that are missing; those that exist are used as they are (STS-49).

    Every claim is tried.  Raises one refusal for all: STS-51, and STS-52 for a claim that is being deleted."""
    refusals = []
    for template in templates(sts):
        claim = api.find("PersistentVolumeClaim", claim_name(sts, template, i), namespace(sts))
        if claim is None:
            refusals += _create(api, sts, new_claim(sts, template, i), pod_name(sts, i), because)
        elif terminating(claim):
            refusals.append(f"pvc {name(claim)} is being deleted")                      # STS-52
    if refusals:
        raise Internal(refusals[0] if len(refusals) == 1 else f"[{', '.join(refusals)}]")


def _create(api, sts: dict, claim: dict, pod: str, because: str) -> list[str]:
    """Make one claim and tell of it (STS-50); what was refused."""
    try:
        api.create(claim, because)
    except ApiError as error:
        if not isinstance(error, AlreadyExists):
            api.event(sts, "Warning", "FailedCreate",
                      f"Create Claim {name(claim)} for Pod {pod} in StatefulSet {name(sts)} failed error: {error.message}", "STS-50")
        return [f"failed to create PVC {name(claim)}: {error.message}"]
    api.event(sts, "Normal", "SuccessfulCreate", f"Create Claim {name(claim)} Pod {pod} in StatefulSet {name(sts)} success", "STS-50")
    return []


# ---- the retention policy ---------------------------------------------------------------------

def policy(sts: dict) -> tuple[str, str]:
    """(whenScaled, whenDeleted), each Retain or Delete."""
    retention = sts["spec"]["persistentVolumeClaimRetentionPolicy"]
    return retention["whenScaled"], retention["whenDeleted"]


def stale(api, sts: dict, i: int) -> str:
    """The name of a claim that still belongs to a former pod of this name, or "" (STS-86)."""
    if policy(sts)[0] == "Delete":
        former = ("v1", "Pod", pod_name(sts, i))
        for claim in existing(api, sts, i):
            if any((ref["apiVersion"], ref["kind"], ref["name"]) == former for ref in references(claim)):
                return name(claim)
    return ""


def follows_policy(api, sts: dict, pod: dict) -> bool:
    """Whether all claims of the pod that exist have the owners that the policy wants."""
    return all(wanted_references(sts, pod, claim) == references(claim) for claim in existing(api, sts, ordinal(pod)))


def follow_policy(api, sts: dict, pod: dict, because: str) -> None:
    """Write the owner references that the policy wants on the claims of a pod, as far as they exist (STS-81, STS-90)."""
    for claim in existing(api, sts, ordinal(pod)):
        if foreign(sts, pod, claim):
            api.event(sts, "Warning", "ConflictingController", CONFLICTING.format(name(claim)), "STS-87")
        wanted = wanted_references(sts, pod, claim)
        if wanted != references(claim):
            try:
                api.update(put(claim, "metadata.ownerReferences", wanted), because)
            except ApiError as error:
                raise Internal(f"could not update claim {name(claim)} for delete policy ownerRefs: {error.message}") from error


def owners(sts: dict, pod: dict) -> list[dict]:
    """Whose the claims of a pod are: nobody's, the set's or, once it is out of range, the pod's (STS-81)."""
    when_scaled, when_deleted = policy(sts)
    if when_scaled == "Delete" and ordinal(pod) not in slots(sts):
        return [pod]
    return [sts] if when_deleted == "Delete" else []


def wanted_references(sts: dict, pod: dict, claim: dict) -> list[dict]:
    """The owner references that a claim ought to have; other people's stay in front of ours (STS-82)."""
    have = references(claim)
    ours = [ref for ref in have if _names(ref, sts) or _names(ref, pod)]
    if any(ref["uid"] not in (uid(sts), uid(pod)) for ref in ours):
        return have                                                                     # STS-88
    wanted = [] if foreign(sts, pod, claim) else [reference(owner) for owner in owners(sts, pod)]
    if [(ref["uid"], ref.get("controller")) for ref in ours] == [(ref["uid"], True) for ref in wanted]:
        return have
    return [ref for ref in have if ref not in ours] + wanted


def foreign(sts: dict, pod: dict, claim: dict) -> bool:
    """Whether somebody else is the claim's controller; under Retain, Retain that is nobody's business (STS-87)."""
    if policy(sts) == ("Retain", "Retain"):
        return False
    return any(ref["uid"] not in (uid(sts), uid(pod)) and (ref.get("controller") or _names(ref, sts) or _names(ref, pod))
               for ref in references(claim))


def references(claim: dict) -> list[dict]:
    return claim["metadata"].get("ownerReferences") or []


def _names(ref: dict, owner: dict) -> bool:
    """Whether a reference names this owner, whatever its uid."""
    return (ref["apiVersion"], ref["kind"], ref["name"]) == (owner["apiVersion"], owner["kind"], name(owner))
