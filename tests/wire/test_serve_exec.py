"""exec and attach over a WebSocket, by both versions of the protocol (KCTL-60)."""
from __future__ import annotations

import io
import tarfile
import time

import pytest

from kstate import Cluster
from tests.helpers import EXAMPLE

from .served import Client
from .terminal import STDERR, STDIN, V4, V5, Refused, Terminal, exit_code

PODS = """
apiVersion: v1
kind: Pod
metadata: {name: bb}
spec: {containers: [{name: c, image: busybox, command: [sleep, infinity]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: shell}
spec: {restartPolicy: Never, containers: [{name: c, image: busybox, stdin: true, tty: true}]}
---
apiVersion: v1
kind: Pod
metadata: {name: two}
spec: {containers: [{name: a, image: nginx}, {name: b, image: busybox, command: [sh, -c, "while true; do sleep 200; echo tick; done"]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: never}
spec: {nodeSelector: {no: where}, containers: [{name: c, image: nginx}]}
---
apiVersion: v1
kind: Pod
metadata: {name: done}
spec: {restartPolicy: Never, containers: [{name: c, image: busybox, command: ["true"]}]}
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    found = Cluster()
    found.apply(EXAMPLE)
    found.apply(PODS)
    found.settle()
    handle = found.serve(speed="max", kubeconfig=str(tmp_path_factory.mktemp("exec") / "kubeconfig"))
    yield found
    handle.stop()


@pytest.fixture(scope="module")
def client(cluster, tmp_path_factory):
    path = tmp_path_factory.mktemp("client") / "kubeconfig"
    cluster._served._server.write_kubeconfig(path)
    return Client(path)


# ---- one command ------------------------------------------------------------------------------

@pytest.mark.parametrize("protocol", [V4, V5])
@pytest.mark.parametrize("command, out, err, code", [
    (["hostname"], "web-0\n", "", 0), (["sh", "-c", "echo out; echo err >&2; exit 3"], "out\n", "err\n", 3), (["false"], "", "", 1),
    (["sh", "-c", "echo ü"], "ü\n", "", 0)])
def test_a_command_says_its_words_and_its_exit_code(client, protocol, command, out, err, code):
    with Terminal(client, "web-0", command, protocol=protocol) as terminal:
        assert terminal.protocol == protocol
        said, complained, status = terminal.all()
        assert (said, complained, exit_code(status), terminal.code) == (out, err, code, 1000)


def test_a_program_that_is_not_there_is_127(client):
    with Terminal(client, "web-0", ["nosuch"]) as terminal:
        _, err, status = terminal.all()
        assert 'exec: "nosuch": executable file not found in $PATH' in err and exit_code(status) == 127


def test_a_status_has_the_shape_that_clients_read(client):
    with Terminal(client, "web-0", ["sh", "-c", "exit 7"]) as terminal:
        assert terminal.all()[2] == {
            "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode", "message": "command terminated with non-zero exit code: exit status 7",
            "details": {"causes": [{"reason": "ExitCode", "message": "7"}]}}


# ---- input ------------------------------------------------------------------------------------

def test_by_version_5_input_ends_when_it_is_said(client):
    with Terminal(client, "web-0", ["sh", "-c", "cat; echo end"], stdin=True) as terminal:
        terminal.type("one\n")
        terminal.type("two")
        time.sleep(0.3)
        assert terminal.seen[STDIN + 1] == b""
        terminal.end_of_input()
        assert terminal.all() == ("one\ntwoend\n", "", {"metadata": {}, "status": "Success"})


def test_by_version_4_input_ends_when_none_comes(client):
    with Terminal(client, "web-0", ["cat"], stdin=True, protocol=V4) as terminal:
        terminal.type("one\n")
        terminal.type("two\n")
        assert terminal.all()[0] == "one\ntwo\n"


@pytest.mark.parametrize("protocol", [V4, V5])
def test_a_command_that_wants_no_input_does_not_wait_for_any(client, protocol):
    with Terminal(client, "web-0", ["hostname"], stdin=True, protocol=protocol) as terminal:
        assert terminal.all()[0] == "web-0\n"


@pytest.mark.parametrize("protocol", [V4, V5])
def test_a_shell_without_a_terminal_takes_line_by_line(client, protocol):
    with Terminal(client, "bb", ["sh"], stdin=True, protocol=protocol) as terminal:
        terminal.type("X=1; hostname\n")
        terminal.until("bb\n")
        terminal.type("for i in 1 2\ndo echo $X$i\n")
        terminal.type("done; nosuch\n")
        terminal.until("11\n12\n")
        terminal.until("not found", STDERR)
        terminal.type("exit 4\n")
        assert exit_code(terminal.all()[2]) == 4


@pytest.mark.parametrize("protocol", [V4, V5])
def test_input_that_comes_after_the_end_does_no_harm(client, protocol, caplog):
    with Terminal(client, "bb", ["sh"], stdin=True, protocol=protocol) as terminal:
        terminal.type("echo hi; exit 4\n")
        for _ in range(20):
            terminal.type("more\n")
        terminal.end_of_input()
        out, _, status = terminal.all()
        assert (out, exit_code(status)) == ("hi\n", 4) and terminal.code == 1000
    assert not caplog.records


def test_input_has_a_limit(client):
    with Terminal(client, "bb", ["cat"], stdin=True) as terminal:
        for _ in range(5):
            terminal.type(b"x" * (1 << 20))
        assert "bytes of input" in terminal.all()[2]["message"]


def test_a_character_may_come_in_two_frames(client):
    with Terminal(client, "bb", ["cat"], stdin=True) as terminal:
        terminal.type("ü".encode()[:1])
        terminal.type("ü".encode()[1:])
        terminal.end_of_input()
        assert terminal.all()[0] == "ü"


# ---- a terminal -------------------------------------------------------------------------------

def test_an_interactive_shell_echoes_prompts_and_keeps_its_state(client):
    with Terminal(client, "bb", ["sh"], tty=True, stdin=True) as terminal:
        terminal.until("/ # ")
        terminal.type('{"Width":80,"Height":24}', 4)
        terminal.type("cd /tmp\r")
        assert terminal.until("/tmp # ") == "cd /tmp\r\n/tmp # "
        terminal.type("echp\x7fo $PWD\r")
        assert terminal.until("# ") == "echp\b \bo $PWD\r\n/tmp\r\n/tmp # "
        terminal.type("cat > f <<E\rhello\rE\r")
        terminal.until("/tmp # ")
        terminal.type("cat f; fi\r")
        assert "hello\r\n" in (said := terminal.until("/tmp # ")) or "syntax error" in said
        terminal.type("exit 5\r")
        out, err, status = terminal.all()
        assert (out, err, exit_code(status)) == ("exit 5\r\n", "", 5)


def test_a_command_at_a_terminal_gets_lines_and_an_end(client):
    with Terminal(client, "web-0", ["sh", "-c", "read name; echo hello $name; cat"], tty=True, stdin=True) as terminal:
        terminal.type("you\r")
        terminal.until("you\r\n")
        terminal.until("hello you\r\n")
        terminal.type("more\r\x04")
        out, _, status = terminal.all()
        assert "more\r\n" in out and exit_code(status) == 0


def test_interrupting_ends_a_command_but_not_a_shell(client):
    with Terminal(client, "bb", ["sh"], tty=True, stdin=True) as terminal:
        terminal.type("cat\r")
        terminal.type("\x03")
        terminal.until("^C\r\n/ # ")
        terminal.type("hostname\r")
        terminal.until("bb\r\n")
    with Terminal(client, "bb", ["cat"], tty=True, stdin=True) as terminal:
        terminal.type("\x03")
        assert exit_code(terminal.all()[2]) == 130


def test_what_is_written_stays_with_the_volume(client, cluster):
    with Terminal(client, "web-0", ["sh", "-c", "echo kept > /usr/share/nginx/html/index.html"]) as terminal:
        terminal.all()
    with Terminal(client, "web-0", ["cat", "/usr/share/nginx/html/index.html"]) as terminal:
        assert terminal.all()[0] == "kept\n"
    assert cluster.exec("web-0", "cat /usr/share/nginx/html/index.html").stdout == "kept\n"


# ---- attach -----------------------------------------------------------------------------------

def test_attached_to_the_main_shell_its_exit_ends_the_container(client, cluster):
    with Terminal(client, "shell", None, tty=True, stdin=True) as terminal:
        terminal.until("/ # ")
        terminal.type("hostname\rexit 3\r")
        terminal.until("shell\r\n")
        assert exit_code(terminal.all()[2]) == 3
    cluster.settle()
    [status] = cluster.get("Pod", "shell")["status"]["containerStatuses"]
    assert status["state"]["terminated"]["exitCode"] == 3


def test_attached_to_a_server_one_sees_what_it_says_from_now_on(client, cluster):
    with Terminal(client, "two", None, container="b") as terminal:
        time.sleep(0.1)
        cluster.run(200)
        terminal.until("tick\n")


# ---- what cannot be -----------------------------------------------------------------------------

@pytest.mark.parametrize("pod, options, status, said", [
    ("absent", {}, 404, 'pods "absent" not found'), ("never", {}, 400, "does not have a host assigned"),
    ("two", {}, 400, "a container name must be specified for pod two, choose one of: [a b]"),
    ("two", {"container": "x"}, 400, "container x is not valid for pod two"),
    ("done", {}, 400, "cannot exec into a container in a completed pod; current phase is Succeeded"),
    ("bb", {"protocol": "v1.channel.k8s.io"}, 400, "v5.channel.k8s.io"), ("bb", {"subresource": "portforward"}, 405, "forwards no ports"),
    ("bb", {"subresource": "log"}, 400, "cannot be upgraded")])
def test_what_cannot_be_is_said_before_the_upgrade(client, pod, options, status, said):
    with pytest.raises(Refused) as refused:
        Terminal(client, pod, ["hostname"], **options)
    assert refused.value.args[0] == status and said in refused.value.args[1]["message"]


@pytest.mark.parametrize("headers, status", [({"Authorization": ""}, 401), ({"Authorization": "Bearer x"}, 401), ({"Host": "evil.example"}, 403),
                                             ({"Origin": "https://evil.example"}, 403)])
def test_a_web_page_gets_no_shell(client, headers, status):
    with pytest.raises(Refused) as refused:
        Terminal(client, "bb", ["sh"], headers=headers)
    assert refused.value.args[0] == status


def test_a_session_ends_with_its_container(client, cluster):
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "brief"}, "spec": {"containers": [
        {"name": "c", "image": "busybox", "command": ["sleep", "infinity"]}]}})
    cluster.settle()
    with Terminal(client, "brief", ["sh"], tty=True, stdin=True) as terminal:
        terminal.until("/ # ")
        client.ask("DELETE", "/api/v1/namespaces/default/pods/brief", {"gracePeriodSeconds": 0})
        assert exit_code(terminal.all()[2]) == 137


# ---- files --------------------------------------------------------------------------------------

def test_tar_out_and_in_as_kubectl_cp_does(client):
    with Terminal(client, "bb", ["sh", "-c", "mkdir -p /data/sub; echo one > /data/a; echo zwö > /data/sub/b"]) as terminal:
        terminal.all()
    with Terminal(client, "bb", ["tar", "cf", "-", "data"]) as terminal:
        while terminal._receive():
            pass
        archive = terminal.seen[1]
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        files = {m.name: tar.extractfile(m).read().decode() for m in tar if m.isfile()}
    assert files == {"data/a": "one\n", "data/sub/b": "zwö\n"}
    with Terminal(client, "two", ["tar", "--no-same-permissions", "--no-same-owner", "-xmf", "-", "-C", "/tmp"], stdin=True, container="b") as terminal:
        terminal.type(archive)
        terminal.end_of_input()
        assert terminal.all() == ("", "", {"metadata": {}, "status": "Success"})
    with Terminal(client, "two", ["cat", "/tmp/data/sub/b"], container="b") as terminal:
        assert terminal.all()[0] == "zwö\n"
