"""The overview over all hosts, live: whatever changes on a host that this person may see, the page's parts follow."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, Final

from channels.db import database_sync_to_async

from webui.live.consumers.base import LiveConsumer
from webui.live.feeds import Message, overview_messages
from webui.live.pictures import host_feed

_PAUSE_S: Final = 0.25
# Hosts that were connected or removed meanwhile.
_LOOK_AGAIN_S: Final = 15.0


class OverviewConsumer(LiveConsumer):
    """/ws/overview/ on the overview, /ws/overview/?cards on the list of hosts, which has only the hosts' cards."""

    needs: ClassVar[str] = LiveConsumer.SIGNED_IN

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._news = asyncio.Event()

    async def watch(self) -> None:
        self._followed: dict[str, Callable[[], None]] = {}
        shown: dict[str, str] = {}
        try:
            while True:
                await database_sync_to_async(self._follow)(asyncio.get_running_loop())
                messages = await self._messages()
                for message in messages:
                    if shown.get(message["target"]) != message["content"]:
                        await self.send_json(message)
                shown = {message["target"]: message["content"] for message in messages}
                await asyncio.sleep(_PAUSE_S)
                await self._wait()
        finally:
            for stop in self._followed.values():
                stop()

    async def owners_changed(self, event: dict[str, Any]) -> None:
        await super().owners_changed(event)
        self._news.set()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """The overview only tells."""

    async def _messages(self) -> list[Message]:
        messages: list[Message] = await database_sync_to_async(overview_messages)(self.scope["user"])
        if self.scope["query_string"] == b"cards":
            return [message for message in messages if message["target"].startswith("#host-")]
        return messages

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), _LOOK_AGAIN_S)
        except TimeoutError:
            return
        self._news.clear()

    def _follow(self, loop: asyncio.AbstractEventLoop) -> None:
        from webui.hosts import visible_hosts

        def listener(_kind: str, _ids: frozenset[str]) -> None:
            loop.call_soon_threadsafe(self._news.set)

        hosts = {host.slug: host for host in visible_hosts(self.scope["user"])}
        for slug in self._followed.keys() - hosts.keys():
            self._followed.pop(slug)()
        for slug in hosts.keys() - self._followed.keys():
            self._followed[slug] = host_feed(hosts[slug]).listen(listener)
