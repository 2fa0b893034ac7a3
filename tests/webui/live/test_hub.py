import asyncio

from tests.waiting import PATIENCE_S
from webui.live.hub import MOST_WAITING, Channel, Frame, Subscription, hub


async def test_a_slow_viewer_loses_the_oldest_lines_and_is_told_how_many() -> None:
    viewer = Subscription()
    for n in range(MOST_WAITING + 3):
        viewer.put(Frame(str(n).encode(), count=10))
    frame, skipped = await viewer.get()
    assert (frame.data, skipped) == (b"3", 30)
    assert (await viewer.get())[1] == 0


async def test_what_must_not_be_lost_is_kept_while_lines_are_dropped() -> None:
    viewer = Subscription()
    viewer.put(Frame(b"state"))
    for n in range(MOST_WAITING * 2):
        viewer.put(Frame(str(n).encode(), count=1))
    assert (await viewer.get())[0].data == b"state"


async def test_many_viewers_cost_one_upstream_and_a_late_one_gets_the_replay() -> None:
    began: list[int] = []
    kept: list[Frame] = []
    ready = asyncio.Event()

    async def produce(channel: Channel) -> None:
        began.append(1)
        kept.append(Frame(b"one", count=1))
        channel.send(kept[-1])
        ready.set()
        await asyncio.Event().wait()

    channel = Channel(produce, replay=lambda: list(kept), linger_s=10)
    async with channel.subscribed() as first:
        await ready.wait()
        async with channel.subscribed() as second:
            assert (await first.get())[0].data == b"one"
            assert (await second.get())[0].data == b"one"
    assert len(began) == 1
    channel.close()


async def test_the_upstream_lingers_after_the_last_viewer_and_then_ends() -> None:
    ended = asyncio.Event()

    async def produce(_channel: Channel) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    channel = hub().channel("key", lambda: Channel(produce, replay=list, linger_s=0.01))
    async with channel.subscribed():
        await asyncio.sleep(0)
    assert not ended.is_set()
    await asyncio.wait_for(ended.wait(), PATIENCE_S)
    assert hub().channel("key", lambda: Channel(produce, replay=list, linger_s=0)) is not channel
