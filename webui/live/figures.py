"""CPU and memory of all running containers of a host, for its lists: one sampler per host, while somebody looks.

It shares the stats upstreams with the containers' own pages, and keeps each open only as long as a list is watched.
What it last saw is also at hand for pages that are being rendered (`figures_of`), until it is too old to be true.
"""

import asyncio
import threading
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
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
# What lists are ordered by: no oftener than a reader follows, and only by what is more than the noise of a meter.
CALM_S: Final = 5.0
_CPU_NOISE: Final = 1.0
_MEMORY_NOISE: Final = 1 << 20
_NOISE_SHARE: Final = 0.1


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


class Calm(dict[str, Figure]):
    """Figures that lists are ordered by: the same object for as long as they are the same. Do not change it."""

    # A dict has no hash, for dicts are changed.
    __hash__ = object.__hash__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other


NONE_CALM: Final = Calm()


@dataclass(frozen=True, slots=True)
class _Latest:
    at: float
    figures: Mapping[str, Figure]
    calm: Calm
    calm_at: float


_lock = threading.Lock()
_latest: dict[str, _Latest] = {}


def figures_of(slug: str) -> Mapping[str, Figure]:
    """The figures of a host by container id, as the sampler last saw them; empty when nobody has looked for a while."""
    latest = _latest_of(slug)
    return latest.figures if latest else {}


def calm_figures_of(slug: str) -> Calm:
    """The same to order a list by. They change every few seconds at most, and not with every breath."""
    latest = _latest_of(slug)
    return latest.calm if latest else NONE_CALM


def _latest_of(slug: str) -> _Latest | None:
    with _lock:
        latest = _latest.get(slug)
    return latest if latest and time.monotonic() - latest.at < _TOO_OLD_S else None


def keep_figures(slug: str, figures: Mapping[str, Figure]) -> None:
    now, before = time.monotonic(), _latest_of(slug)
    if before is None:
        kept = _Latest(now, figures, Calm(figures), now)
    elif now - before.calm_at < CALM_S and len(before.calm) >= len(figures):
        kept = replace(before, at=now, figures=figures)
    else:
        kept = _Latest(now, figures, calmed(before.calm, figures), now)
    with _lock:
        _latest[slug] = kept


def calmed(before: Calm, now: Mapping[str, Figure]) -> Calm:
    """The figures of now; what has hardly moved stays as it was, and where nothing else has, so does the whole."""
    calm = Calm({key: _calmer(before.get(key), figure) for key, figure in now.items()})
    return before if dict.__eq__(before, calm) else calm


def _calmer(before: Figure | None, now: Figure) -> Figure:
    if before is None:
        return now
    has_cpu = _has_moved(before.cpu, now.cpu, _CPU_NOISE)
    has_memory = _has_moved(before.memory, now.memory, _MEMORY_NOISE)
    return replace(now, cpu=now.cpu if has_cpu else before.cpu, memory=now.memory if has_memory else before.memory)


def _has_moved(before: float, now: float, noise: float) -> bool:
    return abs(now - before) > max(noise, _NOISE_SHARE * before)


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
