"""What is asked and never stored: may I, who am I (KCTL-54).  Everybody may do everything here."""
from __future__ import annotations

from ..errors import MethodNotAllowed
from .message import Request, Response, answer

RULES = {"resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
         "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}], "incomplete": False}
ANSWERS = {"SelfSubjectAccessReview": {"allowed": True}, "SelfSubjectRulesReview": RULES,
           "SelfSubjectReview": {"userInfo": {"username": "kstate", "groups": ["system:masters", "system:authenticated"]}}}


def review(request: Request, group: str, kind: str) -> Response:
    """KCTL-54."""
    if request.method != "POST":
        raise MethodNotAllowed(f'{request.method.lower()} is not supported on resources of kind "{kind.lower()}s.{group}"')
    return answer({"kind": kind, "apiVersion": f"{group}/v1", "metadata": {}, "status": ANSWERS[kind]}, 201)
