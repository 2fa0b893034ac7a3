"""Samples once a second for each container that anybody watches, however many do."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from msgspec import Struct, field

from engine.cgroups import Hierarchies
from engine.errors import NotFound
from engine.stats.reading import NEVER, StatsTarget, empty_cpu_stats, read_stats

_INTERVAL_S = 1.0
# Enough ticks of the system's clock for a percentage, and half of what a client would wait with dockerd.
_PAIR_INTERVAL_S = 0.5


class _Feed(Struct):
    """The sampling of one container: the newest sample, and a number that grows with each."""

    target: StatsTarget
    task: asyncio.Task[None] | None = None
    watchers: int = 0
    number: int = 0
    sample: dict[str, Any] = field(default_factory=dict)
    has_ended: bool = False
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)


class StatsSampler:
    """Shared by all clients of the daemon. A slow client skips samples and delays nobody."""

    def __init__(self, hierarchies: Hierarchies) -> None:
        self._hierarchies = hierarchies
        self._feeds: dict[str, _Feed] = {}

    async def close(self) -> None:
        """End all sampling; streams end."""
        tasks = [feed.task for feed in self._feeds.values() if feed.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def sample(self, target: StatsTarget, *, one_shot: bool = False) -> dict[str, Any]:
        """One sample with `precpu_stats` filled, at once when the container is being watched, else after half a second.

        `one_shot` answers at once in any case, without `precpu_stats`. Raises NotFound when the container has ended.
        """
        feed = self._feeds.get(target.container_id)
        if feed is not None and feed.number > 1 and not one_shot:
            return feed.sample
        first = await self._read(target)
        if one_shot:
            return first
        await asyncio.sleep(_PAIR_INTERVAL_S)
        return _paired(await self._read(target), first)

    async def stream(self, target: StatsTarget) -> AsyncIterator[dict[str, Any]]:
        """A sample at once, then one a second, to the end of the container. They are shared: do not change them."""
        feed = self._join(target)
        seen = 0
        try:
            while True:
                async with feed.changed:
                    while feed.number == seen and not feed.has_ended:
                        await feed.changed.wait()
                    if feed.has_ended:
                        return
                    seen, sample = feed.number, feed.sample
                yield sample
        finally:
            self._leave(feed)

    def _join(self, target: StatsTarget) -> _Feed:
        feed = self._feeds.get(target.container_id)
        # The same id with another process is a container that was started again: the old feed is about to end.
        if feed is None or feed.has_ended or feed.target.pid != target.pid:
            feed = self._feeds[target.container_id] = _Feed(target)
            feed.task = asyncio.create_task(self._run(feed), name=f"stats {target.container_id[:12]}")
        feed.target = target
        feed.watchers += 1
        return feed

    def _leave(self, feed: _Feed) -> None:
        feed.watchers -= 1
        if feed.watchers == 0:
            if feed.task is not None:
                feed.task.cancel()
            if self._feeds.get(feed.target.container_id) is feed:
                del self._feeds[feed.target.container_id]

    async def _run(self, feed: _Feed) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        try:
            while True:
                newest = await self._read(feed.target)
                async with feed.changed:
                    feed.sample = _paired(newest, feed.sample) if feed.sample else newest
                    feed.number += 1
                    feed.changed.notify_all()
                due = max(due + _INTERVAL_S, loop.time())
                await asyncio.sleep(due - loop.time())
        except NotFound:
            return
        finally:
            feed.has_ended = True
            async with feed.changed:
                feed.changed.notify_all()

    async def _read(self, target: StatsTarget) -> dict[str, Any]:
        try:
            return await asyncio.to_thread(read_stats, self._hierarchies, target)
        except FileNotFoundError as error:
            raise NotFound(f"container {target.container_id} is not running") from error


def _paired(newest: dict[str, Any], previous: dict[str, Any]) -> dict[str, Any]:
    """The sample with the one before it as its `precpu_stats`, from which clients compute percentages."""
    return newest | {
        "preread": previous.get("read", NEVER),
        "precpu_stats": previous.get("cpu_stats", empty_cpu_stats()),
    }
