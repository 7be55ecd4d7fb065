"""The whole NFS example: three volumes made by hand, a headless service, a set of three."""
from __future__ import annotations

from collections.abc import Callable

from kstate.errors import ApiError
from kstate.world import Key, get

from ..exercises import Clause, Task
from ..lab import Lab
from ..lesson import Content
from ..manifests import EXAMPLE, manifest
from ..predictions import Option, Question
from ..selftest import Statement
from ..spotting import Spotting
from .facts import ROOT, bound, file, find, names, phase, pods_ready, ready, volume_of

LAB = {"namespace": "gsh", "seed": 606}
ALL = manifest(*EXAMPLE)
CLIENT = """apiVersion: v1
kind: Pod
metadata:
  name: client
spec:
  containers:
  - name: busybox
    image: busybox
    command: [sleep, "3600"]
"""
FRESH = """apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: fresh
spec:
  accessModes:
  - ReadWriteOnce
  storageClassName: gsh-pv
  volumeName: pv2
  resources:
    requests:
      storage: 1Gi
"""


def running(seed: int = LAB["seed"]) -> Lab:
    return Lab(ALL, namespace="gsh", seed=seed)


def empty() -> Lab:
    return Lab(**LAB)


# ---- predictions ------------------------------------------------------------------------------

def _claim_names(lab: Lab) -> str:
    lab.apply(ALL)
    lab.settle()
    return ", ".join(names(lab, "PersistentVolumeClaim"))


ANY = "any of the three: it is not specified"


def _which_volume(_lab: Lab) -> str:
    """Ask several clusters that differ in nothing but chance."""
    chosen = {volume_of(running(seed), "www-web-0") for seed in range(12)}
    return chosen.pop() if len(chosen) == 1 else ANY


NAME_ONLY, NOT_VOLUME, NOTHING = "its IP address", "its IP address and its volume", "its name, its IP address and its volume"


def _what_changes(lab: Lab) -> str:
    before = get(find(lab, "Pod", "web-1"), "status.podIP"), volume_of(lab, "www-web-1")
    lab.delete("Pod/gsh/web-1")
    lab.settle()
    if not ready(lab, "web-1"):
        return NOTHING
    after = get(find(lab, "Pod", "web-1"), "status.podIP"), volume_of(lab, "www-web-1")
    return NAME_ONLY if before[0] != after[0] and before[1] == after[1] else NOT_VOLUME


SHORT, LONG, BOTH, NEITHER = "only web-0.nginx", "only web-0.nginx.gsh", "both", "neither"


def _from_elsewhere(lab: Lab) -> str:
    cluster = lab.cluster
    cluster.apply(CLIENT, namespace="default")
    cluster.settle()
    works = [cluster.exec("client", ["wget", "-q", "-O", "-", f"{name}/aaa.txt"], "default").code == 0 for name in ("web-0.nginx", "web-0.nginx.gsh")]
    return {(True, False): SHORT, (False, True): LONG, (True, True): BOTH, (False, False): NEITHER}[tuple(works)]


HALTS, BOTH_PENDING, REFUSED = "web-3, Pending; no web-4", "web-3 and web-4, both Pending", "nothing new: the API refuses"


def _five_with_three_volumes(lab: Lab) -> str:
    lab.scale("StatefulSet/gsh/web", 5)
    lab.settle()
    there = [n for n in names(lab, "Pod") if n in ("web-3", "web-4")]
    return {("web-3",): HALTS, ("web-3", "web-4"): BOTH_PENDING, (): REFUSED}[tuple(there)]


GOES_ON, BY_HAND, ALL_FIVE = "web-3 starts, and web-4 is created and waits", "nothing: web-3 has to be deleted first", "web-3 and web-4 both start"


def _add_a_volume(lab: Lab) -> str:
    if find(lab, "Pod", "web-3") is None:
        lab.scale("StatefulSet/gsh/web", 5)
        lab.settle()
    lab.apply(manifest("pv4"))
    lab.settle()
    return ALL_FIVE if ready(lab, "web-4") else GOES_ON if ready(lab, "web-3") and find(lab, "Pod", "web-4") is not None else BY_HAND


BY_SET, BY_DEPLOYMENT, BY_BOTH = "the one of the StatefulSet", "the one of the Deployment", "both"


def _who_keeps_its_name(lab: Lab) -> str:
    lab.apply(manifest("deployment"))
    lab.settle()
    of_deployment = next(n for n in names(lab, "Pod") if n.startswith("cattle-"))
    for pod in ("web-0", of_deployment):
        lab.delete(f"Pod/gsh/{pod}")
    lab.settle()
    back = tuple(find(lab, "Pod", pod) is not None for pod in ("web-0", of_deployment))
    return {(True, False): BY_SET, (False, True): BY_DEPLOYMENT, (True, True): BY_BOTH}[back]


WAITS, DEFAULTED, NO_CLASS = "it is Pending, and waits", "it is Bound: the cluster takes another class", "the API refuses it"


def _class_that_does_not_exist(lab: Lab) -> str:
    try:
        lab.apply(manifest("claim1"))
    except ApiError:
        return NO_CLASS
    lab.settle()
    return WAITS if phase(lab, "PersistentVolumeClaim", "claim1") == "Pending" else DEFAULTED


QUESTIONS = (
    Question("P1", "The template of the claims is called www, the set web. How will the claims of the three Pods be called?",
             (Option("web-0-www, web-1-www, web-2-www", "It is put together the other way round: first the template.", "M10"),
              Option("www-web-0, www-web-1, www-web-2"), Option("www-0, www-1, www-2", "Two sets with a template of the same name would then fight for one claim.", "M10")),
             _claim_names, "Rule STS-46: a claim is named <template>-<set>-<ordinal>."),
    Question("P2", "pv1, pv2 and pv3 are alike. Which one does www-web-0 get?",
             (Option("pv1", "Only the claims are ordered. Here it may happen to be pv1; with another seed it is not.", "M10"),
              Option("pv3", "With some seeds, yes; nothing says that it must be.", "M10"), Option(ANY)),
             _which_volume, "Rule MATCH-4: among volumes that fit equally well the choice is not specified. If it matters, bind beforehand (claimRef or volumeName)."),
    Question("P3", "`kubectl delete pod web-1`: what is different about the web-1 that comes back?",
             (Option(NAME_ONLY), Option(NOT_VOLUME, "The claim keeps its name, and with it the volume.", "M03"),
              Option(NOTHING, "That would be a Deployment's Pod.", "M16")),
             _what_changes, "Rules STS-36 and STS-49: name and claim are the identity; the address is not part of it."),
    Question("P4", "From a Pod in namespace default: which of `wget web-0.nginx/aaa.txt` and `wget web-0.nginx.gsh/aaa.txt` works?",
             (Option(SHORT, "Short names are completed with the namespace of the Pod that asks.", "M25"), Option(LONG),
              Option(BOTH, "web-0.nginx is completed to web-0.nginx.default.svc.cluster.local, which does not exist.", "M25"),
              Option(NEITHER, "A name that carries the namespace is found from everywhere.", "M25")),
             _from_elsewhere, "Rule DNS-41: a name is completed with the search list of the Pod that asks, whose first entry is its own namespace."),
    Question("P5", "There are three volumes. You scale the set to 5. Which new Pods exist after that?",
             (Option(HALTS), Option(BOTH_PENDING, "OrderedReady does not go past a Pod that is not Ready.", "M18"),
              Option(REFUSED, "The API knows nothing of volumes when it takes a number of replicas.", "M18")),
             _five_with_three_volumes, "Rule STS-59: web-4 is created only when web-3 is Running and Ready."),
    Question("P6", "Now you add a volume pv4 and touch nothing else. What happens?",
             (Option(BY_HAND, "Controllers look again by themselves; a Pending Pod is not broken.", "M02"), Option(GOES_ON),
              Option(ALL_FIVE, "One volume serves one claim, and web-4 has a claim of its own.", "M16")),
             _add_a_volume, "Rule CTL-2: a Pending claim is looked at again every 15 seconds, and rule STS-56 then goes on with web-4."),
    Question("P7", "Beside the set runs a Deployment of three. You delete one Pod of each. Which one comes back under its old name?",
             (Option(BY_SET), Option(BY_DEPLOYMENT, "A ReplicaSet counts Pods; it does not know their names.", "M16"), Option(BY_BOTH, "A ReplicaSet's Pods are interchangeable.", "M16")),
             _who_keeps_its_name, "Rules STS-36 and RS-3: one fills the ordinal that is missing, the other makes one more with a random name."),
    Question("P8", "claim1 asks for class fast, which does not exist. What becomes of the claim?",
             (Option(DEFAULTED, "A class that is named is never replaced by another.", "M04"), Option(NO_CLASS, "The API does not check that the class exists (PVCAPI-8).", "M08"), Option(WAITS)),
             _class_that_does_not_exist, "Rule PROV-1: the claim waits and says so in an event; it goes on by itself when the class appears."),
)


# ---- exercises --------------------------------------------------------------------------------

def _headless(lab: Lab) -> str:
    service = find(lab, "Service", "nginx")
    if service is None:
        return "there is no Service nginx"
    return "" if get(service, "spec.clusterIP") == "None" else "it has an address of its own"


def _volumes_as_in_the_document(lab: Lab) -> str:
    volumes = [v for v in lab.cluster.engine.world.list("PersistentVolume") if get(v, "spec.nfs")]
    if len(volumes) < 3:
        return f"there are {len(volumes)} NFS volumes"
    wrong = [v["metadata"]["name"] for v in volumes if (get(v, "spec.storageClassName"), get(v, "spec.persistentVolumeReclaimPolicy")) != ("gsh-pv", "Recycle")]
    return f"{', '.join(wrong)} differ in class or reclaim policy" if wrong else ""


def _resolves(lab: Lab) -> str:
    if not ready(lab, "web-1"):
        return "web-1 does not run yet"
    return "" if lab.cluster.fork().exec("web-1", ["getent", "hosts", "web-0.nginx"], "gsh").code == 0 else "web-0.nginx cannot be found from web-1"


def _hint_rebuild(lab: Lab) -> str:
    if not lab.cluster.engine.world.list("PersistentVolume"):
        return "there is no volume yet; the set's claims would wait."
    if find(lab, "StatefulSet", "web") is None:
        return "the volumes are there; nothing asks for them yet."
    if find(lab, "Service", "nginx") is None:
        return "the set names serviceName nginx, and no such Service exists: the Pods run, but have no names."
    return str(lab.cluster.why("sts/web"))


def _fresh_on_pv2(lab: Lab) -> str:
    found = find(lab, "PersistentVolumeClaim", "fresh")
    return "there is no claim fresh" if found is None else bound("fresh", "pv2")(lab)


def _hint_free(lab: Lab) -> str:
    holder = get(find(lab, "PersistentVolume", "pv2"), "spec.claimRef.name")
    if holder is None:
        return "pv2 is free: nothing asks for it yet."
    if holder == "fresh":
        return "pv2 belongs to fresh: check."
    claim = find(lab, "PersistentVolumeClaim", holder)
    user = next((p["metadata"]["name"] for p in lab.cluster.engine.world.select("pod by claim", f"gsh/{holder}")), "")
    if claim is not None and "deletionTimestamp" in claim["metadata"]:
        return f"claim {holder} is to be deleted, and waits for {user}."
    return f"pv2 belongs to claim {holder}, which Pod {user} uses." if user else f"pv2 belongs to claim {holder}, which nobody uses."


def _scenario(act: Callable[[Lab], bool]) -> Callable[[], bool]:
    """A statement that is tried in a fresh lab."""
    def holds() -> bool:
        return act(running())
    return holds


def _claims_survive(lab: Lab) -> bool:
    lab.delete("StatefulSet/gsh/web")
    lab.settle()
    return len(names(lab, "PersistentVolumeClaim")) == 3


def _recycled_is_wiped(lab: Lab) -> bool:
    lab.write("Pod/gsh/web-2", f"{ROOT}/x", "data")
    volume = volume_of(lab, "www-web-2")
    lab.scale("StatefulSet/gsh/web", 2)
    lab.settle()
    lab.delete("PersistentVolumeClaim/gsh/www-web-2")
    lab.settle()
    lab.scale("StatefulSet/gsh/web", 3)
    lab.settle()
    return volume_of(lab, "www-web-2") == volume and file(lab, "web-2", f"{ROOT}/x") is None


def _deleting_a_used_claim_deletes_at_once(lab: Lab) -> bool:
    lab.delete("PersistentVolumeClaim/gsh/www-web-0")
    lab.settle()
    return find(lab, "PersistentVolumeClaim", "www-web-0") is None


def _service_has_an_address(lab: Lab) -> bool:
    return get(find(lab, "Service", "nginx"), "spec.clusterIP") != "None"


def _highest_goes_first(lab: Lab) -> bool:
    lab.scale("StatefulSet/gsh/web", 1)
    lab.settle()
    gone = [c.key.name for c in lab.cluster.engine.world.log if c.key.kind == "Pod" and c.verb == "delete"]
    return gone[-2:] == ["web-2", "web-1"]


def _works_without_the_class_object(lab: Lab) -> bool:
    return lab.cluster.engine.world.find(Key("StorageClass", "", "gsh-pv")) is None and volume_of(lab, "www-web-0") != ""


SUMMARY = (
    Statement("When the set is deleted, its three claims are still there.", _scenario(_claims_survive), "claims outlive the set by default", "delete the set and look at the claims"),
    Statement("The Service nginx has a virtual address that spreads requests over the three Pods.", _scenario(_service_has_an_address),
              "it is headless: CLUSTER-IP None, and its name resolves to the Pods' own addresses", "kubectl get svc nginx"),
    Statement("Scaled down to 1, the set first loses web-2, then web-1.", _scenario(_highest_goes_first), "the highest ordinal goes first", "scale to 1 and read the story"),
    Statement("A claim that is deleted while its Pod runs is gone at once, and the Pod fails.", _scenario(_deleting_a_used_claim_deletes_at_once),
              "it is only marked, and waits until no Pod uses it", "kubectl delete pvc www-web-0 --wait=false"),
    Statement("The volumes' class gsh-pv works although no StorageClass of that name exists.", _scenario(_works_without_the_class_object),
              "for volumes made by hand the class is an equal string and nothing more", "kubectl get storageclass"),
)

TASKS = (
    Task("E1", "Rebuild it", "From an empty namespace gsh: three NFS volumes of class gsh-pv with reclaim policy Recycle, the headless Service nginx, the set web with three "
         "Ready Pods, each on a volume of its own. `manifest(\"volumes\", \"service\", \"statefulset\")` has the YAML; you may write your own.", empty,
         (Clause("three NFS volumes, class gsh-pv, Recycle", _volumes_as_in_the_document), Clause("Service nginx is headless", _headless),
          Clause("web-0, web-1 and web-2 are Ready", pods_ready("web-0", "web-1", "web-2")), Clause("www-web-2 is Bound", bound("www-web-2")),
          Clause("web-0.nginx can be found from web-1", _resolves)),
         ("What do the Pods need before they can run, and what before they have names?", _hint_rebuild, "kubectl apply -f - with volumes, service and ____"),
         ("apply -f -\n" + ALL,), 1),
    Spotting("E2", "Two of these are false", "A colleague sums up what you have seen. Two of the sentences are false: mark them.", SUMMARY),
    Task("E3", "Set pv2 free", "The example runs. Make a new claim fresh (1Gi, class gsh-pv) that is bound to pv2, while web-0 keeps running. "
         "The order in which you delete matters, and recycling takes a minute or two: let it run.", running,
         (Clause("claim fresh is bound to pv2", _fresh_on_pv2), Clause("web-0 is Ready", pods_ready("web-0"))),
         ("Who holds pv2, and who uses the one that holds it?", _hint_free, "kubectl scale sts web --replicas=_, then delete the claim that holds pv2, then apply fresh with volumeName: pv2"),
         ("scale sts web --replicas=1", "delete pvc www-web-1", "apply -f -\n" + FRESH), 3),
)


# ---- self-test --------------------------------------------------------------------------------

def _pv1_always_first() -> bool:
    return all(volume_of(running(seed), "www-web-0") == "pv1" for seed in range(12))


def _recycle_keeps_data() -> bool:
    return not _recycled_is_wiped(running())


def _capacity_limits() -> bool:
    lab = running()
    return lab.cluster.exec("web-0", f"dd if=/dev/zero of={ROOT}/big bs=1024 count=900 2>/dev/null", "gsh").code != 0


def _stays_after_pod() -> bool:
    lab = running()
    before = volume_of(lab, "www-web-0")
    lab.delete("Pod/gsh/web-0")
    lab.settle()
    return volume_of(lab, "www-web-0") == before


SELFTEST = (
    Statement("pv1 always goes to www-web-0, pv2 to www-web-1.", _pv1_always_first, "Equal volumes tie, and the tie is not specified (M10).", "M10"),
    Statement("With reclaim policy Recycle the data of a released volume is kept for the next claim.", _recycle_keeps_data,
              "Recycle wipes the volume and offers it again; it is deprecated, too (M09).", "M09"),
    Statement("Deleting a Pod leaves claim and volume bound to each other.", _stays_after_pod, "They know nothing of the Pod (M03).", "M03"),
    Statement("Kubernetes itself stops a Pod from writing more than 1Gi to a 1Gi NFS volume.", _capacity_limits,
              "The capacity of a volume is for matching; whether anything enforces it is the storage's affair (M21).", "M21"),
)

CONTENT = Content("04", "The whole NFS example", LAB, QUESTIONS, TASKS, SELFTEST)
