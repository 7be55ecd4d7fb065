"""cluster.resolve: how a pod of a running cluster finds a name, and the picture of it."""
from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from kstate.errors import NotFound
from tests.helpers import EXAMPLE
from tutorial import Lab
from tutorial.resolution import svg

ZONE = "svc.cluster.local"
MORE = """
apiVersion: v1
kind: Service
metadata: {name: front}
spec: {ports: [{port: 80}], selector: {app: nginx}}
---
apiVersion: v1
kind: Service
metadata: {name: alias}
spec: {type: ExternalName, externalName: front.gsh.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: outside}
spec: {type: ExternalName, externalName: example.com}
---
apiVersion: v1
kind: Service
metadata: {name: lonely}
spec: {clusterIP: None, ports: [{port: 80}], selector: {app: nobody}}
---
apiVersion: v1
kind: Namespace
metadata: {name: other}
---
apiVersion: v1
kind: Pod
metadata: {name: far, namespace: other}
spec: {containers: [{name: main, image: nginx}]}
---
apiVersion: v1
kind: Pod
metadata: {name: short}
spec:
  dnsConfig: {options: [{name: ndots, value: "1"}]}
  hostAliases: [{ip: 10.0.0.9, hostnames: [legacy]}]
  containers: [{name: main, image: nginx}]
"""


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab(f"{EXAMPLE}\n---\n{MORE}", namespace="gsh")


def tried(lab, name: str, pod: str = "web-1", namespace: str | None = None) -> list[tuple[str, str]]:
    return [(one.fqdn, one.rcode) for one in lab.cluster.resolve(name, pod, namespace).tried]


def address(lab, pod: str) -> str:
    return lab.cluster.get("Pod", pod)["status"]["podIP"]


def test_DNS_41_the_own_namespace_is_searched_first(lab):
    assert tried(lab, "web-0.nginx") == [(f"web-0.nginx.gsh.{ZONE}", "NOERROR")]
    assert lab.cluster.resolve("web-0.nginx", "web-1").answer.addresses() == [address(lab, "web-0")]
    assert lab.cluster.resolve("nginx", "web-1").answer.addresses() == sorted(address(lab, f"web-{n}") for n in range(3))
    assert lab.cluster.resolve("front", "web-1").answer.addresses() == [lab.cluster.get("Service", "front")["spec"]["clusterIP"]]


def test_DNS_41_from_another_namespace_the_name_needs_its_namespace(lab):
    assert tried(lab, "web-0.nginx", "far", "other") == [(f"web-0.nginx.other.{ZONE}", "NXDOMAIN"), (f"web-0.nginx.{ZONE}", "NXDOMAIN"),
                                                         ("web-0.nginx.cluster.local", "NXDOMAIN"), ("web-0.nginx", "NXDOMAIN")]
    assert tried(lab, "web-0.nginx.gsh", "far", "other") == [(f"web-0.nginx.gsh.other.{ZONE}", "NXDOMAIN"), (f"web-0.nginx.gsh.{ZONE}", "NOERROR")]


def test_DNS_41_few_dots_search_first_and_a_dot_at_the_end_does_not_search(lab):
    assert tried(lab, f"front.gsh.{ZONE}")[-1] == (f"front.gsh.{ZONE}", "NOERROR") and len(tried(lab, f"front.gsh.{ZONE}")) == 4     # four dots, ndots:5
    assert tried(lab, f"front.gsh.{ZONE}.") == tried(lab, f"front.gsh.{ZONE}", "short") == [(f"front.gsh.{ZONE}", "NOERROR")]


def test_DNS_14_an_alias_leads_on_inside_the_cluster_only(lab):
    front = lab.cluster.get("Service", "front")["spec"]["clusterIP"]
    assert lab.cluster.resolve("alias", "web-1").answer.addresses() == [front]
    outside = lab.cluster.resolve("outside", "web-1")
    assert outside.tried[0].outcome == "example.com" and outside.answer.addresses() == []


def test_DNS_11_NXDOMAIN_and_no_data_are_told_apart(lab):
    assert tried(lab, "lonely")[0] == (f"lonely.gsh.{ZONE}", "NXDOMAIN")        # the service is there, but nobody behind it
    trace = lab.cluster.resolve(ZONE, "web-1")
    assert trace.tried[-1].rcode == "NOERROR" and trace.tried[-1].outcome == "no such record" and trace.answer.rcode == "NOERROR"
    assert lab.cluster.resolve("nope", "web-1").answer.rcode == "NXDOMAIN"


def test_KUB_53_the_hosts_file_comes_before_DNS(lab):
    trace = lab.cluster.resolve("web-1", "web-1")
    assert str(trace) == f"1  web-1  {address(lab, 'web-1')} (/etc/hosts)"
    assert lab.cluster.resolve("legacy", "short").answer.addresses() == ["10.0.0.9"]
    assert lab.cluster.resolve("legacy", "web-1").answer.rcode == "NXDOMAIN"


def test_looking_up_changes_nothing_and_a_pod_that_is_not_there_is_an_error(lab):
    before = lab.cluster.engine.world.revision, lab.cluster.now
    lab.resolve("web-0.nginx", "web-1")
    with pytest.raises(NotFound, match='pods "nobody" not found'):
        lab.resolve("web-0.nginx", "nobody")
    assert (lab.cluster.engine.world.revision, lab.cluster.now) == before


# ---- the picture ------------------------------------------------------------------------------------

def texts(found) -> list[str]:
    return ["".join(each.itertext()) for each in ET.fromstring(svg(found)).iter("{http://www.w3.org/2000/svg}text")]


def test_the_text_tells_every_name_and_what_came_of_it(lab):
    assert repr(lab.resolve("web-0.nginx.gsh", "far", "other")).splitlines() == [
        "far looks up web-0.nginx.gsh", f"1  web-0.nginx.gsh.other.{ZONE}  NXDOMAIN", f"2  web-0.nginx.gsh.{ZONE}        {address(lab, 'web-0')}"]


def test_the_picture_shows_the_same_and_whose_the_address_is(lab):
    shown = texts(lab.resolve("web-0.nginx.gsh", "far", "other"))
    assert [f"web-0.nginx.gsh.other.{ZONE}", "NXDOMAIN", f"web-0.nginx.gsh.{ZONE}", f"{address(lab, 'web-0')} web-0"] == shown[-4:]
    assert {"far", "search", f"other.{ZONE}", ZONE, "cluster.local", "ndots:5"} <= set(shown)
    assert [text for text in texts(lab.resolve("nginx", "web-1")) if text.startswith("10.")] == [
        f"{one} {pod}" for one, pod in sorted((address(lab, f"web-{n}"), f"web-{n}") for n in range(3))]
    assert "web-1 in /etc/hosts" in texts(lab.resolve("web-1", "web-1"))


@pytest.mark.parametrize("name, states", [
    ("web-0.nginx", ["ready"]), ("web-0.nginx.gsh", ["idle", "ready"]), ("nope", ["idle", "idle", "idle", "blocked"]), (ZONE, ["idle", "idle", "idle", "blocked"]),
])
def test_a_miss_is_grey_and_only_the_last_one_red(lab, name, states):
    groups = [g.get("class") for g in ET.fromstring(svg(lab.resolve(name, "web-1"))).iter("{http://www.w3.org/2000/svg}g")]
    assert groups[1:1 + len(states)] == states


def test_everything_lies_inside_and_text_is_escaped(lab):
    for name in ("nginx", "nope", "a<b>&c", "x" * 80):
        root = ET.fromstring(svg(lab.resolve(name, "web-1")))
        height = float(root.get("viewBox").split()[3])
        ys = [float(each.get("y")) for each in root.iter() if each.get("y")] + [
            float(g.get("transform")[10:-1].split()[1]) + 27 for g in root.iter("{http://www.w3.org/2000/svg}g")]
        assert max(ys) <= height


def test_two_runs_give_the_same_bytes_under_any_hash_seed():
    code = ("from tutorial import Lab, manifest; lab = Lab(manifest('volumes', 'service', 'statefulset'), namespace='gsh'); "
            "print(lab.resolve('nginx', 'web-1')._repr_mimebundle_())")
    runs = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}).stdout
            for seed in ("0", "1")}
    assert len(runs) == 1
