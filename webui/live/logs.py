"""The log of one container as frames of lines: one upstream for all viewers, batched, the last lines kept to replay."""

import asyncio
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import orjson

from webui.live.follow import Inspection, follow_container
from webui.live.hub import Channel, Frame, hub
from webui.live.lines import LineCutter, timestamp_of
from webui.live.upstream import Upstream

if TYPE_CHECKING:
    from webui.hosts.models import Host

# A frame at most this often: twenty a second are plenty for eyes, and keep the page's main thread free.
FRAME_S: Final = 0.05
LINGER_S: Final = 30.0
RING_LINES: Final = 10_000
_FRAME_LINES: Final = 2_000

# How much of the past a viewer may ask for; a viewer who asks for more than another has an upstream of their own.
TAILS: Final = ("200", "2000", "10000")


class LogSource:
    """The state of one shared log: lines that wait for the next frame, and those kept for who comes later."""

    def __init__(self, host: "Host", container_id: str, tail: str) -> None:
        self._host, self._id, self._tail = host, container_id, tail
        self._ring: deque[str] = deque(maxlen=RING_LINES)
        self._pending: list[str] = []
        self._flush_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._state: dict[str, Any] | None = None
        self._last_stamp = ""
        self._channel: Channel | None = None

    async def produce(self, channel: Channel) -> None:
        self._channel = channel
        try:
            await follow_container(self._host, self._id, self._once, tell=self._tell)
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def replay(self) -> list[Frame]:
        frames = [_lines_frame(lines, is_replay=True) for lines in _portions(self._ring)]
        return [*frames, Frame(orjson.dumps(self._state))] if self._state else frames

    async def _once(self, upstream: Upstream, inspection: Inspection) -> None:
        cutter = LineCutter(is_terminal=bool(inspection["Config"]["Tty"]))
        query = {"follow": "1", "stdout": "1", "stderr": "1", "timestamps": "1"}
        last = self._last_stamp
        query |= {"since": _since(last)} if last else {"tail": self._tail}
        async with upstream.stream(f"/containers/{self._id}/logs", query=query) as chunks:
            async for chunk in chunks:
                lines = cutter.feed(chunk)
                if last:
                    # `since` includes its own moment, and some engines only look at whole seconds.
                    new = [line for line in lines if timestamp_of(line) > last]
                    last, lines = (last if not new else ""), new
                self._add(lines)
        self._add(cutter.last())

    def _add(self, lines: list[str]) -> None:
        if not lines:
            return
        self._ring.extend(lines)
        self._pending += lines
        loop = asyncio.get_running_loop()
        if loop.time() >= self._flush_at:
            self._flush()
        elif self._timer is None:
            self._timer = loop.call_at(self._flush_at, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._pending = self._pending, []
        if not lines or self._channel is None:
            return
        self._last_stamp = timestamp_of(lines[-1]) or self._last_stamp
        self._flush_at = asyncio.get_running_loop().time() + FRAME_S
        for portion in _portions(lines):
            self._channel.send(_lines_frame(portion))

    def _tell(self, message: dict[str, Any]) -> None:
        self._flush()
        if message != self._state and self._channel is not None:
            self._state = message
            self._channel.send(Frame(orjson.dumps(message)))


def _lines_frame(lines: list[str], *, is_replay: bool = False) -> Frame:
    body = {"t": "lines", "lines": lines} | ({"replay": True} if is_replay else {})
    return Frame(orjson.dumps(body), count=0 if is_replay else len(lines))


def _portions(lines: "deque[str] | list[str]") -> Iterator[list[str]]:
    walk = iter(lines)
    while portion := list(islice(walk, _FRAME_LINES)):
        yield portion


def _since(stamp: str) -> str:
    """Docker's `since` for a timestamp: seconds and nanoseconds since the epoch (API 1.41, ContainerLogs)."""
    from datetime import UTC, datetime

    whole = datetime.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    return f"{int(whole.timestamp())}.{stamp[20:-1] or '0'}"


def log_channel(host: "Host", container_id: str, tail: str) -> Channel:
    """The shared channel of a container's log. `tail` is one of TAILS."""

    def make() -> Channel:
        source = LogSource(host, container_id, tail)
        return Channel(source.produce, replay=source.replay, linger_s=LINGER_S)

    return hub().channel(("logs", host.slug, container_id, tail), make)
