"""The room's one door: containers by id, from create to delete."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from engine.cgroups import ContainerCgroup, Hierarchies, engine_cgroup_path
from engine.config import EngineConfig
from engine.errors import Conflict, NotFound
from engine.runtime.bundle import Bundle, create_arguments, needed_paths, stream_arguments, write_bundle
from engine.runtime.choice import RuntimeChoice
from engine.runtime.compiled import CompiledFilters
from engine.runtime.execs import ExecHandle, ExecStarter
from engine.runtime.failures import StartFailed, start_failure
from engine.runtime.program import RuntimeProgram
from engine.runtime.shared_memory import SharedMemory
from engine.runtime.shim import (
    ExitStatus,
    Shim,
    ShimGroup,
    ShimRecord,
    ShimStarter,
    record_of,
    reopen_log,
    resize_terminal,
    to_its_end,
)
from engine.runtime.spawner import Spawner, share_mounts, unshare_mounts
from engine.spec import linux_resources

_SIGKILL = 9
_KILLED_EXIT_CODE = 128 + _SIGKILL
_UNKNOWN_EXIT_CODE = 255
_END_TIMEOUT_S = 10.0
_LEFT_BEHIND_S = 1.0
_SHIMS = "shims"


class RestoredState(Struct, frozen=True):
    """What became of a container while no daemon watched it. `exit` is None while it runs, and when nothing is known.

    `is_started` tells a container that runs from one that was created and never started.
    """

    is_running: bool
    pid: int | None
    exit: ExitStatus | None
    is_paused: bool = False
    is_started: bool = True


class Runtime:
    """Every container of this engine. Calls for different ids may run at once; for one id the caller serialises them.

    Files: EXEC_ROOT/containers/ID (conmon's: sockets, pids), exits/ID (the exit code), execs/EXEC_ID, oci/ID (the
    runtime's own state), shm/ID (shared memory that others may join), seccomp (compiled filters).
    """

    def __init__(self, config: EngineConfig, choice: RuntimeChoice) -> None:
        root = config.exec_root
        self.choice = choice
        self._containers, self._exits = root / "containers", root / "exits"
        self._shared_memory = SharedMemory(root / "shm")
        self._engine_cgroup = engine_cgroup_path(config)
        self._shared_roots = (config.exec_root, config.root)
        self._hierarchies = Hierarchies.read()
        self._program = RuntimeProgram(choice, root / "oci")
        hidden = [self._hierarchies.unified] if choice.has_private_mounts and self._hierarchies.unified else []
        self._group = ShimGroup(self._hierarchies, f"{self._engine_cgroup}/{_SHIMS}")
        self._spawner = Spawner(hidden, prepare=self._group.enter)
        self._starter = ShimStarter(self._spawner, self._program, self._group)
        self._execs = ExecStarter(root / "execs", self._starter)
        self._filters = CompiledFilters(root / "seccomp", f"{choice.name} {choice.version} {os.uname().release}")
        self._shims: dict[str, Shim] = {}

    @property
    def hierarchies(self) -> Hierarchies:
        return self._hierarchies

    async def start_up(self) -> None:
        """Make the folders and the shims' group. Containers of an earlier daemon are not touched: see `restore`.

        Call it before anything is mounted below the engine's folders: on a hybrid host these become shared mounts.
        """
        if self.choice.has_private_mounts:
            share_mounts(self._shared_roots)
        for folder in (self._containers, self._exits, self._shared_memory.root, self._program.state_root):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._group.prepare()
        await asyncio.to_thread(self._execs.remove_ended)

    async def shut_down(self) -> None:
        """Let go of everything. Containers go on; without any, nothing of this room stays mounted or grouped."""
        for shim in self._shims.values():
            shim.close()
        self._shims.clear()
        await asyncio.to_thread(self._spawner.close)
        self._program.close()
        await asyncio.to_thread(self._leave)

    async def create(
        self,
        container_id: str,
        bundle: Bundle,
        *,
        tty: bool = False,
        open_stdin: bool = False,
        stdin_once: bool = False,
        log_path: Path | None = None,
        on_created: Callable[[int], Awaitable[None]] | None = None,
    ) -> int:
        """Make the container's first process, which waits for `start`, and return its pid on the host.

        Its attach socket takes connections from now on, so that a client misses nothing. The log is conmon's k8s-file;
        without `log_path` there is none. `on_created` is awaited with the pid before this returns. Raises StartFailed,
        or what `on_created` raised; then nothing of the container is left.
        """
        folder = self._folder(container_id)
        if container_id in self._shims or folder.exists():
            await self._clean_up(container_id, bundle.cgroup_path)
        command = str(bundle.spec["process"]["args"][0])
        try:
            key = self._filters.key(bundle.spec) if self.choice.takes_compiled_seccomp else None
            compiled = self._filters.apply(bundle.spec, key) if key else None
            write_bundle(folder, compiled or bundle.spec)
            arguments = create_arguments(self._exits, container_id, log_path)
            arguments += stream_arguments(tty=tty, open_stdin=open_stdin, stdin_once=stdin_once)
            report = await to_its_end(
                self._starter.start(folder, container_id, arguments, needed=needed_paths(bundle.spec))
            )
            if report.pid < 0:
                raise start_failure(report.message, command=command)
            record = record_of(folder, report.pid, cgroup_path=bundle.cgroup_path, command=command, is_tty=tty)
            record.save(folder / "shim.json")
            self._shims[container_id] = Shim(folder, record)
            if key and compiled is None and (made := self._program.compiled_seccomp(container_id)):
                self._filters.add(key, made)
            if on_created is not None:
                await on_created(report.pid)
        except BaseException:
            await asyncio.shield(self._clean_up(container_id, bundle.cgroup_path))
            await asyncio.to_thread(self._shared_memory.remove, container_id)
            raise
        return report.pid

    async def start(self, container_id: str) -> None:
        """Let the created process go on into the container's program. Raises StartFailed when it has died."""
        shim = self._shim(container_id)
        if shim.process_has_ended:
            raise StartFailed(f"container {container_id} ended before it was started")
        try:
            await asyncio.to_thread(self._program.release, container_id, shim.record.pid)
        except FileNotFoundError as error:
            raise Conflict(f"container {container_id} is already started") from error
        except TimeoutError as error:
            raise StartFailed(f"container {container_id} could not be started: {error}") from error

    async def kill(self, container_id: str, signal: int) -> None:
        """Signal the first process. Raises Conflict when it has ended."""
        try:
            self._shim(container_id).send_signal(signal)
        except (ProcessLookupError, NotFound) as error:
            raise Conflict(f"Container {container_id} is not running") from error
        if signal == _SIGKILL and self.cgroup(container_id).is_frozen():
            await self.cgroup(container_id).thaw()

    async def pause(self, container_id: str) -> None:
        """Freeze all processes of the container; returns when none runs any more."""
        await self.cgroup(container_id).freeze()

    async def resume(self, container_id: str) -> None:
        await self.cgroup(container_id).thaw()

    async def wait_exit(self, container_id: str) -> ExitStatus:
        """Wait for the end of the first process, when all its output is in the log. Many may wait.

        A container that ended while no daemon ran answers at once. Raises NotFound for one that was never created.
        """
        shim = self._shims.get(container_id)
        if shim is None:
            status = await asyncio.to_thread(self._exit_status, container_id)
        else:
            await shim.wait_either()
            if shim.exit is None:
                await self._settle(shim, self.cgroup(container_id))
            if shim.exit is None:
                # Without a word from conmon it was killed, and the container with it.
                shim.exit = await asyncio.to_thread(self._exit_status, container_id, _KILLED_EXIT_CODE)
            status = shim.exit
        if status is None:
            raise NotFound(f"No such container: {container_id} has not run")
        return status

    async def delete(self, container_id: str) -> None:
        """Kill what still runs and remove every trace but the log; an id that is not known is fine."""
        record = self._record(container_id)
        await self._clean_up(container_id, record.cgroup_path if record else self._default_cgroup(container_id))
        await asyncio.to_thread(self._shared_memory.remove, container_id)

    async def make_shared_memory(self, container_id: str, size_bytes: int, label: str = "") -> Path:
        """The folder to be the /dev/shm of a container that others may join, mounted until `delete`. Call it before
        `create`; again is fine. Those who join bind the same folder (`shared_memory_path`)."""
        return await asyncio.to_thread(self._shared_memory.mount, container_id, size_bytes, label)

    def shared_memory_path(self, container_id: str) -> Path | None:
        """The folder that make_shared_memory has mounted for this container, None when it shares none."""
        return self._shared_memory.path_of(container_id)

    def attach_path(self, container_id: str) -> Path:
        """conmon's attach socket, from `create` to the end of the container; connect with `connect_attach`."""
        return self._folder(container_id) / "attach"

    async def resize(self, container_id: str, rows: int, columns: int) -> None:
        """Set the size of the terminal. Raises Conflict when the container does not run."""
        try:
            resize_terminal(self._folder(container_id), rows, columns)
        except OSError as error:
            raise Conflict(f"cannot resize: container {container_id} is not running") from error

    async def reopen_log(self, container_id: str) -> None:
        """Make conmon write to a new file at the log's path, after the old one was moved away."""
        try:
            reopen_log(self._folder(container_id))
        except OSError as error:
            raise Conflict(f"container {container_id} is not running") from error

    async def exec(
        self,
        container_id: str,
        exec_id: str,
        process: Mapping[str, Any],
        *,
        tty: bool = False,
        stdin: bool = False,
        on_attachable: Callable[[Path], Awaitable[None]] | None = None,
    ) -> ExecHandle:
        """Start `process` (engine.spec.exec_process) in the running container.

        `on_attachable` is given the attach socket and awaited before the process is started: who connects there misses
        nothing. Without it the output goes nowhere. Raises StartFailed in Docker's words, Conflict when not running.
        """
        shim = self._shim(container_id)
        if shim.process_has_ended:
            raise Conflict(f"Container {container_id} is not running")
        return await self._execs.start(
            container_id,
            exec_id,
            process,
            cgroup_path=shim.record.cgroup_path,
            tty=tty,
            stdin=stdin,
            on_attachable=on_attachable,
        )

    async def restore(self, container_id: str) -> RestoredState:
        """Find a container again that an earlier daemon has started, or learn how it ended."""
        record = self._record(container_id)
        if record is not None and record.shim_runs():
            if container_id not in self._shims:
                self._shims[container_id] = Shim(self._folder(container_id), record)
            if record.process_runs():
                return self._running_state(container_id, record)
            await self._shims[container_id].wait(timeout_s=_END_TIMEOUT_S)
        elif record is not None and record.process_runs():
            # A container without its conmon: its output is lost already, and nobody can tell its exit code.
            self.cgroup(container_id).kill_all()
        elif record is None and self._folder(container_id).exists():
            # The daemon was killed in the middle of a create.
            await self._clean_up(container_id, self._default_cgroup(container_id))
        return RestoredState(False, None, await asyncio.to_thread(self._exit_status, container_id))

    async def update_resources(self, container_id: str, changes: Mapping[str, Any]) -> None:
        """Apply limits (names as in HostConfig) to the running container. Raises InvalidArgument with the reason."""
        resources = linux_resources(changes)
        if not changes.get("MemorySwap"):
            # Only a new container without a word on swap gets twice its memory; here what was set before holds.
            resources.get("memory", {}).pop("swap", None)
        await asyncio.to_thread(self.cgroup(container_id).update, resources)

    async def pids(self, container_id: str) -> list[int]:
        """Every process of the container, by its pid on the host."""
        return await asyncio.to_thread(self.cgroup(container_id).pids)

    def cgroup(self, container_id: str) -> ContainerCgroup:
        record = self._record(container_id)
        return ContainerCgroup(self._hierarchies, record.cgroup_path if record else self._default_cgroup(container_id))

    async def orphans(self, known_ids: Iterable[str]) -> list[str]:
        """Remove every container of this engine that is not in `known_ids`, with all its traces; returns their ids."""
        removed = sorted(await asyncio.to_thread(self._found_ids) - set(known_ids))
        # Together: what takes time is waiting for the kernel to let go of processes.
        await asyncio.gather(*(self.delete(container_id) for container_id in removed))
        return removed

    async def traces(self) -> set[str]:
        """The ids of the containers that anything is left of here; `restore` and `delete` find nothing of others."""
        return await asyncio.to_thread(self._found_ids)

    def _leave(self) -> None:
        """Remove what only containers need, if there are none."""
        for name in (f"{self._engine_cgroup}/{_SHIMS}", self._engine_cgroup, self._engine_cgroup.rpartition("/")[0]):
            for folder in self._hierarchies.folders(name):
                # Busy means that somebody is still in there.
                with contextlib.suppress(OSError):
                    folder.rmdir()
        if self.choice.has_private_mounts:
            unshare_mounts(self._shared_roots)

    async def _settle(self, shim: Shim, group: ContainerCgroup) -> None:
        """Bring what is left of a container to its end after its first process or its conmon has ended."""
        if await shim.wait(timeout_s=_LEFT_BEHIND_S) and shim.process_has_ended:
            return
        # Either conmon was killed, and nobody will read the output or learn the exit code; or processes outlive the
        # first one (without a pid namespace of their own) and keep the output open, which conmon waits for.
        group.kill_all()
        await shim.wait_process(timeout_s=_END_TIMEOUT_S)
        await shim.wait()

    def _found_ids(self) -> set[str]:
        folders = [self._containers, self._exits, self._shared_memory.root, self._program.state_root]
        folders += self._hierarchies.folders(self._engine_cgroup)
        found: set[str] = set()
        for folder in folders:
            with contextlib.suppress(FileNotFoundError):
                is_state = folder is self._exits
                found |= {entry.name for entry in os.scandir(folder) if is_state or entry.is_dir(follow_symlinks=False)}
        return {name for name in found if name != _SHIMS and not name.startswith(".")}

    def _running_state(self, container_id: str, record: ShimRecord) -> RestoredState:
        return RestoredState(
            is_running=True,
            pid=record.pid,
            exit=None,
            is_paused=self.cgroup(container_id).is_frozen(),
            # The fifo goes when the container is started.
            is_started=not (self._program.state_folder(container_id) / "exec.fifo").exists(),
        )

    def _exit_status(self, container_id: str, otherwise: int = _UNKNOWN_EXIT_CODE) -> ExitStatus | None:
        """How it ended; with the code `otherwise` when conmon could not say, None when it has never run."""
        record, exit_file = self._record(container_id), self._exits / container_id
        oom_killed = (self._folder(container_id) / "oom").exists() or self.cgroup(container_id).oom_kills() > 0
        try:
            return ExitStatus(int(exit_file.read_text(encoding="ascii")), oom_killed, exit_file.stat().st_mtime)
        except (FileNotFoundError, ValueError):
            if record is None:
                return None
        return ExitStatus(otherwise, oom_killed, self._folder(container_id).stat().st_mtime)

    async def _clean_up(self, container_id: str, cgroup_path: str) -> None:
        shim = self._shims.get(container_id)
        group = ContainerCgroup(self._hierarchies, cgroup_path)
        if shim is None:
            shim = self._found_shim(container_id)
        if shim is not None:
            with contextlib.suppress(ProcessLookupError):
                shim.send_signal(_SIGKILL)
            group.kill_all()
            if not await shim.wait(timeout_s=_END_TIMEOUT_S):
                shim.kill()
            shim.exit = shim.exit or await asyncio.to_thread(self._exit_status, container_id, _KILLED_EXIT_CODE)
            shim.close()
        await group.remove()
        await asyncio.to_thread(self._remove_files, container_id)
        self._shims.pop(container_id, None)

    def _found_shim(self, container_id: str) -> Shim | None:
        """A conmon that this daemon has no hold of: an earlier one's, or that of a create that was cut short."""
        record, folder = self._record(container_id), self._folder(container_id)
        if record is None:
            try:
                shim_pid = int((folder / "conmon.pid").read_text(encoding="ascii"))
            except (FileNotFoundError, ValueError):
                return None
            record = record_of(folder, shim_pid, cgroup_path="", command="", is_tty=False)
            if not _is_conmon_of(shim_pid, container_id):
                return None
        if not record.shim_runs():
            return None
        return Shim(folder, record)

    def _remove_files(self, container_id: str) -> None:
        shutil.rmtree(self._program.state_folder(container_id), ignore_errors=True)
        shutil.rmtree(self._folder(container_id), ignore_errors=True)
        (self._exits / container_id).unlink(missing_ok=True)

    def _record(self, container_id: str) -> ShimRecord | None:
        shim = self._shims.get(container_id)
        return shim.record if shim is not None else ShimRecord.load(self._folder(container_id) / "shim.json")

    def _shim(self, container_id: str) -> Shim:
        try:
            return self._shims[container_id]
        except KeyError:
            raise NotFound(f"No such container: {container_id} is not created in the runtime") from None

    def _folder(self, container_id: str) -> Path:
        return self._containers / container_id

    def _default_cgroup(self, container_id: str) -> str:
        return f"{self._engine_cgroup}/{container_id}"


def _is_conmon_of(pid: int, container_id: str) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return container_id.encode() in words and b"conmon" in words[0]
