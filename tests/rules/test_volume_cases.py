"""Every case of volume_cases.yaml, and the list of rules that they hold between them."""
from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from .volume_cases import Play

CASES = yaml.safe_load(Path(__file__).with_name("volume_cases.yaml").read_text())
HELD = {f"{family}-{n}" for family, numbers in {
    "MATCH": (1, "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9", "2.10", "2.11", 3, 5, 6, 7, 8, 9),
    "PVC": (*range(1, 17), *range(20, 28)), "VOL": range(1, 16), "BIND": range(1, 8), "REC": (1, 2, 3, "4a", "4b", 5, 6, 7, 8),
    "DEL": (1, 2, 4, 5, 6, 7, 8, 9), "PROT": (1, 2, 3, 5, 6, 7), "FIN": range(1, 7), "REUSE": range(1, 6),
    "PROV": (*range(1, 15), 16, 17, 18, 19)}.items() for n in numbers}


@pytest.mark.parametrize("case", CASES, ids=[f"{'+'.join(c['rules'])}: {c['says']}" for c in CASES])
def test_volume_case(case):
    Play(case).check(case)


def test_every_rule_has_a_case():
    assert HELD - {rule for case in CASES for rule in case["rules"]} == set()
