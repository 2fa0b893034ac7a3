"""POST /containers/create: from the request and the image to a container that can be started."""

import asyncio
import contextlib
import os
import platform
import secrets
import shutil
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from engine.config import EngineConfig, IdMap
from engine.containers.config import command_of, complete_config
from engine.containers.fields import check_fields
from engine.containers.host_config import check_namespaces, complete_host_config
from engine.containers.host_support import check_supported, drop_unsupported, other_warnings, outdated_fields
from engine.containers.image_mounts import with_layer
from engine.containers.log_sinks import sink_of
from engine.containers.model import Container, MountPoint, Record
from engine.containers.mount_points import mount_points
from engine.containers.names import check_name, make_up_name
from engine.containers.network_settings import asked_endpoints
from engine.containers.rooms import Images, Layers, Volumes
from engine.containers.store import ContainerStore
from engine.containers.user_namespaces import give_volume, id_map_for
from engine.errors import InvalidArgument, NotFound
from engine.spec import HostFacts
from engine.spec.paths import MASKED_PATHS, READ_ONLY_PATHS

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}


class Creator:
    """Makes containers."""

    def __init__(
        self,
        config: EngineConfig,
        store: ContainerStore,
        *,
        images: Images,
        layers: Layers,
        volumes: Volumes,
        facts: HostFacts,
    ) -> None:
        self._config = config
        self._store = store
        self._images = images
        self._layers = layers
        self._volumes = volumes
        self._facts = facts

    async def create(
        self, body: Mapping[str, Any], *, name: str | None, wanted_platform: str = ""
    ) -> tuple[Container, list[str]]:
        """Make a container, on disk when this returns, and warnings about what it will not have.

        Raises InvalidArgument, Conflict (the name is taken), NotFound (no such image); then nothing of it is left.
        """
        container_id = secrets.token_hex(32)
        warnings = [*check_fields(body), *outdated_fields(body.get("HostConfig") or {})]
        async with contextlib.AsyncExitStack() as undo:
            # Reserved first, so that of two requests at once for one name the second hears of it.
            bare = check_name(name) if name else make_up_name(self._store.has_name)
            self._store.reserve(bare, container_id)
            undo.callback(self._store.release, bare)
            record = await self._record(container_id, bare, body, wanted_platform)
            warnings += drop_unsupported(record.host_config, self._facts)
            warnings += other_warnings(body, record.host_config, self._facts)
            container = Container(record, self._store.directory_of(container_id))
            sink_of(container)  # raises where the log cannot be sent
            await self._layers.create_writable(container_id, record.chain_id, record.id_map)
            undo.push_async_callback(self._layers.remove_writable, container_id)
            record.mounts = [await self._with_source(point, undo, record) for point in record.mounts]
            if any(point.copies_image for point in record.mounts):
                await self._fill_volumes(container)
            await self._store.add(container)
            undo.pop_all()
        return container, warnings

    async def _record(self, container_id: str, name: str, body: Mapping[str, Any], wanted_platform: str) -> Record:
        reference = str(body.get("Image") or "")
        if not body or body.keys() <= {"HostConfig", "NetworkingConfig"}:
            raise InvalidArgument("Config cannot be empty in order to create a container")
        if not reference:
            raise InvalidArgument("no image specified")
        image = await self._images.resolve(reference)
        _check_platform(wanted_platform, reference)
        config = complete_config(body, image.config)
        host_config = complete_host_config(
            body.get("HostConfig") or {},
            cgroup_namespace="private" if self._facts.cgroup_v2 else "host",
            masked_paths=list(MASKED_PATHS),
            readonly_paths=list(READ_ONLY_PATHS),
        )
        if config.get("NetworkDisabled"):
            host_config["NetworkMode"] = "none"
        check_supported(host_config, self._facts)
        path, args = command_of(config)
        check_namespaces(body, host_config)
        self._resolve_links_to_containers(host_config)
        config["Hostname"] = config["Hostname"] or _default_hostname(host_config, container_id)
        return Record(
            id=container_id,
            name=name,
            created_ns=time.time_ns(),
            image_id=image.id,
            chain_id=image.chain_id,
            path=path,
            args=args,
            config=config,
            host_config=host_config,
            endpoints=asked_endpoints(body.get("NetworkingConfig"), mode=host_config["NetworkMode"]),
            mounts=mount_points(config, host_config, from_container=self._mounts_of),
            id_map=id_map_for(host_config, self._config),
        )

    def _mounts_of(self, reference: str) -> list[MountPoint]:
        try:
            return self._store.get(reference).record.mounts
        except NotFound as error:
            raise InvalidArgument(error.message) from None

    def _resolve_links_to_containers(self, host_config: dict[str, Any]) -> None:
        """`container:NAME` becomes `container:ID`, so that a new name of the other one does no harm."""
        for key in ("NetworkMode", "IpcMode", "PidMode"):
            kind, _, reference = host_config[key].partition(":")
            if kind == "container" and (other := self._store.find(reference)) is not None:
                host_config[key] = f"container:{other.id}"

    async def _with_source(self, point: MountPoint, undo: contextlib.AsyncExitStack, record: Record) -> MountPoint:
        if point.type == "image":
            return await with_layer(
                point, record.id, images=self._images, layers=self._layers, id_map=record.id_map, undo=undo
            )
        return await self._with_volume(point, undo, record.id_map) if point.type == "volume" else point

    async def _with_volume(
        self, point: MountPoint, undo: contextlib.AsyncExitStack, id_map: IdMap | None
    ) -> MountPoint:
        """The point with its volume made and named."""
        labels = {"com.docker.volume.anonymous": ""} if point.is_anonymous else {}
        volume = await self._volumes.create(
            point.name or None,
            driver=point.driver or "local",
            options=point.volume_options,
            labels={**point.volume_labels, **labels},
        )
        if point.is_anonymous:
            undo.push_async_callback(self._volumes.remove, volume.name)
        if id_map is not None:
            await asyncio.to_thread(give_volume, self._volumes.path_of(volume.name), id_map)
        return replace(point, name=volume.name, driver=volume.driver, source=str(self._volumes.path_of(volume.name)))

    async def _fill_volumes(self, container: Container) -> None:
        """Copy what the image has at the place of each empty volume into it."""
        rootfs = await self._layers.mount(container.id)
        try:
            for point in container.record.mounts:
                if point.type == "volume" and point.copies_image:
                    target = await self._volumes.mount(point.name, container.id)
                    try:
                        await asyncio.to_thread(_copy_if_empty, rootfs, point.destination, target)
                    finally:
                        await self._volumes.unmount(point.name, container.id)
        finally:
            await self._layers.unmount(container.id)


def _copy_if_empty(rootfs: Path, destination: str, target: Path) -> None:
    source = (rootfs / destination.lstrip("/")).resolve()
    # A link in the image must not make us copy from the host.
    if not source.is_relative_to(rootfs.resolve()) or not source.is_dir() or any(target.iterdir()):
        return
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, copy_function=_copy_owned)
    for folder, _, _ in os.walk(source):
        _copy_owner(Path(folder), target / Path(folder).relative_to(source))


def _copy_owned(source: str, target: str) -> str:
    shutil.copy2(source, target, follow_symlinks=False)
    _copy_owner(Path(source), Path(target))
    return target


def _copy_owner(source: Path, target: Path) -> None:
    status = source.lstat()
    os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)
    if not target.is_symlink():
        target.chmod(status.st_mode & 0o7777)  # chown has taken setuid bits away


def _default_hostname(host_config: Mapping[str, Any], container_id: str) -> str:
    if host_config["NetworkMode"] == "host" or host_config["UTSMode"] == "host":
        return socket.gethostname()
    # One that shares another's network has that one's name.
    return "" if host_config["NetworkMode"].startswith("container:") else container_id[:12]


def _check_platform(wanted: str, reference: str) -> None:
    if not wanted:
        return
    system, _, architecture = wanted.partition("/")
    own = _ARCHITECTURES.get(platform.machine(), platform.machine())
    if system != "linux" or architecture.partition("/")[0] not in ("", own):
        raise NotFound(
            f"image with reference {reference} was found but does not match the specified platform: wanted {wanted}, "
            f"actual: linux/{own}"
        )
