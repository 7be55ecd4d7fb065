"""kubectl delete: ask for the end of objects and wait for it (KCTL-41 to KCTL-43)."""
from __future__ import annotations

from ..errors import ApiError, Forbidden, MethodNotAllowed, NotFound
from .args import Args, Failure
from .deleting import deleted, gone, policy
from .errors import Several, from_source
from .resources import NOTHING_GIVEN, Choice, Target, choose, manifests, targets
from .session import Session
from .writing import dry_run

IMMEDIATE = ("Immediate deletion does not wait for confirmation that the running resource has been terminated. "
             "The resource may continue to run on the cluster indefinitely.")


def delete(session: Session, args: Args) -> None:
    propagation, grace = policy(args["cascade"]), _grace(args)
    if args["raw"]:
        session.say(session.send("DELETE", args["raw"]).body.decode(), end="")
        return
    if not args.names and not args["filename"]:
        raise NOTHING_GIVEN
    errors: list[Exception] = []
    if args["filename"] and not args.names:
        choices, broken = manifests(session)
        chosen: list[Choice | Target] = list(choices)
    else:
        broken: list[Exception] = []
        chosen = _chosen(session, choose(session, args.names), errors)
    if args["output"] not in ("", "name"):
        raise Failure(f"error: unexpected -o output mode: {args['output']}. We only support '-o name'")
    if grace == 0:
        session.warn(IMMEDIATE)
    if args["interactive"] and chosen and not _agreed(session, chosen):
        return
    waited = _delete_all(session, chosen, grace, propagation, errors)
    if not chosen and not errors and not broken:
        session.say("No resources found")
    if errors or broken:
        raise Several(errors + broken)
    if args["wait"] and dry_run(session) == "none":
        for what, uid in waited:
            try:
                gone(session, what, uid, args["timeout"] or None)
            except (Forbidden, MethodNotAllowed):
                return


def _grace(args: Args) -> int | None:
    """Seconds, or None for what the object itself says.  Raises Failure."""
    grace = args["grace-period"]
    if args["now"]:
        if grace != -1:
            raise Failure("error: --now and --grace-period cannot be specified together")
        grace = 1
    if args["force"]:
        if grace > 0:
            raise Failure("error: --force and --grace-period greater than 0 cannot be specified together")
        return 0
    return None if grace < 0 else grace or 1        # 0 without --force would lose data; it is taken for 1 (POD-7)


def _chosen(session: Session, choices: list[Choice], errors: list[Exception]) -> list[Choice | Target]:
    """Objects named are taken as they are; a selector's are listed first."""
    chosen: list[Choice | Target] = []
    for choice in choices:
        chosen += [choice] if choice.name else list(targets(session, [choice], errors))
    return chosen


def _delete_all(session: Session, chosen: list[Choice | Target], grace: int | None, propagation: str,
                errors: list[Exception]) -> list[tuple[Choice | Target, str]]:
    """Send the requests; what was deleted, with its uid."""
    args, done = session.args, []
    mode = dry_run(session)
    suffix = {"client": " (dry run)", "server": " (server dry run)"}.get(mode, "")
    for what in chosen:
        if not what.resource.namespaced and "namespace" in args.given:
            session.warn("deleting cluster-scoped resources, not scoped to the provided namespace")
        try:
            if not what.name:
                raise Failure("error: resource name may not be empty")
            uid = "" if mode == "client" else deleted(session, what, grace=grace, propagation=propagation, dry=mode == "server")
        except (ApiError, Failure) as error:
            if not (args["ignore-not-found"] and isinstance(error, NotFound)):
                errors.append(from_source("deleting", what.source, error))
            continue
        done.append((what, uid))
        if args["output"] == "name":
            session.say(f"{what.resource.label}/{what.name}")
        else:
            session.say(f'{what.resource.label} "{what.name}" {"force " if grace == 0 else ""}deleted{suffix}')
    return done


def _agreed(session: Session, chosen: list[Choice | Target]) -> bool:
    """--interactive: list them and read y or n."""
    session.say(f"You are about to delete the following {len(chosen)} resource(s):")
    for what in chosen:
        session.say(f"{what.resource.label}/{what.name}")
    session.say("Do you want to continue? [y/N]: ", end="")
    if session.stdin().strip().lower() in ("y", "yes"):
        return True
    session.say("deletion is cancelled")
    return False
