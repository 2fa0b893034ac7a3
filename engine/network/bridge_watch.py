"""Noticing that somebody deleted a bridge of ours: `ip link delete`, a clean-up script, another network manager."""

import asyncio
from collections.abc import Awaitable, Callable

from engine.linux.rtnetlink import DeletionWatch
from engine.network.drivers import bridge

# Whoever deletes one may be about to delete several, and the kernel tells before it has let go of all.
_SETTLING_S = 0.1


class BridgeWatch:
    """Between `start` and `stop` calls back once bridges that carry the mark of this daemon were deleted."""

    def __init__(self, instance: str) -> None:
        self._mark = bridge.mark(instance)
        self._watch: DeletionWatch | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._has_news = False

    def start(self, on_deleted: Callable[[], Awaitable[None]]) -> None:
        self._watch = DeletionWatch()
        asyncio.get_running_loop().add_reader(self._watch, self._on_change, on_deleted)

    def stop(self) -> None:
        if self._watch is not None:
            asyncio.get_running_loop().remove_reader(self._watch)
            self._watch.close()
            self._watch = None
        if self._renewal is not None:
            self._renewal.cancel()

    def _on_change(self, on_deleted: Callable[[], Awaitable[None]]) -> None:
        if self._watch is None:
            return
        deleted = self._watch.deleted()
        self._has_news = (
            self._has_news
            or deleted is None
            or any(link.kind == "bridge" and link.alias.startswith(self._mark) for link in deleted)
        )
        if self._has_news and (self._renewal is None or self._renewal.done()):
            self._renewal = asyncio.get_running_loop().create_task(self._renew(on_deleted))

    async def _renew(self, on_deleted: Callable[[], Awaitable[None]]) -> None:
        while self._has_news:
            await asyncio.sleep(_SETTLING_S)
            self._has_news = False
            await on_deleted()
