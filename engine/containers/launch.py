"""From a container that is only described to one whose process runs, and the way back.

Everything that a run needs is made here and given back here: the root file system, the network, the volumes, the OCI
document, the process. Callers hold the container's lock.
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.attach import Stdio
from engine.cdi import CdiSpecs, apply_edits, cdi_names, is_cdi_name
from engine.cgroups import container_cgroup_path
from engine.config import EngineConfig, IdMap
from engine.containers.host_support import has_cgroup_file
from engine.containers.image_mounts import subtree, writable_layers
from engine.containers.links import link_environment, parse_link
from engine.containers.model import Container, MountPoint
from engine.containers.network_settings import sandbox_request
from engine.containers.rooms import Layers, Network, Runtime, Seccomp, Volumes
from engine.containers.user_namespaces import give_files, held_namespace
from engine.errors import Conflict, EngineError, InvalidArgument
from engine.linux.user_namespaces import HeldNamespace
from engine.logs import end_lines
from engine.network import Sandbox
from engine.runtime import Bundle, connect_attach
from engine.selinux import Labels, labels_of, relabel
from engine.spec import (
    HostFacts,
    MountSpec,
    ProcessUser,
    SpecRequest,
    build_spec,
    effective_capabilities,
    find_init,
    find_user,
)

_NETWORK_FILES = {"/etc/resolv.conf": "resolv.conf", "/etc/hostname": "hostname", "/etc/hosts": "hosts"}


class Foundation(Struct, frozen=True):
    """The rooms that a run stands on."""

    config: EngineConfig
    layers: Layers
    runtime: Runtime
    network: Network
    volumes: Volumes
    seccomp: Seccomp
    facts: HostFacts
    cdi: CdiSpecs


class _Made(Struct, frozen=True):
    """What was made for a run before its document is written."""

    rootfs: Path
    sandbox: Sandbox
    mounts: list[MountSpec]
    userns: Path | None
    labels: Labels | None


class Launcher:
    """Makes runs of containers and clears them away."""

    def __init__(
        self,
        foundation: Foundation,
        *,
        find: Callable[[str], Container],
        save_now: Callable[[Container], Awaitable[None]],
    ) -> None:
        self._rooms = foundation
        self._find = find
        self._save_now = save_now

    async def launch(self, container: Container, stdio: Stdio) -> int:
        """Make everything and start the process; returns its pid. When it raises, nothing of the run is left."""
        labels = self._labels(container)
        async with self._held_namespace(container) as held, contextlib.AsyncExitStack() as undo:
            undo.push_async_callback(self.release, container)
            rootfs, sandbox, mounts = await _all(
                self._rooms.layers.mount(container.id, labels.mount if labels else ""),
                self._open_sandbox(container, held, labels),
                self._mount_volumes(container, labels),
            )
            undo.push_async_callback(self._rooms.runtime.delete, container.id)
            made = _Made(rootfs, sandbox, mounts, held.user if held else None, labels)
            spec, cgroup_path = await self._spec(container, made)
            # Saved while the runtime works: a daemon that comes after a crash right now must know this network as ours,
            # and what `docker exec` begins with.
            container.record.sandbox = sandbox.to_json()
            container.record.spec = {"process": spec["process"], "mountLabel": spec["linux"].get("mountLabel", "")}
            pid, _ = await _all(self._create(container, Bundle(spec, cgroup_path)), self._save_now(container))
            if stdio.is_wanted or closes_stdin(container):
                # Between create and start, so that the first byte is not missed.
                stdio.connect(connect_attach(self._rooms.runtime.attach_path(container.id)))
                undo.callback(stdio.disconnect)
            await self._rooms.runtime.start(container.id)
            undo.pop_all()
        return int(pid)

    async def _create(self, container: Container, bundle: Bundle) -> int:
        if container.log_path is not None:
            end_lines(container.log_path)
        pid = await self._rooms.runtime.create(
            container.id,
            bundle,
            tty=container.is_tty,
            open_stdin=bool(container.config["OpenStdin"]),
            stdin_once=closes_stdin(container),
            log_path=container.log_path,
        )
        weight = container.host_config["BlkioWeight"]
        if weight and self._weighs_by_itself:
            await self._rooms.runtime.update_resources(container.id, {"BlkioWeight": weight})
        return pid

    async def clear(self, container: Container) -> None:
        """Remove what is left of a run that has ended; fine when there is nothing."""
        await self._rooms.runtime.delete(container.id)
        await self.release(container)

    async def release(self, container: Container) -> None:
        """Give back network, volumes and root file system. Each is tried, whatever became of the others."""
        volumes = [point.name for point in container.record.mounts if point.type == "volume"]
        outcomes = await asyncio.gather(
            self._rooms.network.close_sandbox(container.id),
            *(self._rooms.layers.unmount(name) for name in writable_layers(container)),
            *(self._rooms.volumes.unmount(name, container.id) for name in volumes),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    def _held_namespace(self, container: Container) -> contextlib.AbstractAsyncContextManager[HeldNamespace | None]:
        """The user namespace of the run. Who joins other namespaces of a container joins this one of it as well."""
        id_map, others = container.record.id_map, list(self._joined_containers(container.host_config).values())
        if any(other.record.id_map != id_map for other in others):
            raise Conflict(f"container {container.id} cannot join namespaces of one whose users are mapped otherwise")
        joined = Path(f"/proc/{others[0].state.pid}/ns/user") if others else None
        has_network = not container.host_config["NetworkMode"].startswith("container:")
        return held_namespace(id_map, joined=joined, with_network=has_network)

    async def _open_sandbox(self, container: Container, held: HeldNamespace | None, labels: Labels | None) -> Sandbox:
        mode = container.host_config["NetworkMode"]
        if mode.startswith("container:"):
            other = self._running_container(mode.partition(":")[2], "network")
            mode = f"container:{other.id}"
        request = sandbox_request(container, mode=mode)
        namespace = held.network if held else None
        sandbox = await self._rooms.network.open_sandbox(replace(request, namespace=namespace))
        if labels is not None:
            await asyncio.to_thread(_relabel_files, container.directory, labels.mount)
        if container.record.id_map is not None:
            await asyncio.to_thread(give_files, container.directory, container.record.id_map)
        return sandbox

    def _labels(self, container: Container) -> Labels | None:
        """Those of SELinux, shared with the containers whose processes or memory this one is to reach."""
        host, contexts = container.host_config, self._rooms.facts.selinux
        if contexts is None or host["Privileged"] or "host" in (host["PidMode"], host["IpcMode"]):
            return None
        joined = self._joined_containers(host)
        owner = joined.get("ipc") or joined.get("pid") or container
        return labels_of(owner.id, owner.host_config["SecurityOpt"] or (), contexts)

    async def _mount_volumes(self, container: Container, labels: Labels | None) -> list[MountSpec]:
        """The volumes, binds and images as mounts, each source made or mounted."""
        specs = []
        for point in container.record.mounts:
            source, is_file = point.source, False
            if point.type == "volume":
                source = str(await self._rooms.volumes.mount(point.name, container.id))
                source = await asyncio.to_thread(_subpath, Path(source), point.subpath)
            elif point.type == "bind":
                is_file = await asyncio.to_thread(ensure_bind_source, point)
            elif point.type == "image":
                rootfs = await self._rooms.layers.mount(point.name, labels.mount if labels else "")
                source = str(await asyncio.to_thread(subtree, rootfs, point.subpath))
            if labels is not None and (words := {"z", "Z"} & set(point.mode.split(","))):
                label = labels.mount if "Z" in words else labels.shared_mount
                await asyncio.to_thread(relabel, Path(source), label)
            specs.append(mount_spec(replace(point, source=source), is_file=is_file))
        return specs

    async def _spec(self, container: Container, made: "_Made") -> tuple[dict[str, Any], str]:
        host, config = container.host_config, container.config
        names = self._joined_containers(host).get("network", container).config
        facts = self._rooms.facts
        user = await asyncio.to_thread(
            _look_into, made.rootfs, config["User"], tuple(host["GroupAdd"] or ()), container.record.id_map
        )
        capabilities = effective_capabilities(host, facts.capabilities)
        cgroup_path = container_cgroup_path(self._rooms.config, container.id, host["CgroupParent"])
        taken = {mount.destination for mount in made.mounts}
        request = SpecRequest(
            container_id=container.id,
            rootfs=made.rootfs,
            args=[container.record.path, *container.record.args],
            env=[*(config["Env"] or ()), *self._link_environment(container)],
            user=user,
            host_config=self._for_runtime(host),
            cgroup_path=cgroup_path,
            facts=facts,
            hostname=names["Hostname"],
            domainname=names["Domainname"],
            cwd=config["WorkingDir"] or "/",
            tty=container.is_tty,
            mounts=(*made.mounts, *(m for m in self._network_files(container) if m.destination not in taken)),
            netns=made.sandbox.netns_path,
            userns=made.userns,
            joined=self._joined(host),
            seccomp=self._rooms.seccomp.resolve(
                host["SecurityOpt"] or (), capabilities, privileged=bool(host["Privileged"])
            ),
            init=_init_program() if host.get("Init") else None,
            annotations=host.get("Annotations") or {},
            shared_memory=await self._shared_memory(container, made.labels),
            labels=made.labels,
        )
        spec = build_spec(request)
        if host["DeviceRequests"] or host["Devices"]:
            await asyncio.to_thread(_add_vendor_devices, spec, host, self._rooms.cdi)
        return spec, cgroup_path

    @property
    def _weighs_by_itself(self) -> bool:
        """On version 1 kernels name the weight after the scheduler that heeds it, which runtimes know nothing of."""
        return not self._rooms.facts.cgroup_v2 and not has_cgroup_file("blkio", "blkio.weight")

    def _for_runtime(self, host: Mapping[str, Any]) -> Mapping[str, Any]:
        """HostConfig without what is not the runtime's: devices with the name of a vendor's, a weight of our own."""
        if host["Devices"]:
            files = [one for one in host["Devices"] if not is_cdi_name(one.get("PathOnHost") or "")]
            host = {**host, "Devices": files}
        return {**host, "BlkioWeight": 0} if host["BlkioWeight"] and self._weighs_by_itself else host

    def _link_environment(self, container: Container) -> list[str]:
        if container.host_config["NetworkMode"] != "bridge":
            return []
        pairs = [parse_link(text) for text in container.host_config["Links"] or ()]
        return link_environment(container, [(alias, self._find(target)) for target, alias in pairs])

    async def _shared_memory(self, container: Container, labels: Labels | None) -> Path | None:
        """The /dev/shm that others may join, or that of the container which this one joins."""
        host = container.host_config
        if host["IpcMode"] == "shareable":
            return await self._rooms.runtime.make_shared_memory(
                container.id, host["ShmSize"], labels.mount if labels else ""
            )
        kind, _, donor = host["IpcMode"].partition(":")
        if kind != "container":
            return None
        path = self._rooms.runtime.shared_memory_path(self._find(donor).id)
        if path is None:
            raise Conflict(
                f"can't join IPC of container {donor}: non-shareable IPC (hint: use IpcMode:shareable for the donor "
                "container)"
            )
        return path

    def _network_files(self, container: Container) -> list[MountSpec]:
        directory = container.directory
        mode = container.host_config["NetworkMode"]
        if mode.startswith("container:"):
            directory = self._find(mode.partition(":")[2]).directory
        return [
            MountSpec(destination, str(directory / name), read_only=bool(container.host_config["ReadonlyRootfs"]))
            for destination, name in _NETWORK_FILES.items()
            if (directory / name).exists()
        ]

    def _joined(self, host: Mapping[str, Any]) -> dict[str, Path]:
        """The namespaces of other containers that this one is to be in."""
        others = self._joined_containers(host)
        return {kind: Path(f"/proc/{others[kind].state.pid}/ns/{kind}") for kind in ("ipc", "pid") if kind in others}

    def _joined_containers(self, host: Mapping[str, Any]) -> dict[str, Container]:
        joined = {}
        for kind, key in (("network", "NetworkMode"), ("ipc", "IpcMode"), ("pid", "PidMode")):
            if host[key].startswith("container:"):
                what = kind if kind == "network" else kind.upper()
                joined[kind] = self._running_container(host[key].partition(":")[2], what)
        return joined

    def _running_container(self, reference: str, what: str) -> Container:
        other = self._find(reference)
        if not other.state.has_process:
            if what == "network":
                raise Conflict(f"cannot join network of a non running container: {other.id}")
            raise Conflict(f"cannot join {what} of a non running container: {other.id}")
        return other


def _relabel_files(folder: Path, label: str) -> None:
    for name in _NETWORK_FILES.values():
        if (folder / name).exists():
            relabel(folder / name, label)


def _look_into(rootfs: Path, user: str, group_add: tuple[str, ...], id_map: IdMap | None) -> ProcessUser:
    """The user of the process; and the empty file by which programs know that they are in a container."""
    with contextlib.suppress(FileExistsError):
        fd = os.open(rootfs / ".dockerenv", os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o755)
        if id_map is not None:
            os.fchown(fd, id_map.uid_start, id_map.gid_start)
        os.close(fd)
    return find_user(rootfs, user, group_add)


def _add_vendor_devices(spec: dict[str, Any], host: Mapping[str, Any], cdi: CdiSpecs) -> None:
    if names := cdi_names(host, cdi.kinds()):
        apply_edits(spec, cdi.edits(names))


def closes_stdin(container: Container) -> bool:
    """Whether the first client that ends its input ends the container's. A terminal has no end of input."""
    return bool(container.config["OpenStdin"] and container.config["StdinOnce"] and not container.is_tty)


def mount_spec(point: MountPoint, *, is_file: bool = False) -> MountSpec:
    """The mount of a point whose source is ready; `is_file` of a bind that is no folder."""
    options = tuple(word for word in point.options.split(",") if word)
    # Nothing is mounted below a file, and crun opens what is to be read-only throughout as a folder.
    if not is_file and _hides_writable_mounts(point):
        options += ("rro",)
    return MountSpec(
        point.destination,
        point.source,
        "tmpfs" if point.type == "tmpfs" else "bind",
        read_only=not point.is_writable,
        propagation=point.propagation or "rprivate",
        recursive=point.is_recursive,
        options=options,
    )


def _hides_writable_mounts(point: MountPoint) -> bool:
    """Whether what is mounted below a read-only bind is read-only as well; not where mounts may come later."""
    is_read_only = point.type == "bind" and not point.is_writable and point.is_recursive
    return is_read_only and point.is_read_only_recursively and point.propagation in ("", "private", "rprivate")


async def _all(*work: Awaitable[Any]) -> list[Any]:
    """Do everything at once; when something fails, wait for the rest before raising, so that undoing meets no race."""
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return outcomes


def ensure_bind_source(point: MountPoint) -> bool:
    """Make the folder that `-v` names where there is nothing; returns whether it is something else than a folder."""
    source = Path(point.source)
    if source.exists():
        return not source.is_dir()
    if point.is_from_mounts:
        raise InvalidArgument(f'invalid mount config for type "bind": bind source path does not exist: {source}')
    try:
        source.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(f"error while creating mount source path '{source}': {error.strerror or error}") from error
    return False


def _subpath(volume: Path, subpath: str) -> str:
    if not subpath:
        return str(volume)
    # A link inside the volume must not lead out of it.
    found = (volume / subpath).resolve()
    if not found.is_relative_to(volume.resolve()) or not found.exists():
        raise InvalidArgument(f"cannot access path {subpath} in the volume: no such file or directory")
    return str(found)


def _init_program() -> Path:
    program = find_init()
    if program is None:
        raise EngineError("--init needs tini or catatonit on this machine: install one of these packages")
    return program
