"""What Tab offers on a kubectl command line."""
from __future__ import annotations

import pytest

from kstate.kubectl import commands, complete, kubectl
from kstate.kubectl.commands import GROUPS, MIXED

WORKING = [path for path, command in commands().items() if path and not command.refusal and (path in MIXED or path not in GROUPS)]
REFUSED = [path for path, command in commands().items() if command.refusal]


@pytest.fixture
def tab(cluster, run):
    """complete() on the cluster with the set `web` in it, without a change."""
    def press(text: str) -> list[str]:
        before = cluster.engine.world.revision, cluster.now, len(cluster.history.done), cluster.namespace
        offered = complete(cluster, text)
        assert (cluster.engine.world.revision, cluster.now, len(cluster.history.done), cluster.namespace) == before
        return offered
    return press


@pytest.mark.parametrize("text, offered", [
    ("ge", ["get"]), ("rollout res", ["restart", "resume"]), ("set im", ["image"]), ("config set-c", ["set-context"]), ("create secret g", ["generic"]),
    ("get statef", ["statefulsets"]), ("get persistentvolumec", ["persistentvolumeclaims"]), ("get pods,persistentvolumec", ["pods,persistentvolumeclaims"]),
    ("get sts ", ["web"]), ("get sts w", ["web"]), ("get pod ", ["web-0", "web-1"]), ("get po web-", ["web-0", "web-1"]), ("get pod web-0 ", ["web-1"]),
    ("get pod/", ["pod/web-0", "pod/web-1"]), ("describe sts/w", ["sts/web"]), ("get pvc www-web-1", ["www-web-1"]), ("get svc n", ["nginx"]),
    ("-n kube-system get cm ", ["kube-root-ca.crt"]), ("get cm -n kube-system k", ["kube-root-ca.crt"]), ("get ns kube-p", ["kube-public"]),
    ("get pods -n kube-s", ["kube-system"]), ("get pods --namespace kube-s", ["kube-system"]), ("get pods --namespace=kube-s", ["--namespace=kube-system"]),
    ("get pods -n=kube-s", ["-n=kube-system"]), ("get pods --show-l", ["--show-labels"]), ("get pods -o js", ["json", "jsonpath", "jsonpath-as-json", "jsonpath-file"]),
    ("get pods -o=wi", ["-o=wide"]), ("delete pod web-0 --cascade=", ["--cascade=background", "--cascade=foreground", "--cascade=orphan"]),
    ("patch sts web --type me", ["merge"]), ("wait pod web-0 --for c", ["condition=Ready", "create"]), ("run x --restart N", ["Never"]),
    ("apply -f ", ["-"]), ("apply -f a.yaml -f ", ["-"]), ("exec ", ["web-0", "web-1"]), ("exec web-0 -c ", ["nginx"]), ("logs pod/web-1 -c n", ["nginx"]), ("logs web", ["web-0", "web-1"]),
    ("exec sts/", ["sts/web"]), ("cordon node-", ["node-1", "node-2", "node-3"]), ("scale s", ["statefulsets"]), ("scale sts ", ["web"]),
    ("rollout restart ", ["deployments", "statefulsets"]), ("explain sts.spec.vol", ["sts.spec.volumeClaimTemplates"]), ("explain statef", ["statefulsets"]),
    ("explain pod.spec.containers.terminationMessageP", ["pod.spec.containers.terminationMessagePath", "pod.spec.containers.terminationMessagePolicy"]),
    ("config use-context ", ["kstate"]),
])
def test_offers(tab, text, offered):
    assert tab(text) == offered


@pytest.mark.parametrize("text", [
    "get pods 'we", 'get pods "', "get pods\\", "get nosuch ", "get nosuch/", "nosuch ", "get pod web-0 --nosuch ", "exec web-0 -- ", "exec web-0 -- l", "exec web-0 ",
    "exec nosuch -c ", "explain nosuch.", "explain sts.spec.nosuch.", "get --help ", "get pod/web-0 ", "scale sts web --replicas ", "get pods -n nowhere web",
])
def test_what_cannot_be_understood_or_known_offers_nothing(tab, text):
    assert tab(text) == []


def test_what_is_offered_begins_with_what_was_typed_and_is_offered_once(tab):
    for text in ("", "g", "get ", "get p", "get --", "get -", "get pods -o ", "explain pod.spec."):
        offered = tab(text)
        assert offered and len(set(offered)) == len(offered) and all(each.startswith(text.rpartition(" ")[2]) for each in offered)


def test_short_names_of_kinds_work_though_full_ones_are_offered(tab):
    assert tab("get st") == ["statefulsets", "storageclasses"]
    assert tab("get sts,") == [f"sts,{kind}" for kind in tab("get ")]


@pytest.mark.parametrize("path", WORKING)
def test_every_command_that_works_is_offered_and_has_its_flags(tab, path):
    above, _, own = path.rpartition(" ")
    assert own in tab(f"{above} {own[:2]}".lstrip())
    assert {f"--{flag}" for flag in commands()[path].flags} == set(tab(f"{path} --"))


@pytest.mark.parametrize("path", REFUSED)
def test_no_command_that_is_refused_is_offered(tab, path):
    assert path not in tab(path)


def test_every_command_that_is_offered_works(tab, cluster):
    """Nothing that is offered is unknown to kubectl() or refused by it."""
    def below(prefix: str) -> list[str]:
        return [f"{prefix}{own}" for own in tab(prefix)]
    offered = below("") + [path for group in GROUPS for path in below(f"{group} ")]
    assert set(WORKING) <= set(offered)
    for path in offered:
        assert kubectl(cluster, f"{path} --help").stdout.strip(), path


def test_names_are_those_of_the_namespace_where_commands_work(tab, cluster):
    cluster.use("gsh")
    assert tab("get pods ") == [] and tab("get pods -n default ") == ["web-0", "web-1"]
