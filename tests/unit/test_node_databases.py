"""Redis, MySQL, PostgreSQL, ZooKeeper, Cassandra: data that outlives a pod, and clients in other pods."""
from __future__ import annotations

import pytest

from kstate.node.files import FileSystem, Mount
from kstate.node.sql import Database, SqlError

from .node_cluster import Cluster


def server(cluster: Cluster, name: str, image: str, ip: str, path: str, **more):
    """A pod on a volume, started."""
    container = {"env": [{"name": k, "value": v} for k, v in more.pop("env", {}).items()], **more.pop("container", {})}
    cluster.pod(name, image, ip, volumes={path: f"disk-{name}"}, hostname=name, container=container, **more)
    cluster.start(name)


# ---- redis ---------------------------------------------------------------------------------------

@pytest.fixture
def redis() -> Cluster:
    cluster = Cluster()
    server(cluster, "redis-0", "redis:7", "10.244.3.1", "/data", subdomain="redis")
    cluster.service("redis", "None")
    cluster.slice("redis", [("10.244.3.1", "redis-0", True)], port=6379)
    cluster.pod("cli", "redis:7", "10.244.3.9")
    return cluster


def test_redis_data_outlives_the_pod(redis):
    assert redis.exec("redis-0", "redis-cli", "set", "greeting", "hello world").stdout == "OK\n"
    redis.remove("Pod", "redis-0")
    server(redis, "redis-0", "redis:7", "10.244.3.2", "/data")
    assert redis.exec("redis-0", "redis-cli", "get", "greeting").stdout == "hello world\n"
    assert redis.exec("redis-0", "ls", "/data").stdout == "appendonly.aof\n"


def test_redis_without_a_volume_forgets():
    cluster = Cluster()
    cluster.pod("r", "redis", "10.244.3.1")
    cluster.exec("r", "redis-cli", "set", "a", "1")
    cluster.remove("Pod", "r")
    cluster.disks.clear()                   # the root disk goes with the pod
    cluster.pod("r", "redis", "10.244.3.1")
    assert cluster.exec("r", "redis-cli", "get", "a").stdout == "\n"


@pytest.mark.parametrize(("calls", "piped", "terminal"), [
    (["get nothing"], "\n", "(nil)\n"), (["set a 1", "incr a"], "2\n", "(integer) 2\n"), (["set a x", "get a"], "x\n", '"x"\n'),
    (["rpush l a b", "lpush l z", "lrange l 0 -1"], "z\na\nb\n", '1) "z"\n2) "a"\n3) "b"\n'), (["keys *"], "\n", "(empty array)\n"),
    (["hset h f v", "hgetall h"], "f\nv\n", '1) "f"\n2) "v"\n'), (["set a 1", "set b 2", "del a nope", "keys *"], "b\n", '1) "b"\n'),
    (["foo"], "ERR unknown command 'foo', with args beginning with: \n\n", "(error) ERR unknown command 'foo', with args beginning with: \n"),
    (["get"], "ERR wrong number of arguments for 'get' command\n\n", "(error) ERR wrong number of arguments for 'get' command\n"),
    (["set a x", "incr a"], "ERR value is not an integer or out of range\n\n", "(error) ERR value is not an integer or out of range\n"),
    (["rpush l a", "get l"], "WRONGTYPE Operation against a key holding the wrong kind of value\n\n",
     "(error) WRONGTYPE Operation against a key holding the wrong kind of value\n"),
])
def test_redis_replies(redis, calls, piped, terminal):
    *before, last = calls
    for call in before:
        redis.exec("cli", "redis-cli", "-h", "redis-0.redis", *call.split())
    assert redis.exec("cli", "redis-cli", "-h", "redis-0.redis", *last.split(), tty=True).stdout == terminal
    if "incr" not in last:                  # which a second call would not repeat
        assert redis.exec("cli", "redis-cli", "-h", "redis-0.redis", *last.split()).stdout == piped


def test_redis_connections(redis):
    assert redis.exec("cli", "redis-cli", "-h", "nope", "ping").stderr == "Could not connect to Redis at nope:6379: Name or service not known\n"
    redis.pod("busy", "redis", "10.244.3.8", container={"command": ["sleep", "9"]})
    assert redis.exec("busy", "redis-cli", "ping").stderr == "Could not connect to Redis at 127.0.0.1:6379: Connection refused\n"
    assert redis.exec("redis-0", "redis-cli", stdin="set b 2\nget b\n").stdout == "OK\n2\n"


# ---- SQL -----------------------------------------------------------------------------------------

def database(**values) -> Database:
    fs = FileSystem([Mount("/", "disk", {"db/test": {"dir": True}})])
    return Database(fs, "/db", "test", values)


def rows(db: Database, text: str) -> list:
    return db.run(text)[-1].rows


def test_sql_statements():
    db = database(**{"NOW()": "now"})
    db.run("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL, n DECIMAL(5,2), UNIQUE (name)) ENGINE=InnoDB;"
           "INSERT INTO t (name, n) VALUES ('ann', 1.5), ('b''ob', NULL); insert into t values (7, \"eve\", 3)")
    assert rows(db, "select * from t") == [[1, "ann", 1.5], [2, "b'ob", None], [7, "eve", 3]]
    assert rows(db, "SELECT name, id FROM t WHERE id > 1 AND name <> 'x' ORDER BY id DESC LIMIT 1") == [["eve", 7]]
    assert rows(db, "select count(*) from t where n >= 1.5") == [[2]]
    assert rows(db, "select 1, 'x', NOW()") == [[1, "x", "now"]]
    assert db.run("update t set n = 9 where name = 'ann'")[0].count == 1
    assert db.run("delete from t where n = 9")[0].count == 1
    db.run("insert into t (name) values ('new')")
    assert rows(db, "select id from t order by id") == [[2], [7], [8]]
    assert rows(db, "show tables") == [["t"]] and rows(db, "-- a comment\nshow databases;") == [["test"]]
    db.run("create database other; use other; create table x (a text); create table if not exists x (a text); drop table x; drop table if exists x")
    assert rows(db, "select count(*) from test.t") == [[3]]
    db.run("truncate table test.t; drop database test")
    assert db.databases() == ["other"]


@pytest.mark.parametrize(("text", "kind", "name"), [
    ("select * from nope", "table", "test.nope"), ("use nope", "database", "nope"), ("select x", "column", "x"), ("grant all", "syntax", "grant"),
    ("create database test", "exists", "test"), ("select * from t join u", "syntax", "join"), ("insert into t values (1", "syntax", ""),
    ("insert into t (z) values (1)", "column", "z"), ("select a from t where z = 1", "column", "z"), ("$", "syntax", "$"), ("drop table x", "table", "test.x"),
])
def test_sql_errors(text, kind, name):
    db = database()
    db.run("create table t (a int)")
    with pytest.raises(SqlError) as caught:
        db.run(text)
    assert (caught.value.kind, caught.value.name) == (kind, name)


def test_mysql_data_outlives_the_pod_and_is_read_from_elsewhere():
    cluster = Cluster()
    server(cluster, "mysql-0", "mysql:8", "10.244.4.1", "/var/lib/mysql", subdomain="mysql", env={"MYSQL_ROOT_PASSWORD": "pw"})
    cluster.service("mysql", "None")
    cluster.slice("mysql", [("10.244.4.1", "mysql-0", True)], port=3306)
    cluster.pod("client", "mysql:8", "10.244.4.9")
    sql = "CREATE DATABASE test;\nCREATE TABLE test.messages (message VARCHAR(250));\nINSERT INTO test.messages VALUES ('hello');\n"
    assert cluster.exec("client", "mysql", "-h", "mysql-0.mysql", stdin=sql).stderr == (
        "ERROR 1045 (28000): Access denied for user 'root'@'mysql-0.mysql' (using password: NO)\n")
    assert cluster.exec("client", "mysql", "-h", "mysql-0.mysql", "-uroot", "-ppw", stdin=sql).code == 0
    cluster.remove("Pod", "mysql-0")
    server(cluster, "mysql-0", "mysql:8", "10.244.4.1", "/var/lib/mysql", subdomain="mysql", env={"MYSQL_ROOT_PASSWORD": "pw"})
    query = ["mysql", "-h", "mysql-0.mysql", "--password=pw", "-e", "SELECT * FROM test.messages"]
    assert cluster.exec("client", *query, tty=True).stdout == "+---------+\n| message |\n+---------+\n| hello   |\n+---------+\n"
    assert cluster.exec("client", *query).stdout == "message\nhello\n"
    assert cluster.exec("client", *query[:-1], "select * from test.x").stderr.endswith("ERROR 1146 (42S02) at line 1: Table 'test.x' doesn't exist\n")
    assert cluster.exec("client", "mysql", "-h", "nope", "-e", "select 1").stderr == "ERROR 2005 (HY000): Unknown MySQL server host 'nope' (-2)\n"


def test_replicas_of_the_mysql_tutorial_follow_the_first():
    cluster = Cluster()
    endpoints = [(f"10.244.4.{i + 1}", f"mysql-{i}", True) for i in range(3)]
    for i in range(3):
        role = "log-bin" if i == 0 else "super-read-only"
        cluster.disks[f"conf-{i}"] = {"server-id.cnf": {"content": f"[mysqld]\nserver-id={100 + i}\n"}, "role.cnf": {"content": f"[mysqld]\n{role}\n"}}
        cluster.pod(f"mysql-{i}", "mysql:5.7", f"10.244.4.{i + 1}", hostname=f"mysql-{i}", subdomain="mysql",
                    volumes={"/var/lib/mysql": f"data-{i}", "/etc/mysql/conf.d": f"conf-{i}"})
    cluster.service("mysql", "None")
    cluster.slice("mysql", endpoints, port=3306)
    cluster.service("mysql-read", "10.96.5.5", ports=[{"port": 3306, "protocol": "TCP"}])
    cluster.slice("mysql-read", endpoints, port=3306)
    cluster.pod("client", "mysql:5.7", "10.244.4.9")
    cluster.exec("client", "mysql", "-h", "mysql-0.mysql", "-e", "create database d; create table d.t (a int); insert into d.t values (1)")
    loop = "for i in 1 2 3 4 5 6 7 8 9; do mysql -h mysql-read -N -e 'select @@server_id; select a from d.t'; done"
    said = cluster.exec("client", "bash", "-c", loop).stdout.split()
    assert sorted(set(said)) == ["1", "100", "101", "102"] and said.count("1") == 9
    assert "super-read-only" in cluster.exec("client", "mysql", "-h", "mysql-1.mysql", "-e", "insert into d.t values (2)").stderr


def test_postgres():
    cluster = Cluster()
    server(cluster, "pg-0", "postgres:16", "10.244.5.1", "/var/lib/postgresql/data", env={"POSTGRES_PASSWORD": "x", "POSTGRES_DB": "app"})

    def psql(*args, **more):
        return cluster.exec("pg-0", "psql", "-U", "postgres", *args, **more)
    assert cluster.exec("pg-0", "pg_isready")[::2][:2] == ("/var/run/postgresql:5432 - accepting connections\n", 0)
    assert cluster.exec("pg-0", "psql", "-c", "select 1")[1:3] == ('psql: error: connection to server failed: FATAL:  role "root" does not exist\n', 2)
    assert psql("-c", "create table t (id serial primary key, name text)").stdout == "CREATE TABLE\n"
    assert psql("-c", "insert into t (name) values ('ann'), ('bob')").stdout == "INSERT 0 2\n"
    cluster.remove("Pod", "pg-0")
    server(cluster, "pg-0", "postgres:16", "10.244.5.2", "/var/lib/postgresql/data", env={"POSTGRES_PASSWORD": "x"})
    assert psql("-c", "select * from t").stdout == " id | name \n----+------\n  1 | ann\n  2 | bob\n(2 rows)\n\n"
    assert psql("-tAc", "select count(*) from t").stdout == "2\n"
    assert psql("-d", "app", "-c", "select * from t")[1:3] == ('ERROR:  relation "t" does not exist\n', 1)
    assert psql("-d", "nope", "-c", "select 1").code == 2
    assert psql(stdin="update t set name = 'eve' where id = 2;\ndelete from t where id = 1;\n").stdout == "UPDATE 1\nDELETE 1\n"
    assert "this simulated PostgreSQL knows only a small part of SQL" in psql("-c", "select * from t join u").stderr


# ---- ensembles -----------------------------------------------------------------------------------

def test_zookeeper_ensemble():
    cluster = Cluster()
    cluster.service("zk-hs", "None")
    command = ["sh", "-c", "start-zookeeper \\\n--servers=3 \\\n--data_dir=/var/lib/zookeeper/data \\\n--conf_dir=/opt/zookeeper/conf"]
    for i in range(3):
        server(cluster, f"zk-{i}", "registry.k8s.io/kubernetes-zookeeper:1.0-3.4.10", f"10.244.6.{i + 1}", "/var/lib/zookeeper",
               subdomain="zk-hs", container={"command": command})
    endpoints = [(f"10.244.6.{i + 1}", f"zk-{i}", True) for i in range(3)]
    cluster.slice("zk-hs", endpoints, port=2888)
    assert [cluster.exec(f"zk-{i}", "cat", "/var/lib/zookeeper/data/myid").stdout for i in range(3)] == ["1\n", "2\n", "3\n"]
    assert "server.3=zk-2.zk-hs.default.svc.cluster.local:2888:3888\n" in cluster.exec("zk-0", "cat", "/opt/zookeeper/conf/zoo.cfg").stdout
    assert cluster.exec("zk-1", "sh", "-c", "zookeeper-ready 2181").code == 0
    assert cluster.exec("zk-0", "zkCli.sh", "create", "/hello", "world").stdout.endswith("Created /hello\n")
    assert "\nworld\n" in cluster.exec("zk-1", "zkCli.sh", "get", "/hello").stdout
    cluster.slice("zk-hs", endpoints[:1], port=2888)
    assert "fewer than half" in cluster.exec("zk-0", "zkCli.sh", "get", "/hello").stderr
    assert cluster.exec("zk-0", "pkill", "java").ended == 143


def test_cassandra_ring():
    cluster = Cluster()
    for i in range(3):
        server(cluster, f"cassandra-{i}", "gcr.io/google-samples/cassandra:v13", f"10.244.7.{i + 1}", "/cassandra_data", subdomain="cassandra",
               container={"env": [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]})
    cluster.service("cassandra", "None")
    cluster.slice("cassandra", [(f"10.244.7.{i + 1}", f"cassandra-{i}", True) for i in range(3)], port=9042)
    assert cluster.exec("cassandra-0", "nodetool", "status").stdout.count("\nUN  10.244.7.") == 3
    assert cluster.exec("cassandra-2", "/bin/bash", "-c", "/ready-probe.sh").code == 0
    assert cluster.exec("cassandra-2", "/bin/sh", "-c", "nodetool drain").code == 0
