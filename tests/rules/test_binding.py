"""Claims and volumes find each other: order of writes, crashes, stale caches, races, and what is said of each volume."""
from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kstate.engine import Step
from kstate.storage.matching import best, candidates, eligible, on_node, search
from kstate.storage.volumes import capacity, request
from kstate.world import Key, freeze, get, key_of, put, uid
from tests.helpers import apply, events

from .volume_cases import claim, named, pod, storage_class, storage_engine, volume


def bound(engine) -> dict[str, str]:
    """claim -> volume, of all Bound claims."""
    return {c["metadata"]["name"]: c["spec"]["volumeName"] for c in engine.world.list("PersistentVolumeClaim") if c["status"]["phase"] == "Bound"}


def writes(engine, start: int = 0) -> list[tuple[str, str]]:
    """(object, rule) of every write of the volume controller since an entry of the log; events are left out."""
    return [(c.key.name, c.because) for c in engine.world.log[start:] if c.who == "persistentvolume-controller" and c.key.kind != "Event"]


# ---- the search ---------------------------------------------------------------------------------

SIZES, MODES = ("1Gi", "2Gi", "1024Mi"), ("RWO", "RWX", "RWO,RWX", "RWO,ROX,RWX")
VOLUMES = st.builds(lambda size, modes, cls, phase, owner, label, mode: (size, modes, cls, phase, owner, label, mode),
                    st.sampled_from(SIZES), st.sampled_from(MODES), st.sampled_from(("", "gold")), st.sampled_from(("Available", "Available", "Released")),
                    st.sampled_from((None, None, None, "c", "other")), st.sampled_from(("a", "b")), st.sampled_from(("Filesystem", "Filesystem", "Block")))


@settings(max_examples=150, deadline=None)
@given(st.lists(VOLUMES, max_size=8), st.sampled_from(SIZES), st.sampled_from(MODES), st.booleans(), st.booleans())
def test_MATCH_3_the_indexes_lead_to_the_same_volume_as_a_look_at_all(described, size, modes, choosy, delayed):
    engine = storage_engine(nodes=0)
    for i, (vsize, vmodes, cls, phase, owner, label, mode) in enumerate(described):
        ref = {"claimRef": {"namespace": "default", "name": owner}} if owner else {}
        obj = volume(f"v{i}", size=vsize, modes=vmodes, cls=cls, labels={"l": label}, volumeMode=mode, **ref)
        made = engine.api.create(obj)
        engine.commit("test", "status", key_of(made), made, put(made, "status.phase", phase))
    wanted = freeze(claim("c", size=size, modes=modes, cls="", **({"selector": {"matchLabels": {"l": "a"}}} if choosy else {})))
    everything = engine.world.list("PersistentVolume")
    assert best(everything, wanted, delayed) == best(eligible(engine.world.select, wanted), wanted, delayed)
    assert worth(search(engine.world.select, wanted, delayed)) == worth(best(everything, wanted, delayed))


def worth(volume):
    """What makes one volume as good as another: sizes that are written differently may be equal."""
    return volume and (capacity(volume), volume["spec"]["accessModes"], volume["spec"].get("claimRef"))


def test_MATCH_4_among_equal_volumes_chance_decides_and_so_the_seed():
    def taken(seed):
        engine = storage_engine(seed, nodes=0)
        apply(engine, [volume("a"), volume("b"), volume("c")])
        engine.settle()
        apply(engine, [claim("x"), claim("y")])
        engine.settle()
        return tuple(bound(engine).items())
    assert taken(1) == taken(1)
    assert len({taken(seed) for seed in range(12)}) > 2


def test_SCHED_V10_on_a_node_modes_are_compared_by_volume_and_affinity_counts():
    def on(host):
        return {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "host", "operator": "In", "values": [host]}]}]}}
    wanted = freeze(claim("c", cls="local"))
    node = {"metadata": {"name": "n", "labels": {"host": "n"}}}
    volumes = [freeze({**volume(name, size=size, modes=modes, cls="local", nodeAffinity=on(host)), "status": {"phase": "Available"}})
               for name, size, modes, host in (("exact", "3Gi", "RWO", "n"), ("small", "2Gi", "RWO,RWX", "n"), ("far", "1Gi", "RWO", "m"))]
    assert on_node(volumes, wanted, node)["metadata"]["name"] == "small"
    assert on_node(volumes, wanted, node, excluded=["small"])["metadata"]["name"] == "exact"
    reserved = [put(v, "spec.claimRef", {"namespace": "default", "name": "c"}) if v["metadata"]["name"] == "far" else v for v in volumes]
    assert on_node(reserved, wanted, node) is None


def test_candidates_say_in_one_line_what_is_wrong_with_each_volume():
    engine = storage_engine(nodes=0)
    gold = {"selector": {"matchLabels": {"tier": "gold"}}}
    apply(engine, [volume("v1", cls="slow", size="9Gi"), volume("v2", size="512Mi", cls="gsh-pv"), volume("v3", modes="ROX", cls="gsh-pv", size="9Gi"),
                   volume("v4", cls="gsh-pv", size="2Gi"), volume("v5", cls="gsh-pv", size="9Gi", claimRef={"namespace": "a", "name": "b"})])
    engine.settle()
    apply(engine, [claim("c", cls="gsh-pv", **gold), claim("d", volumeName="v2", cls="gsh-pv"), claim("e", volumeName="nope")])
    engine.settle()
    said = {name: [(v.ok, v.rule, str(v)) for v in candidates(engine.world, named(engine, f"pvc/{name}"))] for name in "cde"}
    assert said["c"] == [
        (False, "MATCH-2.9", "v1: labels do not match tier=gold"), (False, "MATCH-2.2", "v2: 512Mi is less than 1Gi"),
        (False, "MATCH-1", "v3: offers ROX, not RWO"), (False, "MATCH-2.9", "v4: labels do not match tier=gold"),
        (False, "MATCH-2.1", "v5: belongs to claim a/b")]
    assert said["d"] == [(False, "PVC-13", "v2: 512Mi is less than 1Gi")]
    assert said["e"] == [(False, "PVC-12", "nope: does not exist")]
    assert str(candidates(engine.world, freeze(claim("f", cls="gsh-pv")))[0]) == "v1: class slow, not gsh-pv"


# ---- the four writes ----------------------------------------------------------------------------

def test_BIND_5_four_writes_in_this_order():
    engine = storage_engine(nodes=0)
    apply(engine, [volume("v")])
    engine.settle()
    start = len(engine.world.log)
    apply(engine, [claim("c")])
    engine.settle()
    assert writes(engine, start) == [("v", "BIND-1"), ("v", "BIND-2"), ("c", "BIND-3"), ("c", "BIND-4")]


@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_BIND_5_a_crash_after_any_of_them_is_repaired(after):
    engine = storage_engine(nodes=0)
    apply(engine, [volume("v"), volume("w", size="2Gi")])
    engine.settle()
    apply(engine, [claim("c")])
    engine.take(Step("sync", "claims", Key("PersistentVolumeClaim", "default", "c")), crash_after=after)
    assert len(writes(engine)) == 2 + after
    engine.settle()
    assert bound(engine) == {"c": "v"}
    assert named(engine, "pv/w")["status"]["phase"] == "Available"


def test_BIND_6_while_binding_the_volume_has_the_claim_but_the_claim_no_volume():
    engine = storage_engine(nodes=0)
    apply(engine, [volume("v")])
    engine.settle()
    apply(engine, [claim("c")])
    engine.take(Step("sync", "claims", Key("PersistentVolumeClaim", "default", "c")), crash_after=2)
    assert get(named(engine, "pv/v"), "spec.claimRef.uid") == uid(named(engine, "pvc/c"))
    assert named(engine, "pv/v")["status"]["phase"] == "Bound"
    assert get(named(engine, "pvc/c"), "spec.volumeName") is None


def test_BIND_7_of_two_claims_one_gets_the_volume_whatever_comes_first():
    for seed, order in product(range(3), ("ab", "ba")):
        engine = storage_engine(seed, nodes=0)
        apply(engine, [volume("v")])
        engine.settle()
        apply(engine, [claim(name) for name in order])
        engine.settle()
        assert bound(engine) == {order[0]: "v"}


@pytest.mark.parametrize("seed", range(3))
def test_BIND_7_a_stale_cache_ends_in_a_conflict_and_not_in_two_owners(seed):
    engine = storage_engine(seed, nodes=0, lag=True)
    apply(engine, [volume("v")])
    engine.settle()
    apply(engine, [claim("a"), claim("b")])
    engine.settle()
    assert list(bound(engine).values()) == ["v"]


def test_VOL_5_a_claim_that_the_cache_lacks_is_asked_of_the_api_server():
    engine = storage_engine(nodes=0, lag=True)
    made = engine.api.create(claim("c"))
    engine.api.create(volume("v", claimRef={"namespace": "default", "name": "c", "uid": uid(made)}))
    cache = engine.caches["volumes"]
    while cache.find(Key("PersistentVolume", "", "v")) is None:
        engine.take(Step("see", "volumes"))
    cache.kinds["PersistentVolumeClaim"].clear()            # as if the claims came later than the volumes
    engine.take(Step("sync", "volumes", Key("PersistentVolume", "", "v")))
    assert named(engine, "pv/v")["status"]["phase"] == "Pending"


# ---- time and events ----------------------------------------------------------------------------

def test_CTL_2_a_pending_claim_is_looked_at_every_fifteen_seconds():
    engine = storage_engine(nodes=0)
    apply(engine, [claim("c")])
    engine.drain()
    engine.run(61_000)
    found = engine.world.select("event by object", uid(named(engine, "pvc/c")))
    assert [(e["reason"], e["count"]) for e in found] == [("FailedBinding", 5)]


def test_CTL_7_a_long_wait_stops_counting():
    engine = storage_engine(nodes=0)
    apply(engine, [claim("c")])
    engine.run(900_000)
    [event] = engine.world.select("event by object", uid(named(engine, "pvc/c")))
    assert 25 <= event["count"] <= 30


def test_CTL_2_settled_objects_need_no_alarm():
    engine = storage_engine(nodes=0)
    apply(engine, [volume("v"), volume("free", size="5Gi")])
    engine.settle()
    apply(engine, [claim("c")])
    engine.settle()
    assert [key for key in engine.alarms if key[0] in ("volumes", "claims", "reclaimer")] == []


def test_CTL_8_all_events_of_the_volume_controller_have_one_source():
    engine = storage_engine(nodes=0)
    apply(engine, [claim("c"), claim("d", cls="x")])
    engine.settle()
    assert {e["source"]["component"] for e in engine.world.list("Event")} == {"persistentvolume-controller"}


def test_PVC_7_the_claim_says_what_it_waits_for():
    engine = storage_engine()
    apply(engine, [storage_class("lazy", mode="WaitForFirstConsumer"), claim("c", cls="lazy")])
    engine.settle()
    key = key_of(named(engine, "pvc/c"))
    assert [(w.because, w.text) for w in engine.waits(key)] == [("PVC-7", "waiting for first consumer to be created before binding")]
    apply(engine, [pod("p", claims="c")])
    engine.run(15_000)
    assert events(engine, named(engine, "pvc/c")) == [
        "Normal/WaitForFirstConsumer: waiting for first consumer to be created before binding",
        "Normal/WaitForPodScheduled: waiting for pod p to be scheduled"]


def test_PVC_16_the_sync_fails_and_leaves_the_status_alone():
    engine = storage_engine(nodes=0)
    apply(engine, [volume("v")])
    engine.settle()
    apply(engine, [claim("a")])
    engine.settle()
    apply(engine, [claim("b", volumeName="v", annotations={"pv.kubernetes.io/bound-by-controller": "yes"})])
    engine.settle()
    [wait] = engine.waits(key_of(named(engine, "pvc/b")))
    assert wait.text == 'invalid binding of claim "default/b" to volume "v": volume already claimed by "default/a"'
    assert events(engine, named(engine, "pvc/b")) == ['Warning/FailedBinding: volume "v" already bound to a different claim.']


# ---- whatever happens ---------------------------------------------------------------------------

ACTIONS = st.lists(st.tuples(st.sampled_from(("volume", "claim", "delete claim", "delete volume", "free", "wait")), st.integers(0, 3), st.integers(0, 2)),
                   max_size=12)


@settings(max_examples=60, deadline=None)
@given(ACTIONS, st.booleans())
def test_a_volume_and_its_claim_always_point_to_each_other(actions, lag):
    engine = storage_engine(nodes=0, lag=lag)
    for what, i, j in actions:
        owned, asked = named(engine, f"pv/v{i}"), named(engine, f"pvc/c{i}")
        if what == "volume" and owned is None:
            apply(engine, [volume(f"v{i}", size=SIZES[j])])
        elif what == "claim" and asked is None:
            apply(engine, [claim(f"c{i}", size=SIZES[j], **({"volumeName": "v0"} if j == 2 and i == 1 else {}))])
        elif what == "delete claim" and asked is not None:
            engine.api.delete(key_of(asked))
        elif what == "delete volume" and owned is not None:
            engine.api.delete(key_of(owned))
        elif what == "free" and owned is not None:
            engine.api.patch(key_of(owned), {"spec": {"claimRef": None}})
        elif what == "wait":
            engine.run(j * 20_000)
    engine.settle()
    claims, volumes = engine.world.list("PersistentVolumeClaim"), engine.world.list("PersistentVolume")
    for c in claims:
        if c["status"]["phase"] == "Bound":
            v = named(engine, f"pv/{c['spec']['volumeName']}")
            assert v["spec"]["claimRef"]["uid"] == uid(c) and v["status"]["phase"] == "Bound"
        elif c["status"]["phase"] == "Pending" and not c["spec"].get("volumeName"):
            free = [v for v in volumes if v["status"]["phase"] == "Available" and "deletionTimestamp" not in v["metadata"]]
            assert all(capacity(v) < request(c) for v in free)
    holders = [v["spec"]["claimRef"]["uid"] for v in volumes if v["status"]["phase"] == "Bound"]
    assert len(holders) == len(set(holders))
    assert all(v["status"]["phase"] in ("Available", "Bound", "Released") for v in volumes)
