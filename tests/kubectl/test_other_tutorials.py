"""The other tutorials on stateful applications: ZooKeeper, MySQL, Cassandra.  Their sets come up, and their commands do what they say."""
from __future__ import annotations

from pathlib import Path

import pytest

from kstate.cluster import Cluster
from kstate.kubectl import kubectl

MANIFESTS = Path(__file__).parent / "tutorials"
CLASS = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: standard, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: kubernetes.io/host-path
"""


@pytest.fixture
def run():
    """kubectl on a cluster of four nodes with a default class."""
    cluster = Cluster(nodes=4)
    cluster.apply(CLASS)

    def command(line, stdin=""):
        return kubectl(cluster, line, stdin, files={path.name: path.read_text("utf-8") for path in MANIFESTS.glob("*.yaml")})
    return command


def column(run, line: str) -> list[str]:
    return run(line).stdout.split()


def test_zookeeper(run):
    assert run("apply -f zookeeper.yaml").stdout.splitlines()[-1] == "statefulset.apps/zk created"
    assert run("wait --for=condition=Ready pod -l app=zk --timeout=1s").stdout.count("condition met") == 3
    assert [run(f"exec zk-{i} -- hostname -f").stdout for i in range(3)] == [f"zk-{i}.zk-hs.default.svc.cluster.local\n" for i in range(3)]
    assert [run(f"exec zk-{i} -- cat /var/lib/zookeeper/data/myid").stdout for i in range(3)] == ["1\n", "2\n", "3\n"]
    assert run("exec zk-0 -- cat /opt/zookeeper/conf/zoo.cfg").stdout.splitlines()[-1] == "server.3=zk-2.zk-hs.default.svc.cluster.local:2888:3888"
    assert run("exec zk-0 -- zkCli.sh create /hello world").stdout.endswith("Created /hello\n")

    # what was written outlives the set
    assert run("delete statefulset zk").stdout == 'statefulset.apps "zk" deleted\n'
    assert "No resources found" in run("get pods -l app=zk").stderr
    assert run("apply -f zookeeper.yaml").stdout.splitlines()[-1] == "statefulset.apps/zk created"
    assert "\nworld\n" in run("exec zk-2 -- zkCli.sh get /hello").stdout

    # one server a node; a budget lets one of them go at a time
    nodes = column(run, "get pods -l app=zk -o jsonpath={.items[*].spec.nodeName}")
    assert len(set(nodes)) == 3
    assert run(f"drain {nodes[0]} --ignore-daemonsets --force --delete-emptydir-data").stdout.endswith(f"pod/zk-0 evicted\nnode/{nodes[0]} drained\n")
    assert run("wait --for=condition=Ready pod/zk-0 --timeout=60s").code == 0
    assert run(f"drain {nodes[1]} --ignore-daemonsets --timeout=5s").code == 1           # zk-1 finds no node of its own any more
    assert run("get pod zk-1 -o jsonpath={.status.phase}").stdout == "Pending"
    refused = run(f"drain {nodes[2]} --ignore-daemonsets --timeout=5s")
    assert refused.code == 1 and "Cannot evict pod as it would violate the pod's disruption budget." in refused.stderr
    run(f"uncordon {nodes[0]}")
    assert run("wait --for=condition=Ready pod/zk-1 --timeout=60s").code == 0

    # a server that ends is started again; a probe that cannot run brings another container
    assert run("exec zk-0 -- pkill java").code == 137
    assert run("get pod zk-0 -o jsonpath={.status.containerStatuses[0].restartCount}").stdout == "1"
    run("exec zk-0 -- rm /usr/bin/zookeeper-ready")
    assert "Liveness probe failed: sh: 1: zookeeper-ready: not found" in run("describe pod zk-0").stdout
    assert run("wait --for=condition=Ready pod/zk-0 --timeout=60s").code == 0


def test_mysql(run):
    run("apply -f mysql.yaml")
    assert column(run, "get pods -l app=mysql --no-headers -o custom-columns=N:.metadata.name,P:.status.phase") == [
        "mysql-0", "Running", "mysql-1", "Running", "mysql-2", "Running"]
    create = "CREATE DATABASE test;\nCREATE TABLE test.messages (message VARCHAR(250));\nINSERT INTO test.messages VALUES ('hello');\n"
    client = "run mysql-client --image=mysql:5.7 -i --rm --restart=Never -- mysql -h"
    assert run(f"{client} mysql-0.mysql", create) == ('pod "mysql-client" deleted\n', "", 0)
    assert run(f'{client} mysql-read -e "SELECT * FROM test.messages"').stdout == 'message\nhello\npod "mysql-client" deleted\n'

    # an init container whose image nobody has modelled: it goes well, and says so
    assert run("logs mysql-1 -c clone-mysql").stdout.endswith("kstate: ncat is not modelled, and taken to do what is expected of it\n")

    # a readiness probe that cannot run takes the pod out of the Service
    run("exec mysql-2 -c mysql -- mv /usr/bin/mysql /usr/bin/mysql.off")
    assert "1/2" in run("get pod mysql-2").stdout
    ids = {run(f'{client} mysql-read -N -e "SELECT @@server_id"').stdout.split()[0] for _ in range(8)}
    assert ids == {"100", "101"}
    run("exec mysql-2 -c mysql -- mv /usr/bin/mysql.off /usr/bin/mysql")
    assert "2/2" in run("get pod mysql-2").stdout

    run("scale statefulset mysql --replicas=5")
    assert run(f'{client} mysql-3.mysql -N -e "SELECT * FROM test.messages"').stdout.splitlines()[0] == "hello"
    run("scale statefulset mysql --replicas=3")
    assert len(column(run, "get pvc -l app=mysql -o name")) == 5


def test_cassandra(run):
    """Its class names minikube's provisioner, which is not here: the claim waits and says for whom."""
    run("apply -f cassandra.yaml")
    assert "external provisioner 'k8s.io/minikube-hostpath'" in run("describe pvc cassandra-data-cassandra-0").stdout
    run("delete sc fast")
    run("apply -f -", CLASS.replace("standard", "fast"))
    assert column(run, "get pods -l app=cassandra -o jsonpath={.items[*].status.containerStatuses[0].ready}") == ["true"] * 3
    ring = run("exec -it cassandra-0 -- nodetool status").stdout
    assert ring.startswith("Datacenter: DC1-K8Demo\n") and ring.count("\nUN  10.244.") == 3
    assert run("delete pod cassandra-2").code == 0 and "FailedPreStopHook" not in run("get events").stdout
