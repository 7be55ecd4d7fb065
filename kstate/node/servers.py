"""Which servers a container runs: found in the arguments of its main process, not by running it."""
from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

from .files import FileError, FileSystem
from .images import PROGRAM, Image
from .shell import syntax
from .shell.parser import parse

PORTS = {           # program -> what it speaks and on which port
    "nginx": ("http", 80), "httpd-foreground": ("http", 80), "httpd": ("http", 80), "redis-server": ("redis", 6379),
    "postgres": ("postgres", 5432), "mysqld": ("mysql", 3306), "mariadbd": ("mysql", 3306), "cassandra": ("cassandra", 9042),
    "zkServer.sh": ("zookeeper", 2181), "start-zookeeper": ("zookeeper", 2181),
}
WRAPPERS = ("docker-entrypoint.sh", "tini", "dumb-init", "exec", "env", "nohup", "busybox", "--")
SHELLS = ("sh", "ash", "dash", "bash")
PORT_OPTION = re.compile(r"(?:-p|--port|--client_port)(?:=|\s+)(?:\S*:)?(\d+)")
DEPTH = 4           # scripts that start scripts


class Listener(NamedTuple):
    """`root` is the document root of an HTTP server."""

    program: str
    protocol: str       # http | redis | postgres | mysql | cassandra | zookeeper
    port: int
    root: str = ""


def listeners(image: Image, argv: list[str], fs: FileSystem, depth: int = DEPTH) -> list[Listener]:
    """The servers that these arguments start; for a shell, those that its script names."""
    while argv and posixpath.basename(argv[0]) in WRAPPERS:
        argv = argv[1:]
    if not argv or not depth:
        return []
    name = posixpath.basename(argv[0])
    if name in SHELLS:
        flags = next((i for i, arg in enumerate(argv[1:], 1) if re.fullmatch(r"-[a-z]*c[a-z]*", arg)), None)
        return _in_script(image, argv[flags + 1], fs, depth) if flags and len(argv) > flags + 1 else []
    if name not in PORTS:
        return _in_script(image, _text(fs, argv[0]), fs, depth)
    if not any(fs.exists(f"{directory}/{name}") for directory in ("/bin", "/usr/bin")):
        return []
    protocol, port = PORTS[name]
    if name == "nginx":
        return _nginx(fs)
    given = PORT_OPTION.search(" ".join(argv))
    root = ""
    if protocol == "http":
        home = re.search(r"-h\s+(\S+)", " ".join(argv))
        root = "/usr/local/apache2/htdocs" if image.name == "httpd" else home[1] if home else "/"
    return [Listener(name, protocol, int(given[1]) if given else port, root)]


def _in_script(image: Image, text: str, fs: FileSystem, depth: int) -> list[Listener]:
    try:
        started = syntax.programs(parse(text, bash=True))
    except syntax.Unexpected:
        return []
    return [found for argv in started for found in listeners(image, argv, fs, depth - 1)]


def _text(fs: FileSystem, path: str) -> str:
    """The text of a script; "" where the path is none."""
    try:
        text = fs.read(path) if path.startswith("/") else ""
    except FileError:
        return ""
    return "" if text.startswith(PROGRAM) else text


def _nginx(fs: FileSystem) -> list[Listener]:
    """Ports and document roots as /etc/nginx/conf.d has them."""
    found = []
    directory = "/etc/nginx/conf.d"
    for name in fs.list(directory) if fs.is_dir(directory) else []:
        text = fs.read(f"{directory}/{name}") if name.endswith(".conf") else ""
        for server in re.split(r"(?m)^\s*server\s*\{", re.sub(r"#.*", "", text))[1:]:
            root = re.search(r"\broot\s+([^;\s]+)\s*;", server)
            found += [Listener("nginx", "http", int(port), root[1] if root else "/etc/nginx/html")
                      for port in re.findall(r"\blisten\s+(?:[\d.*]+:)?(\d+)", server)]
    return found
