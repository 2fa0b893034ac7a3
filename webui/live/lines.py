"""Docker's log stream taken apart: the multiplexed frames (API 1.41, "Stream format") or raw bytes, into lines.

A line is its stream's letter, Docker's timestamp, a space and the text. What is longer than LONGEST_LINE goes on in
further lines with a capital letter and the same timestamp.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from webui.log_lines import STAMP, normal, timestamp_of

STDOUT: Final = b"o"
STDERR: Final = b"e"
_STREAMS: Final = {0: STDOUT, 1: STDOUT, 2: STDERR}
# A container that never ends a line must not fill the memory of everybody else.
LONGEST_LINE: Final = 64 * 1024
# A timestamp as engines write it, with its zone, and the space behind it.
_LONGEST_STAMP: Final = 40
# The first byte of a frame says whose it is, the next three say nothing.
_LAST_STREAM: Final = 3
_NOTHING: Final = b"\0\0\0"
# A frame is waited for up to here; a longer one is given in parts, as they come. Some engines put a whole line into
# one, however long it is.
_LONGEST_HELD: Final = LONGEST_LINE + _LONGEST_STAMP


class Demultiplexer:
    """Cuts a stream of 8-byte headers and payloads, whatever the chunks; a terminal's stream has no headers."""

    def __init__(self, *, is_terminal: bool) -> None:
        self._is_terminal = is_terminal
        self._rest = b""
        # What has to come of a frame that is given in parts, and whose it is.
        self._left, self._stream = 0, STDOUT

    def feed(self, chunk: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
        """(stream, payload, whether it goes on with the payload before).

        Raises ValueError for what is no such stream.
        """
        if self._is_terminal:
            yield STDOUT, chunk, False
            return
        data = self._rest + chunk if self._rest else chunk
        at, end = 0, len(data)
        if self._left:
            at = min(self._left, end)
            self._left -= at
            yield self._stream, data[:at], True
        while end - at >= 8:
            stream, length = _head(data, at)
            if end - at - 8 < length:
                if end - at - 8 < _LONGEST_HELD:
                    break
                self._stream, self._left = stream, length - (end - at - 8)
                yield stream, data[at + 8 :], False
                at = end
                break
            yield stream, data[at + 8 : at + 8 + length], False
            at += 8 + length
        self._rest = data[at:]


def _head(data: bytes, at: int) -> tuple[bytes, int]:
    """Whose frame begins there, and how long its payload is."""
    if data[at] > _LAST_STREAM or data[at + 1 : at + 4] != _NOTHING:
        raise ValueError("What the host sent is no log stream.")
    return _STREAMS.get(data[at], STDERR), int.from_bytes(data[at + 4 : at + 8], "big")


class LineCutter:
    """Joins payloads to lines, cuts those that are too long, and writes all timestamps alike."""

    def __init__(self, *, is_terminal: bool) -> None:
        self._demultiplexer = Demultiplexer(is_terminal=is_terminal)
        self._rests = {STDOUT: b"", STDERR: b""}
        # The timestamp of the line that a rest goes on with, once a part of it was given away.
        self._begun = {STDOUT: b"", STDERR: b""}
        # From the beginning of the earliest line in pieces to the moment of the latest piece: the lines that are tied
        # to one another.
        self._tie_from = self._tie_to = b""

    @property
    def reread_from(self) -> bytes:
        """The moment that the log has to be read from again by who wants what follows the last line; b"": its own.

        It is earlier where a line in several pieces has not ended, or ended in the very moment of the next ones: from
        there on, what is left of it would be taken for a line of its own.
        """
        return self._tie_from

    def feed(self, chunk: bytes) -> list[str]:
        return texts_of(self.feed_bytes(chunk))

    def last(self) -> list[str]:
        return texts_of(self.last_bytes())

    def feed_bytes(self, chunk: bytes) -> list[bytes]:
        lines: list[bytes] = []
        for stream, payload, goes_on in self._demultiplexer.feed(chunk):
            if not goes_on and self._is_whole(stream, payload):
                lines.append(stream + payload[:-1])
            else:
                self._join(lines, stream, payload, goes_on=goes_on)
            if self._tie_from and not goes_on:
                self._untie(payload)
        return lines

    def last_bytes(self) -> list[bytes]:
        """What stands after the last line feed, when the stream has ended."""
        lines: list[bytes] = []
        for stream, rest in self._rests.items():
            if rest:
                self._end(lines, stream, rest)
                self._rests[stream] = b""
        return lines

    def _is_whole(self, stream: bytes, payload: bytes) -> bool:
        """Nearly always: one payload is one line, as it must be."""
        return (
            payload[29:31] == b"Z "
            and payload.find(b"\n") == len(payload) - 1
            and not self._rests[stream]
            and not self._begun[stream]
            and len(payload) <= LONGEST_LINE
        )

    def _untie(self, payload: bytes) -> None:
        is_over = not any(self._rests.values()) and not any(self._begun.values())
        if is_over and _moment_of(payload) > self._tie_to:
            self._tie_from = self._tie_to = b""

    def _tie(self, stream: bytes, payload: bytes) -> None:
        """Remember the moments of a line in pieces, by its next one."""
        is_first = not self._rests[stream] and not self._begun[stream]
        if is_first and payload.endswith(b"\n"):
            return
        stamp = _moment_of(payload)
        self._tie_from = self._tie_from or stamp
        self._tie_to = max(self._tie_to, stamp)

    def _join(self, lines: list[bytes], stream: bytes, payload: bytes, *, goes_on: bool) -> None:
        if not goes_on:
            self._tie(stream, payload)
            if self._rests[stream] or self._begun[stream]:
                # Engines stamp each piece of a line anew: of a long one, and of what a terminal had before its end.
                piece = STAMP.match(payload)
                payload = payload[piece.end() :] if piece else payload
        *whole, rest = (self._rests[stream] + payload).split(b"\n")
        for line in whole:
            self._end(lines, stream, self._cut(lines, stream, line))
        self._rests[stream] = self._cut(lines, stream, rest)

    def _cut(self, lines: list[bytes], stream: bytes, line: bytes) -> bytes:
        """Give away all but the last part of a line that is too long; returns that."""
        while len(line) > LONGEST_LINE:
            end = _end_of_character(line, LONGEST_LINE)
            part, line = line[:end], line[end:]
            self._add(lines, stream, part)
            if not self._begun[stream]:
                self._begun[stream] = timestamp_of(lines[-1]) + b" "
        return line

    def _end(self, lines: list[bytes], stream: bytes, line: bytes) -> None:
        self._add(lines, stream, line)
        self._begun[stream] = b""

    def _add(self, lines: list[bytes], stream: bytes, part: bytes) -> None:
        begun = self._begun[stream]
        if begun:
            lines.append(stream.upper() + begun.lstrip() + part)
        else:
            lines.append(stream + (part if part[29:31] == b"Z " else normal(part)))


def _end_of_character(line: bytes, most: int) -> int:
    """At most `most`, and no character of UTF-8 is cut there."""
    for end in range(most, most - 4, -1):
        if line[end] & 0xC0 != 0x80:
            return end
    return most


def _moment_of(payload: bytes) -> bytes:
    """The timestamp that a payload begins with; b"" for none."""
    return timestamp_of(b"o" + normal(payload[:_LONGEST_STAMP]))


def texts_of(lines: Sequence[bytes]) -> list[str]:
    """Lines as text; bytes that are none become the replacement character."""
    return b"\n".join(lines).decode("utf-8", "replace").split("\n") if lines else []
