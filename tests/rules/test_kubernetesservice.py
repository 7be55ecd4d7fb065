"""The Service `kubernetes` comes back (API-64)."""
from __future__ import annotations

import pytest

from kstate.world import Key, uid
from tests.helpers import cluster_engine

SERVICE, ENDPOINTS, SLICE = (Key(kind, "default", "kubernetes") for kind in ("Service", "Endpoints", "EndpointSlice"))


@pytest.mark.parametrize("moment", [0, 3000])
def test_API_64_the_api_server_makes_its_service_again(moment):
    engine = cluster_engine()
    engine.run(moment)
    before = {key: engine.world.find(key) for key in (SERVICE, ENDPOINTS, SLICE)}
    engine.api.delete(SERVICE)
    engine.run(moment and 9000 - moment)
    assert (engine.world.find(SERVICE) is None) == bool(moment)
    engine.run(1000)
    now = {key: engine.world.find(key) for key in before}
    assert now[SERVICE]["spec"] == before[SERVICE]["spec"] and uid(now[SERVICE]) != uid(before[SERVICE])
    assert now[SLICE]["endpoints"] == before[SLICE]["endpoints"] and now[ENDPOINTS]["subsets"] == before[ENDPOINTS]["subsets"]


def test_API_64_others_of_that_name_do_not():
    engine = cluster_engine()
    engine.api.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kubernetes", "namespace": "kube-system"}, "spec": {"ports": [{"port": 1}]}})
    engine.settle()
    engine.api.delete(Key("Service", "kube-system", "kubernetes"))
    engine.run(30_000)
    assert engine.world.find(Key("Service", "kube-system", "kubernetes")) is None
