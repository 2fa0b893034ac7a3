"""Reading a log: from its end backwards for a tail, then forwards, then as it grows.

Every reader keeps its own place in the file, so a slow one loses nothing and delays nobody; all that follow one file
share one watch on it, and the blocks that were read last.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from engine.linux.inotify import FileWatch
from engine.logs.lines import LogPiece, LogQuery, ends_line, pieces

_BLOCK_BYTES = 256 * 1024
_FIRST_TAIL_BYTES = 64 * 1024


class LogReader:
    """All logs of the engine."""

    def __init__(self) -> None:
        self._watches: dict[Path, FileWatch] = {}

    async def read(
        self, path: Path, query: LogQuery, run_ended: "asyncio.Future[Any] | None"
    ) -> AsyncIterator[list[LogPiece]]:
        """The output in batches. With `follow` it goes on until `run_ended`, and then to the end of the file.

        A file that is not there has no lines. A batch may be empty: it says that the reader is alive.
        """
        try:
            file = await asyncio.to_thread(path.open, "rb", buffering=0)
        except FileNotFoundError:
            return
        with file:
            fd = file.fileno()
            offset, last_offset = 0, os.fstat(fd).st_size
            if query.tail is not None:
                offset = await asyncio.to_thread(_tail_offset, fd, last_offset, query.tail)
            while True:
                is_last = not query.follow or run_ended is None or run_ended.done()
                async for end, lines in _blocks(fd, offset):
                    offset = end
                    yield pieces(lines, query)
                if is_last or run_ended is None:
                    return
                await self._wait_growth(path, fd, offset, run_ended)

    async def _wait_growth(self, path: Path, fd: int, offset: int, run_ended: "asyncio.Future[Any]") -> None:
        """Wait until the file is longer than `offset`, or the run has ended."""
        watch = self._watches.get(path)
        if watch is None:
            watch = self._watches[path] = FileWatch(path)
        changed = watch.subscribe()
        try:
            if os.fstat(fd).st_size <= offset and not run_ended.done():
                await asyncio.wait({changed, run_ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            watch.unsubscribe(changed)
            if watch.is_idle and self._watches.get(path) is watch:
                del self._watches[path]
                watch.close()


async def _blocks(fd: int, offset: int) -> AsyncIterator[tuple[int, list[bytes]]]:
    """From `offset` to the present end, in whole lines; each with the offset behind it."""
    wanted = _BLOCK_BYTES
    while True:
        data = (
            await asyncio.to_thread(os.pread, fd, wanted, offset)
            if wanted > _BLOCK_BYTES
            else os.pread(fd, wanted, offset)
        )
        end = data.rfind(b"\n") + 1
        if end:
            offset += end
            wanted = _BLOCK_BYTES
            yield offset, data[: end - 1].split(b"\n")
        elif len(data) == wanted:
            wanted *= 2  # one line longer than a block
        else:
            return


def _tail_offset(fd: int, size: int, count: int) -> int:
    """Where the last `count` lines begin: read backwards in growing blocks, so a long file costs what is wanted."""
    if count <= 0:
        return size
    wanted = _FIRST_TAIL_BYTES
    while True:
        start = max(0, size - wanted)
        data = os.pread(fd, size - start, start)
        first = 0 if start == 0 else data.find(b"\n") + 1
        if first or start == 0:
            found = _start_of_last(data, first, count)
            if found is not None:
                return start + found
            if start == 0:
                return 0
        wanted *= 4


def _start_of_last(data: bytes, first: int, count: int) -> int | None:
    """The place in `data` where its last `count` lines begin; None when it has fewer."""
    lines = data[first:].split(b"\n")
    # The last element is empty, or a line that is being written now, which counts as nothing yet.
    position = len(data) - len(lines.pop())
    left = count
    for index in range(len(lines) - 1, -1, -1):
        if ends_line(lines[index]) or index == len(lines) - 1:
            left -= 1
            if left < 0:
                return position
        position -= len(lines[index]) + 1
    return None
