"""Docker's log stream taken apart: the multiplexed frames (API 1.41, "Stream format") or raw bytes, into lines."""

from collections.abc import Iterator
from typing import Final

STDOUT: Final = "o"
STDERR: Final = "e"
_STREAMS: Final = {0: STDOUT, 1: STDOUT, 2: STDERR}
# A container that never ends a line must not fill the memory of everybody else.
LONGEST_LINE: Final = 64 * 1024


class Demultiplexer:
    """Cuts a stream of 8-byte headers and payloads, whatever the chunks; a terminal's stream has no headers."""

    def __init__(self, *, is_terminal: bool) -> None:
        self._is_terminal = is_terminal
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[tuple[str, bytes]]:
        """(stream, payload) for each whole payload."""
        if self._is_terminal:
            yield STDOUT, chunk
            return
        data = self._rest + chunk if self._rest else chunk
        at, end = 0, len(data)
        while end - at >= 8:
            length = int.from_bytes(data[at + 4 : at + 8], "big")
            if end - at - 8 < length:
                break
            yield _STREAMS.get(data[at], STDERR), data[at + 8 : at + 8 + length]
            at += 8 + length
        self._rest = data[at:]


class LineCutter:
    """Joins payloads to lines. A line is its stream's letter followed by Docker's timestamp, a space and the text."""

    def __init__(self, *, is_terminal: bool) -> None:
        self._demultiplexer = Demultiplexer(is_terminal=is_terminal)
        self._rests = {STDOUT: b"", STDERR: b""}

    def feed(self, chunk: bytes) -> list[str]:
        lines: list[str] = []
        rests = self._rests
        for stream, payload in self._demultiplexer.feed(chunk):
            rest = rests[stream]
            if not rest and payload.endswith(b"\n") and payload.count(b"\n") == 1:
                # Nearly always: one payload is one line.
                lines.append(stream + payload[:-1].decode("utf-8", "replace"))
                continue
            *whole, rest = (rest + payload).split(b"\n")
            if len(rest) > LONGEST_LINE:
                whole, rest = [*whole, rest], b""
            rests[stream] = rest
            lines += [stream + line.decode("utf-8", "replace") for line in whole]
        return lines

    def last(self) -> list[str]:
        """What stands after the last line feed, when the stream has ended."""
        return [stream + rest.decode("utf-8", "replace") for stream, rest in self._rests.items() if rest]


def timestamp_of(line: str) -> str:
    """Docker's timestamp of a line, "" where it has none. Its digits are always nine, so that they sort as text."""
    stamp = line[1 : line.find(" ")] if " " in line else line[1:]
    return stamp if stamp[:2] == "20" and stamp[-1:] == "Z" else ""
