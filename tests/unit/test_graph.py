"""The graph: what is a node, what is an edge, where things stand, and that plain networkx can work with it."""
from __future__ import annotations

import copy
import io
import pickle
import random

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kstate.graph import graph
from kstate.layout import natural, place
from tests import scenes

WEB, CLAIM, VOLUME = "StatefulSet/gsh/web", "PersistentVolumeClaim/gsh/www-web-0", "PersistentVolume//pv1"


def test_the_example_has_every_node_and_every_tie():
    g = graph(scenes.example())
    assert list(g) == ["Service/gsh/nginx", WEB, "Pod/gsh/web-0", "Pod/gsh/web-1", "Pod/gsh/web-2", CLAIM, "PersistentVolumeClaim/gsh/www-web-1",
                       "PersistentVolumeClaim/gsh/www-web-2", VOLUME, "PersistentVolume//pv2", "PersistentVolume//pv3", "StorageClass//gsh-pv"]
    ties = [(g.nodes[a]["name"], kind, g.nodes[b]["name"]) for a, b, kind in g.edges(data="kind")]
    for i in range(3):
        assert {("web", "owns", f"web-{i}"), ("nginx", "selects", f"web-{i}"), (f"web-{i}", "mounts", f"www-web-{i}"),
                (f"www-web-{i}", "binds", f"pv{i + 1}"), (f"www-web-{i}", "provisioned-by", "gsh-pv"),
                (f"pv{i + 1}", "provisioned-by", "gsh-pv")} <= set(ties)
    assert len(ties) == 18
    assert g.edges[CLAIM, VOLUME] == {"kind": "binds", "state": "whole", "said_by": "both"}


def test_nodes_carry_what_a_learner_sees():
    g = graph(scenes.example(4, 3))
    assert g.nodes[WEB]["phase"] == "3/4 ready"
    assert (g.nodes["Pod/gsh/web-0"]["phase"], g.nodes["Pod/gsh/web-0"]["detail"]) == ("Running", "1/1 node-1")
    assert (g.nodes["Pod/gsh/web-3"]["phase"], g.nodes["Pod/gsh/web-3"]["reason"]) == ("Pending", "Unschedulable")
    assert g.nodes["PersistentVolumeClaim/gsh/www-web-3"]["reason"] == "ProvisioningFailed"
    assert g.nodes[VOLUME]["detail"] == "1Gi RWO Recycle"
    assert g.nodes["StorageClass//gsh-pv"]["phase"] == "no object"
    assert g.nodes["Service/gsh/nginx"]["phase"] == "headless"


@pytest.mark.parametrize("kind, name", [("pod", "web-0"), ("claim", "c"), ("volume", "v"), ("service", "s"), ("sts", "t")])
def test_what_is_being_deleted_is_terminating(kind, name):
    obj = getattr(scenes, kind)(name)
    obj["metadata"]["deletionTimestamp"] = "2026-11-24T03:04:00Z"
    node = next(n for n, facts in graph([obj]).nodes.items() if facts["name"] == name)
    assert graph([obj]).nodes[node]["phase"] == "Terminating"


def test_binding_is_half_until_both_sides_agree():
    claim, volume = scenes.claim("www-web-0"), scenes.volume("pv1")
    assert not graph([claim, volume]).has_edge(CLAIM, VOLUME)
    reserved = scenes.volume("pv1", claim)
    assert graph([claim, reserved]).edges[CLAIM, VOLUME] == {"kind": "binds", "state": "half", "said_by": "volume"}
    asking = copy.deepcopy(claim)
    asking["spec"]["volumeName"] = "pv1"
    assert graph([asking, volume]).edges[CLAIM, VOLUME] == {"kind": "binds", "state": "half", "said_by": "claim"}
    assert graph([asking, reserved]).edges[CLAIM, VOLUME]["state"] == "whole"


def test_a_released_volume_is_not_tied_to_a_namesake_of_its_claim():
    volume = scenes.volume("pv1", scenes.claim("www-web-0"), "Released")
    g = graph([volume, scenes.claim("www-web-0")])
    assert not g.has_edge(CLAIM, VOLUME)
    assert "gsh/www-web-0" in g.nodes[VOLUME]["message"]
    assert CLAIM not in graph([volume])                     # a claim that was is not one that is missing


def test_what_is_referred_to_and_does_not_exist_is_missing():
    volume = scenes.volume("pv1")
    volume["spec"]["claimRef"] = {"namespace": "gsh", "name": "wanted"}
    g = graph([scenes.sts(), scenes.pod("web-0", claim="www-web-0"), scenes.claim("c", "pv9"), volume])
    for node in (CLAIM, "PersistentVolume//pv9", "PersistentVolumeClaim/gsh/wanted", "Service/gsh/nginx"):
        assert g.nodes[node]["phase"] == "missing"
    owner = scenes.sts()
    assert graph([scenes.pod("web-0", owner)]).nodes[WEB]["phase"] == "missing"
    again = scenes.sts()                                     # the same name, not the same object
    assert not graph([again, scenes.pod("web-0", owner)]).has_edge(WEB, "Pod/gsh/web-0")


def test_ephemeral_volumes_mount_the_claim_of_their_pod():
    pod = scenes.pod("web-0")
    pod["spec"]["volumes"] = [{"name": "scratch", "ephemeral": {}}]
    assert graph([pod]).edges["Pod/gsh/web-0", "PersistentVolumeClaim/gsh/web-0-scratch"]["kind"] == "mounts"


def test_a_service_selects_in_its_own_namespace_only():
    g = graph([scenes.service(), scenes.pod("a"), scenes.pod("b", namespace="other"), scenes.pod("c", labels={"app": "x"}), scenes.service("all", {})])
    assert [(a, b) for a, b, kind in g.edges(data="kind") if kind == "selects"] == [("Service/gsh/nginx", "Pod/gsh/a")]


def test_a_namespace_shows_its_own_and_what_is_the_clusters():
    g = graph([*scenes.example(1), scenes.pod("web-0", namespace="other"), scenes.storage_class()], "other")
    assert list(g) == ["Pod/other/web-0", VOLUME, "StorageClass//gsh-pv", "StorageClass//slow"]


# ---- networkx --------------------------------------------------------------------------------------

def test_positions_are_pairs_for_drawing_and_numbers_for_export():
    g = graph(scenes.starting())
    pos = nx.get_node_attributes(g, "pos")
    assert set(pos) == set(g) and all(type(x) is float and type(y) is float for x, y in pos.values())
    for other in (g.copy(), g.subgraph([WEB, CLAIM]), nx.ego_graph(g, WEB), copy.deepcopy(g), pickle.loads(pickle.dumps(g))):
        assert all(pos[node] == at for node, at in nx.get_node_attributes(other, "pos").items()) and "pos" in other.nodes[WEB]
    text = io.BytesIO()
    nx.write_graphml(g, text)
    back = nx.read_graphml(io.BytesIO(text.getvalue()))
    assert {n: dict(d) for n, d in back.nodes.items()} == {n: dict(d) for n, d in g.nodes.items()}
    assert dict(back.edges) == dict(g.edges)


def test_the_order_depends_on_the_objects_alone():
    objects = scenes.starting()
    shuffled = random.Random(1).sample(objects, len(objects))
    assert list(graph(objects).nodes.items()) == list(graph(shuffled).nodes.items())
    assert list(graph(objects).edges) == list(graph(shuffled).edges)


# ---- rows ---------------------------------------------------------------------------------------

def rows(objects, seats=None, **more):
    g = graph(objects)
    at, seats = place(g, seats, **more)
    return {f"{node.split('/')[0]} {node.split('/')[2]}": row for node, row in at.items()}, seats


def test_pod_and_claim_of_an_ordinal_share_a_row():
    at, _ = rows(scenes.example(12))
    for i in range(12):
        assert at[f"Pod web-{i}"] == at[f"PersistentVolumeClaim www-web-{i}"] == i
    assert at["PersistentVolume pv10"] == 9                  # natural order


def test_two_templates_take_two_rows_an_ordinal():
    objects = [scenes.sts(replicas=2)]
    for i in range(2):
        objects += [scenes.pod(f"web-{i}"), scenes.claim(f"log-web-{i}"), scenes.claim(f"www-web-{i}")]
    at, _ = rows(objects)
    assert [at[f"PersistentVolumeClaim {name}"] for name in ("log-web-0", "www-web-0", "log-web-1", "www-web-1")] == [0, 1, 2, 3]
    assert [at["Pod web-0"], at["Pod web-1"]] == [0, 2]


def test_a_set_stands_beside_its_first_pod():
    a, b = scenes.sts("a", 2), scenes.sts("b", 2)
    at, _ = rows([a, b, *(scenes.pod(f"{s['metadata']['name']}-{i}", s) for s in (a, b) for i in range(2))])
    assert (at["StatefulSet a"], at["StatefulSet b"], at["Pod b-0"]) == (0, 2, 2)


def test_an_ordinal_that_is_being_recreated_keeps_its_row():
    without = [o for o in scenes.example() if o["metadata"]["name"] not in ("web-0", "www-web-0")]
    at, _ = rows(without)
    assert (at["Pod web-1"], at["Pod web-2"]) == (1, 2)


def test_nothing_moves_when_something_comes_goes_or_binds():
    before, seats = rows(scenes.example(3, 4))
    for change in (scenes.example(5, 4), scenes.example(1, 4), [scenes.volume("pv0"), *scenes.example(3, 4)],
                   [o for o in scenes.example(3, 4) if o["metadata"]["name"] != "pv2"], [*scenes.example(3, 4), scenes.pod("busybox")]):
        after, _ = rows(change, seats)
        assert {name: row for name, row in after.items() if name in before} == {name: before[name] for name in after if name in before}


def test_who_comes_back_takes_the_old_seat_and_gaps_close_at_a_reset():
    volumes = [scenes.volume(f"pv{i}") for i in range(3)]
    _, seats = rows(volumes)
    without, seats = rows(volumes[1:], seats)
    assert without["PersistentVolume pv1"] == 1
    assert rows(volumes, seats)[0]["PersistentVolume pv0"] == 0
    assert rows(volumes[1:])[0]["PersistentVolume pv1"] == 0


def test_provisioned_volumes_stand_in_the_order_of_their_claims():
    made = {"annotations": {"pv.kubernetes.io/provisioned-by": "x"}}
    claims = [scenes.claim(f"www-web-{i}") for i in range(3)]
    names = ["pvc-9", "pvc-1", "pvc-5"]
    at, _ = rows([*claims, scenes.volume("zz"), *(scenes.volume(name, claim, **made) for name, claim in zip(names, claims))])
    assert [at[f"PersistentVolume {name}"] for name in ("zz", *names)] == [0, 1, 2, 3]


def test_an_ordinal_without_end_costs_nothing():
    at, _ = rows([scenes.sts(), scenes.pod("web-0"), scenes.pod("web-999999999")])
    assert max(at.values()) < 5


NAMES = st.from_regex(r"(web|www-web|db)-[0-3]|pv[0-9]|busybox", fullmatch=True)
THINGS = st.lists(st.tuples(st.sampled_from(["pod", "claim", "volume", "sts"]), NAMES), max_size=12, unique=True)


@given(st.lists(THINGS, min_size=1, max_size=4))
def test_no_two_share_a_place_and_who_stays_does_not_move(frames):
    seats: dict[str, int] = {}
    last: dict[str, int] = {}
    for frame in frames:
        g = graph([getattr(scenes, make)(name) for make, name in frame])
        at, seats = place(g, seats)
        places = [(g.nodes[node]["layer"], row) for node, row in at.items()]
        assert len(set(places)) == len(places) == len(g)
        assert all(at[node] == row for node, row in last.items() if node in at and g.nodes[node]["layer"] in (0, 4, 5))
        last = at


@given(st.lists(st.text("aä-0123456789٣", max_size=6)))
def test_natural_order_compares_any_names(names):
    sorted(names, key=natural)                               # no two keys refuse to be compared
    assert sorted(["web-10", "web-9", "web-1"], key=natural) == ["web-1", "web-9", "web-10"]
