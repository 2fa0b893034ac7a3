"""The files of a container as its processes see them, whether it runs or not.

Of one that runs: the root of its first process, with all its mounts. Of one that does not: its root file system with
its volumes and binds, put together for the time of the visit and seen by nobody else.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from engine.containers.image_mounts import subtree
from engine.containers.launch import ensure_bind_source
from engine.containers.model import Container, MountPoint
from engine.containers.rooms import Layers, Runtime, Volumes
from engine.errors import Forbidden
from engine.linux.private_mounts import PrivateBind, PrivateTree
from engine.linux.rooted import Tree

_NETWORK_FILES = {"/etc/resolv.conf": "resolv.conf", "/etc/hostname": "hostname", "/etc/hosts": "hosts"}


class ContainerTrees:
    """Opens the trees of containers."""

    def __init__(self, *, layers: Layers, runtime: Runtime, volumes: Volumes) -> None:
        self._layers = layers
        self._runtime = runtime
        self._volumes = volumes

    @contextlib.asynccontextmanager
    async def open(self, container: Container) -> AsyncIterator[Tree]:
        """The tree of a container. One that does not run cannot be started or removed meanwhile."""
        async with contextlib.AsyncExitStack() as stack:
            tree = await self._of_process(container)
            if tree is None:
                await stack.enter_async_context(container.lock)
                # It may have been started while we waited for the lock; then nobody holds it up any longer.
                tree = await self._of_process(container)
                if tree is None:
                    tree = await self._put_together(container, stack)
            stack.callback(tree.close)
            yield tree

    async def _of_process(self, container: Container) -> Tree | None:
        pid = container.state.pid
        if not container.state.has_process or pid <= 0:
            return None
        try:
            tree = Tree(os.open(f"/proc/{pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
        except OSError:
            return None  # it has just ended
        # Asked afterwards: a pid of the container then was one of the container when its root was opened.
        if pid in await self._runtime.pids(container.id):
            return tree
        tree.close()
        return None

    async def _put_together(self, container: Container, stack: contextlib.AsyncExitStack) -> Tree:
        rootfs = await self._layers.mount(container.id)
        stack.push_async_callback(self._layers.unmount, container.id)
        binds = []
        for point in container.record.mounts:
            if point.type == "volume":
                source = await self._volumes.mount(point.name, container.id)
                stack.push_async_callback(self._volumes.unmount, point.name, container.id)
                binds.append(_bind(point, source / point.subpath))
            elif point.type == "image":
                source = await self._layers.mount(point.name)
                stack.push_async_callback(self._layers.unmount, point.name)
                binds.append(_bind(point, await asyncio.to_thread(subtree, source, point.subpath)))
            elif point.type == "bind":
                await asyncio.to_thread(ensure_bind_source, point)
                binds.append(_bind(point, Path(point.source)))
        taken = {bind.destination for bind in binds}
        binds += [
            PrivateBind(container.directory / name, destination, is_recursive=False)
            for destination, name in _NETWORK_FILES.items()
            if destination not in taken and (container.directory / name).exists()
        ]
        return await asyncio.to_thread(PrivateTree, rootfs, binds)


def _bind(point: MountPoint, source: Path) -> PrivateBind:
    return PrivateBind(source, point.destination, not point.is_writable, point.is_recursive)


def mounted_places(container: Container) -> tuple[str, ...]:
    """Where something of the container's own is mounted: the only mounts that an archive goes into."""
    tmpfs = container.host_config.get("Tmpfs") or {}
    return (*(point.destination for point in container.record.mounts), *tmpfs, *_NETWORK_FILES)


def check_writable(container: Container, path: str) -> None:
    """Raise Forbidden, in dockerd's words, when `path` (without links) is in a place that is read-only."""
    inside = [point for point in container.record.mounts if _is_at_or_below(path, point.destination)]
    if inside:
        # The deepest one is the one that is seen.
        if not max(inside, key=lambda point: len(point.destination)).is_writable:
            raise Forbidden("mounted volume is marked read-only")
        return
    tmpfs = container.host_config.get("Tmpfs") or {}
    if container.host_config["ReadonlyRootfs"] and not any(_is_at_or_below(path, place) for place in tmpfs):
        raise Forbidden("container rootfs is marked read-only")


def _is_at_or_below(path: str, place: str) -> bool:
    return path == place or path.startswith(place.rstrip("/") + "/")
