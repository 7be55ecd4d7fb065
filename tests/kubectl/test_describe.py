"""kubectl describe: the layouts of kubectl 1.32, byte for byte, and what they leave out and add."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from kstate.kubectl import kubectl

from .fake import serving

HERE = Path(__file__).parent
SAMPLES = {"DESC-10": "sts web", "DESC-20": "pod web-0", "DESC-30": "pvc www-web-0", "DESC-31": "pv pv1", "DESC-32": "sc standard", "DESC-40": "svc nginx"}


@pytest.fixture(scope="module")
def real():
    return serving(yaml.safe_load((HERE / "described.yaml").read_text("utf-8")))


@pytest.mark.parametrize("rule", SAMPLES)
def test_DESC_samples_are_equal_to_the_byte(real, rule):      # DESC-1 to DESC-4, DESC-22, DESC-23
    result = kubectl(real, f"describe {SAMPLES[rule]}")
    assert result.stdout == (HERE / f"described/{SAMPLES[rule].split()[0]}.txt").read_text("utf-8")
    assert (result.stderr, result.code) == ("", 0)


def test_KCTL_50_a_name_that_is_not_found_may_be_the_beginning_of_others(run):
    assert [line for line in run("describe pod web").stdout.splitlines() if line.startswith("Name:")] == ["Name:             web-0", "Name:             web-1"]
    assert run("describe pod nope").stderr == 'Error from server (NotFound): pods "nope" not found\n'


def test_DESC_2_annotations_that_are_long_or_of_many_lines_stand_below_their_name(run):
    run(["annotate", "sts", "web", "short=x", f"long={'0123456789' * 15}", "lines=a\nb"])
    text = run("describe sts web").stdout
    assert "Annotations:        lines:\n                      a\n                      b\n" in text
    assert f"                    long:\n                      {('0123456789' * 15)[:138]}...\n                    short: x\n" in text
    assert "last-applied" not in text


def test_DESC_30_a_claim_tells_who_uses_it_and_whether_it_ends(run):      # SHOW-4
    run("delete pvc www-web-0 --wait=false")
    text = run("describe pvc www-web-0").stdout
    assert re.search(r"^Status:        Terminating \(lasts \d+s\)$", text, re.MULTILINE) and "Used By:       web-0\n" in text


def test_DESC_21_a_pod_that_ends_says_so(run):
    run("delete pod web-0 --wait=false", settle=False)
    text = run("describe pod web-0").stdout
    assert "Status:                    Terminating (lasts " in text and "Termination Grace Period:  30s\n" in text


def test_DESC_40_a_service_without_endpoints(run):
    run("scale sts web --replicas=0")
    assert "Endpoints:                \n" in run("describe svc nginx").stdout
    run("create -f -", "apiVersion: v1\nkind: Service\nmetadata: {name: lonely}\nspec: {ports: [{port: 80}]}")       # no selector: no slices at all
    assert "Endpoints:                <none>\n" in run("describe svc lonely").stdout


def test_DESC_60_a_node_counts_what_its_pods_ask_for(run):
    run("set resources sts/web --requests=cpu=500m,memory=1Gi --limits=cpu=1")
    node = run("get pod web-0 -o jsonpath={.spec.nodeName}").stdout
    text = run(f"describe node {node}").stdout
    assert "Non-terminated Pods:          (1 in total)\n" in text
    row = next(line for line in text.splitlines() if " web-0 " in line)
    assert row.split()[:10] == ["default", "web-0", "500m", "(12%)", "1", "(25%)", "1Gi", "(6%)", "0", "(0%)"]


def test_every_kind_has_a_description(run):
    from kstate.kinds import KINDS
    for kind in KINDS.values():
        result = run(f"describe {kind.plural}.{kind.group}" if kind.group else f"describe {kind.plural}", settle=False)
        assert result.code == 0, result.stderr
    assert "Creation Timestamp:  " in run("describe controllerrevisions").stdout       # the generic layout
