"""The live view in a page of its own, without Jupyter: static/view.js with a model whose messages go to a View in this process.

    with browser() as chromium:
        stand = Stand(chromium, Toy())
        stand.page.get_by_test_id("step").click()

`Toy` is a session with just enough of a cluster to be stepped: it creates, binds and starts one thing at a time.
"""
from __future__ import annotations

import copy
import json
import os
import shutil
import threading
from contextlib import contextmanager

from tests import scenes
from tutorial.view import STATIC, View

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
SITE = "http://view.test"
PAGE = """<!doctype html><meta charset="utf-8"><title>view</title><link rel="stylesheet" href="view.css">
<style>body { margin: 8px; background: light-dark(#fff, #0b0f14); color-scheme: light dark }</style><div id="root"></div>
<script type="module">
import view from "./view.js";
const listeners = {};
const trigger = (name, ...more) => (listeners[name] || []).forEach((listener) => listener(...more));
const state = { scene: JSON.parse(await hello()) };
const model = {
  get: (name) => state[name],
  set: (name, value) => { if (state[name] !== value) { state[name] = value; trigger(`change:${name}`); } },
  on: (name, listener) => { (listeners[name] ||= []).push(listener); },
  off: (name, listener) => { listeners[name] = (listeners[name] || []).filter((each) => each !== listener); },
  send: async (message) => { window.sent.push(message); deliver(JSON.parse(await hear(JSON.stringify(message)))); },
};
const deliver = (messages) => messages.forEach((message) => trigger("msg:custom", message));
Object.assign(window, { sent: [], deliver, model });
view.initialize({ model });
view.render({ model, el: document.getElementById("root") });
</script>"""


@contextmanager
def browser():
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


class Stand:
    """A View of a session, shown in a new page of a browser."""

    def __init__(self, chromium, session, **context) -> None:
        self.session = session
        self.outbox: list[dict] = []
        self.view = View(session)
        self.view.send = lambda content, buffers=None: self.outbox.append(content)
        self.problems: list[str] = []
        self.page = chromium.new_page(**{"viewport": {"width": 1280, "height": 720}, **context})
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda message: self.problems.append(message.text) if message.type == "error" else None)
        self.page.expose_function("hello", lambda: json.dumps(self.view._scene))
        self.page.expose_function("hear", self._hear)
        self.page.route("**/*", self._serve)
        self.page.goto(f"{SITE}/")
        self.page.get_by_test_id("picture").wait_for()

    def refresh(self) -> None:
        """What a cell does after it has changed the cluster."""
        self.view.refresh()
        self.page.evaluate("messages => deliver(messages)", self._posted())

    def node(self, node_id: str):
        return self.page.locator(f'[data-id="{node_id}"]')

    def _hear(self, message: str) -> str:
        self.view._hear(self.view, json.loads(message), [])
        return json.dumps(self._posted())

    def _posted(self) -> list[dict]:
        posted, self.outbox[:] = list(self.outbox), []
        return posted

    def _serve(self, route) -> None:
        name = route.request.url.removeprefix(f"{SITE}/")
        if name == "view.js":
            route.fulfill(path=STATIC / "view.js", content_type="text/javascript")
        elif name == "view.css":
            route.fulfill(body=str(self.view._css), content_type="text/css")
        elif name == "":
            route.fulfill(body=PAGE, content_type="text/html")
        else:
            route.fulfill(status=404 if name != "favicon.ico" else 204, body="")


class Toy:
    """A session whose cluster is a list of objects; one step does the next thing that is due."""

    namespace = "gsh"

    def __init__(self, objects: list[dict] | None = None) -> None:
        self.start = scenes.example(volumes=4) if objects is None else objects
        self.calls: list[tuple] = []
        self.lock = threading.RLock()
        self.listeners: list = []
        self.reset()

    # -- looking

    def objects(self):
        return self.now

    def story(self, n):
        return self.lines[-n:]

    def controllers(self):
        return [("statefulset", int(self._next() in ("create", "remove"))), ("volume-binder", int(self._next() in ("reserve", "bind"))),
                ("scheduler", 0), ("kubelet", int(self._next() in ("stop", "run"))), ("endpoints", 0), ("garbage-collector", 0)]

    def why(self, ref):
        return f"{ref.rsplit('/', 1)[1]} is as it is because nothing else was asked for."

    def clock(self):
        return "00:02:15"

    def can(self):
        return {"undo": bool(self.past), "redo": bool(self.future)}

    # -- acting

    def _act(self, do, command: str = "", remember: bool = True) -> None:
        self.calls.append(command or do.__name__)
        try:
            if remember:
                self.past.append(copy.deepcopy(self.now))
                self.future = []
            do()
            if command:
                self.commands.append(command)
        finally:
            for listener in self.listeners:
                listener()

    def scale(self, ref, replicas):
        self._act(lambda: self._obj(ref)["spec"].update(replicas=replicas), f"kubectl scale statefulset web --replicas={replicas}")

    def delete(self, ref):
        kind, _, name = ref.split("/")

        def do():
            if kind == "Pod":
                self._obj(ref)["metadata"]["deletionTimestamp"] = "2026-11-24T03:05:00Z"
            else:
                self.now.remove(self._obj(ref))
        self._act(do, f"kubectl delete {kind.lower()} {name}")

    def write(self, ref, path, text):
        def do():
            if not path.startswith("/"):
                raise ValueError(f"the path has to begin with /: {path}")
        self._act(do, f"kubectl exec {ref.rsplit('/', 1)[1]} -- sh -c 'echo {text} > {path}'")

    def step(self, controller=None):
        self._act(lambda: self._do(self._next()), f"# step {controller}")

    def settle(self):
        def do():
            while self._next():
                self._do(self._next())
        self._act(do, "# run until nothing is left to do")

    def run(self, seconds):
        self._act(lambda: None, f"sleep {seconds}")

    def undo(self):
        def undo():
            if self.past:
                self.future.append(self.now)
                self.now = self.past.pop()
        self._act(undo, remember=False)

    def redo(self):
        def redo():
            if self.future:
                self.past.append(self.now)
                self.now = self.future.pop()
        self._act(redo, remember=False)

    def reset(self):
        def reset():
            self.now, self.past, self.future, self.commands = copy.deepcopy(self.start), [], [], []
            self.lines = ["0:00  statefulset-controller  Pod gsh/web-0 created"]
        self._act(reset, remember=False)

    # -- the toy

    def _obj(self, ref):
        kind, _, name = ref.split("/")
        return next(o for o in self.now if o["kind"] == kind and o["metadata"]["name"] == name)

    def _kind(self, kind):
        return [o for o in self.now if o["kind"] == kind]

    def _next(self) -> str:
        """What is due."""
        sets, pods = self._kind("StatefulSet"), self._kind("Pod")
        claims, volumes = self._kind("PersistentVolumeClaim"), self._kind("PersistentVolume")
        waiting = [c for c in claims if not c["spec"].get("volumeName")]
        wanted = sets[0]["spec"]["replicas"] if sets else 0
        if any("deletionTimestamp" in p["metadata"] for p in pods):
            return "stop"
        if waiting and any("claimRef" in v["spec"] and v["spec"]["claimRef"]["name"] == waiting[0]["metadata"]["name"] for v in volumes):
            return "bind"
        if waiting and any("claimRef" not in v["spec"] for v in volumes):
            return "reserve"
        if any(p["status"]["phase"] == "Pending" for p in pods) and not waiting:
            return "run"
        return "create" if len(pods) < wanted else "remove" if len(pods) > wanted else ""

    def _do(self, due: str) -> None:
        pods, claims = self._kind("Pod"), self._kind("PersistentVolumeClaim")
        owner = next(iter(self._kind("StatefulSet")), None)
        if due == "stop":
            pod = next(p for p in pods if "deletionTimestamp" in p["metadata"])
            self.now.remove(pod)
        elif due == "create":
            taken = {p["metadata"]["name"] for p in pods}
            i = next(i for i in range(1000) if f"web-{i}" not in taken)
            if not any(c["metadata"]["name"] == f"www-web-{i}" for c in claims):
                self.now.append(scenes.claim(f"www-web-{i}"))
            self.now.append(scenes.pod(f"web-{i}", owner, f"www-web-{i}", "Pending"))
        elif due == "remove":
            self.now.remove(max(pods, key=lambda p: int(p["metadata"]["name"].rsplit("-", 1)[1])))
        elif due in ("reserve", "bind"):
            claim = next(c for c in claims if not c["spec"].get("volumeName"))
            volumes = self._kind("PersistentVolume")
            if due == "reserve":
                free = next(v for v in volumes if "claimRef" not in v["spec"])
                free.update(scenes.volume(free["metadata"]["name"], claim) | {"metadata": free["metadata"]})
            else:
                mine = next(v for v in volumes if v["spec"].get("claimRef", {}).get("name") == claim["metadata"]["name"])
                claim.update(scenes.claim(claim["metadata"]["name"], mine["metadata"]["name"]) | {"metadata": claim["metadata"]})
        elif due == "run":
            pod = next(p for p in pods if p["status"]["phase"] == "Pending")
            pod.update({k: v for k, v in scenes.pod(pod["metadata"]["name"], owner).items() if k == "status"})
            pod["spec"]["nodeName"] = "node-1"
        if owner:
            owner["status"]["readyReplicas"] = sum(p["status"]["phase"] == "Running" and "deletionTimestamp" not in p["metadata"] for p in self._kind("Pod"))
        self.lines.append(f"{due}")
