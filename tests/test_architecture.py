"""The house: who may import whom, what the engine may not know, and that it starts quickly."""
from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGINE = sorted(p for p in (ROOT / "kstate").rglob("*.py"))

# A module may import from its own layer and from those before it; the longest matching prefix counts.
LAYERS = [
    ("world", "errors", "clock", "classes", "faults", "memory", "alarms"),
    ("quantity", "labels", "patch", "managed"),
    ("kinds",),
    ("layout", "digraph", "graph", "rules", "story"),
    ("controllers.base", "workloads", "storage", "scheduling", "node"),
    ("recorder", "refusals", "agreement", "addresses", "quota", "admission", "deletion"),
    ("api",),
    ("eviction",),
    ("client", "engine"),
    ("controllers",),
    ("history", "bootstrap"),
    ("why",),
    ("wire",),
    ("transport",),
    ("kubectl",),
    ("cluster",),
    ("serve",),
    ("",),
]
RIM = {"kstate.serve", "kstate.transport"}      # the only ones that know sockets, threads and the wall clock
FORBIDDEN = {"time", "random", "uuid", "threading", "asyncio", "socket", "http", "urllib.request", "tornado", "subprocess", "secrets", "tutorial", "os"}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, late: bool = False) -> list[str]:
    """Every module that a file imports, as an absolute name; late: those too that a function imports when it is called."""
    package = name_of(path).split(".") if path.name == "__init__.py" else name_of(path).split(".")[:-1]
    found = []
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree) if late else tree.body:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[:len(package) - node.level + 1] if node.level else []
            module = ".".join(base + (node.module.split(".") if node.module else []))
            found += [module] + [f"{module}.{alias.name}" for alias in node.names]
    return found


def layer(module: str) -> int:
    inner = module.removeprefix("kstate").lstrip(".")
    best = max(((len(prefix), i) for i, names in enumerate(LAYERS) for prefix in names
                if inner == prefix or inner.startswith(prefix + ".") or prefix == ""), default=(0, len(LAYERS)))
    return best[1]


@pytest.mark.parametrize("path", ENGINE, ids=name_of)
def test_imports_run_one_way(path):
    mine = name_of(path)
    modules = {name_of(p) for p in ENGINE}
    for module in imports(path):
        if module in modules and module != mine and module != "kstate":
            assert layer(module) <= layer(mine), f"{mine} imports {module}, which is further out"


@pytest.mark.parametrize("path", ENGINE, ids=name_of)
def test_the_engine_knows_no_wall_clock_no_sockets_no_tutorial(path):
    if name_of(path) not in RIM and not name_of(path).startswith("kstate.serve"):
        used = {i for i in imports(path, late=True) if i in FORBIDDEN or i.split(".")[0] in FORBIDDEN}
        assert not used, f"{name_of(path)} imports {used}"


@pytest.mark.parametrize("path", ENGINE, ids=name_of)
def test_nobody_asks_what_time_it_is(path):
    """datetime may read and write timestamps; only the rim may ask it for the present."""
    if not name_of(path).startswith("kstate.serve"):
        asked = {node.attr for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
                 and node.value.id in ("datetime", "date") and node.attr in ("now", "today", "utcnow")}
        assert not asked, f"{name_of(path)} asks for {asked}"


def test_import_is_quick():
    """`import kstate` in at most 150 ms more than its dependencies (loosely held here: the benchmark prints the figure)."""
    code = "import time, yaml; t = time.perf_counter(); import kstate; print(time.perf_counter() - t)"
    best = min(float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout) for _ in range(3))
    assert best < 1.0


def test_import_brings_no_widgets_and_no_networkx():
    code = "import sys, kstate; print([m for m in ('ipywidgets', 'anywidget', 'IPython', 'networkx', 'tornado', 'numpy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip() == "[]"
