"""The door of the containers room: every operation of the API on a container, by reference.

It finds the container and hands the work to the part that knows it; it keeps nothing itself.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import quote_plus as quote

import orjson

from engine.attach import AttachSession, parse_detach_keys
from engine.cdi import CdiSpecs
from engine.cgroups import container_cgroup_path
from engine.config import EngineConfig
from engine.containers.create import Creator
from engine.containers.execs import Exec, Execs
from engine.containers.fields import check_update_fields
from engine.containers.files import ContainerFiles
from engine.containers.health import HealthChecks
from engine.containers.host_config import check_restart_policy, check_update, resource_changes, unchangeable
from engine.containers.host_support import check_cpuset, drop_unsupported, outdated_fields
from engine.containers.image_mounts import image_mounts
from engine.containers.inspection import inspect
from engine.containers.launch import Foundation, Launcher
from engine.containers.lifecycle import Lifecycle, RunListener
from engine.containers.links import parse_link
from engine.containers.listing import Filters, PruneFilters, list_elements, select
from engine.containers.log_rotation import LogRotation
from engine.containers.log_sinks import LogShipping, log_attributes, log_tag
from engine.containers.model import Container, Ended, Status
from engine.containers.names import check_name
from engine.containers.network_settings import endpoint_request
from engine.containers.own_changes import own_changes
from engine.containers.processes import processes_table
from engine.containers.restoration import Restoration
from engine.containers.rooms import Images, Layers, Network, Runtime, Seccomp, Stats, Volumes
from engine.containers.store import ContainerStore
from engine.errors import Conflict, InvalidArgument, NotFound, Unsupported
from engine.events import Publish
from engine.logs import LogPiece, LogQuery, LogReader
from engine.network import Sandbox
from engine.spec import HostFacts
from engine.stats import StatsTarget, empty_stats

_PRUNE_FILTERS = ("label", "label!", "until")


class Containers:
    """Every container of this engine. Open it with `restore`, let go with `close`: what runs goes on.

    A `reference` is a full id, a unique prefix of one, or a name with or without its slash; each method raises
    NotFound "No such container: REFERENCE" when there is none.
    """

    def __init__(
        self,
        config: EngineConfig,
        *,
        images: Images,
        layers: Layers,
        runtime: Runtime,
        network: Network,
        volumes: Volumes,
        seccomp: Seccomp,
        stats: Stats,
        publish: Publish,
        facts: HostFacts | None = None,
    ) -> None:
        facts = facts or HostFacts.read(with_selinux=config.has_selinux)
        self._config = config
        self._facts = facts
        self._images = images
        self._layers = layers
        self._runtime = runtime
        self._network = network
        self._stats = stats
        self._publish = publish
        self._logs = LogReader()
        self._rotation = LogRotation(self._logs, runtime)
        self._shipping = LogShipping(self._logs)
        self._store = ContainerStore(config.root / "containers")
        self._creator = Creator(
            config, self._store, images=images, layers=layers, volumes=volumes, network=network, facts=facts
        )
        cdi = CdiSpecs(config.cdi_folders)
        foundation = Foundation(config, layers, runtime, network, volumes, seccomp, facts, cdi)
        launcher = Launcher(foundation, find=self._store.get, save_now=self._store.save_now)
        self._lifecycle = Lifecycle(
            self._store,
            launcher,
            runtime=runtime,
            layers=layers,
            volumes=volumes,
            publish=publish,
            listeners=self._run_listeners,
        )
        self.files = ContainerFiles(
            self._store, self._lifecycle, images=images, layers=layers, runtime=runtime, volumes=volumes
        )
        self._execs = Execs(runtime=runtime, layers=layers, facts=facts, tell=self._lifecycle.tell)
        self._health = HealthChecks(self._execs, self._store, self._lifecycle.tell)
        self._restoration = Restoration(
            self._store, self._lifecycle, launcher, runtime=runtime, layers=layers, network=network, volumes=volumes
        )

    def _run_listeners(self) -> tuple[RunListener, ...]:
        return self._execs, self._health, self._rotation, self._shipping

    async def restore(self) -> None:
        """Find the containers of the daemon before this one. Call it once, when the other rooms are open."""
        await self._restoration.restore()

    async def close(self) -> None:
        """Let go of every container. What runs goes on."""
        await self._rotation.close()
        await self._shipping.close()
        await self._health.close()
        await self._execs.close()
        await self._lifecycle.close()

    # What other rooms ask.

    def uses_of_image(self, image_id: str) -> list[tuple[str, bool]]:
        """The containers of an image, or with it mounted: id, and whether it runs."""
        return [
            (one.id, one.state.is_running)
            for one in self._store
            if image_id in (one.record.image_id, *(point.image_id for point in image_mounts(one.record)))
        ]

    def uses_of_volume(self, name: str) -> list[str]:
        """The ids of the containers that have this volume, running or not."""
        return [
            one.id
            for one in self._store
            if any(point.type == "volume" and point.name == name for point in one.record.mounts)
        ]

    @property
    def has_selinux(self) -> bool:
        """Whether containers are labelled."""
        return self._facts.selinux is not None

    def counts(self) -> dict[str, int]:
        """How many there are, and how many of them are running, paused and stopped (GET /info)."""
        states = [one.state.status for one in self._store]
        paused = states.count(Status.PAUSED)
        running = sum(one.state.is_running for one in self._store) - paused
        return {"total": len(states), "running": running, "paused": paused, "stopped": len(states) - running - paused}

    # The life of a container.

    async def create(
        self, body: Mapping[str, Any], *, name: str | None = None, platform: str = ""
    ) -> tuple[str, list[str]]:
        """Make a container from a create request; its id and warnings. See Creator.create for what it raises."""
        container, warnings = await self._creator.create(body, name=name, wanted_platform=platform)
        self._lifecycle.tell(container, "create")
        return container.id, warnings

    async def start(self, reference: str) -> None:
        await self._lifecycle.start(self._store.get(reference))

    async def stop(self, reference: str, *, timeout_s: int | None = None, signal: str | None = None) -> None:
        await self._lifecycle.stop(self._store.get(reference), timeout_s=timeout_s, signal=signal)

    async def restart(self, reference: str, *, timeout_s: int | None = None, signal: str | None = None) -> None:
        await self._lifecycle.restart(self._store.get(reference), timeout_s=timeout_s, signal=signal)

    async def kill(self, reference: str, *, signal: str = "KILL") -> None:
        await self._lifecycle.kill(self._store.get(reference), signal=signal, reference=reference)

    async def pause(self, reference: str) -> None:
        await self._lifecycle.pause(self._store.get(reference))

    async def unpause(self, reference: str) -> None:
        await self._lifecycle.unpause(self._store.get(reference))

    async def remove(self, reference: str, *, force: bool = False, volumes: bool = False, link: bool = False) -> None:
        if link:
            await self._remove_link(reference)
            return
        await self._lifecycle.remove(self._store.get(reference), force=force, volumes=volumes)

    async def _remove_link(self, reference: str) -> None:
        """`container/alias`: its next start does not know the alias."""
        name, _, alias = reference.lstrip("/").rpartition("/")
        container = self._store.get(name)
        async with container.lock:
            links = container.host_config["Links"] or []
            kept = [link for link in links if parse_link(link)[1] != alias]
            if len(kept) == len(links):
                raise NotFound(f"{reference}: container {name} has no link {alias}")
            container.host_config["Links"] = kept or None
            self._store.save(container)

    async def rename(self, reference: str, name: str) -> None:
        """Raises InvalidArgument for what is no name or the same one, Conflict for one that is taken."""
        container = self._store.get(reference)
        if not name:
            raise InvalidArgument("Neither old nor new names may be empty")
        bare = check_name(name)
        async with container.lock:
            if bare == container.name:
                raise InvalidArgument("Renaming a container with the same name as its current name")
            self._store.reserve(bare, container.id)
            old = container.name
            self._store.rename(container, bare)
            if (sandbox := self._network.rename(container.id, bare)) is not None:
                self._keep_sandbox(container, sandbox)
            self._store.save(container)
            self._lifecycle.tell(container, "rename", {"oldName": f"/{old}"})

    def wait(self, reference: str, condition: str) -> "asyncio.Future[Ended]":
        """A future of the end that `condition` names: not-running (the default), next-exit, removed.

        It listens from now on. Cancel it when nobody waits any longer. Raises InvalidArgument.
        """
        container = self._store.get(reference)
        if condition == "removed":
            return container.removal()
        if condition == "next-exit":
            return container.next_exit()
        if condition not in ("", "not-running"):
            raise InvalidArgument(f'invalid condition: "{condition}"')
        if container.state.is_running:
            return container.next_exit()
        done: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        done.set_result(Ended(container.state.exit_code))
        return done

    async def update(self, reference: str, body: Mapping[str, Any]) -> list[str]:
        """Change limits and the restart policy, at once when it runs. Returns warnings."""
        container = self._store.get(reference)
        warnings = [*check_update_fields(body), *outdated_fields(body), *unchangeable(body)]
        changes = resource_changes(body)
        warnings += drop_unsupported(changes, self._facts)
        check_cpuset(changes)
        check_update(container.host_config, changes, container_id=container.id)
        policy = body.get("RestartPolicy") or {}
        if policy.get("Name"):
            check_restart_policy(policy["Name"], int(policy.get("MaximumRetryCount") or 0))
            if container.host_config["AutoRemove"] and policy["Name"] != "no":
                raise InvalidArgument(
                    "Restart policy cannot be updated because AutoRemove is enabled for the container"
                )
        async with container.lock:
            if changes and container.state.has_process:
                await self._runtime.update_resources(container.id, changes)
            container.host_config.update(changes)
            if policy.get("Name"):
                count = int(policy.get("MaximumRetryCount") or 0)
                container.host_config["RestartPolicy"] = {"Name": policy["Name"], "MaximumRetryCount": count}
            container.touch()
            self._store.save(container)
            self._lifecycle.tell(container, "update")
        return warnings

    async def prune(self, filters: PruneFilters) -> tuple[list[str], int]:
        """Remove every container that does not run; their ids and the bytes that are free again."""
        filters.check_known(_PRUNE_FILTERS)
        until = filters.until()
        removed, freed = [], 0
        for container in self._store:
            is_old = until is None or container.record.created_ns < until.timestamp() * 1e9
            if container.state.is_running or not is_old or not filters.match_labels(container.config["Labels"]):
                continue
            with contextlib.suppress(Conflict, NotFound):  # it was started, or removed, a moment ago
                size = await self._layers.size_rw(container.id)
                await self._lifecycle.remove(container, force=False, volumes=False)
                removed.append(container.id)
                freed += size
        self._publish("container", "prune", "", {"reclaimed": str(freed)})
        return removed, freed

    # What is known of a container.

    async def list_json(self, *, show_all: bool, limit: int | None, size: bool, filters: Filters) -> bytes:
        """The JSON of GET /containers/json."""
        images = {image_id for value in filters.get("ancestor") if (image_id := await self._image_id(value))}
        found = select(self._store, show_all=show_all, limit=limit, filters=filters, images=images)
        sizes = {container.id: await self._sizes(container) for container in found} if size else None
        return list_elements(found, sizes=sizes)

    async def disk_usage(self) -> list[dict[str, Any]]:
        """The containers as GET /system/df has them: list elements with their sizes."""
        containers = sorted(self._store, key=lambda one: one.record.created_ns, reverse=True)
        sizes = {container.id: await self._sizes(container) for container in containers}
        elements: list[dict[str, Any]] = orjson.loads(list_elements(containers, sizes=sizes))
        return elements

    async def inspect(self, reference: str, *, size: bool = False) -> dict[str, Any]:
        """The JSON of GET /containers/{id}/json."""
        container = self._store.get(reference)
        document = inspect(
            container, driver=self._layers.driver_name, graph_driver=self._layers.graph_driver(container.id)
        )
        return {**document, **(await self._sizes(container) if size else {})}

    async def top(self, reference: str, ps_args: str) -> dict[str, Any]:
        container = self._store.get(reference)
        container.require_process()
        titles, rows = await processes_table(await self._runtime.pids(container.id), ps_args)
        self._lifecycle.tell(container, "top")
        return {"Titles": titles, "Processes": rows}

    async def changes(self, reference: str) -> list[dict[str, Any]]:
        return [dict(change) for change in own_changes(await self._layers.changes(self._store.get(reference).id))]

    async def stats_once(self, reference: str, *, one_shot: bool) -> dict[str, Any]:
        """One sample; zeros for a container that does not run."""
        container = self._store.get(reference)
        if not container.state.has_process:
            return empty_stats(container.id, container.name)
        return await self._stats.sample(self._stats_target(container), one_shot=one_shot)

    async def stats_stream(self, reference: str) -> AsyncIterator[dict[str, Any]]:
        """A sample each second; zeros while the container does not run. Ends when it is removed."""
        container = self._store.get(reference)
        while self._store.find(container.id) is container:
            if container.state.has_process:
                with contextlib.suppress(NotFound):
                    async for sample in self._stats.stream(self._stats_target(container)):
                        yield sample
            else:
                yield empty_stats(container.id, container.name)
                await asyncio.sleep(1)

    # Streams.

    def is_tty(self, reference: str) -> bool:
        return self._store.get(reference).is_tty

    def logs(
        self,
        reference: str,
        *,
        stdout: bool,
        stderr: bool,
        since_ns: int = 0,
        until_ns: int = 0,
        tail: int | None = None,
        follow: bool = False,
        timestamps: bool = False,
        details: bool = False,
    ) -> AsyncIterator[list[LogPiece]]:
        """The output so far, and with `follow` that of the present run to its end. Times are unix nanoseconds.

        Raises Unsupported, at once, where the log driver keeps nothing that could be read.
        """
        container = self._store.get(reference)
        path = container.log_path
        if path is None:
            raise Unsupported("configured logging driver does not support reading")
        prefix = log_details(container) if details else b""
        query = LogQuery(
            stdout=stdout,
            stderr=stderr,
            since_ns=since_ns,
            until_ns=until_ns,
            tail=tail,
            follow=follow,
            timestamps=timestamps,
            prefix=prefix,
        )
        run_ended = container.run_ended if container.state.has_process else None
        return self._logs.read(path, query, run_ended)

    def logs_so_far(self, reference: str, *, stdout: bool, stderr: bool) -> AsyncIterator[list[LogPiece]]:
        return self.logs(reference, stdout=stdout, stderr=stderr)

    @contextlib.asynccontextmanager
    async def attach(
        self,
        reference: str,
        *,
        stdin: bool,
        stdout: bool,
        stderr: bool,
        detach_keys: str = "",
    ) -> AsyncIterator[AttachSession]:
        """Take part in the streams of a container: of its present run, or, before a start, of the next one.

        Raises Conflict when it is paused or waits for a restart.
        """
        container = self._store.get(reference)
        if container.state.status is Status.PAUSED:
            raise Conflict(f"container {container.id} is paused, unpause the container before attach")
        if container.state.status is Status.RESTARTING:
            raise Conflict(f"container {container.id} is restarting, wait until the container is running")
        keys = parse_detach_keys(detach_keys)
        has_stdin = stdin and bool(container.config["OpenStdin"])
        stdio = self._lifecycle.stdio(container)
        with stdio.join(stdin=has_stdin, stdout=stdout, stderr=stderr, detach_keys=keys) as session:
            self._lifecycle.connect_stdio(container)
            self._lifecycle.tell(container, "attach")
            yield session
            if session.has_detached:
                self._lifecycle.tell(container, "detach")

    async def resize(self, reference: str, rows: int, columns: int) -> None:
        """Set the size of the terminal. Raises Conflict when the container does not run."""
        container = self._store.get(reference)
        container.require_process()
        await self._runtime.resize(container.id, rows, columns)
        attributes = {"height": str(rows), "width": str(columns)}
        self._lifecycle.tell(container, "resize", attributes)

    # Execs.

    def create_exec(self, reference: str, body: Mapping[str, Any]) -> str:
        return self._execs.create(self._store.get(reference), body).id

    def inspect_exec(self, exec_id: str) -> dict[str, Any]:
        return self._execs.get(exec_id).to_wire()

    def exec_to_start(self, exec_id: str) -> Exec:
        """Raises NotFound, Conflict when it cannot be started."""
        return self._execs.check_startable(exec_id)

    async def start_exec_detached(self, found: Exec) -> None:
        await self._execs.start(found)

    def exec_session(
        self, found: Exec, *, console_size: tuple[int, int] | None
    ) -> AbstractAsyncContextManager[AttachSession]:
        return self._execs.attached(found, console_size=console_size)

    async def resize_exec(self, exec_id: str, rows: int, columns: int) -> None:
        await self._execs.resize(exec_id, rows, columns)

    # Networks.

    async def connect_network(self, reference: str, network: str, settings: Mapping[str, Any]) -> None:
        """Put a container on one more network, at once when it runs, else at its next start."""
        container = self._store.get(reference)
        name = self._network.get(network).name
        # The network is the one of the path, whatever id the settings have.
        settings = {key: value for key, value in settings.items() if key != "NetworkID"}
        async with container.lock:
            mode = container.host_config["NetworkMode"]
            if mode.startswith("container:") or mode in ("host", "none"):
                raise Conflict(f"container {container.id} has network mode {mode}: it cannot be on another network")
            if name in container.record.endpoints:
                raise Conflict(f"endpoint with name {container.name} already exists in network {name}")
            if container.state.has_process:
                self._keep_sandbox(
                    container, await self._network.connect(container.id, endpoint_request(name, settings))
                )
            container.record.endpoints[name] = dict(settings)
            container.touch()
            self._store.save(container)

    async def disconnect_network(self, reference: str, network: str, *, force: bool) -> None:
        """Take a container off a network. Raises Conflict when it is not on it."""
        container = self._store.get(reference)
        try:
            name = self._network.get(network).name
        except NotFound:
            if not force:
                raise
            name = network
        async with container.lock:
            if name not in container.record.endpoints:
                raise Conflict(f"container {container.id} is not connected to network {name}")
            if container.state.has_process:
                self._keep_sandbox(container, await self._network.disconnect(container.id, name))
            del container.record.endpoints[name]
            container.touch()
            self._store.save(container)

    @staticmethod
    def _keep_sandbox(container: Container, sandbox: Sandbox) -> None:
        container.record.sandbox = sandbox.to_json()

    def _stats_target(self, container: Container) -> StatsTarget:
        return StatsTarget(
            container_id=container.id,
            name=container.name,
            cgroup_path=container_cgroup_path(self._config, container.id, container.host_config["CgroupParent"]),
            pid=container.state.pid,
            has_network=container.host_config["NetworkMode"] != "host",
        )

    async def _sizes(self, container: Container) -> dict[str, int]:
        size_rw = await self._layers.size_rw(container.id)
        try:
            image = await self._images.resolve(container.record.image_id)
        except NotFound:
            return {"SizeRw": size_rw, "SizeRootFs": size_rw}
        return {"SizeRw": size_rw, "SizeRootFs": size_rw + image.size_bytes}

    async def _image_id(self, reference: str) -> str | None:
        try:
            return (await self._images.resolve(reference)).id
        except (NotFound, InvalidArgument):
            return None


def log_details(container: Container) -> bytes:
    """What `docker logs --details` puts before each line."""
    template = container.host_config["LogConfig"]["Config"].get("tag", "")
    found = log_attributes(container) | ({"tag": log_tag(container, template)} if template else {})
    return ",".join(f"{quote(name)}={quote(found[name])}" for name in sorted(found)).encode() + b" "
