"""The tar format: blocks of 512 bytes, a header before each file.  Written as GNU tar does, read as GNU and POSIX do."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

BLOCK, RECORD = 512, 20         # bytes, and blocks that an archive is a multiple of
FILE, LINK, DIRECTORY, LONG_NAME, EXTENDED = b"0", b"2", b"5", b"L", b"x"
LAYOUT = (100, 8, 8, 8, 12, 12, 8, 1, 100, 8, 32, 32)       # name mode uid gid size mtime checksum type link magic user group
NAME = 100                      # bytes; longer names have an entry of their own


class BadArchive(ValueError):
    """These bytes are no archive."""


class Member(NamedTuple):
    """A file, a directory or a symbolic link; `mtime` in Unix seconds."""

    name: str
    type: bytes
    mode: int
    mtime: int = 0
    owner: str = "root:root"
    link: str = ""
    content: bytes = b""


def pack(members: Iterable[Member]) -> bytes:
    blocks = b"".join(map(_packed, members))
    size = -(-(len(blocks) + 2 * BLOCK) // (BLOCK * RECORD)) * BLOCK * RECORD
    return blocks.ljust(size, b"\0")


def _packed(member: Member) -> bytes:
    name = member.name.encode() + (b"/" if member.type == DIRECTORY else b"")
    long = b""
    if len(name) > NAME:
        long = _header(b"././@LongLink", LONG_NAME, 0o644, len(name) + 1, 0, "root:root", b"") + _padded(name + b"\0")
    header = _header(name[:NAME], member.type, member.mode, len(member.content), member.mtime, member.owner, member.link.encode()[:NAME])
    return long + header + _padded(member.content)


def _header(name: bytes, type: bytes, mode: int, size: int, mtime: int, owner: str, link: bytes) -> bytes:
    user, _, group = owner.partition(":")
    fields = (name, b"%07o" % mode, b"%07o" % 0, b"%07o" % 0, b"%011o" % size, b"%011o" % mtime, b" " * 8, type, link, b"ustar  \0",
              user.encode(), group.encode())
    header = b"".join(field.ljust(width, b"\0") for field, width in zip(fields, LAYOUT, strict=True)).ljust(BLOCK, b"\0")
    return header[:148] + b"%06o\0 " % sum(header) + header[156:]


def _padded(content: bytes) -> bytes:
    return content.ljust(-(-len(content) // BLOCK) * BLOCK, b"\0")


def unpack(archive: bytes) -> Iterator[Member]:
    """The members in their order; those of other types are left out.  Raises BadArchive."""
    at, name = 0, ""
    while at + BLOCK <= len(archive) and (header := archive[at:at + BLOCK]).strip(b"\0"):
        fields, start = [], 0
        for width in LAYOUT:
            fields.append(header[start:start + width])
            start += width
        checksum, type = _number(fields[6]), fields[7]
        if checksum != sum(header[:148]) + 8 * 32 + sum(header[156:]):
            raise BadArchive
        size = _number(fields[4])
        content = archive[at + BLOCK:at + BLOCK + size]
        at += BLOCK + len(_padded(content))
        if type == LONG_NAME:
            name = _text(content)
        elif type == EXTENDED:
            name = _extended(content).get("path", "")
        else:
            prefix = _text(header[345:500]) if fields[9].startswith(b"ustar\0") else ""
            name = name or (f"{prefix}/" if prefix else "") + _text(fields[0])
            if type in (FILE, b"\0", LINK, DIRECTORY):
                yield Member(name, FILE if type == b"\0" else type, _number(fields[1]) & 0o7777, _number(fields[5]), link=_text(fields[8]), content=content)
            name = ""
    if at == 0 and archive.strip(b"\0"):
        raise BadArchive


def _number(field: bytes) -> int:
    try:
        return int(field.strip(b" \0") or b"0", 8)
    except ValueError:
        raise BadArchive from None


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "replace")


def _extended(content: bytes) -> dict[str, str]:
    """POSIX: "30 path=a/very/long/name\\n" and the like."""
    found = {}
    while content:
        length, _, _ = content.partition(b" ")
        record, content = content[:int(length)], content[int(length):]
        key, _, value = record.partition(b" ")[2].rstrip(b"\n").partition(b"=")
        found[key.decode()] = value.decode("utf-8", "replace")
    return found
