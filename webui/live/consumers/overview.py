"""The overview over all hosts, live: whatever changes on a host that this person may see, the page's parts follow."""

import asyncio
from typing import Any, ClassVar, Final

from channels.db import database_sync_to_async

from webui.live.consumers.base import LiveConsumer
from webui.live.consumers.host_news import HostNews
from webui.live.feeds import Message, overview_messages

_PAUSE_S: Final = 0.25


class OverviewConsumer(LiveConsumer):
    """/ws/overview/ on the overview, /ws/overview/?cards on the list of hosts, which has only the hosts' cards."""

    needs: ClassVar[str] = LiveConsumer.SIGNED_IN

    _news: HostNews | None = None

    async def watch(self) -> None:
        shown: dict[str, str] = {}
        self._news = news = HostNews(lambda: self.scope["user"])
        try:
            while True:
                await news.follow()
                messages = await self._messages()
                for message in messages:
                    if shown.get(message["target"]) != message["content"]:
                        await self.send_json(message)
                shown = {message["target"]: message["content"] for message in messages}
                await asyncio.sleep(_PAUSE_S)
                await news.wait()
        finally:
            news.stop()

    async def owners_changed(self, event: dict[str, Any]) -> None:
        await super().owners_changed(event)
        if self._news is not None:
            self._news.ring()

    async def _messages(self) -> list[Message]:
        messages: list[Message] = await database_sync_to_async(overview_messages)(self.scope["user"])
        if self.scope["query_string"] == b"cards":
            return [message for message in messages if message["target"].startswith("#host-")]
        return messages
