"""Keeping the kept logs of a host within their bound: what is too old goes, then the oldest until the rest fits."""

import shutil
import time
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from webui.history.segments import ABOUT, Segment, segments_in

# Less than a full file of lines may take up, compressed.
_LEAST_FREE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Bound:
    most_bytes: int
    days: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What is there: how much of it on disk, from when on (ms since the epoch), of how many containers."""

    size_bytes: int = 0
    first_ms: int | None = None
    container_count: int = 0
    line_count: int = 0


def kept_in(folder: Path) -> Kept:
    """What the kept logs of a host are, counted now."""
    per_container = [segments_in(one) for one in _folders(folder)]
    every = [segment for segments in per_container for segment in segments]
    firsts = [segment.first_ms for segment in every if segment.first_ms]
    return Kept(
        sum(segment.size_bytes for segment in every),
        min(firsts, default=None),
        sum(1 for segments in per_container if any(segment.size_bytes for segment in segments)),
        sum(segment.line_count for segment in every),
    )


@dataclass(frozen=True, slots=True)
class Beginning:
    """From when on there is something (ms since the epoch; None for nothing), and whether there was more once."""

    first_ms: int | None = None
    has_dropped: bool = False


def beginning_of(folders: Iterable[Path]) -> Beginning:
    """Where the kept logs of these containers begin. Reads names, and a line of what is being written."""
    firsts, has_dropped = [], False
    for segments in map(segments_in, folders):
        if segments:
            firsts.append(segments[0].begins_ms)
            # The first of a container has the number 1.
            has_dropped = has_dropped or segments[0].number > 1
    return Beginning(min((first for first in firsts if first), default=None), has_dropped)


def is_disk_full(folder: Path) -> bool:
    """Whether there is no room to keep anything more. Asked of the disk: there is no room for a note of it either."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free < _LEAST_FREE_BYTES


def enforce(
    folder: Path, bound: Bound, *, busy: Set[str], present: Set[str], now_s: float | None = None
) -> int:  # fmt: skip
    """Drop what is too old or too much; returns the bytes that are left.

    `present` are the containers that exist, `busy` those whose log is being written: of these only sealed files go.
    """
    oldest_ms = int(((time.time() if now_s is None else now_s) - bound.days * 86400) * 1000)
    every = [(_last_ms(segment), segment) for one in _folders(folder) for segment in segments_in(one)]
    total = sum(segment.size_bytes for _, segment in every)
    for last_ms, segment in sorted(every, key=lambda pair: pair[0]):
        if last_ms >= oldest_ms and total <= bound.most_bytes:
            break
        if segment.is_sealed or segment.path.parent.name not in busy:
            segment.path.unlink(missing_ok=True)
            total -= segment.size_bytes
    _forget_empty(folder, present | busy)
    return total


def _last_ms(segment: Segment) -> int:
    if segment.last_ms is not None:
        return segment.last_ms
    try:
        return int(segment.path.stat().st_mtime * 1000)
    except FileNotFoundError:
        return 0


def _folders(folder: Path) -> list[Path]:
    try:
        return [one for one in folder.iterdir() if one.is_dir()]
    except FileNotFoundError:
        return []


def _forget_empty(folder: Path, present: Set[str]) -> None:
    """Containers that are gone and of which no line is left."""
    for one in _folders(folder):
        if one.name not in present and (one / ABOUT).exists() and not any(s.size_bytes for s in segments_in(one)):
            shutil.rmtree(one)
