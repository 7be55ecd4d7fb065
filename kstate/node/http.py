"""What the HTTP servers of the images answer: files of their document root, as nginx, Apache and a busybox's httpd give them."""
from __future__ import annotations

import posixpath
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote

from .files import FileError, FileSystem
from .images import Image, version
from .servers import Listener

REASONS = {200: "OK", 301: "Moved Permanently", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 501: "Not Implemented"}
TYPES = {".html": "text/html", ".htm": "text/html", ".txt": "text/plain", ".css": "text/css", ".js": "application/javascript",
         ".json": "application/json", ".xml": "text/xml"}


class Response(NamedTuple):
    status: int
    headers: tuple[tuple[str, str], ...]
    body: str

    @property
    def reason(self) -> str:
        return REASONS[self.status]


def serve(listener: Listener, image: Image, fs: FileSystem, method: str, target: str, host: str, date: Callable[[int], str],
          now: int) -> Response:
    """Answer one request for a path.  `date` turns virtual ms into RFC 3339, `now` is the moment of the answer."""
    when, asked = _http_date(date(now)), target.partition("?")[0]
    if method not in ("GET", "HEAD"):
        return _page(listener, image, 405, when)
    path = posixpath.normpath("/" + unquote(asked))
    file = posixpath.join(listener.root, path.lstrip("/"))
    try:
        if fs.is_dir(file):
            if not asked.endswith("/"):
                return _page(listener, image, 301, when, (("Location", f"http://{host}{path}/"),))
            file = posixpath.join(file, "index.html")
            if not fs.exists(file):
                return _page(listener, image, 404 if listener.program == "httpd" else 403, when)
        if not _readable(fs, file):
            return _page(listener, image, 403, when)
        body, changed = fs.read(file), date(fs.stat(file).time)
    except FileError:
        return _page(listener, image, 404, when)
    tag = f'"{int(datetime.fromisoformat(changed).timestamp()):x}-{len(body.encode()):x}"'
    kind = TYPES.get(posixpath.splitext(file)[1], "application/octet-stream")
    return _answer(listener, image, 200, body, kind, when, (("Last-Modified", _http_date(changed)), ("ETag", tag), ("Accept-Ranges", "bytes")))


def _readable(fs: FileSystem, file: str) -> bool:
    """Whether a server's worker, who is not root, may read a file: its mode and those of the directories above it."""
    above = file
    while above != "/":
        above = posixpath.dirname(above)
        if not fs.stat(above).mode & 0o1:
            return False
    return bool(fs.stat(file).mode & 0o4)


def _page(listener: Listener, image: Image, status: int, when: str, extra: tuple = ()) -> Response:
    """The page that tells an error or a redirection."""
    title = f"{status} {REASONS[status]}"
    if listener.program == "nginx":
        body = (f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
                f"<hr><center>{_software(listener, image)}</center>\r\n</body>\r\n</html>\r\n")
    else:
        body = f"<html><head><title>{title}</title></head>\n<body><h1>{REASONS[status]}</h1></body></html>\n"
    return _answer(listener, image, status, body, "text/html", when, extra)


def _software(listener: Listener, image: Image) -> str:
    if listener.program == "nginx":
        return f"nginx/{image.env.get('NGINX_VERSION', '')}"
    return f"Apache/{version(image.tag, '2.4.65')} (Unix)" if image.name == "httpd" else ""


def _answer(listener: Listener, image: Image, status: int, body: str, kind: str, when: str, extra: tuple) -> Response:
    software = (("Server", _software(listener, image)),) if _software(listener, image) else ()
    size = str(len(body.encode()))
    if listener.program == "nginx":
        headers = (*software, ("Date", when), ("Content-Type", kind), ("Content-Length", size), *extra[:1], ("Connection", "keep-alive"), *extra[1:])
    else:
        headers = (("Date", when), *software, *extra, ("Content-Length", size), ("Content-Type", kind))
    return Response(status, headers, body)


def _http_date(timestamp: str) -> str:
    """RFC 3339 -> "Thu, 01 Jan 2026 00:00:00 GMT"."""
    return f"{datetime.fromisoformat(timestamp):%a, %d %b %Y %H:%M:%S} GMT"
