"""Disks and file systems of simulated containers."""
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kstate.node.files import MAX_DISK, MAX_FILE, Disks, FileError, FileSystem, Mount
from kstate.world import freeze

ROOT = freeze({"etc/passwd": {"content": "root\n", "mode": 0o644, "time": 0}, "tmp": {"dir": True, "mode": 0o1777, "time": 0}})
VOLUME = freeze({"aaa.txt": {"content": "a\n", "mode": 0o600, "time": 5}, "sub/b.txt": {"content": "b\n"}})


def machine(*mounts: Mount, disks: Disks | None = None) -> FileSystem:
    return FileSystem([Mount("/", "root", ROOT), *mounts], disks)


def error(action, *args) -> str:
    with pytest.raises(FileError) as caught:
        action(*args)
    return caught.value.text


def test_reads_what_lies_on_each_disk():
    fs = machine(Mount("/usr/share/www", "pv1", VOLUME))
    assert fs.read("/etc/passwd") == "root\n"
    assert fs.read("/usr/share/www/sub/b.txt") == "b\n"
    assert fs.list("/") == ["etc", "tmp", "usr"]                # /usr is there only because something is mounted below it
    assert fs.list("/usr/share") == ["www"]
    assert fs.list("/usr/share/www") == ["aaa.txt", "sub"]
    assert fs.stat("/usr/share/www/aaa.txt")[:4] == ("file", 0o600, 2, 5)
    assert fs.stat("/usr/share/www/sub").kind == "dir"
    assert fs.mount_of("/usr/share/www/sub").disk_name == "pv1"


def test_a_mount_hides_what_the_root_disk_has_below_it():
    fs = machine(Mount("/etc", "pv1", VOLUME))
    assert fs.list("/etc") == ["aaa.txt", "sub"]
    assert not fs.exists("/etc/passwd")


def test_posix_errors():
    fs = machine(Mount("/ro", "cm", VOLUME, read_only=True))
    assert error(fs.read, "/nope") == "No such file or directory"
    assert error(fs.read, "/tmp") == "Is a directory"
    assert error(fs.read, "/etc/passwd/x") == "Not a directory"
    assert error(fs.list, "/etc/passwd") == "Not a directory"
    assert error(fs.write, "/nope/x", "") == "No such file or directory"
    assert error(fs.write, "/tmp", "") == "Is a directory"
    assert error(fs.write, "/ro/new", "") == "Read-only file system"
    assert error(fs.remove, "/ro/aaa.txt") == "Read-only file system"
    assert error(fs.chmod, "/ro", 0o700) == "Read-only file system"
    assert error(fs.mkdir, "/tmp") == "File exists"
    assert error(fs.rmdir, "/etc") == "Directory not empty"
    assert error(fs.rmdir, "/etc/passwd") == "Not a directory"
    assert error(fs.remove, "/tmp") == "Is a directory"
    assert error(fs.rmdir, "/ro") == "Directory not empty"
    assert error(fs.rename, "/ro", "/rw") == "Device or resource busy"
    assert error(fs.rename, "/etc", "/etc/inside") == "Invalid argument"


def test_only_changed_disks_are_given_back():
    fs = machine(Mount("/data", "pv1", VOLUME), Mount("/other", "pv2", VOLUME))
    fs.write("/data/new.txt", "x")
    fs.write("/other/aaa.txt", "z\n")
    fs.write("/other/aaa.txt", "a\n")
    fs.touch("/other/aaa.txt", 5)
    assert list(fs.changed()) == ["pv1"]            # what was changed back does not count
    assert list(fs.changed()["pv1"]) == ["aaa.txt", "new.txt", "sub/b.txt"]
    assert "new.txt" not in VOLUME


def test_sub_path_shows_a_part_of_the_disk():
    fs = machine(Mount("/var/lib/mysql", "pv1", VOLUME, sub_path="mysql"))
    assert fs.list("/var/lib/mysql") == []
    fs.write("/var/lib/mysql/ibdata", "x")
    assert fs.changed()["pv1"]["mysql/ibdata"]["content"] == "x"
    one_file = machine(Mount("/etc/app.conf", "pv1", VOLUME, sub_path="aaa.txt"))
    assert one_file.read("/etc/app.conf") == "a\n"
    assert one_file.list("/etc") == ["app.conf", "passwd"]


def test_a_disk_may_be_a_single_file():
    fs = machine(Mount("/etc/hosts", "hosts", {"": {"content": "127.0.0.1 localhost\n"}}))
    assert fs.read("/etc/hosts") == "127.0.0.1 localhost\n"
    fs.write("/etc/hosts", "10.0.0.1 x\n", append=True)
    assert fs.changed()["hosts"][""]["content"].endswith("10.0.0.1 x\n")
    assert error(fs.remove, "/etc/hosts") == "Device or resource busy"


def test_two_containers_on_one_disk_see_each_others_writes():
    disks = Disks()
    one, two = machine(Mount("/a", "pv", VOLUME), disks=disks), machine(Mount("/b", "pv", VOLUME), disks=disks)
    one.write("/a/x", "hello")
    assert two.read("/b/x") == "hello"
    two.remove("/b/aaa.txt")
    assert one.list("/a") == ["sub", "x"]


def test_removing_the_last_file_leaves_its_directory():
    fs = machine()
    fs.remove("/etc/passwd")
    assert fs.is_dir("/etc") and fs.list("/etc") == []
    fs.rmdir("/etc")
    assert not fs.exists("/etc")


def test_moving_a_directory_takes_all_along():
    fs = machine(Mount("/data", "pv", VOLUME))
    fs.rename("/data/sub", "/tmp/moved")
    assert fs.read("/tmp/moved/b.txt") == "b\n"
    assert not fs.exists("/data/sub")
    assert sorted(fs.changed()) == ["pv", "root"]


def test_symbolic_links():
    fs = machine()
    fs.link("../etc", "/tmp/conf")
    assert fs.read("/tmp/conf/passwd") == "root\n"
    assert fs.stat("/tmp/conf", follow=False).target == "../etc"
    fs.write("/tmp/conf/new", "n")
    assert fs.read("/etc/new") == "n"
    fs.link("loop", "/tmp/loop")
    assert error(fs.read, "/tmp/loop") == "Too many levels of symbolic links"
    fs.remove("/tmp/conf")
    assert fs.exists("/etc/new")


def test_sizes_are_bounded():
    fs = machine(Mount("/data", "pv", {}))
    assert error(fs.write, "/tmp/big", "x" * (MAX_FILE + 1)) == "File too large"
    assert error(fs.write, "/tmp/wide", "ä" * (MAX_FILE // 2 + 1)) == "File too large"
    for i in range(MAX_DISK // MAX_FILE):
        fs.write(f"/data/{i}", "x" * MAX_FILE)
    assert error(fs.write, "/data/more", "x") == "No space left on device"
    fs.remove("/data/0")
    fs.write("/data/more", "x")
    assert {m.path: used for m, used in fs.df()}["/data"] == (MAX_DISK // MAX_FILE - 1) * MAX_FILE + 1


def test_writes_carry_the_time_and_are_kept_in_order():
    fs = machine(Mount("/data", "pv", {}))
    fs.disks.time = 1000
    fs.write("/data/x", "1")
    fs.disks.time = 2500
    fs.write("/data/x", "2", append=True)
    assert fs.stat("/data/x").time == 2500
    assert [(w.time, w.path, w.entry["content"]) for w in fs.disks.journal] == [(1000, "x", "1"), (2500, "x", "12")]


NAMES = st.sampled_from(["a", "b", "c", "a/x", "b/x", "b/y", "b/y/z", "c/x"])
STEPS = st.lists(st.tuples(st.sampled_from(["write", "append", "mkdir", "remove", "rmdir", "rename", "chmod", "link"]), NAMES, NAMES), max_size=25)


def do(fs: FileSystem, action: str, one: str, two: str) -> None:
    one, two = f"/data/{one}", f"/data/{two}"
    {"write": lambda: fs.write(one, two), "append": lambda: fs.write(one, two, append=True), "mkdir": lambda: fs.mkdir(one),
     "remove": lambda: fs.remove(one), "rmdir": lambda: fs.rmdir(one), "rename": lambda: fs.rename(one, two),
     "chmod": lambda: fs.chmod(one, 0o700), "link": lambda: fs.link("a", one)}[action]()


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_the_journal_tells_the_whole_change_and_a_failure_changes_nothing(steps):
    fs = machine(Mount("/data", "pv", VOLUME))
    for step in steps:
        before = len(fs.disks.journal)
        try:
            do(fs, *step)
        except FileError:
            assert len(fs.disks.journal) == before
    replayed = dict(VOLUME)
    for write in fs.disks.journal:
        replayed.pop(write.path, None)
        if write.entry is not None:
            replayed[write.path] = write.entry
    assert fs.changed().get("pv", VOLUME) == replayed


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_every_name_in_a_listing_exists_and_every_path_is_listed(steps):
    fs = machine(Mount("/data", "pv", VOLUME))
    for step in steps:
        try:
            do(fs, *step)
        except FileError:
            pass
    for path in fs.walk("/data"):
        assert fs.lexists(path)
        if path != "/data":
            parent, _, name = path.rpartition("/")
            assert name in fs.list(parent)
    files = [p for p in fs.walk("/data") if fs.stat(p, follow=False).kind == "file"]
    assert {m.path: used for m, used in fs.df()}["/data"] == sum(fs.stat(p).size for p in files)
