"""CPU and memory of all running containers of a host, for its lists: one sampler per host, while somebody looks.

It shares the stats upstreams with the containers' own pages, and keeps each open only as long as a list is watched.
What it last saw is also at hand for pages that are being rendered (`figures_of`), until it is too old to be true.
"""

import asyncio
import threading
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

from webui.live.hub import Channel, Frame, hub
from webui.live.pictures import host_feed
from webui.live.samples import Sample
from webui.live.stats import stats_channel

if TYPE_CHECKING:
    from webui.hosts.models import Host

# As often as a person can read, and as Docker's own samples are worth: one a second, smoothed over two.
TICK_S: Final = 2.0
# A reload, or a step to a container's page and back, costs no new upstreams.
LINGER_S: Final = 5.0
_TOO_OLD_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Figure:
    """What a list shows of a running container. `cpu` is per cent of one CPU, `limit` what bounds its memory."""

    cpu: float
    memory: int
    limit: int

    @property
    def share(self) -> int:
        """How much of its limit the memory is, in per cent."""
        return min(100, round(100 * self.memory / self.limit)) if self.limit else 0


_lock = threading.Lock()
_latest: dict[str, tuple[float, Mapping[str, Figure]]] = {}


def figures_of(slug: str) -> Mapping[str, Figure]:
    """The figures of a host by container id, as the sampler last saw them; empty when nobody has looked for a while."""
    with _lock:
        at, figures = _latest.get(slug, (0.0, {}))
    return figures if time.monotonic() - at < _TOO_OLD_S else {}


def keep_figures(slug: str, figures: Mapping[str, Figure]) -> None:
    with _lock:
        _latest[slug] = (time.monotonic(), figures)


class HostSampler:
    """Holds the stats channel of each running container and tells all their newest figures in one frame."""

    def __init__(self, host: "Host") -> None:
        self._host = host
        self._held: dict[str, tuple[Channel, AsyncExitStack]] = {}
        self._frame: Frame | None = None

    def replay(self) -> list[Frame]:
        return [self._frame] if self._frame else []

    async def produce(self, channel: Channel) -> None:
        feed = await asyncio.to_thread(host_feed, self._host)
        try:
            while True:
                running = [key for key, raw in feed.picture.containers.items() if raw.get("State") == "running"]
                await self._hold(frozenset(running))
                figures = self._figures()
                keep_figures(self._host.slug, figures)
                self._frame = Frame(_encoded(figures))
                channel.send(self._frame)
                # At first something is known within a moment; after that, all together.
                await asyncio.sleep(TICK_S if len(figures) >= len(running) else TICK_S / 4)
        finally:
            await self._hold(frozenset())

    async def _hold(self, wanted: frozenset[str]) -> None:
        for container_id in self._held.keys() - wanted:
            await self._held.pop(container_id)[1].aclose()
        for container_id in wanted - self._held.keys():
            channel, stack = stats_channel(self._host, container_id), AsyncExitStack()
            await stack.enter_async_context(channel.held(linger_s=LINGER_S))
            self._held[container_id] = (channel, stack)

    def _figures(self) -> dict[str, Figure]:
        figures = {}
        for container_id, (channel, _stack) in self._held.items():
            sample = channel.newest
            if isinstance(sample, Sample):
                figures[container_id] = Figure(sample.cpu, sample.memory, sample.memory_limit)
        return figures


def _encoded(figures: Mapping[str, Figure]) -> bytes:
    rows = {key[:12]: [round(one.cpu, 1), one.memory, one.share] for key, one in figures.items()}
    return orjson.dumps({"t": "figures", "figures": rows})


def figures_channel(host: "Host") -> Channel:
    """The shared channel of a host's figures: {"figures": {short id: [cpu per cent, memory bytes, share per cent]}}."""

    def make() -> Channel:
        sampler = HostSampler(host)
        return Channel(sampler.produce, replay=sampler.replay, linger_s=LINGER_S)

    return hub().channel(("figures", host.slug), make)
