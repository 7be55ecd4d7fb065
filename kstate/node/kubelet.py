"""The kubelets of all nodes: one look at one pod is the work of the kubelet of its node (see worker)."""
from __future__ import annotations

from ..controllers.base import Controller, Key, finished, get, key_of, terminating, uid
from ..faults import fault
from ..world import probed
from .heartbeat import silent
from .mounts import NOTES
from .worker import Worker

PROBED = "pod with probes"


class Kubelet(Controller):
    name, component, kind = "kubelet", "kubelet", "Pod"

    def watches(self):
        return ("Pod", "Node", "Disk", "Service", "EndpointSlice")

    def keys(self, change, view):
        kind, old, new = change.key.kind, change.old, change.new
        if kind == "Pod":
            if new is None:
                yield Key("Disk", "", uid(old))             # what it leaves behind
            elif new["spec"].get("nodeName"):
                yield change.key
        elif kind == "Node":
            if old is None or new is None or fault(old) != fault(new):
                yield from map(key_of, view.select("pod by node", change.key.name))
        elif kind == "Disk":
            yield from self.readers(change, view) if new is not None else ()
        else:
            for notes in view.select("disk of one who waits", ""):
                yield from map(key_of, view.select("pod by uid", notes["metadata"]["name"].split("/")[1]))

    def readers(self, change, view):
        """Who has to look after a write to a disk: probes may read it; what others tell the kubelet itself is for its pod."""
        owner, path = change.key.name.split("/")[1:3] if change.key.name.startswith("pod/") else ("", "")
        pods = view.select("pod by uid", owner) if owner else view.select(PROBED, "")
        if owner and not pods:
            yield Key("Disk", "", owner)
        elif path != NOTES or change.who != self.component:
            yield from (key_of(pod) for pod in pods if path == NOTES or probed(pod))

    def sync(self, api, key):
        if key.kind == "Disk":
            return self.wipe(api, key.name)
        super().sync(api, key)

    def wipe(self, api, pod: str) -> None:
        """Root file systems and emptyDirs go with their pod (KUBE-13)."""
        if not api.select("pod by uid", pod):
            for disk in api.select("disk by pod", pod):
                api.write(disk["metadata"]["name"], None, because="KUBE-13")

    def reconcile(self, api, pod):
        node = api.find("Node", pod["spec"].get("nodeName", ""))
        if node is None or silent(node):
            return                                          # nobody is there to do anything
        worker = Worker(api, pod, node)
        if finished(pod):
            worker.finish()
        elif terminating(pod):
            worker.terminate()
        elif not get(pod, "status.startTime"):
            worker.accept()
        elif worker.expired:
            worker.expire()
        elif not get(pod, "status.podIP"):
            worker.connect()
        else:
            worker.run()
