"""A notebook that serves its cluster: the live view in JupyterLab shows what the real kubectl does beside it."""
from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from .harness import CHROMIUM, browser
from .jupyter import close, lab_server, open_notebook, run_all

pytestmark = [pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
              pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl on PATH")]
CELL = """from tutorial import Lab, manifest
lab = Lab(manifest("volumes", "service", "statefulset"), namespace="gsh")
lab.serve(speed="max")
lab.show()"""


@pytest.fixture
def page(tmp_path):
    with lab_server(tmp_path) as address, browser() as chromium:
        cell = {"cell_type": "code", "id": "serve", "metadata": {}, "execution_count": None, "outputs": [], "source": CELL}
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        notebook = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
        (tmp_path / "notebooks" / "served.ipynb").write_text(json.dumps(notebook), "utf-8")
        page = open_notebook(chromium, address, "served.ipynb")
        run_all(page)
        yield page
        close(page)


def test_the_view_follows_the_real_kubectl(page, tmp_path):
    from playwright.sync_api import expect

    def kubectl(*words: str) -> str:
        env = {**os.environ, "KUBECONFIG": str(tmp_path / "notebooks" / "kubeconfig")}
        return subprocess.run(["kubectl", *words], env=env, capture_output=True, text=True, check=True, timeout=60).stdout

    live = page.locator(".kview").first
    pods = live.locator('[data-id^="Pod/gsh/web-"]')
    expect(pods).to_have_count(3)
    assert kubectl("scale", "sts", "web", "--replicas=1") == "statefulset.apps/web scaled\n"
    expect(pods).to_have_count(1)
    kubectl("scale", "sts", "web", "--replicas=2")
    expect(live.locator('[data-id="Pod/gsh/web-1"]')).to_have_attribute("data-phase", "Running")
    live.get_by_test_id("undo").click()
    expect(pods).to_have_count(1)
    assert kubectl("get", "sts", "web", "-o", "jsonpath={.spec.replicas}") == "1"
