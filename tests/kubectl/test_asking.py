"""events, explain, version, api-resources, auth, config: what is only asked."""
from __future__ import annotations

import yaml

from .fake import serving


def test_KCTL_48_events_come_in_the_order_of_time(run):
    lines = run("events --for sts/web").stdout.splitlines()
    assert lines[0].split() == ["LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    assert all("StatefulSet/web" in line for line in lines[1:]) and "Pod web-0" in lines[2] and "Pod web-1" in lines[4]
    assert run("events -n kube-system").stderr == "No events found in kube-system namespace.\n"
    assert run("events --types=Odd").stderr == "error: valid --types are Normal or Warning\n"


def test_KCTL_24_explain(run):
    text = run("explain sts.spec.replicas").stdout
    assert text.startswith("GROUP:      apps\nKIND:       StatefulSet\nVERSION:    v1\n\nFIELD: replicas <integer>\n")
    assert "  containers\t<[]Container> -required-\n" in run("explain pod.spec").stdout
    assert run("explain sts.spec.nope").stderr == 'error: field "nope" does not exist\n'
    assert "      image\t<string>\n" in run("explain pod --recursive").stdout


def test_KCTL_2_version(run):
    assert run("version") == ("Client Version: v1.32.5\nKustomize Version: v5.5.0\nServer Version: v1.36.2\n",
                              "WARNING: version difference between client (1.32) and server (1.36) exceeds the supported minor version skew of +/-1\n", 0)


def test_KCTL_6_api_resources(run):
    lines = [line.split() for line in run("api-resources").stdout.splitlines()]
    assert lines[0] == ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"]
    assert ["statefulsets", "sts", "apps/v1", "true", "StatefulSet"] in lines
    assert run("api-resources --api-group=apps -o name").stdout.splitlines() == [
        "controllerrevisions.apps", "deployments.apps", "replicasets.apps", "statefulsets.apps"]
    assert "apps/v1\n" in run("api-versions").stdout


def test_KCTL_54_auth(run):
    assert run("auth can-i delete pods") == ("yes\n", "", 0)
    assert run("auth whoami").stdout.splitlines()[1].split() == ["Username", "kstate"]


def test_KCTL_55_the_namespace_of_the_context_is_that_of_the_cluster(run, cluster):
    assert run("config set-context --current --namespace=gsh").stdout == 'Context "kstate" modified.\n'
    assert cluster.namespace == "gsh"
    assert run("config view --minify -o jsonpath={..namespace}").stdout == "gsh"
    assert yaml.safe_load(run("config view").stdout)["current-context"] == run("config current-context").stdout.strip() == "kstate"
    assert run("config get-contexts --no-headers").stdout.split() == ["*", "kstate", "kstate", "kstate", "gsh"]
    assert run("get pods").stderr == "No resources found in gsh namespace.\n"
    assert run("config use-context other").stderr == 'error: no context exists with the name: "other"\n'


def test_a_cluster_that_is_not_ours_tells_ages_by_its_own_clock():
    from kstate.kubectl import kubectl
    events = [{"kind": "Event", "apiVersion": "v1", "metadata": {"name": "e", "namespace": "default"}, "type": "Normal", "reason": "R", "message": "m",
               "involvedObject": {"kind": "Pod", "name": "p"}, "firstTimestamp": "2026-11-24T04:03:09Z", "lastTimestamp": "2026-11-24T04:03:09Z"}]
    assert kubectl(serving(events), "events --no-headers").stdout.split()[0] == "5s"
