"""create, apply, replace, delete, scale, label, patch, set: what they say, and what they do."""
from __future__ import annotations

import yaml

from .conftest import WEB

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n"


def fields(run, line: str) -> dict:
    return yaml.safe_load(run(f"get {line} -o yaml").stdout)


def test_KCTL_32_apply_creates_then_changes_then_leaves_alone(run):
    assert run("apply -f -", CONFIG).stdout == "configmap/c created\n"
    assert run("apply -f -", CONFIG).stdout == "configmap/c unchanged\n"
    assert run("apply -f -", CONFIG.replace("a: b", "x: z")).stdout == "configmap/c configured\n"
    assert fields(run, "cm c")["data"] == {"x": "z"}        # what was applied before and is not now is gone
    note = fields(run, "cm c")["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"]
    assert note == '{"apiVersion":"v1","data":{"x":"z"},"kind":"ConfigMap","metadata":{"annotations":{},"name":"c","namespace":"default"}}\n'


def test_KCTL_32_what_others_set_stays(run):
    run("apply -f -", CONFIG)
    run(["patch", "cm", "c", "-p", '{"data":{"other":"1"}}'])
    assert run("apply -f -", CONFIG).stdout == "configmap/c unchanged\n"
    assert fields(run, "cm c")["data"] == {"a": "b", "other": "1"}


def test_KCTL_32_an_object_that_was_created_is_warned_of(run):
    run("create -f -", CONFIG)
    assert run("apply -f -", CONFIG).stderr.startswith("Warning: resource configmaps/c is missing the kubectl.kubernetes.io/last-applied-configuration annotation")


def test_dry_runs_change_nothing(run):
    assert run("apply -f - --dry-run=server", CONFIG).stdout == "configmap/c created (server dry run)\n"
    assert run("create -f - --dry-run=client", CONFIG).stdout == "configmap/c created (dry run)\n"
    assert run("scale sts web --replicas=5 --dry-run=client").stdout == "statefulset.apps/web scaled (dry run)\n"
    assert run("delete sts web --dry-run=server").stdout == 'statefulset.apps "web" deleted (server dry run)\n'
    assert run("get cm c").code == 1 and fields(run, "sts web")["spec"]["replicas"] == 2


def test_KCTL_33_server_side_apply_tells_of_conflicts(run):
    run("apply -f - --server-side --field-manager=one", CONFIG)
    result = run("apply -f - --server-side --field-manager=two", CONFIG.replace("a: b", "a: c"))
    assert result.stderr.startswith('error: Apply failed with 1 conflict: conflict with "one": .data.a\nPlease review the fields above') and result.code == 1
    assert run("apply -f - --server-side --field-manager=two --force-conflicts", CONFIG.replace("a: b", "a: c")).stdout == "configmap/c serverside-applied\n"


def test_one_bad_document_does_not_spoil_those_before_it(run):
    result = run("apply -f -", f"{CONFIG}---\napiVersion: example.com/v1\nkind: Foo\nmetadata: {{name: f}}\n")
    assert result.stdout == "configmap/c created\n" and result.code == 1
    assert result.stderr == ('error: resource mapping not found for name: "f" namespace: "" from "STDIN": no matches for kind "Foo" in version "example.com/v1"\n'
                             "ensure CRDs are installed first\n")


def test_manifests_come_from_files_folders_and_the_command_itself(run):
    files = {"a.yaml": CONFIG, "d/one.yaml": CONFIG.replace("name: c", "name: one"), "d/two.json": '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"two"}}'}
    assert run("apply -f a.yaml -f d", files=files).stdout == "configmap/c created\nconfigmap/one created\nconfigmap/two created\n"
    assert run(["apply", "-f", CONFIG]).stdout == "configmap/c unchanged\n"
    assert run("apply -f b.yaml", files=files).stderr == 'error: the path "b.yaml" does not exist\n'


def test_namespaces_have_to_agree(run):
    assert run("apply -n other -f -", CONFIG.replace("name: c", "name: c, namespace: default")).stderr == (
        'error: the namespace from the provided object "default" does not match the namespace "other". '
        "You must pass '--namespace=default' to perform this operation.\n")


def test_KCTL_30_create_refuses_what_is_there(run):
    assert run("create -f -", WEB).stderr.splitlines() == [
        'Error from server (AlreadyExists): error when creating "STDIN": storageclasses.storage.k8s.io "fast" already exists',
        'Error from server (AlreadyExists): error when creating "STDIN": services "nginx" already exists',
        'Error from server (AlreadyExists): error when creating "STDIN": statefulsets.apps "web" already exists']


def test_invalid_objects_are_told_cause_by_cause(run):
    assert run("create -f -", "apiVersion: v1\nkind: Pod\nmetadata: {name: P}\nspec: {containers: []}").stderr.splitlines()[0] == 'The Pod "P" is invalid: '


def test_KCTL_41_deletion_says_how(run):
    assert run("delete pod web-0").stdout == 'pod "web-0" deleted\n'
    result = run("delete pod web-0 --grace-period=0 --force")
    assert result.stdout == 'pod "web-0" force deleted\n'
    assert result.stderr.startswith("Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. ")
    assert run("delete pod web-0 -o name").stdout == "pod/web-0\n"
    assert run("delete pods -l app=none").stdout == "No resources found\n"


def test_KCTL_43_many_and_missing(run):
    result = run("delete pod nope web-1")
    assert (result.stdout, result.stderr, result.code) == ('pod "web-1" deleted\n', 'Error from server (NotFound): pods "nope" not found\n', 1)
    assert run("delete pod nope --ignore-not-found") == ("", "", 0)
    assert run("delete pvc --all --wait=false").stdout == 'persistentvolumeclaim "www-web-0" deleted\npersistentvolumeclaim "www-web-1" deleted\n'


def test_KCTL_44_scale_checks_what_it_is_told_to_check(run):
    assert run("scale sts web --replicas=3 --current-replicas=1").stderr == "error: Expected replicas to be 1, was 2\n"
    assert run("scale sts web --replicas=3 --current-replicas=2").stdout == "statefulset.apps/web scaled\n"
    assert run("scale svc nginx --replicas=1").stderr == (
        "Error from server (NotFound): the server could not find the requested resource (patch services nginx)\n")


def test_KCTL_38_labels_are_not_overwritten_by_mistake(run):
    assert run("label pod web-0 a=b").stdout == "pod/web-0 labeled\n"
    assert run("label pod web-0 a=b").stdout == "pod/web-0 not labeled\n"
    assert run("label pod web-0 a=c").stderr == "error: 'a' already has a value (b), and --overwrite is false\n"
    assert run("label pod web-0 a=c --overwrite").stdout == "pod/web-0 labeled\n"
    assert run("label pod web-0 a-").stdout == "pod/web-0 unlabeled\n"
    assert run("annotate pod web-0 x=1").stdout == "pod/web-0 annotated\n"
    assert run("annotate pod web-0 x=2").stderr == (
        "error: --overwrite is false but found the following declared annotation(s): 'x' already has a value (1)\n")


def test_KCTL_37_patch_tells_whether_anything_changed(run):
    patch = ["patch", "sts", "web", "-p", '{"spec":{"replicas":3}}']
    assert run(patch).stdout == "statefulset.apps/web patched\n"
    assert run(patch).stdout == "statefulset.apps/web patched (no change)\n"
    assert run(["patch", "sts", "web", "--type=json", "-p", '[{"op":"replace","path":"/spec/replicas","value":1}]']).code == 0
    assert fields(run, "sts web")["spec"]["replicas"] == 1


def test_KCTL_39_set_image_and_friends(run):
    assert run("set image sts/web nginx=nginx:1.25").stdout == "statefulset.apps/web image updated\n"
    assert run("set image sts/web nginx=nginx:1.25") == ("", "", 0)
    assert run("set image sts/web other=x").stderr == 'error: unable to find container named "other"\n'
    assert run("set env sts/web A=1 B=2").stdout == "statefulset.apps/web env updated\n"
    assert run("set env sts/web --list").stdout == "# StatefulSet web, container nginx\nA=1\nB=2\n"
    run("set env sts/web A-")
    assert fields(run, "sts web")["spec"]["template"]["spec"]["containers"][0]["env"] == [{"name": "B", "value": "2"}]


def test_generators_write_what_kubectl_writes(run):
    assert run("create cm c --from-literal=a=b --dry-run=client -o yaml").stdout == (
        "apiVersion: v1\ndata:\n  a: b\nkind: ConfigMap\nmetadata:\n  creationTimestamp: null\n  name: c\n")
    assert run("create deployment d --image=nginx --replicas=2").stdout == "deployment.apps/d created\n"
    assert run("get deploy d --no-headers").stdout.split()[:4] == ["d", "2/2", "2", "2"]
    assert run("create cm c --from-file=k=a.txt", files={"a.txt": "text"}).stdout == "configmap/c created\n"
    assert run("create cm c --from-literal=a=b").stderr == 'error: failed to create configmap: configmaps "c" already exists\n'
    assert run("create ns default").stderr == 'Error from server (AlreadyExists): namespaces "default" already exists\n'
    assert run("create svc clusterip headless --clusterip=None").code == 0
    assert run("create quota q --hard=pods=1").code == run("create pdb p --selector=a=b --min-available=1").code == 0


def test_KCTL_34_diff_says_what_apply_would_change(run):
    run("apply -f -", CONFIG)
    assert run("diff -f -", CONFIG) == ("", "", 0)
    result = run("diff -f -", CONFIG.replace("a: b", "a: c"))
    assert result.code == 1 and "\n-  a: b\n+  a: c\n" in result.stdout
    assert run("diff").code == 2 and fields(run, "cm c")["data"] == {"a": "b"}


def test_KCTL_36_edit_hands_out_the_yaml_and_takes_it_back(run):
    text = run("edit sts web").stdout
    assert text.startswith("# ") and yaml.safe_load(text)["spec"]["replicas"] == 2
    assert run("edit sts web", text.replace("replicas: 2", "replicas: 3")).stdout == "statefulset.apps/web edited\n"
    assert run("edit sts web", run("edit sts web").stdout).stderr == "Edit cancelled, no changes made.\n"
    assert "error: Edit cancelled, no valid changes were saved.\n" in run("edit sts web", text.replace("replicas: 2", "replicas: -1")).stderr


def test_KCTL_52_nodes_are_closed_and_opened(run):
    assert run("cordon node-1 node-2").stdout == "node/node-1 cordoned\nnode/node-2 cordoned\n"
    assert run("cordon node-1").stdout == "node/node-1 already cordoned\n"
    assert run("uncordon node-1").stdout == "node/node-1 uncordoned\n"
    assert run("taint nodes node-1 a=b:NoSchedule").stdout == "node/node-1 tainted\n"
    assert run("taint nodes node-1 a=b:NoSchedule").stderr == "error: node node-1 already has a taint(s) with same effect(s) and --overwrite is false\n"
    assert run("taint nodes node-1 a-").stdout == "node/node-1 untainted\n"


def test_KCTL_40_expose(run):
    run("create deployment d --image=nginx")
    assert run("expose deploy d --port=80 --target-port=8080").stdout == "service/d exposed\n"
    assert fields(run, "svc d")["spec"]["selector"] == {"app": "d"}
    assert run("expose sts web --port=80").stderr == "error: cannot expose a StatefulSet.apps\n"
