"""The files of one container's kept log: a plain one that grows, and full ones, compressed, whose names are the index.

`00000007.log` is being written; `00000006-<first ms>-<last ms>-<lines>.zst` is done. Where a crash left both of one
number, the compressed one counts. Knows nothing of hosts, rights or who writes.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import zstandard

from webui.log_lines import STAMP_LENGTH, timestamp_of

ABOUT: Final = "about.json"
_SEALED: Final = re.compile(r"(\d{8})-(\d+)-(\d+)-(\d+)\.zst")
_ACTIVE: Final = re.compile(r"(\d{8})\.log")
# What no segment of ours reaches: a file that claims more was not written here.
LARGEST_SEGMENT: Final = 64 << 20
# The letter and timestamp of a line.
_STAMPED_BYTES: Final = 1 + STAMP_LENGTH


class Damaged(Exception):
    """A file is not what was written: a broken disk, or somebody's hand."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One file. `first_ms` and `last_ms` are None for the one that is being written."""

    path: Path
    number: int
    size_bytes: int
    first_ms: int | None = None
    last_ms: int | None = None
    line_count: int = 0

    @property
    def is_sealed(self) -> bool:
        return self.first_ms is not None

    def read(self) -> bytes:
        """Its lines, each with a line feed; without what a crash left unfinished. Empty when it was just removed.

        Raises Damaged.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return self._sealed_meanwhile()
        if self.is_sealed:
            return _decompressed(data, self.path)
        return data[: data.rfind(b"\n") + 1]

    def _sealed_meanwhile(self) -> bytes:
        if self.is_sealed:
            return b""
        later = [one for one in segments_in(self.path.parent) if one.number == self.number and one.is_sealed]
        return later[0].read() if later else b""

    @property
    def begins_ms(self) -> int | None:
        """The time of its first line; None where it has none, or was just removed. Reads it of one being written."""
        if self.is_sealed:
            return self.first_ms
        try:
            with self.path.open("rb") as file:
                return ms_of(file.read(_STAMPED_BYTES)) or None
        except OSError:
            return None

    def may_hold(self, since_ms: int, until_ms: int) -> bool:
        """Whether lines between these moments may be in it."""
        if self.first_ms is None or self.last_ms is None:
            return True
        return self.first_ms <= until_ms and self.last_ms >= since_ms


def _decompressed(data: bytes, path: Path) -> bytes:
    try:
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=LARGEST_SEGMENT)
    except (zstandard.ZstdError, MemoryError) as error:
        raise Damaged(f"{path} cannot be read: {error}") from None


def segments_in(folder: Path) -> list[Segment]:
    """All segments of a container, oldest first."""
    found: dict[int, Segment] = {}
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return []
    for entry in entries:
        segment = _segment(entry)
        if segment is not None and (segment.is_sealed or segment.number not in found):
            found[segment.number] = segment
    return [found[number] for number in sorted(found)]


def _segment(entry: "os.DirEntry[str]") -> Segment | None:
    sealed, active = _SEALED.fullmatch(entry.name), _ACTIVE.fullmatch(entry.name)
    if not sealed and not active:
        return None
    try:
        size = entry.stat().st_size
    except FileNotFoundError:
        return None
    if sealed:
        number, one_ms, other_ms, lines = map(int, sealed.groups())
        return Segment(Path(entry.path), number, size, min(one_ms, other_ms), max(one_ms, other_ms), lines)
    assert active  # noqa: S101 - one of the two
    return Segment(Path(entry.path), int(active[1]), size)


def lines_of(data: bytes) -> list[bytes]:
    """The lines of a segment; a carriage return is a part of one."""
    return data.split(b"\n")[:-1]


def sealed_name(number: int, lines: list[bytes]) -> str:
    """The name by which a search knows whether to look into it: a clock may have been set back between two lines."""
    stamps = [stamp for stamp in map(timestamp_of, lines) if stamp]
    first, last = (min(stamps), max(stamps)) if stamps else (b"", b"")
    return f"{number:08d}-{ms_of(b'o' + first)}-{ms_of(b'o' + last)}-{len(lines)}.zst"


def ms_of(line: bytes) -> int:
    """Milliseconds since the epoch of a line; 0 for one without a timestamp."""
    try:
        whole = datetime.fromisoformat(line[1:20].decode()).replace(tzinfo=UTC)
        return int(whole.timestamp()) * 1000 + int(line[21:24])
    except (ValueError, UnicodeDecodeError):
        return 0


def end_of_ms(ms: int) -> str:
    """The last moment of a millisecond, as a timestamp of nine digits."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}999999Z"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        # On a full disk the half of a file takes the room that others need.
        temporary.unlink(missing_ok=True)
        raise
    temporary.replace(path)


@dataclass(frozen=True, slots=True)
class About:
    """Whose log a folder holds: a container of that name, maybe long gone. `labels` as they were."""

    container_id: str
    name: str
    image: str = ""
    created: int = 0
    labels: Mapping[str, str] | None = None

    def write(self, folder: Path) -> None:
        body = {"id": self.container_id, "name": self.name, "image": self.image, "created": self.created,
                "labels": dict(self.labels or {})}  # fmt: skip
        write_whole(folder / ABOUT, json.dumps(body).encode())


def about_in(folder: Path) -> About | None:
    """What a folder is about; None where it does not say."""
    try:
        body: dict[str, Any] = json.loads((folder / ABOUT).read_bytes())
        labels = {str(key): str(value) for key, value in dict(body.get("labels") or {}).items()}
        return About(str(body["id"]), str(body["name"]), str(body["image"]), int(body["created"]), labels)
    except (OSError, ValueError, LookupError, TypeError):
        return None
