"""A way to a daemon that a test can cut and mend, as a network does."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

_CHUNK_BYTES = 64 * 1024
_WAIT_S = 90


class Relay:
    """A unix socket at `path` that passes everything on to another one."""

    def __init__(self, path: Path, target: Path) -> None:
        self.path, self._target = path, target
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def mend(self) -> None:
        self._run(self._listen())

    def cut(self) -> None:
        """Nobody answers any more, and what was open breaks off."""
        self._run(self._break_off())

    def close(self) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_WAIT_S)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_WAIT_S)

    async def _listen(self) -> None:
        self._server = await asyncio.start_unix_server(self._pass, self.path)

    async def _break_off(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self.path.unlink(missing_ok=True)
        for writer in self._writers:
            writer.transport.abort()
        # So that whoever passes bytes on sees the end.
        await asyncio.sleep(0)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, on = await asyncio.open_unix_connection(self._target)
        self._writers |= {writer, on}
        with contextlib.suppress(OSError):
            await asyncio.gather(_pour(reader, on), _pour(there, writer))
        for one in (writer, on):
            one.close()
            self._writers.discard(one)


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK_BYTES):
        target.write(data)
        await target.drain()
    if target.can_write_eof():
        target.write_eof()


@contextlib.contextmanager
def running_relay(path: Path, target: Path) -> Iterator[Relay]:
    relay = Relay(path, target)
    relay.mend()
    try:
        yield relay
    finally:
        relay.close()
