"""kubectl get (KCTL-7, KCTL-10 to KCTL-16)."""
from __future__ import annotations

import json
import re

import pytest


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_KCTL_15_a_table_is_aligned_by_three_spaces(run):
    assert re.sub(r"\d+s", "Ns", run("get pods").stdout) == ("NAME    READY   STATUS    RESTARTS   AGE\n"
                                                            "web-0   1/1     Running   0          Ns\nweb-1   1/1     Running   0          Ns\n")


def test_KCTL_15_several_kinds_get_prefixes_and_blank_lines(run):
    tables = run("get sts,pods").stdout.split("\n\n")
    assert [table.splitlines()[1].split()[0] for table in tables] == ["statefulset.apps/web", "pod/web-0"]
    assert run("get pods/web-0").stdout.splitlines()[1].startswith("web-0 ")


def test_KCTL_7_all_is_every_kind_that_says_so(run):
    assert run("get all -o name").stdout.splitlines() == ["pod/web-0", "pod/web-1", "service/kubernetes", "service/nginx", "statefulset.apps/web"]


@pytest.mark.parametrize("line, first", [
    ("get sts", "NAME READY AGE"), ("get sts -o wide", "NAME READY AGE CONTAINERS IMAGES"), ("get pods -A", "NAMESPACE NAME READY STATUS RESTARTS AGE"),
    ("get pods -L app,apps.kubernetes.io/pod-index", "NAME READY STATUS RESTARTS AGE APP POD-INDEX"), ("get svc --show-labels", "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE LABELS"),
    ("get pv", "NAME CAPACITY ACCESS MODES RECLAIM POLICY STATUS CLAIM STORAGECLASS VOLUMEATTRIBUTESCLASS REASON AGE"), ("get pods -o name --no-headers", "pod/web-0")])
def test_columns(run, line, first):
    assert " ".join(run(line, settle=False).stdout.splitlines()[0].split()) == first


def test_TBL_52_a_waiting_claim_has_blank_cells(run):
    run("create -f -", "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a}\n"
                       "spec: {accessModes: [ReadWriteOnce], storageClassName: '', resources: {requests: {storage: 1Gi}}}")
    assert rows(run("get pvc a").stdout)[1][:3] == ["a", "Pending", "<unset>"]


def test_KCTL_16_names(run):
    assert run("get sts,pvc,sc -o name").stdout.splitlines() == [
        "statefulset.apps/web", "persistentvolumeclaim/www-web-0", "persistentvolumeclaim/www-web-1", "storageclass.storage.k8s.io/fast"]


def test_KCTL_13_nothing_found(run):
    for line, told in (("get deploy", "No resources found in default namespace.\n"), ("get deploy -A", "No resources found\n"),
                       ("get pc", "No resources found\n"), ("get pods -n other", "No resources found in other namespace.\n")):
        assert run(line) == ("", told, 0)
    assert run("get pods nope --ignore-not-found") == ("", "", 0)


def test_KCTL_12_the_namespace_itself_may_be_missing(run):
    assert run("get pod web-0 -n other").stderr == 'Error from server (NotFound): namespaces "other" not found\n'
    assert run("get pod web-9").stderr == 'Error from server (NotFound): pods "web-9" not found\n'


def test_what_is_found_is_shown_beside_what_is_not(run):
    result = run("get pods web-0 a b")
    assert len(result.stdout.splitlines()) == 2 and result.code == 1
    assert result.stderr == 'Error from server (NotFound): pods "a" not found\nError from server (NotFound): pods "b" not found\n'


def test_KCTL_11_one_object_is_itself_and_several_are_a_list(run):
    assert json.loads(run("get pod web-0 -o json").stdout)["kind"] == "Pod"
    for line in ("get pods -o json", "get pod web-0 web-1 -o json", "get pods -l app=none -o json"):
        found = json.loads(run(line).stdout)
        assert (found["kind"], found["apiVersion"], found["metadata"]) == ("List", "v1", {"resourceVersion": ""})
    assert "managedFields" not in run("get sts web -o yaml").stdout
    assert "managedFields" in run("get sts web -o yaml --show-managed-fields").stdout


def test_selectors(run):
    run("label pod web-1 tier=back")
    assert run("get pods -l tier -o name").stdout == "pod/web-1\n"
    assert run("get pods --field-selector metadata.name=web-0 -o name").stdout == "pod/web-0\n"
    assert run(["get", "pods", "-l", "a b"]).stderr == (
        'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "a b", field selector "": '
        "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt\n")


def test_sort_by(run):
    run("scale sts web --replicas=3")
    ordered = run("get pods --sort-by=.metadata.creationTimestamp -o name").stdout.splitlines()
    assert ordered == ["pod/web-0", "pod/web-1", "pod/web-2"]
    assert [row[0] for row in rows(run("get pods --sort-by={.metadata.name}").stdout)[1:]] == ["web-0", "web-1", "web-2"]
    assert run("get pods --sort-by=.spec.nope -o name").stderr == 'error: couldn\'t find any field with path "{.spec.nope}" in the list of objects\n'


def test_KCTL_10_a_list_may_come_in_pages(run):
    assert run("get pods --chunk-size=1").stdout == run("get pods").stdout


def test_KCTL_14_watching_shows_the_changes_until_the_cluster_comes_to_rest(run):
    run("delete pod web-1 --wait=false", settle=False)
    shown = rows(run("get pods -w").stdout)
    assert shown[0] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [row[:3] for row in shown if row[0] == "web-1"][-1] == ["web-1", "1/1", "Running"]
    assert ["web-1", "0/1", "ContainerCreating"] in [row[:3] for row in shown]
    assert run("get pods,svc -w").stderr == "error: you may only specify a single resource type\n"


def test_watching_one_object_in_another_form(run):
    run("delete pod web-1 --wait=false", settle=False)
    assert set(run("get pod web-1 -w -o name").stdout.splitlines()) == {"pod/web-1"}
    run("delete pod web-0 --wait=false", settle=False)
    events = [row[0] for row in rows(run("get pods -w --output-watch-events").stdout)[1:]]
    assert events[:2] == ["ADDED", "ADDED"] and {"MODIFIED", "DELETED"} <= set(events)


def test_raw(run):
    assert json.loads(run("get --raw /api/v1/namespaces/default").stdout)["metadata"]["name"] == "default"
    assert run("get --raw /foo").stderr == "Error from server (NotFound): the server could not find the requested resource\n"
