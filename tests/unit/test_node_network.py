"""wget, curl, nslookup, dig and ping between pods: what a learner sees, to the letter."""
from __future__ import annotations

import pytest

from .node_cluster import Cluster, web

DNS = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n"
OLD_DNS = "Server:    10.96.0.10\nAddress 1: 10.96.0.10 kube-dns.kube-system.svc.cluster.local\n\n"
ZONE = "default.svc.cluster.local"


@pytest.fixture
def cluster() -> Cluster:
    cluster = web()
    cluster.service("cip", "10.96.1.1")
    cluster.slice("cip", [("10.244.1.6", "", True), ("10.244.1.7", "", True)])
    cluster.service("empty", "10.96.1.2")
    cluster.slice("empty", [], port=None)
    return cluster


def test_the_example_each_name_fetches_the_file_on_that_pods_volume():
    cluster = web("gsh")
    cluster.pod("busybox", "busybox", "10.244.2.20", "gsh")
    cluster.pod("busybox", "busybox", "10.244.2.21", "default")
    for i, letter in enumerate("abc"):
        result = cluster.exec("busybox", "wget", f"web-{i}.nginx/{letter * 3}.txt", namespace="gsh")
        assert (result.stdout, result.code) == ("", 0)
        assert result.stderr == (f"Connecting to web-{i}.nginx (10.244.1.{6 + i}:80)\nsaving to '{letter * 3}.txt'\n"
                                 f"{letter * 3}.txt              100% |********************************|    10  0:00:00 ETA\n"
                                 f"'{letter * 3}.txt' saved\n")
        assert cluster.exec("busybox", "cat", f"{letter * 3}.txt", namespace="gsh").stdout == f"this is {letter}\n"
    assert cluster.exec("busybox", "wget", "-qO-", "web-0.nginx/aaa.txt")[:3] == ("", "wget: bad address 'web-0.nginx'\n", 1)
    assert cluster.exec("busybox", "wget", "-qO-", "web-0.nginx.gsh/aaa.txt")[:3] == ("this is a\n", "", 0)


def test_statefulset_basics_write_delete_and_read_again(cluster):
    for i in range(3):
        assert cluster.exec(f"web-{i}", "sh", "-c", "hostname").stdout == f"web-{i}\n"
        cluster.exec(f"web-{i}", "sh", "-c", 'echo "$(hostname)" > /usr/share/nginx/html/index.html')
    assert [cluster.exec(f"web-{i}", "curl", "http://localhost/").stdout for i in range(3)] == ["web-0\n", "web-1\n", "web-2\n"]
    cluster.remove("Pod", "web-0")
    cluster.pod("web-0", "nginx", "10.244.1.99", hostname="web-0", subdomain="nginx", volumes={"/usr/share/nginx/html": "pv0"})
    assert cluster.exec("web-0", "curl", "localhost").stdout == "web-0\n"
    cluster.exec("web-0", "chmod", "700", "/usr/share/nginx/html")
    assert "403 Forbidden" in cluster.exec("web-0", "curl", "localhost").stdout
    cluster.exec("web-0", "chmod", "755", "/usr/share/nginx/html")
    assert cluster.exec("web-0", "curl", "localhost").stdout == "web-0\n"


@pytest.mark.parametrize(("url", "text"), [
    ("web-9.nginx", "wget: bad address 'web-9.nginx'\n"),
    ("web-0.nginx/zzz", "Connecting to web-0.nginx (10.244.1.6:80)\nwget: server returned error: HTTP/1.1 404 Not Found\n"),
    ("web-0.nginx", "Connecting to web-0.nginx (10.244.1.6:80)\nwget: server returned error: HTTP/1.1 403 Forbidden\n"),        # no index.html
    ("web-0.nginx:81/x", "Connecting to web-0.nginx:81 (10.244.1.6:81)\nwget: can't connect to remote host (10.244.1.6): Connection refused\n"),
    ("empty/x", "Connecting to empty (10.96.1.2:80)\nwget: can't connect to remote host (10.96.1.2): Connection refused\n"),
    ("cip:99", "Connecting to cip:99 (10.96.1.1:99)\nwget: can't connect to remote host (10.96.1.1): Connection timed out\n"),
    ("10.244.9.9", "Connecting to 10.244.9.9 (10.244.9.9:80)\nwget: can't connect to remote host (10.244.9.9): No route to host\n"),
    ("8.8.8.8", "Connecting to 8.8.8.8 (8.8.8.8:80)\nwget: can't connect to remote host (8.8.8.8): Network is unreachable\n"),
    ("google.com", "wget: bad address 'google.com'\n"),
])
def test_wget_errors(cluster, url, text):
    assert cluster.exec("box", "wget", url)[:3] == ("", text, 1)


def test_wget_options(cluster):
    assert cluster.exec("box", "wget", "-O-", "web-0.nginx/aaa.txt").terminal == (
        "Connecting to web-0.nginx (10.244.1.6:80)\nwriting to stdout\nthis is a\n"
        "-                    100% |********************************|    10  0:00:00 ETA\nwritten to stdout\n")
    assert cluster.exec("box", "wget", "-q", "-O", "/tmp/x", "web-0.nginx/aaa.txt")[:3] == ("", "", 0)
    assert cluster.exec("box", "cat", "/tmp/x").stdout == "this is a\n"
    assert cluster.exec("box", "wget", "-q", "-P", "/tmp", "web-0.nginx/aaa.txt").code == 0
    assert cluster.exec("box", "wget", "-q", "-P", "/tmp", "web-0.nginx/aaa.txt").stderr == "wget: can't open '/tmp/aaa.txt': File exists\n"
    assert cluster.exec("box", "wget", "--spider", "web-0.nginx/aaa.txt").stderr.endswith("remote file exists\n")
    assert "  HTTP/1.1 200 OK\n  Server: nginx/1.27.1\n" in cluster.exec("box", "wget", "-S", "-O-", "web-0.nginx/aaa.txt").stderr
    assert "usage" in cluster.exec("box", "wget").stderr
    assert cluster.exec("web-0", "wget", "x").code == 127                   # the image has no wget


def test_only_a_running_container_answers(cluster):
    cluster.pod("web-1", "nginx", "10.244.1.7", running=False)
    assert cluster.exec("box", "wget", "-qO-", "10.244.1.7").stderr == "wget: can't connect to remote host (10.244.1.7): Connection refused\n"
    cluster.pod("quiet", "nginx", "10.244.5.1", container={"command": ["sleep", "3600"]})
    assert "Connection refused" in cluster.exec("box", "wget", "-qO-", "10.244.5.1").stderr


def test_a_service_hands_connections_to_ready_endpoints(cluster):
    for i in (0, 1):
        cluster.exec(f"web-{i}", "sh", "-c", "hostname > /usr/share/nginx/html/index.html")
    loop = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do wget -qO- cip; done"
    said = cluster.exec("box", "sh", "-c", loop).stdout.split()
    assert sorted(set(said)) == ["web-0", "web-1"]
    assert cluster.exec("box", "sh", "-c", loop).stdout.split() == said     # chance is the same in every run
    cluster.slice("cip", [("10.244.1.6", "", False), ("10.244.1.7", "", True)])
    assert set(cluster.exec("box", "sh", "-c", loop).stdout.split()) == {"web-1"}


def test_node_ports_and_target_ports(cluster):
    cluster.pod("app", "nginx", "10.244.5.2")
    cluster.exec("app", "sh", "-c", "sed -i 's/80;/8080;/' /etc/nginx/conf.d/default.conf; echo hi > /usr/share/nginx/html/index.html")
    cluster.service("np", "10.96.1.9", type="NodePort", ports=[{"port": 80, "targetPort": 8080, "nodePort": 30080, "protocol": "TCP"}])
    cluster.slice("np", [("10.244.5.2", "", True)], port=8080)
    for url in ("np", "10.96.1.9", "192.168.0.11:30080", "10.244.5.2:8080"):
        assert cluster.exec("box", "wget", "-qO-", url).stdout == "hi\n"
    assert "refused" in cluster.exec("box", "wget", "-qO-", "192.168.0.11:30081").stderr


def test_a_busybox_and_an_apache_serve_too(cluster):
    cluster.pod("h", "busybox", "10.244.5.3", container={"command": ["sh", "-c", "mkdir /www; echo served > /www/x; httpd -f -p 8080 -h /www"]})
    cluster.start("h")
    assert cluster.exec("box", "wget", "-qO-", "10.244.5.3:8080/x").stdout == "served\n"
    cluster.pod("a", "httpd:2.4.58", "10.244.5.4")
    assert cluster.exec("box", "wget", "-qO-", "10.244.5.4").stdout == "<html><body><h1>It works!</h1></body></html>\n"
    assert "Server: Apache/2.4.58 (Unix)" in cluster.exec("web-0", "curl", "-sI", "10.244.5.4").stdout


# ---- curl ----------------------------------------------------------------------------------------

@pytest.mark.parametrize(("args", "stdout", "stderr", "code"), [
    (["-s", "web-1.nginx/bbb.txt"], "this is b\n", "", 0),
    (["nope"], "", "curl: (6) Could not resolve host: nope\n", 6),
    (["-s", "nope"], "", "", 6), (["-sS", "nope"], "", "curl: (6) Could not resolve host: nope\n", 6),
    (["localhost:81"], "", "curl: (7) Failed to connect to localhost port 81 after 0 ms: Couldn't connect to server\n", 7),
    (["-f", "localhost/x"], "", "curl: (22) The requested URL returned error: 404\n", 22),
    (["-so", "/dev/null", "-w", "%{http_code}\\n", "localhost/x"], "404\n", "", 0),
    (["-s", "-o", "/nowhere/x", "-S", "localhost/aaa.txt"], "", "curl: (23) Failure writing output to destination\n", 23),
    (["--silent", "--fail", "http://localhost:80/aaa.txt"], "this is a\n", "", 0),
    (["--bogus"], "", "curl: option --bogus: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n", 2),
    ([], "", "curl: try 'curl --help' or 'curl --manual' for more information\n", 2),
])
def test_curl(cluster, args, stdout, stderr, code):
    assert cluster.exec("web-0", "curl", *args)[:3] == (stdout, stderr, code)


def test_curl_shows_headers_and_follows_redirects(cluster):
    cluster.exec("web-0", "sh", "-c", "mkdir /usr/share/nginx/html/d; echo in > /usr/share/nginx/html/d/index.html")
    assert cluster.exec("web-0", "curl", "-sI", "localhost/aaa.txt").stdout == (
        "HTTP/1.1 200 OK\r\nServer: nginx/1.27.1\r\nDate: Thu, 01 Jan 2026 00:01:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n"
        'Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\nConnection: keep-alive\r\nETag: "6955b900-a"\r\nAccept-Ranges: bytes\r\n\r\n')
    assert "HTTP/1.1 301 Moved Permanently\r\n" in cluster.exec("web-0", "curl", "-si", "localhost/d").stdout
    assert cluster.exec("web-0", "curl", "-sL", "localhost/d").stdout == "in\n"
    assert "< HTTP/1.1 200 OK\r\n" in cluster.exec("web-0", "curl", "-sv", "localhost/aaa.txt").stderr
    cluster.exec("web-0", "curl", "-sO", "localhost/aaa.txt")
    assert cluster.exec("web-0", "cat", "/aaa.txt").stdout == "this is a\n"


# ---- nslookup: measured with busybox 1.35 against a server that answered the same --------------------------

def test_DNS_43_a_full_name_is_found(cluster):
    name = f"web-0.nginx.{ZONE}"
    assert cluster.exec("box", "nslookup", name)[:3] == (DNS + f"Name:\t{name}\nAddress: 10.244.1.6\n\n\n", "", 0)


def test_DNS_42_a_name_with_a_dot_is_asked_as_it_is(cluster):
    missing = "** server can't find web-0.nginx: NXDOMAIN\n\n"
    assert cluster.exec("box", "nslookup", "web-0.nginx")[:3] == (DNS + missing + missing, "", 1)
    assert cluster.exec("box", "ping", "-c1", "web-0.nginx").code == 0          # though the C library finds it


def test_DNS_42_a_name_without_a_dot_is_asked_with_every_domain_and_fails_if_one_fails(cluster):
    others = "** server can't find cip.svc.cluster.local: NXDOMAIN\n\n** server can't find cip.cluster.local: NXDOMAIN\n\n"
    assert cluster.exec("box", "nslookup", "cip")[:3] == (DNS + f"Name:\tcip.{ZONE}\nAddress: 10.96.1.1\n\n{others}\n{others}", "", 1)


def test_DNS_43_an_empty_answer_is_an_empty_block(cluster):
    assert cluster.exec("box", "nslookup", ZONE)[:3] == (DNS + "\n\n", "", 0)


def test_nslookup_of_other_types_and_servers(cluster):
    assert cluster.exec("box", "nslookup", "-type=srv", f"nginx.{ZONE}").stdout == DNS + "".join(
        f"nginx.{ZONE}\tservice = 0 33 80 web-{i}.nginx.{ZONE}\n" for i in range(3)) + "\n"
    assert cluster.exec("box", "nslookup", "10.244.1.8").stdout == DNS + f"8.1.244.10.in-addr.arpa\tname = web-2.nginx.{ZONE}\n\n"
    assert cluster.exec("box", "nslookup", "x", "10.244.1.6")[:3] == (";; connection timed out; no servers could be reached\n\n", "", 1)
    assert cluster.exec("box", "nslookup", "-type=foo", "x").stderr == 'nslookup: invalid query type "foo"\n'


def test_DNS_44_before_1_29_the_search_list_counts(cluster):
    assert cluster.exec("old", "nslookup", "web-2.nginx")[:3] == (
        OLD_DNS + f"Name:      web-2.nginx\nAddress 1: 10.244.1.8 web-2.nginx.{ZONE}\n", "", 0)
    cluster.remove("EndpointSlice", "cip-abcde")
    assert cluster.exec("old", "nslookup", "nginx").stdout == OLD_DNS + "Name:      nginx\n" + "".join(
        f"Address {i + 1}: 10.244.1.{6 + i} web-{i}.nginx.{ZONE}\n" for i in range(3))
    assert cluster.exec("old", "nslookup", "web-9.nginx")[:3] == (OLD_DNS, "nslookup: can't resolve 'web-9.nginx'\n", 1)


def test_dnsutils(cluster):
    assert cluster.exec("tools", "nslookup", "web-0.nginx").stdout == (
        f"Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\nName:\tweb-0.nginx.{ZONE}\nAddress: 10.244.1.6\n\n")
    assert cluster.exec("tools", "nslookup", "web-9.nginx")[1:3] == ("", 1)
    assert cluster.exec("tools", "dig", "+short", f"nginx.{ZONE}").stdout == "10.244.1.6\n10.244.1.7\n10.244.1.8\n"
    assert cluster.exec("tools", "dig", "+short", "nginx").stdout == ""                 # dig does not search
    assert cluster.exec("tools", "dig", "+search", "+short", "web-1.nginx").stdout == "10.244.1.7\n"
    srv = cluster.exec("tools", "dig", f"nginx.{ZONE}", "SRV").stdout
    assert "status: NOERROR" in srv and "ANSWER: 3, AUTHORITY: 0, ADDITIONAL: 3" in srv
    assert f"nginx.{ZONE}. 30\tIN\tSRV\t0 33 80 web-0.nginx.{ZONE}.\n" in srv
    assert cluster.exec("tools", "dig", "+short", "srv", f"nginx.{ZONE}").stdout.count("\n") == 3
    assert "status: NXDOMAIN" in cluster.exec("tools", "dig", f"nope.{ZONE}").stdout
    assert cluster.exec("tools", "dig", "+short", "-x", "10.244.1.8").stdout == f"web-2.nginx.{ZONE}.\n"
    assert cluster.exec("tools", "host", "cip").stdout == f"cip.{ZONE} has address 10.96.1.1\n"


def test_getent(cluster):
    assert cluster.exec("web-0", "getent", "hosts", "web-1.nginx")[:3] == (f"10.244.1.7      web-1.nginx.{ZONE}\n", "", 0)
    assert cluster.exec("web-0", "getent", "hosts", "nope")[:3] == ("", "", 2)


def test_ping(cluster):
    result = cluster.exec("box", "ping", "-c", "1", "web-0.nginx")
    assert (result.stderr, result.code) == ("", 0)
    assert result.stdout == (
        "PING web-0.nginx (10.244.1.6): 56 data bytes\n64 bytes from 10.244.1.6: seq=0 ttl=62 time=0.180 ms\n\n"
        "--- web-0.nginx ping statistics ---\n1 packets transmitted, 1 packets received, 0% packet loss\n"
        "round-trip min/avg/max = 0.180/0.180/0.180 ms\n")
    assert cluster.exec("box", "ping", "-c1", "nope")[:3] == ("", "ping: bad address 'nope'\n", 1)
    assert "100% packet loss" in cluster.exec("box", "ping", "-c1", "cip").stdout       # a Service's address does not answer
    assert cluster.exec("box", "ping", "web-0.nginx").code == 124                       # without -c it never ends
    assert cluster.exec("tools", "ping", "-c1", "nope")[1:3] == ("ping: nope: Name or service not known\n", 2)


def test_nc_tells_whether_something_listens(cluster):
    assert cluster.exec("box", "nc", "-zv", "web-0.nginx", "80")[1:3] == ("web-0.nginx (10.244.1.6:80) open\n", 0)
    assert cluster.exec("box", "nc", "-z", "web-0.nginx", "81")[1:3] == ("nc: web-0.nginx (10.244.1.6:81): Connection refused\n", 1)


def test_outside_there_is_nothing(cluster):
    assert "no network outside the simulated cluster" in cluster.exec("web-0", "apt-get", "update").stderr
    cluster.pod("alp", "alpine:3", "10.244.5.9")
    assert "no network outside the simulated cluster" in cluster.exec("alp", "apk", "add", "curl").stderr
