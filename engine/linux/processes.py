"""Starting programs, waiting for them on the event loop, and looking at those that run.

Children are started by vfork (so the size of the daemon does not matter) and awaited by pidfd: no SIGCHLD handler, no
thread per child.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from msgspec import Struct

from engine.errors import EngineError
from engine.linux.pidfd import PidFd

Stream = int | IO[bytes]


class ProgramFailed(EngineError):
    """A program ended with an exit code that was not asked for; the message carries what it wrote to stderr."""


class Finished(Struct, frozen=True):
    """How a program ended: its exit code (negative: killed by that signal) and all that it wrote."""

    exit_code: int
    stdout: bytes
    stderr: bytes


class ProcessStat(Struct, frozen=True):
    """A process as /proc/PID/stat has it. `state` Z means ended but not collected; X means gone."""

    pid: int
    name: str
    state: str
    parent_pid: int
    start_ticks: int

    @property
    def is_running(self) -> bool:
        return self.state not in ("Z", "X", "x")


class Process:
    """A child of ours. Await `wait()` sooner or later, or it stays a zombie for the life of the daemon."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self._popen = popen
        # Taken before anyone can collect the child, so it cannot name another process.
        self._pidfd = PidFd(popen.pid)
        self.pid = popen.pid

    def send_signal(self, number: int) -> None:
        """Signal the child; one that has ended is left alone."""
        if self._popen.returncode is None:
            self._pidfd.send_signal(number)

    async def wait(self, *, timeout_s: float | None = None) -> int:
        """The exit code, negative for a signal; the child is then collected. Raises TimeoutError: it still runs."""
        if self._popen.returncode is None:
            if not await self._pidfd.wait(timeout_s=timeout_s):
                raise TimeoutError(f"process {self.pid} still runs after {timeout_s} s")
            self._popen.wait()
            self._pidfd.close()
        return self._popen.returncode


def spawn(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = subprocess.DEVNULL,
    stderr: Stream = subprocess.DEVNULL,
    pass_fds: Sequence[int] = (),
    new_session: bool = False,
) -> Process:
    """Start a program in the calling thread's namespaces; returns once it has been executed.

    `pass_fds` keep their numbers in the child; it gets no other descriptor of ours. Signals that Python ignores
    (SIGPIPE) are at their defaults again. Raises OSError when it cannot be executed.
    """
    popen = subprocess.Popen(
        [os.fspath(word) for word in argv],
        env=None if env is None else dict(env),
        cwd=cwd,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=pass_fds,
        start_new_session=new_session,
    )
    return Process(popen)


async def run(
    argv: Sequence[str | Path],
    *,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
    timeout_s: float = 60,
    check: bool = True,
) -> Finished:
    """Run a program to its end, for small input and output. On timeout or cancellation it is killed.

    Raises ProgramFailed when `check` and the exit code is not 0, TimeoutError, or OSError when it cannot be executed.
    """
    # Files in memory instead of pipes: nobody has to pump them, and no child can block on a full one.
    with _memory_file(stdin) as source, _memory_file() as out, _memory_file() as err:
        process = spawn(argv, env=env, cwd=cwd, pass_fds=pass_fds, stdin=source, stdout=out, stderr=err)
        try:
            exit_code = await process.wait(timeout_s=timeout_s)
        except (TimeoutError, asyncio.CancelledError):
            process.send_signal(signal.SIGKILL)
            await asyncio.shield(process.wait())
            raise
        finished = Finished(exit_code, _contents(out), _contents(err))
    if check and exit_code != 0:
        text = (finished.stderr or finished.stdout).decode(errors="replace").strip()
        raise ProgramFailed(f"{Path(argv[0]).name} ended with exit code {exit_code}: {text}")
    return finished


def _memory_file(contents: bytes = b"") -> IO[bytes]:
    file = open(os.memfd_create("quayside"), "w+b", buffering=0)  # noqa: PTH123, SIM115
    file.write(contents)
    file.seek(0)
    return file


def _contents(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def process_stat(pid: int) -> ProcessStat | None:
    """What the kernel says about `pid`; None when there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name stands in brackets and may itself hold brackets and spaces: it ends at the last one (proc_pid_stat(5)).
    name = text[text.index("(") + 1 : text.rindex(")")]
    fields = text[text.rindex(")") + 2 :].split()
    return ProcessStat(pid, name, state=fields[0], parent_pid=int(fields[1]), start_ticks=int(fields[19]))


def is_running(pid: int, *, start_ticks: int | None = None) -> bool:
    """Whether `pid` runs (a zombie does not), and is still the process that started at `start_ticks`."""
    stat = process_stat(pid)
    return stat is not None and stat.is_running and start_ticks in (None, stat.start_ticks)
