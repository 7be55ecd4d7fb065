"""PersistentVolume, PersistentVolumeClaim, StorageClass: what the API server refuses, in its words (PVAPI, PVCAPI, SCAPI)."""
from __future__ import annotations

import pytest

from kstate.kinds import KINDS

from .objects import GONE, STORED, changed, complaints, on_create, on_update, stored, warned

MODES = 'supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"'
LOCAL = {"spec nfs": GONE, "spec local path": "/mnt"}
HOST = {"spec nfs": GONE, "spec hostPath path": "/data"}
CSI = {"spec nfs": GONE, "spec csi": {"driver": "csi.example.com", "volumeHandle": "v-1"}}
SPEC_FIXED = "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
BETA = "volume.beta.kubernetes.io/storage-class"
BOUND = {"phase": "Bound", "capacity": {"storage": "30Gi"}, "accessModes": ["ReadWriteOnce"]}

PV_CREATE = {
    "PVAPI-7 none": ({"spec accessModes": []}, "spec.accessModes: Required value"),
    "PVAPI-7 unknown": ({"spec accessModes": ["X"]}, f'spec.accessModes: Unsupported value: "X": {MODES}'),
    "PVAPI-7 mixed": ({"spec accessModes": ["ReadWriteOncePod", "ReadWriteOnce"]},
                      "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"),
    "PVAPI-8 missing": ({"spec capacity": GONE}, "spec.capacity: Required value",
                        'spec.capacity: Unsupported value: null: supported values: "storage"'),
    "PVAPI-8 other": ({"spec capacity": {"size": "1Gi"}}, 'spec.capacity: Unsupported value: {"size":"1Gi"}: supported values: "storage"'),
    "PVAPI-8 zero": ({"spec capacity storage": "0"}, 'spec.capacity[storage]: Invalid value: "0": must be greater than zero'),
    "PVAPI-8 negative": ({"spec capacity storage": "-1Gi"},
                         "spec.capacity[storage]: Invalid value: -1073741824: must be a valid resource quantity",
                         'spec.capacity[storage]: Invalid value: "-1Gi": must be greater than zero'),
    "PVAPI-9 policy": ({"spec persistentVolumeReclaimPolicy": "X"},
                       'spec.persistentVolumeReclaimPolicy: Unsupported value: "X": supported values: "Delete", "Recycle", "Retain"'),
    "PVAPI-9 root": ({**HOST, "spec hostPath path": "/"},
                     "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"),
    "PVAPI-10 none": ({"spec nfs": GONE}, "spec: Required value: must specify a volume type"),
    "PVAPI-10 two": ({"spec hostPath path": "/data"}, "spec.nfs: Forbidden: may not specify more than 1 volume type"),
    "PVAPI-11 host path": ({**HOST, "spec hostPath path": ""}, "spec.hostPath.path: Required value"),
    "PVAPI-11 backsteps": ({**HOST, "spec hostPath path": "/a/../b"},
                           "spec.hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"),
    "PVAPI-11 host path type": ({**HOST, "spec hostPath type": "Disk"},
        ('spec.hostPath.type: Unsupported value: "Disk": supported values: "", "BlockDevice", "CharDevice", "Directory", '
        '"DirectoryOrCreate", "File", "FileOrCreate", "Socket"')),
    "PVAPI-11 nfs server": ({"spec nfs server": GONE}, "spec.nfs.server: Required value"),
    "PVAPI-11 nfs path": ({"spec nfs path": "a"}, 'spec.nfs.path: Invalid value: "a": must be an absolute path'),
    "PVAPI-11 csi": ({**CSI, "spec csi": {"driver": "csi.example.com"}}, "spec.csi.volumeHandle: Required value"),
    "PVAPI-12 local": (LOCAL, "spec.nodeAffinity: Required value: Local volume requires node affinity"),
    "PVAPI-12 affinity": ({**LOCAL, "spec nodeAffinity": {}},
                          "spec.nodeAffinity.required: Required value: must specify required node constraints"),
    "PVAPI-13 mode": ({"spec volumeMode": "X"}, 'spec.volumeMode: Unsupported value: "X": supported values: "Block", "Filesystem"'),
    "PVAPI-15 empty": ({**CSI, "spec volumeAttributesClassName": ""},
                       "spec.volumeAttributesClassName: Required value: an empty string is disallowed"),
    "PVAPI-15 source": ({"spec volumeAttributesClassName": "gold"},
                        "spec.csi: Required value: has to be specified when using volumeAttributesClassName"),
    "PVAPI-14": ({**HOST, "metadata annotations": {"volume.beta.kubernetes.io/mount-options": "ro"}},
        "metadata.annotations[volume.beta.kubernetes.io/mount-options]: Forbidden: may not specify mount options for this volume type"),
    "the example": ({},),
    "PVAPI-14 nfs": ({"metadata annotations": {"volume.beta.kubernetes.io/mount-options": "ro"}},),
}


@pytest.mark.parametrize("case", PV_CREATE)
def test_PVAPI_refused_on_create(case):
    changes, *expected = PV_CREATE[case]
    assert on_create("PersistentVolume", changes) == expected


def test_PVAPI_6_PVAPI_13_names():
    assert on_create("PersistentVolume",
                     {"metadata name": "PV"})[0].startswith('metadata.name: Invalid value: "PV": a lowercase RFC 1123 subdomain')
    assert on_create("PersistentVolume",
                     {"spec storageClassName": "A B"})[0].startswith('spec.storageClassName: Invalid value: "A B": a lowercase RFC')


def test_PVAPI_16_recycle_is_warned_of():
    assert warned("PersistentVolume") == [("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
                                          "Instead, the recommended approach is to use dynamic provisioning.")]
    assert warned("PersistentVolume", {"spec persistentVolumeReclaimPolicy": "Retain"}) == []


def test_PVAPI_16_what_is_old_is_warned_of():
    kept = {"spec persistentVolumeReclaimPolicy": "Retain"}
    assert warned("PersistentVolume", {**kept, "metadata annotations": {BETA: "std"}}) == [
        f'metadata.annotations[{BETA}]: deprecated since v1.8; use "storageClassName" attribute instead']
    assert warned("PersistentVolume", {**kept, "spec nfs": GONE, "spec glusterfs": {"endpoints": "e", "path": "p"}}) == [
        "spec.glusterfs: deprecated in v1.25, non-functional in v1.26+"]
    assert warned("PersistentVolume", {**kept, "spec nodeAffinity": affinity("failure-domain.beta.kubernetes.io/zone")}) == [
        "spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: failure-domain.beta.kubernetes.io/zone is deprecated "
        'since v1.17; use "topology.kubernetes.io/zone" instead']


def test_PVAPI_17_the_source_is_immutable():
    error, = on_update("PersistentVolume", {"spec nfs path": "/b"})
    assert error.splitlines() == [
        "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation", "@@ -5,7 +5,7 @@",
        '  "Glusterfs": null,', '  "NFS": {', '   "Server": "10.113.69.123",', '-  "Path": "/root/vdisk/pv_a",', '+  "Path": "/b",',
        '   "ReadOnly": false', "  },", '  "RBD": null,']
    secret = {"spec csi controllerExpandSecretRef": {"name": "a", "namespace": "b"}}
    assert on_update("PersistentVolume", secret, before=CSI) == []
    assert on_update("PersistentVolume", {"spec csi controllerExpandSecretRef": GONE}, before={**CSI, **secret}) != []


def test_PVAPI_18_volume_mode():
    assert on_update("PersistentVolume", {"spec volumeMode": "Block"}) == ['volumeMode: Invalid value: "Block": field is immutable']


def affinity(key, value="a"):
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": key, "operator": "In", "values": [value]}]}]}}


def test_PVAPI_19_node_affinity():
    old, new = "failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"
    assert on_update("PersistentVolume", {"spec nodeAffinity": affinity(new)}) == []
    assert on_update("PersistentVolume", {"spec nodeAffinity": affinity(new)}, before={"spec nodeAffinity": affinity(old)}) == []
    for before, after in ((affinity(new), affinity(old)), (affinity(old), affinity(new, "b"))):
        error, = on_update("PersistentVolume", {"spec nodeAffinity": after}, before={"spec nodeAffinity": before})
        assert error.startswith('nodeAffinity: Invalid value: {"Required":{"NodeSelectorTerms":[{"MatchExpressions":[{"Key":"')
        assert error.endswith(": field is immutable, except for updating from beta label to GA")
    assert on_update("PersistentVolume", {"spec nodeAffinity": GONE}, before={"spec nodeAffinity": affinity(new)}) == [
        'nodeAffinity: Invalid value: "null": field is immutable, except for updating from beta label to GA']


def test_PVAPI_20_what_may_change():
    assert on_update("PersistentVolume", {
        "spec capacity storage": "1Mi", "spec accessModes": ["ReadOnlyMany"], "spec claimRef": {"namespace": "default", "name": "a"},
        "spec persistentVolumeReclaimPolicy": "Retain", "spec storageClassName": "other", "spec mountOptions": ["ro"]}) == []
    assert on_update("PersistentVolume", {"spec volumeAttributesClassName": GONE},
                     before={**CSI, "spec volumeAttributesClassName": "gold"}) == [
        "spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden"]


PVC_CREATE = {
    "PVCAPI-3 none": ({"spec accessModes": []}, "spec.accessModes: Required value: at least 1 access mode is required"),
    "PVCAPI-3 unknown": ({"spec accessModes": ["ReadWriteTwice"]}, f'spec.accessModes: Unsupported value: "ReadWriteTwice": {MODES}'),
    "PVCAPI-3 mixed": ({"spec accessModes": ["ReadWriteOncePod", "ReadOnlyMany"]},
                       "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"),
    "PVCAPI-4 missing": ({"spec resources": GONE}, "spec.resources[storage]: Required value"),
    "PVCAPI-4 zero": ({"spec resources requests storage": "0"}, 'spec.resources[storage]: Invalid value: "0": must be greater than zero'),
    "PVCAPI-4 negative": ({"spec resources requests storage": "-1Gi"},
                          'spec.resources[storage]: Invalid value: "-1Gi": must be greater than zero'),
    "PVCAPI-7 mode": ({"spec volumeMode": "X"}, 'spec.volumeMode: Unsupported value: "X": supported values: "Block", "Filesystem"'),
    "PVCAPI-7 no class": ({"spec storageClassName": ""},),
    "PVCAPI-7 selector": ({"spec selector matchExpressions": [{"key": "a", "operator": "In"}]},
                          "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"),
    "PVCAPI-7 source": ({"spec dataSourceRef": {"kind": "Pod", "name": "a"}},
                        "spec.dataSource: Invalid value: \"Pod\": must be 'PersistentVolumeClaim' when referencing the default apiGroup",
        "spec.dataSourceRef: Invalid value: \"Pod\": must be 'PersistentVolumeClaim' when referencing the default apiGroup"),
    "PVCAPI-8": ({"spec volumeName": "nowhere", "spec dataSource": {"kind": "PersistentVolumeClaim", "name": "nothing"}},),
}


@pytest.mark.parametrize("case", PVC_CREATE)
def test_PVCAPI_refused_on_create(case):
    changes, *expected = PVC_CREATE[case]
    assert on_create("PersistentVolumeClaim", changes) == expected


def test_PVCAPI_6_fractions_are_warned_of():
    assert warned("PersistentVolumeClaim", {"spec resources requests storage": "100m"}) == [
        'spec.resources.requests[storage]: fractional byte value "100m" is invalid, must be an integer']
    assert warned("PersistentVolumeClaim") == []


def test_PVCAPI_9_as_recorded():
    """The text that a control plane of v1.36 gave when access modes of a bound claim were changed."""
    error, = on_update("PersistentVolumeClaim", {"spec accessModes": ["ReadWriteMany"]}, BOUND)
    assert error.splitlines() == [
        SPEC_FIXED, "@@ -1,6 +1,6 @@", " {", '  "AccessModes": [', '-  "ReadWriteOnce"', '+  "ReadWriteMany"', "  ],",
                                  '  "Selector": null,',
        '  "Resources": {']


def test_PVCAPI_9_a_data_source_is_shown_whole():
    error, = on_update("PersistentVolumeClaim", {"spec dataSource": {"kind": "PersistentVolumeClaim", "name": "a"}})
    assert [line for line in error.splitlines() if line.startswith("+")][:5] == [
        '+ "DataSource": {', '+  "APIGroup": null,', '+  "Kind": "PersistentVolumeClaim",', '+  "Name": "a"', "+ },"]


def test_PVCAPI_16_the_old_class_annotation_is_warned_of():
    assert warned("PersistentVolumeClaim", {"metadata annotations": {BETA: "std"}}) == [
        f'metadata.annotations[{BETA}]: deprecated since v1.8; use "storageClassName" attribute instead']


@pytest.mark.parametrize(("before", "changes", "allowed"), [
    ({}, {"spec volumeName": "pv1"}, True),                                                             # PVCAPI-10
    ({"spec volumeName": "pv1"}, {"spec volumeName": "pv2"}, False),
    ({"spec volumeName": "pv1"}, {"spec volumeName": GONE}, False),
    ({"spec storageClassName": GONE}, {"spec storageClassName": "std"}, True),                          # PVCAPI-11
    ({"spec storageClassName": ""}, {"spec storageClassName": "std"}, False),
    ({}, {"spec storageClassName": "other"}, False),
    ({}, {"spec selector": {"matchLabels": {"a": "b"}}}, False),
    ({}, {"metadata labels": {"a": "b"}, "metadata finalizers": ["example.com/a"]}, True),              # PVCAPI-14
], ids=str)
@pytest.mark.parametrize("status", [{"phase": "Pending"}, BOUND], ids=["Pending", "Bound"])
def test_PVCAPI_9_10_11(before, changes, allowed, status):
    found = on_update("PersistentVolumeClaim", changes, status, before)
    assert [e.splitlines()[0] for e in found] == ([] if allowed else [SPEC_FIXED])


def test_PVCAPI_11_the_old_annotation():
    before = {"spec storageClassName": GONE, "metadata annotations": {BETA: "std"}}
    assert on_update("PersistentVolumeClaim", {"spec storageClassName": "std"}, before=before) == []
    assert on_update("PersistentVolumeClaim", {"spec storageClassName": "std", "metadata annotations": GONE}, before=before) == []
    assert [e.splitlines()[0] for e in on_update("PersistentVolumeClaim", {"spec storageClassName": "x"}, before=before)] == [SPEC_FIXED]
    assert on_update("PersistentVolumeClaim", {"metadata annotations": {BETA: "x"}}, before=before) == [
        f'metadata.annotations.{BETA}: Invalid value: "x": field is immutable']


@pytest.mark.parametrize(("size", "status", "expected"), [
    ("40Gi", BOUND, []),
    ("40Gi", {"phase": "Pending"}, [SPEC_FIXED]),                                                       # PVCAPI-12
    ("40Gi", {"phase": "Lost"}, [SPEC_FIXED]),
    ("20Gi", BOUND, ["spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"]),      # PVCAPI-13
    ("20Gi", {**BOUND, "capacity": {"storage": "20Gi"}},
     ["spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"]),
    ("21Gi", {**BOUND, "capacity": {"storage": "20Gi"}}, []),
    ("32212254720", {"phase": "Pending"}, []),              # 30Gi in other words
])
def test_PVCAPI_12_13_size(size, status, expected):
    found = on_update("PersistentVolumeClaim", {"spec resources requests storage": size}, status)
    assert [e.splitlines()[0] for e in found] == expected


def test_PVCAPI_14_volume_mode():
    found = on_update("PersistentVolumeClaim", {"spec volumeMode": "Block"}, BOUND)
    assert [e.splitlines()[0] for e in found] == [SPEC_FIXED, 'volumeMode: Invalid value: "Block": field is immutable']


def test_PVCAPI_2_data_sources():
    def sources(changes):
        spec = stored("PersistentVolumeClaim", changes)["spec"]
        return spec.get("dataSource"), spec.get("dataSourceRef")
    claim = {"kind": "PersistentVolumeClaim", "name": "a"}
    assert sources({"spec dataSource": claim}) == (claim, claim)
    assert sources({"spec dataSourceRef": claim}) == (claim, claim)
    assert sources({"spec dataSource": {"apiGroup": "example.com", "kind": "Backup", "name": "a"}}) == (None, None)
    assert sources({"spec dataSourceRef": {**claim, "namespace": "other"}}) == (None, {**claim, "namespace": "other"})
    snapshot = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "a"}
    assert sources({"spec dataSource": snapshot}) == (snapshot, snapshot)


SC_CREATE = {
    "SCAPI-2 none": ({"provisioner": GONE}, "provisioner: Required value"),
    "SCAPI-2 empty key": ({"parameters": {"": "x"}}, 'parameters: Invalid value: "": field can not be empty.'),
    "SCAPI-2 upper case": ({"provisioner": "Example.com/Disk"},),
    "SCAPI-2 many": ({"parameters": {str(i): "" for i in range(513)}}, "parameters: Too long: may not be more than 512 bytes"),
    "SCAPI-3 policy": ({"reclaimPolicy": "Recycle"}, 'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"'),
    "SCAPI-3 mode": ({"volumeBindingMode": "X"},
                     'volumeBindingMode: Unsupported value: "X": supported values: "Immediate", "WaitForFirstConsumer"'),
    "SCAPI-5": ({"allowedTopologies": [{"matchLabelExpressions": [{"key": "zone", "values": ["a", "a"]}, {"key": "zone", "values": []}]},
                                       {}, {}]},
                'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
                "allowedTopologies[0].matchLabelExpressions[1].values: Required value",
                'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "zone"',
                'allowedTopologies[2]: Duplicate value: ""'),
    "the example": ({},),
}


@pytest.mark.parametrize("case", SC_CREATE)
def test_SCAPI_refused_on_create(case):
    changes, *expected = SC_CREATE[case]
    assert on_create("StorageClass", changes) == expected


@pytest.mark.parametrize(("changes", "expected"), [
    ({"parameters": {"type": "ssd"}}, ['parameters: Invalid value: {"type":"ssd"}: field is immutable']),
    ({"provisioner": "x"}, ['provisioner: Invalid value: "x": field is immutable']),
    ({"reclaimPolicy": "Retain"}, ['reclaimPolicy: Invalid value: "Retain": field is immutable']),
    ({"volumeBindingMode": "WaitForFirstConsumer"}, ['volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable']),
    ({"allowVolumeExpansion": False, "mountOptions": ["ro"], "metadata labels": {"a": "b"}}, []),
], ids=str)
def test_SCAPI_4_update(changes, expected):
    assert on_update("StorageClass", changes) == expected


def test_other_storage_kinds():
    assert on_create("VolumeAttachment", {}) == on_create("CSIDriver", {}) == on_create("VolumeAttributesClass", {}) == []
    assert on_create("VolumeAttachment", {"spec nodeName": GONE, "spec source": {}}) == [
        "spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName",
                                                                                         "spec.nodeName: Required value"]
    assert on_update("VolumeAttachment", {"spec nodeName": "node-2"})[0].startswith("spec: Invalid value: {")
    assert on_create("VolumeAttributesClass",
                     {"parameters": {}}) == ["parameters: Required value: must contain at least one key/value pair"]
    assert on_update("CSIDriver", {"spec attachRequired": False}) == ["spec.attachRequired: Invalid value: false: field is immutable"]


@pytest.mark.parametrize("name", STORED)
def test_what_is_stored_is_sound_and_may_be_written_back(name):
    obj = STORED[name]
    new = changed(obj, {"metadata creationTimestamp": obj["metadata"]["creationTimestamp"]})
    assert complaints(new) == []
    assert complaints(new, obj) == []
    assert list(KINDS[obj["kind"]].validate_status(new, obj)) == []
