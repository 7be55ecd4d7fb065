"""The shell: what real shells gave, its limits, and that nothing of it reaches this machine."""
from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kstate.node
from kstate.node.arithmetic import BadArithmetic, evaluate
from kstate.node.machine import DEPTH, OUTPUT, STEPS
from kstate.node.run import run
from kstate.node.shell.parser import parse
from kstate.node.shell.syntax import Unexpected, programs

from .node_cluster import Cluster, web

# What busybox 1.35 (ash), dash 0.5.12 and bash 5.2 printed for the same scripts, on stdout and stderr, with the exit code;
# run in an empty directory with PATH, HOME and HOSTNAME set.  "same" names the shells that agree with ash.
RECORDED = json.loads((Path(__file__).parent / "recorded_shells.json").read_text())
IMAGES = {"ash": ("busybox", "sh"), "dash": ("debian", "sh"), "bash": ("debian", "bash")}


def box(image: str = "busybox", **container):
    cluster = Cluster()
    cluster.pod("box", image, "10.244.0.9", container=container, volumes={"/w": "disk"})
    return cluster


def sh(script: str, stdin: str = "", image: str = "busybox", shell: str = "sh"):
    """Run a script in a container, in an empty directory."""
    machine = box(image, workingDir="/w").machine("box")
    machine.env = {name: machine.env[name] for name in ("PATH", "HOME", "HOSTNAME")}
    return run(machine, [shell, "-c", script], stdin)


@pytest.mark.parametrize("kind", IMAGES)
def test_scripts_give_what_the_real_shell_gave(kind):
    image, shell = IMAGES[kind]
    checked = 0
    for record in RECORDED:
        expected = record.get(kind) or (record["ash"] if kind in record.get("same", ()) else None)
        if expected is not None:
            result = sh(record["script"], image=image, shell=shell)
            assert [result.stdout, result.stderr, result.code] == expected, record["script"]
            checked += 1
    assert checked > 280


def test_an_unknown_command_is_not_found():
    assert sh("foo")[:3] == ("", "sh: foo: not found\n", 127)
    assert sh("foo", image="nginx")[:3] == ("", "sh: 1: foo: not found\n", 127)
    assert sh("foo", image="nginx", shell="bash")[:3] == ("", "bash: line 1: foo: command not found\n", 127)
    result = box().exec("box", "foo")
    assert result.code == 127 and result.stderr == (
        'OCI runtime exec failed: exec failed: unable to start container process: exec: "foo": executable file not found in $PATH: unknown\n')


@pytest.mark.parametrize("script", [
    "while true; do :; done", "f() { while :; do echo x >/dev/null; done; }; f", "until false; do i=$((i+1)); done",
    "for ((;;)); do :; done", "(while :; do :; done)", "x=$(while :; do :; done)", "while :; do :; done | cat", "a() { b; }; b() { a; }; a",
    "f() { f; }; f", "f() { if true; then x=$(f); fi; }; f", "echo sh ./s > s; sh ./s", "echo . ./s > s; . ./s", "eval 'f() { eval f; }'; f",
])
def test_endless_scripts_are_stopped(script):
    result = sh(script, image="debian", shell="bash")
    assert result.code == 124
    assert result.stderr.startswith("kstate: stopped")


def test_the_messages_say_what_ran_out():
    assert sh("while true; do :; done").stderr == f"kstate: stopped after {STEPS} steps: this would run for ever, or nearly so\n"
    assert sh("f() { f; }; f").stderr == f"kstate: stopped: more than {DEPTH} programs or functions inside each other\n"
    assert sh("while true; do sleep 1; done").stderr == "kstate: stopped: it waits again and again, for something that cannot change while it runs\n"
    result = sh("yes")
    assert result.stderr == f"kstate: stopped after {OUTPUT} characters of output\n"
    assert len(result.stdout) == OUTPUT and result.code == 124


def test_what_would_not_end_ends_where_nobody_reads_on():
    assert sh("yes | head -2")[:3] == ("y\ny\n", "", 0)
    assert sh("while true; do echo x; done | head -n 3")[:3] == ("x\nx\nx\n", "", 0)
    assert sh("yes | cat | head -1")[:3] == ("y\n", "", 0)
    assert sh("tail -f /etc/passwd | grep -c root").code == 124
    assert sh("yes | wc -l").code == 124
    assert sh("timeout 5 yes >/dev/null").code in (124, 143)


def test_output_into_files_is_bounded_too():
    assert "File too large" in sh("yes > f").stderr
    assert "File too large" in sh("dd if=/dev/zero of=f bs=1M count=2").stderr
    assert "No space left on device" in sh("for i in $(seq 20); do dd if=/dev/zero of=f$i bs=1M count=1; done 2>&1 | tail -1; echo x > last",
                                           image="busybox").terminal


def test_time_is_virtual():
    machine = box().machine("box")
    result = run(machine, ["sh", "-c", "date; sleep 90; date; sleep 1.5m"])
    assert result.stdout == "Thu Jan  1 00:01:00 UTC 2026\nThu Jan  1 00:02:30 UTC 2026\n"
    assert machine.elapsed_ms == 180_000


def test_background_jobs_run_at_once_and_wait_counts_their_time():
    machine = box().machine("box")
    result = run(machine, ["sh", "-c", "(sleep 30; echo late) & echo now; date +%S; wait; date +%S"])
    assert result.stdout == "late\nnow\n00\n30\n"
    assert sh("while :; do sleep 1; done & echo on").stdout == "on\n"
    assert sh("sleep infinity & wait").code == 124


def test_stdin_can_be_a_script_or_data():
    assert box().exec("box", "sh", stdin="x=1\necho $x\nhostname\n").stdout == "1\nbox\n"
    assert box().exec("box", "sh", stdin="echo first\nif\n")[:3] == (
        "first\n", 'sh: syntax error: unexpected end of file (expecting "then")\n', 2)
    assert sh("cat | tr a-z A-Z", stdin="data\n").stdout == "DATA\n"
    assert sh("read x; read y; echo $y$x", stdin="1\n2\n").stdout == "21\n"


def test_the_terminal_shows_both_streams_in_order():
    result = sh("echo one; echo two >&2; echo three")
    assert (result.stdout, result.stderr, result.terminal) == ("one\nthree\n", "two\n", "one\ntwo\nthree\n")


def test_scripts_that_the_tutorials_paste():
    init = """set -ex
[[ $HOSTNAME =~ -([0-9]+)$ ]] || exit 1
ordinal=${BASH_REMATCH[1]}
echo [mysqld] > server-id.cnf
# an offset, so that the id is never 0
echo server-id=$((100 + $ordinal)) >> server-id.cnf
if [[ $ordinal -eq 0 ]]; then
  cp nothing .
else
  cat server-id.cnf
fi
"""
    cluster = Cluster()
    cluster.pod("mysql-2", "mysql:5.7", "10.244.0.9", container={"workingDir": "/tmp"})
    assert cluster.exec("mysql-2", "bash", "-c", init)[::2][:2] == ("[mysqld]\nserver-id=102\n", 0)


def test_kill_ends_the_container():
    cluster = web()
    assert cluster.exec("web-0", "sh", "-c", "echo a; kill 1; echo b")[:4] == ("a\n", "", 137, 0)       # nginx stops gracefully
    assert cluster.exec("box", "kill", "1").ended == 143
    assert cluster.exec("box", "kill", "-9", "1").ended == 137
    assert cluster.exec("web-0", "nginx", "-s", "reload").ended is None
    assert cluster.exec("box", "kill", "99").ended is None


def test_the_same_command_gives_the_same_result():
    script = "echo $RANDOM $$; ls -la /; dd if=/dev/urandom bs=10 count=1 2>/dev/null; date +%s; mktemp"
    assert sh(script) == sh(script)


# ---- parser and arithmetic -----------------------------------------------------------------------------

def test_programs_finds_what_a_script_starts():
    script = "for i in 1; do echo $(date) | tee f; done; if x; then exec nginx -g 'daemon off;'; fi; f() { sleep 1; }"
    assert [argv[0] for argv in programs(parse(script))] == ["echo", "tee", "x", "exec", "sleep"]
    assert ["exec", "nginx", "-g", "daemon off;"] in programs(parse(script))


PIECES = st.sampled_from(["echo", " ", "\n", ";", "&&", "||", "|", "&", "(", ")", "{", "}", "'", '"', "`", "$(", "$((", "))", "${x:-", "}", "$x", "if",
                          "then", "fi", "for", "in", "do", "done", "case", "esac", ";;", "<<E", "\nE\n", ">", "<", "[[", "]]", "!", "#", "\\", "x=1", "a*"])


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=20).map("".join), st.booleans())
def test_any_text_is_parsed_or_refused(text, bash):
    try:
        parse(text, bash)
    except Unexpected as error:
        assert error.token


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES | st.sampled_from(["cat", "ls -l", "grep a", "sed s/a/b/", "rm -rf", "/", ".", "wc", "1", "-n", "*"]), max_size=12).map("".join))
def test_any_script_ends_with_a_result(text):
    assert 0 <= sh(text).code <= 255


NUMBERS = st.integers(0, 99).map(str)
EXPRESSIONS = st.recursive(NUMBERS, lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "<", "==", "&", "|", "^"]), inner).map(
    lambda t: f"({t[0]} {t[1]} {t[2]})"), max_leaves=12)


@given(EXPRESSIONS)
def test_arithmetic_agrees_with_python(text):
    expected = int(eval(text, {"__builtins__": {}}))        # the same operators on small numbers mean the same
    if abs(expected) < 2 ** 63:
        assert evaluate(text, lambda name: "", lambda name, value: None) == expected


@given(st.integers(-1000, 1000), st.integers(-1000, 1000).filter(bool))
def test_division_is_toward_zero(a, b):
    def value(text):
        return evaluate(text, {"a": str(a), "b": str(b)}.get, lambda name, value: None)
    assert value("a / b") == int(a / b)
    assert value("(a / b) * b + a % b") == a


def test_arithmetic_errors():
    for text in ("1 +", "1/0", "5 % 0", "(1", "1 2", "$", "2 ** -1"):
        with pytest.raises(BadArithmetic):
            evaluate(text, lambda name: "", lambda name, value: None)
    assert evaluate("0 && 1/0", lambda name: "", lambda name, value: None) == 0


# ---- this machine --------------------------------------------------------------------------------------

def test_no_module_of_the_simulated_machine_can_touch_this_one():
    forbidden = {"os", "sys", "subprocess", "socket", "pathlib", "io", "shutil", "time", "random", "uuid", "threading", "asyncio",
                 "tempfile", "glob", "ctypes", "signal"}
    for file in Path(kstate.node.__file__).parent.rglob("*.py"):
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert not {alias.name.split(".")[0] for alias in node.names} & forbidden, file
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert (node.module or "").split(".")[0] not in forbidden, file
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("open", "exec", "eval", "compile", "__import__", "print", "input"), file
