"""Images as mounts of a container (`--mount type=image`), read-only.

Each has a layer of its own above the image's, which nobody writes to: made, mounted, found again and removed as that of
the container's root is. So the image's layers are kept, and every storage driver and mapping of users will do.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from engine.config import IdMap
from engine.containers.model import Container, MountPoint, Record
from engine.containers.rooms import Images, Layers
from engine.errors import InvalidArgument
from engine.linux.rooted import Tree


def image_mounts(record: Record) -> Iterator[MountPoint]:
    return (point for point in record.mounts if point.type == "image")


def writable_layers(container: Container) -> list[str]:
    """The names of all layers that are the container's own: that of its root first."""
    return [container.id, *(point.name for point in image_mounts(container.record))]


async def with_layer(
    point: MountPoint,
    container_id: str,
    *,
    images: Images,
    layers: Layers,
    id_map: IdMap | None,
    undo: contextlib.AsyncExitStack,
) -> MountPoint:
    """The point with its layer made and named. Raises NotFound: there is no such image."""
    image = await images.resolve(point.image)
    name = f"{container_id}-{hashlib.sha256(point.destination.encode()).hexdigest()[:12]}"
    await layers.create_writable(name, image.chain_id, id_map)
    undo.push_async_callback(layers.remove_writable, name)
    return replace(point, name=name, image_id=image.id, source=str(layers.rootfs_of(name)))


def subtree(rootfs: Path, subpath: str) -> Path:
    """Where `subpath` is in the image; its links stay in the image. Blocks. Raises InvalidArgument: it is not there.

    Nothing can change the image between this and the mount.
    """
    with Tree(os.open(rootfs, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)) as tree:
        found = tree.evaluate(subpath)
        try:
            tree.lstat(found)
        except OSError as error:
            raise InvalidArgument(f"cannot access path {subpath} in the image: {error.strerror}") from error
    return rootfs / found.lstrip("/")
