"""A server for each test."""
from __future__ import annotations

import pytest

from .asking import Server


@pytest.fixture
def server() -> Server:
    return Server()
