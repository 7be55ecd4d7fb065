"""All controllers of the control plane and its nodes, in the order in which they are listed to learners."""
from __future__ import annotations

from ..node.heartbeat import NodeStatus
from ..node.kubelet import Kubelet
from .attachdetach import AttachDetach, ExternalAttacher
from .claimbinder import Claims
from .csi import ExternalDeleter, ExternalProvisioner
from .deployment import Deployments
from .disruption import Disruption
from .endpoints import Endpoints
from .endpointslices import EndpointSlices
from .ephemeral import EphemeralVolumes
from .expansion import ExpandController, ExternalResizer, FileSystemResizer
from .garbagecollector import GarbageCollector
from .kubernetesservice import KubernetesService
from .mirroring import EndpointSliceMirroring
from .namespaces import Namespaces
from .nodelifecycle import NodeLifecycle
from .podgc import PodGC
from .protection import ClaimProtection, VolumeProtection
from .reclaim import Reclaimer
from .replicaset import ReplicaSets
from .resourcequota import ResourceQuotas
from .scheduler import Scheduler
from .serviceaccounts import ServiceAccounts
from .statefulset import StatefulSets
from .tainteviction import TaintEviction
from .volumebinder import Volumes

ALL: tuple = (
    StatefulSets, Deployments, ReplicaSets,
    Endpoints, EndpointSlices, EndpointSliceMirroring,
    Volumes, Claims, Reclaimer, ClaimProtection, VolumeProtection, EphemeralVolumes,
    ExternalProvisioner, ExternalDeleter, ExternalAttacher, AttachDetach, ExpandController, ExternalResizer, FileSystemResizer,
    GarbageCollector, Namespaces, ServiceAccounts, KubernetesService, ResourceQuotas,
    Scheduler, NodeLifecycle, TaintEviction, PodGC, Disruption, NodeStatus, Kubelet,
)
