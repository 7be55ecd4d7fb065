"""kubectl rollout: status, history, undo, restart, pause, resume (KCTL-45, KCTL-46, KCTL-R1 to KCTL-R8)."""
from __future__ import annotations

from collections.abc import Callable

from ..errors import ApiError
from ..labels import of
from ..world import drop, get
from .args import Args, Failure
from .describe.pod import template
from .describe.text import Sheet
from .errors import Several
from .output import Report
from .resources import Target, choose, items, targets
from .session import PATCHES, Session
from .writing import CHANGE_CAUSE, LAST_APPLIED, annotations, dry_run, options

REVISION = "deployment.kubernetes.io/revision"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
HASH = "pod-template-hash"
NOT_COPIED = (REVISION, f"{REVISION}-history", "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas",
              LAST_APPLIED)


def _workloads(session: Session, args: Args, errors: list[Exception] | None = None) -> list[Target]:
    if not args.names and not args["filename"]:
        raise Failure("error: required resource not specified")
    return list(targets(session, choose(session, args.names, everything=True), errors))


# ---- status ---------------------------------------------------------------------------------------

def status(session: Session, args: Args) -> None:
    if args["revision"] < 0:
        raise Failure(f"error: revision must be a positive integer: {args['revision']}")
    errors: list[Exception] = []
    for target in _workloads(session, args, errors):
        _follow(session, args, target)
    if errors:
        raise Several(errors)


def _full_kind(target: Target) -> str:
    """EndpointSlice.discovery.k8s.io"""
    return ".".join(filter(None, (target.resource.kind, target.resource.group)))


def _follow(session: Session, args: Args, target: Target) -> None:
    """A line for each change until the rollout is done (KCTL-R1)."""
    look = {"StatefulSet": _statefulset, "Deployment": _deployment}.get(target.resource.kind)
    if look is None:
        raise Failure(f"error: no status viewer has been implemented for {_full_kind(target)}")
    line, done = look(target.object, args["revision"])
    session.say(line)
    if done or not args["watch"]:
        return
    version = target.object["metadata"]["resourceVersion"]
    for event in session.watch(target.resource.path(target.namespace), limit=args["timeout"] or None, resourceVersion=version,
                               fieldSelector=f"metadata.name={target.name}"):
        if event["type"] == "DELETED":
            raise Failure("error: object has been deleted")
        line, done = look(event["object"], args["revision"])
        session.say(line)
        if done:
            return
    raise Failure("error: timed out waiting for the condition")


def _statefulset(obj: dict, _revision: int) -> tuple[str, bool]:
    """KCTL-R2"""
    spec, seen = obj["spec"], obj.get("status") or {}
    if get(spec, "updateStrategy.type") != "RollingUpdate":
        raise Failure("error: rollout status is only available for RollingUpdate strategy type")
    if not seen.get("observedGeneration") or obj["metadata"].get("generation", 0) > seen["observedGeneration"]:
        return "Waiting for statefulset spec update to be observed...", False
    replicas, ready, updated = spec.get("replicas", 1), seen.get("readyReplicas", 0), seen.get("updatedReplicas", 0)
    if ready < replicas:
        return f"Waiting for {replicas - ready} pods to be ready...", False
    if get(spec, "updateStrategy.rollingUpdate") is not None:
        wanted = replicas - get(spec, "updateStrategy.rollingUpdate.partition", 0)
        if updated < wanted:
            return f"Waiting for partitioned roll out to finish: {updated} out of {wanted} new pods have been updated...", False
        return f"partitioned roll out complete: {updated} new pods have been updated...", True
    if seen.get("updateRevision") != seen.get("currentRevision"):
        return f"waiting for statefulset rolling update to complete {updated} pods at revision {seen.get('updateRevision', '')}...", False
    current = seen.get("currentReplicas", 0)
    return f"statefulset rolling update complete {current} pods at revision {seen.get('currentRevision', '')}...", True


def _deployment(obj: dict, revision: int) -> tuple[str, bool]:
    """KCTL-R3"""
    name, spec, seen = obj["metadata"]["name"], obj["spec"], obj.get("status") or {}
    have = int(annotations(obj).get(REVISION) or 0)
    if revision and revision != have:
        raise Failure(f"error: desired revision ({revision}) is different from the running revision ({have})")
    if obj["metadata"].get("generation", 0) > seen.get("observedGeneration", 0):
        return "Waiting for deployment spec update to be observed...", False
    if any(c["type"] == "Progressing" and c.get("reason") == "ProgressDeadlineExceeded" for c in seen.get("conditions") or ()):
        raise Failure(f'error: deployment "{name}" exceeded its progress deadline')
    replicas = spec.get("replicas", 1)
    total, updated, available = (seen.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas"))
    waiting = f'Waiting for deployment "{name}" rollout to finish: '
    if updated < replicas:
        return f"{waiting}{updated} out of {replicas} new replicas have been updated...", False
    if total > updated:
        return f"{waiting}{total - updated} old replicas are pending termination...", False
    if available < updated:
        return f"{waiting}{available} of {updated} updated replicas are available...", False
    return f'deployment "{name}" successfully rolled out', True


# ---- history --------------------------------------------------------------------------------------

def revisions(session: Session, target: Target) -> dict[int, dict]:
    """What a workload has been, by number: ControllerRevisions of a StatefulSet, ReplicaSets of a Deployment.  Raises Failure."""
    kind = {"StatefulSet": "controllerrevisions.apps", "Deployment": "replicasets.apps"}.get(target.resource.kind)
    if kind is None:
        raise Failure(f'error: no history viewer has been implemented for "{_full_kind(target)}"')
    resource = session.discovery.named(kind)
    found = items(resource, session.ask("GET", resource.path(target.namespace), labelSelector=str(of(target.object["spec"]["selector"]))))
    uid = target.object["metadata"]["uid"]
    owned = [r for r in found if any(o["uid"] == uid and o.get("controller") for o in r["metadata"].get("ownerReferences") or ())]
    number = (lambda r: r["revision"]) if target.resource.kind == "StatefulSet" else (lambda r: int(annotations(r).get(REVISION) or 0))
    return {n: r for n, r in sorted(((number(r), r) for r in owned), key=lambda pair: pair[0]) if n}


def _go_kind(target: Target) -> str:
    return f"{{{target.resource.group} {target.resource.kind}}}"


def _template_of(target: Target, revision: dict) -> dict:
    """The pod template that a revision holds."""
    if target.resource.kind == "StatefulSet":
        return {k: v for k, v in get(revision, "data.spec.template").items() if k != "$patch"}
    spec = revision["spec"]["template"]
    cause = annotations(revision).get(CHANGE_CAUSE)
    return spec if not cause else {**spec, "metadata": {**spec["metadata"], "annotations": {**annotations(spec), CHANGE_CAUSE: cause}}}


def history(session: Session, args: Args) -> None:
    if args["revision"] < 0:
        raise Failure(f"error: revision must be a positive integer: {args['revision']}")
    report = Report(session)
    for target in _workloads(session, args):
        known = revisions(session, target)
        if report.output.form:
            _shown(session, report, target, known)
        elif args["revision"]:
            if args["revision"] not in known:
                raise Failure("error: unable to find the specified revision")
            sheet = Sheet()
            template(sheet, _template_of(target, known[args["revision"]]))
            session.say(f"{target.label} with revision #{args['revision']}\n{sheet.raw()}")
        elif not known:
            session.say(f"{target.label} \nNo rollout history found.")
        else:
            sheet = Sheet()
            sheet.write("REVISION\tCHANGE-CAUSE")                                       # KCTL-R4
            for number, revision in known.items():
                sheet.write(f"{number}\t{annotations(revision).get(CHANGE_CAUSE) or '<none>'}")
            session.say(f"{target.label} \n{sheet.text()}")


def _shown(session: Session, report: Report, target: Target, known: dict[int, dict]) -> None:
    """-o: the workload as it was at the revisions."""
    wanted = session.args["revision"]
    for number, revision in known.items():
        if not wanted or number == wanted:
            obj = {**target.object, "spec": {**target.object["spec"], "template": _template_of(target, revision)}}
            report.done(target.resource, revision if target.resource.kind == "Deployment" else obj, "")


# ---- undo -----------------------------------------------------------------------------------------

def undo(session: Session, args: Args) -> None:
    report, errors = Report(session), []
    for target in _workloads(session, args, errors):
        try:
            report.done(target.resource, target.object, _back(session, args, target))
        except (ApiError, Failure) as error:
            errors.append(error)
    if errors:
        raise Several(errors)


def _back(session: Session, args: Args, target: Target) -> str:
    """KCTL-R5, KCTL-R8.  What was done, in kubectl's words."""
    number = args["to-revision"]
    if number < 0:
        raise Failure("error: revision must be a positive integer")
    if target.resource.kind not in ("StatefulSet", "Deployment"):
        raise Failure(f'error: error retrieving rollbacker for "{target.resource.kind}", no visitor method exists for {_go_kind(target)}')
    deployment = target.resource.kind == "Deployment"
    known = revisions(session, target)
    if number and number not in known:
        raise Failure(f"error: unable to find specified revision {number} in history")
    if not number and len(known) < 2:
        raise Failure(f'error: no rollout history found for deployment "{target.name}"' if deployment else
                      "error: no last revision to roll back to")
    if deployment and target.object["spec"].get("paused"):
        raise Failure("error: you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again")
    revision = known[number or sorted(known)[-2]]
    if dry_run(session) == "client":
        sheet = Sheet()
        template(sheet, _template_of(target, revision))
        return f"will roll back to {sheet.raw()}"
    return (_back_deployment if deployment else _back_statefulset)(session, target, revision, number)


def _back_statefulset(session: Session, target: Target, revision: dict, number: int) -> str:
    if _same(revision["data"], target.object):
        return f"skipped rollback (current template already matches revision {number})"
    session.ask("PATCH", target.path(), revision["data"], media=PATCHES["strategic"], dryRun=options(session)["dryRun"])
    return "rolled back"


def _same(data: dict, obj: dict) -> bool:
    """Whether the set's template is that of the revision."""
    wanted = {k: v for k, v in data["spec"]["template"].items() if k != "$patch"}
    return wanted == obj["spec"]["template"]


def _back_deployment(session: Session, target: Target, revision: dict, number: int) -> str:
    spec = revision["spec"]["template"]
    wanted = drop(spec, f"metadata.labels.{HASH}")
    if wanted == target.object["spec"]["template"]:
        return f"skipped rollback (current template already matches revision {number})"
    kept = {k: v for k, v in annotations(target.object).items() if k in NOT_COPIED}
    notes = {**{k: v for k, v in annotations(revision).items() if k not in NOT_COPIED}, **kept}
    patch = [{"op": "replace", "path": "/spec/template", "value": wanted},
             {"op": "replace", "path": "/metadata/annotations", "value": notes}]
    session.ask("PATCH", target.path(), patch, media=PATCHES["json"], dryRun=options(session)["dryRun"])
    return "rolled back"


# ---- restart, pause, resume -----------------------------------------------------------------------

def restart(session: Session, args: Args) -> None:
    def patch(target: Target) -> dict:
        if target.object["spec"].get("paused"):
            raise Failure(f'error: {target.resource.full} "{target.name}" can\'t restart paused deployment (run rollout resume first)')
        now = session.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        if get(target.object, "spec.template.metadata.annotations", {}).get(RESTARTED) == now:
            raise Failure(f"error: failed to create patch for {target.name}: if restart has already been triggered within the past second, "
                          "please wait before attempting to trigger another")
        return {"spec": {"template": {"metadata": {"annotations": {RESTARTED: now}}}}}  # KCTL-R6
    _change(session, args, patch, "restarted", "restarting", ("Deployment", "StatefulSet"))


def pause(session: Session, args: Args) -> None:
    def patch(target: Target) -> dict:
        if target.object["spec"].get("paused"):
            raise Failure(f'error: {target.resource.full} "{target.name}" is already paused')
        return {"spec": {"paused": True}}
    _change(session, args, patch, "paused", "pausing", ("Deployment",))                 # KCTL-R7


def resume(session: Session, args: Args) -> None:
    def patch(target: Target) -> dict:
        if not target.object["spec"].get("paused"):
            raise Failure(f'error: {target.resource.full} "{target.name}" is not paused')
        return {"spec": {"paused": None}}
    _change(session, args, patch, "resumed", "resuming", ("Deployment",))


def _change(session: Session, args: Args, patch: Callable[[Target], dict], done: str, doing: str, kinds: tuple[str, ...]) -> None:
    report, query, errors = Report(session), options(session), []
    for target in _workloads(session, args, errors):
        try:
            if target.resource.kind not in kinds:
                raise Failure(f'error: {target.resource.full} "{target.name}" {doing} is not supported')
            report.done(target.resource, session.ask("PATCH", target.path(), patch(target), media=PATCHES["strategic"], **query), done)
        except (ApiError, Failure) as error:
            errors.append(error)
    if errors:
        raise Several(errors)
