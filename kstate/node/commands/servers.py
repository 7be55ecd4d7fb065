"""The main processes of the images: nginx, redis-server, postgres, mysqld ... and the scripts that start them.

A server says that it is ready, prepares its data directory and then runs for ever; who connects to it is network.py's matter.
"""
from __future__ import annotations

import posixpath

from ..machine import Ended, Forever
from ..process import Process, program
from .listing import date_of


@program("docker-entrypoint.sh")
def entrypoint(p: Process) -> int:
    """The usual start script: run what the arguments say; options alone go to the image's own program."""
    args = p.args
    if not args or args[0].startswith("-"):
        args = [*p.machine.image.cmd[:1], *args]
    if p.machine.image.name.startswith("nginx"):
        p.out("/docker-entrypoint.sh: Configuration complete; ready for start up\n")
    return p.spawn(args)


@program("nginx")
def nginx(p: Process) -> int:
    """nginx [-g DIRECTIVES] [-v] [-t] [-s reload|stop|quit]"""
    options, _ = p.options("g:vVts:c:q")
    number = p.machine.image.env.get("NGINX_VERSION", "")
    if "v" in options or "V" in options:
        p.err(f"nginx version: nginx/{number}\n")
    elif "t" in options:
        p.err("nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n"
              "nginx: configuration file /etc/nginx/nginx.conf test is successful\n")
    elif options.get("s") in ("stop", "quit"):
        raise Ended(0)
    elif "s" in options:
        if options["s"] not in ("reload", "reopen"):
            raise p.fail(f'invalid option: "-s {options["s"]}"')
        p.err(f"{_stamp(p, '%Y/%m/%d %H:%M:%S')} [notice] 50#50: signal process started\n")
    else:
        when = _stamp(p, "%Y/%m/%d %H:%M:%S")
        p.err(f"{when} [notice] 1#1: nginx/{number}\n{when} [notice] 1#1: start worker processes\n")
        if "daemon off" in options.get("g", ""):
            raise Forever("nginx serves until it is stopped")
    return 0


@program("httpd", "httpd-foreground")
def httpd(p: Process) -> int:
    """Apache's httpd, or a busybox's: httpd [-f] [-p PORT] [-h DIR]"""
    if p.machine.image.name == "httpd":
        if "-v" in p.args:
            p.out("Server version: Apache/2.4 (Unix)\n")
            return 0
        p.err(f"[{_stamp(p, '%a %b %d %H:%M:%S.000000 %Y')}] [core:notice] [pid 1:tid 1] AH00094: Command line: 'httpd -D FOREGROUND'\n")
        raise Forever("httpd serves until it is stopped")
    if "-f" in p.args or "-fv" in p.args:
        raise Forever("httpd -f serves until it is stopped")
    return 0


@program("agnhost")
def agnhost(p: Process) -> int:
    """The image of Kubernetes' own tests: whatever it is told to do, it does not end."""
    raise Forever("agnhost runs until it is stopped")


@program("redis-server")
def redis_server(p: Process) -> int:
    when = _stamp(p, "%d %b %Y %H:%M:%S.000")
    p.out(f"1:C {when} * Redis is starting\n1:M {when} * Ready to accept connections tcp\n")
    raise Forever("redis-server serves until it is stopped")


@program("postgres")
def postgres(p: Process) -> int:
    directory = p.env.get("PGDATA", "/var/lib/postgresql/data")
    _prepare(p, directory, "PG_VERSION", "17\n")
    p.err(f"{_stamp(p, '%Y-%m-%d %H:%M:%S.000 UTC')} [1] LOG:  database system is ready to accept connections\n")
    raise Forever("postgres serves until it is stopped")


@program("mysqld", "mariadbd")
def mysqld(p: Process) -> int:
    _prepare(p, "/var/lib/mysql", "mysql/db.opt", "")
    p.err(f"{_stamp(p, '%Y-%m-%dT%H:%M:%S.000000Z')} 0 [System] {p.program}: ready for connections. port: 3306\n")
    raise Forever(f"{p.program} serves until it is stopped")


@program("cassandra")
def cassandra(p: Process) -> int:
    _prepare(p, "/cassandra_data" if p.fs.is_dir("/cassandra_data") else "/var/lib/cassandra", "data/system/local", "")
    p.out("INFO  [main] Startup complete\n")
    raise Forever("cassandra serves until it is stopped")


@program("zkServer.sh")
def zk_server(p: Process) -> int:
    """zkServer.sh start-foreground | status"""
    if p.args[:1] == ["status"]:
        p.out("Mode: standalone\n")
        return 0
    raise Forever("ZooKeeper serves until it is stopped")


@program("start-zookeeper")
def start_zookeeper(p: Process) -> int:
    """The start script of the ZooKeeper tutorial: an id from the ordinal, a configuration that lists all servers."""
    settings = dict(arg.removeprefix("--").partition("=")[::2] for arg in p.args)
    name, _, ordinal = p.machine.hostname.rpartition("-")
    if not ordinal.isdigit():
        raise p.fail(f"Failed to parse name and ordinal of Pod {p.machine.hostname}")
    data, conf = settings.get("data_dir", "/var/lib/zookeeper/data"), settings.get("conf_dir", "/opt/zookeeper/conf")
    subdomain = p.machine.pod["spec"].get("subdomain", "")
    domain = f"{subdomain}.{p.machine.pod['metadata'].get('namespace', 'default')}.svc.cluster.local"
    ports = f"{settings.get('server_port', '2888')}:{settings.get('election_port', '3888')}"
    lines = [f"clientPort={settings.get('client_port', '2181')}", f"dataDir={data}", f"dataLogDir={settings.get('data_log_dir', data)}",
             f"tickTime={settings.get('tick_time', '2000')}", f"initLimit={settings.get('init_limit', '10')}",
             f"syncLimit={settings.get('sync_limit', '5')}"]
    lines += [f"server.{i + 1}={name}-{i}.{domain}:{ports}" for i in range(int(settings.get("servers", "1")))]
    for path, text in ((f"{data}/myid", f"{int(ordinal) + 1}\n"), (f"{conf}/zoo.cfg", "\n".join(lines) + "\n")):
        p.fs.mkdir(posixpath.dirname(path), parents=True)
        p.fs.write(path, text)
    raise Forever("ZooKeeper serves until it is stopped")


def _prepare(p: Process, directory: str, name: str, text: str) -> None:
    """What a database lays into its data directory when it finds it empty."""
    path = posixpath.join(directory, name)
    if not p.fs.exists(path):
        p.fs.mkdir(posixpath.dirname(path), parents=True)
        p.fs.write(path, text)


def _stamp(p: Process, form: str) -> str:
    return date_of(p, p.machine.time).strftime(form)
