"""Hostname, /etc/hosts and environment of a container (KUB-52 to KUB-55)."""
from __future__ import annotations

import pytest

from kstate.node.identity import ConfigError, environment, expand, fqdn, hostname, hosts_file
from kstate.world import Key

from .node_cluster import Cluster, web


def env(cluster: Cluster, pod: dict, started: str = "", **container) -> dict:
    return environment(cluster.world, pod, container, {"FROM_IMAGE": "1"}, started)


def test_KUB_52_hostname():
    cluster = web()
    assert cluster.exec("web-0", "hostname").stdout == "web-0\n"
    assert cluster.exec("web-0", "hostname", "-f").stdout == "web-0.nginx.default.svc.cluster.local\n"
    assert cluster.exec("web-0", "hostname", "-d").stdout == "nginx.default.svc.cluster.local\n"
    assert cluster.exec("web-0", "hostname", "-i").stdout == "10.244.1.6\n"
    assert cluster.exec("box", "hostname", "-f").stdout == "box\n"
    assert hostname({"metadata": {"name": "a" * 70}, "spec": {}}) == "a" * 63
    nowhere = cluster.pod("x-0", "busybox", "10.244.0.9", hostname="x-0", subdomain="missing")
    assert fqdn(nowhere) == "x-0.missing.default.svc.cluster.local"         # whether the service exists or not


def test_KUB_53_hosts_file():
    cluster = web()
    lines = cluster.exec("web-0", "cat", "/etc/hosts").stdout.splitlines()
    assert lines[0] == "# Kubernetes-managed hosts file." and lines[1] == "127.0.0.1\tlocalhost"
    assert lines[-1] == "10.244.1.6\tweb-0.nginx.default.svc.cluster.local\tweb-0"
    plain = cluster.pod("p", "busybox", "10.244.0.9", hostAliases=[{"ip": "1.2.3.4", "hostnames": ["a", "b"]}])
    assert hosts_file(plain).endswith("10.244.0.9\tp\n\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n")


def test_KUB_54_service_variables():
    cluster = web()
    cluster.service("my-db", "10.96.3.3", ports=[{"name": "client-port", "port": 5432, "protocol": "TCP"}, {"name": "x", "port": 53, "protocol": "UDP"}])
    found = env(cluster, cluster.world.find(Key("Pod", "default", "box")))
    assert {k: v for k, v in found.items() if k.startswith("MY_DB")} == {
        "MY_DB_SERVICE_HOST": "10.96.3.3", "MY_DB_SERVICE_PORT": "5432", "MY_DB_SERVICE_PORT_CLIENT_PORT": "5432", "MY_DB_SERVICE_PORT_X": "53",
        "MY_DB_PORT": "tcp://10.96.3.3:5432", "MY_DB_PORT_5432_TCP": "tcp://10.96.3.3:5432", "MY_DB_PORT_5432_TCP_PROTO": "tcp",
        "MY_DB_PORT_5432_TCP_PORT": "5432", "MY_DB_PORT_5432_TCP_ADDR": "10.96.3.3", "MY_DB_PORT_53_UDP": "udp://10.96.3.3:53",
        "MY_DB_PORT_53_UDP_PROTO": "udp", "MY_DB_PORT_53_UDP_PORT": "53", "MY_DB_PORT_53_UDP_ADDR": "10.96.3.3"}
    assert found["KUBERNETES_SERVICE_HOST"] == "10.96.0.1" and found["HOSTNAME"] == "box" and found["FROM_IMAGE"] == "1"
    assert not any(k.startswith("NGINX") for k in found)                    # headless services get none
    assert not any(k.startswith("KUBE_DNS") for k in found)                 # nor do those of other namespaces


def test_KUB_54_only_services_older_than_the_container_and_only_when_wanted():
    cluster = web()
    cluster.service("db", "10.96.3.3")
    pod = cluster.pod("p", "busybox", "10.244.0.9", enableServiceLinks=False)
    assert "DB_PORT" not in env(cluster, pod) and "KUBERNETES_PORT" in env(cluster, pod)
    box = cluster.world.find(Key("Pod", "default", "box"))
    assert "DB_PORT" not in env(cluster, box, started="2025-12-31T00:00:00Z")
    assert "DB_PORT" in env(cluster, box, started="2026-01-01T00:00:00Z")


def test_KUB_55_downward_api_and_references():
    cluster = web()
    cluster.add("ConfigMap", "cm", "default", data={"key": "value", "other": "o"})
    cluster.add("Secret", "s", "default", data={"password": "c2VjcmV0"})
    pod = cluster.add("Pod", "p-3", "default", {"app": "web", "apps.kubernetes.io/pod-index": "3"},
                      spec={"nodeName": "node-1", "containers": []}, status={"podIP": "10.1.1.1", "podIPs": [{"ip": "10.1.1.1"}]})

    def ref(path):
        return {"valueFrom": {"fieldRef": {"fieldPath": path}}}
    found = env(cluster, pod, envFrom=[{"configMapRef": {"name": "cm"}, "prefix": "CM_"}], resources={"limits": {"cpu": "500m", "memory": "128Mi"}}, env=[
        {"name": "NAME", **ref("metadata.name")}, {"name": "NS", **ref("metadata.namespace")}, {"name": "NODE", **ref("spec.nodeName")},
        {"name": "IP", **ref("status.podIP")}, {"name": "IPS", **ref("status.podIPs")}, {"name": "APP", **ref("metadata.labels['app']")},
        {"name": "INDEX", **ref("metadata.labels['apps.kubernetes.io/pod-index']")},
        {"name": "KEY", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "key"}}},
        {"name": "PASS", "valueFrom": {"secretKeyRef": {"name": "s", "key": "password"}}},
        {"name": "NONE", "valueFrom": {"secretKeyRef": {"name": "missing", "key": "x", "optional": True}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        {"name": "MEM", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}},
        {"name": "URL", "value": "http://$(NAME).$(NS)/$(LATER)$$(NAME)"}, {"name": "LATER", "value": "x"}])
    assert {k: found.get(k) for k in ("NAME", "NS", "NODE", "IP", "IPS", "APP", "INDEX", "KEY", "PASS", "NONE", "CPU", "MEM", "CM_other")} == {
        "NAME": "p-3", "NS": "default", "NODE": "node-1", "IP": "10.1.1.1", "IPS": "10.1.1.1", "APP": "web", "INDEX": "3", "KEY": "value",
        "PASS": "secret", "NONE": None, "CPU": "1", "MEM": str(128 << 20), "CM_other": "o"}
    assert found["URL"] == "http://p-3.default/$(LATER)$(NAME)"             # only earlier variables are expanded


@pytest.mark.parametrize(("source", "text"), [
    ({"configMapKeyRef": {"name": "cm", "key": "k"}}, 'configmap "cm" not found'),
    ({"secretKeyRef": {"name": "s", "key": "k"}}, 'secret "s" not found'),
    ({"configMapKeyRef": {"name": "kube", "key": "k"}}, "couldn't find key k in ConfigMap default/kube"),
])
def test_KUB_23_a_missing_reference_says_what_is_missing(source, text):
    cluster = web()
    cluster.add("ConfigMap", "kube", "default", data={})
    with pytest.raises(ConfigError, match=text):
        env(cluster, cluster.world.find(Key("Pod", "default", "box")), env=[{"name": "X", "valueFrom": source}])


def test_expand():
    assert expand("$(A)$$(A)$(B)$A", {"A": "1"}) == "1$(A)$(B)$A"
