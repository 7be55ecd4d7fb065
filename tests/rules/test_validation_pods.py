"""Pods and pod specs: what the API server refuses, in its words (API-28, API-32, API-68)."""
from __future__ import annotations

import pytest

from kstate.kinds import KINDS

from .objects import GONE, on_create, on_update, stored, warned

FIRST = "spec containers 0"
APART = "spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]"
PATH = "spec.containers[0]"
FIXED = ("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
         "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` "
         "(allow it to be set to 1 if it was previously negative)")
TOLERATION = {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}
CLAIM = {"name": "data", "persistentVolumeClaim": {"claimName": "c"}}

CREATE = {
    "fine": ({},),
    "no containers": ({"spec containers": []}, "spec.containers: Required value"),
    "container name": ({f"{FIRST} name": "a.b"}, f'{PATH}.name: Invalid value: "a.b": must not contain dots'),
    "no container name": ({f"{FIRST} name": GONE}, f"{PATH}.name: Required value"),
    "same name": ({"spec containers 1": {"name": "app", "image": "b"}}, 'spec.containers[1].name: Duplicate value: "app"'),
    "init name": ({"spec initContainers": [{"name": "app", "image": "b"}]}, 'spec.initContainers[0].name: Duplicate value: "app"'),
    "no image": ({f"{FIRST} image": GONE}, f"{PATH}.image: Required value"),
    "blank in image": ({f"{FIRST} image": " nginx"},
                       f'{PATH}.image: Invalid value: " nginx": must not have leading or trailing whitespace'),
    "pull policy": ({f"{FIRST} imagePullPolicy": "Often"},
                    f'{PATH}.imagePullPolicy: Unsupported value: "Often": supported values: "Always", "IfNotPresent", "Never"'),
    "port": ({f"{FIRST} ports": [{"containerPort": 70000}, {}]},
             f"{PATH}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
             f"{PATH}.ports[1].containerPort: Required value"),
    "port name": ({f"{FIRST} ports": [{"containerPort": 1, "name": "Web--1"}, {"containerPort": 2, "name": "a"},
                                      {"containerPort": 3, "name": "a"}]},
                  f'{PATH}.ports[0].name: Invalid value: "Web--1": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
                  f'{PATH}.ports[0].name: Invalid value: "Web--1": must not contain consecutive hyphens',
                  f'{PATH}.ports[2].name: Duplicate value: "a"'),
    "protocol": ({f"{FIRST} ports": [{"containerPort": 1, "protocol": "IP"}]},
                 f'{PATH}.ports[0].protocol: Unsupported value: "IP": supported values: "SCTP", "TCP", "UDP"'),
    "host port": ({f"{FIRST} ports": [{"containerPort": 1, "hostPort": 8}, {"containerPort": 2, "hostPort": 8}]},
                  f'{PATH}.ports[1].hostPort: Duplicate value: "TCP//8"'),
    "env": ({f"{FIRST} env": [{"name": "A=B"}, {}, {"name": "C", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "spec.nothing"}}}]},
            (f'{PATH}.env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters '
            "other than '='"),
            f"{PATH}.env[1].name: Required value",
            (f'{PATH}.env[2].valueFrom.fieldRef.fieldPath: Invalid value: "spec.nothing": '
             'error converting fieldPath: field label not supported: spec.nothing'),
            f'{PATH}.env[2].valueFrom: Invalid value: "": may not be specified when `value` is not empty'),
    "field of a pod": (
        {f"{FIRST} env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": field}}} for field in ("status.phase", "metadata.uid['a']")]},
        (f'{PATH}.env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: "metadata.name", '
         '"metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", '
         '"status.podIP", "status.podIPs"'),
        (f'{PATH}.env[1].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.uid[\'a\']": '
         "error converting fieldPath: field label does not support subscript: metadata.uid['a']")),
    "port of the host": ({"spec hostNetwork": True, f"{FIRST} ports": [{"containerPort": 80, "hostPort": 81}]},
                         f"{PATH}.ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true"),
    "two sub paths": ({"spec volumes": [CLAIM], f"{FIRST} volumeMounts": [{"name": "data", "mountPath": "/b", "subPath": "/x", "subPathExpr": "y"}]},
                      f'{PATH}.volumeMounts.subPath: Invalid value: "/x": must be a relative path',
                      f'{PATH}.volumeMounts[0].subPathExpr: Invalid value: "y": subPathExpr and subPath are mutually exclusive'),
    "host alias": ({"spec hostAliases": [{"ip": "here", "hostnames": ["a_b"]}]},
                   'spec.hostAliases[0].ip: Invalid value: "here": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
                   'spec.hostAliases[0].hostnames[0]: Invalid value: "a_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric '
                   "characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
                   r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"),
    "weight": ({"spec affinity": {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
                   {"weight": 0, "podAffinityTerm": {"topologyKey": "zone"}}]}}},
               "spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100"),
    "mount": ({f"{FIRST} volumeMounts": [{"name": "data", "mountPath": "/a"}]}, f'{PATH}.volumeMounts[0].name: Not found: "data"'),
    "same mount path": ({"spec volumes": [CLAIM],
                         f"{FIRST} volumeMounts": [{"name": "data", "mountPath": "/a"}, {"name": "data", "mountPath": "/a"}]},
                        f'{PATH}.volumeMounts[1].mountPath: Invalid value: "/a": must be unique'),
    "no mount path": ({"spec volumes": [CLAIM], f"{FIRST} volumeMounts": [{"name": "data"}]},
                      f"{PATH}.volumeMounts[0].mountPath: Required value"),
    "sub path": ({"spec volumes": [CLAIM], f"{FIRST} volumeMounts": [{"name": "data", "mountPath": "/a", "subPath": "../b"},
                                                                     {"name": "data", "mountPath": "/c", "subPathExpr": "/d"}]},
                 f"{PATH}.volumeMounts.subPath: Invalid value: \"../b\": must not contain '..'",
                 f'{PATH}.volumeMounts.subPathExpr: Invalid value: "/d": must be a relative path'),
    "mount and device": ({"spec volumes": [CLAIM], f"{FIRST} volumeMounts": [{"name": "data", "mountPath": "/a"}],
                          f"{FIRST} volumeDevices": [{"name": "data", "devicePath": "/../a"}, {"name": "data", "devicePath": "/a"}]},
                         f'{PATH}.volumeMounts[0].name: Invalid value: "data": must not already exist in volumeDevices',
                         f'{PATH}.volumeMounts[0].mountPath: Invalid value: "/a": must not already exist as a path in volumeDevices',
                         f"{PATH}.volumeDevices[0].devicePath: Invalid value: \"/../a\": can not contain backsteps ('..')",
                         f'{PATH}.volumeDevices[0].name: Invalid value: "data": must not already exist in volumeMounts',
                         f'{PATH}.volumeDevices[1].name: Invalid value: "data": must be unique',
                         f'{PATH}.volumeDevices[1].name: Invalid value: "data": must not already exist in volumeMounts',
                         f'{PATH}.volumeDevices[1].devicePath: Invalid value: "/a": must not already exist as a path in volumeMounts'),
    "device": ({"spec volumes": [{"name": "data"}], f"{FIRST} volumeDevices": [{"name": "data", "devicePath": "/dev/a"}]},
        (f'{PATH}.volumeDevices[0].name: Invalid value: "data": can only use volume source type of PersistentVolumeClaim or Ephemeral '
        "for block mode")),
    "same volume": ({"spec volumes": [CLAIM, CLAIM]}, 'spec.volumes[1].name: Duplicate value: "data"'),
    "two sources": ({"spec volumes": [{**CLAIM, "emptyDir": {}}]},
                    "spec.volumes[0].persistentVolumeClaim: Forbidden: may not specify more than 1 volume type"),
    "claim name": ({"spec volumes": [{"name": "data", "persistentVolumeClaim": {}}]},
                   "spec.volumes[0].persistentVolumeClaim.claimName: Required value"),
    "bad volume is no volume": ({"spec volumes": [{"name": "data", "persistentVolumeClaim": {}}], f"{FIRST} volumeMounts": [
                                    {"name": "data", "mountPath": "/a"}]},
                                "spec.volumes[0].persistentVolumeClaim.claimName: Required value",
                                f'{PATH}.volumeMounts[0].name: Not found: "data"'),
    "ephemeral": ({"spec volumes": [{"name": "data", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}}}]},
                  "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value"),
    "requests": ({f"{FIRST} resources": {"requests": {"cpu": "2", "disk": "1"}, "limits": {"cpu": "1"}}},
                 f'{PATH}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
                 f'{PATH}.resources.requests[disk]: Invalid value: "disk": must be a standard resource type or fully qualified',
                 f'{PATH}.resources.requests[disk]: Invalid value: "disk": must be a standard resource for containers'),
    "negative request": ({f"{FIRST} resources": {"requests": {"memory": "-1Gi"}}},
                         f'{PATH}.resources.requests[memory]: Invalid value: "-1Gi": must be greater than or equal to 0'),
    "probe": ({f"{FIRST} livenessProbe": {"successThreshold": 2, "exec": {}}, f"{FIRST} readinessProbe": {}},
              f"{PATH}.livenessProbe.exec.command: Required value",
              f"{PATH}.livenessProbe.successThreshold: Invalid value: 2: must be 1",
              f"{PATH}.readinessProbe: Required value: must specify a handler type"),
    "probe of init container": ({"spec initContainers": [{"name": "init", "image": "a", "livenessProbe": {"exec": {"command": ["a"]}}}]},
        "spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always"),
    "probe of sidecar": ({"spec initContainers": [{"name": "side", "image": "a", "restartPolicy": "Always",
                                                   "livenessProbe": {"exec": {"command": ["a"]}}}]},),
    "restart policy": ({"spec restartPolicy": "Sometimes"},
                       'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'),
    "dns policy": ({"spec dnsPolicy": "X"},
        'spec.dnsPolicy: Unsupported value: "X": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"'),
    "deadline": ({"spec activeDeadlineSeconds": 0},
                 "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"),
    "hostname": ({"spec hostname": "a.b"}, 'spec.hostname: Invalid value: "a.b": must not contain dots'),
    "node affinity": ({"spec affinity nodeAffinity requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}},
                      ("spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: "
                      "must have at least one node selector term")),
    "pod affinity": ({"spec affinity podAntiAffinity requiredDuringSchedulingIgnoredDuringExecution": [{}]},
        f"{APART}.topologyKey: Required value: can not be empty",
        f'{APART}.topologyKey: Invalid value: "": name part must be non-empty',
        f"{APART}.topologyKey: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"),
    "toleration": ({"spec tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]},
                   "spec.tolerations[0].operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'"),
    "ephemeral container": ({"spec ephemeralContainers": [{"name": "a", "image": "b"}]},
                            "spec.ephemeralContainers: Forbidden: cannot be set on create"),
    "gates": ({"spec schedulingGates": [{"name": "a"}], "spec nodeName": "node-1"},
              "spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"),
}


@pytest.mark.parametrize("case", CREATE)
def test_refused_on_create(case):
    changes, *expected = CREATE[case]
    assert on_create("Pod", changes) == expected


@pytest.mark.parametrize(("before", "changes"), [
    ({}, {f"{FIRST} image": "nginx:2"}),
    ({"spec initContainers": [{"name": "init", "image": "a"}]}, {"spec initContainers 0 image": "b"}),
    ({}, {"spec activeDeadlineSeconds": 10}),
    ({"spec activeDeadlineSeconds": 10}, {"spec activeDeadlineSeconds": 5}),
    ({"spec tolerations": [TOLERATION]}, {"spec tolerations": [{**TOLERATION, "tolerationSeconds": 5}, {"operator": "Exists"}]}),
    ({"spec terminationGracePeriodSeconds": -5}, {"spec terminationGracePeriodSeconds": 1}),
    ({"spec schedulingGates": [{"name": "a"}]}, {"spec schedulingGates": GONE}),
    ({"spec schedulingGates": [{"name": "a"}]}, {"spec nodeSelector": {"disk": "ssd"}}),
], ids=str)
def test_API_68_what_may_change(before, changes):
    assert on_update("Pod", changes, before=before) == []


@pytest.mark.parametrize(("before", "changes", "expected"), [
    ({}, {"spec containers 1": {"name": "b", "image": "b"}}, ["spec.containers: Forbidden: pod updates may not add or remove containers"]),
    ({"spec activeDeadlineSeconds": 5}, {"spec activeDeadlineSeconds": 10},
     ["spec.activeDeadlineSeconds: Invalid value: 10: must be less than or equal to previous value"]),
    ({"spec tolerations": [TOLERATION]}, {"spec tolerations": []},
     ["spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"]),
    ({"spec schedulingGates": [{"name": "a"}], "spec nodeSelector": {"a": "b"}}, {"spec nodeSelector": {"a": "c"}},
     ['spec.nodeSelector: Invalid value: {"a":"c"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)']),
    ({}, {"spec schedulingGates": [{"name": "a"}]},
     ["spec.schedulingGates[0]: Forbidden: only deletion is allowed, but found new scheduling gate 'a'"]),
    ({}, {"spec terminationGracePeriodSeconds": 1}, [FIXED]),
    ({}, {"spec nodeName": "node-2"}, [FIXED]),
    ({}, {f"{FIRST} command": ["sleep"]}, [FIXED]),
], ids=str)
def test_API_68_what_may_not_change(before, changes, expected):
    assert [e.splitlines()[0] for e in on_update("Pod", changes, before=before)] == expected


@pytest.mark.parametrize(("changes", "shown"), [
    ({f"{FIRST} command": ["sh", "a>b"]}, """
    "Image": "busybox",
-   "Command": null,
+   "Command": [
+    "sh",
+    "a\\u003eb"
+   ],
    "Args": null,
"""),
    ({"spec restartPolicy": "Never"}, """
  "EphemeralContainers": null,
- "RestartPolicy": "Always",
+ "RestartPolicy": "Never",
  "TerminationGracePeriodSeconds": 30,
"""),
    ({"spec hostNetwork": True}, """
  "SecurityContext": {
-  "HostNetwork": false,
+  "HostNetwork": true,
   "HostPID": false,
""")], ids=str)
def test_API_68_shows_what_differs_in_the_servers_own_structure(changes, shown):
    error, = on_update("Pod", changes)
    assert shown in error


def test_API_32_a_name_with_dots_is_warned_of():
    assert warned("Pod", {"metadata name": "a.b"}) == [
        ("metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: "
        "[must not contain dots]")]
    assert warned("Pod") == []


def test_status_keeps_node_and_quality_of_service():
    old = stored("Pod", {"spec nodeName": "node-1", "spec restartPolicy": "Never"},
                 {"qosClass": "BestEffort", "containerStatuses": [{"name": "app", "state": {"terminated": {"exitCode": 0}}}]})
    new = {**old, "spec": {**old["spec"], "nodeName": "node-2"},
           "status": {"qosClass": "Burstable", "containerStatuses": [{"name": "app", "state": {"running": {}}}]}}
    assert [str(e) for e in KINDS["Pod"].validate_status(new, old)] == [
        "status.nodeName: Forbidden: may not be changed directly", 'status.qosClass: Invalid value: "Burstable": field is immutable',
        "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"]
