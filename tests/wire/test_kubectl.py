"""The real kubectl against `kstate serve`: transcripts that are tests (transcripts.py).

`pytest tests/wire/test_kubectl.py --rewrite` writes them anew: read the difference, understand it, then commit.
"""
from __future__ import annotations

import json
import os
import pty
import select
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kstate import Cluster

from .transcripts import HERE, TRANSCRIPTS, blocks, nodes, shown

VERSIONS = ("v1.32.", "v1.33.")         # whose words these are: they say the same


def installed() -> str:
    """The version of the kubectl on PATH; "" where there is none."""
    if shutil.which("kubectl") is None:
        return ""
    return json.loads(subprocess.run(["kubectl", "version", "--client", "-o", "json"], capture_output=True, check=True).stdout)["clientVersion"]["gitVersion"]


pytestmark = pytest.mark.skipif(not installed().startswith(VERSIONS), reason=f"no kubectl {'x or '.join(VERSIONS)}x on PATH")


class User:
    """Types commands in a folder of their own."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self.pace, self.folder = cluster, cluster._served._server.pace, folder
        for path in HERE.glob("*.yaml"):
            shutil.copy(path, folder)
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "KUBECONFIG": str(folder / "kubeconfig"), "NO_COLOR": "1", "TZ": "UTC",
                    "TMPDIR": str(folder), "EDITOR": "sed -i -e 's/replicas: 2/replicas: 1/'"}

    def types(self, line: str) -> list[str]:
        """What comes back, as a transcript has it; when the cluster is at rest again."""
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, env=self.env, cwd=self.folder, timeout=60, check=False)
        end = time.monotonic() + 10
        while not self.pace.resting:
            assert time.monotonic() < end, f"{line}: the cluster does not come to rest"
            time.sleep(0.005)
        return shown(done.stdout, done.stderr, done.returncode, str(self.folder))


@pytest.fixture
def user(tmp_path, request):
    """On a fresh cluster, with as many nodes as the transcript says."""
    start = datetime.now(UTC) - timedelta(hours=1)
    cluster = Cluster(nodes=nodes(request.param) if getattr(request, "param", None) else 1, start=start.strftime("%Y-%m-%dT%H:%M:%SZ"), resync=2)
    handle = cluster.serve(speed="max", kubeconfig=str(tmp_path / "kubeconfig"))
    yield User(cluster, tmp_path)
    handle.stop()


@pytest.mark.parametrize("user, path", [(path, path) for path in TRANSCRIPTS], indirect=["user"], ids=[path.stem for path in TRANSCRIPTS])
def test_a_user_sees_what_stands_in_the_transcript(user, path, request):
    text, told = path.read_text("utf-8"), []
    for block in blocks(path):
        first = block.split("\n", 1)[0]
        told.append("\n".join((first, *user.types(first[2:]), "")) if block.startswith("$ ") else block)
    if request.config.getoption("--rewrite"):
        path.write_text("".join(told), "utf-8")
    assert "".join(told) == text


# ---- with a terminal ----------------------------------------------------------------------------

class Tty:
    """kubectl at a terminal of its own."""

    def __init__(self, user: User, *words: str) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(user.folder)
            os.execvpe("kubectl", ["kubectl", *words], user.env)
        self.seen = ""

    def until(self, text: str) -> str:
        """What shows up to and with that text."""
        end = time.monotonic() + 20
        while text not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self.fd], [], [], 0.1)[0]:
                self.seen += os.read(self.fd, 65536).decode()
        before, _, self.seen = self.seen.partition(text)
        return before + text

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def exit_code(self) -> int:
        try:
            while os.read(self.fd, 65536):
                pass
        except OSError:                 # the terminal is gone
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_a_shell_in_a_container_at_a_terminal(user):
    user.types("kubectl apply -f pods.yaml && kubectl wait --for=condition=Ready pod/box")
    terminal = Tty(user, "exec", "-it", "box", "--", "sh")
    terminal.until("/ # ")
    terminal.type("hostname\r")
    assert terminal.until("/ # ").splitlines() == ["hostname", "box", "/ # "]
    terminal.type("cd /tmp; echo $((1+1)) > two\r")
    terminal.until("/tmp # ")
    terminal.type("cat two\r")
    terminal.until("2\r\n/tmp # ")
    terminal.type("\x03exit 7\r")
    terminal.until("exit code 7")
    assert terminal.exit_code() == 7
    assert user.types("kubectl exec box -- cat /tmp/two") == ["2"]


def test_run_it_rm_leaves_nothing_behind(user):
    terminal = Tty(user, "run", "-it", "--rm", "probe", "--image=busybox:1.36", "--restart=Never", "--", "sh")
    terminal.until("/ # ")
    terminal.type("hostname\r")
    terminal.until("probe\r\n")
    terminal.type("exit\r")
    terminal.until('pod "probe" deleted')
    assert terminal.exit_code() == 0
    assert user.types("kubectl get pods") == ["! No resources found in default namespace."]


def test_watching_shows_what_happens(user):
    terminal = Tty(user, "get", "pods", "-w", "-v=6")
    terminal.until("watch=true")
    user.types("kubectl apply -f volumes.yaml -f web.yaml")
    for line in ("web-0", "ContainerCreating", "1/1", "web-1", "1/1"):
        terminal.until(line)
    user.types("kubectl delete pod web-0 --wait=false")
    terminal.until("Terminating")
    terminal.type("\x03")
    assert terminal.exit_code() != 0


def test_followed_logs_show_what_comes(user):
    user.types("kubectl run clock --image=busybox:1.36 -- sh -c 'for i in 1 2 3; do echo tick $i; sleep 100; done; sleep infinity'")
    terminal = Tty(user, "logs", "-f", "clock")
    terminal.until("tick 1")
    user.cluster.run(150)
    terminal.until("tick 2")
    terminal.type("\x03")
    assert terminal.exit_code() != 0
