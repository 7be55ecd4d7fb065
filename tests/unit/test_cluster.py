"""Cluster: what users hold.  Requests as kubectl makes them, errors as exceptions, time and history."""
from __future__ import annotations

import json

import pytest

from kstate.cluster import LAST_APPLIED, Cluster, objects_of
from kstate.errors import AlreadyExists, ApiError, BadRequest, Conflict, Invalid, NotFound
from kstate.world import Dict, Key
from tests.helpers import EXAMPLE, STATEFULSET

LABEL = ("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
         "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')")
QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {key: value}\n"
CLAIM = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: %s}}}\n"


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def everything(cluster: Cluster) -> tuple:
    return list(cluster.engine.world), len(cluster.engine.world.log), cluster.now, [m.label for m in cluster.history.done]


# ---- apply ------------------------------------------------------------------------------------

def test_KCTL_32_apply_creates_with_the_annotation(cluster):
    [made] = cluster.apply(MAP)
    assert isinstance(made, Dict) and made["data"] == {"key": "value"}
    last = made["metadata"]["annotations"][LAST_APPLIED]
    assert last.endswith("}\n") and json.loads(last) == {
        "apiVersion": "v1", "kind": "ConfigMap", "data": {"key": "value"}, "metadata": {"annotations": {}, "name": "a", "namespace": "default"}}
    assert made["metadata"]["managedFields"][0]["manager"] == "kubectl-client-side-apply"


def test_KCTL_32_apply_again_changes_nothing(cluster):
    cluster.apply(EXAMPLE)
    before = everything(cluster)
    cluster.apply(EXAMPLE)
    assert everything(cluster) == before


def test_KCTL_32_three_ways(cluster):
    cluster.apply(MAP)
    cluster.patch("cm", "a", {"data": {"other": "mine"}, "metadata": {"labels": {"by": "hand"}}}, sort="merge")
    [now] = cluster.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {new: value}\n")
    assert now["data"] == {"new": "value", "other": "mine"}           # what was applied is taken back, what others wrote stays
    assert now["metadata"]["labels"] == {"by": "hand"}


def test_KCTL_32_lists_merge_by_their_keys(cluster):
    cluster.apply(STATEFULSET)
    [now] = cluster.apply(STATEFULSET.replace("image: nginx", "image: nginx:1.25"))
    [container] = now["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "nginx:1.25" and container["ports"] == [{"containerPort": 80, "name": "web", "protocol": "TCP"}]
    assert now["metadata"]["generation"] == 2


def test_apply_takes_texts_objects_and_lists(cluster):
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}}
    listed = {"apiVersion": "v1", "kind": "List", "items": [obj, {"apiVersion": "v1", "kind": "ConfigMapList", "items": [{**obj, "metadata": {"name": "c"}}]}]}
    assert [o["metadata"]["name"] for o in cluster.apply([listed, obj])] == ["b", "c", "b"]
    assert obj == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}}                                  # ours is not touched
    assert [o["metadata"]["name"] for o in cluster.apply(f"---\n{MAP}---\n\n---\n{MAP.replace('name: a', 'name: d')}")] == ["a", "d"]
    assert cluster.apply("") == [] and cluster.apply([]) == []


def test_apply_what_one_has_got_from_the_cluster(cluster):
    cluster.apply(EXAMPLE)
    cluster.settle()
    before = cluster.engine.world.find(Key("StatefulSet", "default", "web"))["spec"]
    cluster.apply(cluster.get("sts", "web"))
    assert cluster.get("sts", "web")["spec"] == before


def test_a_namespace_and_what_is_in_it(cluster):
    cluster.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: gsh}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: gsh}\n"
                  "spec: {containers: [{name: c, image: nginx}]}\n")
    assert cluster.get("pod", "p", "gsh")["metadata"]["namespace"] == "gsh"
    cluster.use("other")
    cluster.apply(MAP)
    assert cluster.get("cm", "a")["metadata"]["namespace"] == "other" and [o["metadata"]["name"] for o in cluster.list("cm", "*", fields="metadata.name=a")] == ["a"]


# ---- bad input: the error of Kubernetes, and a cluster as it was (bad-input of the recordings) --

@pytest.mark.parametrize(("manifest", "error", "message"), [
    (STATEFULSET.replace("matchLabels: {app: nginx}", "matchLabels: {app: other}"), Invalid,
     'StatefulSet.apps "web" is invalid: spec.template.metadata.labels: Invalid value: {"app":"nginx"}: `selector` does not match template `labels`'),
    (STATEFULSET.replace("replicas: 3", "replicas: -1"), Invalid,
     'StatefulSet.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'),
    (STATEFULSET.replace("metadata: {name: web}", "metadata: {name: Web_1}"), Invalid, f'StatefulSet.apps "Web_1" is invalid: metadata.name: Invalid value: "Web_1": {LABEL}'),
    (STATEFULSET.replace("replicas: 3", "replicas: 3\n  podManagementPolicy: Sometimes"), Invalid,
     "StatefulSet.apps \"web\" is invalid: spec.podManagementPolicy: Invalid value: \"Sometimes\": must be 'OrderedReady' or 'Parallel'"),
    (STATEFULSET.replace("replicas: 3", "replcas: 3"), BadRequest,
     'StatefulSet in version "v1" cannot be handled as a StatefulSet: strict decoding error: unknown field "spec.replcas"'),
    (STATEFULSET.replace("replicas: 3", "replicas: three"), BadRequest, ('StatefulSet in version "v1" cannot be handled as a StatefulSet: json: cannot '
     "unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32")),
    (CLAIM % "1Gb", BadRequest, f'PersistentVolumeClaim in version "v1" cannot be handled as a PersistentVolumeClaim: {QUANTITY}'),
    (CLAIM % "-1Gi", Invalid, 'PersistentVolumeClaim "a" is invalid: spec.resources[storage]: Invalid value: "-1Gi": must be greater than zero'),
    ((CLAIM % "1Gi").replace("[ReadWriteOnce]", "[ReadWriteTwice]"), Invalid, ('PersistentVolumeClaim "a" is invalid: spec.accessModes: Unsupported value: '
     '"ReadWriteTwice": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"')),
    ((CLAIM % "1Gi").replace("[ReadWriteOnce]", "[]"), Invalid, 'PersistentVolumeClaim "a" is invalid: spec.accessModes: Required value: at least 1 access mode is required'),
    ("apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: empty}\nspec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce]}", Invalid,
     'PersistentVolume "empty" is invalid: spec: Required value: must specify a volume type'),
    ("apiVersion: v1\nkind: Service\nmetadata: {name: nginx}\nspec: {clusterIP: Nones, ports: [{port: 80}]}", Invalid,
     'Service "nginx" is invalid: spec.clusterIPs[0]: Invalid value: "Nones": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'),
    ("apiVersion: apps/v9\nkind: StatefulSet\nmetadata: {name: web}", ApiError, ('resource mapping not found for name: "web" namespace: "" from "STDIN": '
     'no matches for kind "StatefulSet" in version "apps/v9"\nensure CRDs are installed first')),
    ("apiVersion: v1\nkind: Widget\nmetadata: {name: w}", ApiError, ('resource mapping not found for name: "w" namespace: "" from "STDIN": '
     'no matches for kind "Widget" in version "v1"\nensure CRDs are installed first')),
    ("not: [valid", BadRequest, "error converting YAML to JSON: yaml: line 1: did not find expected ',' or ']'"),
    ("metadata: {name: a}", BadRequest, "error validating data: [apiVersion not set, kind not set]"),
    ("just words", BadRequest, "an object is expected, not 'just words'"), ([3], BadRequest, "an object is expected, not 3"),
    (MAP.replace("{name: a}", "text"), BadRequest, "error validating data: metadata and its annotations are maps"),
    (MAP.replace("name: a", "generateName: a-"), BadRequest, "from a-: cannot use generate name with apply"),
    (MAP.replace("name: a", "labels: {}"), Invalid, 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required')],
    ids=lambda value: value[-40:] if isinstance(value, str) else "")
def test_bad_input_is_refused_and_changes_nothing(cluster, manifest, error, message):
    before = everything(cluster)
    with pytest.raises(error) as refused:
        cluster.apply(manifest)
    assert type(refused.value) is error and str(refused.value) == message
    assert everything(cluster) == before


def test_of_several_documents_a_broken_one_stops_all_and_a_refused_one_the_rest(cluster):
    with pytest.raises(BadRequest, match="yaml"):
        cluster.apply(f"{MAP}---\nnot: [valid\n")
    with pytest.raises(NotFound):
        cluster.get("cm", "a")
    with pytest.raises(Invalid):
        cluster.apply(f"{MAP}---\n{CLAIM % '-1Gi'}---\n{MAP.replace('name: a', 'name: b')}")
    assert cluster.get("cm", "a") and [o["metadata"]["name"] for o in cluster.list("cm")] == ["a", "kube-root-ca.crt"]


def test_what_may_not_change(cluster):
    cluster.apply(STATEFULSET)
    with pytest.raises(Invalid) as refused:
        cluster.apply(STATEFULSET.replace("serviceName: nginx", "serviceName: other"))
    assert str(refused.value) == (
        "StatefulSet.apps \"web\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
        "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")
    assert [e.field for e in refused.value.errors] == ["spec"]


def test_errors_are_exceptions_with_their_status(cluster):
    for act, error, code, message in (
            (lambda: cluster.get("pod", "web-9"), NotFound, 404, 'pods "web-9" not found'),
            (lambda: cluster.delete("sts", "nope"), NotFound, 404, 'statefulsets.apps "nope" not found'),
            (lambda: cluster.scale("sts", "nope", 2), NotFound, 404, 'statefulsets.apps "nope" not found'),
            (lambda: cluster.patch("pod", "x", {}), NotFound, 404, 'pods "x" not found'),
            (lambda: cluster.send("POST", "/api/v1/namespaces", {"metadata": {"name": "default"}}), AlreadyExists, 409, 'namespaces "default" already exists'),
            (lambda: cluster.get("widgets", "x"), ApiError, 500, 'the server doesn\'t have a resource type "widgets"'),
            (lambda: cluster.send("GET", "/nothing"), ApiError, 404, "404 page not found\n")):
        with pytest.raises(error) as refused:
            act()
        assert (refused.value.code, str(refused.value)) == (code, message)


def test_scale_refuses_negative_numbers(cluster):
    cluster.apply(STATEFULSET)
    with pytest.raises(Invalid, match="spec.replicas: Invalid value: -2: must be greater than or equal to 0"):
        cluster.scale("sts", "web", -2)


def test_a_stale_object_is_a_conflict(cluster):
    [old] = cluster.apply(MAP)
    cluster.patch("cm", "a", {"data": {"key": "new"}})
    with pytest.raises(Conflict, match="the object has been modified"):
        cluster.send("PUT", "/api/v1/namespaces/default/configmaps/a", old)


# ---- names and reading ------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["sts", "statefulset", "statefulsets", "StatefulSet", "statefulsets.apps", "statefulset.v1.apps"])
def test_kinds_as_kubectl_knows_them(cluster, name):
    cluster.apply(STATEFULSET)
    assert cluster.get(name, "web")["kind"] == "StatefulSet" and cluster.key(name, "web") == cluster.key(f"{name}/web") == Key("StatefulSet", "default", "web")


def test_listing(cluster):
    cluster.apply(EXAMPLE)
    cluster.settle()
    assert [p["metadata"]["name"] for p in cluster.list("pods", selector="app=nginx")] == ["web-0", "web-1", "web-2"]
    assert cluster.list("pods", selector="app=other") == cluster.list("pods", "kube-system") == []
    assert [p["kind"] for p in cluster.list("pv")] == ["PersistentVolume"] * 3
    with pytest.raises(BadRequest, match="field label not supported"):
        cluster.list("pods", fields="spec.foo=1")


def test_annotating(cluster):
    cluster.apply(MAP)
    assert cluster.annotate("cm", "a", **{"example.com/x": "1"})["metadata"]["annotations"]["example.com/x"] == "1"
    assert "example.com/x" not in cluster.annotate("cm", "a", **{"example.com/x": None})["metadata"]["annotations"]


def test_deleting(cluster):
    cluster.apply(EXAMPLE)
    cluster.settle()
    cluster.delete("sts", "web", cascade="orphan")
    cluster.settle()
    assert [p["metadata"].get("ownerReferences") for p in cluster.list("pods")] == [None] * 3
    cluster.delete("pod", "web-0", grace=0)
    assert [p["metadata"]["name"] for p in cluster.list("pods")] == ["web-1", "web-2"]


# ---- time and history -------------------------------------------------------------------------

def test_time_passes_and_is_told(cluster):
    cluster.apply(EXAMPLE)
    told = cluster.settle()
    assert "Pod default/web-2" in told and "STS-" in told
    now = cluster.now
    cluster.run(2.5)
    assert cluster.now == now + 2500
    assert cluster.story().splitlines()[-1] == cluster.story(last=1) and len(cluster.story(all=True)) > len(cluster.story())


def test_step_by_step(cluster):
    cluster.apply(STATEFULSET)
    assert cluster.step("statefulset") and cluster.list("pods")
    assert cluster.step("nobody") == ""


def test_undo_and_redo(cluster):
    cluster.apply(EXAMPLE)
    cluster.settle()
    cluster.scale("sts", "web", 1)
    cluster.settle()
    assert len(cluster.list("pods")) == 1
    assert cluster.undo() == "settle" and cluster.undo().startswith("PATCH") and len(cluster.list("pods")) == 3
    assert cluster.redo().startswith("PATCH") and cluster.redo() == "settle" and len(cluster.list("pods")) == 1
    assert cluster.redo() == ""
    while cluster.undo():
        pass
    assert cluster.list("pv") == [] and cluster.undo() == ""


def test_reading_and_refusals_are_no_actions(cluster):
    cluster.apply(MAP)
    actions = len(cluster.history.done)
    cluster.list("cm")
    cluster.apply(MAP)
    with pytest.raises(NotFound):
        cluster.delete("cm", "none")
    assert len(cluster.history.done) == actions


def test_goto(cluster):
    cluster.apply(EXAMPLE)
    cluster.settle()
    end = cluster.engine.world.revision
    cluster.goto(40)
    assert cluster.engine.world.revision == 40 and cluster.list("pods") == []
    cluster.goto(end)
    assert len(cluster.list("pods")) == 3
    with pytest.raises(ValueError, match="there is no revision"):
        cluster.goto(end + 1)
    with pytest.raises(ValueError, match="there is no revision"):
        cluster.goto(-1)


def test_a_fork_keeps_the_namespace_and_changes_nothing_here(cluster):
    cluster.use("gsh")
    cluster.apply(MAP)
    twin = cluster.fork()
    twin.delete("cm", "a")
    assert cluster.get("cm", "a", "gsh") and twin.namespace == "gsh"
    with pytest.raises(NotFound):
        twin.get("cm", "a")


def test_two_clusters_of_one_seed_are_the_same():
    one, two = Cluster(seed="x"), Cluster(seed="x")
    for cluster in (one, two):
        cluster.apply(EXAMPLE)
        cluster.settle()
    assert one.story(all=True) == two.story(all=True)


def test_what_only_the_simulation_can_do_says_so_on_a_real_cluster(cluster):
    real = Cluster(send=cluster._send)
    assert real.list("nodes") and repr(real) == "<Cluster real, namespace default>"
    for act in (real.settle, real.step, real.undo, real.redo, real.fork, real.story, lambda: real.run(1), lambda: real.goto(1), lambda: real.why("pod/x"), lambda: real.now):
        with pytest.raises(RuntimeError, match="Only the simulated cluster can do this"):
            act()


def test_objects_of():
    assert objects_of("kind: List\napiVersion: v1\nitems:\n") == [] and objects_of(None or []) == []
    assert [o["kind"] for o in objects_of({"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Pod"}]})] == ["Pod"]
