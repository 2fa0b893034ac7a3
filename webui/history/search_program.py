"""Searches kept logs as a process of its own: a pattern that somebody wrote may take for ever, and is then ended alone.

Reads one JSON object from standard input, writes JSON lines: {"found": [[container, line], ...]}, newest first, between
them {"progress": bytes on disk, "of": all of them, "read_bytes": ...}, and at last {"end": true, "more": ...,
"reached": ..., "damaged": files that cannot be read, "read_bytes": ...}. `reached` is the moment down to which all was
looked through, where the search ended for having worked enough. Knows nothing of Django, rights or hosts.
"""

import json
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from webui.history.segments import Damaged, Segment, end_of_ms, lines_of, ms_of, segments_in
from webui.log_lines import STAMP_LENGTH, timestamp_of

_CPU_S: Final = 30
_MEMORY_BYTES: Final = 1 << 30
_BATCH: Final = 200
_BATCH_BYTES: Final = 256 * 1024
_TEXT_AT: Final = STAMP_LENGTH + 2
_LONGEST_MATCHED: Final = 16_000
# What is found is held until all that may be newer has been read.
_MOST_HELD_BYTES: Final = 64 << 20
# Beyond this much work a search ends by itself, and tells how far it has come; a single pattern that goes on for ever
# is ended by the kernel.
_ENOUGH_CPU_S: Final = 20.0
_TELL_S: Final = 0.3
_NEVER_MS: Final = 1 << 62

Matching = Callable[[bytes], list[bytes]]


@dataclass(frozen=True, slots=True)
class _Found:
    """A line that was found. Sorted, the newest comes first; of one moment, the order of the containers and then of
    writing, backwards."""

    stamp: bytes
    place: int
    number: int
    line: bytes

    @property
    def order(self) -> tuple[bytes, int, int]:
        return self.stamp, -self.place, self.number


class Search:
    """Reads the segments of all containers, those first that may hold the newest lines. A line is given away when no
    segment that is left may hold a newer one, so that no more than one segment and the lines wanted are in memory."""

    def __init__(
        self, asked: dict[str, Any], *, tell: Callable[[dict[str, Any]], None] = lambda _message: None
    ) -> None:
        self._held = int(asked["held"])
        # One more, to know whether there is one.
        self._limit = int(asked["limit"]) + self._held + 1
        self._since, self._until = asked["since"].encode(), asked["until"].encode() or b"\xff"
        self._matching = matching_of(asked["text"], is_regex=bool(asked["is_regex"]))
        self._tell = tell
        self._told_at = 0.0
        self._waiting: list[_Found] = []
        self._given = 0
        self.read_bytes = 0
        self.damaged = 0
        # Whether there is more than was given, and the moment that a search which goes on has to begin before.
        self.has_more = False
        self.reached = ""

    def found(self, folders: Sequence[str]) -> Iterator[tuple[int, bytes]]:
        """(place of the container among the folders, line), newest first."""
        known = self._held
        for one in self._newest_first(self._segments(folders)):
            if known and one.stamp == self._until:
                known -= 1
            else:
                yield one.place, one.line

    def _segments(self, folders: Sequence[str]) -> list[tuple[int, Segment]]:
        since_ms = ms_of(b"o" + self._since) if self._since else 0
        until_ms = ms_of(b"o" + self._until) if self._until != b"\xff" else _NEVER_MS
        every = [(place, segment) for place, folder in enumerate(folders) for segment in segments_in(Path(folder))]
        wanted = [(place, segment) for place, segment in every if segment.may_hold(since_ms, until_ms)]
        return sorted(wanted, key=lambda one: _end_ms(one[1]), reverse=True)

    def _newest_first(self, segments: list[tuple[int, Segment]]) -> Iterator[_Found]:
        sizes = [segment.size_bytes for _, segment in segments]
        total, done = sum(sizes), 0
        # Where a search goes on that goes on must be earlier than where it began, or it would never come to an end.
        began_ms = next((segment.last_ms for _, segment in segments if segment.last_ms is not None), 0)
        for at, (place, segment) in enumerate(segments):
            self._take(place, segment)
            done += sizes[at]
            next_ms = _end_ms(segments[at + 1][1]) if at + 1 < len(segments) else -1
            yield from self._settled(next_ms)
            if self.has_more and not self._waiting:
                return
            if time.process_time() > _ENOUGH_CPU_S and 0 <= next_ms < began_ms:
                self.has_more, self.reached = True, end_of_ms(next_ms)
                return
            if time.monotonic() - self._told_at > _TELL_S:
                self._told_at = time.monotonic()
                self._tell({"progress": done, "of": total, "read_bytes": self.read_bytes})

    def _take(self, place: int, segment: Segment) -> None:
        try:
            data = segment.read()
        except (Damaged, OSError):
            self.damaged += 1
            return
        self.read_bytes += len(data)
        # What is older than all that may be given away already is not wanted.
        is_full = len(self._waiting) >= self._limit - self._given
        since = max(self._since, self._waiting[-1].stamp) if is_full else self._since
        stamp = b""
        for number, line in enumerate(self._matching(data)):
            stamp = timestamp_of(line) or stamp
            if since <= stamp <= self._until:
                self._waiting.append(_Found(stamp, place, segment.number << 32 | number, line))
        self._trim()

    def _trim(self) -> None:
        """Keep no more than can be given away."""
        self._waiting.sort(key=lambda one: one.order, reverse=True)
        most, size = self._limit - self._given, 0
        for at, one in enumerate(self._waiting[:most]):
            size += len(one.line)
            if size > _MOST_HELD_BYTES and at:
                most = at
                break
        if len(self._waiting) > most:
            del self._waiting[most:]
            self.has_more = True

    def _settled(self, next_ms: int) -> Iterator[_Found]:
        """What is newer than all that is still to be read, given away."""
        end = 0
        while end < len(self._waiting) and ms_of(b"o" + self._waiting[end].stamp) > next_ms:
            end += 1
        settled, self._waiting = self._waiting[:end], self._waiting[end:]
        self._given += end
        yield from settled


def _end_ms(segment: Segment) -> int:
    """No line of it is later; what is being written may hold the newest of all."""
    return _NEVER_MS if segment.last_ms is None else segment.last_ms


def matching_of(text: str, *, is_regex: bool) -> Matching:
    """What finds the lines of a segment. Raises re.error."""
    if not text:
        return lines_of
    if is_regex or not text.isascii():
        pattern = re.compile(text if is_regex else re.escape(text), re.IGNORECASE)
        return lambda data: [line for line in lines_of(data) if pattern.search(_text_of(line))]
    return lambda data: _literal(data, text.lower().encode())


def _text_of(line: bytes) -> str:
    return line[_TEXT_AT : _TEXT_AT + _LONGEST_MATCHED].decode("utf-8", "replace")


def _literal(data: bytes, wanted: bytes) -> list[bytes]:
    """A hundred times as fast as looking at each line: most hold nothing."""
    lower = data.lower()
    found: list[bytes] = []
    at = lower.find(wanted)
    while at >= 0:
        start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
        if at < start + _TEXT_AT:
            # In the timestamp, which is no part of what was written.
            at = lower.find(wanted, start + _TEXT_AT)
            continue
        if b"\n" not in wanted:
            found.append(data[start:end])
        at = lower.find(wanted, end)
    return found


def main() -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    asked = json.loads(sys.stdin.readline())
    try:
        search = Search(asked, tell=_say)
    except re.error as error:
        _say({"error": str(error)})
        return 0
    is_full = _tell_found(search.found(asked["folders"]), int(asked["limit"]))
    _say({"end": True, "more": is_full or search.has_more, "reached": "" if is_full else search.reached,
          "read_bytes": search.read_bytes, "damaged": search.damaged})  # fmt: skip
    return 0


def _tell_found(found: Iterator[tuple[int, bytes]], limit: int) -> bool:
    """Write what is found, in batches; returns whether the limit ended it."""
    batch: list[tuple[int, str]] = []
    size = 0
    for count, (place, line) in enumerate(found):
        if count >= limit:
            _say({"found": batch})
            return True
        batch.append((place, line.decode("utf-8", "replace")))
        size += len(line)
        if len(batch) >= _BATCH or size >= _BATCH_BYTES:
            _say({"found": batch})
            batch, size = [], 0
    _say({"found": batch})
    return False


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
