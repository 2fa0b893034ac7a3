"""GET /events: replay, then live, filtered."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from time import time_ns
from typing import Any, Protocol

import orjson
from aiohttp import web

from engine.api.filters import Filters, parse_filters, parse_instant
from engine.api.server import Route
from engine.api.wire import ASKED_VERSION

_KNOWN = frozenset(
    {
        "config", "container", "daemon", "event", "image", "label", "network", "node", "plugin", "scope",
        "secret", "service", "type", "volume",
    }
)  # fmt: skip
_SCOPE = "local"  # of every event that there is here
_OBJECT_TYPES = ("config", "container", "image", "network", "node", "plugin", "secret", "service", "volume", "daemon")


class EventLike(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def actor_id(self) -> str: ...
    @property
    def attributes(self) -> Mapping[str, str]: ...
    def to_wire(self, api_version: tuple[int, int]) -> dict[str, Any]: ...


class SubscriptionLike(Protocol):
    def __aiter__(self) -> AsyncIterator[EventLike]: ...


class EventSource(Protocol):
    def replay(self, *, since_ns: int | None, until_ns: int | None) -> Iterator[EventLike]: ...
    def subscribe(self) -> AbstractContextManager[SubscriptionLike]: ...


def routes(events: EventSource) -> list[Route]:
    async def stream_events(request: web.Request) -> web.StreamResponse:
        filters = parse_filters(request)
        filters.check_known(_KNOWN)
        since_ns, until_ns = _instant_ns(request, "since"), _instant_ns(request, "until")
        wanted = event_filter(filters)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        with events.subscribe() as subscription:
            await response.prepare(request)  # at once: clients wait for the headers before they act
            for event in events.replay(since_ns=since_ns, until_ns=until_ns):
                if wanted(event):
                    await _send(request, response, event)
            await _follow(request, response, subscription, wanted, until_ns=until_ns)
        return response

    return [Route("GET", "/events", stream_events)]


async def _follow(
    request: web.Request,
    response: web.StreamResponse,
    subscription: SubscriptionLike,
    wanted: Callable[[EventLike], bool],
    *,
    until_ns: int | None,
) -> None:
    remaining_s = None if until_ns is None else max(0.0, (until_ns - time_ns()) / 1e9)
    try:
        async with asyncio.timeout(remaining_s):
            async for event in subscription:
                if wanted(event):
                    await _send(request, response, event)
    except TimeoutError:
        return


async def _send(request: web.Request, response: web.StreamResponse, event: EventLike) -> None:
    await response.write(orjson.dumps(event.to_wire(request[ASKED_VERSION])) + b"\n")


def _instant_ns(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if not text or text == "0":
        return None
    seconds, _, fraction = text.partition(".")
    if seconds.isdigit() and (fraction.isdigit() or not fraction):
        # Floats lose nanoseconds; clients send back the very timeNano that they saw.
        return int(seconds) * 1_000_000_000 + int(fraction.ljust(9, "0")[:9] or 0)
    return int(parse_instant(text).timestamp() * 1e9)


def event_filter(filters: Filters) -> Callable[[EventLike], bool]:
    """Whether an event passes: every key must match, one of its values is enough (labels: all)."""

    def is_wanted(event: EventLike) -> bool:
        return (
            _matches_type(filters, event)
            and _matches_action(filters, event)
            and filters.match_labels(event.attributes)
            and ("scope" not in filters or _SCOPE in filters.get("scope"))
            and all(_matches_object(filters.get(kind), kind, event) for kind in _OBJECT_TYPES if kind in filters)
        )

    return is_wanted


def _matches_type(filters: Filters, event: EventLike) -> bool:
    return "type" not in filters or event.type in filters.get("type")


def _matches_action(filters: Filters, event: EventLike) -> bool:
    # `health_status` matches `health_status: healthy`, `exec_create` matches `exec_create: ls -l`.
    return "event" not in filters or any(
        event.action == wanted or event.action.startswith(f"{wanted}:") for wanted in filters.get("event")
    )


def _matches_object(wanted: tuple[str, ...], kind: str, event: EventLike) -> bool:
    if kind == "image":  # containers match by the image they run
        names = {event.actor_id, event.attributes.get("image" if event.type == "container" else "name", "")}
        return event.type in ("image", "container") and any(
            name in names or any(own.partition(":")[0] == name for own in names) for name in wanted
        )
    name = event.attributes.get("name", "")
    if event.type != kind:
        # network and volume events name the container that they happened to
        return kind == "container" and event.attributes.get("container", "") in wanted
    return any(event.actor_id.startswith(value) or name.startswith(value) for value in wanted)
