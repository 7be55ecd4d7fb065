"""Random kubectl commands on the example of conftest.py: right ones, clumsy ones and nonsense.

Left out is where kubectl in process differs on purpose (its editor, its one context, pruning, help in words of its own), and which
of several complaints comes first where a command line is wrong in two ways.
"""
from __future__ import annotations

from random import Random

NAMES = "web web-0 web-1 nope nginx c d fast www-web-0 node-1 default kubernetes".split()
KINDS = """pod pods po sts statefulset statefulsets.apps svc service deploy deployments rs cm secret pvc pv sc no nodes ns sa ep endpointslices
 events pdb quota limits pc csidrivers controllerrevisions lease podz foo sts.v1.apps pods.v1""".split()
OUTPUTS = ["", "", "-o wide", "-o yaml", "-o json", "-o name", "-o jsonpath={.metadata.name}", "-o jsonpath={.items[*].metadata.name}",
           "-o custom-columns=A:.metadata.name,B:.spec.replicas", "-o go-template={{.kind}}", "--no-headers", "--show-labels", "-L app",
           "--sort-by=.metadata.name", "--sort-by=.spec.x", "--show-kind", "-o jsonpath-as-json={.metadata.name}"]
CHOICES = ["", "", "-l app=nginx", "-l app!=nginx", "-l 'app in (nginx,x)'", "-l '!app'", "-l 'a b'", "--field-selector=metadata.name=web",
           "--field-selector=a", "-A", "-n kube-system", "-n nope", "--ignore-not-found"]
WRITES = ["", "", "--dry-run=client", "--dry-run=server", "-o name", "--dry-run=client -o name", "--dry-run=server -o name"]
MARKS = ["a=b", "a-", "a=", "app=x", "x/y=z", "a=b c=d", "a=b a-", "bad!=x", "kubernetes.io/x=1"]
PATCHES = ['{"spec":{"replicas":2}}', '{"metadata":{"labels":{"a":"b"}}}', "{}", "{", '{"spec":{"serviceName":"z"}}', '{"metadata":{"name":"z"}}',
           "spec: {replicas: 2}", '{"data":{"a":null}}', '{"spec":{"template":{"spec":{"containers":[{"name":"nginx","image":"nginx:1.26"}]}}}}']
MANIFESTS = [
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: x}",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: X}\ndata: {a: x}",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\ndata: {a: 1}",
    "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 70000}]}",
    "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: p}\nspec: {accessModes: [RWO], resources: {requests: {storage: 1Gi}}}",
    "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: p}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: x}}}",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: q}\nspec: {containers: [{name: C, image: nginx}]}",
    "apiVersion: v1\nkind: Nope\nmetadata: {name: q}",
    "kind: Pod",
    "a: b: c",
    "x",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: u}\nfoo: bar",
    "apiVersion: apps/v9\nkind: StatefulSet\nmetadata: {name: web}",
]
AFTER = {       # what follows a verb: one word of each list
    "describe": [["sts web", "pod web-1", "pvc", "pv", "sc", "svc nginx", "node node-1", "pods nope", "foo x", "deploy d", "ns default"],
                 ["", "-n nope", "--show-events=false"]],
    "delete": [["cm c", "cm nope", "pod web-1", "pods -l app=zzz", "pod", "sts nope", "svc s t", "foo x"],
               ["", "--wait=false", "--now", "--ignore-not-found", "--dry-run=server", "-o name", "--dry-run=client", "--cascade=foo"]],
    "scale": [["sts web", "sts/web", "deploy d", "sts nope", "cm c"],
              ["--replicas=2", "--replicas=1", "--replicas=-1", "", "--replicas=2 --current-replicas=9"], WRITES],
    "set image": [["sts/web", "sts web", "deploy/d", "sts nope"], ["nginx=nginx:1.25", "*=nginx:1.24", "nope=x", ""], WRITES],
    "set env": [["sts/web", "deploy/d", "sts nope"], ["A=b", "A-", "--list", "A=b --overwrite=false"], ["", "--dry-run=server"]],
    "set resources": [["sts/web", "sts nope"], ["--limits=cpu=200m", "--requests=cpu=x", "", "--limits=cpu=1 --requests=cpu=2"],
                      ["", "--dry-run=server"]],
    "set selector": [["svc nginx", "svc nope", "sts web"], ["a=b", "a", "'a b'", "a!=b", "'a in (b)'"], ["", "--dry-run=server"]],
    "rollout status": [["sts/web", "deploy/d", "sts nope", "cm c", "sts nope x"]],
    "rollout history": [["sts/web", "deploy d", "sts nope", "pod web-0"], ["", "--revision=1", "--revision=99"]],
    "rollout undo": [["sts/web", "sts nope", "deploy/d"], ["", "--to-revision=99"]],
    "rollout pause": [["sts/web", "deploy/d", "sts nope"]],
    "rollout resume": [["deploy/d", "sts/web"]],
    "rollout restart": [["pod web-0", "sts nope"]],
    "expose": [["sts web", "pod web-0", "deploy d", "svc nginx", "rs nope"],
               ["", "--port=80 --name=e", "--port=80 --name=n --type=NodePort", "--selector=a", "--labels=a,b"], WRITES],
    "create cm": [["c", "k", "K", ""], ["--from-literal=a=b", "--from-literal=a", ""], WRITES],
    "create ns": [["n", "N", "default"], WRITES],
    "create deployment": [["e", "d"], ["--image=nginx", "", "--image=nginx --port=80", "--image=busybox -- sleep 5"], ["", "--dry-run=server"]],
    "create quota": [["q"], ["--hard=pods=9", "--hard=pods=x", "--hard=x", ""]],
    "create svc": [["clusterip v --tcp=80", "clusterip v", "clusterip v --tcp=x", "externalname v"], ["", "--dry-run=server"]],
    "create pdb": [["b"],
                   ["--selector=a=b --min-available=1", "--selector=a=b", "--min-available=1", "--selector=a=b --min-available=1 --max-unavailable=1"]],
    "run": [["r", "R", "web-0", ""],
            ["--image=nginx", "", "--image=nginx --labels=a=b,c", "--image=nginx --env=A", "--image='a b'", "--image=nginx --annotations=x",
            "--image=nginx --restart=Foo", "--image=nginx --port=x", "--image=nginx --overrides={"],
            WRITES],
    "logs": [["web-0", "nope", "sts/web", "web-0 nginx", "web-0 -c nope", "web-0 --previous", "cm/c", "", "web-0 --tail=-2", "-l app=none"]],
    "exec": [["web-0 -- ls /", "web-0 -- nope", "web-0 ls", "nope -- ls", "sts/web -- hostname", "web-0", "web-0 -c x -- ls",
              "web-0 -- sh -c 'exit 4'", "cm/c -- ls"]],
    "cordon": [["node-1", "nope", "node-1 node-2", "", "-l a=b", "pod/web-0"], ["", "--dry-run=server"]],
    "uncordon": [["node-1", "node-1 node-2", "svc/nope"]],
    "taint": [["nodes node-2", "node nope", "pods web-0", "nodes"], ["a=b:NoSchedule", "a-", "a=b:Foo", "a", "a=c:NoSchedule --overwrite", ""]],
    "auth can-i": [["get pods", "get", "create sts", "--list", "fly pods", "get foo", "get /x", "'*' '*'", "get pods x"]],
    "wait": [["pod/web-0", "sts/web", "pod/nope", "pods -l app=nginx", "pod"],
             ["--for=condition=Ready", "--for=foo", "", "--for=jsonpath={.status.phase}=Running", "--for=condition"], ["--timeout=1s"]],
    "api-resources": [["", "--namespaced=true", "-o name", "-o wide", "--sort-by=kind", "--api-group=apps"]],
    "explain": [["sts.spec.replicas", "pod.spec.nope", "foo", "pv.spec.capacity"]],
    "events": [["--for pod/web-9", "--types=Foo", "-n nope", "-n nope -o yaml"]],
    "top": [["pods", "nodes"]],
    "cp": [["a b", "nope.txt web-0:/tmp", "nope:/a ."]],
}


def command(dice: Random) -> tuple[str, str]:
    """(what follows `kubectl`, its standard input)"""
    def words(*lists: list[str]) -> str:
        return " ".join(filter(None, (dice.choice(each) for each in lists)))
    named = dice.choice([f"{dice.choice(KINDS)}/{dice.choice(NAMES)}", f"{dice.choice(KINDS)} {dice.choice(NAMES)}", "/", "sts/", "sts web x",
        "sts web"])
    verb = dice.choice(["get", "get", "get", "mark", "patch", "manifest", *AFTER])
    if verb == "get":
        return (f"get {named} {words(OUTPUTS)}" if dice.random() < 0.6 else f"get {words(KINDS, OUTPUTS, CHOICES)}"), ""
    if verb == "mark":
        return f"{dice.choice(['label', 'annotate'])} {named} {words(MARKS, ['', '--overwrite', '--dry-run=client', '-o name'])}", ""
    if verb == "patch":
        return f"patch {named} {words(['', '--type=merge', '--type=x'])} -p '{dice.choice(PATCHES)}' {words(['', '--dry-run=client', '-o name'])}", ""
    if verb == "manifest":
        return f"{words(['apply', 'create', 'replace', 'diff'])} -f -", dice.choice(MANIFESTS)
    return f"{verb} {words(*AFTER[verb])}", ""
