"""Processes that are added to a running container: `docker exec`, and the probes of health checks.

An exec is made, started once, and can be asked for its exit code until its container's next run.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from engine.attach import AttachSession, Stdio, parse_detach_keys
from engine.containers.model import Container, Status
from engine.containers.rooms import Layers, Runtime
from engine.errors import Conflict, EngineError, InvalidArgument, NotFound
from engine.runtime import ExecHandle, StartFailed, connect_attach
from engine.spec import HostFacts, ProcessUser, exec_process, find_user

log = logging.getLogger(__name__)

_SIGKILL = 9
_EXIT_WAIT_S = 10.0
_READY_WAIT_S = 10.0
_KEPT_ENDED = 256

Tell = Callable[[Container, str, Mapping[str, str] | None], None]


class Exec(Struct):
    """One process asked for. `exit_code` is None until it has ended."""

    id: str
    container: Container
    command: list[str]
    is_tty: bool
    has_stdin: bool
    has_stdout: bool
    has_stderr: bool
    env: list[str]
    cwd: str
    user: str
    is_privileged: bool
    detach_keys: str
    stdio: Stdio
    was_started: bool = False
    is_running: bool = False
    exit_code: int | None = None
    pid: int = 0
    handle: ExecHandle | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)  # it runs, or it never will
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def to_wire(self) -> dict[str, Any]:
        """GET /exec/{id}/json."""
        return {
            "ID": self.id,
            "Running": self.is_running,
            "ExitCode": self.exit_code,
            "ProcessConfig": {
                "tty": self.is_tty,
                "entrypoint": self.command[0],
                "arguments": self.command[1:],
                "privileged": self.is_privileged,
                **({"user": self.user} if self.user else {}),
            },
            "OpenStdin": self.has_stdin,
            "OpenStderr": self.has_stderr,
            "OpenStdout": self.has_stdout,
            "CanRemove": False,
            "ContainerID": self.container.id,
            "DetachKeys": "",
            "Pid": self.pid,
        }


class Execs:
    """Every exec of the engine."""

    def __init__(self, *, runtime: Runtime, layers: Layers, facts: HostFacts, tell: Tell) -> None:
        self._runtime = runtime
        self._layers = layers
        self._facts = facts
        self._tell = tell
        self._by_id: dict[str, Exec] = {}
        self._waiting: set[asyncio.Task[None]] = set()

    def get(self, exec_id: str) -> Exec:
        """Raises NotFound."""
        found = self._by_id.get(exec_id)
        if found is None:
            raise NotFound(f"No such exec instance: {exec_id}")
        return found

    def create(self, container: Container, body: Mapping[str, Any]) -> Exec:
        """Describe a process to be started. Raises Conflict when the container is paused or does not run."""
        command = body.get("Cmd") or []
        command = [command] if isinstance(command, str) else [str(word) for word in command]
        if not command:
            raise InvalidArgument("No exec command specified")
        check_can_exec(container)
        is_tty, has_stdin = bool(body.get("Tty")), bool(body.get("AttachStdin"))
        made = Exec(
            id=secrets.token_hex(32),
            container=container,
            command=command,
            is_tty=is_tty,
            has_stdin=has_stdin,
            has_stdout=bool(body.get("AttachStdout")),
            has_stderr=bool(body.get("AttachStderr")),
            env=list(body.get("Env") or ()),
            cwd=str(body.get("WorkingDir") or ""),
            user=str(body.get("User") or ""),
            is_privileged=bool(body.get("Privileged")),
            # dockerd reads names of fields in any case, and docker-py relies on it here.
            detach_keys=str(body.get("DetachKeys") or body.get("detachKeys") or ""),
            stdio=Stdio(is_tty=is_tty, closes_stdin=not is_tty),
        )
        parse_detach_keys(made.detach_keys)
        self._forget_old()
        self._by_id[made.id] = made
        container.exec_ids.append(made.id)
        self._tell(container, f"exec_create: {' '.join(command)}", {"execID": made.id})
        return made

    def check_startable(self, exec_id: str) -> Exec:
        """Raise NotFound, or Conflict when it was started before or its container does not run any more."""
        found = self.get(exec_id)
        if found.was_started:
            raise Conflict(f"Error: Exec command {exec_id} has already run")
        check_can_exec(found.container)
        return found

    async def start(self, found: Exec) -> None:
        """Start it, for whoever has joined its streams. Raises StartFailed; its exit code is then 126 or 127."""
        found.was_started = True
        try:
            process = await self._process(found)
            found.is_running = True
            self._tell(found.container, f"exec_start: {' '.join(found.command)}", {"execID": found.id})
            found.handle = await self._runtime.exec(
                found.container.id,
                found.id,
                process,
                tty=found.is_tty,
                stdin=found.has_stdin,
                on_attachable=_connecting(found.stdio) if found.stdio.is_wanted else None,
            )
        except EngineError as error:
            found.is_running = False
            found.exit_code = error.exit_code if isinstance(error, StartFailed) else 126
            self._end(found)
            raise
        found.pid = found.handle.pid
        found.ready.set()
        task = asyncio.create_task(self._wait(found, found.handle), name=f"exec {found.id[:12]}")
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    @contextlib.asynccontextmanager
    async def attached(
        self, found: Exec, *, console_size: tuple[int, int] | None = None
    ) -> AsyncIterator[AttachSession]:
        """Start it and take part in its streams. Leaving waits for the exit code, when all output has been read."""
        keys = parse_detach_keys(found.detach_keys)
        session = found.stdio.join(
            stdin=found.has_stdin, stdout=found.has_stdout, stderr=found.has_stderr, detach_keys=keys
        )
        with session:
            await self.start(found)
            if console_size is not None and found.is_tty and found.handle is not None:
                with contextlib.suppress(Conflict):
                    await found.handle.resize(*console_size)
            yield session
            if not found.stdio.is_connected and not session.has_detached:
                # Clients ask for the exit code as soon as the output ends.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_EXIT_WAIT_S):
                        await found.ended.wait()

    async def resize(self, exec_id: str, rows: int, columns: int) -> None:
        """Set the size of the terminal. Raises Conflict when it does not run."""
        found = self.get(exec_id)
        # Clients send the size while the start is under way, and older ones not often enough for a busy machine.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_READY_WAIT_S):
                await found.ready.wait()
        if found.handle is None:
            raise Conflict(f"exec {exec_id} is not running")
        await found.handle.resize(rows, columns)

    async def probe(self, container: Container, command: list[str], *, timeout_s: float) -> tuple[int, str]:
        """Run a health check; its exit code and output. Raises TimeoutError, when it has been killed."""
        body = {"Cmd": command, "AttachStdout": True, "AttachStderr": True}
        found = self.create(container, body)
        output = bytearray()
        try:
            async with asyncio.timeout(timeout_s), self.attached(found) as session:
                async for _, payload in session.output():
                    output += payload[: max(0, 4096 - len(output))]
        except TimeoutError:
            if found.handle is not None:
                await found.handle.kill(_SIGKILL)
            raise
        finally:
            self._by_id.pop(found.id, None)
            with contextlib.suppress(ValueError):
                container.exec_ids.remove(found.id)
        return found.exit_code if found.exit_code is not None else -1, output.decode(errors="replace")

    def run_began(self, container: Container) -> None:
        """What was run in the last run can no longer be asked for."""
        for exec_id in container.exec_ids:
            self._by_id.pop(exec_id, None)
        container.exec_ids.clear()

    def run_ended(self, container: Container) -> None:
        """The execs end by themselves with their container."""

    async def close(self) -> None:
        for task in list(self._waiting):
            task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)

    async def _process(self, found: Exec) -> dict[str, Any]:
        container = found.container
        user: ProcessUser | None = None
        if found.user:
            rootfs = await self._layers.mount(container.id)
            user = await asyncio.to_thread(find_user, rootfs, found.user)
        if container.record.spec is None:
            raise Conflict(f"Container {container.id} is not running")
        return exec_process(
            container.record.spec,
            found.command,
            facts=self._facts,
            env=found.env,
            cwd=found.cwd,
            user=user,
            tty=found.is_tty,
            privileged=found.is_privileged,
        )

    async def _wait(self, found: Exec, handle: ExecHandle) -> None:
        found.exit_code = await handle.wait()
        self._end(found)
        self._tell(found.container, "exec_die", {"execID": found.id, "exitCode": str(found.exit_code)})
        await handle.clean_up()

    def _end(self, found: Exec) -> None:
        found.is_running = False
        found.pid = 0
        found.ready.set()
        found.ended.set()
        found.stdio.process_ended()

    def _forget_old(self) -> None:
        """An exec stays known after its end; in a container that lives for months, not for ever."""
        ended = [found for found in self._by_id.values() if found.ended.is_set()]
        for found in ended[: max(0, len(ended) - _KEPT_ENDED)]:
            del self._by_id[found.id]
            with contextlib.suppress(ValueError):
                found.container.exec_ids.remove(found.id)


def check_can_exec(container: Container) -> None:
    if container.state.status is Status.PAUSED:
        raise Conflict(f"Container {container.name} is paused, unpause the container before exec")
    if container.state.status is Status.RESTARTING:
        raise Conflict(f"Container {container.id} is restarting, wait until the container is running")
    container.require_process()


def _connecting(stdio: Stdio) -> Callable[[Path], Any]:
    async def connect(path: Path) -> None:
        stdio.connect(connect_attach(path))

    return connect
