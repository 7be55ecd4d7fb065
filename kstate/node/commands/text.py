"""head, tail, grep, wc, cut, sort, uniq, tr, tee ...: programs that read text and write it changed."""
from __future__ import annotations

import base64 as codec
import hashlib
import itertools
import re
from collections.abc import Iterator

from ..files import FileError
from ..machine import Forever
from ..patterns import regex
from ..process import Process, program
from .basic import unescape


def texts(p: Process, operands: list[str], complaint: str | None) -> Iterator[tuple[str, str | None]]:
    """(operand, its content or None after a complaint) of every file operand, of stdin where there is none."""
    for arg in operands or ["-"]:
        yield arg, p.read(arg, complaint)


def lines_of(text: str) -> list[str]:
    """The lines with their newlines."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


# ---- parts of a text -------------------------------------------------------------------------------

@program("head", "tail")
def head_tail(p: Process) -> int:
    """head [-n N] [-c N], tail [-n [+]N] [-c N] [-f]"""
    args = ["-n" + a[1:] if re.fullmatch(r"-\d+", a) else a for a in p.args]
    p.argv[1:] = args
    options, operands = p.options("n:c:qvfF", ("lines=", "bytes="))
    amount = options.get("n", options.get("lines"))
    size = options.get("c", options.get("bytes"))
    complaint = p.either("{arg}: {text}" if p.program == "head" else "can't open '{arg}': {text}", "cannot open '{arg}' for reading: {text}")
    code, several = 0, len(operands) > 1 and "q" not in options
    if p.program == "head" and not operands and size is None:
        for _ in range(p.number(amount or "10")):       # takes no more than it needs from a pipe
            p.out(p.stdin.readline())
        return 0
    for i, (arg, text) in enumerate(texts(p, operands, complaint)):
        if text is None:
            code = 1
            continue
        p.out(("\n" if i else "") + f"==> {arg} <==\n" if several else "")
        units = text if size is not None else lines_of(text)
        count = size if size is not None else amount or "10"
        start = p.number(count.lstrip("+-"))
        if p.program == "head":
            part = units[:len(units) - start if count.startswith("-") else start]
        else:
            part = units[max(0, start - 1):] if count.startswith("+") else units[max(0, len(units) - start):]
        p.out("".join(part))
    if "f" in options or "F" in options:
        raise Forever("tail -f waits for more, and nothing writes while it runs")
    if code and p.busybox and p.program == "tail" and len(operands) == 1:
        p.complain("no files")
    return code


@program("tac")
def tac(p: Process) -> int:
    for _, text in texts(p, p.args, "{arg}: {text}"):
        p.out("".join(reversed(lines_of(text or ""))))
    return 0


@program("rev")
def rev(p: Process) -> int:
    for _, text in texts(p, p.args, "{arg}: {text}"):
        p.out("".join(line.rstrip("\n")[::-1] + "\n" for line in lines_of(text or "")))
    return 0


# ---- grep ----------------------------------------------------------------------------------------

@program("grep", "egrep", "fgrep")
def grep(p: Process) -> int:
    """grep [-ivcnqrlowxhEFsH] [-m N] [-A N] [-B N] [-C N] [-e PATTERN] [PATTERN] [file...]"""
    options, operands = p.options("ivcnqrRlLowxhHEFsm:A:B:C:e:", ("color=",), lists="e")
    if "e" not in options:
        if not operands:
            p.err(p.either("grep: usage: grep [-ivcnqrlowxhEF] PATTERN [FILE]...\n", "Usage: grep [OPTION]... PATTERNS [FILE]...\n"))
            return 2
        options["e"], operands = operands[0], operands[1:]
    pattern = _grep_pattern(p, options)
    recursive = "r" in options or "R" in options
    if recursive:
        operands = [found for arg in operands or ["."] for found in _files_below(p, arg)]
    named = (len(operands) > 1 or recursive or "H" in options) and "h" not in options
    hit = failed = False
    for arg, text in texts(p, operands, None if "s" in options else "{arg}: {text}"):
        if text is None:
            failed = True
            continue
        hit = _grep_text(p, options, pattern, text, f"{arg}:" if named else "", arg) or hit
        if hit and "q" in options:
            return 0
    return 2 if failed else int(not hit)


def _grep_pattern(p: Process, options: dict) -> re.Pattern:
    fixed, extended = "F" in options or p.program == "fgrep", "E" in options or p.program == "egrep"
    try:
        text = "|".join(f"(?:{re.escape(line) if fixed else regex(line, extended)})" for line in options["e"].split("\n"))
        text = rf"\b(?:{text})\b" if "w" in options else f"^(?:{text})$" if "x" in options else text
        return re.compile(text, re.IGNORECASE if "i" in options else 0)
    except re.error as error:
        raise p.fail(f"bad regex '{options['e']}': {error}", 2) from None


def _grep_text(p: Process, options: dict, pattern: re.Pattern, text: str, prefix: str, arg: str) -> bool:
    lines = [line.rstrip("\n") for line in lines_of(text)]
    limit = p.number(options["m"]) if "m" in options else len(lines)
    hits = list(itertools.islice((i for i, line in enumerate(lines) if bool(pattern.search(line)) != ("v" in options)), limit))
    if "q" in options:
        return bool(hits)
    if "c" in options:
        p.out(f"{prefix}{len(hits)}\n")
    elif "l" in options or "L" in options:
        p.out(f"{arg}\n" if bool(hits) == ("l" in options) else "")
    elif "o" in options:
        for i in hits:
            p.out("".join(f"{prefix}{f'{i + 1}:' if 'n' in options else ''}{m[0]}\n" for m in pattern.finditer(lines[i]) if m[0]))
    else:
        before, after = (p.number(options.get(o, options.get("C", "0"))) for o in "BA")
        shown = dict.fromkeys(n for i in hits for n in range(max(0, i - before), min(len(lines), i + after + 1)))
        last = None
        for n in shown:
            if last is not None and n > last + 1 and (before or after):
                p.out("--\n")
            mark = ":" if n in hits else "-"
            p.out(f"{prefix[:-1] + mark if prefix else ''}{f'{n + 1}{mark}' if 'n' in options else ''}{lines[n]}\n")
            last = n
    return bool(hits)


def _files_below(p: Process, arg: str) -> list[str]:
    path = p.path(arg)
    if not p.fs.is_dir(path):
        return [arg]
    return [arg.rstrip("/") + each[len(path.rstrip("/")):] for each in p.fs.walk(path) if p.fs.stat(each, follow=False).kind == "file"]


# ---- counting, cutting, ordering ----------------------------------------------------------------------

@program("wc")
def wc(p: Process) -> int:
    options, operands = p.options("lwcmL")
    rows, code = [], 0
    for arg, text in texts(p, operands, "{arg}: {text}"):
        if text is None:
            code = 1
            continue
        counts = {"l": text.count("\n"), "w": len(text.split()), "m": len(text), "c": len(text.encode()),
                  "L": max((len(line) for line in text.split("\n")), default=0)}
        rows.append(([counts[o] for o in "lwmcL" if o in (options or "lwc")], "" if arg == "-" else f" {arg}"))
    if len(rows) > 1:
        rows.append(([sum(column) for column in zip(*(counts for counts, _ in rows), strict=True)], " total"))
    single = len(rows) == 1 and len(rows[0][0]) == 1
    width = 9 if p.busybox else 7 if not operands else max((len(str(n)) for counts, _ in rows for n in counts), default=1)
    for counts, name in rows:
        p.out((str(counts[0]) if single else " ".join(f"{n:>{width}}" for n in counts)) + name + "\n")
    return code


@program("cut")
def cut(p: Process) -> int:
    """cut -d X -f LIST | -c LIST, with lists such as 1,3-5,7-"""
    options, operands = p.options("d:f:c:b:s")
    wanted = options.get("f") or options.get("c") or options.get("b")
    if not wanted:
        raise p.fail("expected a list of bytes, characters, or fields")
    delimiter, code = options.get("d", "\t"), 0
    for _, text in texts(p, operands, "{arg}: {text}"):
        code = code or int(text is None)
        for line in lines_of(text or ""):
            line = line.rstrip("\n")
            if "f" in options and delimiter not in line:
                p.out("" if "s" in options else line + "\n")
                continue
            units = line.split(delimiter) if "f" in options else list(line)
            p.out((delimiter if "f" in options else "").join(u for i, u in enumerate(units, 1) if _listed(p, i, wanted)) + "\n")
    return code


def _listed(p: Process, number: int, wanted: str) -> bool:
    for part in wanted.split(","):
        first, dash, last = part.partition("-")
        if p.number(first or "1") <= number <= (p.number(last) if last else number if dash else p.number(first)):
            return True
    return False


@program("sort")
def sort(p: Process) -> int:
    """sort [-n] [-r] [-u] [-f] [-k N] [-t X] [-o FILE]"""
    options, operands = p.options("nrufk:t:o:bV")
    found = list(texts(p, operands, p.either("{arg}: {text}", "cannot read: {arg}: {text}")))
    if any(text is None for _, text in found):
        return 2
    lines = [line.rstrip("\n") for _, text in found for line in lines_of(text or "")]
    column = p.number(re.split(r"[.,a-z]", options["k"])[0]) - 1 if "k" in options else None

    def key(line: str):
        fields = line.split(options.get("t")) if column is not None else [line]
        value = fields[column or 0] if (column or 0) < len(fields) else ""
        if "n" in options or "n" in options.get("k", ""):
            number = re.match(r"\s*(-?\d+(?:\.\d+)?)", value)
            return (float(number[1]) if number else 0.0, line)
        if "V" in options:
            return ([(int(n), "") if n.isdigit() else (-1, n) for n in re.findall(r"\d+|\D+", value)], line)
        return (value.lower() if "f" in options else value, line)

    lines.sort(key=key, reverse="r" in options)
    if "u" in options:
        lines = [group[0] for group in (list(g) for _, g in itertools.groupby(lines, key=lambda line: key(line)[0]))]
    result = "".join(line + "\n" for line in lines)
    p.fs.write(p.path(options["o"]), result) if "o" in options else p.out(result)
    return 0


@program("uniq")
def uniq(p: Process) -> int:
    options, operands = p.options("cdui")
    for _, text in texts(p, operands[:1], "{arg}: {text}"):
        for line, group in itertools.groupby(line.rstrip("\n") for line in lines_of(text or "")):
            count = len(list(group))
            if (count > 1 or "d" not in options) and (count == 1 or "u" not in options):
                p.out(f"{count:7} {line}\n" if "c" in options else line + "\n")
    return 0


@program("tr")
def tr(p: Process) -> int:
    """tr [-d] [-s] [-c] SET1 [SET2]"""
    options, operands = p.options("dscC", intermixed=False)
    if not operands:
        raise p.fail("missing operand")
    first, second = ([*_set(operands[0])], [*_set(operands[1])] if len(operands) > 1 else [])
    text = p.stdin.read()
    members = dict.fromkeys(first)
    if "c" in options or "C" in options:
        members = dict.fromkeys(c for c in text if c not in members)
        first = list(members)
    if "d" in options:
        text = "".join(c for c in text if c not in members)
    elif second:
        table = {a: second[min(i, len(second) - 1)] for i, a in enumerate(first)}
        text = "".join(table.get(c, c) for c in text)
    if "s" in options:
        squeezed = dict.fromkeys(second or first)
        text = "".join(c for i, c in enumerate(text) if not i or c != text[i - 1] or c not in squeezed)
    p.out(text)
    return 0


def _set(text: str) -> str:
    """a-z, [:upper:] and \\n spelled out."""
    classes = {"upper": "A-Z", "lower": "a-z", "digit": "0-9", "alpha": "A-Za-z", "alnum": "0-9A-Za-z", "space": " \t\n\r", "blank": " \t"}
    text = unescape(re.sub(r"\[:(\w+):\]", lambda m: classes.get(m[1], ""), text))
    return re.sub(r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), text, flags=re.DOTALL)


@program("tee")
def tee(p: Process) -> int:
    options, operands = p.options("ai")
    text, code = p.stdin.read(), 0
    p.out(text)
    for arg in operands:
        try:
            p.fs.write(p.path(arg), text, append="a" in options)
        except FileError as error:
            p.complain(f"{arg}: {error.text}")
            code = 1
    return code


# ---- codes ---------------------------------------------------------------------------------------

@program("base64")
def base64(p: Process) -> int:
    options, operands = p.options("dDw:i", ("decode", "wrap="))
    text = p.read(operands[0] if operands else "-", p.either("can't open '{arg}': {text}", "{arg}: {text}"))
    if text is None:
        return 1
    if any(o in options for o in ("d", "D", "decode")):
        try:
            p.out(codec.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace"))
        except ValueError:
            raise p.fail(p.either("truncated input", "invalid input")) from None
        return 0
    encoded, width = codec.b64encode(text.encode()).decode(), p.number(options.get("w", options.get("wrap", "76")))
    p.out("".join(encoded[i:i + width] + "\n" for i in range(0, len(encoded), width)) if width else encoded)
    return 0


@program("md5sum", "sha1sum", "sha256sum")
def checksum(p: Process) -> int:
    code = 0
    for arg, text in texts(p, p.args, p.either("can't open '{arg}': {text}", "{arg}: {text}")):
        if text is None:
            code = 1
        else:
            p.out(f"{hashlib.new(p.program.removesuffix('sum'), text.encode(), usedforsecurity=False).hexdigest()}  {arg}\n")
    return code
