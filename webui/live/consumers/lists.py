"""A list that lives: changed ids of the host's picture become the feed's messages, at once and then at a pace.

What it takes to make them sets the pace: a flood of changes, or many who look at once, cost a part of one processor.
"""

import asyncio
from typing import Any, ClassVar, Final

from channels.db import database_sync_to_async
from django.http import QueryDict

from webui import gate
from webui.live.consumers.base import LiveConsumer
from webui.live.feeds import ORDER, ListFeed, Message, Viewer, feed_of, order_asked
from webui.live.pictures import host_feed
from webui.live.seen import seen_by
from webui.ownership import LEDGER
from webui.roomy import roomy

# The first change goes at once; what follows on its heels goes together, after as many times what the last messages
# took to make, the wait for the one thread that makes them included, but within these bounds.
_PAUSE_TIMES: Final = 3
_SHORTEST_PAUSE_S: Final = 0.01
_LONGEST_PAUSE_S: Final = 0.06


class ListConsumer(LiveConsumer):
    """/ws/h/<host>/lists/<kind>/?<the page's query>. What it needs is what the feed declares."""

    needs: ClassVar[str] = LiveConsumer.BY_ITS_FEED

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._news = asyncio.Event()
        self._memory: dict[str, Any] = {}

    def required(self) -> str:
        feed = self._feed()
        return feed.operation if feed else ""

    def _feed(self) -> ListFeed | None:
        return feed_of(self.scope["url_route"]["kwargs"]["kind"])

    async def watch(self) -> None:
        feed = self._feed()
        if feed is None:
            return
        source = await asyncio.to_thread(host_feed, self.host)
        loop, news = asyncio.get_running_loop(), self._news
        changed: set[str] = set()
        # What changed between the page and its socket: the feed compares.
        news.set()

        def note(ids: frozenset[str]) -> None:
            changed.update(ids)
            news.set()

        def listener(kind: str, ids: frozenset[str]) -> None:
            if not kind or kind in feed.watches:
                loop.call_soon_threadsafe(note, ids)

        stop = source.listen(listener)
        try:
            while True:
                await news.wait()
                news.clear()
                ids = frozenset(changed)
                changed.clear()
                began = loop.time()
                for message in await self._messages(feed, ids):
                    await self.send_json(message)
                pause_s = _PAUSE_TIMES * (loop.time() - began)
                await asyncio.sleep(min(max(_SHORTEST_PAUSE_S, pause_s), _LONGEST_PAUSE_S))
        finally:
            stop()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if wanted := order_asked(text_data):
            self._memory[ORDER] = wanted
            self._news.set()
        else:
            await super().receive(text_data, bytes_data)

    async def owners_changed(self, event: dict[str, Any]) -> None:
        await super().owners_changed(event)
        self._news.set()

    async def rights_changed(self, event: dict[str, Any]) -> None:
        await super().rights_changed(event)
        self._news.set()

    async def _messages(self, feed: ListFeed, changed: frozenset[str]) -> list[Message]:
        @roomy
        def made() -> list[Message]:
            viewer = Viewer(
                self.actor, self.host, lambda operation: gate.may(self.actor, self.host, operation), self._memory
            )
            params = QueryDict(self.scope["query_string"])
            LEDGER.refresh()
            picture = seen_by(self.actor, self.host, host_feed(self.host).picture)
            return list(feed.messages(picture=picture, viewer=viewer, params=params, changed=changed))

        messages: list[Message] = await database_sync_to_async(made)()
        return messages
