"""kubectl wait (KCTL-47)."""
from __future__ import annotations

import json
import re
from collections.abc import Callable

from ..errors import ApiError
from ..world import get
from .args import Args, Failure
from .deleting import gone
from .errors import Several
from .gotext import plain
from .jsonpath import BadTemplate, Template, relaxed
from .output import Output, label
from .resources import Choice, Target, choose, fetch, items
from .session import Session

WEEK = 7 * 24 * 3_600_000
Test = Callable[[dict], bool]


def wait(session: Session, args: Args) -> None:
    form, _, value = args["for"].partition("=")
    if form.lower() not in ("create", "delete", "condition", "jsonpath") or form.lower() in ("condition", "jsonpath") and not value:
        raise Failure(f'error: unrecognized condition: "{args["for"]}"')
    limit = WEEK if args["timeout"] < 0 else args["timeout"]
    output, test = Output(session), _test(form.lower(), value)
    choices = choose(session, args.names)
    errors: list[Exception] = []
    if form.lower() == "create":
        _created(session, choices, limit)
    found = 0
    for choice in choices:
        try:
            for obj in items(choice.resource, fetch(session, choice)):
                found += 1
                target = Target(choice.resource, obj)
                _await(session, target, form.lower(), test, limit)
                session.say(output.format(obj), end="") if output.form else session.say(f"{label(obj)} condition met")
        except (ApiError, Failure) as error:
            if form.lower() == "delete" and isinstance(error, ApiError) and error.reason == "NotFound" and choice.name:
                continue        # it is gone already
            errors.append(error)
    if errors:
        raise Several(errors)
    if not found and form.lower() != "delete":
        raise Failure("error: no matching resources found")


def _test(form: str, value: str) -> Test:
    if form == "condition":
        name, equals, wanted = value.partition("=")
        return lambda obj: _condition(obj, name, wanted if equals else "true")
    if form == "jsonpath":
        return _field(value)
    return lambda _obj: True


def _condition(obj: dict, name: str, wanted: str) -> bool:
    """Whether a condition has a status; one that speaks of an older generation does not count."""
    generation = obj["metadata"].get("generation", 0)
    for condition in get(obj, "status.conditions") or ():
        if condition["type"].lower() == name.lower():
            seen = condition.get("observedGeneration") or get(obj, "status.observedGeneration")
            return condition["status"].lower() == wanted.lower() and (seen is None or seen >= generation)
    return False


def _field(value: str) -> Test:
    """{.status.phase}=Running: the one value of a path, or that there is one."""
    found = re.fullmatch(r"(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|[^=]*)(?:=(.*))?", value, re.DOTALL)
    if not found:
        raise Failure("error: jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or "
                      "--for=jsonpath='{.status.readyReplicas}'")
    if found[2] == "":
        raise Failure("error: jsonpath wait has to have a value after equal sign")
    wanted = found[2].strip("'\"") if found[2] else None
    try:
        path = Template(relaxed(found[1].strip("'\"")))
    except BadTemplate as error:
        raise Failure(f"error: {error}") from None

    def test(obj: dict) -> bool:
        try:
            values = path.find(obj)
        except BadTemplate:
            return False
        if len(values) > 1 or values and isinstance(values[0], (dict, list)) and wanted is not None:
            raise Failure("error: given jsonpath expression matches more than one value" if len(values) > 1
                          else "error: jsonpath leads to a nested object or list which is not supported")
        return bool(values) and (wanted is None or _shown(values[0]) == wanted)
    return test


def _shown(value: object) -> str:
    return value if isinstance(value, str) else plain(value) if isinstance(value, bool) else json.dumps(value)


def _created(session: Session, choices: list[Choice], limit: int) -> None:
    for choice in choices:
        if not choice.name:
            raise Failure("error: resource name must be provided")
        if not session.until(lambda choice=choice: session.find(choice.path()), limit):
            raise Failure("error: timed out waiting for the condition")


def _await(session: Session, target: Target, form: str, test: Test, limit: int) -> None:
    """Raises Failure where the condition does not come to hold in time."""
    if form == "delete":
        gone(session, target, target.object["metadata"]["uid"], limit)
        return

    def check() -> bool | None:
        return True if test(session.ask("GET", target.path())) else None
    if not session.until(check, limit):
        raise Failure(f"error: timed out waiting for the condition on {target.resource.plural}/{target.name}")
