"""StorageClass, and the objects of CSI drivers: CSIDriver, CSINode, VolumeAttachment, VolumeAttributesClass."""
from __future__ import annotations

from .. import labels
from ..classes import DEFAULT_CLASS
from ..errors import duplicate, invalid, required, too_long, unsupported
from ..world import freeze, get
from .fields import Errors, fill, immutable, same_spec
from .kind import Kind, columns
from .volumes import driver_name

GROUP = "storage.k8s.io"
RECLAIM_POLICIES = ("Delete", "Retain")
BINDING_MODES = ("Immediate", "WaitForFirstConsumer")
PARAMETERS, PARAMETERS_SIZE = 512, 256 * 1024      # entries, bytes


# ---- StorageClass -----------------------------------------------------------------------------

def default_class(cls: dict) -> None:
    """SCAPI-1."""
    cls.setdefault("reclaimPolicy", "Delete")
    cls.setdefault("volumeBindingMode", "Immediate")


def is_default(cls: dict) -> bool:
    """TBL-53: the class that claims get which name none."""
    annotations = cls["metadata"].get("annotations") or {}
    return any(annotations.get(key) == "true" for key in DEFAULT_CLASS)


def validate_class(cls: dict, old: dict | None) -> Errors:
    if old is None:
        yield from _provisioner(cls.get("provisioner", ""))
        yield from _parameters(cls.get("parameters") or {})
        for field, supported in (("reclaimPolicy", RECLAIM_POLICIES), ("volumeBindingMode", BINDING_MODES)):        # SCAPI-3
            if cls.get(field) not in supported:
                yield unsupported(field, cls.get(field), list(supported))
    else:
        for field in ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"):                          # SCAPI-4
            yield from immutable(field, cls.get(field), old.get(field))
    yield from _topologies(cls.get("allowedTopologies") or ())


def _provisioner(name: str) -> Errors:
    """SCAPI-2."""
    if not name:
        yield required("provisioner")
        return
    for problem in labels.qualified_name_problems(name.lower()):
        yield invalid("provisioner", name, problem)


def _parameters(parameters: dict) -> Errors:
    if len(parameters) > PARAMETERS:
        yield too_long("parameters", PARAMETERS)
        return
    if "" in parameters:
        yield invalid("parameters", "", "field can not be empty.")
    if sum(len(k) + len(v) for k, v in parameters.items()) > PARAMETERS_SIZE:
        yield too_long("parameters", PARAMETERS_SIZE)


def _topologies(terms) -> Errors:
    """SCAPI-5."""
    for i, term in enumerate(terms):
        keys: dict[str, None] = {}
        for j, expression in enumerate(term.get("matchLabelExpressions") or ()):
            yield from _topology(expression, f"allowedTopologies[{i}].matchLabelExpressions[{j}]", keys)
        if term in terms[:i]:
            yield duplicate(f"allowedTopologies[{i}]", "")


def _topology(expression: dict, path: str, keys: dict[str, None]) -> Errors:
    key, values = expression.get("key", ""), expression.get("values") or ()
    if not values:
        yield required(f"{path}.values")
    for i, value in enumerate(values):
        if value in values[:i]:
            yield duplicate(f"{path}.values[{i}]", value)
    for problem in labels.label_key_problems(key):
        yield invalid(f"{path}.key", key, problem)
    if key in keys:
        yield duplicate(f"{path}.key", key)
    keys[key] = None


def class_cells(cls: dict, age) -> list:
    meta = cls["metadata"]
    return [meta["name"] + (" (default)" if is_default(cls) else ""), cls.get("provisioner", ""), cls.get("reclaimPolicy", "Delete"),  # SHOW-3
            cls.get("volumeBindingMode", "Immediate"), bool(cls.get("allowVolumeExpansion")), age(meta.get("creationTimestamp"))]


# ---- VolumeAttributesClass --------------------------------------------------------------------

def validate_attributes_class(cls: dict, old: dict | None) -> Errors:
    if old is None:
        yield from driver_name("driverName", cls.get("driverName", ""))
        yield from _parameters(cls.get("parameters") or {})
        if not cls.get("parameters"):
            yield required("parameters", "must contain at least one key/value pair")
    else:
        for field in ("driverName", "parameters"):
            yield from immutable(field, cls.get(field), old.get(field))


def attributes_class_cells(cls: dict, age) -> list:
    return [cls["metadata"]["name"], cls.get("driverName", ""), age(cls["metadata"].get("creationTimestamp"))]


# ---- CSIDriver and CSINode --------------------------------------------------------------------

def default_driver(driver: dict) -> None:
    spec = driver.setdefault("spec", {})
    fill(spec, fsGroupPolicy="ReadWriteOnceWithFSType", volumeLifecycleModes=["Persistent"])
    for field, value in (("attachRequired", True), ("podInfoOnMount", False), ("storageCapacity", False), ("requiresRepublish", False),
                         ("seLinuxMount", False)):
        spec.setdefault(field, value)


def validate_driver(driver: dict, old: dict | None) -> Errors:
    spec = driver["spec"]
    for i, mode in enumerate(spec.get("volumeLifecycleModes") or ()):
        if mode not in ("Ephemeral", "Persistent"):
            yield unsupported(f"spec.volumeLifecycleModes[{i}]", mode, ["Ephemeral", "Persistent"])
    if old is not None:
        for field in ("attachRequired", "volumeLifecycleModes"):
            yield from immutable(f"spec.{field}", spec.get(field), old["spec"].get(field))


def driver_cells(driver: dict, age) -> list:
    spec, meta = driver["spec"], driver["metadata"]
    audiences = ",".join(request.get("audience", "") for request in spec.get("tokenRequests") or ())
    return [meta["name"], spec.get("attachRequired", True), spec.get("podInfoOnMount", False), spec.get("storageCapacity", False),
            audiences or "<unset>", spec.get("requiresRepublish", False), ",".join(spec.get("volumeLifecycleModes") or ()),
            age(meta.get("creationTimestamp"))]


def validate_csi_node(node: dict, _old: dict | None) -> Errors:
    for i, driver in enumerate(get(node, "spec.drivers") or ()):
        yield from driver_name(f"spec.drivers[{i}].name", driver.get("name", ""))
        if not driver.get("nodeID"):
            yield required(f"spec.drivers[{i}].nodeID")


def csi_node_cells(node: dict, age) -> list:
    return [node["metadata"]["name"], len(get(node, "spec.drivers") or ()), age(node["metadata"].get("creationTimestamp"))]


# ---- VolumeAttachment -------------------------------------------------------------------------

def validate_attachment(attachment: dict, old: dict | None) -> Errors:
    spec = attachment.get("spec") or {}
    if old is not None:
        if not same_spec(attachment, old):
            yield from immutable("spec", spec, old["spec"])
        return
    yield from driver_name("spec.attacher", spec.get("attacher", ""))
    sources = [s for s in ("inlineVolumeSpec", "persistentVolumeName") if (spec.get("source") or {}).get(s) is not None]
    if len(sources) != 1:
        yield required("spec.source", "must specify exactly one of inlineVolumeSpec and persistentVolumeName")
    if not spec.get("nodeName"):
        yield required("spec.nodeName")


def attachment_cells(attachment: dict, age) -> list:
    """TBL-54."""
    meta, spec = attachment["metadata"], attachment["spec"]
    return [meta["name"], spec.get("attacher", ""), get(spec, "source.persistentVolumeName", ""), spec.get("nodeName", ""),
            get(attachment, "status.attached", False), age(meta.get("creationTimestamp"))]


ROWS = (
    Kind("CSIDriver", "csidrivers", GROUP, namespaced=False, unconditional_update=False, deleted_object=True,
         default=default_driver, validate=validate_driver, cells=driver_cells,
         columns=columns("Name, AttachRequired bool, PodInfoOnMount bool, StorageCapacity bool, TokenRequests, RequiresRepublish bool, "
                         "Modes, Age")),
    Kind("CSINode", "csinodes", GROUP, namespaced=False, unconditional_update=False, deleted_object=True,
         validate=validate_csi_node, columns=columns("Name, Drivers int, Age"), cells=csi_node_cells),
    Kind("StorageClass", "storageclasses", GROUP, namespaced=False, short=("sc",), deleted_object=True,
         default=default_class, validate=validate_class, cells=class_cells,
         columns=columns("Name, Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion, Age")),
    Kind("VolumeAttachment", "volumeattachments", GROUP, namespaced=False, subresources=("status",), status=freeze({"attached": False}),
         unconditional_update=False, deleted_object=True, validate=validate_attachment,
         columns=columns("Name, Attacher, PV, Node, Attached bool, Age"), cells=attachment_cells),
    Kind("VolumeAttributesClass", "volumeattributesclasses", GROUP, namespaced=False, short=("vac",), deleted_object=True,
         validate=validate_attributes_class, columns=columns("Name, DriverName, Age"), cells=attributes_class_cells),
)
