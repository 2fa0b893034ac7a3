"""What a new daemon does with the containers of the one before it: find what runs, learn how the rest ended."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable

from msgspec.structs import replace

from engine.containers.image_mounts import writable_layers
from engine.containers.launch import Launcher
from engine.containers.lifecycle import Lifecycle
from engine.containers.model import Container, Health, Status
from engine.containers.network_settings import sandbox_request
from engine.containers.restart_policy import next_delay_s, should_start_with_daemon
from engine.containers.rooms import Layers, Network, Runtime, Volumes
from engine.containers.store import ContainerStore
from engine.errors import EngineError
from engine.network import Sandbox, SandboxRequest
from engine.runtime import ExitStatus, RestoredState

log = logging.getLogger(__name__)

_AT_ONCE = 8


class Restoration:
    """Runs once, after every room below has been opened and before the first request."""

    def __init__(
        self,
        store: ContainerStore,
        lifecycle: Lifecycle,
        launcher: Launcher,
        *,
        runtime: Runtime,
        layers: Layers,
        network: Network,
        volumes: Volumes,
    ) -> None:
        self._store = store
        self._lifecycle = lifecycle
        self._launcher = launcher
        self._runtime = runtime
        self._layers = layers
        self._network = network
        self._volumes = volumes
        self._traces: set[str] = set()

    async def restore(self) -> None:
        """Take over what runs; clear away what ended or was being made; schedule the starts that policies want."""
        await asyncio.to_thread(self._store.load)
        await self._runtime.orphans([container.id for container in self._store])
        self._traces = await self._runtime.traces()
        found = [(container, await self._found(container)) for container in self._store]
        await self._network.restore([saved for one, state in found if (saved := _saved_network(one, state))])
        await self._layers.restore([name for container in self._store for name in writable_layers(container)])
        await self._volumes.restore(_volume_users(one for one, state in found if _really_runs(one, state)))
        gate = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._settle(container, state, gate) for container, state in found))
        await self._store.flush()

    async def _found(self, container: Container) -> RestoredState:
        """Most containers of a large machine have ended long ago, and need not be looked for one by one."""
        if container.id not in self._traces:
            return RestoredState(is_running=False, pid=None, exit=None)
        return await self._runtime.restore(container.id)

    async def _clear(self, container: Container) -> None:
        if container.id in self._traces:
            await self._launcher.clear(container)
        else:
            await self._launcher.release(container)

    async def _settle(self, container: Container, found: RestoredState, gate: asyncio.Semaphore) -> None:
        async with gate, container.lock:
            try:
                if _really_runs(container, found):
                    await self._take_over(container, found)
                else:
                    await self._learn_end(container, found)
            except (EngineError, OSError) as error:
                log.error("container %s could not be restored: %s", container.id, error)

    async def _take_over(self, container: Container, found: RestoredState) -> None:
        state = container.state
        before = replace(state)
        state.pid = found.pid or 0
        if not state.has_process:
            # The daemon ended between the start and the record of it.
            state.started_ns, state.exit_code, state.error = time.time_ns(), 0, ""
        if container.config.get("Healthcheck") and state.health is None:
            state.health = Health()
        state.status = Status.PAUSED if found.is_paused else Status.RUNNING
        # Watched before anything can fail: what runs must always be possible to stop and remove.
        self._lifecycle.watch(container)
        if state != before:
            container.touch()
            self._store.save(container)
        await self._layers.mount(container.id)  # counts it as mounted again; it is
        log.info("container %s runs on", container.id[:12])

    async def _learn_end(self, container: Container, found: RestoredState) -> None:
        state = container.state
        if state.status is Status.CREATED and found.exit is None:
            await self._clear(container)
            return
        if state.status in (Status.REMOVING, Status.DEAD):
            state.status = Status.DEAD
            await self._finish_removal(container)
            return
        was_running = state.is_running or state.status is Status.CREATED
        if was_running:
            self._record_end(container, found.exit or ExitStatus(255, False, time.time()))
        await self._clear(container)
        if was_running:
            self._store.save(container)
        if container.host_config["AutoRemove"] and was_running:
            await self._finish_removal(container)
        elif should_start_with_daemon(container.record):
            state.status = Status.RESTARTING
            self._lifecycle.schedule_restart(container, next_delay_s(0, ran_for_s=0))

    def _record_end(self, container: Container, status: ExitStatus) -> None:
        state = container.state
        state.status, state.pid = Status.EXITED, 0
        state.exit_code, state.oom_killed, state.finished_ns = status.code, status.oom_killed, int(status.at * 1e9)
        container.touch()

    async def _finish_removal(self, container: Container) -> None:
        with contextlib.suppress(EngineError):
            await self._lifecycle.remove_held(container, volumes=True)


def _really_runs(container: Container, found: RestoredState) -> bool:
    """A process that was made and never let go on is no container that runs: its start was cut short."""
    return found.is_running and found.is_started and container.state.status is not Status.REMOVING


def _saved_network(container: Container, found: RestoredState) -> tuple[SandboxRequest, Sandbox] | None:
    if not _really_runs(container, found) or container.record.sandbox is None:
        return None
    mode = container.host_config["NetworkMode"]
    return sandbox_request(container, mode=mode), Sandbox.from_json(container.record.sandbox)


def _volume_users(running: Iterable[Container]) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {}
    for container in running:
        for point in container.record.mounts:
            if point.type == "volume":
                users.setdefault(point.name, []).append(container.id)
    return users
