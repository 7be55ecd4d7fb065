"""Flags, commands and the words for what is wrong: as the real kubectl 1.32 was seen to say them."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kstate.cluster import Cluster
from kstate.kubectl import commands, kubectl
from kstate.kubectl.args import duration
from kstate.kubectl.commands import distance, parse

WRONG = {
    "foo": 'error: unknown command "foo" for "kubectl"\n\nDid you mean this?\n\ttop\n',
    "delte": 'error: unknown command "delte" for "kubectl"\n\nDid you mean this?\n\tdelete\n',
    "d": 'error: unknown command "d" for "kubectl"\n\nDid you mean this?\n\tdelete\n\tdrain\n\tdescribe\n\tcp\n\tdebug\n\tdiff\n',
    "getpod": 'error: unknown command "getpod" for "kubectl"\n',
    "-n x foo": "Error: flags cannot be placed before plugin name: -n\n",
    "rollout foo": "error: unknown command \"foo\"\nSee 'kubectl rollout -h' for help and examples\n",
    "create foo": "error: Unexpected args: [foo]\nSee 'kubectl create -h' for help and examples\n",
    "get pods --foo": "error: unknown flag: --foo\nSee 'kubectl get --help' for usage.\n",
    "get -x": "error: unknown shorthand flag: 'x' in -x\nSee 'kubectl get --help' for usage.\n",
    "get pods -n": "error: flag needs an argument: 'n' in -n\nSee 'kubectl get --help' for usage.\n",
    "get pods --namespace": "error: flag needs an argument: --namespace\nSee 'kubectl get --help' for usage.\n",
    "get -A=x": 'error: invalid argument "x" for "-A, --all-namespaces" flag: strconv.ParseBool: parsing "x": invalid syntax\n'
                "See 'kubectl get --help' for usage.\n",
    "scale sts web": 'error: required flag(s) "replicas" not set\n',
    "scale sts web --replicas=x": 'error: invalid argument "x" for "--replicas" flag: strconv.ParseInt: parsing "x": invalid syntax\n'
                                  "See 'kubectl scale --help' for usage.\n",
    "wait --timeout=3 pod/x": 'error: invalid argument "3" for "--timeout" flag: time: missing unit in duration "3"\nSee \'kubectl wait --help\' for usage.\n',
    "scale sts web --replicas=-2": "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0\n",
    "delete": "error: You must provide one or more resources by argument or filename.\nExample resource specifications include:\n"
              "   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'\n",
    "exec web-0 ls": "error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\n"
                     "See 'kubectl exec -h' for help and examples\n",
    "exec web-0 --": "error: you must specify at least one command for the container\n",
    "label pods web-0": "error: at least one label update is required\n",
    "patch pod x": "error: must specify --patch or --patch-file containing the contents of the patch\n",
    "apply -f /none": 'error: the path "/none" does not exist\n',
    "top pods": "error: Metrics API not available\n",
    "get pods -o foo": 'error: unable to match a printer suitable for the output format "foo", allowed formats are: custom-columns,custom-columns-file,'
                       "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,template,templatefile,wide,yaml\n",
    "get widgets": 'error: the server doesn\'t have a resource type "widgets"\n',
    "get pods svc/b": "error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form "
                      "(e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'\n",
    "delete pods x --all": "error: name cannot be provided when a selector is specified\n",
}


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster()


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_is_said_in_kubectls_words(cluster, line):
    result = kubectl(cluster, line)
    assert (result.stdout, result.stderr, result.code) == ("", WRONG[line], 1)


def test_a_broken_line_is_told_and_not_raised(cluster):
    assert kubectl(cluster, "get 'pods") == ("", "kubectl: No closing quotation\n", 2)


def test_kubectl_itself_may_stand_first(cluster):
    assert kubectl(cluster, "kubectl get nodes -o name") == kubectl(cluster, ["get", "nodes", "-o", "name"])


def test_help_of_every_command(cluster):
    for path, command in commands().items():
        result = kubectl(cluster, [*path.split(), "--help"])
        assert result.code == 0 and command.about in result.stdout and result.stderr == ""


def test_groups_alone_print_their_help_and_fail(cluster):
    result = kubectl(cluster, "rollout")
    assert "status" in result.stdout and result.code == 1
    assert kubectl(cluster, "").code == 0


@pytest.mark.parametrize("line", ["get pods -n kube-system -o yaml", "get -nkube-system pods -oyaml", "-n kube-system get pods -o=yaml",
                                  "--namespace=kube-system get --output yaml pods"])
def test_flags_may_be_written_and_placed_in_many_ways(line):
    command, args = parse(line.split())
    assert (command.path, args.names, args["namespace"], args["output"]) == ("get", ["pods"], "kube-system", "yaml")


def test_after_two_dashes_nothing_is_a_flag():
    command, args = parse(["run", "x", "--image=a", "-it", "--rm", "--", "sh", "-c", "-n"])
    assert (command.path, args.names, args.after_dash) == ("run", ["x", "sh", "-c", "-n"], ["sh", "-c", "-n"])
    assert args["stdin"] and args["tty"] and args["rm"] and not args["namespace"]


@given(st.integers(0, 10**6))
def test_durations_add_up(seconds):
    hours, rest = divmod(seconds, 3600)
    assert duration(f"{hours}h{rest // 60}m{rest % 60}s") == duration(f"{seconds}s") == seconds * 1000


@given(st.text("abc", max_size=6), st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_distance_is_a_distance(a, b, c):
    assert distance(a, b) == distance(b, a) and (distance(a, b) == 0) == (a == b)
    assert distance(a, c) <= distance(a, b) + distance(b, c)
