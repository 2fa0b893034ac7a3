"""A list over all hosts, live: changes on any host that its reader may see, at most ten times a second."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, Final

from channels.db import database_sync_to_async
from django.http import QueryDict

from webui.live.consumers.base import GONE, LiveConsumer
from webui.live.feeds import Message, everywhere_of
from webui.live.pictures import host_feed

_PAUSE_S: Final = 0.1
# Hosts that were connected or removed meanwhile.
_LOOK_AGAIN_S: Final = 15.0


class EverywhereConsumer(LiveConsumer):
    """/ws/lists/<kind>/?<the page's query>. What is shown of which host, the list decides by its reader's rights."""

    needs: ClassVar[str] = LiveConsumer.SIGNED_IN

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._news = asyncio.Event()

    async def watch(self) -> None:
        make = everywhere_of(self.scope["url_route"]["kwargs"]["kind"])
        if make is None:
            await self.close(GONE)
            return
        self._followed: dict[str, Callable[[], None]] = {}
        params = {key: str(value) for key, value in QueryDict(self.scope["query_string"]).dict().items()}
        memory: dict[str, Any] = {}
        try:
            while True:
                await database_sync_to_async(self._follow)(asyncio.get_running_loop())
                messages: list[Message] = await database_sync_to_async(
                    lambda: list(make(self.actor, self.scope["user"], params, memory))
                )()
                for message in messages:
                    await self.send_json(message)
                await asyncio.sleep(_PAUSE_S)
                await self._wait()
        finally:
            for stop in self._followed.values():
                stop()

    async def owners_changed(self, event: dict[str, Any]) -> None:
        await super().owners_changed(event)
        self._news.set()

    async def rights_changed(self, event: dict[str, Any]) -> None:
        await super().rights_changed(event)
        self._news.set()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A list has nothing to hear."""

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
