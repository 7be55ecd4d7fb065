"""A lab that is served: its views follow what clients do, and its own verbs go on as before."""
from __future__ import annotations

import time

import pytest

from tests.helpers import EXAMPLE
from tutorial import Lab
from tutorial.view import View

from .served import Client

WEB = "/apis/apps/v1/namespaces/default/statefulsets/web"
NODE = "StatefulSet/default/web"


@pytest.fixture
def lab():
    found = Lab(EXAMPLE, nodes=2)
    yield found
    if found.handle is not None:
        found.handle.stop()


@pytest.fixture
def serve(lab, tmp_path):
    """Serve the lab; a client for it."""
    def begin(name: str = "kubeconfig") -> Client:
        lab.serve(speed="max", kubeconfig=str(tmp_path / name))
        return Client(tmp_path / name)
    return begin


class Page:
    """What a page would know by the messages of a view."""

    def __init__(self, lab: Lab) -> None:
        self.view = View(lab)
        self.scene = {section: dict(content) for section, content in self.view._scene.items()}
        self.view.send = self._take

    def _take(self, content, buffers=None) -> None:
        for section, change in content["delta"].items():
            self.scene[section] |= change["set"]
            for gone in change["gone"]:
                del self.scene[section][gone]

    def until(self, what) -> None:
        end = time.monotonic() + 10
        while not what(self.scene):
            assert time.monotonic() < end, self.scene["panel"]["story"]
            time.sleep(0.01)


def scale(client: Client, replicas: int) -> None:
    assert client.ask("PATCH", f"{WEB}/scale", {"spec": {"replicas": replicas}}, content_type="application/merge-patch+json").status == 200


def test_a_view_follows_what_a_client_does(lab, serve):
    client, page = serve(), Page(lab)
    scale(client, 4)
    page.until(lambda scene: "Pod/default/web-3" in scene["nodes"])
    assert page.scene["nodes"][NODE]["replicas"] == 4 and any("web-3" in line for line in page.scene["panel"]["story"])
    scale(client, 1)
    page.until(lambda scene: not {"Pod/default/web-1", "Pod/default/web-3"} & scene["nodes"].keys())


def test_the_labs_own_verbs_and_the_views_work_while_it_is_served(lab, serve):
    client, page = serve(), Page(lab)
    lab.scale(NODE, 2)
    assert client.ask("GET", WEB).json["spec"]["replicas"] == 2
    lab.settle()
    assert client.ask("GET", "/api/v1/namespaces/default/pods/web-2").status == 404
    page.view._hear(page.view, {"verb": "scale", "ref": NODE, "by": 1}, [])
    page.view._hear(page.view, {"verb": "run", "seconds": 60}, [])
    assert client.ask("GET", "/api/v1/namespaces/default/pods/web-2").json["status"]["phase"] == "Running"
    assert lab.kubectl("get sts web -o jsonpath={.spec.replicas}").stdout == "3"
    page.until(lambda scene: "Pod/default/web-2" in scene["nodes"])


def test_what_a_client_did_is_undone_and_done_again(lab, serve):
    client, page = serve(), Page(lab)
    scale(client, 2)
    page.until(lambda scene: "Pod/default/web-2" not in scene["nodes"])
    assert page.scene["panel"]["can"]["undo"]
    lab.undo()
    assert client.ask("GET", WEB).json["spec"]["replicas"] == 3
    page.until(lambda scene: "Pod/default/web-2" in scene["nodes"])
    lab.redo()
    assert client.ask("GET", WEB).json["spec"]["replicas"] == 2


def test_stopped_and_served_again(lab, serve):
    first = serve()
    lab.handle.stop()
    with pytest.raises(ConnectionError):
        first.ask("GET", WEB)
    lab.scale(NODE, 2)
    second, page = serve(), Page(lab)
    assert second.ask("GET", WEB).json["spec"]["replicas"] == 2
    scale(second, 4)
    page.until(lambda scene: scene["nodes"][NODE]["replicas"] == 4)


def test_to_serve_again_ends_the_server_before(lab, serve):
    first, second = serve(), serve("other")
    with pytest.raises(ConnectionError):
        first.ask("GET", WEB)
    assert second.ask("GET", WEB).status == 200


def test_two_labs_are_served_side_by_side(lab, serve, tmp_path):
    mine, twin = serve(), lab.fork()
    assert twin.handle is None
    theirs = twin.serve(speed="max", kubeconfig=str(tmp_path / "twin"))
    try:
        scale(Client(tmp_path / "twin"), 1)
        assert mine.ask("GET", WEB).json["spec"]["replicas"] == 3
    finally:
        theirs.stop()


def test_a_reset_ends_the_server_of_the_cluster_that_goes(lab, serve):
    client = serve()
    scale(client, 1)
    lab.reset()
    with pytest.raises(ConnectionError):
        client.ask("GET", WEB)
    assert serve().ask("GET", WEB).json["spec"]["replicas"] == 3
