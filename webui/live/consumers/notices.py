"""What concerns every page of a person: running jobs in the top bar, how their host does and the counts in the menu."""

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Final

from channels.db import database_sync_to_async
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.html import escape, format_html

from webui.live.consumers.base import LiveConsumer
from webui.live.feeds import Message
from webui.live.hostfeed import HostFeed
from webui.live.pictures import host_feed, last_picture
from webui.live.rights import rights_of
from webui.live.shell import counted, host_state
from webui.pages import State
from webui.pages.shell import running_jobs_of, shown_token

if TYPE_CHECKING:
    from webui.hosts.models import Host

# The group that hears that jobs began or ended; whoever runs jobs sends {"type": "jobs.changed"} to it.
JOBS_GROUP: Final = "jobs"
_PAUSE_S: Final = 0.5
# Who may see the lists may see how long they are.
_COUNTED: Final = "container.list"
# What a menu shows: counts by kind, and the state of the host.
_Shown = tuple[dict[str, int], State]


class NoticesConsumer(LiveConsumer):
    """/ws/notices/: open on every page of somebody who is signed in.

    `?host=` is the host that its menu is about, `shown=` the token of what the menu shows of it (webui.pages.shell):
    another one, or none, is told everything.
    """

    needs: ClassVar[str] = LiveConsumer.SIGNED_IN

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._news = asyncio.Event()
        self._feed: HostFeed | None = None
        self._host: Host | None = None
        self._asked = QueryDict("")

    async def watch(self) -> None:
        self._asked = QueryDict(self.scope["query_string"])
        if self.channel_layer is not None:
            await self.channel_layer.group_add(JOBS_GROUP, self.channel_name)
        await self._send_jobs()
        self._stop_listening = await self._listen()
        try:
            await self._follow_host()
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
        self._host = self._feed = None
        slug = self._asked.get("host")
        rights = await database_sync_to_async(rights_of)(self.scope["user"], slug, _COUNTED) if slug else None
        if rights is None or rights.host is None:
            return lambda: None
        self._host = rights.host
        feed = self._feed = await asyncio.to_thread(host_feed, rights.host)
        loop = asyncio.get_running_loop()

        def listener(_kind: str, _ids: frozenset[str]) -> None:
            loop.call_soon_threadsafe(self._news.set)

        return feed.listen(listener)

    async def _follow_host(self) -> None:
        counts, state = await self._of_host()
        shown: _Shown = (counts, state) if shown_token(counts, state) == self._asked.get("shown") else ({}, State(""))
        while True:
            for message in _changes(shown, (counts, state)):
                await self.send_json(message)
            shown = counts, state
            await asyncio.sleep(_PAUSE_S)
            await self._news.wait()
            self._news.clear()
            counts, state = await self._of_host()

    async def _of_host(self) -> _Shown:
        host = self._host
        if host is None:
            return {}, State("")
        picture = await database_sync_to_async(last_picture)(host, self.actor)
        return counted(picture), host_state(host)


def _changes(shown: _Shown, now: _Shown) -> Iterator[Message]:
    """What a menu that shows the first is told, to show the second. What nobody knows any more stays as it was."""
    (old_counts, old_state), (counts, state) = shown, now
    for kind, count in counts.items():
        if old_counts.get(kind) != count:
            yield Message(target=f"#nav-count-{kind}", swap="innerHTML", content=str(count))
    if state != old_state and state.words:
        dot = format_html('<span class="dot {}" id="host-dot"></span>', state.tone)
        yield Message(target="#host-dot", swap="outerHTML", content=dot)
        yield Message(target="#host-words", swap="innerHTML", content=escape(state.words))


def _jobs_chip(user: Any) -> str:
    return render_to_string("pages/_jobs_chip.html", {"running": running_jobs_of(user)})
