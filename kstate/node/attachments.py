"""Whether a kubelet can give a pod its volumes: everything is there, attached and mountable, or the reason why not
(storage.md chapter 7).

Not modelled: the files of a node itself (a local volume's directory is there), drivers that a node lacks, errors of the
network, the authorizer's words.
"""
from __future__ import annotations

import posixpath

from ..controllers.base import Dict, finished, get, name, namespace, phase, terminating, uid
from ..storage.matching import reaches
from ..storage.volumes import attached, claim_name, claim_ref, volume_mode
from .disks import disk_of_source

SYSTEM = ("/", "/dev", "/etc", "/home", "/mnt", "/opt", "/proc", "/root", "/run", "/srv", "/sys", "/tmp", "/usr", "/var", "/var/lib", "/var/log")
SPECIAL = {"File": "a file", "Directory": "a directory", "Socket": "a socket file", "CharDevice": "a character device",
           "BlockDevice": "a block device"}


class NotMounted(Exception):
    """The pod has to wait; the text is the message of its FailedMount event, if there is one."""

    def __init__(self, text: str, because: str, event: bool = True) -> None:
        super().__init__(text)
        self.because, self.event = because, event


def check(api, pod: Dict, node: Dict) -> None:
    """Raises NotMounted for the first volume that cannot be mounted."""
    for volume in pod["spec"].get("volumes") or ():
        wanted = claim_name(pod, volume)
        if wanted is not None:
            _claim(api, pod, node, volume, wanted)
        elif "hostPath" in volume:
            _host_path(api, volume["name"], volume["hostPath"])
        else:
            for source in (volume, *get(volume, "projected.sources", ())):
                _configuration(api, pod, volume["name"], source)


def _claim(api, pod: Dict, node: Dict, volume: Dict, wanted: str) -> None:
    """KUBE-4, KUBE-5."""
    def refuse(why: str, because: str) -> NotMounted:
        return NotMounted(f"Unable to attach or mount volumes: unmounted volumes=[{volume['name']}], unattached volumes=[], failed to process "
                          f"volumes=[{volume['name']}]: {why}", because)

    claim = api.find("PersistentVolumeClaim", wanted, namespace(pod))
    why = None
    if claim is None:
        why = f'failed to fetch PVC from API server: persistentvolumeclaims "{wanted}" not found'
    elif terminating(claim):
        why = "PVC is being deleted"
    elif phase(claim) != "Bound":
        why = "PVC is not bound"
    elif not claim["spec"].get("volumeName"):
        why = "PVC has empty pvc.Spec.VolumeName"
    if why:
        raise refuse(f"error processing PVC {namespace(pod)}/{wanted}: {why}", "KUBE-4")
    bound = claim["spec"]["volumeName"]
    pv = api.find("PersistentVolume", bound)
    ref = claim_ref(pv) if pv else None
    if pv is None:
        raise refuse(f'failed to fetch PV {bound} from API server: persistentvolumes "{bound}" not found', "KUBE-5")
    if ref is None:
        raise refuse(f"found PV object {bound} but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim", "KUBE-5")
    if ref.get("uid") != uid(claim):
        raise refuse(f'found PV object {bound} but its pv.Spec.ClaimRef.UID "{ref.get("uid", "")}" does not point to claim.UID "{uid(claim)}"', "KUBE-5")
    mode, field = volume_mode(pv), "volumeMounts" if volume_mode(pv) == "Block" else "volumeDevices"
    if any(m["name"] == volume["name"] for c in pod["spec"]["containers"] for m in c.get(field) or ()):
        raise refuse(f"volume {volume['name']} has volumeMode {mode}, but is specified in {field}", "KUBE-5")
    _mountable(api, pod, node, claim, pv)


def _mountable(api, pod: Dict, node: Dict, claim: Dict, pv: Dict) -> None:
    """KUBE-6, KUBE-9."""
    if not reaches(pv, node):
        raise NotMounted(f'MountVolume.NodeAffinity check failed for volume "{name(pv)}" : no matching NodeSelectorTerms', "KUBE-6")
    if not attached(api.view, pv, name(node)):
        raise NotMounted(f"volume {name(pv)} is not attached to {name(node)} yet", "KUB-24", event=False)
    if "ReadWriteOncePod" in (pv["spec"].get("accessModes") or ()):
        for other in api.select("pod by claim", f"{namespace(claim)}/{name(claim)}"):
            if uid(other) != uid(pod) and get(other, "status.podIP") and not finished(other):
                raise NotMounted(f'MountVolume.SetUp failed for volume "{name(pv)}" : volume uses the ReadWriteOncePod access mode and is already '
                                 "in use by another pod", "KUBE-9")
    if "hostPath" in pv["spec"]:
        _host_path(api, name(pv), pv["spec"]["hostPath"])


def _host_path(api, volume: str, source: dict) -> None:
    """What must exist has to exist: as far as a simulated node has files, somebody must have written there (KUBE-8)."""
    path, wanted = source["path"], source.get("type") or ""
    there = wanted == "Directory" and (posixpath.normpath(path) in SYSTEM or api.find("Disk", disk_of_source({"hostPath": source})) is not None)
    if wanted in SPECIAL and not there:
        raise NotMounted(f'MountVolume.SetUp failed for volume "{volume}" : hostPath type check failed: {path} is not {SPECIAL[wanted]}', "KUBE-8")


def _configuration(api, pod: Dict, volume: str, source: dict) -> None:
    """ConfigMaps and Secrets, alone or in a projected volume (KUBE-6)."""
    for field, kind, name_field in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
        ref = source.get(field)
        if not ref or ref.get("optional"):
            continue
        wanted = ref.get(name_field) or ref.get("name", "")
        found = api.find(kind, wanted, namespace(pod))
        if found is None:
            raise NotMounted(f'MountVolume.SetUp failed for volume "{volume}" : {kind.lower()} "{wanted}" not found', "KUBE-6")
        for item in ref.get("items") or ():
            if item["key"] not in {**found.get("data", {}), **found.get("binaryData", {})}:
                raise NotMounted(f'MountVolume.SetUp failed for volume "{volume}" : references non-existent {"config" if kind == "ConfigMap" else "secret"}'
                                 f' key: {item["key"]}', "KUBE-6")


def mapped(pod: Dict) -> list[str]:
    """The messages about block volumes that were handed to the containers (KUBE-7)."""
    said = []
    for container in pod["spec"]["containers"]:
        for device in container.get("volumeDevices") or ():
            said.append(f'MapVolume.MapPodDevice succeeded for volume "{device["name"]}" globally globalMapPath "/var/lib/kubelet/plugins/{device["name"]}"')
            said.append(f'MapVolume.MapPodDevice succeeded for volume "{device["name"]}" volumeMapPath "/var/lib/kubelet/pods/{uid(pod)}/volumeDevices"')
    return said
