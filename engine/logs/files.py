"""The files of one log: the one that conmon writes, and the full ones before it, `NAME.1`, `NAME.2.gz`...

Numbers only grow, so a reader that has finished one file finds the next, whatever was removed or compressed meanwhile.
The file that is written has the number after the last full one.
"""

import asyncio
import contextlib
import gzip
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from engine.errors import EngineError
from engine.linux.files import write_atomically
from engine.linux.inotify import FileWatch
from engine.logs.lines import Unended, ends_of, streams_without_end
from engine.logs.options import LogLimits

log = logging.getLogger(__name__)

_REOPEN_S, _LOOK_AGAIN_S = 5.0, 0.01
# A busy container wakes us with every write; looking this often bounds what it costs.
_REST_S = 0.05
# The last entries of either stream are in it.
_LAST_BYTES = 64 * 1024


class LogFiles:
    """Shared by whoever reads and whoever rotates the log at `path`; all calls from the event loop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pattern = re.compile(re.escape(path.name) + r"\.(\d+)(?:\.gz)?")
        self._watch: FileWatch | None = None
        # Which streams were in the middle of a line at the end of a full file, by its number, as long as somebody may
        # begin with the file after it.
        self._unended_path = path.with_name(f".{path.name}.unended")
        self._unended = _load_unended(self._unended_path)
        # The number of the last full file. Where none is kept, it may still be known how the last one ended.
        self.newest = max([*self.full(), *self._unended], default=0)

    def full(self) -> dict[int, Path]:
        """The full files that are still there, by number."""
        found: dict[int, Path] = {}
        with contextlib.suppress(FileNotFoundError):
            for entry in os.scandir(self.path.parent):
                match = self._pattern.fullmatch(entry.name)
                # While one is being compressed both are there, and either will do.
                if match and (int(match[1]) not in found or not entry.name.endswith(".gz")):
                    found[int(match[1])] = Path(entry.path)
        return found

    @property
    def numbers(self) -> list[int]:
        """All files, oldest first; the last one is being written."""
        return [*sorted(self.full()), self.newest + 1]

    def open(self, number: int) -> int:
        """A descriptor of the file, decompressed. Raises FileNotFoundError for one that is gone. May block."""
        if number > self.newest:
            return os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        path = self.full().get(number)
        if path is None:
            raise FileNotFoundError(f"{self.path}.{number}")
        if path.suffix != ".gz":
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        with gzip.open(path) as packed, tempfile.TemporaryFile() as plain:
            shutil.copyfileobj(packed, plain)
            plain.flush()
            return os.dup(plain.fileno())

    def is_final(self, number: int) -> bool:
        """Whether nothing will be added to it: conmon writes to a later file already."""
        return number < self.newest or (number == self.newest and self.path.exists())

    def begun_before(self, number: int) -> Unended:
        """For who begins with this file, because the one before it is gone or was never there: the streams of which it
        has the rest of a line first. Half of a line is no line, so nobody wants it.
        """
        return dict.fromkeys(self._unended.get(number - 1, ()), False)

    async def wait_change(self, number: int, *, size: int, fd: int, until: "asyncio.Future[Any]") -> None:
        """Wait until the file `number` is longer than `size` or has become final, or `until` is done.

        `fd` is -1 where there is no such file yet: then only for a moment, after which it may be opened.
        """
        if number <= self.newest or fd < 0:
            # Renamed, and conmon is about to open the next one; or it has not opened the first.
            await asyncio.wait({until}, timeout=_LOOK_AGAIN_S)
            return
        if self._watch is None:
            try:
                self._watch = FileWatch(self.path)
            except FileNotFoundError:
                await asyncio.wait({until}, timeout=_LOOK_AGAIN_S)
                return
        watch = self._watch
        changed = watch.subscribe()
        try:
            if os.fstat(fd).st_size <= size and number > self.newest and not until.done():
                await asyncio.wait({changed, until}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            watch.unsubscribe(changed)
            if watch.is_idle:
                watch.close()
                if self._watch is watch:
                    self._watch = None

    async def rotate(self, limits: LogLimits, reopen: Callable[[], Awaitable[None]]) -> None:
        """Begin a new file. `reopen` makes conmon do so; what it writes until then goes to the old one, not lost."""
        number = self.newest + 1
        full = self.path.with_name(f"{self.path.name}.{number}")
        self.path.rename(full)
        # Those who wait are woken by the move, and the next watch is for the new file.
        self.newest, self._watch = number, None
        await self.make_conmon_open(reopen)
        # Before any file is removed: a daemon that dies here, or a run that ends, leaves no half of a line.
        await asyncio.to_thread(self._note_unended, full, number)
        kept = sorted(self.full())[-(limits.max_files - 1) :] if limits.max_files > 1 else []
        for old, path in self.full().items():
            if old not in kept:
                path.unlink(missing_ok=True)
        if limits.compresses and number in kept:
            await asyncio.to_thread(_compress, full)

    def _note_unended(self, full: Path, number: int) -> None:
        with full.open("rb") as file:
            found = streams_without_end(_last_entries(file))
        if found or self._unended:
            oldest = min(self.full())
            known = {other: streams for other, streams in self._unended.items() if oldest - 1 <= other < number}
            self._unended = {**known, number: found}
            write_atomically(self._unended_path, orjson.dumps(self._unended, option=orjson.OPT_NON_STR_KEYS))

    async def make_conmon_open(self, reopen: Callable[[], Awaitable[None]]) -> None:
        """Until there is a file at `path`; conmon makes it when it is told to. Raises EngineError."""
        await reopen()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REOPEN_S):
                while not self.path.exists():  # noqa: ASYNC110 - conmon gives no sign
                    await asyncio.sleep(_LOOK_AGAIN_S)
                return
        raise EngineError(f"conmon has not opened {self.path} again within {_REOPEN_S:.0f} s")

    async def keep_within(self, limits: LogLimits, reopen: Callable[[], Awaitable[None]]) -> None:
        """Rotate whenever the file is full. Runs until it is cancelled; a failure is logged and tried again."""
        never: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        while True:
            try:
                if not self.path.exists():  # a daemon before this one died between the two steps
                    await self.make_conmon_open(reopen)
                fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    size = os.fstat(fd).st_size
                    if size >= limits.max_size_bytes:
                        await self.rotate(limits, reopen)
                    else:
                        await self.wait_change(self.newest + 1, size=size, fd=fd, until=never)
                finally:
                    os.close(fd)
            except (EngineError, OSError) as error:
                log.warning("the log %s cannot be rotated: %s", self.path, error)
                await asyncio.sleep(1)
            await asyncio.sleep(_REST_S)


def end_lines(path: Path) -> None:
    """Before another run writes to it: end what the last one left without an end, as dockerd does at the end of a run.

    Else the first line of the new run would pass for the rest of the last one. Nothing is done where there is no log.
    """
    with contextlib.suppress(FileNotFoundError), path.open("r+b") as file:
        ends = ends_of(_last_entries(file), time.time_ns())
        if ends:
            file.seek(0, os.SEEK_END)
            file.write(ends)


def _last_entries(file: BinaryIO) -> list[bytes]:
    start = max(0, file.seek(0, os.SEEK_END) - _LAST_BYTES)
    file.seek(start)
    # Not splitlines(), for which a carriage return in the output ends an entry as well.
    return file.read().split(b"\n")[1 if start else 0 :]


def _load_unended(path: Path) -> dict[int, list[int]]:
    with contextlib.suppress(FileNotFoundError, ValueError, AttributeError):
        return {int(number): streams for number, streams in orjson.loads(path.read_bytes()).items()}
    return {}


def _compress(path: Path) -> None:
    packed = path.with_name(f"{path.name}.gz")
    temporary = path.with_name(f".{path.name}.gz")
    try:
        with path.open("rb") as source, gzip.open(temporary, "wb", compresslevel=6) as target:
            shutil.copyfileobj(source, target)
        temporary.replace(packed)
        path.unlink(missing_ok=True)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        log.warning("%s stays as it is, it cannot be compressed: %s", path, error)
