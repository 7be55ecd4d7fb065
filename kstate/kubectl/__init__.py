"""kubectl in process: arguments in; stdout, stderr and exit code out.

    >>> kubectl(cluster, "get pods")
    NAME    READY   STATUS    RESTARTS   AGE
    web-0   1/1     Running   0          20s

The texts are those of kubectl 1.32.  Requests go over the REST wire, so that it also works on a real cluster; no socket,
thread, process or file is touched.  Where kubectl would wait, virtual time passes until the cluster comes to rest.
"""
from __future__ import annotations

import shlex
from collections.abc import Callable, MutableMapping
from typing import Any

from ..engine import Unsettled
from ..errors import ApiError
from ..node.process import Input
from .args import Failure
from .commands import HelpOn, commands, parse
from .completion import complete
from .errors import Several, code_of, text_of
from .help import help_on
from .result import Result
from .session import Session
from .tables import Table
from .verbs import VERBS

__all__ = ["Result", "Table", "commands", "complete", "kubectl"]


def kubectl(cluster: Any, command: str | list[str], stdin: str | Callable[[], str] = "", *, files: MutableMapping[str, str] | None = None,
            tables: list[Table] | None = None, settle: bool = True) -> Result:
    """Run a command on a cluster (a kstate.cluster.Cluster) and say what it printed; never raises for a bad command.

    command: a text, split as a shell does it, or a list of words; a leading "kubectl" may stand there.
    stdin: what -f - and a shell in a container read, or how to read it when it is wanted.
    files: what -f and --from-file may name, and where `cp` writes to.
    tables: a list to which each table among what is printed is added, cell by cell.
    settle: after a command that changed the cluster, what happens soon happens (Engine.follow_up); without, it is left to
    the caller."""
    try:
        words = shlex.split(command) if isinstance(command, str) else list(command)
    except ValueError as error:
        return Result("", f"kubectl: {error}\n", 2)
    if words[:1] == ["kubectl"]:
        del words[0]
    session = Session(cluster, shlex.join(["kubectl", *words]), stdin if callable(stdin) else Input(stdin).read, {} if files is None else files)
    result = cluster.inside(lambda: _run(session, words, settle))
    if tables is not None:
        tables += session.tables
    return result


def _run(session: Session, words: list[str], settle: bool) -> Result:
    code = 0
    try:
        session.command, session.args = parse(words)
        if "record" in session.args.given:
            session.complain("Flag --record has been deprecated, --record will be removed in the future")
        code = VERBS[session.command.path](session, session.args) or 0
    except HelpOn as wanted:
        session.say(help_on(wanted.command), end="")
        code = wanted.code
    except (ApiError, Failure, Several) as error:
        session.complain(text_of(error))
        code = code_of(error)
    except Unsettled as error:
        session.complain(f"error: the cluster does not come to rest: {error}")
        code = 1
    if session.acted and session.engine is not None:
        if settle:
            session.engine.follow_up()
        session.cluster.history.unmark()
    return Result("".join(session.out), "".join(session.err), code)
