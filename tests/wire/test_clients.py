"""The Python clients for Kubernetes against `kstate serve`: list, create, patch, watch, delete and scale, each as its manual says."""
from __future__ import annotations

import threading
import time

import pytest

from .served import serving

SET = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web", "namespace": "default"}, "spec": {
    "serviceName": "web", "replicas": 2, "selector": {"matchLabels": {"app": "web"}},
    "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}}}
MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "default", "labels": {"a": "b"}}, "data": {"k": "1"}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("clients")) as served:
        yield served


@pytest.fixture(autouse=True)
def clean(server):
    yield
    server.ask("DELETE", "/apis/apps/v1/namespaces/default/statefulsets")
    server.ask("DELETE", "/api/v1/namespaces/default/pods", {"gracePeriodSeconds": 0})
    server.ask("DELETE", "/api/v1/namespaces/default/configmaps?labelSelector=a%3Db")


class Later:
    """Something done in another thread while this one watches."""

    def __init__(self, *acts) -> None:
        self.thread = threading.Timer(0.3, lambda: [act() for act in acts])

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.thread.join()


def status_of(answer) -> str:
    """Of a Status, which some versions of the client leave as it came."""
    return answer["status"] if isinstance(answer, dict) else answer.status


# ---- kubernetes ---------------------------------------------------------------------------------

class TestKubernetes:
    @pytest.fixture
    def api(self, server):
        kubernetes = pytest.importorskip("kubernetes")
        return kubernetes.config.new_client_from_config(str(server.kubeconfig))

    def test_list_create_patch_delete(self, api):
        from kubernetes import client
        core = client.CoreV1Api(api)
        assert [node.metadata.name for node in core.list_node().items] == ["node-1", "node-2", "node-3"]
        created = core.create_namespaced_config_map("default", MAP)
        assert created.data == {"k": "1"} and created.metadata.uid
        patched = core.patch_namespaced_config_map("m", "default", {"data": {"k": "2"}})
        assert patched.data == {"k": "2"}
        replaced = core.replace_namespaced_config_map("m", "default", patched)
        assert replaced.metadata.resource_version == patched.metadata.resource_version       # API-13: nothing has changed
        assert [m.metadata.name for m in core.list_namespaced_config_map("default", label_selector="a=b").items] == ["m"]
        assert status_of(core.delete_namespaced_config_map("m", "default")) == "Success"
        with pytest.raises(client.ApiException) as refused:
            core.read_namespaced_config_map("m", "default")
        assert refused.value.status == 404

    def test_scale_and_watch(self, api):
        from kubernetes import client, watch
        apps, core = client.AppsV1Api(api), client.CoreV1Api(api)
        apps.create_namespaced_stateful_set("default", SET)
        assert apps.read_namespaced_stateful_set_scale("web", "default").spec.replicas == 2
        seen, stream = [], watch.Watch()
        with Later(lambda: apps.patch_namespaced_stateful_set_scale("web", "default", {"spec": {"replicas": 3}})):
            for event in stream.stream(core.list_namespaced_pod, "default", label_selector="app=web", timeout_seconds=20):
                pod = event["object"]
                seen.append((event["type"], pod.metadata.name))
                if pod.metadata.name == "web-2" and pod.status.phase == "Running":
                    stream.stop()
        assert ("ADDED", "web-2") in seen and ("MODIFIED", "web-2") in seen
        deleted = core.delete_namespaced_pod("web-2", "default", grace_period_seconds=0)
        assert deleted.metadata.name == "web-2"                                             # API-52: the object
        assert status_of(apps.delete_namespaced_stateful_set("web", "default", propagation_policy="Background")) == "Success"

    def test_exec_and_logs(self, api):
        from kubernetes import client, stream, watch
        core = client.CoreV1Api(api)
        core.create_namespaced_pod("default", {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}})
        waiting = watch.Watch()
        for event in waiting.stream(core.list_namespaced_pod, "default", field_selector="metadata.name=p", timeout_seconds=20):
            if event["object"].status.phase == "Running":
                waiting.stop()
        run = core.connect_get_namespaced_pod_exec
        assert stream.stream(run, "p", "default", command=["hostname"], stdout=True, stderr=True) == "p\n"
        shell = stream.stream(run, "p", "default", command=["sh"], stdin=True, stdout=True, stderr=True, tty=False, _preload_content=False)
        shell.write_stdin("echo $((6 * 7))\n")
        assert shell.readline_stdout(timeout=5) == "42"
        shell.write_stdin("exit 3\n")
        shell.run_forever(timeout=5)
        assert shell.returncode == 3
        assert "start worker processes" in core.read_namespaced_pod_log("p", "default")

    def test_the_dynamic_client_and_its_apply(self, api):
        from kubernetes import dynamic
        kind = dynamic.DynamicClient(api).resources.get(api_version="v1", kind="ConfigMap")
        applied = kind.server_side_apply(body=MAP, field_manager="test")
        assert applied.data.k == "1"
        assert kind.get(name="m", namespace="default").metadata.managedFields[0].manager == "test"
        kind.delete(name="m", namespace="default")

    def test_a_wrong_token_is_told(self, server, api):
        from kubernetes import client, config
        wrong = {**server.config, "users": [{"name": "kstate", "user": {"token": "wrong"}}]}
        api = config.new_client_from_config_dict(wrong)
        with pytest.raises(client.ApiException) as refused:
            client.CoreV1Api(api).list_node()
        assert refused.value.status == 401


# ---- kr8s ---------------------------------------------------------------------------------------

@pytest.mark.filterwarnings("ignore")
class TestKr8s:
    @pytest.fixture
    def api(self, server):
        kr8s = pytest.importorskip("kr8s")
        return kr8s.api(kubeconfig=str(server.kubeconfig))

    def test_list_create_patch_delete(self, api):
        import kr8s
        from kr8s.objects import ConfigMap
        assert [node.name for node in api.get("nodes")] == ["node-1", "node-2", "node-3"]
        config = ConfigMap(MAP, api=api)
        config.create()
        config.patch({"data": {"k": "2"}})
        config.label(c="d")
        assert [(m.name, m.data.k, m.labels.c) for m in api.get("configmaps", namespace="default", label_selector={"a": "b"})] == [("m", "2", "d")]
        config.delete()
        assert not config.exists()
        with pytest.raises(kr8s.NotFoundError):
            ConfigMap.get("m", namespace="default", api=api)

    def test_scale_and_watch(self, api):
        from kr8s.objects import StatefulSet
        web = StatefulSet(SET, api=api)
        web.create()
        while len(pods := list(api.get("pods", namespace="default", label_selector="app=web"))) < 2:
            time.sleep(0.05)
        for pod in pods:
            pod.wait("condition=Ready", timeout=20)
        with Later(lambda: web.scale(3)):
            for sort, pod in api.watch("pods", namespace="default", label_selector="app=web"):
                if pod.name == "web-2" and pod.status.phase == "Running":
                    break
        assert len(list(api.get("pods", namespace="default", label_selector="app=web"))) == 3
        web.refresh()
        assert web.spec.replicas == 3
        web.delete(propagation_policy="Background")

    def test_exec_and_logs(self, api):
        from kr8s.objects import Pod
        pod = Pod({"metadata": {"name": "p", "namespace": "default"}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}, api=api)
        pod.create()
        pod.wait("condition=Ready", timeout=20)
        assert pod.exec(["hostname"]).stdout == b"p\n"
        assert "start worker processes" in "\n".join(pod.logs())
        pod.delete(grace_period=0)


# ---- lightkube ----------------------------------------------------------------------------------

class TestLightkube:
    @pytest.fixture
    def client(self, server):
        lightkube = pytest.importorskip("lightkube")
        return lightkube.Client(config=lightkube.KubeConfig.from_file(str(server.kubeconfig)), field_manager="test")

    def test_list_create_patch_delete(self, client):
        from lightkube import ApiError
        from lightkube.resources.core_v1 import ConfigMap, Node
        assert [node.metadata.name for node in client.list(Node)] == ["node-1", "node-2", "node-3"]
        created = client.create(ConfigMap.from_dict(MAP))
        assert created.data == {"k": "1"}
        assert client.patch(ConfigMap, "m", {"data": {"k": "2"}}).data == {"k": "2"}
        created.data = {"k": "3"}
        with pytest.raises(ApiError) as refused:
            client.replace(created)                         # of an old version
        assert refused.value.status.code == 409
        applied = ConfigMap.from_dict({**MAP, "data": {"k": "4"}})
        assert client.apply(applied, force=True).data == {"k": "4"}
        assert [m.metadata.name for m in client.list(ConfigMap, labels={"a": "b"})] == ["m"]
        client.delete(ConfigMap, "m")
        with pytest.raises(ApiError):
            client.get(ConfigMap, "m")

    def test_scale_and_watch(self, client):
        from lightkube.models.autoscaling_v1 import ScaleSpec
        from lightkube.models.meta_v1 import ObjectMeta
        from lightkube.resources.apps_v1 import StatefulSet
        from lightkube.resources.core_v1 import Pod
        client.create(StatefulSet.from_dict(SET))
        scale = StatefulSet.Scale(metadata=ObjectMeta(name="web", namespace="default"), spec=ScaleSpec(replicas=3))
        with Later(lambda: client.replace(scale)):
            for sort, pod in client.watch(Pod, namespace="default", labels={"app": "web"}, server_timeout=20):
                if pod.metadata.name == "web-2" and pod.status.phase == "Running":
                    break
        assert client.get(StatefulSet.Scale, "web").status.replicas == 3
        client.delete(StatefulSet, "web")

    def test_logs(self, client):
        from lightkube.resources.core_v1 import Pod
        client.create(Pod.from_dict({"metadata": {"name": "p", "namespace": "default"}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}))
        client.wait(Pod, "p", for_conditions=["Ready"])
        assert "start worker processes" in "".join(client.log("p"))
        client.delete(Pod, "p", grace_period=0)
