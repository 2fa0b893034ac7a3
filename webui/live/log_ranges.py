"""A part of a log that has ended: read once, for one viewer, at that viewer's pace and never beyond a bound.

Unlike the live log nothing is shared and nothing is skipped: who reads slowly makes the host wait.
"""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from webui import gate
from webui.live.follow import Inspection
from webui.live.lines import LineCutter
from webui.live.log_drivers import is_unreadable, unreadable
from webui.live.tails import LastLines
from webui.live.upstream import Upstream
from webui.log_lines import seconds_before, since_of, timestamp_of

if TYPE_CHECKING:
    from webui.hosts.models import Host

MOST_LINES: Final = 20_000
MOST_CHARACTERS: Final = 16 << 20
_BEFORE_LINES: Final = 500
# What one step back into the past brings.
_EARLIER_LINES: Final = 2_000
# More of one moment than a page holds can it not have.
_MOST_HELD: Final = 100_000
# How far to look back for the lines before a moment: a busy log has enough in seconds, a quiet one in a day.
_LOOKS_BACK_S: Final = (5, 600, 86_400)
# The same where nothing may be left out: what is further back is asked for without a beginning.
_LOOKS_FURTHER_S: Final = (5, 120, 3_600, 86_400)
_ENOUGH_BEFORE: Final = 100
_PORTION_LINES: Final = 1_000
_PORTION_CHARACTERS: Final = 512 * 1024


@dataclass(frozen=True, slots=True)
class LogRange:
    """What is wanted, as Docker's timestamps: all from `since` to `until`, the lines around `at`, or the last `before`.

    Of the very moment `before`, whoever asks has the last `held` lines.
    """

    since: str = ""
    until: str = ""
    at: str = ""
    before: str = ""
    held: int = 0

    def query(self) -> dict[str, str]:
        """Docker's query for it."""
        since = self.at or self.since
        query = {"since": since_of(since)} if since else {}
        return query | ({"until": since_of(self.until)} if self.until else {})


async def range_messages(host: "Host", container_id: str, wanted: LogRange) -> AsyncIterator[dict[str, Any]]:
    """Messages of lines as a live log sends them, then {"t": "end", "more": whether the bound ended it}.

    `before`: "more" says whether there are lines that are older still. Raises one of UPSTREAM_ERRORS.
    """
    upstream = Upstream(host)
    inspection = await upstream.get(f"/containers/{container_id}/json")
    try:
        async for message in _messages(upstream, container_id, inspection, wanted):
            yield message
    except gate.HostRefused as error:
        if not is_unreadable(error):
            raise
        yield unreadable(inspection, error)


async def _messages(
    upstream: Upstream, container_id: str, inspection: Inspection, wanted: LogRange
) -> AsyncIterator[dict[str, Any]]:
    is_terminal = bool(inspection["Config"]["Tty"])
    read = _Reader(upstream, container_id, is_terminal=is_terminal)
    number = characters = 0
    if wanted.before:
        lines, is_all = await _earlier(read, wanted.before, min(wanted.held, _MOST_HELD))
        for portion in _portions(lines):
            yield _message(portion, number)
            number += len(portion)
        yield {"t": "end", "more": not is_all}
        return
    if wanted.at:
        for portion in _portions(await _before(read, wanted.at)):
            yield _message(portion, number)
            number += len(portion)
    async for lines in read.lines(wanted.query()):
        for portion in _portions(lines):
            yield _message(portion, number)
            number += len(portion)
            characters += sum(map(len, portion))
        if number >= MOST_LINES or characters >= MOST_CHARACTERS:
            yield {"t": "end", "more": True}
            return
    yield {"t": "end", "more": False}


@dataclass(frozen=True, slots=True)
class _Reader:
    upstream: Upstream
    container_id: str
    is_terminal: bool

    async def lines(self, query: dict[str, str]) -> AsyncIterator[list[str]]:
        cutter = LineCutter(is_terminal=self.is_terminal)
        full = {"stdout": "1", "stderr": "1", "timestamps": "1", **query}
        path = f"/containers/{self.container_id}/logs"
        async with self.upstream.stream(path, query=full, as_sent=self.is_terminal) as chunks:
            async for chunk in chunks:
                yield cutter.feed(chunk)
        yield cutter.last()


async def _before(read: _Reader, at: str) -> list[str]:
    """The last lines before a moment."""
    whole, _, rest = since_of(at).partition(".")
    found: deque[str] = deque(maxlen=_BEFORE_LINES)
    for seconds in _LOOKS_BACK_S:
        found.clear()
        async for lines in read.lines({"since": f"{max(0, int(whole) - seconds)}.{rest}", "until": f"{whole}.{rest}"}):
            found.extend(line for line in lines if timestamp_of(line) < at)
        if len(found) >= _ENOUGH_BEFORE:
            break
    return list(found)


async def _earlier(read: _Reader, before: str, held: int) -> tuple[list[str], bool]:
    """The last lines before a moment, without the last `held` of that moment; and whether the log begins with them.

    Looked for in stretches that grow: nobody reads a long log from its beginning for a screenful. Each goes up to the
    end, and none is put before another: a line in pieces that began before one would be in both.
    """
    last = LastLines(0, 0)
    for seconds in (*_LOOKS_FURTHER_S, None):
        lower = "" if seconds is None else seconds_before(before, seconds)
        # A second more: some engines only look at whole ones.
        query = {"until": since_of(seconds_before(before, -1))}
        query |= {"since": since_of(lower)} if lower else {}
        last, of_moment = LastLines(_EARLIER_LINES + held, MOST_CHARACTERS), 0
        async for lines in read.lines(query):
            wanted = [line for line in lines if lower <= timestamp_of(line) <= before]
            of_moment += sum(timestamp_of(line) == before for line in wanted)
            last.add(wanted)
        if last.has_dropped and timestamp_of(last.lines[0]) == before:
            # What whoever asks has fills the bounds alone: a long line, of which all pieces have one moment.
            last = await _last_without(read, query, before, of_moment - held)
            return list(last.lines), not last.has_dropped and seconds is None
        if last.has_dropped:
            break
    return _without(list(last.lines), before, held), not last.has_dropped


async def _last_without(read: _Reader, query: dict[str, str], before: str, count: int) -> LastLines:
    """The last lines before a moment, and the first `count` of that moment itself."""
    last, left = LastLines(_EARLIER_LINES, MOST_CHARACTERS), count
    async for lines in read.lines(query):
        for line in lines:
            stamp = timestamp_of(line)
            if stamp < before or (stamp == before and left > 0):
                left -= stamp == before
                last.add([line])
    return last


def _without(lines: list[str], moment: str, held: int) -> list[str]:
    """The lines without the last `held` of this moment at the end."""
    end = len(lines)
    while held and end and timestamp_of(lines[end - 1]) == moment:
        end, held = end - 1, held - 1
    return lines[:end]


def _portions(lines: list[str]) -> list[list[str]]:
    portions: list[list[str]] = []
    size = _PORTION_CHARACTERS
    for line in lines:
        if not portions or len(portions[-1]) >= _PORTION_LINES or size + len(line) > _PORTION_CHARACTERS:
            portions.append([])
            size = 0
        portions[-1].append(line)
        size += len(line)
    return portions


def _message(lines: list[str], first: int) -> dict[str, Any]:
    return {"t": "lines", "run": "range", "n": first, "lines": lines}
