"""Values as the API server holds them: Go's names, every field, null for what is absent.  Error texts show differences so (API-68).

The server's own structures are those that clients see, but for the order of some fields.
"""
from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from typing import Any

from .types import Field, Type, type_of

ACRONYMS = re.compile(r"^(api|aws|csi|dns|fc|fs|gce|grpc|http|ip|iqn|iscsi|nfs|os|pd|rbd|tcp|tty|uid)(?=[A-Z]|$)")
NAMES = {"cephfs": "CephFS", "storageos": "StorageOS", "seLinuxOptions": "SELinuxOptions", "seLinuxChangePolicy": "SELinuxChangePolicy", "wwids": "WWIDs"}
ZERO = {"string": "", "bool": False, "int32": 0, "int64": 0, "intOrString": 0, "quantity": "0"}
ORDER = {
    "PodSpec": (
        "volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy "
        "nodeSelector serviceAccountName automountServiceAccountToken nodeName securityContext imagePullSecrets hostname subdomain "
        "setHostnameAsFQDN affinity schedulerName tolerations hostAliases priorityClassName priority preemptionPolicy dnsConfig readinessGates "
        "runtimeClassName overhead enableServiceLinks topologySpreadConstraints os schedulingGates resourceClaims resources hostnameOverride "
        "schedulingGroup").split(),
    "Volume": (
        "name hostPath emptyDir gcePersistentDisk awsElasticBlockStore gitRepo secret nfs iscsi glusterfs persistentVolumeClaim rbd quobyte "
        "flexVolume cinder cephfs flocker downwardAPI fc azureFile configMap vsphereVolume azureDisk photonPersistentDisk projected "
        "portworxVolume scaleIO storageos csi ephemeral image").split(),
    "PersistentVolumeSpec": (       # of which its source comes first, and by itself
        "gcePersistentDisk awsElasticBlockStore hostPath glusterfs nfs rbd quobyte iscsi flexVolume cinder cephfs fc flocker azureFile "
        "vsphereVolume azureDisk photonPersistentDisk portworxVolume scaleIO local storageos csi").split(),
}
OF_HOST = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")       # the server keeps them in the security context


def internal(type: str, value: Any) -> Any:
    """The value of a type as JSON of the server's structure.  Of a PersistentVolumeSpec it is the source."""
    return _value(type_of(type), value)


def diff(old: Any, new: Any) -> str:
    """What changed between two such values, as Kubernetes appends it to "immutable" errors: a unified diff of indented JSON."""
    before, after = (_escaped(json.dumps(value, indent=1, ensure_ascii=False)).splitlines() for value in (old, new))
    return "\n".join(list(difflib.unified_diff(before, after, lineterm=""))[2:])


def _escaped(text: str) -> str:
    """Go's JSON is fit for HTML."""
    return re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", text)


def _value(type: Type, value: Any) -> Any:
    match type.form:
        case "struct" if type.name != "LabelSelector":      # which the server has from its clients
            shown = _fields(type, value, ORDER.get(type.name, type.fields))
            if type.name == "PodSpec":
                context = type.fields["securityContext"].type
                shown["SecurityContext"] = _fields(type, value, OF_HOST) | _value(context, value.get("securityContext") or {})
            return shown
        case "list":
            return [_value(type.item, item) for item in value] or None
        case "map":
            return {key: _value(type.item, value[key]) for key in sorted(value)} or None
    return value


def _fields(type: Type, value: dict, names: Iterable[str]) -> dict:
    return {_go_name(name): _field(type.fields[name], value.get(name)) for name in names}


def _field(field: Field, value: Any) -> Any:
    if value is None and (field.pointer or field.type.form != "struct"):
        return None if field.pointer else ZERO.get(field.type.form)
    return _value(field.type, value or {} if field.type.form == "struct" else value)


def _go_name(name: str) -> str:
    """hostPath -> HostPath, dnsPolicy -> DNSPolicy"""
    spelt = NAMES.get(name) or ACRONYMS.sub(lambda found: found[0].upper(), name)
    return spelt[0].upper() + spelt[1:]
