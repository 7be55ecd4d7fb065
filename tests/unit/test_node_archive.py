"""tar in the simulated containers, against Python's own."""
from __future__ import annotations

import io
import tarfile

import pytest

from .node_cluster import Cluster


@pytest.fixture(params=["busybox", "nginx"])
def run(request):
    cluster = Cluster()
    cluster.pod("p", request.param, "10.244.0.2")

    def run(command: str, stdin: str = ""):
        return cluster.exec("p", "sh", "-c", command, stdin=stdin)
    return run


def packed(**members: bytes | None) -> str:
    """An archive as a container reads it; None makes a directory."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.size, entry.mode = (tarfile.DIRTYPE, 0, 0o755) if content is None else (tarfile.REGTYPE, len(content), 0o640)
            archive.addfile(entry, io.BytesIO(content or b""))
    return data.getvalue().decode("utf-8", "surrogateescape")


def test_what_is_packed_python_unpacks(run):
    run("mkdir -p d/e; echo one > d/one; printf zwö > d/e/two; ln -s one d/link; chmod 755 d/one")
    out = run("tar cf - d").stdout
    with tarfile.open(fileobj=io.BytesIO(out.encode("utf-8", "surrogateescape"))) as archive:
        assert {m.name: (m.type, m.mode, m.linkname) for m in archive} == {
            "d": (tarfile.DIRTYPE, 0o755, ""), "d/e": (tarfile.DIRTYPE, 0o755, ""), "d/e/two": (tarfile.REGTYPE, 0o644, ""),
            "d/link": (tarfile.SYMTYPE, 0o777, "one"), "d/one": (tarfile.REGTYPE, 0o755, "")}
        assert archive.extractfile("d/e/two").read() == "zwö".encode()


def test_what_python_packed_is_unpacked(run):
    archive = packed(**{"a": b"one\n", "d": None, "d/b": "zwö".encode(), "deep/down/c": b""})
    assert run("mkdir /t; tar -xmf - -C /t; cat /t/a /t/d/b; ls /t/deep/down; stat -c %a /t/a", archive).stdout == "one\nzwöc\n640\n"
    assert run("tar tf - d", archive).stdout == "d/\nd/b\n"


def test_a_file_goes_there_and_back(run):
    assert run("echo x > a; tar cf a.tar a; rm a; tar xf a.tar; cat a").stdout == "x\n"


def test_nothing_is_written_above_where_it_unpacks(run):
    run("mkdir /t; tar xf - -C /t", packed(**{"../../evil": b"x", "/abs": b"y"}))
    assert run("cat /t/evil /t/abs; ls /evil /abs").stdout == "xy"


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_long_names_in_every_format(run, format):
    name, data = "a" * 60 + "/" + "b" * 60 + "/c", io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=format) as archive:
        entry = tarfile.TarInfo(name)
        entry.size = 2
        archive.addfile(entry, io.BytesIO(b"x\n"))
    assert run(f"tar xf -; cat {name}", data.getvalue().decode("utf-8", "surrogateescape")).stdout == "x\n"
    out = run(f"tar cf - {'a' * 60}").stdout
    with tarfile.open(fileobj=io.BytesIO(out.encode())) as archive:
        assert archive.getnames()[-1] == name


@pytest.mark.parametrize("command, stdin, said", [
    ("tar cf - nosuch", "", "nosuch: "), ("tar xf -", "no archive" * 100, "tar"), ("tar xf - -C /nosuch", "", "/nosuch"), ("tar f -", "", "exactly one"),
    ("tar cf -", "", "empty archive"), ("tar xf nosuch", "", "nosuch"), ("tar xf -", packed(a=b"\xff\x00"), "only text")])
def test_what_goes_wrong_is_said(run, command, stdin, said):
    result = run(command, stdin)
    assert result.code in (1, 2) and said in result.stderr
