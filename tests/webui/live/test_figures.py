"""CPU and memory for a host's list: one sampler, only while somebody looks, nothing twice."""

import asyncio
from typing import Any

import pytest

from tests.daemons import Daemon
from tests.waiting import PATIENCE_S
from tests.webui.live.conftest import Opens, run_container
from webui.accounts.models import User
from webui.hosts.models import Host
from webui.live import figures_of
from webui.live.figures import Calm, Figure, calmed
from webui.live.hub import Channel, Frame

PATH = "/ws/h/local/figures/"


@pytest.mark.real
@pytest.mark.django_db(transaction=True)
async def test_every_running_container_has_its_figures(engine: Daemon, host: Host, rita: User, opened: Opens) -> None:
    busy = await asyncio.to_thread(run_container, engine, "while true; do :; done")
    idle = await asyncio.to_thread(run_container, engine, "sleep 600")
    wanted = {busy[:12], idle[:12]}

    def is_told(message: Any) -> bool:
        # How much it gets of a busy machine is not ours to say.
        figures = message["figures"]
        return wanted <= figures.keys() and figures[busy[:12]][0] > figures[idle[:12]][0]

    async with opened(PATH, rita) as socket:
        message = await socket.json_until(is_told)
    assert message["figures"][busy[:12]][1] > 0
    assert figures_of("local")[busy].cpu > figures_of("local")[idle].cpu


@pytest.mark.real
@pytest.mark.django_db(transaction=True)
async def test_two_lists_share_one_sampler_and_a_container_that_stops_has_no_figures(
    engine: Daemon, host: Host, rita: User, opened: Opens
) -> None:
    container_id = await asyncio.to_thread(run_container, engine, "sleep 600")
    async with opened(PATH, rita) as first, opened(PATH, rita) as second:
        await first.json_until(lambda message: container_id[:12] in message["figures"])
        message = await second.json_until(lambda message: container_id[:12] in message["figures"])
        assert message["figures"][container_id[:12]][1] > 0
        await asyncio.to_thread(engine.api, "POST", f"/containers/{container_id}/kill")
        await first.json_until(lambda message: container_id[:12] not in message["figures"])


def test_memory_is_measured_by_its_limit() -> None:
    assert Figure(1.0, 32 << 20, 64 << 20).share == 50
    assert Figure(1.0, 32 << 20, 0).share == 0


async def test_a_channel_that_is_only_held_runs_and_ends_soon_after() -> None:
    ran, ended = asyncio.Event(), asyncio.Event()

    async def produce(channel: Channel) -> None:
        channel.newest = 7
        ran.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    def nothing() -> list[Frame]:
        return []

    channel = Channel(produce, replay=nothing, linger_s=600)
    async with channel.held(linger_s=0.01):
        await asyncio.wait_for(ran.wait(), PATIENCE_S)
        assert channel.newest == 7
        assert channel.is_watched
    await asyncio.wait_for(ended.wait(), PATIENCE_S)


async def test_whoever_looked_longest_decides_how_long_a_channel_lingers() -> None:
    closed: list[Any] = []

    async def produce(_channel: Channel) -> None:
        await asyncio.Event().wait()

    channel = Channel(produce, replay=list, linger_s=600)
    channel.on_closed = lambda: closed.append(1)
    async with channel.subscribed():
        pass
    async with channel.held(linger_s=0):
        pass
    await asyncio.sleep(0)
    assert not closed
    channel.close()


def test_a_list_is_ordered_by_what_is_more_than_the_noise_of_a_meter() -> None:
    first = Calm({"a": Figure(40.0, 100 << 20, 0), "b": Figure(0.1, 5 << 20, 0)})
    assert calmed(first, {"a": Figure(43.0, 104 << 20, 0), "b": Figure(0.9, 5 << 20, 0)}) is first
    moved = calmed(first, {"a": Figure(41.0, 150 << 20, 0), "b": Figure(9.0, 5 << 20, 0)})
    assert dict(moved) == {"a": Figure(40.0, 150 << 20, 0), "b": Figure(9.0, 5 << 20, 0)}
    assert set(calmed(moved, {"b": Figure(9.0, 5 << 20, 0)})) == {"b"}
