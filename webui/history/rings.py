"""A week of one container's samples in a file of fixed size: three rings that grow coarser.

A record's place follows from its time, and it says its time, so that whatever is stale or was never written shows
itself. A coarser record is the mean of the finer ones in the file: nothing has to be remembered over a restart.
"""

import contextlib
import itertools
import os
import struct
import time
from collections.abc import Sequence, Set
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Final

from webui.history.places import is_container_id, stats_folder
from webui.live.samples import Sample

if TYPE_CHECKING:
    from webui.hosts.models import Host


@dataclass(frozen=True, slots=True)
class Ring:
    """One ring in the file."""

    step_s: int
    count: int
    offset: int

    @property
    def span_s(self) -> int:
        return self.step_s * self.count


# The time in whole seconds, then the fields of a Sample after its own.
_RECORD: Final = struct.Struct("<I9f")
_VALUES: Final = len(fields(Sample)) - 1


def _rings(*shapes: tuple[int, int]) -> tuple[Ring, ...]:
    made: list[Ring] = []
    for step_s, count in shapes:
        offset = made[-1].offset + made[-1].count * _RECORD.size if made else 0
        made.append(Ring(step_s, count, offset))
    return tuple(made)


# Every 10 s for 6 h, every minute for 2 d, every 10 min for 7 d.
RINGS: Final = _rings((10, 2160), (60, 2880), (600, 1008))
FILE_BYTES: Final = RINGS[-1].offset + RINGS[-1].count * _RECORD.size
KEPT_S: Final = RINGS[-1].span_s
# Of one host, however many containers come and go. A file takes less on disk than its size while it is not full.
MOST_BYTES: Final = 512 * 10**6
_SUFFIX: Final = ".ring"
_BLOCK_BYTES: Final = 512


class RingFile:
    """Writing one container's rings."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last_s = 0

    def write(self, sample: Sample) -> None:
        """Add a sample; those before it that make up a coarser one are put together."""
        at_s = int(sample.at)
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not self._last_s:
                # Sparse: what never ran for a week costs no disk for it.
                os.ftruncate(fd, FILE_BYTES)
                self._last_s = max((int(record[0]) for record in _records(fd, RINGS[0])), default=0)
            for finer, coarser in itertools.pairwise(RINGS):
                if self._last_s and self._last_s // coarser.step_s != at_s // coarser.step_s:
                    _put_together(fd, finer, coarser, self._last_s // coarser.step_s * coarser.step_s)
            _put(fd, RINGS[0], at_s, astuple(sample)[1:])
        finally:
            os.close(fd)
        self._last_s = at_s


def read_samples(path: Path, span_s: int, *, now_s: float | None = None) -> list[Sample]:
    """The samples of the last `span_s`, oldest first, from the finest ring that reaches so far; none without a file."""
    now = time.time() if now_s is None else now_s
    ring = next((ring for ring in RINGS if ring.span_s >= span_s), RINGS[-1])
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return []
    try:
        records = [record for record in _records(fd, ring) if now - span_s <= record[0] <= now + ring.step_s]
    finally:
        os.close(fd)
    return [_sample(record) for record in sorted(records)]


def _sample(record: Sequence[float]) -> Sample:
    at, cpu, cpus, memory, limit, received, sent, read, written, pids = record
    return Sample(float(at), cpu, int(cpus), int(memory), int(limit), received, sent, read, written, int(pids))


def _records(fd: int, ring: Ring) -> list[tuple[float, ...]]:
    data = os.pread(fd, ring.count * _RECORD.size, ring.offset)
    whole = len(data) // _RECORD.size * _RECORD.size
    return [record for record in _RECORD.iter_unpack(data[:whole]) if record[0]]


def _put(fd: int, ring: Ring, at_s: int, values: Sequence[float]) -> None:
    slot = at_s // ring.step_s % ring.count
    os.pwrite(fd, _RECORD.pack(at_s, *values), ring.offset + slot * _RECORD.size)


def _put_together(fd: int, finer: Ring, coarser: Ring, began_s: int) -> None:
    """The mean of what the finer ring holds of the step that began then."""
    ended_s = began_s + coarser.step_s
    parts = [record[1:] for record in _records(fd, finer) if began_s <= record[0] < ended_s]
    if parts:
        means = [sum(part[place] for part in parts) / len(parts) for place in range(_VALUES)]
        _put(fd, coarser, began_s, means)


def ring_path(slug: str, container_id: str) -> Path:
    return stats_folder(slug) / f"{container_id}{_SUFFIX}"


@dataclass(frozen=True, slots=True)
class KeptStats:
    """What the samples of a host take on disk, and of how many containers they are."""

    size_bytes: int = 0
    container_count: int = 0


def stats_in(folder: Path) -> KeptStats:
    """What is there, counted now."""
    files = _files_in(folder)
    return KeptStats(sum(file.size_bytes for file in files), len(files))


def drop_old(folder: Path, *, busy: Set[str], now_s: float | None = None) -> None:
    """Remove what nobody has written to for as long as the last ring reaches, then the oldest until the rest fits.

    `busy` are the containers whose samples are being written: these stay.
    """
    oldest_s = (time.time() if now_s is None else now_s) - KEPT_S
    files = sorted(_files_in(folder), key=lambda file: file.written_s)
    total = sum(file.size_bytes for file in files)
    for file in files:
        if file.written_s >= oldest_s and total <= MOST_BYTES:
            break
        if file.path.stem not in busy:
            file.path.unlink(missing_ok=True)
            total -= file.size_bytes


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    size_bytes: int
    written_s: float


def _files_in(folder: Path) -> list[_File]:
    found = []
    for path in folder.glob(f"*{_SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):
            stat = path.stat()
            found.append(_File(path, stat.st_blocks * _BLOCK_BYTES, stat.st_mtime))
    return found


def past_of(host: "Host", container_id: str, span_s: int) -> list[Sample]:
    """What is known of a container's last `span_s`. Reads a file."""
    return read_samples(ring_path(host.slug, container_id), span_s) if is_container_id(container_id) else []


def register_past() -> None:
    """Charts that are opened begin with what is known already."""
    from webui.live.stats import register_past as register

    register(past_of)
