"""A process held by a descriptor, which can neither be reused for another process nor be missed.

A pid names whoever has the number now; a pidfd (pidfd_open(2)) names one process for ever, and becomes readable when
that process has ended, whether or not its parent has collected it.
"""

import asyncio
import os
import select
import signal


class PidFd:
    """One process, alive or ended. Close it, or use it as a context manager."""

    def __init__(self, pid: int) -> None:
        """Raises ProcessLookupError when there is no such process (a zombie that nobody has collected still is one)."""
        self.pid = pid
        self._fd = os.pidfd_open(pid)

    def __enter__(self) -> "PidFd":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def fileno(self) -> int:
        return self._fd

    def close(self) -> None:
        """Let go of the process; a second call is fine."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def has_ended(self) -> bool:
        """Whether the process no longer runs. A zombie has ended."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return bool(poll.poll(0))

    def send_signal(self, number: int) -> None:
        """Signal the process; raises ProcessLookupError when it has ended and been collected."""
        signal.pidfd_send_signal(self._fd, number)

    async def wait(self, *, timeout_s: float | None = None) -> bool:
        """Wait until the process has ended; False when `timeout_s` passed first. Several may wait at once."""
        if self.has_ended():
            return True
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        # The loop has one reader per descriptor; a copy gives each waiter one of its own.
        fd = os.dup(self._fd)
        loop.add_reader(fd, ended.set)
        try:
            async with asyncio.timeout(timeout_s):
                await ended.wait()
            return True
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(fd)
            os.close(fd)
