"""What `kubectl exec`, `attach` and `logs` reach: the containers of the simulated nodes (API-73, API-74)."""
from .logs import logs
from .reach import exec, machine
from .terminal import session

__all__ = ["exec", "logs", "machine", "session"]
