"""Searches kept logs as a process of its own: a pattern that somebody wrote may take for ever, and is then ended alone.

Reads one JSON object from standard input, writes JSON lines: {"found": [[container, line], ...]}, newest first, and at
last {"end": true, "more": ..., "read_bytes": ...}. Knows nothing of Django, rights or hosts.
"""

import heapq
import json
import re
import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from webui.history.segments import lines_of, ms_of, segments_in
from webui.log_lines import STAMP_LENGTH, timestamp_of

_CPU_S: Final = 30
_MEMORY_BYTES: Final = 1 << 30
_BATCH: Final = 200
_BATCH_BYTES: Final = 256 * 1024
_TEXT_AT: Final = STAMP_LENGTH + 2
_LONGEST_MATCHED: Final = 16_000

Matching = Callable[[bytes], list[bytes]]


class Search:
    def __init__(self, asked: dict[str, Any]) -> None:
        self._held = int(asked["held"])
        # One more, to know whether there is one.
        self._limit = int(asked["limit"]) + self._held + 1
        self._since, self._until = asked["since"].encode(), asked["until"].encode() or b"\xff"
        self._matching = matching_of(asked["text"], is_regex=bool(asked["is_regex"]))
        self.read_bytes = 0

    def lines(self, folder: Path) -> Iterator[bytes]:
        """The matching lines of one container, newest first."""
        since_ms = ms_of(b"o" + self._since) if self._since else 0
        until_ms = ms_of(b"o" + self._until) if self._until != b"\xff" else 1 << 62
        for segment in reversed(segments_in(folder)):
            if not segment.may_hold(since_ms, until_ms):
                continue
            data = segment.read()
            self.read_bytes += len(data)
            found = [line for line in self._matching(data) if self._since <= timestamp_of(line) <= self._until]
            # No more than the limit can be wanted of any one.
            yield from reversed(found[-self._limit :])

    def found(self, folders: list[str]) -> Iterator[tuple[int, bytes]]:
        """(place of the container among the folders, line), newest first."""

        def numbered(place: int, folder: str) -> Iterator[tuple[int, bytes]]:
            return ((place, line) for line in self.lines(Path(folder)))

        streams = [numbered(place, folder) for place, folder in enumerate(folders)]
        merged = heapq.merge(*streams, key=lambda one: timestamp_of(one[1]), reverse=True)
        return (one for at, one in enumerate(merged) if at >= self._held or timestamp_of(one[1]) != self._until)


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
        search = Search(asked)
    except re.error as error:
        _say({"error": str(error)})
        return 0
    has_more = _tell_found(search.found(asked["folders"]), int(asked["limit"]))
    _say({"end": True, "more": has_more, "read_bytes": search.read_bytes})
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
