"""A list over all hosts, live: changes on any host that its reader may see, at most ten times a second."""

import asyncio
from typing import Any, ClassVar, Final

from channels.db import database_sync_to_async
from django.http import QueryDict

from webui.live.consumers.base import GONE, LiveConsumer
from webui.live.consumers.host_news import HostNews
from webui.live.feeds import ORDER, Message, everywhere_of, order_asked
from webui.roomy import roomy

_PAUSE_S: Final = 0.1


class EverywhereConsumer(LiveConsumer):
    """/ws/lists/<kind>/?<the page's query>. What is shown of which host, the list decides by its reader's rights."""

    needs: ClassVar[str] = LiveConsumer.SIGNED_IN

    _news: HostNews | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._memory: dict[str, Any] = {}

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if wanted := order_asked(text_data):
            self._memory[ORDER] = wanted
            self._ring()
        else:
            await super().receive(text_data, bytes_data)

    async def watch(self) -> None:
        make = everywhere_of(self.scope["url_route"]["kwargs"]["kind"])
        if make is None:
            await self.close(GONE)
            return
        params = {key: str(value) for key, value in QueryDict(self.scope["query_string"]).dict().items()}
        self._news = news = HostNews(lambda: self.scope["user"])
        try:
            while True:
                await news.follow()
                messages: list[Message] = await database_sync_to_async(
                    roomy(lambda: list(make(self.actor, self.scope["user"], params, self._memory)))
                )()
                for message in messages:
                    await self.send_json(message)
                await asyncio.sleep(_PAUSE_S)
                await news.wait()
        finally:
            news.stop()

    async def owners_changed(self, event: dict[str, Any]) -> None:
        await super().owners_changed(event)
        self._ring()

    async def rights_changed(self, event: dict[str, Any]) -> None:
        await super().rights_changed(event)
        self._ring()

    def _ring(self) -> None:
        if self._news is not None:
            self._news.ring()
