"""What a learner types wrong in a cell: Kubernetes' words below it, no traceback of ours, and the cluster as before."""
from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tutorial import Lab, manifest

SET = manifest("statefulset")
WRONG = {
    "broken YAML": ("kind: [", "BadRequest: error converting YAML to JSON: yaml: line 1: did not find expected node content"),
    "an unknown field": (SET.replace("replicas:", "replicsa:"), 'BadRequest: StatefulSet in version "v1" cannot be handled as a StatefulSet: strict decoding '
                         'error: unknown field "spec.replicsa"'),
    "another selector": (SET.replace("app: nginx", "app: other", 1), 'Invalid: StatefulSet.apps "web" is invalid: spec.template.metadata.labels: Invalid value: '
                         '{"app":"nginx"}: `selector` does not match template `labels`'),
    "fewer than none": (SET.replace("replicas: 3", "replicas: -1"), 'Invalid: StatefulSet.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater '
                        "than or equal to 0"),
    "1Gb": (manifest("volumes").replace("1Gi", "1Gb"), 'BadRequest: PersistentVolume in version "v1" cannot be handled as a PersistentVolume: quantities must match '
            "the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"),
    "capitals": (SET.replace("name: web", "name: Web", 1), 'Invalid: StatefulSet.apps "Web" is invalid: metadata.name: Invalid value: "Web": a lowercase RFC 1123 label '
                 "must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', "
                 "regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"),
    "an unknown kind": ("apiVersion: v1\nkind: Foo\nmetadata: {name: a}", 'ApiError: resource mapping not found for name: "a" namespace: "" from "STDIN": no matches '
                        'for kind "Foo" in version "v1"\nensure CRDs are installed first'),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_refusal_stands_where_it_was_typed(wrong, capsys):
    text, words = WRONG[wrong]
    lab, shell = Lab(), InteractiveShell()
    shell.user_ns.update(lab=lab, text=text)
    before = len(lab.cluster.engine.world.log), lab.session()
    assert not shell.run_cell("lab.apply(text)").success
    assert capsys.readouterr().out.strip() == words
    assert (len(lab.cluster.engine.world.log), lab.session()) == before
