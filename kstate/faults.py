"""Faults that any client can cause by an annotation, and heal by removing it.

On a Pod or a pod template: NotReady, ImagePullBackOff, CrashLoopBackOff, Failed, Succeeded.  On a Node: NotReady, its
kubelet falls silent.
"""
from __future__ import annotations

FAULT = "kstate.dev/fault"


def fault(obj: dict) -> str:
    """The fault that an object carries, or ""."""
    return (obj["metadata"].get("annotations") or {}).get(FAULT, "")
