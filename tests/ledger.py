"""The rule ledger: every rule of kstate/rules/*.md, where the engine follows it, and which tests hold it there.

    python -m tests.ledger          writes kstate/rules/LEDGER.md
    python -m tests.ledger --gaps   lists the rules that lack a place or a test

A rule is implemented where its number stands: in a comment, in a docstring, or in a string such as because="STS-56".  Ranges in
the docstring of a module only say what the module is about and do not count.  What follows from other rules
needs no place of its own, but those need one, and it needs a test.  A test holds a rule if the number stands in its name or inside
it; cases in YAML name theirs.  `STS-36 to STS-40` means all of them.
"""
from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

from kstate.rules import Rule, rules

from .conformance.runner import InProcess, load, names, play

ROOT = Path(__file__).parent.parent
LEDGER = ROOT / "kstate/rules/LEDGER.md"
NUMBER = re.compile(r"(?<![A-Za-z0-9])([A-Z]+-[A-Z]?)(\d{1,3})(\.\d+|[a-z])?(?: to (?:\1)?(\d+))?(?![\dA-Za-z])")
NAME = re.compile(r"(?<![A-Za-z0-9])([A-Z]+)((?:_(?:to_)?(?:\1_)?[A-Z]?\d{1,3}[a-z]?)+)(?![\dA-Za-z])")
SHOWN = 3           # places, tests and scenarios of a rule that the table names


# ---- numbers in texts ---------------------------------------------------------------------------

def numbers(text: str, ranges: bool = True) -> Iterator[str]:
    """"STS-36 to STS-38, MATCH-2.5" -> STS-36, STS-37, STS-38, MATCH-2, MATCH-2.5."""
    for family, first, part, last in NUMBER.findall(text):
        if ranges or not last:
            yield from (f"{family}{number}" for number in range(int(first), int(last or first) + 1))
        if part:
            yield f"{family}{first}{part}"


def numbers_in_name(name: str) -> Iterator[str]:
    """test_STS_2_4_to_6_x_KCTL_R4_R5_y -> STS-2, STS-4, STS-5, STS-6, KCTL-R4, KCTL-R5."""
    for family, chain in NAME.findall(name):
        last = 0
        for to, letter, digits in re.findall(rf"_(to_)?(?:{family}_)?([A-Z]?)(\d+)", chain):
            yield from (f"{family}-{letter}{number}" for number in range(last + 1 if to else int(digits), int(digits) + 1))
            last = int(digits)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """The comments and strings of a module, with their lines."""
    kinds = (tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING))
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        if token.type in kinds:
            yield token.start[0], token.string


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    """The functions on top of a module and in its classes."""
    for node in ast.parse(path.read_text("utf-8")).body:
        yield from (n for n in (node.body if isinstance(node, ast.ClassDef) else [node]) if isinstance(n, ast.FunctionDef))


# ---- what there is --------------------------------------------------------------------------------

def implementations() -> dict[str, list[str]]:
    """Rule number -> modules of kstate that name it."""
    found: dict[str, dict[str, None]] = {}
    for path in sorted((ROOT / "kstate").rglob("*.py")):
        for line, text in texts(path):
            for number in numbers(text, ranges=line > 1):
                found.setdefault(number, {})[str(path.relative_to(ROOT / "kstate"))] = None
    return {number: list(places) for number, places in found.items()}


def tests() -> dict[str, list[str]]:
    """Rule number -> tests that name it, as `test_statefulset.py: STS_56_one_creation_per_sync`."""
    found: dict[str, dict[str, None]] = {}
    for path in sorted((ROOT / "tests").rglob("*")):
        for holder, text in _named(path):
            for number in (*numbers_in_name(holder.partition(": ")[2]), *numbers(text)):
                found.setdefault(number, {})[holder] = None
    return {number: list(holders) for number, holders in found.items()}


def _named(path: Path) -> Iterator[tuple[str, str]]:
    """The tests of a file, each with its name and all that stands in it; what stands outside of them are tables of cases."""
    if path.suffix == ".yaml":
        yield path.name, "\n".join(line for line in path.read_text("utf-8").splitlines() if line.lstrip("- ").startswith("rules:"))
    oracle = path.parent.name == "properties" and path.name.startswith(("order_", "rest"))
    if path.suffix == ".py" and path.name != "test_rules.py" and (path.name.startswith("test_") or oracle):     # the ledger's own tests hold nothing
        said = dict.fromkeys(entry for entry in texts(path) if entry[0] > 1)
        for function in functions(path):
            first = min([function.lineno, *(d.lineno for d in function.decorator_list)])
            inside = [entry for entry in said if first <= entry[0] <= function.end_lineno]
            for entry in inside:
                del said[entry]
            if function.name.startswith("test_") or oracle:
                yield f"{path.name}: {function.name.removeprefix('test_')}", "\n".join(text for _, text in inside)
        yield path.name, "\n".join(text for _, text in said)


def scenarios() -> dict[str, list[str]]:
    """Rule number -> recorded scenarios (tests/conformance) in whose story somebody acts, or waits, because of it."""
    found: dict[str, list[str]] = {}
    for name in names():
        backend = InProcess()
        log = backend.cluster.engine.world.log
        position = len(log)
        play(load(name)[0], backend)
        for number in dict.fromkeys(change.because for change in log[position:] if change.because):
            found.setdefault(number, []).append(name)
    return found


# ---- the table ------------------------------------------------------------------------------------

def ledger() -> str:
    """The text of LEDGER.md."""
    places, held, shown = implementations(), tests(), scenarios()
    every = rules()
    left = sum(1 for rule in every.values() if rule.left_out)
    lines = ["# Rule ledger", "", "Generated by `python -m tests.ledger`; a test keeps it true.", "",
             f"{len(every)} rules, {left} left out ({left / len(every):.1%}).", ""]
    area = ""
    for rule in every.values():
        if rule.area != area:
            area = rule.area
            lines += [f"## [{area}]({area}.md)", "", "| Rule | What it says | Where | Tests | Scenarios |", "| --- | --- | --- | --- | --- |"]
        lines.append(_row(rule, places.get(rule.id, []), held.get(rule.id, []), shown.get(rule.id, [])))
        if _last_of_area(rule, every):
            lines.append("")
    return "\n".join(lines)


def _last_of_area(rule: Rule, every: dict[str, Rule]) -> bool:
    return [r for r in every.values() if r.area == rule.area][-1] is rule


def _row(rule: Rule, places: list[str], held: list[str], shown: list[str]) -> str:
    sentence = rule.sentence.replace("|", "\\|")
    if rule.left_out:
        return f"| {rule.id} | {sentence} | left out: {rule.left_out} | | |"
    where = f"follows from {rule.follows}" if rule.follows and not places else _code(places)
    return f"| {rule.id} | {sentence} | {where} | {_code(held)} | {_code(shown)} |"


def _code(words: list[str]) -> str:
    """The first few words, and how many more there are."""
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return ", ".join(f"`{word}`" for word in words[:SHOWN]) + more


def gaps() -> list[str]:
    """The rules that stand in the files and lack a place in the engine or a test, and numbers that are no rules."""
    places, held, every = implementations(), tests(), rules()
    wanted = [rule for rule in every.values() if not rule.left_out]
    found = [f"{rule.id} is not implemented anywhere" for rule in wanted if rule.id not in places and not rule.follows]
    found += [f"{rule.id} follows from {number}, which is no rule that is followed" for rule in wanted for number in numbers(rule.follows)
              if number not in every or every[number].left_out]
    found += [f"{rule.id} has no test" for rule in wanted if rule.id not in held]
    families = {number.rstrip("0123456789") for number in every}
    return found + [f"{number} in {places[number][0]} is not a rule" for number in sorted(places) if number not in every
                    and number.rstrip("0123456789") in families]


if __name__ == "__main__":
    if sys.argv[1:] == ["--gaps"]:
        print("\n".join(gaps()))
    else:
        LEDGER.write_text(ledger(), "utf-8")
        print(f"{LEDGER.relative_to(ROOT)}: {len(rules())} rules")
