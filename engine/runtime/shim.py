"""conmon, one per container or exec: starting it, recognising it after a restart of the daemon, its exit file.

conmon(8): it reads one byte from _OCI_STARTPIPE before it forks itself into the background, and reports on
_OCI_SYNCPIPE the pid of the process that the runtime has made, or -1 and what the runtime had to say.
"""

import asyncio
import contextlib
import os
import select
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

import orjson
from msgspec import Struct
from msgspec.structs import asdict

from engine.cgroups import Hierarchies
from engine.errors import EngineError
from engine.linux.pidfd import PidFd
from engine.linux.processes import is_running, process_stat
from engine.runtime.program import RuntimeProgram
from engine.runtime.spawner import Spawner

# What an exec is to start, in its folder.
EXEC_SPEC = "process.json"
_CREATE_TIMEOUT_S = 120.0
# Ten times what a container has unless it asks for more: cpu.shares of version 1, cpu.weight of version 2.
_SHARES, _WEIGHT = 10240, 1000
_T = TypeVar("_T")


class ExitStatus(Struct, frozen=True):
    """How a container's first process ended: 128+n when a signal killed it. `at` is in seconds since 1970."""

    code: int
    oom_killed: bool
    at: float


class ShimRecord(Struct, frozen=True):
    """What finds a shim and its process again; the start times tell them from later owners of the same pids."""

    shim_pid: int
    shim_ticks: int
    pid: int
    pid_ticks: int
    cgroup_path: str
    command: str
    is_tty: bool = False

    def save(self, path: Path) -> None:
        temporary = path.with_suffix(".new")
        temporary.write_bytes(orjson.dumps(asdict(self)))
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> "ShimRecord | None":
        try:
            return cls(**orjson.loads(path.read_bytes()))
        except (FileNotFoundError, orjson.JSONDecodeError, TypeError):
            return None

    def shim_runs(self) -> bool:
        return is_running(self.shim_pid, start_ticks=self.shim_ticks)

    def process_runs(self) -> bool:
        return is_running(self.pid, start_ticks=self.pid_ticks)


class ShimReport(Struct, frozen=True):
    """conmon's message: `pid` is negative when the runtime failed, with its words in `message`."""

    pid: int
    message: str


class ShimGroup:
    """The control group of all shims, so that limits and the end of the daemon's own service do not touch them.

    Moving a process costs the kernel about a millisecond in each hierarchy. On version 1 a thread can be in another
    group than its process and what it starts is born there, so the thread that starts shims is moved, once.

    It weighs more than a container. A full pipe wakes its writer at every read; with equal weights the writer takes the
    processor from the shim each time, for one more read's worth: that cost a fifth of the throughput of output.
    """

    def __init__(self, hierarchies: Hierarchies, path: str) -> None:
        # A new cpuset has no processors until it is given some, and takes no processes; it is left alone.
        skipped = hierarchies.controllers.get("cpuset")
        every = [
            folder for folder in hierarchies.folders(path) if skipped is None or not folder.is_relative_to(skipped)
        ]
        unified = hierarchies.unified
        self._of_processes = [folder for folder in every if unified is not None and folder.is_relative_to(unified)]
        self._of_threads = [folder for folder in every if folder not in self._of_processes]
        self._weights: list[tuple[Path, int]] = []
        with contextlib.suppress(LookupError):
            folder = hierarchies.folder("cpu", path)
            self._weights = [(folder / "cpu.shares", _SHARES), (folder / "cpu.weight", _WEIGHT)]

    def prepare(self) -> None:
        for folder in (*self._of_threads, *self._of_processes):
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
        for file, weight in self._weights:
            # The other version's file is not there, and on version 2 none where nobody has turned the controller on.
            with contextlib.suppress(OSError):
                _write(file, weight)

    def enter(self) -> None:
        """Move the calling thread, for what it will start."""
        for folder in self._of_threads:
            # A hierarchy that does not take it (a read-only one) is no reason to fail.
            with contextlib.suppress(OSError):
                _write(folder / "tasks", threading.get_native_id())

    def adopt(self, pid: int) -> None:
        """Move a process where its birth has not put it."""
        for folder in self._of_processes:
            # Nor is a version 2 hierarchy that has no controllers for us.
            with contextlib.suppress(OSError):
                _write(folder / "cgroup.procs", pid)


def _write(path: Path, number: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, str(number).encode())
    finally:
        os.close(fd)


class ShimStarter:
    """Starts conmon for containers and execs."""

    def __init__(self, spawner: Spawner, program: RuntimeProgram, group: ShimGroup) -> None:
        self._spawner = spawner
        self._program = program
        self._group = group

    async def start(
        self,
        folder: Path,
        container_id: str,
        arguments: Sequence[str],
        *,
        needed: Sequence[Path] = (),
        on_attachable: Callable[[], Awaitable[None]] | None = None,
    ) -> ShimReport:
        """Run conmon with its files in `folder`, and return what it reports.

        With `on_attachable` conmon is run with --exec-attach, and holds the process back until that has returned.
        Raises EngineError when conmon itself cannot do its work.
        """
        with contextlib.ExitStack() as stack:
            sync, start, attach = (stack.enter_context(_Pipe()) for _ in range(3))
            env = {"PATH": os.environ.get("PATH", "")}
            env |= {"_OCI_SYNCPIPE": str(sync.writer.fileno()), "_OCI_STARTPIPE": str(start.reader.fileno())}
            theirs = [sync.writer, start.reader]
            if on_attachable is not None:
                env["_OCI_ATTACHPIPE"] = str(attach.writer.fileno())
                theirs.append(attach.writer)
            process = await self._spawner.spawn(
                [*self._command(folder, container_id), *arguments],
                env=env,
                pass_fds=[*(file.fileno() for file in theirs), *self._program.fds],
                stderr=folder / "conmon.err",
                needed=needed,
            )
            # Our copies must go, or the end of conmon would never be the end of its pipe.
            for file in theirs:
                file.close()
            self._group.adopt(process.pid)
            start.writer.write(b"0")
            try:
                if on_attachable is not None:
                    try:
                        await _read_report(attach.reader.fileno(), folder)
                        await on_attachable()
                    except BaseException:
                        # It takes the end of its pipe for the word to start; without a specification nothing can.
                        (folder / EXEC_SPEC).unlink(missing_ok=True)
                        raise
                    start.writer.write(b"0")
                return await _read_report(sync.reader.fileno(), folder)
            finally:
                # Only the parent half of conmon: it ends as soon as it has forked.
                await asyncio.shield(process.wait(timeout_s=_CREATE_TIMEOUT_S))

    def _command(self, folder: Path, container_id: str) -> list[str]:
        command = [str(self._program.choice.conmon), "--api-version", "1", "-c", container_id, "-n", container_id]
        command += ["-r", self._program.executable, "-b", str(folder), "--persist-dir", str(folder)]
        command += ["-p", str(folder / "pidfile"), "-P", str(folder / "conmon.pid")]
        command += ["--full-attach", "--no-sync-log", "--log-level", "error"]
        for argument in self._program.arguments:
            command += ["--runtime-arg", argument]
        return command


class Shim:
    """A conmon that was started, by this daemon or an earlier one, and the process that it watches."""

    def __init__(self, folder: Path, record: ShimRecord) -> None:
        self.folder = folder
        self.record = record
        # Set by whoever reads the exit file first, and kept for those who still wait when the files are removed.
        self.exit: ExitStatus | None = None
        # What runs `true` may have ended, with its conmon, before we come to look: then there is nothing to hold.
        self._shim = _held(record.shim_pid)
        self._process = _held(record.pid)

    def close(self) -> None:
        for held in (self._shim, self._process):
            if held is not None:
                held.close()

    @property
    def has_ended(self) -> bool:
        return self._shim is None or self._shim.has_ended()

    @property
    def process_has_ended(self) -> bool:
        return self._process is None or self._process.has_ended()

    def send_signal(self, number: int) -> None:
        """Signal the process; raises ProcessLookupError when it has ended."""
        if self._process is None or self._process.has_ended():
            raise ProcessLookupError(self.record.pid)
        self._process.send_signal(number)

    async def wait(self, *, timeout_s: float | None = None) -> bool:
        """Until conmon has written the exit file, all output, and has ended itself."""
        return self._shim is None or await self._shim.wait(timeout_s=timeout_s)

    async def wait_process(self, *, timeout_s: float | None = None) -> bool:
        """Until the container's first process has ended; its last output may still be on the way."""
        return self._process is None or await self._process.wait(timeout_s=timeout_s)

    async def wait_either(self) -> None:
        """Until the process or conmon has ended, whichever is first."""
        tasks = [asyncio.create_task(self.wait()), asyncio.create_task(self.wait_process())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def kill(self) -> None:
        """End conmon itself. It leaves no exit file then."""
        if self._shim is not None:
            with contextlib.suppress(ProcessLookupError):
                self._shim.send_signal(9)


async def end_conmon(folder: Path) -> None:
    """End the conmon of a folder, if one runs, and wait until it has: it makes files there until then."""
    with contextlib.suppress(OSError, ValueError):
        pid = int((folder / "conmon.pid").read_text(encoding="ascii"))
        with PidFd(pid) as held:
            # Another process may have its number by now.
            if str(folder).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                held.send_signal(9)
                await held.wait(timeout_s=_CREATE_TIMEOUT_S)


def _held(pid: int) -> PidFd | None:
    """A hold of a process; None when it has ended and its parent has collected it."""
    try:
        return PidFd(pid)
    except ProcessLookupError:
        return None


def record_of(folder: Path, pid: int, *, cgroup_path: str, command: str, is_tty: bool) -> ShimRecord:
    """The record of a conmon that has just reported `pid`."""
    shim_pid = int((folder / "conmon.pid").read_text(encoding="ascii"))
    return ShimRecord(
        shim_pid=shim_pid,
        shim_ticks=_ticks(shim_pid),
        pid=pid,
        pid_ticks=_ticks(pid),
        cgroup_path=cgroup_path,
        command=command,
        is_tty=is_tty,
    )


def resize_terminal(folder: Path, rows: int, columns: int) -> None:
    """Tell conmon the size of the terminal. Raises FileNotFoundError or OSError (ENXIO) when it has ended."""
    try:
        _say_at_last(folder / "winsz", f"{rows} {columns}\n")
    except FileNotFoundError:
        # No terminal, or a conmon before 2.0.10.
        _say(folder / "ctl", f"1 {rows} {columns}\n")


def reopen_log(folder: Path) -> None:
    """Make conmon open its log file anew, after somebody has moved it away."""
    _say(folder / "ctl", "2 0 0\n")


def _say(fifo: Path, message: str) -> None:
    # conmon holds the reading end all its life.
    fd = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.write(fd, message.encode())
    finally:
        os.close(fd)


def _say_at_last(fifo: Path, message: str) -> None:
    """Say it in place of what was said before and not read yet.

    Of lines that a conmon before 2.2.0 reads at once it takes the first each time. So this is also not said by `ctl`,
    from where conmon would put it here behind another.
    """
    writing = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            with contextlib.suppress(BlockingIOError):
                os.read(reading, select.PIPE_BUF)
            os.write(writing, message.encode())
        finally:
            os.close(reading)
    finally:
        os.close(writing)


def _ticks(pid: int) -> int:
    stat = process_stat(pid)
    return stat.start_ticks if stat is not None else 0


async def to_its_end(work: Coroutine[Any, Any, _T]) -> _T:
    """Await `work`, which goes on to its end also when the caller is cancelled.

    A runtime that is abandoned half-way goes on making what nobody knows of; one that has finished can be cleaned up
    after.
    """
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
        raise


class _Pipe:
    """A pipe as two files; closing one twice is fine, which descriptors do not forgive."""

    def __init__(self) -> None:
        read, write = os.pipe2(os.O_CLOEXEC)
        self.reader: IO[bytes] = os.fdopen(read, "rb", buffering=0)
        self.writer: IO[bytes] = os.fdopen(write, "wb", buffering=0)

    def __enter__(self) -> "_Pipe":
        return self

    def __exit__(self, *exc: object) -> None:
        self.reader.close()
        self.writer.close()


async def _read_report(fd: int, folder: Path) -> ShimReport:
    """One line of JSON. The name of the number differs between conmon's versions and uses (`pid`, `data`)."""
    loop = asyncio.get_running_loop()
    received = bytearray()
    done: asyncio.Future[None] = loop.create_future()

    def on_readable() -> None:
        chunk = os.read(fd, 65536)
        received.extend(chunk)
        if (not chunk or received.endswith(b"\n")) and not done.done():
            done.set_result(None)

    loop.add_reader(fd, on_readable)
    try:
        async with asyncio.timeout(_CREATE_TIMEOUT_S):
            await done
    except TimeoutError as error:
        raise EngineError(f"the container runtime has not answered within {_CREATE_TIMEOUT_S:.0f} s") from error
    finally:
        loop.remove_reader(fd)
    if not received:
        words = (folder / "conmon.err").read_text(errors="replace").strip()
        raise EngineError(f"conmon ended without a report: {words or 'it gave no reason'}")
    document = orjson.loads(bytes(received).splitlines()[0])
    return ShimReport(int(document.get("pid", document.get("data", -1))), str(document.get("message", "")))
