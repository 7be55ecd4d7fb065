"""kubectl label and annotate (KCTL-38)."""
from __future__ import annotations

from collections.abc import Callable

from .. import labels
from ..errors import ApiError
from .args import Args, Failure
from .errors import Several
from .output import Report
from .resources import Target, choose, targets
from .session import PATCHES, Session
from .writing import cause, dry_run, options


def label(session: Session, args: Args) -> None:
    kinds, changes = _split(args, "label", _label_value)
    _mark(session, args, kinds, changes, "label", "labels", _label_words)


def annotate(session: Session, args: Args) -> None:
    kinds, changes = _split(args, "annotation", lambda _word, text: text)
    _mark(session, args, kinds, changes, "annotation", "annotations", lambda *_: "annotated")


def _split(args: Args, what: str, check: Callable[[str, str], str]) -> tuple[list[str], dict[str, str | None]]:
    """Words that name objects, and the changes after them: a=b sets, a- removes (None).  Raises Failure."""
    kinds: list[str] = []
    changes: dict[str, str | None] = {}
    for word in args.names:
        if "=" in word[1:] or word.endswith("-") and word != "-":
            key, equals, text = word.partition("=") if "=" in word else (word[:-1], "", "")
            if key in changes and (changes[key] is None) != (not equals):
                raise Failure("error: can not both modify and remove a label in the same command" if what == "label" else
                              f"error: can not both modify and remove the following annotation(s) in the same command: {key}")
            changes[key] = check(word, text) if equals else None
        elif changes:
            raise Failure(f"error: all resources must be specified before {what} changes: {word}")
        else:
            kinds.append(word)
    if not kinds and not args["filename"]:
        raise Failure("error: one or more resources must be specified as <resource> <name> or <resource>/<name>")
    if not changes and not args["list"]:
        raise Failure(f"error: at least one {what} update is required")
    return kinds, changes


def _label_value(word: str, text: str) -> str:
    if "=" in text:
        raise Failure(f"error: invalid label spec: {word}")
    problems = labels.label_value_problems(text)
    if problems:
        raise Failure(f'error: invalid label value: "{word}": {"; ".join(problems)}')
    return text


def _label_words(before: dict, after: dict, changes: dict[str, str | None]) -> str:
    if before == after:
        return "not labeled"
    return "unlabeled" if all(value is None for value in changes.values()) else "labeled"


def _mark(session: Session, args: Args, kinds: list[str], changes: dict[str, str | None], what: str, field: str, words: Callable) -> None:
    report, errors, query = Report(session), [], options(session)
    found = targets(session, choose(session, kinds), errors)
    if args["list"]:
        _list(session, list(found), field, what)
        return
    for target in found:
        before = target.object["metadata"].get(field) or {}
        try:
            _check_overwrite(args, before, changes, what)
            after = {k: v for k, v in {**before, **changes}.items() if v is not None}
            obj = {**target.object, "metadata": {**target.object["metadata"], field: after}}
            sent = not args["local"] and dry_run(session) != "client"
            for key in [k for k, v in changes.items() if v is None and k not in before and what == "label" and sent]:
                session.say(f'label "{key}" not found.')
            if sent and before != after:
                meta = {field: {k: v for k, v in changes.items() if before.get(k) != v}}
                if args["record"]:
                    meta["annotations"] = {**meta.get("annotations", {}), **cause(session)}
                if args["resource-version"]:
                    meta["resourceVersion"] = args["resource-version"]
                obj = session.ask("PATCH", target.path(), {"metadata": meta}, media=PATCHES["merge"], **query)
            report.done(target.resource, obj, words(before, after, changes))
        except (ApiError, Failure) as error:
            errors.append(error)
    if errors:
        raise Several(errors)


def _check_overwrite(args: Args, before: dict, changes: dict[str, str | None], what: str) -> None:
    taken = [f"'{key}' already has a value ({before[key]})" for key, value in changes.items()
             if value is not None and before.get(key, value) != value]
    if not taken or args["overwrite"]:
        return
    if what == "label":
        raise Failure("error: " + ", ".join(f"{text}, and --overwrite is false" for text in taken))
    raise Failure("error: --overwrite is false but found the following declared annotation(s): " + "; ".join(taken))


def _list(session: Session, found: list[Target], field: str, what: str) -> None:
    """--list: what is set."""
    for target in found:
        if len(found) > 1:
            session.say(f"Listing {what}s for {target.resource.kind}.{target.resource.group}/{target.name}:")
        for key, value in sorted((target.object["metadata"].get(field) or {}).items()):
            session.say(f"{' ' if len(found) > 1 else ''}{key}={value}")
