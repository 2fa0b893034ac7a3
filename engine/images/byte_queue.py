"""Bytes from the event loop to one thread, with a bound: the way from a socket to the unpacker."""

import asyncio
import threading
from collections import deque

_LIMIT = 4 << 20


class ByteQueue:
    """The loop puts, the thread reads; `end` or `fail` is the last thing that the loop says."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._condition = threading.Condition()
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._has_ended = False
        self._is_abandoned = False
        self._error: BaseException | None = None
        self._room: asyncio.Future[None] | None = None

    async def put(self, data: bytes) -> None:
        """Waits while the thread is far behind."""
        with self._condition:
            if self._is_abandoned:
                return
            self._chunks.append(data)
            self._size += len(data)
            self._condition.notify()
            if self._size < _LIMIT:
                return
            self._room = self._loop.create_future()
        await self._room

    def abandon(self) -> None:
        """Said by the thread: it reads no more, whatever is put is dropped."""
        with self._condition:
            self._is_abandoned = True
            self._chunks.clear()
            if self._room is not None:
                self._loop.call_soon_threadsafe(_set, self._room)
                self._room = None

    def end(self) -> None:
        with self._condition:
            self._has_ended = True
            self._condition.notify()

    def fail(self, error: BaseException) -> None:
        """The thread's next read raises this."""
        with self._condition:
            self._error = self._error or error
            self._condition.notify()

    def read(self, size: int = -1, /) -> bytes:
        """Some bytes, at most `size`; b"" is the end."""
        with self._condition:
            while not self._chunks and not self._has_ended and self._error is None:
                self._condition.wait(600)
            if self._error is not None:
                raise self._error
            if not self._chunks:
                return b""
            data = self._chunks.popleft()
            if 0 <= size < len(data):
                self._chunks.appendleft(data[size:])
                data = data[:size]
            self._size -= len(data)
            if self._room is not None and self._size < _LIMIT // 2:
                self._loop.call_soon_threadsafe(_set, self._room)
                self._room = None
            return data


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
