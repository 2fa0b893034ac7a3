"""News of all hosts that somebody may see, as one bell: for pages over several hosts."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from channels.db import database_sync_to_async

from webui.live.pictures import host_feed

# Hosts that were connected or removed meanwhile.
_LOOK_AGAIN_S: Final = 15.0


class HostNews:
    """Rings when something changes on one of the hosts. Made in the loop that waits for it; call `stop` at the end.

    `user` is asked each time: whoever's rights changed is another object.
    """

    def __init__(self, user: Callable[[], Any]) -> None:
        self._user = user
        self._loop = asyncio.get_running_loop()
        self._bell = asyncio.Event()
        self._followed: dict[str, Callable[[], None]] = {}

    def ring(self) -> None:
        self._bell.set()

    async def follow(self) -> None:
        """Listen to exactly the hosts that the person sees now."""
        await database_sync_to_async(self._follow)()

    async def wait(self) -> None:
        """Until something happened, or until it is time to look again all the same."""
        try:
            await asyncio.wait_for(self._bell.wait(), _LOOK_AGAIN_S)
        except TimeoutError:
            return
        self._bell.clear()

    def stop(self) -> None:
        for stop in self._followed.values():
            stop()
        self._followed.clear()

    def _follow(self) -> None:
        from webui.hosts import visible_hosts

        hosts = {host.slug: host for host in visible_hosts(self._user())}
        for slug in self._followed.keys() - hosts.keys():
            self._followed.pop(slug)()
        for slug in hosts.keys() - self._followed.keys():
            self._followed[slug] = host_feed(hosts[slug]).listen(self._heard)

    def _heard(self, _kind: str, _ids: frozenset[str]) -> None:
        # In the live loop's thread.
        self._loop.call_soon_threadsafe(self._bell.set)
