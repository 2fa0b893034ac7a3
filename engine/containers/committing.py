"""`docker export` and `docker commit`: a container's files as a tar, and as an image."""

import contextlib
import os
from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.config import IdMap
from engine.containers.archive import in_thread
from engine.containers.config import complete_config
from engine.containers.lifecycle import Lifecycle
from engine.containers.model import Container, Status
from engine.containers.own_changes import own_changes
from engine.containers.rooms import Images, Layers
from engine.errors import Conflict, NotFound
from engine.images import Commit, Image
from engine.images.import_ import apply_changes
from engine.layers.packing import Packer
from engine.layers.tar_reader import TarEntry
from engine.layers.tar_writer import END, header
from engine.linux.rooted import Tree
from engine.registry import parse_reference

_DELETED = 2
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Committer:
    """Makes tars and images of containers."""

    def __init__(self, lifecycle: Lifecycle, *, images: Images, layers: Layers) -> None:
        self._lifecycle = lifecycle
        self._images = images
        self._layers = layers

    @contextlib.asynccontextmanager
    async def export(self, container: Container) -> AsyncIterator[AsyncIterator[bytes]]:
        """The tar of the root file system, without volumes. Raises Conflict while it is being removed."""
        _check_readable(container, "export")
        async with self._rootfs(container) as rootfs:
            self._lifecycle.tell(container, "export")
            yield in_thread(_whole(rootfs, container.record.id_map))

    async def commit(
        self,
        container: Container,
        *,
        repository: str,
        tag: str,
        comment: str,
        author: str,
        pauses: bool,
        changes: Sequence[str],
        config: Mapping[str, Any],
    ) -> str:
        """Make an image of it and return its id; paused meanwhile with `pauses`. Raises InvalidArgument, Conflict."""
        _check_readable(container, "commit")
        wanted = committed_config(container.config, config, changes)
        about = Commit(
            config=wanted,
            container_id=container.id,
            container_config=container.config,
            chain_id=container.record.chain_id,
            parent=await self._parent(container),
            comment=comment,
            author=author,
        )
        async with contextlib.AsyncExitStack() as stack:
            if pauses and container.state.status is Status.RUNNING:
                await self._lifecycle.pause(container)
                stack.push_async_callback(self._unpause, container)
            rootfs = await stack.enter_async_context(self._rootfs(container))
            changed = own_changes(await self._layers.changes(container.id))
            image_id = await self._images.commit(
                _changed(rootfs, changed, container.record.id_map), about, repository=repository, tag=tag
            )
            target = parse_reference(repository).with_tag(tag or "latest") if repository else None
            name = f"{target.repository}:{target.tag}" if target else ""
            self._lifecycle.tell(container, "commit", {"comment": comment, "imageID": image_id, "imageRef": name})
        return image_id

    async def _unpause(self, container: Container) -> None:
        with contextlib.suppress(Conflict):  # somebody else did, or it was killed
            await self._lifecycle.unpause(container)

    async def _parent(self, container: Container) -> Image | None:
        try:
            return await self._images.resolve(container.record.image_id)
        except NotFound:
            return None

    @contextlib.asynccontextmanager
    async def _rootfs(self, container: Container) -> AsyncIterator[Path]:
        """The root file system, held for as long as it is read."""
        async with contextlib.AsyncExitStack() as stack:
            if not container.state.has_process:
                await stack.enter_async_context(container.lock)
            rootfs = await self._layers.mount(container.id)
            if not container.state.has_process:
                stack.push_async_callback(self._layers.unmount, container.id)
            yield rootfs


def committed_config(
    of_container: Mapping[str, Any], given: Mapping[str, Any], changes: Sequence[str]
) -> dict[str, Any]:
    """The image's configuration: what was given, or the container's, then the Dockerfile instructions."""
    changed = apply_changes({**(given or of_container)}, changes)
    instructions = [change.split(None, 1)[0].upper() for change in changes if change.strip()]
    if "ENTRYPOINT" in instructions and "CMD" not in instructions[: instructions.index("ENTRYPOINT")]:
        # As in a Dockerfile: the old command would be the arguments of another program.
        changed["Cmd"] = [] if "CMD" not in instructions else changed["Cmd"]
    config = complete_config(changed, of_container)
    return {**config, "Cmd": config["Cmd"] or None}


def _check_readable(container: Container, verb: str) -> None:
    if container.state.status is Status.DEAD:
        raise Conflict(f"You cannot {verb} container {container.id} which is Dead")
    if container.state.status is Status.REMOVING:
        raise Conflict(f"You cannot {verb} container {container.id} which is being removed")


def _whole(rootfs: Path, id_map: IdMap | None) -> Generator[bytes, None, None]:
    fd = os.open(rootfs, _DIRECTORY)
    device = os.fstat(fd).st_dev
    try:
        yield from Packer(enter=lambda _, status: status.st_dev == device, id_map=id_map).tree(fd, b"", path=b"/")
        yield END
    finally:
        os.close(fd)


def _changed(rootfs: Path, changes: Sequence[Mapping[str, Any]], id_map: IdMap | None) -> Generator[bytes, None, None]:
    """The layer's tar: what is new or different, and whiteouts (OCI layer spec) for what is gone."""
    packer = Packer(id_map=id_map)
    with Tree(os.open(rootfs, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)) as tree:
        for change in changes:
            folder, _, name = os.fsencode(change["Path"].removeprefix("/")).rpartition(b"/")
            full = folder + b"/" + name if folder else name
            if change["Kind"] == _DELETED:
                yield header(_whiteout(folder, name))
                continue
            fd = tree.open(b"/" + folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                yield from packer.one(fd, name, full)
            finally:
                os.close(fd)
    yield END


def _whiteout(folder: bytes, name: bytes) -> TarEntry:
    place = b"%s/.wh.%s" % (folder, name) if folder else b".wh." + name
    return TarEntry(name=place, kind=b"0", mode=0o600, uid=0, gid=0, size=0, mtime_ns=0, link=b"", device=(0, 0))
