"""Programs started, awaited, killed; processes held by descriptors."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest

from engine.linux import processes
from engine.linux.pidfd import PidFd
from engine.linux.processes import ProgramFailed

pytestmark = pytest.mark.real


async def test_a_program_gets_its_input_and_its_output_comes_back(tmp_path: Path) -> None:
    finished = await processes.run(["sh", "-c", "cat; pwd >&2; exit 3"], stdin=b"in", cwd=tmp_path, check=False)

    assert finished == processes.Finished(3, b"in", f"{tmp_path}\n".encode())


async def test_a_program_that_fails_says_what_it_wrote() -> None:
    with pytest.raises(ProgramFailed, match="sh ended with exit code 4: out of luck"):
        await processes.run(["sh", "-c", "echo out of luck >&2; exit 4"])


async def test_a_program_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        await processes.run(["/no/such/program"])


async def test_more_output_than_a_pipe_holds_blocks_nobody() -> None:
    finished = await processes.run(["head", "-c", "3000000", "/dev/zero"])

    assert len(finished.stdout) == 3_000_000


async def test_a_program_that_takes_too_long_is_killed() -> None:
    own = f"600.{os.getpid()}"
    with pytest.raises(TimeoutError):
        await processes.run(["sleep", own], timeout_s=0.3)

    assert not _running_with(own)


def _running_with(argument: str) -> list[str]:
    """The command lines of this machine that hold an argument."""
    lines = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            lines.append((folder / "cmdline").read_text())
    return [line for line in lines if argument in line.split("\0")]


async def test_a_child_gets_only_the_descriptors_that_are_passed() -> None:
    kept, hidden = os.memfd_create("kept"), os.memfd_create("hidden")
    listing = await processes.run(["ls", "-l", "/proc/self/fd"], pass_fds=[kept])
    os.close(kept)
    os.close(hidden)

    assert b"memfd:kept" in listing.stdout
    assert b"memfd:hidden" not in listing.stdout


async def test_several_wait_for_one_process_and_all_are_told() -> None:
    process = processes.spawn(["sleep", "600"])
    with PidFd(process.pid) as pidfd:
        assert await pidfd.wait(timeout_s=0.01) is False
        waiting = [asyncio.create_task(pidfd.wait(timeout_s=90)) for _ in range(3)]
        pidfd.send_signal(signal.SIGTERM)
        assert await asyncio.gather(*waiting) == [True, True, True]
        assert processes.process_stat(process.pid).state == "Z"
        assert not processes.is_running(process.pid)
        assert await process.wait() == -signal.SIGTERM
        with pytest.raises(ProcessLookupError):
            pidfd.send_signal(signal.SIGKILL)
    process.send_signal(signal.SIGKILL)


def test_a_process_is_told_from_another_with_its_number() -> None:
    own = processes.process_stat(os.getpid())

    assert own.parent_pid == os.getppid()
    assert processes.is_running(own.pid, start_ticks=own.start_ticks)
    assert not processes.is_running(own.pid, start_ticks=own.start_ticks + 1)
    with pytest.raises(ProcessLookupError):
        PidFd(2**22 - 1)
