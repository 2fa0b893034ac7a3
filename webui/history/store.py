"""Writing one container's kept log: lines are added to a plain file, a full file is compressed and renamed.

Whatever kills the writer loses nothing that was added and leaves nothing twice: the place that it had come to is read
back from the lines themselves.
"""

import errno
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import zstandard

from webui.history.segments import (
    About,
    Damaged,
    Segment,
    about_in,
    end_of_ms,
    lines_of,
    sealed_name,
    segments_in,
    write_whole,
)
from webui.log_lines import Place, letter_of, timestamp_of

# Large enough to compress well, small enough to be read for a few lines of it.
SEGMENT_BYTES: Final = 4 << 20
# A quiet log is compressed, and can be dropped by age, at least this often.
SEAL_AFTER_S: Final = 6 * 3600
_LEVEL: Final = 3
_PLACE: Final = "place.json"


class LogStore:
    """One per container, in one process. `place` is what the next reading of the container's log goes on from."""

    def __init__(self, folder: Path, about: About) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.about = about_in(folder)
        self.name_it(about)
        self._number = self._recover()
        self._path = folder / f"{self._number:08d}.log"
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._fd).st_size
        self._began = time.monotonic()
        self.place: Place[bytes] = self._found_place()

    def name_it(self, about: About) -> None:
        """What the container is called now."""
        if about != self.about:
            about.write(self.folder)
            self.about = about

    def add(self, lines: Sequence[bytes], counted: Sequence[bytes] | None = None, reread_from: bytes = b"") -> bool:
        """Keep lines; returns whether the file is full, so that `seal` should be called.

        `counted` (the lines, if None) and `reread_from` are those of the Skipper and LineCutter that they come from.
        """
        if lines:
            # One write: a process that is killed has written all of it or nothing.
            data = b"\n".join(lines) + b"\n"
            try:
                if os.write(self._fd, data) != len(data):
                    raise OSError(errno.ENOSPC, "only a part of the lines could be written", str(self._path))
            except OSError:
                os.ftruncate(self._fd, self._size)
                raise
            self._size += len(data)
        self.place.passed(lines if counted is None else counted, reread_from)
        return self._size >= SEGMENT_BYTES

    def recent(self, most: int) -> list[bytes]:
        """The last lines, as far as they are whole and follow one another; none where they cannot be read."""
        lines: list[bytes] = []
        for segment in reversed(segments_in(self.folder)):
            try:
                lines = lines_of(segment.read()) + lines
            except Damaged:
                break
            if len(lines) >= most:
                break
        halves = set(self.place.halves.values())
        while lines and (lines[-1][:1].isupper() or lines[-1] in halves):
            lines.pop()
        pieces = [at for at, line in enumerate(lines) if line[:1].isupper()]
        return lines[pieces[-1] + 1 if pieces else 0 :][-most:]

    @property
    def is_old(self) -> bool:
        return self._size > 0 and time.monotonic() - self._began > SEAL_AFTER_S

    @property
    def active_bytes(self) -> int:
        return self._size

    def seal(self) -> None:
        """Compress what was written since the last time, and begin a new file. Blocks for some 20 ms."""
        lines = lines_of(self._path.read_bytes())
        if not lines:
            return
        data = zstandard.ZstdCompressor(level=_LEVEL).compress(b"\n".join(lines) + b"\n")
        # The place first: segments may be dropped to make room, and the log is not to be read again then.
        self._write_place()
        write_whole(self.folder / sealed_name(self._number, lines), data)
        old_fd, old_path = self._fd, self._path
        self._number += 1
        self._path = self.folder / f"{self._number:08d}.log"
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._size, self._began = 0, time.monotonic()
        os.close(old_fd)
        old_path.unlink(missing_ok=True)

    def close(self) -> None:
        """What was written may be dropped from now on, and is not to be read again then. Raises OSError."""
        os.close(self._fd)
        self._write_place()

    def _recover(self) -> int:
        """Tidy up after a crash; returns the number of the file to write to."""
        for left in self.folder.glob(".*.new"):
            left.unlink(missing_ok=True)
        segments = segments_in(self.folder)
        sealed = {segment.number for segment in segments if segment.is_sealed}
        for path in self.folder.glob("*.log"):
            if path.stem.isdigit() and int(path.stem) in sealed:
                path.unlink()
        active = [segment for segment in segments if not segment.is_sealed]
        if active:
            whole = len(active[-1].read())
            if whole != active[-1].size_bytes:
                os.truncate(active[-1].path, whole)
            return active[-1].number
        return max(sealed, default=0) + 1

    def _found_place(self) -> Place[bytes]:
        """The place that was written down where nothing was added since, else what the lines tell."""
        written, is_newest = self._written_place()
        if is_newest:
            return written
        segments = segments_in(self.folder)
        lines: list[bytes] = []
        for segment in reversed(segments):
            try:
                lines = lines_of(segment.read()) + lines
            except Damaged:
                return self._place_beside(segment, lines, written)
            # Lines of the last moment may begin in the file before, and so may the long line that ended in it.
            if _tied_from(lines):
                break
        place: Place[bytes] = Place(b"")
        place.passed(lines, timestamp_of(lines[_tied_from(lines)]) if lines else b"")
        return place if place.stamp else written

    def _place_beside(self, damaged: Segment, lines: list[bytes], written: Place[bytes]) -> Place[bytes]:
        """The place where a file that cannot be read is among the last: what is in it is not asked for again."""
        place: Place[bytes] = Place(b"")
        place.passed(lines)
        if place.stamp:
            return place
        return written if written.stamp else Place(end_of_ms(damaged.last_ms or 0).encode())

    def _write_place(self) -> None:
        place = self.place
        body = {
            "stamp": _text_of(place.stamp), "count": place.count, "latest": _text_of(place.latest),
            "halves": [_text_of(line) for line in place.halves.values()], "number": self._number, "size": self._size,
        }  # fmt: skip
        write_whole(self.folder / _PLACE, json.dumps(body).encode())

    def _written_place(self) -> tuple[Place[bytes], bool]:
        """The place that was written down, and whether it is that of all that is here."""
        place: Place[bytes] = Place(b"")
        try:
            body = json.loads((self.folder / _PLACE).read_bytes())
            place = Place(str(body["stamp"]).encode(), int(body["count"]))
            place.latest = max(place.stamp, str(body.get("latest", "")).encode())
            place.halves = {letter_of(half): half for half in map(_bytes_of, body.get("halves", []))}
            return place, (body.get("number"), body.get("size")) == (self._number, self._size)
        except (OSError, ValueError, LookupError, TypeError):
            return place, False


def _tied_from(lines: Sequence[bytes]) -> int:
    """The place of the first of the lines that share the last moment, or of the long line that ended just before them;
    0 where it may be in what is not here."""
    at = len(lines) - 1
    while at > 0 and timestamp_of(lines[at - 1]) == timestamp_of(lines[-1]):
        at -= 1
    while at > 0 and (lines[at][:1].isupper() or lines[at - 1][:1].isupper()):
        at -= 1
    return max(0, at)


def _text_of(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
