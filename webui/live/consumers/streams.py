"""Logs and stats: one shared upstream, frames at the speed of this browser, and what it lost is counted.

The browser says after each frame that it has taken it ({"ack": n}); with too many on the way the socket waits, and the
viewer's bounded queue drops the oldest lines instead of filling this process's memory.
"""

import asyncio
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs

import orjson

from webui.live.consumers.base import LiveConsumer
from webui.live.figures import figures_channel
from webui.live.hub import Channel
from webui.live.logs import TAILS, log_channel
from webui.live.stats import stats_channel

# Frames on the way to one browser. At twenty a second this is a round trip of half a second at full speed.
_MOST_UNTAKEN: Final = 10


class SharedStreamConsumer(LiveConsumer):
    """A viewer of a hub channel."""

    def channel(self) -> Channel:
        raise NotImplementedError

    @property
    def container_id(self) -> str:
        return str(self.scope["url_route"]["kwargs"]["id"])

    async def watch(self) -> None:
        self._untaken = 0
        self._taken = asyncio.Event()
        async with self.channel().subscribed() as subscription:
            while True:
                frame, skipped = await subscription.get()
                if skipped:
                    await self.send_json({"t": "skipped", "count": skipped})
                self._untaken += 1
                await self.send(text_data=frame.data.decode())
                while self._untaken >= _MOST_UNTAKEN:
                    self._taken.clear()
                    await self._taken.wait()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        message: Any = orjson.loads(text_data or "{}")
        if isinstance(message, dict) and isinstance(message.get("ack"), int):
            self._untaken = max(0, self._untaken - message["ack"])
            self._taken.set()


class LogsConsumer(SharedStreamConsumer):
    needs: ClassVar[str] = "container.logs"

    def channel(self) -> Channel:
        asked = parse_qs(self.scope["query_string"].decode()).get("tail", [TAILS[1]])[0]
        return log_channel(self.host, self.container_id, asked if asked in TAILS else TAILS[1])


class FiguresConsumer(SharedStreamConsumer):
    """/ws/h/<host>/figures/: CPU and memory of every running container, for the list."""

    needs: ClassVar[str] = "container.stats"

    def channel(self) -> Channel:
        return figures_channel(self.host)


class StatsConsumer(SharedStreamConsumer):
    needs: ClassVar[str] = "container.stats"

    def channel(self) -> Channel:
        return stats_channel(self.host, self.container_id)
