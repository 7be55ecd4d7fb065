"""exec, logs, cp, run: what runs in containers (KCTL-40, KCTL-58, KCTL-60)."""
from __future__ import annotations

PAGE = "/usr/share/nginx/html"


def test_KCTL_60_exec_gives_output_and_exit_code(run):
    assert run("exec web-0 -- hostname") == ("web-0\n", "", 0)
    assert run("exec web-0 -- sh -c 'exit 3'") == ("", "command terminated with exit code 3\n", 3)
    assert run("exec sts/web -- hostname").stdout == "web-0\n"
    assert run("exec nope -- ls").stderr == 'Error from server (NotFound): pods "nope" not found\n'
    assert run("exec web-0 -c nope -- ls").stderr == "Error from server (BadRequest): container nope is not valid for pod web-0\n"


def test_exec_reads_standard_input_if_it_may(run):
    assert run("exec -i web-0 -- cat", "a\nb\n").stdout == "a\nb\n"
    assert run("exec web-0 -- cat", "a\n").stdout == ""
    assert run("exec -it web-0 -- sh", f"cd {PAGE}\necho hi > x\nls\n").stdout == "x\n"


def test_files_live_with_the_volume_and_not_with_the_pod(run):
    run(f"exec web-0 -- sh -c 'echo hello > {PAGE}/index.html'")
    run("delete pod web-0")
    assert run(f"exec web-0 -- cat {PAGE}/index.html").stdout == "hello\n"


def test_KCTL_58_logs(run):
    assert "start worker processes" in run("logs web-0").stdout
    assert run("logs web-0 --tail=1").stdout.count("\n") == 1
    assert run("logs sts/web --tail=1").stderr == "Found 2 pods, using pod/web-0\n"
    assert run("logs -l app=nginx --tail=1 --prefix").stdout.startswith("[pod/web-0/nginx] ")
    assert run("logs nope").stderr == 'error: error from server (NotFound): pods "nope" not found in namespace "default"\n'
    assert run("logs web-0 -c nope").stderr == "error: container nope is not valid for pod web-0\n"


def test_cp_copies_text_both_ways(run):
    files = {"x.txt": "text\n"}
    assert run(f"cp x.txt web-0:{PAGE}/", files=files) == ("", "", 0)
    assert run(f"cp default/web-0:{PAGE}/x.txt copy.txt", files=files).code == 0
    assert files["copy.txt"] == "text\n"
    assert run("cp a b").stderr == "error: one of src or dest must be a remote file specification\n"


def test_KCTL_40_run_prints_the_output_and_takes_the_pod_away(run):
    run(f"exec web-0 -- sh -c 'echo aaa > {PAGE}/aaa.txt'")
    assert run("run busybox --rm -it --image=busybox -- wget -qO- web-0.nginx/aaa.txt") == ('aaa\npod "busybox" deleted\n', "", 0)
    assert run("get pod busybox").code == 1


def test_KCTL_40_the_exit_code_counts_where_the_pod_is_not_restarted(run):
    result = run("run busybox --rm -i --restart=Never --image=busybox -- sh -c 'echo out; exit 4'")
    assert (result.stdout, result.code) == ('out\npod "busybox" deleted\n', 4)


def test_KCTL_40_a_shell_runs_the_lines_that_it_is_given(run):
    result = run("run -i --tty dns-test --image=busybox:1.28 --restart=Never --rm", "hostname\nnslookup web-0.nginx\n")
    assert result.stdout.startswith("dns-test\n") and "web-0.nginx.default.svc.cluster.local" in result.stdout
    assert result.stderr == "If you don't see a command prompt, try pressing enter.\n"


def test_run_alone_makes_a_pod(run):
    assert run("run x --image=nginx --port=80 --expose").stdout == "service/x created\npod/x created\n"
    assert run("get pod x -o jsonpath={.metadata.labels}").stdout == '{"run":"x"}'
    assert run("run y --image=nginx --rm").stderr.startswith("error: --rm should only be used for attached containers\n")
