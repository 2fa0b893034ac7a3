"""One client's part in the streams of a process."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

from engine.attach.keys import DetachKeys

_FULL_BYTES = 1 << 20


class Streams(Protocol):
    """The process's side, shared with other sessions."""

    def leave(self, session: "AttachSession", *, has_detached: bool) -> None: ...
    async def wait_ready(self) -> None: ...
    async def send(self, data: bytes) -> None: ...
    def end_stdin(self) -> None: ...
    def resume_reading(self) -> None: ...
    @property
    def is_tty(self) -> bool: ...


class AttachSession:
    """Output to read, input to send, until the process ends or the client detaches. Use it as a context manager."""

    def __init__(self, streams: Streams, *, stdin: bool, stdout: bool, stderr: bool, detach_keys: bytes) -> None:
        self.has_stdin = stdin
        self.has_detached = False
        self._streams = streams
        self._wanted = {stream for stream, is_on in ((1, stdout), (2, stderr)) if is_on}
        self.has_output = bool(self._wanted)
        self._keys = DetachKeys(detach_keys) if detach_keys else None
        self._output: deque[tuple[int, bytes]] = deque()
        self._waiting_bytes = 0
        self._has_ended = False
        self._changed = asyncio.Event()

    def __enter__(self) -> "AttachSession":
        return self

    def __exit__(self, *exc: object) -> None:
        self._streams.leave(self, has_detached=self.has_detached)

    @property
    def is_tty(self) -> bool:
        return self._streams.is_tty

    @property
    def is_full(self) -> bool:
        return self._waiting_bytes > _FULL_BYTES

    async def output(self) -> AsyncIterator[tuple[int, bytes]]:
        """Stream (1 stdout, 2 stderr) and bytes, until the process has ended or the client has detached."""
        while True:
            while self._output:
                stream, payload = self._output.popleft()
                self._waiting_bytes -= len(payload)
                if not self.is_full:
                    self._streams.resume_reading()
                yield stream, payload
            if self._has_ended:
                return
            self._changed.clear()
            await self._changed.wait()

    async def send(self, data: bytes) -> bool:
        """Pass on what the client typed; False when it has detached, after which nothing more is taken."""
        if not self.has_stdin or self.has_detached:
            return not self.has_detached
        if self._keys is not None:
            data, self.has_detached = self._keys.feed(data)
        if data:
            await self._streams.wait_ready()
            await self._streams.send(data)
        if self.has_detached:
            self.end()
        return not self.has_detached

    async def end_input(self) -> None:
        """The client will send no more; its output goes on."""
        if self.has_stdin:
            await self._streams.wait_ready()
            self._streams.end_stdin()

    def offer(self, stream: int, payload: bytes) -> None:
        """Called by the process's side."""
        if stream in self._wanted and not self._has_ended:
            self._output.append((stream, payload))
            self._waiting_bytes += len(payload)
            self._changed.set()

    def end(self) -> None:
        """No output will come any more; what is waiting can still be read."""
        self._has_ended = True
        self._changed.set()
