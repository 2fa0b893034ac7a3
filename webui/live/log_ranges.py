"""A part of a log that has ended: read once, for one viewer, at that viewer's pace and never beyond a bound.

Unlike the live log nothing is shared and nothing is skipped: who reads slowly makes the host wait.
"""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from webui.live.lines import LineCutter
from webui.live.upstream import Upstream
from webui.log_lines import since_of, timestamp_of

if TYPE_CHECKING:
    from webui.hosts.models import Host

MOST_LINES: Final = 20_000
MOST_CHARACTERS: Final = 16 << 20
_BEFORE_LINES: Final = 500
# How far to look back for the lines before a moment: a busy log has enough in seconds, a quiet one in a day.
_LOOKS_BACK_S: Final = (5, 600, 86_400)
_ENOUGH_BEFORE: Final = 100
_PORTION_LINES: Final = 1_000
_PORTION_CHARACTERS: Final = 512 * 1024


@dataclass(frozen=True, slots=True)
class LogRange:
    """What is wanted, as Docker's timestamps: all from `since` to `until`, or the lines around `at`."""

    since: str = ""
    until: str = ""
    at: str = ""

    def query(self) -> dict[str, str]:
        """Docker's query for it."""
        since = self.at or self.since
        query = {"since": since_of(since)} if since else {}
        return query | ({"until": since_of(self.until)} if self.until else {})


async def range_messages(host: "Host", container_id: str, wanted: LogRange) -> AsyncIterator[dict[str, Any]]:
    """Messages of lines as a live log sends them, then {"t": "end", "more": whether the bound ended it}.

    Raises one of UPSTREAM_ERRORS.
    """
    upstream = Upstream(host)
    is_terminal = bool((await upstream.get(f"/containers/{container_id}/json"))["Config"]["Tty"])
    read = _Reader(upstream, container_id, is_terminal=is_terminal)
    number = characters = 0
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
        async with self.upstream.stream(f"/containers/{self.container_id}/logs", query=full) as chunks:
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
