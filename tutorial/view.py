"""The live view of a session: a widget that shows the picture, takes clicks and keys, and sends differences.

A session is what the view acts on, and all that it knows of a cluster (tutorial/lab.py is one):

    objects() -> JSON objects          namespace -> str                 story(n) -> its last n lines
    controllers() -> (name, pending)   why(ref) -> text                 clock() -> text
    can() -> {"undo": bool, ...}       commands -> list of text         lock, listeners

and the verbs scale(ref, replicas), delete(ref), write(ref, path, text), step(controller or None), settle(), run(seconds), undo(),
redo(), reset().  A ref is the id of a node of the graph, "Pod/gsh/web-0".  `commands` holds the kubectl command of each act,
`lock` is held while something acts (clicks can come from another thread than cells), and `listeners` are called afterwards,
whoever acted: that is how the view hears that it has to look again.

The page gets the whole scene once; then each message holds what changed: {"delta": {section: {"set": {...}, "gone": [...]}}}.
The scene that is asked for later (by a page that is loaded again) is the one last sent.  The page answers with
{"verb": ..., and its arguments}; of a scale it says by how many.  What is saved in a notebook is the same picture as SVG and as text.
"""
from __future__ import annotations

import functools
from pathlib import Path

import anywidget
import traitlets

from kstate.errors import ApiError
from kstate.graph import graph, node_id
from kstate.world import get

from .picture import Picture, picture
from .shapes import GLYPHS
from .style import EDGES, STATES, either, rules
from .svg import svg
from .text import text

STATIC = Path(__file__).with_name("static")
VERBS = {"scale": ("ref", "replicas"), "delete": ("ref",), "write": ("ref", "path", "text"), "step": ("controller",), "settle": (),
         "run": ("seconds",), "undo": (), "redo": (), "reset": ()}
OFFERED = {"Pod": ("write", "delete"), "StatefulSet": ("scale", "delete"), "Deployment": ("scale", "delete"), "ReplicaSet": ("scale", "delete")}
STORY, LOG = 14, 14                                          # lines shown
LOSES = {"Delete": "With the reclaim policy Delete the volume goes, too, and its files with it.",
         "Recycle": "With the reclaim policy Recycle the files on the volume are wiped."}


def shown(callback):
    """Show an error of a callback inside the widget, because nobody sees it elsewhere."""
    @functools.wraps(callback)
    def guarded(view: View, *args):
        try:
            return callback(view, *args)
        except Exception as error:  # noqa: BLE001             whatever it is, the learner has to see it
            view.send({"error": refusal(error)})
    return guarded


def locked(method):
    """Run a method under the session's lock."""
    @functools.wraps(method)
    def alone(view: View, *args):
        with view.session.lock:
            return method(view, *args)
    return alone


def refusal(error: Exception) -> str:
    """What the page says of an error: the words of kubectl where the API server refused, else the kind of error and its text."""
    if isinstance(error, ApiError):
        return f"Error from server ({error.reason}): {error}" if error.reason else f"Error from server: {error}"
    return f"{type(error).__name__}: {error}"


class View(anywidget.AnyWidget):
    """The picture of a session's cluster, with everything to act on it."""

    _esm = STATIC / "view.js"
    _css = (STATIC / "view.css").read_text(encoding="utf-8") + rules(either)
    scene = traitlets.Dict().tag(sync=True, to_json=lambda _value, view: view._scene)

    def __init__(self, session) -> None:
        self.session = session
        self.selected = ""
        self._seats: dict[str, int] = {}                     # where objects stand, so that nothing moves (kstate/layout.py)
        self._scene = self._compose()
        super().__init__()
        self.on_msg(self._hear)
        session.listeners.append(self.refresh)

    def close(self) -> None:
        if self.refresh in self.session.listeners:
            self.session.listeners.remove(self.refresh)
        super().close()

    @locked
    def refresh(self) -> None:
        """Send what has changed since the page was last told."""
        before, self._scene = self._scene, self._compose()
        self.send({"delta": difference(before, self._scene)})

    @locked
    def picture(self) -> Picture:
        """The picture as it is now, each object in its seat."""
        drawn = picture(graph(self.session.objects(), self.session.namespace), self._seats)
        self._seats = drawn.seats
        return drawn

    @locked
    def _compose(self) -> dict:
        drawn, session = self.picture(), self.session
        objects = {node_id(o["kind"], o["metadata"].get("namespace", ""), o["metadata"]["name"]): o for o in session.objects()}
        nodes = {node: {**facts, **_offers(objects, node)} for node, facts in drawn.nodes.items()}
        if self.selected not in nodes:
            self.selected = ""
        frame = {"title": drawn.title, "width": drawn.width, "height": drawn.height, "columns": drawn.columns, "shapes": drawn.shapes,
                 "glyphs": GLYPHS, "states": {state: word for state, (word, *_) in STATES.items()},
                 "ties": {tie: word for tie, (word, *_) in EDGES.items()}}
        panel = {"story": session.story(STORY), "clock": session.clock(), "can": session.can(), "log": session.commands[-LOG:],
                 "controllers": [list(each) for each in session.controllers()], "why": [self.selected, self._why()]}
        return {"frame": frame, "nodes": nodes, "edges": drawn.edges, "panel": panel}

    def _why(self) -> str:
        """Why the selected object is as it is; a why that fails is no reason to show no picture."""
        try:
            return str(self.session.why(self.selected)) if self.selected else ""
        except Exception as error:  # noqa: BLE001
            return refusal(error)

    @shown
    @locked
    def _hear(self, _widget, message: dict, _buffers) -> None:
        verb = message["verb"]
        if verb == "select":
            self.selected = message["ref"]
            self.refresh()
            return
        if verb == "reset":
            self._seats = {}
        if verb == "scale":             # by so many from what it is now: two quick clicks are two replicas
            message["replicas"] = max(0, self._scene["nodes"][message["ref"]]["replicas"] + message["by"])
        getattr(self.session, verb)(*map(message.get, VERBS[verb]))

    def _repr_mimebundle_(self, **kwargs):
        drawn = self.picture()
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return {**data, "image/svg+xml": svg(drawn), "text/plain": text(drawn)}, metadata


def difference(before: dict, after: dict) -> dict:
    """Section by section what was set and what is gone; a section without changes is left out."""
    changes = {}
    for section, now in after.items():
        was = before[section]
        change = {"set": {key: value for key, value in now.items() if was.get(key) != value}, "gone": [key for key in was if key not in now]}
        if change["set"] or change["gone"]:
            changes[section] = change
    return changes


def _offers(objects: dict[str, dict], node: str) -> dict:
    """What the page offers for a node: its verbs, and what it has to know for them.  What does not exist offers nothing."""
    obj = objects.get(node)
    if obj is None:
        return {"verbs": []}
    offers = {"verbs": list(OFFERED.get(obj["kind"], ("delete",)))}
    if "scale" in offers["verbs"]:
        offers["replicas"] = get(obj, "spec.replicas", 1)
    if obj["kind"] == "Pod":
        offers["folder"] = _folder(obj)
    if obj["kind"] == "PersistentVolumeClaim":
        volume = objects.get(node_id("PersistentVolume", "", get(obj, "spec.volumeName", "")))
        offers["asks"] = LOSES.get(get(volume, "spec.persistentVolumeReclaimPolicy", ""), "")
    return offers


def _folder(pod: dict) -> str:
    """Where files of this pod outlive it: the first mount of a claim, else /tmp, where they do not."""
    claims = [volume["name"] for volume in get(pod, "spec.volumes", ()) if "persistentVolumeClaim" in volume or "ephemeral" in volume]
    mounts = [mount["mountPath"] for container in get(pod, "spec.containers", ()) for mount in container.get("volumeMounts") or ()
              if mount["name"] in claims]
    return mounts[0] if mounts else "/tmp"
