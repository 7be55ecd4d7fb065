"""How long a click takes in JupyterLab until the new picture is painted: kernel, comm, JavaScript and all.

    python -m tests.bench.bench_jupyterlab [clicks]

Goals: 100 ms (p95) for the example, 300 ms with 100 replicas.  Prints medians and p95; asserts nothing.
"""
from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nbformat

from tests.browser import jupyter
from tests.browser.harness import browser

CELLS = {
    "example": "from tutorial import Lab, manifest\n"
               "lab = Lab(manifest('volumes', 'service', 'statefulset'), namespace='gsh')\nlab.show()",
    "100 replicas": "from tutorial import Lab, manifest\n"
                    "text = manifest('service', 'statefulset').replace('replicas: 3 ', 'podManagementPolicy: Parallel\\n  replicas: 100 ').replace('gsh-pv', 'std')\n"
                    "std = 'apiVersion: storage.k8s.io/v1\\nkind: StorageClass\\nmetadata: {name: std}\\nprovisioner: kubernetes.io/host-path\\n---\\n'\n"
                    "lab = Lab(std + text, namespace='gsh', nodes=3)\nlab.show()",
}
# A click, then the time until the picture differs and has been painted.
CLICK = """async (testid) => {
  const view = document.querySelector('.kview');
  const picture = view.querySelector('[data-testid=picture]'), begun = performance.now();
  const changed = new Promise((resolve) => new MutationObserver((_, observer) => { observer.disconnect(); resolve(); })
    .observe(picture, { subtree: true, childList: true, attributes: true, characterData: true }));
  view.querySelector(`[data-testid=${testid}]`).click();
  await changed;
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  return performance.now() - begun;
}"""


def main(clicks: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        notebooks = Path(folder, "source")
        notebooks.mkdir()
        for name, source in CELLS.items():
            nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), notebooks / f"{name}.ipynb")
        jupyter.NOTEBOOKS = notebooks
        with jupyter.lab_server(Path(folder, "lab")) as address, browser() as chromium:
            for name in CELLS:
                page = jupyter.open_notebook(chromium, address, f"{name}.ipynb")
                jupyter.run_all(page)
                page.get_by_test_id("stage").wait_for()
                page.get_by_test_id("speed").select_option("0")
                times = sorted(page.evaluate(CLICK, button) for _ in range(clicks) for button in ("plus", "minus"))
                print(f"{name:14} click to picture: median {times[len(times) // 2]:.0f} ms, p95 {times[int(len(times) * .95)]:.0f} ms, {len(times)} clicks")
                jupyter.close(page)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
