"""mysql and psql: clients of the SQL servers, which may run in another pod."""
from __future__ import annotations

from typing import Any

from .. import identity
from ..network import BAD_ADDRESS, Server
from ..process import Exit, Process, program
from ..sql import Database, Outcome, SqlError, statements
from .listing import date_of

MYSQL_DATA = "/var/lib/mysql"


def _environment(p: Process, server: Server) -> dict[str, str]:
    return identity.environment(p.machine.network.world, server.pod, server.container, server.image.env)


def _now(p: Process) -> str:
    return f"{date_of(p, p.machine.time):%Y-%m-%d %H:%M:%S}"


def _shown(value: Any) -> str:
    return "NULL" if value is None else str(value)


# ---- MySQL ---------------------------------------------------------------------------------------

@program("mysql", "mariadb")
def mysql(p: Process) -> int:
    """mysql [-h HOST] [-P PORT] [-u USER] [-p[PASSWORD]] [-D DATABASE] [-e STATEMENTS] [-N] [-B] [-t] [DATABASE]"""
    options, operands = _mysql_options(p)
    if "password" in options and p.program == "mysql":
        p.err("mysql: [Warning] Using a password on the command line interface can be insecure.\n")
    host = options.get("h", "localhost")
    server = _mysql_server(p, host, p.number(options.get("P", "3306")))
    _check_password(p, _environment(p, server), options, host)
    text = options["e"] if "e" in options else p.stdin.read()
    boxes = "t" in options or (p.machine.tty and "B" not in options)
    try:
        database = _mysql_database(p, server, options.get("D", operands[0] if operands else ""))
        primary = _primary(p, server)
        if primary:
            _replicate(primary, server)
            if any(statement[0].upper() not in ("SELECT", "SHOW", "USE") for statement in statements(text)):
                raise SqlError("replica", "")
        for outcome in database.run(text):
            if outcome.verb == "SELECT" and outcome.rows:
                p.out(_boxed(outcome) if boxes else _tabbed(outcome, "N" not in options))
    except SqlError as error:
        p.err(f"ERROR {_mysql_error(error)}\n")
        return 1
    return 0


def _mysql_database(p: Process, server: Server, name: str) -> Database:
    """The server's databases, with `name` in use; MYSQL_DATABASE makes one."""
    env = _environment(p, server)
    wanted = env.get("MYSQL_DATABASE") or env.get("MARIADB_DATABASE")
    if wanted:
        server.fs.mkdir(f"{MYSQL_DATA}/{wanted}", parents=True)
    values = {"@@SERVER_ID": int(_configuration(server).get("server-id", "1")), "@@HOSTNAME": identity.hostname(server.pod), "NOW()": _now(p),
              "VERSION()": "8.4.0", "DATABASE()": name or None, "USER()": "root@localhost", "CURRENT_TIMESTAMP": _now(p)}
    database = Database(server.fs, MYSQL_DATA, name, values)
    if name and name not in database.databases():
        raise SqlError("database", name)
    return database


def _mysql_options(p: Process) -> tuple[dict[str, str], list[str]]:
    """mysql's options: -p takes its value only when it is attached."""
    p.argv[1:] = [a if not a.startswith("-p") or len(a) == 2 else f"--password={a[2:]}" for a in p.args]
    options, operands = p.options("h:P:u:pD:e:NBtsi", ("host=", "port=", "user=", "password=", "database=", "execute=", "protocol=",
                                                        "skip-column-names", "batch", "table", "silent", "connect-timeout="))
    short = {"host": "h", "port": "P", "user": "u", "database": "D", "execute": "e", "skip-column-names": "N", "batch": "B", "table": "t"}
    return {short.get(name, name): value for name, value in options.items()}, operands


def _mysql_server(p: Process, host: str, port: int) -> Server:
    connection = p.machine.network.connect(p.machine, host, port)
    if connection.server and connection.server.listener.protocol == "mysql":
        return connection.server
    if connection.error == BAD_ADDRESS:
        p.err(f"ERROR 2005 (HY000): Unknown MySQL server host '{host}' (-2)\n")
    elif host == "localhost":
        p.err("ERROR 2002 (HY000): Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)\n")
    else:
        p.err(f"ERROR 2003 (HY000): Can't connect to MySQL server on '{host}:{port}' (111)\n")
    raise Exit(1)


def _check_password(p: Process, env: dict[str, str], options: dict[str, str], host: str) -> None:
    """Only root's password is checked, against the environment of the server's container."""
    wanted = env.get("MYSQL_ROOT_PASSWORD") or env.get("MARIADB_ROOT_PASSWORD") or ""
    given = options.get("password", p.env.get("MYSQL_PWD", ""))
    if wanted and options.get("u", "root") == "root" and given != wanted:
        p.err(f"ERROR 1045 (28000): Access denied for user 'root'@'{host}' (using password: {'YES' if given else 'NO'})\n")
        raise Exit(1)


def _configuration(server: Server) -> dict[str, str]:
    """The settings in conf.d, as the replicated MySQL of the tutorial writes them."""
    directory = "/etc/mysql/conf.d"
    lines = [line for name in (server.fs.list(directory) if server.fs.is_dir(directory) else [])
             for line in server.fs.read(f"{directory}/{name}").splitlines()]
    return {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}


def _primary(p: Process, server: Server) -> Server | None:
    """The server that one with super-read-only follows: that of ordinal 0 in its set."""
    if "super-read-only" not in _configuration(server):
        return None
    full = identity.fqdn(server.pod)
    name = full.partition(".")[0].rpartition("-")[0] + "-0." + full.partition(".")[2]
    return p.machine.network.connect(p.machine, name, server.listener.port).server


def _replicate(primary: Server, server: Server) -> None:
    """Bring a replica to the state of its primary.  A real one is a moment behind."""
    for path in primary.fs.walk(MYSQL_DATA):
        if primary.fs.is_dir(path):
            server.fs.mkdir(path, parents=True)
        elif not server.fs.exists(path) or server.fs.read(path) != primary.fs.read(path):
            server.fs.write(path, primary.fs.read(path))


def _boxed(outcome: Outcome) -> str:
    table = [outcome.columns, *([_shown(v) for v in row] for row in outcome.rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(outcome.columns))]
    numeric = [all(isinstance(row[i], (int, float)) for row in outcome.rows) for i in range(len(outcome.columns))]
    rule = "+" + "+".join("-" * (w + 2) for w in widths) + "+\n"
    lines = []
    for n, row in enumerate(table):
        cells = [f" {cell:>{w}} " if right and n else f" {cell:<{w}} " for cell, w, right in zip(row, widths, numeric, strict=True)]
        lines.append("|" + "|".join(cells) + "|\n")
    return rule + lines[0] + rule + "".join(lines[1:]) + rule


def _tabbed(outcome: Outcome, titles: bool) -> str:
    rows = [outcome.columns] * titles + [[_shown(v) for v in row] for row in outcome.rows]
    return "".join("\t".join(row) + "\n" for row in rows)


def _mysql_error(error: SqlError) -> str:
    name = error.name
    return {
        "syntax": f"1064 (42000) at line 1: near '{name}': this simulated MySQL knows only a small part of SQL",
        "database": f"1049 (42000) at line 1: Unknown database '{name}'" if name else "1046 (3D000) at line 1: No database selected",
        "table": f"1146 (42S02) at line 1: Table '{name}' doesn't exist",
        "column": f"1054 (42S22) at line 1: Unknown column '{name}' in 'field list'",
        "replica": "1290 (HY000) at line 1: The MySQL server is running with the --super-read-only option so it cannot execute this statement",
        "exists": f"1050 (42S01) at line 1: Table '{name.rpartition('.')[2]}' already exists" if "." in name
                  else f"1007 (HY000) at line 1: Can't create database '{name}'; database exists",
    }[error.kind]


@program("mysqladmin", "mariadb-admin")
def mysqladmin(p: Process) -> int:
    """mysqladmin ping"""
    options, operands = _mysql_options(p)
    host = options.get("h", "localhost")
    connection = p.machine.network.connect(p.machine, host, 3306)
    if not connection.server or connection.server.listener.protocol != "mysql":
        p.err(f"{p.name}: connect to server at '{host}' failed\n")
        return 1
    if operands != ["ping"]:
        raise p.fail("this simulated mysqladmin knows only ping")
    p.out("mysqld is alive\n")
    return 0


# ---- PostgreSQL ----------------------------------------------------------------------------------

@program("psql")
def psql(p: Process) -> int:
    """psql [-h HOST] [-p PORT] [-U USER] [-d DATABASE] [-t] [-A] [-c STATEMENTS]"""
    options, operands = p.options("h:p:U:d:c:tAqwWf:X", ("host=", "port=", "username=", "dbname=", "command=", "tuples-only"))
    server = _postgres_server(p, options)
    env = _environment(p, server)
    owner = env.get("POSTGRES_USER", "postgres")
    user = options.get("U", options.get("username", p.env.get("PGUSER", p.machine.user)))
    name = options.get("d", options.get("dbname", operands[0] if operands else p.env.get("PGDATABASE", user)))
    if user != owner:
        p.err(f'psql: error: connection to server failed: FATAL:  role "{user}" does not exist\n')
        return 2
    directory = env.get("PGDATA", "/var/lib/postgresql/data") + "/base"
    for known in ("postgres", env.get("POSTGRES_DB", owner)):
        server.fs.mkdir(f"{directory}/{known}", parents=True)
    database = Database(server.fs, directory, name, {"NOW()": _now(p) + ".000000+00", "VERSION()": "PostgreSQL 17.0", "CURRENT_USER": user,
                                                      "CURRENT_DATABASE()": name, "CURRENT_TIMESTAMP": _now(p) + ".000000+00"})
    if name not in database.databases():
        p.err(f'psql: error: connection to server failed: FATAL:  database "{name}" does not exist\n')
        return 2
    text = options.get("c", options.get("command"))
    if text is None:
        text = p.read(options["f"]) or "" if "f" in options else p.stdin.read()
    plain, bare = "t" in options or "tuples-only" in options, "A" in options
    try:
        for outcome in _psql_outcomes(database, text):
            p.out(_aligned(outcome, plain, bare) if outcome.verb == "SELECT" else _tag(outcome))
    except SqlError as error:
        p.err(f"ERROR:  {_postgres_error(error)}\n")
        return 1
    return 0


def _postgres_server(p: Process, options: dict[str, str]) -> Server:
    host = options.get("h", options.get("host", p.env.get("PGHOST", "localhost")))
    port = p.number(options.get("p", options.get("port", p.env.get("PGPORT", "5432"))))
    connection = p.machine.network.connect(p.machine, host, port)
    if connection.server and connection.server.listener.protocol == "postgres":
        return connection.server
    why = (f'could not translate host name "{host}" to address: Name or service not known' if connection.error == BAD_ADDRESS else
           f'connection to server at "{host}" ({connection.address}), port {port} failed: {connection.error or "no PostgreSQL"}')
    p.err(f"{p.name}: error: {why}\n")
    raise Exit(2)


def _psql_outcomes(database: Database, text: str) -> list[Outcome]:
    command = text.strip()
    if command in ("\\l", "\\list"):
        names = database.databases()
        return [Outcome("SELECT", ["Name"], [[n] for n in names], len(names))]
    if command in ("\\dt", "\\d"):
        names = database.tables()
        return [Outcome("SELECT", ["Name", "Type"], [[n, "table"] for n in names], len(names))]
    if command.startswith("\\"):
        raise SqlError("syntax", command)
    return database.run(text)


def _aligned(outcome: Outcome, plain: bool, bare: bool) -> str:
    rows = [["" if v is None else str(v) for v in row] for row in outcome.rows]
    columns = [c.lower().removesuffix("()").replace("(*)", "") for c in outcome.columns]
    count = f"({len(rows)} row{'' if len(rows) == 1 else 's'})\n"
    if bare:
        return "".join("|".join(row) + "\n" for row in ([] if plain else [columns]) + rows) + ("" if plain else count)
    widths = [max(len(row[i]) for row in [columns, *rows]) for i in range(len(columns))]
    right = [bool(rows) and all(isinstance(row[i], (int, float)) for row in outcome.rows) for i in range(len(columns))]
    lines = ["|".join(f" {cell:>{w}} " if r else f" {cell:<{w}} " for cell, w, r in zip(row, widths, right, strict=True)).rstrip()
             for row in rows]
    head = "|".join(f" {title:^{w}} " for title, w in zip(columns, widths, strict=True)) + "\n" + "+".join("-" * (w + 2) for w in widths) + "\n"
    return ("" if plain else head) + "".join(line + "\n" for line in lines) + ("" if plain else count) + "\n"


def _tag(outcome: Outcome) -> str:
    """INSERT 0 1, UPDATE 2, CREATE TABLE."""
    if outcome.verb in ("INSERT", "UPDATE", "DELETE"):
        return f"{outcome.verb} {'0 ' if outcome.verb == 'INSERT' else ''}{outcome.count}\n"
    return outcome.verb + "\n"


def _postgres_error(error: SqlError) -> str:
    name = error.name.rpartition(".")[2]
    return {"syntax": f'syntax error at or near "{name}": this simulated PostgreSQL knows only a small part of SQL',
            "database": f'database "{name}" does not exist', "table": f'relation "{name}" does not exist',
            "column": f'column "{name}" does not exist', "exists": f'relation "{name}" already exists'}[error.kind]


@program("pg_isready")
def pg_isready(p: Process) -> int:
    options, _ = p.options("h:p:U:d:qt:")
    host, port = options.get("h", "localhost"), p.number(options.get("p", "5432"))
    server = p.machine.network.connect(p.machine, host, port).server
    alive = server is not None and server.listener.protocol == "postgres"
    where = host if "h" in options else "/var/run/postgresql"
    p.out("" if "q" in options else f"{where}:{port} - {'accepting connections' if alive else 'no response'}\n")
    return 0 if alive else 2
