"""Disks and file systems: plain data, and a view of it that can be changed for the duration of one command.

A disk is a JSON-shaped mapping from relative path to entry:
`{"aaa.txt": {"content": "hello\\n", "mode": 0o644, "time": 60000}, "logs": {"dir": True, "mode": 0o755, "time": 0}}`;
a symbolic link is `{"link": "target", ...}`, a directory that contains something need not be listed, and "" is the
disk's own root directory, listed only when its mode was changed.

`Disks` holds the working copies, so that several file systems (two containers of a pod, two pods on one volume) see
each other's writes at once.  A `FileSystem` is what one container sees: its root disk and its volume mounts.

Not modelled: owners' rights (everyone is root), hard links, devices, partial writes.  Sizes are bytes of UTF-8, times are
virtual milliseconds.
"""
from __future__ import annotations

import posixpath
from typing import NamedTuple

MAX_FILE = 1 << 20          # bytes of one file
MAX_DISK = 8 << 20          # bytes of one disk
MAX_FILES = 10_000          # entries of one disk

ABSENT, IS_DIR, NOT_DIR = "No such file or directory", "Is a directory", "Not a directory"
EXISTS, NOT_EMPTY, READ_ONLY = "File exists", "Directory not empty", "Read-only file system"
TOO_LARGE, FULL, INVALID = "File too large", "No space left on device", "Invalid argument"
BUSY, LOOP = "Device or resource busy", "Too many levels of symbolic links"


class FileError(Exception):
    """What the operating system answers; `text` is the POSIX error text."""

    def __init__(self, text: str, path: str) -> None:
        super().__init__(f"{path}: {text}")
        self.text, self.path = text, path


class Mount(NamedTuple):
    """A disk, or the part of it below `sub_path`, at an absolute path.  `size` is its capacity in bytes, for df."""

    path: str
    disk_name: str
    files: dict
    read_only: bool = False
    sub_path: str = ""
    size: int = 10 << 30


class Write(NamedTuple):
    """One write, in order, as `Disks.journal` keeps it; an `entry` of None removes the path."""

    time: int
    disk_name: str
    path: str
    entry: dict | None


class Stat(NamedTuple):
    kind: str           # file | dir | link
    mode: int
    size: int
    time: int
    owner: str
    target: str


class Disks:
    """Working copies of disks, and what was changed in them.  A disk is copied at its first write."""

    def __init__(self) -> None:
        self.time = 0                               # virtual ms that new writes carry
        self.journal: list[Write] = []
        self._before: dict[str, dict] = {}
        self._now: dict[str, dict] = {}
        self._dirs: dict[str, dict[str, int]] = {}   # directories of a disk, listed and implied, with how many entries lie below
        self._sizes: dict[str, dict[str, int]] = {}
        self._used: dict[str, int] = {}

    def attach(self, name: str, files: dict) -> None:
        """Make a disk known; a disk that is known already keeps its present content."""
        if name not in self._now:
            self._before[name] = self._now[name] = files
            self._dirs[name] = {}
            self._sizes[name] = {path: _size(entry) for path, entry in files.items()}
            self._used[name] = sum(self._sizes[name].values())
            for path, entry in files.items():
                self._count(name, path, entry, 1)

    def entry(self, name: str, path: str) -> dict | None:
        """The entry at a path of a disk; a directory that is only implied has an entry too."""
        entry = self._now[name].get(path)
        if entry is None and path in self._dirs[name]:
            return {"dir": True}
        return entry

    def paths(self, name: str) -> list[str]:
        return list(self._now[name]) + [d for d in self._dirs[name] if d not in self._now[name]]

    def put(self, name: str, path: str, entry: dict | None, size: int | None = None) -> None:
        """Write or remove one entry; `size` is that of its content, where it is known."""
        old = self._now[name].get(path)
        size = _size(entry) if size is None else size
        used = self._used[name] + size - self._sizes[name].get(path, 0)
        if used > MAX_DISK or (old is None and len(self._now[name]) >= MAX_FILES):
            raise FileError(FULL, path)
        if self._now[name] is self._before[name]:
            self._now[name] = dict(self._before[name])
        if old is not None:
            self._count(name, path, old, -1)
            del self._now[name][path]
        if entry is not None:
            self._count(name, path, entry, 1)
            self._now[name][path] = entry
        self._sizes[name][path] = size
        self._used[name] = used
        self.journal.append(Write(self.time, name, path, entry))

    def used(self, name: str) -> int:
        """Bytes on a disk."""
        return self._used[name]

    def size(self, name: str, path: str) -> int:
        """Bytes of a file."""
        return self._sizes[name].get(path, 0)

    def changed(self) -> dict[str, dict]:
        """The disks whose content is another than at the start: name -> files, sorted by path."""
        return {name: dict(sorted(files.items())) for name, files in sorted(self._now.items()) if files != self._before[name]}

    def _count(self, name: str, path: str, entry: dict, by: int) -> None:
        dirs = self._dirs[name]
        directory = path if "dir" in entry else posixpath.dirname(path)
        while directory:
            dirs[directory] = dirs.get(directory, 0) + by
            if not dirs[directory]:
                del dirs[directory]
            directory = posixpath.dirname(directory)


def _size(entry: dict | None) -> int:
    return len(entry.get("content", "").encode()) if entry else 0


class FileSystem:
    """What one container sees.  All paths are absolute; every method follows symbolic links unless it says otherwise."""

    def __init__(self, mounts: list[Mount], disks: Disks | None = None) -> None:
        self.disks = disks or Disks()
        self.mounts = sorted(mounts, key=lambda m: m.path)
        for mount in self.mounts:
            self.disks.attach(mount.disk_name, mount.files)
        self._by_path = {mount.path: mount for mount in self.mounts}

    # -- reading

    def exists(self, path: str) -> bool:
        return self._find(path) is not None

    def lexists(self, path: str) -> bool:
        """Whether there is something, if only a link that leads nowhere."""
        return self._find(path, follow=False) is not None

    def is_dir(self, path: str) -> bool:
        return "dir" in (self._find(path) or ())

    def read(self, path: str) -> str:
        entry = self._need(path)
        if "dir" in entry:
            raise FileError(IS_DIR, path)
        return entry.get("content", "")

    def list(self, path: str) -> list[str]:
        """The names in a directory, sorted."""
        if "dir" not in self._need(path):
            raise FileError(NOT_DIR, path)
        real = self.real(path)
        mount, inner = self._locate(real)
        prefix = inner + "/" if inner else ""
        names = {p[len(prefix):].split("/")[0] for p in self.disks.paths(mount.disk_name) if p.startswith(prefix)}
        below = real.rstrip("/") + "/"
        names |= {m.path[len(below):].split("/")[0] for m in self.mounts if m.path.startswith(below)}
        return sorted(names - {""})

    def stat(self, path: str, follow: bool = True) -> Stat:
        entry = self._need(path, follow)
        kind = "dir" if "dir" in entry else "link" if "link" in entry else "file"
        mode = entry.get("mode", {"dir": 0o755, "link": 0o777, "file": 0o644}[kind])
        size = 4096 if kind == "dir" else len(entry["link"]) if kind == "link" else _size(entry)
        return Stat(kind, mode, size, entry.get("time", 0), entry.get("owner", "root:root"), entry.get("link", ""))

    def walk(self, path: str) -> list[str]:
        """The path and all that lies below, parents first; links are not followed."""
        found = [path]
        if self.stat(path, follow=False).kind == "dir":
            for name in self.list(path):
                found += self.walk(posixpath.join(path, name))
        return found

    def mount_of(self, path: str) -> Mount:
        self._need(path)
        return self._locate(self.real(path))[0]

    def df(self) -> list[tuple[Mount, int]]:
        """Every mount and the bytes in use on its disk."""
        return [(mount, self.disks.used(mount.disk_name)) for mount in self.mounts]

    # -- writing

    def write(self, path: str, text: str, append: bool = False) -> None:
        """Create or replace a file, or add to its end."""
        real = self.real(path)
        old = self._find(real, follow=False)
        if old is not None and "dir" in old:
            raise FileError(IS_DIR, path)
        try:
            size = len(text.encode())
        except UnicodeEncodeError:              # bytes that are no text, as they came from outside
            text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            size = len(text.encode())
        if append and old is not None:
            mount, inner = self._locate(real)
            text, size = old.get("content", "") + text, self.disks.size(mount.disk_name, inner) + size
        if size > MAX_FILE:
            raise FileError(TOO_LARGE, path)
        self._put(real, {**(old or {"mode": 0o644}), "content": text, "time": self.disks.time}, size)

    def mkdir(self, path: str, parents: bool = False) -> None:
        if parents and self.is_dir(path):
            return
        if parents and not self.lexists(posixpath.dirname(path)):
            self.mkdir(posixpath.dirname(path), parents=True)
        real = self.real(path, follow=False)
        if self._find(real, follow=False) is not None:
            raise FileError(EXISTS, path)
        self._put(real, {"dir": True, "mode": 0o755, "time": self.disks.time})

    def link(self, target: str, path: str) -> None:
        """A symbolic link."""
        real = self.real(path, follow=False)
        if self._find(real, follow=False) is not None:
            raise FileError(EXISTS, path)
        self._put(real, {"link": target, "mode": 0o777, "time": self.disks.time})

    def remove(self, path: str) -> None:
        """Remove a file or a link."""
        if self.stat(path, follow=False).kind == "dir":
            raise FileError(IS_DIR, path)
        self._remove(path)

    def rmdir(self, path: str) -> None:
        if self.stat(path, follow=False).kind != "dir":
            raise FileError(NOT_DIR, path)
        if self.list(path):
            raise FileError(NOT_EMPTY, path)
        self._remove(path)

    def rename(self, source: str, target: str) -> None:
        """Move a file or a whole directory; a file at the target is replaced."""
        entry = self._need(source, follow=False)
        origin, destination = self.real(source, follow=False), self.real(target, follow=False)
        self._refuse_busy(origin)
        if destination == origin:
            return
        if destination.startswith(origin + "/"):
            raise FileError(INVALID, target)
        old = self._find(destination, follow=False)
        if old is not None and "dir" in old:
            if "dir" not in entry:
                raise FileError(IS_DIR, target)
            self.rmdir(destination)
        elif old is not None and "dir" in entry:
            raise FileError(NOT_DIR, target)
        paths = self.walk(origin)
        for path in paths:
            self._put(destination + path[len(origin):], self._need(path, follow=False))
        for path in reversed(paths):
            self._remove(path)

    def chmod(self, path: str, mode: int) -> None:
        self._amend(path, mode=mode)

    def chown(self, path: str, owner: str) -> None:
        """`owner` is "user:group"."""
        self._amend(path, owner=owner)

    def touch(self, path: str, time: int | None = None) -> None:
        if self.exists(path):
            self._amend(path, time=self.disks.time if time is None else time)
        else:
            self.write(path, "")

    def changed(self) -> dict[str, dict]:
        """The disks that were changed: name -> files."""
        return self.disks.changed()

    # -- how a path leads to an entry

    def _locate(self, real: str) -> tuple[Mount, str]:
        """The mount that a path lies on, and the path within its disk."""
        at = real
        while at not in self._by_path:
            at = posixpath.dirname(at)
        mount = self._by_path[at]
        return mount, posixpath.join(mount.sub_path, real[len(at):].lstrip("/")).strip("/")

    def _entry(self, real: str) -> dict | None:
        mount, inner = self._locate(real)
        entry = self.disks.entry(mount.disk_name, inner)
        if entry is None and (real == mount.path or any(m.path.startswith(real.rstrip("/") + "/") for m in self.mounts)):
            return {"dir": True}
        return entry

    def real(self, path: str, follow: bool = True) -> str:
        """The path without links; its last step may be absent."""
        done, steps, links = "/", [s for s in path.split("/") if s not in ("", ".")], 0
        while steps:
            step = steps.pop(0)
            if step == "..":
                done = posixpath.dirname(done)
                continue
            here = posixpath.join(done, step)
            entry = self._entry(here)
            if entry is not None and "link" in entry and (steps or follow):
                links += 1
                if links > 16:
                    raise FileError(LOOP, path)
                steps = [s for s in entry["link"].split("/") if s not in ("", ".")] + steps
                done = "/" if entry["link"].startswith("/") else done
                continue
            if steps and entry is None:
                raise FileError(ABSENT, path)
            if steps and "dir" not in entry:
                raise FileError(NOT_DIR, path)
            done = here
        return done

    def _find(self, path: str, follow: bool = True) -> dict | None:
        try:
            return self._entry(self.real(path, follow))
        except FileError:
            return None

    def _need(self, path: str, follow: bool = True) -> dict:
        entry = self._entry(self.real(path, follow))
        if entry is None:
            raise FileError(ABSENT, path)
        return entry

    def _put(self, real: str, entry: dict | None, size: int | None = None) -> None:
        if real == "/dev/null":
            return
        mount, inner = self._locate(real)
        if mount.read_only:
            raise FileError(READ_ONLY, real)
        self.disks.put(mount.disk_name, inner, entry, size)

    def _remove(self, path: str) -> None:
        real = self.real(path, follow=False)
        self._refuse_busy(real)
        parent = posixpath.dirname(real)
        self._put(real, None)
        if parent not in self._by_path and self._entry(parent) is None:     # it was only implied: keep it
            self._put(parent, {"dir": True, "mode": 0o755, "time": self.disks.time})

    def _amend(self, path: str, **fields) -> None:
        real = self.real(path)
        self._put(real, {"time": self.disks.time, **self._need(real, follow=False), **fields})

    def _refuse_busy(self, real: str) -> None:
        """What is a mount point, or contains one, can be neither moved nor removed."""
        if any(m.path == real or m.path.startswith(real.rstrip("/") + "/") for m in self.mounts):
            raise FileError(BUSY, real)
