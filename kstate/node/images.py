"""What a container image contains and runs, by the name of its repository.

`image("registry.k8s.io/nginx-slim:0.24")` is a small nginx; an image that is not known here has a busybox's programs, bash and
an entry point that nobody knows.  Images never fail by themselves: faults come by annotation.

A program is a file whose content names it, so that it can be moved, copied or removed like any other file.  Whether
an image has `ps`, `wget` or `curl` is as in the real one.
"""
from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from ..world import Dict, freeze

PROGRAM = "\x7fELF kstate:"         # a file with this content runs the program named after it


class Image(NamedTuple):
    """`family` says whose texts the programs use: "busybox", "gnu"."""

    name: str                       # the row of the table, "" for an image that is not known
    tag: str
    family: str
    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...]
    env: dict[str, str]
    workdir: str
    files: dict                     # the root disk


# What both families have, and what only one has.
COMMON = """sh [ arch awk base64 basename cat chmod chown cp cut date dd df dirname du echo egrep env expr false fgrep find getent grep
 head hostname id kill ln ls md5sum mkdir mktemp mount mv nproc printenv printf pwd readlink realpath rev rm rmdir sed seq
 sha1sum sha256sum sleep sort stat sync tac tail tar tee test timeout touch tr true uname uniq wc which whoami xargs yes"""
ONLY = {
    "busybox": "ash clear free httpd killall nc nslookup ping pkill ps uptime wget",
    "gnu": "bash dash apt-get apt",
}

WELCOME = """<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server works. Put your own files into /usr/share/nginx/html.</p>
</body>
</html>
"""
NGINX_CONF = """server {
    listen       80;
    server_name  localhost;

    location / {
        root   /usr/share/nginx/html;
        index  index.html index.htm;
    }
}
"""
HELLO = """
Hello from Docker!
This message shows that the container ran, said this, and ended.
"""


class Row(NamedTuple):
    family: str = "gnu"
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    programs: str = ""              # beyond those of the family
    env: dict[str, str] = Dict()
    workdir: str = "/"
    files: dict[str, str | None] = Dict()     # path -> content, or None for an empty directory


def _server(cmd: str, programs: str, **more) -> Row:
    """An image whose entry point is a script that starts what it is told to, by default `cmd`."""
    return Row(entrypoint=("docker-entrypoint.sh",), cmd=tuple(cmd.split()), programs=f"docker-entrypoint.sh {programs}", **more)


_MYSQL = {"files": {"var/lib/mysql": None, "etc/mysql/conf.d": None}}
TABLE: dict[str, Row] = {
    "nginx": Row(entrypoint=("/docker-entrypoint.sh",), cmd=("nginx", "-g", "daemon off;"), programs="nginx curl",
                 files={"usr/share/nginx/html/index.html": WELCOME, "etc/nginx/conf.d/default.conf": NGINX_CONF,
                        "etc/nginx/nginx.conf": "http {\n    include /etc/nginx/conf.d/*.conf;\n}\n", "var/log/nginx": None,
                        "docker-entrypoint.sh": PROGRAM + "docker-entrypoint.sh\n"}),
    "httpd": Row(cmd=("httpd-foreground",), programs="httpd-foreground httpd", workdir="/usr/local/apache2",
                 files={"usr/local/apache2/htdocs/index.html": "<html><body><h1>It works!</h1></body></html>\n"}),
    "busybox": Row("busybox", cmd=("sh",)),
    "alpine": Row("busybox", cmd=("/bin/sh",), programs="apk"),
    "ubuntu": Row(cmd=("/bin/bash",), programs="ps pkill free uptime"),
    "debian": Row(cmd=("bash",)),
    "redis": _server("redis-server", "redis-server redis-cli", workdir="/data", files={"data": None}),
    "postgres": _server("postgres", "postgres psql pg_isready", env={"PGDATA": "/var/lib/postgresql/data"},
                        files={"var/lib/postgresql/data": None}),
    "mysql": _server("mysqld", "mysqld mysql mysqladmin", **_MYSQL),
    "mariadb": _server("mariadbd", "mariadbd mariadb mariadb-admin mysql mysqladmin", **_MYSQL),
    "cassandra": _server("cassandra -f", "cassandra nodetool", files={
        "var/lib/cassandra": None, "run.sh": "#!/bin/bash\nexec cassandra -f\n",
        "ready-probe.sh": "#!/bin/bash\nnodetool status | grep -q \"UN  $POD_IP\"\n"}),
    "zookeeper": _server("zkServer.sh start-foreground", "zkServer.sh zkCli.sh start-zookeeper zookeeper-ready ps pkill",
                         files={"data": None, "opt/zookeeper/conf": None}),
    "curl": Row("busybox", entrypoint=("docker-entrypoint.sh",), cmd=("curl",), programs="curl docker-entrypoint.sh apk"),
    "agnhost": Row(entrypoint=("/bin/agnhost",), cmd=("pause",), programs="agnhost dig nslookup host ping curl wget nc ps"),
    "dnsutils": Row(cmd=("sleep", "infinity"), programs="dig nslookup host ping curl wget nc ps"),
    "hello-world": Row("busybox", cmd=("cat", "/hello"), files={"hello": HELLO}),
    "pause": Row("busybox", cmd=("sleep", "infinity")),
}
SAME_AS = {"nginx-slim": "nginx", "apache": "httpd", "mysql-server": "mysql", "centos": "debian",
           "fedora": "debian", "rockylinux": "debian", "buildpack-deps": "debian", "kubernetes-zookeeper": "zookeeper",
           "jessie-dnsutils": "dnsutils", "netshoot": "dnsutils", "valkey": "redis", "postgresql": "postgres"}
TABLE["nginx-unprivileged"] = TABLE["nginx"]._replace(
    files={**TABLE["nginx"].files, "etc/nginx/conf.d/default.conf": NGINX_CONF.replace("80;", "8080;")})
OWN_START = {"google-samples/cassandra": ("/run.sh",)}      # the image of the Cassandra tutorial starts by a script of its own


@cache
def image(name: str) -> Image:
    """The model of an image, by a name such as `nginx`, `nginx:1.27-alpine` or `registry.k8s.io/nginx-slim:0.24`."""
    path = name.split("@")[0]
    repository, _, tag = path.rpartition(":") if ":" in path.rsplit("/", 1)[-1] else (path, "", "latest")
    last = repository.rsplit("/", 1)[-1]
    known = SAME_AS.get(last, last)
    row = TABLE.get(known)
    if row is None:
        return Image("", tag, "busybox", (), ("/entrypoint",), {}, "/", _root(Row(programs="bash"), "busybox", tag))
    family = "busybox" if "alpine" in tag else row.family
    cmd = next((start for part, start in OWN_START.items() if part in repository), row.cmd)
    env = {"NGINX_VERSION": version(tag, "1.29.1")} if known.startswith("nginx") else row.env
    return Image(known, tag, family, row.entrypoint, cmd, env, row.workdir, _root(row, family, tag))


def main_argv(model: Image, container: dict) -> list[str]:
    """What a container runs: `command` replaces the entry point and the image's arguments, `args` only the latter."""
    command, args = container.get("command"), container.get("args")
    return [*(command or model.entrypoint), *(args or (() if command else model.cmd))]


def version(tag: str, default: str) -> str:
    """The number in a tag: "1.27.1-alpine" -> "1.27.1"."""
    found = re.match(r"v?(\d+(\.\d+)+)", tag)
    return found[1] if found else default


def _root(row: Row, family: str, tag: str) -> dict:
    """The root disk: programs, a few files of /etc, and what the image adds."""
    where = "bin" if family == "busybox" else "usr/bin"
    files: dict[str, dict] = {path: {"dir": True, "mode": mode, "time": 0} for path, mode in
                              (("tmp", 0o1777), ("root", 0o700), ("var/tmp", 0o1777), ("home", 0o755), ("mnt", 0o755), ("opt", 0o755))}
    if family == "gnu":
        files["bin"] = {"link": "usr/bin", "mode": 0o777, "time": 0}
    for program in f"{COMMON} {ONLY[family]} {row.programs}".split():
        files[f"{where}/{program}"] = {"content": f"{PROGRAM}{program}\n", "mode": 0o755, "time": 0}
    texts = {"dev/null": "", "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n", "etc/group": "root:x:0:\n",
             "etc/os-release": _os_release(family, tag), **row.files}
    for path, text in texts.items():
        mode = 0o755 if path.endswith(".sh") else 0o644
        files[path] = {"dir": True, "mode": 0o755, "time": 0} if text is None else {"content": text, "mode": mode, "time": 0}
    return freeze(files)


def _os_release(family: str, tag: str) -> str:
    if family == "busybox":
        return 'NAME="Alpine Linux"\nID=alpine\n' if "alpine" in tag else 'NAME="BusyBox"\nID=busybox\n'
    return 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n'
