"""The stats of one container: one upstream for all viewers, five minutes kept so that the charts are full at once."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import astuple
from typing import TYPE_CHECKING, Any, Final

import orjson

from webui.live.follow import Inspection, follow_container
from webui.live.hub import Channel, Frame, hub
from webui.live.samples import Sample, Stats, cpu_limit_of, sample_of
from webui.live.upstream import UPSTREAM_ERRORS, Upstream

if TYPE_CHECKING:
    from webui.hosts.models import Host

# Five minutes at one sample a second. The upstream lingers as long, so that who comes back finds no hole.
RING_SAMPLES: Final = 300
LINGER_S: Final = 300.0


# How often it is asked whether the limits are others now, while somebody looks: no sample tells of that.
_LIMITS_S: Final = 3.0

# What is known of (host, container, span in seconds) from before; handed in by who keeps it. May read a file.
Past = Callable[["Host", str, int], list[Sample]]
_past: list[Past] = []


def register_past(past: Past) -> None:
    """Hand in what a chart begins with that nobody has watched until now."""
    _past[:] = [past]


class StatsSource:
    def __init__(self, host: "Host", container_id: str) -> None:
        self._host, self._id = host, container_id
        self._ring: deque[Sample] = deque(maxlen=RING_SAMPLES)
        self._is_limited = False
        self._cpu_limit = 0.0
        self._state: dict[str, Any] | None = None
        self._channel: Channel | None = None

    async def produce(self, channel: Channel) -> None:
        self._channel = channel
        await self._begin()
        await follow_container(self._host, self._id, self._once, tell=self._tell)

    async def _begin(self) -> None:
        for past in _past:
            self._ring.extend(await asyncio.to_thread(past, self._host, self._id, RING_SAMPLES))
        if self._ring and self._channel is not None:
            self._channel.send(self._frame(list(self._ring), is_replay=True))

    def replay(self) -> list[Frame]:
        frames = [self._frame(list(self._ring), is_replay=True)]
        return [*frames, Frame(orjson.dumps(self._state))] if self._state else frames

    async def _once(self, upstream: Upstream, inspection: Inspection) -> None:
        if not inspection["State"]["Running"]:
            # Docker would send empty samples for as long as it is stopped.
            return
        self._take_limits(inspection)
        keeping = asyncio.create_task(self._keep_limits(upstream))
        try:
            await self._read(upstream)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    def _take_limits(self, inspection: Inspection) -> None:
        self._is_limited = bool(inspection["HostConfig"].get("Memory"))
        self._cpu_limit = cpu_limit_of(inspection["HostConfig"])

    async def _keep_limits(self, upstream: Upstream) -> None:
        while True:
            await asyncio.sleep(_LIMITS_S)
            if self._channel is not None and self._channel.has_viewers:
                # A host that does not answer: the stream itself will tell.
                with contextlib.suppress(*UPSTREAM_ERRORS):
                    self._take_limits(await upstream.get(f"/containers/{self._id}/json"))

    async def _read(self, upstream: Upstream) -> None:
        before: Stats | None = None
        rest = b""
        async with upstream.stream(f"/containers/{self._id}/stats", query={"stream": "1"}) as chunks:
            async for chunk in chunks:
                *texts, rest = (rest + chunk).split(b"\n")
                for text in filter(None, map(bytes.strip, texts)):
                    stats = orjson.loads(text)
                    sample = sample_of(stats, before)
                    if sample is None:
                        return
                    # The first knows no rates: a zero there would be a notch in every chart.
                    if before is not None:
                        self._add(sample)
                    before = stats

    def _add(self, sample: Sample) -> None:
        self._ring.append(sample)
        if self._channel is not None:
            self._channel.newest = sample
            self._channel.send(self._frame([sample]))

    def _frame(self, samples: list[Sample], *, is_replay: bool = False) -> Frame:
        rows = rows_of(samples)
        body = {"t": "samples", "samples": rows, "replay": is_replay, "limited": self._is_limited,
                "cpu_limit": self._cpu_limit}  # fmt: skip
        return Frame(orjson.dumps(body), count=0 if is_replay else 1)

    def _tell(self, message: dict[str, Any]) -> None:
        if self._channel is not None and message.get("state") != "live":
            self._channel.newest = None
        if message != self._state and self._channel is not None:
            self._state = message
            self._channel.send(Frame(orjson.dumps(message)))


def rows_of(samples: Iterable[Sample]) -> list[list[float]]:
    """Samples as browsers get them: the fields of Sample, in their order."""
    return [[round(value, 3) for value in astuple(sample)] for sample in samples]


def stats_channel(host: "Host", container_id: str) -> Channel:
    """The shared channel of a container's stats; a sample is the fields of Sample, in their order."""

    def make() -> Channel:
        source = StatsSource(host, container_id)
        return Channel(source.produce, replay=source.replay, linger_s=LINGER_S)

    return hub().channel(("stats", host.slug, container_id), make)
