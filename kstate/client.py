"""What a controller is handed: reads from its cache, writes through the API, time, waits and events.

A controller keeps nothing between two calls; whatever it has to remember stands in an object or is an alarm.
"""
from __future__ import annotations

from typing import Any

from .world import Dict, Key, World, key_of, put, uid


class Crashed(Exception):
    """The controller died in the middle of a sync: a fault that tests inject."""


class Client:
    """One sync of one controller.

    Reads (`find`, `list`, `select`, `owned`) show the controller's cache, `live` asks the API server.  Every write
    names the rule it follows: because="STS-56"."""

    def __init__(self, engine, controller, key: Key, crash_after: int | None = None) -> None:
        self._engine, self._controller, self._crash_after = engine, controller, crash_after
        self.key = key
        self.view = engine.view(controller.name)
        self.wrote = 0          # the revision of the last own write
        self.waits: dict[Key, tuple[str, str]] = {}

    # -- reading

    def find(self, kind: str, name: str, namespace: str = "") -> Dict | None:
        return self.view.find(Key(kind, namespace, name))

    def list(self, kind: str, namespace: str | None = None) -> list[Dict]:
        return self.view.list(kind, namespace)

    def select(self, index: str, value: str) -> list[Dict]:
        """By an index of world.INDEXES: select("pod by claim", "default/www-web-0")."""
        return self.view.select(index, value)

    def owned(self, kind: str, owner: dict) -> list[Dict]:
        """Objects of a kind whose owner references name this owner's uid."""
        return [obj for obj in self.view.select("owner", uid(owner)) if obj["kind"] == kind]

    @property
    def world(self) -> World:
        """What is, past every cache: what runs on the simulated nodes sees that, and a component's own memory is that."""
        return self._engine.world

    def live(self, kind: str, name: str, namespace: str = "") -> Dict | None:
        """Past the cache, as a controller's uncached read."""
        return self._engine.world.find(Key(kind, namespace, name))

    def live_select(self, index: str, value: str) -> list[Dict]:
        """The same by an index: an uncached list."""
        return self._engine.world.select(index, value)

    # -- time

    @property
    def now(self) -> int:
        """Virtual milliseconds since the start of the cluster."""
        return self._engine.now

    @property
    def resync(self) -> int:
        """How often the volume controller looks at everything again (ms)."""
        return self._engine.resync

    @property
    def clock(self):
        return self._engine.clock

    def timestamp(self) -> str:
        """Now, as objects carry it."""
        return self._engine.clock.timestamp(self._engine.now)

    def since(self, timestamp: str | None) -> int:
        """Milliseconds since a timestamp of an object; 0 for none."""
        return self._engine.now - self._engine.clock.ms(timestamp) if timestamp else 0

    @property
    def seed(self) -> int | str:
        """What chance depends on in this cluster."""
        return self._engine.seed

    def chance(self, purpose: str) -> str:
        return self._engine.chance(purpose)

    def wake(self, delay: int, sort: str = "work") -> None:
        """Look at the same key again in `delay` ms.  sort: "work" (settling waits for it), "poll" (settling tries it
        once), "idle" (only passing time reaches it: crash loops, leases)."""
        self._engine.alarm(self._controller.name, self.key, delay, sort)

    def wait(self, about: dict | Key, text: str, because: str) -> None:
        """Do nothing, and say why: the reason lands in the story and in the answer to *why*."""
        self.waits[about if isinstance(about, Key) else key_of(about)] = (text, because)

    # -- writing

    def _done(self, obj: Any) -> Any:
        self.wrote = self._engine.world.revision
        if self._crash_after is not None:
            self._crash_after -= 1
            if self._crash_after <= 0:
                raise Crashed
        return obj

    @property
    def who(self) -> str:
        return self._controller.component

    def create(self, obj: dict, because: str) -> Dict:
        return self._done(self._engine.api.create(obj, who=self.who, because=because))

    def update(self, obj: dict, because: str, subresource: str = "") -> Dict:
        """PUT: fails with Conflict where the cache was stale."""
        return self._done(self._engine.api.update(obj, who=self.who, because=because, subresource=subresource))

    def update_status(self, obj: dict, because: str, **fields: Any) -> Dict:
        """PUT to /status, with fields of status replaced: update_status(pv, "BIND-2", phase="Bound"); None removes one."""
        status = {k: v for k, v in {**(obj.get("status") or {}), **fields}.items() if v is not None}
        return self.update(put(obj, "status", status), because, "status")

    def patch(self, obj: dict, patch: dict, because: str, subresource: str = "") -> Dict:
        """A merge patch of metadata and spec: touches only what it names, never conflicts."""
        key = key_of(obj)
        return self._done(self._engine.api.patch(key, patch, "merge", who=self.who, because=because, subresource=subresource))

    def delete(self, obj: dict, because: str, **options: Any) -> None:
        """DELETE; options: grace (seconds), propagation, preconditions."""
        self._engine.api.delete(key_of(obj), who=self.who, because=because, **options)
        self._done(None)

    def bind(self, pod: dict, node: str, because: str) -> Dict:
        """POST binding: the pod gets its node (API-72)."""
        return self._done(self._engine.api.bind(key_of(pod), node, who=self.who, because=because))

    def write(self, disk: str, files: dict | None, because: str) -> None:
        """Write what lies on a simulated disk, or remove the disk with None; not an API object, but in the history."""
        self._engine.api.write_disk(disk, files, who=self.who, because=because)
        self._done(None)

    def event(self, about: dict, type: str, reason: str, message: str, because: str = "", **more: Any) -> None:
        """Record a Kubernetes Event on an object (API-75)."""
        self._engine.api.record(about, type, reason, message, who=self.who, because=because, **more)
        self._done(None)
