"""JupyterLab in a real browser: a server with settings of its own, on a copy of the notebooks, and a page that runs them.

    with lab_server(folder) as address, browser() as chromium:
        page = open_notebook(chromium, address, "00-….ipynb")
        run_all(page)
"""
from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

NOTEBOOKS = Path(__file__).parent.parent.parent / "notebooks"
SETTINGS = {    # no news from the network, no pop-ups; cells all drawn at once
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none", "autoStartDefaultKernel": True},
}


@contextmanager
def lab_server(folder: Path):
    """A JupyterLab on a copy of the notebooks under `folder`; yields (url, token)."""
    copy = folder / "notebooks"
    copy.mkdir(parents=True)
    for notebook in NOTEBOOKS.glob("*.ipynb"):
        shutil.copy(notebook, copy)
    settings = folder / "settings"
    for name, value in SETTINGS.items():
        path = settings / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(8)
    env = dict(os.environ, HOME=str(folder), JUPYTER_CONFIG_DIR=str(folder / "config"), JUPYTER_DATA_DIR=str(folder / "data"),
               JUPYTER_RUNTIME_DIR=str(folder / "runtime"), IPYTHONDIR=str(folder / "ipython"), JUPYTERLAB_SETTINGS_DIR=str(settings),
               JUPYTERLAB_WORKSPACES_DIR=str(folder / "workspaces"))
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
               "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={copy}",
               "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None", "--LabApp.extension_manager=readonly"]
    with open(folder / "server.log", "w") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, token, server)
        yield url, token
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()


def _wait_for(url: str, token: str, server: subprocess.Popen) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/api/status?token={token}", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if server.poll() is not None:
                break
            time.sleep(0.2)
    raise RuntimeError("JupyterLab did not start")


def open_notebook(chromium, address: tuple[str, str], name: str, **context):
    """A page with the notebook open and its kernel idle."""
    url, token = address
    page = chromium.new_page(**{"viewport": {"width": 1280, "height": 720}, **context})
    page.goto(f"{url}/lab/tree/{name}?token={token}&reset")
    page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'", timeout=60_000)
    return page


def run_all(page) -> None:
    """Run every cell; raises with the text of the first error."""
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => null)")
    errors = page.evaluate("""() => window.jupyterapp.shell.currentWidget.content.widgets
        .filter(cell => cell.model.type === 'code')
        .flatMap(cell => cell.model.outputs.toJSON()).filter(output => output.output_type === 'error').map(output => output.ename + ': ' + output.evalue)""")
    if errors:
        raise AssertionError(errors[0])


def close(page) -> None:
    """Shut the kernel down, so that kernels do not pile up."""
    page.evaluate("() => window.jupyterapp.commands.execute('kernelmenu:shutdown').then(() => null).catch(() => null)")
    page.close()
