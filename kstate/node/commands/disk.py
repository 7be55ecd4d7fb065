"""df, du, mount, dd, find, sync: disks as a whole."""
from __future__ import annotations

import posixpath
import re

from .. import patterns
from ..files import ABSENT, MAX_FILE, TOO_LARGE, FileError, Mount
from ..process import DEVICES, Exit, Process, device, program
from .listing import human

UNITS = {"": 1, "c": 1, "b": 512, "k": 1 << 10, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "kB": 10 ** 3, "MB": 10 ** 6}


@program("df")
def df(p: Process) -> int:
    """df [-h] [path...]"""
    options, operands = p.options("hkPTa")
    for arg in operands:
        if not p.fs.exists(p.path(arg)):
            raise p.fail(p.either(f"{arg}: can't find mount point", f"{arg}: {ABSENT}"))
    wanted = [p.fs.mount_of(p.path(arg)) for arg in operands]
    human_sizes = "h" in options

    def size(n: int) -> str:
        text = human(n) if human_sizes else str(-(-n // 1024))
        return text if p.busybox else re.sub(r"(?<=\d\d)\.\d", "", text)      # GNU: 10G, but 1.0G

    rows = [(_source(m), size(m.size), size(used), size(m.size - used),
             f"{-(-100 * used // m.size)}%", m.path) for m, used in p.fs.df() if not wanted or m in wanted]
    blocks = "Size" if human_sizes else "1K-blocks"
    if p.busybox:
        p.out(f"{'Filesystem':<20} {blocks:>9}      Used Available Use% Mounted on\n")
        widths = [20, 9, 9, 9, 4]
    else:
        rows.insert(0, ("Filesystem", blocks, "Used", "Avail" if human_sizes else "Available", "Use%", "Mounted on"))
        widths = [max(least, *(len(row[i]) for row in rows)) for i, least in enumerate((14, 5, 5, 5, 4))]
    for row in rows:
        p.out(" ".join([f"{row[0]:<{widths[0]}}", *(f"{row[i]:>{widths[i]}}" for i in range(1, 5)), row[5]]) + "\n")
    return 0


def _source(mount: Mount) -> str:
    """What is mounted: a disk of the pod's own lies on the node's."""
    return "overlay" if mount.path == "/" else "/dev/vda1" if mount.disk_name.startswith("pod/") else mount.disk_name


@program("du")
def du(p: Process) -> int:
    """du [-s] [-h] [-a] [-d N] path..."""
    options, operands = p.options("shakd:")
    code = 0
    for arg in operands or ["."]:
        if p.fs.exists(p.path(arg)):
            _measure(p, arg, 0, options)
        else:
            p.complain(p.either(f"{arg}: {ABSENT}", f"cannot access '{arg}': {ABSENT}"))
            code = 1
    return code


def _measure(p: Process, shown: str, depth: int, options: dict) -> int:
    """The bytes on disk of a file, or of a directory with all that lies in it; printed below what lies in it."""
    p.machine.step()
    path = p.path(shown)
    stat = p.fs.stat(path, follow=False)
    total = -(-stat.size // 4096) * 4096
    if stat.kind == "dir":
        total += sum(_measure(p, posixpath.join(shown, name), depth + 1, options) for name in p.fs.list(path))
    deepest = 0 if "s" in options else p.number(options.get("d", str(depth)))
    if depth <= deepest and (stat.kind == "dir" or depth == 0 or "a" in options):
        p.out(f"{human(total) if 'h' in options else total // 1024}\t{shown}\n")
    return total


@program("mount")
def mount(p: Process) -> int:
    if p.args:
        raise p.fail(p.either("permission denied (are you root?)", "only root can do that"))
    for each, _ in p.fs.df():
        root = each.path == "/"
        p.out(f"{_source(each)} on {each.path} type {'overlay' if root else 'ext4'} "
              f"({'ro' if each.read_only else 'rw'},relatime)\n")
    return 0


@program("sync")
def sync(p: Process) -> int:
    return 0


@program("dd")
def dd(p: Process) -> int:
    """dd [if=FILE] [of=FILE] [bs=N] [count=N]"""
    settings = dict(arg.partition("=")[::2] for arg in p.args)
    unknown = [key for key in settings if key not in ("if", "of", "bs", "count", "conv", "status")]
    if unknown:
        raise p.fail(f"unrecognized operand '{unknown[0]}': this simulated dd knows if, of, bs and count")
    block, target = _bytes(p, settings.get("bs", "512")), settings.get("of")
    text = _dd_input(p, settings, block)
    try:
        p.out(text) if target is None else p.fs.write(p.path(target), text)
    except FileError as error:
        raise p.fail(p.either(f"can't open '{target}': {error.text}", f"failed to open '{target}': {error.text}")) from None
    size = len(text.encode())
    records = f"{size // block}+{int(size % block > 0)}"
    p.err(f"{records} records in\n{records} records out\n" + p.either("", f"{size} bytes copied, 0.001 s, {size * 1000} B/s\n"))
    return 0


def _dd_input(p: Process, settings: dict[str, str], block: int) -> str:
    source, most = settings.get("if", "-"), block * _bytes(p, settings["count"]) if "count" in settings else None
    if source not in DEVICES or source == "/dev/null":
        text = p.read(source, p.either("can't open '{arg}': {text}", "failed to open '{arg}': {text}"))
        if text is None:
            raise Exit(1)
        return text[:most]
    if most is None:
        raise p.fail(f"without count= {source} never ends")
    if most > MAX_FILE:
        raise p.fail(f"error writing '{settings.get('of', 'standard output')}': {TOO_LARGE} (a simulated file has at most {MAX_FILE} bytes)")
    return device(source, most)


def _bytes(p: Process, text: str) -> int:
    found = re.fullmatch(r"(\d+)([a-zA-Z]*)", text)
    if not found or found[2] not in UNITS or not int(found[1]):
        raise p.fail(f"invalid number '{text}'")
    return int(found[1]) * UNITS[found[2]]


# ---- find ----------------------------------------------------------------------------------------

@program("find")
def find(p: Process) -> int:
    """find [path...] [-name P] [-iname P] [-path P] [-type f|d|l] [-maxdepth N] [-mindepth N] [-empty] [-print] [-delete]
    [-exec cmd {} ;]"""
    args, tops = p.args, []
    while args and not args[0].startswith("-"):
        tops, args = [*tops, args[0]], args[1:]
    tests, action = _expression(p, args)
    code = 0
    for top in tops or ["."]:
        path = p.path(top)
        if not p.fs.exists(path):
            p.complain(p.either(f"{top}: {ABSENT}", f"'{top}': {ABSENT}"))
            code = 1
            continue
        found = p.fs.walk(path)
        for each in reversed(found) if action == ["-delete"] else found:
            p.machine.step()
            below = each[len(path):].strip("/")
            shown = posixpath.join(top, below) if below else top
            if all(test(each, shown, below.count("/") + bool(below)) for test in tests):
                _act(p, action, each, shown)
    return code


def _expression(p: Process, args: list[str]) -> tuple[list, list[str]]:
    """The tests, each a function of (path, shown path, depth), and the action: [] to print."""
    tests, action = [], []
    while args:
        word, args = args[0], args[1:]
        if word in ("-print", "-print0", "-a"):
            continue
        if word == "-delete":
            action = [word]
            continue
        if word == "-empty":
            tests.append(lambda path, *_: not (p.fs.list(path) if p.fs.is_dir(path) else p.fs.read(path)))
            continue
        if not args:
            raise p.fail(f"missing argument to `{word}'")
        if word == "-exec":
            end = next((i for i, a in enumerate(args) if a in (";", "+")), None)
            if end is None:
                raise p.fail("missing argument to `-exec'")
            action, args = args[:end], args[end + 1:]
            continue
        value, args = args[0], args[1:]
        if word not in TESTS:
            raise p.fail(f"unrecognized: {word}: this simulated find does not know it")
        tests.append(TESTS[word](p, value))
    return tests, action


TESTS = {
    "-name": lambda p, v: lambda path, *_: patterns.matches(v, posixpath.basename(path)),
    "-iname": lambda p, v: lambda path, *_: patterns.matches(v.lower(), posixpath.basename(path).lower()),
    "-path": lambda p, v: lambda _, shown, depth: patterns.matches(v, shown),
    "-type": lambda p, v: lambda path, *_: p.fs.stat(path, follow=False).kind == {"f": "file", "d": "dir", "l": "link"}.get(v),
    "-maxdepth": lambda p, v: lambda _, shown, depth: depth <= p.number(v),
    "-mindepth": lambda p, v: lambda _, shown, depth: depth >= p.number(v),
}


def _act(p: Process, action: list[str], path: str, shown: str) -> None:
    if not action:
        p.out(shown + "\n")
    elif action == ["-delete"]:
        (p.fs.rmdir if p.fs.stat(path, follow=False).kind == "dir" else p.fs.remove)(path)
    else:
        p.spawn([a.replace("{}", shown) for a in action])
