"""What `kubectl exec`, `attach` and `logs` reach: the containers of the simulated nodes (API-73, API-74)."""
from .logs import logs
from .reach import exec, machine, run_of
from .run import Result
from .terminal import Session, attach, session

__all__ = ["Result", "Session", "attach", "exec", "logs", "machine", "run_of", "session"]
