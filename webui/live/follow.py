"""Staying with one container: asked again after a cut, waited for while it is stopped, left when it is removed."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from webui.live.pictures import host_feed
from webui.live.upstream import UPSTREAM_ERRORS, Upstream, words_of

if TYPE_CHECKING:
    from webui.hosts.models import Host
    from webui.live.hostfeed import HostFeed

logger = logging.getLogger(__name__)

_LONGEST_PAUSE_S: Final = 10.0


class Hopeless(Exception):
    """To ask again would end the same way. `message` is what the viewers are told."""

    def __init__(self, message: dict[str, Any]) -> None:
        super().__init__(message["state"])
        self.message = message


Inspection = Mapping[str, Any]
Tell = Callable[[dict[str, Any]], None]


async def follow_container(
    host: "Host", container_id: str, once: Callable[[Upstream, Inspection], Awaitable[None]], *, tell: Tell
) -> None:
    """Call `once` with what inspect says, again and again, until the container is gone.

    `once` reads a stream to its end; it is called when the container runs, and the first time in any case. What it
    raises as Hopeless ends the following too. `tell` gets {"t": "state", "state": live|stopped|cut|gone, ...} whenever
    that changes.
    """
    pause_s = 0.25
    while True:
        # Its address may have been changed meanwhile.
        host = host_feed(host).host
        try:
            inspection = await Upstream(host).get(f"/containers/{container_id}/json")
            is_running = bool(inspection["State"]["Running"])
            if is_running:
                tell({"t": "state", "state": "live"})
            await once(Upstream(host), inspection)
            pause_s = 0.25
            await _tell_end(host, container_id, tell)
            await _running(host, container_id, began=inspection["State"].get("StartedAt"))
        except Hopeless as end:
            tell(end.message)
            return
        except UPSTREAM_ERRORS as error:
            if getattr(error, "status", None) == 404:
                tell({"t": "state", "state": "gone"})
                return
            tell({"t": "state", "state": "cut", "error": words_of(error), "again_s": pause_s})
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


async def _tell_end(host: "Host", container_id: str, tell: Tell) -> None:
    state = (await Upstream(host).get(f"/containers/{container_id}/json"))["State"]
    if not state["Running"]:
        code, at = state.get("ExitCode"), state.get("FinishedAt")
        tell({"t": "state", "state": "stopped", "code": code, "at": at, "status": state.get("Status")})


async def container_states(feed: "HostFeed", container_id: str) -> AsyncGenerator[Mapping[str, Any], None]:
    """What the host's list says of a container now, and whenever it may have changed; {} where it is not in it."""
    loop = asyncio.get_running_loop()
    news = asyncio.Event()

    def listener(kind: str, ids: frozenset[str]) -> None:
        if not kind or (kind == "containers" and container_id in ids):
            loop.call_soon_threadsafe(news.set)

    stop = feed.listen(listener)
    try:
        while True:
            news.clear()
            yield feed.picture.find("containers", container_id) or {}
            await news.wait()
    finally:
        stop()


async def _running(host: "Host", container_id: str, *, began: object) -> None:
    """Wait until the container runs, by the host's event feed. `began` is the start whose stream has just ended."""
    feed = host_feed(host)
    async with contextlib.aclosing(container_states(feed, container_id)) as states:
        async for raw in states:
            if feed.picture.is_up and (not raw or raw.get("State") in {"running", "paused"}):
                state = (await Upstream(host).get(f"/containers/{container_id}/json"))["State"]
                if state["Running"] and state.get("StartedAt") != began:
                    return
                if state["Running"]:
                    # Its stream ended although it runs on: a log that was rotated away, or an engine that restarts.
                    await asyncio.sleep(1.0)
                    return
