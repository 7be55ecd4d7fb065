"""Which of several equal volumes a claim gets is chance, in Kubernetes as here (MATCH-4).  The recordings show how it fell once.

    python -m tests.conformance.dice

finds a number for kstate/storage/matching.py DICE with which it falls so again, in process and behind `kstate serve`, by playing
the beginnings of the recorded scenarios once and trying numbers on the moments at which their claims were made.
"""
from __future__ import annotations

from itertools import count

from kstate.cluster import Cluster
from kstate.kubectl import kubectl
from kstate.serve.command import RESYNC
from kstate.serve.pace import Pace
from kstate.storage import matching
from kstate.world import Dict

from . import runner

FELL = {    # scenario -> its first steps, and which claim got which of the equal volumes
    "seed-static-volumes": (3, {"www-web-0": "pv2", "www-web-1": "pv1", "www-web-2": "pv3"}),
    "seed-delete-pod": (1, {"www-web-0": "pv3", "www-web-1": "pv2", "www-web-2": "pv1"}),
    "seed-delete-set": (1, {"www-web-1": "pv2"}),
    "scale-short-of-volumes": (1, {"www-web-0": "pv2", "www-web-1": "pv1"}),
}


class Timeless(Pace):
    """The server's pace without its timers: whoever plays works it off."""

    def _later(self, *_) -> None:
        pass

    def _wait_for_silence(self) -> None:
        pass

    def rest(self) -> None:
        while not self._work(5):
            pass


def claims(name: str, served: bool) -> tuple[list[Dict], list[Dict]]:
    """The claims of a scenario in the order of their creation, and its volumes, after its first steps."""
    cluster = Cluster(resync=RESYNC if served else 15)
    pace = Timeless(cluster.engine, "max")
    for number, step in enumerate(runner.load(name)[0]["steps"][:FELL[name][0]]):
        position = len(cluster.engine.world.log)
        if served:
            pace.rest()
            pace.asked(str(number))
            position = len(cluster.engine.world.log)
        kubectl(cluster, *runner.command(step), settle=not served)
        if served and len(cluster.engine.world.log) > position:
            pace.follow()
            pace._seen = position       # what came of it is still to be waited for
            pace.rest()
    world = cluster.engine.world
    return sorted(world.list("PersistentVolumeClaim"), key=lambda c: c["metadata"]["creationTimestamp"]), world.list("PersistentVolume")


def falls(played: tuple[list[Dict], list[Dict]]) -> dict[str, str]:
    """Which claim gets which volume, if each takes the first of those that are left."""
    left, got = list(played[1]), {}
    for claim in played[0]:
        if left:
            chosen = min(left, key=lambda volume: matching.tie(volume, claim, 0))
            left.remove(chosen)
            got[claim["metadata"]["name"]] = chosen["metadata"]["name"]
    return got


def main() -> None:
    played = [(FELL[name][1], claims(name, served)) for name in FELL for served in (False, True)]
    for number in count(1):
        matching.DICE = number
        if all(falls(each).items() >= wanted.items() for wanted, each in played):
            print(f"DICE = {number}")
            return


if __name__ == "__main__":
    main()
