"""redis-cli: a client of redis, which keeps its data as an append-only file in its working directory, /data."""
from __future__ import annotations

import re
import shlex
from collections.abc import Callable

from ..files import FileSystem
from ..network import BAD_ADDRESS
from ..patterns import matches
from ..process import Process, program

LOG = "/data/appendonly.aof"

# A reply is a text, a number, None (nothing there), a list of replies, or Status, which stands without quotes.
Reply = "str | int | None | list | Status | Failure"


class Status(str):
    """A reply such as OK."""


class Failure(str):
    """A reply that is an error."""


WRONG = Failure("WRONGTYPE Operation against a key holding the wrong kind of value")


@program("redis-cli")
def redis_cli(p: Process) -> int:
    """redis-cli [-h HOST] [-p PORT] [COMMAND ARG...]; without a command one line of stdin each"""
    options, args = p.options("h:p:a:n:", ("raw", "no-auth-warning"), intermixed=False)
    host, port = options.get("h", "127.0.0.1"), p.number(options.get("p", "6379"))
    connection = p.machine.network.connect(p.machine, host, port)
    if not connection.server or connection.server.listener.protocol != "redis":
        why = "Name or service not known" if connection.error == BAD_ADDRESS else connection.error or "Protocol error"
        p.err(f"Could not connect to Redis at {host}:{port}: {why}\n")
        return 1
    calls = [args] if args else [shlex.split(line) for line in p.stdin.read().splitlines() if line.strip()]
    code = 0
    for call in calls:
        reply = execute(connection.server.fs, call)
        p.out(_pretty(reply) if p.machine.tty and "raw" not in options else _raw(reply))
        code = int(isinstance(reply, Failure) and bool(args))
    return code


def execute(fs: FileSystem, call: list[str]):
    """One command against the data in the file; what changes data is appended to it."""
    name = call[0].upper()
    if name not in COMMANDS:
        shown = " ".join(f"'{a}'" for a in call[1:])
        return Failure(f"ERR unknown command '{call[0]}', with args beginning with: {shown}")
    count, writes, function = COMMANDS[name]
    if len(call) - 1 < count:
        return Failure(f"ERR wrong number of arguments for '{call[0].lower()}' command")
    reply = _apply(function, _load(fs), call[1:])
    if writes and not isinstance(reply, Failure):
        fs.mkdir("/data", parents=True)
        fs.write(LOG, _encode([name, *call[1:]]), append=True)
    return reply


def _load(fs: FileSystem) -> dict:
    """The data, by executing the log again."""
    data: dict = {}
    for call in _decode(fs.read(LOG)) if fs.exists(LOG) else []:
        _apply(COMMANDS[call[0]][2], data, call[1:])
    return data


def _apply(function: Callable, data: dict, args: list[str]):
    try:
        return function(data, *args)
    except (AttributeError, TypeError):
        return WRONG
    except ValueError:
        return Failure("ERR value is not an integer or out of range")


def _encode(call: list[str]) -> str:
    """A command as the protocol writes it."""
    return f"*{len(call)}\r\n" + "".join(f"${len(a.encode())}\r\n{a}\r\n" for a in call)


def _decode(text: str) -> list[list[str]]:
    raw, at, calls = text.encode(), 0, []
    while at < len(raw):
        head = re.compile(rb"\*(\d+)\r\n").match(raw, at)
        at, call = head.end(), []
        for _ in range(int(head[1])):
            size = re.compile(rb"\$(\d+)\r\n").match(raw, at)
            call.append(raw[size.end():size.end() + int(size[1])].decode())
            at = size.end() + int(size[1]) + 2
        calls.append(call)
    return calls


# ---- commands ------------------------------------------------------------------------------------

def _set(data: dict, key: str, value: str, *_options: str):
    data[key] = value
    return Status("OK")


def _get(data: dict, key: str):
    value = data.get(key)
    return value if value is None or isinstance(value, str) else WRONG


def _increment(data: dict, key: str, by: str = "1"):
    data[key] = str(int(data.get(key, "0")) + int(by))
    return int(data[key])


def _append(data: dict, key: str, value: str):
    data[key] = data.get(key, "") + value
    return len(data[key])


def _delete(data: dict, *keys: str):
    return len([data.pop(key) for key in dict.fromkeys(keys) if key in data])


def _push(data: dict, left: bool, key: str, *values: str):
    items = data.setdefault(key, [])
    for value in values:
        items.insert(0 if left else len(items), value)
    return len(items)


def _pop(data: dict, at: int, key: str):
    items = data.get(key, [])
    value = items.pop(at) if items else None
    if not items:
        data.pop(key, None)
    return value


def _range(data: dict, key: str, first: str, last: str):
    items, end = data.get(key, []), int(last)
    if not isinstance(items, list):
        return WRONG
    return items[int(first) if int(first) >= 0 else max(0, len(items) + int(first)):end + 1 if end != -1 else None]


def _hset(data: dict, key: str, *pairs: str):
    fields = data.setdefault(key, {})
    new = len([f for f in pairs[::2] if f not in fields])
    fields.update(zip(pairs[::2], pairs[1::2], strict=False))
    return new


def _flush(data: dict, *_options: str):
    data.clear()
    return Status("OK")


def _mset(data: dict, *pairs: str):
    data.update(zip(pairs[::2], pairs[1::2], strict=False))
    return Status("OK")


def _type(data: dict, key: str):
    return Status({str: "string", list: "list", dict: "hash"}.get(type(data.get(key)), "none"))


# name -> (least number of arguments, whether it changes data, the function)
COMMANDS: dict[str, tuple[int, bool, Callable]] = {
    "PING": (0, False, lambda data, *text: text[0] if text else Status("PONG")),
    "ECHO": (1, False, lambda data, text: text),
    "SET": (2, True, _set), "GET": (1, False, _get), "DEL": (1, True, _delete), "APPEND": (2, True, _append), "MSET": (2, True, _mset),
    "MGET": (1, False, lambda data, *keys: [_get(data, key) for key in keys]),
    "EXISTS": (1, False, lambda data, *keys: sum(key in data for key in keys)),
    "STRLEN": (1, False, lambda data, key: len(data.get(key, ""))),
    "INCR": (1, True, _increment), "INCRBY": (2, True, _increment),
    "DECR": (1, True, lambda data, key: _increment(data, key, "-1")),
    "KEYS": (1, False, lambda data, pattern: sorted(key for key in data if matches(pattern, key))),
    "DBSIZE": (0, False, lambda data: len(data)), "FLUSHALL": (0, True, _flush), "FLUSHDB": (0, True, _flush), "TYPE": (1, False, _type),
    "LPUSH": (2, True, lambda data, *args: _push(data, True, *args)), "RPUSH": (2, True, lambda data, *args: _push(data, False, *args)),
    "LPOP": (1, True, lambda data, key: _pop(data, 0, key)), "RPOP": (1, True, lambda data, key: _pop(data, -1, key)),
    "LRANGE": (3, False, _range), "LLEN": (1, False, lambda data, key: len(data.get(key, []))),
    "HSET": (3, True, _hset), "HGET": (2, False, lambda data, key, field: data.get(key, {}).get(field)),
    "HGETALL": (1, False, lambda data, key: [part for pair in data.get(key, {}).items() for part in pair]),
    "SAVE": (0, False, lambda data: Status("OK")), "BGSAVE": (0, False, lambda data: Status("Background saving started")),
    "SELECT": (1, False, lambda data, number: Status("OK")),
}


# ---- replies -------------------------------------------------------------------------------------

def _raw(reply) -> str:
    """As redis-cli prints into a pipe."""
    if isinstance(reply, list):
        return "".join(_raw(item) for item in reply) or "\n"
    return ("" if reply is None else str(reply)) + "\n" + ("\n" if isinstance(reply, Failure) else "")


def _pretty(reply) -> str:
    """As redis-cli prints on a terminal."""
    if isinstance(reply, list):
        return "".join(f"{i}) {_pretty(item)}" for i, item in enumerate(reply, 1)) or "(empty array)\n"
    if reply is None:
        return "(nil)\n"
    if isinstance(reply, Failure):
        return f"(error) {reply}\n"
    if isinstance(reply, Status):
        return f"{reply}\n"
    return f"(integer) {reply}\n" if isinstance(reply, int) else '"' + reply.replace("\\", "\\\\").replace('"', '\\"') + '"\n'
