"""The websocket of the log: new entries on top of the list as they are written, and how those under way ended."""

import asyncio
from typing import ClassVar, Final

from channels.db import database_sync_to_async
from django.db.models import Max
from django.http import QueryDict

from webui.audit.filters import read_filters
from webui.audit.listing import row_of
from webui.audit.models import Entry
from webui.audit.views import page_of
from webui.live.consumers.base import LiveConsumer
from webui.live.feeds import Message
from webui.pages import list_parts

# The log is looked at by few and written by all: asking it now and then costs less than a notice with every entry,
# which each request through the gate would have to wait for.
_PAUSE_S: Final = 1.0
# Entries get their numbers when they are written and are seen when their transaction ends: a lower one may come later.
_LATE: Final = 50
_MOST_NEW: Final = 100
_MOST_OPEN: Final = 200


class AuditConsumer(LiveConsumer):
    """/ws/audit/?<the page's query>&newest=<the newest entry that the page holds>."""

    needs: ClassVar[str] = LiveConsumer.ADMINISTRATOR

    async def watch(self) -> None:
        self._params = QueryDict(self.scope["query_string"])
        newest = self._params.get("newest", "")
        self._newest = int(newest) if newest.isdecimal() else 0
        self._seen: set[int] = set()
        self._open: set[int] = set()
        await database_sync_to_async(self._begin)()
        while True:
            for message in await database_sync_to_async(self._messages)():
                await self.send_json(message)
            await asyncio.sleep(_PAUSE_S)

    def _begin(self) -> None:
        """What the page holds already, as far as it may still change."""
        held = read_filters(self._params).shown().filter(pk__lte=self._newest)[:_MOST_OPEN]
        for entry in held:
            self._note(entry)

    def _note(self, entry: Entry) -> None:
        self._seen.add(entry.pk)
        if entry.host and entry.method and entry.is_allowed and entry.duration_ms is None:
            self._open.add(entry.pk)
        else:
            self._open.discard(entry.pk)

    def _messages(self) -> list[Message]:
        messages = self._ended()
        newest = Entry.objects.aggregate(newest=Max("pk"))["newest"] or 0
        if newest <= self._newest and not messages:
            return messages
        filters = read_filters(self._params)
        coming = [entry for entry in filters.shown().filter(pk__gt=self._newest - _LATE)[:_MOST_NEW]
                  if entry.pk not in self._seen]  # fmt: skip
        for entry in coming:
            self._note(entry)
        self._newest = max(newest, self._newest)
        self._seen = {pk for pk in self._seen if pk > self._newest - 4 * _LATE}
        if coming:
            content = "".join(row_of(entry) for entry in coming)
            messages.append(Message(target="#rows", swap="afterbegin", content=content))
        return messages + self._counts()

    def _ended(self) -> list[Message]:
        """The rows of those that were under way and have ended."""
        if not self._open:
            return []
        ended = [entry for entry in Entry.objects.filter(pk__in=self._open) if entry.duration_ms is not None]
        for entry in ended:
            self._note(entry)
        return [Message(target=f"#a-{entry.pk}", swap="outerHTML", content=row_of(entry)) for entry in ended]

    def _counts(self) -> list[Message]:
        parts = list_parts(page_of(read_filters(self._params), self._params), self._page_params())
        return [
            Message(target="#chips", swap="outerHTML", content=parts["chips"]),
            Message(target="#list-count", swap="innerHTML", content=parts["count"]),
        ]

    def _page_params(self) -> dict[str, str]:
        return {name: str(value) for name, value in self._params.items() if name != "newest"}
