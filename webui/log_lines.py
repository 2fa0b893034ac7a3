"""A line of a log as the live pages and the kept logs have it, and where a reader of lines has come to. Pure.

A line is its stream's letter (o, e; a capital one where it goes on with the line before), Docker's timestamp in UTC
with nine digits, a space and the text.
"""

import re
from collections import Counter
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
    """Where a reader of a log has come to: the moment that it is read from again, and how many lines since then it has.

    Many lines share one moment: the timestamp alone would lose some, or give them twice. `latest` is the last moment of
    any line, which is a later one while lines of two streams cross. `halves` are lines, by their stream's letter, that
    had no end yet when a stream ended: the reader has them, and what they become is not to be given twice.
    """

    def __init__(self, stamp: Text, count: int = 0, *, latest: Text | None = None) -> None:
        self.stamp: Text = stamp
        self.count = count
        self.latest: Text = stamp if latest is None else latest
        self.halves: dict[Text, Text] = {}

    def passed(self, lines: Sequence[Text], reread_from: Text | None = None) -> None:
        """The reader now has these too. `reread_from`: see LineCutter, where they come from one."""
        if not lines:
            return
        stamps = [timestamp_of(line) for line in lines]
        candidate = reread_from or next((stamp for stamp in reversed(stamps) if stamp), self.stamp)
        if candidate > self.latest:
            self.stamp, self.count = candidate, 0
        self.count += sum(stamp >= self.stamp for stamp in stamps if stamp)
        self.latest = max(self.latest, self.stamp, *stamps)

    def since(self) -> str:
        """Docker's `since`: seconds and nanoseconds since the epoch (API 1.41, ContainerLogs); "" at the beginning."""
        text = self.stamp.decode() if isinstance(self.stamp, bytes) else self.stamp
        return since_of(text) if text else ""


class Skipper(Generic[Text]):
    """Leaves out what a reader has, at the beginning of a stream that was asked for `since` its place.

    `since` includes its own moment, and some engines only look at whole seconds. A line of which the reader has the
    beginning goes on in one with a capital letter.
    """

    def __init__(self, place: Place[Text]) -> None:
        self._place: Place[Text] = place
        self._stamp: Text = place.stamp
        self._latest: Text = place.latest
        self._left = place.count
        self._is_done = not place.stamp
        self.counted: Sequence[Text] = ()

    def new(self, lines: Sequence[Text]) -> Sequence[Text]:
        """What of the next lines the reader has not. `counted` is what a place has passed with it."""
        self.counted = lines if self._is_done else self._unknown(lines)
        return self._completed(self.counted) if self.counted and self._place.halves else self.counted

    def last(self, halves: Sequence[Text]) -> Sequence[Text]:
        """The same for the beginnings of lines that a stream left at its end. The reader has them from now on."""
        known, self._place.halves = self._place.halves, {letter_of(line): line for line in halves}
        fresh: list[Text] = []
        for line in halves:
            rest = _rest_of(line, known.get(letter_of(line), line[:0]))
            if rest is not None and (self._is_done or not self._left or timestamp_of(line) > self._latest):
                fresh.append(rest)
        return fresh

    def _unknown(self, lines: Sequence[Text]) -> Sequence[Text]:
        for index, line in enumerate(lines):
            stamp = timestamp_of(line)
            # What is later than all that the reader has is new, whatever was rotated away meanwhile.
            if stamp > self._latest or (stamp >= self._stamp and self._left == 0):
                self._is_done = True
                return lines[index:]
            if stamp >= self._stamp:
                self._left -= 1
        return lines[:0]

    def _completed(self, lines: Sequence[Text]) -> Sequence[Text]:
        """The first line of a stream whose half the reader has: only what it has not."""
        halves = self._place.halves
        completed = [_rest_of(line, halves.pop(letter_of(line), line[:0])) for line in lines]
        return [line for line in completed if line is not None]


class Rejoiner(Generic[Text]):
    """Leaves out what a reader has where the clock of a log was set back, so that no moment tells where it goes on.

    The stream is the whole log; `recent` are the last lines of the reader, at least one of which is in it. What stands
    before them is known, and what follows them is not.
    """

    def __init__(self, recent: Sequence[Text]) -> None:
        self._left: Counter[Text] = Counter(recent)
        self._has_met = self._is_done = False
        self.counted: Sequence[Text] = ()

    def new(self, lines: Sequence[Text]) -> Sequence[Text]:
        """What of the next lines the reader has not."""
        self.counted = lines if self._is_done else self._unknown(lines)
        return self.counted

    def last(self, halves: Sequence[Text]) -> Sequence[Text]:
        """The same for the beginnings of lines that a stream left at its end."""
        return halves if self._is_done else ()

    def _unknown(self, lines: Sequence[Text]) -> Sequence[Text]:
        for index, line in enumerate(lines):
            if self._left[line]:
                self._left[line] -= 1
                self._has_met = True
            elif self._has_met:
                self._is_done = True
                return lines[index:]
        return lines[:0]


def _rest_of(line: Text, half: Text) -> Text | None:
    """What of a line goes on after its beginning, as a line; None for nothing. One that does not begin so is whole."""
    if not half or not line.startswith(half):
        return line
    if len(line) == len(half):
        return None
    return line[:1].upper() + line[1 : STAMP_LENGTH + 2] + line[len(half) :]


def letter_of(line: Text) -> Text:
    """The small letter of a line's stream."""
    return line[:1].lower()


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
