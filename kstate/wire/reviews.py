"""What is asked and never stored: may I, who am I (KCTL-54).  Everybody may do everything here."""
from __future__ import annotations

from ..errors import MethodNotAllowed
from . import bodies
from .message import Request, Response, answer

RULES = {"resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
         "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}], "incomplete": False}
ANSWERS = {"SelfSubjectAccessReview": {"allowed": True}, "SelfSubjectRulesReview": RULES,
           "SelfSubjectReview": {"userInfo": {"username": "kstate", "groups": ["system:masters", "system:authenticated"]}}}


def review(request: Request, group: str, kind: str) -> Response:
    if request.method != "POST":
        raise MethodNotAllowed(f'{request.method.lower()} is not supported on resources of kind "{kind.lower()}s.{group}"')
    asked = bodies.value(request, kind)[0]
    spec = {"spec": asked["spec"]} if isinstance(asked, dict) and "spec" in asked else {}
    return answer({"kind": kind, "apiVersion": f"{group}/v1", "metadata": {}, **spec, "status": ANSWERS[kind]}, 201)
