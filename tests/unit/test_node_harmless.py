"""Nothing that runs in a simulated container reaches the learner's own machine: seen by Python's audit events."""
from __future__ import annotations

import json
import subprocess
import sys

import pytest

WATCHED = """
import json, sys
from kstate import Cluster

cluster, lines = Cluster(nodes=1), json.load(sys.stdin)
for name in ("first", "watched"):
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [
        {"name": "c", "image": sys.argv[1], "command": ["sleep", "infinity"]}]}})
cluster.settle()
for line in lines:
    cluster.exec("first", line)             # what Python imports late it imports now
seen, watching = [], False
WATCH = ("open", "os.", "shutil.", "socket.", "subprocess.", "ctypes.", "pty.", "urllib.", "ftplib.", "http.", "smtplib.", "tempfile.", "webbrowser.")
sys.addaudithook(lambda event, args: seen.append([event, repr(args)]) if watching and event.startswith(WATCH) else None)
watching = True
results = [tuple(cluster.exec("watched", line)) for line in lines]
open("/dev/null").close()
watching = False
json.dump({"seen": seen, "results": results}, sys.stdout)
"""
HOSTILE = [
    "cat /etc/passwd /etc/shadow /proc/self/environ ../../../../etc/hostname", "echo pwned > /tmp/pwned; echo pwned > ../../tmp/pwned; ls -la / /tmp",
    "rm -rf / --no-preserve-root; rm -rf /*; rm -rf ~", "dd if=/dev/zero of=/dev/sda bs=1M count=1",
    "wget -O- http://example.com/; wget -qO- http://169.254.169.254/latest/",
    "curl -s http://localhost:8888/; curl file:///etc/passwd; curl https://10.0.0.1/", "nslookup example.com; ping -c 1 8.8.8.8; nc -z 127.0.0.1 22",
    "python3 -c 'import os; os.system(\"id\")'; perl -e 1; bash -i", "kill -9 1; kill -9 $PPID; killall -9 python; pkill -f pytest", ":(){ :|:& };:",
    "exec 3<>/dev/tcp/127.0.0.1/22; cat <&3", "tar cf - / | head -c 10; tar xf /tmp/x -C /",
    "ln -s / /root-of-all; cat /root-of-all/etc/os-release", "eval $(cat); . /etc/profile; source ~/.bashrc",
    "$(yes | head -c 100000)", "while true; do :; done", "yes",
    "awk 'BEGIN { system(\"id\"); print > \"/tmp/awk\"; while ((\"id\" | getline x) > 0) print x }'",
    "sed -n 'w /tmp/sed' /etc/passwd; sed '1e id' /etc/passwd", "xargs -I{} sh -c '{}' < /etc/passwd",
    "env -i /bin/sh -c 'id'; timeout 1 sh -c 'sleep 5'", "mount -t nfs evil:/ /mnt; chmod -R 777 /; chown -R nobody /",
]


@pytest.mark.parametrize("image", ["busybox", "nginx", "redis", "postgres", "mysql", "myorg/app"])
def test_no_file_no_process_no_network(image):
    """In a process of its own: an audit hook can never be taken away again."""
    done = subprocess.run([sys.executable, "-c", WATCHED, image], input=json.dumps(HOSTILE), capture_output=True, text=True, check=True, timeout=120)
    told = json.loads(done.stdout)
    assert [what for _, what in told["seen"]] == ["('/dev/null', 'r', 524288)"]         # the one that proves that the hook sees
    assert len(told["results"]) == len(HOSTILE) and all(len(out) + len(err) < 1_100_000 for out, err, _ in told["results"])
