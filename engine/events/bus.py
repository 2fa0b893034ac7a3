"""The event bus: publish, replay, subscribe.

Knows nothing of what the events mean. Events live in memory only, as dockerd's do: the newest 1,024 are kept.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from engine.errors import Unavailable

_KEPT = 1024
_QUEUE_BOUND = 4096

# type, action, id of the actor, attributes
Publish = Callable[[str, str, str, Mapping[str, str]], None]


class SubscriptionOverflow(Unavailable):
    """The listener read too slowly and has missed events; it must list anew and subscribe again."""


class Event(Struct, frozen=True):
    type: str
    action: str
    actor_id: str
    attributes: Mapping[str, str]
    time_ns: int

    def to_wire(self, api_version: tuple[int, int]) -> dict[str, Any]:
        """The JSON of GET /events; before 1.52 containers and images carry status, id and from as well."""
        document: dict[str, Any] = {}
        if api_version < (1, 52) and self.type in ("container", "image"):
            document |= {"status": self.action, "id": self.actor_id}
            if self.type == "container":
                document["from"] = self.attributes.get("image", "")
        return document | {
            "Type": self.type,
            "Action": self.action,
            "Actor": {"ID": self.actor_id, "Attributes": dict(self.attributes)},
            "scope": "local",
            "time": self.time_ns // 1_000_000_000,
            "timeNano": self.time_ns,
        }


class Subscription:
    """Events from the moment of subscribing on; iterate it. Its queue is bounded."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Event] = asyncio.Queue(_QUEUE_BOUND)
        self._has_overflowed = False

    def offer(self, event: Event) -> None:
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self._has_overflowed = True

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            if self._has_overflowed and self._queue.empty():
                raise SubscriptionOverflow(f"more than {_QUEUE_BOUND} events are waiting: list again, then subscribe")
            yield await self._queue.get()


class EventBus:
    """Every room publishes here; the API and health checks listen."""

    def __init__(self) -> None:
        self._kept: deque[Event] = deque(maxlen=_KEPT)
        self._subscriptions: set[Subscription] = set()
        self._last_ns = 0

    def publish(self, type: str, action: str, actor_id: str, attributes: Mapping[str, str]) -> None:  # noqa: A002
        """Tell all listeners; never blocks. Call it on the event loop's thread."""
        # Strictly growing, so that `since` of the last event seen neither repeats nor skips one.
        self._last_ns = max(time.time_ns(), self._last_ns + 1)
        event = Event(type, action, actor_id, dict(attributes), self._last_ns)
        self._kept.append(event)
        for subscription in self._subscriptions:
            subscription.offer(event)

    def replay(self, *, since_ns: int | None, until_ns: int | None = None) -> Iterator[Event]:
        """Kept events in [since, until]; none without a since or an until."""
        if since_ns is None and until_ns is None:
            return
        for event in list(self._kept):
            if (since_ns is None or event.time_ns >= since_ns) and (until_ns is None or event.time_ns <= until_ns):
                yield event

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """Listen from now on. Replay inside the block misses nothing: both happen on one thread."""
        subscription = Subscription()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    @property
    def listener_count(self) -> int:
        return len(self._subscriptions)
