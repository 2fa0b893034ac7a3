"""Stats of containers that run: beside the runtime's tests, for it takes a container to have any."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from engine.errors import NotFound
from engine.stats import StatsSampler, StatsTarget

pytestmark = pytest.mark.real


def target_of(container: Any, pid: int) -> StatsTarget:
    return StatsTarget(container.id, "web", container.bundle.spec["linux"]["cgroupsPath"], pid)


async def test_a_busy_container_is_seen_to_be_busy(trial: Callable[..., Any]) -> None:
    container = trial(["yes"], {"Memory": 64 << 20})
    target = target_of(container, await container.start())
    sampler = StatsSampler(container.runtime.hierarchies)
    sample = await sampler.sample(target)
    used = sample["cpu_stats"]["cpu_usage"]["total_usage"] - sample["precpu_stats"]["cpu_usage"]["total_usage"]
    passed = sample["cpu_stats"]["system_cpu_usage"] - sample["precpu_stats"]["system_cpu_usage"]
    assert 0 < used <= passed
    assert sample["memory_stats"]["limit"] == 64 << 20
    assert 0 < sample["memory_stats"]["usage"] < 64 << 20
    assert sample["pids_stats"]["current"] == 1


async def test_all_who_watch_share_one_sampler_and_the_stream_ends_with_the_container(
    trial: Callable[..., Any],
) -> None:
    container = trial(["sleep", "600"])
    target = target_of(container, await container.start())
    sampler = StatsSampler(container.runtime.hierarchies)
    streams = [sampler.stream(target) for _ in range(3)]
    first = await asyncio.gather(*(anext(stream) for stream in streams))
    assert first[0] is first[1] is first[2]
    await container.runtime.delete(container.id)
    async with asyncio.timeout(90):
        assert [[sample async for sample in stream] for stream in streams] == [[], [], []]
    assert not sampler._feeds
    with pytest.raises(NotFound):
        await sampler.sample(target, one_shot=True)
