"""Pulling images: how long it takes, what the node keeps of them, and what they are called (KUB-20 to KUB-23)."""
from __future__ import annotations

import re
from hashlib import sha256

from ..controllers.base import Dict, get, name, uid
from ..memory import recall, remember
from .mounts import notes

ERR_IMAGE_PULL = 1_000              # ms: how long a failed pull shows before it is called a back-off
BACKOFF, LONGEST = 10_000, 300_000  # ms: KUB-33; each time doubled
NOT_FOUND = 'rpc error: code = NotFound desc = failed to pull and unpack image "{}": not found'
QUICKEST, SPREAD = 14, 12           # seconds: a pull takes 14 to 25
MEGABYTES = (20, 180)               # the size of an image: at least, and how much more at most
REFERENCE = re.compile(r"([a-zA-Z0-9.-]+(:\d+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?")


def valid(image: str) -> bool:
    """Whether it can be the name of an image at all."""
    return REFERENCE.fullmatch(image) is not None


def present(node: dict, image: str) -> bool:
    return any(image in each["names"] for each in get(node, "status.images") or ())


def seconds(node: dict, image: str) -> int:
    """How long this node needs for this image; by chance, but always the same."""
    return QUICKEST + _chance(f"{uid(node)}/{image}") % SPREAD


def size(image: str) -> int:
    """Bytes."""
    least, more = MEGABYTES
    return least * 1_000_000 + _chance(image) % (more * 1_000_000)


def image_id(image: str) -> str:
    """The image by its digest."""
    repository = image.partition("@")[0]
    host, slash, last = repository.rpartition("/")
    full = f"{host}{slash}{last.partition(':')[0]}"
    if not slash:
        full = f"docker.io/library/{full}"
    elif "." not in full.split("/")[0] and ":" not in full.split("/")[0]:
        full = f"docker.io/{full}"
    return f"{full}@sha256:{sha256(image.encode()).hexdigest()}"


def pulled(image: str, took: int) -> str:
    """What the event says: the image came in so many seconds, or was there (0)."""
    if not took:
        return f'Container image "{image}" already present on machine and can be accessed by the pod'
    return f'Successfully pulled image "{image}" in {took}s ({took}s including waiting). Image size: {size(image)} bytes.'


def keep(api, node: Dict, image: str) -> None:
    """The node has the image from now on."""
    fresh = api.find("Node", name(node))
    if not present(fresh, image):
        images = [*get(fresh, "status.images", []), {"names": [image], "sizeBytes": size(image)}]
        api.update_status(fresh, because="KUB-20", images=images)


def fail(container) -> None:
    """An image that cannot be had: ErrImagePull after each try, ImagePullBackOff between them (KUB-33)."""
    image, now, mark = container.image, container.api.now, f"{container.name}/pulls"
    tries, at = recall(container.api.world, notes(container.pod), mark) or (0, 0)
    pause = min(BACKOFF << max(tries - 1, 0), LONGEST)
    if not tries or now >= at + pause:
        remember(container.api, notes(container.pod), mark, [tries + 1, now], because="KUB-33")
        container.tell("Normal", "Pulling", f'Pulling image "{image}"', "KUB-20")
        container.tell("Warning", "Failed", f'Failed to pull image "{image}": {NOT_FOUND.format(image)}', "KUB-23")
        container.hold("ErrImagePull", NOT_FOUND.format(image), "Failed", "Error: ErrImagePull")
        container.api.wake(ERR_IMAGE_PULL, "idle" if tries else "work")
    elif now < at + ERR_IMAGE_PULL:
        container.api.wake(at + ERR_IMAGE_PULL - now, "idle" if tries > 1 else "work")
    else:
        text = f'Back-off pulling image "{image}"'
        if get(container.status, "state.waiting.reason") != "ImagePullBackOff":
            container.hold("ImagePullBackOff", text, "BackOff", text, "Normal")
            container.tell("Warning", "Failed", "Error: ImagePullBackOff", "KUB-23")
        container.api.wake(at + pause - now, "idle")
        container.api.wait(container.pod, f"the image {image} cannot be pulled", "KUB-33")


def _chance(purpose: str) -> int:
    return int(sha256(purpose.encode()).hexdigest(), 16)
