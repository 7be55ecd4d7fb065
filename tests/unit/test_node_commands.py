"""The programs of the images: listings, disks, processes, time, in a busybox's words and in GNU's.

What they say about files and text is compared with the real ones in test_node_shell (the recorded scripts).
"""
from __future__ import annotations

import re

import pytest

from kstate.node.process import PROGRAMS
from kstate.node.run import run

from .node_cluster import Cluster, web


@pytest.fixture
def cluster() -> Cluster:
    return web()


def out(cluster: Cluster, name: str, script: str) -> str:
    result = cluster.exec(name, "sh", "-c", script)
    assert (result.stderr, result.code) == ("", 0), script
    return result.stdout


def test_ls_long(cluster):
    prepare = "mkdir /tmp/d; cd /tmp/d; echo hello > a.txt; mkdir sub; ln -s a.txt l; chmod 600 a.txt; ls -l"
    assert out(cluster, "box", prepare) == (
        "total 12\n-rw-------    1 root     root             6 Jan  1 00:01 a.txt\n"
        "lrwxrwxrwx    1 root     root             5 Jan  1 00:01 l -> a.txt\n"
        "drwxr-xr-x    2 root     root          4096 Jan  1 00:01 sub\n")
    assert out(cluster, "web-0", prepare) == (
        "total 12\n-rw------- 1 root root    6 Jan  1 00:01 a.txt\nlrwxrwxrwx 1 root root    5 Jan  1 00:01 l -> a.txt\n"
        "drwxr-xr-x 2 root root 4096 Jan  1 00:01 sub\n")


def test_ls_shows_mounts_and_owners(cluster):
    assert cluster.exec("web-0", "ls", "/usr/share/nginx").stdout == "html\n"
    assert cluster.exec("web-0", "ls", "/usr/share/nginx/html").stdout == "aaa.txt\n"
    assert out(cluster, "web-0", "chown -R nginx:nginx /usr/share/nginx/html; ls -l /usr/share/nginx/html").endswith(
        "-rw-r--r-- 1 nginx nginx 10 Jan  1 00:00 aaa.txt\n")


def test_df(cluster):
    title, row = out(cluster, "box", "df -h /").splitlines()
    assert title == "Filesystem                Size      Used Available Use% Mounted on"
    assert re.fullmatch(r"overlay                  10.0G      \d.\dK     10.0G   1% /", row)
    assert out(cluster, "web-0", "df -h /usr/share/nginx/html") == (
        "Filesystem      Size  Used Avail Use% Mounted on\npv0             1.0G    10  1.0G   1% /usr/share/nginx/html\n")
    assert "/dev/vda1" in out(cluster, "web-0", "df -h | grep hosts")
    assert cluster.exec("web-0", "df", "/nope").stderr == "df: /nope: No such file or directory\n"


def test_du_mount_stat(cluster):
    assert out(cluster, "web-0", "du -sh /usr/share/nginx/html; cd /usr/share/nginx/html; mkdir x; echo > x/y; du -a") == (
        "8.0K\t/usr/share/nginx/html\n4\t./aaa.txt\n4\t./x/y\n8\t./x\n16\t.\n")
    assert "pv0 on /usr/share/nginx/html type ext4 (rw,relatime)\n" in out(cluster, "web-0", "mount")
    assert "  File: /etc/passwd\n  Size: " in out(cluster, "box", "stat /etc/passwd")


def test_dd(cluster):
    assert cluster.exec("box", "dd", "if=/dev/zero", "of=/f", "bs=1k", "count=3")[:3] == ("", "3+0 records in\n3+0 records out\n", 0)
    assert "3072 bytes copied" in cluster.exec("web-0", "dd", "if=/dev/zero", "of=/f", "bs=1k", "count=3").stderr
    assert cluster.exec("box", "wc", "-c", "/f").stdout == "3072 /f\n"
    assert "never ends" in cluster.exec("box", "dd", "if=/dev/zero", "of=/f").stderr


def test_date_and_uptime(cluster):
    assert out(cluster, "box", "date; date -u +%Y-%m-%dT%H:%M:%SZ; date +%s; date -d @0 +%F; date +%j:%H") == (
        "Thu Jan  1 00:01:00 UTC 2026\n2026-01-01T00:01:00Z\n1767225660\n1970-01-01\n001:00\n")
    assert " up  0:01," in out(cluster, "box", "uptime")


def test_who_and_what(cluster):
    assert out(cluster, "box", "id; whoami; id -u; uname -n; uname; pwd; nproc") == "uid=0(root) gid=0(root) groups=0(root)\nroot\n0\nbox\nLinux\n/\n4\n"
    cluster.pod("user", "busybox", "10.244.8.1", securityContext={"runAsUser": 1000})
    assert cluster.exec("user", "id").stdout == "uid=1000 gid=0(root) groups=0(root)\n"
    assert cluster.exec("user", "whoami").stderr == "whoami: unknown uid 1000\n"


def test_ps_shows_the_main_process(cluster):
    assert cluster.exec("box", "ps").stdout == "PID   USER     TIME  COMMAND\n    1 root      0:00 sh\n   42 root      0:00 ps\n"
    cluster.pod("alp", "nginx:alpine", "10.244.8.2")
    assert "    1 root      0:00 nginx: master process nginx -g daemon off;\n   30 root      0:00 nginx: worker process\n" in \
        cluster.exec("alp", "ps").stdout
    cluster.pod("u", "ubuntu", "10.244.8.3", container={"command": ["sleep", "3600"]})
    assert "sleep 3600\n" in cluster.exec("u", "ps", "-ef").stdout and cluster.exec("u", "ps").stdout.count("\n") == 3
    assert cluster.exec("alp", "pkill", "nginx").ended == 143 and cluster.exec("alp", "pkill", "httpd").code == 1


def test_env(cluster):
    assert cluster.exec("web-0", "printenv", "HOSTNAME").stdout == "web-0\n"
    assert cluster.exec("web-0", "env", "A=1", "sh", "-c", "echo $A").stdout == "1\n"
    assert cluster.exec("web-0", "env", "nosuch")[1:3] == ("env: 'nosuch': No such file or directory\n", 127)


def test_a_program_is_a_file(cluster):
    assert cluster.exec("box", "which", "ls", "sh").stdout == "/bin/ls\n/bin/sh\n"
    assert out(cluster, "box", "cp /bin/echo /tmp/say; /tmp/say hi; mv /bin/wget /bin/w; w --spider -q web-0.nginx/aaa.txt; echo $?") == "hi\n0\n"
    assert cluster.exec("box", "wget").code == 127
    assert cluster.exec("web-0", "sh", "-c", "chmod -x /usr/bin/nginx; nginx -v").code == 127


def test_timeout_ends_what_takes_too_long(cluster):
    assert cluster.exec("web-0", "timeout", "2", "sleep", "10").code == 124
    assert cluster.exec("box", "timeout", "2", "sleep", "10").code == 143
    assert cluster.exec("box", "timeout", "20", "sleep", "10").code == 0
    assert out(cluster, "box", "date +%S; timeout 5 tail -f /etc/passwd >/dev/null; date +%S") == "00\n05\n"


def test_options_that_are_not_known_are_named(cluster):
    assert cluster.exec("box", "ls", "-Z").stderr == "ls: option -Z not recognized: this simulated ls does not know it\n"
    assert "this simulated awk does not know it" in cluster.exec("box", "awk", "{ if (1) print }", stdin="x\n").stderr
    assert cluster.exec("box", "sed", "-z", "p").stderr == "sed: option -z is not known to this simulated sed\n"


def test_a_mount_point_cannot_be_removed_but_what_lies_in_it_can(cluster):
    result = cluster.exec("web-0", "sh", "-c", "rm -rf /usr/share/nginx/html; ls /usr/share/nginx/html")
    assert result.stderr == "rm: cannot remove '/usr/share/nginx/html': Device or resource busy\n"       # its content is gone
    assert cluster.disks["pv0"] == {}


@pytest.mark.parametrize("name", sorted(PROGRAMS))
@pytest.mark.parametrize("args", [(), ("--bogus",), ("-1",), ("x",), ("/nope", "/nope"), ("",), ("-", "-")])
def test_no_program_breaks_on_odd_arguments(name, args):
    cluster = Cluster()
    cluster.pod("p", "ubuntu", "10.244.0.9")
    machine = cluster.machine("p")
    machine.fs.write("/usr/bin/it", f"\x7fELF kstate:{name}\n")
    machine.fs.chmod("/usr/bin/it", 0o755)
    assert 0 <= run(machine, ["it", *args], "some\ninput\n").code <= 255


def test_grep_takes_several_patterns(cluster):
    text = "printf 'one\\ntwo\\nthree\\n' | "
    assert out(cluster, "web-0", text + "grep -e one -e 'th*r'") == "one\nthree\n"
    assert out(cluster, "web-0", text + "grep -vxF -e one -e tw") == "two\nthree\n"
