"""kubectl scale (KCTL-44)."""
from __future__ import annotations

from ..errors import ApiError, Conflict
from .args import Args, Failure
from .errors import Several
from .output import Report
from .resources import Target, choose, targets
from .session import PATCHES, Session
from .writing import dry_run, options, record

ATTEMPTS = 10


def scale(session: Session, args: Args) -> None:
    mode, replicas = dry_run(session), args["replicas"]
    if replicas < 0:
        raise Failure("error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0")
    if "current-replicas" in args.given and args["current-replicas"] < -1:
        raise Failure("error: The --current-replicas must specify an integer of -1 or greater")
    report, errors = Report(session), []
    found = list(targets(session, choose(session, args.names), errors))
    if errors and not found:
        told = ", ".join(map(str, errors))
        raise Failure(f"error: no objects passed to scale {told if len(errors) == 1 else f'[{told}]'}")
    if args["resource-version"] and len(found) > 1:
        raise Failure("error: cannot use --resource-version with multiple resources")
    for target in found:
        try:
            if mode != "client":
                _scale(session, target, replicas)
                record(session, target)
            report.done(target.resource, target.object, "scaled")
            if args["timeout"]:
                _wait(session, target, replicas)
        except (ApiError, Failure) as error:
            errors = [error, *errors]
            break
    if errors:
        raise Several(errors)


def _scale(session: Session, target: Target, replicas: int) -> None:
    args, path, query = session.args, target.path("scale"), {"dryRun": options(session)["dryRun"]}
    if args["current-replicas"] < 0 and not args["resource-version"]:
        session.ask("PATCH", path, {"spec": {"replicas": replicas}}, media=PATCHES["merge"], **query)
        return
    for attempt in range(ATTEMPTS):
        current = session.ask("GET", path)
        have, version = current["spec"].get("replicas", 0), current["metadata"]["resourceVersion"]
        if args["current-replicas"] >= 0 and have != args["current-replicas"]:
            raise Failure(f"error: Expected replicas to be {args['current-replicas']}, was {have}")
        if args["resource-version"] and version != args["resource-version"]:
            raise Failure(f"error: Expected resource version to be {args['resource-version']}, was {version}")
        try:
            session.ask("PUT", path, {**current, "spec": {**current["spec"], "replicas": replicas}}, **query)
            return
        except Conflict:
            if attempt == ATTEMPTS - 1:
                raise


def _wait(session: Session, target: Target, replicas: int) -> None:
    def check() -> bool | None:
        return True if session.ask("GET", target.path("scale"))["status"].get("replicas", 0) == replicas else None
    if not session.until(check, session.args["timeout"]):
        raise Failure("error: timed out waiting for the condition")
