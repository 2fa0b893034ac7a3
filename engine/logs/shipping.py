"""Sends what is in a log file on to a sink, from where it stopped the last time.

The file is the memory between them: a sink, or a daemon, that is away for a while delays lines and loses none that the
limits of the file keep. A crash may send the last batch twice.
"""

import asyncio
import contextlib
import logging
import os
from pathlib import Path
from typing import Any

import orjson

from engine.logs.files import LogFiles
from engine.logs.lines import LogQuery, Unended, pieces
from engine.logs.reader import blocks, file_after
from engine.logs.sinks import Sink

log = logging.getLogger(__name__)

_RETRY_S = 1.0


async def ship(files: LogFiles, sink: Sink, position: Path, ended: "asyncio.Future[Any]") -> None:
    """Until `ended`, and then to the end of the log. `position` is the file that remembers how far it came."""
    number, offset = _load(position) or (files.numbers[0], 0)
    unended = {} if offset else files.begun_before(number)
    try:
        while True:
            try:
                fd = await asyncio.to_thread(files.open, number)
            except FileNotFoundError:
                if number <= files.newest:
                    number, offset = file_after(files, number), 0
                    unended = files.begun_before(number)
                    continue
                if ended.done():
                    return
                await files.wait_change(number, size=0, fd=-1, until=ended)
                continue
            try:
                await _ship_file(
                    files, number, fd, offset=offset, unended=unended, sink=sink, position=position, ended=ended
                )
            finally:
                os.close(fd)
            if not files.is_final(number):
                return
            following = file_after(files, number)
            if following != number + 1:
                unended = files.begun_before(following)
            number, offset = following, 0
    finally:
        sink.close()


async def _ship_file(
    files: LogFiles,
    number: int,
    fd: int,
    *,
    offset: int,
    unended: Unended,
    sink: Sink,
    position: Path,
    ended: "asyncio.Future[Any]",
) -> None:
    query = LogQuery()
    while True:
        is_complete = files.is_final(number) or ended.done()
        async for end, lines in blocks(fd, offset):
            await _send(sink, pieces(lines, query, unended))
            offset = end
            _save(position, number, offset)
        if is_complete:
            return
        await files.wait_change(number, size=offset, fd=fd, until=ended)


async def _send(sink: Sink, batch: list[Any]) -> None:
    has_failed = False
    while True:
        try:
            await asyncio.to_thread(sink.send, batch)
        except OSError as error:
            if not has_failed:
                log.warning("log lines cannot be sent, trying on: %s", error)
            has_failed = True
            await asyncio.sleep(_RETRY_S)
        else:
            return


def _load(position: Path) -> tuple[int, int] | None:
    with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
        number, offset = orjson.loads(position.read_bytes())
        return int(number), int(offset)
    return None


def _save(position: Path, number: int, offset: int) -> None:
    temporary = position.with_suffix(".new")
    temporary.write_bytes(orjson.dumps([number, offset]))
    temporary.replace(position)
