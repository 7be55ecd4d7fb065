"""Ten minutes to a stateful app."""
from __future__ import annotations

from itertools import pairwise

from kstate.world import Key, get, uid

from ..exercises import Clause, Task
from ..lab import Lab
from ..lesson import Content
from ..manifests import EXAMPLE, manifest
from ..predictions import Option, Question
from ..selftest import Statement
from .facts import ROOT, bound, file, find, holds_file, names, no_pod, pods_ready, ready, volume_of

LAB = {"namespace": "gsh", "seed": 0}
ALL = manifest(*EXAMPLE)


def running() -> Lab:
    """The whole example, settled."""
    return Lab(ALL, **LAB)


# ---- predictions ------------------------------------------------------------------------------

IN_ORDER, AT_ONCE, NO_ORDER = "one after the other: web-1 only when web-0 is Ready", "all three at once", "in any order"


def _order(lab: Lab) -> str:
    lab.apply(ALL)
    lab.settle()
    born, became_ready = {}, {}
    for change in lab.cluster.engine.world.log:
        if change.key.kind == "Pod" and change.key.namespace == lab.namespace and change.new is not None:
            born.setdefault(change.key.name, change.revision)
            if any(c["type"] == "Ready" and c["status"] == "True" for c in get(change.new, "status.conditions") or ()):
                became_ready.setdefault(change.key.name, change.revision)
    order = sorted(born, key=born.get)
    if all(born[later] > became_ready[earlier] for earlier, later in pairwise(order)) and order == sorted(order):
        return IN_ORDER
    return AT_ONCE if len({c.time for c in lab.cluster.engine.world.log if c.key.kind == "Pod" and c.verb == "create"}) == 1 else NO_ORDER


def _name_after_delete(lab: Lab) -> str:
    before = names(lab, "Pod")
    lab.delete("Pod/gsh/web-0")
    lab.settle()
    new = [n for n in names(lab, "Pod") if n not in before]
    return "web-0" if not new else "web-3" if new == ["web-3"] else "web-<random letters>"


def _file_after_delete(lab: Lab) -> str:
    before = file(lab, "web-0", f"{ROOT}/aaa.txt")
    lab.delete("Pod/gsh/web-0")
    lab.settle()
    return "yes, it is there again" if file(lab, "web-0", f"{ROOT}/aaa.txt") == before else "no, it went with the Pod"


def _claim_after_scaling_down(lab: Lab) -> str:
    lab.scale("StatefulSet/gsh/web", 2)
    lab.settle()
    claim = find(lab, "PersistentVolumeClaim", "www-web-2")
    return "it is deleted with its Pod" if claim is None else "it stays, bound to its volume" if volume_of(lab, "www-web-2") else "it stays, but loses its volume"


QUESTIONS = (
    Question("P1", "The set asks for three Pods. When you let the controllers run, how do they appear?",
             (Option(AT_ONCE, "That is what a Deployment does, or a StatefulSet with podManagementPolicy Parallel.", "M16"), Option(IN_ORDER),
              Option(NO_ORDER, "Ordinals are counted up from 0, and each waits for the one before it.", "M10")),
             _order, "Rule STS-59: a StatefulSet creates Pod N+1 only when Pod N is Running and Ready."),
    Question("P2", "After `kubectl delete pod web-0`: which name will the new Pod have?",
             (Option("web-3", "Names are not counted on: an ordinal that is missing is filled again.", "M35"), Option("web-0"),
              Option("web-<random letters>", "Those are the Pods of a Deployment; here the name is the identity.", "M16")),
             _name_after_delete, "Rule STS-36: a Pod of a StatefulSet is named <set>-<ordinal>, and a missing ordinal is created again under the same name."),
    Question("P3", "You wrote aaa.txt through web-0. When web-0 has been deleted and is back: is the file still there?",
             (Option("yes, it is there again"), Option("no, it went with the Pod", "The file lies on the volume behind claim www-web-0, not in the Pod.", "M03")),
             _file_after_delete, "Rule STS-49: the new web-0 finds its claim www-web-0 and uses it untouched, with the volume and the files behind it."),
    Question("P4", "You scale the set from 3 to 2. What becomes of claim www-web-2?",
             (Option("it is deleted with its Pod", "Only if persistentVolumeClaimRetentionPolicy asks for it; by default claims are kept.", "M03"),
              Option("it stays, but loses its volume", "Claim and volume stay bound to each other until the claim is deleted.", "M03"), Option("it stays, bound to its volume")),
             _claim_after_scaling_down, "Rule STS-68: scaling down deletes Pods and, by default, nothing of their storage."),
)


# ---- exercises --------------------------------------------------------------------------------

def _where_is_web_2(lab: Lab) -> str:
    replicas = get(find(lab, "StatefulSet", "web"), "spec.replicas")
    if replicas != 2:
        return f"the set asks for {replicas} Pods now; which number makes web-2 the one that goes?"
    return "the set asks for 2 Pods already; let the controllers run." if find(lab, "Pod", "web-2") else "look at the claims: which one must not be missing?"


def _recreated(lab: Lab) -> str:
    deleted = [c for c in lab.cluster.engine.world.log if c.key == Key("Pod", "gsh", "web-1") and c.verb == "delete"]
    return "" if deleted and ready(lab, "web-1") else "web-1 is still the first of its name" if not deleted else "web-1 is not Ready again"


def _hint_recreate(lab: Lab) -> str:
    if file(lab, "web-1", f"{ROOT}/bbb.txt") is None:
        return "bbb.txt is not there yet: `kubectl exec web-1 -- sh -c '...'` runs a shell in web-1."
    return "the file is there; now web-1 has to go and come back." if _recreated(lab) else "both are done: check."


def _hint_fourth(lab: Lab) -> str:
    if find(lab, "Pod", "web-3") is None:
        return "there is no web-3 yet: how many replicas make one?"
    return str(lab.cluster.why("pvc/www-web-3"))


TASKS = (
    Task("E1", "Two of three", "Make the set run with two Pods, web-0 and web-1, and keep the claim of the third.", running,
         (Clause("web-0 and web-1 are Ready", pods_ready("web-0", "web-1")), Clause("web-2 is gone", no_pod("web-2")),
          Clause("claim www-web-2 is Bound", bound("www-web-2"))),
         ("Who decides how many Pods there are: the Pods, or the set?", _where_is_web_2, "kubectl scale sts web --replicas=_"),
         ("scale sts web --replicas=2",), 1),
    Task("E2", "A file that outlives its Pod", f"Put the word hello into {ROOT}/bbb.txt of web-1. Then have web-1 replaced by a new Pod: the file must still be there.", running,
         (Clause("bbb.txt in web-1 holds hello", holds_file("web-1", f"{ROOT}/bbb.txt", "hello")), Clause("web-1 was replaced and is Ready", _recreated)),
         ("What has to be deleted so that the set makes a new one, and what must not be?", _hint_recreate, "kubectl delete ___ web-1"),
         (f"exec web-1 -- sh -c 'echo hello > {ROOT}/bbb.txt'", "delete pod web-1"), 2),
    Task("E3", "A fourth one", "Make web-3 run, on a volume of its own. There are many ways; any that works counts.", running,
         (Clause("web-0 to web-3 are Ready", pods_ready("web-0", "web-1", "web-2", "web-3")), Clause("claim www-web-3 is Bound", bound("www-web-3"))),
         ("web-3 needs a claim, and the claim needs a volume. Is there a free one?", _hint_fourth, "a PersistentVolume named pv4 like the others, then kubectl scale sts web --replicas=_"),
         ("apply -f pv4.yaml", "scale sts web --replicas=4"), 2),
)


# ---- self-test --------------------------------------------------------------------------------

def _same_pod() -> bool:
    lab = running()
    before = uid(find(lab, "Pod", "web-0")), get(find(lab, "Pod", "web-0"), "status.podIP")
    lab.delete("Pod/gsh/web-0")
    lab.settle()
    return before == (uid(find(lab, "Pod", "web-0")), get(find(lab, "Pod", "web-0"), "status.podIP"))


def _set_deleted_claims_gone() -> bool:
    lab = running()
    lab.delete("StatefulSet/gsh/web")
    lab.settle()
    return names(lab, "PersistentVolumeClaim") == []


def _volume_kept() -> bool:
    lab = running()
    before = volume_of(lab, "www-web-0")
    lab.delete("Pod/gsh/web-0")
    lab.settle()
    return volume_of(lab, "www-web-0") == before


def _two_pods_one_claim() -> bool:
    lab = running()
    return len({volume_of(lab, f"www-web-{i}") for i in range(3)}) < 3


SELFTEST = (
    Statement("The web-0 that came back is the very same Pod, with the same IP address.", _same_pod,
              "It is a new Pod with a new uid and a new address; what is stable is the name and the claim (M19).", "M19"),
    Statement("Deleting the StatefulSet deletes its claims.", _set_deleted_claims_gone,
              "By default claims outlive the set; they have to be deleted by hand, or persistentVolumeClaimRetentionPolicy says otherwise (M03).", "M03"),
    Statement("While web-0 is deleted and created again, claim www-web-0 stays bound to the same volume.", _volume_kept,
              "Claim and volume know nothing of the Pod; they stay bound.", "M03"),
    Statement("All Pods of the set share one volume.", _two_pods_one_claim,
              "Each Pod has a claim of its own, made from the template: www-web-0, www-web-1, www-web-2 (M16).", "M16"),
)

CONTENT = Content("00", "Ten minutes to a stateful app", LAB, QUESTIONS, TASKS, SELFTEST)
