"""The k8s-file format that conmon writes, line by line. Pure.

`2026-11-24T02:55:11.123456789+00:00 stdout F text`: the time in the zone of this machine, the stream, F for a line that
ended with a newline and P for a piece that did not, then the text.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

_STDOUT, _STDERR = 1, 2
_MOMENT_BYTES = 29  # 2026-11-24T02:55:11.123456789
_TEXT_BEGINS = 45


_STREAMS = (b"stdout", b"stderr")


# A line, or a part of a long one: its stream (1 stdout, 2 stderr) and its bytes. No class: there are millions of them.
LogPiece = tuple[int, bytes]
# What stands between the moment and the text of a line in UTC, newline and all: its stream, and how much of the newline
# behind it belongs to the output.
_USUAL: Mapping[bytes, tuple[int, int | None]] = {
    b"+00:00 stdout F ": (_STDOUT, None),
    b"+00:00 stdout P ": (_STDOUT, -1),
    b"+00:00 stderr F ": (_STDERR, None),
    b"+00:00 stderr P ": (_STDERR, -1),
}
_UNWANTED = (0, 0)


class LogQuery(Struct, frozen=True):
    """What a reader wants. Times are unix nanoseconds, both inclusive; `tail` None means all lines."""

    stdout: bool = True
    stderr: bool = True
    since_ns: int = 0
    until_ns: int = 0
    tail: int | None = None
    follow: bool = False
    timestamps: bool = False
    prefix: bytes = b""

    @property
    def is_plain(self) -> bool:
        """Whether all lines of a stream go out, and nothing is added to them."""
        return not (self.since_ns or self.until_ns or self.timestamps or self.prefix)


# The streams whose line has had no end yet, and whether that line is wanted.
Unended = dict[int, bool]


def pieces(lines: Iterable[bytes], query: LogQuery, unended: Unended | None = None) -> list[LogPiece]:
    """Those lines, each with its newline, that the query wants, each by itself: clients that stream take a piece for a
    line.

    `unended` is what the lines before these left, and is brought up to date: a line has the moment of its first piece,
    which alone says when it was and whether all of it is wanted.
    """
    unended = {} if unended is None else unended
    # Who wants everything may still have begun within a line.
    is_plain = query.is_plain and False not in unended.values()
    return _plain(lines, query) if is_plain else _selected(lines, query, unended)


def _selected(lines: Iterable[bytes], query: LogQuery, unended: Unended) -> list[LogPiece]:
    select = _selection(query)
    found: list[LogPiece] = []
    for line in lines:
        moment, stream, is_full, text = _split(line.removesuffix(b"\n"))
        if stream == 0:
            continue
        goes_on = stream in unended
        is_wanted = unended[stream] if goes_on else select(moment, stream)
        if is_full:
            unended.pop(stream, None)
        else:
            unended[stream] = is_wanted
        if not is_wanted:
            continue
        payload = text + b"\n" if is_full else text
        if not goes_on and (query.timestamps or query.prefix):
            stamp = moment + b"Z " if query.timestamps else b""
            payload = stamp + query.prefix + payload
        found.append((stream, payload))
    return found


def _plain(lines: Iterable[bytes], query: LogQuery) -> list[LogPiece]:
    """Every line as it is: what most readers want, at half of the cost."""
    wanted = {_STDOUT: query.stdout, _STDERR: query.stderr}
    usual = {text: (stream, end) if wanted[stream] else _UNWANTED for text, (stream, end) in _USUAL.items()}.get
    found: list[LogPiece] = []
    for line in lines:
        kind = usual(line[_MOMENT_BYTES:_TEXT_BEGINS])
        if kind is None:
            found += _selected([line], query, {})
        elif kind is not _UNWANTED:
            stream, end = kind
            found.append((stream, line[_TEXT_BEGINS:end]))
    return found


def _selection(query: LogQuery) -> Callable[[bytes, int], bool]:
    since = moment_bytes(query.since_ns) if query.since_ns else b""
    until = moment_bytes(query.until_ns) if query.until_ns else b"\xff"
    wanted = {stream for stream, is_on in ((_STDOUT, query.stdout), (_STDERR, query.stderr)) if is_on}
    return lambda moment, stream: stream in wanted and since <= moment <= until


def _split(line: bytes) -> tuple[bytes, int, bool, bytes]:
    """Moment in UTC, stream, whether the newline belongs to it, text. Stream 0 for what is not a log line."""
    # The usual line, in UTC: every field at its place.
    if line[29:42] == b"+00:00 stdout":
        return line[:_MOMENT_BYTES], _STDOUT, line[43:44] == b"F", line[45:]
    if line[29:42] == b"+00:00 stderr":
        return line[:_MOMENT_BYTES], _STDERR, line[43:44] == b"F", line[45:]
    parts = line.split(b" ", 3)
    if len(parts) != 4 or parts[1] not in (b"stdout", b"stderr"):
        return b"", 0, False, b""
    return _to_utc(parts[0]), _STDOUT if parts[1] == b"stdout" else _STDERR, parts[2] == b"F", parts[3]


def _to_utc(stamp: bytes) -> bytes:
    """conmon writes local time with its offset; Python's datetime holds no nanoseconds, so they are carried over."""
    text = stamp.decode("ascii", errors="replace")
    try:
        whole = datetime.fromisoformat(text[:19] + text[_MOMENT_BYTES:]).astimezone(UTC)
    except ValueError:
        return b""
    return f"{whole:%Y-%m-%dT%H:%M:%S}{text[19:_MOMENT_BYTES]}".encode()


def moment_bytes(moment_ns: int) -> bytes:
    """Unix nanoseconds in the form of the file, without the zone, in UTC: they compare as bytes."""
    seconds, fraction = divmod(moment_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09d}".encode()


def is_after(lines: Sequence[bytes], query: LogQuery, unended: Unended) -> bool:
    """Whether these lines have passed the end of what is wanted: the log grows in the order of time."""
    return bool(query.until_ns) and not any(unended.values()) and moment_of(lines[-1]) > moment_bytes(query.until_ns)


def moment_of(line: bytes) -> bytes:
    """When a line of the file was written, in UTC, as `moment_bytes` has it; empty for what is no such line."""
    return _split(line)[0]


def ends_line(line: bytes) -> bool:
    """Whether the line is the last piece of a line of output."""
    return line[43:44] == b"F" if line[29:36] == b"+00:00 " else b" F " in line[:60]


def ends_of(lines: Iterable[bytes], moment_ns: int) -> bytes:
    """Entries, in the form of the file, that end the lines which these ones left without an end."""
    moment = moment_bytes(moment_ns)
    return b"".join(moment + b"+00:00 " + _STREAMS[stream - 1] + b" F \n" for stream in streams_without_end(lines))


def streams_without_end(lines: Iterable[bytes]) -> list[int]:
    """The streams whose last entry among these is a piece of a line that goes on."""
    last: dict[int, bool] = {}
    for line in lines:
        _, stream, is_full, _ = _split(line)
        if stream:
            last[stream] = is_full
    return [stream for stream, is_full in last.items() if not is_full]
