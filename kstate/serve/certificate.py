"""A certificate for this server alone, made anew at each start: ECDSA on P-256, self-signed, for 127.0.0.1 and localhost.

It is needed because kubectl sends a token over TLS only, and hand-made because Python's library can use certificates but not
make them.  The one signature here is the certificate's own; all that goes over the wire is OpenSSL's work.
"""
from __future__ import annotations

import secrets
import ssl
import tempfile
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256
from pathlib import Path
from typing import NamedTuple

PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
BASE = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)
DAYS = 365              # it is valid for


class Certificate(NamedTuple):
    """PEM texts; clients are given the certificate, the key stays here."""

    certificate: str
    key: str

    def context(self) -> ssl.SSLContext:
        """For a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:       # readable by this user alone
            file = Path(folder, "both.pem")
            file.write_text(self.key + self.certificate, encoding="ascii")
            context.load_cert_chain(file)
        return context


def new_certificate() -> Certificate:
    """A fresh key, and a certificate that is its own authority."""
    key = secrets.randbelow(ORDER - 1) + 1
    x, y = _multiply(key)
    point = b"\4" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
    curve, method = _oid(1, 2, 840, 10045, 3, 1, 7), _sequence(_oid(1, 2, 840, 10045, 4, 3, 2))
    name = _sequence(_der(0x31, _sequence(_oid(2, 5, 4, 3), _der(0x0C, b"kstate"))))
    now = datetime.now(UTC)
    valid = _sequence(*(_der(0x17, t.strftime("%y%m%d%H%M%SZ").encode()) for t in (now - timedelta(days=1), now + timedelta(days=DAYS))))
    public = _sequence(_sequence(_oid(1, 2, 840, 10045, 2, 1), curve), _bits(point))
    body = _sequence(_der(0xA0, _integer(2)), _integer(secrets.randbits(63)), method, name, valid, name, public,
                     _der(0xA3, _sequence(*_extensions(sha1(point).digest()))))
    private = _sequence(_integer(1), _der(4, key.to_bytes(32, "big")), _der(0xA0, curve), _der(0xA1, _bits(point)))
    return Certificate(_pem("CERTIFICATE", _sequence(body, method, _bits(_sign(key, body)))), _pem("EC PRIVATE KEY", private))


def _extensions(mark: bytes) -> list[bytes]:
    """An authority that also serves, under two names; `mark` identifies its key."""
    def extension(number: int, value: bytes, critical: bool = False) -> bytes:
        return _sequence(_oid(2, 5, 29, number), *([_der(1, b"\xff")] if critical else []), _der(4, value))
    return [extension(19, _sequence(_der(1, b"\xff")), critical=True),                          # basic constraints: an authority
            extension(15, _der(3, b"\2\x84"), critical=True),                                   # key usage: sign, sign certificates
            extension(37, _sequence(_oid(1, 3, 6, 1, 5, 5, 7, 3, 1))),                          # extended key usage: server
            extension(17, _sequence(_der(0x87, bytes([127, 0, 0, 1])), _der(0x82, b"localhost"))),
            extension(14, _der(4, mark)), extension(35, _sequence(_der(0x80, mark)))]           # key identifiers


# ---- ECDSA ------------------------------------------------------------------------------------

def _sign(key: int, message: bytes) -> bytes:
    digest, nonce = int.from_bytes(sha256(message).digest(), "big"), secrets.randbelow(ORDER - 1) + 1
    r = _multiply(nonce)[0] % ORDER
    return _sequence(_integer(r), _integer((digest + r * key) * pow(nonce, -1, ORDER) % ORDER))


def _multiply(factor: int) -> tuple[int, int]:
    """The base point times a number, by doubling and adding."""
    total, power = None, BASE
    while factor:
        if factor & 1:
            total = power if total is None else _add(total, power)
        factor, power = factor >> 1, _add(power, power)
    return total


def _add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    slope = (3 * a[0] ** 2 - 3) * pow(2 * a[1], -1, PRIME) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, PRIME)
    x = (slope * slope - a[0] - b[0]) % PRIME
    return x, (slope * (a[0] - x) - a[1]) % PRIME


# ---- DER: a tag, a length, a content ----------------------------------------------------------

def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 + len(length)]) + length + content


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, b"".join(parts))


def _integer(number: int) -> bytes:
    return _der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _bits(content: bytes) -> bytes:
    return _der(3, b"\0" + content)


def _oid(first: int, second: int, *rest: int) -> bytes:
    content = bytes([40 * first + second])
    for number in rest:
        digits = [number & 127]
        while number := number >> 7:
            digits.insert(0, 128 | number & 127)
        content += bytes(digits)
    return _der(6, content)


def _pem(label: str, content: bytes) -> str:
    text = b64encode(content).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""))
