"""What concerns every page of a person: the running jobs in the top bar, the menu's counts of the host they look at."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, Final

from channels.db import database_sync_to_async
from django.template.loader import render_to_string

from webui.live.consumers.base import LiveConsumer
from webui.live.feeds import Message
from webui.live.hostfeed import HostFeed
from webui.live.picture import KINDS, Picture
from webui.live.pictures import host_feed, last_picture
from webui.live.rights import rights_of
from webui.pages.shell import running_jobs_of

# The group that hears that jobs began or ended; whoever runs jobs sends {"type": "jobs.changed"} to it.
JOBS_GROUP: Final = "jobs"
_PAUSE_S: Final = 0.5
# Who may see the lists may see how long they are.
_COUNTED: Final = "container.list"


class NoticesConsumer(LiveConsumer):
    """/ws/notices/: open on every page of somebody who is signed in; with ?again for one whose line was lost."""

    needs: ClassVar[str] = LiveConsumer.SIGNED_IN

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._news = asyncio.Event()
        self._feed: HostFeed | None = None

    async def watch(self) -> None:
        if self.channel_layer is not None:
            await self.channel_layer.group_add(JOBS_GROUP, self.channel_name)
        await self._send_jobs()
        self._stop_listening = await self._listen()
        if self.scope["query_string"] == b"again":
            # The page counts what it had; what changed since nobody told it.
            self._news.set()
        try:
            await self._follow_counts()
        finally:
            self._stop_listening()

    async def disconnect(self, code: int) -> None:
        if self.channel_layer is not None:
            await self.channel_layer.group_discard(JOBS_GROUP, self.channel_name)
        await super().disconnect(code)

    async def rights_changed(self, event: dict[str, Any]) -> None:
        """The host that is counted may no longer be theirs to see."""
        await super().rights_changed(event)
        if hasattr(self, "_stop_listening"):
            self._stop_listening()
            self._stop_listening = await self._listen()
            self._news.set()

    async def owners_changed(self, event: dict[str, Any]) -> None:
        await super().owners_changed(event)
        self._news.set()

    async def jobs_changed(self, _event: dict[str, Any]) -> None:
        await self._send_jobs()
        if self._feed is not None:
            # Podman tells of a pull when it begins, and not when the image is there.
            self._feed.look_again("images")

    async def _send_jobs(self) -> None:
        content = await database_sync_to_async(_jobs_chip)(self.scope["user"])
        await self.send_json(Message(target="#jobs-chip", swap="outerHTML", content=content))

    async def _listen(self) -> Callable[[], None]:
        self._picture: Callable[[], Picture] | None = None
        self._feed = None
        slug = await database_sync_to_async(self.scope["session"].get)("host")
        rights = await database_sync_to_async(rights_of)(self.scope["user"], slug, _COUNTED) if slug else None
        if rights is None or rights.host is None:
            return lambda: None
        feed = self._feed = await asyncio.to_thread(host_feed, rights.host)
        host = rights.host
        self._picture = lambda: last_picture(host, self.actor)
        loop = asyncio.get_running_loop()

        def listener(_kind: str, _ids: frozenset[str]) -> None:
            loop.call_soon_threadsafe(self._news.set)

        return feed.listen(listener)

    async def _follow_counts(self) -> None:
        shown: dict[str, int] = {}
        while True:
            await self._news.wait()
            self._news.clear()
            picture = await database_sync_to_async(self._picture)() if self._picture else None
            counts = {kind: len(picture.of(kind)) for kind in KINDS} if picture else {}
            for kind, count in counts.items():
                if shown.get(kind) != count:
                    await self.send_json(Message(target=f"#nav-count-{kind}", swap="innerHTML", content=str(count)))
            shown = counts
            await asyncio.sleep(_PAUSE_S)


def _jobs_chip(user: Any) -> str:
    return render_to_string("pages/_jobs_chip.html", {"running": running_jobs_of(user)})
