"""Starting, stopping and everything that follows from the end of a run.

Who may call what: each method here takes the container's lock itself, for as long as it changes the container; none
waits for a process to end while it holds it. The end of a run is handled in one place, `_on_exit`, whoever caused it.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from engine.attach import Stdio
from engine.containers.image_mounts import writable_layers
from engine.containers.launch import Launcher, closes_stdin
from engine.containers.model import Container, Ended, Health, Status
from engine.containers.restart_policy import next_delay_s, should_restart
from engine.containers.rooms import Layers, Runtime, Volumes
from engine.containers.signals import signal_number
from engine.containers.store import ContainerStore
from engine.errors import Conflict, EngineError, NotFound, NotModified
from engine.events import Publish
from engine.runtime import ExitStatus, connect_attach

log = logging.getLogger(__name__)

_SIGKILL = 9
_DEFAULT_STOP_S = 10
_KILL_WAIT_S = 15.0
_FAILED_START_CODE = 128


class RunListener(Protocol):
    """Whoever has to know that a run has begun or ended: the health checks, the execs."""

    def run_began(self, container: Container) -> None: ...
    def run_ended(self, container: Container) -> None: ...


class Lifecycle:
    """Moves containers through their states."""

    def __init__(
        self,
        store: ContainerStore,
        launcher: Launcher,
        *,
        runtime: Runtime,
        layers: Layers,
        volumes: Volumes,
        publish: Publish,
        listeners: Callable[[], tuple[RunListener, ...]],
    ) -> None:
        self._store = store
        self._launcher = launcher
        self._runtime = runtime
        self._layers = layers
        self._volumes = volumes
        self._publish = publish
        self._listeners = listeners
        self._stdio: dict[str, Stdio] = {}

    def stdio(self, container: Container) -> Stdio:
        """The streams of the container, over all its runs."""
        if container.id not in self._stdio:
            self._stdio[container.id] = Stdio(is_tty=container.is_tty, closes_stdin=closes_stdin(container))
        return self._stdio[container.id]

    def connect_stdio(self, container: Container) -> None:
        """Take part in the present run, if there is one, and nobody is there yet who does or nobody who listens."""
        stdio = self.stdio(container)
        if not container.state.has_process or not (stdio.is_missed or not stdio.is_connected):
            return
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):  # it is ending right now
            connection = connect_attach(self._runtime.attach_path(container.id))
            (stdio.listen if stdio.is_connected else stdio.connect)(connection)

    def tell(self, container: Container, action: str, attributes: Mapping[str, str] | None = None) -> None:
        """Publish an event of the container: all its labels, image and name, and what is said here."""
        actor = {"image": container.config["Image"], "name": container.name, **(attributes or {})}
        self._publish("container", action, container.id, {**container.config["Labels"], **actor})

    async def start(self, container: Container) -> None:
        """Start a container that does not run.

        Raises NotModified when it runs, Conflict when it is paused or being removed, StartFailed and others when it
        cannot be started: then it is as it was, with State.ExitCode and State.Error saying why, or gone.
        """
        async with container.lock:
            _check_startable(container)
            container.record.was_stopped_by_user = False
            container.record.restart_count = 0
            container.restart_delay_s = 0.0
            await self._start_locked(container)

    async def stop(self, container: Container, *, timeout_s: int | None = None, signal: str | None = None) -> None:
        """Ask the process to end, and kill it when it has not after `timeout_s` (-1: wait for ever).

        Raises NotModified when the container does not run.
        """
        if not container.state.is_running:
            raise NotModified(f"Container {container.id} is already stopped")
        container.record.was_stopped_by_user = True
        if await self._cancel_restart(container):
            self.tell(container, "stop")
            return
        grace = timeout_s if timeout_s is not None else container.config.get("StopTimeout", _DEFAULT_STOP_S)
        ended = container.run_ended
        with contextlib.suppress(Conflict):  # it has ended by itself meanwhile
            await self._signal(container, signal_number(signal or _stop_signal(container)))
        if ended is not None and not await _has_ended(ended, None if grace < 0 else float(grace)):
            await self._kill_now(container, ended)
        self.tell(container, "stop")

    async def kill(self, container: Container, *, signal: str, reference: str) -> None:
        """Send a signal; after SIGKILL, wait for the end. Raises Conflict when the container does not run."""
        number = signal_number(signal or "KILL")
        if await self._cancel_restart(container):
            return
        if not container.state.has_process:
            raise Conflict(f"Cannot kill container: {reference}: Container {container.id} is not running")
        ended = container.run_ended
        if number in (_SIGKILL, signal_number(_stop_signal(container))):
            container.record.was_stopped_by_user = True
        await self._signal(container, number)
        if number == _SIGKILL and ended is not None:
            await _has_ended(ended, _KILL_WAIT_S)

    async def restart(self, container: Container, *, timeout_s: int | None = None, signal: str | None = None) -> None:
        """Stop it if it runs, then start it. AutoRemove does not act in between."""
        container.is_being_restarted = True
        try:
            with contextlib.suppress(NotModified):
                await self.stop(container, timeout_s=timeout_s, signal=signal)
            with contextlib.suppress(NotModified):
                await self.start(container)
        finally:
            container.is_being_restarted = False
        self.tell(container, "restart")

    async def pause(self, container: Container) -> None:
        async with container.lock:
            container.require_process()
            if container.state.status is Status.PAUSED:
                raise Conflict(f"Container {container.id} is already paused")
            await self._runtime.pause(container.id)
            container.turn(Status.PAUSED)
            self._store.save(container)
            self.tell(container, "pause")

    async def unpause(self, container: Container) -> None:
        async with container.lock:
            if container.state.status is not Status.PAUSED:
                raise Conflict(f"Container {container.id} is not paused")
            await self._unpause_locked(container)

    async def remove(self, container: Container, *, force: bool, volumes: bool) -> None:
        """Remove a container and, with `volumes`, its anonymous volumes.

        Raises Conflict when it runs and `force` is not given, or when it is being removed already.
        """
        if container.state.is_running:
            if not force:
                raise Conflict(_why_not_removable(container))
            container.record.was_stopped_by_user = True
            ended = container.run_ended
            if not await self._cancel_restart(container) and ended is not None:
                await self._kill_now(container, ended)
        async with container.lock:
            if self._store.find(container.id) is None:
                return  # AutoRemove was faster
            await self._remove_locked(container, volumes=volumes)

    async def remove_held(self, container: Container, *, volumes: bool) -> None:
        """Remove a container that does not run, for a caller that holds its lock."""
        await self._remove_locked(container, volumes=volumes)

    def watch(self, container: Container) -> None:
        """See to the end of the run that is now; called for what runs at start-up as well."""
        container.run_ended = asyncio.get_running_loop().create_future()
        self._task(container, "watch", self._watch(container))
        for listener in self._listeners():
            listener.run_began(container)

    def schedule_restart(self, container: Container, delay_s: float) -> None:
        """Start it again after a while, unless somebody stops it first."""
        self._task(container, "restart", self._restart_later(container, delay_s))

    async def close(self) -> None:
        """Let go of every container; what runs goes on."""
        tasks = [task for container in self._store for task in container.tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for stdio in self._stdio.values():
            stdio.disconnect()
        await self._store.flush()

    async def _start_locked(self, container: Container) -> None:
        state = container.state
        try:
            pid = await self._launcher.launch(container, self.stdio(container))
        except Exception as error:
            await self._start_failed(container, error)
            raise
        state.pid, state.exit_code, state.error, state.oom_killed = pid, 0, "", False
        state.started_ns = time.time_ns()
        state.health = Health() if _has_health_check(container) else None
        container.turn(Status.RUNNING)
        self.watch(container)
        self._store.save(container)
        self.tell(container, "start")

    async def _start_failed(self, container: Container, error: Exception) -> None:
        state = container.state
        state.exit_code = getattr(error, "exit_code", _FAILED_START_CODE)
        state.error = str(error)
        container.touch()
        self.stdio(container).disconnect()
        self._store.save(container)
        if container.host_config["AutoRemove"] and state.status in (Status.CREATED, Status.EXITED):
            await self._remove_locked(container, volumes=True)

    async def _watch(self, container: Container) -> None:
        try:
            status = await self._runtime.wait_exit(container.id)
        except NotFound:
            # Its traces were taken away behind our back: all that is known is that it does not run.
            status = ExitStatus(255, False, time.time())
        async with container.lock:
            await self._on_exit(container, status)

    async def _on_exit(self, container: Container, status: ExitStatus) -> None:
        """The one place where a run ends."""
        state, ended = container.state, Ended(status.code)
        state.pid, state.exit_code, state.oom_killed = 0, status.code, status.oom_killed
        state.finished_ns = int(status.at * 1e9)
        is_again = not container.is_being_restarted and should_restart(container.record, status.code)
        container.turn(Status.RESTARTING if is_again else Status.EXITED)
        for listener in self._listeners():
            listener.run_ended(container)
        if status.oom_killed:
            self.tell(container, "oom")
        self.tell(container, "die", {"exitCode": str(status.code)})
        if container.id in self._stdio:
            self._stdio[container.id].process_ended()
        try:
            await self._launcher.clear(container)
        except (EngineError, OSError) as error:
            log.error("container %s has ended, but something of it is left: %s", container.id, error)
        self._store.save(container)
        container.tell_exit(ended)
        if is_again:
            ran_for_s = (state.finished_ns - state.started_ns) / 1e9
            container.restart_delay_s = next_delay_s(container.restart_delay_s, ran_for_s=ran_for_s)
            self.schedule_restart(container, container.restart_delay_s)
        elif container.host_config["AutoRemove"] and not container.is_being_restarted:
            await self._auto_remove(container)

    async def _auto_remove(self, container: Container) -> None:
        try:
            await self._remove_locked(container, volumes=True)
        except (EngineError, OSError) as error:
            log.error("container %s was to be removed at its end: %s", container.id, error)

    async def _restart_later(self, container: Container, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        async with container.lock:
            if container.state.status is not Status.RESTARTING:
                return
            container.record.restart_count += 1
            # From here on it is no longer to be cancelled: the start is under way and ends by itself.
            container.tasks.pop("restart", None)
            try:
                await self._start_locked(container)
            except (EngineError, OSError) as error:
                log.warning("container %s could not be started again: %s", container.id, error)
                container.state.finished_ns = time.time_ns()
                if should_restart(container.record, container.state.exit_code or 1):
                    container.restart_delay_s = next_delay_s(container.restart_delay_s, ran_for_s=0)
                    self.schedule_restart(container, container.restart_delay_s)
                else:
                    container.turn(Status.EXITED)
                    self._store.save(container)

    @staticmethod
    def _waits_for_restart(container: Container) -> bool:
        return container.state.status is Status.RESTARTING

    async def _cancel_restart(self, container: Container) -> bool:
        """Whether it was waiting for its next start, which now does not come."""
        if not self._waits_for_restart(container):
            return False
        async with container.lock:
            if not self._waits_for_restart(container):
                return False  # it was started, or stopped, while we waited for the lock
            container.record.was_stopped_by_user = True
            task = container.tasks.pop("restart", None)
            if task is not None:
                task.cancel()
            container.turn(Status.EXITED)
            self._store.save(container)
            container.tell_exit(Ended(container.state.exit_code))
            return True

    async def _signal(self, container: Container, number: int) -> None:
        await self._runtime.kill(container.id, number)
        self.tell(container, "kill", {"signal": str(number)})
        if container.state.status is Status.PAUSED and number != _SIGKILL:
            # A frozen process acts on no signal.
            async with container.lock:
                if container.state.status is Status.PAUSED:
                    await self._unpause_locked(container)

    async def _kill_now(self, container: Container, ended: "asyncio.Future[Ended]") -> None:
        with contextlib.suppress(Conflict):
            await self._signal(container, _SIGKILL)
        if not await _has_ended(ended, _KILL_WAIT_S):
            raise EngineError(f"container {container.id} did not end {_KILL_WAIT_S:.0f} s after SIGKILL")

    async def _unpause_locked(self, container: Container) -> None:
        await self._runtime.resume(container.id)
        container.turn(Status.RUNNING)
        self._store.save(container)
        self.tell(container, "unpause")

    async def _remove_locked(self, container: Container, *, volumes: bool) -> None:
        if container.state.status is Status.REMOVING:
            raise Conflict(f"removal of container {container.id} is already in progress")
        container.turn(Status.REMOVING)
        try:
            await self._store.unwrite(container)
            await self._launcher.clear(container)
            for name in writable_layers(container):
                await self._layers.remove_writable(name)
        except (EngineError, OSError) as error:
            container.turn(Status.DEAD)
            self._store.save(container)
            failure = EngineError(f"container {container.id}: cannot be removed: {error}")
            container.tell_removal_failed(failure)
            raise failure from error
        self.stdio(container).disconnect()
        self._stdio.pop(container.id, None)
        await self._store.discard(container)
        if volumes:
            await self._remove_anonymous_volumes(container)
        self.tell(container, "destroy")
        container.tell_removed()

    async def _remove_anonymous_volumes(self, container: Container) -> None:
        for point in container.record.mounts:
            if point.type == "volume" and point.is_anonymous:
                with contextlib.suppress(Conflict, NotFound):  # somebody else uses it, or removed it
                    await self._volumes.remove(point.name)

    def _task(self, container: Container, kind: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"{kind} {container.id[:12]}")
        container.tasks[kind] = task
        task.add_done_callback(lambda done: _forget(container, kind, done))


def _forget(container: Container, kind: str, task: "asyncio.Task[None]") -> None:
    if container.tasks.get(kind) is task:
        del container.tasks[kind]
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("container %s: %s failed", container.id, kind, exc_info=error)


async def _has_ended(ended: "asyncio.Future[Ended]", timeout_s: float | None) -> bool:
    done, _ = await asyncio.wait({ended}, timeout=timeout_s)
    return bool(done)


def _stop_signal(container: Container) -> str:
    return container.config.get("StopSignal") or "TERM"


def _has_health_check(container: Container) -> bool:
    test = (container.config.get("Healthcheck") or {}).get("Test") or ["NONE"]
    return bool(test[0] != "NONE")


def _check_startable(container: Container) -> None:
    status = container.state.status
    if status is Status.PAUSED:
        raise Conflict("cannot start a paused container, try unpause instead")
    if container.state.is_running:
        raise NotModified(f"Container {container.id} is already running")
    if status in (Status.REMOVING, Status.DEAD):
        raise Conflict("container is marked for removal and cannot be started")


def _why_not_removable(container: Container) -> str:
    status = container.state.status
    remedy = "Unpause and then stop" if status is Status.PAUSED else "Stop"
    return (
        f"You cannot remove a {status} container {container.id}. {remedy} the container before attempting removal or "
        "force remove"
    )
