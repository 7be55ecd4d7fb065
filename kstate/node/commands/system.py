"""hostname, env, id, ps, date, sleep, kill, uname, xargs ...: programs about the machine and its processes."""
from __future__ import annotations

import re
from datetime import timedelta

from .. import identity
from ..machine import Ended, Forever, Limit
from ..process import NotFound, Process, program, which
from ..servers import listeners
from .listing import date_of

SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
KERNEL = "6.12.0"


@program("hostname")
def hostname(p: Process) -> int:
    """hostname [-f] [-s] [-d] [-i]: KUB-52"""
    options, operands = p.options("fsdiIA")
    if operands:
        raise p.fail("sethostname: Operation not permitted" if p.busybox else "you must be root to change the host name")
    pod = p.machine.pod
    full = identity.fqdn(pod)
    if "d" in options:
        p.out(full.partition(".")[2] + ("\n" if "." in full else ""))
    elif "i" in options or "I" in options:
        p.out(identity.hosts(pod).get(p.machine.hostname, "127.0.0.1") + "\n")
    else:
        p.out((full if "f" in options or "A" in options else p.machine.hostname) + "\n")
    return 0


@program("env", "printenv")
def env(p: Process) -> int:
    """env [-i] [-u NAME] [NAME=VALUE...] [command], printenv [NAME]"""
    if p.program == "printenv" and p.args:
        for name in p.args:
            p.out(p.env[name] + "\n" if name in p.env else "")
        return int(any(name not in p.env for name in p.args))
    args, surroundings = p.args, dict(p.env)
    while args and (args[0].startswith("-") or "=" in args[0]):
        if args[0] in ("-i", "-"):
            surroundings = {}
        elif args[0] == "-u" and len(args) > 1:
            surroundings.pop(args[1], None)
            args = args[1:]
        elif "=" in args[0]:
            name, _, value = args[0].partition("=")
            surroundings[name] = value
        args = args[1:]
    if not args or args == [p.name]:
        p.out("".join(f"{name}={value}\n" for name, value in surroundings.items()))
        return 0
    return _run(Process(p.machine, p.argv, {"PATH": p.env.get("PATH", ""), **surroundings}, p.cwd, p.fds), args)


def _run(p: Process, argv: list[str]) -> int:
    """Run a program for another program; where there is none, say so as env, xargs and timeout do."""
    try:
        return p.spawn(argv)
    except NotFound as error:
        p.complain(p.either(f"can't execute '{error.name}': No such file or directory", f"'{error.name}': No such file or directory"))
        return 127


@program("id", "whoami")
def id_(p: Process) -> int:
    user = p.machine.user
    number, name = ("0", "root") if user == "root" else (user, "")
    if p.program == "whoami":
        if not name:
            raise p.fail(p.either(f"unknown uid {number}", f"cannot find name for user ID {number}"))
        p.out(name + "\n")
        return 0
    options, _ = p.options("ugnGr")
    if "u" in options or "g" in options or "G" in options:
        p.out((name or number if "n" in options else number) + "\n")
    else:
        entry = f"{number}({name})" if name else number
        p.out(f"uid={entry} gid=0(root) groups=0(root)\n")
    return 0


def _processes(p: Process) -> list[tuple[int, str]]:
    """(pid, command) of what runs in the container: its main process, and what that has started."""
    main = p.machine.main
    if main and main[0].endswith("docker-entrypoint.sh"):           # it has made way for what it started
        main = main[1:]
    title = " ".join(main)
    served = [listener.program for listener in listeners(p.machine.image, p.machine.main, p.fs)]
    if "nginx" in served:
        return [(1, f"nginx: master process {title}"), (30, "nginx: worker process")]
    if served and served[0] in ("start-zookeeper", "zkServer.sh", "cassandra"):
        return [(1, title), (27, f"java {served[0]}")]
    return [(1, title)]


@program("ps")
def ps(p: Process) -> int:
    """ps [-ef | aux]"""
    rows, user = [*_processes(p), (42, " ".join(p.argv))], p.machine.user
    if p.busybox:
        p.out("PID   USER     TIME  COMMAND\n" + "".join(f"{pid:5} {user:<8}  0:00 {command}\n" for pid, command in rows))
    elif p.args:
        p.out("UID          PID    PPID  C STIME TTY          TIME CMD\n" + "".join(
            f"{user:<8} {pid:7} {int(pid not in (1, 42)):7}  0 {date_of(p, p.machine.now_ms):%H:%M} ?        00:00:00 {command}\n"
            for pid, command in rows))
    else:
        p.out("    PID TTY          TIME CMD\n" + "".join(
            f"{pid:7} ?        00:00:00 {(command.split() or [''])[0].rstrip(':')}\n" for pid, command in rows))
    return 0


@program("pkill", "killall")
def pkill(p: Process) -> int:
    """pkill NAME: the container ends when its main process or its server is killed."""
    options, operands = p.options("9fx")
    if not operands:
        raise p.fail("no matching criteria specified")
    found = any(operands[0] in (command if "f" in options else command.split()[0]) for _, command in _processes(p) if command)
    if found:
        raise Ended(137 if "9" in options else 143)
    return 1


@program("kill")
def kill(p: Process) -> int:
    """kill [-SIGNAL] PID...: process 1 is the container's main process, and with it the container ends.

    A real process 1 may ignore signals that it has no handler for; this one never does."""
    args, signal = p.args, "TERM"
    if args and args[0].startswith("-") and args[0] != "--":
        signal, args = args[0][1:].upper().removeprefix("SIG"), args[1:]
        if signal == "S" and args:
            signal, args = args[0].upper().removeprefix("SIG"), args[1:]
    numbers = {"HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "TERM": 15, "0": 0, "USR1": 10, "USR2": 12}
    number = int(signal) if signal.isdigit() else numbers.get(signal)
    if number is None:
        raise p.fail(f"bad signal name '{signal}'")
    if not args:
        raise p.fail("you need to specify whom to kill")
    for arg in args:
        if arg != "1":
            raise p.fail(p.either(f"can't kill pid {arg}: No such process", "No such process"))
        if number in (2, 3, 9, 15):
            graceful = number != 9 and listeners(p.machine.image, p.machine.main, p.fs)
            raise Ended(0 if graceful else 128 + number)
    return 0


# ---- time ----------------------------------------------------------------------------------------

@program("sleep")
def sleep(p: Process) -> int:
    if not p.args:
        raise p.fail(p.either("usage: sleep [N]...", "missing operand"))
    if "infinity" in p.args or "inf" in p.args:
        raise Forever("sleep infinity never ends")
    p.machine.sleep(round(1000 * sum(_seconds(p, arg) for arg in p.args)))
    return 0


def _seconds(p: Process, text: str) -> float:
    found = re.fullmatch(r"(\d+\.?\d*|\.\d+)([smhd]?)", text)
    if not found:
        raise p.fail(p.either(f"invalid number '{text}'", f"invalid time interval '{text}'"))
    return float(found[1]) * SECONDS[found[2]]


@program("timeout")
def timeout(p: Process) -> int:
    """timeout [-s SIGNAL] SECONDS command...: ends a command that would take longer, or for ever."""
    _, args = p.options("s:k:t:", intermixed=False)
    if len(args) < 2:
        raise p.fail("missing operand")
    machine, most = p.machine, round(1000 * _seconds(p, args[0]))
    start, horizon = machine.elapsed_ms, machine.horizon_ms
    machine.horizon_ms = min(horizon, start + most)
    try:
        return _run(p, args[1:])
    except (Limit, Forever):
        if machine.steps < 0:
            raise
        machine.at(start + most)
        return 143 if p.busybox else 124
    finally:
        machine.horizon_ms = horizon


@program("date")
def date(p: Process) -> int:
    """date [-u] [-d @SECONDS] [-Iseconds] [+FORMAT]: the virtual time."""
    options, operands = p.options("uRd:I::")
    when = date_of(p, p.machine.time)
    if re.fullmatch(r"@\d+", options.get("d", "")):
        when += timedelta(seconds=int(options["d"][1:]) - int(when.timestamp()))
    elif "d" in options:
        raise p.fail(f"invalid date '{options['d']}'")
    form = next((a[1:] for a in operands if a.startswith("+")), None)
    if form is None:
        form = "%Y-%m-%dT%H:%M:%S+00:00" if "I" in options else "%a, %d %b %Y %H:%M:%S +0000" if "R" in options else "%a %b %e %H:%M:%S %Z %Y"
    special = {"s": str(int(when.timestamp())), "N": "000000000", "Z": "UTC", "z": "+0000", "e": f"{when.day:2}", "F": f"{when:%Y-%m-%d}",
               "T": f"{when:%H:%M:%S}", "R": f"{when:%H:%M}", "D": f"{when:%m/%d/%y}", "n": "\n", "t": "\t", "%": "%"}
    p.out(re.sub("%([a-zA-Z%])", lambda m: special.get(m[1]) or when.strftime(m[0]), form) + "\n")
    return 0


@program("uptime")
def uptime(p: Process) -> int:
    seconds = p.machine.time // 1000
    p.out(f" {date_of(p, p.machine.time):%H:%M:%S} up {seconds // 3600:2}:{seconds // 60 % 60:02},  0 users,  load average: 0.00, 0.00, 0.00\n")
    return 0


# ---- the system ------------------------------------------------------------------------------------

@program("uname", "arch")
def uname(p: Process) -> int:
    options, _ = p.options("asnrvmpio")
    facts = {"s": "Linux", "n": p.machine.hostname, "r": KERNEL, "v": "#1 SMP", "m": "x86_64", "o": p.either("Linux", "GNU/Linux")}
    wanted = "m" if p.program == "arch" else "snrvmo" if "a" in options else "".join(options) or "s"
    p.out(" ".join(facts[o] for o in "snrvmo" if o in wanted) + "\n")
    return 0


@program("nproc")
def nproc(p: Process) -> int:
    p.out("4\n")
    return 0


@program("free")
def free(p: Process) -> int:
    p.out(f"{'':14}{'total':>12}{'used':>12}{'free':>12}\nMem:{'':10}{8_000_000:>12}{1_000_000:>12}{7_000_000:>12}\n")
    return 0


@program("clear")
def clear(p: Process) -> int:
    return 0


@program("which")
def which_(p: Process) -> int:
    code = 0
    for name in p.args:
        try:
            p.out(which(p.fs, name, p.env.get("PATH", ""), p.cwd) + "\n")
        except NotFound:
            code = 1
    return code


@program("xargs")
def xargs(p: Process) -> int:
    """xargs [-n N] [-I X] [-r] [command...]"""
    options, command = p.options("n:I:rt0P:", intermixed=False)
    words = p.stdin.read()
    command = command or ["echo"]
    if "I" in options:
        calls = [[a.replace(options["I"], line) for a in command] for line in words.splitlines() if line.strip()]
    else:
        found = [w.strip("'\"") for w in (words.split("\0") if "0" in options else re.findall(r"'[^']*'|\"[^\"]*\"|\S+", words)) if w]
        size = p.number(options["n"]) if "n" in options else max(1, len(found))
        calls = [command + found[i:i + size] for i in range(0, len(found), size)] or ([] if "r" in options else [command])
    codes = [_run(p, call) for call in calls]
    return 123 if any(codes) and 127 not in codes else max(codes, default=0)


@program("apk", "apt-get", "apt")
def package_manager(p: Process) -> int:
    if p.program == "apk":
        p.out("fetch https://dl-cdn.alpinelinux.org/alpine/latest-stable/main/x86_64/APKINDEX.tar.gz\n")
        p.err("WARNING: fetching the package index: there is no network outside the simulated cluster\nERROR: unable to select packages\n")
        return 1
    p.err("Err:1 http://deb.debian.org/debian stable InRelease\n  Temporary failure resolving 'deb.debian.org'\n"
          "E: there is no network outside the simulated cluster\n")
    return 100
