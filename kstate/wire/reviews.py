"""What is asked and never stored: may I, who am I (KCTL-54).  Everybody may do everything here."""
from __future__ import annotations

from .message import Request, Response, answer

ALL = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]


def review(wire, request: Request, kind: str) -> Response:
    group = "authentication.k8s.io" if kind == "SelfSubjectReview" else "authorization.k8s.io"
    body = wire.raw_body(request, kind)[0] or {}
    status = {
        "SelfSubjectAccessReview": {"allowed": True},
        "SelfSubjectRulesReview": {"resourceRules": ALL, "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}], "incomplete": False},
        "SelfSubjectReview": {"userInfo": {"username": "kstate", "groups": ["system:masters", "system:authenticated"]}},
    }[kind]
    return answer({"kind": kind, "apiVersion": f"{group}/v1", "metadata": {}, "spec": body.get("spec") or {}, "status": status}, 201)
