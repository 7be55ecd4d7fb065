"""wget and curl: HTTP from a pod."""
from __future__ import annotations

import posixpath
import re

from ..files import FileError
from ..http import Response
from ..network import BAD_ADDRESS, Fetch
from ..process import Exit, Process, program

MAX_REDIRECTS = 5
CURL_VERSION = "7.88.1"
HELP = "curl: try 'curl --help' or 'curl --manual' for more information\n"


# ---- wget, as a busybox has it ----------------------------------------------------------------------

@program("wget")
def wget(p: Process) -> int:
    """wget [-q] [-S] [-O FILE] [-P DIR] [-T SEC] [--spider] URL..."""
    options, urls = p.options("qSO:P:T:ct:U:Y:n", ("spider", "header=", "no-check-certificate", "timeout=", "quiet", "output-document="))
    if not urls:
        p.err("wget: usage: wget [-cqS] [--spider] [-O FILE] [-P DIR] [-T SEC] URL...\n")
        return 1
    quiet = "q" in options or "quiet" in options
    for url in urls:
        _wget(p, url, options, quiet)
    return 0


def _wget(p: Process, url: str, options: dict, quiet: bool) -> None:
    fetched = _ask(p, url, options, quiet)
    for _ in range(MAX_REDIRECTS):
        if fetched.response.status != 301:
            break
        fetched = _ask(p, dict(fetched.response.headers)["Location"], options, quiet)
    response = fetched.response
    if response.status >= 400:
        raise p.fail(f"server returned error: HTTP/1.1 {response.status} {response.reason}")
    if "spider" in options:
        p.err("" if quiet else "remote file exists\n")
        return
    target = options.get("O", options.get("output-document"))
    if target == "-":
        p.err("" if quiet else "writing to stdout\n")
        p.out(response.body)
        p.err("" if quiet else _bar("-", response) + "written to stdout\n")
        return
    name = target or posixpath.join(options.get("P", ""), posixpath.basename(fetched.path.partition("?")[0]) or "index.html")
    path = p.path(name)
    if target is None and p.fs.exists(path):
        raise p.fail(f"can't open '{name}': File exists")
    try:
        p.fs.write(path, response.body)
    except FileError as error:
        raise p.fail(f"can't open '{name}': {error.text}") from None
    p.err("" if quiet else f"saving to '{name}'\n{_bar(posixpath.basename(name), response)}'{name}' saved\n")


def _ask(p: Process, url: str, options: dict, quiet: bool) -> Fetch:
    fetched = p.machine.network.fetch(p.machine, url)
    connection = fetched.connection
    if connection.error == BAD_ADDRESS:
        raise p.fail(f"bad address '{fetched.host}'")
    shown = fetched.host if fetched.port == 80 else f"{fetched.host}:{fetched.port}"
    p.err("" if quiet else f"Connecting to {shown} ({connection.address}:{fetched.port})\n")
    if connection.error:
        raise p.fail(f"can't connect to remote host ({connection.address}): {connection.error}")
    if fetched.response is None:
        raise p.fail("error getting response: Connection reset by peer")
    if "S" in options:
        p.err(f"  HTTP/1.1 {fetched.response.status} {fetched.response.reason}\n"
              + "".join(f"  {name}: {value}\n" for name, value in fetched.response.headers) + "  \n")
    return fetched


def _bar(name: str, response: Response) -> str:
    """The finished progress bar of a terminal of 80 columns; none for an empty file."""
    size = len(response.body.encode())
    if not size:
        return ""
    shown = str(size) if size < 100_000 else f"{size // 1024}k"
    return f"{name[:20]:<20} 100% |{'*' * 32}| {shown:>5}  0:00:00 ETA\n"


# ---- curl ----------------------------------------------------------------------------------------

@program("curl")
def curl(p: Process) -> int:
    """curl [-s] [-S] [-f] [-L] [-i] [-I] [-v] [-o FILE] [-O] [-w FORMAT] [-m SEC] URL..."""
    options, urls = _curl_options(p)
    if not urls:
        p.err(("curl: no URL specified!\n" if p.args else "") + HELP)
        return 2
    code = 0
    for url in urls:
        code = _curl(p, url, options)
    return code


LONG = {"silent": "s", "show-error": "S", "fail": "f", "location": "L", "include": "i", "head": "I", "verbose": "v", "output": "o",
        "remote-name": "O", "write-out": "w", "max-time": "m", "connect-timeout": "m", "header": "H", "request": "X", "insecure": "k",
        "retry": "m", "url": "", "user-agent": "A", "version": "V", "compressed": "k"}


def _curl_options(p: Process) -> tuple[dict[str, str], list[str]]:
    """curl's own way with options: single letters with or without a value attached, long names with a value after a blank."""
    options: dict[str, str] = {}
    urls: list[str] = []
    args = list(p.args)
    while args:
        arg = args.pop(0)
        letters = LONG.get(arg[2:]) if arg.startswith("--") else arg[1:] if re.match("-.", arg) else None
        if arg.startswith("--") and letters is None:
            p.err(f"curl: option {arg}: is unknown\n{HELP}")
            raise Exit(2)
        if not letters:
            urls.append(arg if letters is None else args.pop(0) if args else "")
            continue
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in "owmHXA":
                if not letters and not args:
                    p.err(f"curl: option {arg}: requires parameter\n{HELP}")
                    raise Exit(2)
                options[letter], letters = letters or args.pop(0), ""
            elif letter in "sSfLiIvOkgV046":
                options[letter] = ""
            else:
                p.err(f"curl: option -{letter}: is unknown\n{HELP}")
                raise Exit(2)
    return options, urls


def _curl(p: Process, url: str, options: dict) -> int:
    network, machine = p.machine.network, p.machine
    method = "HEAD" if "I" in options else options.get("X", "GET")
    fetched = network.fetch(machine, url, method)
    for _ in range(MAX_REDIRECTS if "L" in options else 0):
        if not fetched.response or fetched.response.status != 301:
            break
        fetched = network.fetch(machine, dict(fetched.response.headers)["Location"], method)
    code, message = _problem(fetched, options)
    response = fetched.response
    if response and not code:
        head = f"HTTP/1.1 {response.status} {response.reason}\r\n" + "".join(f"{n}: {v}\r\n" for n, v in response.headers) + "\r\n"
        if "v" in options:
            _verbose(p, fetched, method, head)
        shown = (head if "i" in options or "I" in options else "") + ("" if "I" in options else response.body)
        name = posixpath.basename(fetched.path) if "O" in options else options.get("o", "-")
        if name == "-":
            p.out(shown)
        elif name != "/dev/null":
            try:
                p.fs.write(p.path(name), shown)
            except FileError:
                code, message = 23, "Failure writing output to destination"
    if code and ("s" not in options or "S" in options):
        p.err(f"curl: ({code}) {message}\n")
    if "w" in options:
        status = response.status if response else 0
        facts = {"http_code": f"{status:03}", "response_code": f"{status:03}", "size_download": str(len(response.body) if response else 0),
                 "remote_ip": fetched.connection.address, "remote_port": str(fetched.port), "url_effective": url, "time_total": "0.001000",
                 "exitcode": str(code)}
        text = re.sub(r"%\{(\w+)\}", lambda m: facts.get(m[1], ""), options["w"])
        p.out(text.replace("\\n", "\n").replace("\\t", "\t"))
    return code


def _problem(fetched: Fetch, options: dict) -> tuple[int, str]:
    """curl's exit code and message; (0, "") where all is well."""
    connection, response = fetched.connection, fetched.response
    if connection.error == BAD_ADDRESS:
        return 6, f"Could not resolve host: {fetched.host}"
    if connection.error:
        if "m" in options and connection.error == "Connection timed out":
            return 28, "Connection timed out"
        return 7, f"Failed to connect to {fetched.host} port {fetched.port} after 0 ms: Couldn't connect to server"
    if response is None:
        return (35, "TLS connect error: wrong version number") if fetched.port == 443 else (52, "Empty reply from server")
    if response.status >= 400 and "f" in options:
        return 22, f"The requested URL returned error: {response.status}"
    return 0, ""


def _verbose(p: Process, fetched: Fetch, method: str, head: str) -> None:
    p.err(f"*   Trying {fetched.connection.address}:{fetched.port}...\n"
          f"* Connected to {fetched.host} ({fetched.connection.address}) port {fetched.port} (#0)\n"
          f"> {method} {fetched.path} HTTP/1.1\r\n> Host: {fetched.host}\r\n> User-Agent: curl/{CURL_VERSION}\r\n> Accept: */*\r\n> \r\n"
          + "".join(f"< {line}\r\n" for line in head.split("\r\n")[:-1]) + f"* Connection #0 to host {fetched.host} left intact\n")
