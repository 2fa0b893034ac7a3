"""Waiting for files to be written to, with inotify(7): one watch for each, any number of waiters.

All watches of an event loop share one inotify instance: a user may have 128 of those on a common machine
(fs.inotify.max_user_instances), but tens of thousands of watches.
"""

import asyncio
import contextlib
import os
import struct
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

from engine.linux.syscalls import inotify_add_watch, inotify_init1, inotify_rm_watch

_MODIFY, _MOVE_SELF, _DELETE_SELF = 0x2, 0x800, 0x400
# struct inotify_event of a watch on a file: wd, mask, cookie, and a length of zero, for only folders name what changed.
_EVENT: Final = struct.Struct("iIII")
# The kernel's word that it had to drop events comes under this number.
_OVERFLOW: Final = -1


class FileWatch:
    """Wakes its subscribers at the next write to a file. Close it, or use it as a context manager."""

    def __init__(self, path: Path) -> None:
        """Raises FileNotFoundError when there is no such file."""
        self._waiting: set[asyncio.Future[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._instance: _Instance | None = _instances.get(self._loop) or _Instance(self._loop)
        self._number = self._instance.add(path, self)

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
        if self._instance is not None:
            self._instance.remove(self._number, self)
            self._instance = None

    def wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)


class _Instance:
    """The inotify instance of one event loop. It goes with its last watch."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._fd = inotify_init1()
        # Two watches on one file have one number.
        self._watches: dict[int, set[FileWatch]] = {}
        loop.add_reader(self._fd, self._read)
        _instances[loop] = self

    def add(self, path: Path, watch: FileWatch) -> int:
        try:
            number = inotify_add_watch(self._fd, path, _MODIFY | _MOVE_SELF | _DELETE_SELF)
        except BaseException:
            self._close_if_unused()
            raise
        self._watches.setdefault(number, set()).add(watch)
        return number

    def remove(self, number: int, watch: FileWatch) -> None:
        left = self._watches[number]
        left.discard(watch)
        if left:
            return
        del self._watches[number]
        # The kernel has let go of a file that is gone by itself.
        with contextlib.suppress(OSError):
            inotify_rm_watch(self._fd, number)
        self._close_if_unused()

    def _close_if_unused(self) -> None:
        if not self._watches:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            del _instances[self._loop]

    def _read(self) -> None:
        # What happened does not matter: each event says that there is more to read.
        numbers = {number for number, *_ in _EVENT.iter_unpack(os.read(self._fd, 65536))}
        for number in self._watches if _OVERFLOW in numbers else numbers:
            for watch in self._watches.get(number, ()):
                watch.wake()


_instances: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Instance]" = WeakKeyDictionary()
