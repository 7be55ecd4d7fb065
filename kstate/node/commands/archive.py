"""tar: what `kubectl cp` packs and unpacks with.  Files of the simulated containers are text, and so must be those in an archive."""
from __future__ import annotations

import posixpath
import tarfile
from io import BytesIO

from ..files import ABSENT, FileError
from ..process import Process, program
from .listing import date_of


@program("tar")
def tar(p: Process) -> int:
    """tar c|x|t [vmp] [-f FILE] [-C DIR] [PATH...]; the archive "-" is stdin or stdout."""
    if p.args and not p.args[0].startswith("-"):
        p.argv = [p.argv[0], f"-{p.args[0]}", *p.args[1:]]          # tar cf - x
    options, operands = p.options("cxtvmpf:C:", ("no-same-permissions", "no-same-owner"))
    mode = [letter for letter in "cxt" if letter in options]
    if len(mode) != 1:
        raise p.fail("exactly one of c, x and t is needed", 1 if p.busybox else 2)
    p.cwd = p.path(options.get("C", "."))
    if not p.fs.is_dir(p.cwd):
        raise p.fail(f"{options['C']}: Cannot open: {ABSENT}", 1 if p.busybox else 2)
    file = options.get("f", "-")
    return _pack(p, file, operands) if mode == ["c"] else _unpack(p, file, operands, only_list=mode == ["t"])


# ---- packing ----------------------------------------------------------------------------------------

def _pack(p: Process, file: str, operands: list[str]) -> int:
    if not operands:
        raise p.fail("empty archive" if p.busybox else "Cowardly refusing to create an empty archive", 1 if p.busybox else 2)
    data, code = BytesIO(), 0
    with tarfile.open(fileobj=data, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for operand in operands:
            root = p.path(operand)
            if not p.fs.lexists(root):
                p.complain(p.either(f"{operand}: {ABSENT}", f"{operand}: Cannot stat: {ABSENT}"))
                code = 1 if p.busybox else 2
                continue
            for path in p.fs.walk(root):
                name = posixpath.normpath(operand + path[len(root.rstrip("/")):]).lstrip("/") or "."
                _add(p, archive, path, name)
    if code and not p.busybox:
        p.complain("Exiting with failure status due to previous errors")
    text = data.getvalue().decode("utf-8", "surrogateescape")
    p.out(text) if file == "-" else p.fs.write(p.path(file), text)
    return code


def _add(p: Process, archive: tarfile.TarFile, path: str, name: str) -> None:
    found, entry = p.fs.stat(path, follow=False), tarfile.TarInfo(name)
    entry.mode, entry.mtime = found.mode, int(date_of(p, found.time).timestamp())
    entry.uname, _, entry.gname = found.owner.partition(":")
    content = b""
    if found.kind == "dir":
        entry.type = tarfile.DIRTYPE
    elif found.kind == "link":
        entry.type, entry.linkname = tarfile.SYMTYPE, found.target
    else:
        content = p.fs.read(path).encode()
        entry.size = len(content)
    archive.addfile(entry, BytesIO(content))


# ---- unpacking --------------------------------------------------------------------------------------

def _unpack(p: Process, file: str, wanted: list[str], only_list: bool) -> int:
    text = p.read(file, "{arg}: Cannot open: {text}")
    if text is None:
        return 1 if p.busybox else 2
    code = 0
    try:
        with tarfile.open(fileobj=BytesIO(text.encode("utf-8", "surrogateescape")), mode="r:") as archive:
            for entry in archive:
                if wanted and not any(entry.name == name or entry.name.startswith(f"{name.rstrip('/')}/") for name in wanted):
                    continue
                if only_list:
                    p.out(entry.name + ("/" if entry.isdir() else "") + "\n")
                else:
                    code = _extract(p, archive, entry) or code
    except tarfile.TarError:
        raise p.fail(p.either("invalid tar magic", "This does not look like a tar archive"), 1 if p.busybox else 2) from None
    return code


def _extract(p: Process, archive: tarfile.TarFile, entry: tarfile.TarInfo) -> int:
    """Below the current directory only, as tar does without -P."""
    path = p.path(posixpath.normpath("/" + entry.name).lstrip("/"))
    try:
        if entry.isdir():
            p.fs.mkdir(path, parents=True)
            return 0
        p.fs.mkdir(posixpath.dirname(path), parents=True)
        if entry.issym():
            p.fs.link(entry.linkname, path)
        elif entry.isfile():
            p.fs.write(path, archive.extractfile(entry).read().decode())
            p.fs.chmod(path, entry.mode)
        return 0
    except UnicodeDecodeError:
        p.complain(f"{entry.name}: kstate keeps only text in files, and this is none")
    except FileError as error:
        p.complain(p.either(f"can't open '{entry.name}': {error.text}", f"{entry.name}: Cannot open: {error.text}"))
    return 1 if p.busybox else 2
