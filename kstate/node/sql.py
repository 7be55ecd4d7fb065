"""A very small SQL, enough to see that a table's rows outlive a pod.  Each table is a file in the server's data directory.

CREATE and DROP DATABASE and TABLE, INSERT, SELECT with WHERE, ORDER BY and LIMIT, UPDATE, DELETE, SHOW, USE.  Not modelled:
joins, expressions, transactions, types, indexes, rights; they are refused with a message that says so.
"""
from __future__ import annotations

import json
import operator
import posixpath
import re
from typing import Any, NamedTuple

from .files import FileSystem

TOKEN = re.compile(r"\s*(?:--[^\n]*\n?\s*)*('(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|@@\w+|-?\d+(?:\.\d+)?|[A-Za-z_]\w*|<>|!=|<=|>=|[(),;*.=<>])")
COMPARE = {"=": operator.eq, "<>": operator.ne, "!=": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
CONSTRAINTS = ("PRIMARY", "UNIQUE", "KEY", "INDEX", "CONSTRAINT", "FOREIGN", "CHECK")


class SqlError(Exception):
    """A statement that fails: `kind` is syntax, database, table, column, exists or replica; `name` what it is about."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind}: {name}")
        self.kind, self.name = kind, name


class Table(NamedTuple):
    columns: list[str]
    counter: str                    # the column that counts by itself, or ""
    rows: list[list[Any]]


class Outcome(NamedTuple):
    """What a statement gave: rows, or how many it touched; `verb` is its first word."""

    verb: str
    columns: list[str]
    rows: list[list[Any]]
    count: int


class Database:
    """The databases below a directory.  `values` are the functions and variables that SELECT knows, such as NOW()."""

    def __init__(self, fs: FileSystem, directory: str, database: str, values: dict[str, Any]) -> None:
        self.fs, self.directory, self.database, self.values = fs, directory, database, values
        self.tokens: list[str] = []

    def run(self, text: str) -> list[Outcome]:
        """Execute statements separated by semicolons.  Raises SqlError at the first that fails; those before it count."""
        outcomes = []
        for statement in statements(text):
            self.tokens = statement
            outcomes.append(self.statement())
            if self.tokens:
                raise SqlError("syntax", self.tokens[0])
        return outcomes

    # -- statements

    def statement(self) -> Outcome:
        verb = self.word("CREATE", "DROP", "INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "SHOW", "USE")
        return getattr(self, f"_{verb.lower()}")()

    def _create(self) -> Outcome:
        what = self.word("DATABASE", "TABLE")
        lenient = self.phrase("IF", "NOT", "EXISTS")
        if what == "DATABASE":
            name = self.name()
            path = posixpath.join(self.directory, name)
            if self.fs.exists(path) and not lenient:
                raise SqlError("exists", name)
            self.fs.mkdir(path, parents=True)
            self.tokens = []
            return Outcome("CREATE DATABASE", [], [], 1)
        path, name = self.table()
        if self.fs.exists(path) and not lenient:
            raise SqlError("exists", name)
        columns, counter = self.definitions()
        if not self.fs.exists(path):
            self.save(path, Table(columns, counter, []))
        return Outcome("CREATE TABLE", [], [], 0)

    def definitions(self) -> tuple[list[str], str]:
        """(id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20)) -> the names of the columns, and which of them counts."""
        self.need("(")
        columns, counter, depth = [], "", 1
        parts: list[list[str]] = [[]]
        while depth:
            token = self.next()
            depth += (token == "(") - (token == ")")
            if token == "," and depth == 1:
                parts.append([])
            elif depth:
                parts[-1].append(token)
        for part in parts:
            if part and part[0].upper() not in CONSTRAINTS:
                columns.append(_unquote(part[0]))
                if any(t.upper() in ("AUTO_INCREMENT", "SERIAL", "BIGSERIAL", "IDENTITY") for t in part):
                    counter = columns[-1]
        self.tokens = []                                    # ENGINE=InnoDB and the like
        return columns, counter

    def _drop(self) -> Outcome:
        what = self.word("DATABASE", "TABLE")
        lenient = self.phrase("IF", "EXISTS")
        path, name = (posixpath.join(self.directory, name := self.name()), name) if what == "DATABASE" else self.table()
        if not self.fs.exists(path):
            if not lenient:
                raise SqlError(what.lower(), name)
        else:
            for each in reversed(self.fs.walk(path)):
                (self.fs.rmdir if self.fs.is_dir(each) else self.fs.remove)(each)
        return Outcome(f"DROP {what}", [], [], 0)

    def _insert(self) -> Outcome:
        self.need("INTO")
        path, table = self.open()
        names = self.names() if self.tokens[:1] == ["("] else table.columns
        self.need("VALUES")
        rows = []
        while True:
            values = dict(zip(names, self.list_of_values(), strict=False))
            for name in values:
                _index(table, name)
            if table.counter and values.get(table.counter) is None:
                at = table.columns.index(table.counter)
                values[table.counter] = max((row[at] or 0 for row in [*table.rows, *rows]), default=0) + 1
            rows.append([values.get(column) for column in table.columns])
            if not self.take(","):
                break
        self.save(path, table._replace(rows=[*table.rows, *rows]))
        return Outcome("INSERT", [], [], len(rows))

    def _select(self) -> Outcome:
        columns = self.expressions()
        if not self.phrase("FROM"):
            return Outcome("SELECT", columns, [[self.constant(column) for column in columns]], 1)
        _, table = self.open()
        rows = self.where(table)
        if self.phrase("ORDER", "BY"):
            at = _index(table, self.name())
            rows.sort(key=lambda row: (row[at] is None, str(type(row[at])), row[at] if row[at] is not None else 0))
            if self.phrase("DESC"):
                rows.reverse()
            self.phrase("ASC")
        if self.phrase("LIMIT"):
            rows = rows[:int(self.next())]
        if self.tokens:
            raise SqlError("syntax", self.tokens[0])
        if [c.upper().replace(" ", "") for c in columns] == ["COUNT(*)"]:
            return Outcome("SELECT", columns, [[len(rows)]], 1)
        names = [name for column in columns for name in (table.columns if column == "*" else [column])]
        places = [_index(table, name) for name in names]
        return Outcome("SELECT", names, [[row[at] for at in places] for row in rows], len(rows))

    def _update(self) -> Outcome:
        path, table = self.open()
        self.need("SET")
        changes = {}
        while True:
            at = _index(table, self.name())
            self.need("=")
            changes[at] = self.value()
            if not self.take(","):
                break
        chosen = [id(row) for row in self.where(table)]
        rows = [[changes.get(i, v) for i, v in enumerate(row)] if id(row) in chosen else row for row in table.rows]
        self.save(path, table._replace(rows=rows))
        return Outcome("UPDATE", [], [], len(chosen))

    def _delete(self) -> Outcome:
        self.need("FROM")
        path, table = self.open()
        chosen = [id(row) for row in self.where(table)]
        self.save(path, table._replace(rows=[row for row in table.rows if id(row) not in chosen]))
        return Outcome("DELETE", [], [], len(chosen))

    def _truncate(self) -> Outcome:
        self.phrase("TABLE")
        path, table = self.open()
        self.save(path, table._replace(rows=[]))
        return Outcome("TRUNCATE TABLE", [], [], 0)

    def _show(self) -> Outcome:
        what = self.word("DATABASES", "TABLES")
        names = self.databases() if what == "DATABASES" else self.tables()
        return Outcome("SELECT", ["Database" if what == "DATABASES" else f"Tables_in_{self.database}"], [[n] for n in names], len(names))

    def _use(self) -> Outcome:
        name = self.name()
        if name not in self.databases():
            raise SqlError("database", name)
        self.database = name
        return Outcome("USE", [], [], 0)

    # -- what is kept

    def databases(self) -> list[str]:
        names = self.fs.list(self.directory) if self.fs.is_dir(self.directory) else []
        return [name for name in names if self.fs.is_dir(posixpath.join(self.directory, name))]

    def tables(self) -> list[str]:
        directory = posixpath.join(self.directory, self.database)
        return [n.removesuffix(".json") for n in (self.fs.list(directory) if self.fs.is_dir(directory) else []) if n.endswith(".json")]

    def open(self) -> tuple[str, Table]:
        path, name = self.table()
        if not self.fs.exists(path):
            raise SqlError("table", name)
        first, *rest = self.fs.read(path).splitlines()
        head = json.loads(first)
        return path, Table(head["columns"], head["counter"], [json.loads(line) for line in rest])

    def save(self, path: str, table: Table) -> None:
        lines = [json.dumps({"columns": table.columns, "counter": table.counter}), *map(json.dumps, table.rows)]
        self.fs.write(path, "".join(line + "\n" for line in lines))

    # -- pieces of statements

    def next(self) -> str:
        if not self.tokens:
            raise SqlError("syntax", "")
        return self.tokens.pop(0)

    def take(self, token: str) -> bool:
        return bool(self.tokens) and self.tokens[0].upper() == token and bool(self.tokens.pop(0))

    def need(self, token: str) -> None:
        if not self.take(token):
            raise SqlError("syntax", self.tokens[0] if self.tokens else "")

    def word(self, *wanted: str) -> str:
        token = self.next()
        if token.upper() not in wanted:
            raise SqlError("syntax", token)
        return token.upper()

    def phrase(self, *words: str) -> bool:
        if [t.upper() for t in self.tokens[:len(words)]] != list(words):
            return False
        self.tokens = self.tokens[len(words):]
        return True

    def name(self) -> str:
        token = self.next()
        if not re.match(r"[A-Za-z_`\"]", token):
            raise SqlError("syntax", token)
        return _unquote(token)

    def names(self) -> list[str]:
        self.need("(")
        names = [self.name()]
        while self.take(","):
            names.append(self.name())
        self.need(")")
        return names

    def table(self) -> tuple[str, str]:
        """The file of a table and its name: [database.]table."""
        database, name = self.database, self.name()
        if self.take("."):
            database, name = name, self.name()
        if database not in self.databases():
            raise SqlError("database", database)
        return posixpath.join(self.directory, database, name + ".json"), name if database == "public" else f"{database}.{name}"

    def value(self) -> Any:
        token = self.next()
        if token[0] in "'\"":
            return token[1:-1].replace("''", "'")
        if re.fullmatch(r"-?\d+", token):
            return int(token)
        if re.fullmatch(r"-?\d+\.\d+", token):
            return float(token)
        if token.upper() in ("NULL", "DEFAULT"):
            return None
        self.tokens.insert(0, token)
        return self.constant(self.expression())

    def list_of_values(self) -> list[Any]:
        self.need("(")
        values = [self.value()]
        while self.take(","):
            values.append(self.value())
        self.need(")")
        return values

    def expressions(self) -> list[str]:
        """The columns of a SELECT, as text."""
        found = [self.expression()]
        while self.take(","):
            found.append(self.expression())
        return found

    def expression(self) -> str:
        token = self.next()
        if self.tokens[:1] == ["("]:
            call = ""
            while not call.endswith(")"):
                call += self.next()
            return token + call
        return _unquote(token) if token[0] in "`\"" else token

    def constant(self, expression: str) -> Any:
        if expression[0] == "'" or re.fullmatch(r"-?\d+(\.\d+)?", expression):
            return expression.strip("'") if expression[0] == "'" else int(expression) if "." not in expression else float(expression)
        if expression.upper() not in self.values:
            raise SqlError("column", expression)
        return self.values[expression.upper()]

    def where(self, table: Table) -> list[list[Any]]:
        """The rows that WHERE column OPERATOR value [AND ...] leaves."""
        rows = list(table.rows)
        if not self.phrase("WHERE"):
            return rows
        while True:
            at = _index(table, self.name())
            token = self.next()
            if token not in COMPARE:
                raise SqlError("syntax", token)
            compare, value = COMPARE[token], self.value()
            rows = [row for row in rows if row[at] is not None and compare(*_comparable(row[at], value))]
            if not self.phrase("AND"):
                return rows


def statements(text: str) -> list[list[str]]:
    """The tokens of each statement."""
    found: list[list[str]] = [[]]
    at, text = 0, text.rstrip()
    while at < len(text):
        token = TOKEN.match(text, at)
        if not token:
            raise SqlError("syntax", text[at:].split()[0])
        at = token.end()
        if token[1] == ";":
            found.append([])
        else:
            found[-1].append(token[1])
    return [statement for statement in found if statement]


def _unquote(token: str) -> str:
    return token.strip("`\"")


def _index(table: Table, name: str) -> int:
    if name not in table.columns:
        raise SqlError("column", name)
    return table.columns.index(name)


def _comparable(a: Any, b: Any) -> tuple[Any, Any]:
    """Both as numbers where both are, else both as text."""
    return (a, b) if isinstance(a, (int, float)) and isinstance(b, (int, float)) else (str(a), str(b))
