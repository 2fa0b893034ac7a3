"""A line of a log as the live pages and the kept logs have it, and where a reader of lines has come to. Pure.

A line is its stream's letter (o, e; a capital one where it goes on with the line before), Docker's timestamp in UTC
with nine digits, a space and the text.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

# 2026-11-24T03:00:00.123456789Z, which dockerd and our engine always write with nine digits.
STAMP_LENGTH: Final = 30
STAMP: Final = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d) ")

Text = TypeVar("Text", str, bytes)


def normal(line: bytes) -> bytes:
    """The line with its timestamp in UTC and nine digits; as it is, where it begins with none."""
    match = STAMP.match(line)
    if match is None:
        return line
    try:
        zone = match[3].decode().replace("Z", "+00:00")
        whole = datetime.fromisoformat(f"{match[1].decode()}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return line
    stamp = f"{whole:%Y-%m-%dT%H:%M:%S}.{(match[2] or b'').decode():0<9}Z "
    return stamp.encode() + line[match.end() :]


def timestamp_of(line: Text) -> Text:
    """Docker's timestamp of a line, empty where it has none. Its digits are always nine, so that they sort as text."""
    stamp = line[1 : STAMP_LENGTH + 1]
    if isinstance(stamp, bytes):
        return stamp if stamp[:2] == b"20" and stamp[-1:] == b"Z" else stamp[:0]
    return stamp if stamp[:2] == "20" and stamp[-1:] == "Z" else stamp[:0]


class Place(Generic[Text]):
    """Where a reader of a log has come to: the last timestamp, and how many lines of that very moment it has.

    Many lines share one moment: the timestamp alone would lose some, or give them twice.
    """

    def __init__(self, stamp: Text, count: int = 0) -> None:
        self.stamp: Text = stamp
        self.count = count

    def passed(self, lines: Sequence[Text]) -> None:
        """The reader now has these too."""
        stamp: Text = _last_stamp(lines, self.stamp[:0])
        if not stamp:
            return
        trailing = 0
        for line in reversed(lines):
            if timestamp_of(line) != stamp:
                break
            trailing += 1
        goes_on = trailing == len(lines) and stamp == self.stamp
        self.stamp, self.count = stamp, trailing + (self.count if goes_on else 0)

    def since(self) -> str:
        """Docker's `since`: seconds and nanoseconds since the epoch (API 1.41, ContainerLogs); "" at the beginning."""
        text = self.stamp.decode() if isinstance(self.stamp, bytes) else self.stamp
        return since_of(text) if text else ""


def _last_stamp(lines: Sequence[Text], otherwise: Text) -> Text:
    for line in reversed(lines):
        stamp = timestamp_of(line)
        if stamp:
            return stamp
    return otherwise


class Skipper(Generic[Text]):
    """Leaves out what a reader has, at the beginning of a stream that was asked for `since` its place.

    `since` includes its own moment, and some engines only look at whole seconds.
    """

    def __init__(self, place: Place[Text]) -> None:
        self._stamp: Text = place.stamp
        self._left = place.count
        self._is_done = not place.stamp

    def new(self, lines: Sequence[Text]) -> Sequence[Text]:
        if self._is_done:
            return lines
        for index, line in enumerate(lines):
            stamp = timestamp_of(line)
            if stamp > self._stamp or (stamp == self._stamp and self._left == 0):
                self._is_done = True
                return lines[index:]
            if stamp == self._stamp:
                self._left -= 1
        return lines[:0]


def since_of(stamp: str) -> str:
    """Docker's `since` or `until` for a timestamp."""
    whole = datetime.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    return f"{int(whole.timestamp())}.{stamp[20:-1] or '0'}"


def seconds_before(stamp: str, seconds: int) -> str:
    """The timestamp so many seconds earlier (later for a negative number), never before the epoch."""
    whole = datetime.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    moved = datetime.fromtimestamp(max(0, int(whole.timestamp()) - seconds), UTC)
    return f"{moved:%Y-%m-%dT%H:%M:%S}{stamp[19:]}"


def moment_in(text: str) -> str:
    """A moment that somebody gave, as a timestamp of nine digits in UTC; "" for what is none."""
    line = normal(text.encode("utf-8", "replace") + b" ")
    return line[:STAMP_LENGTH].decode() if line[29:31] == b"Z " else ""
