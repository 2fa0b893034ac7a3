"""The log of one container as frames of lines: one upstream for all viewers, batched, the last lines kept to replay."""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson

from webui import gate
from webui.live.follow import Hopeless, Inspection, follow_container
from webui.live.hub import Channel, Frame, hub
from webui.live.lines import LineCutter
from webui.live.log_drivers import is_unfollowable, is_unreadable, unreadable
from webui.live.pictures import picture_if_any
from webui.live.tails import LastLines, can_tail, since_before_tail
from webui.live.upstream import Upstream
from webui.log_lines import Place, Skipper

if TYPE_CHECKING:
    from webui.hosts.models import Host

# A frame at most this often: seven a second are plenty for eyes, and keep the page's main thread free.
FRAME_S: Final = 0.15
LINGER_S: Final = 30.0
RING_LINES: Final = 10_000
RING_CHARACTERS: Final = 8 << 20
_FRAME_LINES: Final = 4_000
_FRAME_CHARACTERS: Final = 512 * 1024

# How much of the past a viewer may ask for; a viewer who asks for more than another has an upstream of their own.
TAILS: Final = ("200", "2000", "10000")
# How often what is not followed is looked at.
_LOOK_S: Final = 1.0
# The most that "since ..." begins with: more would only push itself out of the ring of the page.
_MOST_SINCE: Final = "50000"


class LogSource:
    """The state of one shared log: lines that wait for the next frame, and those kept for who comes later.

    `start` is the part of Docker's query that says where the first reading begins. Lines have numbers in a frame ("n"
    is that of the first), within this `run` of the source: a viewer that comes back knows what it has, and what is
    missing.
    """

    def __init__(self, host: "Host", container_id: str, start: dict[str, str]) -> None:
        self._host, self._id, self._start = host, container_id, start
        self.run = secrets.token_hex(4)
        self._ring: deque[str] = deque()
        self._ring_characters = 0
        self._pending: list[str] = []
        self._pending_characters = 0
        self._next = 0
        self._flush_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._state: dict[str, Any] | None = None
        self._place: Place[str] = Place("")
        self._has_looked = False
        self._channel: Channel | None = None

    async def produce(self, channel: Channel) -> None:
        self._channel = channel
        try:
            await follow_container(self._host, self._id, self._once, tell=self._tell)
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def replay(self) -> list[Frame]:
        # Those that wait are in the ring too, and come with the next frame.
        kept = len(self._ring) - len(self._pending)
        lines = list(self._ring)[: max(0, kept)]
        first = self._next - len(lines)
        frames = [self._frame(portion, first + at, is_replay=True) for at, portion in _portions(lines)]
        return [*frames, Frame(orjson.dumps(self._state))] if self._state else frames

    async def _once(self, upstream: Upstream, inspection: Inspection) -> None:
        try:
            if not self._has_looked and "tail" in self._start and not await _can_tail(upstream, inspection):
                await self._look_back(upstream, inspection)
            try:
                await self._read(upstream, inspection, {"follow": "1", **self._beginning()})
            except gate.HostRefused as error:
                if not is_unfollowable(error):
                    raise
                await self._look_again_and_again(upstream)
        except gate.HostRefused as error:
            raise Hopeless(unreadable(inspection, error)) if is_unreadable(error) else error from None

    def _beginning(self) -> dict[str, str]:
        """The part of a query that says where the next reading begins."""
        since = self._place.since()
        # Who has looked at a log before its first line wants all of them.
        return {"since": since} if since else ({} if self._has_looked else self._start)

    async def _look_again_and_again(self, upstream: Upstream) -> None:
        """Read what is new as long as the container runs: of an engine that does not follow this log."""
        is_running = True
        while is_running:
            # First whether it runs: what is read after its end is all of it.
            inspection = await upstream.get(f"/containers/{self._id}/json")
            is_running = bool(inspection["State"]["Running"])
            await self._read(upstream, inspection, self._beginning())
            if is_running:
                await asyncio.sleep(_LOOK_S)

    async def _look_back(self, upstream: Upstream, inspection: Inspection) -> None:
        """Read the log up to now, from where its last lines begin, and show those."""
        asked = {name: value for name, value in self._start.items() if name != "tail"}
        is_terminal = bool(inspection["Config"]["Tty"])
        since = await since_before_tail(upstream, self._id, self._start, is_terminal=is_terminal)
        if since and float(since) > float(asked.get("since", "0")):
            asked["since"] = since
        last = LastLines(int(self._start["tail"]), RING_CHARACTERS)
        try:
            await self._read(upstream, inspection, asked, last.add)
        finally:
            # What was passed is not read again, even where this broke off.
            self._add(list(last.lines))

    async def _read(
        self, upstream: Upstream, inspection: Inspection, asked: dict[str, str],
        take: Callable[[Sequence[str]], None] | None = None,
    ) -> None:  # fmt: skip
        """Give `take` what is new (this log itself, without it), to the end of the stream."""
        take = take or self._add
        is_terminal = bool(inspection["Config"]["Tty"])
        cutter, skipper = LineCutter(is_terminal=is_terminal), Skipper(self._place)
        path, query = f"/containers/{self._id}/logs", {"stdout": "1", "stderr": "1", "timestamps": "1", **asked}
        async with upstream.stream(path, query=query, as_sent=is_terminal) as chunks:
            self._has_looked = True
            async for chunk in chunks:
                lines = skipper.new(cutter.feed(chunk))
                self._place.passed(skipper.counted, cutter.reread_from.decode())
                take(lines)
        take(skipper.last(cutter.last()))

    def _add(self, lines: Sequence[str]) -> None:
        if not lines:
            return
        characters = sum(map(len, lines))
        self._keep(lines, characters)
        self._pending += lines
        self._pending_characters += characters
        loop = asyncio.get_running_loop()
        if loop.time() >= self._flush_at or self._pending_characters > _FRAME_CHARACTERS:
            self._flush()
        elif self._timer is None:
            self._timer = loop.call_at(self._flush_at, self._flush)

    def _keep(self, lines: Sequence[str], characters: int) -> None:
        self._ring.extend(lines)
        self._ring_characters += characters
        while len(self._ring) > RING_LINES or self._ring_characters > RING_CHARACTERS:
            self._ring_characters -= len(self._ring.popleft())

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._pending, self._pending_characters = self._pending, [], 0
        if not lines or self._channel is None:
            return
        self._flush_at = asyncio.get_running_loop().time() + FRAME_S
        for at, portion in _portions(lines):
            self._channel.send(self._frame(portion, self._next + at, is_replay=False))
        self._next += len(lines)

    def _frame(self, lines: list[str], first: int, *, is_replay: bool) -> Frame:
        body = {"t": "lines", "run": self.run, "n": first, "lines": lines} | ({"replay": True} if is_replay else {})
        return Frame(orjson.dumps(body), count=0 if is_replay else len(lines))

    def _tell(self, message: dict[str, Any]) -> None:
        self._flush()
        if message != self._state and self._channel is not None:
            self._state = message
            self._channel.send(Frame(orjson.dumps(message)))


async def _can_tail(upstream: Upstream, inspection: Inspection) -> bool:
    picture = picture_if_any(upstream.host)
    return can_tail((picture and picture.version) or await upstream.get("/version"), inspection)


def _portions(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """(place, lines) cut so that no frame is large, however long its lines are."""
    first = characters = 0
    for at, line in enumerate(lines):
        if at > first and (at - first >= _FRAME_LINES or characters + len(line) > _FRAME_CHARACTERS):
            yield first, lines[first:at]
            first, characters = at, 0
        characters += len(line)
    if first < len(lines):
        yield first, lines[first:]


def log_channel(host: "Host", container_id: str, tail: str) -> Channel:
    """The shared channel of a container's log. `tail` is one of TAILS."""
    return _channel(host, container_id, {"tail": tail})


def log_channel_since(host: "Host", container_id: str, since: str) -> Channel:
    """The same from a moment on (Docker's `since`), as far back as a page can hold."""
    return _channel(host, container_id, {"since": since, "tail": _MOST_SINCE})


def log_channel_again(host: "Host", container_id: str, run: str, after: str) -> Channel:
    """For who lost the connection to a run of a log: that run if it is still there, else what is `after` a moment."""
    known = hub().of_run(("logs", host.slug, container_id), run)
    return known or log_channel_since(host, container_id, after)


def _channel(host: "Host", container_id: str, start: dict[str, str]) -> Channel:
    def make() -> Channel:
        source = LogSource(host, container_id, start)
        channel = Channel(source.produce, replay=source.replay, linger_s=LINGER_S)
        channel.run = source.run
        return channel

    return hub().channel(("logs", host.slug, container_id, *start.items()), make)
