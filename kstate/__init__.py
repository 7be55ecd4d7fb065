"""kstate: Kubernetes' stateful side as a state machine, deterministic, steppable, rewindable, able to say why.

    from kstate import Cluster
"""
from __future__ import annotations

from importlib import import_module

PUBLIC = {"Cluster": "cluster", "Answer": "why", "ApiError": "errors", "Engine": "engine"}
__all__ = sorted(PUBLIC)       # noqa: PLE0605, a list all the same


def __getattr__(name: str):
    """A public name, imported when it is first asked for: `import kstate.labels` does not load the whole house."""
    if name not in PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{PUBLIC[name]}", __name__), name)
