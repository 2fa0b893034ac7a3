"""The samples of all running containers of a host, one round every ten seconds, whoever looks."""

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from webui.history.places import is_container_id, stats_folder
from webui.history.rings import RINGS, RingFile, drop_old, ring_path
from webui.live.samples import Sample, Stats, sample_of
from webui.live.upstream import UPSTREAM_ERRORS, Upstream

if TYPE_CHECKING:
    from webui.hosts.models import Host
    from webui.live.hostfeed import HostFeed

logger = logging.getLogger(__name__)

_EVERY_S: Final = RINGS[0].step_s
_AT_ONCE: Final = 8
_TIDY_S: Final = 3600.0


class Sampler:
    """Asks for one sample of each, which costs the host less than a stream, and works out the rates between two."""

    def __init__(self, host: "Host", feed: "HostFeed") -> None:
        self._host, self._feed = host, feed
        self._before: dict[str, Stats] = {}
        self._files: dict[str, RingFile] = {}
        self._tidied_at = 0.0
        self._is_full = False

    async def run(self) -> None:
        """Until it is cancelled."""
        stats_folder(self._host.slug).mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            await asyncio.sleep(_EVERY_S - time.time() % _EVERY_S)
            if self._feed.picture.is_up:
                await self._round()
            if time.monotonic() - self._tidied_at > _TIDY_S or not self._tidied_at:
                self._tidied_at = time.monotonic()
                await self._tidy()

    async def _round(self) -> None:
        containers = self._feed.picture.containers
        running = [key for key, raw in containers.items() if raw.get("State") == "running" and is_container_id(key)]
        for gone in self._before.keys() - set(running):
            self._before.pop(gone)
            self._files.pop(gone, None)
        slots = asyncio.Semaphore(_AT_ONCE)

        async def one(container_id: str) -> None:
            async with slots:
                await self._sample(container_id)

        try:
            async with asyncio.timeout(_EVERY_S * 3), asyncio.TaskGroup() as tasks:
                for container_id in running:
                    tasks.create_task(one(container_id))
        except TimeoutError:
            logger.warning("host %s did not give all samples within %d s", self._host.slug, _EVERY_S * 3)

    async def _sample(self, container_id: str) -> None:
        try:
            query = {"stream": "0", "one-shot": "1"}
            stats: Stats | None = await Upstream(self._host).get(f"/containers/{container_id}/stats", query=query)
            sample = sample_of(stats, self._before.get(container_id))
        except UPSTREAM_ERRORS as error:
            # It has just ended, or the host went away: the next round will tell.
            logger.debug("no sample of %s on %s: %s", container_id[:12], self._host.slug, error)
            return
        if stats is not None and sample is not None:
            if container_id in self._before:
                self._keep(container_id, sample)
            self._before[container_id] = stats

    def _keep(self, container_id: str, sample: Sample) -> None:
        """A disk that is full costs samples: the charts have a hole there."""
        try:
            self._file(container_id).write(sample)
        except OSError as error:
            if not self._is_full:
                logger.error("samples of %s are not kept: %s", self._host.slug, error)
            self._is_full = True
        else:
            self._is_full = False

    def _file(self, container_id: str) -> RingFile:
        found = self._files.get(container_id)
        if found is None:
            found = self._files[container_id] = RingFile(ring_path(self._host.slug, container_id))
        return found

    async def _tidy(self) -> None:
        busy = frozenset(self._before)
        try:
            await asyncio.to_thread(drop_old, stats_folder(self._host.slug), busy=busy)
        except OSError as error:
            logger.error("old samples of %s are not removed: %s", self._host.slug, error)
