"""Waiting for a file to be written to, with inotify(7): one watch, any number of waiters."""

import asyncio
import os
from pathlib import Path

from engine.linux.syscalls import inotify_add_watch, inotify_init1

_MODIFY, _MOVE_SELF, _DELETE_SELF = 0x2, 0x800, 0x400


class FileWatch:
    """Wakes its subscribers at the next write to a file. Close it, or use it as a context manager."""

    def __init__(self, path: Path) -> None:
        """Raises FileNotFoundError when there is no such file."""
        self._waiting: set[asyncio.Future[None]] = set()
        self._fd = inotify_init1()
        try:
            inotify_add_watch(self._fd, path, _MODIFY | _MOVE_SELF | _DELETE_SELF)
        except BaseException:
            os.close(self._fd)
            raise
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, self._wake)

    def __enter__(self) -> "FileWatch":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def is_idle(self) -> bool:
        return not self._waiting

    def subscribe(self) -> asyncio.Future[None]:
        """A future that is done at the next write. Hand it back to `unsubscribe`."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.add(future)
        return future

    def unsubscribe(self, future: asyncio.Future[None]) -> None:
        future.cancel()
        self._waiting.discard(future)

    def close(self) -> None:
        """Stop watching; a second call is fine."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _wake(self) -> None:
        os.read(self._fd, 65536)  # which events does not matter: each says that there is more to read
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
