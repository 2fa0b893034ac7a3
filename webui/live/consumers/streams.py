"""Logs and stats: one shared upstream, frames at the speed of this browser, and what it lost is counted.

The browser says after each frame that it has taken it ({"ack": n}); with too many on the way the socket waits, and the
viewer's bounded queue drops the oldest lines instead of filling this process's memory.
"""

import asyncio
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs

import orjson

from webui.live.consumers.base import FAILED, PONG, LiveConsumer
from webui.live.figures import figures_channel
from webui.live.hub import Channel
from webui.live.log_ranges import LogRange, range_messages
from webui.live.logs import TAILS, log_channel, log_channel_again, log_channel_since
from webui.live.pictures import picture_if_any
from webui.live.seen import only_seen, seen_by
from webui.live.stats import stats_channel
from webui.live.upstream import UPSTREAM_ERRORS, words_of
from webui.log_lines import moment_in, since_of

# Frames on the way to one browser. At twenty a second this is a round trip of half a second at full speed.
_MOST_UNTAKEN: Final = 10


class SharedStreamConsumer(LiveConsumer):
    """A viewer of a hub channel."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._untaken = 0
        self._taken = asyncio.Event()

    def channel(self) -> Channel:
        raise NotImplementedError

    @property
    def container_id(self) -> str:
        return str(self.scope["url_route"]["kwargs"]["id"])

    async def watch(self) -> None:
        async with self.channel().subscribed() as subscription:
            while True:
                frame, skipped = await subscription.get()
                if skipped:
                    await self.send_json({"t": "skipped", "count": skipped})
                await self.send_taken(self.shown(frame.data).decode())

    def shown(self, data: bytes) -> bytes:
        """What of a frame is for this viewer's eyes."""
        return data

    async def send_taken(self, text: str) -> None:
        """Send a frame, and wait while too many are on the way."""
        self._untaken += 1
        await self.send(text_data=text)
        while self._untaken >= _MOST_UNTAKEN:
            self._taken.clear()
            await self._taken.wait()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        message: Any = orjson.loads(text_data or "{}")
        if isinstance(message, dict) and "ping" in message:
            await self.send_json(PONG)
        elif isinstance(message, dict) and isinstance(message.get("ack"), int):
            self._untaken = max(0, self._untaken - message["ack"])
            self._taken.set()


class LogsConsumer(SharedStreamConsumer):
    """The log of a container: `tail` or `since` and live from there, or a part of it that ends.

    Who comes back says which `run` of it was read, and `after` which moment it is wanted if that run is over.

    Parts are those `until` a moment, those around one (`at`), and the last ones `before` one, of which the page has
    `held`.
    """

    needs: ClassVar[str] = "container.logs"

    async def watch(self) -> None:
        asked = self._asked()
        if asked.at or asked.until or asked.before:
            await self._send_part(asked)
        else:
            await super().watch()

    async def _send_part(self, asked: LogRange) -> None:
        try:
            async for message in range_messages(self.host, self.container_id, asked):
                await self.send_taken(orjson.dumps(message).decode())
        except UPSTREAM_ERRORS as error:
            if getattr(error, "status", None) == 404:
                await self.send_json({"t": "state", "state": "gone"})
            else:
                await self.send_json({"t": "state", "state": "cut", "error": words_of(error)})
                # Whoever still wants it asks again, with pauses, and has what came so far.
                await self.close(FAILED)
        # Closing would only make the browser ask for the same again.
        await asyncio.Event().wait()

    def channel(self) -> Channel:
        after, since = moment_in(self._parameter("after")), self._asked().since
        if after:
            return log_channel_again(self.host, self.container_id, self._parameter("run"), since_of(after))
        if since:
            return log_channel_since(self.host, self.container_id, since_of(since))
        asked = self._parameter("tail")
        return log_channel(self.host, self.container_id, asked if asked in TAILS else TAILS[1])

    def _asked(self) -> LogRange:
        since, until, at, before = (moment_in(self._parameter(name)) for name in ("since", "until", "at", "before"))
        held = self._parameter("held")
        return LogRange(since, until, at, before, int(held[:8]) if held.isdecimal() else 0)

    def _parameter(self, name: str) -> str:
        return parse_qs(self.scope["query_string"].decode()).get(name, [""])[0]


class FiguresConsumer(SharedStreamConsumer):
    """/ws/h/<host>/figures/: CPU and memory of every running container, for the list."""

    needs: ClassVar[str] = "container.stats"

    def channel(self) -> Channel:
        return figures_channel(self.host)

    def shown(self, data: bytes) -> bytes:
        if self.actor.sight(self.host, self.needs).sees_all:
            return data
        picture = picture_if_any(self.host)
        frame = orjson.loads(data)
        # Of a host whose things this process does not know it cannot tell whose any is.
        seen = only_seen(frame["figures"], seen_by(self.actor, self.host, picture)) if picture else set()
        return orjson.dumps({**frame, "figures": {key: one for key, one in frame["figures"].items() if key in seen}})


class StatsConsumer(SharedStreamConsumer):
    needs: ClassVar[str] = "container.stats"

    def channel(self) -> Channel:
        return stats_channel(self.host, self.container_id)
