"""One attempt of a probe (KUB-23, KUB-46): HTTP, TCP, exec."""
from __future__ import annotations

import pytest

from kstate.node.probes import probe

from .node_cluster import Cluster, web


def tried(cluster: Cluster, name: str, **spec) -> tuple[bool, str]:
    return probe(cluster.machine(name), spec)


@pytest.fixture
def cluster() -> Cluster:
    cluster = web()
    cluster.exec("web-0", "sh", "-c", "echo ok > /usr/share/nginx/html/healthz; mkdir /usr/share/nginx/html/d")
    return cluster


@pytest.mark.parametrize(("spec", "expected"), [
    ({"path": "/healthz", "port": 80}, (True, "")), ({"path": "healthz", "port": 80}, (True, "")),
    ({"path": "/d", "port": 80}, (True, "")),                               # KUB-46: a redirect counts as success
    ({"path": "/nope", "port": 80}, (False, "HTTP probe failed with statuscode: 404")),
    ({"port": 80}, (False, "HTTP probe failed with statuscode: 403")),      # an empty volume hides the image's index.html
    ({"port": 8080}, (False, 'Get "http://10.244.1.6:8080/": dial tcp 10.244.1.6:8080: connect: connection refused')),
    ({"path": "/x", "port": 80, "scheme": "HTTPS"}, (False, 'Get "https://10.244.1.6:80/x": EOF')),
])
def test_KUB_46_http(cluster, spec, expected):
    assert tried(cluster, "web-0", httpGet=spec) == expected


def test_KUB_46_a_port_may_be_named():
    cluster = Cluster()
    cluster.pod("p", "nginx", "10.244.0.9", container={"ports": [{"name": "web", "containerPort": 80}]})
    assert tried(cluster, "p", httpGet={"port": "web"}) == (True, "")
    assert tried(cluster, "p", tcpSocket={"port": "web"}) == (True, "")
    assert tried(cluster, "p", tcpSocket={"port": "other"})[0] is False


def test_a_probe_asks_the_container_though_its_status_does_not_say_yet_that_it_runs():
    cluster = Cluster()
    cluster.pod("p", "nginx", "10.244.0.9", running=False)
    assert tried(cluster, "p", httpGet={"port": 80}) == (True, "")


def test_KUB_46_tcp(cluster):
    assert tried(cluster, "web-0", tcpSocket={"port": 80}) == (True, "")
    assert tried(cluster, "web-0", tcpSocket={"port": 81}) == (False, "dial tcp 10.244.1.6:81: connect: connection refused")


def test_KUB_46_exec(cluster):
    assert tried(cluster, "web-0", exec={"command": ["cat", "/usr/share/nginx/html/healthz"]}) == (True, "")
    assert tried(cluster, "web-0", exec={"command": ["cat", "/tmp/healthy"]}) == (False, "cat: /tmp/healthy: No such file or directory")
    assert tried(cluster, "box", exec={"command": ["cat", "/tmp/healthy"]}) == (False, "cat: can't open '/tmp/healthy': No such file or directory")
    assert tried(cluster, "web-0", exec={"command": ["sh", "-c", "exit 3"]}) == (False, "")
    assert tried(cluster, "web-0", exec={"command": ["sleep", "0.5"]}) == (True, "")
    assert tried(cluster, "web-0", exec={"command": ["sleep", "5"]}) == (False, 'command "sleep 5" timed out')
    assert tried(cluster, "web-0", exec={"command": ["sleep", "5"]}, timeoutSeconds=10) == (True, "")
    good, text = tried(cluster, "web-0", exec={"command": ["nosuch"]})
    assert not good and 'exec: "nosuch": executable file not found in $PATH' in text


def test_probes_of_an_image_that_is_not_modelled_succeed_where_nothing_is_known():
    cluster = Cluster()
    cluster.pod("p", "mongo:7", "10.244.0.9")
    assert tried(cluster, "p", httpGet={"port": 8080}) == tried(cluster, "p", tcpSocket={"port": 27017}) == (True, "")
    assert tried(cluster, "p", exec={"command": ["sh", "-c", "mongosh --eval ping | grep ok"]}) == (True, "")
    assert tried(cluster, "p", exec={"command": ["test", "-e", "/tmp/healthy"]}) == (False, "")
    assert cluster.exec("p", "mongosh").code == 127                         # who types a command is told
    cluster.pod("q", "mongo:7", "10.244.0.8", container={"command": ["sh", "-c", "mkdir /www; exec httpd -f -h /www"]})
    assert tried(cluster, "q", httpGet={"port": 80, "path": "/x"}) == (False, "HTTP probe failed with statuscode: 404")


def test_the_mysql_tutorial_breaks_its_probe_by_moving_the_program():
    cluster = Cluster()
    cluster.pod("mysql-2", "mysql:5.7", "10.244.0.9")
    check = {"command": ["mysql", "-h", "127.0.0.1", "-e", "SELECT 1"]}
    assert tried(cluster, "mysql-2", exec=check) == (True, "")
    assert tried(cluster, "mysql-2", exec={"command": ["mysqladmin", "ping"]}) == (True, "")
    cluster.exec("mysql-2", "mv", "/usr/bin/mysql", "/usr/bin/mysql.off")
    assert tried(cluster, "mysql-2", exec=check)[0] is False
    cluster.exec("mysql-2", "mv", "/usr/bin/mysql.off", "/usr/bin/mysql")
    assert tried(cluster, "mysql-2", exec=check) == (True, "")
