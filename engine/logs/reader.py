"""Reading a log: from its end backwards for a tail, then forwards through its files, then as it grows.

Every reader keeps its own place, so a slow one loses nothing and delays nobody; all that follow one log share one watch
on it.
"""

import asyncio
import contextlib
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from engine.logs.files import LogFiles
from engine.logs.lines import LogPiece, LogQuery, Unended, ends_line, is_after, moment_bytes, moment_of, pieces

_BLOCK_BYTES = 256 * 1024
_FIRST_TAIL_BYTES = 64 * 1024


class LogReader:
    """All logs of the engine."""

    def __init__(self) -> None:
        self._files: WeakValueDictionary[Path, LogFiles] = WeakValueDictionary()

    def files(self, path: Path) -> LogFiles:
        """The files of a log, the same object for all that use it at a time."""
        found = self._files.get(path)
        if found is None:
            found = self._files[path] = LogFiles(path)
        return found

    async def read(
        self, path: Path, query: LogQuery, run_ended: "asyncio.Future[Any] | None"
    ) -> AsyncIterator[list[LogPiece]]:
        """The output in batches. With `follow` it goes on until `run_ended`, and then to the end of the log.

        A log that is not there has no lines. A batch may be empty: it says that the reader is alive.
        """
        files = self.files(path)
        number, offset = await _first(files, query)
        stop = files.newest + 1
        ended: asyncio.Future[Any] | None = run_ended if query.follow else None
        unended = files.begun_before(number) if offset == 0 else {}
        while number <= files.newest + 1:
            try:
                fd = await asyncio.to_thread(files.open, number) if number <= files.newest else files.open(number)
            except FileNotFoundError:
                if number > files.newest and (ended is None or ended.done()):
                    return
                if number <= files.newest:  # removed before we came to it, as the limits say
                    number, offset = file_after(files, number), 0
                    unended = files.begun_before(number)
                else:
                    await files.wait_change(number, size=0, fd=-1, until=ended or _done())
                continue
            try:
                batches = self._read_file(files, number, fd, offset=offset, query=query, unended=unended, ended=ended)
                async for batch, is_over in batches:
                    yield batch
                    if is_over:
                        return
            finally:
                os.close(fd)
            if not files.is_final(number) or (ended is None and number >= stop):
                return
            following = file_after(files, number)
            if following != number + 1:
                unended = files.begun_before(following)
            number, offset = following, 0

    @staticmethod
    async def _read_file(
        files: LogFiles,
        number: int,
        fd: int,
        *,
        offset: int,
        query: LogQuery,
        unended: Unended,
        ended: "asyncio.Future[Any] | None",
    ) -> AsyncIterator[tuple[list[LogPiece], bool]]:
        """One file to its end, which is that of the log when it is the last one. True: what follows is too late."""
        while True:
            # Asked before reading: what is written until then is read below.
            is_complete = files.is_final(number) or ended is None or ended.done()
            async for end, lines in blocks(fd, offset):
                offset = end
                yield pieces(lines, query, unended), is_after(lines, query, unended)
            if is_complete or ended is None:
                return
            await files.wait_change(number, size=offset, fd=fd, until=ended)


def file_after(files: LogFiles, number: int) -> int:
    """The file that follows."""
    return next((other for other in files.numbers if other > number), files.newest + 1)


def _done() -> "asyncio.Future[Any]":
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


async def _first(files: LogFiles, query: LogQuery) -> tuple[int, int]:
    """The number of the file, and the place in it, where reading begins."""
    numbers = files.numbers
    if query.tail is None:
        return await _first_since(files, query.since_ns) if query.since_ns else (numbers[0], 0)
    wanted = query.tail
    for number in reversed(numbers):
        try:
            fd = await asyncio.to_thread(files.open, number)
        except FileNotFoundError:
            continue
        with contextlib.closing(_Owned(fd)):
            size = os.fstat(fd).st_size
            offset = await asyncio.to_thread(_tail_offset, fd, size, wanted, is_last=number == numbers[-1])
            if offset or number == numbers[0]:
                return number, offset
            have = await asyncio.to_thread(_count, fd)
        wanted -= have
    return numbers[0], 0


async def _first_since(files: LogFiles, since_ns: int) -> tuple[int, int]:
    """Where lines of that moment may begin: the log grows in the order of time, so it is not read from its start."""
    wanted = moment_bytes(since_ns)
    for number in reversed(files.numbers):
        try:
            fd = await asyncio.to_thread(files.open, number)
        except FileNotFoundError:
            continue
        with contextlib.closing(_Owned(fd)):
            offset = await asyncio.to_thread(_since_offset, fd, os.fstat(fd).st_size, wanted)
        # At the very start of a file its moment may have begun in the file before.
        if offset:
            return number, offset
    return files.numbers[0], 0


def _since_offset(fd: int, size: int, wanted: bytes) -> int:
    """A place before which all lines are older than `wanted`, by halving; 0 where that is not sure."""
    low, high = 0, size
    while high - low > _FIRST_TAIL_BYTES:
        middle = (low + high) // 2
        found = _line_at(fd, middle)
        if found is None or found[1] >= wanted:
            high = middle
        else:
            low = found[0]
    return low


def _line_at(fd: int, offset: int) -> tuple[int, bytes] | None:
    """The start and the moment of the first line of output that begins well after `offset`; None where none is near.

    In the middle of a line in pieces none begins: from there on its rest would pass for a line.
    """
    data = os.pread(fd, _FIRST_TAIL_BYTES, offset)
    start = data.find(b"\n") + 1
    while start and (after := data.find(b"\n", start) + 1):
        moment = moment_of(data[after : after + 256])
        if moment and ends_line(data[start:after]):
            return offset + after, moment
        start = after
    return None


class _Owned:
    def __init__(self, fd: int) -> None:
        self._fd = fd

    def close(self) -> None:
        os.close(self._fd)


def _count(fd: int) -> int:
    """How many lines of output the file ends."""
    with open(os.dup(fd), "rb") as file:  # noqa: PTH123 - a descriptor
        file.seek(0)
        return sum(ends_line(line) for line in file)


async def blocks(fd: int, offset: int) -> AsyncIterator[tuple[int, list[bytes]]]:
    """From `offset` to the present end, in whole lines with their newlines; each block with the offset behind it."""
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
            # Not splitlines(), for which other characters end a line as well.
            yield offset, io.BytesIO(data[:end]).readlines()
        elif len(data) == wanted:
            wanted *= 2  # one line longer than a block
        else:
            return


def _tail_offset(fd: int, size: int, count: int, *, is_last: bool = True) -> int:
    """Where the last `count` lines begin: read backwards in growing blocks, so a long file costs what is wanted."""
    if count <= 0 and is_last:
        return size
    wanted = _FIRST_TAIL_BYTES
    while True:
        start = max(0, size - wanted)
        data = os.pread(fd, size - start, start)
        first = 0 if start == 0 else data.find(b"\n") + 1
        if first or start == 0:
            found = _start_of_last(data, first, count, is_last=is_last)
            if found is not None:
                return start + found
            if start == 0:
                return 0
        wanted *= 4


def _start_of_last(data: bytes, first: int, count: int, *, is_last: bool) -> int | None:
    """The place in `data` where its last `count` lines begin; None when it has fewer.

    A piece at the end without the end of its line counts as one in the last file; else it belongs to the file after.
    """
    lines = data[first:].split(b"\n")
    # The last element is empty, or a line that is being written now, which counts as nothing yet.
    position = len(data) - len(lines.pop())
    left = count
    for index in range(len(lines) - 1, -1, -1):
        if ends_line(lines[index]) or (is_last and index == len(lines) - 1):
            left -= 1
            if left < 0:
                return position
        position -= len(lines[index]) + 1
    return None
