"""Walks the syntax tree of a shell script and does what it says: one function for each kind of node.

Everything runs at once and in order: the left side of a pipe ends before the right side begins, `cmd &` is run where it
stands (the time it takes is counted by `wait`), a subshell is a copy.  Every command and every pass of a loop is a step.
"""
from __future__ import annotations

import re
from collections.abc import Callable

from .. import patterns
from ..machine import Forever, Limit, Unknown
from ..process import BrokenPipe, Buffer, Exit, Input
from . import expansion, syntax
from .builtins import BUILTINS, Leave
from .redirection import redirected
from .state import Shell, visits
from .syntax import Word


@visits(syntax.Simple)
def _simple(shell: Shell, node: syntax.Simple) -> int:
    shell.machine.step()
    shell.line = node.line
    if not node.words:
        shell.status = 0
    argv = expansion.arguments(shell, node.words)
    assignments = [(name, (shell.value(name) or "" if add else "") + expansion.text(shell, word)) for name, add, word in node.assignments]
    if shell.options["x"]:
        _trace(shell, argv, assignments)
    with redirected(shell, node.redirects) as possible:
        if not possible:
            code = 2 if shell.dialect == "dash" else 1
            if argv and argv[0] in BUILTINS and shell.dialect == "dash":
                raise Exit(code)
        elif argv and argv[0] == "exec" and len(argv) == 1:
            kept = dict(shell.fds)
            code = 0
        elif argv:
            code = shell.invoke(argv, assignments)
        else:
            for name, value in assignments:
                shell.assign(name, value)
            code = shell.status
    if possible and argv == ["exec"]:
        shell.fds = kept
    return _checked(shell, code)


def _checked(shell: Shell, code: int) -> int:
    """set -e: a command that fails ends the shell, unless it stands in a condition."""
    if code and shell.options["e"] and not shell.tested:
        raise Exit(code)
    return code


def _trace(shell: Shell, argv: list[str], assignments: list[tuple[str, str]]) -> None:
    quoted = argv if shell.dialect == "dash" else [a if re.fullmatch(r"[\w@%+=:,./\-\[\]]+", a) else "'" + a.replace("'", "'\\''") + "'" for a in argv]
    shell.err("+ " + " ".join([f"{name}={value}" for name, value in assignments] + quoted) + "\n")


@visits(syntax.Pipeline)
def _pipeline(shell: Shell, node: syntax.Pipeline) -> int:
    shell.tested += node.negated
    try:
        code = shell.execute(node.stages[0]) if len(node.stages) == 1 else _pipe(shell, node.stages)
    finally:
        shell.tested -= node.negated
    return int(code == 0) if node.negated else _checked(shell, code)


def _pipe(shell: Shell, stages: tuple) -> int:
    """Run the stages one after the other.  A stage that would not end is cut when nothing more fits into the pipe; that is
    an error only if the next one wants more."""
    source, cut, code = shell.fds[0], None, 0
    for stage in stages[:-1]:
        steps, buffer = shell.machine.steps, Buffer(BrokenPipe())
        try:
            code = shell.subshell(stage, f0=source, f1=buffer) or code
        except BrokenPipe:
            cut = Limit("stopped: a command in a pipe wrote without end")
        except (Limit, Forever) as limit:
            cut, shell.machine.steps = limit, max(shell.machine.steps, steps // 2)
        source = Input(buffer.text())
    last = shell.subshell(stages[-1], f0=source)
    if cut and source.drained:
        raise cut
    return last or (code if shell.options["pipefail"] else 0)


@visits(syntax.AndOr)
def _and_or(shell: Shell, node: syntax.AndOr) -> int:
    """All but the last command are conditions."""
    commands = [("", node.first), *node.rest]
    code = 0
    for i, (operator, command) in enumerate(commands):
        if operator and (code == 0) != (operator == "&&"):
            continue
        last = i == len(commands) - 1
        shell.tested += not last
        try:
            code = shell.execute(command)
        finally:
            shell.tested -= not last
    return code


@visits(syntax.Sequence)
def _sequence(shell: Shell, node: syntax.Sequence) -> int:
    code = 0
    for command, background in node.items:
        code = _background(shell, command) if background else shell.execute(command)
    return code


def _background(shell: Shell, command) -> int:
    """`cmd &`: run it now; neither the time nor the steps that it takes, nor that it may never end, count here."""
    machine = shell.machine
    before, steps, naps = machine.elapsed_ms, machine.steps, machine.naps
    end: float = 0
    try:
        shell.subshell(command, f0=Input())
        end = machine.elapsed_ms
    except (Limit, Forever, Unknown):
        end = float("inf")
    machine.at(before)
    machine.steps, machine.naps = steps - 1, naps
    shell.busy_until = max(shell.busy_until, end)
    shell.vars["!"] = str(8 + steps % 1000)
    return 0


def _condition_of(shell: Shell, test: syntax.Sequence) -> bool:
    shell.tested += 1
    try:
        return shell.execute(test) == 0
    finally:
        shell.tested -= 1


@visits(syntax.If)
def _if(shell: Shell, node: syntax.If) -> int:
    for test, body in node.branches:
        if _condition_of(shell, test):
            return shell.execute(body)
    return shell.execute(node.otherwise) if node.otherwise else 0


def _passes(shell: Shell, more: Callable[[], bool], body, after: Callable[[], object] = lambda: None) -> int:
    """Execute a loop's body while there is more, with `break` and `continue`."""
    code = 0
    while more():
        shell.machine.step()
        try:
            code = shell.execute(body)
        except Leave as leave:
            if leave.what == "return":
                raise
            if leave.count > 1:
                raise Leave(leave.what, leave.count - 1) from None
            code = 0
            if leave.what == "break":
                break
        after()
    return code


@visits(syntax.Loop)
def _loop(shell: Shell, node: syntax.Loop) -> int:
    return _passes(shell, lambda: _condition_of(shell, node.test) != node.until, node.body)


@visits(syntax.For)
def _for(shell: Shell, node: syntax.For) -> int:
    values = list(shell.params) if node.words is None else expansion.arguments(shell, node.words)

    def more() -> bool:
        if values:
            shell.assign(node.name, values.pop(0))
            return True
        return False
    return _passes(shell, more, node.body)


@visits(syntax.CountingFor)
def _counting_for(shell: Shell, node: syntax.CountingFor) -> int:
    expansion.calculate(shell, node.start)
    return _passes(shell, lambda: not node.test.parts or expansion.calculate(shell, node.test) != 0, node.body,
                   lambda: expansion.calculate(shell, node.step))


@visits(syntax.Case)
def _case(shell: Shell, node: syntax.Case) -> int:
    subject = expansion.text(shell, node.word)
    for choices, body in node.branches:
        if any(re.fullmatch(expansion.pattern(shell, choice), subject, re.DOTALL) for choice in choices):
            return shell.execute(body)
    return 0


@visits(syntax.Function)
def _function(shell: Shell, node: syntax.Function) -> int:
    shell.functions[node.name] = node.body
    return 0


@visits(syntax.Redirected)
def _redirected(shell: Shell, node: syntax.Redirected) -> int:
    with redirected(shell, node.redirects) as possible:
        return _checked(shell, shell.execute(node.command) if possible else 1)


@visits(syntax.Condition)
def _condition(shell: Shell, node: syntax.Condition) -> int:
    return _checked(shell, 0 if _holds(shell, node.tree) else 1)


def _holds(shell: Shell, tree: tuple) -> bool:
    kind = tree[0]
    if kind == "and":
        return _holds(shell, tree[1]) and _holds(shell, tree[2])
    if kind == "or":
        return _holds(shell, tree[1]) or _holds(shell, tree[2])
    if kind == "not":
        return not _holds(shell, tree[1])
    _, operator, left, right = tree
    first = expansion.text(shell, left)
    if operator in ("=", "==", "!="):
        return bool(re.fullmatch(expansion.pattern(shell, right), first, re.DOTALL)) == (operator != "!=")
    if operator == "=~":
        found = _search(shell, right, first)
        groups = [found[0], *(g or "" for g in found.groups())] if found else []
        shell.vars.update({f"BASH_REMATCH[{i}]": group for i, group in enumerate(groups)})
        return found is not None
    operands = [operator, first] if right is None else [first, operator, expansion.text(shell, right)]
    return shell.invoke(["test", *operands]) == 0


def _search(shell: Shell, word: Word, text: str) -> re.Match | None:
    """[[ text =~ word ]]: what is quoted stands for itself."""
    try:
        pieces = expansion.pieces(shell, word)
        return re.search("".join(re.escape(p.text) if p.quoted else patterns.regex(p.text, extended=True) for p in pieces), text)
    except re.error:
        return None


@visits(syntax.Calculation)
def _calculation(shell: Shell, node: syntax.Calculation) -> int:
    return _checked(shell, int(expansion.calculate(shell, node.word) == 0))


@visits(syntax.Group)
def _group(shell: Shell, node: syntax.Group) -> int:
    return shell.execute(node.body)


@visits(syntax.Subshell)
def _subshell(shell: Shell, node: syntax.Subshell) -> int:
    return _checked(shell, shell.subshell(node.body))
