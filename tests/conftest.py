"""Options of the test suite."""
from __future__ import annotations


def pytest_addoption(parser):
    parser.addoption("--pv-cases", metavar="FILE", default=None,
                     help="table tests of the real volume controller as JSON (default: ../shared/spec/pv_controller_cases.json, if it is there)")
    parser.addoption("--rewrite", action="store_true", help="write the stories of tests/stories anew: read the diff, understand it, then commit")
