"""The real kubectl against `kstate serve`: transcripts that are tests.

`kubectl/*.txt` are what a user types and what comes back: a line `$ kubectl ...`, what it prints on stdout, what it prints on
stderr (behind a `!`), and `[exit 1]` where it does not end well; a line `## ...` is a remark.  What differs from run to run (ages, times, addresses, random
endings, the width of columns) gives way to names.  `pytest tests/wire/test_kubectl.py --rewrite` writes them anew: read the
difference, understand it, then commit.  A first line `# nodes: 3` says how many nodes there are; the YAML files are at hand.
"""
from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kstate import Cluster

HERE = Path(__file__).parent / "kubectl"
VERSIONS = ("v1.32.", "v1.33.")         # whose words these are: they say the same


def installed() -> str:
    """The version of the kubectl on PATH; "" where there is none."""
    if shutil.which("kubectl") is None:
        return ""
    return json.loads(subprocess.run(["kubectl", "version", "--client", "-o", "json"], capture_output=True, check=True).stdout)["clientVersion"]["gitVersion"]


pytestmark = pytest.mark.skipif(not installed().startswith(VERSIONS), reason=f"no kubectl {'x or '.join(VERSIONS)}x on PATH")

RANDOM = "[bcdfghjklmnpqrstvwxz2456789]"
MASKS = [(re.compile(pattern), token) for pattern, token in (
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UID"),
    (r"\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "TIME"), (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| [+-]\d{4})?", "TIME"),
    (r"\b\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", "TIME"),
    (r"\b10\.244\.\d+\.\d+", "IP"), (r"\b10\.96\.\d+\.(?!1\b|10\b)\d+\b", "CLUSTERIP"), (r"(127\.0\.0\.1:)\d+", r"\1PORT"),
    (r"\b[0-9a-f]{64}\b", "ID"), (rf"(?<=kube-api-access-){RANDOM}{{5}}", "XXXXX"), (rf"(?<=-)[0-9a-z]{{8,10}}-{RANDOM}{{5}}\b", "HASH-XXXXX"),
    (r"((?:front|web|d)-)[bcdf0-9gh-z]{8,10}\b", r"\1HASH"), (r"(pod-template-hash=|controller-revision-hash=web-)\w+", r"\1HASH"),
    (r"(controller.kubernetes.io/hash=|Resource Version:\s+)\w+", r"\1HASH"), (rf"(?<=nginx-){RANDOM}{{5}}\b", "XXXXX"), (r"(LIVE|MERGED)-\d+", r"\1-NUMBER"),
    (r"(?:(?<=\s)|^)(\d+[dhms])+(?=\s|$|\))", "AGE"), (r"(resourceVersion\"?: )\"\d+\"", r'\1"N"'),
    (r"(?<=\.)[0-9a-f]{16}\b", "HASH"), (r"ConfigMapOptional:\s+<nil>", "Optional:  false"))]          # the one place where kubectl 1.33 says it otherwise
NOISE = ("WARNING: version difference", "I1", "E1", "W1")


def masked(text: str, folder: Path) -> list[str]:
    lines = []
    for line in text.replace(str(folder), "FOLDER").splitlines():
        for pattern, token in MASKS:
            line = pattern.sub(token, line)
        lines.append(re.sub(r"(?<=\S)\s{2,}", "  ", line).rstrip())
    return lines


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
        err = [f"! {e}".rstrip() for e in masked(done.stderr, self.folder) if not e.startswith(NOISE)]
        return [*masked(done.stdout, self.folder), *err, *([f"[exit {done.returncode}]"] if done.returncode else [])]


@pytest.fixture
def user(tmp_path, request):
    """On a fresh cluster, with as many nodes as the transcript says."""
    first = request.param.read_text("utf-8").split("\n", 1)[0] if getattr(request, "param", None) else ""
    nodes = int(first.removeprefix("# nodes:")) if first.startswith("# nodes:") else 1
    start = datetime.now(UTC) - timedelta(hours=1)
    cluster = Cluster(nodes=nodes, start=start.strftime("%Y-%m-%dT%H:%M:%SZ"), resync=2)
    handle = cluster.serve(speed="max", kubeconfig=str(tmp_path / "kubeconfig"))
    yield User(cluster, tmp_path)
    handle.stop()


TRANSCRIPTS = sorted(HERE.glob("*.txt"))


@pytest.mark.parametrize("user, path", [(path, path) for path in TRANSCRIPTS], indirect=["user"], ids=[path.stem for path in TRANSCRIPTS])
def test_a_user_sees_what_stands_in_the_transcript(user, path, request):
    text, told = path.read_text("utf-8"), []
    for block in re.split(r"^(?=\$ |## )", text, flags=re.MULTILINE):
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
