"""The annotations and finalizers by which the parts of storage tell each other what they did (storage.md 0.1)."""
from __future__ import annotations

BIND_COMPLETED = "pv.kubernetes.io/bind-completed"              # on a claim: all four writes of the binding are done
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"    # the link was chosen by the system, not by a user
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"              # on a volume: who created it, and may delete its storage
MIGRATED_TO = "pv.kubernetes.io/migrated-to"                    # the CSI driver that has taken over an in-tree plugin
PROVISIONER = "volume.kubernetes.io/storage-provisioner"        # on a claim: this driver, please
BETA_PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner"
SELECTED_NODE = "volume.kubernetes.io/selected-node"            # on a claim: the scheduler's choice
RESIZER = "volume.kubernetes.io/storage-resizer"                # on a claim: this driver enlarges a migrated volume
NODE_EXPANSION_NOT_REQUIRED = "volume.kubernetes.io/node-expansion-not-required"
PRE_RESIZE_CAPACITY = "volume.alpha.kubernetes.io/pre-resize-capacity"      # on a volume: the size of its file system until it has grown

IN_TREE_FINALIZER = "kubernetes.io/pv-controller"               # keeps an in-tree provisioned volume until its storage is deleted
EXTERNAL_FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"
CLAIM_PROTECTION, VOLUME_PROTECTION = "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"
