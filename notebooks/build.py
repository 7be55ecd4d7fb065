"""Notebooks are built: sources/*.py (jupytext, py:percent) -> *.ipynb, executed in a clean kernel, byte-identical everywhere.

    python notebooks/build.py             build all
    python notebooks/build.py --check     say which products do not agree with their sources; exit code 1
    python notebooks/build.py 00 04       build some, by the start of their names

Kept out of the product: widget state and views, times, random cell ids, the machine's kernel name.
"""
from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
KERNEL = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
LIVE = "application/vnd.jupyter.widget-view+json"       # means nothing without the kernel that made it


def build(source: Path) -> str:
    """The text of the notebook that a source becomes."""
    notebook = jupytext.read(source)
    NotebookClient(notebook, timeout=120, kernel_name="python3", record_timing=False, store_widget_state=False,
                   resources={"metadata": {"path": str(HERE)}}).execute()
    notebook.metadata = nbformat.from_dict(KERNEL)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells):
        cell.id = f"c{number:03d}"
        cell.metadata = nbformat.from_dict({"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {})
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(LIVE, None)
    nbformat.validate(notebook)
    text = nbformat.writes(notebook, indent=1) + "\n"
    path = re.search(r"(/root/|/home/|/work/|/tmp/)(?!vdisk)[a-z]\S*", text)
    if path:
        raise SystemExit(f"{source.name}: an output holds a path of this machine: {path[0]}")
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="starts of the names of notebooks; none: all")
    parser.add_argument("--check", action="store_true", help="build, compare, write nothing")
    args = parser.parse_args()
    os.environ.update(PYTHONHASHSEED="0", PYDEVD_DISABLE_FILE_VALIDATION="1")
    stale = []
    for source in sorted((HERE / "sources").glob("*.py")):
        if args.names and not source.name.startswith(tuple(args.names)):
            continue
        product, text = HERE / f"{source.stem}.ipynb", build(source)
        if args.check:
            if not product.exists() or product.read_text("utf-8") != text:
                stale.append(product.name)
        else:
            product.write_text(text, "utf-8")
        print(("differs " if product.name in stale else "ok      ") + product.name, flush=True)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
