"""The commands of the official tutorial "StatefulSet Basics", in its order."""
from __future__ import annotations

from kstate.cluster import Cluster
from kstate.kubectl import kubectl

MANIFEST = """
apiVersion: v1
kind: Service
metadata: {name: nginx, labels: {app: nginx}}
spec: {ports: [{port: 80, name: web}], clusterIP: None, selector: {app: nginx}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: nginx
  replicas: 2
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers:
      - name: nginx
        image: registry.k8s.io/nginx-slim:0.21
        ports: [{containerPort: 80, name: web}]
        volumeMounts: [{name: www, mountPath: /usr/share/nginx/html}]
  volumeClaimTemplates:
  - metadata: {name: www}
    spec: {accessModes: [ReadWriteOnce], storageClassName: std, resources: {requests: {storage: 1Gi}}}
"""
CLASS = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: std}\nprovisioner: kubernetes.io/host-path\n"
IMAGE = "{{range $i, $c := .spec.containers}}{{$c.image}}{{end}}"


def test_statefulset_basics():
    cluster, files = Cluster(), {"web.yaml": MANIFEST, "web-parallel.yaml": MANIFEST.replace("replicas: 2", "podManagementPolicy: Parallel\n  replicas: 2")}

    def run(line, stdin=""):
        return kubectl(cluster, line, stdin, files=files).stdout

    def names(line):
        return [row.split()[0] for row in run(line).splitlines()[1:]]

    def image(n):
        return run(["get", "pod", f"web-{n}", "--template", IMAGE]).removeprefix("registry.k8s.io/nginx-slim:")

    def patch(change):
        return run(["patch", "statefulset", "web", "-p", change])

    def set_image(tag):
        return run(["patch", "statefulset", "web", "--type=json", f'-p=[{{"op": "replace", "path": "/spec/template/spec/containers/0/image", '
                    f'"value":"registry.k8s.io/nginx-slim:{tag}"}}]'])

    def partition(n):
        return patch(f'{{"spec":{{"updateStrategy":{{"type":"RollingUpdate","rollingUpdate":{{"partition":{n}}}}}}}}}')

    def served():
        return [run(f"exec -i -t web-{n} -- curl http://localhost/") for n in range(2)]

    # creating
    run("apply -f -", CLASS)
    assert run("apply -f web.yaml") == "service/nginx created\nstatefulset.apps/web created\n"
    assert run("get service nginx").splitlines()[1].split()[:5] == ["nginx", "ClusterIP", "None", "<none>", "80/TCP"]
    assert run("get statefulset web").splitlines()[1].split()[:2] == ["web", "2/2"]
    assert names("get pods --watch -l app=nginx") == ["web-0", "web-1"]

    # identities and storage
    assert [run(f"exec web-{n} -- sh -c 'hostname'") for n in range(2)] == ["web-0\n", "web-1\n"]
    looked_up = run("run -i --tty --image busybox:1.28 dns-test --restart=Never --rm", "nslookup web-0.nginx\nnslookup web-1.nginx\n")
    assert looked_up.count("web-0.nginx.default.svc.cluster.local") and looked_up.endswith('pod "dns-test" deleted\n')
    assert run("delete pod -l app=nginx") == 'pod "web-0" deleted\npod "web-1" deleted\n'
    assert [run(f"exec web-{n} -- sh -c 'hostname'") for n in range(2)] == ["web-0\n", "web-1\n"]
    again = run("run -i --tty --image busybox:1.28 dns-test --restart=Never --rm /bin/sh", "nslookup web-0.nginx\nnslookup web-1.nginx\n")
    assert "web-1.nginx.default.svc.cluster.local" in again and again != looked_up            # the same names, other addresses
    assert names("get pods -l app=nginx") == ["web-0", "web-1"]
    assert names("get pvc -l app=nginx") == ["www-web-0", "www-web-1"]
    for n in range(2):
        run(f"exec web-{n} -- sh -c 'echo \"$(hostname)\" > /usr/share/nginx/html/index.html'")
    assert served() == ["web-0\n", "web-1\n"]
    assert [run(f"exec web-{n} -- chmod 755 /usr/share/nginx/html") for n in range(2)] == ["", ""]
    run("delete pod -l app=nginx")
    assert served() == ["web-0\n", "web-1\n"]

    # scaling
    assert run("scale sts web --replicas=5") == "statefulset.apps/web scaled\n"
    assert names("get pods -l app=nginx") == [f"web-{n}" for n in range(5)]
    assert run(["patch", "sts", "web", "-p", '{"spec":{"replicas":3}}']) == "statefulset.apps/web patched\n"
    assert names("get pods -l app=nginx") == ["web-0", "web-1", "web-2"]
    assert len(names("get pvc -l app=nginx")) == 5

    # updating
    assert patch('{"spec":{"updateStrategy":{"type":"RollingUpdate"}}}') == "statefulset.apps/web patched (no change)\n"
    assert set_image("0.24") == "statefulset.apps/web patched\n"
    assert [image(n) for n in range(3)] == ["0.24"] * 3
    assert run("rollout status sts/web") == "partitioned roll out complete: 3 new pods have been updated...\n"
    partition(3)                                            # staging an update
    set_image("0.21")
    run("delete po web-2")
    assert image(2) == "0.24"
    partition(2)                                            # a canary
    assert image(2) == "0.21"
    run("delete po web-1")
    assert image(1) == "0.24"
    partition(0)                                            # all of them
    assert [image(n) for n in range(3)] == ["0.21"] * 3

    # deleting
    assert run("delete statefulset web --cascade=orphan") == 'statefulset.apps "web" deleted\n'
    assert names("get pods -l app=nginx") == ["web-0", "web-1", "web-2"]
    run("delete pod web-0")
    assert names("get pods -l app=nginx") == ["web-1", "web-2"]
    assert run("apply -f web.yaml") == "service/nginx unchanged\nstatefulset.apps/web created\n"
    assert names("get pods -l app=nginx") == ["web-0", "web-1"]
    assert served() == ["web-0\n", "web-1\n"]
    assert run("delete statefulset web") == 'statefulset.apps "web" deleted\n'
    assert names("get pods -l app=nginx") == []
    assert run("delete service nginx") == 'service "nginx" deleted\n'
    assert run("apply -f web.yaml") == "service/nginx created\nstatefulset.apps/web created\n"
    assert served() == ["web-0\n", "web-1\n"]
    assert run("delete service nginx") == 'service "nginx" deleted\n'
    assert run("delete statefulset web") == 'statefulset.apps "web" deleted\n'

    # all at once
    assert run("apply -f web-parallel.yaml") == "service/nginx created\nstatefulset.apps/web created\n"
    assert run("scale statefulset/web --replicas=5") == "statefulset.apps/web scaled\n"
    assert len(names("get po -l app=nginx")) == 5
    run("delete sts web")
    run("delete svc nginx")
    assert run("delete pvc www-web-0 www-web-1 www-web-2 www-web-3 www-web-4").count("deleted") == 5
    assert names("get pv") == names("get pvc") == []
